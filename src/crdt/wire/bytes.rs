//! Files and frames as bytes, and what they consist of.
//!
//! ```text
//! file     = magic version section* crc32        the magic says what it is: a patch, a ref or the header of a stream
//! frame    = length changes crc32
//! section  = number | text | changes
//! number   = LEB128
//! text     = length bytes
//! column   = 2·length bytes                      when it is kept as it is
//!          | 2·length+1 frame-length zstd-frame  when it is compressed
//! ```

use super::cost::Budget;
use super::{Corrupt, SHORT, zip};
use crate::crdt::{DecodeReason, Limits, varint};

const VERSION: u8 = 4;
/// No frame holds more than so many times its own length: a block of 128 KiB takes four bytes at least.
const DENSEST: usize = 1 << 15;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) enum Form {
    Patch,
    Ref,
    Stream,
}

impl Form {
    /// Returns the bytes with which it begins. Most patches are small: theirs is a byte that no text has.
    fn magic(self) -> &'static [u8] {
        match self {
            Self::Patch => b"\xf5",
            Self::Ref => b"rejoin",
            Self::Stream => b"\xf6",
        }
    }

    /// Takes what a file begins with from the front; false when the bytes end before it does.
    pub(super) fn take_from(self, bytes: &mut &[u8]) -> Result<bool, DecodeReason> {
        let magic = self.magic();
        let Some((front, rest)) = bytes.split_at_checked(magic.len()) else {
            return if magic.starts_with(bytes) { Ok(false) } else { Err(DecodeReason::NotRejoin) };
        };
        if front != magic {
            return Err(DecodeReason::NotRejoin);
        }
        let Some((&version, rest)) = rest.split_first() else { return Ok(false) };
        if version != VERSION {
            return Err(DecodeReason::Version(version));
        }
        *bytes = rest;
        Ok(true)
    }
}

/// A writer of the binary form.
#[derive(Default)]
pub(in crate::crdt) struct Section {
    pub(super) bytes: Vec<u8>,
    /// The memory that what was written takes when it is read.
    pub(super) memory: u64,
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

    pub(super) fn column(&mut self, column: &[u8]) {
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

    pub(in crate::crdt) fn finish(mut self) -> Vec<u8> {
        let checksum = crc32fast::hash(&self.bytes);
        self.bytes.extend(checksum.to_le_bytes());
        self.bytes
    }

    /// Counts memory that what was written takes when it is read: as much as the reader counts.
    pub(super) fn takes(&mut self, memory: u64) {
        self.memory = self.memory.saturating_add(memory);
    }

    /// Appends what was written to a stream, as a frame.
    pub(super) fn frame(self, stream: &mut Vec<u8>) {
        let frame = self.finish();
        varint::write(stream, frame.len() as u64);
        stream.extend_from_slice(&frame);
    }
}

/// A reader of the binary form.
pub(in crate::crdt) struct Source<'b> {
    rest: &'b [u8],
    pub(super) budget: Budget,
}

/// A column as it is stored.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored<'b> {
    bytes: &'b [u8],
    is_packed: bool,
    /// The number of bytes of the column.
    pub(super) length: usize,
}

impl Stored<'_> {
    pub(super) fn open(self) -> Result<Vec<u8>, Corrupt> {
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
        let mut rest = bytes;
        if bytes.is_empty() {
            return Err(DecodeReason::NotRejoin);
        }
        if !form.take_from(&mut rest)? {
            return Err(DecodeReason::Damaged);
        }
        let start = bytes.len() - rest.len();
        let body = checked(bytes)?.get(start..).ok_or(DecodeReason::Damaged)?;
        Ok(Self { rest: body, budget: Budget::new(bytes.len(), limits) })
    }

    /// Checks what stands around the section of a frame.
    pub(super) fn of_frame(frame: &'b [u8], limits: &Limits) -> Result<Self, Corrupt> {
        Ok(Self { rest: checked(frame)?, budget: Budget::new(frame.len(), limits) })
    }

    pub(in crate::crdt) fn number(&mut self) -> Result<u64, Corrupt> {
        varint::read(&mut self.rest).ok_or(Corrupt)
    }

    /// Returns the number of parts that follow, each at least a byte long.
    pub(in crate::crdt) fn count(&mut self) -> Result<usize, Corrupt> {
        let count = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        self.expect(count).map(|()| count)
    }

    /// Verifies that so many parts can follow, each at least a byte long.
    pub(super) fn expect(&self, count: usize) -> Result<(), Corrupt> {
        if count <= self.rest.len() { Ok(()) } else { Err(Corrupt) }
    }

    /// Returns the number of bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], Corrupt> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Corrupt)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(in crate::crdt) fn text(&mut self) -> Result<&'b str, Corrupt> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Corrupt)
    }

    pub(super) fn column(&mut self) -> Result<Stored<'b>, Corrupt> {
        let number = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let (is_packed, length) = (!number.is_multiple_of(2), number / 2);
        let stored = if is_packed { self.count()? } else { length };
        Ok(Stored { bytes: self.take(stored)?, is_packed, length })
    }

    /// Says that nothing more should follow.
    pub(in crate::crdt) fn end(self) -> Result<(), Corrupt> {
        if self.rest.is_empty() { Ok(()) } else { Err(Corrupt) }
    }
}

/// Returns what stands before a checksum.
fn checked(bytes: &[u8]) -> Result<&[u8], Corrupt> {
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(Corrupt)?;
    if crc32fast::hash(body) == u32::from_le_bytes(*checksum) { Ok(body) } else { Err(Corrupt) }
}
