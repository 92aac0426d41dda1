//! The state of a document: containers, their slots, and the value that they read as.
//!
//! Containers are never removed: a change that comes late may still write into a deleted one. All
//! parts name ops by [`Lv`]; what an op says is looked up in the history.

mod apply;
mod at_clock;
mod check;
mod map;
mod patch;
mod path;
mod placement;
mod reading;
mod removal;
mod slots;
mod touched;
mod value;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::history::History;
use super::lv::{Link, Lv};
use super::row::Row;
use super::sequence::Sequence;
use super::{Kind, OpId};
use crate::value::Val;
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
    /// Returns the container that holds the slot; `None` for the root.
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
    removals: HashMap<Node, Removal, RandomState>,
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

    /// Returns the container that an op made. O(log n).
    pub(super) fn node(&self, made: Lv) -> Option<Node> {
        match self.made.last() {
            Some(last) if *last == made => Some(Node(self.made.len() as u32 - 1)),
            _ => self.made.binary_search(&made).ok().map(|at| Node(at as u32)),
        }
    }

    fn known(&self, made: Lv) -> Node {
        self.node(made).expect("validated: ops name containers that are there")
    }

    /// Returns the number of containers.
    pub(super) fn containers(&self) -> u64 {
        self.nodes.len() as u64
    }

    /// Returns the op that made a container.
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

    /// Tells whether a container can read as a value: an object, an array, a string, a whole number.
    pub(super) fn reads_as(&self, node: Node, value: &Val) -> bool {
        match self.kind(node) {
            Kind::Map => value.as_map().is_some(),
            Kind::List => value.as_list().is_some(),
            Kind::Text => value.as_str().is_some(),
            Kind::Counter => super::counter::whole(value).is_some(),
        }
    }

    /// Finds where a container stands; `None` when it is nowhere.
    pub(super) fn place(&self, node: Node) -> Option<Place> {
        let body = self.body(node);
        body.put.get().map(|_| body.place)
    }

    /// Returns the put that places a container.
    pub(super) fn placing(&self, node: Node) -> Option<Lv> {
        self.body(node).put.get()
    }

    /// Tells how a container that is nowhere went.
    pub(super) fn removal_of(&self, node: Node) -> Removal {
        self.removals.get(&node).copied().unwrap_or_default()
    }

    /// Tells whether a container may be nowhere.
    pub(super) fn has_lost_any(&self) -> bool {
        self.lost_any
    }

    /// Tells whether a slot may show several puts.
    pub(super) fn is_contested(&self) -> bool {
        self.contested
    }

    fn body(&self, node: Node) -> &Body {
        &self.nodes[node.0 as usize]
    }

    fn body_mut(&mut self, node: Node) -> &mut Body {
        &mut self.nodes[node.0 as usize]
    }

    /// Returns the slots of a map.
    pub(super) fn map(&self, node: Node) -> &MapBody {
        match &self.body(node).inside {
            Inside::Map(map) => map,
            _ => unreachable!("validated: ops name containers of the right kind"),
        }
    }

    /// Returns the slots of a list.
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

    /// Returns the elements of a list or a text.
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

    /// Returns the sum of a counter.
    pub(super) fn counter(&self, node: Node) -> i128 {
        match &self.body(node).inside {
            Inside::Counter(sum) => **sum,
            _ => 0,
        }
    }

    /// Returns the containers that hold a place, innermost first.
    pub(super) fn holders(&self, place: Place) -> impl Iterator<Item = Node> {
        std::iter::successors(place.container(), |&holder| self.place(holder)?.container())
    }

    /// Tells whether no applied op overwrites the put. O(log n).
    pub(super) fn is_visible(&self, history: &History, put: Lv) -> bool {
        match history.log.row(put) {
            Row::Type { text, .. } => {
                self.sequence(self.known(text)).is_some_and(|text| text.is_visible(put))
            }
            _ => self.place_of(history, put).is_some_and(|place| self.puts(place).contains(&put)),
        }
    }

    /// Tells whether a container and all that hold it stand somewhere, up to the root; `false` when one was deleted.
    /// O(depth).
    pub(super) fn stands(&self, node: Node) -> bool {
        self.place(node).is_some_and(|place| self.holders(place).all(|holder| self.placing(holder).is_some()))
    }
}

impl ListBody {
    /// Tells whether some items were written again.
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
    /// Returns the id of the op that made a container.
    pub(super) fn op_id(&self, lv: Lv) -> OpId {
        self.authors.op_id(lv)
    }
}
