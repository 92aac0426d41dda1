//! Limits on what is read from outside.

use thiserror::Error;

use super::lv::Lv;

/// Limits on what is read from outside: from bytes and from JSON.
///
/// What is past one of them is refused before memory is taken for it; the [error](OverLimit) says which one it was.
/// [`from_bytes`](super::ConvergentRef::from_bytes) and its like use the default, which fits documents of millions of
/// items and changes; a program that reads what strangers send sets its own:
///
/// ```
/// use rejoin::crdt::{Limits, Patch};
///
/// let limits = Limits { memory: 64 << 20, ..Limits::default() };
/// assert!(Patch::from_bytes_within(b"anything", &limits).is_err());
/// ```
///
/// # Memory
///
/// Few bytes may stand for much: columns are compressed, and a run is one row however long it is. So there is a bound
/// besides the limits. To read `n` bytes, and to ask the ref for its value then, takes at most [`memory`](Self::memory)
/// and at most 2,048·n bytes + 16 MiB; so does to read a patch, and so does to merge it when nothing is missing. What
/// is padded with zeros when it is written keeps to that. Changes that come before what they depend on are taken
/// apart, one by one: a merge refuses a patch that takes more than four times what
/// [may wait](super::ConvergentRef::set_waiting_limit) then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of ops. By default as many as a ref can hold, a little more than two billion.
    pub ops: u64,
    /// The maximum number of changes. By default as many as there may be ops.
    pub changes: u64,
    /// The maximum number of bytes in memory. By default 8 GiB.
    ///
    /// What is read is held against it by an estimate that is never too low, and most often too high by half.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { ops: u64::from(Lv::MOST), changes: u64::from(Lv::MOST), memory: 8 << 30 }
    }
}

/// The limit that something is past.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OverLimit {
    /// [`Limits::ops`].
    #[error("it has {found} ops, and the limit is {limit}: send it in smaller patches, or raise the limit")]
    Ops {
        /// The number of ops.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// [`Limits::changes`].
    #[error(
        "it has {found} changes, and the limit is {limit}: send it in smaller patches, or raise the limit"
    )]
    Changes {
        /// The number of changes.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// [`Limits::memory`].
    #[error(
        "it takes up to {} of memory, and the limit is {}: send it in smaller patches, or raise the limit",
        mebibytes(*.found), mebibytes(*.limit)
    )]
    Memory {
        /// The bytes that it takes, at most.
        found: u64,
        /// The limit.
        limit: u64,
    },
}

impl Limits {
    /// Checks numbers of changes and ops.
    pub(super) fn check_counts(&self, changes: u64, ops: u64) -> Result<(), OverLimit> {
        if changes > self.changes {
            return Err(OverLimit::Changes { found: changes, limit: self.changes });
        }
        if ops > self.ops {
            return Err(OverLimit::Ops { found: ops, limit: self.ops });
        }
        Ok(())
    }

    /// Checks what something takes in memory.
    pub(super) fn check_memory(&self, bytes: u64) -> Result<(), OverLimit> {
        if bytes <= self.memory {
            return Ok(());
        }
        Err(OverLimit::Memory { found: bytes, limit: self.memory })
    }
}

/// Prints a number of bytes, rounded up.
fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
