//! Recall by Up and Down: the lines of before that begin as what is typed before the cursor.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::history::{FileHistory, History, SearchDirection, SearchResult};
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, RepeatCount, Result};

/// The history, of which Up and Down see only the lines that begin so.
pub(crate) struct Recalled {
    lines: FileHistory,
    search: Search,
}

/// The text that Up and Down look for.
#[derive(Clone, Default)]
pub(crate) struct Search(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What the lines begin with.
    start: String,
    /// The line that was found last, if one was; else the line that is typed.
    shown: String,
    /// Whether there is a newer one.
    newer: bool,
}

impl Recalled {
    pub(crate) fn new(lines: FileHistory) -> Self {
        Self { lines, search: Search::default() }
    }

    pub(crate) fn search(&self) -> Search {
        self.search.clone()
    }

    /// Returns the next line from one on, that one included, that begins as it should and is not the one that is
    /// shown.
    fn find(&self, from: usize, dir: SearchDirection, start: &str, shown: &str) -> Option<usize> {
        let fits = |at: &usize| {
            let line = self.lines.get(*at, dir).ok().flatten();
            line.is_some_and(|line| line.entry.starts_with(start) && line.entry != shown)
        };
        match dir {
            SearchDirection::Reverse => (0..=from).rev().find(fits),
            SearchDirection::Forward => (from..self.lines.len()).find(fits),
        }
    }
}

impl History for Recalled {
    fn get(&self, index: usize, dir: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        let mut state = self.search.state();
        let Some(at) = self.find(index, dir, &state.start, &state.shown) else { return Ok(None) };
        let found = self.lines.get(at, dir)?;
        if let Some(found) = &found {
            state.shown = found.entry.clone().into_owned();
            state.newer = self.find(at + 1, SearchDirection::Forward, &state.start, &state.shown).is_some();
        }
        Ok(found)
    }

    // All else is the history itself.

    fn add(&mut self, line: &str) -> Result<bool> {
        self.lines.add(line)
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        self.lines.add_owned(line)
    }

    fn len(&self) -> usize {
        self.lines.len()
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn set_max_len(&mut self, len: usize) -> Result<()> {
        self.lines.set_max_len(len)
    }

    fn ignore_dups(&mut self, yes: bool) -> Result<()> {
        self.lines.ignore_dups(yes)
    }

    fn ignore_space(&mut self, yes: bool) {
        self.lines.ignore_space(yes);
    }

    fn save(&mut self, path: &Path) -> Result<()> {
        self.lines.save(path)
    }

    fn append(&mut self, path: &Path) -> Result<()> {
        self.lines.append(path)
    }

    fn load(&mut self, path: &Path) -> Result<()> {
        self.lines.load(path)
    }

    fn clear(&mut self) -> Result<()> {
        self.lines.clear()
    }

    fn search(&self, term: &str, start: usize, dir: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        self.lines.search(term, start, dir)
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        self.lines.starts_with(term, start, dir)
    }
}

impl Search {
    /// Ends it: another line is read.
    pub(crate) fn end(&self) {
        *self.state() = State::default();
    }

    /// Returns the key that looks for older or newer lines.
    pub(crate) fn key(&self, older: bool) -> Key {
        Key { search: self.clone(), older }
    }

    /// Begins anew where something else is typed than what was found.
    fn goes_on(&self, line: &str, before: &str) {
        let mut state = self.state();
        if state.shown != line {
            *state = State { start: before.to_owned(), shown: line.to_owned(), newer: true };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up or Down, Ctrl-P or Ctrl-N.
pub(crate) struct Key {
    search: Search,
    older: bool,
}

impl ConditionalEventHandler for Key {
    fn handle(&self, _: &Event, n: RepeatCount, _: bool, typed: &EventContext<'_>) -> Option<Cmd> {
        let (before, behind) = typed.line().split_at_checked(typed.pos())?;
        // In a command of several lines the cursor goes through them first.
        let leaves = !(if self.older { before } else { behind }).contains('\n');
        if leaves {
            self.search.goes_on(typed.line(), before);
        }
        Some(match self.older {
            true => Cmd::LineUpOrPreviousHistory(n),
            // Behind the newest one stands what was typed.
            false if leaves && !self.search.state().newer => Cmd::EndOfHistory,
            false => Cmd::LineDownOrNextHistory(n),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_that_begin_as_what_stands_before_the_cursor() {
        let mut lines = Recalled::new(FileHistory::new());
        for line in ["swap a 1", "ref b 2", "swap b 3", "log b", "swap a 1"] {
            lines.add(line).unwrap();
        }
        let get =
            |index, dir| lines.get(index, dir).unwrap().map(|found| (found.idx, found.entry.into_owned()));
        let found = |at: usize, line: &str| Some((at, line.to_owned()));
        use SearchDirection::{Forward, Reverse};
        lines.search().goes_on("swap", "swap");
        assert_eq!(get(4, Reverse), found(4, "swap a 1"));
        assert!(!lines.search().state().newer);
        // The line is what was found: the search goes on.
        lines.search().goes_on("swap a 1", "swap a 1");
        assert_eq!(get(3, Reverse), found(2, "swap b 3"));
        assert!(lines.search().state().newer);
        assert_eq!(get(1, Reverse), found(0, "swap a 1"));
        assert_eq!(get(1, Forward), found(2, "swap b 3"));
        assert_eq!(get(3, Forward), found(4, "swap a 1"));
        // Something else is typed.
        lines.search().goes_on("ref c", "ref ");
        assert_eq!(get(4, Reverse), found(1, "ref b 2"));
        assert_eq!(get(0, Reverse), None);
        // Nothing is typed: every line is found.
        lines.search().end();
        lines.search().goes_on("", "");
        assert_eq!(get(4, Reverse), found(4, "swap a 1"));
        assert_eq!(get(3, Reverse), found(3, "log b"));
    }
}
