//! A check-in: what a replica and a store have, each gives to the other.
//!
//! The list of all objects of a document tells what is new: a run is read if it may hold what the replica lacks. Where it
//! ends is told by the name of the next one, and for the last one by what was read before. So nothing new is one request,
//! and k new runs are k more.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;

use super::form::{self, Checkpoint};
use super::layout::{self, Listed, Listing};
use super::plan::Wanted;
use super::{AT_ONCE, Store, Visit};
use crate::crdt::{Actor, Clock, ConvergentRef, MergeError, Patch};
use crate::store::remote::{Tail, of_actor};
use crate::store::{CheckIn, Seen, StoreError, Way};

/// The number of times that a document is listed, when objects that were listed are gone.
const ATTEMPTS: usize = 4;

/// The number of runs that may come before somebody makes a checkpoint, and clears away.
const MANY: usize = 512;

/// The age of what is cleared away then, in seconds.
const AGE: u64 = 3600;

impl Store {
    /// Brings a replica and the store together, as [`Remote::check_in`](crate::store::Remote::check_in) says. Costs one
    /// list of the objects of the document, a request for each run that is new to either side, and their sizes.
    ///
    /// # Errors
    /// As there.
    pub async fn check_in(
        &self,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
    ) -> Result<CheckIn, StoreError> {
        let visit = Visit::new(self, replica.document().clone());
        let mut outcome = CheckIn::default();
        self.is_folder()?;
        for _ in 0..ATTEMPTS {
            let listing = visit.list().await?;
            seen.keep_to(&listing);
            if !visit.pull(&listing, replica, seen, way, &mut outcome).await? {
                continue;
            }
            if way != Way::Pull {
                visit.push(&listing, replica, seen, way, &mut outcome).await?;
                if outcome.sent.changes > 0 && listing.since_checkpoint().count() > MANY {
                    // Who cannot do it leaves it to others.
                    let _ = Box::pin(self.clean(replica.document(), AGE)).await;
                }
            }
            outcome.requests = visit.requests();
            return Ok(outcome);
        }
        Err(StoreError::Restless(self.name.clone()))
    }
}

