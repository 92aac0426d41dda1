//! Writes into one container.

use super::max_tree::{MaxTree, NEVER};
use crate::crdt::lv::Lv;

/// Writes in the order of application, numbered, each with the op from which on it is not shown: what overwrote
/// it first, or placed elsewhere the container that it placed.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// Writes that follow each other as ops: the first, and its number.
    stretches: Vec<(Lv, u32)>,
    ends: MaxTree,
}

impl Part {
    /// Adds writes that are newer than all.
    pub(super) fn add(&mut self, first: Lv, count: u32) {
        let len = self.ends.len() as u32;
        let goes_on = self.stretches.last().is_some_and(|(start, number)| start.plus(len - number) == first);
        if !goes_on {
            self.stretches.push((first, len));
        }
        self.ends.add(count as usize);
    }

    /// Notes from which op on a write is not shown, unless one was noted before: then `false`. O(log n).
    pub(super) fn end(&mut self, put: Lv, by: Lv) -> bool {
        let number = self.number(put);
        let stands = self.ends.get(number) == NEVER;
        if stands {
            self.ends.set(number, by.index());
        }
        stands
    }

    /// Returns the time at which a write ended.
    pub(super) fn ended(&self, put: Lv) -> u32 {
        self.ends.get(self.number(put))
    }

    /// Counts how many of the writes came before the op `time`. O(log n).
    pub(super) fn count(&self, time: u32) -> usize {
        match self.stretches.partition_point(|(first, _)| first.index() < time).checked_sub(1) {
            None => 0,
            Some(at) => {
                let (first, number) = self.stretches[at];
                let end = self.stretches.get(at + 1).map_or(self.ends.len(), |next| next.1 as usize);
                end.min(number as usize + (time - first.index()) as usize)
            }
        }
    }

    /// Names the writes that came before the op `time` and had not been overwritten by then. O(log n) for each.
    pub(super) fn standing(&self, time: u32, mut found: impl FnMut(Lv)) {
        let mut at = 0;
        self.ends.standing(self.count(time), time, |number| {
            let number = number as u32;
            if self.stretches.get(at + 1).is_some_and(|next| next.1 <= number) {
                at += self.stretches[at..].partition_point(|stretch| stretch.1 <= number) - 1;
            }
            let (first, before) = self.stretches[at];
            found(first.plus(number - before));
        });
    }

    /// Verifies that the stretches are in order, each in numbers as long as in ops or shorter. O(n).
    pub(super) fn check(&self) -> bool {
        let in_order =
            |pair: &[(Lv, u32)]| pair[0].0 < pair[1].0.minus(pair[1].1 - pair[0].1).unwrap_or_default();
        let first = self.stretches.first().is_none_or(|stretch| stretch.1 == 0);
        let last = self.stretches.last().is_none_or(|stretch| (stretch.1 as usize) < self.ends.len());
        first && last && self.stretches.windows(2).all(in_order) && self.ends.check()
    }

    fn number(&self, put: Lv) -> usize {
        let at = self.stretches.partition_point(|(first, _)| *first <= put) - 1;
        let (first, number) = self.stretches[at];
        (number + (put.index() - first.index())) as usize
    }
}
