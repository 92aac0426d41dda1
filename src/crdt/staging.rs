//! Staging: changes are added to the history while they are validated, whole, or wait; an error takes all back.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use smallvec::SmallVec;

use super::causal_buffer::CausalBuffer;
use super::history::{ActorIx, Digest, Id, Mark};
use super::lv::Lv;
use super::patch::Body;
use super::validate::{self, Adder};
use super::wire::{Corrupt, Head, Reader, Wire, WireId, WireNames, digest_alone, digest_head};
use super::{Actor, Change, ConvergentRef, DecodeReason, MergeError, OpId, Patch};
use crate::cancellation::ask;

/// Changes that are taken apart, since some must wait, may take so many times the memory of what may wait.
const LOOSE: u64 = 4;

/// The number of actors up to which each gets its place in the clock by itself.
const FEW_ACTORS: usize = 64;

/// The outcome of adding the changes of a patch.
#[derive(Default)]
pub(super) struct Staged {
    /// Changes added to the history.
    pub(super) new: usize,
    /// Whether they may remove containers.
    pub(super) may_remove: bool,
    pub(super) known: usize,
    /// The changes of the patch that wait.
    pub(super) waiting: usize,
    /// Changes that had waited and cannot be applied.
    pub(super) refused: Vec<MergeError>,
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
    /// Adds what can be applied to the history. Changes that must wait are put with the waiting ones, and
    /// those that need not wait any more are taken out; an error undoes all.
    pub(super) fn stage(&mut self, patch: &Patch, others: &[Arc<Change>]) -> Result<Staged, MergeError> {
        let (mark, waited) = (self.history.mark(), self.waiting.clone());
        let many = patch.most_actors() > FEW_ACTORS;
        if many {
            patch.with_actors(|actors| self.history.authors.expect(actors));
        }
        let staged = self.stage_all(patch, others, &mark, &waited);
        if many {
            self.history.authors.expect_no_more();
        }
        if staged.is_err() {
            self.history.truncate(&mark);
            self.waiting = waited;
        }
        staged
    }

    fn stage_all(
        &mut self,
        patch: &Patch,
        others: &[Arc<Change>],
        mark: &Mark,
        waited: &CausalBuffer,
    ) -> Result<Staged, MergeError> {
        let mut staged = Staged::default();
        let base_is_known = patch.base().all(|(actor, counter, _)| self.clock().get(actor) >= counter);
        match &patch.body {
            Body::Packed(wire) => self.stage_packed(wire, others, mark, &mut staged)?,
            Body::Listed { changes, .. } => self.settle(changes, others, &[], &mut staged)?,
        }
        self.waits_within_limit(waited)?;
        // What the patch follows may have come with it, or waited here: then that is looked at now.
        match (!base_is_known).then(|| self.other_base(patch)).flatten() {
            Some(change) => Err(MergeError::OtherBase { change }),
            None => Ok(staged),
        }
    }

    /// Verifies that what came to wait is not too much.
    fn waits_within_limit(&self, before: &CausalBuffer) -> Result<(), MergeError> {
        let (memory, limit) = (self.waiting.memory(), self.waiting_limit);
        if memory <= limit.max(before.memory()) {
            return Ok(());
        }
        Err(MergeError::TooLarge { memory, limit, missing: self.missing() })
    }

    /// Stages the changes of a wire: packed, if all are known or next in their order.
    fn stage_packed(
        &mut self,
        wire: &Wire,
        others: &[Arc<Change>],
        mark: &Mark,
        staged: &mut Staged,
    ) -> Result<(), MergeError> {
        if self.stage_in_order(wire, staged)? || self.stage_cut(wire, mark, staged)? {
            return self.settle(&[], others, &wire.actors, staged);
        }
        self.settle(&self.unpacked(wire)?, others, &[], staged)
    }

    /// Applies changes that a ref of this actor had applied next: all of a stored history to a ref that has
    /// none.
    pub(super) fn restore(&mut self, wire: &Wire) -> Result<(), DecodeReason> {
        let before = self.history.len();
        self.history.authors.expect(wire.actors.iter());
        let staged = self.stage_in_order(wire, &mut Staged::default());
        self.history.authors.expect_no_more();
        match staged {
            Ok(true) => {}
            Ok(false) | Err(MergeError::Corrupt(_)) => return Err(DecodeReason::Damaged),
            Err(error) => return Err(DecodeReason::Changes(error.to_string())),
        }
        self.begin_applying(before);
        self.tree.apply_all(&self.history, before..self.history.len());
        self.history.settle();
        self.history.complete_digests();
        Ok(())
    }

