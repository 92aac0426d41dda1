//! Changes on their way, in columns: the form that patches and whole refs have in memory and as bytes.
//!
//! Changes of one actor with consecutive counters, of which only the first depends on others, stand
//! under one header. Their ops are rows, as in the history. Each field of a row is in a column with its
//! like, as the difference to what is expected there, so that columns are small and compress well.

mod bytes;
mod change;
mod cost;
mod cut;
mod digest;
mod history;
mod read;
mod unpack;
mod write;
mod zip;

pub(super) use bytes::{Kept, Section, Source};
pub(super) use digest::{digest_alone, digest_head};
pub use read::Corrupt;
pub(super) use read::{Head, Reader};
pub(super) use write::Writer;

use smallvec::SmallVec;

use super::history::{Names, PublicId, mix_text};
use super::row::{Space, Step};
use super::{Actor, OpId};
use crate::value::Key;

/// Names an op: the number of its actor in the wire, and its counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct WireId {
    pub(super) actor: u32,
    pub(super) counter: u64,
}

/// Names of things in rows on the wire: keys by their number in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wired;

impl Space for Wired {
    type Id = WireId;
    type Key = u32;
}

/// Changes, packed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wire {
    pub(super) actors: Vec<Actor>,
    pub(super) keys: Vec<Key>,
    /// The number of changes.
    pub(super) changes: usize,
    /// The number of ops.
    ops: u64,
    columns: Columns<Column>,
}

/// A column. Most patches that travel are a keystroke: their columns need no memory of their own.
type Column = SmallVec<[u8; 24]>;

/// The columns. What each holds is said where it is written.
#[derive(Debug, Clone, Default, PartialEq)]
struct Columns<C> {
    heads: C,
    lengths: C,
    kinds: C,
    counts: C,
    containers: C,
    elements: C,
    overs: C,
    keys: C,
    contents: C,
    chars: C,
}

impl Columns<Vec<u8>> {
    fn done(self) -> Columns<Column> {
        let Self { heads, lengths, kinds, counts, containers, elements, overs, keys, contents, chars } = self;
        Columns {
            heads: heads.into(),
            lengths: lengths.into(),
            kinds: kinds.into(),
            counts: counts.into(),
            containers: containers.into(),
            elements: elements.into(),
            overs: overs.into(),
            keys: keys.into(),
            contents: contents.into(),
            chars: chars.into(),
        }
    }
}

impl Columns<Column> {
    /// Returns the number of bytes of each.
    fn lengths(&self) -> Columns<usize> {
        self.map(|column| column.len())
    }
}

impl<C> Columns<C> {
    fn map<D>(&self, f: impl Fn(&C) -> D) -> Columns<D> {
        Columns {
            heads: f(&self.heads),
            lengths: f(&self.lengths),
            kinds: f(&self.kinds),
            counts: f(&self.counts),
            containers: f(&self.containers),
            elements: f(&self.elements),
            overs: f(&self.overs),
            keys: f(&self.keys),
            contents: f(&self.contents),
            chars: f(&self.chars),
        }
    }

    /// Returns all but the contents, which are stored in three parts.
    fn plain(&self) -> [&C; 9] {
        let Self { heads, lengths, kinds, counts, containers, elements, overs, keys, chars, .. } = self;
        [heads, lengths, kinds, counts, containers, elements, overs, keys, chars]
    }

    fn plain_mut(&mut self) -> [&mut C; 9] {
        let Self { heads, lengths, kinds, counts, containers, elements, overs, keys, chars, .. } = self;
        [heads, lengths, kinds, counts, containers, elements, overs, keys, chars]
    }
}

/// The kinds of rows: the low bits of a byte in the column of kinds.
mod kind {
    pub(super) const TYPE: u8 = 0;
    pub(super) const ITEMS: u8 = 1;
    pub(super) const ITEM: u8 = 2;
    pub(super) const PUT_ROOT: u8 = 3;
    pub(super) const PUT_KEY: u8 = 4;
    pub(super) const PUT_ITEM: u8 = 5;
    pub(super) const DELETE: u8 = 6;
    pub(super) const DELETE_FORWARD: u8 = 7;
    pub(super) const DELETE_BACK: u8 = 8;
    pub(super) const ADD: u8 = 9;
    pub(super) const MASK: u8 = 0x0f;
    /// The container is that of the row before.
    pub(super) const SAME: u8 = 0x10;
    /// An element hangs on the left of its parent; a put overwrites exactly one write.
    pub(super) const LEFT_OR_ONE: u8 = 0x20;
    /// An element hangs on the root of the tree; a put overwrites several writes.
    pub(super) const ROOT_OR_MANY: u8 = 0x40;
    /// The row is one op.
    pub(super) const SINGLE: u8 = 0x80;
}

/// The id from which the next one is told: names near each other take one byte.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cursor(WireId);

impl WireId {
    fn plus(self, count: u64) -> Self {
        Self { counter: self.counter.saturating_add(count), ..self }
    }
}

impl Wire {
    /// Returns the bytes of what is written and typed.
    pub(super) fn bytes(&self) -> usize {
        self.columns.contents.len().max(self.columns.chars.len())
    }

    pub(super) fn public(&self, id: WireId) -> OpId {
        OpId::new(id.counter, self.actors[id.actor as usize].clone())
    }
}

/// The names of a wire, in the form that every replica shares.
pub(super) struct WireNames<'a> {
    wire: &'a Wire,
    /// The hashes of the actors' names.
    hashes: Vec<u64>,
}

impl<'a> WireNames<'a> {
    pub(super) fn new(wire: &'a Wire) -> Self {
        Self { wire, hashes: wire.actors.iter().map(|actor| mix_text(actor.as_str())).collect() }
    }

    pub(super) fn hash(&self, actor: u32) -> u64 {
        self.hashes[actor as usize]
    }
}

impl Names<Wired> for WireNames<'_> {
    fn id(&self, id: WireId) -> PublicId {
        (id.counter, self.hash(id.actor))
    }

    fn key(&self, key: u32) -> &str {
        self.wire.keys[key as usize].as_str()
    }

    fn step(&self, id: WireId, step: Step, count: u32) -> PublicId {
        let counter = match step {
            Step::Forward => id.counter.saturating_add(u64::from(count)),
            Step::Back => id.counter.saturating_sub(u64::from(count)),
        };
        (counter, self.hash(id.actor))
    }

    fn spans(&self, over: &[(WireId, u32)]) -> Vec<(PublicId, u64)> {
        over.iter().map(|(first, count)| (self.id(*first), u64::from(*count))).collect()
    }
}
