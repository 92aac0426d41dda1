//! A replica: what it holds, how it begins, and what can be read of it.

mod changes;
mod edits;
mod waiting;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::causal_buffer::CausalBuffer;
use super::effects::conflict;
use super::history::{ActorIx, History, Mark};
use super::lv::Lv;
use super::past::{Past, Snapshot};
use super::patch::Body;
use super::rollback::Rollback;
use super::row::{Holds, Row, Written};
use super::tree::{Node, Place, Reading, Tree};
use super::wire::Wire;
use super::{
    Actor, BranchError, Change, Clock, ClockError, Conflict, Content, DocumentId, Kind, OpId, Patch, Scalar,
    SwapError,
};
use crate::cancellation::ask;
use crate::value::{self, Path, Val, text};
pub use watch::WatchId;
use watch::{Validator, Watcher};

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
    pub(in crate::crdt) document: DocumentId,
    pub(in crate::crdt) actor: Actor,
    /// The number of the actor in the history.
    pub(in crate::crdt) own: ActorIx,
    pub(in crate::crdt) history: History,
    pub(in crate::crdt) waiting: CausalBuffer,
    /// The memory that waiting changes may take, in bytes.
    pub(in crate::crdt) waiting_limit: u64,
    pub(in crate::crdt) tree: Tree,
    /// The last counter of this actor's changes that were taken by `pop_patches`.
    pub(in crate::crdt) popped: u64,
    /// Whether a local change has begun and not ended.
    pub(in crate::crdt) is_open: bool,
    /// How long the history was when the last transaction began. It stays in its place: transactions are small.
    pub(in crate::crdt) before_change: Mark,
    /// What was taken back, if that happened last.
    pub(in crate::crdt) rewound: Option<Arc<Wire>>,
    /// What stood when, as far as it was asked for.
    past: RefCell<Past>,
    /// What leads back out of work that is cancelled.
    pub(in crate::crdt) rollback: Rollback,
    /// The container that a transaction edited last.
    pub(in crate::crdt) edited: Option<(OpId, Node, Kind)>,
    /// Room to pack scalars in.
    pub(in crate::crdt) buffer: Vec<u8>,
    watchers: BTreeMap<WatchId, Watcher>,
    validator: Option<Validator>,
    next_watch: u64,
}

/// All that is needed to begin a change.
pub(in crate::crdt) struct Beginning {
    has_begun: bool,
    actor: ActorIx,
}

impl Beginning {
    /// Begins the change, unless that was done; says the counter of its next op.
    pub(in crate::crdt) fn begin(&mut self, history: &mut History) -> u64 {
        if !std::mem::replace(&mut self.has_begun, true) {
            history.begin_next(self.actor);
        }
        history.authors.next_counter()
    }
}

/// The memory that waiting changes may take, unless something else is said: 64 MiB.
const WAITING_LIMIT: u64 = 64 << 20;

impl ConvergentRef {
    /// Makes the first replica of a document, without any change; it reads as null.
    pub fn new(document: DocumentId, actor: Actor) -> Self {
        let mut history = History::new(document.clone());
        let own = history.authors.intern(&actor);
        Self::of(document, actor, own, history, CausalBuffer::default(), Tree::default())
    }