    // --- the usual: all changes are known, or can be applied in their order ---

    /// Stages changes that come in order; answers `false` when something is neither next nor known.
    fn stage_in_order(&mut self, wire: &Wire, staged: &mut Staged) -> Result<bool, MergeError> {
        let actors: SmallVec<[ActorIx; 4]> =
            wire.actors.iter().map(|name| self.history.authors.intern(name)).collect();
        let mut keys: SmallVec<[Option<u32>; 4]> = SmallVec::from_elem(None, wire.keys.len());
        let mut reader = Reader::new(wire)?;
        let mut names = None;
        while let Some(head) = reader.head()? {
            match self.standing(&head, &actors) {
                Standing::Mixed => return Ok(false),
                Standing::Known => {
                    let names = names.get_or_insert_with(|| WireNames::new(wire));
                    if !self.is_same(names, &head, &actors, &mut reader)? {
                        return Ok(false);
                    }
                    staged.known += head.changes() as usize;
                }
                Standing::Next => {
                    staged.may_remove |= self.add(wire, &head, &actors, &mut keys, &mut reader)?;
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
        names: &WireNames<'_>,
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
        let mut digest = before;
        digest_head(head, reader, names, |_, change| digest = digest.map(|digest| digest.with(change)))?;
        Ok(digest.is_some() && digest == self.history.digest(actor, head.last()))
    }

    /// Validates changes that are next and adds them to the history; tells whether they may remove containers.
    pub(super) fn add(
        &mut self,
        wire: &Wire,
        head: &Head,
        actors: &[ActorIx],
        keys: &mut [Option<u32>],
        reader: &mut Reader<'_>,
    ) -> Result<bool, MergeError> {
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
        let may_remove = adder.may_remove;
        self.history.begin_all(start, &head.lengths);
        self.history.seal();
        Ok(may_remove)
    }

    /// Stages changes of which something is neither next nor known: cut where what is known ends, they may come in
    /// order. Answers `false` if not, and nothing is staged.
    fn stage_cut(&mut self, wire: &Wire, mark: &Mark, staged: &mut Staged) -> Result<bool, MergeError> {
        self.history.truncate(mark);
        let authors = &self.history.authors;
        let last = |name| authors.find(name).map_or(0, |actor| authors.last(actor));
        let last: Vec<u64> = wire.actors.iter().map(last).collect();
        if let Some(cut) = wire.cut(&last)? {
            *staged = Staged::default();
            if self.stage_in_order(&cut, staged)? {
                return Ok(true);
            }
            self.history.truncate(mark);
        }
        *staged = Staged::default();
        Ok(false)
    }

    // --- one change after the other ---

    /// Stages changes, and those that waited for them or for what `moved` actors did.
    pub(super) fn settle(
        &mut self,
        changes: &[Arc<Change>],
        others: &[Arc<Change>],
        moved: &[Actor],
        staged: &mut Staged,
    ) -> Result<(), MergeError> {
        if changes.is_empty() && others.is_empty() && self.waiting.len() == 0 {
            return Ok(());
        }
        let Queue { mut todo, fresh, waited } = self.queue(changes, others, moved, staged)?;
        while let Some(change) = todo.pop() {
            ask();
            let id = change.id();
            let is_ours = fresh.contains_key(&id) || waited.contains(&id);
            match self.is_applied(&change) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if is_ours => return Err(error),
                Err(error) => {
                    staged.refused.push(error);
                    continue;
                }
            }
            if !self.waiting.lacks_nothing(&change, self.history.clock()) {
                match self.waiting.get(&id).cloned() {
                    // One of the two waits, the one with the smaller digest.
                    Some(other) if digest_alone(&other)?.0 <= digest_alone(&change)?.0 => {
                        staged.refused.push(equivocation(&other, &change));
                        continue;
                    }
                    Some(other) => {
                        staged.refused.push(equivocation(&change, &other));
                        self.waiting.remove(&id);
                    }
                    None => {}
                }
                drop(self.waiting.add(change, self.history.clock()));
                continue;
            }
            match self.stage_one(&change) {
                Ok(may_remove) => {
                    staged.may_remove |= may_remove;
                    todo.extend(self.waiting.wake(&change.actor, self.history.clock()));
                    staged.new += 1;
                }
                Err(error) if is_ours => return Err(error),
                Err(error) => staged.refused.push(error),
            }
        }
        let patch = fresh.keys().chain(&waited);
        staged.waiting = patch.filter(|id| self.waiting.get(id).is_some()).count();
        Ok(())
    }

    /// Adds a change that lacks nothing, or nothing of it; tells whether it may remove containers.
    fn stage_one(&mut self, change: &Arc<Change>) -> Result<bool, MergeError> {
        let mark = self.history.mark();
        let wire = Wire::of(&[], std::iter::once(&**change));
        let actors: Vec<ActorIx> = wire.actors.iter().map(|name| self.history.authors.intern(name)).collect();
        let mut reader = Reader::new(&wire)?;
        let head = reader.head()?.ok_or(Corrupt)?;
        let added = self.add(&wire, &head, &actors, &mut vec![None; wire.keys.len()], &mut reader);
        if added.is_err() {
            self.history.truncate(&mark);
        }
        added
    }

    /// Takes changes apart, of which some must wait, unless that takes far more memory than may wait.
    fn unpacked(&self, wire: &Wire) -> Result<Vec<Arc<Change>>, MergeError> {
        let (memory, limit) = (wire.loose(), self.waiting_limit.saturating_mul(LOOSE));
        if memory > limit {
            return Err(MergeError::TooLarge { memory, limit, missing: self.missing_for(wire)? });
        }
        Ok(wire.unpack()?.into_iter().map(Arc::new).collect())
    }

    /// Returns what is neither here nor in a wire of all that its changes depend on: the last ops of changes, in order.
    fn missing_for(&self, wire: &Wire) -> Result<Vec<OpId>, Corrupt> {
        let mut named = BTreeSet::new();
        let mut held: HashMap<u32, Vec<(u64, u64)>> = HashMap::new();
        Reader::new(wire)?.finish(|head| {
            let previous = WireId { actor: head.actor, counter: head.previous };
            named.extend(head.deps.iter().chain([&previous]).map(|id| (id.actor, id.counter)));
            held.entry(head.actor).or_default().push((head.first, head.last()));
        })?;
        held.values_mut().for_each(|ranges| ranges.sort_unstable());
        let holds = |actor, counter| {
            let ranges: &[(u64, u64)] = held.get(&actor).map_or(&[], Vec::as_slice);
            let before = ranges.partition_point(|(first, _)| *first <= counter);
            before.checked_sub(1).is_some_and(|at| counter <= ranges[at].1)
        };
        let named = named.into_iter().filter(|(actor, counter)| *counter > 0 && !holds(*actor, *counter));
        let named = named.map(|(actor, counter)| wire.public(WireId { actor, counter }));
        let mut missing: Vec<OpId> = named.filter(|id| !self.clock().covers(id)).collect();
        missing.sort_unstable();
        Ok(missing)
    }

    /// Tells what is new from what is known, applied or waiting.
    fn queue(
        &mut self,
        changes: &[Arc<Change>],
        others: &[Arc<Change>],
        moved: &[Actor],
        staged: &mut Staged,
    ) -> Result<Queue, MergeError> {
        // Own changes may have brought what others waited for.
        let mut woken = self.waiting.wake(&self.actor, self.history.clock());
        moved.iter().for_each(|actor| woken.extend(self.waiting.wake(actor, self.history.clock())));
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
                // What waits was never looked at whole: it gives way to what can be applied. Of two that must wait
                // the one with the smaller digest does, whichever came first.
                Some(other)
                    if self.waiting.lacks_nothing(change, self.history.clock())
                        || digest_alone(change)?.0 < digest_alone(&other)?.0 =>
                {
                    self.waiting.remove(&id);
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
        let theirs = digest_alone(change)?;
        let ours = authors.lv(Id { counter: change.first, actor }).filter(|lv| authors.is_start(lv.index()));
        let same_length = |lv: &Lv| u64::from(authors.change_end(lv.index()) - lv.index()) == change.count();
        let ours = ours.filter(same_length).and_then(|lv| self.history.digest_alone(lv));
        if ours == Some(theirs) { Ok(true) } else { Err(self.contradiction(change)) }
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

fn equivocation(ours: &Arc<Change>, theirs: &Arc<Change>) -> MergeError {
    MergeError::Equivocation { ours: ours.clone(), theirs: theirs.clone() }
}
