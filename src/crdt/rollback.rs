//! Cancellation of work on a ref: what it takes to be again what it was.
//!
//! While only the history grows, what was added is taken off again. Before the state of the document changes, a copy of
//! it is made, which costs little beside the work; work that is too short for that goes on to its end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::ConvergentRef;
use super::causal_buffer::CausalBuffer;
use super::history::Mark;
use crate::cancellation::{Cancelled, Interrupt, forgo};

/// The way back to what a ref was before the work that goes on.
#[derive(Default)]
pub(super) enum Rollback {
    /// Nothing: the work is not to be cancelled.
    #[default]
    Off,
    /// Nothing has changed yet.
    Ready,
    /// The history may have grown since, and other changes may wait than these; the tree knows nothing of that.
    Staging { mark: Mark, waiting: CausalBuffer },
    /// The ref as it was.
    Whole(Box<ConvergentRef>),
    /// Nothing: a ref that is being made is dropped.
    New,
}

/// Work on fewer ops than these goes on to its end: it takes some milliseconds.
const LONG: u64 = if cfg!(test) { 8 } else { 1 << 14 };

/// A copy is not made for less than one op in so many containers and rows that it would hold.
const SHARE: u64 = 16;

impl ConvergentRef {
    /// Does work with the ref that ends early when somebody interrupts: then the ref is what it was before, and
    /// [`delta`](Self::delta) tells nothing.
    ///
    /// [`swap`](Self::swap), [`reset`](Self::reset), the merges, [`rewind`](Self::rewind), [`replay`](Self::replay) and
    /// all that reads can end early. A transaction goes on to its end, and so does an edit that is small beside the
    /// document; so does all that follows in the same work, and what follows when watchers were told. Like a
    /// [rewind](Self::rewind), cancelled work takes back ids: changes that it made must not have left the ref.
    ///
    /// Inside of another call for the same ref the work is a part of that, and its interrupt counts. Cancelled work
    /// unwinds, which needs a program that unwinds when it panics.
    ///
    /// # Errors
    /// When it ended early.
    pub fn cancellable<T>(
        &mut self,
        interrupt: &Interrupt,
        work: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, Cancelled> {
        if !matches!(self.rollback, Rollback::Off) {
            return Ok(work(self));
        }
        self.allow_cancellation();
        let ended = catch_unwind(AssertUnwindSafe(|| interrupt.cancellable(|| work(self))));
        match &ended {
            Ok(Err(Cancelled)) => self.roll_back(),
            // A panic leaves what it would leave without this.
            Ok(Ok(_)) | Err(_) => self.end_cancellation(),
        }
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Allows work to be cancelled from here on, and [rolled back](Self::roll_back).
    pub(crate) fn allow_cancellation(&mut self) {
        if matches!(self.rollback, Rollback::Off) {
            self.rollback = Rollback::Ready;
        }
    }

    /// Keeps what was done.
    pub(crate) fn end_cancellation(&mut self) {
        self.rollback = Rollback::Off;
    }

    /// Makes the ref what it was when [cancellation was allowed](Self::allow_cancellation), after work that was
    /// cancelled. Costs what was added to the history, or the dropping of what is half done.
    pub(crate) fn roll_back(&mut self) {
        match std::mem::take(&mut self.rollback) {
            Rollback::Off | Rollback::Ready | Rollback::New => {}
            Rollback::Staging { mark, waiting } => {
                self.history.truncate(&mark);
                self.history.authors.expect_no_more();
                self.waiting = waiting;
            }
            Rollback::Whole(before) => {
                self.replace_state(*before);
                self.rollback = Rollback::Off;
            }
        }
    }

    /// Gets ready for additions to the history, and for changes that come to wait or cease to.
    pub(super) fn begin_staging(&mut self) {
        match &self.rollback {
            Rollback::Off => forgo(),
            Rollback::Ready => {
                let waiting = self.waiting.clone();
                self.rollback = Rollback::Staging { mark: self.history.mark(), waiting };
            }
            Rollback::Staging { .. } | Rollback::Whole(_) | Rollback::New => {}
        }
    }

    /// Gets ready to apply the ops of the history from one on: the tree does not know them yet.
    pub(super) fn begin_applying(&mut self, from: u32) {
        self.rollback = match std::mem::take(&mut self.rollback) {
            Rollback::Staging { mark, waiting } if self.is_long(from) => {
                let mut history = self.history.clone();
                history.truncate(&mark);
                let (document, actor) = (self.document.clone(), self.actor.clone());
                let mut before = Self::of(document, actor, self.own, history, waiting, self.tree.clone());
                before.popped = self.popped;
                Rollback::Whole(Box::new(before))
            }
            Rollback::Staging { .. } => {
                forgo();
                Rollback::Off
            }
            other => other,
        };
    }

    /// Takes the ref as it was, after its state was replaced.
    pub(super) fn keep_replaced(&mut self, mut before: Self) {
        self.rollback = match std::mem::take(&mut self.rollback) {
            Rollback::Off => {
                forgo();
                Rollback::Off
            }
            Rollback::Ready => Rollback::Whole(Box::new(before)),
            Rollback::Staging { mark, waiting } => {
                before.history.truncate(&mark);
                before.waiting = waiting;
                Rollback::Whole(Box::new(before))
            }
            other => other,
        };
    }

    /// Tells whether it takes long to apply the ops from one on, beside the time that a copy of the ref takes.
    fn is_long(&self, from: u32) -> bool {
        let ops = self.history.len() - from;
        let work = u64::from(ops) + self.history.log.removed(from);
        work >= LONG
            && (cfg!(test)
                || work.saturating_mul(SHARE) >= self.history.log.entries() + self.tree.containers())
    }
}

#[cfg(test)]
mod tests;
