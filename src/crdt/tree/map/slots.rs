//! The slots of one map, each by itself.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{KeySlot, Puts};
use crate::crdt::lv::{IdOrder, Link, Lv};
use crate::crdt::pieces::{self, Pieces};

/// Every key that a map ever had; a key keeps its number.
#[derive(Clone, Default)]
pub(super) struct Slots {
    slots: Vec<KeySlot>,
    /// The keys of the first slots: they follow each other in the document, from this one on.
    run: Range<u32>,
    /// The slots of the other keys, where they are more than [`FEW`].
    index: Option<Box<HashTable<u32>>>,
    /// The visible puts of slots that have several.
    #[expect(clippy::box_collection, reason = "most maps have none: eight bytes instead of 48")]
    conflicts: Option<Box<HashMap<u32, Puts, RandomState>>>,
    /// The slots in the order of their first writes, when they were not added in it.
    order: Option<Box<Pieces<Ranked>>>,
}

/// A slot in the order of first writes.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    first: Lv,
    slot: u32,
}

impl pieces::Item for Ranked {
    fn start(&self) -> Lv {
        self.first
    }
}

/// Up to so many keys are searched one by one.
const FEW: usize = 8;

impl Slots {
    /// Makes slots whose keys follow each other, as their first writes do.
    pub(super) fn of_run(slots: Vec<KeySlot>) -> Self {
        let run = slots.first().map_or(0..0, |first| first.key..first.key + slots.len() as u32);
        Self { slots, run, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn slot(&self, slot: u32) -> KeySlot {
        self.slots[slot as usize]
    }

    /// Returns the slot of a key. O(1).
    pub(super) fn find(&self, key: u32) -> Option<u32> {
        if self.run.contains(&key) {
            return Some(key - self.run.start);
        }
        match &self.index {
            None => {
                let others = &self.slots[self.run.len()..];
                others.iter().position(|slot| slot.key == key).map(|at| (at + self.run.len()) as u32)
            }
            Some(index) => index.find(hash(key), |&slot| self.slots[slot as usize].key == key).copied(),
        }
    }

    /// Returns the slots in the order of their first writes.
    pub(super) fn order(&self) -> impl Iterator<Item = u32> {
        let as_added = if self.order.is_none() { 0..self.slots.len() as u32 } else { 0..0 };
        as_added.chain(self.order.iter().flat_map(|order| order.iter()).map(|ranked| ranked.slot))
    }

    /// Returns the slots that come after one in that order. O(log n) for the first.
    pub(super) fn after(&self, ids: &impl IdOrder, slot: u32) -> impl Iterator<Item = u32> {
        let as_added = if self.order.is_none() { slot + 1..self.slots.len() as u32 } else { 0..0 };
        let own = self.slots[slot as usize].first;
        let later = self.order.iter().flat_map(move |order| {
            order.iter_after(order.find(|first| ids.compare(first, own).is_le())).map(|ranked| ranked.slot)
        });
        as_added.chain(later)
    }

    /// Returns the slot that comes last in that order.
    fn last(&self) -> Option<u32> {
        match &self.order {
            None => (self.slots.len() as u32).checked_sub(1),
            Some(order) => order.last().map(|ranked| ranked.slot),
        }
    }

    /// Returns the order, apart from that in which the slots were added. O(n) the first time.
    fn own_order(&mut self) -> &mut Pieces<Ranked> {
        let slots = self.slots.iter().zip(0..);
        let ranked = slots.map(|(key, slot)| Ranked { first: key.first, slot });
        self.order.get_or_insert_with(|| Box::new(ranked.collect()))
    }

    /// Returns the visible puts of a slot, ordered by id.
    pub(super) fn puts(&self, slot: u32) -> Puts {
        let conflict = self.conflicts.as_ref().and_then(|conflicts| conflicts.get(&slot));
        conflict.cloned().unwrap_or_else(|| self.slots[slot as usize].top.get().into_iter().collect())
    }

    /// Tells whether any slot has several visible puts.
    pub(super) fn has_conflicts(&self) -> bool {
        self.conflicts.is_some()
    }

    /// Tells whether a slot has several visible puts.
    pub(super) fn has_several(&self, slot: u32) -> bool {
        self.conflicts.as_ref().is_some_and(|conflicts| conflicts.contains_key(&slot))
    }

    /// Notes a write of a key; says which slot it is, and whether that changed its place in the order.
    pub(super) fn write(&mut self, ids: &impl IdOrder, key: u32, put: Lv) -> (u32, bool) {
        let is_earlier = |first: Lv| ids.compare(put, first).is_lt();
        if let Some(slot) = self.find(key) {
            let old = self.slots[slot as usize].first;
            let reordered = is_earlier(old);
            if reordered {
                let order = self.own_order();
                order.remove_after(order.find(|first| ids.compare(first, old).is_lt()));
                order.insert_after(order.find(|first| !is_earlier(first)), Ranked { first: put, slot });
                self.slots[slot as usize].first = put;
            }
            return (slot, reordered);
        }
        let in_order = self.last().is_none_or(|last| !is_earlier(self.slots[last as usize].first));
        let slot = self.slots.len() as u32;
        if !in_order || self.order.is_some() {
            let order = self.own_order();
            order.insert_after(order.find(|first| !is_earlier(first)), Ranked { first: put, slot });
        }
        self.add(KeySlot { key, first: put, top: Link::NONE });
        (slot, false)
    }

    fn add(&mut self, new: KeySlot) {
        let slot = self.slots.len() as u32;
        self.slots.push(new);
        let slots = &self.slots;
        let rehash = |&slot: &u32| hash(slots[slot as usize].key);
        match &mut self.index {
            Some(index) => drop(index.insert_unique(hash(new.key), slot, rehash)),
            None if slots.len() - self.run.len() > FEW => {
                let mut index = HashTable::with_capacity(2 * FEW);
                for slot in self.run.len() as u32..slots.len() as u32 {
                    index.insert_unique(rehash(&slot), slot, rehash);
                }
                self.index = Some(Box::new(index));
            }
            None => {}
        }
    }

    /// Adds a visible put.
    pub(super) fn show(&mut self, ids: &impl IdOrder, slot: u32, put: Lv) {
        let top = &mut self.slots[slot as usize].top;
        if *top == Link::NONE {
            *top = Some(put).into();
            return;
        }
        let mut puts = self.puts(slot);
        let at = puts.partition_point(|other| ids.compare(*other, put).is_lt());
        puts.insert(at, put);
        self.set(slot, puts);
    }

    /// Takes a visible put out; `false` when it was not there.
    pub(super) fn hide(&mut self, slot: u32, put: Lv) -> bool {
        if self.conflicts.is_none() {
            let top = &mut self.slots[slot as usize].top;
            let found = top.get() == Some(put);
            if found {
                *top = Link::NONE;
            }
            return found;
        }
        let mut puts = self.puts(slot);
        let before = puts.len();
        puts.retain(|other| *other != put);
        let found = puts.len() < before;
        self.set(slot, puts);
        found
    }

    fn set(&mut self, slot: u32, puts: Puts) {
        self.slots[slot as usize].top = puts.last().copied().into();
        if puts.len() > 1 {
            self.conflicts.get_or_insert_default().insert(slot, puts);
        } else if let Some(conflicts) = &mut self.conflicts {
            conflicts.remove(&slot);
            if conflicts.is_empty() {
                self.conflicts = None;
            }
        }
    }
}

/// Spreads numbers of keys, which are small and dense.
fn hash(key: u32) -> u64 {
    (u64::from(key) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
