//! Slots that changed since a [beginning](Tree::forget_old), by container.
//!
//! A container that was read keeps what it read as when something in it changes, and notes the slots. So its
//! new value is the old one with those slots read anew (see [`patch`](super::patch)), and what changed can be
//! told slot by slot.

use crate::cancellation::ask;
use std::num::NonZeroU32;
use std::ops::Range;

use smallvec::SmallVec;

use super::reading::Cached;
use super::{History, Node, Place, Tree};
use crate::crdt::lv::Lv;
use crate::value::Val;

/// The value of a container before something in it changed.
#[derive(Debug, Clone)]
pub(super) struct Before {
    node: Node,
    /// `None` for a part of joined maps, and for counters.
    pub(super) value: Option<Val>,
    /// What was touched since, once or more often; the first time counts.
    pub(super) slots: SmallVec<[Touched; 1]>,
    /// From so many notes on it is worth to look for keys among them that are noted twice.
    many: u32,
}

/// Slots that were touched.
#[derive(Debug, Clone, Copy)]
pub(super) enum Touched {
    /// Those of keys, by their numbers in the map.
    Keys { first: u32, count: u32 },
    /// That of a key which came to another place in the order of keys.
    Order(u32),
    /// Those of items that follow each other as ops, and whether they were visible.
    Elements { first: Lv, count: u32, visible: bool },
}

/// The parts of a container that were touched.
pub(in crate::crdt) enum Parts {
    /// Keys of a map by their numbers, in the order of the map.
    Keys(Vec<u32>),
    /// Items of a list, in order.
    Items(Vec<ItemChange>),
}

/// An item that was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) struct ItemChange {
    pub(in crate::crdt) item: Lv,
    /// Its position before; where it was not visible, that of the next one that was.
    pub(in crate::crdt) old: usize,
    /// Its position now; where it is not visible, that of the next one that is.
    pub(in crate::crdt) new: usize,
    pub(in crate::crdt) was_visible: bool,
    pub(in crate::crdt) is_visible: bool,
}

/// Fewer notes than these are not looked through for keys that are noted twice.
const MANY: u32 = 64;

impl Tree {
    // --- noting ---

    /// Notes that the root shows something else.
    pub(super) fn touch_root(&mut self) {
        if let Some(value) = self.value.take() {
            self.old_value.get_or_insert(value);
        }
    }

    /// Notes that a container reads as something else.
    pub(super) fn touch(&mut self, node: Node) {
        if self.body(node).cached.get().is_some() {
            self.note(node, None);
        }
    }

    /// Notes that a key shows something else.
    pub(super) fn touch_key(&mut self, node: Node, slot: u32) {
        self.note(node, Some(Touched::Keys { first: slot, count: 1 }));
    }

    /// Notes that a key comes elsewhere in the order of keys.
    pub(super) fn touch_order(&mut self, node: Node, slot: u32) {
        self.note(node, Some(Touched::Order(slot)));
    }

    /// Notes that elements show something else, all of which were visible or not.
    pub(super) fn touch_elements(&mut self, node: Node, first: Lv, count: u32, visible: bool) {
        self.note(node, Some(Touched::Elements { first, count, visible }));
    }

    /// Notes those elements that are visible, and about to go.
    pub(super) fn touch_visible(&mut self, node: Node, first: Lv, count: u32) {
        let body = self.body(node);
        if body.cached.get().is_none() && body.before.is_none() {
            return;
        }
        for element in (0..count).map(|at| first.plus(at)) {
            ask();
            if self.sequence(node).is_some_and(|elements| elements.is_visible(element)) {
                self.touch_elements(node, element, 1, true);
            }
        }
    }

