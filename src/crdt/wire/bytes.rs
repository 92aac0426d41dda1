//! Wires as bytes.
//!
//! ```text
//! file     = "rejoin" version kind section* crc32
//! section  = number | text | column
//! number   = LEB128
//! text     = length bytes
//! column   = 2·length bytes                           when it is kept as it is
//!          | 2·length+1 frame-length zstd-frame zeros  when it is compressed
//! ```
//!
//! The zeros fill a frame up to a 256th of what it holds, and changes up to a byte for 16 ops, so that
//! nothing can claim to be much more than it is.

use super::{Column, Columns, Corrupt, Reader, Wire, zip};
use crate::cancellation::ask;
use crate::crdt::contents::{Unwoven, unweave, weave};
use crate::crdt::{Actor, DecodeReason, varint};

const MAGIC: &[u8] = b"rejoin";
const VERSION: u8 = 2;
/// Columns from this length on are compressed.
const SHORT: usize = 128;
/// The maximum ratio between the length of a column and that of what it was packed into.
const RATIO: usize = 256;
/// The maximum number of ops for which a byte may stand.
const OPS: u64 = 16;

/// A writer of the binary form.
pub(in crate::crdt) struct Section(Vec<u8>);

impl Section {
    pub(in crate::crdt) fn new(kind: u8) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(MAGIC);
        bytes.extend([VERSION, kind]);
        Self(bytes)
    }

    pub(in crate::crdt) fn number(&mut self, number: u64) {
        varint::write(&mut self.0, number);
    }

    pub(in crate::crdt) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn column(&mut self, column: &[u8]) {
        if column.len() >= SHORT
            && let Some(frame) = zip::compress(column)
            && frame.len() < column.len()
        {
            self.number(column.len() as u64 * 2 + 1);
            self.number(frame.len() as u64);
            self.0.extend_from_slice(&frame);
            let filled = self.0.len() + column.len().div_ceil(RATIO).saturating_sub(frame.len());
            self.0.resize(filled, 0);
            return;
        }
        self.number(column.len() as u64 * 2);
        self.0.extend_from_slice(column);
    }

    pub(in crate::crdt) fn wire(&mut self, wire: &Wire) {
        let start = self.0.len();
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
        [tags, ints, texts].iter().for_each(|column| self.column(column));
        let least = usize::try_from(wire.ops.div_ceil(OPS)).unwrap_or(usize::MAX);
        let filler = least.saturating_sub(self.0.len() - start);
        self.number(filler as u64);
        self.0.resize(self.0.len() + filler, 0);
    }

    pub(in crate::crdt) fn finish(mut self) -> Vec<u8> {
        let checksum = crc32fast::hash(&self.0);
        self.0.extend(checksum.to_le_bytes());
        self.0
    }
}

/// A reader of the binary form.
pub(in crate::crdt) struct Source<'b>(&'b [u8]);

impl<'b> Source<'b> {
    /// Checks what stands around the sections.
    pub(in crate::crdt) fn new(bytes: &'b [u8], kind: u8) -> Result<Self, DecodeReason> {
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
        body.get(MAGIC.len() + 2..).map(Self).ok_or(DecodeReason::Damaged)
    }

    pub(in crate::crdt) fn number(&mut self) -> Result<u64, Corrupt> {
        varint::read(&mut self.0).ok_or(Corrupt)
    }

    /// Returns the number of parts that follow, each at least a byte long.
    pub(in crate::crdt) fn count(&mut self) -> Result<usize, Corrupt> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len()).ok_or(Corrupt)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Corrupt> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(in crate::crdt) fn text(&mut self) -> Result<&'b str, Corrupt> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Corrupt)
    }

    fn column(&mut self) -> Result<Column, Corrupt> {
        let number = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let length = number / 2;
        if number.is_multiple_of(2) {
            return Ok(Column::from_slice(self.take(length)?));
        }
        let frame_length = self.count()?;
        let frame = self.take(frame_length)?;
        self.take(length.div_ceil(RATIO).saturating_sub(frame_length))?;
        let column = zip::decompress(frame, length).ok_or(Corrupt)?;
        if column.len() == length { Ok(column.into()) } else { Err(Corrupt) }
    }

    pub(in crate::crdt) fn wire(&mut self) -> Result<Wire, Corrupt> {
        let start = self.0.len();
        let changes = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let mut wire = Wire { changes, ops: self.number()?, ..Wire::default() };
        for _ in 0..self.count()? {
            wire.actors.push(Actor::new(self.text()?).map_err(|_| Corrupt)?);
        }
        if !are_distinct(&wire.actors) {
            return Err(Corrupt);
        }
        let keys = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        if keys > 0 {
            let (lengths, text) = (self.column()?, self.column()?);
            let (mut lengths, all) = (&lengths[..], std::str::from_utf8(&text).map_err(|_| Corrupt)?);
            let mut at = 0usize;
            if keys > lengths.len() {
                return Err(Corrupt);
            }
            for _ in 0..keys {
                let length = varint::read(&mut lengths).and_then(|length| usize::try_from(length).ok());
                let end = length.and_then(|length| at.checked_add(length)).ok_or(Corrupt)?;
                wire.keys.push(all.get(at..end).ok_or(Corrupt)?.into());
                at = end;
            }
        }
        let mut columns = Columns::default();
        for column in columns.plain_mut() {
            *column = self.column()?;
        }
        let (tags, ints, texts) = (self.column()?, self.column()?, self.column()?);
        columns.contents = weave(&tags, &ints, &texts).ok_or(Corrupt)?.into();
        let filler = self.count()?;
        self.take(filler)?;
        if wire.ops.div_ceil(OPS) > (start - self.0.len()) as u64 {
            return Err(Corrupt);
        }
        wire.columns = columns;
        Ok(wire)
    }

    /// Says that nothing more should follow.
    pub(in crate::crdt) fn end(self) -> Result<(), Corrupt> {
        if self.0.is_empty() { Ok(()) } else { Err(Corrupt) }
    }
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
    /// Reads everything once, and counts the changes and ops.
    pub(in crate::crdt) fn check(&self) -> Result<(), Corrupt> {
        let mut reader = Reader::new(self)?;
        let (mut changes, mut ops) = (0u64, 0u64);
        while let Some(head) = reader.head()? {
            ask();
            changes = changes.saturating_add(head.changes());
            ops = ops.saturating_add(head.ops);
            while reader.row()?.is_some() {}
        }
        if changes == self.changes as u64 && ops == self.ops { Ok(()) } else { Err(Corrupt) }
    }
}
