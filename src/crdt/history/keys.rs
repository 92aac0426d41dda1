//! The keys of all maps of a document, each once.

use bytes::BytesMut;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::crdt::Key;

/// Keys and their numbers.
#[derive(Clone, Default)]
pub(in crate::crdt) struct Keys {
    keys: Vec<Key>,
    /// Invariant: the number of every key.
    numbers: HashTable<u32>,
    /// Seeded at random: whoever writes keys cannot choose ones that collide.
    hasher: foldhash::fast::RandomState,
    /// Where the bytes of new keys go.
    room: BytesMut,
}

/// The bytes of so many keys stand together.
const ROOM: usize = 2_048;

impl Keys {
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    pub(in crate::crdt) fn get(&self, number: u32) -> &Key {
        &self.keys[number as usize]
    }

    /// The number of a key that was seen before. O(length).
    pub(in crate::crdt) fn find(&self, key: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(key.as_bytes());
        self.numbers.find(hash, |&number| self.keys[number as usize].as_bytes() == key.as_bytes()).copied()
    }

    /// The number of a key, which may be new: then its bytes are put with those of others, so that they
    /// take no allocation of their own. O(length).
    pub(in crate::crdt) fn intern_text(&mut self, key: &str) -> u32 {
        let hash = self.hasher.hash_one(key.as_bytes());
        let same = |number: &u32| self.keys[*number as usize].as_bytes() == key.as_bytes();
        if let Some(&number) = self.numbers.find(hash, same) {
            return number;
        }
        if self.room.capacity() < key.len() {
            self.room = BytesMut::with_capacity(key.len().max(ROOM));
        }
        self.room.extend_from_slice(key.as_bytes());
        let key = Key::of_text(self.room.split().freeze());
        self.add(key, hash)
    }

    /// The number of a key, which may be new. O(length).
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
        keys.push(key);
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
