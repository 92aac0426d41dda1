//! Removal: how containers went that are nowhere.

use crate::cancellation::ask;
use std::ops::Range;

use super::{History, Place, Tree};
use crate::crdt::history::Writes;
use crate::crdt::lv::Lv;
use crate::crdt::row::{Local, Row};

/// The way in which a container went from where it stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::crdt) struct Removal {
    /// The op by which it went.
    by: Lv,
    /// The position it had in a list, before anything that came with that op.
    pub(in crate::crdt) index: u32,
    /// Whether something else was written there; else it was deleted.
    pub(in crate::crdt) overwritten: bool,
}

impl Tree {
    /// Notes how containers go that some ops are about to remove: they had the positions that they have now, before
    /// any of the ops. O(rows log n).
    pub(in crate::crdt) fn note_all_removals(&mut self, history: &History, ops: Range<u32>) {
        for (first, row) in history.log.rows_in(ops) {
            self.note_removals(history, first, &row);
        }
    }

    /// Notes how containers go that a row is about to remove, unless that was noted before.
    pub(super) fn note_removals(&mut self, history: &History, first: Lv, row: &Row<'_, Local>) {
        ask();
        match *row {
            Row::Put { over, .. } => {
                over.ids().iter().for_each(|put| self.note_removal(history, *put, first, true));
            }
            Row::Delete { over } => {
                for &(gone, count) in over {
                    self.note_run(history, gone, count, |_| first);
                }
            }
            Row::DeleteEach { first: gone, count, step } => {
                let by = |put: Lv| first.plus(put.index().abs_diff(gone.index()));
                self.note_run(history, step.lowest(gone, count), count, by);
            }
            Row::Type { .. } | Row::Items { .. } | Row::Item { .. } | Row::Add { .. } => {}
        }
    }

    fn note_run(&mut self, history: &History, first: Lv, count: u32, by: impl Fn(Lv) -> Lv) {
        let mut at = 0;
        while at < count {
            ask();
            let (writes, length) = history.log.writes(first.plus(at), count - at);
            if writes == Writes::Anything {
                let puts = (at..at + length).map(|at| first.plus(at));
                puts.for_each(|put| self.note_removal(history, put, by(put), false));
            }
            at += length;
        }
    }

    fn note_removal(&mut self, history: &History, put: Lv, by: Lv, overwritten: bool) {
        let Some(node) = self.container(history, put) else { return };
        if self.placing(node) != Some(put) || self.removals.get(&node).is_some_and(|end| end.by == by) {
            return;
        }
        let index = match self.last_place(node) {
            Place::Item(list, item) => self.list(list).items.position(item) as u32,
            Place::Root | Place::Key(..) => 0,
        };
        self.removals.insert(node, Removal { by, index, overwritten });
    }
}
