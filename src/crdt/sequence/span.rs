//! A stretch of elements that stand side by side in the order and in time.

use super::Lv;

/// Elements `start`, `start + 1`, .. that stand next to each other in that order, all visible or all
/// not. Eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Lv,
    /// The number of elements, times two, plus one if they are visible.
    size: u32,
}

impl Span {
    /// The span in the unused places of a leaf.
    pub(super) const NONE: Self = Self { start: Lv(0), size: 0 };

    pub(super) fn new(start: Lv, count: u32, visible: bool) -> Self {
        debug_assert!(count < 1 << 31, "a sequence holds fewer than 2^31 elements");
        Self { start, size: count << 1 | u32::from(visible) }
    }

    pub(super) fn count(self) -> u32 {
        self.size >> 1
    }

    pub(super) fn visible(self) -> bool {
        self.size & 1 == 1
    }

    /// Counts how many visible elements it holds.
    pub(super) fn shown(self) -> u32 {
        // All ones if visible: no branch to mispredict where spans are summed.
        (self.size & 1).wrapping_neg() & self.size >> 1
    }

    /// Returns the first Lv behind it.
    pub(super) fn end(self) -> Lv {
        Lv(self.start.0 + self.count())
    }

    pub(super) fn holds(self, element: Lv) -> bool {
        element.0.wrapping_sub(self.start.0) < self.count()
    }

    pub(super) fn element(self, offset: u32) -> Lv {
        Lv(self.start.0 + offset)
    }

    /// Returns the elements `from..to` of it.
    pub(super) fn part(self, from: u32, to: u32) -> Self {
        Self::new(self.element(from), to - from, self.visible())
    }

    /// Tells whether `next`, standing right behind it, is one span with it.
    pub(super) fn joins(self, next: Self) -> bool {
        self.end() == next.start && self.visible() == next.visible()
    }

    /// Returns one span of this and `next`, which [`joins`](Self::joins) it.
    pub(super) fn with(self, next: Self) -> Self {
        Self { start: self.start, size: self.size + (next.size & !1) }
    }
}
