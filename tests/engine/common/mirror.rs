//! What a value must become: a plain tree to which the edits of a transaction are made as one means
//! them. Knows nothing of ops; its containers have the ids by which the edits name them.

use rejoin::crdt::{Kind, OpId};
use rejoin::value::{Path, Step, Val, View, object, parse, string};

/// A value whose containers can be named.
#[derive(Debug, Clone)]
pub struct Mirror {
    pub root: Node,
}

/// A part of it. Scalars have no id, nor have containers of which nobody knows it.
#[derive(Debug, Clone)]
pub struct Node {
    pub id: Option<OpId>,
    pub holds: Holds,
}

#[derive(Debug, Clone)]
pub enum Holds {
    Scalar(Val),
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(Vec<char>),
    Counter(i128),
}

impl Mirror {
    /// The mirror of a value; `find` tells the container at a path.
    pub fn of(value: &Val, find: &dyn Fn(&Path) -> Option<OpId>) -> Self {
        Self { root: Node::of(value, &mut Path::default(), find) }
    }

    pub fn value(&self) -> Val {
        self.root.value()
    }

    /// The containers of a kind, the outer before the inner.
    pub fn containers(&self, kind: Kind) -> Vec<OpId> {
        self.root
            .within()
            .iter()
            .filter(|node| node.kind() == Some(kind))
            .filter_map(|n| n.id.clone())
            .collect()
    }

    /// All containers, the outer before the inner.
    pub fn all(&self) -> Vec<OpId> {
        self.root.within().iter().filter_map(|node| node.id.clone()).collect()
    }

    pub fn find(&mut self, id: &OpId) -> &mut Node {
        self.root.find(id).expect("a container of the mirror")
    }

    pub fn map(&mut self, id: &OpId) -> &mut Vec<(String, Node)> {
        match &mut self.find(id).holds {
            Holds::Map(entries) => entries,
            other => panic!("no map: {other:?}"),
        }
    }

    pub fn list(&mut self, id: &OpId) -> &mut Vec<Node> {
        match &mut self.find(id).holds {
            Holds::List(items) => items,
            other => panic!("no list: {other:?}"),
        }
    }

    pub fn text(&mut self, id: &OpId) -> &mut Vec<char> {
        match &mut self.find(id).holds {
            Holds::Text(chars) => chars,
            other => panic!("no text: {other:?}"),
        }
    }

    /// Sets a key of a map.
    pub fn put(&mut self, map: &OpId, key: &str, node: Node) {
        let entries = self.map(map);
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some(entry) => entry.1 = node,
            None => entries.push((key.to_owned(), node)),
        }
    }

    /// Whether `inner` is the container, or stands somewhere inside of it.
    pub fn is_inside(&mut self, inner: &OpId, container: &OpId) -> bool {
        self.find(container).find(inner).is_some()
    }

    /// Puts a container under a key of a map that is not inside of it.
    pub fn move_to_key(&mut self, container: &OpId, map: &OpId, key: &str) {
        let node = self.take(container);
        self.put(map, key, node);
    }

    /// Puts a container before the item at `index` (the end, if there is none) of a list that is not
    /// inside of it. The items are counted as they stand before the move.
    pub fn move_to_item(&mut self, container: &OpId, list: &OpId, index: usize) {
        let from = self.list(list).iter().position(|item| item.id.as_ref() == Some(container));
        let index = if from.is_some_and(|from| from < index) { index - 1 } else { index };
        let node = self.take(container);
        self.list(list).insert(index, node);
    }

    fn take(&mut self, container: &OpId) -> Node {
        self.root.take(container).expect("a container that stands in another")
    }
}

impl Node {
    pub fn scalar(value: Val) -> Self {
        Self { id: None, holds: Holds::Scalar(value) }
    }

    /// A value of which nobody knows the ids.
    pub fn new(value: &Val) -> Self {
        Self::of(value, &mut Path::default(), &|_| None)
    }

