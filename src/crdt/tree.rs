//! The state of a document: containers, their slots, and the value that they read as.
//!
//! Containers are never removed: a change that comes late may still write into a deleted one. Each
//! stands in the slot into which it was made, so the containers form a tree, and its depth is known
//! when a container is made.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::sequence::{Element, Sequence};
use super::slot::{Held, Put, Reading, Slot};
use super::{Content, Key, Kind, Op, OpId, SlotId};
use crate::value::{Map, Path, Step, Val, text};

/// A container of one [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Container(u32);

/// The place of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Root,
    /// The slot of a key: its number in the map.
    Key(Container, usize),
    Item(Container, Element),
}

impl Place {
    /// The container that holds the slot; `None` for the root.
    pub(crate) fn container(self) -> Option<Container> {
        match self {
            Self::Root => None,
            Self::Key(container, _) | Self::Item(container, _) => Some(container),
        }
    }
}

#[derive(Debug, Clone)]
struct Node {
    id: OpId,
    place: Place,
    /// How many containers it stands in, itself included.
    depth: usize,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Map(MapBody),
    List(Sequence<Slot>),
}

#[derive(Debug, Clone, Default)]
struct MapBody {
    /// Every key ever written; a key keeps its number.
    slots: IndexMap<Key, Slot>,
    /// Invariant: the visible slots by their first write, which is the order of the keys.
    live: BTreeMap<OpId, usize>,
}

/// The containers and slots of one document.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    root: Slot,
    nodes: Vec<Node>,
    by_id: HashMap<OpId, Container>,
    /// Invariant: the place of every visible put.
    visible: HashMap<OpId, Place>,
    /// Slots whose kept value is to be read anew, deepest first.
    stale: BTreeSet<(Reverse<usize>, Place)>,
}

/// A key of joined maps.
struct Entry<'t> {
    key: &'t Key,
    /// The first of the slots that show something.
    place: Place,
    /// The visible puts of the key in all of the maps, ordered by id.
    puts: Vec<&'t Put>,
}

/// What applying one op did.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Where it wrote; `None` for a delete.
    pub(crate) written: Option<Place>,
    /// Where it hid puts.
    pub(crate) hidden: Vec<Place>,
}

impl Tree {
    pub(crate) fn new() -> Self {
        // No op has this id: it comes before all, and the root has no order among keys.
        let nobody = super::Actor::new("-").expect("a valid name");
        Self {
            root: Slot::new(OpId::new(0, nobody)),
            nodes: Vec::new(),
            by_id: HashMap::new(),
            visible: HashMap::new(),
            stale: BTreeSet::new(),
        }
    }

    /// The value of the document.
    pub(crate) fn value(&self) -> &Val {
        &self.root.value
    }

    // --- looking things up ---

    pub(crate) fn container(&self, id: &OpId) -> Option<Container> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn id(&self, container: Container) -> &OpId {
        &self.node(container).id
    }

    pub(crate) fn depth(&self, container: Container) -> usize {
        self.node(container).depth
    }

    /// Where a container was made.
    pub(crate) fn place(&self, container: Container) -> Place {
        self.node(container).place
    }

    pub(crate) fn slot(&self, place: Place) -> &Slot {
        match place {
            Place::Root => &self.root,
            Place::Key(map, index) => &self.map(map).slots[index],
            Place::Item(list, element) => self.list(list).item(element),
        }
    }

    fn slot_mut(&mut self, place: Place) -> &mut Slot {
        match place {
            Place::Root => &mut self.root,
            Place::Key(map, index) => &mut self.map_mut(map).slots[index],
            Place::Item(list, element) => self.list_mut(list).item_mut(element),
        }
    }

    /// The slot as an op names it.
    pub(crate) fn slot_id(&self, place: Place) -> SlotId {
        match place {
            Place::Root => SlotId::Root,
            Place::Key(map, index) => {
                let key = self.map(map).slots.get_index(index).map(|(key, _)| key.clone());
                SlotId::Key { map: self.id(map).clone(), key: key.expect("places name keys that are there") }
            }
            Place::Item(list, element) => {
                SlotId::Item { list: self.id(list).clone(), item: self.list(list).id(element).clone() }
            }
        }
    }

    /// The slot of a key, also of one that is deleted; `None` when the map never had the key.
    pub(crate) fn key(&self, map: Container, key: &Key) -> Option<Place> {
        Some(Place::Key(map, self.map(map).slots.get_index_of(key)?))
    }

