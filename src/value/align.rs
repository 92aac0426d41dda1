//! Alignment of two lists: which new item is which old one.
//!
//! Three passes, each linear or n log n, so that no input makes it quadratic:
//! 1. common prefix and suffix by identity ([`shared`]);
//! 2. between them, *anchors*: items that are shared, in an increasing chain (patience difference:
//!    items that occur once on both sides, then recursively between those);
//! 3. in the gaps that remain, items that are equal without being shared, and edited items: containers
//!    that still hold much of the same, found by what they hold, and then what stands in the same place
//!    of a gap of equal length.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::{Val, hash_same, is_container, same, shared};

/// What happens to one item; items that are not named stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemEdit {
    /// `old` stays, with the value of `new` (which may be equal, but is not shared).
    Edit { old: usize, new: usize },
    /// `old` goes.
    Delete { old: usize },
    /// `new` comes, after the old item `after` (or at the front) and the inserts before this one.
    Insert { after: Option<usize>, new: usize },
}

/// Aligns two lists; the edits come in the order of the lists. There are none when the lists are
/// equal, item by item.
pub(crate) fn align(old: &[Val], new: &[Val]) -> Vec<ItemEdit> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| shared(a, b)).count();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let backwards = old_rest.iter().rev().zip(new_rest.iter().rev());
    let suffix = backwards.take_while(|(a, b)| shared(a, b)).count();
    let old_middle = prefix..old.len() - suffix;
    let new_middle = prefix..new.len() - suffix;

    // Equal items that changed places are no difference.
    let (olds, news) = (&old[old_middle.clone()], &new[new_middle.clone()]);
    if olds.len() == news.len() && olds.iter().zip(news).all(|(a, b)| same(a, b)) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    if !old_middle.is_empty() && !new_middle.is_empty() {
        kept = anchors(olds, news, Token);
    }
    let anchored = kept.into_iter().map(|(o, n)| (o + prefix, n + prefix));

    let mut edits = Vec::new();
    let (mut o, mut n) = (old_middle.start, new_middle.start);
    for (next_o, next_n) in anchored.chain([(old_middle.end, new_middle.end)]) {
        gap(old, new, o..next_o, n..next_n, &mut edits);
        (o, n) = (next_o + 1, next_n + 1);
    }
    edits
}

/// Writes the edits of one gap between anchors.
fn gap(old: &[Val], new: &[Val], olds: Range<usize>, news: Range<usize>, edits: &mut Vec<ItemEdit>) {
    let pairs = edited(&old[olds.clone()], &new[news.clone()]);
    let (mut o, mut n) = (olds.start, news.start);
    let ends = pairs.into_iter().map(|(i, j)| (i + olds.start, j + news.start));
    for (next_o, next_n) in ends.chain([(olds.end, news.end)]) {
        let after = o.checked_sub(1);
        edits.extend((o..next_o).map(|old| ItemEdit::Delete { old }));
        edits.extend((n..next_n).map(|new| ItemEdit::Insert { after, new }));
        if next_o < olds.end && next_n < news.end {
            edits.push(ItemEdit::Edit { old: next_o, new: next_n });
        }
        (o, n) = (next_o + 1, next_n + 1);
    }
}

// --- anchors: shared items ---

/// An item by identity: equal tokens are [`shared`] values.
struct Token<'a>(&'a Val);

impl PartialEq for Token<'_> {
    fn eq(&self, other: &Self) -> bool {
        shared(self.0, other.0)
    }
}

impl Eq for Token<'_> {}

impl Hash for Token<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Val::Arr(a) => Arc::as_ptr(a).hash(state),
            Val::Obj(o) => Arc::as_ptr(o).hash(state),
            scalar => hash_same(scalar, 0, state),
        }
    }
}

/// Pairs of items with equal tokens, increasing on both sides.
fn anchors<'a, T: Hash + Eq>(old: &'a [Val], new: &'a [Val], token: fn(&'a Val) -> T) -> Vec<(usize, usize)> {
    let mut names: HashMap<T, usize> = HashMap::new();
    let mut name = |value| {
        let next = names.len();
        *names.entry(token(value)).or_insert(next)
    };
    let old: Vec<usize> = old.iter().map(&mut name).collect();
    let new: Vec<usize> = new.iter().map(&mut name).collect();
    let mut found = Vec::new();
    Patience { old: &old, new: &new }.pair(0..old.len(), 0..new.len(), 0, &mut found);
    found
}

