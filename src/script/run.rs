use std::convert::Infallible;

use crate::filter::Cause;
use crate::script::dots::literal;
use crate::script::parse::written_line;
use crate::script::{Failure, Host, Item, Pattern, Script, Step, compare};
use crate::session::{Code, CommandError, Reply, Session};
use crate::value::text;

/// How a session file went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Sessions started: one, and one for each block that starts a new one.
    pub sessions: usize,
    /// Commands run.
    pub commands: usize,
    /// Expectations compared.
    pub expectations: usize,
    /// Expectations that do not hold, and commands that failed unexpectedly.
    pub failures: usize,
    /// The line of the first command that did not run because somebody interrupted.
    pub interrupted: Option<usize>,
}

impl Outcome {
    /// Adds the outcome of another file.
    pub fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.commands += other.commands;
        self.expectations += other.expectations;
        self.failures += other.failures;
        self.interrupted = self.interrupted.or(other.interrupted);
    }

    /// `3 commands, 2 expectations`.
    pub fn words(&self) -> String {
        format!("{}, {}", count(self.commands, "command"), count(self.expectations, "expectation"))
    }
}

/// `1 command`, `2 commands`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Runs a session file without reaching other files; see [`run_with`].
pub fn run<E>(
    session: &mut Session,
    script: &Script,
    each: impl FnMut(Ran<'_>) -> Result<(), E>,
) -> Result<Outcome, E> {
    run_with(&mut Host::without_files(), session, script, each)
}

/// Runs a session file: `each` gets every item in turn, commands with their answer and what it does
/// wrong. A command that fails unexpectedly ends the file, unless the host [keeps going](Host::keep_going); so do one
/// that quits and an [interruption](Session::interrupt), also of the command that runs.
pub fn run_with<E>(
    host: &mut Host,
    session: &mut Session,
    script: &Script,
    mut each: impl FnMut(Ran<'_>) -> Result<(), E>,
) -> Result<Outcome, E> {
    let mut outcome = Outcome { sessions: 1, ..Outcome::default() };
    let mut interrupt = session.interrupt();
    host.started(session);
    for item in &script.items {
        let step = match item {
            Item::Narration(text) | Item::Prose(text) => {
                each(Ran::Narration(text))?;
                continue;
            }
            Item::Fence { text, fresh } => {
                // The first block starts a session anyway.
                if *fresh && outcome.commands > 0 {
                    let stopped = interrupt.is_raised();
                    *session = session.fresh();
                    interrupt = session.interrupt();
                    if stopped {
                        interrupt.raise();
                    }
                    host.started(session);
                    outcome.sessions += 1;
                }
                each(Ran::Narration(text))?;
                continue;
            }
            Item::Step(step) => step,
        };
        if interrupt.is_raised() {
            outcome.interrupted = Some(step.line);
            break;
        }
        let answer = host.run(session, &step.text, &mut |_| {});
        if answer.as_ref().is_err_and(is_interrupted) || host.take_interrupted() {
            // It did not fail: it had no time to answer.
            outcome.interrupted = Some(step.line);
            break;
        }
        let failure = compare(step, &answer).err();
        outcome.commands += 1;
        outcome.expectations += step.expectations.len();
        outcome.failures += match &failure {
            None => 0,
            Some(Failure::Mismatches(mismatches)) => mismatches.len(),
            Some(Failure::Error(_)) => 1,
        };
        let has_failed = matches!(failure, Some(Failure::Error(_)));
        let ends = has_failed && !host.keeps_going() || answer.as_ref().is_ok_and(|reply| reply.quit);
        each(Ran::Step { step, answer: &answer, failure: failure.as_ref() })?;
        if ends {
            break;
        }
    }
    Ok(outcome)
}

/// Whether a command was stopped by somebody, and not by a limit.
fn is_interrupted(error: &CommandError) -> bool {
    error.code() == Code::Interrupted && error.to_string().ends_with(&Cause::Interrupt.to_string())
}

/// What a listener that cannot fail answers.
#[expect(clippy::unnecessary_wraps, reason = "it says which error there never is")]
pub(super) fn no_one() -> Result<(), Infallible> {
    Ok(())
}

/// An item of a session file that was run.
#[derive(Debug, Clone, Copy)]
pub enum Ran<'a> {
    /// Narration.
    Narration(&'a str),
    /// A command.
    Step {
        /// The command.
        step: &'a Step,
        /// What it answered.
        answer: &'a Result<Reply, CommandError>,
        /// What is wrong with that.
        failure: Option<&'a Failure>,
    },
}

/// A step and its answer as a piece of a session file: the command, then what it answers as
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

/// What a command answers, as lines that may stand behind `#=>`: three dots are written as themselves (`\...`).
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