    /// Notes what was touched in a container, if it was read, and so that what holds it reads as something
    /// else. Stops where that was noted before.
    fn note(&mut self, mut node: Node, mut what: Option<Touched>) {
        loop {
            let body = &mut self.nodes[node.0 as usize];
            if let (Some(number), Some(what)) = (body.before, what) {
                self.touched[number.get() as usize - 1].add(what);
            }
            // Most often it is not read between two edits.
            if body.cached.get().is_none() {
                return;
            }
            let Some(cached) = body.cached.take() else { return };
            if body.before.is_none() {
                let value = if let Cached::Value(value) = cached { Some(value) } else { None };
                self.touched.push(Before { node, value, slots: what.into_iter().collect(), many: MANY });
                body.before = NonZeroU32::new(self.touched.len() as u32);
            }
            (node, what) = match body.put.get().map(|_| body.place) {
                None => return,
                Some(Place::Root) => return self.touch_root(),
                Some(Place::Key(up, slot)) => (up, Some(Touched::Keys { first: slot, count: 1 })),
                Some(Place::Item(up, item)) => {
                    // In the middle of a batch it may seem to be where it is not shown.
                    let visible = self.moves.is_none() || self.list(up).items.is_visible(item);
                    (up, Some(Touched::Elements { first: item, count: 1, visible }))
                }
            };
        }
    }

    /// Notes once more what was touched and is not known, after values were taken that are known: what holds it is
    /// not known either.
    pub(in crate::crdt) fn touch_holders(&mut self) {
        let mut at = 0;
        while let Some(before) = self.touched.get(at) {
            let body = self.body(before.node);
            let place = body.put.get().map(|_| body.place).filter(|_| body.cached.get().is_none());
            if let Some(place) = place
                && place.container().is_some_and(|holder| self.body(holder).cached.get().is_some())
            {
                self.touch_place(place);
            }
            at += 1;
        }
    }

    /// Notes that something reads as something else where it stands.
    fn touch_place(&mut self, place: Place) {
        match place {
            Place::Root => self.touch_root(),
            Place::Key(holder, slot) => self.touch_key(holder, slot),
            Place::Item(holder, item) => {
                let visible = self.list(holder).items.is_visible(item);
                self.touch_elements(holder, item, 1, visible);
            }
        }
    }

    /// Begins anew: forgets what containers read as before, where they were read again since, or are gone.
    pub(in crate::crdt) fn forget_old(&mut self) {
        if self.old_value.is_some() && self.value.get().is_none() {
            // The document was not read since something in it changed: all of that is still to be told.
            return;
        }
        let mut touched = std::mem::take(&mut self.touched);
        let mut kept = 0;
        touched.retain(|before| {
            let is_kept = self.body(before.node).cached.get().is_none() && self.stands(before.node);
            kept += u32::from(is_kept);
            self.body_mut(before.node).before = NonZeroU32::new(kept).filter(|_| is_kept);
            is_kept
        });
        self.touched = touched;
        if self.value.get().is_some() {
            self.old_value = None;
        }
    }

    // --- asking ---

    pub(super) fn before(&self, node: Node) -> Option<&Before> {
        let number = self.body(node).before?;
        self.touched.get(number.get() as usize - 1)
    }

    /// Returns what the document read as before something changed; `None` when nothing did.
    pub(in crate::crdt) fn old_value(&self) -> Option<&Val> {
        self.old_value.as_ref()
    }

    /// Returns what a container read as before something in it changed; `None` when nothing did, or it was not read.
    pub(in crate::crdt) fn old_value_of(&self, node: Node) -> Option<&Val> {
        self.before(node)?.value.as_ref()
    }

