//! Which containers still hold much of the same: found by what they hold.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::common::increasing;
use super::{Val, hash_same};

/// A part that occurs in more containers than this tells nothing.
const RARE: usize = 8;

/// Pairs of containers that hold at least half of the same parts, increasing on both sides; `token` tells
/// what are the same parts. Each new one is held against the old ones with which it shares parts that are
/// rare, so it takes O(parts).
pub(super) fn similar(old: &[&Val], new: &[&Val], token: fn(&Val) -> u64) -> Vec<(usize, usize)> {
    let mut holders = Holders::default();
    for (i, item) in old.iter().enumerate() {
        parts(item).for_each(|(key, part)| holders.add(part_token(key, token(part)), i));
    }
    let mut votes = Votes::default();
    let mut taken = vec![false; old.len()];
    let mut pairs = Vec::new();
    for (j, item) in new.iter().enumerate() {
        parts(item).for_each(|(key, part)| votes.of(&holders, part_token(key, token(part))));
        let best = votes.best(|&i| (!taken[i]).then_some(i.abs_diff(j)));
        if let Some((i, common)) = best
            && common * 2 >= size(old[i]).max(size(item))
        {
            taken[i] = true;
            pairs.push((i, j));
        }
        votes.clear();
    }
    increasing(pairs)
}

/// Which containers hold a part. What a part is, is told by a token.
#[derive(Default)]
pub(super) struct Holders {
    /// By the token of the part: its last holder in `links`, and how many there are.
    heads: HashMap<u64, (usize, usize)>,
    /// A holder, and the one before.
    links: Vec<(usize, usize)>,
}

impl Holders {
    pub(super) fn add(&mut self, part: u64, holder: usize) {
        let head = self.heads.entry(part).or_insert((usize::MAX, 0));
        if head.1 <= RARE {
            self.links.push((holder, head.0));
            *head = (self.links.len() - 1, head.1 + 1);
        }
    }
}

/// How many parts a container has in common with others.
#[derive(Default)]
pub(super) struct Votes {
    /// Invariant: each holder once, few of them.
    votes: HashMap<usize, usize>,
    /// The parts that too many hold to tell them apart.
    usual: usize,
}

impl Votes {
    /// Counts a part for those that hold it.
    pub(super) fn of(&mut self, holders: &Holders, part: u64) {
        let Some(&(mut at, count)) = holders.heads.get(&part) else { return };
        if count > RARE {
            self.usual += 1;
            return;
        }
        while let Some(&(holder, next)) = holders.links.get(at) {
            self.add(holder);
            at = next;
        }
    }

    /// Counts a part for one container.
    pub(super) fn add(&mut self, holder: usize) {
        *self.votes.entry(holder).or_default() += 1;
    }

    /// The one with the most votes, and how many parts are in common; among equals the nearest, then the
    /// first. Those without a distance do not take part.
    pub(super) fn best(&self, distance: impl Fn(&usize) -> Option<usize>) -> Option<(usize, usize)> {
        let free = self.votes.iter().filter_map(|(&i, &votes)| Some((usize::MAX - votes, distance(&i)?, i)));
        let (votes, _, best) = free.min()?;
        Some((best, usize::MAX - votes + self.usual))
    }

    pub(super) fn clear(&mut self) {
        self.votes.clear();
        self.usual = 0;
    }
}

/// A part and the key under which it stands, as a number; two of them clash so rarely that it may be
/// used to find what is alike, but not to tell that it is equal.
pub(super) fn part_token(key: Option<&Val>, part: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Some(key) = key {
        hash_same(key, 0, &mut hasher);
    }
    part.hash(&mut hasher);
    hasher.finish()
}

/// A value by identity: shared values have the same token.
pub(super) fn by_identity(value: &Val) -> u64 {
    match value {
        Val::Arr(items) => Arc::as_ptr(items).cast::<()>() as u64,
        Val::Obj(entries) => Arc::as_ptr(entries).cast::<()>() as u64,
        scalar => {
            let mut hasher = DefaultHasher::new();
            hash_same(scalar, 0, &mut hasher);
            hasher.finish()
        }
    }
}

/// A value by its upper levels: equal values have the same token, and so have those that differ only
/// below. Costs the size of those levels.
pub(super) fn by_value(value: &Val) -> u64 {
    const LEVELS: usize = 8;
    let mut hasher = DefaultHasher::new();
    hash_same(value, LEVELS, &mut hasher);
    hasher.finish()
}

/// The parts of a container, and in an object where each stands.
pub(super) fn parts(value: &Val) -> impl Iterator<Item = (Option<&Val>, &Val)> {
    let (items, entries) = match value {
        Val::Arr(items) => (Some(&**items), None),
        Val::Obj(entries) => (None, Some(&**entries)),
        _ => (None, None),
    };
    let items = items.into_iter().flatten().map(|item| (None, item));
    items.chain(entries.into_iter().flatten().map(|(key, item)| (Some(key), item)))
}

/// How many parts a container has.
pub(super) fn size(value: &Val) -> usize {
    match value {
        Val::Arr(items) => items.len(),
        Val::Obj(entries) => entries.len(),
        _ => 0,
    }
}
