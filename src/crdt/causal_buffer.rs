//! Changes that came before what they depend on.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::treap::Treap;
use super::wire::digest_alone;
use super::{Actor, Change, Clock, Op, OpId};

/// Changes that came before what they depend on. A copy costs O(1).
#[derive(Debug, Clone, Default)]
pub(super) struct CausalBuffer {
    changes: Treap<Blocked>,
    /// The changes by actor and `previous`; whether they lack something else than that; their first counter.
    by_actor: Treap<(Actor, u64, bool, u64)>,
    /// Those that lack something else, each under a counter of which it is.
    lacking: Treap<(Actor, u64, OpId)>,
    /// The memory that all takes, in bytes.
    memory: u64,
}

/// A change that waits. Ordered by its id.
#[derive(Debug, Clone)]
struct Blocked {
    change: Arc<Change>,
    /// Tells it from another one under its id.
    digest: u64,
    /// One of the counters that it depends on and that are not there; `None` for that of its previous change.
    lacks: Option<(Actor, u64)>,
}

impl CausalBuffer {
    /// Returns the changes, ordered by id.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Arc<Change>> {
        self.changes.iter().map(|blocked| &blocked.change)
    }

    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Tells whether the same changes wait here and there. O(1).
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.changes.is_same(&other.changes)
    }

    /// Returns the changes that do not wait there, or of which another one waits there under the id, ordered by id.
    /// O(log² n) for each of them.
    pub(super) fn not_in(&self, other: &Self) -> Vec<Arc<Change>> {
        let mut lacking = Vec::new();
        self.changes.lacking_in(&other.changes, &mut |blocked| lacking.push(Arc::clone(&blocked.change)));
        lacking
    }

    /// Returns the memory that all takes, in bytes. O(1).
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// Tells whether a change of an actor waits. O(log n).
    pub(super) fn has_of(&self, actor: &Actor) -> bool {
        let first = || self.by_actor.iter_from(|(other, ..)| other < actor).next();
        self.len() > 0 && first().is_some_and(|(other, ..)| other == actor)
    }

    /// Tells whether a waiting change is of an actor, or depends on one of it. O(n log dependencies).
    pub(super) fn names(&self, actor: &Actor) -> bool {
        self.has_of(actor) || self.changes().any(|change| change.deps.get(actor) > 0)
    }

    /// Returns what is missing for all to be applied: the last ops of changes that are neither covered by a clock nor
    /// wait, in order. O(n log n).
    pub(super) fn missing(&self, clock: &Clock) -> Vec<OpId> {
        let last = |change: &Arc<Change>| OpId::new(change.last(), change.actor.clone());
        let mut waits: Vec<OpId> = self.changes().map(last).collect();
        waits.sort_unstable();
        let lacks = self.changes().flat_map(|change| change.lacks(clock));
        let mut missing: Vec<OpId> = lacks.filter(|id| waits.binary_search(id).is_err()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    pub(super) fn get(&self, id: &OpId) -> Option<&Arc<Change>> {
        self.find(id).map(|blocked| &blocked.change)
    }

    fn find(&self, id: &OpId) -> Option<&Blocked> {
        self.changes.find(|blocked| blocked.key().cmp(&(id.counter, &id.actor)))
    }

    /// Keeps a change until `clock` has what it lacks. `Err` gives it back: nothing is lacking. O(log n), and what it
    /// depends on.
    pub(super) fn add(&mut self, change: Arc<Change>, clock: &Clock) -> Result<(), Arc<Change>> {
        self.add_after(change, clock, None)
    }

    /// Keeps a change that may lack nothing: then [`wake`](Self::wake) takes it out for the actor `own`.
    pub(super) fn add_anyway(&mut self, change: Arc<Change>, clock: &Clock, own: &Actor) {
        if let Err(change) = self.add(change, clock) {
            self.file(change, (own.clone(), 0));
        }
    }

    /// Adds as `add` does, when nothing is lacking up to and with what it has of the actor `after`.
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
        let id = change.id();
        self.memory += memory(&change);
        let lacks = (lacks != (change.actor.clone(), change.previous)).then_some(lacks);
        if let Some((actor, counter)) = &lacks {
            self.lacking.insert((actor.clone(), *counter, id.clone()));
        }
        self.by_actor.insert(by_actor(&change, &lacks));
        // What is kept is well formed, so it has one.
        let digest = digest_alone(&change).map_or(0, |digest| digest.0);
        self.changes.insert(Blocked { change, digest, lacks });
    }

    pub(super) fn remove(&mut self, id: &OpId) -> Option<Arc<Change>> {
        let blocked = self.find(id)?.clone();
        self.changes.remove(&blocked);
        let Blocked { change, lacks, .. } = blocked;
        self.memory -= memory(&change);
        self.by_actor.remove(&by_actor(&change, &lacks));
        if let Some((actor, counter)) = lacks {
            self.lacking.remove(&(actor, counter, id.clone()));
        }
        Some(change)
    }

    /// Takes out the changes that lack nothing more, now that `clock` has moved for an actor, and those of the actor
    /// in whose place another one is applied. O(log n) for each change that waited for that actor, and what it depends
    /// on is looked at once in all.
    pub(super) fn wake(&mut self, actor: &Actor, clock: &Clock) -> Vec<Arc<Change>> {
        let counter = clock.get(actor);
        let own = self.by_actor.iter_from(|(other, ..)| other < actor);
        let own = own.take_while(|(other, previous, lacks_other, _)| {
            other == actor && (*previous, *lacks_other) < (counter, true)
        });
        let own = own.map(|(.., first)| OpId::new(*first, actor.clone()));
        let others = self.lacking.iter_from(|(other, ..)| other < actor);
        let others = others.take_while(|(other, at, _)| other == actor && *at <= counter);
        let woken: Vec<OpId> = own.chain(others.map(|(.., id)| id.clone())).collect();
        let mut ready = Vec::new();
        for change in woken.iter().filter_map(|id| self.remove(id)).collect::<Vec<_>>() {
            if change.actor == *actor && change.previous < counter {
                ready.push(change);
                continue;
            }
            // What comes before the actor in a change was there when the change was filed under it.
            let after = (change.actor != *actor).then_some(actor);
            if let Err(change) = self.add_after(change, clock, after) {
                ready.push(change);
            }
        }
        ready
    }

    pub(super) fn lacks_nothing(&self, change: &Change, clock: &Clock) -> bool {
        lacking(change, clock, None).is_none()
    }

    /// Verifies the invariants against the clock of what is applied.
    pub(super) fn check(&self, clock: &Clock, own: &Actor) -> Result<(), String> {
        self.changes.check()?;
        self.lacking.check()?;
        self.by_actor.check()?;
        let mut lack_other = 0;
        for Blocked { change, lacks, .. } in self.changes.iter() {
            let id = change.id();
            let filed = lacks.as_ref().is_none_or(|(actor, counter)| {
                let filed = (actor.clone(), *counter, id.clone());
                self.lacking.find(|key| key.cmp(&filed)).is_some()
            });
            lack_other += usize::from(lacks.is_some());
            let by_actor = by_actor(change, lacks);
            let is_filed = filed && self.by_actor.find(|key| key.cmp(&by_actor)).is_some();
            let (actor, counter) =
                lacks.as_ref().map_or((&change.actor, change.previous), |(actor, counter)| (actor, *counter));
            // What an own change brought is looked at with the next merge.
            let there = actor != own && clock.get(actor) >= counter;
            let stale = change.actor != *own && change.previous < clock.get(&change.actor);
            if !is_filed || there || stale {
                return Err(format!("{id} waits for what is there"));
            }
        }
        if [self.lacking.len(), self.by_actor.len()] != [lack_other, self.len()] {
            return Err("more is lacking than what changes wait for".into());
        }
        if self.memory != self.changes().map(|change| memory(change)).sum::<u64>() {
            return Err("what waits takes another amount of memory".into());
        }
        Ok(())
    }
}