    /// Returns the parts of a container that were touched since it was read. O(k log n) for k of them.
    pub(in crate::crdt) fn touched_parts(&self, history: &History, node: Node) -> Option<Parts> {
        let before = self.before(node)?;
        if let Some(list) = self.sequence(node) {
            let mut items: Vec<(Lv, bool)> = Vec::new();
            for slot in &before.slots {
                if let Touched::Elements { first, count, visible } = *slot {
                    items.extend((0..count).map(|at| (first.plus(at), visible)));
                }
            }
            // The sort is stable: of each the first stays.
            items.sort_by_key(|(item, _)| *item);
            items.dedup_by_key(|(item, _)| *item);
            let mut items: Vec<ItemChange> = items
                .into_iter()
                .map(|(item, was_visible)| {
                    ask();
                    let (new, is_visible) = (list.position(item), list.is_visible(item));
                    ItemChange { item, old: new, new, was_visible, is_visible }
                })
                .collect();
            // What is not visible stands before the one with its position that is.
            items.sort_by_key(|item| (item.new, item.is_visible));
            let (mut came, mut went) = (0, 0);
            for item in &mut items {
                ask();
                item.old = item.new + went - came;
                came += usize::from(item.is_visible);
                went += usize::from(item.was_visible);
            }
            return Some(Parts::Items(items));
        }
        let map = self.map(node);
        let mut keys: Vec<u32> = before
            .slots
            .iter()
            .flat_map(|slot| match *slot {
                Touched::Keys { first, count } => first..first + count,
                Touched::Order(slot) => slot..slot + 1,
                Touched::Elements { .. } => 0..0,
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.sort_by(|a, b| history.authors.compare(map.slot(*a).first, map.slot(*b).first));
        Some(Parts::Keys(keys))
    }
}

impl Before {
    /// Counts how many notes there are, one for each slot.
    pub(super) fn count(&self) -> usize {
        let count = |slot: &Touched| match *slot {
            Touched::Keys { count, .. } | Touched::Elements { count, .. } => count as usize,
            Touched::Order(_) => 1,
        };
        self.slots.iter().map(count).sum()
    }

    /// Returns the keys that came to another place in the order.
    pub(super) fn reordered(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().filter_map(|slot| if let Touched::Order(slot) = slot { Some(*slot) } else { None })
    }

    fn add(&mut self, what: Touched) {
        // Runs that are typed or deleted item by item are one.
        if let (
            Some(Touched::Elements { first, count, visible }),
            Touched::Elements { first: next, count: more, visible: same },
        ) = (self.slots.last_mut(), what)
            && *visible == same
            && first.plus(*count) == next
        {
            *count += more;
            return;
        }
        if let (Some(Touched::Keys { first, count }), Touched::Keys { first: slot, .. }) =
            (self.slots.last_mut(), what)
            && (*first..=*first + *count).contains(&slot)
        {
            *count = (*count).max(slot + 1 - *first);
            return;
        }
        self.slots.push(what);
        if self.slots.len() >= self.many as usize {
            self.forget_repeated_keys();
            // So each note is looked at a few times, however many are left.
            self.many = MANY.max(2 * self.slots.len() as u32);
        }
    }

    /// Drops repeated notes of a key: one that is written again and again is noted once. The order of keys does not
    /// count.
    fn forget_repeated_keys(&mut self) {
        let mut keys: Vec<Range<u32>> = Vec::new();
        self.slots.retain(|slot| match *slot {
            Touched::Keys { first, count } => {
                keys.push(first..first + count);
                false
            }
            Touched::Order(_) | Touched::Elements { .. } => true,
        });
        keys.sort_unstable_by_key(|keys| keys.start);
        keys.dedup_by(|next, keys| {
            let is_one = next.start <= keys.end;
            keys.end = if is_one { keys.end.max(next.end) } else { keys.end };
            is_one
        });
        let count = |keys: &Range<u32>| keys.end - keys.start;
        self.slots.extend(keys.iter().map(|keys| Touched::Keys { first: keys.start, count: count(keys) }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_written_again_and_again_in_turns_are_noted_few_times() {
        let mut before = Before { node: Node(0), value: None, slots: SmallVec::new(), many: MANY };
        for round in 0..10_000 {
            for slot in [7, 0, 1, 3, round % 5] {
                before.add(Touched::Keys { first: slot, count: 1 });
            }
        }
        assert!(before.slots.len() < 2 * MANY as usize, "{}", before.slots.len());
        let keys = before.slots.iter().flat_map(|slot| match *slot {
            Touched::Keys { first, count } => first..first + count,
            Touched::Order(_) | Touched::Elements { .. } => 0..0,
        });
        let keys: std::collections::BTreeSet<u32> = keys.collect();
        assert!(keys.into_iter().eq([0, 1, 2, 3, 4, 7]));
    }
}
