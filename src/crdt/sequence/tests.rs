//! Sequences of several replicas against a plain Fugue tree.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::*;

/// Counter and actor.
type Id = (u64, u32);

/// The ids of one replica by Lv.
#[derive(Default)]
struct Ids(Vec<Id>);

impl IdOrder for Ids {
    fn compare(&self, a: Lv, b: Lv) -> Ordering {
        self.0[a.0 as usize].cmp(&self.0[b.0 as usize])
    }
}

/// A small generator of numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ x >> 31) % n as u64) as usize
    }
}

/// Elements `first`, with the next counters, that an actor typed in a row.
#[derive(Clone, Copy)]
struct Typed {
    first: Id,
    count: u32,
    parent: Option<Id>,
    side: Side,
}

#[derive(Default)]
struct Replica {
    sequence: Sequence,
    ids: Ids,
    lvs: HashMap<Id, Lv>,
    known: Vec<usize>,
    hidden: BTreeSet<Lv>,
}

impl Replica {
    fn apply(&mut self, typed: Typed, skip: usize) {
        let lv = self.name(typed, skip);
        let parent = typed.parent.map(|id| self.lvs[&id]);
        self.sequence.insert(lv, typed.count, parent, typed.side, &self.ids);
    }

    /// Applies what is typed here at a position.
    fn apply_at(&mut self, position: usize, typed: Typed, skip: usize) {
        let lv = self.name(typed, skip);
        let (parent, side) = self.sequence.insert_at(position, lv, typed.count);
        assert_eq!((parent.map(|parent| self.id(parent)), side), (typed.parent, typed.side));
    }

    /// Gives new elements their Lvs, and returns the first.
    fn name(&mut self, typed: Typed, skip: usize) -> Lv {
        // Other ops of the document lie between.
        self.ids.0.extend((0..skip).map(|_| (0, u32::MAX)));
        let lv = Lv(self.ids.0.len() as u32);
        for offset in 0..typed.count {
            let id = (typed.first.0 + u64::from(offset), typed.first.1);
            self.lvs.insert(id, Lv(self.ids.0.len() as u32));
            self.ids.0.push(id);
        }
        lv
    }

    fn id(&self, element: Lv) -> Id {
        self.ids.0[element.0 as usize]
    }

    fn order(&self) -> Vec<Lv> {
        self.sequence.all_runs().flat_map(|(start, count, _)| (start.0..start.0 + count).map(Lv)).collect()
    }

    /// Checks that every way to read agrees with the order of all and what is hidden.
    fn check(&self) {
        let sequence = &self.sequence;
        sequence.check(&self.ids).unwrap();
        let order = self.order();
        let visible: Vec<Lv> =
            order.iter().copied().filter(|element| !self.hidden.contains(element)).collect();
        let runs: Vec<Lv> =
            sequence.runs().flat_map(|(start, count)| (start.0..start.0 + count).map(Lv)).collect();
        assert_eq!(runs, visible);
        assert_eq!(sequence.len(), visible.len());
        assert_eq!(sequence.get(visible.len()), None);
        for (position, &element) in visible.iter().enumerate() {
            assert_eq!(sequence.get(position), Some(element));
            let (first, count) = sequence.run_at(position).unwrap();
            assert!((first, count > 0) == (element, true) && position + count as usize <= visible.len());
            assert_eq!(visible[position + count as usize - 1], Lv(element.0 + count - 1));
        }
        let mut position = 0;
        for &element in &order {
            let shown = !self.hidden.contains(&element);
            assert_eq!((sequence.position(element), sequence.is_visible(element)), (position, shown));
            position += usize::from(shown);
        }
        for lv in (0..self.ids.0.len() as u32 + 1).map(Lv) {
            assert_eq!(sequence.contains(lv), order.contains(&lv));
        }
    }
}

/// Returns the in-order walk of the Fugue tree, siblings by id.
fn walk(known: impl Iterator<Item = Typed>) -> Vec<Id> {
    let mut children: HashMap<(Option<Id>, Side), Vec<Id>> = HashMap::new();
    for typed in known {
        let side = if typed.parent.is_none() { Side::Right } else { typed.side };
        let (mut parent, mut side) = (typed.parent, side);
        for offset in 0..u64::from(typed.count) {
            let id = (typed.first.0 + offset, typed.first.1);
            children.entry((parent, side)).or_default().push(id);
            (parent, side) = (Some(id), Side::Right);
        }
    }
    children.values_mut().for_each(|siblings| siblings.sort());
    fn visit(at: Option<Id>, children: &HashMap<(Option<Id>, Side), Vec<Id>>, out: &mut Vec<Id>) {
        let below = |side, out: &mut Vec<Id>| {
            let siblings = children.get(&(at, side)).into_iter().flatten();
            siblings.for_each(|&child| visit(Some(child), children, out));
        };
        below(Side::Left, out);
        out.extend(at);
        below(Side::Right, out);
    }
    let mut out = Vec::new();
    visit(None, &children, &mut out);
    out
}

