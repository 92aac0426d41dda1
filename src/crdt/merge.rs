//! Merging: changes from outside are added to the history while they are validated, whole; then they are
//! applied and reported. What is refused is taken off the history again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use smallvec::SmallVec;

use super::effects::Effects;
use super::history::{ActorIx, Digest, Digester, Id, Mark, Names};
use super::lv::Lv;
use super::patch::Body;
use super::validate::{self, Adder};
use super::wire::{Corrupt, Head, Reader, Wire, WireId, WireNames};
use super::{Change, ConvergentRef, DecodeReason, MergeError, MergeReport, OpId, Patch};
use crate::cancellation::ask;

/// The outcome of adding the changes of a patch.
#[derive(Default)]
struct Staged {
    /// Changes added to the history.
    new: usize,
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
    /// Changes of the patch that are new here, and those that waited here before: an error in one of them refuses
    /// all, the first time as any other time.
    fresh: HashMap<OpId, Arc<Change>>,
    waited: HashSet<OpId>,
}

/// The standing of the changes under one header with this replica.
enum Standing {
    Next,
    Known,
    /// Some of them wait, or are known, or contradict what is known.
    Mixed,
}

impl ConvergentRef {
    /// Takes what another replica has, also what waits there. Costs what is new, and O(log history) for
    /// each actor.
    ///
    /// # Errors
    /// When it is a replica of another document, or writes under an actor that is used here.
    pub fn merge(&mut self, other: &Self) -> Result<MergeReport, MergeError> {
        self.same_document(&other.document)?;
        let Patch { base, body, .. } = other.patch_from_clock(self.clock());
        if let Some((change, _)) = self.other_base(&base) {
            let forked = self.history.fork(&other.history);
            return Err(forked.map_or_else(
                || MergeError::OtherBase { change: change.clone() },
                |(ours, theirs)| MergeError::Equivocation {
                    ours: self.change_of(ours),
                    theirs: other.change_of(theirs),
                },
            ));
        }
        // What waits there was never looked at whole; it may be wrong, and then it is refused alone.
        let waits = other.waiting.changes().filter(|change| {
            let id = change.id();
            !self.clock().covers(&id) && self.waiting.get(&id).is_none()
        });
        let waits: Vec<_> = waits.cloned().collect();
        self.take(&body, &waits)
    }

    /// Takes the changes of a patch. Merging a patch again does nothing; changes whose dependencies are
    /// missing wait for them. Costs the patch (O(log history), and the depth of what it writes, for each
    /// op), and O(log history) for each actor.
    ///
    /// # Errors
    /// When the patch is of another document, any change in it is malformed, or it shows that two
    /// replicas write under one actor. The patch is validated whole: nothing of it is applied then.
    pub fn merge_patch(&mut self, patch: &Patch) -> Result<MergeReport, MergeError> {
        self.same_document(&patch.document)?;
        if let Some((change, _)) = self.other_base(&patch.base) {
            return Err(MergeError::OtherBase { change: change.clone() });
        }
        self.take(&patch.body, &[])
    }

