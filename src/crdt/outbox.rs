//! The queue of local patches: what this replica's own actor did and nobody fetched yet.

use crate::cancellation::forgo;
use std::ops::Range;

use super::lv::Lv;
use super::{ConvergentRef, Patch};

impl ConvergentRef {
    /// Returns the changes that this replica's own actor made since the last [`pop_patches`](Self::pop_patches),
    /// one patch for each, in the order in which they were made. A branch begins with an empty queue, as its
    /// actor has made nothing yet.
    ///
    /// The queue is for those who send every change once and keep no clocks of the others; what gets lost
    /// on the way comes by [`patch_from_clock`](Self::patch_from_clock). It is part of
    /// [`to_bytes`](Self::to_bytes). Costs what it returns, and O(log history) for each change.
    pub fn peek_patches(&self) -> Vec<Patch> {
        let packed = |ops: Range<u32>| {
            let followed: Vec<Lv> = self.history.followed_by(&ops).collect();
            self.patch_of(&[ops], &followed)
        };
        self.queued().map(packed).collect()
    }

    /// Takes the patches of the queue: as [`peek_patches`](Self::peek_patches), and then the queue is empty.
    pub fn pop_patches(&mut self) -> Vec<Patch> {
        self.close();
        let patches = self.peek_patches();
        forgo();
        self.popped = self.history.authors.last(self.own);
        patches
    }

    /// Returns the ops of each change in the queue.
    fn queued(&self) -> impl Iterator<Item = Range<u32>> {
        let authors = &self.history.authors;
        let after = |counter: u64| authors.first_from(self.own, counter.saturating_add(1));
        let mut next = after(self.popped);
        std::iter::from_fn(move || {
            let op = next?.index();
            // What was popped may have been read from anywhere: a change goes whole.
            let change = authors.change_start(op)..authors.change_end(op);
            let last = authors.id(Lv::new(change.end - 1)).counter;
            next = after(last);
            Some(change)
        })
    }
}
