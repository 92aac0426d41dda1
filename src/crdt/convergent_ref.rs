use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::diff::{self, Plan};
use super::history::{History, Waiting};
use super::slot::{Put, Reading};
use super::tree::{Place, Tree};
use super::{
    Actor, BranchError, Change, Clock, Conflict, DocumentId, MAX_COUNTER, Op, OpId, Patch, Swap, SwapError,
    Written,
};
use crate::value::{Val, same, text};

/// A convergent reference: one replica of one document, owned by one actor.
///
/// It reads like an atom: [`value`](Self::value) is always there and free. Local edits
/// ([`swap`](Self::swap), [`reset`](Self::reset)) take effect at once; what other replicas did comes by
/// [`merge`](Self::merge). Replicas that have applied the same changes have the same value, byte for
/// byte, whatever the order, the channel or the number of times the changes travelled.
///
/// An operation that returns an error leaves the ref as it was.
pub struct ConvergentRef {
    pub(super) document: DocumentId,
    pub(super) actor: Actor,
    pub(super) history: History,
    pub(super) waiting: Waiting,
    pub(super) tree: Tree,
    /// Actors whose entries in the clock moved since this actor's last change.
    pub(super) moved: BTreeSet<Actor>,
    watchers: BTreeMap<WatchId, Watcher>,
    validator: Option<Validator>,
    next_watch: u64,
}

/// Names a watcher of one ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(u64);

type Watcher = Box<dyn FnMut(&Val, &Val) + Send>;
type Validator = Box<dyn Fn(&Val) -> Result<(), String> + Send>;

impl ConvergentRef {
    /// Makes the first replica of a document, without any change; it reads as null.
    pub fn new(document: DocumentId, actor: Actor) -> Self {
        Self {
            document,
            actor,
            history: History::default(),
            waiting: Waiting::default(),
            tree: Tree::new(),
            moved: BTreeSet::new(),
            watchers: BTreeMap::new(),
            validator: None,
            next_watch: 0,
        }
    }

    /// Makes the first replica of a document with a value. O(size).
    ///
    /// # Errors
    /// When the value is not JSON.
    pub fn with_value(document: DocumentId, actor: Actor, value: Val) -> Result<Self, SwapError> {
        let mut made = Self::new(document, actor);
        made.reset(value)?;
        Ok(made)
    }

    /// Makes another replica with the same history and its own actor. Watchers and the validator stay
    /// with the original. O(history).
    ///
    /// # Errors
    /// When the actor has written into the document, as far as this replica knows.
    pub fn branch(&self, actor: Actor) -> Result<Self, BranchError> {
        if self.knows(&actor) {
            return Err(BranchError::ActorInUse(actor));
        }
        Ok(Self {
            document: self.document.clone(),
            actor,
            history: self.history.clone(),
            waiting: self.waiting.clone(),
            tree: self.tree.clone(),
            moved: self.clock().iter().map(|(actor, _)| actor.clone()).collect(),
            watchers: BTreeMap::new(),
            validator: None,
            next_watch: 0,
        })
    }

    // --- reading ---

    /// The document of which this is a replica.
    pub fn document(&self) -> &DocumentId {
        &self.document
    }

    /// Who writes here.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether this replica knows the actor: as its own, as that of a change that it has, applied or
    /// waiting, or as one on which a waiting change depends.
    pub fn knows(&self, actor: &Actor) -> bool {
        let names = |change: &Change| change.actor == *actor || change.deps.get(actor) > 0;
        *actor == self.actor || self.clock().get(actor) > 0 || self.waiting().any(names)
    }

    /// The value. O(1): it is kept.
    pub fn value(&self) -> &Val {
        self.tree.value()
    }

    /// The version vector of what is applied; changes that wait are not covered. O(1): it is kept.
    pub fn clock(&self) -> &Clock {
        self.history.clock()
    }

