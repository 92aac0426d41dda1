//! The elements that were inserted last: most often the next edit is right beside them.

use super::order::Spot;
use super::{Gap, Lv};
use crate::crdt::Side;

/// The visible elements `first`, `first + 1`, .. of the last insertions, if each went on where the one before ended, and if
/// nothing happened since but that some of their end were hidden again. Each hangs on the right of the one before,
/// and nothing else hangs on any of them.
///
/// Invariant: they are in one span, of which they are the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newest {
    pub(super) first: Lv,
    pub(super) count: u32,
    /// The position of the first.
    pub(super) position: u32,
    /// The spot of the first.
    pub(super) spot: Spot,
    /// Whether others of the same insertions, which are hidden, stand behind them.
    pub(super) cut: bool,
}

impl Newest {
    pub(super) fn new(first: Lv, count: u32, position: u32, spot: Spot) -> Self {
        Self { first, count, position, spot, cut: false }
    }

    /// Finds the gap at a position, if it is right behind them or right before them.
    pub(super) fn gap(&self, position: u32) -> Option<Gap> {
        if position == self.position + self.count {
            let spot = Spot { span: self.spot.span + 1, offset: 0, ..self.spot };
            let (parent, side) =
                if self.cut { (self.end(), Side::Left) } else { (Lv(self.end().0 - 1), Side::Right) };
            return Some(Gap { position, parent, side, spot });
        }
        let before = Gap { position, parent: self.first, side: Side::Left, spot: self.spot };
        (position == self.position).then_some(before)
    }

    /// Finds the gap of an element that hangs on a side of a parent, if it is right behind them or right before them.
    pub(super) fn gap_on(&self, parent: Lv, side: Side) -> Option<Gap> {
        let gaps = [self.position + self.count, self.position].into_iter().filter_map(|at| self.gap(at));
        gaps.into_iter().find(|gap| gap.parent == parent && gap.side == side)
    }

    /// Returns the spot of a position that one of them has.
    pub(super) fn spot(&self, position: u32) -> Option<Spot> {
        let index = position.wrapping_sub(self.position);
        (index < self.count).then(|| Spot { offset: self.spot.offset + index, ..self.spot })
    }

    /// Tells whether an element that is inserted at a position goes on with them.
    pub(super) fn goes_on(&self, position: u32, lv: Lv) -> bool {
        position == self.position + self.count && lv == self.end() && !self.cut
    }

    /// Returns them with so many more at their end.
    pub(super) fn and(self, more: u32) -> Self {
        Self { count: self.count + more, ..self }
    }

    /// Returns them without some of their end, which are hidden; `None` when others were hidden, or none is left.
    pub(super) fn without(self, first: Lv, count: u32) -> Option<Self> {
        let left =
            first.0.checked_sub(self.first.0).filter(|&left| left > 0 && left + count == self.count)?;
        Some(Self { count: left, cut: true, ..self })
    }

    /// Returns the first Lv behind them.
    pub(super) fn end(&self) -> Lv {
        Lv(self.first.0 + self.count)
    }
}
