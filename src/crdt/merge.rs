//! Merging: changes from outside are staged, applied and reported.

use std::sync::Arc;

use super::effects::Effects;
use super::history::Digested;
use super::staging::Staged;
use super::{Change, ConvergentRef, MergeError, MergeReport, OpId, Patch};

impl ConvergentRef {
    /// Takes what another replica has, also what waits there, unless that is more than may wait here. Costs what is
    /// new, and O(log history) for each actor.
    ///
    /// # Errors
    /// When it is a replica of another document, or writes under an actor that is used here.
    pub fn merge(&mut self, other: &Self) -> Result<MergeReport, MergeError> {
        self.same_document(&other.document)?;
        let patch = other.patch_from_clock(self.clock());
        if let Some(change) = self.other_base(&patch) {
            let forked = self.history.fork(&other.history);
            return Err(forked.map_or_else(
                || MergeError::OtherBase { change },
                |(ours, theirs)| MergeError::Equivocation {
                    ours: self.change_of(ours),
                    theirs: other.change_of(theirs),
                },
            ));
        }
        // What waits there was never looked at whole; it may be wrong, and then it is refused alone.
        let mut waits = other.waiting.not_in(&self.waiting);
        waits.retain(|change| !self.clock().covers(&change.id()));
        // What does not fit stays where it is.
        if self.waiting.memory().saturating_add(other.waiting.memory()) > self.waiting_limit {
            waits.clear();
        }
        self.take(&patch, &waits)
    }

    /// Takes the changes of a patch. Merging a patch again does nothing; changes whose dependencies are
    /// missing wait for them. Costs the patch (O(log history), and the depth of what it writes, for each
    /// op), and O(log history) for each actor.
    ///
    /// # Errors
    /// When the patch is of another document, any change in it is malformed, it shows that two replicas write under
    /// one actor, or more would wait than [may](Self::set_waiting_limit). The patch is validated whole: nothing of it
    /// is applied then.
    pub fn merge_patch(&mut self, patch: &Patch) -> Result<MergeReport, MergeError> {
        self.accepts(patch)?;
        self.take(patch, &[])
    }

    /// Verifies that a patch is of this document, and does not follow what stands otherwise here.
    pub(super) fn accepts(&self, patch: &Patch) -> Result<(), MergeError> {
        self.same_document(&patch.document)?;
        match self.other_base(patch) {
            Some(change) => Err(MergeError::OtherBase { change }),
            None => Ok(()),
        }
    }

    /// Returns a change that stands otherwise here than where a patch was made. Where our changes go on, one of them
    /// must end where theirs does.
    pub(super) fn other_base(&self, patch: &Patch) -> Option<OpId> {
        self.other_base_among(patch, &mut None)
    }

    /// Looks as [`other_base`](Self::other_base) does, also at what has just come and is staged: the digests of that are
    /// made once for several patches.
    pub(super) fn other_base_among(&self, patch: &Patch, staged: &mut Option<Digested>) -> Option<OpId> {
        let mut base = patch.base();
        let other = base.find(|(actor, counter, digest)| {
            let known = self.history.authors.find(actor);
            let known = known.filter(|&actor| *counter <= self.history.authors.last(actor));
            known.is_some_and(|actor| {
                let ours = self.history.staged_digest(actor, *counter, staged);
                ours.is_none_or(|ours| !digest.is_of(ours))
            })
        });
        other.map(|(actor, counter, _)| OpId::new(counter, actor.clone()))
    }

    fn same_document(&self, theirs: &super::DocumentId) -> Result<(), MergeError> {
        if *theirs == self.document {
            return Ok(());
        }
        Err(MergeError::OtherDocument { ours: self.document.clone(), theirs: theirs.clone() })
    }

    fn take(&mut self, patch: &Patch, others: &[Arc<Change>]) -> Result<MergeReport, MergeError> {
        self.take_staged(|this| this.stage(patch, others))
    }

    /// Applies what is staged, and reports. An error leaves nothing staged.
    pub(super) fn take_staged(
        &mut self,
        stage: impl FnOnce(&mut Self) -> Result<Staged, MergeError>,
    ) -> Result<MergeReport, MergeError> {
        let before = self.history.len();
        let old = self.is_watched().then(|| self.value().clone());
        self.note_changes();
        self.begin_staging();
        let staged = stage(self)?;
        self.begin_applying(before);
        let effects = Effects::of(self, before, staged.may_remove);
        self.history.settle();
        if let Some(old) = old {
            let value = self.value().clone();
            self.notify(&old, &value);
        }
        Ok(MergeReport {
            new: staged.new,
            known: staged.known,
            waiting: staged.waiting,
            conflicts: effects.conflicts,
            lost: effects.lost,
            refused: staged.refused,
            invalid: self.invalid(),
        })
    }
}
