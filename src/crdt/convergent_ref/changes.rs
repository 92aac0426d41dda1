//! The applied changes, one after the other.

use std::iter::FusedIterator;

use super::ConvergentRef;
use crate::crdt::Change;
use crate::crdt::lv::Lv;

impl ConvergentRef {
    /// Returns the applied changes, in the order in which they were applied here, from either end. O(size) for each.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = Change> + ExactSizeIterator {
        let authors = &self.history.authors;
        Changes { of: self, from: 0, to: authors.len(), left: authors.change_count() as usize }
    }
}

/// The changes in a range of ops.
struct Changes<'a> {
    of: &'a ConvergentRef,
    from: u32,
    to: u32,
    /// How many there are.
    left: usize,
}

impl Changes<'_> {
    fn change(&mut self, first: u32) -> Change {
        self.left -= 1;
        (*self.of.change_of(Lv::new(first))).clone()
    }
}

impl Iterator for Changes<'_> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        if self.left == 0 {
            return None;
        }
        let first = self.from;
        self.from = self.of.history.authors.change_end(first);
        Some(self.change(first))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    // Counting needs no change.
    fn count(self) -> usize {
        self.left
    }
}

impl DoubleEndedIterator for Changes<'_> {
    fn next_back(&mut self) -> Option<Change> {
        if self.left == 0 {
            return None;
        }
        self.to = self.of.history.authors.change_start(self.to - 1);
        Some(self.change(self.to))
    }
}

impl ExactSizeIterator for Changes<'_> {}

impl FusedIterator for Changes<'_> {}
