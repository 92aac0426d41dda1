//! Authors: who made which op, between local versions and ids, and where changes begin.

mod causality;
mod changes;

mod undo;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::hash;
use crate::crdt::lv::Lv;
use crate::crdt::{Actor, Clock, DocumentId, OpId};
use crate::value::{Identity, Origin};
use causality::Heads;

/// The number of an actor in one replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::crdt) struct ActorIx(pub(in crate::crdt) u32);

/// An op id with a number for its actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::crdt) struct Id {
    pub(in crate::crdt) counter: u64,
    pub(in crate::crdt) actor: ActorIx,
}

/// The changes of a history without what they did.
#[derive(Clone)]
pub(in crate::crdt) struct Authors {
    document: DocumentId,
    actors: Vec<Author>,
    by_name: HashMap<Actor, ActorIx, foldhash::fast::RandomState>,
    /// Invariant: ordered by `from`, without gaps.
    spans: Vec<Span>,
    /// The heads that changes depend on, one list after the other.
    deps: Vec<Lv>,
    heads: Heads,
    /// A bit for each op: whether it begins a change.
    starts: Vec<u64>,
    /// How many bits of `starts` are set.
    change_count: u32,
    /// The number of ops.
    len: u32,
    /// Invariant: the last counter of each actor.
    clock: Clock,
    highest: u64,
}

#[derive(Clone)]
struct Author {
    name: Actor,
    /// What the identities of all that the actor made share.
    origin: Arc<Origin>,
    hash: u64,
    /// Where the actor's ops are. Invariant: ordered by counter.
    spans: Vec<u32>,
    /// The last counter.
    last: u64,
    /// Where the actor stands in the clock, most likely.
    in_clock: u32,
}

/// Ops with consecutive counters of one actor, in changes of which only the first depends on others.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: u32,
    actor: ActorIx,
    counter: u64,
    /// Where the dependencies of the first change begin; they end where those of the next span begin.
    deps: u32,
    /// The number of the actor's span before.
    previous: u32,
    /// Its first change had seen all ops before this one.
    covers: u32,
    /// Its first change had seen all ops from this one on.
    block: u32,
}

/// The header of a span: what its changes have in common.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct Header<'a> {
    pub(in crate::crdt) actor: ActorIx,
    /// The counter of the first op.
    pub(in crate::crdt) first: u64,
    /// The last counter of the actor before.
    pub(in crate::crdt) previous: u64,
    /// The dependencies of the first change.
    pub(in crate::crdt) deps: &'a [Lv],
    /// The ops.
    pub(in crate::crdt) start: u32,
    pub(in crate::crdt) end: u32,
}

impl Authors {
    /// Makes the authors of a document that has no changes yet.
    pub(in crate::crdt) fn new(document: DocumentId) -> Self {
        Self {
            document,
            actors: Vec::new(),
            by_name: HashMap::default(),
            spans: Vec::new(),
            deps: Vec::new(),
            heads: Heads::new(),
            starts: Vec::new(),
            change_count: 0,
            len: 0,
            clock: Clock::default(),
            highest: 0,
        }
    }

