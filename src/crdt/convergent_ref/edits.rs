//! Local edits: a new value becomes one change, or nothing happens.

use super::{Beginning, ConvergentRef};
use crate::cancellation::forgo;
use crate::crdt::causal_buffer::CausalBuffer;
use crate::crdt::delta::{self, Direction};
use crate::crdt::diff::{self, Discovery, Known, Refused};
use crate::crdt::history::History;
use crate::crdt::lv::Lv;
use crate::crdt::tree::Tree;
use crate::crdt::{MAX_COUNTER, Swap, SwapError};
use crate::value::{self, MAX_DEPTH, PathChange, Val, same};

impl ConvergentRef {
    /// Sets the value to what `f` makes of it, and records the difference as one change. A part that
    /// `f` passes on unchanged costs nothing, and a container that `f` takes from one place to another moves there.
    ///
    /// # Errors
    /// When the new value is not JSON or the validator refuses it; nothing changed.
    pub fn swap(&mut self, f: impl FnOnce(&Val) -> Val) -> Result<Swap, SwapError> {
        let new = f(self.value());
        self.reset(new)
    }

    /// Sets the value, and records the difference to the old one as one change. A value without a
    /// difference makes no change.
    ///
    /// # Errors
    /// As for [`swap`](Self::swap).
    pub fn reset(&mut self, value: Val) -> Result<Swap, SwapError> {
        let old = self.value().clone();
        if self.is_behind() {
            value::dismantle(value);
            return Err(SwapError::Behind(self.actor.clone()));
        }
        let unchanged = |old: Val| Ok(Swap { new: old.clone(), old, change: None });
        if old.is_shared(&value) {
            return unchanged(old);
        }
        self.note_changes();
        if value.levels() > MAX_DEPTH as u32 {
            // It is refused soon, and to be taken apart then: it may be too deep to be dropped.
            forgo();
        }
        let discovery = Discovery::of(&self.history, &self.tree, &old, &value);
        let rearranges = discovery.rearranges;
        // Equal things that changed places are no difference.
        if rearranges && value.levels() <= MAX_DEPTH as u32 && same(&old, &value) {
            return unchanged(old);
        }
        let judged = self.validator.is_some().then(|| value.clone());
        // What nothing else holds need not be copied.
        value::dismantle(value);
        self.begin_staging();
        let (mark, from) = (self.history.mark(), self.history.len());
        let mut beginning = self.beginning();
        let mut begin = |history: &mut History| beginning.begin(history);
        let emitted = diff::emit(&mut self.history, &mut self.tree, discovery, &mut begin);
        let known = match self.judge(emitted, judged) {
            Ok(known) => known,
            Err(error) => {
                self.history.truncate(&mark);
                return Err(error);
            }
        };
        if self.history.len() == from {
            return unchanged(old);
        }
        self.begin_applying(from);
        self.is_open = true;
        if self.history.len() > from + 1 {
            self.tree.note_all_removals(&self.history, from..self.history.len());
        }
        if rearranges {
            // Much may have moved: it is settled together.
            self.tree.apply_all(&self.history, from..self.history.len());
        } else {
            self.apply_from(from);
        }
        self.keep(known);
        self.tree.touch_holders();
        self.close();
        let new = self.value().clone();
        let change = Some(self.history.op_id(Lv::new(from)));
        self.notify(&old, &new);
        Ok(Swap { old, new, change })
    }

    /// Sets the value if it is `expected` now (compared exactly, keys in any order); `None` when it is
    /// another.
    ///
    /// # Errors
    /// As for [`swap`](Self::swap).
    pub fn compare_and_set(&mut self, expected: &Val, value: Val) -> Result<Option<Swap>, SwapError> {
        if value.levels() > MAX_DEPTH as u32 {
            forgo();
        }
        if same(self.value(), expected) {
            return self.reset(value).map(Some);
        }
        value::dismantle(value);
        Ok(None)
    }

