//! The keys of all maps of a document, each once.

use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::crdt::growth;
use crate::value::Key;

/// Keys and their numbers.
#[derive(Clone, Default)]
pub(in crate::crdt) struct Keys {
    keys: Vec<Key>,
    /// Invariant: the number of every key.
    numbers: HashTable<u32>,
    /// Seeded at random: whoever writes keys cannot choose ones that collide.
    hasher: foldhash::fast::RandomState,
}

impl Keys {
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    pub(in crate::crdt) fn get(&self, number: u32) -> &Key {
        &self.keys[number as usize]
    }

    /// Returns the number of a key that was seen before. O(length).
    pub(in crate::crdt) fn find(&self, key: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(key.as_bytes());
        self.numbers.find(hash, |&number| self.keys[number as usize].as_bytes() == key.as_bytes()).copied()
    }

    /// Returns the number of a key, which may be new. O(length).
    pub(in crate::crdt) fn intern_text(&mut self, key: &str) -> u32 {
        let hash = self.hasher.hash_one(key.as_bytes());
        match self.numbers.find(hash, |&number| self.keys[number as usize].as_bytes() == key.as_bytes()) {
            Some(&number) => number,
            None => self.add(key.into(), hash),
        }
    }

    /// Returns the number of a key, which may be new, and is kept as it is. O(length).
    pub(in crate::crdt) fn intern(&mut self, key: &Key) -> u32 {
        let hash = self.hasher.hash_one(key.as_bytes());
        match self.numbers.find(hash, |&number| self.keys[number as usize] == *key) {
            Some(&number) => number,
            None => self.add(key.clone(), hash),
        }
    }

    fn add(&mut self, key: Key, hash: u64) -> u32 {
        let Self { keys, numbers, hasher, .. } = self;
        let number = keys.len() as u32;
        growth::push(keys, key);
        numbers.insert_unique(hash, number, |&number| hasher.hash_one(keys[number as usize].as_bytes()));
        number
    }

    /// Forgets all keys from one number on.
    pub(in crate::crdt) fn truncate(&mut self, count: u32) {
        for key in self.keys.drain(count as usize..) {
            let hash = self.hasher.hash_one(key.as_bytes());
            if let Ok(entry) = self.numbers.find_entry(hash, |&number| number >= count) {
                entry.remove();
            }
        }
    }
}
