//! Maps against plain lists of entries.

use std::collections::HashMap;
use std::sync::Arc;

use super::blocks::BlockId;
use super::index::Index;
use super::*;
use crate::value::{List, Num, Origin};

/// The entries of a map as a plain list: what each operation is held against.
type Model = Vec<(String, Val)>;

/// A generator of random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mix = self.0;
        mix = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mix ^ (mix >> 31)) % end as u64) as usize
    }

    fn key(&mut self, keys: usize) -> String {
        format!("key {}", self.below(keys))
    }

    fn value(&mut self) -> Val {
        match self.below(8) {
            0 => Val::NULL,
            1 => Val::from(Key::from("text").shared_str().clone()),
            2 => [Val::NULL].into_iter().collect(),
            3 => [("a", self.value())].into_iter().collect(),
            other => number(other * 1000 + self.below(3)),
        }
    }
}

fn number(number: usize) -> Val {
    Val::from(Num::Int(number as i64))
}

fn key(text: &str) -> Key {
    text.into()
}

fn built(model: &Model) -> Map {
    model.iter().map(|(text, value)| (key(text), value.clone())).collect()
}

fn numbered(range: std::ops::Range<usize>) -> Map {
    range.map(|at| (Key::from(format!("key {at}")), number(at))).collect()
}

fn position(model: &Model, key: &str) -> Option<usize> {
    model.iter().position(|(other, _)| other == key)
}

/// Makes one change of a map and of its model.
fn step(random: &mut Random, map: &mut Map, model: &mut Model, keys: usize, removes: usize) {
    let name = random.key(keys);
    let known = position(model, &name);
    let value = random.value();
    match random.below(10) {
        kind if kind < removes => {
            let expected = known.map(|at| model.remove(at).1);
            assert_shared(map.remove(&name).as_ref(), expected.as_ref());
        }
        kind if kind % 2 == 0 => {
            let next = random.key(keys);
            match known {
                Some(at) => model[at].1 = value.clone(),
                None => {
                    let at = position(model, &next).unwrap_or(model.len());
                    model.insert(at, (name.clone(), value.clone()));
                }
            }
            map.insert_before(key(&name), value, Some(&next));
        }
        _ => {
            let expected = match known {
                Some(at) => Some(std::mem::replace(&mut model[at].1, value.clone())),
                None => {
                    model.push((name.clone(), value.clone()));
                    None
                }
            };
            assert_shared(map.insert(key(&name), value).as_ref(), expected.as_ref());
        }
    }
}

