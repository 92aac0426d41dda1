//! Fingerprints of histories: how two replicas that write under one actor find out.

use super::authors::{Authors, Id};
use super::hash::StableHash;
use super::log::Log;
use crate::crdt::lv::Lv;
use crate::crdt::row::{Holds, Local, Row, Space, Step, Target, Written};
use crate::crdt::{Kind, Side};

/// A fingerprint of a change and of all that its actor had seen (64 bits): equal histories have equal
/// digests on every machine. It tells two replicas that write under one actor by accident; it is no
/// protection against forgery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub(in crate::crdt) u64);

/// The part of a digest that travels: enough to find an accident, of which one in four billion stays hidden a little
/// longer; in a stream half of that, as every patch of it brings another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) struct ShortDigest {
    low: [u8; 2],
    high: Option<[u8; 2]>,
}

impl ShortDigest {
    pub(in crate::crdt) fn new(low: [u8; 2], high: Option<[u8; 2]>) -> Self {
        Self { low, high }
    }

    /// Returns the half of it that a stream needs.
    pub(in crate::crdt) fn half(self) -> Self {
        Self { high: None, ..self }
    }

    pub(in crate::crdt) fn is_half(self) -> bool {
        self.high.is_none()
    }

    /// Returns both halves; zeros for what it has not.
    pub(in crate::crdt) fn halves(self) -> [[u8; 2]; 2] {
        [self.low, self.high.unwrap_or_default()]
    }

    /// Tells whether it may be that of a digest.
    pub(in crate::crdt) fn is_of(self, digest: Digest) -> bool {
        let short = digest.short();
        self.low == short.low && self.high.is_none_or(|high| short.high == Some(high))
    }
}

impl Digest {
    /// Returns what of it travels.
    pub(in crate::crdt) fn short(self) -> ShortDigest {
        let [a, b, c, d, ..] = self.0.to_le_bytes();
        ShortDigest { low: [a, b], high: Some([c, d]) }
    }

    /// The digest of no changes.
    pub(in crate::crdt) const EMPTY: Self = Self(0);

    /// Makes the digest of the actor's next change, which depends on nothing else, from that of the change alone.
    pub(in crate::crdt) fn with(self, change: Self) -> Self {
        let mut mix = StableHash(self.0);
        mix.number(change.0);
        Self(mix.0)
    }

    /// Makes the digest before a change that depends on others too.
    pub(in crate::crdt) fn after(self, deps: impl IntoIterator<Item = Self>) -> Self {
        // They have no order.
        Self(deps.into_iter().map(|dep| mixed(&[dep.0])).fold(self.0, u64::wrapping_add))
    }
}

/// The ids and keys of rows in a form that every replica shares.
pub(in crate::crdt) trait Names<S: Space> {
    fn id(&self, id: S::Id) -> PublicId;
    fn key(&self, key: S::Key) -> &str;
    /// Returns the id that is `count` steps from another.
    fn step(&self, id: S::Id, step: Step, count: u32) -> PublicId;
    /// Makes spans of consecutive ids, ordered by id, that do not touch.
    fn spans(&self, over: &[(S::Id, u32)]) -> Vec<(PublicId, u64)>;
}

/// An id: its counter, and a hash of its actor.
pub(in crate::crdt) type PublicId = (u64, u64);

/// A maker of digests of changes with consecutive counters. The same ops give the same digests, however
/// they are cut into rows.
pub(in crate::crdt) struct Digester<F> {
    mix: StableHash,
    actor: u64,
    /// The counter of the next op.
    counter: u64,
    /// Takes the last counter of a change and the digest of what it did.
    done: F,
}

impl<F: FnMut(u64, Digest)> Digester<F> {
    /// Begins with a change by the actor of this hash.
    pub(in crate::crdt) fn new(
        actor: u64,
        first: u64,
        previous: u64,
        deps: impl Iterator<Item = PublicId>,
        done: F,
    ) -> Self {
        // Dependencies have no order.
        let deps = deps.map(|(counter, actor)| mixed(&[counter, actor])).fold(0, u64::wrapping_add);
        Self { mix: start(first, previous, deps), actor, counter: first, done }
    }

