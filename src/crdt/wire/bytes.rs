//! Wires as bytes.
//!
//! ```text
//! file     = magic version section* crc32        the magic says what it is: a patch or a ref
//! section  = number | text | changes
//! number   = LEB128
//! text     = length bytes
//! changes  = form names (strip | columns) filler
//! strip    = length bytes
//! column   = 2·length bytes                      when it is kept as it is
//!          | 2·length+1 frame-length zstd-frame  when it is compressed
//! ```
//!
//! Changes that take much memory for their bytes have zeros behind them, so that nothing can claim to be much more
//! than it is: see [`Limits`].

use smallvec::SmallVec;

use super::cost::{self, Budget, Parts};
use super::{Columns, Corrupt, Fields, Reader, SHORT, Wire, WireId, field, zip};
use crate::cancellation::ask;
use crate::crdt::contents::{Unwoven, unweave, weave};
use crate::crdt::history::ShortDigest;
use crate::crdt::{Actor, DecodeReason, Limits, varint};
use crate::value::Key;

const VERSION: u8 = 4;
/// No frame holds more than so many times its own length: a block of 128 KiB takes four bytes at least.
const DENSEST: usize = 1 << 15;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) enum Form {
    Patch,
    Ref,
}

impl Form {
    /// Returns the bytes with which it begins. Most patches are small: theirs is a byte that no text has.
    fn magic(self) -> &'static [u8] {
        match self {
            Self::Patch => b"\xf5",
            Self::Ref => b"rejoin",
        }
    }
}

/// What changes say in their first byte: their form, and how many names they have. `MANY` says that a number follows.
mod form {
    pub(super) const COLUMNS: u8 = 0x01;
    /// Zeros stand behind them.
    pub(super) const FILLED: u8 = 0x02;
    pub(super) const ACTORS: u32 = 2;
    pub(super) const BASE: u32 = 4;
    pub(super) const KEYS: u32 = 6;
    pub(super) const MANY: u8 = 0x03;
}

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
    pub(in crate::crdt) fn new(form: Form) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(form.magic());
        bytes.push(VERSION);
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
        let counts =
            [(wire.actors.len(), form::ACTORS), (wire.base.len(), form::BASE), (wire.keys.len(), form::KEYS)];
        let form = self.bytes.len();
        self.bytes.push(0);
        let mut says = 0;
        for (count, at) in counts {
            let few = u8::try_from(count).unwrap_or(form::MANY).min(form::MANY);
            says |= few << at;
            if few == form::MANY {
                self.number(count as u64);
            }
        }
        wire.actors.iter().for_each(|actor| self.text(actor.as_str()));
        for (id, digest) in &wire.base {
            self.number(u64::from(id.actor));
            self.number(id.counter);
            self.bytes.extend(digest.0.to_le_bytes());
        }
        let memory = match &wire.fields {
            Fields::Strip(strip) => {
                wire.keys.iter().for_each(|key| self.text(key.as_str()));
                self.number(strip.len() as u64);
                self.bytes.extend_from_slice(strip);
                cost::of_strip(strip.len())
            }
            Fields::Columns(columns) => {
                says |= form::COLUMNS;
                self.columns(wire, columns)
            }
        };
        self.memory = self.memory.saturating_add(memory).saturating_add(cost::of_changes(wire, kept));
        let filler = cost::least(self.memory).saturating_sub(self.bytes.len());
        if filler > 0 {
            says |= form::FILLED;
            self.number(filler as u64);
            self.bytes.resize(self.bytes.len() + filler, 0);
        }
        self.bytes[form] = says;
    }

    /// Writes columns; returns the memory that they take.
    fn columns(&mut self, wire: &Wire, columns: &Columns) -> u64 {
        self.number(wire.changes as u64);
        self.number(wire.ops);
        let (mut lengths, mut keys) = (Vec::new(), Vec::new());
        for key in &wire.keys {
            varint::write(&mut lengths, key.len() as u64);
            keys.extend_from_slice(key.as_bytes());
        }
        if !wire.keys.is_empty() {
            self.column(&lengths);
            self.column(&keys);
        }
        columns[..field::CONTENTS].iter().for_each(|column| self.column(column));
        let Unwoven { tags, ints, texts } = unweave(&columns[field::CONTENTS]);
        [&tags, &ints, &texts].iter().for_each(|column| self.column(column));
        let parts = Parts { tags: tags.len(), ints: ints.len(), texts: texts.len() };
        cost::of_columns(&columns.each_ref().map(Vec::len), parts).saturating_add(cost::of_containers(&tags))
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
    fn open(self) -> Result<Vec<u8>, Corrupt> {
        if !self.is_packed {
            return Ok(self.bytes.to_vec());
        }
        if self.length / DENSEST > self.bytes.len() {
            return Err(Corrupt);
        }
        let column = zip::decompress(self.bytes, self.length).ok_or(Corrupt)?;
        if column.len() == self.length { Ok(column) } else { Err(Corrupt) }
    }
}

impl<'b> Source<'b> {
    /// Checks what stands around the sections.
    pub(in crate::crdt) fn new(bytes: &'b [u8], form: Form, limits: &Limits) -> Result<Self, DecodeReason> {
        let rest = bytes.strip_prefix(form.magic()).ok_or(DecodeReason::NotRejoin)?;
        match rest.first() {
            Some(&VERSION) => {}
            Some(&version) => return Err(DecodeReason::Version(version)),
            None => return Err(DecodeReason::Damaged),
        }
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(DecodeReason::Damaged)?;
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(DecodeReason::Damaged);
        }
        let rest = body.get(form.magic().len() + 1..).ok_or(DecodeReason::Damaged)?;
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

