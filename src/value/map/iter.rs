//! Iterators over the entries of a map.

use std::iter::FusedIterator;
use std::sync::Arc;

use super::blocks::{BlockId, Blocks};
use super::large::Large;
use super::{Body, Entries, Key, Map, Val};

/// The entries of a map in order. Getting to the first one and from one to the next costs O(1), but for O(log n)
/// once in a while.
#[derive(Clone)]
pub struct Iter<'m>(Repr<'m>);

#[derive(Clone)]
enum Repr<'m> {
    Small(Zip<'m>),
    Large(Walk<'m>),
}

/// A walk through blocks from both ends. The ends do not see each other: the count tells when they have met.
#[derive(Clone)]
struct Walk<'m> {
    map: &'m Large,
    left: usize,
    front: Zip<'m>,
    back: Zip<'m>,
    /// The block after that of `front`.
    next: BlockId,
    /// The block before that of `back`.
    previous: BlockId,
}

impl<'m> Iter<'m> {
    pub(super) fn new(entries: &'m Entries) -> Self {
        Self(match entries {
            Entries::Small(map) => Repr::Small(map.shape.keys().iter().zip(map.values.as_slice())),
            Entries::Large(map) => {
                let (first, last) = (map.blocks().first(), map.blocks().last());
                Repr::Large(Walk {
                    map,
                    left: map.len(),
                    front: stretch(map.blocks(), first),
                    back: stretch(map.blocks(), last),
                    next: map.blocks().next(first),
                    previous: map.blocks().previous(last),
                })
            }
        })
    }
}

impl<'m> Iterator for Iter<'m> {
    type Item = (&'m Key, &'m Val);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Repr::Small(entries) => entries.next(),
            Repr::Large(walk) => walk.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Repr::Small(entries) => entries.size_hint(),
            Repr::Large(walk) => (walk.left, Some(walk.left)),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Repr::Small(entries) => entries.next_back(),
            Repr::Large(walk) => walk.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl FusedIterator for Iter<'_> {}

impl<'m> Walk<'m> {
    fn next(&mut self) -> Option<(&'m Key, &'m Val)> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(entry) = self.front.next() {
                return Some(entry);
            }
            self.front = stretch(self.map.blocks(), self.next);
            self.next = self.map.blocks().next(self.next);
        }
    }

    fn next_back(&mut self) -> Option<(&'m Key, &'m Val)> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(entry) = self.back.next_back() {
                return Some(entry);
            }
            self.back = stretch(self.map.blocks(), self.previous);
            self.previous = self.map.blocks().previous(self.previous);
        }
    }
}

type Zip<'m> = std::iter::Zip<std::slice::Iter<'m, Key>, std::slice::Iter<'m, Val>>;

fn stretch(blocks: &Blocks, id: BlockId) -> Zip<'_> {
    let block = blocks.get(id);
    block.keys().iter().zip(&**block.values())
}

/// The entries of a map in order, by value.
pub struct IntoIter(std::vec::IntoIter<(Key, Val)>);

impl Iterator for IntoIter {
    type Item = (Key, Val);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for IntoIter {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for IntoIter {}

impl FusedIterator for IntoIter {}

impl IntoIterator for Map {
    type Item = (Key, Val);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        let body = Arc::try_unwrap(self.0);
        let entries = match body {
            Ok(Body { entries: Entries::Small(map), .. }) => {
                map.shape.keys().iter().cloned().zip(map.values.into_vec()).collect()
            }
            Ok(body) => body.entries.to_vec(),
            Err(body) => body.entries.to_vec(),
        };
        IntoIter(entries.into_iter())
    }
}

impl<'m> IntoIterator for &'m Map {
    type Item = (&'m Key, &'m Val);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Iter<'m> {
        self.iter()
    }
}
