//! A stretch of the entries of a large map.

use std::iter;
use std::mem::take;
use std::sync::Arc;

use super::{Key, Val, tags};

/// The maximum number of entries in a block.
pub(super) const CAPACITY: usize = 16;

/// Up to [`CAPACITY`] entries in their order. Cloning one is O(1); versions in which only values differ share
/// the keys.
#[derive(Clone)]
pub(super) struct Block {
    /// A byte of the hash of each key, then zeros.
    tags: [u8; CAPACITY],
    keys: Arc<[Key]>,
    /// Invariant: as many as there are keys.
    values: Arc<[Val]>,
}

impl Block {
    /// Takes different keys with their tags, and as many values.
    pub(super) fn new(some: impl Iterator<Item = u8>, keys: Arc<[Key]>, values: Arc<[Val]>) -> Self {
        let mut tags = [0; CAPACITY];
        tags.iter_mut().zip(some).for_each(|(tag, some)| *tag = some);
        Self { tags, keys, values }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn keys(&self) -> &Arc<[Key]> {
        &self.keys
    }

    pub(super) fn values(&self) -> &Arc<[Val]> {
        &self.values
    }

    pub(super) fn tag(&self, at: usize) -> u8 {
        self.tags[at]
    }

    pub(super) fn find(&self, tag: u8, key: &str) -> Option<usize> {
        tags::find(&self.tags, &self.keys, tag, key)
    }

    pub(super) fn entry(&self, at: usize) -> (&Key, &Val) {
        (&self.keys[at], &self.values[at])
    }

    pub(super) fn set(&mut self, at: usize, value: Val) -> Val {
        std::mem::replace(&mut Arc::make_mut(&mut self.values)[at], value)
    }

    /// Adds a key that is new.
    pub(super) fn insert(&mut self, at: usize, key: Key, tag: u8, value: Val) {
        tags::insert(&mut self.tags, at, tag);
        let (before, after) = self.keys.split_at(at);
        self.keys = before.iter().cloned().chain(iter::once(key)).chain(after.iter().cloned()).collect();
        let value = iter::once(value);
        self.values = if let Some(values) = Arc::get_mut(&mut self.values) {
            let (before, after) = values.split_at_mut(at);
            before.iter_mut().map(take).chain(value).chain(after.iter_mut().map(take)).collect()
        } else {
            let (before, after) = self.values.split_at(at);
            before.iter().cloned().chain(value).chain(after.iter().cloned()).collect()
        };
    }

    pub(super) fn remove(&mut self, at: usize) -> Val {
        tags::remove(&mut self.tags, at);
        self.keys = self.keys[..at].iter().chain(&self.keys[at + 1..]).cloned().collect();
        let value = self.values[at].clone();
        self.values = self.values[..at].iter().chain(&self.values[at + 1..]).cloned().collect();
        value
    }

    /// Takes the entries from a position on out.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let tags = self.tags[at..self.len()].iter().copied();
        let second = Self::new(tags, self.keys[at..].into(), self.values[at..].into());
        self.keys = self.keys[..at].into();
        self.values = self.values[..at].into();
        self.tags[at..].fill(0);
        second
    }

    /// Adds the entries of a block that has no key of this one.
    pub(super) fn append(&mut self, other: &Self) {
        let (from, to) = (self.len(), self.len() + other.len());
        self.tags[from..to].copy_from_slice(&other.tags[..other.len()]);
        self.keys = self.keys.iter().chain(&*other.keys).cloned().collect();
        self.values = self.values.iter().chain(&*other.values).cloned().collect();
    }

    /// Moves the values out, where nothing else holds them.
    pub(super) fn take_apart(&mut self, into: &mut Vec<Val>) {
        into.extend(Arc::get_mut(&mut self.values).into_iter().flatten().map(take));
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        let (keys, values) = (self.keys.len(), self.values.len());
        if keys == 0 || keys > CAPACITY || keys != values {
            return Err(format!("a block of {keys} keys and {values} values"));
        }
        if self.tags[keys..].iter().any(|tag| *tag != 0) {
            return Err("tags without keys".to_owned());
        }
        Ok(())
    }
}
