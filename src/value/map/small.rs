//! The entries of a small map.

use std::sync::Arc;

use super::hash::KeyHash;
use super::shape::Shape;
use super::values::Values;
use super::{Key, Val, interner};

/// Up to [`SMALL`](super::SMALL) entries: keys that other maps can share, and values.
#[derive(Clone)]
pub(super) struct Small {
    pub(super) shape: Arc<Shape>,
    /// Invariant: as many as there are keys.
    pub(super) values: Values,
}

impl Small {
    pub(super) fn len(&self) -> usize {
        self.shape.keys().len()
    }

    pub(super) fn find(&self, hash: KeyHash, key: &str) -> Option<usize> {
        self.shape.find(hash.tag(), key)
    }

    pub(super) fn entry(&self, at: usize) -> (&Key, &Val) {
        (&self.shape.keys()[at], &self.values.as_slice()[at])
    }

    /// Adds a key that is new before another one, or last.
    pub(super) fn insert(&mut self, hash: KeyHash, key: &Key, value: Val, next: Option<&str>) {
        let place = next.and_then(|next| self.find(KeyHash::of(next), next));
        let at = place.unwrap_or(self.len());
        self.shape = interner::with_key(&self.shape, at, key, hash.tag());
        self.values.insert(at, value);
    }

    pub(super) fn remove(&mut self, at: usize) -> Val {
        self.shape = interner::without_key(&self.shape, at);
        self.values.remove(at)
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        self.shape.check()?;
        self.values.check()?;
        let (keys, values) = (self.len(), self.values.as_slice().len());
        if keys == values && keys <= super::SMALL {
            Ok(())
        } else {
            Err(format!("{values} values of {keys} keys"))
        }
    }
}

impl Default for Small {
    fn default() -> Self {
        Self { shape: Shape::empty(), values: Values::default() }
    }
}
