//! The entries of a large map.

use std::iter;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::block::{Block, CAPACITY};
use super::blocks::{BlockId, Blocks};
use super::hash::KeyHash;
use super::index::Index;
use super::{Key, Val};

/// Two neighbours that have no more entries than this become one.
const MERGE: usize = CAPACITY * 3 / 4;

/// Entries in blocks, and an index from keys to blocks.
///
/// The order of the entries is that of the blocks, and within each that of its keys. A key that is put between
/// others goes into the block where they are, so nothing needs to be renumbered; a block that overflows is
/// split, and the index learns where half of its keys went.
#[derive(Clone)]
pub(super) struct Large {
    len: usize,
    /// Invariant: no value has more levels.
    levels: u32,
    blocks: Blocks,
    /// Invariant: holds the block of each key, and no more.
    index: Index,
}

impl Large {
    /// Builds the entries in the order of their keys; of a key that comes several times it takes the first place
    /// and the last value. O(n).
    pub(super) fn new(entries: impl Iterator<Item = (Key, Val)>) -> Self {
        let (keys, values, hashes) = unique(entries);
        let len = keys.len();
        let levels = values.iter().map(Val::levels).max().unwrap_or(0);
        let hashed = hashes.iter().enumerate();
        let index = Index::new(hashed.map(|(at, hash)| (*hash, BlockId::new(at / CAPACITY))));
        let chunks = keys.chunks(CAPACITY).zip(values.chunks(CAPACITY)).zip(hashes.chunks(CAPACITY));
        let block = |((keys, values), hashes): ((&[Key], &[Val]), &[KeyHash])| {
            Block::new(hashes.iter().map(|hash| hash.tag()), keys.into(), values.into())
        };
        let blocks = chunks.map(block).collect();
        Self { len, levels, blocks: Blocks::new(blocks), index }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn levels(&self) -> u32 {
        self.levels
    }

    pub(super) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Moves the values out that nothing else holds.
    pub(super) fn take_apart(mut self, into: &mut Vec<Val>) {
        self.blocks.take_apart(into);
    }

    /// Finds a key: its block, and where it is there.
    pub(super) fn find(&self, hash: KeyHash, key: &str) -> Option<(BlockId, usize)> {
        self.index.blocks(hash).find_map(|id| Some((id, self.blocks.get(id).find(hash.tag(), key)?)))
    }

    pub(super) fn get(&self, hash: KeyHash, key: &str) -> Option<(&Key, &Val)> {
        let mut blocks = self.index.blocks(hash).map(|id| self.blocks.get(id));
        blocks.find_map(|block| Some(block.entry(block.find(hash.tag(), key)?)))
    }

    /// Sets the value of a key; a new one comes before another one, or last.
    pub(super) fn insert(&mut self, hash: KeyHash, key: Key, value: Val, next: Option<&str>) -> Option<Val> {
        self.levels = self.levels.max(value.levels());
        if let Some((id, at)) = self.find(hash, &key) {
            return Some(self.blocks.get_mut(id).set(at, value));
        }
        let place = next.and_then(|next| self.find(KeyHash::of(next), next));
        let (id, at) = self.make_room(place);
        self.blocks.get_mut(id).insert(at, key, hash.tag(), value);
        self.index.insert(hash, id);
        self.len += 1;
        None
    }

    pub(super) fn remove(&mut self, hash: KeyHash, key: &str) -> Option<Val> {
        let (id, at) = self.find(hash, key)?;
        let block = self.blocks.get_mut(id);
        let value = block.remove(at);
        let left = block.len();
        self.index.remove(hash, id);
        self.len -= 1;
        if left <= MERGE / 2 {
            self.merge(id);
        }
        Some(value)
    }

    /// Returns where a new entry goes: in front of another one, or to the end.
    fn make_room(&mut self, place: Option<(BlockId, usize)>) -> (BlockId, usize) {
        let last = self.blocks.last();
        let (id, at) = place.unwrap_or_else(|| (last, self.blocks.get(last).len()));
        if self.blocks.get(id).len() < CAPACITY {
            return (id, at);
        }
        if place.is_none() {
            // What grows at the end stays full.
            let empty = Block::new(iter::empty(), [].into(), [].into());
            return (self.blocks.insert_after(id, empty), 0);
        }
        let half = CAPACITY / 2;
        let second = self.blocks.get_mut(id).split_off(half);
        let new = self.blocks.insert_after(id, second);
        self.reindex(new, id);
        if at <= half { (id, at) } else { (new, at - half) }
    }

    /// Makes one block of two neighbours, where they are small enough together.
    fn merge(&mut self, id: BlockId) {
        let (previous, next) = (self.blocks.previous(id), self.blocks.next(id));
        let is_small = |a: BlockId, b: BlockId| {
            let (left, right) = (self.blocks.get(a).len(), self.blocks.get(b).len());
            a != self.blocks.last() && (left + right <= MERGE || left == 0 || right == 0)
        };
        let (first, second) = if is_small(id, next) {
            (id, next)
        } else if is_small(previous, id) {
            (previous, id)
        } else {
            return;
        };
        let keys = self.blocks.get(second).keys().clone();
        for key in &*keys {
            self.index.replace(KeyHash::of(key), second, first);
        }
        let (highest, block) = (self.blocks.highest(), self.blocks.swap_remove(second));
        // The id of the first one is another one, too, where that was the highest.
        let first = if first == highest { second } else { first };
        self.blocks.get_mut(first).append(&block);
        if highest != second {
            self.reindex(second, highest);
        }
    }

    /// Corrects the index for the keys of a block that had another id.
    fn reindex(&mut self, id: BlockId, from: BlockId) {
        for key in &**self.blocks.get(id).keys() {
            self.index.replace(KeyHash::of(key), from, id);
        }
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        self.blocks.check()?;
        self.index.check()?;
        let mut id = self.blocks.first();
        let mut len = 0;
        for _ in 0..self.blocks.len() {
            let block = self.blocks.get(id);
            block.check()?;
            if block.values().iter().any(|value| value.levels() > self.levels) {
                return Err(format!("a value of more levels than {}", self.levels));
            }
            for (at, key) in block.keys().iter().enumerate() {
                if self.find(KeyHash::of(key), key) != Some((id, at)) {
                    return Err(format!("the index does not know the key {key}"));
                }
            }
            len += block.len();
            id = self.blocks.next(id);
        }
        if (len, len) == (self.len, self.index.len()) {
            Ok(())
        } else {
            Err(format!("{len} entries, and not {} or {}", self.len, self.index.len()))
        }
    }
}

fn unique(entries: impl Iterator<Item = (Key, Val)>) -> (Vec<Key>, Vec<Val>, Vec<KeyHash>) {
    let expected = entries.size_hint().0;
    let mut positions: HashTable<usize> = HashTable::with_capacity(expected);
    let mut keys: Vec<Key> = Vec::with_capacity(expected);
    let (mut values, mut hashes) = (Vec::with_capacity(expected), Vec::<KeyHash>::with_capacity(expected));
    for (key, value) in entries {
        let hash = KeyHash::of(&key);
        match positions.entry(hash.get(), |at| keys[*at] == key, |at| hashes[*at].get()) {
            Entry::Occupied(known) => values[*known.get()] = value,
            Entry::Vacant(place) => {
                place.insert(keys.len());
                keys.push(key);
                values.push(value);
                hashes.push(hash);
            }
        }
    }
    (keys, values, hashes)
}
