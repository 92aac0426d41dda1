use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::delta::{self, Direction};
use super::diff::{self, Discovery, Known, Refused};
use super::effects::conflict;
use super::history::{ActorIx, CausalBuffer, History, Id, Mark};
use super::lv::Lv;
use super::past::{Past, Snapshot};
use super::patch::Body;
use super::row::{Holds, Row, Written};
use super::tree::{Node, Place, Reading, Tree};
use super::wire::Wire;
use super::{
    Actor, BranchError, Change, Clock, ClockError, Conflict, Content, DocumentId, Kind, MAX_COUNTER, OpId,
    Patch, Scalar, Swap, SwapError,
};
use crate::value::{self, MAX_DEPTH, Path, PathChange, Val, same, text};

/// A convergent reference: one replica of one document, owned by one actor.
///
/// It reads like an atom: [`value`](Self::value) is always there. Local edits
/// ([`swap`](Self::swap), [`reset`](Self::reset), [`transaction`](Self::transaction)) take effect at once;
/// what other replicas did comes by [`merge`](Self::merge). Replicas that have applied the same changes
/// have the same value, byte for byte, whatever the order, the channel or the number of times the changes
/// travelled.
///
/// An operation that returns an error leaves the ref as it was.
pub struct ConvergentRef {
    pub(super) document: DocumentId,
    pub(super) actor: Actor,
    /// The number of the actor in the history.
    pub(super) own: ActorIx,
    pub(super) history: History,
    pub(super) waiting: CausalBuffer,
    pub(super) tree: Tree,
    /// Actors whose entries in the clock moved since this actor's last change.
    pub(super) moved: BTreeSet<ActorIx>,
    /// The last counter of this actor's changes that were taken by `pop_patches`.
    pub(super) popped: u64,
    /// Whether a local change has begun and not ended.
    pub(super) is_open: bool,
    /// What was taken back, if that happened last.
    pub(super) rewound: Option<Arc<Wire>>,
    /// What stood when, as far as it was asked for.
    past: RefCell<Past>,
    /// The container that a transaction edited last.
    pub(super) edited: Option<(OpId, Node, Kind)>,
    /// Room to pack scalars in.
    pub(super) buffer: Vec<u8>,
    watchers: BTreeMap<WatchId, Watcher>,
    validator: Option<Validator>,
    next_watch: u64,
}

/// What is needed to begin a change.
pub(super) struct Beginning {
    has_begun: bool,
    actor: ActorIx,
    first: u64,
    deps: Vec<Id>,
}

impl Beginning {
    /// Begins the change, unless that was done; says the counter of its next op.
    pub(super) fn begin(&mut self, history: &mut History) -> u64 {
        if !std::mem::replace(&mut self.has_begun, true) {
            history.begin(self.actor, self.first, &self.deps);
        }
        history.authors.next_counter()
    }
}

/// Names a watcher of one ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(u64);

type Watcher = Box<dyn FnMut(&Val, &Val, &[PathChange]) + Send>;
type Validator = Box<dyn Fn(&Val) -> Result<(), String> + Send>;

impl ConvergentRef {
    /// Makes the first replica of a document, without any change; it reads as null.
    pub fn new(document: DocumentId, actor: Actor) -> Self {
        let mut history = History::new(document.clone());
        let own = history.authors.intern(&actor);
        Self::of(document, actor, own, history, CausalBuffer::default(), Tree::default())
    }

