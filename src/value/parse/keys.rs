//! A table of the keys of a text.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::value::Key;

/// The keys that were seen in a text: equal ones become one in memory.
#[derive(Default)]
pub(in crate::value) struct Keys {
    known: HashTable<Key>,
    hasher: RandomState,
}

impl Keys {
    /// Returns the key of a text.
    pub(in crate::value) fn get(&mut self, text: &str) -> Key {
        let Self { known, hasher } = self;
        let hash = |text: &str| hasher.hash_one(text);
        let entry = known.entry(hash(text), |key| key.as_str() == text, |key| hash(key));
        entry.or_insert_with(|| text.into()).get().clone()
    }
}
