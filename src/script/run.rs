use crate::script::{Failure, Item, Script, Step, compare};
use crate::session::{CommandError, Reply, Session};
use crate::value::text;

/// How a session file went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Commands run.
    pub commands: usize,
    /// Expectations compared.
    pub expectations: usize,
    /// Expectations that do not hold, and commands that failed unexpectedly.
    pub failures: usize,
}

impl Outcome {
    /// Adds the outcome of another file.
    pub fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.expectations += other.expectations;
        self.failures += other.failures;
    }
}

/// Runs a session file: `each` gets every item in turn, commands with their answer and what it does
/// wrong. A command that fails unexpectedly, and one that quits, end the file.
pub fn run<E>(
    session: &mut Session,
    script: &Script,
    mut each: impl FnMut(Ran<'_>) -> Result<(), E>,
) -> Result<Outcome, E> {
    let mut outcome = Outcome::default();
    for item in &script.items {
        let step = match item {
            Item::Narration(text) => {
                each(Ran::Narration(text))?;
                continue;
            }
            Item::Step(step) => step,
        };
        let answer = session.run(&step.text);
        let failure = compare(step, &answer).err();
        outcome.commands += 1;
        outcome.expectations += step.expectations.len();
        outcome.failures += match &failure {
            None => 0,
            Some(Failure::Mismatches(mismatches)) => mismatches.len(),
            Some(Failure::Error(_)) => 1,
        };
        let ends =
            matches!(failure, Some(Failure::Error(_))) || answer.as_ref().is_ok_and(|reply| reply.quit);
        each(Ran::Step { step, answer: &answer, failure: failure.as_ref() })?;
        if ends {
            break;
        }
    }
    Ok(outcome)
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
    let mut lines = step.text.clone();
    let answers = match answer {
        Ok(reply) => {
            let (values, lines) = reply.shown();
            values.iter().map(text).chain(lines).collect()
        }
        Err(error) => vec![format!("error: {error}")],
    };
    for answer in answers {
        lines.push_str("\n#=> ");
        lines.push_str(&answer);
    }
    lines
}
