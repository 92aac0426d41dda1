//! The past: the state at an older clock, without what came and went before it.
//!
//! Applying the history again up to a clock would cost what the history holds. [`Past`] reads the history once,
//! and notes for every write from which op on it is not shown: what overwrote it first, or moved elsewhere what it
//! placed. Most clocks of a ref cover the ops before some op, and none from it on. What is shown then was written
//! before that op and ended no earlier: [`MaxTree`](max_tree::MaxTree) finds that for one container in the size of what it
//! finds, and only containers that are shown are looked at. What a clock covers beyond such a cut (it is another
//! replica's, say) is read when it is asked for, and laid over it: that is a [`Snapshot`].

mod container;
mod max_tree;
mod moves;
mod snapshot;

use crate::cancellation::ask;
use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::history::History;
use super::lv::Lv;
use super::row::{Holds, Local, Row, Step, Target, Written};
use container::Part;
use max_tree::NEVER;
use moves::Moved;
pub(super) use snapshot::Snapshot;

/// The container that is none: the root of the document stands in it.
pub(super) const ROOT: Lv = Lv(u32::MAX);

/// Ops, and what they came to.
#[derive(Debug, Default)]
pub(super) struct Past {
    ops: Range<u32>,
    /// What was written into each container.
    parts: HashMap<Lv, Part, RandomState>,
    /// The sums of counters after each op that added to one.
    sums: HashMap<Lv, Vec<(Lv, i128)>, RandomState>,
    /// The writes of each key of a map that had a lower id than those that came before.
    firsts: HashMap<(Lv, u32), SmallVec<[Lv; 2]>, RandomState>,
    /// Where containers that moved were put.
    moved: Moved,
    /// Containers that are not shown any more where they were, since the present op.
    unsettled: Vec<Lv>,
    /// What these ops overwrote of what came before them.
    gone: Vec<(Lv, u32)>,
}

impl Past {
    /// Reads ops up to one. O(log n) for each, a typed run at once.
    fn read(&mut self, history: &History, end: u32) {
        for (first, row) in history.log.rows_in(self.ops.end..end.max(self.ops.end)) {
            ask();
            self.take(history, first, &row);
            self.ops.end = first.index() + row.count();
        }
    }

    /// Verifies what was noted. O(n).
    pub(super) fn check(&self, history: &History) -> Result<(), String> {
        let moves = self.moved.containers.values();
        let sound = self.parts.values().all(Part::check) && moves.clone().all(|moves| moves.puts.check());
        let placed = moves.filter(|moves| !moves.is_counted()).count();
        if self.ops.end <= history.len() && self.unsettled.is_empty() && sound && placed == 0 {
            Ok(())
        } else {
            Err("what is noted of older clocks is malformed".into())
        }
    }

    fn take(&mut self, history: &History, first: Lv, row: &Row<'_, Local>) {
        match *row {
            Row::Type { text: holder, count, .. } | Row::Items { list: holder, count, .. } => {
                self.parts.entry(holder).or_default().add(first, count);
            }
            Row::Item { list, holds, .. } => {
                self.parts.entry(list).or_default().add(first, 1);
                self.hold(history, first, list, holds);
            }
            Row::Put { slot, over, written } => {
                over.ids().iter().for_each(|&put| self.end(history, put, 1, By::One(first)));
                self.settle(history);
                if let Target::Key { map, key } = slot {
                    let firsts = self.firsts.entry((map, key)).or_default();
                    let lower = |known: &Lv| history.authors.compare(first, *known).is_lt();
                    if firsts.last().is_none_or(lower) {
                        firsts.push(first);
                    }
                }
                let holder = row.holder().unwrap_or(ROOT);
                self.parts.entry(holder).or_default().add(first, 1);
                if let Written::Container(holds) = written {
                    self.hold(history, first, holder, holds);
                }
            }
            Row::Delete { over } => {
                over.iter().for_each(|&(put, count)| self.end(history, put, count, By::One(first)));
                self.settle(history);
            }
            Row::DeleteEach { first: gone, count, step: Step::Forward } => {
                self.end(history, gone, count, By::Forward(first));
                self.settle(history);
            }
            Row::DeleteEach { first: gone, count, step: Step::Back } => {
                let lowest = Step::Back.from(gone, count - 1).expect("it deletes what is there");
                self.end(history, lowest, count, By::Back(first.plus(count - 1)));
                self.settle(history);
            }
            Row::Add { counter, by } => {
                let sums = self.sums.entry(counter).or_default();
                let sum = sums.last().map_or(0, |(_, sum)| *sum);
                sums.push((first, sum + i128::from(by)));
            }
        }
    }

    fn hold(&mut self, history: &History, put: Lv, holder: Lv, holds: Holds<Local>) {
        if let Holds::Move(made) = holds {
            let parts = &self.parts;
            let part =
                |put: Lv| parts.get(&moves::holder(history, put)).filter(|_| put.index() >= self.ops.start);
            let made_ended = || part(made).map_or(NEVER, |part| part.ended(made));
            if let Some(hidden) = self.moved.put(history, made, put, holder, made_ended)
                && hidden.index() >= self.ops.start
                && let Some(part) = self.parts.get_mut(&moves::holder(history, hidden))
            {
                part.end(hidden, put);
            }
        }
    }

    /// Notes which op overwrote a placement.
    fn release(&mut self, made: Lv, put: Lv, by: By, at: u32) {
        if self.moved.end(made, put, by.op(at), matches!(by, By::One(_))) {
            self.unsettled.push(made);
        }
    }

    /// Settles what one op overwrote, after all of it.
    fn settle(&mut self, history: &History) {
        while let Some(made) = self.unsettled.pop() {
            self.moved.settle(history, made);
        }
    }

    /// Notes which op overwrote each of some writes.
    fn end(&mut self, history: &History, first: Lv, count: u32, by: By) {
        let mut at = 0;
        if first.index() < self.ops.start {
            at = count.min(self.ops.start - first.index());
            self.gone.push((first, at));
        }
        while at < count {
            let put = first.plus(at);
            let (row, length) = history.log.row_from(put, count - at);
            if let Some(holds) = row.holds() {
                self.release(holds.made(put), put, by, at);
            }
            let holder = row.holder().unwrap_or(ROOT);
            if row.is_write()
                && let Some(part) = self.parts.get_mut(&holder)
            {
                for at in at..at + length {
                    part.end(first.plus(at), by.op(at));
                }
            }
            at += length;
        }
    }
}

/// The ops that overwrote writes which follow each other as ops.
#[derive(Clone, Copy)]
enum By {
    /// One op all of them.
    One(Lv),
    /// An op the first, the next op the next.
    Forward(Lv),
    /// An op the first, the op before it the next.
    Back(Lv),
}

impl By {
    fn op(self, at: u32) -> Lv {
        match self {
            Self::One(op) => op,
            Self::Forward(op) => op.plus(at),
            Self::Back(op) => op.minus(at).expect("each has an op"),
        }
    }
}

/// Joins spans, in order, that overlap or follow each other.
fn joined(mut spans: Vec<(Lv, u32)>) -> Vec<(Lv, u32)> {
    spans.sort_unstable();
    let mut joined: Vec<(Lv, u32)> = Vec::new();
    for (first, count) in spans {
        match joined.last_mut() {
            Some((start, length)) if first <= start.plus(*length) => {
                *length = (*length).max(first.index() + count - start.index());
            }
            _ => joined.push((first, count)),
        }
    }
    joined
}
