//! Local versions: how one replica names ops inside.

use std::cmp::Ordering;

/// A local version: the place of an op in the order in which one replica applied all ops, from 0.
///
/// It means nothing outside of that replica, and its order is not that of ids: it is an order in
/// which ops can be applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lv(pub(crate) u32);

impl Lv {
    /// The highest number of ops in one history.
    pub(crate) const MOST: u32 = 1 << 31;

    pub(crate) fn new(index: u32) -> Self {
        Self(index)
    }

    /// Returns the number of ops that were applied before.
    pub(crate) fn index(self) -> u32 {
        self.0
    }

    /// Makes the local version `count` ops later.
    pub(crate) fn plus(self, count: u32) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// Makes the local version `count` ops before.
    pub(crate) fn minus(self, count: u32) -> Option<Self> {
        self.0.checked_sub(count).map(Self)
    }
}

/// The order of ids. Lvs are not in that order: they tell which op came first here.
pub(crate) trait IdOrder {
    /// Compares two ops by id.
    fn compare(&self, a: Lv, b: Lv) -> Ordering;
}

/// An op, or none, in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link(u32);

impl Link {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn get(self) -> Option<Lv> {
        (self != Self::NONE).then_some(Lv(self.0))
    }
}

impl From<Option<Lv>> for Link {
    fn from(lv: Option<Lv>) -> Self {
        lv.map_or(Self::NONE, |lv| Self(lv.0))
    }
}