    /// The sequence of a list.
    pub(crate) fn list(&self, list: Container) -> &Sequence<Slot> {
        match &self.node(list).body {
            Body::List(sequence) => sequence,
            Body::Map(_) => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    /// The visible places of a container, in order.
    pub(crate) fn places(&self, container: Container) -> Vec<Place> {
        match &self.node(container).body {
            Body::Map(map) => map.live.values().map(|&index| Place::Key(container, index)).collect(),
            Body::List(list) => list.iter().map(|element| Place::Item(container, element)).collect(),
        }
    }

    /// The visible puts of a slot, ordered by id, when the value shows the slot; for a key of joined
    /// maps those of the key in all of them. O(depth).
    pub(crate) fn shown(&self, place: Place) -> Option<Vec<&Put>> {
        let mut way: Vec<Place> =
            std::iter::successors(Some(place), |place| Some(self.place(place.container()?))).collect();
        way.pop();
        let mut puts: Vec<&Put> = self.root.puts.iter().collect();
        while let Some(place) = way.pop() {
            puts = match (Reading::of(puts.into_iter()), place) {
                (Reading::Map(maps), Place::Key(map, index)) if maps.contains(&map) => {
                    let (key, _) = self.map(map).slots.get_index(index)?;
                    self.key_puts(&maps, key)
                }
                (Reading::List(list), Place::Item(container, _)) if container == list => {
                    self.slot(place).puts.iter().collect()
                }
                _ => return None,
            };
        }
        Some(puts)
    }

    /// The slots that a container shows, in order, with what [`shown`](Self::shown) gives for each; a
    /// key of joined maps comes once.
    pub(crate) fn parts(&self, reading: &Reading) -> Vec<(Place, Vec<&Put>)> {
        match reading {
            Reading::Nothing | Reading::Scalar(_) => Vec::new(),
            Reading::List(list) => {
                let places = self.places(*list).into_iter();
                places.map(|place| (place, self.slot(place).puts.iter().collect())).collect()
            }
            Reading::Map(maps) => {
                self.entries(maps).into_iter().map(|entry| (entry.place, entry.puts)).collect()
            }
        }
    }

    /// The keys of joined maps in order: by the first write in any of them. Costs the keys that the
    /// maps ever had.
    fn entries(&self, maps: &[Container]) -> Vec<Entry<'_>> {
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

    /// The visible puts of a key in joined maps, ordered by id.
    pub(crate) fn key_puts(&self, maps: &[Container], key: &Key) -> Vec<&Put> {
        let slots = maps.iter().filter_map(|&map| self.map(map).slots.get(key));
        let mut puts: Vec<&Put> = slots.flat_map(|slot| &slot.puts).collect();
        puts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        puts
    }

    /// The way to a place from the root, whether it is shown or not.
    pub(crate) fn path(&self, mut place: Place) -> Path {
        let mut steps = Vec::new();
        loop {
            let (container, step) = match place {
                Place::Root => break,
                Place::Key(map, index) => {
                    let key = self.map(map).slots.get_index(index).map(|(key, _)| key.as_str());
                    (map, Step::Key(key.unwrap_or_default().to_owned()))
                }
                Place::Item(list, element) => (list, Step::Index(self.list(list).position(element))),
            };
            steps.push(step);
            place = self.place(container);
        }
        steps.reverse();
        Path(steps)
    }

    /// Whether every container that holds the place is still in its slot, as the value or as the
    /// loser of a conflict; `false` when one was deleted. O(depth).
    pub(crate) fn is_alive(&self, place: Place) -> bool {
        self.holders(place).all(|holder| self.is_visible(self.id(holder)))
    }

    /// Whether no applied op overwrites the put.
    pub(crate) fn is_visible(&self, put: &OpId) -> bool {
        self.visible.contains_key(put)
    }

    /// The container that a visible put made.
    pub(crate) fn visible_container(&self, put: &OpId) -> Option<Container> {
        self.container(put).filter(|_| self.is_visible(put))
    }

    /// The containers that hold the place, innermost first.
    pub(crate) fn holders(&self, place: Place) -> impl Iterator<Item = Container> {
        std::iter::successors(place.container(), |&holder| self.place(holder).container())
    }

    fn node(&self, container: Container) -> &Node {
        &self.nodes[container.0 as usize]
    }

    fn map(&self, map: Container) -> &MapBody {
        match &self.node(map).body {
            Body::Map(body) => body,
            Body::List(_) => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    fn map_mut(&mut self, map: Container) -> &mut MapBody {
        match &mut self.nodes[map.0 as usize].body {
            Body::Map(body) => body,
            Body::List(_) => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    fn list_mut(&mut self, list: Container) -> &mut Sequence<Slot> {
        match &mut self.nodes[list.0 as usize].body {
            Body::List(sequence) => sequence,
            Body::Map(_) => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    // --- applying ops ---

    /// Applies an op that was validated against the causal past. Marks what is to be read anew.
    /// O(log n).
    pub(crate) fn apply(&mut self, id: OpId, op: &Op) -> Applied {
        let hidden = op.over().iter().filter_map(|over| self.hide(over)).collect();
        let written = match op {
            Op::Delete { .. } => None,
            Op::Put { slot, content, .. } => Some(self.put(id, slot, content)),
            Op::Insert { list, parent, side, content } => {
                let list = self.known(list);
                let sequence = self.list_mut(list);
                let parent = parent.as_ref().and_then(|parent| sequence.find(parent));
                let element = sequence.insert(id.clone(), parent, *side, Slot::new(id.clone()));
                Some(self.show(Place::Item(list, element), id, content))
            }
        };
        Applied { written, hidden }
    }

    fn known(&self, container: &OpId) -> Container {
        self.container(container).expect("validated: ops name containers that are there")
    }

    fn put(&mut self, id: OpId, slot: &SlotId, content: &Content) -> Place {
        let place = match slot {
            SlotId::Root => Place::Root,
            SlotId::Key { map, key } => {
                let map = self.known(map);
                let slots = &mut self.map_mut(map).slots;
                let entry = slots.entry(key.clone());
                let index = entry.index();
                entry.or_insert_with(|| Slot::new(id.clone()));
                Place::Key(map, index)
            }
            SlotId::Item { list, item } => {
                let list = self.known(list);
                let element = self.list(list).find(item);
                Place::Item(list, element.expect("validated: ops name items that are there"))
            }
        };
        self.show(place, id, content)
    }

    /// Adds a put to a slot, and makes its container.
    fn show(&mut self, place: Place, id: OpId, content: &Content) -> Place {
        let held = match content {
            Content::Scalar(scalar) => Held::Scalar(scalar.value().clone()),
            Content::Make(kind) => self.make(id.clone(), place, *kind),
        };
        self.visible.insert(id.clone(), place);
        let slot = self.slot_mut(place);
        let first = slot.first.clone();
        slot.first = first.clone().min(id.clone());
        slot.show(Put { id, held });
        match place {
            Place::Root => {}
            Place::Key(map, index) => {
                let now = self.slot(place).first.clone();
                let live = &mut self.map_mut(map).live;
                live.remove(&first);
                live.insert(now, index);
            }
            Place::Item(list, element) => self.list_mut(list).set_visible(element, true),
        }
        self.mark(place);
        place
    }

    fn make(&mut self, id: OpId, place: Place, kind: Kind) -> Held {
        let container = Container(u32::try_from(self.nodes.len()).expect("fewer than 2^32 containers"));
        let depth = 1 + place.container().map_or(0, |outer| self.depth(outer));
        let (held, body) = match kind {
            Kind::Map => (Held::Map(container), Body::Map(MapBody::default())),
            Kind::List => (Held::List(container), Body::List(Sequence::default())),
        };
        self.by_id.insert(id.clone(), container);
        self.nodes.push(Node { id, place, depth, body });
        held
    }

    /// Takes a put out of its slot, and says which; `None` when it was overwritten before.
    fn hide(&mut self, id: &OpId) -> Option<Place> {
        let place = self.visible.remove(id)?;
        let slot = self.slot_mut(place);
        slot.hide(id);
        if !slot.is_visible() {
            let first = slot.first.clone();
            match place {
                Place::Root => {}
                Place::Key(map, _) => drop(self.map_mut(map).live.remove(&first)),
                Place::Item(list, element) => self.list_mut(list).set_visible(element, false),
            }
        }
        self.mark(place);
        Some(place)
    }

    // --- values ---

    fn mark(&mut self, place: Place) {
        let depth = place.container().map_or(0, |container| self.depth(container));
        self.stale.insert((Reverse(depth), place));
    }

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

    // --- invariants ---

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
