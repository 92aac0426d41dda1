//! Differences of two maps.

use std::sync::Arc;

use smallvec::SmallVec;

use super::blocks::{Blocks, Link};
use super::hash::KeyHash;
use super::large::Large;
use super::small::Small;
use super::{Entries, Key, Map, Val};

/// A key, and its old and its new value.
type Difference<'m> = (&'m Key, Option<&'m Val>, Option<&'m Val>);

/// The differences: mostly few.
pub(crate) type Differences<'m> = SmallVec<[Difference<'m>; 4]>;

/// Implements [`Map::differing`].
pub(super) fn differing<'m>(old: &'m Map, new: &'m Map) -> Differences<'m> {
    if old.is_shared(new) {
        return Differences::new();
    }
    match (&old.0.entries, &new.0.entries) {
        (Entries::Small(old), Entries::Small(new)) => small(old, new),
        (Entries::Large(old), Entries::Large(new)) => large(old, new),
        // One of them has few keys, so nearly all keys of the other one are gone, or new.
        _ => {
            let gone = old.iter().filter(|(key, _)| !new.contains_key(key));
            let mut found: Differences<'m> = gone.map(|(key, value)| (key, Some(value), None)).collect();
            found.extend(new.iter().filter_map(|(key, value)| change(key, old.get(key), value)));
            found
        }
    }
}

fn change<'m>(key: &'m Key, before: Option<&'m Val>, value: &'m Val) -> Option<Difference<'m>> {
    (!before.is_some_and(|before| before.is_shared(value))).then_some((key, before, Some(value)))
}

fn small<'m>(old: &'m Small, new: &'m Small) -> Differences<'m> {
    if Arc::ptr_eq(&old.shape, &new.shape) {
        return in_place(new.shape.keys(), old.values.as_slice(), new.values.as_slice()).collect();
    }
    let mut found = Differences::new();
    for at in 0..old.len() {
        let (key, value) = old.entry(at);
        if new.shape.find(old.shape.tag(at), key).is_none() {
            found.push((key, Some(value), None));
        }
    }
    for at in 0..new.len() {
        let (key, value) = new.entry(at);
        let before = old.shape.find(new.shape.tag(at), key).map(|at| old.entry(at).1);
        found.extend(change(key, before, value));
    }
    found
}

/// Compares the values of the same keys.
fn in_place<'m>(keys: &'m [Key], old: &'m [Val], new: &'m [Val]) -> impl Iterator<Item = Difference<'m>> {
    keys.iter().zip(old.iter().zip(new)).filter_map(|(key, (old, new))| change(key, Some(old), new))
}

/// Compares only what is in blocks that are not one in memory: a key that differs is in such a block of each map
/// that has it.
fn large<'m>(old: &'m Large, new: &'m Large) -> Differences<'m> {
    let have_same_keys = |a: &Link, b: &Link| Arc::ptr_eq(a.block.keys(), b.block.keys());
    let (mut olds, mut news) = (Vec::new(), Vec::new());
    Blocks::compare(old.blocks(), new.blocks(), |a, b| {
        let have_same_keys = a.zip(b).is_some_and(|(a, b)| have_same_keys(a, b));
        olds.extend(a.filter(|_| !have_same_keys).map(|a| (a, b)));
        news.extend(b.map(|b| (b, a)));
    });
    olds.sort_unstable_by_key(|(link, _)| old.blocks().rank(link));
    news.sort_unstable_by_key(|(link, _)| new.blocks().rank(link));
    let mut found = Differences::new();
    for (link, other) in olds {
        for at in 0..link.block.len() {
            let (key, value) = link.block.entry(at);
            if get(new, other, link.block.tag(at), key).is_none() {
                found.push((key, Some(value), None));
            }
        }
    }
    for (link, other) in news {
        let block = &link.block;
        if let Some(other) = other
            && have_same_keys(link, other)
        {
            found.extend(in_place(block.keys(), other.block.values(), block.values()));
        } else {
            for at in 0..block.len() {
                let (key, value) = block.entry(at);
                found.extend(change(key, get(old, other, block.tag(at), key), value));
            }
        }
    }
    found
}

/// Returns the value of a key, which is likely in the block that has the same id.
fn get<'m>(map: &'m Large, likely: Option<&'m Link>, tag: u8, key: &str) -> Option<&'m Val> {
    let near = likely.and_then(|link| Some(link.block.entry(link.block.find(tag, key)?)));
    near.or_else(|| map.get(KeyHash::of(key), key)).map(|(_, value)| value)
}
