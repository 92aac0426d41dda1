//! What the value is.

use std::collections::BTreeSet;

use rejoin::crdt::{Content, Kind, OpId, Side};
use rejoin::value::{MAX_DEPTH, Path, Step, Val, object, parse, string};

use super::{Oracle, Slot};

/// What the writes that a slot shows come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Scalar(Val),
    /// The shown maps, which read as one, in the order of the writes.
    Map(Vec<OpId>),
    List(OpId),
    Text(OpId),
    Counter(OpId),
}

impl Node {
    /// The containers that it reads.
    pub fn containers(&self) -> &[OpId] {
        match self {
            Self::Scalar(_) => &[],
            Self::Map(maps) => maps,
            Self::List(container) | Self::Text(container) | Self::Counter(container) => {
                std::slice::from_ref(container)
            }
        }
    }
}

/// A slot that is part of the value.
pub struct Shown {
    pub path: Path,
    pub slot: Slot,
    /// The writes that are shown, lowest id first.
    pub writes: Vec<OpId>,
    pub node: Node,
}

/// The items of a list that hold something, with the writes that are shown, in the order of the list.
pub type Items = Vec<(OpId, Vec<OpId>)>;

impl Oracle {
    /// The value of the document: null when nothing was written.
    pub fn value(&self) -> Val {
        let shown = self.shown(&Slot::Root);
        if shown.is_empty() { Val::NULL } else { self.value_of(&self.node(&shown), 0) }
    }

    /// Every slot that is part of the value, in its order.
    pub fn slots(&self) -> Vec<Shown> {
        let mut found = Vec::new();
        let writes = self.shown(&Slot::Root);
        if !writes.is_empty() {
            self.slots_below(Slot::Root, writes, &[], &mut found);
        }
        found
    }

    fn slots_below(&self, slot: Slot, writes: Vec<OpId>, path: &[Step], found: &mut Vec<Shown>) {
        let node = self.node(&writes);
        let depth = path.len();
        found.push(Shown { path: Path(path.to_vec()), slot, writes, node: node.clone() });
        let below = |step: Step| [path, &[step]].concat();
        match node {
            Node::Map(maps) if depth < MAX_DEPTH => {
                let last = maps.iter().max().expect("a map that is shown");
                for (key, writes) in self.entries(&maps) {
                    let slot = Slot::Key(last.clone(), key.clone());
                    self.slots_below(slot, writes, &below(Step::Key(key)), found);
                }
            }
            Node::List(list) if depth < MAX_DEPTH => {
                for (index, (item, writes)) in self.items(&list).into_iter().enumerate() {
                    let slot = Slot::Item(list.clone(), item);
                    self.slots_below(slot, writes, &below(Step::Index(index)), found);
                }
            }
            _ => {}
        }
    }

    /// The highest id decides; shown maps join.
    pub fn node(&self, writes: &[OpId]) -> Node {
        let top = writes.last().expect("a slot that is shown has a write");
        if let (_, Content::Scalar(scalar)) = &self.writes[top] {
            return Node::Scalar(scalar.value().clone());
        }
        let container = self.container(top).expect("it is no scalar");
        match self.kind(&container) {
            Kind::List => Node::List(container),
            Kind::Text => Node::Text(container),
            Kind::Counter => Node::Counter(container),
            Kind::Map => {
                let containers = writes.iter().filter_map(|write| self.container(write));
                Node::Map(containers.filter(|container| self.kind(container) == Kind::Map).collect())
            }
        }
    }

    /// What a node reads as that stands inside of `depth` containers. Beyond the deepest level that a
    /// value may have, arrays and objects read as null.
    pub(super) fn value_of(&self, node: &Node, depth: usize) -> Val {
        match node {
            Node::Map(_) | Node::List(_) if depth >= MAX_DEPTH => Val::NULL,
            Node::Scalar(value) => value.clone(),
            Node::Map(maps) => {
                let entries = self.entries(maps).into_iter();
                object(entries.map(|(key, writes)| (key, self.value_of(&self.node(&writes), depth + 1))))
            }
            Node::List(list) => {
                let items = self.items(list).into_iter();
                items.map(|(_, writes)| self.value_of(&self.node(&writes), depth + 1)).collect()
            }
            Node::Text(text) => {
                string(self.typed(text).iter().map(|id| self.chars[id].1).collect::<String>())
            }
            Node::Counter(counter) => {
                let adds = self.adds.values().filter(|(to, _)| to == counter);
                let sum: i128 = adds.map(|(_, by)| i128::from(*by)).sum();
                parse(&sum.to_string()).expect("a whole number is JSON")
            }
        }
    }

    /// The keys of joined maps that hold something, with the writes that are shown. Their order is that
    /// of the lowest op that ever wrote them.
    pub fn entries(&self, maps: &[OpId]) -> Vec<(String, Vec<OpId>)> {
        let mut keys: Vec<&String> = Vec::new();
        for (slot, _) in self.writes.values() {
            match slot {
                Slot::Key(map, key) if maps.contains(map) && !keys.contains(&key) => keys.push(key),
                _ => {}
            }
        }
        let mut entries = Vec::new();
        for key in keys {
            let slots: BTreeSet<Slot> = maps.iter().map(|map| Slot::Key(map.clone(), key.clone())).collect();
            let mut writes: Vec<OpId> = slots.iter().flat_map(|slot| self.shown(slot)).collect();
            writes.sort();
            if !writes.is_empty() {
                entries.push((key.clone(), writes));
            }
        }
        entries
    }

    pub fn items(&self, list: &OpId) -> Items {
        let items = self.order(list).into_iter();
        let items = items.map(|item| (item.clone(), self.shown(&Slot::Item(list.clone(), item))));
        items.filter(|(_, writes)| !writes.is_empty()).collect()
    }

    /// The characters of a text that nobody deleted, in order.
    pub fn typed(&self, text: &OpId) -> Vec<OpId> {
        let mut order = self.order(text);
        order.retain(|char| !self.is_overwritten(char));
        order
    }

    /// All elements of a list or text, also those that are gone. Fugue: the in-order walk; siblings on
    /// one side by id.
    pub fn order(&self, of: &OpId) -> Vec<OpId> {
        let mut order = Vec::new();
        self.walk(of, None, &mut order);
        order
    }

    fn walk(&self, of: &OpId, element: Option<&OpId>, order: &mut Vec<OpId>) {
        self.children(of, element, Side::Left).iter().for_each(|child| self.walk(of, Some(child), order));
        order.extend(element.cloned());
        self.children(of, element, Side::Right).iter().for_each(|child| self.walk(of, Some(child), order));
    }

    /// The elements that hang on one side of another, lowest id first.
    pub(super) fn children(&self, of: &OpId, parent: Option<&OpId>, side: Side) -> &[OpId] {
        self.below.get(&(of.clone(), parent.cloned(), side)).map_or(&[], Vec::as_slice)
    }
}
