//! Lists against plain vectors.

use std::ops::Range;

use super::*;

/// Random numbers, the same ones for a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Returns a part of so many positions; a short one half of the time.
    fn range(&mut self, len: usize) -> Range<usize> {
        let start = self.below(len + 1);
        let most = if self.below(2) == 0 { len - start } else { (len - start).min(5) };
        start..start + self.below(most + 1)
    }

    /// Returns numbers, of which some are equal, and arrays.
    fn value(&mut self) -> Val {
        match self.below(8) {
            0 => Val::from_iter([number(1)]),
            1 => number(self.below(4)),
            _ => Val::from(self.next() as i64),
        }
    }

    fn values(&mut self, len: usize) -> Vec<Val> {
        (0..len).map(|_| self.value()).collect()
    }
}

fn number(number: usize) -> Val {
    Val::from(number as i64)
}

fn numbers(range: Range<usize>) -> List {
    range.map(number).collect()
}

/// A list, and what is in it.
type Version = (List, Vec<Val>);

/// Edits a version at random, or makes another one of it.
fn step(random: &mut Random, (list, items): &mut Version, other: &Version) {
    let len = items.len();
    let index = random.below(len + 1);
    match random.below(16) {
        0 | 1 => {
            let value = random.value();
            let old = list.set(index, value.clone());
            assert_eq!(old.is_some(), index < len);
            if let Some(old) = old {
                assert!(old.is_shared(&std::mem::replace(&mut items[index], value)));
            }
        }
        2 | 3 => {
            let value = random.value();
            list.insert(index, value.clone());
            items.insert(index, value);
        }
        // A run of one change at one place.
        4 => {
            let place = [0, index, len][random.below(3)];
            for (at, value) in random.values(40).into_iter().enumerate() {
                let place = place + if random.0.is_multiple_of(2) { at } else { 0 };
                list.insert(place, value.clone());
                items.insert(place, value);
            }
        }
        5 => random.values(40).into_iter().for_each(|value| {
            list.push(value.clone());
            items.push(value);
        }),
        6 => {
            for _ in 0..random.below(40) {
                let old = list.remove(index);
                assert_eq!(old.is_some(), index < items.len());
                assert!(old.is_none_or(|old| old.is_shared(&items.remove(index))));
            }
        }
        7 | 8 => {
            let old = list.remove(index);
            assert!(old.is_none_or(|old| old.is_shared(&items.remove(index))));
        }
        9 => {
            let range = random.range(len);
            *list = list.slice(range.clone());
            *items = items[range].to_vec();
        }
        10 => {
            let mut end = list.slice(index..len);
            end.append(list.slice(0..index));
            *list = end;
            items.rotate_left(index);
        }
        11 if len + other.1.len() < 3_000 => {
            list.append(other.0.clone());
            items.extend(other.1.iter().cloned());
        }
        12 if len < 1_000 => {
            list.append(list.clone());
            items.extend_from_within(..);
        }
        13 => {
            let (range, part) = (random.range(len), random.range(other.1.len()));
            if len + part.len() < 3_000 {
                list.splice(range.clone(), other.0.slice(part.clone()));
                items.splice(range, other.1[part].iter().cloned());
            }
        }
        14 => {
            let new_len = random.below(300);
            *items = random.values(new_len);
            *list = items.iter().cloned().collect();
        }
        _ => {
            let range = random.range(len);
            let new_len = random.below(4);
            let new = random.values(new_len);
            list.splice(range.clone(), new.iter().cloned().collect());
            items.splice(range, new);
        }
    }
}

/// Verifies that two sequences of items are the same.
fn assert_same<'v>(found: impl ExactSizeIterator<Item = &'v Val>, items: &[Val]) {
    assert_eq!(found.len(), items.len());
    assert!(found.zip(items).all(|(a, b)| a.is_shared(b)));
}

