//! `undo` and `redo`: the session as it was before its last change, and back.

use crate::cancellation::Cancelled;
use crate::session::answer::reply::visible_changes;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::language::command::{Command, Run};
use crate::session::state::names::Entry;
use crate::session::state::undo::Turned;
use crate::session::{Effect, Part, Reply, Session};

pub(in crate::session) const UNDO: Command = Command {
    name: "undo",
    aliases: &[],
    arguments: &[],
    summary: "take back the last change of the session",
    details: "It takes back an edit, a merge, a new or a dropped name, a watch: the session is as it was \
              before the command. Settings stay. The last 1,000 commands can be taken back; a file that \
              was read counts as one. An undo is not an edit of the document. What `sync` and `push` sent cannot be taken \
              back, nor what was done before. Another process that has got the change, in a patch or a saved \
              file, keeps it, and will refuse the changes that you make instead.",
    example: &[
        r#"ref a {"n": 1}"#,
        "swap a .n += 1",
        "undo",
        "#=> {\"n\": 1}",
        "#=> undid `swap a .n += 1`",
        "#=> ~ .n 2 → 1",
    ],
    run: Run::Inside(undo),
};

pub(in crate::session) const REDO: Command = Command {
    name: "redo",
    aliases: &[],
    arguments: &[],
    summary: "do again what `undo` took back",
    details: "It works as long as nothing else has changed something since the `undo`.",
    example: &[
        r#"ref a {"n": 1}"#,
        "swap a .n += 1",
        "undo",
        "redo",
        "#=> {\"n\": 2}",
        "#=> redid `swap a .n += 1`",
        "#=> ~ .n 1 → 2",
    ],
    run: Run::Inside(redo),
};

fn undo(session: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
    let told = session.undo_step(|session, turned| reply(session, "undid", turned, Effect::Undid));
    let barrier = session.steps.barrier().map(str::to_owned);
    told.ok_or_else(|| nothing("undo").with_hint(barrier))?
        .map_err(|Cancelled| CommandError::interrupted("undo"))
}

fn redo(session: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
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
