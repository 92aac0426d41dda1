//! The steps that a session can take back: what it was before each command that changed something.
//!
//! While a command runs, [`Names`](crate::session::state::names::Names) notes what each thing was before it was touched. Of a ref that is a few
//! words and no copy: what it was is found again from its history when somebody asks. The commands of a file that is
//! read are steps among themselves; when the file ends, they are one step of whoever reads it.

use std::collections::VecDeque;

use crate::cancellation::Cancelled;
use crate::session::answer::words;
use crate::session::state::ids::Given;
use crate::session::state::journal::Journal;
use crate::session::state::names::Before;
use crate::session::state::turn::Turn;
use crate::session::{Effect, Limits, Session};

/// The number of commands that can be taken back.
pub(in crate::session) const KEPT: usize = 1_000;

/// The commands that can be taken back, and those that were.
#[derive(Default)]
pub(in crate::session) struct Steps {
    /// Those of the session, or of the file whose commands run now.
    now: Level,
    /// Those of whoever reads the file, outermost first.
    outer: Vec<Level>,
    /// How many files were read.
    files: u64,
    /// What keeps older steps from being taken back.
    barrier: Option<String>,
    /// How many of the outermost steps that were done, and that were taken back, are in the records of what is kept.
    repeatable: (usize, usize),
}

/// The steps of one file, or of the session.
#[derive(Default)]
struct Level {
    done: VecDeque<UndoStep>,
    undone: Vec<UndoStep>,
    /// The number of the file among all that were read.
    #[cfg_attr(not(feature = "store"), expect(dead_code, reason = "records alone name a file by it"))]
    number: u64,
    /// The command that reads the file.
    line: String,
    /// The limits of filters before the file.
    limits: Limits,
    /// What was before those commands of the file that can be taken back with it alone.
    older: Older,
}

/// Steps that were done before those that can be taken back one by one.
#[derive(Default)]
struct Older {
    before: Journal,
    /// What they were given. None when there are none.
    given: Option<Given>,
    changed: Option<String>,
    commands: usize,
}

impl Older {
    fn add(&mut self, step: UndoStep) {
        step.before.into_iter().for_each(|before| self.before.add(before));
        match &mut self.given {
            Some(given) => given.extend(step.given),
            None => self.given = Some(step.given),
        }
        self.changed = step.changed.or(self.changed.take());
        self.commands += step.commands;
    }
}

/// A command that changed something, and how to take it back (or, when it is taken back, how to do it again).
#[derive(Default)]
struct UndoStep {
    /// The command, cut short.
    line: String,
    /// What was before: in the order in which it was touched.
    before: Vec<Before>,
    /// The ids that it was given.
    given: Given,
    /// The ref whose value it changed last.
    changed: Option<String>,
    /// How many commands it is made of.
    commands: usize,
}

/// A step that was taken back or done again.
pub(in crate::session) struct Turned {
    /// The command, cut short.
    pub(in crate::session) line: String,
    /// The ref whose value changed last.
    pub(in crate::session) changed: Option<String>,
    /// How many commands it is made of.
    pub(in crate::session) commands: usize,
}

impl Steps {
    /// Returns the files that are read, outermost first: their numbers, and the lines that read them.
    #[cfg(feature = "store")]
    pub(in crate::session) fn files(&self) -> Vec<(u64, String)> {
        let levels = self.outer.iter().chain([&self.now]).skip(1);
        levels.map(|level| (level.number, level.line.clone())).collect()
    }

    /// Tells whether the step that was just turned is in the records.
    #[cfg(feature = "store")]
    pub(in crate::session) fn can_repeat(&self, effect: Effect) -> bool {
        let (done, undone) = self.repeatable;
        // The steps of a file are younger than any state.
        !self.outer.is_empty() || if effect == Effect::Undid { done > 0 } else { undone > 0 }
    }

    /// Notes what a record says.
    pub(in crate::session) fn note_repeatable(&mut self, effect: Effect) {
        let (done, undone) = self.repeatable;
        if self.outer.is_empty() {
            self.repeatable = match effect {
                Effect::None => (done, undone),
                Effect::Changed => (done + 1, 0),
                Effect::Undid => (done.saturating_sub(1), undone + 1),
                Effect::Redid => (done + 1, undone.saturating_sub(1)),
            };
        }
    }

    /// Notes that a state takes the place of all records.
    #[cfg(feature = "store")]
    pub(in crate::session) fn forget_repeatable(&mut self) {
        self.repeatable = (0, 0);
    }

    /// Forgets all steps: what they changed is known elsewhere, and who took it back would give its ids to something else.
    /// `why` tells who asks.
    pub(in crate::session) fn bar(&mut self, why: &str) {
        for level in self.outer.iter_mut().chain([&mut self.now]) {
            level.done.clear();
            level.undone.clear();
            level.older = Older::default();
        }
        self.repeatable = (0, 0);
        self.barrier = Some(why.to_owned());
    }

    /// Returns what keeps older steps from being taken back, if something does.
    pub(in crate::session) fn barrier(&self) -> Option<&str> {
        self.barrier.as_deref()
    }
}

