//! Changes that came before what they depend on.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::crdt::treap::Treap;
use crate::crdt::{Actor, Change, Clock, Op, OpId};

/// Changes that came before what they depend on. A copy costs O(1).
#[derive(Debug, Clone, Default)]
pub(in crate::crdt) struct CausalBuffer {
    changes: Treap<Blocked>,
    /// Invariant: each waiting change once, under a counter that it lacks.
    lacking: Treap<(Actor, u64, OpId)>,
    /// By actor and `previous`.
    by_actor: Treap<(Actor, u64, OpId)>,
    /// The actors on which changes depend, besides their own.
    depended_on: Treap<(Actor, OpId)>,
    /// The memory that all takes, in bytes.
    memory: u64,
}

/// A change that waits. Ordered by its id.
#[derive(Debug, Clone)]
struct Blocked {
    change: Arc<Change>,
    /// One of the counters that it depends on and that are not there.
    lacks: (Actor, u64),
}

impl CausalBuffer {
    /// Returns the changes, ordered by id.
    pub(in crate::crdt) fn changes(&self) -> impl Iterator<Item = &Arc<Change>> {
        self.changes.iter().map(|blocked| &blocked.change)
    }

    pub(in crate::crdt) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Tells whether the same changes wait here and there. O(1).
    pub(in crate::crdt) fn is_same(&self, other: &Self) -> bool {
        self.changes.is_same(&other.changes)
    }

    /// Returns the changes that do not wait in another one, ordered by id. O(log² n) for each of them.
    pub(in crate::crdt) fn not_in(&self, other: &Self) -> Vec<Arc<Change>> {
        let mut lacking = Vec::new();
        self.changes.lacking_in(&other.changes, &mut |blocked| lacking.push(Arc::clone(&blocked.change)));
        lacking
    }

    /// Returns the memory that all takes, in bytes. O(1).
    pub(in crate::crdt) fn memory(&self) -> u64 {
        self.memory
    }

    /// Tells whether a change of an actor waits. O(log n).
    pub(in crate::crdt) fn has_of(&self, actor: &Actor) -> bool {
        self.by_actor.iter_from(|(other, ..)| other < actor).next().is_some_and(|(other, ..)| other == actor)
    }

    /// Tells whether a waiting change is of an actor, or depends on one of it. O(log n).
    pub(in crate::crdt) fn names(&self, actor: &Actor) -> bool {
        let mut deps = self.depended_on.iter_from(|(other, _)| other < actor);
        self.has_of(actor) || deps.next().is_some_and(|(other, _)| other == actor)
    }

