//! Merging: changes from outside are validated whole, then applied, then reported.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::tree::{Container, Place};
use super::validate::{self, Batch};
use super::{
    Actor, Change, Clock, Conflict, ConvergentRef, LostEdits, MergeError, MergeReport, Op, OpId, Patch,
};

/// Changes that may be applied in this order, and what became of the others.
#[derive(Default)]
struct Staged {
    ready: Vec<Arc<Change>>,
    known: usize,
    /// The changes of the patch that wait.
    waiting: usize,
    /// Changes that had waited and cannot be applied.
    refused: Vec<MergeError>,
    /// Changes that staging put with the waiting ones.
    added: HashSet<OpId>,
    /// Changes that staging took from the waiting ones.
    taken: Vec<Arc<Change>>,
}

/// Changes to be looked at.
struct Queue {
    /// The next one last.
    todo: Vec<Arc<Change>>,
    /// Those that are new here: an error in one of them refuses all.
    fresh: HashMap<OpId, Arc<Change>>,
    /// Changes of the patch that waited here before.
    waited: HashSet<OpId>,
}

impl ConvergentRef {
    /// Takes what another replica has, also what waits there. Costs what is new, and O(log history) for
    /// each actor.
    ///
    /// # Errors
    /// When it is a replica of another document, or writes under an actor that is used here.
    pub fn merge(&mut self, other: &Self) -> Result<MergeReport, MergeError> {
        self.same_document(&other.document)?;
        for (actor, _) in other.clock().iter() {
            if let Some((ours, theirs)) = self.history.fork(&other.history, actor) {
                return Err(MergeError::Equivocation { ours: ours.clone(), theirs });
            }
        }
        let new = other.history.since(self.clock());
        // What waits there was never looked at whole; it may be wrong, and then it is refused alone.
        let waits = other.waiting.changes().filter(|change| {
            let id = change.id();
            !self.clock().covers(&id) && self.waiting.get(&id).is_none()
        });
        let waits: Vec<_> = waits.cloned().collect();
        let staged = self.stage(&new, &waits)?;
        Ok(self.apply_staged(staged))
    }

    /// Takes the changes of a patch. Merging a patch again does nothing; changes whose dependencies are
    /// missing wait for them. Costs the patch (O(log history), and the depth of what it writes, for each
    /// op), the containers that it touches, and O(log history) for each actor.
    ///
    /// # Errors
    /// When the patch is of another document, any change in it is malformed, or it shows that two
    /// replicas write under one actor. The patch is validated whole: nothing of it is applied then.
    pub fn merge_patch(&mut self, patch: &Patch) -> Result<MergeReport, MergeError> {
        self.same_document(&patch.document)?;
        let other_base = patch.base.iter().find(|(id, digest)| {
            self.history.digest(&id.actor, id.counter).is_some_and(|ours| ours != **digest)
        });
        if let Some((id, _)) = other_base {
            return Err(MergeError::OtherBase { change: id.clone() });
        }
        let staged = self.stage(&patch.changes, &[])?;
        Ok(self.apply_staged(staged))
    }

    fn same_document(&self, theirs: &super::DocumentId) -> Result<(), MergeError> {
        if *theirs == self.document {
            return Ok(());
        }
        Err(MergeError::OtherDocument { ours: self.document.clone(), theirs: theirs.clone() })
    }

    /// Finds what can be applied and validates it: an error in one of the `changes` refuses them all, one
    /// in `others`, or in what waits here, only that one. Changes that must wait are put with the
    /// waiting ones, and those that need not wait any more are taken out; an error undoes both.
    fn stage(&mut self, changes: &[Arc<Change>], others: &[Arc<Change>]) -> Result<Staged, MergeError> {
        let mut staged = Staged::default();
        match self.settle(changes, others, &mut staged) {
            Ok(()) => {
                self.waiting.settled();
                Ok(staged)
            }
            Err(error) => {
                staged.added.iter().for_each(|id| drop(self.waiting.remove(id)));
                self.waiting.undo(staged.taken, self.history.clock(), &self.actor);
                Err(error)
            }
        }
    }

