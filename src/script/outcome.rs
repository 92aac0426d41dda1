//! Outcomes of a session file, item by item and as a whole.

use crate::script::check::Failure;
use crate::script::parse::Step;
use crate::session::{CommandError, Reply};

/// The outcome of a session file.
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

    /// Writes `3 commands, 2 expectations`.
    pub fn words(&self) -> String {
        format!("{}, {}", count(self.commands, "command"), count(self.expectations, "expectation"))
    }
}

/// Writes `1 command`, `2 commands`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
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
