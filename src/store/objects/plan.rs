//! The objects that a replica has to read.

use std::collections::BTreeSet;

use object_store::path::Path;

use super::layout::{Listed, Listing};
use crate::crdt::{Actor, Clock, OpId};
use crate::store::remote::Tail;
use crate::store::{Seen, Way};

/// A run that is to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    /// The counter after which it begins: roughly causal order.
    pub(super) after: u64,
    pub(super) actor: Actor,
    pub(super) location: Path,
    pub(super) tag: u64,
}

impl Wanted {
    fn new(actor: &Actor, after: u64, listed: &Listed) -> Self {
        Self { after, actor: actor.clone(), location: listed.location.clone(), tag: listed.tag }
    }
}

/// The number of runs that are read one by one, though a checkpoint has most of them.
const FEW: usize = 24;

impl Seen {
    /// Forgets what is not there any more, or is another object: what the list says counts.
    pub(super) fn keep_to(&mut self, listing: &Listing) {
        self.0.retain(|actor, tail| {
            let last = listing.last(actor);
            last.is_some_and(|(after, listed)| after == tail.after && listed.tag == tail.tag)
        });
    }

    /// Takes over what a checkpoint says of runs that are there, and of which nothing is known.
    pub(super) fn learn(&mut self, mut from: Self, listing: &Listing) {
        from.keep_to(listing);
        for (actor, tail) in from.0 {
            self.0.entry(actor).or_insert(tail);
        }
    }

    /// Notes how far a run goes, if it is the last one.
    pub(super) fn note(&mut self, actor: &Actor, tail: Tail) {
        match self.0.get(actor) {
            Some(known) if known.after > tail.after => {}
            _ => drop(self.0.insert(actor.clone(), tail)),
        }
    }

    /// Returns how far the runs of an actor go. `None`: there are some, and it is not known.
    pub(super) fn reach(&self, actor: &Actor, listing: &Listing) -> Option<u64> {
        match self.0.get(actor) {
            Some(tail) => Some(tail.reach),
            None => listing.last(actor).is_none().then_some(0),
        }
    }
}

impl Listing {
    /// Returns the runs that may hold something that a replica with this clock lacks. `own` is its actor.
    pub(super) fn wanted(&self, seen: &Seen, clock: &Clock, own: &Actor, way: Way) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (actor, runs) in &self.runs {
            let has = clock.get(actor);
            let ends =
                runs.keys().skip(1).copied().map(Some).chain([seen.0.get(actor).map(|tail| tail.reach)]);
            for ((after, listed), end) in runs.iter().zip(ends) {
                let reads = match (way, end) {
                    (Way::Push, None) => actor == own || has > *after,
                    (Way::Push, Some(end)) => actor == own && end > has,
                    (Way::Both | Way::Pull, end) => end.is_none_or(|end| end > has),
                };
                if reads {
                    wanted.push(Wanted::new(actor, *after, listed));
                }
            }
        }
        wanted.sort_unstable();
        wanted
    }

    /// Tells whether a checkpoint is to be read first: runs that came before are gone, or it saves much.
    pub(super) fn needs_checkpoint(&self, wanted: &[Wanted], clock: &Clock, way: Way) -> bool {
        let Some(newest) = self.checkpoints.last() else { return false };
        let actors: BTreeSet<&Actor> = wanted.iter().map(|wanted| &wanted.actor).collect();
        let lacks_runs = actors.into_iter().any(|actor| {
            let first = self.runs.get(actor).and_then(|runs| runs.first_key_value());
            first.is_some_and(|(first, _)| clock.get(actor) < *first)
        });
        let sizes = wanted.iter().filter_map(|Wanted { actor, after, .. }| self.runs.get(actor)?.get(after));
        lacks_runs
            || (way != Way::Push && wanted.len() > FEW && newest.size < sizes.map(|listed| listed.size).sum())
    }

    /// Returns the runs that may hold ops that are missing, besides those that were read.
    pub(super) fn holding(&self, missing: &[OpId], read: &BTreeSet<Path>) -> Vec<Wanted> {
        let mut wanted = BTreeSet::new();
        for OpId { counter, actor } in missing {
            let runs = self.runs.get(actor).into_iter().flat_map(|runs| runs.range(..counter));
            let runs = runs.filter(|(_, listed)| !read.contains(&listed.location));
            wanted.extend(runs.map(|(after, listed)| Wanted::new(actor, *after, listed)));
        }
        wanted.into_iter().collect()
    }

    /// Tells whether an op is here for sure: the runs of its actor go so far.
    pub(super) fn holds(&self, id: &OpId, seen: &Seen) -> bool {
        let last = self.last(&id.actor);
        last.is_some_and(|(after, _)| id.counter <= after.max(seen.reach(&id.actor, self).unwrap_or(0)))
    }

    /// Returns the last run of an actor, and what it follows.
    pub(super) fn last(&self, actor: &Actor) -> Option<(u64, &Listed)> {
        let last = self.runs.get(actor)?.last_key_value();
        last.map(|(after, listed)| (*after, listed))
    }

    /// Tells whether a replica with this clock has all that is here.
    pub(super) fn is_covered(&self, clock: &Clock, seen: &Seen) -> bool {
        self.runs.keys().all(|actor| seen.reach(actor, self).is_some_and(|reach| reach <= clock.get(actor)))
    }

    /// Returns the runs that came after the newest checkpoint, as far as the clock of the store tells.
    pub(super) fn since_checkpoint(&self) -> impl Iterator<Item = &Listed> {
        let newest = self.checkpoints.iter().map(|listed| listed.modified).max().unwrap_or(i64::MIN);
        let runs = self.runs.values().flat_map(|runs| runs.values());
        runs.filter(move |listed| listed.modified > newest)
    }

    /// Tells whether a checkpoint would save who begins many requests, or let something go.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        let is_last = |listed: &Listed| {
            let mut lasts = self.runs.values().filter_map(|runs| runs.last_key_value());
            lasts.any(|(_, last)| last.location == listed.location)
        };
        let mut since = self.since_checkpoint();
        since.by_ref().nth(FEW).is_some() || self.since_checkpoint().any(|listed| !is_last(listed))
    }
}