/// Reads a list in all ways.
fn assert_reads(random: &mut Random, (list, items): &Version) {
    list.check().unwrap();
    assert_eq!((list.len(), list.is_empty()), (items.len(), items.is_empty()));
    assert_same(list.iter(), items);
    let index = random.below(items.len() + 1);
    assert_eq!(list.get(index).is_some(), index < items.len());
    assert!(list.get(index).is_none_or(|item| item.is_shared(&items[index])));
    assert!(list.first().zip(items.first()).is_none_or(|(a, b)| a.is_shared(b)));
    assert!(list.last().zip(items.last()).is_none_or(|(a, b)| a.is_shared(b)));

    let range = random.range(items.len());
    assert_same(list.range(range.clone()), &items[range.clone()]);
    // Both ends in turn, and leaps.
    let mut expected = items[range.clone()].iter();
    let mut found = list.range(range);
    let mut owned = list.clone().into_iter();
    let mut expected_owned = items.iter();
    let same = |a: Option<&Val>, b: Option<&Val>| match (a, b) {
        (Some(a), Some(b)) => a.is_shared(b),
        (None, None) => true,
        _ => false,
    };
    for _ in 0..items.len() + 2 {
        let (a, b) = match random.below(5) {
            0 | 1 => (found.next(), expected.next()),
            2 | 3 => (found.next_back(), expected.next_back()),
            _ => {
                let skip = random.below(9);
                (found.nth(skip), expected.nth(skip))
            }
        };
        assert!(same(a, b));
        assert_eq!(found.len(), expected.len());
        let (a, b) = match random.below(2) {
            0 => (owned.next(), expected_owned.next()),
            _ => (owned.next_back(), expected_owned.next_back()),
        };
        assert!(same(a.as_ref(), b));
        assert_eq!(owned.len(), expected_owned.len());
    }
}

/// Checks the stretches of two lists, and returns their length.
fn differing(old: &List, new: &List) -> usize {
    let mut from = (0, 0);
    let mut length = 0;
    let stretches = List::differing(old, new);
    for (a, b) in stretches.iter().cloned().chain([(old.len()..old.len(), new.len()..new.len())]) {
        assert!(from.0 <= a.start && from.1 <= b.start);
        let (before, after) = (old.range(from.0..a.start), new.range(from.1..b.start));
        assert_eq!(before.len(), after.len());
        assert!(before.zip(after).all(|(a, b)| a.is_shared(b)));
        length += a.len() + b.len();
        from = (a.end, b.end);
    }
    for (a, b) in &stretches {
        assert!(!(a.is_empty() && b.is_empty()));
        if !a.is_empty() && !b.is_empty() {
            assert!(!old[a.start].is_shared(&new[b.start]));
            assert!(!old[a.end - 1].is_shared(&new[b.end - 1]));
        }
    }
    assert!(stretches.windows(2).all(|pair| pair[0].0.end < pair[1].0.start));
    length
}

#[test]
fn lists_hold_what_vectors_would() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let mut versions: Vec<Version> = vec![Default::default(); 8];
        for _ in 0..250 {
            let (from, to, other) = (random.below(8), random.below(8), random.below(8));
            let other = versions[other].clone();
            // In place where nothing else holds the version.
            let mut version =
                if from == to { std::mem::take(&mut versions[from]) } else { versions[from].clone() };
            let before = version.0.clone();
            let kept = random.below(2) == 0;
            let before = if kept { before } else { List::new() };
            step(&mut random, &mut version, &other);
            assert_reads(&mut random, &version);
            if kept {
                differing(&before, &version.0);
            }
            differing(&version.0, &other.0);
            versions[to] = version;
        }
        for (list, items) in &versions {
            assert_same(list.iter(), items);
        }
    }
}

#[test]
fn a_few_edits_differ_in_little() {
    for seed in 0..30 {
        let mut random = Random(seed);
        let mut old = numbers(0..100_000);
        // A tree with a history: its nodes are not full.
        for _ in 0..200 {
            let at = random.below(old.len());
            let range = at..(at + random.below(300)).min(old.len());
            old.splice(range, numbers(0..0));
            old.insert(at, Val::NULL);
        }
        let mut new = old.clone();
        let edits = 1 + random.below(20);
        for edit in 0..edits {
            let (at, value) = (random.below(new.len() - 100), number(1_000_000 + edit));
            match random.below(7) {
                0 => drop(new.set(at, value)),
                1 => new.insert(at, value),
                2 => drop(new.remove(at)),
                3 => new = new.slice(random.below(100)..new.len()),
                4 => new = new.slice(0..new.len() - random.below(100)),
                5 => new.splice(at..at + random.below(100), numbers(1_000_000..1_000_050)),
                _ => {
                    let few = random.below(60);
                    let mut end = new.slice(few..new.len());
                    end.append(new.slice(0..few));
                    new = end;
                }
            }
        }
        assert!(differing(&old, &new) < 200 * edits, "seed {seed}");
        assert!(differing(&new, &old) < 200 * edits, "seed {seed}");
    }
}

#[test]
fn edits_of_what_stands_in_a_list_twice_differ_in_little() {
    let part = numbers(0..20_000);
    let mut old = part.clone();
    old.append(part.clone());
    old.append(part.clone());
    for at in [5, 20_005, 40_005] {
        let mut new = old.clone();
        new.insert(at, Val::NULL);
        assert_eq!(*List::differing(&old, &new), [(at..at, at..at + 1)]);
        let next = at + 15_000;
        new.set(next + 1, Val::NULL);
        assert_eq!(
            *List::differing(&old, &new),
            [(at..at, at..at + 1), (next..next + 1, next + 1..next + 2)]
        );
        // A tree of another height.
        let less = new.slice(19_900..20_100);
        assert!(differing(&old, &less) < old.len());
        let more = (0..6).fold(new.clone(), |mut more, _| {
            more.append(more.clone());
            more
        });
        assert_eq!(differing(&new, &more), more.len() - new.len());
    }
}

