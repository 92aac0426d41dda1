//! A command of the session language, as data.

use crate::session::error::CommandError;
use crate::session::language::args::Args;
use crate::session::language::arguments::Argument;
use crate::session::{Outside, Reply, Session};

/// A command of the session language.
#[derive(Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Its arguments, those that it can do without last.
    pub arguments: &'static [Argument],
    /// What it does, in one line.
    pub summary: &'static str,
    /// What one should know, in a few sentences.
    pub details: &'static str,
    /// A session that shows it; runs in the tests.
    pub example: Example,
    pub(in crate::session) run: Run,
}

/// The work of a command.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) enum Run {
    /// It needs the session alone.
    Inside(fn(&mut Session, Args<'_>) -> Result<Reply, CommandError>),
    /// It reaches what is outside.
    Outside(fn(&mut Session, Args<'_>, &mut dyn Outside) -> Result<Reply, CommandError>),
}

/// Lines of a session file, expectations included.
pub type Example = &'static [&'static str];

impl Command {
    /// Returns its name and aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Returns its name and arguments: `branch REF as NAME`.
    pub fn usage(&self) -> String {
        self.arguments.iter().fold(self.name.to_owned(), |usage, argument| format!("{usage} {argument}"))
    }

    /// Tells whether the code in its arguments gets the value of its ref, and not the last value.
    pub(in crate::session) fn reads_ref(&self) -> bool {
        self.arguments.iter().any(|argument| argument.reads_ref)
    }
}

/// Returns the command of that name, or of that alias.
pub(in crate::session) fn find(commands: &'static [Command], name: &str) -> Option<&'static Command> {
    commands.iter().find(|command| command.names().any(|known| known == name))
}