    /// Returns a change that stands otherwise here than where a patch was made. Where our changes go on, one of them
    /// must end where theirs does.
    fn other_base<'b>(&self, base: &'b [(OpId, Digest)]) -> Option<&'b (OpId, Digest)> {
        base.iter().find(|(id, digest)| {
            let actor = self.history.authors.find(&id.actor);
            let known = actor.filter(|&actor| id.counter <= self.history.authors.last(actor));
            known.is_some_and(|actor| self.history.digest(actor, id.counter) != Some(*digest))
        })
    }

    fn same_document(&self, theirs: &super::DocumentId) -> Result<(), MergeError> {
        if *theirs == self.document {
            return Ok(());
        }
        Err(MergeError::OtherDocument { ours: self.document.clone(), theirs: theirs.clone() })
    }

    fn take(&mut self, body: &Body, others: &[Arc<Change>]) -> Result<MergeReport, MergeError> {
        let before = self.history.len();
        let old = self.is_watched().then(|| self.value().clone());
        self.note_changes();
        self.begin_staging();
        let staged = self.stage(body, others)?;
        self.begin_applying(before);
        let effects = Effects::of(self, before);
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

    /// Adds what can be applied to the history. Changes that must wait are put with the waiting ones, and
    /// those that need not wait any more are taken out; an error undoes all.
    fn stage(&mut self, body: &Body, others: &[Arc<Change>]) -> Result<Staged, MergeError> {
        let mark = self.history.mark();
        let mut staged = Staged::default();
        let in_order = others.is_empty() && self.waiting.is_empty();
        let staged_all = match body {
            Body::Packed(wire) if in_order => match self.stage_in_order(wire, &mut staged) {
                Ok(true) => Ok(()),
                Ok(false) => {
                    self.history.truncate(&mark);
                    self.stage_cut(wire, &mark, &mut staged)
                }
                Err(error) => Err(error),
            },
            Body::Packed(wire) => {
                unpacked(wire).and_then(|changes| self.settle(&changes, others, &mut staged))
            }
            Body::Listed(changes) => self.settle(changes, others, &mut staged),
        };
        match staged_all {
            Ok(()) => {
                self.waiting.settled();
                Ok(staged)
            }
            Err(error) => {
                self.history.truncate(&mark);
                staged.added.iter().for_each(|id| drop(self.waiting.remove(id)));
                self.waiting.undo(staged.taken, self.history.clock(), &self.actor);
                Err(error)
            }
        }
    }

    /// Applies changes that a ref of this actor had applied next: all of a stored history to a ref that has
    /// none.
    pub(super) fn restore(&mut self, wire: &Wire) -> Result<(), DecodeReason> {
        let before = self.history.len();
        match self.stage_in_order(wire, &mut Staged::default()) {
            Ok(true) => {}
            Ok(false) | Err(MergeError::Corrupt(_)) => return Err(DecodeReason::Damaged),
            Err(error) => return Err(DecodeReason::Changes(error.to_string())),
        }
        self.begin_applying(before);
        self.tree.apply_all(&self.history, before..self.history.len());
        self.history.settle_later();
        Ok(())
    }

    // --- the usual: all changes are known, or can be applied in their order ---

    /// Stages changes that come in order; answers `false` when something is neither next nor known.
    fn stage_in_order(&mut self, wire: &Wire, staged: &mut Staged) -> Result<bool, MergeError> {
        let actors: SmallVec<[ActorIx; 4]> =
            wire.actors.iter().map(|name| self.history.authors.intern(name)).collect();
        let mut keys: SmallVec<[Option<u32>; 4]> = SmallVec::from_elem(None, wire.keys.len());
        let mut reader = Reader::new(wire)?;
        while let Some(head) = reader.head()? {
            match self.standing(&head, &actors) {
                Standing::Mixed => return Ok(false),
                Standing::Known => {
                    if !self.is_same(wire, &head, &actors, &mut reader)? {
                        return Ok(false);
                    }
                    staged.known += head.changes() as usize;
                }
                Standing::Next => {
                    self.add(wire, &head, &actors, &mut keys, &mut reader)?;
                    staged.new += head.changes() as usize;
                }
            }
        }
        Ok(true)
    }

    fn standing(&self, head: &Head, actors: &[ActorIx]) -> Standing {
        let authors = &self.history.authors;
        let last = authors.last(actors[head.actor as usize]);
        let deps_there =
            || head.deps.iter().all(|dep| authors.last(actors[dep.actor as usize]) >= dep.counter);
        if head.last() <= last {
            Standing::Known
        } else if head.previous == last && deps_there() {
            Standing::Next
        } else {
            Standing::Mixed
        }
    }

    /// Tells whether known changes are what they are known to be. O(size).
    fn is_same(
        &self,
        wire: &Wire,
        head: &Head,
        actors: &[ActorIx],
        reader: &mut Reader<'_>,
    ) -> Result<bool, MergeError> {
        let actor = actors[head.actor as usize];
        let before = match head.previous {
            0 => Some(Digest::EMPTY),
            previous => self.history.digest(actor, previous),
        };
        let deps = head.deps.iter().map(|dep| self.history.digest(actors[dep.actor as usize], dep.counter));
        let deps: Option<SmallVec<[Digest; 2]>> = deps.collect();
        let before = before.zip(deps).map(|(before, deps)| before.after(deps));
        let names = WireNames::new(wire);
        let mut digest = before;
        digest_head(head, reader, &names, |_, change| digest = digest.map(|digest| digest.with(change)))?;
        Ok(digest.is_some() && digest == self.history.digest(actor, head.last()))
    }

    /// Validates changes that are next and adds them to the history.
    fn add(
        &mut self,
        wire: &Wire,
        head: &Head,
        actors: &[ActorIx],
        keys: &mut [Option<u32>],
        reader: &mut Reader<'_>,
    ) -> Result<(), MergeError> {
        let change = || OpId::new(head.first, wire.actors[head.actor as usize].clone());
        let malformed = |reason| MergeError::Malformed { change: change(), reason };
        validate::well_formed_head(wire, head).map_err(malformed)?;
        if !self.history.log.has_room(head.ops, wire.bytes()) {
            return Err(malformed(super::Malformed::NoRoom));
        }
        let dep = |dep: &WireId| {
            let id = Id { counter: dep.counter, actor: actors[dep.actor as usize] };
            self.history.authors.lv(id).ok_or_else(|| {
                let missing = wire.public(*dep);
                malformed(super::Malformed::Dangling { op: change(), missing })
            })
        };
        let deps: SmallVec<[Lv; 2]> = head.deps.iter().map(dep).collect::<Result<_, _>>()?;
        let start = self.history.len();
        self.history.begin(actors[head.actor as usize], head.first, &deps);
        let mut adder = Adder::new(&mut self.history, wire, actors, keys, head);
        while let Some(row) = reader.row()? {
            ask();
            adder.add(&row).map_err(|reason| MergeError::Malformed { change: change(), reason })?;
        }
        self.history.begin_all(start, &head.lengths);
        self.history.seal();
        Ok(())
    }

    /// Stages changes of which something is neither next nor known: cut where what is known ends, they may come in
    /// order; else they are taken apart.
    fn stage_cut(&mut self, wire: &Wire, mark: &Mark, staged: &mut Staged) -> Result<(), MergeError> {
        let authors = &self.history.authors;
        let last = |name| authors.find(name).map_or(0, |actor| authors.last(actor));
        let last: Vec<u64> = wire.actors.iter().map(last).collect();
        if let Some(cut) = wire.cut(&last)? {
            *staged = Staged::default();
            if self.stage_in_order(&cut, staged)? {
                return Ok(());
            }
            self.history.truncate(mark);
        }
        *staged = Staged::default();
        self.settle(&unpacked(wire)?, &[], staged)
    }

    // --- one change after the other ---

    fn settle(
        &mut self,
        changes: &[Arc<Change>],
        others: &[Arc<Change>],
        staged: &mut Staged,
    ) -> Result<(), MergeError> {
        let Queue { mut todo, fresh, waited } = self.queue(changes, others, staged)?;
        while let Some(change) = todo.pop() {
            ask();
            let id = change.id();
            let Err(change) = self.waiting.add(change, self.history.clock()) else {
                staged.added.insert(id);
                continue;
            };
            match self.stage_one(&change) {
                Ok(()) => {
                    let woken = self.waiting.wake(&change.actor, self.history.clock());
                    let had_waited = woken.iter().filter(|change| !staged.added.contains(&change.id()));
                    staged.taken.extend(had_waited.cloned());
                    todo.extend(woken);
                    staged.new += 1;
                }
                Err(error) if fresh.contains_key(&id) || waited.contains(&id) => return Err(error),
                Err(error) => staged.refused.push(error),
            }
        }
        // What came to wait may contradict what was applied since.
        for change in changes.iter().filter(|change| self.waiting.get(&change.id()).is_some()) {
            self.is_applied(change)?;
        }
        let patch = fresh.keys().chain(&waited);
        staged.waiting = patch.filter(|id| self.waiting.get(id).is_some()).count();
        Ok(())
    }

    /// Adds a change that lacks nothing, or nothing of it.
    fn stage_one(&mut self, change: &Arc<Change>) -> Result<(), MergeError> {
        if change.previous < self.clock().get(&change.actor) {
            return Err(self.contradiction(change));
        }
        let mark = self.history.mark();
        let wire = Wire::of([&**change]);
        let actors: Vec<ActorIx> = wire.actors.iter().map(|name| self.history.authors.intern(name)).collect();
        let mut reader = Reader::new(&wire)?;
        let head = reader.head()?.ok_or(Corrupt)?;
        let added = self.add(&wire, &head, &actors, &mut vec![None; wire.keys.len()], &mut reader);
        if added.is_err() {
            self.history.truncate(&mark);
        }
        added
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
            ask();
            validate::well_formed(change)
                .map_err(|reason| MergeError::Malformed { change: change.id(), reason })?;
            let id = change.id();
            if self.is_applied(change)? {
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

    /// Tells whether a change is applied; an error when another one is in its place.
    fn is_applied(&self, change: &Arc<Change>) -> Result<bool, MergeError> {
        let authors = &self.history.authors;
        let Some(actor) = authors.find(&change.actor) else { return Ok(false) };
        if change.previous >= authors.last(actor) {
            return Ok(false);
        }
        let wire = Wire::of([&**change]);
        let mut reader = Reader::new(&wire)?;
        let head = reader.head()?.ok_or(Corrupt)?;
        let names = WireNames::new(&wire);
        let mut theirs = None;
        digest_head(&head, &mut reader, &names, |_, digest| theirs = Some(digest))?;
        let ours = authors.lv(Id { counter: change.first, actor }).filter(|lv| authors.is_start(lv.index()));
        let same_length = |lv: &Lv| u64::from(authors.change_end(lv.index()) - lv.index()) == head.ops;
        let ours = ours.filter(same_length).and_then(|lv| self.history.digest_alone(lv));
        if ours.is_some() && ours == theirs { Ok(true) } else { Err(self.contradiction(change)) }
    }

    /// Returns the applied change that stands where another one wants to be.
    fn contradiction(&self, change: &Arc<Change>) -> MergeError {
        let authors = &self.history.authors;
        let actor = authors.find(&change.actor);
        let by_id = actor.and_then(|actor| authors.lv(Id { counter: change.first, actor }));
        let next = actor.and_then(|actor| authors.first_from(actor, change.previous + 1));
        match by_id.or(next) {
            Some(ours) => MergeError::Equivocation { ours: self.change_of(ours), theirs: change.clone() },
            None => equivocation(change, change),
        }
    }
}

/// Makes the digests of the changes under a header, which are read.
fn digest_head(
    head: &Head,
    reader: &mut Reader<'_>,
    names: &WireNames<'_>,
    done: impl FnMut(u64, Digest),
) -> Result<(), Corrupt> {
    let deps = head.deps.iter().map(|dep| names.id(*dep));
    let actor = names.hash(head.actor);
    let mut digester = Digester::new(actor, head.first, head.previous, deps, done);
    let begins = head.beginnings();
    let mut at = 0;
    while let Some(row) = reader.row()? {
        ask();
        let starts = |op: u32| begins(at + u64::from(op));
        if starts(0) && at > 0 {
            digester.next_change();
        }
        digester.row(&row, names, starts);
        at += u64::from(row.count());
    }
    digester.finish();
    Ok(())
}

/// The memory that changes may take which are taken apart, in bytes.
const LOOSE: u64 = 256 << 20;

/// Takes changes apart, unless that takes too much memory.
fn unpacked(wire: &Wire) -> Result<Vec<Arc<Change>>, MergeError> {
    let memory = wire.loose();
    if memory > LOOSE {
        return Err(MergeError::TooLarge { memory, limit: LOOSE });
    }
    Ok(wire.unpack()?.into_iter().map(Arc::new).collect())
}

fn equivocation(ours: &Arc<Change>, theirs: &Arc<Change>) -> MergeError {
    MergeError::Equivocation { ours: ours.clone(), theirs: theirs.clone() }
}
