//! What the slots of a tree read as.

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::{Container, Place, Put, Reading, Tree};
use crate::crdt::slot::Held;
use crate::crdt::{Key, OpId};
use crate::value::{Map, Val};

/// A key of joined maps.
pub(super) struct Entry<'t> {
    pub(super) key: &'t Key,
    /// The first of the slots that show something.
    pub(super) place: Place,
    /// The visible puts of the key in all of the maps, ordered by id.
    pub(super) puts: Vec<&'t Put>,
}

impl Tree {
    /// Reads every stale slot anew, and those that hold them, up to the root. Costs the size of the
    /// containers touched and of those on the way up.
    pub(crate) fn refresh(&mut self) {
        while let Some((_, place)) = self.stale.pop_first() {
            let value = self.read(&self.slot(place).reading());
            self.slot_mut(place).value = value;
            if let Some(container) = place.container() {
                self.mark(self.place(container));
            }
        }
    }

    /// Takes values that are known for all that is stale: what [`refresh`](Self::refresh) would read.
    pub(crate) fn keep(&mut self, values: impl IntoIterator<Item = (Place, Val)>) {
        self.stale.clear();
        for (place, value) in values {
            self.slot_mut(place).value = value;
        }
    }

    /// The value of a reading, from the kept values below it.
    pub(crate) fn read(&self, reading: &Reading) -> Val {
        match reading {
            Reading::Nothing => Val::Null,
            Reading::Scalar(value) => value.clone(),
            Reading::List(list) => {
                let list = self.list(*list);
                let mut items = Vec::with_capacity(list.len());
                items.extend(list.iter().map(|element| list.item(element).value.clone()));
                Val::Arr(items.into())
            }
            Reading::Map(maps) => match maps[..] {
                [map] => {
                    let map = self.map(map);
                    let slots = map.live.values().filter_map(|&index| map.slots.get_index(index));
                    let mut entries = Map::with_capacity_and_hasher(map.live.len(), Default::default());
                    entries.extend(slots.map(|(key, slot)| (key.to_value(), slot.value.clone())));
                    Val::obj(entries)
                }
                _ => self.read_joined(maps),
            },
        }
    }

    /// Maps that were written concurrently into one slot read as one, and so do the maps in a key of
    /// several of them. On a stack of its own: maps may join on every level.
    fn read_joined(&self, maps: &[Container]) -> Val {
        struct Joined<'t> {
            rest: std::vec::IntoIter<Entry<'t>>,
            entries: Map,
        }
        let join =
            |maps: &[Container]| Joined { rest: self.entries(maps).into_iter(), entries: Map::default() };
        let mut stack = vec![join(maps)];
        let mut done: Option<Val> = None;
        loop {
            let Some(top) = stack.last_mut() else { return done.unwrap_or_default() };
            if let Some((value, last)) = done.take().zip(top.entries.last_mut()) {
                *last.1 = value;
            }
            let Some(Entry { key, puts, .. }) = top.rest.next() else {
                done = stack.pop().map(|joined| Val::obj(joined.entries));
                continue;
            };
            let value = match (Reading::of(puts.iter().copied()), &puts[..]) {
                (Reading::Map(inner), _) if inner.len() > 1 => {
                    top.entries.insert(key.to_value(), Val::Null);
                    stack.push(join(&inner));
                    continue;
                }
                // The slot of the put that counts keeps its value.
                (_, [.., top]) if self.visible.contains_key(&top.id) => {
                    self.slot(self.visible[&top.id]).value.clone()
                }
                (reading, _) => self.read(&reading),
            };
            top.entries.insert(key.to_value(), value);
        }
    }

    /// What a put holds, whether its slot shows it or not.
    pub(crate) fn held(&self, put: &Put) -> Val {
        match &put.held {
            Held::Scalar(value) => value.clone(),
            Held::Map(map) => self.read(&Reading::Map(SmallVec::from_elem(*map, 1))),
            Held::List(list) => self.read(&Reading::List(*list)),
        }
    }

    /// The keys of joined maps in order: by the first write in any of them. Costs the keys that the
    /// maps ever had.
    pub(super) fn entries(&self, maps: &[Container]) -> Vec<Entry<'_>> {
        let mut entries: IndexMap<&Key, (&OpId, Option<Place>, Vec<&Put>)> = IndexMap::new();
        for &map in maps {
            for (index, (key, slot)) in self.map(map).slots.iter().enumerate() {
                let entry = entries.entry(key).or_insert((&slot.first, None, Vec::new()));
                entry.0 = entry.0.min(&slot.first);
                if slot.is_visible() {
                    entry.1.get_or_insert(Place::Key(map, index));
                    entry.2.extend(&slot.puts);
                }
            }
        }
        let mut ordered: Vec<_> = entries.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, (first, ..))| *first);
        let mut shown = Vec::new();
        for (key, (_, place, mut puts)) in ordered {
            puts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            shown.extend(place.map(|place| Entry { key, place, puts }));
        }
        shown
    }
}