    /// Ends the last change.
    pub(in crate::crdt) fn finish(mut self) {
        (self.done)(self.counter - 1, Digest(self.mix.0));
    }

    /// Ends a change and begins the next one, which depends on nothing else.
    pub(in crate::crdt) fn next_change(&mut self) {
        (self.done)(self.counter - 1, Digest(self.mix.0));
        self.mix = start(self.counter, self.counter - 1, 0);
    }

    /// Mixes in a row; `starts` tells whether a change begins with the op of a number in the row, other
    /// than 0.
    pub(in crate::crdt) fn row<S: Space>(
        &mut self,
        row: &Row<'_, S>,
        names: &impl Names<S>,
        starts: impl Fn(u32) -> bool,
    ) {
        match *row {
            Row::Type { text, parent, side, chars, .. } => {
                let mut hangs = self.hangs(names.id(text), parent.map(|parent| names.id(parent)), side);
                for (at, char) in (0..).zip(chars.chars()) {
                    self.element(at, hangs, u64::from(char), &starts);
                    hangs = None;
                }
            }
            Row::Items { list, parent, side, mut scalars, count } => {
                let mut hangs = self.hangs(names.id(list), parent.map(|parent| names.id(parent)), side);
                for at in 0..count {
                    let mut content = StableHash(0);
                    content.bytes(scalars.split_first());
                    self.element(at, hangs, content.0, &starts);
                    hangs = None;
                }
            }
            Row::Item { list, parent, side, holds } => {
                let hangs = self.hangs(names.id(list), parent.map(|parent| names.id(parent)), side);
                self.element(0, hangs, held(holds, names), &starts);
            }
            Row::Put { slot, over, written } => {
                self.target(slot, names);
                self.mix.number(over.ids().len() as u64);
                over.ids().iter().for_each(|id| self.id(names.id(*id)));
                match written {
                    Written::Scalar(scalar) => self.mix.bytes(scalar.bytes()),
                    Written::Container(holds) => self.mix.number(held(holds, names)),
                }
                self.counter += 1;
            }
            Row::Delete { over } => {
                let spans = names.spans(over);
                if spans.len() > 1 {
                    self.mix.number(spans.len() as u64);
                }
                spans.into_iter().for_each(|(id, count)| self.deleted(id, count));
                self.counter += 1;
            }
            Row::DeleteEach { first, count, step } => {
                for at in 0..count {
                    if at > 0 && starts(at) {
                        self.next_change();
                    }
                    self.deleted(names.step(first, step, at), 1);
                    self.counter += 1;
                }
            }
            Row::Add { counter, by } => {
                self.id(names.id(counter));
                self.mix.number(by as u64);
                self.counter += 1;
            }
        }
    }

    fn element(&mut self, at: u32, hangs: Option<u64>, content: u64, starts: &impl Fn(u32) -> bool) {
        if at > 0 && starts(at) {
            self.next_change();
        }
        match hangs {
            Some(hangs) => {
                self.mix.number(hangs);
                self.mix.number(content);
            }
            None => self.mix.number(!content),
        }
        self.counter += 1;
    }

    /// Finds where an element hangs; `None` on the right of the op before it, which is in the same container.
    fn hangs(&self, of: PublicId, parent: Option<PublicId>, side: Side) -> Option<u64> {
        match (parent, side) {
            (Some(parent), Side::Right) if parent == (self.counter - 1, self.actor) => None,
            (Some((counter, actor)), side) => Some(mixed(&[1 + side as u64, counter, actor])),
            (None, side) => Some(mixed(&[3 + side as u64, of.0, of.1])),
        }
    }

    fn deleted(&mut self, (counter, actor): PublicId, count: u64) {
        self.mix.number(counter);
        if count == 1 {
            self.mix.number(actor ^ 7);
        } else {
            self.mix.number(actor ^ 8);
            self.mix.number(count);
        }
    }

