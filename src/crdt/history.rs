//! The changes of a replica: those it has applied, and those that wait for others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::digest::Digest;
use super::{Actor, Change, Clock, Op, OpId};

/// All applied changes, in the order of application, found by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    applied: Vec<Arc<Change>>,
    /// Invariant: the changes of each actor, ordered by counter.
    by_actor: BTreeMap<Actor, Vec<Entry>>,
    /// Invariant: the last counter of each actor.
    clock: Clock,
    /// What each actor had seen when it made its last applied change.
    seen: HashMap<Actor, Arc<Clock>>,
}

#[derive(Debug, Clone)]
struct Entry {
    last: u64,
    /// Where the change stands in `applied`.
    index: usize,
    /// Of all the actor's changes up to this one.
    digest: Digest,
}

impl History {
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The changes in the order in which they were applied here.
    pub(crate) fn changes(&self) -> impl DoubleEndedIterator<Item = &Arc<Change>> + ExactSizeIterator {
        self.applied.iter()
    }

    /// The change that holds an op. O(log n).
    pub(crate) fn change(&self, id: &OpId) -> Option<&Arc<Change>> {
        let entries = self.by_actor.get(&id.actor)?;
        let entry = entries.get(entries.partition_point(|entry| entry.last < id.counter))?;
        Some(&self.applied[entry.index]).filter(|change| change.first <= id.counter)
    }

    /// The op with an id. O(log n).
    pub(crate) fn op(&self, id: &OpId) -> Option<&Op> {
        let change = self.change(id)?;
        change.ops.get(usize::try_from(id.counter - change.first).ok()?)
    }

    /// The actor's change after `previous`. O(log n).
    pub(crate) fn next_of(&self, actor: &Actor, previous: u64) -> Option<&Arc<Change>> {
        let entries = self.by_actor.get(actor)?;
        let entry = entries.get(entries.partition_point(|entry| entry.last <= previous))?;
        Some(&self.applied[entry.index])
    }

    /// The changes that a clock does not cover, in an order in which they can be applied. Costs what
    /// it returns, and O(log n) for each actor.
    pub(crate) fn since(&self, clock: &Clock) -> Vec<Arc<Change>> {
        let mut indices = Vec::new();
        for (actor, entries) in &self.by_actor {
            let seen = clock.get(actor);
            let known = entries.partition_point(|entry| entry.last <= seen);
            indices.extend(entries[known..].iter().map(|entry| entry.index));
        }
        indices.sort_unstable();
        indices.into_iter().map(|index| self.applied[index].clone()).collect()
    }

    /// The digest of an actor's changes up to a counter, which must be the last of a change here.
    /// O(log n).
    pub(crate) fn digest(&self, actor: &Actor, last: u64) -> Option<Digest> {
        let entries = self.by_actor.get(actor)?;
        let at = entries.binary_search_by_key(&last, |entry| entry.last).ok()?;
        Some(entries[at].digest)
    }

    /// The first changes of an actor in which two histories differ, where both go on. O(log n) when they
    /// do not.
    pub(crate) fn fork(&self, other: &Self, actor: &Actor) -> Option<(&Arc<Change>, Arc<Change>)> {
        let (ours, theirs) = (self.by_actor.get(actor)?, other.by_actor.get(actor)?);
        let both = ours.len().min(theirs.len());
        if both == 0 || ours[both - 1].digest == theirs[both - 1].digest {
            return None;
        }
        // A digest is of all changes before it, too: from the fork on none is equal.
        let first =
            ours[..both].partition_point(|entry| other.digest(actor, entry.last) == Some(entry.digest));
        Some((&self.applied[ours[first].index], other.applied[theirs[first].index].clone()))
    }

    /// Adds a change whose dependencies are applied.
    pub(crate) fn push(&mut self, change: Arc<Change>) {
        let actor = &change.actor;
        let entries = self.by_actor.entry(actor.clone()).or_default();
        let before = entries.last().map_or(Digest::EMPTY, |entry| entry.digest);
        let digest = before.with(&change);
        entries.push(Entry { last: change.last(), index: self.applied.len(), digest });
        self.clock.advance(actor, change.last());
        let seen = Arc::make_mut(self.seen.entry(actor.clone()).or_default());
        seen.join(&change.deps);
        seen.advance(actor, change.last());
        self.applied.push(change);
    }

    /// What an actor had seen when it made its last applied change, that change included.
    pub(crate) fn seen(&self, actor: &Actor) -> Option<&Clock> {
        self.seen.get(actor).map(|seen| &**seen)
    }

    /// Verifies the invariants. O(n).
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut clock = Clock::new();
        for change in &self.applied {
            if clock.get(&change.actor) != change.previous || !clock.covers_all(&change.deps) {
                return Err(format!("{} was applied before what it depends on", change.id()));
            }
            clock.advance(&change.actor, change.last());
        }
        if clock != self.clock {
            return Err(format!("the clock is {}, not {clock}", self.clock));
        }
        Ok(())
    }
}

/// Changes that came before what they depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    changes: BTreeMap<OpId, Blocked>,
    /// Invariant: each waiting change once, under the counter that it lacks.
    lacking: BTreeMap<(Actor, u64), BTreeSet<OpId>>,
    /// Changes that were woken and filed anew since the last [`settled`](Self::settled).
    refiled: Vec<OpId>,
}

