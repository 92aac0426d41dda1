//! Wires as bytes.
//!
//! ```text
//! file     = "rejoin" version kind section* crc32
//! section  = number | text | column
//! number   = LEB128
//! text     = length bytes
//! column   = 2·length bytes                     when it is kept as it is
//!          | 2·length+1 frame-length zstd-frame  when it is compressed
//! ```
//!
//! Changes that take much memory for their bytes have zeros behind them, so that nothing can claim to be much more
//! than it is: see [`Limits`].

use super::cost::{self, Budget, Parts};
use super::{Column, Columns, Corrupt, Reader, Wire, zip};
use crate::cancellation::ask;
use crate::crdt::contents::{Unwoven, unweave, weave};
use crate::crdt::{Actor, DecodeReason, Limits, varint};
use crate::value::Key;

const MAGIC: &[u8] = b"rejoin";
const VERSION: u8 = 3;
/// No frame holds more than so many times its own length: a block of 128 KiB takes four bytes at least.
const DENSEST: usize = 1 << 15;
/// Columns from this length on are compressed.
const SHORT: usize = 128;

/// A writer of the binary form.
pub(in crate::crdt) struct Section {
    bytes: Vec<u8>,
    /// The memory that what was written takes when it is read.
    memory: u64,
}

/// The form in which changes are kept once they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) enum Kept {
    /// In columns.
    Packed,
    /// Each on its own.
    Loose,
}

impl Section {
    pub(in crate::crdt) fn new(kind: u8) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(MAGIC);
        bytes.extend([VERSION, kind]);
        Self { bytes, memory: 0 }
    }

    pub(in crate::crdt) fn number(&mut self, number: u64) {
        varint::write(&mut self.bytes, number);
    }

    pub(in crate::crdt) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn column(&mut self, column: &[u8]) {
        if column.len() >= SHORT
            && let Some(frame) = zip::compress(column)
            && frame.len() < column.len()
        {
            self.number(column.len() as u64 * 2 + 1);
            self.number(frame.len() as u64);
            self.bytes.extend_from_slice(&frame);
            return;
        }
        self.number(column.len() as u64 * 2);
        self.bytes.extend_from_slice(column);
    }

    pub(in crate::crdt) fn wire(&mut self, wire: &Wire, kept: Kept) {
        self.number(wire.changes as u64);
        self.number(wire.ops);
        self.number(wire.actors.len() as u64);
        wire.actors.iter().for_each(|actor| self.text(actor.as_str()));
        let (mut lengths, mut keys) = (Vec::new(), Vec::new());
        for key in &wire.keys {
            varint::write(&mut lengths, key.len() as u64);
            keys.extend_from_slice(key.as_bytes());
        }
        self.number(wire.keys.len() as u64);
        if !wire.keys.is_empty() {
            self.column(&lengths);
            self.column(&keys);
        }
        let Columns { contents, .. } = &wire.columns;
        wire.columns.plain().into_iter().for_each(|column| self.column(column));
        let Unwoven { tags, ints, texts } = unweave(contents);
        [&tags, &ints, &texts].iter().for_each(|column| self.column(column));
        let parts = Parts { tags: tags.len(), ints: ints.len(), texts: texts.len() };
        self.memory = self.memory.saturating_add(cost::of_wire(wire, parts, &tags, kept));
        let filler = cost::least(self.memory).saturating_sub(self.bytes.len());
        self.number(filler as u64);
        self.bytes.resize(self.bytes.len() + filler, 0);
    }

    pub(in crate::crdt) fn finish(mut self) -> Vec<u8> {
        let checksum = crc32fast::hash(&self.bytes);
        self.bytes.extend(checksum.to_le_bytes());
        self.bytes
    }
}

/// A reader of the binary form.
pub(in crate::crdt) struct Source<'b> {
    rest: &'b [u8],
    budget: Budget,
}

/// A column as it is stored.
#[derive(Debug, Clone, Copy, Default)]
struct Stored<'b> {
    bytes: &'b [u8],
    is_packed: bool,
    /// The number of bytes of the column.
    length: usize,
}

impl Stored<'_> {
    fn open(self) -> Result<Column, Corrupt> {
        if !self.is_packed {
            return Ok(Column::from_slice(self.bytes));
        }
        if self.length / DENSEST > self.bytes.len() {
            return Err(Corrupt);
        }
        let column = zip::decompress(self.bytes, self.length).ok_or(Corrupt)?;
        if column.len() == self.length { Ok(column.into()) } else { Err(Corrupt) }
    }
}