impl Blocked {
    fn key(&self) -> (u64, &Actor) {
        (self.change.first, &self.change.actor)
    }
}

impl Ord for Blocked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Blocked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Blocked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Blocked {}

impl Hash for Blocked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
        self.digest.hash(state);
    }
}

/// Returns where a change is found by its actor.
fn by_actor(change: &Change, lacks: &Option<(Actor, u64)>) -> (Actor, u64, bool, u64) {
    (change.actor.clone(), change.previous, lacks.is_some(), change.first)
}

/// Returns the memory that a waiting change takes, in bytes.
fn memory(change: &Change) -> u64 {
    type ByActor = Treap<(Actor, u64, bool, u64)>;
    type Lacking = Treap<(Actor, u64, OpId)>;
    let entries = Treap::<Blocked>::NODE + ByActor::NODE + Lacking::NODE;
    let deps = change.deps.iter().len() * size_of::<(Actor, u64)>();
    let ops: usize = change.ops.iter().map(Op::heap).sum();
    let of_ops = change.ops.len() * size_of::<Op>() + ops;
    (size_of::<Change>() + entries + deps + of_ops) as u64
}

/// Returns a counter that a change depends on and that the clock does not cover: of its own actor first, then
/// by actor; `after` one of them, if given.
fn lacking(change: &Change, clock: &Clock, after: Option<&Actor>) -> Option<(Actor, u64)> {
    let previous = after.is_none().then_some((&change.actor, change.previous));
    let mut needed = previous.into_iter().chain(change.deps.iter_after(after));
    needed
        .find(|(actor, counter)| clock.get(actor) < *counter)
        .map(|(actor, counter)| (actor.clone(), counter))
}
