//! Objects: persistent maps that keep the order of their keys.
//!
//! A map of up to 32 keys is a *shape* and its values. The shape holds the keys in their order, and all maps with
//! the same keys share one: each thread remembers the shapes that it made last. An object of five keys takes 144
//! bytes besides its strings, and no more when there are 300,000 of them.
//!
//! A larger map is a list of blocks of up to 16 entries, and a hash index from each key to its block. Iterating
//! follows the list, so the first entries cost nothing more than what is read of them. A new key goes into the
//! block of its neighbour, and nothing is renumbered. Blocks and buckets are items of persistent vectors: a
//! change copies the nodes on the way to one item, and two versions are compared by skipping the nodes that are
//! one in memory.
//!
//! | file | holds |
//! | --- | --- |
//! | `shape`, `interner`, `values`, `small` | small maps |
//! | `block`, `blocks`, `index`, `large` | large maps |
//! | `vector`, `hash`, `tags` | what they are made of |
//! | `iter`, `differing` | reading all entries, and what two maps do not share |
//!
//! It is a type of our own since none at hand keeps the order of keys, lets one in before another, and shares
//! what did not change. With 100,000 keys it takes 40 bytes a key besides the key strings; `imbl::OrdMap` takes
//! 73 and `imbl::HashMap` 196, with a label for the order beside each value and no index of the labels yet, and
//! `IndexMap`, which has no versions, 44. With 10,000 keys `get` costs about 75 ns (`imbl`: 35 hashed, 230
//! ordered), setting a key of a version that lives on 0.8 µs (1.0 and 0.9), adding one 1 µs (0.9 and 0.6) and
//! removing one 1.3 µs; a clone of the `IndexMap` with one key set costs 270 µs.

mod block;
mod blocks;
mod differing;
mod hash;
mod index;
mod interner;
mod iter;
mod large;
mod shape;
mod small;
mod tags;
#[cfg(test)]
mod tests;
mod values;
mod vector;

use std::sync::Arc;

use smallvec::SmallVec;

use self::differing::Differences;
use self::hash::KeyHash;
use self::iter::Iter;
use self::large::Large;
use self::shape::Shape;
use self::small::Small;
use self::values::Values;
use super::{Identity, Key, Val};

/// The maximum number of entries in a small map. A large one becomes small again when it has half as many.
const SMALL: usize = 32;

/// The entries of an object, in the order in which their keys came in.
#[derive(Clone, Default)]
pub struct Map(Arc<Body>);

#[derive(Clone, Default)]
struct Body {
    identity: Option<Identity>,
    entries: Entries,
}

#[derive(Clone)]
enum Entries {
    Small(Small),
    Large(Box<Large>),
}

impl Map {
    /// Creates an empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of keys. O(1).
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Tells whether there are no keys. O(1).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value of a key. O(log n).
    pub fn get(&self, key: &str) -> Option<&Val> {
        self.get_entry(key).map(|(_, value)| value)
    }

    /// Returns a key as the map holds it, and its value. O(log n).
    pub fn get_entry(&self, key: &str) -> Option<(&Key, &Val)> {
        let hash = KeyHash::of(key);
        match &self.0.entries {
            Entries::Small(map) => map.find(hash, key).map(|at| map.entry(at)),
            Entries::Large(map) => map.get(hash, key),
        }
    }

