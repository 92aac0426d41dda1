//! What a set of changes means: the model, as naive as possible, and the judge of the engine.
//!
//! Nothing is kept and nothing is shared with the engine but the types of the ops: every answer is
//! computed from the whole set. Slow, and plain enough to be believed.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate, and uses its part")]

use std::collections::{BTreeMap, BTreeSet};

use rejoin::crdt::{Change, Clock, Content, Kind, Op, OpId, Side, SlotId};
use rejoin::value::{Path, Step, Val, object, same};

/// A set of ops, and what stands where. The order in which the changes came is forgotten.
pub struct Oracle {
    ops: BTreeMap<OpId, Op>,
    /// The ops that overwrite a write.
    overwrites: BTreeMap<OpId, Vec<OpId>>,
    /// The writes that no op overwrites, lowest id first.
    visible: BTreeMap<Slot, Vec<OpId>>,
    /// Every write of a key of a map, also those that are gone, lowest id first.
    keys: BTreeMap<OpId, Vec<(OpId, String)>>,
    /// The items of a list, also those that are gone, lowest id first.
    elements: BTreeMap<OpId, Vec<OpId>>,
    /// What the actor of an op had seen when it made the change of the op.
    seen: BTreeMap<OpId, Clock>,
}

/// A place that holds a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Root,
    Key(OpId, String),
    Item(OpId, OpId),
}

/// What the visible writes of a slot come to.
enum Node {
    Scalar(Val),
    /// The visible maps, which read as one.
    Map(Vec<OpId>),
    List(OpId),
}

/// A slot with more than one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Contested {
    /// The way to it.
    pub path: String,
    /// The write that is shown: its id, and what the slot reads as.
    pub winner: (String, String),
    /// The other ones that read differently, lowest id first.
    pub losers: Vec<(String, String)>,
}

