//! `clock`, `at`, and the commands of patches: the versions of a ref, and what of it is to be sent.

use crate::crdt::{Clock, ClockError, Patch};
use crate::session::answer::words;
use crate::session::commands::merge::nothing_new;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::language::arguments::Wants;
use crate::session::state::names::Entry;
use crate::session::{Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) fn clock(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let clock = session.reference(&name)?.clock().clone();
    let kept = args.next();
    let reply = Reply::value(clock.to_json());
    session.keep(kept, Entry::Clock(clock))?;
    Ok(reply)
}

pub(in crate::session) fn at(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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

pub(in crate::session) fn patch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    let since = match args.optional(Wants::Clock) {
        Some(word) => session.clock(&word)?,
        None => Clock::default(),
    };
    let kept = args.next();
    let patch = session.reference(&name)?.patch_from_clock(&since);
    let line = if patch.is_empty() { nothing_new() } else { Part::Line(words::count(patch.len(), "change")) };
    let reply = Reply::value(patch.to_json()).with(line);
    // A patch that is kept can be looked at by its name.
    let reply = if kept.is_some() { reply.in_words() } else { reply };
    session.keep(kept, Entry::Patch(patch))?;
    Ok(reply)
}

pub(in crate::session) fn peek_patches(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    Ok(queue(&session.reference(&name)?.peek_patches()))
}

pub(in crate::session) fn pop_patches(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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