    fn of(
        document: DocumentId,
        actor: Actor,
        own: ActorIx,
        history: History,
        waiting: CausalBuffer,
        tree: Tree,
    ) -> Self {
        let authors = &history.authors;
        let moved = authors.actors().filter(|&other| other != own && authors.last(other) > 0).collect();
        Self {
            document,
            actor,
            own,
            history,
            waiting,
            tree,
            moved,
            popped: 0,
            is_open: false,
            rewound: None,
            past: RefCell::default(),
            edited: None,
            buffer: Vec::new(),
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
        let mut history = self.history.clone();
        let own = history.authors.intern(&actor);
        let (waiting, tree) = (self.waiting.clone(), self.tree.clone());
        Ok(Self::of(self.document.clone(), actor, own, history, waiting, tree))
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

    /// The value. It is kept: O(1), and after a merge or a transaction once the size of the containers
    /// that changed and of those that hold them.
    pub fn value(&self) -> &Val {
        self.tree.value(&self.history)
    }

    /// The version vector of what is applied; changes that wait are not covered. O(1): it is kept.
    pub fn clock(&self) -> &Clock {
        self.history.clock()
    }

    /// The value at an older clock: what all changes come to that the clock covers.
    ///
    /// The first look reads the history up to there, and each other one what of it was not read before: O(log
    /// history) an op; some bytes are kept for each write. Besides that it costs the size of the value times O(log
    /// history), whatever came and went; and what the clock covers of the ops that came here after the first that
    /// it lacks: nothing for a clock that this ref once had. When containers were moved into each other, all moves
    /// are considered too.
    ///
    /// # Errors
    /// When it is no clock that this ref could have had.
    pub fn at(&self, clock: &Clock) -> Result<Val, ClockError> {
        let cut = self.history.cut(clock)?;
        if cut.before == self.history.len() {
            return Ok(self.value().clone());
        }
        let mut past = self.past.borrow_mut();
        let moment = Snapshot::new(&self.history, &mut past, &cut);
        let then = self.tree.then(&self.history, &moment);
        Ok(then.value(&self.history).clone())
    }

    /// The applied changes, in the order in which they were applied here. O(size) for each.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = Change> + ExactSizeIterator {
        let starts: Vec<u32> =
            (0..self.history.len()).filter(|&op| self.history.authors.is_start(op)).collect();
        starts.into_iter().map(|start| (*self.change_of(Lv::new(start))).clone())
    }

    /// The change that an op belongs to.
    pub(super) fn change_of(&self, lv: Lv) -> Arc<Change> {
        let packed = self.history.pack_change(lv);
        let change = packed.unpack().ok().and_then(|mut changes| changes.pop());
        Arc::new(change.expect("what was just packed can be unpacked"))
    }

    /// The applied change that holds an op. O(log history), and its size.
    pub fn change(&self, id: &OpId) -> Option<Change> {
        self.history.authors.find_lv(id).map(|lv| (*self.change_of(lv)).clone())
    }

    /// What an applied write wrote, which may be overwritten by now; of a text the character. O(log history).
    pub fn written(&self, id: &OpId) -> Option<Content> {
        let lv = self.history.authors.find_lv(id)?;
        if let Row::Type { chars, .. } = self.history.log.row(lv) {
            return Scalar::new(value::string(chars)).map(Content::Scalar);
        }
        Some(match self.history.log.content(lv)? {
            Written::Scalar(scalar) => Content::Scalar(Scalar::new(scalar.value())?),
            Written::Container(Holds::Make(kind)) => Content::Make(kind),
            Written::Container(Holds::Move(made)) => Content::Move(self.history.op_id(made)),
        })
    }

    /// The changes that wait for others, ordered by id.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Change> {
        self.waiting.changes().map(|change| &**change)
    }

    /// The changes that a clock does not cover, as a patch. Costs what it returns, and O(log history)
    /// for each actor.
    pub fn patch_from_clock(&self, since: &Clock) -> Patch {
        let authors = &self.history.authors;
        let base = since.iter().filter_map(|(actor, counter)| {
            let number = authors.find(actor)?;
            let counter = counter.min(authors.last(number));
            let digest = self.history.digest(number, counter)?;
            Some((OpId::new(counter, actor.clone()), digest))
        });
        let mut base: smallvec::SmallVec<[_; 1]> = base.collect();
        base.sort_unstable_by(|(a, _): &(OpId, _), (b, _)| a.cmp(b));
        let body = Body::Packed(Arc::new(self.history.pack(&self.history.since(since))));
        Patch { document: self.document.clone(), base, body }
    }

    /// The container at a path: the id of the op that made it, by which a [`Transaction`](super::Transaction)
    /// finds it wherever it moves. `None` when there is none. O(path log n).
    pub fn container(&self, path: &Path) -> Option<OpId> {
        self.node_at(path).map(|node| self.history.op_id(self.tree.lv(node)))
    }

    /// What sort of container is at a path: it tells a text from a plain string, and a counter from a plain
    /// number. `None` when there is none. O(path log n).
    pub fn kind_at(&self, path: &Path) -> Option<Kind> {
        self.node_at(path).map(|node| self.tree.kind(node))
    }

