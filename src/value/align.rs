//! Alignment of two lists: which new item is which old one.
//!
//! Four passes, none of which any input makes quadratic:
//! 1. common prefix and suffix by identity ([`shared`]);
//! 2. between them, shared items that keep their order: in a list that was only put in another order, a
//!    longest increasing chain;
//! 3. containers that stand on both sides, but out of order, went to another place: they come as a delete
//!    and an insert of the same pointer, and are never taken for an edit of something else;
//! 4. in the gaps that remain, items that are equal without being shared, and edited items: containers
//!    that still hold much of the same, found by what they hold, and then what stands in the same place
//!    of a gap of equal length.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use super::common::common;
use super::similar::{by_identity, by_value, similar};
use super::{Val, is_container, same, shared};

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
/// equal, item by item. O(n log n), and where items are not shared, the size of those.
pub(crate) fn align<'v>(old: &'v [Val], new: &'v [Val]) -> Vec<ItemEdit> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| shared(a, b)).count();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let backwards = old_rest.iter().rev().zip(new_rest.iter().rev());
    let suffix = backwards.take_while(|(a, b)| shared(a, b)).count();
    let old_middle = prefix..old.len() - suffix;
    let new_middle = prefix..new.len() - suffix;

    let (olds, news) = (&old[old_middle.clone()], &new[new_middle.clone()]);
    // Equal items that changed places are no difference.
    if olds.len() == news.len() && olds.iter().zip(news).all(|(a, b)| same(a, b)) {
        return Vec::new();
    }
    let (olds, news): (Vec<&Val>, Vec<&Val>) = (olds.iter().collect(), news.iter().collect());
    let named = Named::of(&olds, &news, Identity);
    let kept = named.common();
    let cost = olds.len() + news.len() - 2 * kept.len();
    // What takes less to say, when most of the list stays.
    if in_their_places(&olds, &news, cost.min(old.len() / 2)) {
        let places = (0..olds.len()).filter(|&at| !shared(olds[at], news[at]));
        return places.map(|at| ItemEdit::Edit { old: at + prefix, new: at + prefix }).collect();
    }
    let (old_stays, new_stays) = named.not_elsewhere(&kept, &news);

    let mut edits = Vec::new();
    let (mut o, mut n) = (0, 0);
    for (next_o, next_n) in kept.into_iter().chain([(olds.len(), news.len())]) {
        let old_gap: Vec<usize> = (o..next_o).filter(|&at| old_stays[at]).collect();
        let new_gap: Vec<usize> = (n..next_n).filter(|&at| new_stays[at]).collect();
        let value_of = |all: &[&'v Val], gap: &[usize]| gap.iter().map(|&at| all[at]).collect::<Vec<_>>();
        let pairs = edited(&value_of(&olds, &old_gap), &value_of(&news, &new_gap));
        let pairs = pairs.into_iter().map(|(i, j)| (old_gap[i] + prefix, new_gap[j] + prefix));
        gap(o + prefix..next_o + prefix, n + prefix..next_n + prefix, pairs, &mut edits);
        (o, n) = (next_o + 1, next_n + 1);
    }
    edits
}

/// Writes the edits of one gap between kept items, of which some pairs are edited.
fn gap(
    olds: Range<usize>,
    news: Range<usize>,
    pairs: impl Iterator<Item = (usize, usize)>,
    edits: &mut Vec<ItemEdit>,
) {
    let (mut o, mut n) = (olds.start, news.start);
    for (next_o, next_n) in pairs.chain([(olds.end, news.end)]) {
        let after = o.checked_sub(1);
        edits.extend((o..next_o).map(|old| ItemEdit::Delete { old }));
        edits.extend((n..next_n).map(|new| ItemEdit::Insert { after, new }));
        if next_o < olds.end && next_n < news.end {
            edits.push(ItemEdit::Edit { old: next_o, new: next_n });
        }
        (o, n) = (next_o + 1, next_n + 1);
    }
}

/// Whether lists of scalars are taken for squares of a board, some of which have another value now:
/// when there are less of those than `limit`.
fn in_their_places(old: &[&Val], new: &[&Val], limit: usize) -> bool {
    let squares = || old.iter().zip(new).filter(|(old, new)| !shared(old, new));
    old.len() == new.len()
        && squares().count() < limit
        && squares().all(|(old, new)| !is_container(old) && !is_container(new))
}

/// Two lists as small numbers: equal items have the same.
struct Named {
    old: Vec<u32>,
    new: Vec<u32>,
    count: usize,
}