#[test]
fn what_lists_share_at_their_ends_is_shared() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let old = numbers(0..random.below(500) + 10);
        let mut new = old.clone();
        for _ in 0..random.below(4) {
            let at = random.below(new.len());
            match random.below(4) {
                0 => drop(new.set(at, Val::NULL)),
                1 => new.insert(at, Val::NULL),
                2 => new.append(old.clone()),
                _ => new = new.slice(0..at + 1),
            }
        }
        let (Items::Many(a), Items::Many(b)) = (&old.0.items, &new.0.items) else { continue };
        let (head, tail) = (ends::shared(a, b, ends::End::Head), ends::shared(a, b, ends::End::Tail));
        let is_shared = |(a, b): (&Val, &Val)| a.is_shared(b);
        assert!(old.iter().zip(new.iter()).take(head).all(is_shared), "seed {seed}");
        assert!(old.iter().rev().zip(new.iter().rev()).take(tail).all(is_shared), "seed {seed}");
        assert!(head.max(tail) <= old.len().min(new.len()), "seed {seed}");
    }
}

#[test]
fn equal_lists_with_different_nodes_do_not_differ() {
    let list = numbers(0..5_000);
    assert_eq!(*List::differing(&list, &numbers(0..5_000)), []);
    let again: List = (0..10).rev().flat_map(|at| numbers(at * 500..at * 500 + 500).into_iter()).collect();
    assert!(differing(&list, &again) > 0);
    let mut longer = numbers(0..5_001);
    assert_eq!(*List::differing(&list, &longer), [(5_000..5_000, 5_000..5_001)]);
    longer.remove(0);
    assert_eq!(List::differing(&list, &longer).len(), 1);
}

#[test]
fn a_change_leaves_the_identity_and_other_versions() {
    let origin = crate::value::identity::Origin { document: "d".into(), actor: "a".into() };
    let identity = Identity::new(Arc::new(origin), 7);
    let old = numbers(0..200).with_identity(Some(identity.clone()));
    let mut new = old.clone();
    new.set(0, Val::NULL);
    new.insert(3, Val::NULL);
    new.remove(100);
    new.append(old.clone());
    new.splice(5..300, numbers(0..2));
    assert_eq!(new.identity(), Some(&identity));
    assert_eq!(old.slice(0..200).identity(), None);
    assert_same(old.iter(), &(0..200).map(number).collect::<Vec<_>>());
    let plain = old.clone().with_identity(None);
    assert!(!plain.is_shared(&old));
    assert!(plain.slice(0..200).is_shared(&plain));
    assert_eq!(*List::differing(&old, &plain), []);
}

#[test]
fn levels_are_those_of_the_deepest_item() {
    let nested = |levels| (0..levels).fold(Val::NULL, |inner, _| Val::from_iter([inner]));
    let mut list = numbers(0..100);
    assert_eq!(list.levels(), 1);
    list.push(nested(3));
    assert_eq!(list.levels(), 4);
    list.set(100, nested(5));
    assert_eq!(list.levels(), 6);
    assert_eq!(list.slice(0..4).levels(), 1);
    let mut other = numbers(0..100);
    other.append(list);
    assert_eq!(other.levels(), 6);
}

#[test]
fn a_list_comes_apart_where_nothing_else_holds_it() {
    let inner: Vec<Val> = (0..100).map(|at| Val::from_iter([number(at)])).collect();
    let list: List = inner.iter().cloned().chain([Val::NULL]).collect();
    let mut parts = Vec::new();
    list.clone().take_apart(&mut parts);
    assert_eq!(parts.len(), 0);
    list.take_apart(&mut parts);
    assert_eq!(parts.len(), 100);
}

#[test]
fn a_list_of_more_items_than_memory_holds_is_made_of_what_it_shares() {
    let mut list = numbers(0..100);
    for _ in 0..50 {
        list.append(list.clone());
    }
    assert_eq!(list.len(), 100 << 50);
    assert!(list[(77 << 50) + 3].is_shared(&number(((77 << 50) + 3) % 100)));
    let part = list.slice(1 << 40..(1 << 40) + 1_000);
    part.check().unwrap();
    assert!(part[0].is_shared(&list[1 << 40]));
}