    fn settle(
        &mut self,
        changes: &[Arc<Change>],
        others: &[Arc<Change>],
        staged: &mut Staged,
    ) -> Result<(), MergeError> {
        let Queue { mut todo, fresh, waited } = self.queue(changes, others, staged)?;
        let mut clock = self.history.clock().clone();
        let mut batch = Batch::new(&self.history, &self.tree);
        let mut last: HashMap<Actor, Arc<Change>> = HashMap::new();
        while let Some(change) = todo.pop() {
            let id = change.id();
            let Err(change) = self.waiting.add(change, &clock) else {
                staged.added.insert(id);
                continue;
            };
            let checked = if change.previous < clock.get(&change.actor) {
                let known = self.history.next_of(&change.actor, change.previous);
                let ours = known.or_else(|| last.get(&change.actor)).unwrap_or(&change);
                Err(equivocation(ours, &change))
            } else {
                batch.stage(&change).map_err(|reason| MergeError::Malformed { change: id.clone(), reason })
            };
            match checked {
                Ok(()) => {
                    clock.advance(&change.actor, change.last());
                    last.insert(change.actor.clone(), change.clone());
                    let woken = self.waiting.wake(&change.actor, &clock);
                    let had_waited = woken.iter().filter(|change| !staged.added.contains(&change.id()));
                    staged.taken.extend(had_waited.cloned());
                    todo.extend(woken);
                    staged.ready.push(change);
                }
                Err(error) if fresh.contains_key(&id) => return Err(error),
                Err(error) => staged.refused.push(error),
            }
        }
        let patch = fresh.keys().chain(&waited);
        staged.waiting = patch.filter(|id| self.waiting.get(id).is_some()).count();
        Ok(())
    }

    /// Tells what is new from what is known, applied or waiting.
    fn queue(
        &mut self,
        changes: &[Arc<Change>],
        others: &[Arc<Change>],
        staged: &mut Staged,
    ) -> Result<Queue, MergeError> {
        // Own changes may have brought what others waited for.
        let woken = self.waiting.wake(&self.actor, self.history.clock());
        staged.taken.extend(woken.iter().cloned());
        let mut queued: HashMap<OpId, Arc<Change>> =
            woken.iter().chain(others).map(|change| (change.id(), change.clone())).collect();
        let mut fresh: HashMap<OpId, Arc<Change>> = HashMap::new();
        let mut waited = HashSet::new();
        let mut order = Vec::new();
        for change in changes {
            validate::well_formed(change)
                .map_err(|reason| MergeError::Malformed { change: change.id(), reason })?;
            let id = change.id();
            if self.applied(change)?.is_some() {
                staged.known += 1;
                continue;
            }
            match fresh.get(&id) {
                Some(twin) if twin == change => continue,
                Some(twin) => return Err(equivocation(twin, change)),
                None => {}
            }
            match self.waiting.get(&id).or(queued.get(&id)).cloned() {
                Some(same) if same == *change => {
                    waited.insert(id);
                    continue;
                }
                // What waits was never looked at whole: it gives way to what can be applied.
                Some(other) if self.waiting.lacks_nothing(change, self.history.clock()) => {
                    staged.taken.extend(self.waiting.remove(&id));
                    queued.remove(&id);
                    staged.refused.push(equivocation(change, &other));
                }
                Some(other) => return Err(equivocation(&other, change)),
                None => {}
            }
            order.push(change.clone());
            fresh.insert(id, change.clone());
        }
        let queued = woken.iter().chain(others).filter(|change| queued.contains_key(&change.id()));
        let todo = queued.chain(order.iter().rev()).cloned().collect();
        Ok(Queue { todo, fresh, waited })
    }

    /// The applied change that is the same as `change`.
    fn applied(&self, change: &Arc<Change>) -> Result<Option<&Arc<Change>>, MergeError> {
        match self.history.change(&change.id()) {
            Some(ours) if Arc::ptr_eq(ours, change) || ours == change => Ok(Some(ours)),
            Some(ours) => Err(equivocation(ours, change)),
            // The actor went on from `previous` in another way.
            None => match self.history.next_of(&change.actor, change.previous) {
                Some(ours) => Err(equivocation(ours, change)),
                None => Ok(None),
            },
        }
    }