impl Visit<'_> {
    /// Takes what the replica lacks; answers `false` when something that was listed is gone.
    async fn pull(
        &self,
        listing: &Listing,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
        outcome: &mut CheckIn,
    ) -> Result<bool, StoreError> {
        // What was read and not merged was not seen: it may contradict what the replica has.
        let known = seen;
        let seen = &mut known.clone();
        let own = replica.actor().clone();
        let mut clock = replica.clock().clone();
        let mut wanted = listing.wanted(seen, &clock, &own, way);
        if wanted.is_empty() {
            return Ok(true);
        }
        let mut patches = Vec::new();
        let mut checkpoints: Vec<&Listed> = listing.checkpoints.iter().collect();
        if listing.needs_checkpoint(&wanted, &clock, way) {
            let newest = checkpoints.pop();
            let Some(patch) = self.read_checkpoint(newest, listing, seen, outcome).await? else {
                return Ok(false);
            };
            let patch = if way == Way::Push { of_actor(&patch, &own) } else { patch };
            clock.join(&patch.reach());
            wanted = listing.wanted(seen, &clock, &own, way);
            patches.push(patch);
        }
        let mut read = BTreeSet::new();
        loop {
            if !self.read_runs(&wanted, way, replica, seen, &mut patches, outcome).await? {
                return Ok(false);
            }
            read.extend(wanted.into_iter().map(|wanted| wanted.location));
            // Names may promise too much: the list was an old one, some runs overlap, or somebody clears away just now.
            let mut missing = replica.lacked_by(&patches);
            missing.extend(replica.missing());
            missing.retain(|id| (way != Way::Push || id.actor == own) && listing.holds(id, seen));
            wanted = listing.holding(&missing, &read);
            if wanted.is_empty() && !missing.is_empty() {
                let Some(checkpoint) = checkpoints.pop() else { break };
                let Some(patch) = self.read_checkpoint(Some(checkpoint), listing, seen, outcome).await?
                else {
                    return Ok(false);
                };
                patches.push(if way == Way::Push { of_actor(&patch, &own) } else { patch });
            } else if wanted.is_empty() {
                break;
            }
        }
        if patches.is_empty() {
            known.clone_from(seen);
            return Ok(true);
        }
        let report = replica.merge_patches(&patches).map_err(|error| self.does_not_fit(error))?;
        known.clone_from(seen);
        outcome.received.changes += report.new;
        outcome.report = Some(report);
        Ok(true)
    }

    /// Reads runs; answers `false` when one of them is gone.
    async fn read_runs(
        &self,
        wanted: &[Wanted],
        way: Way,
        replica: &ConvergentRef,
        seen: &mut Seen,
        patches: &mut Vec<Patch>,
        outcome: &mut CheckIn,
    ) -> Result<bool, StoreError> {
        let locations = wanted.iter().map(|wanted| wanted.location.clone()).collect();
        let Some(read) = self.get_all(locations).await? else { return Ok(false) };
        for (Wanted { actor, after, location, tag }, bytes) in wanted.iter().zip(read) {
            let (patch, reach) = self.run(&bytes, actor, *after, location)?;
            if is_left(way, replica, actor, reach) {
                continue;
            }
            seen.note(actor, Tail { after: *after, reach, tag: *tag });
            outcome.received.bytes += bytes.len() as u64;
            patches.push(patch);
        }
        Ok(true)
    }

    /// Reads a checkpoint; `None` when it is gone.
    async fn read_checkpoint(
        &self,
        listed: Option<&Listed>,
        listing: &Listing,
        seen: &mut Seen,
        outcome: &mut CheckIn,
    ) -> Result<Option<Patch>, StoreError> {
        let Some(Listed { location, .. }) = listed else { return Ok(None) };
        let Some(bytes) = self.get(location).await? else { return Ok(None) };
        let limits = &self.store.limits;
        let checkpoint = Checkpoint::from_bytes(&bytes, &self.document, &self.store.shown(location), limits)?;
        seen.learn(checkpoint.seen, listing);
        outcome.received.bytes += bytes.len() as u64;
        Ok(Some(checkpoint.patch))
    }

    fn run(
        &self,
        bytes: &[u8],
        actor: &Actor,
        after: u64,
        location: &Path,
    ) -> Result<(Patch, u64), StoreError> {
        form::run(bytes, &self.document, (actor, after), &self.store.shown(location), &self.store.limits)
    }

    fn does_not_fit(&self, error: MergeError) -> StoreError {
        StoreError::Merge { place: self.store.name.clone(), error }
    }

    /// Gives what the store lacks.
    async fn push(
        &self,
        listing: &Listing,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
        outcome: &mut CheckIn,
    ) -> Result<(), StoreError> {
        loop {
            // Of an actor whose last run was not read the store has at least as much.
            let lacks = |actor: &Actor| {
                let after = seen.reach(actor, listing)?;
                (replica.clock().get(actor) > after).then_some(after)
            };
            let actors = replica.clock().iter().map(|(actor, _)| actor);
            let others = actors.filter(|actor| *actor != replica.actor());
            let mut lacking: Vec<_> =
                others.filter_map(|actor| Some((actor.clone(), lacks(actor)?))).collect();
            // What the own changes build on is there before them, or it could be missed for ever.
            if lacking.is_empty() {
                lacking.extend(lacks(replica.actor()).map(|after| (replica.actor().clone(), after)));
            }
            if lacking.is_empty() {
                return Ok(());
            }
            let runs: Vec<_> = lacking
                .into_iter()
                .map(|(actor, after)| {
                    let patch = replica.patch_of_actor(&actor, after);
                    (actor, after, patch)
                })
                .collect();
            let puts = runs.iter().map(|(actor, after, patch)| async move {
                let location = layout::run(&self.store.root, &self.document, actor, *after);
                let bytes = patch.to_bytes();
                let length = bytes.len();
                let made = self.put_new(&location, bytes).await?;
                Ok::<_, StoreError>((made, length, location))
            });
            let made: Vec<_> = futures_util::stream::iter(puts).buffered(AT_ONCE).try_collect().await?;
            for ((actor, after, patch), (made, length, location)) in runs.iter().zip(made) {
                if let Some(tag) = made {
                    seen.note(actor, Tail { after: *after, reach: patch.reach().get(actor), tag });
                    outcome.sent.add(patch.len(), length);
                    continue;
                }
                // Somebody was faster: with the same changes, or another one writes under this actor.
                let Some(bytes) = self.get(&location).await? else {
                    return Err(StoreError::Restless(self.store.name.clone()));
                };
                let (theirs, reach) = self.run(&bytes, actor, *after, &location)?;
                if is_left(way, replica, actor, reach) {
                    seen.note(actor, Tail { after: *after, reach, tag: 0 });
                    continue;
                }
                let report = replica.merge_patch(&theirs).map_err(|error| self.does_not_fit(error))?;
                seen.note(actor, Tail { after: *after, reach, tag: 0 });
                outcome.received.add(report.new, bytes.len());
                if report.new > 0 {
                    let before = outcome.report.take();
                    outcome.report = Some(before.map_or(report.clone(), |before| before.join(report)));
                }
            }
        }
    }

    /// Writes all that a replica has, if that is what the store has.
    pub(super) async fn make_checkpoint(
        &self,
        listing: &Listing,
        replica: &ConvergentRef,
        seen: &Seen,
    ) -> Result<(), StoreError> {
        if replica.waiting_len() > 0 || !listing.is_covered(replica.clock(), seen) {
            return Ok(());
        }
        let patch = replica.patch_from_clock(&Clock::new());
        let bytes = Checkpoint { seen: seen.clone(), patch }.to_bytes();
        let location = layout::checkpoint(&self.store.root, &self.document, replica.clock());
        // If there is one of that name, it has the same.
        self.put_new(&location, bytes).await?;
        Ok(())
    }
}

/// Tells whether a run is left where it is: who only pushes looks at what others wrote under the same actor, and takes
/// nothing.
fn is_left(way: Way, replica: &ConvergentRef, actor: &Actor, reach: u64) -> bool {
    way == Way::Push && actor != replica.actor() && reach > replica.clock().get(actor)
}
