//! Data in words.

use crate::crdt::{Change, Clock, Content, ConvergentRef, Kind, Op, OpId, SlotId};
use crate::value::{self, Val};

/// The longest value that a line of words shows whole, in characters.
const SHORT: usize = 60;

/// A value, cut short.
pub(super) fn short(value: &Val) -> String {
    let text = value::text(value);
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Text from outside as one line: control characters are written out, as `\n` is.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// `1 change`, `2 changes`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `5@origin, 6@branched`; `nothing` for the empty clock.
pub(super) fn clock(clock: &Clock) -> String {
    if clock.is_empty() {
        return "nothing".to_owned();
    }
    let entries: Vec<String> = clock.iter().map(|(actor, counter)| format!("{counter}@{actor}")).collect();
    entries.join(", ")
}

/// A change: a heading, then a line for each op.
pub(super) fn change(reference: &ConvergentRef, change: &Change) -> Vec<String> {
    let mut after = change.deps.clone();
    after.advance(&change.actor, change.previous);
    let heading = format!("{} after {}", change.id(), clock(&after));
    let ops = change.ops.iter().enumerate();
    let lines = ops.map(|(index, op)| format!("  {} {}", change.op_id(index), self::op(reference, op)));
    std::iter::once(heading).chain(lines).collect()
}

/// What an op did: `puts "Bar" at key "name" of 1@origin, over 2@origin`.
pub(super) fn op(reference: &ConvergentRef, op: &Op) -> String {
    match op {
        Op::Put { slot, over, content } => {
            let over = if over.is_empty() { String::new() } else { format!(", over {}", ids(over)) };
            format!("puts {} {}{over}", self::content(content), self::slot(slot))
        }
        Op::Insert { list, parent, side, content } => {
            let side = match side {
                crate::crdt::Side::Left => "left",
                crate::crdt::Side::Right => "right",
            };
            let place = match parent {
                Some(parent) => format!("on the {side} of {parent}"),
                None => "at the start".to_owned(),
            };
            format!("inserts {} into list {list} {place}", self::content(content))
        }
        Op::Delete { over } => {
            let held = over.iter().map(|id| {
                let content = reference.op(id).and_then(Op::content);
                content.map_or_else(|| id.to_string(), |content| format!("{} ({id})", self::content(content)))
            });
            format!("deletes {}", held.collect::<Vec<_>>().join(", "))
        }
    }
}

fn content(content: &Content) -> String {
    match content {
        Content::Scalar(scalar) => short(scalar.value()),
        Content::Make(Kind::Map) => "a new map".to_owned(),
        Content::Make(Kind::List) => "a new list".to_owned(),
    }
}

fn slot(slot: &SlotId) -> String {
    match slot {
        SlotId::Root => "at the root".to_owned(),
        SlotId::Key { map, key } => format!("at key {} of map {map}", value::text(&key.to_value())),
        SlotId::Item { list, item } => format!("at item {item} of list {list}"),
    }
}

fn ids(ids: &[OpId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
