//! Merging: changes from outside are validated whole, then applied, then reported.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::slot::Held;
use super::tree::Container;
use super::validate::{self, Batch};
use super::{Change, Conflict, ConvergentRef, LostEdit, MergeError, MergeReport, OpId, Patch};

/// Changes that may be applied in this order, and what became of the others.
#[derive(Default)]
struct Staged {
    ready: Vec<Arc<Change>>,
    known: usize,
    /// The changes of the patch that wait.
    waiting: usize,
    /// Changes that had waited and cannot be applied.
    refused: Vec<(Arc<Change>, MergeError)>,
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
        let mut patch = other.patch_from_clock(self.clock());
        patch.changes.extend(other.waiting.changes().cloned());
        self.merge_patch(&patch)
    }

    /// Takes the changes of a patch. Merging a patch again does nothing; changes whose dependencies are
    /// missing wait for them. Costs the patch, and O(log history) for each op.
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
        let staged = self.stage(patch)?;
        Ok(self.apply_staged(staged))
    }

    fn same_document(&self, theirs: &super::DocumentId) -> Result<(), MergeError> {
        if *theirs == self.document {
            return Ok(());
        }
        Err(MergeError::OtherDocument { ours: self.document.clone(), theirs: theirs.clone() })
    }

    /// Finds what can be applied and validates it. Changes that must wait are put with the waiting
    /// ones, and those that need not wait any more are taken out; an error undoes both.
    fn stage(&mut self, patch: &Patch) -> Result<Staged, MergeError> {
        let mut staged = Staged::default();
        let mut fresh: HashMap<OpId, Arc<Change>> = HashMap::new();
        let mut order = Vec::new();
        let mut waited = Vec::new();
        for change in &patch.changes {
            validate::well_formed(change)
                .map_err(|reason| MergeError::Malformed { change: change.id(), reason })?;
            let id = change.id();
            match self.find(change)?.or(fresh.get(&id)) {
                Some(same) if !Arc::ptr_eq(same, change) && same != change => {
                    return Err(equivocation(same, change));
                }
                Some(_) if fresh.contains_key(&id) => {}
                Some(_) if self.waiting.get(&id).is_some() => waited.push(id),
                Some(_) => staged.known += 1,
                None => {
                    fresh.insert(id.clone(), change.clone());
                    order.push(id);
                }
            }
        }
        if let Err(error) = self.settle(&fresh, &order, &mut staged) {
            // What had waited waits again, for the same; what came with the patch goes.
            order.iter().for_each(|id| drop(self.waiting.remove(id)));
            let refused = staged.refused.iter().map(|(change, _)| change);
            for change in
                staged.ready.iter().chain(refused).filter(|change| !fresh.contains_key(&change.id()))
            {
                let back = self.waiting.add(change.clone(), self.history.clock());
                debug_assert!(back.is_ok(), "it waited before");
            }
            return Err(error);
        }
        staged.waiting = order.iter().chain(&waited).filter(|id| self.waiting.get(id).is_some()).count();
        Ok(staged)
    }

    /// The change that the ref has under the id of `change`, applied or waiting.
    fn find(&self, change: &Arc<Change>) -> Result<Option<&Arc<Change>>, MergeError> {
        let id = change.id();
        if let Some(ours) = self.history.change(&id).or_else(|| self.waiting.get(&id)) {
            return Ok(Some(ours));
        }
        // The actor went on from `previous` in another way.
        match self.history.next_of(&change.actor, change.previous) {
            Some(ours) => Err(equivocation(ours, change)),
            None => Ok(None),
        }
    }

    /// Stages every change whose dependencies are there, and those that waited for it.
    fn settle(
        &mut self,
        fresh: &HashMap<OpId, Arc<Change>>,
        order: &[OpId],
        staged: &mut Staged,
    ) -> Result<(), MergeError> {
        let mut clock = self.history.clock().clone();
        let mut batch = Batch::new(&self.history, &self.tree);
        let mut todo: Vec<Arc<Change>> = order.iter().rev().map(|id| fresh[id].clone()).collect();
        while let Some(change) = todo.pop() {
            let Err(change) = self.waiting.add(change, &clock) else { continue };
            let checked = if change.previous < clock.get(&change.actor) {
                let beside = staged.ready.iter().find(|other| {
                    other.actor == change.actor
                        && other.previous <= change.previous
                        && change.previous < other.last()
                });
                let ours = beside.or_else(|| self.history.next_of(&change.actor, change.previous));
                Err(equivocation(ours.unwrap_or(&change), &change))
            } else {
                let malformed = |reason| MergeError::Malformed { change: change.id(), reason };
                batch.stage(&change).map_err(malformed)
            };
            match checked {
                Ok(()) => {
                    clock.advance(&change.actor, change.last());
                    todo.extend(self.waiting.wake(&change.actor, &clock));
                    staged.ready.push(change);
                }
                Err(error) if fresh.contains_key(&change.id()) => return Err(error),
                Err(error) => staged.refused.push((change, error)),
            }
        }
        Ok(())
    }

    fn apply_staged(&mut self, staged: Staged) -> MergeReport {
        let old = self.value().clone();
        let mut written = BTreeSet::new();
        let mut lost = Vec::new();
        for change in &staged.ready {
            self.history.push(change.clone());
            if change.actor != self.actor {
                self.moved.insert(change.actor.clone());
            }
            for (index, op) in change.ops.iter().enumerate() {
                let id = change.op_id(index);
                let applied = self.tree.apply(id.clone(), op);
                for (place, put) in applied.hidden {
                    if let Some(container) = put.held.container().filter(|_| self.tree.is_alive(place)) {
                        self.unseen(change, container, &mut lost);
                    }
                }
                if let Some(place) = applied.written {
                    written.insert(place);
                    if !self.tree.is_alive(place) {
                        lost.push(LostEdit { id, path: self.tree.path(place) });
                    }
                }
            }
        }
        self.tree.refresh();
        // A key of joined maps may have been written in several of them: by the winner it counts once.
        let mut conflicts: Vec<Conflict> = Vec::new();
        let mut winners = HashSet::new();
        for place in written {
            let conflict = self.tree.shown(place).and_then(|puts| self.conflict(place, &puts));
            conflicts.extend(conflict.filter(|conflict| winners.insert(conflict.winner.id.clone())));
        }
        let value = self.value().clone();
        self.notify(&old, &value);
        MergeReport {
            new: staged.ready.len(),
            known: staged.known,
            waiting: staged.waiting,
            old,
            value,
            conflicts,
            lost,
            refused: staged.refused.into_iter().map(|(_, error)| error).collect(),
            invalid: self.invalid(),
        }
    }

    /// The visible writes in a container that `deletion` removed without having seen them. Costs the
    /// size of what is removed.
    fn unseen(&self, deletion: &Change, container: Container, lost: &mut Vec<LostEdit>) {
        let seen = self.history.seen(&deletion.actor);
        let mut containers = vec![container];
        while let Some(container) = containers.pop() {
            for place in self.tree.places(container) {
                for put in &self.tree.slot(place).puts {
                    if !seen.is_some_and(|seen| seen.covers(&put.id)) {
                        lost.push(LostEdit { id: put.id.clone(), path: self.tree.path(place) });
                    }
                    if let Held::Map(inner) | Held::List(inner) = put.held {
                        containers.push(inner);
                    }
                }
            }
        }
    }
}

fn equivocation(ours: &Arc<Change>, theirs: &Arc<Change>) -> MergeError {
    MergeError::Equivocation { ours: ours.clone(), theirs: theirs.clone() }
}