    /// Reads changes. What they take in memory is known, and within the limits, before any of it is taken. A strip
    /// was read whole then.
    pub(in crate::crdt) fn wire(&mut self, kept: Kept) -> Result<Wire, DecodeReason> {
        let &[says] = self.take(1)?.first_chunk().ok_or(Corrupt)?;
        let [actors, base, keys] = [form::ACTORS, form::BASE, form::KEYS].map(|at| says >> at & form::MANY);
        let actors = self.names(actors)?;
        let base = self.names(base)?;
        let keys = self.names(keys)?;
        let mut wire = Wire::default();
        self.budget.take(cost::of_names(actors, 0, 0))?;
        for _ in 0..actors {
            wire.actors.push(Actor::new(self.text()?).map_err(|_| Corrupt)?);
        }
        if !are_distinct(&wire.actors) {
            return Err(Corrupt.into());
        }
        for _ in 0..base {
            let (actor, counter) = (self.number()?, self.number()?);
            let actor =
                u32::try_from(actor).ok().filter(|actor| (*actor as usize) < actors).ok_or(Corrupt)?;
            let digest = *self.take(4)?.first_chunk().ok_or(Corrupt)?;
            wire.base.push((WireId { actor, counter }, ShortDigest(u32::from_le_bytes(digest))));
        }
        if !wire.base().is_sorted_by(|(a, m, _), (b, n, _)| (m, a) < (n, b)) {
            return Err(Corrupt.into());
        }
        if says & form::COLUMNS == 0 {
            self.strip(&mut wire, keys)?;
            self.filler(says)?;
        } else {
            self.columns(&mut wire, keys, says)?;
        }
        if kept == Kept::Loose {
            self.budget.take(wire.loose())?;
        }
        Ok(wire)
    }

    /// Returns a number of names, each at least a byte long.
    fn names(&mut self, few: u8) -> Result<usize, Corrupt> {
        if few == form::MANY { self.count() } else { Ok(usize::from(few)) }
    }

    fn strip(&mut self, wire: &mut Wire, keys: usize) -> Result<(), DecodeReason> {
        for _ in 0..keys {
            let key = self.text()?;
            self.budget.take(cost::of_names(0, 1, key.len()))?;
            wire.keys.push(key.into());
        }
        let length = self.count()?;
        if length > SHORT {
            return Err(Corrupt.into());
        }
        self.budget.take(cost::of_strip(length))?;
        wire.fields = Fields::Strip(SmallVec::from_slice(self.take(length)?));
        wire.count()?;
        self.budget.count(wire.changes as u64, wire.ops)?;
        self.budget.take(cost::of_ops(wire.ops))
    }

    fn columns(&mut self, wire: &mut Wire, keys: usize, says: u8) -> Result<(), DecodeReason> {
        wire.changes = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        wire.ops = self.number()?;
        self.budget.count(wire.changes as u64, wire.ops)?;
        let [lengths, names] = match keys {
            0 => Default::default(),
            _ => [self.column()?, self.column()?],
        };
        let mut stored = [Stored::default(); field::CONTENTS];
        for column in &mut stored {
            *column = self.column()?;
        }
        let [tags, ints, texts] = [self.column()?, self.column()?, self.column()?];
        self.filler(says)?;

        let mut sizes = [0; field::COUNT];
        sizes.iter_mut().zip(&stored).for_each(|(size, column)| *size = column.length);
        let parts = Parts { tags: tags.length, ints: ints.length, texts: texts.length };
        if keys > lengths.length {
            return Err(Corrupt.into());
        }
        self.budget.take(cost::of_names(0, keys, names.length.saturating_add(lengths.length)))?;
        self.budget.take(cost::of_ops(wire.ops).saturating_add(cost::of_columns(&sizes, parts)))?;
        let tags = tags.open()?;
        self.budget.take(cost::of_containers(&tags))?;
        wire.keys = read_keys(keys, &lengths.open()?, &names.open()?)?;
        let mut columns = Columns::default();
        for (column, stored) in columns.iter_mut().zip(stored) {
            *column = stored.open()?;
        }
        columns[field::CONTENTS] = weave(&tags, &ints.open()?, &texts.open()?).ok_or(Corrupt)?;
        wire.fields = Fields::Columns(Box::new(columns));
        Ok(())
    }

    fn filler(&mut self, says: u8) -> Result<(), Corrupt> {
        if says & form::FILLED != 0 {
            let filler = self.count()?;
            self.take(filler)?;
        }
        Ok(())
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

    /// Reads a strip once, and counts its changes and ops.
    fn count(&mut self) -> Result<(), Corrupt> {
        let (mut changes, mut ops) = (0u64, 0u64);
        let mut reader = Reader::new(self)?;
        while let Some(head) = reader.head()? {
            changes = changes.checked_add(head.changes()).ok_or(Corrupt)?;
            ops = ops.checked_add(head.ops).ok_or(Corrupt)?;
            while reader.row()?.is_some() {}
        }
        self.changes = usize::try_from(changes).map_err(|_| Corrupt)?;
        self.ops = ops;
        Ok(())
    }
}
