//! The keys of a map against a plain list of them.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// The ids of ops by Lv: counter, actor, and what tells apart those that have one counter and actor.
struct Ids(Vec<(u32, u8, u32)>);

impl IdOrder for Ids {
    fn compare(&self, a: Lv, b: Lv) -> Ordering {
        self.0[a.index() as usize].cmp(&self.0[b.index() as usize])
    }
}

/// A key of a map, said in the plainest way: all writes, and those that are visible.
struct Plain {
    key: u32,
    written: Vec<Lv>,
    visible: BTreeSet<Lv>,
}

#[derive(Debug, Clone)]
enum Step {
    /// Writes a key that is so far behind the one that was written last.
    Put(u32),
    /// Writes a key, and what is visible there gives way to it.
    Over(u32),
    /// Takes out one of the visible writes of a key, the lowest first.
    Hide(u32, usize),
}

fn steps() -> impl Strategy<Value = Vec<(Step, u8, u32)>> {
    let step = prop_oneof![
        5 => Just(Step::Put(1)),
        3 => (0..40u32).prop_map(Step::Put),
        2 => (0..40u32).prop_map(Step::Over),
        2 => (0..40u32, 0..3usize).prop_map(|(key, at)| Step::Hide(key, at)),
    ];
    prop::collection::vec((step, 0..3u8, prop_oneof![3 => Just(0), 1 => 0..9u32]), 1..120)
}

proptest! {
    #[test]
    fn given_writes_of_any_order_then_keys_are_found_and_stand_by_their_first_writes(steps in steps()) {
        let mut ids = Ids(Vec::new());
        let mut map = MapBody::default();
        let mut plain: Vec<Plain> = Vec::new();
        let mut last = 0;
        for (step, actor, back) in steps {
            // An op of an actor that is behind has a lower id than what was applied before.
            let now = ids.0.len() as u32;
            let put = Lv::new(now);
            ids.0.push(((2 * now).saturating_sub(3 * back), actor, now));
            let (key, is_over) = match step {
                Step::Put(by) => ((last + by) % 40, false),
                Step::Over(key) => (key, true),
                Step::Hide(key, at) => {
                    let known = plain.iter_mut().find(|known| known.key == key);
                    let hidden = known.and_then(|known| {
                        let put = known.visible.iter().nth(at).copied()?;
                        known.visible.remove(&put).then_some(put)
                    });
                    if let (Some(put), Some(slot)) = (hidden, map.find(key)) {
                        prop_assert!(map.hide(slot, put));
                        prop_assert!(!map.hide(slot, put));
                    }
                    continue;
                }
            };
            last = key;
            let known = match plain.iter().position(|known| known.key == key) {
                Some(at) => &mut plain[at],
                None => plain.push_mut(Plain { key, written: Vec::new(), visible: BTreeSet::new() }),
            };
            if is_over {
                for put in std::mem::take(&mut known.visible) {
                    let slot = map.find(key).expect("it was written");
                    prop_assert!(map.hide(slot, put));
                }
            }
            let was_first = known.written.iter().copied().min_by(|a, b| ids.compare(*a, *b));
            known.written.push(put);
            known.visible.insert(put);
            let (slot, reordered) = map.put(&ids, key, put);
            prop_assert_eq!(Some(slot), map.find(key));
            prop_assert_eq!(reordered, was_first.is_some_and(|first| ids.compare(put, first).is_lt()));
        }
        // Then
        let first = |plain: &Plain| plain.written.iter().copied().min_by(|a, b| ids.compare(*a, *b));
        plain.sort_by(|a, b| ids.compare(first(a).expect("written"), first(b).expect("written")));
        let order: Vec<u32> = map.order().collect();
        let keys: Vec<u32> = order.iter().map(|slot| map.slot(*slot).key).collect();
        prop_assert_eq!(keys, plain.iter().map(|known| known.key).collect::<Vec<_>>());
        for (rank, (slot, known)) in order.iter().zip(&plain).enumerate() {
            let mut visible: Vec<Lv> = known.visible.iter().copied().collect();
            visible.sort_by(|a, b| ids.compare(*a, *b));
            prop_assert_eq!(map.puts(*slot).to_vec(), visible.clone());
            prop_assert_eq!(map.has_several(*slot), visible.len() > 1);
            prop_assert_eq!(map.slot(*slot).top(), visible.last().copied());
            prop_assert_eq!(Some(map.slot(*slot).first), first(known));
            prop_assert_eq!(map.after(&ids, *slot).collect::<Vec<_>>(), order[rank + 1..].to_vec());
        }
        prop_assert_eq!(map.len(), plain.len());
        prop_assert_eq!(map.find(41), None);
        prop_assert_eq!(map.has_conflicts(), plain.iter().any(|known| known.visible.len() > 1));
    }
}
