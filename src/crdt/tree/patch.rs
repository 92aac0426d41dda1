//! Patches of kept values: only what was touched of a container is read anew.

use super::reading::{Next, Reading, scalar};
use super::touched::{ItemChange, Parts};
use super::{History, Node, Place, Tree};
use crate::cancellation::ask;
use crate::value::{MAX_DEPTH, Val};

/// A container that was read before, and whose touched slots are read anew.
pub(super) struct Patch {
    pub(super) node: Node,
    /// What it read as, with the slots that were read so far.
    pub(super) value: Val,
    /// The last one first: those before it keep their places.
    rest: Rest,
    /// The slot that is being read.
    open: Option<Open>,
}

enum Rest {
    Keys(Vec<u32>),
    Items(Vec<ItemChange>),
}

enum Open {
    Key(u32),
    Item(ItemChange),
}

impl Patch {
    /// Makes the patch; `None` when it was not read before, or so much was touched that it is better read as a whole.
    pub(super) fn of(tree: &Tree, history: &History, node: Node, depth: usize) -> Option<Self> {
        let before = tree.before(node)?;
        let value = before.value.clone()?;
        let parts =
            value.as_list().map_or_else(|| value.as_map().map_or(0, |map| map.len()), |list| list.len());
        let fits = depth + (value.levels() as usize) < MAX_DEPTH;
        let most = 8 + parts / 4;
        if !fits || before.count() > most {
            return None;
        }
        let rest = match tree.touched_parts(history, node)? {
            Parts::Keys(keys) if keys.len() <= most => Rest::Keys(keys),
            Parts::Items(items) if items.len() <= most => Rest::Items(items),
            Parts::Keys(_) | Parts::Items(_) => return None,
        };
        let mut patch = Self { node, value, rest, open: None };
        for slot in before.reordered() {
            patch.remove(tree, history, &Open::Key(slot));
        }
        Some(patch)
    }

    /// Takes what was read last, and says what comes next.
    pub(super) fn next(&mut self, tree: &Tree, history: &History, done: Option<Val>) -> Next {
        if let (Some(open), Some(value)) = (self.open.take(), done) {
            self.put(tree, history, &open, value);
        }
        loop {
            ask();
            let (open, place) = match &mut self.rest {
                Rest::Keys(keys) => match keys.pop() {
                    Some(slot) => (Open::Key(slot), Place::Key(self.node, slot)),
                    None => return Next::Done,
                },
                Rest::Items(items) => match items.pop() {
                    Some(item) => (Open::Item(item), Place::Item(self.node, item.item)),
                    None => return Next::Done,
                },
            };
            let puts = tree.shown(history, place);
            match tree.reading(history, &puts) {
                Reading::Nothing => self.remove(tree, history, &open),
                Reading::Scalar(put) => self.put(tree, history, &open, scalar(history, put)),
                reading => {
                    self.open = Some(open);
                    return Next::Reading(reading);
                }
            }
        }
    }

    fn put(&mut self, tree: &Tree, history: &History, open: &Open, value: Val) {
        match open {
            Open::Item(item) => {
                let Some(items) = self.value.as_list_mut() else { return };
                if item.was_visible {
                    items.set(item.old, value);
                } else {
                    items.insert(item.old, value);
                }
            }
            Open::Key(slot) => {
                let name = |slot: u32| history.log.keys.get(tree.map(self.node).slot(slot).key);
                let key = name(*slot);
                let Some(entries) = self.value.as_map_mut() else { return };
                if entries.contains_key(key) {
                    entries.insert(key.clone(), value);
                } else {
                    let later = tree.map(self.node).after(&history.authors, *slot);
                    let next = later.map(name).find(|next| entries.contains_key(next)).cloned();
                    entries.insert_before(key.clone(), value, next.as_deref());
                }
            }
        }
    }

    fn remove(&mut self, tree: &Tree, history: &History, open: &Open) {
        match open {
            Open::Item(item) => {
                if let Some(items) = self.value.as_list_mut()
                    && item.was_visible
                {
                    items.remove(item.old);
                }
            }
            Open::Key(slot) => {
                let key = history.log.keys.get(tree.map(self.node).slot(*slot).key);
                if let Some(entries) = self.value.as_map_mut() {
                    entries.remove(key);
                }
            }
        }
    }
}
