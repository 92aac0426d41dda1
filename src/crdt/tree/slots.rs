//! The slots of a tree, and what each of them shows.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Inside, Node, Place, Puts, Reading, Tree};
use crate::crdt::history::History;
use crate::crdt::lv::Lv;
use crate::crdt::row::{Local, Row, Target};

impl Tree {
    /// Returns the visible puts of a slot, ordered by id.
    pub(in crate::crdt) fn puts(&self, place: Place) -> Puts {
        match place {
            Place::Root => self.root.clone(),
            Place::Key(map, slot) => self.map(map).puts(slot),
            Place::Item(list, item) => self.list(list).puts(item),
        }
    }

    /// Tells whether a place may show several writes: there are several in its slot, or in one that holds it, which
    /// may be maps that read as one. O(depth).
    pub(in crate::crdt) fn may_show_several(&self, place: Place) -> bool {
        let way_up = std::iter::successors(Some(place), |place| self.place(place.container()?));
        way_up.into_iter().any(|place| self.has_several(place))
    }

    /// Tells whether a slot has several visible puts.
    pub(in crate::crdt) fn has_several(&self, place: Place) -> bool {
        match place {
            Place::Root => self.root.len() > 1,
            Place::Key(map, slot) => self.map(map).has_several(slot),
            Place::Item(list, item) => self.list(list).slots.get(&item).is_some_and(|puts| puts.len() > 1),
        }
    }

    /// Returns the puts that a slot shows: those that are visible, less the placements of containers that are
    /// elsewhere.
    pub(in crate::crdt) fn shown(&self, history: &History, place: Place) -> Puts {
        let mut puts = self.puts(place);
        self.retain_shown(history, &mut puts);
        puts
    }

    pub(super) fn retain_shown(&self, history: &History, puts: &mut Puts) {
        if self.moves.is_some() {
            puts.retain(|put| self.is_shown(history, *put));
        }
    }

    /// Tells whether a slot shows something. The last write most often tells.
    pub(super) fn shows_any(&self, history: &History, place: Place) -> bool {
        let puts = self.puts(place);
        puts.iter().rev().any(|put| self.moves.is_none() || self.is_shown(history, *put))
    }

    /// Tells whether a visible put is shown: it does not place a container that is elsewhere.
    fn is_shown(&self, history: &History, put: Lv) -> bool {
        self.container(history, put).is_none_or(|node| self.placing(node) == Some(put))
    }

    /// Returns the container that a put places. O(log n).
    pub(in crate::crdt) fn container(&self, history: &History, put: Lv) -> Option<Node> {
        // Most containers stand where they were made.
        self.node(put).or_else(|| self.node(history.log.moved(put)?))
    }

    /// Returns the slot that a put writes into. O(log n).
    pub(in crate::crdt) fn place_of(&self, history: &History, put: Lv) -> Option<Place> {
        match history.log.row(put) {
            Row::Items { list, .. } | Row::Item { list, .. } => Some(Place::Item(self.known(list), put)),
            Row::Put { slot, .. } => Some(self.target(slot)?),
            _ => None,
        }
    }

    /// Returns the place that a put writes into.
    pub(in crate::crdt) fn target(&self, slot: Target<Local>) -> Option<Place> {
        Some(match slot {
            Target::Root => Place::Root,
            Target::Key { map, key } => {
                let map = self.known(map);
                Place::Key(map, self.map(map).find(key)?)
            }
            Target::Item { list, item } => Place::Item(self.known(list), item),
        })
    }

    /// Returns the slot of a key, also of one that is deleted; `None` when the map never had the key.
    pub(in crate::crdt) fn key(&self, map: Node, key: u32) -> Option<Place> {
        self.map(map).find(key).map(|slot| Place::Key(map, slot))
    }

    /// Returns the puts that joined maps show for a key, ordered by id.
    pub(in crate::crdt) fn key_puts(&self, history: &History, maps: &[Node], key: u32) -> Puts {
        let mut puts = Puts::new();
        for &map in maps {
            if let Some(slot) = self.map(map).find(key) {
                puts.extend(self.map(map).puts(slot));
            }
        }
        self.retain_shown(history, &mut puts);
        if maps.len() > 1 {
            puts.sort_unstable_by(|a, b| history.authors.compare(*a, *b));
        }
        puts
    }

