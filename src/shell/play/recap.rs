//! The recap of `play`: the commands that were used, and where the refs are.

use std::io::{self, Write};

use rejoin::session::{COMMANDS, Command, Entry, Session};
use rejoin::value::text;
use rejoin::value::width::{cut, fill, wrapped};

use super::Player;
use crate::shell::paint::visible;

impl Player<'_> {
    /// Shows what the lesson was made of: the commands that ran, and the refs that there are now.
    pub(super) fn recap(&self, played: usize, session: &Session) -> io::Result<()> {
        let used = |command: &Command| {
            let word = |line: &str| line.split_whitespace().next().map(str::to_owned);
            let first =
                self.scenes[self.from.min(played)..played].iter().filter_map(|scene| word(&scene.step.text));
            first.filter(|first| command.names().any(|name| name == first)).count()
        };
        let counts = COMMANDS.iter().map(|command| (command, used(command)));
        let counts: Vec<(&Command, usize)> = counts.filter(|(_, count)| *count > 0).collect();
        let refs = session.entries().filter_map(|(name, entry)| match entry {
            Entry::Ref(reference) => Some((name, text(reference.value()))),
            _ => None,
        });
        let refs: Vec<(&str, String)> = refs.collect();
        let names = counts.iter().map(|(command, _)| command.name).chain(refs.iter().map(|(name, _)| *name));
        let width = names.map(str::len).max().unwrap_or(0);

        let mut out = io::stdout().lock();
        let all = self.scenes.len();
        let part = match (self.from, played < all) {
            (0, false) => String::new(),
            (0, true) => format!(", in {played} of {all} steps"),
            (from, _) if from + 1 == played => format!(", in step {played} of {all}"),
            (from, _) => format!(", in steps {} to {played} of {all}", from + 1),
        };
        let title = wrapped(&format!("What was used in {}{part}", self.name), self.width());
        writeln!(out, "{}\n", self.out.heading(&title))?;
        for (command, count) in counts {
            let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
            let line = format!("  {:width$}  {}{times}", command.name, command.summary);
            for line in fill(&line, self.width(), width + 4) {
                writeln!(out, "{line}")?;
            }
        }
        if !refs.is_empty() {
            writeln!(out, "\n{}\n", self.out.heading("Where the refs are now"))?;
        }
        for (name, value) in refs {
            let room = self.width().saturating_sub(width + 4).max(8);
            writeln!(out, "  {name:width$}  {}", cut(&visible(&value), room))?;
        }
        Ok(())
    }
}
