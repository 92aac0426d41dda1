//! Changes that came before what they depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::crdt::{Actor, Change, Clock, OpId};

/// Changes that came before what they depend on.
#[derive(Debug, Clone, Default)]
pub(in crate::crdt) struct CausalBuffer {
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

impl CausalBuffer {
    pub(in crate::crdt) fn changes(&self) -> impl ExactSizeIterator<Item = &Arc<Change>> {
        self.changes.values().map(|blocked| &blocked.change)
    }

    pub(in crate::crdt) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(in crate::crdt) fn get(&self, id: &OpId) -> Option<&Arc<Change>> {
        self.changes.get(id).map(|blocked| &blocked.change)
    }

    /// Keeps a change until `clock` has what it lacks. `Err` gives it back: nothing is lacking.
    pub(in crate::crdt) fn add(&mut self, change: Arc<Change>, clock: &Clock) -> Result<(), Arc<Change>> {
        self.add_after(change, clock, None)
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
        self.lacking.entry(lacks.clone()).or_default().insert(change.id());
        self.changes.insert(change.id(), Blocked { change, lacks });
    }

    /// Keeps what was woken, for good.
    pub(in crate::crdt) fn settled(&mut self) {
        self.refiled.clear();
    }

    /// Undoes what was woken since the last [`settled`](Self::settled), now that the clock is `clock`
    /// again: files anew what is here, and `taken`, which was taken out. What lacks nothing is filed
    /// under the actor `own`, to be woken with the next merge.
    pub(in crate::crdt) fn undo(&mut self, taken: Vec<Arc<Change>>, clock: &Clock, own: &Actor) {
        let refiled = std::mem::take(&mut self.refiled);
        let refiled: Vec<_> = refiled.iter().filter_map(|id| self.remove(id)).collect();
        for change in refiled.into_iter().chain(taken) {
            let lacks = lacking(&change, clock, None).unwrap_or_else(|| (own.clone(), 0));
            self.file(change, lacks);
        }
    }

    pub(in crate::crdt) fn lacks_nothing(&self, change: &Change, clock: &Clock) -> bool {
        lacking(change, clock, None).is_none()
    }

    pub(in crate::crdt) fn remove(&mut self, id: &OpId) -> Option<Arc<Change>> {
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
    pub(in crate::crdt) fn wake(&mut self, actor: &Actor, clock: &Clock) -> Vec<Arc<Change>> {
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
    pub(in crate::crdt) fn check(&self, clock: &Clock, own: &Actor) -> Result<(), String> {
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

/// Returns a counter that a change depends on and that the clock does not cover: of its own actor first, then
/// by actor; `after` one of them, if given.
fn lacking(change: &Change, clock: &Clock, after: Option<&Actor>) -> Option<(Actor, u64)> {
    let previous = after.is_none().then_some((&change.actor, change.previous));
    let mut needed = previous.into_iter().chain(change.deps.iter_after(after));
    needed
        .find(|(actor, counter)| clock.get(actor) < *counter)
        .map(|(actor, counter)| (actor.clone(), counter))
}
