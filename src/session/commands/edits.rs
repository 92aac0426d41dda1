//! `swap`, `reset` and `cas`: edits of a whole value.

use crate::crdt::{ConvergentRef, Swap, SwapError};
use crate::session::answer::reply::visible_changes;
use crate::session::answer::words;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::data;
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::Wants;
use crate::session::{Outside, Part, Reply, Session};
use crate::value::Val;

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) fn swap(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, filter] = args.required();
    let old = session.reference(&name)?.value().clone();
    let value = session.run_one(&filter, old, Some(name.text))?;
    edit(session, &name, value, &filter)
}

pub(in crate::session) fn reset(
    session: &mut Session,
    mut args: Args<'_>,
    outside: &mut dyn Outside,
) -> Result<Reply> {
    let [name] = args.required();
    let old = session.reference(&name)?.value().clone();
    if let Some(file) = args.optional(Wants::File) {
        let value = data::read(outside, &file)?;
        let short = words::in_short(&value);
        return edit(session, &name, value, &file).map(|reply| reply.in_words().with(Part::Line(short)));
    }
    let [word] = args.required();
    let value = session.value(&word, old, Some(name.text))?;
    edit(session, &name, value, &word)
}

pub(in crate::session) fn cas(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, expected, word] = args.required();
    let old = session.reference(&name)?.value().clone();
    let (expected, was) = (session.value(&expected, old.clone(), Some(name.text))?, expected);
    is_json(&expected, &was)?;
    let value = session.value(&word, old, Some(name.text))?;
    is_json(&value, &word)?;
    let reference = session.reference_mut(&name)?;
    let swapped = reference.compare_and_set(&expected, value);
    match swapped.map_err(|error| not_swapped(&name, error, &word))? {
        Some(swap) => Ok(Reply::value(true.into()).with(report(&swap, reference))),
        None => {
            let line = format!("the value of {} is another", name.text);
            Ok(Reply::value(false.into()).with(Part::Line(line)))
        }
    }
}

pub(in crate::session) fn edit(
    session: &mut Session,
    name: &Word<'_>,
    value: Val,
    culprit: &Word<'_>,
) -> Result<Reply> {
    let reference = session.reference_mut(name)?;
    let swap = reference.reset(value).map_err(|error| not_swapped(name, error, culprit))?;
    Ok(Reply::value(swap.new.clone()).with(report(&swap, reference)))
}

fn report(swap: &Swap, reference: &ConvergentRef) -> Part {
    match swap.change {
        Some(_) => Part::Changed(visible_changes(reference)),
        None => Part::Line("no difference, no change".to_owned()),
    }
}

/// Checks a value that came from a filter.
pub(in crate::session) fn is_json(value: &Val, word: &Word<'_>) -> Result<()> {
    crate::value::check(value).map_err(|error| {
        let kind = ErrorKind::NotJson { filter: word.text.to_owned(), error };
        CommandError::new(kind, word.span.clone())
    })
}

pub(in crate::session) fn not_swapped(name: &Word<'_>, error: SwapError, culprit: &Word<'_>) -> CommandError {
    let kind = ErrorKind::Swap { name: name.text.to_owned(), error };
    CommandError::new(kind, culprit.span.clone())
}
