use super::{MergeError, OpId};
use crate::value::{Path, PathChange, Val, differences};

/// What a local edit did.
#[derive(Debug, Clone)]
pub struct Swap {
    /// The value before.
    pub old: Val,
    /// The value after.
    pub new: Val,
    /// The change that was made; `None` when the values do not differ.
    pub change: Option<OpId>,
}

impl Swap {
    /// The paths that changed. Costs the size of what changed.
    pub fn differences(&self) -> Vec<PathChange> {
        differences(&self.old, &self.new)
    }
}

/// What a merge brought.
#[derive(Debug, Clone)]
pub struct MergeReport {
    /// Changes applied, those that had waited included.
    pub new: usize,
    /// Changes of the patch that were applied before.
    pub known: usize,
    /// Changes of the patch that wait for others.
    pub waiting: usize,
    /// The value before.
    pub old: Val,
    /// The value after.
    pub value: Val,
    /// Places that the merge wrote and in which more than one write is now visible, also where the
    /// local one won. Equal writes are no conflict, and maps join instead.
    pub conflicts: Vec<Conflict>,
    /// Edits that are not shown because a container that holds them was deleted by somebody who had
    /// not seen them.
    pub lost: Vec<LostEdit>,
    /// Changes that had waited and that turned out to be malformed when they could be looked at;
    /// they are dropped, and the clock does not cover them.
    pub refused: Vec<MergeError>,
    /// What the validator says to the merged value; a merge happens all the same.
    pub invalid: Option<String>,
}

impl MergeReport {
    /// The paths that changed. Costs the size of what changed.
    pub fn differences(&self) -> Vec<PathChange> {
        differences(&self.old, &self.value)
    }
}

/// A place with more than one visible write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Where.
    pub path: Path,
    /// The write that is shown: the one with the highest id.
    pub winner: Written,
    /// The others, ordered by id.
    pub losers: Vec<Written>,
}

/// A write and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The op that wrote it.
    pub id: OpId,
    /// The value.
    pub value: Val,
}

/// An edit inside a deleted container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEdit {
    /// The edit.
    pub id: OpId,
    /// Where it would show.
    pub path: Path,
}
