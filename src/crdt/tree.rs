//! The state of a document: containers, their slots, and the value that they read as.
//!
//! Containers are never removed: a change that comes late may still write into a deleted one. Each
//! stands in the slot into which it was made, so the containers form a tree, and its depth is known
//! when a container is made.

mod check;
mod value;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::sequence::{Element, Sequence};
use super::slot::{Held, Put, Reading, Slot};
use super::{Content, Key, Kind, Op, OpId, SlotId};
use crate::value::{Path, Step, Val};

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

    /// Marks a slot to be read anew.
    fn mark(&mut self, place: Place) {
        let depth = place.container().map_or(0, |container| self.depth(container));
        self.stale.insert((Reverse(depth), place));
    }
}
