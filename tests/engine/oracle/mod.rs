//! What a set of changes means: the model, as naive as possible, and the judge of the engine.
//!
//! Nothing is kept and nothing is shared with the engine but the types of the ops: every answer is
//! computed from the whole set. Slow, and plain enough to be believed.
//!
//! `place` says where each container is, `read` what the value is, `contested` and `lost` what a merge
//! must report; `author` makes changes by the rules for local edits, so that the judge can be judged.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file is a crate, and uses its part")]

pub mod author;
mod contested;
mod lost;
mod place;
mod read;
pub mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rejoin::crdt::{Change, Clock, Content, Kind, Op, OpId, Side, SlotId};

pub use contested::Contested;
pub use read::{Items, Node, Shown};

use place::Places;

/// A set of ops, and what stands where. The order in which the changes came is forgotten.
pub struct Oracle {
    /// What goes into a slot, by the id of the op.
    writes: BTreeMap<OpId, (Slot, Content)>,
    /// The Fugue trees: what hangs on which side of which element (`None`: the root of the tree) of a
    /// list or text, also what is gone, lowest id first.
    below: BTreeMap<(OpId, Option<OpId>, Side), Vec<OpId>>,
    /// The characters, each with its text.
    chars: BTreeMap<OpId, (OpId, char)>,
    /// What is added to which counter.
    adds: BTreeMap<OpId, (OpId, i64)>,
    /// The ops that overwrite a write or a character.
    overwrites: BTreeMap<OpId, Vec<OpId>>,
    /// The writes that a slot shows, lowest id first: those that no op overwrites, less the placements
    /// of containers that are elsewhere.
    shown: BTreeMap<Slot, Vec<OpId>>,
    places: Places,
    /// What the actor of an op had seen when it made the change of the op.
    seen: BTreeMap<OpId, Rc<Clock>>,
}

/// A place that holds a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Root,
    Key(OpId, String),
    Item(OpId, OpId),
}

impl Slot {
    /// The container in which the slot is.
    fn holder(&self) -> Option<&OpId> {
        match self {
            Self::Root => None,
            Self::Key(holder, _) | Self::Item(holder, _) => Some(holder),
        }
    }
}

impl Oracle {
    pub fn new(changes: impl IntoIterator<Item = Change>) -> Self {
        let mut changes: Vec<Change> = changes.into_iter().collect();
        // A change has a higher id than all that it depends on.
        changes.sort_by_key(Change::id);
        let mut oracle = Self {
            writes: BTreeMap::new(),
            below: BTreeMap::new(),
            chars: BTreeMap::new(),
            adds: BTreeMap::new(),
            overwrites: BTreeMap::new(),
            shown: BTreeMap::new(),
            places: Places::default(),
            seen: BTreeMap::new(),
        };
        for change in &changes {
            let past = Rc::new(oracle.past(change));
            for (id, op) in change.ops_with_ids() {
                // An op has seen those before it in its change.
                let mut seen = Clock::clone(&past);
                seen.advance(&id.actor, id.counter - 1);
                oracle.add(id, op, &Rc::new(seen));
            }
        }
        oracle.below.values_mut().for_each(|siblings| siblings.sort());
        oracle.places = oracle.place();
        for (id, (slot, content)) in &oracle.writes {
            let is_here = match container(id, content) {
                None => true,
                Some(container) => oracle.places.at(&container).is_some_and(|(put, _)| put == id),
            };
            if !oracle.is_overwritten(id) && is_here {
                oracle.shown.entry(slot.clone()).or_default().push(id.clone());
            }
        }
        oracle
    }

    /// The document as it was at an older clock: the changes that the clock covers.
    pub fn at(changes: impl IntoIterator<Item = Change>, clock: &Clock) -> Self {
        let covered = |change: &Change| clock.covers(&OpId::new(change.last(), change.actor.clone()));
        Self::new(changes.into_iter().filter(covered))
    }

    fn add(&mut self, id: OpId, op: &Op, past: &Rc<Clock>) {
        let over: Vec<OpId> = match op {
            Op::Put { over, .. } => over.clone(),
            Op::Delete { over } => over.iter().flat_map(|span| span.ids()).collect(),
            Op::Insert { .. } | Op::Type { .. } | Op::Add { .. } => Vec::new(),
        };
        for over in over {
            self.overwrites.entry(over).or_default().push(id.clone());
        }
        match op {
            Op::Put { slot, content, .. } => {
                let slot = match slot {
                    SlotId::Root => Slot::Root,
                    SlotId::Key { map, key } => Slot::Key(map.clone(), key.as_str().to_owned()),
                    SlotId::Item { list, item } => Slot::Item(list.clone(), item.clone()),
                };
                self.writes.insert(id.clone(), (slot, content.clone()));
            }
            Op::Insert { list, parent, side, content } => {
                self.hang(list, parent.clone(), *side, &id);
                self.writes.insert(id.clone(), (Slot::Item(list.clone(), id.clone()), content.clone()));
            }
            Op::Type { text, parent, side, chars } => {
                let (mut parent, mut side) = (parent.clone(), *side);
                for (counter, char) in (id.counter..).zip(chars.chars()) {
                    let id = OpId::new(counter, id.actor.clone());
                    self.hang(text, parent, side, &id);
                    self.chars.insert(id.clone(), (text.clone(), char));
                    self.seen.insert(id.clone(), Rc::clone(past));
                    // Each hangs on the right of the one before.
                    (parent, side) = (Some(id), Side::Right);
                }
            }
            Op::Add { counter, by } => drop(self.adds.insert(id.clone(), (counter.clone(), *by))),
            Op::Delete { .. } => {}
        }
        self.seen.insert(id, Rc::clone(past));
    }

    fn hang(&mut self, of: &OpId, parent: Option<OpId>, side: Side, element: &OpId) {
        self.below.entry((of.clone(), parent, side)).or_default().push(element.clone());
    }

    /// All that the actor of a change had seen.
    fn past(&self, change: &Change) -> Clock {
        let mut past = Clock::new();
        for (actor, counter) in change.deps.iter().chain([(&change.actor, change.previous)]) {
            past.advance(actor, counter);
            if let Some(earlier) = self.seen.get(&OpId::new(counter, actor.clone())) {
                past.join(earlier);
            }
        }
        past
    }

    fn is_overwritten(&self, id: &OpId) -> bool {
        self.overwrites.contains_key(id)
    }

    /// The container that a write places.
    fn container(&self, write: &OpId) -> Option<OpId> {
        container(write, &self.writes[write].1)
    }

    fn kind(&self, container: &OpId) -> Kind {
        match self.writes[container].1 {
            Content::Make(kind) => kind,
            Content::Scalar(_) | Content::Move(_) => unreachable!("validated: a container was made"),
        }
    }

    /// The writes that a slot shows, lowest id first.
    fn shown(&self, slot: &Slot) -> Vec<OpId> {
        self.shown.get(slot).cloned().unwrap_or_default()
    }

    /// Every container that was ever made.
    pub fn made(&self) -> BTreeSet<OpId> {
        let made = self.writes.iter().filter(|(_, (_, content))| matches!(content, Content::Make(_)));
        made.map(|(id, _)| id.clone()).collect()
    }
}

/// The container that a write with this id and content places.
fn container(write: &OpId, content: &Content) -> Option<OpId> {
    match content {
        Content::Scalar(_) => None,
        Content::Make(_) => Some(write.clone()),
        Content::Move(container) => Some(container.clone()),
    }
}
