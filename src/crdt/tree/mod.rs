//! The state of a document: containers, their slots, and the value that they read as.
//!
//! Containers are never removed: a change that comes late may still write into a deleted one. All
//! parts name ops by [`Lv`]; what an op says is looked up in the history.

mod apply;
mod at_clock;
mod check;
mod map;
mod patch;
mod placement;
mod reading;
mod removal;
mod touched;
mod value;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::history::History;
use super::lv::{Link, Lv};
use super::row::{Row, Target};
use super::sequence::Sequence;
use super::{Kind, OpId};
use crate::value::{Path, Step, Val};
use map::MapBody;
pub(super) use placement::Batch;
use placement::Moves;
use reading::Cached;
pub(super) use reading::{Reading, scalar};
use removal::Removal;
use touched::Before;
pub(super) use touched::{ItemChange, Parts};

/// A container of one [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node(u32);

/// The place of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Root,
    /// The slot of a key: its number in the map.
    Key(Node, u32),
    Item(Node, Lv),
}

impl Place {
    /// The container that holds the slot; `None` for the root.
    pub(super) fn container(self) -> Option<Node> {
        match self {
            Self::Root => None,
            Self::Key(node, _) | Self::Item(node, _) => Some(node),
        }
    }
}

/// Writes of one slot, ordered by id.
pub(super) type Puts = SmallVec<[Lv; 2]>;

/// The containers and slots of one document.
#[derive(Clone, Default)]
pub(super) struct Tree {
    /// The visible puts of the root.
    root: Puts,
    /// Invariant: ordered by the op that made them.
    nodes: Vec<Body>,
    /// The ops that made them. By themselves: they are searched.
    made: Vec<Lv>,
    /// What the root reads as, when it is known.
    value: OnceLock<Val>,
    /// What the root read as before something changed.
    old_value: Option<Val>,
    /// What containers read as before something in them changed.
    touched: Vec<Before>,
    /// `None` as long as nothing ever moved.
    moves: Option<Box<Moves>>,
    /// The batch that goes on.
    batch: Option<Box<Batch>>,
    /// How containers that are nowhere went.
    ends: HashMap<Node, Removal, RandomState>,
    /// Whether a container was ever deleted or moved.
    lost_any: bool,
    /// Whether a slot ever showed several puts.
    contested: bool,
}

/// A container.
#[derive(Clone)]
struct Body {
    /// The put that places it, none when it is nowhere.
    put: Link,
    /// Where that put stands; when it is nowhere, where it last stood.
    place: Place,
    /// What it reads as, when it is known. Invariant: known for whatever is shown in a container for
    /// which it is known.
    cached: OnceLock<Cached>,
    /// Which of [`Tree::touched`] says what it read as before something in it changed, counted from 1.
    before: Option<NonZeroU32>,
    inside: Inside,
}

impl Body {
    fn new(put: Lv, place: Place, inside: Inside) -> Self {
        Self { put: Some(put).into(), place, cached: OnceLock::new(), before: None, inside }
    }
}

#[derive(Clone)]
enum Inside {
    Map(MapBody),
    List(Box<ListBody>),
    Text(Box<Sequence>),
    Counter(Box<i128>),
}

/// A list of slots.
#[derive(Clone, Default)]
pub(super) struct ListBody {
    pub(super) items: Sequence,
    /// The visible puts of items other than those that hold what they were made with, and nothing else,
    /// if they are visible.
    slots: HashMap<Lv, Puts, RandomState>,
}

impl Tree {
    // --- containers ---

    /// The container that an op made. O(log n).
    pub(super) fn node(&self, made: Lv) -> Option<Node> {
        match self.made.last() {
            Some(last) if *last == made => Some(Node(self.made.len() as u32 - 1)),
            _ => self.made.binary_search(&made).ok().map(|at| Node(at as u32)),
        }
    }

    fn known(&self, made: Lv) -> Node {
        self.node(made).expect("validated: ops name containers that are there")
    }

    /// The op that made a container.
    pub(super) fn lv(&self, node: Node) -> Lv {
        self.made[node.0 as usize]
    }

    pub(super) fn kind(&self, node: Node) -> Kind {
        match self.body(node).inside {
            Inside::Map(_) => Kind::Map,
            Inside::List(_) => Kind::List,
            Inside::Text(_) => Kind::Text,
            Inside::Counter(_) => Kind::Counter,
        }
    }

    /// Whether a container can read as a value: an object, an array, a string, a whole number.
    pub(super) fn reads_as(&self, node: Node, value: &Val) -> bool {
        match self.kind(node) {
            Kind::Map => value.as_map().is_some(),
            Kind::List => value.as_list().is_some(),
            Kind::Text => value.as_str().is_some(),
            Kind::Counter => super::counter::whole(value).is_some(),
        }
    }

    /// Where a container stands; `None` when it is nowhere.
    pub(super) fn place(&self, node: Node) -> Option<Place> {
        let body = self.body(node);
        body.put.get().map(|_| body.place)
    }

    /// The put that places a container.
    pub(super) fn placing(&self, node: Node) -> Option<Lv> {
        self.body(node).put.get()
    }

