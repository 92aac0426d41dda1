//! What a walk through values keeps of the slots that it enters.

use crate::crdt::Key;
use crate::crdt::edit::{Overs, Spot};
use crate::crdt::tree::{Node, Reading};
use crate::value::{Val, shared};

/// A slot as the value shows it: for a key of joined maps, the key in all of them.
pub(super) struct Logical {
    /// Where a write goes.
    pub(super) spot: Spot,
    /// How many containers hold the slot.
    pub(super) depth: usize,
    pub(super) reading: Reading,
    /// What it shows.
    pub(super) shown: Overs,
    /// Whether the container was brought here by a move, and is to be edited.
    pub(super) moved: bool,
}

impl Logical {
    /// The way here from the map that holds the slot.
    pub(super) fn way(&self) -> Option<Way> {
        match &self.spot {
            Spot::Key { key, .. } => Some(Way::Key(key.clone())),
            Spot::Root | Spot::Item { .. } => None,
        }
    }
}

/// A step of a path that is only told when something is wrong.
#[derive(Clone)]
pub(super) enum Way {
    Key(Key),
    Index(usize),
}

/// A slot that is to hold `new` instead of `old`.
pub(super) struct Child {
    /// The way here from the container.
    pub(super) step: Option<Way>,
    /// Where it stands in the new container.
    pub(super) index: usize,
    pub(super) slot: Logical,
    pub(super) old: Val,
    pub(super) new: Val,
}

/// A container whose parts are being compared.
pub(super) struct Opened {
    pub(super) is_below: bool,
    pub(super) index: usize,
    /// The one container that keeps the value; `None` when the value is joined of several.
    pub(super) node: Option<Node>,
    pub(super) new: Val,
    /// The map whose order the keys of `new` do not have.
    pub(super) reorder: Option<Node>,
    /// Parts to compare, the next one last.
    pub(super) children: Vec<Child>,
    /// Parts that turned out otherwise than in `new`: equal, with keys in the order of the tree.
    pub(super) changed: Vec<(usize, Val)>,
    /// The levels of the parts that changed, at most.
    pub(super) height: u32,
}

impl Opened {
    /// Whether the new container holds that very value there.
    pub(super) fn holds(&self, index: usize, value: &Val) -> bool {
        let held = match &self.new {
            Val::Arr(items) => items.get(index),
            Val::Obj(entries) => entries.get_index(index).map(|(_, held)| held),
            _ => None,
        };
        held.is_some_and(|held| shared(held, value))
    }
}