    /// Returns the number of ops.
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.len
    }

    /// The number of changes.
    pub(in crate::crdt) fn change_count(&self) -> u32 {
        self.change_count
    }

    pub(in crate::crdt) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the highest counter of all.
    pub(in crate::crdt) fn highest(&self) -> u64 {
        self.highest
    }

    // --- actors ---

    pub(in crate::crdt) fn actors(&self) -> impl ExactSizeIterator<Item = ActorIx> + use<> {
        (0..self.actors.len() as u32).map(ActorIx)
    }

    pub(in crate::crdt) fn name(&self, actor: ActorIx) -> &Actor {
        &self.actors[actor.0 as usize].name
    }

    /// Returns a hash of the actor's name, the same on every machine.
    pub(in crate::crdt) fn hash(&self, actor: ActorIx) -> u64 {
        self.actors[actor.0 as usize].hash
    }

    /// Returns the last counter of the actor.
    pub(in crate::crdt) fn last(&self, actor: ActorIx) -> u64 {
        self.actors[actor.0 as usize].last
    }

    pub(in crate::crdt) fn find(&self, name: &Actor) -> Option<ActorIx> {
        // Most of the time it is the one whose ops came last.
        if let Some(span) = self.spans.last()
            && self.name(span.actor).is_shared(name)
        {
            return Some(span.actor);
        }
        self.by_name.get(name).copied()
    }

    pub(in crate::crdt) fn intern(&mut self, name: &Actor) -> ActorIx {
        if let Some(known) = self.find(name) {
            return known;
        }
        let number = ActorIx(self.actors.len() as u32);
        let hash = hash::text(name.as_str());
        self.actors.push(Author {
            name: name.clone(),
            origin: Arc::new(Origin { document: self.document.shared(), actor: name.shared() }),
            hash,
            spans: Vec::new(),
            last: 0,
            in_clock: 0,
        });
        self.by_name.insert(name.clone(), number);
        number
    }

    // --- ids ---

    /// Returns the id of an op. O(log n).
    pub(in crate::crdt) fn id(&self, lv: Lv) -> Id {
        let span = &self.spans[self.span(lv.index())];
        Id { counter: span.counter + u64::from(lv.index() - span.from), actor: span.actor }
    }

    pub(in crate::crdt) fn op_id(&self, lv: Lv) -> OpId {
        self.public(self.id(lv))
    }

    pub(in crate::crdt) fn public(&self, id: Id) -> OpId {
        OpId::new(id.counter, self.name(id.actor).clone())
    }

    /// Returns the op with an id. O(log n).
    pub(in crate::crdt) fn lv(&self, id: Id) -> Option<Lv> {
        self.run(id).map(|(lv, _)| lv)
    }

    /// Returns the identity of what an op made. O(log n).
    pub(in crate::crdt) fn identity(&self, lv: Lv) -> Identity {
        let id = self.id(lv);
        Identity::new(Arc::clone(&self.actors[id.actor.0 as usize].origin), id.counter)
    }

    /// Returns the op that made what has an identity; `None` for what was made in another document, or is not known
    /// here. O(log n).
    pub(in crate::crdt) fn find_identity(&self, identity: &Identity) -> Option<Lv> {
        let origin = identity.origin();
        let last = self.spans.last().map(|span| span.actor);
        let actor = match last.filter(|&last| Arc::ptr_eq(&self.actors[last.0 as usize].origin, origin)) {
            Some(last) => last,
            None if *origin.document == *self.document.as_str() => *self.by_name.get(&*origin.actor)?,
            None => return None,
        };
        self.lv(Id { counter: identity.counter(), actor })
    }

    pub(in crate::crdt) fn find_lv(&self, id: &OpId) -> Option<Lv> {
        self.lv(Id { counter: id.counter, actor: self.find(&id.actor)? })
    }

    /// Returns the op with an id, and how many ops with consecutive ids stand there, it included.
    pub(in crate::crdt) fn run(&self, id: Id) -> Option<(Lv, u32)> {
        let author = self.actors.get(id.actor.0 as usize)?;
        // Most ask for what an actor did last.
        let starts_before = |&span: &u32| self.spans[span as usize].counter <= id.counter;
        let index = match author.spans.last().filter(|last| starts_before(last)) {
            Some(&last) => last,
            None => author.spans[author.spans.partition_point(starts_before).checked_sub(1)?],
        };
        let index = index as usize;
        let span = &self.spans[index];
        let (skip, count) = (id.counter - span.counter, self.span_end(index) - span.from);
        (skip < u64::from(count)).then(|| (Lv::new(span.from + skip as u32), count - skip as u32))
    }

    /// Returns the id of an op, and how many ops from it on have consecutive ids, it included, as far as one can
    /// see at once.
    pub(in crate::crdt) fn run_from(&self, lv: Lv) -> (Id, u32) {
        let index = self.span(lv.index());
        let span = &self.spans[index];
        let skip = lv.index() - span.from;
        let id = Id { counter: span.counter + u64::from(skip), actor: span.actor };
        (id, self.span_end(index) - lv.index())
    }

    /// Cuts ops into those with consecutive ids of one actor.
    pub(in crate::crdt) fn spans_in(&self, first: Lv, count: u32) -> impl Iterator<Item = (Lv, u32)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            if at == count {
                return None;
            }
            let lv = first.plus(at);
            let run = self.run_from(lv).1.min(count - at);
            at += run;
            Some((lv, run))
        })
    }

    /// Returns the id of an op, and how many ops up to it have consecutive ids, it included, as far as one can
    /// see at once.
    pub(in crate::crdt) fn run_back(&self, lv: Lv) -> (Id, u32) {
        let span = &self.spans[self.span(lv.index())];
        let skip = lv.index() - span.from;
        (Id { counter: span.counter + u64::from(skip), actor: span.actor }, skip + 1)
    }

    /// Returns spans of ops as spans of ids: ordered by id, as few as possible.
    pub(in crate::crdt) fn id_spans(&self, over: &[(Lv, u32)]) -> Vec<(Id, u64)> {
        let mut spans: Vec<(Id, u64)> = Vec::with_capacity(over.len());
        for &(first, count) in over {
            let (mut lv, mut left) = (first, count);
            while left > 0 {
                let (id, run) = self.run_from(lv);
                let run = run.min(left);
                match spans.last_mut() {
                    Some((before, length))
                        if before.actor == id.actor && before.counter + *length == id.counter =>
                    {
                        *length += u64::from(run);
                    }
                    _ => spans.push((id, u64::from(run))),
                }
                (lv, left) = (lv.plus(run), left - run);
            }
        }
        spans
    }

    /// Compares two ops by id: counter, then actor. O(log n).
    pub(in crate::crdt) fn compare(&self, a: Lv, b: Lv) -> Ordering {
        let (x, y) = (self.id(a), self.id(b));
        x.counter.cmp(&y.counter).then_with(|| {
            if x.actor == y.actor { Ordering::Equal } else { self.name(x.actor).cmp(self.name(y.actor)) }
        })
    }

    fn span(&self, op: u32) -> usize {
        match self.spans.last() {
            Some(last) if last.from <= op => self.spans.len() - 1,
            _ => self.spans.partition_point(|span| span.from <= op) - 1,
        }
    }

    fn span_end(&self, span: usize) -> u32 {
        self.spans.get(span + 1).map_or(self.len, |next| next.from)
    }
}

/// A mark of how much was there.
#[derive(Debug, Clone, Default)]
pub(in crate::crdt) struct Mark {
    actors: usize,
    spans: usize,
    deps: usize,
    heads: Heads,
    len: u32,
    highest: u64,
}

impl Mark {
    /// Returns the number of ops that there were.
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.len
    }
}
