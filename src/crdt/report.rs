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

#[cfg(feature = "store")]
impl MergeReport {
    /// Joins the report of a merge and that of a later one into the same ref: what was new or known is counted together,
    /// what stands (conflicts, what is invalid, what waits) is as the later one has it, and of the earlier conflicts those in
    /// other places stay behind them. O(conflicts of both).
    pub(crate) fn join(self, later: Self) -> Self {
        let mut conflicts = later.conflicts;
        let told: std::collections::HashSet<Path> =
            conflicts.iter().map(|conflict| conflict.path.clone()).collect();
        conflicts.extend(self.conflicts.into_iter().filter(|conflict| !told.contains(&conflict.path)));
        Self {
            new: self.new + later.new,
            known: self.known + later.known,
            waiting: later.waiting,
            conflicts,
            lost: self.lost.into_iter().chain(later.lost).collect(),
            refused: self.refused.into_iter().chain(later.refused).collect(),
            invalid: later.invalid,
        }
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

#[cfg(all(test, feature = "store"))]
mod tests {
    use super::*;
    use crate::value::Step;

    fn conflict(key: &str, counter: u64) -> Conflict {
        let id = OpId::new(counter, crate::crdt::Actor::new("ann").unwrap());
        let path = Path(vec![Step::Key(key.into())]);
        Conflict { path, winner: Written { id, value: Val::NULL }, losers: Vec::new() }
    }

    fn report(new: usize, waiting: usize, conflicts: Vec<Conflict>, invalid: Option<&str>) -> MergeReport {
        let lost = vec![LostEdits { path: Path::default(), overwritten: false, edits: Vec::new() }];
        let invalid = invalid.map(str::to_owned);
        MergeReport { new, known: 1, waiting, conflicts, lost, refused: Vec::new(), invalid }
    }

    #[test]
    fn of_joined_reports_the_later_one_says_what_stands_and_nothing_is_forgotten() {
        let earlier = report(2, 3, vec![conflict("a", 1), conflict("b", 2)], Some("bad"));
        let later = report(5, 1, vec![conflict("c", 3), conflict("a", 4)], None);
        let joined = earlier.join(later);
        assert_eq!((joined.new, joined.known, joined.waiting), (7, 2, 1));
        assert_eq!(joined.conflicts, [conflict("c", 3), conflict("a", 4), conflict("b", 2)]);
        assert_eq!((joined.lost.len(), joined.invalid), (2, None));
    }
}