    pub(in crate::crdt) fn of(
        document: DocumentId,
        actor: Actor,
        own: ActorIx,
        history: History,
        waiting: CausalBuffer,
        tree: Tree,
    ) -> Self {
        Self {
            document,
            actor,
            own,
            history,
            waiting,
            waiting_limit: WAITING_LIMIT,
            tree,
            popped: 0,
            is_open: false,
            before_change: Mark::default(),
            rewound: None,
            past: RefCell::default(),
            rollback: Rollback::Off,
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
        made.rollback = Rollback::New;
        made.reset(value)?;
        made.rollback = Rollback::Off;
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
        self.history.complete_digests();
        let mut history = self.history.clone();
        if self.is_open {
            history.seal();
        }
        let own = history.authors.intern(&actor);
        let (mut waiting, tree) = (self.waiting.clone(), self.tree.clone());
        // What own changes brought is looked at with the next merge.
        for change in waiting.wake(&self.actor, history.clock()) {
            waiting.add_anyway(change, history.clock(), &actor);
        }
        let mut branch = Self::of(self.document.clone(), actor, own, history, waiting, tree);
        branch.waiting_limit = self.waiting_limit;
        Ok(branch)
    }

    /// Makes the ref another replica, with an actor of its own: as [`branch`](Self::branch) does, where the one that was
    /// read is not needed any more. O(what waits).
    ///
    /// # Errors
    /// As for [`branch`](Self::branch).
    pub fn with_actor(mut self, actor: Actor) -> Result<Self, BranchError> {
        if self.knows(&actor) {
            return Err(BranchError::ActorInUse(actor));
        }
        self.own = self.history.authors.intern(&actor);
        for change in self.waiting.wake(&self.actor, self.history.clock()) {
            self.waiting.add_anyway(change, self.history.clock(), &actor);
        }
        self.actor = actor;
        self.popped = 0;
        self.rewound = None;
        Ok(self)
    }

    /// Makes a replica of a patch that holds everything since nothing: somebody far away begins with that. Costs the patch.
    ///
    /// # Errors
    /// When the patch lacks something that its changes build on, or has no changes; when the actor has written some of
    /// them; or as for [`merge_patch`](Self::merge_patch).
    pub fn from_patch(patch: &Patch, actor: Actor) -> Result<Self, BranchError> {
        if patch.is_empty() {
            return Err(BranchError::Nothing);
        }
        let mut made = Self::new(patch.document().clone(), actor);
        if patch.knows(&made.actor) {
            return Err(BranchError::ActorInUse(made.actor));
        }
        made.merge_patch(patch)?;
        if made.waiting_len() > 0 {
            return Err(BranchError::Lacks(made.missing()));
        }
        Ok(made)
    }

    // --- reading ---

    /// Returns the document of which this is a replica.
    pub fn document(&self) -> &DocumentId {
        &self.document
    }

    /// Returns the actor that writes here.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Tells whether this replica knows the actor: as its own, as that of a change that it has, applied or
    /// waiting, or as one on which a waiting change depends.
    pub fn knows(&self, actor: &Actor) -> bool {
        *actor == self.actor || self.clock().get(actor) > 0 || self.waiting.names(actor)
    }

    /// Returns the value. It is kept: O(1), and after a merge or a transaction once the size of the containers
    /// that changed and of those that hold them.
    pub fn value(&self) -> &Val {
        self.tree.value(&self.history)
    }

    /// Returns the version vector of what is applied; changes that wait are not covered. O(1): it is kept.
    pub fn clock(&self) -> &Clock {
        self.history.clock()
    }

    /// Returns the value at an older clock: what all changes come to that the clock covers.
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

    /// Returns the change that an op belongs to.
    pub(in crate::crdt) fn change_of(&self, lv: Lv) -> Arc<Change> {
        let packed = self.history.pack_change(lv);
        let change = packed.unpack().ok().and_then(|mut changes| changes.pop());
        Arc::new(change.expect("what was just packed can be unpacked"))
    }

    /// Returns the applied change that holds an op. O(log history), and its size.
    pub fn change(&self, id: &OpId) -> Option<Change> {
        self.history.authors.find_lv(id).map(|lv| (*self.change_of(lv)).clone())
    }

    /// Returns what an applied write wrote, which may be overwritten by now; of a text the character. O(log history).
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

    /// Returns the changes that a clock does not cover, as a patch. A change in the middle of which the clock ends is
    /// among them, whole: whoever has another change there, made under the same actor, finds out. Costs what it
    /// returns, and O(log history) for each actor.
    pub fn patch_from_clock(&self, since: &Clock) -> Patch {
        let beyond = self.history.since(since);
        self.patch_of(&beyond, &self.history.frontier(since, &beyond))
    }

    /// Returns the changes that a clock does not cover as several patches, each of whole changes with at most so many ops
    /// together; a change that has more stands alone. Each can be applied once those before it are, whoever merges them
    /// had what the clock covers. None at all where nothing is new. A patch is made when it is asked for, and costs what it
    /// holds; the first one also what [`patch_from_clock`](Self::patch_from_clock) does besides the changes.
    pub fn patches_from_clock(&self, since: &Clock, ops: u32) -> impl Iterator<Item = Patch> {
        let mut clock = since.clone();
        let beyond = self.history.since(since);
        let mut first = Some(self.history.frontier(since, &beyond));
        let mut left = beyond.into_iter();
        let mut rest = None;
        std::iter::from_fn(move || {
            let authors = &self.history.authors;
            let (mut piece, mut room) = (Vec::new(), ops);
            while let Some(range) = rest.take().or_else(|| left.next()) {
                let end = match range.start.checked_add(room) {
                    // A change begins there, or in front of it.
                    Some(full) if full < range.end => authors.change_start(full),
                    _ => range.end,
                };
                let end = match end > range.start {
                    true => end,
                    false if piece.is_empty() => authors.change_end(range.start).min(range.end),
                    false => {
                        rest = Some(range);
                        break;
                    }
                };
                room = room.saturating_sub(end - range.start);
                rest = (end < range.end).then_some(end..range.end);
                piece.push(range.start..end);
                if rest.is_some() {
                    break;
                }
            }
            if piece.is_empty() {
                return None;
            }
            let followed = first.take().unwrap_or_else(|| self.history.followed(&clock, &piece));
            for range in &piece {
                let last = self.history.op_id(Lv::new(range.end - 1));
                clock.advance(&last.actor, last.counter);
            }
            Some(self.patch_of(&piece, &followed))
        })
    }

    /// Returns the changes of one actor after a counter, as a patch; empty when there are none. A patch of one actor alone
    /// can come before what its changes had seen of others: then it waits. Costs what it returns, and O(log history) for
    /// each actor.
    pub fn patch_of_actor(&self, actor: &Actor, after: u64) -> Patch {
        let mut since = self.clock().clone();
        since.retreat(actor, after);
        let beyond = self.history.since(&since);
        self.patch_of(&beyond, &self.history.followed(&since, &beyond))
    }

    /// Returns the changes in ranges of ops, and what they follow: the last ops of changes.
    pub(in crate::crdt) fn patch_of(&self, ranges: &[Range<u32>], followed: &[Lv]) -> Patch {
        let body = Body::Packed(Arc::new(self.history.pack(ranges, followed)));
        Patch { document: self.document.clone(), body }
    }

    /// Returns the container at a path: the id of the op that made it, by which a [`Transaction`](super::Transaction)
    /// finds it wherever it moves. `None` when there is none. O(path log n).
    pub fn container(&self, path: &Path) -> Option<OpId> {
        self.node_at(path).map(|node| self.history.op_id(self.tree.lv(node)))
    }

    /// Returns what sort of container is at a path: it tells a text from a plain string, and a counter from a plain
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

    /// Returns all places that hold more than one visible write, in the order of the value. O(document).
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        if !self.tree.is_contested() {
            return found;
        }
        let (history, tree) = (&self.history, &self.tree);
        let mut open = vec![(Place::Root, tree.shown(history, Place::Root))];
        while let Some((place, puts)) = open.pop() {
            ask();
            found.extend(conflict(history, tree, place, &puts, None));
            open.extend(tree.parts(history, &tree.reading(history, &puts)).into_iter().rev());
        }
        found
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
        if self.is_open {
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