    fn target<S: Space>(&mut self, slot: Target<S>, names: &impl Names<S>) {
        match slot {
            Target::Root => self.mix.number(3),
            Target::Key { map, key } => {
                self.mix.number(4);
                self.id(names.id(map));
                self.mix.bytes(names.key(key).as_bytes());
            }
            Target::Item { list, item } => {
                self.mix.number(5);
                self.id(names.id(list));
                self.id(names.id(item));
            }
        }
    }

    fn id(&mut self, (counter, actor): PublicId) {
        self.mix.number(counter);
        self.mix.number(actor);
    }
}

/// Begins the digest of a change; most often it follows the one before and depends on nothing else.
fn start(first: u64, previous: u64, deps: u64) -> StableHash {
    let mut mix = StableHash(first.wrapping_sub(previous + 1).wrapping_add(deps));
    mix.number(first);
    mix
}

fn held<S: Space>(holds: Holds<S>, names: &impl Names<S>) -> u64 {
    match holds {
        Holds::Make(Kind::Map) => 11,
        Holds::Make(Kind::List) => 12,
        Holds::Make(Kind::Text) => 13,
        Holds::Make(Kind::Counter) => 14,
        Holds::Move(container) => {
            let (counter, actor) = names.id(container);
            mixed(&[15, counter, actor])
        }
    }
}

fn mixed(numbers: &[u64]) -> u64 {
    let mut mix = StableHash(0);
    numbers.iter().for_each(|number| mix.number(*number));
    mix.0
}

/// The digests of one actor.
#[derive(Debug, Clone, Default)]
pub(in crate::crdt) struct Digests {
    /// By the last counter of a change: those of every [`EVERY`]th change, and of each that depends on others.
    kept: Vec<(u64, Digest)>,
    /// The last one and the one before, the most asked for.
    last: Option<(u64, Digest)>,
    before: Option<(u64, Digest)>,
    count: u32,
}

/// The maximum number of changes that must be read again to know a digest.
const EVERY: u32 = 32;

impl Digests {
    /// Adds a change and says what it depends on besides the one before.
    pub(in crate::crdt) fn push(&mut self, last: u64, change: Digest, deps: &[Digest]) {
        let before = self.last.map_or(Digest::EMPTY, |(_, digest)| digest);
        let digest = before.after(deps.iter().copied()).with(change);
        self.count += 1;
        if self.count.is_multiple_of(EVERY) || !deps.is_empty() {
            self.kept.push((last, digest));
        }
        self.before = self.last.replace((last, digest));
    }

    /// Returns a digest from which that of a counter can be found: the nearest one that is not after it.
    pub(in crate::crdt) fn nearest(&self, counter: u64) -> (u64, Digest) {
        let kept =
            || self.kept.partition_point(|(last, _)| *last <= counter).checked_sub(1).map(|at| self.kept[at]);
        let recent = [self.last, self.before].into_iter().flatten().find(|(last, _)| *last <= counter);
        recent.or_else(kept).unwrap_or((0, Digest::EMPTY))
    }
}

/// The names of a history.
pub(in crate::crdt) struct LogNames<'a> {
    pub(in crate::crdt) log: &'a Log,
    pub(in crate::crdt) authors: &'a Authors,
}

impl Names<Local> for LogNames<'_> {
    fn id(&self, id: Lv) -> PublicId {
        let Id { counter, actor } = self.authors.id(id);
        (counter, self.authors.hash(actor))
    }

    fn key(&self, key: u32) -> &str {
        self.log.keys.get(key).as_str()
    }

    fn step(&self, id: Lv, step: Step, count: u32) -> PublicId {
        self.id(step.from(id, count).expect("a row deletes what is there"))
    }

    fn spans(&self, over: &[(Lv, u32)]) -> Vec<(PublicId, u64)> {
        let spans = self.authors.id_spans(over);
        spans.into_iter().map(|(id, count)| ((id.counter, self.authors.hash(id.actor)), count)).collect()
    }
}
