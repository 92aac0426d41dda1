//! Comparison of what a command answers with what the file expects.

use crate::script::diff::diff;
use crate::script::dots::matches_text;
use crate::script::{DiffLine, Expectation, Expected, Step};
use crate::session::{CommandError, Reply};
use crate::value::text;

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The line of the expectation, from 1.
    pub line: usize,
    /// What it says.
    pub expected: String,
    /// What the command answered.
    pub actual: String,
}

impl Mismatch {
    /// Returns the difference, line by line; values are spread over several lines when they are long.
    pub fn diff(&self) -> Vec<DiffLine> {
        diff(&self.expected, &self.actual)
    }
}

/// The mistake of a step.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Expectations do not hold.
    Mismatches(Vec<Mismatch>),
    /// The command failed, and nothing expects that.
    Error(CommandError),
}

/// Compares the answer of a step with its expectations.
///
/// # Errors
/// What does not hold.
pub fn compare(step: &Step, answer: &Result<Reply, CommandError>) -> Result<(), Failure> {
    let mismatches = match answer {
        _ if step.text.is_empty() => {
            let no_command = |e: &Expectation| mismatch(e, "no command stands above this expectation");
            step.expectations.iter().map(no_command).collect()
        }
        Ok(reply) => replied(&step.expectations, reply),
        Err(error) => {
            let expects_error = |e: &Expectation| matches!(e.expected, Expected::Error(_));
            if !step.expectations.iter().any(expects_error) {
                return Err(Failure::Error(error.clone()));
            }
            failed(&step.expectations, error)
        }
    };
    if mismatches.is_empty() { Ok(()) } else { Err(Failure::Mismatches(mismatches)) }
}

fn mismatch(expectation: &Expectation, actual: impl Into<String>) -> Mismatch {
    Mismatch { line: expectation.line, expected: expectation.text.clone(), actual: actual.into() }
}

fn failed(expectations: &[Expectation], error: &CommandError) -> Vec<Mismatch> {
    let message = error.to_string();
    let fails = |e: &&Expectation| !expects(e, &message);
    expectations.iter().filter(fails).map(|e| mismatch(e, format!("error: {message}"))).collect()
}

/// Tells whether an expectation is that of an error with this message.
pub(super) fn expects(expectation: &Expectation, message: &str) -> bool {
    matches!(&expectation.expected, Expected::Error(expected) if matches_text(expected, message.trim()))
}

/// Tells whether an expectation of a line of the report holds for this one.
pub(super) fn is_line(expectation: &Expectation, line: &str) -> bool {
    matches_text(&expectation.text, line.trim())
}

fn replied(expectations: &[Expectation], reply: &Reply) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    let mut values = reply.values.iter();
    // The report costs something, and most expectations name values.
    let wants_lines = expectations.iter().any(|e| matches!(e.expected, Expected::Line));
    let lines = if wants_lines { reply.lines() } else { Vec::new() };
    let mut rest = &lines[..];
    for expectation in expectations {
        match &expectation.expected {
            Expected::Value(expected) => match values.next() {
                Some(value) if expected.matches(value) => {}
                Some(value) => mismatches.push(mismatch(expectation, text(value))),
                None => mismatches.push(mismatch(expectation, "no value")),
            },
            Expected::Line => match rest.iter().position(|line| is_line(expectation, line)) {
                Some(at) => rest = &rest[at + 1..],
                None if lines.iter().any(|line| is_line(expectation, line)) => {
                    mismatches.push(mismatch(expectation, "this line comes earlier"));
                }
                None if rest.is_empty() => mismatches.push(mismatch(expectation, "no such line")),
                None => mismatches.push(mismatch(expectation, rest.join("\n"))),
            },
            Expected::Error(_) => {
                let value = reply.values.last().map_or_else(|| "no error".to_owned(), text);
                mismatches.push(mismatch(expectation, value));
            }
        }
    }
    mismatches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;
    use crate::session::Session;

    /// Returns the mismatches of a session file, as `line: expected / actual`.
    fn check(text: &str) -> Vec<String> {
        let mut session = Session::default();
        let script = Script::parse(text);
        let failures = script.steps().filter_map(|step| compare(step, &session.run(&step.text)).err());
        failures
            .flat_map(|failure| match failure {
                Failure::Mismatches(mismatches) => mismatches,
                Failure::Error(error) => {
                    vec![Mismatch { line: 0, expected: "no error".into(), actual: error.to_string() }]
                }
            })
            .map(|m| format!("{}: {} / {}", m.line, m.expected, m.actual))
            .collect()
    }

    #[test]
    fn what_holds_and_what_does_not() {
        let rows = [
            ("ref a 1\n#=> 1", vec![]),
            ("ref a 1\n#=> 2", vec!["2: 2 / 1"]),
            ("ref a 1\n#=> 1.0", vec!["2: 1.0 / 1"]),
            ("ref a {\"x\":1,\"y\":2}\n#=> {\"y\":2,\"x\":1}\n#=> actor a", vec![]),
            ("ref a 1\n#=> actor b", vec!["2: actor b / actor a"]),
            ("ref a 1\n#=> error: no", vec!["2: error: no / 1"]),
            ("ref a [1,2]\na[]\n#=> 1\n#=> 2", vec![]),
            ("ref a [1,2]\na[]\n#=> 1\n#=> 2\n#=> 3", vec!["5: 3 / no value"]),
            ("b\n#=> error: `b` is neither a command nor a name", vec![]),
            ("b\n#=> error: no", vec!["2: error: no / error: `b` is neither a command nor a name"]),
            ("b", vec!["0: no error / `b` is neither a command nor a name"]),
            ("ref a {}\nswap a .x=1|.y=2\n#=> + .x 1\n#=> + .y 2", vec![]),
            ("ref a {}\nswap a .x=1|.y=2\n#=> + .x ...\n#=> + ... 2", vec![]),
            ("ref a [1,2]\n#=> [1, ...]\n#=> actor ...", vec![]),
            ("ref a [1,2]\n#=> [2, ...]", vec!["2: [2, ...] / [1,2]"]),
            ("b\n#=> error: `...` is neither ...", vec![]),
            (
                "ref a {}\nswap a .x=1|.y=2\n#=> + .y 2\n#=> + .x 1",
                vec!["4: + .x 1 / this line comes earlier"],
            ),
        ];
        for (text, mismatches) in rows {
            assert_eq!(check(text), mismatches, "{text}");
        }
    }
}