fn assert_shared(a: Option<&Val>, b: Option<&Val>) {
    let is_shared = match (a, b) {
        (Some(a), Some(b)) => a.is_shared(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    assert!(is_shared, "{a:?} is not {b:?}");
}

fn assert_is(map: &Map, model: &Model) {
    map.check().unwrap();
    assert_eq!(map.len(), model.len());
    assert_eq!(map.is_empty(), model.is_empty());
    assert_eq!(map.iter().len(), model.len());
    let same = |((a, x), (b, y)): ((&Key, &Val), &(String, Val))| a.as_str() == b && x.is_shared(y);
    assert!(map.iter().zip(model).all(same), "{:?} is not {model:?}", Val::from(map.clone()));
    assert!(map.iter().rev().zip(model.iter().rev()).all(same));
    assert!(map.keys().map(Key::as_str).eq(model.iter().map(|(key, _)| key.as_str())));
    for (key, value) in model {
        assert_shared(map.get(key), Some(value));
    }
    assert!(map.get("no such key").is_none());
    let deepest = model.iter().map(|(_, value)| value.levels()).max().unwrap_or(0);
    assert!(map.levels() > deepest);
}

/// Compares `differing` with what its docs say.
#[test]
fn a_map_of_which_only_values_changed_has_the_keys_that_it_had() {
    for count in [5, 500] {
        let old = numbered(0..count);
        let mut new = old.clone();
        new.insert(key("key 3"), Val::NULL);
        assert!(new.has_keys_of(&old));
        new.remove("key 3");
        assert!(!new.has_keys_of(&old));
        new.insert(key("key 3"), number(3));
        assert!(!new.has_keys_of(&old), "it is another order");
    }
}

fn assert_differing(old: (&Map, &Model), new: (&Map, &Model)) {
    if new.0.has_keys_of(old.0) {
        assert!(new.0.keys().eq(old.0.keys()));
    }
    let index = |model: &Model| -> HashMap<String, Val> { model.iter().cloned().collect() };
    let (olds, news) = (index(old.1), index(new.1));
    let gone = old.1.iter().filter(|(key, _)| !news.contains_key(key));
    let mut expected: Vec<_> = gone.map(|(key, value)| (key.as_str(), Some(value), None)).collect();
    for (key, value) in new.1 {
        let before = olds.get(key);
        if !before.is_some_and(|before| before.is_shared(value)) {
            expected.push((key, before, Some(value)));
        }
    }
    let found = Map::differing(old.0, new.0);
    assert!(found.iter().map(|found| found.0.as_str()).eq(expected.iter().map(|expected| expected.0)));
    for (found, expected) in found.iter().zip(&expected) {
        assert_shared(found.1, expected.1);
        assert_shared(found.2, expected.2);
    }
}

#[test]
fn random_changes_do_what_they_do_to_a_plain_list() {
    // Few keys stay small, most cross the limit in both directions, many make a tree with levels.
    let kinds = [(4, 40), (12, 40), (40, 80), (60, 80), (80, 40), (200, 30), (400, 20), (3000, 8)];
    for (seed, (keys, rounds)) in kinds.into_iter().enumerate() {
        let mut random = Random(seed as u64);
        let mut versions: Vec<(Map, Model)> = vec![(Map::new(), Model::new())];
        for round in 0..rounds {
            let at = random.below(versions.len().min(6));
            let at = versions.len() - 1 - at;
            let (mut map, mut model) = versions[at].clone();
            let removes = [1, 3, 8][random.below(3)];
            for _ in 0..random.below(keys) {
                step(&mut random, &mut map, &mut model, keys, removes);
                if random.below(keys) < 4 {
                    map.check().unwrap();
                }
            }
            assert_is(&map, &model);
            if round % 8 == 7 {
                map = built(&model);
                assert_is(&map, &model);
            }
            versions.push((map, model));
            let other = &versions[random.below(versions.len())];
            let last = &versions[versions.len() - 1];
            assert_differing((&other.0, &other.1), (&last.0, &last.1));
            assert_differing((&last.0, &last.1), (&other.0, &other.1));
        }
        for (map, model) in &versions {
            assert_is(map, model);
        }
    }
}

#[test]
fn a_key_that_comes_several_times_has_the_first_place_and_the_last_value() {
    for (len, distinct) in [(3, 2), (32, 31), (33, 2), (33, 32), (40, 33), (1000, 20), (1000, 500)] {
        let mut model = Model::new();
        let entries = (0..len).map(|at| (format!("key {}", at % distinct), number(at)));
        for (key, value) in entries.clone() {
            match position(&model, &key) {
                Some(at) => model[at].1 = value,
                None => model.push((key, value)),
            }
        }
        let map: Map = entries.map(|(text, value)| (Key::from(text), value)).collect();
        assert_is(&map, &model);
        assert_eq!(matches!(map.0.entries, Entries::Small(_)), distinct <= SMALL);
    }
}

#[test]
fn maps_that_are_built_alike_share_their_shape() {
    let shape = |map: &Map| match &map.0.entries {
        Entries::Small(map) => Arc::as_ptr(&map.shape),
        Entries::Large(map) => panic!("a large map of {} keys", map.len()),
    };
    let whole = numbered(0..5);
    let mut grown = Map::new();
    for at in 0..5 {
        grown.insert(Key::from(format!("key {at}")), Val::NULL);
    }
    assert_eq!(shape(&whole), shape(&grown));
    let mut other = numbered(0..6);
    other.remove("key 5");
    assert_eq!(shape(&whole), shape(&other));
    other.remove("key 0");
    other.insert_before(key("key 0"), Val::NULL, Some("key 1"));
    assert_eq!(shape(&whole), shape(&other));
    other.insert(key("key 3"), Val::NULL);
    assert_eq!(shape(&whole), shape(&other));
    assert_ne!(shape(&whole), shape(&numbered(1..6)));
}

#[test]
fn a_large_map_shares_what_a_change_did_not_touch() {
    let old = numbered(0..50_000);
    let mut new = old.clone();
    new.insert(key("key 70"), Val::NULL);
    new.insert_before(key("new"), Val::NULL, Some("key 40000"));
    new.remove("key 30000");
    let (Entries::Large(a), Entries::Large(b)) = (&old.0.entries, &new.0.entries) else { panic!("small") };
    let mut blocks = 0;
    blocks::Blocks::compare(a.blocks(), b.blocks(), |_, _| blocks += 1);
    assert_eq!(blocks, 4);
    let found = Map::differing(&old, &new);
    assert!(found.iter().map(|found| found.0.as_str()).eq(["key 30000", "key 70", "new"]));
}

#[test]
fn keys_that_go_in_front_of_one_key_stay_in_order() {
    let mut map = numbered(0..100);
    for at in 0..20_000 {
        map.insert_before(Key::from(format!("new {at}")), number(at), Some("key 50"));
    }
    map.check().unwrap();
    let new = map.keys().skip(50).take(20_000);
    assert!(new.enumerate().all(|(at, key)| key.as_str() == format!("new {at}")));
    // In front of the first one each time: the labels of the blocks get crowded.
    for at in 0..20_000 {
        let first = map.keys().next().unwrap().clone();
        map.insert_before(Key::from(format!("first {at}")), number(at), Some(&first));
    }
    map.check().unwrap();
    assert!(map.keys().take(20_000).rev().enumerate().all(|(at, key)| key.as_str() == format!("first {at}")));
}

#[test]
fn an_index_tells_keys_with_equal_hashes_apart_by_their_blocks() {
    let [a, b, c] = [0, 1, 2].map(BlockId::new);
    let hash = KeyHash::of("a");
    let mut index = Index::new([(hash, a), (KeyHash::of("b"), c), (hash, b), (hash, b)].into_iter());
    let blocks = |index: &Index| {
        let mut blocks: Vec<_> = index.blocks(hash).collect();
        blocks.sort_by_key(|block| format!("{block:?}"));
        blocks
    };
    assert_eq!(blocks(&index), [a, b, b]);
    index.replace(hash, b, c);
    assert_eq!(blocks(&index), [a, b, c]);
    index.remove(hash, a);
    assert_eq!(blocks(&index), [b, c]);
    // However many there are, and whatever else comes and goes.
    let others: Vec<_> = (0..1000).map(|at| KeyHash::of(&format!("key {at}"))).collect();
    others.iter().for_each(|other| index.insert(*other, a));
    (0..100).for_each(|_| index.insert(hash, a));
    index.check().unwrap();
    assert_eq!(index.blocks(hash).count(), 102);
    others.iter().for_each(|other| index.remove(*other, a));
    (0..100).for_each(|_| index.remove(hash, a));
    index.check().unwrap();
    assert_eq!(blocks(&index), [b, c]);
}

#[test]
fn iterators_meet_in_the_middle() {
    for len in [0, 1, 5, 33, 100, 1000] {
        let map = numbered(0..len);
        let mut random = Random(len as u64);
        let mut iter = map.iter();
        let (mut front, mut back) = (Vec::new(), Vec::new());
        for left in (0..len).rev() {
            if random.below(2) == 0 {
                front.extend(iter.next());
            } else {
                back.extend(iter.next_back());
            }
            assert_eq!(iter.len(), left);
        }
        assert!(iter.next().is_none() && iter.next_back().is_none());
        let both = front.into_iter().chain(back.into_iter().rev());
        assert!(both.map(|(key, _)| key).eq(map.keys()));
        assert!(map.clone().into_iter().map(|(key, _)| key).eq(map.keys().cloned()));
    }
}

#[test]
fn changes_keep_the_identity() {
    let origin = Origin { document: "d".into(), actor: "a".into() };
    let identity = Identity::new(Arc::new(origin), 7);
    for len in [3, 100] {
        let mut map = numbered(0..len).with_identity(Some(identity.clone()));
        map.insert(key("new"), Val::NULL);
        map.insert_before(key("other"), Val::NULL, Some("new"));
        map.remove("key 0");
        assert_eq!(map.identity(), Some(&identity));
        assert_eq!(map.clone().with_identity(None).identity(), None);
        assert!(map.clone().with_identity(Some(identity.clone())).is_shared(&map));
        assert_eq!(
            map.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Map>().identity(),
            None
        );
    }
}

#[test]
fn what_is_taken_apart_gives_what_nothing_else_holds() {
    let unique = |len| (0..len).map(|at| (Key::from(format!("key {at}")), Val::from(List::new()))).collect();
    for len in [0, 5, 1000] {
        let map: Map = unique(len);
        let mut values = Vec::new();
        map.clone().take_apart(&mut values);
        assert!(values.is_empty());
        let mut other = map.clone();
        other.insert(key("key 3"), Val::NULL);
        other.take_apart(&mut values);
        // All of the small one's own copy; of the large one, the block that was copied.
        assert!(values.len() <= len.clamp(1, SMALL));
        values.clear();
        map.take_apart(&mut values);
        assert_eq!(values.len(), len);
    }
}