impl Session {
    /// Keeps what the command changed; whether it changed something.
    pub(in crate::session) fn keep_step(&mut self, line: &str) -> bool {
        if !self.names.have_changed() {
            return false;
        }
        let in_file = self.is_reading();
        let level = &mut self.steps.now;
        level.undone.clear();
        // The oldest step gives its room to the newest.
        let full = level.done.len() == KEPT;
        let mut step = if full { level.done.pop_front() } else { None }.unwrap_or_default();
        if full && in_file {
            level.older.add(std::mem::take(&mut step));
        }
        step.before.clear();
        self.names.swap_journal(&mut step.before);
        step.line.clear();
        words::start(line.trim(), &mut step.line);
        step.given = self.ids.take_given();
        let changed = step.before.iter().rev().find_map(Before::reference);
        step.changed = changed.map(str::to_owned);
        step.commands = 1;
        level.done.push_back(step);
        true
    }

    /// Forgets what a command noted that failed: it changed nothing.
    pub(in crate::session) fn drop_step(&mut self) {
        self.names.roll_back(&self.seen);
        self.ids.take_back();
    }

    /// Says that the commands that come next stand in a file, which `line` reads. The documents that it makes are its
    /// own, so their refs have actors without a suffix while it runs, as in a script. What its commands change is one
    /// step for `undo` when [the file ends](Self::end_file), which must come as often as this; the limits of filters are
    /// what they were before then. Files may read files.
    pub fn begin_file(&mut self, line: &str) {
        let number = self.steps.files + 1;
        self.begin_numbered(number, line);
    }

    fn begin_numbered(&mut self, number: u64, line: &str) {
        self.steps.files = self.steps.files.max(number);
        let mut file = Level { number, limits: self.filter_limits(), ..Level::default() };
        words::start(line.trim(), &mut file.line);
        let outer = std::mem::replace(&mut self.steps.now, file);
        self.steps.outer.push(outer);
    }

    /// Says that a file ended; see [`begin_file`](Self::begin_file).
    pub fn end_file(&mut self) {
        let Some(outer) = self.steps.outer.pop() else { return };
        let Level { done, line, mut older, limits, .. } = std::mem::replace(&mut self.steps.now, outer);
        self.set_filter_limits(limits);
        done.into_iter().for_each(|step| older.add(step));
        let Older { before, given: Some(given), changed, commands } = older else { return };
        if before.is_empty() {
            return;
        }
        let in_file = self.is_reading();
        let level = &mut self.steps.now;
        level.undone.clear();
        if level.done.len() == KEPT
            && let Some(oldest) = level.done.pop_front()
            && in_file
        {
            level.older.add(oldest);
        }
        level.done.push_back(UndoStep { line, before: before.into_notes(), given, changed, commands });
        self.steps.note_repeatable(Effect::Changed);
    }

    /// Ends files and begins others, so that these are the ones that are read.
    #[cfg(feature = "store")]
    pub(in crate::session) fn enter_files(&mut self, files: &[(u64, String)]) {
        let now = self.steps.files();
        let same = now.iter().zip(files).take_while(|((now, _), (number, _))| now == number).count();
        for _ in same..now.len() {
            self.end_file();
        }
        for (number, line) in &files[same..] {
            self.begin_numbered(*number, line);
        }
    }

    /// Tells whether the commands stand in a file that is read.
    pub fn is_reading(&self) -> bool {
        !self.steps.outer.is_empty()
    }

    /// Takes back the last step, if there is one; `tell` makes the answer.
    ///
    /// # Errors
    /// When somebody interrupted: nothing has changed.
    pub(in crate::session) fn undo_step<R>(
        &mut self,
        tell: impl FnOnce(&Self, Turned) -> R,
    ) -> Option<Result<R, Cancelled>> {
        let step = self.steps.now.done.pop_back()?;
        let (told, step) = self.turn(step, tell);
        let taken_back = told.is_ok();
        let steps = &mut self.steps.now;
        if taken_back {
            steps.undone.push(step)
        } else {
            steps.done.push_back(step)
        }
        Some(told)
    }

    /// Repeats the step that was taken back last, if there is one; `tell` makes the answer.
    ///
    /// # Errors
    /// When somebody interrupted: nothing has changed.
    pub(in crate::session) fn redo_step<R>(
        &mut self,
        tell: impl FnOnce(&Self, Turned) -> R,
    ) -> Option<Result<R, Cancelled>> {
        let step = self.steps.now.undone.pop()?;
        let (told, step) = self.turn(step, tell);
        let repeated = told.is_ok();
        let steps = &mut self.steps.now;
        if repeated {
            steps.done.push_back(step)
        } else {
            steps.undone.push(step)
        }
        Some(told)
    }

    /// Goes to what was before a step, and gives the step that leads back from there; the same step, when
    /// somebody interrupted.
    fn turn<R>(
        &mut self,
        step: UndoStep,
        tell: impl FnOnce(&Self, Turned) -> R,
    ) -> (Result<R, Cancelled>, UndoStep) {
        let UndoStep { line, before, mut given, changed, commands } = step;
        // What comes back as a whole did not change.
        let is_whole = |name: &String| before.iter().any(|before| before.replaces(name));
        let told_of = changed.clone().filter(|name| !is_whole(name));
        let mut turn = Turn::new(before);
        let interrupt = self.interrupt();
        let told = interrupt.cancellable(|| {
            turn.go(&mut self.names, &self.seen);
            tell(self, Turned { line: line.clone(), changed: told_of, commands })
        });
        let before = if told.is_ok() {
            self.ids.turn(&mut given);
            turn.end(&mut self.names)
        } else {
            interrupt.clear();
            turn.back(&mut self.names, &self.seen)
        };
        (told, UndoStep { line, before, given, changed, commands })
    }
}