impl Oracle {
    pub fn new<'a>(changes: impl Iterator<Item = &'a Change>) -> Self {
        let mut changes: Vec<&Change> = changes.collect();
        // A change has a higher id than all that it depends on.
        changes.sort_by_key(|change| change.id());
        let (mut ops, mut seen) = (BTreeMap::new(), BTreeMap::new());
        for change in changes {
            let past = past(change, &seen);
            for (index, op) in change.ops.iter().enumerate() {
                ops.insert(change.op_id(index), op.clone());
                seen.insert(change.op_id(index), past.clone());
            }
        }
        let mut overwrites: BTreeMap<OpId, Vec<OpId>> = BTreeMap::new();
        for (id, op) in &ops {
            op.over().iter().for_each(|over| overwrites.entry(over.clone()).or_default().push(id.clone()));
        }
        let (mut visible, mut keys, mut elements) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (id, op) in &ops {
            let Some(slot) = target(id, op) else { continue };
            if let Slot::Key(map, key) = &slot {
                keys.entry(map.clone()).or_insert_with(Vec::new).push((id.clone(), key.clone()));
            }
            if let Op::Insert { list, .. } = op {
                elements.entry(list.clone()).or_insert_with(Vec::new).push(id.clone());
            }
            if !overwrites.contains_key(id) {
                visible.entry(slot).or_insert_with(Vec::new).push(id.clone());
            }
        }
        Self { ops, overwrites, visible, keys, elements, seen }
    }

    /// The value of the document: null when nothing was written.
    pub fn value(&self) -> Val {
        let shown = self.visible(&Slot::Root);
        if shown.is_empty() { Val::Null } else { self.value_of(&self.node(&shown)) }
    }

    /// Every slot that is shown and has more than one value, in the order of the value.
    pub fn contested(&self) -> Vec<Contested> {
        let mut found = Vec::new();
        let shown = self.visible(&Slot::Root);
        if !shown.is_empty() {
            self.contested_below(&shown, &[], &mut found);
        }
        found
    }

    fn contested_below(&self, writes: &[OpId], path: &[Step], found: &mut Vec<Contested>) {
        let node = self.node(writes);
        let value = self.value_of(&node);
        let (top, others) = writes.split_last().expect("a slot that is shown has a write");
        let losers = others.iter().filter(|id| !matches!(&node, Node::Map(maps) if maps.contains(id)));
        let losers: Vec<(String, String)> = losers
            .map(|id| (id, self.value_of(&self.node(std::slice::from_ref(id)))))
            .filter(|(_, loser)| !same(loser, &value))
            .map(|(id, loser)| (id.to_string(), loser.to_string()))
            .collect();
        if !losers.is_empty() {
            let path = Path(path.to_vec()).to_string();
            found.push(Contested { path, winner: (top.to_string(), value.to_string()), losers });
        }
        let below = |step: Step| [path, &[step]].concat();
        match node {
            Node::Scalar(_) => {}
            Node::Map(maps) => {
                for (key, writes) in self.entries(&maps) {
                    self.contested_below(&writes, &below(Step::Key(key)), found);
                }
            }
            Node::List(list) => {
                for (index, writes) in self.items(&list).iter().enumerate() {
                    self.contested_below(writes, &below(Step::Index(index)), found);
                }
            }
        }
    }

    /// The writes inside of containers that were overwritten by somebody who had not seen the write:
    /// those that are lost whatever one says of several such overwrites (what such a write made is not
    /// named again), and all that may be.
    pub fn lost(&self) -> (BTreeSet<OpId>, BTreeSet<OpId>) {
        let (mut certain, mut possible) = (BTreeSet::new(), BTreeSet::new());
        for (id, op) in &self.ops {
            let Some(slot) = target(id, op) else { continue };
            let holders = self.holders(&slot);
            let overwrites = holders.iter().flat_map(|holder| self.overwrites.get(holder)).flatten();
            let unseen: Vec<bool> = overwrites.map(|by| !self.seen[by].covers(id)).collect();
            if unseen.contains(&true) {
                possible.insert(id.clone());
                let inside_another = holders.iter().any(|holder| possible.contains(holder));
                if !unseen.contains(&false) && !inside_another && self.visible(&slot).contains(id) {
                    certain.insert(id.clone());
                }
            }
        }
        (certain, possible)
    }

    /// The containers that hold a slot, innermost first.
    fn holders(&self, slot: &Slot) -> Vec<OpId> {
        let mut holders = Vec::new();
        let mut slot = slot.clone();
        while let Slot::Key(holder, _) | Slot::Item(holder, _) = slot {
            slot = target(&holder, &self.ops[&holder]).expect("a container stands in a slot");
            holders.push(holder);
        }
        holders
    }

    /// The writes into a slot that no op overwrites, lowest id first.
    fn visible(&self, slot: &Slot) -> Vec<OpId> {
        self.visible.get(slot).cloned().unwrap_or_default()
    }

    /// The highest id decides; visible maps join.
    fn node(&self, writes: &[OpId]) -> Node {
        let top = writes.last().expect("a slot that is shown has a write");
        match self.content(top) {
            Content::Scalar(scalar) => Node::Scalar(scalar.value().clone()),
            Content::Make(Kind::List) => Node::List(top.clone()),
            Content::Make(Kind::Map) => {
                let is_map = |id: &&OpId| *self.content(id) == Content::Make(Kind::Map);
                Node::Map(writes.iter().filter(is_map).cloned().collect())
            }
        }
    }

    fn value_of(&self, node: &Node) -> Val {
        match node {
            Node::Scalar(value) => value.clone(),
            Node::Map(maps) => {
                let entries = self.entries(maps).into_iter();
                object(entries.map(|(key, writes)| (key, self.value_of(&self.node(&writes)))))
            }
            Node::List(list) => {
                self.items(list).iter().map(|writes| self.value_of(&self.node(writes))).collect()
            }
        }
    }

    /// The keys of joined maps that hold something, with their visible writes. Their order is that of
    /// the lowest op that ever wrote them.
    fn entries(&self, maps: &[OpId]) -> Vec<(String, Vec<OpId>)> {
        let mut written: Vec<&(OpId, String)> =
            maps.iter().flat_map(|map| self.keys.get(map)).flatten().collect();
        written.sort();
        let mut entries: Vec<(String, Vec<OpId>)> = Vec::new();
        for (_, key) in written {
            if entries.iter().any(|(seen, _)| seen == key) {
                continue;
            }
            let slots = maps.iter().map(|map| Slot::Key(map.clone(), key.clone()));
            let mut writes: Vec<OpId> = slots.flat_map(|slot| self.visible(&slot)).collect();
            writes.sort();
            entries.push((key.clone(), writes));
        }
        entries.retain(|(_, writes)| !writes.is_empty());
        entries
    }

    /// The visible writes of the items that hold something, in the order of the list.
    fn items(&self, list: &OpId) -> Vec<Vec<OpId>> {
        let mut order = Vec::new();
        self.walk(list, None, &mut order);
        let writes = order.into_iter().map(|item| self.visible(&Slot::Item(list.clone(), item)));
        writes.filter(|ids| !ids.is_empty()).collect()
    }

    /// Fugue: the in-order walk; siblings on one side by id.
    fn walk(&self, list: &OpId, element: Option<&OpId>, order: &mut Vec<OpId>) {
        self.children(list, element, Side::Left).iter().for_each(|child| self.walk(list, Some(child), order));
        order.extend(element.cloned());
        self.children(list, element, Side::Right)
            .iter()
            .for_each(|child| self.walk(list, Some(child), order));
    }

    fn children(&self, list: &OpId, element: Option<&OpId>, on: Side) -> Vec<OpId> {
        let elements = self.elements.get(list).into_iter().flatten();
        let hangs_there = |id: &&OpId| match &self.ops[*id] {
            Op::Insert { parent, side, .. } => parent.as_ref() == element && *side == on,
            Op::Put { .. } | Op::Delete { .. } => false,
        };
        elements.filter(hangs_there).cloned().collect()
    }

    fn content(&self, write: &OpId) -> &Content {
        self.ops[write].content().expect("a visible op is a write")
    }
}

/// All that the actor of a change had seen.
fn past(change: &Change, seen: &BTreeMap<OpId, Clock>) -> Clock {
    let mut past = Clock::new();
    for (actor, counter) in change.deps.iter().chain([(&change.actor, change.previous)]) {
        past.advance(actor, counter);
        if let Some(earlier) = seen.get(&OpId::new(counter, actor.clone())) {
            past.join(earlier);
        }
    }
    past
}

/// The slot that an op writes into.
fn target(id: &OpId, op: &Op) -> Option<Slot> {
    match op {
        Op::Put { slot: SlotId::Root, .. } => Some(Slot::Root),
        Op::Put { slot: SlotId::Key { map, key }, .. } => {
            Some(Slot::Key(map.clone(), key.as_str().to_owned()))
        }
        Op::Put { slot: SlotId::Item { list, item }, .. } => Some(Slot::Item(list.clone(), item.clone())),
        Op::Insert { list, .. } => Some(Slot::Item(list.clone(), id.clone())),
        Op::Delete { .. } => None,
    }
}