    /// Returns what is missing for all to be applied: the last ops of changes that are neither covered by a clock nor
    /// wait, in order. O(n log n).
    pub(in crate::crdt) fn missing(&self, clock: &Clock) -> Vec<OpId> {
        let last = |change: &Arc<Change>| OpId::new(change.last(), change.actor.clone());
        let mut waits: Vec<OpId> = self.changes().map(last).collect();
        waits.sort_unstable();
        let lacks = self.changes().flat_map(|change| change.lacks(clock));
        let mut missing: Vec<OpId> = lacks.filter(|id| waits.binary_search(id).is_err()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    pub(in crate::crdt) fn get(&self, id: &OpId) -> Option<&Arc<Change>> {
        self.find(id).map(|blocked| &blocked.change)
    }

    fn find(&self, id: &OpId) -> Option<&Blocked> {
        self.changes.find(|blocked| blocked.key().cmp(&(id.counter, &id.actor)))
    }

    /// Keeps a change until `clock` has what it lacks. `Err` gives it back: nothing is lacking. O(log n), and what it
    /// depends on.
    pub(in crate::crdt) fn add(&mut self, change: Arc<Change>, clock: &Clock) -> Result<(), Arc<Change>> {
        self.add_after(change, clock, None)
    }

    /// Keeps a change that may lack nothing: then [`wake`](Self::wake) takes it out for the actor `own`.
    pub(in crate::crdt) fn add_anyway(&mut self, change: Arc<Change>, clock: &Clock, own: &Actor) {
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
        self.lacking.insert((lacks.0.clone(), lacks.1, id.clone()));
        self.by_actor.insert((change.actor.clone(), change.previous, id.clone()));
        for (actor, _) in change.deps.iter() {
            self.depended_on.insert((actor.clone(), id.clone()));
        }
        self.changes.insert(Blocked { change, lacks });
    }

    pub(in crate::crdt) fn remove(&mut self, id: &OpId) -> Option<Arc<Change>> {
        let blocked = self.find(id)?.clone();
        self.changes.remove(&blocked);
        let Blocked { change, lacks } = blocked;
        self.memory -= memory(&change);
        self.lacking.remove(&(lacks.0, lacks.1, id.clone()));
        self.by_actor.remove(&(change.actor.clone(), change.previous, id.clone()));
        for (actor, _) in change.deps.iter() {
            self.depended_on.remove(&(actor.clone(), id.clone()));
        }
        Some(change)
    }

    /// Takes out the changes that lack nothing more, now that `clock` has moved for an actor, and those of the actor
    /// in whose place another one is applied. O(log n) for each change that waited for that actor, and what it depends
    /// on is looked at once in all.
    pub(in crate::crdt) fn wake(&mut self, actor: &Actor, clock: &Clock) -> Vec<Arc<Change>> {
        let counter = clock.get(actor);
        let up_to = |filed: &Treap<(Actor, u64, OpId)>, counter: Option<u64>| -> Vec<OpId> {
            let keys = filed.iter_from(|(other, ..)| other < actor);
            let there = keys.take_while(|(other, at, _)| other == actor && Some(*at) <= counter);
            there.map(|(.., id)| id.clone()).collect()
        };
        let stale = up_to(&self.by_actor, counter.checked_sub(1));
        let woken = up_to(&self.lacking, Some(counter));
        let mut ready: Vec<_> = stale.iter().filter_map(|id| self.remove(id)).collect();
        // What comes before the actor in a change was there when the change was filed under it.
        for change in woken.iter().filter_map(|id| self.remove(id)).collect::<Vec<_>>() {
            let after = (change.actor != *actor).then_some(actor);
            if let Err(change) = self.add_after(change, clock, after) {
                ready.push(change);
            }
        }
        ready
    }

    pub(in crate::crdt) fn lacks_nothing(&self, change: &Change, clock: &Clock) -> bool {
        lacking(change, clock, None).is_none()
    }

    /// Verifies the invariants against the clock of what is applied.
    pub(in crate::crdt) fn check(&self, clock: &Clock, own: &Actor) -> Result<(), String> {
        self.changes.check()?;
        [&self.lacking, &self.by_actor].into_iter().try_for_each(Treap::check)?;
        self.depended_on.check()?;
        for Blocked { change, lacks: (actor, counter) } in self.changes.iter() {
            let id = change.id();
            let filed = (actor.clone(), *counter, id.clone());
            let by_actor = (change.actor.clone(), change.previous, id.clone());
            let is_filed = self.lacking.find(|key| key.cmp(&filed)).is_some()
                && self.by_actor.find(|key| key.cmp(&by_actor)).is_some();
            // What an own change brought is looked at with the next merge.
            let there = actor != own && clock.get(actor) >= *counter;
            let stale = change.actor != *own && change.previous < clock.get(&change.actor);
            if !is_filed || there || stale {
                return Err(format!("{id} waits for what is there"));
            }
        }
        let deps: usize = self.changes().map(|change| change.deps.iter().len()).sum();
        let sizes = [self.lacking.len(), self.by_actor.len(), self.depended_on.len()];
        if sizes != [self.len(), self.len(), deps] {
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
    }
}

/// Returns the memory that a waiting change takes, in bytes.
fn memory(change: &Change) -> u64 {
    type Entry = Treap<(Actor, u64, OpId)>;
    let entries = Treap::<Blocked>::NODE + 2 * Entry::NODE;
    let of_deps = change.deps.iter().len() * (size_of::<(Actor, u64)>() + Treap::<(Actor, OpId)>::NODE);
    let ops: usize = change.ops.iter().map(Op::heap).sum();
    let of_ops = change.ops.capacity() * size_of::<Op>() + ops;
    (size_of::<Change>() + entries + of_deps + of_ops) as u64
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
