//! Application of ops. They were validated against the causal past, so nothing can fail.

use crate::cancellation::ask;
use std::ops::Range;

use super::{Body, History, Inside, ListBody, Node, Place, Puts, Tree};
use crate::crdt::Kind;
use crate::crdt::growth;
use crate::crdt::lv::Lv;
use crate::crdt::row::{Holds, Local, Row, Target, Written};
use crate::crdt::sequence::Sequence;

impl Tree {
    /// Applies ops of the history. O(rows log n), and what they hold. Values are read anew when they are
    /// asked for.
    pub(in crate::crdt) fn apply_all(&mut self, history: &History, ops: Range<u32>) {
        self.begin();
        for (first, row) in history.log.rows_in(ops) {
            self.apply(history, first, &row);
        }
        self.end(history);
    }

    /// Applies a row whose first op is `first`. O(log n) for each thing that it names.
    pub(in crate::crdt) fn apply(&mut self, history: &History, first: Lv, row: &Row<'_, Local>) {
        ask();
        match *row {
            Row::Type { text, parent, side, count, .. } => {
                let node = self.known(text);
                self.edit_text(node).insert(first, count, parent, side, &history.authors);
            }
            Row::Items { list, parent, side, count, .. } => {
                let node = self.known(list);
                self.extend_list(node, first, count).insert(first, count, parent, side, &history.authors);
            }
            Row::Item { list, parent, side, holds } => {
                let node = self.known(list);
                self.extend_list(node, first, 1).insert(first, 1, parent, side, &history.authors);
                let place = Place::Item(node, first);
                if let Holds::Move(_) = holds {
                    self.list_mut(node).explicit(first);
                }
                self.put_container(history, first, place, holds);
                if let Holds::Move(_) = holds {
                    self.settle_with_batch(history, first, place);
                }
            }
            Row::Put { slot, over, written } => {
                self.note_removals(history, first, row);
                self.hide_all(history, over.ids().iter().map(|put| (*put, 1)), |_| first);
                let place = self.write(history, slot, first);
                if let Written::Container(holds) = written {
                    self.put_container(history, first, place, holds);
                }
                self.settle_slot(history, place);
            }
            Row::Delete { over } => {
                self.note_removals(history, first, row);
                self.hide_all(history, over.iter().copied(), |_| first);
            }
            Row::DeleteEach { first: gone, count, step } => {
                self.note_removals(history, first, row);
                let by = |put: Lv| first.plus(put.index().abs_diff(gone.index()));
                self.hide_all(history, [(step.lowest(gone, count), count)], by);
            }
            Row::Add { counter, by } => {
                let node = self.known(counter);
                self.touch(node);
                if let Inside::Counter(sum) = &mut self.body_mut(node).inside {
                    **sum += i128::from(by);
                }
            }
        }
    }

