//! The JSON of `--json`: one object for each command.

use rejoin::crdt::{Conflict, Written};
use rejoin::script::{Failure, Mismatch, Step};
use rejoin::session::{CommandError, Reply};
use rejoin::value::{Difference, PathChange, Val, object, string};

use super::total::Total;

/// Returns one command and its answer as a JSON object: `line`, `command`, `ok`; then `value` (or `values`, when
/// there is not exactly one) and `report`, or `error`. A command that changes a value has `changes`, and a
/// merge has `conflicts` too. `schema/answer.schema.json` says it exactly.
pub(crate) fn envelope(line: usize, command: &str, answer: &Result<Reply, CommandError>) -> Val {
    object(fields(line, command, answer))
}

/// Writes a command of a session file in the same way: with the `file` where it has a name, and with `mismatches`
/// where expectations do not hold.
pub(crate) fn checked(
    file: Option<&str>,
    step: &Step,
    answer: &Result<Reply, CommandError>,
    failure: Option<&Failure>,
) -> Val {
    let file = file.map(|file| ("file", string(file)));
    let mut fields: Vec<_> = file.into_iter().chain(fields(step.line, &step.text, answer)).collect();
    if let Some(Failure::Mismatches(mismatches)) = failure {
        fields.push(("mismatches", mismatches.iter().map(mismatch).collect()));
    }
    object(fields)
}

/// Returns what all files of a check come to, and those that could not be read, with the reason.
pub(crate) fn summary(total: &Total) -> Val {
    let Total { ran, unread, empty, interrupted } = total;
    let reason =
        |(file, reason): &(String, String)| object([("file", string(file)), ("reason", string(reason))]);
    let summary = object([
        ("ok", total.is_ok().into()),
        ("sessions", ran.sessions.into()),
        ("commands", ran.commands.into()),
        ("expectations", ran.expectations.into()),
        ("failures", ran.failures.into()),
        ("unread", unread.iter().map(reason).collect()),
        ("empty", empty.iter().map(|(name, _)| string(name)).collect()),
        ("interrupted", (*interrupted).into()),
    ]);
    object([("summary", summary)])
}

fn fields(line: usize, command: &str, answer: &Result<Reply, CommandError>) -> Vec<(&'static str, Val)> {
    let mut fields = vec![("line", line.into()), ("command", string(command)), ("ok", answer.is_ok().into())];
    match answer {
        Ok(reply) => {
            fields.push(match &reply.values[..] {
                [value] => ("value", value.clone()),
                values => ("values", values.iter().cloned().collect()),
            });
            fields.push(("report", reply.lines().into_iter().map(string).collect()));
            if reply.may_change() {
                fields.push(("changes", reply.changes().map(change).collect()));
            }
            if let Some(merged) = reply.merged() {
                fields.push(("conflicts", merged.conflicts.iter().map(conflict).collect()));
            }
        }
        Err(error) => {
            let hint = error.hint.as_deref().map_or(Val::NULL, string);
            let error = [
                ("code", string(error.code().to_string())),
                ("message", string(error.to_string())),
                ("span", [error.span.start, error.span.end].into()),
                ("hint", hint),
            ];
            fields.push(("error", object(error)));
        }
    }
    fields
}

fn mismatch(mismatch: &Mismatch) -> Val {
    object([
        ("line", mismatch.line.into()),
        ("expected", string(&*mismatch.expected)),
        ("actual", string(&*mismatch.actual)),
    ])
}

fn change(change: &PathChange) -> Val {
    let (kind, parts) = match &change.difference {
        Difference::Added(new) => ("added", vec![("new", new.clone())]),
        Difference::Removed(old) => ("removed", vec![("old", old.clone())]),
        Difference::Changed(old, new) => ("changed", vec![("old", old.clone()), ("new", new.clone())]),
        Difference::Moved { from } => ("moved", vec![("from", string(from.to_string()))]),
    };
    let fields = [("kind", string(kind)), ("path", string(change.path.to_string()))].into_iter().chain(parts);
    let kinds = [("made", change.made()), ("made_plain", change.made_plain())];
    let kinds = kinds.into_iter().filter_map(|(field, kind)| kind.map(|kind| (field, string(kind))));
    object(fields.chain(kinds))
}

fn conflict(conflict: &Conflict) -> Val {
    object([
        ("path", string(conflict.path.to_string())),
        ("winner", written(&conflict.winner)),
        ("losers", conflict.losers.iter().map(written).collect()),
    ])
}

fn written(written: &Written) -> Val {
    object([("id", string(written.id.to_string())), ("value", written.value.clone())])
}
