//! Hashes of keys.

use std::hash::Hasher;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

/// The hash of a key. It is another one in each process, so nothing that anyone sees may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyHash(u64);

impl KeyHash {
    pub(super) fn of(key: &str) -> Self {
        let mut hasher = FoldHasher::with_seed(0, SharedSeed::global_random());
        hasher.write(key.as_bytes());
        Self(hasher.finish())
    }

    /// Returns the byte that a shape holds of the hash.
    pub(super) fn tag(self) -> u8 {
        (self.0 >> 56) as u8
    }

    /// Returns the part that the index holds of the hash.
    pub(super) fn low(self) -> u32 {
        self.0 as u32
    }

    pub(super) fn get(self) -> u64 {
        self.0
    }
}
