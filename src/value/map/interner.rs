//! An interner, by which maps that are built independently share their shapes.
//!
//! Each thread remembers the shapes that it made last, by the tags of their keys. One table serves maps that are
//! built whole, and maps that get or lose a key: where a program makes many objects with the same keys, the
//! shape of each is the one that the object before it got.

use std::cell::RefCell;
use std::iter;
use std::sync::Arc;

use super::shape::{Shape, Tags};
use super::{Key, tags};

/// The maximum number of shapes that a thread remembers.
const SLOTS: usize = 512;

/// The length of the keys of a shape that is remembered, in all: bounds what the table keeps in memory.
const MAX_BYTES: usize = 1024;

thread_local! {
    static RECENT: RefCell<Vec<Option<Arc<Shape>>>> = const { RefCell::new(Vec::new()) };
}

/// Returns the shape of some keys, where it is known.
pub(super) fn recall(tags: &Tags, keys: &[Key]) -> Option<Arc<Shape>> {
    recent(tags, keys.len(), keys.iter())
}

/// Remembers a new shape.
pub(super) fn remember(shape: Shape) -> Arc<Shape> {
    if shape.keys().is_empty() {
        return Shape::empty();
    }
    let shape = Arc::new(shape);
    if shape.keys().iter().map(|key| key.len()).sum::<usize>() <= MAX_BYTES {
        // The table is gone while the thread ends: then nothing is shared.
        let _ = RECENT.try_with(|slots| {
            let mut slots = slots.borrow_mut();
            slots.resize(SLOTS, None);
            let slot = slot(shape.tags(), shape.keys().len());
            slots[slot].replace(shape.clone())
        });
    }
    shape
}

/// Returns the shape with one key more.
pub(super) fn with_key(shape: &Shape, at: usize, key: &Key, tag: u8) -> Arc<Shape> {
    let mut tags = *shape.tags();
    tags::insert(&mut tags, at, tag);
    let (before, after) = shape.keys().split_at(at);
    let keys = before.iter().chain(iter::once(key)).chain(after);
    recent(&tags, shape.keys().len() + 1, keys.clone())
        .unwrap_or_else(|| remember(Shape::new(tags, keys.cloned().collect())))
}

/// Returns the shape with one key less.
pub(super) fn without_key(shape: &Shape, at: usize) -> Arc<Shape> {
    let mut tags = *shape.tags();
    tags::remove(&mut tags, at);
    let keys = shape.keys()[..at].iter().chain(&shape.keys()[at + 1..]);
    recent(&tags, shape.keys().len() - 1, keys.clone())
        .unwrap_or_else(|| remember(Shape::new(tags, keys.cloned().collect())))
}

fn recent<'k>(tags: &Tags, length: usize, keys: impl Iterator<Item = &'k Key>) -> Option<Arc<Shape>> {
    let found = RECENT.try_with(|slots| {
        let slots = slots.borrow();
        let shape = slots.get(slot(tags, length))?.as_ref()?;
        let is_it = shape.tags() == tags
            && shape.keys().len() == length
            && shape.keys().iter().zip(keys).all(|(a, b)| a == b);
        is_it.then(|| shape.clone())
    });
    found.ok().flatten()
}

fn slot(tags: &Tags, length: usize) -> usize {
    let mut mix = length as u64;
    for word in tags.chunks_exact(8).take(length.div_ceil(8)) {
        let word = u64::from_le_bytes(word.try_into().expect("eight tags"));
        mix = (mix ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mix ^= mix >> 32;
    }
    mix as usize % SLOTS
}
