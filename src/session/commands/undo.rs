//! `undo` and `redo`: the session as it was before its last change, and back.

use crate::cancellation::Cancelled;
use crate::session::answer::reply::visible_changes;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::state::names::Entry;
use crate::session::state::undo::Turned;
use crate::session::{Effect, Part, Reply, Session};

pub(in crate::session) fn undo(session: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
    let told = session.undo_step(|session, turned| reply(session, "undid", turned, Effect::Undid));
    told.ok_or_else(|| nothing("undo"))?.map_err(|Cancelled| CommandError::interrupted("undo"))
}

pub(in crate::session) fn redo(session: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
    let told = session.redo_step(|session, turned| reply(session, "redid", turned, Effect::Redid));
    told.ok_or_else(|| nothing("redo"))?.map_err(|Cancelled| CommandError::interrupted("redo"))
}

fn nothing(what: &'static str) -> CommandError {
    CommandError::new(ErrorKind::NothingTo(what), 0..what.len())
}

/// Tells of the ref that the step changed last.
fn reply(session: &Session, word: &str, turned: Turned, effect: Effect) -> Reply {
    let Turned { line, changed, commands } = turned;
    let mut reply = Reply { effect, commands, ..Reply::line(format!("{word} `{line}`")) };
    let reference = changed.as_deref().and_then(|name| session.names.get(name));
    if let Some(Entry::Ref(reference)) = reference {
        reply.values.push(reference.value().clone());
        reply = reply.with(Part::Changed(visible_changes(reference)));
    }
    reply
}