/// Plays a random history of some replicas, checked after each step.
fn history(seed: u64, steps: usize) {
    let mut random = Random(seed);
    let mut replicas: Vec<Replica> = (0..2 + random.below(3)).map(|_| Replica::default()).collect();
    let mut log: Vec<Typed> = Vec::new();
    let wild = random.below(4) == 0;
    let hides = random.below(3);
    let longest = 1 + random.below(5);
    // How often they exchange what they wrote.
    let delivery = 1 + random.below(6);
    let skips = 1 + 3 * random.below(2);
    let local = random.below(4);
    for step in 0..steps {
        let actor = random.below(replicas.len());
        let replica = &mut replicas[actor];
        let length = replica.sequence.len();
        match random.below(delivery + 2 + hides) {
            0 | 1 => {
                let before: Vec<Lv> =
                    (0..length).filter_map(|position| replica.sequence.get(position)).collect();
                let position = match local {
                    0 => 0,
                    1 => length,
                    2 => length / 2,
                    _ => random.below(length + 1),
                };
                let (mut parent, mut side) = replica.sequence.origin(position);
                if wild && random.below(2) == 0 && !replica.known.is_empty() {
                    // Nothing a replica would write by itself, but a tree all the same.
                    let order = replica.order();
                    parent = Some(order[random.below(order.len())]);
                    side = if random.below(2) == 0 { Side::Left } else { Side::Right };
                }
                let typed = Typed {
                    first: (1 + replica.ids.0.iter().map(|id| id.0).max().unwrap_or(0), actor as u32),
                    count: 1 + random.below(longest) as u32,
                    parent: parent.map(|parent| replica.id(parent)),
                    side,
                };
                let origin = replica.sequence.origin(position);
                replica.known.push(log.len());
                log.push(typed);
                if (parent, side) == origin && random.below(2) == 0 {
                    replica.apply_at(position, typed, random.below(skips));
                } else {
                    replica.apply(typed, random.below(skips));
                }
                if (parent, side) == origin {
                    let lv = replica.lvs[&typed.first];
                    let mut expected = before;
                    expected.splice(position..position, (lv.0..lv.0 + typed.count).map(Lv));
                    let now: Vec<Lv> =
                        (0..expected.len()).filter_map(|position| replica.sequence.get(position)).collect();
                    assert_eq!(now, expected, "step {step}");
                }
            }
            2 if hides > 0 && random.below(2) == 0 => {
                // Most often the end of what was typed last goes.
                let typed =
                    log.last().and_then(|typed| replica.lvs.get(&typed.first).map(|lv| (lv, typed.count)));
                let last = typed.map_or(0, |(lv, count)| replica.sequence.position(*lv) + count as usize);
                let position = match random.below(4) {
                    0 => random.below(length + 1),
                    back => last.saturating_sub(back),
                };
                let most = 1 + random.below(3) as u32;
                let expected =
                    replica.sequence.run_at(position).map(|(first, count)| (first, count.min(most)));
                assert_eq!(replica.sequence.hide_at(position, most), expected);
                let (first, count) = expected.unwrap_or((Lv(0), 0));
                replica.hidden.extend((first.0..first.0 + count).map(Lv));
            }
            2 | 3 if hides > 0 => {
                let lvs = replica.ids.0.len();
                let first = random.below(lvs + 1) as u32;
                let count = random.below(8) as u32;
                let visible = random.below(3) == 0;
                let there: BTreeSet<Lv> = replica.order().into_iter().collect();
                let range = (first..first + count).map(Lv).filter(|lv| there.contains(lv));
                let mut changed = 0;
                for lv in range {
                    changed += u32::from(if visible {
                        replica.hidden.remove(&lv)
                    } else {
                        replica.hidden.insert(lv)
                    });
                }
                assert_eq!(replica.sequence.set_visible(Lv(first), count, visible), changed);
            }
            _ => {
                let ready = |op: &usize| {
                    !replica.known.contains(op)
                        && log[*op].parent.is_none_or(|parent| replica.lvs.contains_key(&parent))
                };
                let ready: Vec<usize> = (0..log.len()).filter(ready).collect();
                if let Some(&op) = ready.get(random.below(ready.len().max(1))) {
                    replica.known.push(op);
                    replica.apply(log[op], random.below(skips));
                }
            }
        }
        replicas[actor].check();
    }
    for replica in &mut replicas {
        for (op, typed) in log.iter().enumerate() {
            if !replica.known.contains(&op) {
                replica.apply(*typed, 0);
                replica.known.push(op);
            }
        }
        replica.check();
        let order: Vec<Id> = replica.order().into_iter().map(|element| replica.id(element)).collect();
        assert_eq!(order, walk(log.iter().copied()));
    }
}

