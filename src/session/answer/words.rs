//! Data in words.

use crate::crdt::{Change, Clock, Content, ConvergentRef, Op, OpId, OpSpan, Side, SlotId};
use crate::value::{self, Val, View};

/// The longest value that a line of words shows whole, in characters.
const SHORT: usize = 60;

/// Writes a value, cut short.
pub(in crate::session) fn short(value: &Val) -> String {
    let text = value::text(value);
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Writes what two places hold, where they differ: `1 and 2`.
pub(in crate::session) fn side_by_side(left: Option<&Val>, right: Option<&Val>) -> String {
    let text = |value: Option<&Val>| value.map_or_else(|| "nothing".to_owned(), value::text);
    excerpts(&[text(left), text(right)]).join(" and ")
}

/// Cuts JSON texts short: what is shown of them has the place where they differ.
pub(in crate::session) fn excerpts(texts: &[String]) -> Vec<String> {
    value::excerpts(texts, SHORT)
}

/// Writes the start of a command, on one line.
pub(in crate::session) fn start(line: &str, to: &mut String) {
    let first = line.lines().next().unwrap_or_default();
    // What is not longer in bytes is not longer in characters.
    let long = first.len() > SHORT;
    let end = if long { first.char_indices().nth(SHORT).map(|(end, _)| end) } else { None };
    let end = end.unwrap_or(first.len());
    to.push_str(&line[..end]);
    if end < line.len() {
        to.push('…');
    }
}

/// Returns what sort of value it is: `a string`, `an object`.
pub(in crate::session) fn kind(value: &Val) -> &'static str {
    match value.view() {
        View::Null => "null",
        View::Bool(_) => "a boolean",
        View::Num(_) => "a number",
        View::Str(_) => "a string",
        View::Arr(_) => "an array",
        View::Obj(_) => "an object",
    }
}

/// Writes text from outside as one line: what a terminal would obey is written out, as `\n` is.
pub(in crate::session) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if value::steers(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// Writes `1 change`, `2 changes`.
pub(in crate::session) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Writes what a value is, and how much is in it: `a list of 3 items`, `an object of 2 keys`.
pub(in crate::session) fn in_short(value: &Val) -> String {
    match value.view() {
        View::Arr(items) => format!("a list of {}", count(items.len(), "item")),
        View::Obj(entries) => format!("an object of {}", count(entries.len(), "key")),
        _ => short(value),
    }
}

/// Writes `5@origin, 6@branched`; `nothing` for the empty clock.
pub(in crate::session) fn clock(clock: &Clock) -> String {
    if clock.is_empty() {
        return "nothing".to_owned();
    }
    let entries: Vec<String> = clock.iter().map(|(actor, counter)| format!("{counter}@{actor}")).collect();
    entries.join(", ")
}

/// Writes a change: a heading, then a line for each op.
pub(in crate::session) fn change(reference: &ConvergentRef, change: &Change) -> Vec<String> {
    let mut after = change.deps.clone();
    after.advance(&change.actor, change.previous);
    let heading = format!("{} after {}", change.id(), clock(&after));
    let lines = change.ops_with_ids().map(|(id, op)| {
        let span = OpSpan { first: id, count: op.count() };
        format!("  {span} {}", self::op(reference, op))
    });
    std::iter::once(heading).chain(lines).collect()
}

/// Writes what an op did: `puts "Bar" at key "name" of map 1@origin, over 2@origin`.
pub(in crate::session) fn op(reference: &ConvergentRef, op: &Op) -> String {
    match op {
        Op::Put { slot, over, content } => {
            let slot = self::slot(slot);
            match content {
                Content::Move(container) => format!("moves {container} to {slot}{}", self::over(over)),
                _ => format!("puts {} at {slot}{}", self::content(content), self::over(over)),
            }
        }
        Op::Insert { list, parent, side, content } => {
            let place = format!("into list {list} {}", origin(parent.as_ref(), *side));
            match content {
                Content::Move(container) => format!("moves {container} {place}"),
                _ => format!("inserts {} {place}", self::content(content)),
            }
        }
        Op::Type { text, parent, side, chars } => {
            let chars = short(&value::string(chars.as_str()));
            format!("types {chars} into text {text} {}", origin(parent.as_ref(), *side))
        }
        Op::Delete { over } => {
            let deleted: Vec<String> = over.iter().map(|span| deleted(reference, span)).collect();
            format!("deletes {}", deleted.join(", "))
        }
        Op::Add { counter, by } => format!("adds {by} to counter {counter}"),
    }
}

fn over(over: &[OpId]) -> String {
    if over.is_empty() { String::new() } else { format!(", over {}", ids(over)) }
}

/// Returns what a delete names, with what was there.
fn deleted(reference: &ConvergentRef, span: &OpSpan) -> String {
    match reference.written(&span.first).filter(|_| span.count == 1) {
        Some(Content::Scalar(scalar)) => format!("{} ({span})", short(scalar.value())),
        Some(Content::Make(kind)) => format!("{} {span}", kind.name()),
        Some(Content::Move(container)) => format!("{container} where {span} moved it"),
        None => span.to_string(),
    }
}

fn origin(parent: Option<&OpId>, side: Side) -> String {
    match (parent, side) {
        (Some(parent), Side::Left) => format!("on the left of {parent}"),
        (Some(parent), Side::Right) => format!("on the right of {parent}"),
        (None, _) => "at the start".to_owned(),
    }
}

fn content(content: &Content) -> String {
    match content {
        Content::Scalar(scalar) => short(scalar.value()),
        Content::Make(kind) => format!("a new {}", kind.name()),
        Content::Move(container) => container.to_string(),
    }
}

fn slot(slot: &SlotId) -> String {
    match slot {
        SlotId::Root => "the root".to_owned(),
        SlotId::Key { map, key } => format!("key {} of map {map}", value::text(&key.clone().into())),
        SlotId::Item { list, item } => format!("item {item} of list {list}"),
    }
}

fn ids(ids: &[OpId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
