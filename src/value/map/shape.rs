//! The keys of a small map, which many maps can share.

use std::sync::{Arc, LazyLock};

#[cfg(test)]
use super::hash::KeyHash;
use super::{Key, SMALL, tags};

/// Up to [`SMALL`] keys in their order. A shape that several hold never changes.
#[derive(Clone)]
pub(super) struct Shape {
    /// A byte of the hash of each key, then zeros.
    tags: Tags,
    /// Invariant: no key twice.
    keys: Vec<Key>,
}

pub(super) type Tags = [u8; SMALL];

impl Shape {
    /// Returns the shape without keys.
    pub(super) fn empty() -> Arc<Self> {
        static EMPTY: LazyLock<Arc<Shape>> = LazyLock::new(|| Arc::new(Shape::new([0; SMALL], Vec::new())));
        EMPTY.clone()
    }

    /// Takes keys that are different, and their tags.
    pub(super) fn new(tags: Tags, keys: Vec<Key>) -> Self {
        Self { tags, keys }
    }

    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub(super) fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Returns the tag of the key at a position.
    pub(super) fn tag(&self, at: usize) -> u8 {
        self.tags[at]
    }

    /// Finds a key. O(1), as there are few: compares tags first, then by pointer, then by length and bytes.
    pub(super) fn find(&self, tag: u8, key: &str) -> Option<usize> {
        tags::find(&self.tags, &self.keys, tag, key)
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        for (at, key) in self.keys.iter().enumerate() {
            let tag = KeyHash::of(key).tag();
            if self.tags[at] != tag || self.find(tag, key) != Some(at) {
                return Err(format!("the key {key} at {at} is not found"));
            }
        }
        if self.tags[self.keys.len()..].iter().any(|tag| *tag != 0) {
            return Err("tags without keys".to_owned());
        }
        Ok(())
    }
}