impl<'b> Source<'b> {
    /// Checks what stands around the sections.
    pub(in crate::crdt) fn new(bytes: &'b [u8], kind: u8, limits: &Limits) -> Result<Self, DecodeReason> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(DecodeReason::NotRejoin)?;
        match rest {
            [VERSION, found, ..] if *found == kind => {}
            [VERSION, ..] => return Err(DecodeReason::NotRejoin),
            [version, ..] => return Err(DecodeReason::Version(*version)),
            [] => return Err(DecodeReason::Damaged),
        }
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(DecodeReason::Damaged)?;
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(DecodeReason::Damaged);
        }
        let rest = body.get(MAGIC.len() + 2..).ok_or(DecodeReason::Damaged)?;
        Ok(Self { rest, budget: Budget::new(bytes.len(), limits) })
    }

    pub(in crate::crdt) fn number(&mut self) -> Result<u64, Corrupt> {
        varint::read(&mut self.rest).ok_or(Corrupt)
    }

    /// Returns the number of parts that follow, each at least a byte long.
    pub(in crate::crdt) fn count(&mut self) -> Result<usize, Corrupt> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len()).ok_or(Corrupt)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Corrupt> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Corrupt)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(in crate::crdt) fn text(&mut self) -> Result<&'b str, Corrupt> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Corrupt)
    }

    fn column(&mut self) -> Result<Stored<'b>, Corrupt> {
        let number = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let (is_packed, length) = (!number.is_multiple_of(2), number / 2);
        let stored = if is_packed { self.count()? } else { length };
        Ok(Stored { bytes: self.take(stored)?, is_packed, length })
    }

    /// Reads changes. What they take in memory is known, and within the limits, before any of it is taken.
    pub(in crate::crdt) fn wire(&mut self, kept: Kept) -> Result<Wire, DecodeReason> {
        let changes = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let mut wire = Wire { changes, ops: self.number()?, ..Wire::default() };
        self.budget.count(changes as u64, wire.ops)?;
        let actors = self.count()?;
        self.budget.take(cost::of_names(actors, 0, 0))?;
        for _ in 0..actors {
            wire.actors.push(Actor::new(self.text()?).map_err(|_| Corrupt)?);
        }
        if !are_distinct(&wire.actors) {
            return Err(Corrupt.into());
        }
        let keys = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let [lengths, names] = match keys {
            0 => Default::default(),
            _ => [self.column()?, self.column()?],
        };
        let mut stored = Columns::<Stored<'_>>::default();
        for column in stored.plain_mut() {
            *column = self.column()?;
        }
        let [tags, ints, texts] = [self.column()?, self.column()?, self.column()?];
        let filler = self.count()?;
        self.take(filler)?;

        let sizes = stored.map(|column| column.length);
        let parts = Parts { tags: tags.length, ints: ints.length, texts: texts.length };
        if keys > lengths.length {
            return Err(Corrupt.into());
        }
        self.budget.take(cost::of_names(0, keys, names.length.saturating_add(lengths.length)))?;
        self.budget.take(cost::of_ops(wire.ops).saturating_add(cost::of_columns(&sizes, parts)))?;
        let tags = tags.open()?;
        self.budget.take(cost::of_containers(&tags))?;
        wire.keys = read_keys(keys, &lengths.open()?, &names.open()?)?;
        for (column, stored) in wire.columns.plain_mut().into_iter().zip(stored.plain()) {
            *column = stored.open()?;
        }
        wire.columns.contents = weave(&tags, &ints.open()?, &texts.open()?).ok_or(Corrupt)?.into();
        if kept == Kept::Loose {
            self.budget.take(wire.loose())?;
        }
        Ok(wire)
    }

    /// Says that nothing more should follow.
    pub(in crate::crdt) fn end(self) -> Result<(), Corrupt> {
        if self.rest.is_empty() { Ok(()) } else { Err(Corrupt) }
    }
}

fn read_keys(count: usize, mut lengths: &[u8], names: &[u8]) -> Result<Vec<Key>, Corrupt> {
    let names = std::str::from_utf8(names).map_err(|_| Corrupt)?;
    let mut keys = Vec::with_capacity(count);
    let mut at = 0usize;
    for _ in 0..count {
        let length = varint::read(&mut lengths).and_then(|length| usize::try_from(length).ok());
        let end = length.and_then(|length| at.checked_add(length)).ok_or(Corrupt)?;
        keys.push(names.get(at..end).ok_or(Corrupt)?.into());
        at = end;
    }
    if at != names.len() || !lengths.is_empty() {
        return Err(Corrupt);
    }
    Ok(keys)
}

fn are_distinct(actors: &[Actor]) -> bool {
    match actors {
        [] | [_] => true,
        [one, other] => one != other,
        _ => {
            let mut sorted: Vec<&Actor> = actors.iter().collect();
            sorted.sort_unstable();
            sorted.is_sorted_by(|a, b| a < b)
        }
    }
}

impl Wire {
    /// Reads everything once.
    pub(in crate::crdt) fn check(&self) -> Result<(), Corrupt> {
        let mut reader = Reader::new(self)?;
        while reader.head()?.is_some() {
            ask();
            while reader.row()?.is_some() {}
        }
        Ok(())
    }
}
