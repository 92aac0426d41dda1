use rejoin::crdt::{Conflict, Written};
use rejoin::script::{Failure, Mismatch, Outcome, Step};
use rejoin::session::{CommandError, Reply};
use rejoin::value::{Difference, Num, PathChange, Val, object, string};

/// One command and its answer as a JSON object: `line`, `command`, `ok`; then `value` (or `values`, when
/// there is not exactly one) and `report`, or `error`. A command that changes a value has `changes`, and a
/// merge has `conflicts` too. `schema/answer.schema.json` says it exactly.
pub(crate) fn envelope(line: usize, command: &str, answer: &Result<Reply, CommandError>) -> Val {
    object(fields(line, command, answer))
}

/// The same of a command of a session file: with the `file` where it has a name, and with `mismatches` where
/// expectations do not hold.
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

/// What all files of a check come to, and those that could not be read, with the reason.
pub(crate) fn summary(ran: &Outcome, unread: &[(String, String)]) -> Val {
    let reason =
        |(file, reason): &(String, String)| object([("file", string(file)), ("reason", string(reason))]);
    let summary = object([
        ("ok", Val::Bool(ran.failures == 0 && unread.is_empty())),
        ("sessions", number(ran.sessions)),
        ("commands", number(ran.commands)),
        ("expectations", number(ran.expectations)),
        ("failures", number(ran.failures)),
        ("unread", unread.iter().map(reason).collect()),
    ]);
    object([("summary", summary)])
}

fn fields(line: usize, command: &str, answer: &Result<Reply, CommandError>) -> Vec<(&'static str, Val)> {
    let mut fields =
        vec![("line", number(line)), ("command", string(command)), ("ok", Val::Bool(answer.is_ok()))];
    match answer {
        Ok(reply) => {
            fields.push(match &reply.values[..] {
                [value] => ("value", value.clone()),
                values => ("values", values.iter().cloned().collect()),
            });
            fields.push(("report", reply.lines().into_iter().map(string).collect()));
            if reply.may_change() {
                fields.push(("changes", reply.changes().into_iter().map(change).collect()));
            }
            if let Some(merged) = reply.merged() {
                fields.push(("conflicts", merged.conflicts.iter().map(conflict).collect()));
            }
        }
        Err(error) => {
            let span = [number(error.span.start), number(error.span.end)];
            let hint = error.hint.as_deref().map_or(Val::Null, string);
            let error = [
                ("code", string(error.code().to_string())),
                ("message", string(error.to_string())),
                ("span", span.into_iter().collect()),
                ("hint", hint),
            ];
            fields.push(("error", object(error)));
        }
    }
    fields
}

fn mismatch(mismatch: &Mismatch) -> Val {
    object([
        ("line", number(mismatch.line)),
        ("expected", string(&*mismatch.expected)),
        ("actual", string(&*mismatch.actual)),
    ])
}

fn change(PathChange { path, difference }: PathChange) -> Val {
    let path = ("path", string(path.to_string()));
    let kind = |kind: &str| ("kind", string(kind));
    match difference {
        Difference::Added(new) => object([kind("added"), path, ("new", new)]),
        Difference::Removed(old) => object([kind("removed"), path, ("old", old)]),
        Difference::Changed(old, new) => object([kind("changed"), path, ("old", old), ("new", new)]),
        Difference::Moved { from } => object([kind("moved"), path, ("from", string(from.to_string()))]),
    }
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

fn number(n: usize) -> Val {
    Val::Num(Num::from_integral(n))
}
