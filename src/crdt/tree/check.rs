//! The invariants of a tree.

use super::{Body, Container, Place, Tree};
use crate::value::text;

impl Tree {
    /// Verifies every invariant of the tree, kept values included. O(document and tombstones).
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.stale.is_empty() {
            return Err("a kept value is stale".into());
        }
        let mut visible = self.check_slot(Place::Root)?;
        for index in 0..self.nodes.len() {
            let container = Container(u32::try_from(index).map_err(|e| e.to_string())?);
            let node = self.node(container);
            let above = node.place.container().map_or(0, |outer| self.depth(outer));
            if node.depth != above + 1 || self.container(&node.id) != Some(container) {
                return Err(format!("the container {} is misplaced", node.id));
            }
            match &node.body {
                Body::Map(map) => {
                    for (index, (key, slot)) in map.slots.iter().enumerate() {
                        visible += self.check_slot(Place::Key(container, index))?;
                        let live = map.live.get(&slot.first) == Some(&index);
                        if live != slot.is_visible() {
                            return Err(format!("the key {:?} of {} is misplaced", key.as_str(), node.id));
                        }
                    }
                    if map.live.len() != map.slots.values().filter(|slot| slot.is_visible()).count() {
                        return Err(format!("the map {} orders keys that it does not have", node.id));
                    }
                }
                Body::List(list) => {
                    list.check()?;
                    let places = list.iter().map(|element| Place::Item(container, element));
                    for place in places {
                        visible += self.check_slot(place)?;
                    }
                    if list.iter().any(|element| !list.item(element).is_visible()) {
                        return Err(format!("the list {} shows a tombstone", node.id));
                    }
                }
            }
        }
        if visible != self.visible.len() {
            return Err("a put is known as visible, but stands in no slot".into());
        }
        Ok(())
    }

    /// Verifies one slot; the number of its visible puts.
    fn check_slot(&self, place: Place) -> Result<usize, String> {
        let slot = self.slot(place);
        let read = self.read(&slot.reading());
        let (kept, read) = (text(&slot.value), text(&read));
        if kept != read {
            return Err(format!("at {} the kept value is {kept}, not {read}", self.path(place)));
        }
        let known = slot.ids().all(|id| self.visible.get(id) == Some(&place) && slot.first <= *id);
        if !known || !slot.ids().is_sorted() {
            return Err(format!("the puts at {} are out of order", self.path(place)));
        }
        Ok(slot.puts.len())
    }
}