impl Named {
    fn of<'v, T: Hash + Eq>(old: &[&'v Val], new: &[&'v Val], token: impl Fn(&'v Val) -> T) -> Self {
        let mut names: HashMap<T, u32> = HashMap::with_capacity(old.len());
        let mut name = |value: &&'v Val| {
            let next = names.len() as u32;
            *names.entry(token(value)).or_insert(next)
        };
        let (old, new) = (old.iter().map(&mut name).collect(), new.iter().map(&mut name).collect());
        Self { old, new, count: names.len() }
    }

    /// Pairs of equal items, increasing on both sides.
    fn common(&self) -> Vec<(usize, usize)> {
        let runs = common(&self.old, &self.new, self.count);
        runs.into_iter().flat_map(|run| (0..run.len).map(move |i| (run.old + i, run.new + i))).collect()
    }

    /// For the items on both sides that are not kept whether they may be edited: those that stand on the
    /// other side too are not, but went to another place; nor is a container that comes a second time.
    fn not_elsewhere(&self, kept: &[(usize, usize)], news: &[&Val]) -> (Vec<bool>, Vec<bool>) {
        let (mut old, mut new) = (vec![true; self.old.len()], vec![true; self.new.len()]);
        kept.iter().for_each(|&(o, n)| (old[o], new[n]) = (false, false));
        let named = |names: &[u32], chosen: &[bool]| {
            let mut has = vec![false; self.count];
            let chosen = names.iter().zip(chosen).filter(|(_, chosen)| **chosen);
            chosen.for_each(|(&name, _)| has[name as usize] = true);
            has
        };
        let (left_old, left_new) = (named(&self.old, &old), named(&self.new, &new));
        let all_old = named(&self.old, &vec![true; self.old.len()]);
        for (stays, &name) in old.iter_mut().zip(&self.old) {
            *stays &= !left_new[name as usize];
        }
        for ((stays, &name), item) in new.iter_mut().zip(&self.new).zip(news) {
            let stood = if is_container(item) { &all_old } else { &left_old };
            *stays &= !stood[name as usize];
        }
        (old, new)
    }
}

/// An item by identity: equal tokens are [`shared`] values.
struct Identity<'v>(&'v Val);

impl PartialEq for Identity<'_> {
    fn eq(&self, other: &Self) -> bool {
        shared(self.0, other.0)
    }
}

impl Eq for Identity<'_> {}

impl Hash for Identity<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        by_identity(self.0).hash(state);
    }
}

/// Pairs of items that are one item, edited; increasing on both sides.
fn edited(old: &[&Val], new: &[&Val]) -> Vec<(usize, usize)> {
    match (old.len(), new.len()) {
        (0, _) | (_, 0) => return Vec::new(),
        (1, 1) => return vec![(0, 0)],
        _ => {}
    }
    // What stays shared tells cheaply; values are looked at only where it does not. An edit of equal
    // items is none, so that what looks equal need not be so.
    let pairs = similar(old, new, by_identity);
    let pairs = between(old, new, pairs, |old, new| Named::of(old, new, by_value).common());
    let pairs = between(old, new, pairs, |old, new| similar(old, new, by_value));
    between(old, new, pairs, in_place)
}

/// Adds the pairs that `find` finds between those that are known.
fn between(
    old: &[&Val],
    new: &[&Val],
    known: Vec<(usize, usize)>,
    find: impl Fn(&[&Val], &[&Val]) -> Vec<(usize, usize)>,
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
fn in_place(old: &[&Val], new: &[&Val]) -> Vec<(usize, usize)> {
    if old.len() != new.len() {
        return Vec::new();
    }
    let places = (0..old.len()).filter(|&i| old.len() == 1 || could_be_edited(old[i], new[i]));
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
                "[0,1,0,0,2,0,0,0]",
                "[0,0,3,0,4,0,0,0]",
                vec![Edit { old: 1, new: 1 }, Edit { old: 2, new: 2 }, Edit { old: 4, new: 4 }],
            ),
            ("[1,2,3]", "[2,3,4]", vec![Delete { old: 0 }, Insert { after: Some(2), new: 2 }]),
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
    fn what_only_changed_places_is_never_an_edit() {
        let items = list("[[0],[1],[2],[3],[4],[5]]");
        let at = |order: &[usize]| order.iter().map(|&i| items[i].clone()).collect::<Vec<_>>();
        let rows: [(&[usize], &[usize], Vec<ItemEdit>); 6] = [
            (&[0, 1, 2], &[2, 0, 1], vec![Insert { after: None, new: 0 }, Delete { old: 2 }]),
            (&[0, 1], &[1, 0], vec![Insert { after: None, new: 0 }, Delete { old: 1 }]),
            (&[0, 1, 2, 3], &[1, 2, 3, 0], vec![Delete { old: 0 }, Insert { after: Some(3), new: 3 }]),
            // What comes a second time is a copy, not an edit.
            (
                &[0, 1, 2],
                &[1, 0, 0],
                vec![
                    Delete { old: 0 },
                    Delete { old: 2 },
                    Insert { after: Some(1), new: 1 },
                    Insert { after: Some(1), new: 2 },
                ],
            ),
            (&[0, 0, 2], &[0, 1, 2], vec![Edit { old: 1, new: 1 }]),
            (&[0, 1, 2], &[0, 5, 2], vec![Edit { old: 1, new: 1 }]),
        ];
        for (old, new, edits) in rows {
            assert_eq!(align(&at(old), &at(new)), edits, "{old:?} to {new:?}");
        }
    }

    #[test]
    fn the_longest_chain_stays_when_a_list_is_put_in_order() {
        let old: Vec<Val> = (0..200).map(|i| parse(&format!("[{i}]")).unwrap()).collect();
        let order = |i: usize| i * 77 % 200;
        let new: Vec<Val> = (0..200).map(|i| old[order(i)].clone()).collect();
        let edits = align(&old, &new);
        let inserts = edits.iter().filter(|edit| matches!(edit, Insert { .. })).count();
        let mut chains = vec![1; 200];
        for i in 0..200 {
            chains[i] = 1 + (0..i).filter(|&j| order(j) < order(i)).map(|j| chains[j]).max().unwrap_or(0);
        }
        assert_eq!(Some(&(200 - inserts)), chains.iter().max());
        assert_eq!(edits.len(), 2 * inserts, "nothing is edited");
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
