//! The keys of one map.

mod slots;
#[cfg(test)]
mod tests;

use super::Puts;
use crate::crdt::lv::{IdOrder, Link, Lv};
use slots::Slots;

/// Every key that a map ever had; a key keeps its number, that of its slot.
#[derive(Clone)]
pub(in crate::crdt) struct MapBody(Keys);

#[derive(Clone)]
enum Keys {
    /// Keys whose numbers in the document follow each other, written by ops that do, each once: as an object is
    /// when it was made.
    Run { key: u32, first: Lv, count: u32 },
    /// Any others.
    Each(Box<Slots>),
}

/// The slot of a key.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct KeySlot {
    /// The key's number in the document.
    pub(in crate::crdt) key: u32,
    /// The first write ever: the lowest id, overwritten or not. Keys show in this order.
    pub(in crate::crdt) first: Lv,
    /// The visible put with the highest id.
    top: Link,
}

impl KeySlot {
    /// Returns the visible put with the highest id.
    pub(in crate::crdt) fn top(&self) -> Option<Lv> {
        self.top.get()
    }
}

impl MapBody {
    /// Returns the number of slots.
    pub(in crate::crdt) fn len(&self) -> usize {
        match &self.0 {
            Keys::Run { count, .. } => *count as usize,
            Keys::Each(slots) => slots.len(),
        }
    }

    pub(in crate::crdt) fn slots(&self) -> impl Iterator<Item = KeySlot> {
        (0..self.len() as u32).map(|slot| self.slot(slot))
    }

    pub(in crate::crdt) fn slot(&self, slot: u32) -> KeySlot {
        match &self.0 {
            Keys::Run { key, first, .. } => {
                let put = first.plus(slot);
                KeySlot { key: key + slot, first: put, top: Some(put).into() }
            }
            Keys::Each(slots) => slots.slot(slot),
        }
    }

    /// Returns the slot of a key. O(1).
    pub(in crate::crdt) fn find(&self, key: u32) -> Option<u32> {
        match &self.0 {
            Keys::Run { key: from, count, .. } => key.checked_sub(*from).filter(|slot| slot < count),
            Keys::Each(slots) => slots.find(key),
        }
    }

    /// Returns the numbers of the slots in the order of their first writes.
    pub(in crate::crdt) fn order(&self) -> impl Iterator<Item = u32> {
        let (run, slots) = match &self.0 {
            Keys::Run { count, .. } => (0..*count, None),
            Keys::Each(slots) => (0..0, Some(slots)),
        };
        run.chain(slots.into_iter().flat_map(|slots| slots.order()))
    }

    /// Returns the slots that come after one in that order. O(log n) for the first.
    pub(in crate::crdt) fn after(&self, ids: &impl IdOrder, slot: u32) -> impl Iterator<Item = u32> {
        let (run, slots) = match &self.0 {
            Keys::Run { count, .. } => (slot + 1..*count, None),
            Keys::Each(slots) => (0..0, Some(slots)),
        };
        run.chain(slots.into_iter().flat_map(move |slots| slots.after(ids, slot)))
    }

    /// Returns the visible puts of a slot, ordered by id.
    pub(in crate::crdt) fn puts(&self, slot: u32) -> Puts {
        match &self.0 {
            Keys::Run { first, .. } => Puts::from_elem(first.plus(slot), 1),
            Keys::Each(slots) => slots.puts(slot),
        }
    }

    /// Tells whether any slot has several visible puts.
    pub(in crate::crdt) fn has_conflicts(&self) -> bool {
        matches!(&self.0, Keys::Each(slots) if slots.has_conflicts())
    }

    /// Tells whether a slot has several visible puts.
    pub(in crate::crdt) fn has_several(&self, slot: u32) -> bool {
        matches!(&self.0, Keys::Each(slots) if slots.has_several(slot))
    }

    /// Adds a visible put; says which slot it is in, and whether that changed its place in the order.
    pub(in crate::crdt) fn put(&mut self, ids: &impl IdOrder, key: u32, put: Lv) -> (u32, bool) {
        if let Keys::Run { key: from, first, count } = &mut self.0 {
            if *count == 0 {
                (*from, *first) = (key, put);
            }
            let is_next = key == *from + *count && put == first.plus(*count);
            let is_later = || put.minus(1).is_some_and(|last| ids.compare(last, put).is_lt());
            if is_next && (*count == 0 || is_later()) {
                *count += 1;
                return (*count - 1, false);
            }
        }
        let slots = self.each();
        let (slot, reordered) = slots.write(ids, key, put);
        slots.show(ids, slot, put);
        (slot, reordered)
    }

    /// Notes a write of a key that may be overwritten; says which slot it is.
    pub(in crate::crdt) fn write(&mut self, ids: &impl IdOrder, key: u32, put: Lv) -> u32 {
        self.each().write(ids, key, put).0
    }

    /// Adds a visible put to a slot.
    pub(in crate::crdt) fn show(&mut self, ids: &impl IdOrder, slot: u32, put: Lv) {
        self.each().show(ids, slot, put);
    }

    /// Takes a visible put out; `false` when it was not there.
    pub(in crate::crdt) fn hide(&mut self, slot: u32, put: Lv) -> bool {
        self.puts(slot).contains(&put) && self.each().hide(slot, put)
    }

    /// Returns the slots, each by itself from now on. O(n) the first time.
    fn each(&mut self) -> &mut Slots {
        if let Keys::Run { .. } = self.0 {
            self.0 = Keys::Each(Box::new(Slots::of_run(self.slots().collect())));
        }
        let Keys::Each(slots) = &mut self.0 else { unreachable!("it was just made") };
        slots
    }
}

impl Default for MapBody {
    fn default() -> Self {
        Self(Keys::Run { key: 0, first: Lv::default(), count: 0 })
    }
}
