//! A run of ops, as the history keeps it and as it travels.

use std::fmt::Debug;

use super::contents::{Packed, Run};
use super::lv::Lv;
use super::{Kind, Side};

/// A way in which the ops of a row name others, and keys.
pub(super) trait Space: Copy + Debug + PartialEq {
    /// The name of an op.
    type Id: Copy + Debug + PartialEq;
    /// The name of a key of a map.
    type Key: Copy + Debug + PartialEq;
}

/// The names inside of a replica: ops by [`Lv`], keys by their number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Local;

impl Space for Local {
    type Id = Lv;
    type Key = u32;
}

/// One op, or several of consecutive ids that are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Row<'a, S: Space> {
    /// Characters, each an op: the first hangs on a side of `parent`, each other one on the right of the
    /// one before.
    Type { text: S::Id, parent: Option<S::Id>, side: Side, chars: &'a str, count: u32 },
    /// Scalars in a list, each an op; they hang together as characters do.
    Items { list: S::Id, parent: Option<S::Id>, side: Side, scalars: Run<'a>, count: u32 },
    /// A container in a list.
    Item { list: S::Id, parent: Option<S::Id>, side: Side, holds: Holds<S> },
    /// A write into a slot.
    Put { slot: Target<S>, over: Over<'a, S::Id>, written: Written<'a, S> },
    /// A delete of spans.
    Delete { over: &'a [(S::Id, u32)] },
    /// Deletes of one write each: of `first`, and of those after it or before it.
    DeleteEach { first: S::Id, count: u32, step: Step },
    /// An addition to a counter.
    Add { counter: S::Id, by: i64 },
}

/// The writes that a put overwrites.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Over<'a, I> {
    One(I),
    These(&'a [I]),
}

impl<I> Over<'_, I> {
    pub(super) fn ids(&self) -> &[I] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::These(ids) => ids,
        }
    }
}

/// A slot that is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target<S: Space> {
    Root,
    Key { map: S::Id, key: S::Key },
    Item { list: S::Id, item: S::Id },
}

impl<S: Space> Target<S> {
    /// Returns the container in which the slot is; `None` for the root.
    pub(super) fn container(self) -> Option<S::Id> {
        match self {
            Self::Root => None,
            Self::Key { map: container, .. } | Self::Item { list: container, .. } => Some(container),
        }
    }
}

/// The content that is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Written<'a, S: Space> {
    Scalar(Packed<'a>),
    Container(Holds<S>),
}

/// A placement of a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Holds<S: Space> {
    Make(Kind),
    Move(S::Id),
}

/// The way that a row of deletes goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Each one after the one before, as with the delete key.
    Forward,
    /// Each one before the one before, as with the backspace key.
    Back,
}

impl Step {
    /// Returns the write that is `count` steps from another.
    pub(super) fn from(self, first: Lv, count: u32) -> Option<Lv> {
        match self {
            Self::Forward => Some(first.plus(count)),
            Self::Back => first.minus(count),
        }
    }

    /// Returns the lowest of `count` writes of which one is the first.
    pub(super) fn lowest(self, first: Lv, count: u32) -> Lv {
        match self {
            Self::Forward => first,
            Self::Back => self.from(first, count - 1).expect("it deletes what is there"),
        }
    }
}

impl Holds<Local> {
    /// Returns the op that made the container, which is placed by `put`.
    pub(super) fn made(self, put: Lv) -> Lv {
        match self {
            Self::Make(_) => put,
            Self::Move(made) => made,
        }
    }
}

impl<S: Space> Row<'_, S> {
    /// Returns the container that it writes into, or adds to; `None` for the root, and for deletes.
    pub(super) fn holder(&self) -> Option<S::Id> {
        match *self {
            Self::Type { text: holder, .. }
            | Self::Items { list: holder, .. }
            | Self::Item { list: holder, .. }
            | Self::Put {
                slot: Target::Key { map: holder, .. } | Target::Item { list: holder, .. }, ..
            }
            | Self::Add { counter: holder, .. } => Some(holder),
            Self::Put { slot: Target::Root, .. } | Self::Delete { .. } | Self::DeleteEach { .. } => None,
        }
    }

    /// Returns the container that it places.
    pub(super) fn holds(&self) -> Option<Holds<S>> {
        match *self {
            Self::Item { holds, .. } | Self::Put { written: Written::Container(holds), .. } => Some(holds),
            _ => None,
        }
    }

    /// Tells whether it writes something that can be overwritten.
    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::Type { .. } | Self::Items { .. } | Self::Item { .. } | Self::Put { .. })
    }

    /// Returns the number of ops.
    pub(super) fn count(&self) -> u32 {
        match self {
            Self::Type { count, .. } | Self::Items { count, .. } | Self::DeleteEach { count, .. } => *count,
            Self::Item { .. } | Self::Put { .. } | Self::Delete { .. } | Self::Add { .. } => 1,
        }
    }
}
