//! `at`, `peek-patches` and `pop-patches`: what a ref was, and what of it is to be sent.

use super::args::Args;
use super::error::{CommandError, ErrorKind};
use super::names::Entry;
use super::{Part, Reply, Session};
use crate::crdt::{ClockError, Patch};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(super) fn at(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, word] = args.required();
    session.reference(&name)?;
    let clock = session.clock(&word)?;
    let value = session.reference(&name)?.at(&clock).map_err(|error| {
        let hint = match &error {
            ClockError::Ahead(_) => {
                format!("it is of another ref, or of a time that {} has not seen", name.text)
            }
            _ => "`clock` answers clocks that one can go back to".to_owned(),
        };
        let kind = ErrorKind::At { name: name.text.to_owned(), error };
        CommandError::new(kind, word.span.clone()).with_hint(hint)
    })?;
    Ok(Reply::value(value))
}

pub(super) fn peek_patches(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    Ok(queue(&session.reference(&name)?.peek_patches()))
}

pub(super) fn pop_patches(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    let kept = args.next();
    let all = session.reference(&name)?.peek_patches().into_iter();
    let (document, is_kept) = (session.reference(&name)?.document().clone(), kept.is_some());
    let all = Patch::new(document, all.flat_map(|patch| patch.changes().collect::<Vec<_>>()));
    // Only what can be kept is taken out of the queue.
    session.keep(kept, Entry::Patch(all))?;
    let reply = queue(&session.reference_mut(&name)?.pop_patches());
    Ok(if is_kept { reply.in_words() } else { reply })
}

fn queue(patches: &[Patch]) -> Reply {
    let line = match patches.len() {
        0 => "nothing new".to_owned(),
        1 => "1 patch".to_owned(),
        n => format!("{n} patches"),
    };
    Reply::value(patches.iter().map(Patch::to_json).collect()).with(Part::Line(line))
}
