//! The slots of one map, each by itself.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{History, KeySlot, Puts};
use crate::crdt::lv::{Link, Lv};

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
    #[expect(clippy::box_collection, reason = "most maps have none: eight bytes instead of 24")]
    order: Option<Box<Vec<u32>>>,
}

/// Up to so many keys are searched one by one.
const FEW: usize = 8;

impl Slots {
    /// Slots whose keys follow each other, as their first writes do.
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

    /// The slot of a key. O(1).
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

    /// The slot that stands somewhere in the order of first writes.
    pub(super) fn at(&self, rank: usize) -> u32 {
        self.order.as_ref().map_or(rank as u32, |order| order[rank])
    }

    /// Where a slot stands in that order. O(log n).
    pub(super) fn rank(&self, history: &History, slot: u32) -> usize {
        match &self.order {
            None => slot as usize,
            Some(order) => self.rank_of(history, order, self.slots[slot as usize].first),
        }
    }

    fn rank_of(&self, history: &History, order: &[u32], first: Lv) -> usize {
        let before = |slot: &u32| history.authors.compare(self.slots[*slot as usize].first, first).is_lt();
        order.partition_point(before)
    }

    /// Puts a slot in its place in the order, in which it does not stand yet.
    fn rank_in(&mut self, history: &History, slot: u32) {
        let mut order = self.order.take().unwrap_or_else(|| Box::new((0..self.slots.len() as u32).collect()));
        order.retain(|&other| other != slot);
        let at = self.rank_of(history, &order, self.slots[slot as usize].first);
        order.insert(at, slot);
        self.order = Some(order);
    }

    /// The slot that comes last in that order.
    fn last(&self) -> Option<u32> {
        match &self.order {
            None => (self.slots.len() as u32).checked_sub(1),
            Some(order) => order.last().copied(),
        }
    }

    /// The visible puts of a slot, ordered by id.
    pub(super) fn puts(&self, slot: u32) -> Puts {
        let conflict = self.conflicts.as_ref().and_then(|conflicts| conflicts.get(&slot));
        conflict.cloned().unwrap_or_else(|| self.slots[slot as usize].top.get().into_iter().collect())
    }

    /// Whether a slot has several visible puts.
    pub(super) fn has_conflicts(&self) -> bool {
        self.conflicts.is_some()
    }

    /// Notes a write of a key; says which slot it is, and whether that changed its place in the order.
    pub(super) fn write(&mut self, history: &History, key: u32, put: Lv) -> (u32, bool) {
        match self.find(key) {
            Some(slot) => {
                let first = &mut self.slots[slot as usize].first;
                if history.authors.compare(put, *first).is_lt() {
                    *first = put;
                    self.rank_in(history, slot);
                    return (slot, true);
                }
                (slot, false)
            }
            None => {
                let last = self.last().map(|last| self.slots[last as usize].first);
                let slot = self.add(KeySlot { key, first: put, top: Link::NONE });
                if last.is_some_and(|last| history.authors.compare(put, last).is_lt()) {
                    self.rank_in(history, slot);
                } else if let Some(order) = &mut self.order {
                    order.push(slot);
                }
                (slot, false)
            }
        }
    }

    fn add(&mut self, new: KeySlot) -> u32 {
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
        slot
    }

    /// Adds a visible put.
    pub(super) fn show(&mut self, history: &History, slot: u32, put: Lv) {
        let top = &mut self.slots[slot as usize].top;
        if *top == Link::NONE {
            *top = Some(put).into();
            return;
        }
        let mut puts = self.puts(slot);
        let at = puts.partition_point(|other| history.authors.compare(*other, put).is_lt());
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

/// Numbers of keys are small and dense: they need only be spread.
fn hash(key: u32) -> u64 {
    (u64::from(key) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
