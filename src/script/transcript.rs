//! Commands and what they answer, as pieces of a session file.

use crate::script::dots::literal;
use crate::script::parse::{Step, written_line};
use crate::script::pattern::Pattern;
use crate::session::{CommandError, Reply};
use crate::value::text;

/// Writes a step and its answer as a piece of a session file: the command, then what it answers as
/// expectations. Without a newline at the end.
pub fn transcript(step: &Step, answer: &Result<Reply, CommandError>) -> String {
    let (mut lines, margin) = (step.written(), step.margin());
    for answer in answers(answer) {
        lines.push('\n');
        lines.push_str(&margin);
        lines.push_str("#=> ");
        lines.push_str(&answer);
    }
    lines
}

/// Returns what a command answers, as lines that may stand behind `#=>`: three dots are written as themselves
/// (`\...`).
pub fn answers(answer: &Result<Reply, CommandError>) -> Vec<String> {
    match answer {
        Ok(reply) => {
            let (values, lines) = reply.shown();
            let values = values.iter().map(|value| Pattern::literal(&text(value)).into_owned());
            values.chain(lines.iter().map(|line| written_line(line))).collect()
        }
        Err(error) => vec![format!("error: {}", literal(&error.to_string()))],
    }
}
