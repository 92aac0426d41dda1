//! The interpreter of the session language: a line goes in, a [`Reply`] comes out.
//!
//! A [`Session`] owns names and what they stand for: refs, clocks and patches. The first word of a
//! line decides: a command (see [`COMMANDS`]), else a jq expression in which every name is a variable.
//! Nothing is printed here, and nothing is read but the line.
//!
//! ```
//! use rejoin::session::Session;
//!
//! let mut session = Session::default();
//! session.run(r#"ref origin {"name": "Foo", "items": [0, 1]}"#)?;
//! session.run("branch origin as branched")?;
//! session.run(r#"swap origin .name = "Bar""#)?;
//! session.run("swap branched .items += [2]")?;
//! let reply = session.run("merge origin branched")?;
//! assert_eq!(reply.values[0].to_string(), r#"{"name":"Bar","items":[0,1,2]}"#);
//! assert_eq!(reply.lines(), ["1 change new", "+ .items[2] 2"]);
//! # Ok::<(), rejoin::session::CommandError>(())
//! ```

mod answer;
mod commands;
mod editor;
mod error;
mod evaluation;
mod hints;
mod language;
mod outside;
mod state;

pub use answer::page::Page;
pub use answer::reply::{Effect, Part, Reply, Sentence};
pub use commands::request::{Request, RequestKind};
pub use commands::table::COMMANDS;
pub use editor::completion::{Candidate, Completions};
pub use editor::highlight::{Highlight, HighlightKind, partner};
pub use error::codes::{CODES, ErrorCode, Explanation};
pub use error::files::FileError;
pub use error::{CommandError, ErrorKind};
pub use language::arguments::Argument;
pub use language::caret::Location;
pub use language::command::{Command, Example};
pub use outside::{Keeper, Kept, Outside};
#[cfg(feature = "store")]
pub use state::kept::RestoreError;
pub use state::names::{Entry, EntryKind};
pub use state::settings::{Color, SETTINGS, Setting, Settings, Theme};

use crate::cancellation::Cancelled;
use crate::filter::{self, Filters};
pub use crate::filter::{Cause, Interrupt, Limits, units};
use crate::value::Val;
use language::command::Run;
use language::layout::Layout;
use outside::Nowhere;
use state::ids::Ids;
use state::names::Names;
use state::watch_log::{WatchLog, WatchedChange};

/// The choices of whoever starts a session.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Document ids, and what makes actors unique, derive from it.
    pub seed: u64,
    /// Whether actors carry a suffix that makes them unique in the world (as the seed is):
    /// `origin-k3v9x2m4t8qz` instead of `origin`.
    pub unique_actors: bool,
}

/// A session: names, what they stand for, and the last value.
///
/// A line that fails leaves the session as it was.
#[derive(Default)]
pub struct Session {
    names: Names,
    filters: Filters,
    last: Val,
    /// Whether there was a value; until then `last` is null.
    answered: bool,
    ids: Ids,
    settings: Settings,
    /// What watchers saw since the last reply.
    seen: WatchLog,
    /// Whether so many records are kept that a state is due.
    #[cfg(feature = "store")]
    is_state_due: bool,
    /// The limits that are kept, where others take their place for now, and those.
    lent_limits: Option<(Limits, Limits)>,
    steps: state::undo::Steps,
    /// What keeps what was done until now from being taken back, once the command that runs is done.
    barrier: Option<String>,
}

/// The maximum number of bytes of a line. The values that it writes out take up to 50 times as much memory.
pub const LONGEST: usize = 16 << 20;

impl Session {
    /// Makes an empty session.
    pub fn new(options: Options) -> Self {
        Self { ids: Ids::new(options), ..Self::default() }
    }

    /// Makes an empty session that is interrupted by what interrupts another one too.
    pub fn interrupted_by(interrupt: Interrupt) -> Self {
        Self { filters: Filters::interrupted_by(interrupt), ..Self::default() }
    }

    /// Makes an empty session that does by itself what this one does, is shown in the same way, and is interrupted by the
    /// same.
    pub fn fresh(&self) -> Self {
        let (settings, ids) = (self.settings.clone(), Ids::new(self.ids.options().clone()));
        let fresh = Self { settings, ids, ..Self::interrupted_by(self.interrupt()) };
        fresh.set_filter_limits(self.filter_limits());
        fresh
    }

    /// Runs one command or expression; a blank line or a comment does nothing. What is outside, such as files, is out of
    /// reach.
    ///
    /// # Errors
    /// What is wrong, with its place in the line and, where there is one, a hint. The session is as it
    /// was.
    pub fn run(&mut self, line: &str) -> Result<Reply, CommandError> {
        self.run_with(line, &mut Nowhere)
    }