    /// Returns the slots that a container shows, in order; for keys of joined maps the first one of each.
    pub(in crate::crdt) fn parts(&self, history: &History, reading: &Reading) -> Vec<(Place, Puts)> {
        match reading {
            Reading::List(node) => {
                let runs = self.list(*node).items.runs();
                let items = runs.flat_map(|(first, count)| (0..count).map(move |at| first.plus(at)));
                items
                    .map(|item| {
                        let place = Place::Item(*node, item);
                        (place, self.shown(history, place))
                    })
                    .collect()
            }
            Reading::Map(maps) => self
                .keys(history, maps)
                .into_iter()
                .filter_map(|key| {
                    let puts = self.key_puts(history, maps, key);
                    let place = self.place_of(history, *puts.first()?)?;
                    Some((place, puts))
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the keys that joined maps ever had, in their order: by the first write in any of them.
    pub(in crate::crdt) fn keys(&self, history: &History, maps: &[Node]) -> Vec<u32> {
        let [map] = maps else {
            let mut first: HashMap<u32, Lv, RandomState> = HashMap::default();
            for slot in maps.iter().flat_map(|&map| self.map(map).slots()) {
                let known = first.entry(slot.key).or_insert(slot.first);
                if history.authors.compare(slot.first, *known).is_lt() {
                    *known = slot.first;
                }
            }
            let mut keys: Vec<(u32, Lv)> = first.into_iter().collect();
            keys.sort_unstable_by(|(_, a), (_, b)| history.authors.compare(*a, *b));
            return keys.into_iter().map(|(key, _)| key).collect();
        };
        let body = self.map(*map);
        body.order().map(|slot| body.slot(slot).key).collect()
    }

    /// Returns the places of a map or list that may show something.
    pub(in crate::crdt) fn places(&self, node: Node) -> Vec<Place> {
        match &self.body(node).inside {
            Inside::Map(map) => (0..map.len() as u32).map(|slot| Place::Key(node, slot)).collect(),
            Inside::List(list) => {
                let runs = list.items.runs();
                runs.flat_map(|(first, count)| (0..count).map(move |at| Place::Item(node, first.plus(at))))
                    .collect()
            }
            Inside::Text(_) | Inside::Counter(_) => Vec::new(),
        }
    }

    /// Returns the puts that the value shows in a place, ordered by id; for a key of joined maps those of the key
    /// in all of them. `None` when the value does not show the place. O(depth).
    pub(in crate::crdt) fn shown_in_value(&self, history: &History, place: Place) -> Option<Puts> {
        let mut way = Vec::new();
        let mut next = Some(place);
        while let Some(at) = next {
            way.push(at);
            next = match at.container() {
                None => None,
                Some(node) => Some(self.place(node)?),
            };
        }
        way.pop();
        let mut puts = self.shown(history, Place::Root);
        while let Some(place) = way.pop() {
            puts = self.shown_in(history, &self.reading(history, &puts), place)?;
        }
        Some(puts)
    }

    /// Returns what the value shows of a map or list: the reading of which it is a part. O(depth).
    pub(in crate::crdt) fn reading_in_value(&self, history: &History, node: Node) -> Option<Reading> {
        let puts = self.shown_in_value(history, self.place(node)?)?;
        Some(self.reading(history, &puts))
    }

    /// Returns the puts that the reading of a map or list shows in a place, ordered by id; `None` when the place is not
    /// in it.
    pub(in crate::crdt) fn shown_in(
        &self,
        history: &History,
        reading: &Reading,
        place: Place,
    ) -> Option<Puts> {
        match (reading, place) {
            (Reading::Map(maps), Place::Key(map, slot)) if maps.contains(&map) => {
                Some(self.key_puts(history, maps, self.map(map).slot(slot).key))
            }
            (Reading::List(list), Place::Item(node, _)) if node == *list => Some(self.shown(history, place)),
            _ => None,
        }
    }
}
