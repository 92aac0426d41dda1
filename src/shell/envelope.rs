use rejoin::crdt::{Conflict, Written};
use rejoin::session::{CommandError, Reply};
use rejoin::value::{Difference, Num, PathChange, Val, object, string};

/// One command and its answer as a JSON object: `line`, `command`, `ok`; then `value` (or `values`, when
/// there is not exactly one) and `report`, or `error`. A command that changes a value has `changes`, and a
/// merge has `conflicts` too. `schema/answer.schema.json` says it exactly.
pub(crate) fn envelope(line: usize, command: &str, answer: &Result<Reply, CommandError>) -> Val {
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
    object(fields)
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