    /// Tells whether the map has a key. O(log n).
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Iterates over the entries in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(&self.0.entries)
    }

    /// Iterates over the keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// Iterates over the values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Val> + ExactSizeIterator + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// Sets the value of a key, and returns what was there. A key that is new comes last. O(log n).
    pub fn insert(&mut self, key: Key, value: Val) -> Option<Val> {
        Arc::make_mut(&mut self.0).entries.put(key, value, None)
    }

    /// Sets the value of a key. One that is new comes before another key; last where that is not there.
    /// O(log n) amortised.
    pub(crate) fn insert_before(&mut self, key: Key, value: Val, next: Option<&str>) {
        Arc::make_mut(&mut self.0).entries.put(key, value, next);
    }

    /// Takes a key out, and returns its value; the others keep their order. O(log n).
    pub fn remove(&mut self, key: &str) -> Option<Val> {
        // A map without the key is not copied.
        self.contains_key(key).then(|| Arc::make_mut(&mut self.0).entries.remove(key)).flatten()
    }

    // --- for this crate ---

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.0.identity.as_ref()
    }

    pub(crate) fn with_identity(mut self, identity: Option<Identity>) -> Self {
        if self.0.identity != identity {
            Arc::make_mut(&mut self.0).identity = identity;
        }
        self
    }

    pub(crate) fn levels(&self) -> u32 {
        1 + match &self.0.entries {
            Entries::Small(map) => map.values.levels(),
            Entries::Large(map) => map.levels(),
        }
    }

    pub(crate) fn is_shared(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells whether the two have the same keys in the same order; a guess that is `false` at times. O(log n) for
    /// each value that differs.
    pub(crate) fn has_keys_of(&self, other: &Self) -> bool {
        match (&self.0.entries, &other.0.entries) {
            (Entries::Small(a), Entries::Small(b)) => Arc::ptr_eq(&a.shape, &b.shape),
            (Entries::Large(a), Entries::Large(b)) => a.blocks().have_keys_of(b.blocks()),
            _ => false,
        }
    }

    /// Tells whether nothing else holds it.
    pub(crate) fn is_unique(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Finds where it is in memory: no other one that lives has the same.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Returns the keys whose values are not [shared](Val::is_shared), with the old and the new value: first
    /// those that went, in the order of the old map, then the others, in that of the new one. Costs O(log n) for
    /// each of them.
    pub(crate) fn differing<'m>(old: &'m Self, new: &'m Self) -> Differences<'m> {
        differing::differing(old, new)
    }

    /// Moves all values out that nothing else holds.
    pub(crate) fn take_apart(self, into: &mut Vec<Val>) {
        match Arc::into_inner(self.0).map(|body| body.entries) {
            None => {}
            Some(Entries::Small(map)) => into.extend(map.values.into_vec()),
            Some(Entries::Large(map)) => map.take_apart(into),
        }
    }

    #[cfg(test)]
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.0.entries {
            Entries::Small(map) => map.check(),
            Entries::Large(map) if map.len() <= SMALL / 2 => {
                Err(format!("a large map of {} keys", map.len()))
            }
            Entries::Large(map) => map.check(),
        }
    }
}

impl Entries {
    fn len(&self) -> usize {
        match self {
            Self::Small(map) => map.len(),
            Self::Large(map) => map.len(),
        }
    }

    /// Sets the value of a key; a new one comes before another one, or last.
    fn put(&mut self, key: Key, value: Val, next: Option<&str>) -> Option<Val> {
        let hash = KeyHash::of(&key);
        match self {
            Self::Small(map) => {
                if let Some(at) = map.find(hash, &key) {
                    return Some(map.values.set(at, value));
                }
                if map.len() == SMALL {
                    *self = Self::large(self.to_vec().into_iter());
                    return self.put(key, value, next);
                }
                map.insert(hash, &key, value, next);
                None
            }
            Self::Large(map) => map.insert(hash, key, value, next),
        }
    }

    fn remove(&mut self, key: &str) -> Option<Val> {
        let hash = KeyHash::of(key);
        match self {
            Self::Small(map) => map.find(hash, key).map(|at| map.remove(at)),
            Self::Large(map) => {
                let value = map.remove(hash, key)?;
                if map.len() <= SMALL / 2 {
                    *self = self.to_vec().into_iter().collect();
                }
                Some(value)
            }
        }
    }

    fn to_vec(&self) -> Vec<(Key, Val)> {
        Iter::new(self).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn large(entries: impl Iterator<Item = (Key, Val)>) -> Self {
        Self::Large(Box::new(Large::new(entries)))
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self::Small(Small::default())
    }
}

impl FromIterator<(Key, Val)> for Map {
    fn from_iter<I: IntoIterator<Item = (Key, Val)>>(entries: I) -> Self {
        Self(Arc::new(Body { identity: None, entries: entries.into_iter().collect() }))
    }
}

impl FromIterator<(Key, Val)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Key, Val)>>(entries: I) -> Self {
        let mut entries = entries.into_iter();
        let mut tags = [0; SMALL];
        let mut keys = SmallVec::<[Key; SMALL]>::new();
        let mut values = Vec::with_capacity(entries.size_hint().0.min(SMALL));
        let mut levels = 0;
        while let Some((key, value)) = entries.next() {
            if keys.len() == SMALL {
                let first = keys.into_iter().zip(values);
                let map = Self::large(first.chain([(key, value)]).chain(entries));
                // Fewer, where some keys come several times.
                return if map.len() > SMALL { map } else { map.to_vec().into_iter().collect() };
            }
            tags[keys.len()] = KeyHash::of(&key).tag();
            levels = value.levels().max(levels);
            keys.push(key);
            values.push(value);
        }
        let is_known = |at| tags::find(&tags, &keys[..at], tags[at], &keys[at]).is_some();
        let shape = match interner::recall(&tags, &keys) {
            Some(shape) => shape,
            None if (1..keys.len()).any(is_known) => {
                let mut map = Self::default();
                for (key, value) in keys.into_iter().zip(values) {
                    map.put(key, value, None);
                }
                return map;
            }
            None => interner::remember(Shape::new(tags, keys.to_vec())),
        };
        values.shrink_to_fit();
        Self::Small(Small { shape, values: Values::new(levels, values) })
    }
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Map>() == 8 && size_of::<Body>() == 40);