struct Patience<'a> {
    old: &'a [usize],
    new: &'a [usize],
}

impl Patience<'_> {
    /// How often the gaps between anchors are searched for anchors again; past it, equal items are
    /// paired in the order of their occurrence.
    const DEPTH: usize = 8;

    fn pair(&self, mut o: Range<usize>, mut n: Range<usize>, depth: usize, found: &mut Vec<(usize, usize)>) {
        while !o.is_empty() && !n.is_empty() && self.old[o.start] == self.new[n.start] {
            found.push((o.start, n.start));
            (o.start, n.start) = (o.start + 1, n.start + 1);
        }
        let mut tail = 0;
        while !o.is_empty() && !n.is_empty() && self.old[o.end - 1] == self.new[n.end - 1] {
            (o.end, n.end, tail) = (o.end - 1, n.end - 1, tail + 1);
        }
        if !o.is_empty() && !n.is_empty() {
            let unique = if depth < Self::DEPTH { self.unique(&o, &n) } else { Vec::new() };
            if unique.is_empty() {
                found.extend(self.by_occurrence(&o, &n));
            } else {
                let (mut from_o, mut from_n) = (o.start, n.start);
                for (at_o, at_n) in unique {
                    self.pair(from_o..at_o, from_n..at_n, depth + 1, found);
                    found.push((at_o, at_n));
                    (from_o, from_n) = (at_o + 1, at_n + 1);
                }
                self.pair(from_o..o.end, from_n..n.end, depth + 1, found);
            }
        }
        found.extend((0..tail).map(|i| (o.end + i, n.end + i)));
    }

    /// Items that occur once in both ranges, as an increasing chain.
    fn unique(&self, o: &Range<usize>, n: &Range<usize>) -> Vec<(usize, usize)> {
        #[derive(Default)]
        struct Seen {
            old: usize,
            new: usize,
            at: usize,
        }
        let mut seen: HashMap<usize, Seen> = HashMap::new();
        for at in o.clone() {
            let entry = seen.entry(self.old[at]).or_default();
            (entry.old, entry.at) = (entry.old + 1, at);
        }
        for at in n.clone() {
            seen.entry(self.new[at]).or_default().new += 1;
        }
        let once = n.clone().filter_map(|at| {
            let seen = &seen[&self.new[at]];
            (seen.old == 1 && seen.new == 1).then_some((seen.at, at))
        });
        increasing(once.collect())
    }

    /// The first occurrence with the first, the second with the second, as an increasing chain.
    fn by_occurrence(&self, o: &Range<usize>, n: &Range<usize>) -> Vec<(usize, usize)> {
        let mut places: HashMap<usize, VecDeque<usize>> = HashMap::new();
        for at in o.clone() {
            places.entry(self.old[at]).or_default().push_back(at);
        }
        let paired = n.clone().filter_map(|at| Some((places.get_mut(&self.new[at])?.pop_front()?, at)));
        increasing(paired.collect())
    }
}

/// The longest chain of pairs that increases on both sides; the pairs come sorted by their second
/// part, and each first part occurs once. O(n log n).
fn increasing(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    // ends[k] is the pair that ends the best chain of length k + 1; before[i] the pair before i.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].0 < pair.0);
        before.push(length.checked_sub(1).map(|k| ends[k]));
        if length == ends.len() {
            ends.push(i);
        } else {
            ends[length] = i;
        }
    }
    let mut chain: Vec<_> =
        std::iter::successors(ends.last().copied(), |&i| before[i]).map(|i| pairs[i]).collect();
    chain.reverse();
    chain
}

// --- gaps: edited items ---

/// An item by value: equal tokens are the [`same()`] value. Costs the size of the item, and is asked
/// for only where identity has no answer.
struct Equal<'a>(&'a Val);

impl PartialEq for Equal<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

impl Eq for Equal<'_> {}

impl Hash for Equal<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        /// Levels that tell items apart; what differs only below them is told by comparing.
        const LEVELS: usize = 8;
        hash_same(self.0, LEVELS, state);
    }
}