    /// Notes that a text reads as something else; returns its characters, which are about to change.
    pub(in crate::crdt) fn edit_text(&mut self, text: Node) -> &mut Sequence {
        self.touch(text);
        match &mut self.body_mut(text).inside {
            Inside::Text(characters) => characters,
            _ => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    /// Notes that a list gets items; returns those that it has.
    pub(in crate::crdt) fn extend_list(&mut self, list: Node, first: Lv, count: u32) -> &mut Sequence {
        self.touch_elements(list, first, count, false);
        &mut self.list_mut(list).items
    }

    /// Adds a put to its slot.
    fn write(&mut self, history: &History, slot: Target<Local>, put: Lv) -> Place {
        match slot {
            Target::Root => {
                let at = self.root.partition_point(|other| history.authors.compare(*other, put).is_lt());
                self.root.insert(at, put);
                Place::Root
            }
            Target::Key { map, key } => {
                let node = self.known(map);
                let Inside::Map(map) = &mut self.body_mut(node).inside else {
                    unreachable!("validated: ops name containers of the right kind")
                };
                let (slot, reordered) = map.put(&history.authors, key, put);
                if reordered {
                    self.touch_order(node, slot);
                }
                Place::Key(node, slot)
            }
            Target::Item { list, item } => {
                let node = self.known(list);
                let Inside::List(list) = &mut self.nodes[node.0 as usize].inside else {
                    unreachable!("validated: ops name containers of the right kind")
                };
                let puts = list.explicit(item);
                let at = puts.partition_point(|other| history.authors.compare(*other, put).is_lt());
                puts.insert(at, put);
                Place::Item(node, item)
            }
        }
    }

    /// Makes the container that a put makes, or moves the one that it moves.
    fn put_container(&mut self, history: &History, put: Lv, place: Place, holds: Holds<Local>) {
        match holds {
            Holds::Make(kind) => {
                let inside = match kind {
                    Kind::Map => Inside::Map(Default::default()),
                    Kind::List => Inside::List(Box::default()),
                    Kind::Text => Inside::Text(Box::default()),
                    Kind::Counter => Inside::Counter(Box::new(0)),
                };
                growth::push(&mut self.made, put);
                growth::push(&mut self.nodes, Body::new(put, place, inside));
            }
            Holds::Move(made) => {
                let node = self.known(made);
                self.move_here(history, node, put, place);
            }
        }
    }

    /// Hides writes: items, characters, puts; `by` tells which op overwrites one. Those that were hidden before
    /// stay so.
    fn hide_all(
        &mut self,
        history: &History,
        spans: impl IntoIterator<Item = (Lv, u32)>,
        by: impl Fn(Lv) -> Lv,
    ) {
        let mut unplaced: Vec<(Node, Lv)> = Vec::new();
        for (first, count) in spans {
            let mut at = first.index();
            let end = at + count;
            while at < end {
                ask();
                let put = Lv::new(at);
                // The rest of the row at once, where nothing but elements goes.
                let (row, length) = history.log.row_from(put, end - at);
                match row {
                    Row::Type { text, count, .. } => {
                        let node = self.known(text);
                        let changed =
                            self.sequence_mut(node).map_or(0, |text| text.set_visible(put, count, false));
                        if changed > 0 {
                            self.touch(node);
                        }
                    }
                    Row::Items { list, count, .. } => self.hide_items(history, list, put, count),
                    Row::Item { list, .. } => {
                        let node = self.known(list);
                        unplaced.extend(self.container(history, put).map(|container| (container, put)));
                        self.hide_put(history, Place::Item(node, put), put);
                    }
                    Row::Put { slot, written, .. } => {
                        if let Written::Container(_) = written {
                            unplaced.extend(self.container(history, put).map(|container| (container, put)));
                        }
                        if let Some(place) = self.target(slot) {
                            self.hide_put(history, place, put);
                        }
                    }
                    Row::Delete { .. } | Row::DeleteEach { .. } | Row::Add { .. } => {}
                }
                at += length;
            }
        }
        if !unplaced.is_empty() {
            self.lost_any = true;
            self.unplace(history, unplaced, by);
        }
    }

    fn hide_items(&mut self, history: &History, list: Lv, first: Lv, count: u32) {
        let node = self.known(list);
        if self.list(node).slots.is_empty() {
            self.touch_visible(node, first, count);
            self.list_mut(node).items.set_visible(first, count, false);
            return;
        }
        for at in 0..count {
            self.hide_put(history, Place::Item(node, first.plus(at)), first.plus(at));
        }
    }

    /// Takes a put out of its slot, if it is there.
    fn hide_put(&mut self, history: &History, place: Place, put: Lv) {
        let hidden = match place {
            Place::Root => {
                let before = self.root.len();
                self.root.retain(|other| *other != put);
                self.root.len() < before
            }
            Place::Key(node, slot) => match &mut self.body_mut(node).inside {
                Inside::Map(map) => map.hide(slot, put),
                _ => false,
            },
            Place::Item(node, item) => {
                let list = self.list_mut(node);
                match list.slots.get_mut(&item) {
                    Some(puts) => {
                        let before = puts.len();
                        puts.retain(|other| *other != put);
                        puts.len() < before
                    }
                    // With its own put alone an item is visible as long as that is.
                    None if item == put && list.items.is_visible(item) => {
                        self.touch_elements(node, item, 1, true);
                        self.list_mut(node).items.set_visible(item, 1, false) > 0
                    }
                    None => false,
                }
            }
        };
        // The placement of a container that is elsewhere, or nowhere, was not shown.
        let elsewhere = self.moves.is_some()
            && self.container(history, put).is_some_and(|node| self.placing(node) != Some(put));
        if hidden && !elsewhere {
            self.settle_slot(history, place);
        }
    }

    /// Notes when a slot shows several writes.
    pub(super) fn look_for_conflict(&mut self, history: &History, place: Place) {
        self.contested = self.contested || self.shown(history, place).len() > 1;
    }

    /// Settles a slot after its puts changed: its value is unknown, and an item is visible if it shows
    /// something.
    pub(super) fn settle_slot(&mut self, history: &History, place: Place) {
        if !self.contested && self.has_several(place) {
            // It costs all that stands there: once for a batch.
            match &mut self.batch {
                Some(batch) => drop(batch.several.insert(place)),
                None => self.look_for_conflict(history, place),
            }
        }
        match place {
            Place::Root => self.touch_root(),
            Place::Key(node, slot) => self.touch_key(node, slot),
            Place::Item(node, item) => {
                let list = self.list(node);
                let was_visible = list.items.is_visible(item);
                let is_explicit = list.slots.contains_key(&item);
                self.touch_elements(node, item, 1, was_visible);
                if is_explicit && self.shows_any(history, place) != was_visible {
                    self.list_mut(node).items.set_visible(item, 1, !was_visible);
                }
            }
        }
    }
}

impl ListBody {
    /// Returns the visible puts of an item, kept one by one from now on.
    pub(super) fn explicit(&mut self, item: Lv) -> &mut Puts {
        let own = if self.items.is_visible(item) { Puts::from_elem(item, 1) } else { Puts::new() };
        self.slots.entry(item).or_insert(own)
    }
}