    /// Returns what became of ops that were added, once the validator has seen the new value.
    pub(super) fn judge(
        &self,
        emitted: Result<Known, Refused>,
        value: Option<Val>,
    ) -> Result<Known, SwapError> {
        let known = emitted.map_err(|refused| match refused {
            Refused::NotJson(error) => error.into(),
            Refused::Full => SwapError::CountersExhausted,
        });
        let judged = known.and_then(|known| match (&self.validator, &value) {
            (Some(validator), Some(value)) => validator(value).map(|()| known).map_err(SwapError::Invalid),
            _ => Ok(known),
        });
        value.into_iter().for_each(value::dismantle);
        judged
    }

    /// Applies the ops of the change that is open, from one on.
    pub(in crate::crdt) fn apply_from(&mut self, from: u32) {
        for (first, row) in self.history.log.rows_in(from..self.history.len()) {
            self.tree.apply(&self.history, first, &row);
        }
    }

    /// Takes the values of containers that are known.
    pub(in crate::crdt) fn keep(&mut self, known: Known) {
        for (made, value) in known {
            if let Some(node) = self.tree.node(made) {
                self.tree.keep(node, value);
            }
        }
    }

    /// Begins to note what changes: an edit or a merge is about to happen.
    pub(in crate::crdt) fn note_changes(&mut self) {
        // A transaction that was forgotten, not dropped, is committed.
        self.close();
        self.tree.forget_old();
        self.rewound = None;
    }

    /// Returns what the last edit, merge, [rewind](Self::rewind) or [replay](Self::replay) changed since the value
    /// was read before it: what was removed, added, moved and edited, as the ops say. [`apply`](crate::value::apply)
    /// makes the new value of the old one and this. Costs what changed, times O(log n); after a rewind O(history).
    pub fn delta(&self) -> Vec<PathChange> {
        let Some(changes) = &self.rewound else {
            return delta::tell(&self.history, &self.tree, Direction::Forth);
        };
        let (document, actor, history) = (self.document.clone(), self.actor.clone(), self.history.clone());
        let mut again =
            Self::of(document, actor, self.own, history, CausalBuffer::default(), self.tree.clone());
        again.value();
        again.note_changes();
        again.restore(changes).expect("what was applied once can be applied again");
        delta::tell(&again.history, &again.tree, Direction::Back)
    }

    /// Tells whether changes that this actor made wait: it must not make others under their ids.
    pub(in crate::crdt) fn is_behind(&self) -> bool {
        self.waiting.has_of(&self.actor)
    }

    /// Tells whether so many ops and bytes more can be recorded.
    pub(in crate::crdt) fn has_room(&self, ops: u64, bytes: usize) -> bool {
        ops <= MAX_COUNTER.saturating_sub(self.history.authors.highest())
            && self.history.log.has_room(ops, bytes)
    }

    /// Begins a change, if none has begun.
    pub(in crate::crdt) fn open(&mut self) {
        if !self.is_open {
            self.history.begin_next(self.own);
            self.is_open = true;
        }
    }

    /// Returns what begins the next change, unless one has begun.
    pub(in crate::crdt) fn beginning(&self) -> Beginning {
        Beginning { has_begun: self.is_open, actor: self.own }
    }

    /// Ends the change that has begun; `false` when none has.
    pub(in crate::crdt) fn close(&mut self) -> bool {
        if !self.is_open {
            return false;
        }
        self.is_open = false;
        self.history.seal();
        self.history.settle();
        true
    }

    /// Takes back the change that has begun since the history was marked for it. O(history): the state is made anew.
    pub(in crate::crdt) fn take_back(&mut self) {
        self.is_open = false;
        self.edited = None;
        self.history.truncate(&self.before_change);
        self.tree = Tree::default();
        self.tree.apply_all(&self.history, 0..self.history.len());
    }

    /// Takes the history, and all that follows from it, of another state of this replica.
    /// Gives back what was, without watchers and validator: they stay.
    pub(in crate::crdt) fn replace_state(&mut self, mut other: Self) -> Self {
        std::mem::swap(&mut self.watchers, &mut other.watchers);
        std::mem::swap(&mut self.validator, &mut other.validator);
        std::mem::swap(&mut self.next_watch, &mut other.next_watch);
        std::mem::swap(&mut self.rollback, &mut other.rollback);
        std::mem::swap(&mut self.waiting_limit, &mut other.waiting_limit);
        std::mem::replace(self, other)
    }
}