/// Pairs of items that are one item, edited; increasing on both sides.
fn edited(old: &[Val], new: &[Val]) -> Vec<(usize, usize)> {
    if let ([_], [_]) = (old, new) {
        return vec![(0, 0)];
    }
    // What stays shared tells cheaply; values are compared only where it does not.
    let pairs = similar(old, new, Token);
    let pairs = between(old, new, pairs, |old, new| anchors(old, new, Equal));
    let pairs = between(old, new, pairs, |old, new| similar(old, new, Equal));
    between(old, new, pairs, in_place)
}

/// Adds the pairs that `find` finds between those that are known.
fn between(
    old: &[Val],
    new: &[Val],
    known: Vec<(usize, usize)>,
    find: impl Fn(&[Val], &[Val]) -> Vec<(usize, usize)>,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::with_capacity(known.len());
    let (mut o, mut n) = (0, 0);
    for (next_o, next_n) in known.into_iter().chain([(old.len(), new.len())]) {
        if o < next_o && n < next_n {
            let found = find(&old[o..next_o], &new[n..next_n]);
            pairs.extend(found.into_iter().map(|(i, j)| (i + o, j + n)));
        }
        if next_o < old.len() {
            pairs.push((next_o, next_n));
        }
        (o, n) = (next_o + 1, next_n + 1);
    }
    pairs
}

/// What is left over, in equal number, stands where the other stood.
fn in_place(old: &[Val], new: &[Val]) -> Vec<(usize, usize)> {
    if old.len() != new.len() {
        return Vec::new();
    }
    let places = (0..old.len()).filter(|&i| old.len() == 1 || could_be_edited(&old[i], &new[i]));
    places.map(|i| (i, i)).collect()
}

/// Whether an item in the place of another may be taken for it: scalars and lists may, maps when they
/// have a key in common.
fn could_be_edited(old: &Val, new: &Val) -> bool {
    match (old, new) {
        (Val::Obj(old), Val::Obj(new)) => old.is_empty() || old.keys().any(|key| new.contains_key(key)),
        (Val::Arr(_), Val::Arr(_)) => true,
        _ => !is_container(old) && !is_container(new),
    }
}

/// Pairs of containers that hold at least half of the same parts, increasing on both sides. Each new
/// one is held against the old ones with which it shares parts that are rare.
fn similar<'a, T: Hash + Eq>(old: &'a [Val], new: &'a [Val], token: fn(&'a Val) -> T) -> Vec<(usize, usize)> {
    /// A part that occurs in more old items than this tells nothing.
    const RARE: usize = 8;
    let mut holders: HashMap<(Option<&Val>, T), Vec<usize>> = HashMap::new();
    for (i, item) in old.iter().enumerate() {
        for (key, part) in parts(item) {
            let held_by = holders.entry((key, token(part))).or_default();
            if held_by.len() <= RARE {
                held_by.push(i);
            }
        }
    }
    let mut common: HashMap<usize, usize> = HashMap::new();
    let mut taken = vec![false; old.len()];
    let mut pairs = Vec::new();
    for (j, item) in new.iter().enumerate() {
        common.clear();
        let mut usual = 0;
        for (key, part) in parts(item) {
            match holders.get(&(key, token(part))) {
                Some(held_by) if held_by.len() > RARE => usual += 1,
                Some(held_by) => held_by.iter().for_each(|&i| *common.entry(i).or_default() += 1),
                None => {}
            }
        }
        // The most in common; among equals the nearest, then the first: never the order of the map.
        let free = common.iter().filter(|(i, _)| !taken[**i]);
        let best = free.min_by_key(|&(&i, &n)| (usize::MAX - n, i.abs_diff(j), i));
        if let Some((&i, &n)) = best
            && (n + usual) * 2 >= size(&old[i]).max(size(item))
        {
            taken[i] = true;
            pairs.push((i, j));
        }
    }
    increasing(pairs)
}

/// The parts of a container, and in an object where each stands.
fn parts(value: &Val) -> impl Iterator<Item = (Option<&Val>, &Val)> {
    let (items, entries) = match value {
        Val::Arr(items) => (Some(&**items), None),
        Val::Obj(entries) => (None, Some(&**entries)),
        _ => (None, None),
    };
    let items = items.into_iter().flatten().map(|item| (None, item));
    items.chain(entries.into_iter().flatten().map(|(key, item)| (Some(key), item)))
}