#[test]
fn histories_agree_with_a_plain_tree() {
    for seed in 0..200 {
        history(seed, 10 + seed as usize % 60);
    }
}

/// Adds single elements with ids in order of `keys`, each on a parent and side that `origin` tells.
fn grown(
    keys: impl Iterator<Item = u64>,
    origin: impl Fn(&mut Sequence, u32) -> (Option<Lv>, Side),
) -> Sequence {
    let (mut sequence, mut ids) = (Sequence::default(), Ids::default());
    for (lv, key) in (0..).zip(keys) {
        ids.0.push((key, 0));
        let (parent, side) = origin(&mut sequence, lv);
        sequence.insert(Lv(lv), 1, parent, side, &ids);
    }
    sequence.check(&ids).unwrap();
    sequence
}

fn elements(sequence: &Sequence) -> Vec<u32> {
    sequence.runs().flat_map(|(start, count)| start.0..start.0 + count).collect()
}

#[test]
fn local_edits_behave_as_a_list() {
    let (mut sequence, ids) = (Sequence::default(), Ids((1..=2_000).map(|counter| (counter, 0)).collect()));
    let mut plain: Vec<u32> = Vec::new();
    let mut random = Random(1);
    for lv in 0..2_000 {
        let position = random.below(plain.len() + 1);
        if position < plain.len() && random.below(4) == 0 {
            let element = sequence.get(position).unwrap();
            assert_eq!(element, Lv(plain.remove(position)));
            assert_eq!(sequence.set_visible(element, 1, false), 1);
            assert_eq!(sequence.position(element), position);
        } else {
            plain.insert(position, lv);
            let (parent, side) = sequence.origin(position);
            sequence.insert(Lv(lv), 1, parent, side, &ids);
        }
    }
    assert_eq!(elements(&sequence), plain);
    sequence.check(&ids).unwrap();
}

#[test]
fn what_is_typed_in_a_row_is_one_run() {
    let sequence = grown(0..1_000, |sequence, lv| sequence.origin(lv as usize));
    assert_eq!(sequence.all_runs().collect::<Vec<_>>(), [(Lv(0), 1_000, true)]);
}

#[test]
fn deleted_stretches_merge() {
    let mut sequence = grown(0..100, |sequence, lv| sequence.origin(lv as usize));
    for first in [10, 30, 20] {
        assert_eq!(sequence.set_visible(Lv(first), 10, false), 10);
    }
    assert_eq!(sequence.set_visible(Lv(5), 10, false), 5);
    let runs = [(Lv(0), 5, true), (Lv(5), 35, false), (Lv(40), 60, true)];
    assert_eq!(sequence.all_runs().collect::<Vec<_>>(), runs);
    assert_eq!(sequence.set_visible(Lv(0), 200, true), 35);
    assert_eq!(sequence.all_runs().collect::<Vec<_>>(), [(Lv(0), 100, true)]);
}

#[test]
fn what_is_prepended_stands_backwards() {
    let sequence = grown(0..300, |sequence, _| sequence.origin(0));
    assert!(elements(&sequence).into_iter().eq((0..300).rev()));
}

#[test]
fn siblings_order_by_id_whatever_comes_first() {
    let on_first = |side| move |_: &mut Sequence, lv: u32| ((lv > 0).then_some(Lv(0)), side);
    let keys = || std::iter::once(0).chain((1..=300).map(|n| n * 7_919 % 307));
    let mut sorted: Vec<(u64, u32)> = keys().zip(0..).skip(1).collect();
    sorted.sort();
    let sorted: Vec<u32> = sorted.into_iter().map(|(_, lv)| lv).collect();
    assert_eq!(elements(&grown(keys(), on_first(Side::Left))), [&sorted[..], &[0]].concat());
    assert_eq!(elements(&grown(keys(), on_first(Side::Right))), [&[0], &sorted[..]].concat());
}

#[test]
fn a_chain_is_cut_anywhere() {
    // `check` walks the tree: a new outermost child stands beyond the whole rest of the chain.
    let parent = |lv: u32| Some(Lv(if lv > 100 { lv * 37 % 100 } else { lv.checked_sub(1)? }));
    grown((0..300).rev(), |_, lv| (parent(lv), Side::Left));
    grown(0..300, |_, lv| (parent(lv), Side::Right));
}

#[test]
fn an_empty_sequence_owns_nothing() {
    let mut sequence = Sequence::default();
    assert!(size_of::<Sequence>() <= 136);
    assert_eq!((sequence.len(), sequence.get(0), sequence.run_at(0)), (0, None, None));
    assert_eq!(sequence.origin(3), (None, Side::Right));
    assert!(!sequence.contains(Lv(0)) && !sequence.is_visible(Lv(0)));
    assert_eq!(sequence.set_visible(Lv(0), 5, false), 0);
    sequence.check(&Ids::default()).unwrap();
}