    /// How a container that is nowhere went.
    pub(super) fn end_of(&self, node: Node) -> Removal {
        self.ends.get(&node).copied().unwrap_or_default()
    }

    /// Whether a container may be nowhere.
    pub(super) fn has_lost_any(&self) -> bool {
        self.lost_any
    }

    /// Whether a slot may show several puts.
    pub(super) fn is_contested(&self) -> bool {
        self.contested
    }

    fn body(&self, node: Node) -> &Body {
        &self.nodes[node.0 as usize]
    }

    fn body_mut(&mut self, node: Node) -> &mut Body {
        &mut self.nodes[node.0 as usize]
    }

    /// The slots of a map.
    pub(super) fn map(&self, node: Node) -> &MapBody {
        match &self.body(node).inside {
            Inside::Map(map) => map,
            _ => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    /// The slots of a list.
    pub(super) fn list(&self, node: Node) -> &ListBody {
        match &self.body(node).inside {
            Inside::List(list) => list,
            _ => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    fn list_mut(&mut self, node: Node) -> &mut ListBody {
        match &mut self.body_mut(node).inside {
            Inside::List(list) => list,
            _ => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    /// The elements of a list or a text.
    pub(super) fn sequence(&self, node: Node) -> Option<&Sequence> {
        match &self.body(node).inside {
            Inside::List(list) => Some(&list.items),
            Inside::Text(text) => Some(text),
            Inside::Map(_) | Inside::Counter(_) => None,
        }
    }

    pub(super) fn sequence_mut(&mut self, node: Node) -> Option<&mut Sequence> {
        match &mut self.body_mut(node).inside {
            Inside::List(list) => Some(&mut list.items),
            Inside::Text(text) => Some(text),
            Inside::Map(_) | Inside::Counter(_) => None,
        }
    }

    /// The sum of a counter.
    pub(super) fn counter(&self, node: Node) -> i128 {
        match &self.body(node).inside {
            Inside::Counter(sum) => **sum,
            _ => 0,
        }
    }

    /// The containers that hold a place, innermost first.
    pub(super) fn holders(&self, place: Place) -> impl Iterator<Item = Node> {
        std::iter::successors(place.container(), |&holder| self.place(holder)?.container())
    }

    // --- slots ---

    /// The visible puts of a slot, ordered by id.
    pub(super) fn puts(&self, place: Place) -> Puts {
        match place {
            Place::Root => self.root.clone(),
            Place::Key(map, slot) => self.map(map).puts(slot),
            Place::Item(list, item) => self.list(list).puts(item),
        }
    }

    /// Whether a place may show several writes: there are several in its slot, or in one that holds it, which may
    /// be maps that read as one. O(depth).
    pub(super) fn may_show_several(&self, place: Place) -> bool {
        let way_up = std::iter::successors(Some(place), |place| self.place(place.container()?));
        way_up.into_iter().any(|place| self.has_several(place))
    }

    /// Whether a slot has several visible puts.
    fn has_several(&self, place: Place) -> bool {
        match place {
            Place::Root => self.root.len() > 1,
            Place::Key(map, slot) => self.map(map).has_several(slot),
            Place::Item(list, item) => self.list(list).slots.get(&item).is_some_and(|puts| puts.len() > 1),
        }
    }

    /// The puts that a slot shows: those that are visible, less the placements of containers that are
    /// elsewhere.
    pub(super) fn shown(&self, history: &History, place: Place) -> Puts {
        let mut puts = self.puts(place);
        self.retain_shown(history, &mut puts);
        puts
    }

    fn retain_shown(&self, history: &History, puts: &mut Puts) {
        if self.moves.is_some() {
            puts.retain(|put| {
                self.container(history, *put).is_none_or(|node| self.placing(node) == Some(*put))
            });
        }
    }

    /// The container that a put places. O(log n).
    pub(super) fn container(&self, history: &History, put: Lv) -> Option<Node> {
        // Most containers stand where they were made.
        self.node(put).or_else(|| self.node(history.log.moved(put)?))
    }

    /// The slot that a put writes into. O(log n).
    pub(super) fn place_of(&self, history: &History, put: Lv) -> Option<Place> {
        match history.log.row(put) {
            Row::Items { list, .. } | Row::Item { list, .. } => Some(Place::Item(self.known(list), put)),
            Row::Put { slot, .. } => Some(self.target(slot)?),
            _ => None,
        }
    }

    /// The place that a put writes into.
    pub(super) fn target(&self, slot: Target<super::row::Local>) -> Option<Place> {
        Some(match slot {
            Target::Root => Place::Root,
            Target::Key { map, key } => {
                let map = self.known(map);
                Place::Key(map, self.map(map).find(key)?)
            }
            Target::Item { list, item } => Place::Item(self.known(list), item),
        })
    }

    /// The slot of a key, also of one that is deleted; `None` when the map never had the key.
    pub(super) fn key(&self, map: Node, key: u32) -> Option<Place> {
        self.map(map).find(key).map(|slot| Place::Key(map, slot))
    }

    /// The puts that joined maps show for a key, ordered by id.
    pub(super) fn key_puts(&self, history: &History, maps: &[Node], key: u32) -> Puts {
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

    /// The slots that a container shows, in order; for keys of joined maps the first one of each.
    pub(super) fn parts(&self, history: &History, reading: &Reading) -> Vec<(Place, Puts)> {
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

    /// The keys that joined maps ever had, in their order: by the first write in any of them.
    pub(super) fn keys(&self, history: &History, maps: &[Node]) -> Vec<u32> {
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

    /// The places of a map or list that may show something.
    pub(super) fn places(&self, node: Node) -> Vec<Place> {
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

    /// The puts that the value shows in a place, ordered by id; for a key of joined maps those of the key
    /// in all of them. `None` when the value does not show the place. O(depth).
    pub(super) fn shown_in_value(&self, history: &History, place: Place) -> Option<Puts> {
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
            puts = match (self.reading(history, &puts), place) {
                (Reading::Map(maps), Place::Key(map, slot)) if maps.contains(&map) => {
                    self.key_puts(history, &maps, self.map(map).slot(slot).key)
                }
                (Reading::List(list), Place::Item(node, _)) if node == list => self.shown(history, place),
                _ => return None,
            };
        }
        Some(puts)
    }

    /// A container and those that hold it, innermost first; where one is nowhere, it goes on from where that
    /// one last stood.
    pub(super) fn way_up(&self, node: Node) -> impl Iterator<Item = Node> {
        // Two that are nowhere may have stood in each other, one after the other.
        let holders = std::iter::successors(Some(node), |&node| self.last_place(node).container());
        holders.take(crate::value::MAX_DEPTH * 2)
    }

    /// Where a container stands, or last stood.
    pub(super) fn last_place(&self, node: Node) -> Place {
        self.body(node).place
    }

    /// The way to a place from the root, whether it is shown or not; through what is nowhere, the way to
    /// where that last stood.
    pub(super) fn path(&self, history: &History, place: Place) -> Path {
        self.path_from(history, place, None)
    }

    /// The way to where a container stands; when it is nowhere, to where it stood when it went.
    pub(super) fn path_of(&self, history: &History, node: Node) -> Path {
        self.path_from(history, self.last_place(node), Some(node))
    }

    /// The way to a place, in which `inside` stands or stood.
    fn path_from(&self, history: &History, place: Place, inside: Option<Node>) -> Path {
        let last = |node| Some(self.last_place(node));
        let made = |node| self.place(node).or_else(|| self.place_of(history, self.lv(node)));
        // Two that are nowhere may have stood in each other, one after the other.
        let path = self.path_by(history, place, inside, last);
        path.or_else(|| self.path_by(history, place, inside, made)).unwrap_or_default()
    }

    /// The way to a place, where `up` tells where containers stand; `None` when it never comes to the root.
    fn path_by(
        &self,
        history: &History,
        mut place: Place,
        mut inside: Option<Node>,
        up: impl Fn(Node) -> Option<Place>,
    ) -> Option<Path> {
        let mut steps = Vec::new();
        loop {
            let (node, step) = match place {
                Place::Root => break,
                Place::Key(map, slot) => {
                    let key = history.log.keys.get(self.map(map).slot(slot).key);
                    (map, Step::Key(key.as_str().to_owned()))
                }
                Place::Item(list, item) => {
                    let gone = inside.filter(|&node| self.placing(node).is_none());
                    let index = match gone {
                        Some(node) => self.end_of(node).index as usize,
                        None => self.list(list).items.position(item),
                    };
                    (list, Step::Index(index))
                }
            };
            steps.push(step);
            if steps.len() > crate::value::MAX_DEPTH * 2 {
                return None;
            }
            place = up(node)?;
            inside = Some(node);
        }
        steps.reverse();
        Some(Path(steps))
    }

    /// Whether no applied op overwrites the put. O(log n).
    pub(super) fn is_visible(&self, history: &History, put: Lv) -> bool {
        match history.log.row(put) {
            Row::Type { text, .. } => {
                self.sequence(self.known(text)).is_some_and(|text| text.is_visible(put))
            }
            _ => self.place_of(history, put).is_some_and(|place| self.puts(place).contains(&put)),
        }
    }

    /// Whether a container and all that hold it stand somewhere, up to the root; `false` when one was deleted.
    /// O(depth).
    pub(super) fn stands(&self, node: Node) -> bool {
        self.place(node).is_some_and(|place| self.holders(place).all(|holder| self.placing(holder).is_some()))
    }
}

impl ListBody {
    /// Whether some items were written again.
    pub(super) fn has_slots(&self) -> bool {
        !self.slots.is_empty()
    }

    fn puts(&self, item: Lv) -> Puts {
        match self.slots.get(&item) {
            Some(puts) => puts.clone(),
            None if self.items.is_visible(item) => Puts::from_elem(item, 1),
            None => Puts::new(),
        }
    }
}

impl History {
    /// The id of the op that made a container.
    pub(super) fn op_id(&self, lv: Lv) -> OpId {
        self.authors.op_id(lv)
    }
}