#[derive(Debug, Clone)]
struct Blocked {
    change: Arc<Change>,
    /// One of the counters that it depends on and that are not there.
    lacks: (Actor, u64),
}

impl Waiting {
    pub(crate) fn changes(&self) -> impl ExactSizeIterator<Item = &Arc<Change>> {
        self.changes.values().map(|blocked| &blocked.change)
    }

    pub(crate) fn get(&self, id: &OpId) -> Option<&Arc<Change>> {
        self.changes.get(id).map(|blocked| &blocked.change)
    }

    /// Keeps a change until `clock` has what it lacks. `Err` gives it back: nothing is lacking.
    pub(crate) fn add(&mut self, change: Arc<Change>, clock: &Clock) -> Result<(), Arc<Change>> {
        self.add_after(change, clock, None)
    }

    /// As `add`, when nothing is lacking up to and with what it has of the actor `after`.
    fn add_after(
        &mut self,
        change: Arc<Change>,
        clock: &Clock,
        after: Option<&Actor>,
    ) -> Result<(), Arc<Change>> {
        let Some(lacks) = lacking(&change, clock, after) else { return Err(change) };
        self.file(change, lacks);
        Ok(())
    }

    fn file(&mut self, change: Arc<Change>, lacks: (Actor, u64)) {
        self.lacking.entry(lacks.clone()).or_default().insert(change.id());
        self.changes.insert(change.id(), Blocked { change, lacks });
    }

    /// Keeps what was woken, for good.
    pub(crate) fn settled(&mut self) {
        self.refiled.clear();
    }

    /// Undoes what was woken since the last [`settled`](Self::settled), now that the clock is `clock`
    /// again: files anew what is here, and `taken`, which was taken out. What lacks nothing is filed
    /// under the actor `own`, to be woken with the next merge.
    pub(crate) fn undo(&mut self, taken: Vec<Arc<Change>>, clock: &Clock, own: &Actor) {
        let refiled = std::mem::take(&mut self.refiled);
        let refiled: Vec<_> = refiled.iter().filter_map(|id| self.remove(id)).collect();
        for change in refiled.into_iter().chain(taken) {
            let lacks = lacking(&change, clock, None).unwrap_or_else(|| (own.clone(), 0));
            self.file(change, lacks);
        }
    }

    pub(crate) fn lacks_nothing(&self, change: &Change, clock: &Clock) -> bool {
        lacking(change, clock, None).is_none()
    }

    pub(crate) fn remove(&mut self, id: &OpId) -> Option<Arc<Change>> {
        let Blocked { change, lacks } = self.changes.remove(id)?;
        if let Some(beside) = self.lacking.get_mut(&lacks) {
            beside.remove(id);
            if beside.is_empty() {
                self.lacking.remove(&lacks);
            }
        }
        Some(change)
    }

    /// Takes out the changes that lack nothing more, now that `clock` has moved for an actor.
    /// For each change that waited for that actor O(log n), and what it depends on is looked at once
    /// in all.
    pub(crate) fn wake(&mut self, actor: &Actor, clock: &Clock) -> Vec<Arc<Change>> {
        let there = (actor.clone(), 0)..=(actor.clone(), clock.get(actor));
        let woken: Vec<OpId> = self.lacking.range(there).flat_map(|(_, ids)| ids).cloned().collect();
        let woken: Vec<_> = woken.iter().filter_map(|id| self.remove(id)).collect();
        // What comes before the actor in a change was there when the change was filed under it.
        let mut ready = Vec::new();
        for change in woken {
            let (id, after) = (change.id(), (change.actor != *actor).then_some(actor));
            match self.add_after(change, clock, after) {
                Ok(()) => self.refiled.push(id),
                Err(change) => ready.push(change),
            }
        }
        ready
    }

    /// Verifies the invariants against the clock of what is applied.
    pub(crate) fn check(&self, clock: &Clock, own: &Actor) -> Result<(), String> {
        for (id, Blocked { change, lacks: (actor, counter) }) in &self.changes {
            let filed = self.lacking.get(&(actor.clone(), *counter)).is_some_and(|ids| ids.contains(id));
            // What an own change brought is looked at with the next merge.
            let there = actor != own && clock.get(actor) >= *counter;
            if !filed || there || *id != change.id() {
                return Err(format!("{id} waits for what is there"));
            }
        }
        if self.lacking.values().map(BTreeSet::len).sum::<usize>() != self.changes.len() {
            return Err("more is lacking than what changes wait for".into());
        }
        Ok(())
    }
}

/// A counter that a change depends on and that the clock does not cover: of its own actor first, then
/// by actor; `after` one of them, if given.
fn lacking(change: &Change, clock: &Clock, after: Option<&Actor>) -> Option<(Actor, u64)> {
    let previous = after.is_none().then_some((&change.actor, change.previous));
    let mut needed = previous.into_iter().chain(change.deps.iter_after(after));
    needed
        .find(|(actor, counter)| clock.get(actor) < *counter)
        .map(|(actor, counter)| (actor.clone(), counter))
}
