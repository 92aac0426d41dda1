//! Who made which op: between local versions and ids, and where changes begin.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::hash;
use crate::crdt::lv::Lv;
use crate::crdt::{Actor, Clock, DocumentId, OpId};
use crate::value::{Identity, Origin};

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
    /// Dependencies of changes, one list after the other.
    deps: Vec<Id>,
    /// A bit for each op: whether it begins a change.
    starts: Vec<u64>,
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
    /// What the actor had seen when it made its last change, but for its own: at least what is said
    /// here. Ordered by actor.
    seen: Vec<Id>,
}

/// Ops with consecutive counters of one actor, in changes of which only the first depends on others.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: u32,
    actor: ActorIx,
    counter: u64,
    /// Where the dependencies of the first change begin; they end where those of the next span begin.
    deps: u32,
}

/// What the changes of a span have in common.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct Header<'a> {
    pub(in crate::crdt) actor: ActorIx,
    /// The counter of the first op.
    pub(in crate::crdt) first: u64,
    /// The last counter of the actor before.
    pub(in crate::crdt) previous: u64,
    /// The dependencies of the first change.
    pub(in crate::crdt) deps: &'a [Id],
    /// The ops.
    pub(in crate::crdt) start: u32,
    pub(in crate::crdt) end: u32,
}

impl Authors {
    /// The authors of a document that has no changes yet.
    pub(in crate::crdt) fn new(document: DocumentId) -> Self {
        Self {
            document,
            actors: Vec::new(),
            by_name: HashMap::default(),
            spans: Vec::new(),
            deps: Vec::new(),
            starts: Vec::new(),
            len: 0,
            clock: Clock::default(),
            highest: 0,
        }
    }