    fn node_at(&self, path: &Path) -> Option<Node> {
        let puts = self.tree.shown_at(&self.history, self.value(), path)?;
        match self.tree.reading(&self.history, &puts) {
            // Writes go to the last one.
            Reading::Map(maps) => maps.last().copied(),
            Reading::List(node) | Reading::Text(node) | Reading::Counter(node) => Some(node),
            Reading::Nothing | Reading::Scalar(_) => None,
        }
    }

    /// All places that hold more than one visible write, in the order of the value. O(document).
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        if !self.tree.is_contested() {
            return found;
        }
        let (history, tree) = (&self.history, &self.tree);
        let mut open = vec![(Place::Root, tree.shown(history, Place::Root))];
        while let Some((place, puts)) = open.pop() {
            found.extend(conflict(history, tree, place, &puts, None));
            open.extend(tree.parts(history, &tree.reading(history, &puts)).into_iter().rev());
        }
        found
    }

    // --- local edits ---

    /// Sets the value to what `f` makes of it, and records the difference as one change. A part that
    /// `f` passes on as it is (the same `Arc`) costs nothing, and a container that `f` takes from one place
    /// to another moves there.
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
        self.record(value)
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
        value::dismantle(value);
        Ok(None)
    }

    fn record(&mut self, value: Val) -> Result<Swap, SwapError> {
        let old = self.value().clone();
        if self.is_behind() {
            value::dismantle(value);
            return Err(SwapError::Behind(self.actor.clone()));
        }
        let unchanged = |old: Val| Ok(Swap { new: old.clone(), old, change: None });
        if old.is_shared(&value) {
            return unchanged(old);
        }
        self.note_changes();
        let discovery = Discovery::of(&self.history, &self.tree, &old, &value);
        let rearranges = discovery.rearranges;
        // Equal things that changed places are no difference.
        if rearranges && value.levels() <= MAX_DEPTH as u32 && same(&old, &value) {
            return unchanged(old);
        }
        let judged = self.validator.is_some().then(|| value.clone());
        // What nothing else holds need not be copied.
        value::dismantle(value);
        let (mark, from) = (self.history.mark(), self.history.len());
        let mut beginning = self.beginning();
        let mut begin = |history: &mut History| beginning.begin(history);
        let emitted = diff::emit(&mut self.history, &mut self.tree, discovery, &mut begin);
        let known = match self.judge(emitted, judged) {
            Ok(known) => known,
            Err(error) => {
                self.history.truncate(&mark);
                return Err(error);
            }
        };
        if self.history.len() == from {
            return unchanged(old);
        }
        self.is_open = true;
        if self.history.len() > from + 1 {
            self.tree.note_all_ends(&self.history, from..self.history.len());
        }
        if rearranges {
            // Much may have moved: it is settled together.
            self.tree.apply_all(&self.history, from..self.history.len());
        } else {
            self.apply_from(from);
        }
        self.keep(known);
        self.close();
        let new = self.value().clone();
        let change = Some(self.history.op_id(Lv::new(from)));
        self.notify(&old, &new);
        Ok(Swap { old, new, change })
    }

    /// What became of ops that were added, once the validator has seen the new value.
    fn judge(&self, emitted: Result<Known, Refused>, value: Option<Val>) -> Result<Known, SwapError> {
        let known = emitted.map_err(|refused| match refused {
            Refused::NotJson(error) => error.into(),
            Refused::Full => SwapError::CountersExhausted,
        });
        let judged = known.and_then(|known| match (&self.validator, &value) {
            (Some(validator), Some(value)) => validator(value).map(|()| known).map_err(SwapError::Invalid),
            _ => Ok(known),
        });
        value.into_iter().for_each(value::dismantle);
        judged
    }

    /// Applies the ops of the change that is open, from one on.
    pub(super) fn apply_from(&mut self, from: u32) {
        for (first, row) in self.history.log.rows_in(from..self.history.len()) {
            self.tree.apply(&self.history, first, &row);
        }
    }

    /// Takes values that are known.
    pub(super) fn keep(&mut self, known: Known) {
        for (made, value) in known {
            if let Some(node) = self.tree.node(made) {
                self.tree.keep(node, value);
            }
        }
        self.tree.touch_holders();
    }

    /// Begins to note what changes: an edit or a merge is about to happen.
    pub(super) fn note_changes(&mut self) {
        self.tree.forget_old();
        self.rewound = None;
    }

    /// What the last edit, merge, [rewind](Self::rewind) or [replay](Self::replay) changed since the value was read
    /// before it: what was removed, added, moved and edited, as the ops say. [`apply`](crate::value::apply) makes
    /// the new value of the old one and this. Costs what changed, times O(log n); after a rewind O(history).
    pub fn delta(&self) -> Vec<PathChange> {
        let Some(changes) = &self.rewound else {
            return delta::tell(&self.history, &self.tree, Direction::Forth);
        };
        let (document, actor, history) = (self.document.clone(), self.actor.clone(), self.history.clone());
        let mut again =
            Self::of(document, actor, self.own, history, CausalBuffer::default(), self.tree.clone());
        again.value();
        again.note_changes();
        again.restore(changes).expect("what was applied once can be applied again");
        delta::tell(&again.history, &again.tree, Direction::Back)
    }

    /// Whether changes that this actor made wait: it must not make others under their ids.
    pub(super) fn is_behind(&self) -> bool {
        !self.waiting.is_empty() && self.waiting().any(|change| change.actor == self.actor)
    }

    /// Whether so many ops and bytes more can be recorded.
    pub(super) fn has_room(&self, ops: u64, bytes: usize) -> bool {
        ops <= MAX_COUNTER.saturating_sub(self.history.authors.highest())
            && self.history.log.has_room(ops, bytes)
    }

    /// Begins a change, if none has begun.
    pub(super) fn open(&mut self) {
        if !self.is_open {
            self.beginning().begin(&mut self.history);
            self.is_open = true;
        }
    }

    /// What begins the next change, unless one has begun.
    pub(super) fn beginning(&self) -> Beginning {
        let authors = &self.history.authors;
        let deps = self.moved.iter().map(|&actor| Id { counter: authors.last(actor), actor }).collect();
        Beginning { has_begun: self.is_open, actor: self.own, first: authors.highest() + 1, deps }
    }

    /// Ends the change that has begun; `false` when none has.
    pub(super) fn close(&mut self) -> bool {
        if !self.is_open {
            return false;
        }
        self.is_open = false;
        self.moved.clear();
        self.history.seal();
        self.history.settle();
        true
    }

    /// Takes back the change that has begun. O(history): the state is made anew.
    pub(super) fn take_back(&mut self, mark: &Mark) {
        if self.is_open {
            self.is_open = false;
            self.edited = None;
            self.history.truncate(mark);
            self.tree = Tree::default();
            self.tree.apply_all(&self.history, 0..self.history.len());
        }
    }

    /// Takes the history, and all that follows from it, of another state of this replica.
    pub(super) fn replace_state(&mut self, other: Self) {
        let watchers = std::mem::take(&mut self.watchers);
        *self = Self { watchers, validator: self.validator.take(), next_watch: self.next_watch, ..other };
    }

    // --- watchers and validators ---

    /// Calls `watcher` with the old and the new value, and with what changed, after every edit and every merge
    /// that changes the value.
    pub fn watch(&mut self, watcher: impl FnMut(&Val, &Val, &[PathChange]) + Send + 'static) -> WatchId {
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

    /// Whether somebody wants to hear of changes.
    pub(super) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// What the validator says to the value.
    pub(super) fn invalid(&self) -> Option<String> {
        self.validator.as_ref().and_then(|validator| validator(self.value()).err())
    }

    pub(super) fn notify(&mut self, old: &Val, new: &Val) {
        if !self.watchers.is_empty() && !same(old, new) {
            let changes = self.delta();
            self.watchers.values_mut().for_each(|watcher| watcher(old, new, &changes));
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
        let authors = &self.history.authors;
        let moved = self.moved.iter().all(|&actor| authors.last(actor) > 0 && actor != self.own);
        if !moved || self.is_open {
            return Err("an actor moved that never wrote".into());
        }
        self.past.borrow().check(&self.history)?;
        self.tree.check(&self.history)
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
