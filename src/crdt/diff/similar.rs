//! Items that still hold much of the same.

use crate::cancellation::ask;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;

use crate::value::{Val, View, hash_same, increasing};

/// A part that occurs in more items than this tells nothing.
const RARE: usize = 8;
/// The levels of a part that are compared.
const LEVELS: usize = 8;

/// Pairs items that hold at least half of the same parts by weight, increasing on both sides, of those that `may` be
/// one. Each new one is held against the old ones with which it shares parts that are rare, so it takes
/// O(parts).
pub(super) fn similar(old: &[&Val], new: &[&Val], may: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let hasher = RandomState::default();
    let mut holders: HashMap<u64, Vec<usize>, RandomState> = HashMap::default();
    for (o, item) in old.iter().enumerate() {
        ask();
        for (part, _) in parts(item, &hasher) {
            holders.entry(part).or_default().push(o);
        }
    }
    let mut taken = vec![false; old.len()];
    let mut votes: HashMap<usize, usize, RandomState> = HashMap::default();
    let mut pairs = Vec::new();
    for (n, item) in new.iter().enumerate() {
        ask();
        let mut usual = 0;
        for (part, weight) in parts(item, &hasher) {
            match holders.get(&part) {
                Some(holders) if holders.len() > RARE => usual += weight,
                Some(holders) => holders.iter().for_each(|o| *votes.entry(*o).or_default() += weight),
                None => {}
            }
        }
        // Of those with the most in common the nearest, then the first.
        let free = votes.drain().filter(|(o, _)| !taken[*o] && may(*o, n));
        let best = free.min_by_key(|&(o, votes)| (usize::MAX - votes, o.abs_diff(n), o));
        if let Some((o, votes)) = best
            && (votes + usual) * 2 >= size(old[o]).max(size(item))
        {
            taken[o] = true;
            pairs.push((o, n));
        }
    }
    increasing(pairs)
}

/// Returns the parts of an item as numbers, and in an object where each stands, with their weights. Two of them clash
/// so rarely that they may be used to find what is alike, but not to tell that it is equal.
fn parts(item: &Val, hasher: &RandomState) -> impl Iterator<Item = (u64, usize)> {
    let number = |key: &str, part: &Val| {
        let mut hasher = hasher.build_hasher();
        key.hash(&mut hasher);
        hash_same(part, LEVELS, &mut hasher);
        (hasher.finish(), weight(part))
    };
    let items = item.as_list().into_iter().flat_map(|items| items.iter());
    let entries = item.as_map().into_iter().flat_map(|entries| entries.iter());
    items.map(move |part| number("", part)).chain(entries.map(move |(key, part)| number(key, part)))
}

/// Tells how much a part tells: a title tells two tasks apart, `true` does not.
fn weight(part: &Val) -> usize {
    match part.view() {
        View::Null | View::Bool(_) => 1,
        View::Num(_) | View::Str(_) | View::Arr(_) | View::Obj(_) => 2,
    }
}

/// Returns what the parts of an item weigh.
fn size(item: &Val) -> usize {
    let items = item.as_list().into_iter().flat_map(|items| items.iter());
    let entries = item.as_map().into_iter().flat_map(|entries| entries.values());
    items.chain(entries).map(weight).sum()
}