    /// Runs as [`run`](Self::run) does a line that may reach what is outside.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_with(&mut self, line: &str, outside: &mut dyn Outside) -> Result<Reply, CommandError> {
        if line.len() > LONGEST {
            let hint = "make the value in several steps".to_owned();
            return Err(CommandError::new(ErrorKind::TooLong, 0..0).with_hint(hint));
        }
        if language::layout::is_blank(line) {
            return Ok(Reply::default());
        }
        #[cfg(feature = "store")]
        let settings = outside.keeper().is_some().then(|| self.settings_now());
        let layout = self.layout(line);
        let interrupt = self.interrupt();
        let answered = interrupt.cancellable(|| match layout.command {
            Some((command, _)) => match layout.args() {
                Ok(args) => match command.run {
                    Run::Inside(run) => run(self, args),
                    Run::Outside(run) => run(self, args, outside),
                },
                // A wrong name says more than what is missing behind it.
                Err(error) => Err(self.wrong_name(&layout).unwrap_or(error)),
            },
            None => self.expression(line),
        });
        let mut reply = answered.unwrap_or_else(|Cancelled| {
            interrupt.clear();
            Err(CommandError::interrupted(line))
        });
        let barrier = self.barrier.take();
        #[cfg(feature = "store")]
        match (&reply, &barrier, settings, outside.keeper()) {
            (Ok(done), barrier, Some(settings), Some(keeper)) => {
                let kept = self.keep_record(line, done.effect, &settings, barrier.as_deref(), keeper);
                reply = kept.map_err(|error| CommandError::not_kept(error, line)).and(reply);
            }
            // Where it cannot be kept nothing that comes can be either, and the next command says so.
            (Err(_), Some(barrier), _, Some(keeper)) => drop(self.keep_sent(barrier, keeper)),
            _ => {}
        }
        let seen = self.seen.take();
        match &mut reply {
            Ok(reply) if self.keep_step(line) => reply.effect = Effect::Changed,
            Ok(_) => {}
            Err(_) => self.drop_step(),
        }
        if let Some(why) = barrier {
            self.steps.bar(&why);
        }
        #[cfg(feature = "store")]
        if let Some(keeper) = outside.keeper() {
            self.keep_state(keeper);
        }
        let mut reply = reply.map_err(|error| {
            let habit = self.habit(&layout, line);
            if habit.is_some() { error.with_hint(habit) } else { error }
        })?;
        reply
            .parts
            .extend(seen.into_iter().map(|WatchedChange { name, changes }| Part::Watched { name, changes }));
        if let Some(last) = reply.values.last() {
            self.last = last.clone();
            self.answered = true;
        }
        Ok(reply)
    }

    /// Keeps that a command is about to send changes, where something keeps the session.
    ///
    /// # Errors
    /// It cannot be kept.
    fn keep_intent(&self, barrier: &str, outside: &mut dyn Outside) -> Result<(), FileError> {
        #[cfg(feature = "store")]
        if let Some(keeper) = outside.keeper() {
            return self.keep_sent(barrier, keeper);
        }
        #[cfg(not(feature = "store"))]
        let _ = (barrier, outside);
        Ok(())
    }

    /// Returns all commands, in the order in which one meets them.
    fn commands(&self) -> &'static [Command] {
        COMMANDS
    }

    fn command(&self, name: &str) -> Option<&'static Command> {
        language::command::find(self.commands(), name)
    }

    /// Cuts a line as its command takes it.
    fn layout<'a>(&self, line: &'a str) -> Layout<'a> {
        language::layout::layout(line, self.commands())
    }

    /// Returns the names and what they stand for, in the order in which they were made.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.names.iter()
    }

    /// Tells whether a line gives the terminal to a program while it runs.
    pub fn runs_a_program(&self, line: &str) -> bool {
        self.layout(line).command.is_some_and(|(command, _)| command.name == commands::files::PIPE.name)
    }

    /// Tells whether a line reaches a place where replicas meet: what the session makes should be unique in the world
    /// then, if that place lasts.
    pub fn meets_others(&self, line: &str) -> bool {
        let layout = self.layout(line);
        layout
            .command
            .as_ref()
            .is_some_and(|(command, _)| commands::sync::meets_others(command.name, &layout.taken))
    }

    // --- filters that do not end ---

    /// Returns what each filter may use: a command whose filter comes to a limit fails, and changes nothing.
    pub fn filter_limits(&self) -> Limits {
        self.filters.limits()
    }

    /// Sets what each filter may use; validators too.
    pub fn set_filter_limits(&self, limits: Limits) {
        self.filters.set_limits(limits);
    }

    /// Sets what each filter may use in this process alone: what is kept of the session says what it did before, until a
    /// command sets a limit.
    pub fn lend_filter_limits(&mut self, limits: Limits) {
        let kept = self.filter_limits();
        self.lent_limits = (kept != limits).then_some((kept, limits));
        self.set_filter_limits(limits);
    }

    /// Returns what interrupts the command that runs, from another thread or a signal handler: it fails and changes nothing.
    /// A command that is nearly done goes on to its end.
    pub fn interrupt(&self) -> Interrupt {
        self.filters.interrupt()
    }
}

/// Tells whether a line is not finished: brackets or a quote are still open at its end.
pub fn needs_more(line: &str) -> bool {
    !line.trim_start().starts_with('#') && filter::needs_more(line)
}
