//! Changes on their way, packed: the form that patches and whole refs have in memory and as bytes.
//!
//! Changes of one actor with consecutive counters, of which only the first depends on others, stand
//! under one header. Their ops are rows, as in the history. Each field of a header or row is in a column with its
//! like, as the difference to what is expected there, so that columns are small and compress well. A few small
//! changes have no columns: their fields follow each other in one strip.

mod bytes;
mod change;
mod context;
mod cost;
mod cut;
mod digest;
mod history;
mod packed;
mod read;
mod unpack;
mod value;
mod write;
mod zip;

pub(super) use bytes::{Form, Section, Source};
pub(super) use context::{Context, frame, read_header, write_header};
pub(super) use digest::{digest_alone, digest_head};
pub(super) use packed::Role;
pub use read::Corrupt;
pub(super) use read::{Head, Reader};
pub(super) use write::Writer;

use smallvec::SmallVec;

use super::history::{Names, PublicId, ShortDigest, mix_text};
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
///
/// Invariant: the base is ordered by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wire {
    pub(super) actors: Vec<Actor>,
    pub(super) keys: Vec<Key>,
    /// What the changes follow.
    base: Base,
    start: Start,
    /// The number of changes.
    pub(super) changes: usize,
    /// The number of ops.
    ops: u64,
    fields: Fields,
}

/// From where changes are told, besides their base.
#[derive(Debug, Clone, Default, PartialEq)]
struct Start {
    /// The last counter of each actor, if there is any.
    last: SmallVec<[u64; 2]>,
    /// The container of the last row.
    container: WireId,
}

/// The last changes before others, by their last ops, each once, with their digests.
type Base = SmallVec<[(WireId, ShortDigest); 1]>;

/// The fields of headers and rows. What each holds is said where it is written.
mod field {
    pub(super) const HEADS: usize = 0;
    pub(super) const LENGTHS: usize = 1;
    pub(super) const KINDS: usize = 2;
    pub(super) const COUNTS: usize = 3;
    pub(super) const CONTAINERS: usize = 4;
    pub(super) const ELEMENTS: usize = 5;
    pub(super) const OVERS: usize = 6;
    pub(super) const KEYS: usize = 7;
    pub(super) const CHARS: usize = 8;
    pub(super) const CONTENTS: usize = 9;
    pub(super) const COUNT: usize = 10;
}

/// The bytes of fields.
#[derive(Debug, Clone, PartialEq)]
enum Fields {
    /// One after the other, as they are read: most patches that travel are a keystroke, and need no columns.
    Strip(SmallVec<[u8; 32]>),
    /// Each with its like.
    Columns(Box<Columns>),
}

type Columns = [Vec<u8>; field::COUNT];

impl Default for Fields {
    fn default() -> Self {
        Self::Strip(SmallVec::new())
    }
}

/// The number of ops up to which changes are written as a strip, and of bytes up to which they stay one.
const SHORT: usize = 128;

/// The flags in the first byte of a header.
mod head {
    /// The number of dependencies, or that it follows.
    pub(super) const DEPS: u8 = 0x03;
    /// The actor is another one than that of the header before.
    pub(super) const OTHER: u8 = 0x04;
    /// The actor's previous change is not its last one so far.
    pub(super) const GAP: u8 = 0x08;
    /// The first counter is not the next one after all that the change depends on.
    pub(super) const JUMP: u8 = 0x10;
    /// It is one change; its length follows.
    pub(super) const ONE: u8 = 0x20;
    /// It is one change of one op.
    pub(super) const SINGLE: u8 = 0x40;
}

/// The kinds of rows: the low bits of a byte of the kinds.
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
    /// Returns the bytes of what is written and typed, or a little more.
    pub(super) fn bytes(&self) -> usize {
        match &self.fields {
            Fields::Strip(strip) => strip.len(),
            Fields::Columns(columns) => columns[field::CONTENTS].len().max(columns[field::CHARS].len()),
        }
    }

    /// Returns what the changes follow.
    pub(super) fn base(&self) -> impl Iterator<Item = (&Actor, u64, ShortDigest)> {
        self.base.iter().map(|(id, digest)| (&self.actors[id.actor as usize], id.counter, *digest))
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