    /// The applied changes, in the order in which they were applied here.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> + ExactSizeIterator {
        self.history.changes().map(|change| &**change)
    }

    /// The applied op with an id. O(log history).
    pub fn op(&self, id: &OpId) -> Option<&Op> {
        self.history.op(id)
    }

    /// The changes that wait for others, ordered by id.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Change> {
        self.waiting.changes().map(|change| &**change)
    }

    /// The changes that a clock does not cover, as a patch. Costs what it returns, and O(log history)
    /// for each actor.
    pub fn patch_from_clock(&self, since: &Clock) -> Patch {
        let base = since.iter().filter_map(|(actor, counter)| {
            let counter = counter.min(self.clock().get(actor));
            let digest = self.history.digest(actor, counter)?;
            Some((OpId::new(counter, actor.clone()), digest))
        });
        Patch { document: self.document.clone(), base: base.collect(), changes: self.history.since(since) }
    }

    /// All places that hold more than one visible write, in the order of the value. O(document).
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        let mut open = vec![(Place::Root, self.tree.shown(Place::Root).unwrap_or_default())];
        while let Some((place, puts)) = open.pop() {
            found.extend(self.conflict(place, &puts));
            open.extend(self.tree.parts(&Reading::of(puts.into_iter())).into_iter().rev());
        }
        found
    }

    /// The conflict between the visible puts of a place, if they are in conflict.
    pub(super) fn conflict(&self, place: Place, puts: &[&Put]) -> Option<Conflict> {
        let (winner, others) = puts.split_last()?;
        let reading = Reading::of(puts.iter().copied());
        let joined = |put: &Put| match (&reading, put.held.container()) {
            (Reading::Map(maps), Some(container)) => maps.contains(&container),
            _ => false,
        };
        let mut losers = others.iter().filter(|put| !joined(put)).peekable();
        losers.peek()?;
        let value = self.tree.read(&reading);
        let losers: Vec<Written> = losers
            .map(|put| Written { id: put.id.clone(), value: self.tree.held(put) })
            .filter(|loser| !same(&loser.value, &value))
            .collect();
        if losers.is_empty() {
            return None;
        }
        let winner = Written { id: winner.id.clone(), value };
        Some(Conflict { path: self.tree.path(place), winner, losers })
    }

    // --- local edits ---

    /// Sets the value to what `f` makes of it, and records the difference as one change. A part that
    /// `f` passes on as it is (the same `Arc`) costs nothing.
    ///
    /// # Errors
    /// When the new value is not JSON or the validator refuses it; nothing changed.
    pub fn swap(&mut self, f: impl FnOnce(&Val) -> Val) -> Result<Swap, SwapError> {
        let new = f(self.value());
        self.reset(new)
    }

    /// Sets the value, and records the difference to the old one as one change. A value without a
    /// difference makes no change.
    ///
    /// # Errors
    /// As for [`swap`](Self::swap).
    pub fn reset(&mut self, value: Val) -> Result<Swap, SwapError> {
        let swapped = self.record(&value);
        // It may be too deep to be dropped the usual way.
        crate::value::dismantle(value);
        swapped
    }

    /// Sets the value if it is `expected` now (compared exactly, keys in any order); `None` when it is
    /// another.
    ///
    /// # Errors
    /// As for [`swap`](Self::swap).
    pub fn compare_and_set(&mut self, expected: &Val, value: Val) -> Result<Option<Swap>, SwapError> {
        if same(self.value(), expected) {
            return self.reset(value).map(Some);
        }
        crate::value::dismantle(value);
        Ok(None)
    }

    fn record(&mut self, value: &Val) -> Result<Swap, SwapError> {
        let old = self.value().clone();
        let first = self.clock().highest() + 1;
        if self.waiting().any(|change| change.actor == self.actor) {
            return Err(SwapError::Behind(self.actor.clone()));
        }
        let plan = diff::plan(&self.tree, &self.actor, first, value)?;
        if plan.ops.is_empty() {
            return Ok(Swap { new: old.clone(), old, change: None });
        }
        if plan.ops.len() as u64 > (MAX_COUNTER + 1).saturating_sub(first) {
            return Err(SwapError::CountersExhausted);
        }
        if let Some(validator) = &self.validator {
            validator(value).map_err(SwapError::Invalid)?;
        }
        let change = self.apply_local(first, plan);
        let new = self.value().clone();
        self.notify(&old, &new);
        Ok(Swap { old, new, change: Some(change) })
    }

    fn apply_local(&mut self, first: u64, plan: Plan) -> OpId {
        let moved = std::mem::take(&mut self.moved);
        let deps = moved.into_iter().map(|actor| (actor.clone(), self.clock().get(&actor)));
        let change = Change {
            actor: self.actor.clone(),
            first,
            previous: self.clock().get(&self.actor),
            deps: deps.collect(),
            ops: plan.ops,
        };
        let mut values = Vec::with_capacity(plan.written.len() + plan.updated.len());
        for (index, (op, value)) in change.ops.iter().zip(plan.written).enumerate() {
            let applied = self.tree.apply(change.op_id(index), op);
            values.extend(applied.written.map(|place| (place, value)));
        }
        values.extend(plan.updated);
        if plan.joined {
            self.tree.refresh();
        } else {
            self.tree.keep(values);
        }
        let id = change.id();
        self.history.push(Arc::new(change));
        id
    }

    // --- watchers and validators ---

    /// Calls `watcher` with the old and the new value after every edit and every merge that changes
    /// the value.
    pub fn watch(&mut self, watcher: impl FnMut(&Val, &Val) + Send + 'static) -> WatchId {
        let id = WatchId(self.next_watch);
        self.next_watch += 1;
        self.watchers.insert(id, Box::new(watcher));
        id
    }

    /// Ends a watch; `false` when it had ended.
    pub fn unwatch(&mut self, id: WatchId) -> bool {
        self.watchers.remove(&id).is_some()
    }

    /// Sets the validator: local edits are refused with its message. A merge cannot be refused (the
    /// others have the changes already), but its report says when the merged value is not valid.
    pub fn set_validator(&mut self, validator: impl Fn(&Val) -> Result<(), String> + Send + 'static) {
        self.validator = Some(Box::new(validator));
    }

    /// Removes the validator; `false` when there was none.
    pub fn clear_validator(&mut self) -> bool {
        self.validator.take().is_some()
    }

    /// What the validator says to the value.
    pub(super) fn invalid(&self) -> Option<String> {
        self.validator.as_ref().and_then(|validator| validator(self.value()).err())
    }

    pub(super) fn notify(&mut self, old: &Val, new: &Val) {
        if !self.watchers.is_empty() && !same(old, new) {
            self.watchers.values_mut().for_each(|watcher| watcher(old, new));
        }
    }

    // --- invariants ---

    /// Verifies every invariant of the structures, that kept values are what they would be if they were
    /// read anew included. O(history and document). For tests.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.history.check()?;
        self.waiting.check(self.clock(), &self.actor)?;
        let moved = self.moved.iter().all(|actor| self.clock().get(actor) > 0 && *actor != self.actor);
        if !moved {
            return Err("an actor moved that never wrote".into());
        }
        self.tree.check()
    }
}

impl fmt::Debug for ConvergentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConvergentRef")
            .field("document", &self.document)
            .field("actor", &self.actor)
            .field("clock", self.clock())
            .field("value", &format_args!("{}", text(self.value())))
            .finish_non_exhaustive()
    }
}
