//! Estimates of the memory that packed changes take when they are read: never too low.
//!
//! They follow from the lengths of the columns, and from how many containers are made, so that they are known before
//! anything is made of the columns. The figures are what the structures take when they have just grown, with the
//! value that is read of them; a test holds them against an allocator that counts.

use super::{Fields, Role, Wire, field};
use crate::crdt::contents::count_containers;
use crate::crdt::{DecodeReason, Limits};

/// The maximum number of bytes in memory for which a byte of a file may stand.
const EACH: u64 = 2_048;
/// The number of bytes in memory that any file may take.
const BESIDE: u64 = 16 << 20;

/// A header, with what it leaves in the history.
const HEADER: u64 = 240;
/// A row, with what it leaves in a sequence or a map.
const ROW: u64 = 128;
/// A part of a value: a small map in a map.
const PART: u64 = 320;
/// A container, beside the row that makes it.
const CONTAINER: u64 = 512;
const ACTOR: u64 = 768;
const KEY: u64 = 112;
/// An op of a run.
const OP: u64 = 1;

/// An op and a change on their own, beside what they are in columns.
const LOOSE_OP: u64 = 288;
const LOOSE_CHANGE: u64 = 1_200;

/// The lengths of the parts in which contents are stored.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    pub(super) tags: usize,
    pub(super) ints: usize,
    pub(super) texts: usize,
}

/// Returns the memory that columns of these lengths take, without their containers.
pub(super) fn of_columns(lengths: &[usize; field::COUNT], parts: Parts) -> u64 {
    // For each byte.
    let weighed = [
        (lengths[field::HEADS], HEADER),
        (lengths[field::LENGTHS], 32),
        (lengths[field::KINDS], ROW),
        (lengths[field::COUNTS], 24),
        (lengths[field::CONTAINERS], 4),
        (lengths[field::ELEMENTS], 64),
        (lengths[field::OVERS], 48),
        (lengths[field::KEYS], 4),
        (lengths[field::CHARS], 10),
        (parts.tags, 56),
        (parts.ints, 40),
        (parts.texts, 8),
    ];
    weighed.iter().map(|(bytes, each)| (*bytes as u64).saturating_mul(*each)).fold(0, u64::saturating_add)
}

/// Returns the memory that a strip takes, with its containers, without its ops.
pub(super) fn of_strip(length: usize) -> u64 {
    length as u64 * (HEADER + ROW + CONTAINER)
}

/// Returns the memory that the containers take which contents with these tags make.
pub(super) fn of_containers(tags: &[u8]) -> u64 {
    count_containers(tags) * CONTAINER
}

/// Returns the memory that so many actors take.
pub(super) fn of_actors(count: usize) -> u64 {
    (count as u64).saturating_mul(ACTOR)
}

/// Returns the memory that so many keys take which have so many bytes, with their lengths.
pub(super) fn of_keys(count: usize, bytes: usize) -> u64 {
    (count as u64).saturating_mul(KEY).saturating_add((bytes as u64).saturating_mul(8))
}

/// Returns the memory that a value takes whose parts have these lengths, with so many bytes of numbers of keys.
pub(super) fn of_value(parts: Parts, numbers: usize) -> u64 {
    let weighed = [(parts.tags, PART), (parts.texts, 4), (parts.ints, 1), (numbers, 1)];
    weighed.iter().map(|(bytes, each)| (*bytes as u64).saturating_mul(*each)).fold(0, u64::saturating_add)
}

/// Returns the memory that so many ops of runs take.
pub(super) fn of_ops(ops: u64) -> u64 {
    ops.saturating_mul(OP)
}

/// Returns the memory that changes take when they are read, at most, without their keys and fields.
pub(super) fn of_changes(wire: &Wire, role: Role) -> u64 {
    let loose = if role == Role::Waiting { wire.loose() } else { 0 };
    [of_actors(wire.actors.len()), of_ops(wire.ops), loose].into_iter().fold(0, u64::saturating_add)
}

/// Returns the minimum number of bytes of a file that takes so much memory.
pub(super) fn least(memory: u64) -> usize {
    usize::try_from(memory.saturating_sub(BESIDE).div_ceil(EACH)).unwrap_or(usize::MAX)
}

/// The budget of one file: its limits, and how much of them is used.
pub(super) struct Budget {
    limits: Limits,
    /// The number of bytes of the file.
    bytes: usize,
    changes: u64,
    ops: u64,
    memory: u64,
}

impl Budget {
    pub(super) fn new(bytes: usize, limits: &Limits) -> Self {
        Self { limits: limits.clone(), bytes, changes: 0, ops: 0, memory: 0 }
    }

    /// Takes changes and ops.
    pub(super) fn count(&mut self, changes: u64, ops: u64) -> Result<(), DecodeReason> {
        self.changes = self.changes.saturating_add(changes);
        self.ops = self.ops.saturating_add(ops);
        Ok(self.limits.check_counts(self.changes, self.ops)?)
    }

    /// Takes memory.
    pub(super) fn take(&mut self, memory: u64) -> Result<(), DecodeReason> {
        self.memory = self.memory.saturating_add(memory);
        self.limits.check_memory(self.memory)?;
        if least(self.memory) > self.bytes {
            return Err(DecodeReason::Inflated { bytes: self.bytes as u64, memory: self.memory });
        }
        Ok(())
    }
}

impl Wire {
    /// Returns the memory that the changes take when they are taken apart, at most.
    pub(in crate::crdt) fn loose(&self) -> u64 {
        // What is typed in a row stays together.
        let (ops, bytes) = match &self.fields {
            Fields::Strip(strip) => (self.ops, strip.len() * 48),
            Fields::Columns(columns) => {
                let [kinds, overs, chars, contents] =
                    [field::KINDS, field::OVERS, field::CHARS, field::CONTENTS].map(|field| &columns[field]);
                let typed = chars.iter().filter(|byte| !matches!(byte, 0x80..0xc0)).count() as u64;
                let ops = self.ops.saturating_sub(typed).saturating_add(kinds.len() as u64);
                (ops, (contents.len() + chars.len()) * 4 + overs.len() * 48)
            }
        };
        (self.changes as u64)
            .saturating_mul(LOOSE_CHANGE)
            .saturating_add(ops.saturating_mul(LOOSE_OP))
            .saturating_add(bytes as u64)
    }
}
