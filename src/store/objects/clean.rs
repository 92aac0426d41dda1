//! Cleaning up: what a checkpoint holds need not stay as runs.
//!
//! Somebody may still be about to read an object that they have listed, or to write under a name that they believe free.
//! So a run goes only when
//!
//! - a checkpoint holds it, which was read back from the store;
//! - it is not the last run of its actor, by which others find out how far that one is, and that its name is taken;
//! - it is older than somebody could need, by the clock of the store, and so is the run that follows it: a list that tells
//!   late of both, or is made while they come and go, could show neither.
//!
//! The last is what all others rest on: a name that is free again could be taken by somebody who believes that it was never
//! taken, and nobody would look there for what is new. So the age must be longer than any check-in takes, and the time after
//! which an object stands in every list together; where nobody checks in at the same time, no age is needed.
//!
//! It may end at any time, with any of them gone, and others may clean up at the same time: who finds by the names that runs
//! follow each other, and in what was read that they do not, reads a checkpoint.
//!
//! Of the checkpoints the two newest stay, and those that are young. Who finds an object gone that was listed lists again.

use futures_util::{StreamExt, TryStreamExt};

use super::form::Checkpoint;
use super::layout::{Listed, Listing};
use super::{AT_ONCE, Store, Visit};
use crate::crdt::{Actor, Clock, ConvergentRef, DocumentId};
use crate::store::{Cleaned, Seen, StoreError, Way};

/// The checkpoints that stay, however old they are.
const CHECKPOINTS: usize = 2;

impl Store {
    /// Removes the objects of a document that nobody needs any more, if they are older than `seconds`; makes a
    /// checkpoint first where one is due. Costs reading the whole document, and a request for each object that goes.
    ///
    /// # Errors
    /// When the store cannot be reached, or something in it cannot be read or is missing. What was removed by then is gone;
    /// nobody needed it.
    pub async fn clean(&self, document: &DocumentId, seconds: u64) -> Result<Cleaned, StoreError> {
        let visit = Visit::new(self, document.clone());
        let (mut reader, mut seen) = (reader(document), Seen::default());
        self.check_in(&mut reader, &mut seen, Way::Pull).await?;
        let missing = reader.missing();
        if !missing.is_empty() || reader.waiting_len() > 0 {
            let missing = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(StoreError::Lacks { place: self.name.clone(), missing });
        }
        let mut cleaned = Cleaned::default();
        let before = visit.list().await?;
        seen.keep_to(&before);
        if before.is_checkpoint_due() {
            visit.make_checkpoint(&before, &reader, &seen).await?;
        }
        let now = visit.mark().await?;
        let listing = visit.list().await?;
        cleaned.checkpoint = listing.checkpoints.len() > before.checkpoints.len();
        let Some(newest) = listing.checkpoints.last() else {
            return Ok(Cleaned { kept: listing.len(), ..cleaned });
        };
        let held = visit.read_back(newest).await?;
        let goes = listing.superfluous(&held, now.saturating_sub_unsigned(seconds.saturating_mul(1000)));
        let deletes = goes.iter().map(|listed| visit.delete(&listed.location));
        futures_util::stream::iter(deletes).buffered(AT_ONCE).try_collect::<Vec<()>>().await?;
        cleaned.removed = goes.len();
        cleaned.bytes = goes.iter().map(|listed| listed.size).sum();
        cleaned.kept = listing.len() - goes.len();
        Ok(cleaned)
    }
}

fn reader(document: &DocumentId) -> ConvergentRef {
    // It writes nothing, so the name is nobody's.
    let actor = Actor::new("reader").expect("it is an actor");
    ConvergentRef::new(document.clone(), actor)
}

impl Visit<'_> {
    /// Reads a checkpoint from the store; answers what it holds.
    async fn read_back(&self, listed: &Listed) -> Result<Clock, StoreError> {
        let Some(bytes) = self.get(&listed.location).await? else {
            return Err(StoreError::Restless(self.store.name.clone()));
        };
        let limits = &self.store.limits;
        let checkpoint =
            Checkpoint::from_bytes(&bytes, &self.document, &self.store.shown(&listed.location), limits)?;
        let mut reader = reader(&self.document);
        let merged = reader.merge_patch(&checkpoint.patch);
        merged.map_err(|error| StoreError::Merge { place: self.store.shown(&listed.location), error })?;
        Ok(reader.clock().clone())
    }
}

impl Listing {
    /// Returns what nobody needs who comes after a time, where a checkpoint holds what a clock covers.
    fn superfluous(&self, held: &Clock, before: i64) -> Vec<Listed> {
        let mut goes = Vec::new();
        for (actor, runs) in &self.runs {
            let covered = runs.values().zip(runs.iter().skip(1));
            let covered =
                covered.filter(|(_, (end, next))| **end <= held.get(actor) && next.modified < before);
            goes.extend(covered.map(|(listed, _)| listed.clone()));
        }
        let old = self.checkpoints.len().saturating_sub(CHECKPOINTS);
        goes.extend(self.checkpoints[..old].iter().cloned());
        goes.retain(|listed| listed.modified < before);
        goes
    }
}
