//! The steps that a session can take back: what it was before each command that changed something.
//!
//! While a command runs, [`Names`](crate::session::state::names::Names) notes what each thing was before it was touched. Of a ref that is a few
//! words and no copy: what it was is found again from its history when somebody asks. The commands of a file that is
//! read are steps among themselves; when the file ends, they are one step of whoever reads it.

use std::collections::VecDeque;

use crate::cancellation::Cancelled;
use crate::session::Session;
use crate::session::answer::words;
use crate::session::state::ids::Given;
use crate::session::state::journal::Journal;
use crate::session::state::names::Before;
use crate::session::state::turn::Turn;

/// The number of commands that can be taken back.
pub(in crate::session) const KEPT: usize = 1_000;

/// The commands that can be taken back, and those that were.
#[derive(Default)]
pub(in crate::session) struct Steps {
    /// Those of the session, or of the file whose commands run now.
    now: Level,
    /// Those of whoever reads the file, outermost first.
    outer: Vec<Level>,
}

/// The steps of one file, or of the session.
#[derive(Default)]
struct Level {
    done: VecDeque<UndoStep>,
    undone: Vec<UndoStep>,
    /// The command that reads the file.
    line: String,
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
    /// step for `undo` when [the file ends](Self::end_file), which must come as often as this. Files may read files.
    pub fn begin_file(&mut self, line: &str) {
        let mut file = Level::default();
        words::start(line.trim(), &mut file.line);
        let outer = std::mem::replace(&mut self.steps.now, file);
        self.steps.outer.push(outer);
    }

    /// Says that a file ended; see [`begin_file`](Self::begin_file).
    pub fn end_file(&mut self) {
        let Some(outer) = self.steps.outer.pop() else { return };
        let Level { done, line, mut older, .. } = std::mem::replace(&mut self.steps.now, outer);
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
        let mut turn = Turn::new(before);
        let interrupt = self.interrupt();
        let told = interrupt.cancellable(|| {
            turn.go(&mut self.names, &self.seen);
            tell(self, Turned { line: line.clone(), changed: changed.clone(), commands })
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
