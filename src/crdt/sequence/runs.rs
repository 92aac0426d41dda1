//! Runs of elements: where they hang and where they stand, by Lv.

use super::{Lv, Side};
use crate::crdt::pieces::{Item, Pieces, Position};

/// Elements `start`, `start + 1`, .. each of which is the only right child of the one before, all in
/// one leaf of the order. Sixteen bytes.
///
/// Invariant: in the order they stand in that order, though not always side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: Lv,
    pub(super) count: u32,
    /// What the first one hangs on.
    pub(super) parent: Lv,
    /// The leaf, and in the highest bit the side of the parent.
    place: u32,
}

const LEFT: u32 = 1 << 31;

impl Run {
    pub(super) fn new(start: Lv, count: u32, parent: Lv, side: Side, leaf: u32) -> Self {
        let left = if side == Side::Left { LEFT } else { 0 };
        Self { start, count, parent, place: leaf | left }
    }

    pub(super) fn side(&self) -> Side {
        if self.place & LEFT == 0 { Side::Right } else { Side::Left }
    }

    pub(super) fn leaf(&self) -> u32 {
        self.place & !LEFT
    }

    /// Returns the first Lv behind it.
    pub(super) fn end(&self) -> Lv {
        Lv(self.start.0 + self.count)
    }

    pub(super) fn last(&self) -> Lv {
        Lv(self.end().0 - 1)
    }

    /// Tells whether it hangs on the right of the Lv before it, which is `element`.
    fn goes_on(&self, element: Lv) -> bool {
        self.parent == element && self.side() == Side::Right && follows(element, self.start)
    }
}

impl Item for Run {
    fn start(&self) -> Lv {
        self.start
    }
}

/// All runs of a sequence in order of Lv. New runs are the newest, so they come last; one in the middle
/// can break in two.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs(Pieces<Run>);

impl Runs {
    /// Makes the newest element. O(1).
    pub(super) fn newest(&self) -> Option<Lv> {
        self.0.last().map(Run::last)
    }

    /// Returns the oldest element. O(1).
    pub(super) fn oldest(&self) -> Option<Lv> {
        self.0.first().map(|run| run.start)
    }

    /// Returns the run that an element belongs to. O(log n).
    pub(super) fn find(&self, element: Lv) -> Option<&Run> {
        self.slot(element).map(|slot| self.0.at(slot)).filter(|run| element < run.end())
    }

    /// Returns the first run that starts behind an element. O(log n).
    pub(super) fn after(&self, element: Lv) -> Option<&Run> {
        self.0.after(self.slot(element))
    }

    /// Tells whether the next Lv hangs on the right of an element, as a run says. O(log n).
    pub(super) fn goes_on(&self, element: Lv) -> bool {
        let Some(slot) = self.slot(element) else { return false };
        element < self.0.at(slot).last() || self.0.after(Some(slot)).is_some_and(|run| run.goes_on(element))
    }

    /// Tells whether the next Lv hangs on the left of an element, as its run says. O(log n).
    pub(super) fn goes_back(&self, element: Lv) -> bool {
        let next = Lv(element.0 + 1);
        let back = |run: &Run| run.start == next && run.parent == element && run.side() == Side::Left;
        self.find(next).is_some_and(back)
    }

    /// Tells what [`goes_on`](Self::goes_on) tells, and in which leaf the element stands. What comes
    /// behind the element in its run becomes a run of its own, which hangs on it. O(log n).
    pub(super) fn cut_behind(&mut self, element: Lv) -> Option<(u32, bool)> {
        let slot = self.slot(element)?;
        let run = *self.0.at(slot);
        if element < run.last() {
            self.cut(slot, Lv(element.0 + 1));
            return Some((run.leaf(), true));
        }
        Some((run.leaf(), self.0.after(Some(slot)).is_some_and(|run| run.goes_on(element))))
    }

    /// Adds a run that is newer than all. O(1).
    pub(super) fn push(&mut self, run: Run) {
        debug_assert!(self.newest().is_none_or(|newest| newest < run.start), "elements come in order of Lv");
        self.0.push(run);
    }

    /// Returns the newest run.
    pub(super) fn last_mut(&mut self) -> Option<&mut Run> {
        self.0.last_mut()
    }

    /// Makes `element` the first of its run: what comes before it in the run becomes a run of its own,
    /// which it hangs on. O(log n).
    fn cut(&mut self, slot: Position, element: Lv) {
        let run = self.0.at_mut(slot);
        let kept = element.0 - run.start.0;
        let rest = Run::new(element, run.count - kept, Lv(element.0 - 1), Side::Right, run.leaf());
        run.count = kept;
        self.0.insert_after(Some(slot), rest);
    }

    /// Notes that elements `start..end`, and with each the rest of its run, stand in `leaf` now.
    /// O(log n) for each run.
    pub(super) fn moved(&mut self, start: Lv, end: Lv, leaf: u32) {
        let mut next = start;
        while next < end {
            let Some(slot) = self.slot(next) else { return };
            let run = self.0.at_mut(slot);
            if run.leaf() != leaf {
                if run.start < next {
                    self.cut(slot, next);
                    continue;
                }
                run.place = run.place & LEFT | leaf;
            }
            next = run.end();
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Run> {
        self.0.iter()
    }

    /// Verifies the order and the pieces. O(n).
    pub(super) fn check(&self) -> Result<(), String> {
        self.0.check()?;
        if self.iter().any(|run| run.count == 0) || !self.iter().is_sorted_by(|a, b| a.end() <= b.start) {
            return Err("the runs are not in order of Lv".into());
        }
        Ok(())
    }

    /// Returns the last run that does not start behind an element.
    fn slot(&self, element: Lv) -> Option<Position> {
        self.0.find_lv(element)
    }
}

/// Tells whether the runs alone say that `child`, without siblings, hangs where it does.
pub(super) fn follows(parent: Lv, child: Lv) -> bool {
    parent.0.wrapping_add(1) == child.0
}
