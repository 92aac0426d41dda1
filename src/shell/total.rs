//! Totals of several files.

use std::process::ExitCode;

use rejoin::script::{Outcome, count};

use super::USAGE;
use super::interruption::cause;

/// The outcome of several files.
#[derive(Default)]
pub(crate) struct Total {
    pub(crate) ran: Outcome,
    /// The files that could not be read, and why.
    pub(crate) unread: Vec<(String, String)>,
    /// The files without a command and the folders without a session file, and which of the two it is.
    pub(crate) empty: Vec<(String, &'static str)>,
    /// Whether somebody ended the work before its end.
    pub(crate) interrupted: bool,
}

impl Total {
    /// Tells whether all was read, has commands, was run, and holds.
    pub(crate) fn is_ok(&self) -> bool {
        self.ran.failures == 0 && self.unread.is_empty() && !self.interrupted && !self.had_nothing()
    }

    /// Tells whether a file had nothing to check, or there was no file that has.
    pub(crate) fn had_nothing(&self) -> bool {
        !self.empty.is_empty() || self.ran.commands == 0
    }

    pub(crate) fn exit(&self) -> ExitCode {
        match cause() {
            Some(status) if self.interrupted => ExitCode::from(status),
            _ if !self.unread.is_empty() => ExitCode::from(USAGE),
            _ if self.ran.failures > 0 => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        }
    }

    /// Writes `1 session, 3 commands, 2 expectations: all hold`.
    pub(crate) fn verdict(&self) -> String {
        let Self { ran, unread, empty: _, interrupted } = self;
        let unread = (!unread.is_empty()).then(|| format!("{} not read", count(unread.len(), "file")));
        let failures = (ran.failures > 0).then(|| count(ran.failures, "failure"));
        let interrupted = interrupted.then(|| "interrupted".to_owned());
        let parts: Vec<String> = [failures, unread, interrupted].into_iter().flatten().collect();
        let verdict = match ran.expectations {
            _ if !parts.is_empty() => parts.join(", "),
            _ if ran.commands == 0 => "nothing to check".to_owned(),
            0 => "nothing was expected, and no command failed".to_owned(),
            _ => "all hold".to_owned(),
        };
        format!("{}, {}: {verdict}", count(ran.sessions, "session"), ran.words())
    }
}
