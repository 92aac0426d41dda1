//! The reports of edits and merges.

use super::{MergeError, OpId, OpSpan};
use crate::value::{Path, Val, same};

/// The outcome of a local edit.
#[derive(Debug, Clone)]
pub struct Swap {
    /// The value before.
    pub old: Val,
    /// The value after.
    pub new: Val,
    /// The change that was made; `None` when the values do not differ.
    pub change: Option<OpId>,
}

/// The outcome of a merge.
#[derive(Debug, Clone)]
pub struct MergeReport {
    /// Changes applied, those that had waited included.
    pub new: usize,
    /// Changes of the patch that were applied before; a ref gives only what is not known.
    pub known: usize,
    /// Changes of the patch that wait for others.
    pub waiting: usize,
    /// Places in which more than one write is now visible, one of which came with the merge; also where
    /// the local one won. Equal writes are no conflict, and maps join instead. Ordered by the winner's
    /// id.
    pub conflicts: Vec<Conflict>,
    /// Edits that are not shown because a container that holds them was deleted by somebody who had
    /// not seen them, by container.
    pub lost: Vec<LostEdits>,
    /// Changes that had waited and that turned out to be malformed when they could be looked at;
    /// they are dropped, and the clock does not cover them.
    pub refused: Vec<MergeError>,
    /// What the validator says to the merged value; a merge happens all the same.
    pub invalid: Option<String>,
}

impl MergeReport {
    /// Tells of two merges, one after the other, as of one.
    #[cfg(feature = "store")]
    pub(crate) fn join(self, later: Self) -> Self {
        let Self { new, known, mut conflicts, mut lost, mut refused, .. } = self;
        conflicts.retain(|earlier| later.conflicts.iter().all(|conflict| conflict.path != earlier.path));
        lost.extend(later.lost);
        refused.extend(later.refused);
        let conflicts = later.conflicts.into_iter().chain(conflicts).collect();
        let (new, known) = (new + later.new, known + later.known);
        Self { new, known, conflicts, lost, refused, waiting: later.waiting, invalid: later.invalid }
    }
}

/// A place with more than one visible write.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Where.
    pub path: Path,
    /// The write that is shown: the one with the highest id.
    pub winner: Written,
    /// The others, ordered by id.
    pub losers: Vec<Written>,
}

/// A write and what it holds.
#[derive(Debug, Clone)]
pub struct Written {
    /// The op that wrote it.
    pub id: OpId,
    /// The value.
    pub value: Val,
}

/// Exact: `1` is not `1.0`.
impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && same(&self.value, &other.value)
    }
}

/// Edits that went with a deleted container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEdits {
    /// Where the container was when it went.
    pub path: Path,
    /// Whether something else was written in its place; else it was deleted.
    pub overwritten: bool,
    /// The edits in it that whoever deleted it had not seen, ordered by id. What was written into
    /// something that is named is not named again.
    pub edits: Vec<OpSpan>,
}