    fn apply_staged(&mut self, staged: Staged) -> MergeReport {
        let old = self.value().clone();
        let before = self.clock().clone();
        let mut touched = BTreeSet::new();
        let mut unseen = Vec::new();
        for change in &staged.ready {
            self.history.push(change.clone());
            if change.actor != self.actor {
                self.moved.insert(change.actor.clone());
            }
            for (index, op) in change.ops.iter().enumerate() {
                self.unseen_by(change, op, &mut unseen);
                let applied = self.tree.apply(change.op_id(index), op);
                if let Some(place) = applied.written {
                    touched.insert(place);
                    if !self.tree.is_alive(place) {
                        unseen.push((place, change.op_id(index)));
                    }
                }
                touched.extend(applied.hidden);
            }
        }
        self.tree.refresh();
        let value = self.value().clone();
        self.notify(&old, &value);
        MergeReport {
            new: staged.ready.len(),
            known: staged.known,
            waiting: staged.waiting,
            old,
            value,
            conflicts: self.new_conflicts(touched, &before),
            lost: self.lost(unseen),
            refused: staged.refused,
            invalid: self.invalid(),
        }
    }

    /// Notes the visible writes in containers that `op` is about to remove, of those that its actor had
    /// not seen. Costs the size of what is removed.
    fn unseen_by(&self, change: &Change, op: &Op, unseen: &mut Vec<(Place, OpId)>) {
        let seen = self.history.seen(&change.actor);
        let removed = op.over().iter().filter_map(|over| self.tree.visible_container(over));
        let mut open: Vec<Container> =
            removed.filter(|&container| self.tree.is_alive(self.tree.place(container))).collect();
        while let Some(container) = open.pop() {
            for place in self.tree.places(container) {
                for put in &self.tree.slot(place).puts {
                    if !seen.is_some_and(|seen| seen.covers(&put.id)) {
                        unseen.push((place, put.id.clone()));
                    }
                    open.extend(put.held.container());
                }
            }
        }
    }

    /// Groups edits that went with deleted containers by the container. Edits inside of what another
    /// one of them made are not named again, nor those that their own actor took back.
    fn lost(&self, unseen: Vec<(Place, OpId)>) -> Vec<LostEdits> {
        let ids: HashSet<&OpId> = unseen.iter().map(|(_, id)| id).collect();
        let mut lost: BTreeMap<&OpId, BTreeSet<OpId>> = BTreeMap::new();
        for (place, id) in &unseen {
            let made_by_another =
                || self.tree.holders(*place).any(|holder| ids.contains(self.tree.id(holder)));
            if self.tree.is_visible(id) && !made_by_another() {
                let holders = self.tree.holders(*place).map(|holder| self.tree.id(holder));
                // The outermost of the containers that are gone.
                if let Some(gone) = holders.filter(|holder| !self.tree.is_visible(holder)).last() {
                    lost.entry(gone).or_default().insert(id.clone());
                }
            }
        }
        let place = |id| self.tree.container(id).map(|container| self.tree.place(container));
        lost.into_iter()
            .filter_map(|(gone, edits)| {
                let path = self.tree.path(place(gone)?);
                Some(LostEdits { path, edits: edits.into_iter().collect() })
            })
            .collect()
    }

    /// The conflicts at these places in which something has a part that is not in the clock `before`.
    fn new_conflicts(&self, touched: BTreeSet<Place>, before: &Clock) -> Vec<Conflict> {
        // A key of joined maps may have been written in several of them: by the winner it counts once.
        let mut conflicts: BTreeMap<OpId, Conflict> = BTreeMap::new();
        for place in touched {
            let conflict = self.tree.shown(place).and_then(|puts| self.conflict(place, &puts));
            conflicts.extend(conflict.map(|conflict| (conflict.winner.id.clone(), conflict)));
        }
        let is_new = |conflict: &Conflict| {
            let mut parts = conflict.losers.iter().chain([&conflict.winner]);
            parts.any(|part| !before.covers(&part.id))
        };
        conflicts.into_values().filter(is_new).collect()
    }
}

fn equivocation(ours: &Arc<Change>, theirs: &Arc<Change>) -> MergeError {
    MergeError::Equivocation { ours: ours.clone(), theirs: theirs.clone() }
}
