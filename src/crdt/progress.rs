//! Progress of a ref since a version, as its own log keeps it: applied again, it leads from that version to what came after.

use std::sync::Arc;

use super::rewind::Version;
use super::{Change, ConvergentRef, DecodeError, DecodeReason, OpId, Patch, validate};

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
    /// The changes that had waited and do so no more: they were applied, dropped, or contradict what was applied.
    pub gone: Vec<OpId>,
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
        Progress {
            changes: self.patch_of(&ranges, &[]),
            waiting: Patch::new(self.document.clone(), waiting.iter().map(|change| (**change).clone())),
            gone: gone.iter().map(|change| change.id()).collect(),
            popped: self.popped != since.popped(),
        }
    }

    /// Makes the ref what it was after some progress. O(what is new), as a merge. Watchers are not told.
    ///
    /// # Errors
    /// When the progress is of another ref, or does not begin where this one is. The ref is as it was then.
    pub fn advance(&mut self, progress: &Progress) -> Result<(), DecodeError> {
        self.try_advance(progress).map_err(DecodeError::at_root)
    }

    fn try_advance(&mut self, progress: &Progress) -> Result<(), DecodeReason> {
        if *progress.changes.document() != self.document || *progress.waiting.document() != self.document {
            return Err(DecodeReason::Damaged);
        }
        let waiting: Vec<Change> = progress.waiting.changes().collect();
        if waiting.iter().any(|change| validate::well_formed(change).is_err()) {
            return Err(DecodeReason::Damaged);
        }
        self.close();
        let wire = progress.changes.wire();
        self.value();
        self.note_changes();
        self.begin_staging();
        let mark = self.history.mark();
        self.restore(&wire).inspect_err(|_| self.history.truncate(&mark))?;
        // Nothing is woken that was not: an own edit does not look at what waits.
        for actor in &wire.actors {
            for change in self.waiting.wake(actor, self.history.clock()) {
                self.waiting.add_anyway(change, self.history.clock(), &self.actor);
            }
        }
        for id in &progress.gone {
            self.waiting.remove(id);
        }
        for change in waiting {
            self.waiting.remove(&change.id());
            self.waiting.add_anyway(Arc::new(change), self.history.clock(), &self.actor);
        }
        if progress.popped {
            self.pop_patches();
        }
        Ok(())
    }
}
