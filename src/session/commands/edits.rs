//! `swap`, `reset` and `cas`: edits of a whole value.

use crate::crdt::{ConvergentRef, Swap, SwapError};
use crate::session::answer::reply::visible_changes;
use crate::session::answer::words;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::data;
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{EXPECTED, FILTER, REF, VALUE, VALUE_OR_FILE, Wants};
use crate::session::language::command::{Command, Run};
use crate::session::{Outside, Part, Reply, Session};
use crate::value::Val;

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const SWAP: Command = Command {
    name: "swap",
    aliases: &[],
    arguments: &[REF.called("the ref to change"), FILTER],
    summary: "change the value by a jq filter",
    details: "The filter must yield one JSON value. Its difference to the old value becomes a change. \
              What the filter does not touch is not written, so others' edits there stay. What the \
              filter passes on keeps its identity, so others' edits reach it. A new object or list at \
              the place of an old one counts as an edit of it. A new list item is new, unless it has \
              parts or the `id` of an old one.",
    example: &[
        r#"ref origin {"name": "Foo", "items": [0, 1]}"#,
        "swap origin .items += [2]",
        r#"#=> {"name": "Foo", "items": [0, 1, 2]}"#,
        "#=> + .items[2] 2",
    ],
    run: Run::Inside(swap),
};

pub(in crate::session) const RESET: Command = Command {
    name: "reset",
    aliases: &[],
    arguments: &[REF.called("the ref to change"), VALUE_OR_FILE.on_ref()],
    summary: "set the value",
    details: "The value is JSON, a jq expression whose input is the old value, or what FILE holds (see `ref`). Only what differs is \
              written. JSON has no identity. So each part of the old value is looked for in the new one:\n\
              1. what is equal, at its place or elsewhere;\n\
              2. then items with the same `id`;\n\
              3. then, in their order, the items that are most alike.",
    example: &[
        r#"ref origin {"name": "Foo"}"#,
        r#"reset origin {"name": "Baz"}"#,
        r#"#=> {"name": "Baz"}"#,
        r#"#=> ~ .name "Foo" → "Baz""#,
    ],
    run: Run::Outside(reset),
};

pub(in crate::session) const CAS: Command = Command {
    name: "cas",
    aliases: &[],
    arguments: &[REF.called("the ref to change"), EXPECTED, VALUE.on_ref()],
    summary: "compare, and set if it is EXPECTED",
    details: "The answer is true when the value was set, and false when it was not. An EXPECTED with \
              spaces in it needs brackets.",
    example: &[
        "ref origin 1",
        "cas origin 1 2",
        "#=> true",
        "cas origin 1 3",
        "#=> false",
        "origin",
        "#=> 2",
    ],
    run: Run::Inside(cas),
};

fn swap(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, filter] = args.required();
    let old = session.reference(&name)?.value().clone();
    let value = session.run_one(&filter, old, Some(name.text))?;
    edit(session, &name, value, &filter)
}

fn reset(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
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

fn cas(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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
