//! `refs`, `show`, `log`, `waiting`, `conflicts`, `same`: what looks at names and changes nothing.

use crate::crdt::{OpId, Written};
use crate::session::answer::{reply, words};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::state::names::Entry;
use crate::session::{Part, Reply, Session};
use crate::value::{Val, first_difference, object, string};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) fn refs(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let whole = args.next().is_some();
    let width = session.names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut reply = Reply { whole, ..Reply::default() }.in_words();
    let mut values = Vec::new();
    for (name, entry) in session.names.iter() {
        let (words, mut fields) = describe(entry);
        let kind = entry.kind();
        reply = reply.with(Part::Line(format!("{name:width$}  {:5}  {words}", kind.to_string())));
        let mut value = vec![("name", string(name)), ("kind", string(kind.to_string()))];
        value.append(&mut fields);
        values.push(object(value));
    }
    if values.is_empty() {
        reply = reply.with(Part::Line("no names yet: make a ref with `ref NAME VALUE`".to_owned()));
    }
    reply.values.push(values.into_iter().collect());
    Ok(reply)
}

/// Returns what `refs` says of an entry, in words and as fields.
fn describe(entry: &Entry) -> (String, Vec<(&'static str, Val)>) {
    match entry {
        Entry::Ref(reference) => {
            let waiting = reference.waiting_len();
            let mut words = format!("actor {}, clock {}", reference.actor(), words::clock(reference.clock()));
            if waiting > 0 {
                words.push_str(&format!(", {} waiting", words::count(waiting, "change")));
            }
            let fields = vec![
                ("document", string(reference.document().as_str())),
                ("actor", string(reference.actor().as_str())),
                ("clock", reference.clock().to_json()),
                ("waiting", waiting.into()),
            ];
            (words, fields)
        }
        Entry::Clock(clock) => (words::clock(clock), vec![("clock", clock.to_json())]),
        Entry::Patch(patch) => {
            let words =
                if patch.is_empty() { "nothing new".to_owned() } else { words::count(patch.len(), "change") };
            (words, vec![("document", string(patch.document().as_str())), ("changes", patch.len().into())])
        }
    }
}

pub(in crate::session) fn show(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let value = session.entry(&name)?.value();
    let whole = args.next().is_some();
    Ok(Reply { whole, ..Reply::value(value) })
}

pub(in crate::session) fn log(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let reference = session.reference(&name)?;
    let whole = args.next().is_some();
    let changes = reference.changes().map(|change| change.to_json()).collect();
    let mut reply = Reply { whole, latest: true, ..Reply::value(changes) }.in_words();
    let mut lines: Vec<String> =
        reference.changes().flat_map(|change| words::change(reference, &change)).collect();
    for change in reference.waiting() {
        lines.push(format!("waiting: {}", words::change(reference, change).remove(0)));
    }
    if lines.is_empty() {
        lines.push("no changes yet".to_owned());
    }
    reply.parts = lines.into_iter().map(Part::Line).collect();
    Ok(reply)
}

pub(in crate::session) fn waiting(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let whole = args.next().is_some();
    let reference = session.reference(&name)?;
    let missing: Vec<String> = reference.missing().iter().map(OpId::to_string).collect();
    let (mut changes, mut lines) = (Vec::new(), Vec::new());
    for change in reference.waiting() {
        let (id, ops) = (change.id().to_string(), change.ops.len());
        let lacks: Vec<String> = change.lacks(reference.clock()).map(|id| id.to_string()).collect();
        lines.push(match &lacks[..] {
            [] => format!("{id}: {}, comes in with the next merge", words::count(ops, "op")),
            _ => format!("{id}: {}, waits for {}", words::count(ops, "op"), lacks.join(", ")),
        });
        let lacks: Val = lacks.into_iter().map(string).collect();
        changes.push(object([("id", string(id)), ("ops", ops.into()), ("lacks", lacks)]));
    }
    lines.push(match &missing[..] {
        [] if lines.is_empty() => "nothing waits".to_owned(),
        [] => "missing: nothing".to_owned(),
        _ => format!("missing: {}", missing.join(", ")),
    });
    let missing: Val = missing.into_iter().map(string).collect();
    let value = object([("changes", changes.into_iter().collect()), ("missing", missing)]);
    let mut reply = Reply { whole, ..Reply::value(value) }.in_words();
    reply.parts = lines.into_iter().map(Part::Line).collect();
    Ok(reply)
}

pub(in crate::session) fn conflicts(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let whole = args.next().is_some();
    let conflicts = session.reference(&name)?.conflicts();
    let written = |w: &Written| object([("id", string(w.id.to_string())), ("value", w.value.clone())]);
    let values = conflicts.iter().map(|conflict| {
        object([
            ("path", string(conflict.path.to_string())),
            ("winner", written(&conflict.winner)),
            ("losers", conflict.losers.iter().map(written).collect()),
        ])
    });
    let mut reply = Reply { whole, ..Reply::value(values.collect()) }.in_words();
    reply.parts = conflicts.iter().map(|conflict| Part::Line(reply::conflict(conflict))).collect();
    if conflicts.is_empty() {
        return Ok(reply.with(Part::Line("no conflicts".to_owned())));
    }
    Ok(reply)
}

pub(in crate::session) fn same_values(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [first] = args.required();
    let value = session.entry(&first)?.value();
    for next in args {
        let other = session.entry(&next)?.value();
        if let Some((path, left, right)) = first_difference(&value, &other) {
            let (first, other) = (first.text.to_owned(), next.text.to_owned());
            let kind = ErrorKind::NotSame { first, other, path, left, right };
            return Err(CommandError::new(kind, next.span));
        }
    }
    Ok(Reply::value(true.into()))
}
