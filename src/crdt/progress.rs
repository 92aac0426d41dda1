//! Progress of a ref since a version, as its own log keeps it: applied again, it leads from that version to what came after.

use std::sync::Arc;

use super::rewind::Version;
use super::{Change, ConvergentRef, MergeError, Patch};

/// The progress of a ref: what happened to it since a version.
///
/// A program that keeps a log writes one for each edit and merge, and after a crash takes the ref as it was saved last, and
/// lets it [advance](ConvergentRef::advance) by each in turn.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The changes that were applied, own ones and those of others, in their order.
    pub changes: Patch,
    /// The changes that came to wait.
    pub waiting: Patch,
    /// Whether what had waited was dropped.
    pub dropped: bool,
    /// Whether own changes were taken to be sent.
    pub popped: bool,
}

impl ConvergentRef {
    /// Returns what happened to the ref since a version of its own past. Costs what is new.
    pub fn progress(&self, since: &Version) -> Progress {
        let applied = since.end()..self.history.len().max(since.end());
        let ranges = if applied.is_empty() { Vec::new() } else { vec![applied] };
        let waiting = self.waiting.not_in(since.waiting());
        let gone = since.waiting().not_in(&self.waiting);
        let is_lost = |change: &Arc<Change>| self.clock().get(&change.actor) < change.first;
        Progress {
            changes: self.patch_of(&ranges, &[]),
            waiting: Patch::new(self.document.clone(), waiting.iter().map(|change| (**change).clone())),
            // One that contradicts what came is gone by itself.
            dropped: self.waiting.len() == 0 && gone.iter().any(is_lost),
            popped: self.popped != since.popped(),
        }
    }

    /// Makes the ref what it was after some progress. O(what is new), as a merge.
    ///
    /// # Errors
    /// As for [`merge_patch`](Self::merge_patch): the progress is of another ref. The ref is as it was then.
    pub fn advance(&mut self, progress: &Progress) -> Result<(), MergeError> {
        self.merge_patch(&progress.changes)?;
        if progress.dropped {
            self.drop_waiting();
        }
        self.merge_patch(&progress.waiting)?;
        if progress.popped {
            self.pop_patches();
        }
        Ok(())
    }
}