    /// The number of ops.
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.len
    }

    pub(in crate::crdt) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The highest counter of all.
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

    /// A hash of the actor's name, the same on every machine.
    pub(in crate::crdt) fn hash(&self, actor: ActorIx) -> u64 {
        self.actors[actor.0 as usize].hash
    }

    /// The last counter of the actor.
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
            seen: Vec::new(),
        });
        self.by_name.insert(name.clone(), number);
        number
    }

    // --- ids ---

    /// The id of an op. O(log n).
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

    /// The op with an id. O(log n).
    pub(in crate::crdt) fn lv(&self, id: Id) -> Option<Lv> {
        self.run(id).map(|(lv, _)| lv)
    }

    /// The identity of what an op made. O(log n).
    pub(in crate::crdt) fn identity(&self, lv: Lv) -> Identity {
        let id = self.id(lv);
        Identity::new(Arc::clone(&self.actors[id.actor.0 as usize].origin), id.counter)
    }

    /// The op that made what has an identity; `None` for what was made in another document, or is not known
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

    /// The op with an id, and how many ops with consecutive ids stand there, it included.
    pub(in crate::crdt) fn run(&self, id: Id) -> Option<(Lv, u32)> {
        let author = self.actors.get(id.actor.0 as usize)?;
        let at = author.spans.partition_point(|&span| self.spans[span as usize].counter <= id.counter);
        let index = author.spans[at.checked_sub(1)?] as usize;
        let span = &self.spans[index];
        let (skip, count) = (id.counter - span.counter, self.span_end(index) - span.from);
        (skip < u64::from(count)).then(|| (Lv::new(span.from + skip as u32), count - skip as u32))
    }

    /// The id of an op, and how many ops from it on have consecutive ids, it included, as far as one can
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

    /// Whether the actor of an op had seen another one, of another actor, when it made it. O(spans of the
    /// actor since it saw it).
    pub(in crate::crdt) fn had_seen(&self, op: Lv, id: Id) -> bool {
        let index = self.span(op.index());
        let spans = &self.actors[self.spans[index].actor.0 as usize].spans;
        let upto = spans.partition_point(|&span| span as usize <= index);
        spans[..upto].iter().rev().any(|&span| {
            let span = span as usize;
            let end = self.spans.get(span + 1).map_or(self.deps.len(), |next| next.deps as usize);
            let deps = &self.deps[self.spans[span].deps as usize..end];
            deps.iter().any(|dep| dep.actor == id.actor && dep.counter >= id.counter)
        })
    }

    /// What the actor of an op had seen when it made it. O(spans of the actor).
    pub(in crate::crdt) fn clock_at(&self, op: Lv) -> Clock {
        let index = self.span(op.index());
        let by = self.id(op);
        let spans = &self.actors[by.actor.0 as usize].spans;
        let upto = spans.partition_point(|&span| span as usize <= index);
        let mut clock = Clock::new();
        clock.advance(self.name(by.actor), by.counter);
        for &span in &spans[..upto] {
            let span = span as usize;
            let end = self.spans.get(span + 1).map_or(self.deps.len(), |next| next.deps as usize);
            for dep in &self.deps[self.spans[span].deps as usize..end] {
                clock.advance(self.name(dep.actor), dep.counter);
            }
        }
        clock
    }

    /// The id of an op, and how many ops up to it have consecutive ids, it included, as far as one can
    /// see at once.
    pub(in crate::crdt) fn run_back(&self, lv: Lv) -> (Id, u32) {
        let span = &self.spans[self.span(lv.index())];
        let skip = lv.index() - span.from;
        (Id { counter: span.counter + u64::from(skip), actor: span.actor }, skip + 1)
    }

    /// Spans of ops as spans of ids: ordered by id, as few as possible.
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

    // --- changes ---

    /// Begins a change of an actor. Its first counter is `first`, and it depends on `deps`.
    pub(in crate::crdt) fn begin(&mut self, actor: ActorIx, first: u64, deps: &[Id]) {
        let from = self.len;
        let goes_on = deps.is_empty()
            && self.spans.last().is_some_and(|last| {
                last.actor == actor && last.counter + u64::from(from - last.from) == first
            });
        if !goes_on {
            let span = self.spans.len() as u32;
            self.actors[actor.0 as usize].spans.push(span);
            self.spans.push(Span { from, actor, counter: first, deps: self.deps.len() as u32 });
            self.deps.extend_from_slice(deps);
            deps.iter().for_each(|dep| self.see(actor, *dep));
        }
        self.start(from);
    }

    /// The counter of the next op of the change that began last.
    pub(in crate::crdt) fn next_counter(&self) -> u64 {
        self.spans.last().map_or(1, |span| span.counter + u64::from(self.len - span.from))
    }

    /// Says that a change begins with this op, the next one or a later one.
    pub(in crate::crdt) fn start(&mut self, op: u32) {
        let word = (op / 64) as usize;
        if word >= self.starts.len() {
            self.starts.resize(word + 1, 0);
        }
        self.starts[word] |= 1 << (op % 64);
    }

    /// Says where changes begin from an op on: for each length how many changes of it follow.
    pub(in crate::crdt) fn start_all(&mut self, from: u32, lengths: &[(u64, u64)]) {
        let mut at = from;
        for &(length, times) in lengths {
            if length > 1 {
                for _ in 0..times {
                    self.start(at);
                    at += length as u32;
                }
                continue;
            }
            let end = at + times as u32;
            let words = (end / 64 + 1) as usize;
            if words > self.starts.len() {
                self.starts.resize(words, 0);
            }
            while at < end {
                let bits = (64 - at % 64).min(end - at);
                self.starts[(at / 64) as usize] |= (u64::MAX >> (64 - bits)) << (at % 64);
                at += bits;
            }
        }
    }

    /// The lengths of the changes in a range of ops that begins and ends with a change, and of how many
    /// in a row.
    pub(in crate::crdt) fn lengths(&self, ops: Range<u32>) -> Vec<(u64, u64)> {
        let mut lengths: Vec<(u64, u64)> = Vec::new();
        let mut add = |length: u64, times: u64| match lengths.last_mut() {
            Some((last, all)) if *last == length => *all += times,
            _ => lengths.push((length, times)),
        };
        let mut at = ops.start;
        while at < ops.end {
            // A word of changes of one op each.
            if at.is_multiple_of(64)
                && at + 64 < ops.end
                && self.word((at / 64) as usize) == u64::MAX
                && self.is_start(at + 64)
            {
                add(1, 64);
                at += 64;
                continue;
            }
            let end = self.change_end(at).min(ops.end);
            add(u64::from(end - at), 1);
            at = end;
        }
        lengths
    }

    /// Adds ops to the change that began last.
    pub(in crate::crdt) fn grow(&mut self, count: u32) {
        self.len += count;
    }

    /// Moves the clock up to what was added last.
    pub(in crate::crdt) fn seal(&mut self) {
        let Some(span) = self.spans.last() else { return };
        let last = span.counter + u64::from(self.len - span.from) - 1;
        let author = &mut self.actors[span.actor.0 as usize];
        author.last = last;
        self.highest = self.highest.max(last);
        self.clock.advance_at(&author.name, last, &mut author.in_clock);
    }

    /// Notes that an actor has seen all that another did up to a counter.
    fn see(&mut self, actor: ActorIx, id: Id) {
        let seen = &mut self.actors[actor.0 as usize].seen;
        match seen.binary_search_by_key(&id.actor, |seen| seen.actor) {
            Ok(at) => seen[at].counter = seen[at].counter.max(id.counter),
            Err(at) => seen.insert(at, id),
        }
    }

    /// Whether an actor had seen an op when it made its last change.
    pub(in crate::crdt) fn has_seen(&self, actor: ActorIx, id: Id) -> bool {
        let author = &self.actors[actor.0 as usize];
        let counter = match author.seen.binary_search_by_key(&id.actor, |seen| seen.actor) {
            _ if id.actor == actor => author.last,
            Ok(at) => author.seen[at].counter,
            Err(_) => 0,
        };
        id.counter <= counter
    }

    /// Who made the ops from one on; an actor may come several times.
    pub(in crate::crdt) fn actors_since(&self, op: u32) -> impl Iterator<Item = ActorIx> {
        let from = if op < self.len { self.span(op) } else { self.spans.len() };
        self.spans[from..].iter().map(|span| span.actor)
    }

    pub(in crate::crdt) fn is_start(&self, op: u32) -> bool {
        self.word((op / 64) as usize) & (1 << (op % 64)) != 0
    }

    /// Which of 64 ops begin a change; after the last one that does, nothing is kept.
    fn word(&self, word: usize) -> u64 {
        self.starts.get(word).copied().unwrap_or(0)
    }

    /// The first op of the change that an op belongs to.
    pub(in crate::crdt) fn change_start(&self, op: u32) -> u32 {
        let mut word = (op / 64) as usize;
        let mut bits = self.word(word) & (u64::MAX >> (63 - op % 64));
        while bits == 0 {
            word = word.min(self.starts.len()) - 1;
            bits = self.word(word);
        }
        word as u32 * 64 + 63 - bits.leading_zeros()
    }

    /// Where the change that an op belongs to ends.
    pub(in crate::crdt) fn change_end(&self, op: u32) -> u32 {
        let mut word = ((op + 1) / 64) as usize;
        let Some(&bits) = self.starts.get(word) else { return self.len };
        let mut bits = bits & (u64::MAX << ((op + 1) % 64));
        while bits == 0 {
            word += 1;
            match self.starts.get(word) {
                Some(&next) => bits = next,
                None => return self.len,
            }
        }
        (word as u32 * 64 + bits.trailing_zeros()).min(self.len)
    }

    /// Whether a change ends before this op, or the history does.
    pub(in crate::crdt) fn is_end(&self, op: u32) -> bool {
        op == self.len || self.is_start(op)
    }

    /// The first op of an actor whose counter is not below one. O(log n).
    pub(in crate::crdt) fn first_from(&self, actor: ActorIx, counter: u64) -> Option<Lv> {
        let spans = &self.actors[actor.0 as usize].spans;
        let at = spans.partition_point(|&span| self.spans[span as usize].counter <= counter);
        let before = at.checked_sub(1).and_then(|_| self.lv(Id { counter, actor }));
        before.or_else(|| spans.get(at).map(|&span| Lv::new(self.spans[span as usize].from)))
    }

    /// The changes of an actor: the first op of each, and its last counter.
    pub(in crate::crdt) fn changes_of(&self, actor: ActorIx) -> impl Iterator<Item = (Lv, u64)> {
        let mut next = self.first_from(actor, 1);
        std::iter::from_fn(move || {
            let first = next?;
            let last = self.id(first).counter + u64::from(self.change_end(first.index()) - first.index()) - 1;
            next = self.first_from(actor, last + 1);
            Some((first, last))
        })
    }

    /// What the ops from one on have in common, up to the end of their span or to `end`. The op must
    /// begin a change.
    pub(in crate::crdt) fn header(&self, op: u32, end: u32) -> Header<'_> {
        let index = self.span(op);
        let span = &self.spans[index];
        let first = span.counter + u64::from(op - span.from);
        let end = self.span_end(index).min(end);
        if op > span.from {
            return Header { actor: span.actor, first, previous: first - 1, deps: &[], start: op, end };
        }
        let spans = &self.actors[span.actor.0 as usize].spans;
        let before =
            spans.partition_point(|&other| (other as usize) < index).checked_sub(1).map(|at| spans[at]);
        let previous = before.map_or(0, |before| {
            let before = before as usize;
            self.spans[before].counter + u64::from(self.span_end(before) - self.spans[before].from) - 1
        });
        let deps_end = self.spans.get(index + 1).map_or(self.deps.len(), |next| next.deps as usize);
        let deps = &self.deps[span.deps as usize..deps_end];
        Header { actor: span.actor, first, previous, deps, start: op, end }
    }

    /// The ops that a clock does not cover, in the order of application. Costs what it returns, and
    /// O(log n) for each actor.
    pub(in crate::crdt) fn since(&self, clock: &Clock) -> Vec<Range<u32>> {
        let mut ranges = Vec::new();
        for author in &self.actors {
            let seen = clock.get(&author.name);
            if seen >= author.last {
                continue;
            }
            let at = author.spans.partition_point(|&span| self.spans[span as usize].counter <= seen);
            for &index in &author.spans[at.saturating_sub(1)..] {
                let span = &self.spans[index as usize];
                let end = self.span_end(index as usize);
                let skip = (seen + 1).saturating_sub(span.counter).min(u64::from(end - span.from)) as u32;
                let start = span.from + skip;
                if start < end {
                    // A clock may end in the middle of a change, which then is new as a whole.
                    ranges.push(if skip > 0 { self.change_start(start)..end } else { start..end });
                }
            }
        }
        ranges.sort_unstable_by_key(|range| range.start);
        ranges
    }

    // --- undoing ---

    /// What is needed to undo what is added from now on.
    pub(in crate::crdt) fn mark(&self) -> Mark {
        Mark { actors: self.actors.len(), spans: self.spans.len(), deps: self.deps.len(), len: self.len }
    }

    /// Forgets everything since a mark. O(actors), and what is forgotten.
    pub(in crate::crdt) fn truncate(&mut self, mark: Mark) {
        for author in self.actors.drain(mark.actors..) {
            self.by_name.remove(&author.name);
        }
        self.spans.truncate(mark.spans);
        self.deps.truncate(mark.deps);
        self.len = mark.len;
        self.starts.truncate((mark.len / 64 + 1) as usize);
        if let Some(last) = self.starts.get_mut((mark.len / 64) as usize) {
            *last &= (1 << (mark.len % 64)) - 1;
        }
        self.clock = Clock::new();
        self.highest = 0;
        for actor in self.actors() {
            let spans = &mut self.actors[actor.0 as usize].spans;
            while spans.last().is_some_and(|&span| span as usize >= mark.spans) {
                spans.pop();
            }
            let last = self.actors[actor.0 as usize].spans.last().map_or(0, |&span| {
                let span = span as usize;
                self.spans[span].counter + u64::from(self.span_end(span) - self.spans[span].from) - 1
            });
            let author = &mut self.actors[actor.0 as usize];
            author.last = last;
            self.clock.advance(&author.name, last);
            self.highest = self.highest.max(last);
            // What was seen only grows: it is found anew from the dependencies.
            author.seen.clear();
        }
        for index in 0..self.spans.len() {
            let header = self.header(self.spans[index].from, self.len);
            let (actor, deps) = (header.actor, header.deps.to_vec());
            deps.into_iter().for_each(|dep| self.see(actor, dep));
        }
    }

    /// Verifies the invariants. O(n).
    pub(in crate::crdt) fn check(&self) -> Result<(), String> {
        let mut clock = Clock::new();
        let mut op = 0;
        while op < self.len {
            let header = self.header(op, self.len);
            let name = self.name(header.actor);
            let there = header.deps.iter().all(|dep| clock.get(self.name(dep.actor)) >= dep.counter);
            if clock.get(name) != header.previous || !there || !self.is_start(op) {
                return Err(format!("{}@{name} was applied before what it depends on", header.first));
            }
            let highest = header.deps.iter().map(|dep| dep.counter).fold(header.previous, u64::max);
            if header.first != highest + 1 {
                return Err(format!("{}@{name} should be {}", header.first, highest + 1));
            }
            clock.advance(name, header.first + u64::from(header.end - op) - 1);
            op = header.end;
        }
        if clock != self.clock || clock.highest() != self.highest {
            return Err(format!("the clock is {}, not {clock}", self.clock));
        }
        Ok(())
    }
}

/// How much was there.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct Mark {
    actors: usize,
    spans: usize,
    deps: usize,
    len: u32,
}
