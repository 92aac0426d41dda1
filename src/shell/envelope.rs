use rejoin::session::{CommandError, Reply};
use rejoin::value::{Num, Val, object, string};

/// One command and its answer as a JSON object: `line`, `command`, `ok`, then `value` (or `values`,
/// when there is not exactly one) and `report`, or `error` with `message`, `span` and `hint`.
pub(crate) fn envelope(line: usize, command: &str, answer: &Result<Reply, CommandError>) -> Val {
    let number = |n: usize| Val::Num(Num::from_integral(n));
    let mut fields =
        vec![("line", number(line)), ("command", string(command)), ("ok", Val::Bool(answer.is_ok()))];
    match answer {
        Ok(reply) => {
            fields.push(match &reply.values[..] {
                [value] => ("value", value.clone()),
                values => ("values", values.iter().cloned().collect()),
            });
            fields.push(("report", reply.lines().into_iter().map(string).collect()));
        }
        Err(error) => {
            let span = [number(error.span.start), number(error.span.end)];
            let hint = error.hint.as_deref().map_or(Val::Null, string);
            let error = [
                ("message", string(error.to_string())),
                ("span", span.into_iter().collect()),
                ("hint", hint),
            ];
            fields.push(("error", object(error)));
        }
    }
    object(fields)
}