    pub fn empty(id: OpId, kind: Kind) -> Self {
        let holds = match kind {
            Kind::Map => Holds::Map(Vec::new()),
            Kind::List => Holds::List(Vec::new()),
            Kind::Text => Holds::Text(Vec::new()),
            Kind::Counter => Holds::Counter(0),
        };
        Self { id: Some(id), holds }
    }

    fn of(value: &Val, path: &mut Path, find: &dyn Fn(&Path) -> Option<OpId>) -> Self {
        let id = find(path);
        let mut below = |step: Step, value: &Val| {
            path.0.push(step);
            let node = Self::of(value, path, find);
            path.0.pop();
            node
        };
        let holds = match value.view() {
            View::Obj(entries) => {
                let nodes = entries.iter().map(|(key, value)| (key.to_string(), below(key.into(), value)));
                Holds::Map(nodes.collect())
            }
            View::Arr(items) => {
                let items = items.iter().enumerate();
                Holds::List(items.map(|(index, value)| below(Step::Index(index), value)).collect())
            }
            View::Str(text) if id.is_some() => Holds::Text(text.chars().collect()),
            View::Num(sum) if id.is_some() => {
                Holds::Counter(sum.to_string().parse().expect("a whole number"))
            }
            _ => Holds::Scalar(value.clone()),
        };
        Self { id, holds }
    }

    pub fn value(&self) -> Val {
        match &self.holds {
            Holds::Scalar(value) => value.clone(),
            Holds::Map(entries) => object(entries.iter().map(|(key, node)| (key.clone(), node.value()))),
            Holds::List(items) => items.iter().map(Self::value).collect(),
            Holds::Text(chars) => string(chars.iter().collect::<String>()),
            Holds::Counter(sum) => parse(&sum.to_string()).expect("a whole number is JSON"),
        }
    }

    pub fn kind(&self) -> Option<Kind> {
        match self.holds {
            Holds::Scalar(_) => None,
            Holds::Map(_) => Some(Kind::Map),
            Holds::List(_) => Some(Kind::List),
            Holds::Text(_) => Some(Kind::Text),
            Holds::Counter(_) => Some(Kind::Counter),
        }
    }

    /// The parts that stand in it.
    fn parts(&self) -> Vec<&Self> {
        match &self.holds {
            Holds::Map(entries) => entries.iter().map(|(_, node)| node).collect(),
            Holds::List(items) => items.iter().collect(),
            Holds::Scalar(_) | Holds::Text(_) | Holds::Counter(_) => Vec::new(),
        }
    }

    fn parts_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.holds {
            Holds::Map(entries) => entries.iter_mut().map(|(_, node)| node).collect(),
            Holds::List(items) => items.iter_mut().collect(),
            Holds::Scalar(_) | Holds::Text(_) | Holds::Counter(_) => Vec::new(),
        }
    }

    /// Itself and everything in it, the outer before the inner.
    pub fn within(&self) -> Vec<&Self> {
        [self].into_iter().chain(self.parts().into_iter().flat_map(Self::within)).collect()
    }

    fn find(&mut self, id: &OpId) -> Option<&mut Self> {
        if self.id.as_ref() == Some(id) {
            return Some(self);
        }
        self.parts_mut().into_iter().find_map(|part| part.find(id))
    }

    /// Takes a container out of what is in this one.
    fn take(&mut self, id: &OpId) -> Option<Self> {
        let is_it = |node: &Self| node.id.as_ref() == Some(id);
        let found = match &mut self.holds {
            Holds::Map(entries) => {
                entries.iter().position(|(_, node)| is_it(node)).map(|index| entries.remove(index).1)
            }
            Holds::List(items) => items.iter().position(is_it).map(|index| items.remove(index)),
            Holds::Scalar(_) | Holds::Text(_) | Holds::Counter(_) => None,
        };
        found.or_else(|| self.parts_mut().into_iter().find_map(|part| part.take(id)))
    }
}