fn size(value: &Val) -> usize {
    match value {
        Val::Arr(items) => items.len(),
        Val::Obj(entries) => entries.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;
    use ItemEdit::{Delete, Edit, Insert};

    fn list(text: &str) -> Vec<Val> {
        match parse(text).unwrap() {
            Val::Arr(items) => items.to_vec(),
            other => panic!("{other} is not a list"),
        }
    }

    /// Applies the edits to the old list: what the engine does with them.
    fn apply(old: &[Val], new: &[Val], edits: &[ItemEdit]) -> Vec<Val> {
        let mut slots: Vec<Option<Val>> = old.iter().cloned().map(Some).collect();
        let mut inserted: HashMap<Option<usize>, Vec<Val>> = HashMap::new();
        for edit in edits {
            match *edit {
                Edit { old, new: j } => slots[old] = Some(new[j].clone()),
                Delete { old } => slots[old] = None,
                Insert { after, new: j } => inserted.entry(after).or_default().push(new[j].clone()),
            }
        }
        let mut result = inserted.remove(&None).unwrap_or_default();
        for (i, slot) in slots.into_iter().enumerate() {
            result.extend(slot);
            result.extend(inserted.remove(&Some(i)).unwrap_or_default());
        }
        result
    }

    #[test]
    fn edits_are_what_a_person_would_say() {
        let rows = [
            ("[1,2,3]", "[1,2,3]", vec![]),
            ("[1,2,3]", "[2,3]", vec![Delete { old: 0 }]),
            ("[1,2]", "[1,2,3]", vec![Insert { after: Some(1), new: 2 }]),
            ("[1,2]", "[0,1,2]", vec![Insert { after: None, new: 0 }]),
            ("[1,2,3]", "[1,9,3]", vec![Edit { old: 1, new: 1 }]),
            ("[1,null,2]", "[1,2]", vec![Delete { old: 1 }]),
            ("[[],{}]", "[[],{}]", vec![]),
            ("[0,1,0,1]", "[1,0,1]", vec![Delete { old: 0 }]),
            (
                r#"[{"id":1,"t":"a","d":0},{"id":2,"t":"b","d":0},{"id":3,"t":"c","d":0}]"#,
                r#"[{"id":2,"t":"b","d":1},{"id":3,"t":"c","d":0}]"#,
                vec![Delete { old: 0 }, Edit { old: 1, new: 0 }, Edit { old: 2, new: 1 }],
            ),
            (
                r#"[{"id":1,"n":1},{"id":2,"n":1}]"#,
                r#"[{"id":1,"n":2},{"id":2,"n":2},{"id":9,"n":9}]"#,
                vec![Edit { old: 0, new: 0 }, Edit { old: 1, new: 1 }, Insert { after: Some(1), new: 2 }],
            ),
        ];
        for (old, new, edits) in rows {
            assert_eq!(align(&list(old), &list(new)), edits, "{old} to {new}");
        }
    }

    #[test]
    fn edits_lead_from_the_old_list_to_the_new_one() {
        let mut seed = 7u64;
        let mut random = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for round in 0..3_000 {
            let pool: Vec<Val> = (0..6)
                .map(|i| match i % 3 {
                    0 => Val::from(i as usize),
                    1 => parse(&format!(r#"{{"id":{i},"a":1,"b":2}}"#)).unwrap(),
                    _ => parse(&format!("[{i},1,2]")).unwrap(),
                })
                .collect();
            let old: Vec<Val> = (0..random(12)).map(|_| pool[random(6) as usize].clone()).collect();
            let mut new = old.clone();
            for _ in 0..random(6) {
                let at = random(new.len() as u64 + 1) as usize;
                match random(4) {
                    0 if at < new.len() => drop(new.remove(at)),
                    1 if at < new.len() => new[at] = parse(r#"{"id":1,"a":1,"b":3}"#).unwrap(),
                    2 => new.reverse(),
                    _ => new.insert(at, pool[random(6) as usize].clone()),
                }
            }
            let got = apply(&old, &new, &align(&old, &new));
            assert!(same(&got.iter().cloned().collect(), &new.iter().cloned().collect()), "round {round}");
        }
    }
}
