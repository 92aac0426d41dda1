//! What the slots of a tree read as.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{History, Inside, ListBody, Node, Place, Puts, Tree};
use crate::crdt::Kind;
use crate::crdt::contents::Run;
use crate::crdt::history::Rows;
use crate::crdt::lv::Lv;
use crate::crdt::row::Row;
use crate::crdt::sequence::Sequence;
use crate::value::{MAX_DEPTH, Map, Num, Path, Step, Val};

/// What a slot reads as: its highest put decides, and visible maps join into one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::crdt) enum Reading {
    Nothing,
    Scalar(Lv),
    /// Ordered by the ids of their puts: local writes go to the last.
    Map(SmallVec<[Node; 1]>),
    List(Node),
    Text(Node),
    Counter(Node),
}

/// What a container reads as.
#[derive(Debug, Clone)]
pub(super) enum Cached {
    /// The value, and how many levels it has at most.
    Value(Val, u32),
    /// It is a part of joined maps, which were read together.
    Part,
}

/// A container that is being read.
enum Frame<'t> {
    List {
        node: Node,
        items: Items<'t>,
        read: Vec<Val>,
        height: u32,
    },
    Map {
        maps: SmallVec<[Node; 1]>,
        /// The slots of one map, or the keys of several.
        keys: std::vec::IntoIter<u32>,
        /// The key that is being read.
        key: Val,
        read: Map,
        height: u32,
    },
}

impl Tree {
    /// The value of the document. O(1) when nothing changed since it was last read; else the size of
    /// the containers that changed and of those that hold them.
    pub(in crate::crdt) fn value(&self, history: &History) -> &Val {
        self.value.get_or_init(|| {
            let reading = self.reading(history, &self.shown(history, Place::Root));
            self.read(history, &reading, 0)
        })
    }

    /// What shown puts come to.
    pub(in crate::crdt) fn reading(&self, history: &History, puts: &[Lv]) -> Reading {
        let Some(&top) = puts.last() else { return Reading::Nothing };
        let Some(node) = self.container(history, top) else { return Reading::Scalar(top) };
        match self.kind(node) {
            Kind::Map if puts.len() == 1 => Reading::Map(SmallVec::from_elem(node, 1)),
            Kind::Map => {
                let containers = puts.iter().filter_map(|put| self.container(history, *put));
                Reading::Map(containers.filter(|node| self.kind(*node) == Kind::Map).collect())
            }
            Kind::List => Reading::List(node),
            Kind::Text => Reading::Text(node),
            Kind::Counter => Reading::Counter(node),
        }
    }

    /// The value of a reading that stands `depth` levels below the root.
    pub(in crate::crdt) fn read<'t>(&'t self, history: &'t History, reading: &Reading, depth: usize) -> Val {
        let mut stack: Vec<Frame<'_>> = Vec::new();
        let mut done = match self.read_now(history, reading, depth, &mut stack) {
            Some((value, _)) => return value,
            None => None,
        };
        // On a stack of its own: values nest deeply.
        loop {
            let level = depth + stack.len();
            let Some(top) = stack.last_mut() else {
                return done.map_or(Val::Null, |(value, _)| value);
            };
            let next = top.next(self, history, done.take());
            match next {
                Next::Reading(reading) => done = self.read_now(history, &reading, level, &mut stack),
                Next::Done => {
                    let Some(frame) = stack.pop() else { continue };
                    done = Some(self.close(frame, level - 1));
                }
            }
        }
    }

    /// Reads what takes no walk, and opens the rest. Containers that nest too deep read as null.
    fn read_now<'t>(
        &'t self,
        history: &'t History,
        reading: &Reading,
        depth: usize,
        stack: &mut Vec<Frame<'t>>,
    ) -> Option<(Val, u32)> {
        match reading {
            Reading::Nothing => Some((Val::Null, 0)),
            Reading::Scalar(put) => Some((scalar(history, *put), 0)),
            Reading::Counter(node) => {
                // It needs no cache: but what holds it must hear of changes.
                self.body(*node).cached.get_or_init(|| Cached::Part);
                Some((Val::Num(Num::from_integral(self.counter(*node))), 0))
            }
            Reading::Text(node) => {
                let Inside::Text(text) = &self.body(*node).inside else { return Some((Val::Null, 0)) };
                let cached = self.body(*node).cached.get_or_init(|| Cached::Value(string(history, text), 0));
                Some(cached.value().unwrap_or_default())
            }
            Reading::List(_) | Reading::Map(_) if depth >= MAX_DEPTH => Some((Val::Null, 0)),
            Reading::List(node) => {
                if let Some(known) = self.known_value(*node, depth) {
                    return Some(known);
                }
                let list = self.list(*node);
                let read = Vec::with_capacity(list.items.len());
                stack.push(Frame::List { node: *node, items: Items::new(list, *node), read, height: 0 });
                None
            }
            Reading::Map(maps) => {
                if let [node] = maps[..]
                    && let Some(known) = self.known_value(node, depth)
                {
                    return Some(known);
                }
                let keys = match maps[..] {
                    [map] => self.map(map).order(history),
                    _ => self.keys(history, maps),
                };
                let read = Map::with_capacity_and_hasher(keys.len(), Default::default());
                let (maps, keys) = (maps.clone(), keys.into_iter());
                stack.push(Frame::Map { maps, keys, key: Val::Null, read, height: 0 });
                None
            }
        }
    }

    fn known_value(&self, node: Node, depth: usize) -> Option<(Val, u32)> {
        let (value, height) = self.body(node).cached.get()?.value()?;
        (depth + height as usize <= MAX_DEPTH).then_some((value, height))
    }

    /// Ends the reading of a container, and keeps what it reads as, unless it was cut off.
    fn close(&self, frame: Frame<'_>, depth: usize) -> (Val, u32) {
        let (value, height, nodes): (_, _, SmallVec<[Node; 1]>) = match frame {
            Frame::List { node, read, height, .. } => {
                (Val::Arr(Arc::new(read)), height, SmallVec::from_elem(node, 1))
            }
            Frame::Map { maps, mut read, height, .. } => {
                // Keys that are deleted need no room.
                if read.capacity() > 2 * read.len() {
                    read.shrink_to_fit();
                }
                (Val::obj(read), height, maps)
            }
        };
        let height = height + 1;
        let whole = depth + (height as usize) < MAX_DEPTH;
        for node in &nodes {
            let cached =
                if nodes.len() == 1 && whole { Cached::Value(value.clone(), height) } else { Cached::Part };
            self.body(*node).cached.get_or_init(|| cached);
        }
        (value, height)
    }

    /// The puts that the value shows at a path; `value` is the value of the document. O(path log n).
    pub(in crate::crdt) fn shown_at(&self, history: &History, value: &Val, path: &Path) -> Option<Puts> {
        let mut puts = self.shown(history, Place::Root);
        let mut value = value;
        for step in &path.0 {
            (puts, value) = match (self.reading(history, &puts), step, value) {
                (Reading::Map(maps), Step::Key(key), Val::Obj(entries)) => {
                    let value = entries.get(&crate::value::string(key.as_str()))?;
                    let key = history.log.keys.find(key)?;
                    (self.key_puts(history, &maps, key), value)
                }
                (Reading::List(list), Step::Index(index), Val::Arr(items)) => {
                    let item = self.list(list).items.get(*index)?;
                    (self.shown(history, Place::Item(list, item)), items.get(*index)?)
                }
                _ => return None,
            };
        }
        Some(puts)
    }

    /// Takes a value that is known: what reading the container would give. `height`: its levels at most.
    pub(in crate::crdt) fn keep(&mut self, node: Node, value: Val, height: u32) {
        let body = self.body_mut(node);
        body.cached.take();
        body.cached.get_or_init(|| Cached::Value(value, height));
    }

    /// Takes the value of the document, which is known.
    pub(in crate::crdt) fn keep_root(&mut self, value: Val) {
        self.value.take();
        self.value.get_or_init(|| value);
    }

    /// How many levels the value of a container has at most, if that is known.
    pub(in crate::crdt) fn height(&self, node: Node) -> Option<u32> {
        self.body(node).cached.get()?.value().map(|(_, height)| height)
    }

    /// Whether the kept value of a container has its whole value.
    pub(in crate::crdt) fn kept(&self, node: Node) -> Option<Val> {
        self.body(node).cached.get()?.value().map(|(value, _)| value)
    }
}

impl Cached {
    fn value(&self) -> Option<(Val, u32)> {
        match self {
            Self::Value(value, height) => Some((value.clone(), *height)),
            Self::Part => None,
        }
    }
}

/// What comes next in a container.
enum Next {
    Reading(Reading),
    Done,
}

impl<'t> Frame<'t> {
    /// Takes what was read last, and says what comes next.
    fn next(&mut self, tree: &'t Tree, history: &'t History, done: Option<(Val, u32)>) -> Next {
        match self {
            Self::List { items, read, height, .. } => {
                if let Some((value, below)) = done {
                    read.push(value);
                    *height = below.max(*height);
                }
                items.next(tree, history, read)
            }
            Self::Map { maps, keys, key, read, height } => {
                if let Some((value, below)) = done {
                    read.insert(std::mem::take(key), value);
                    *height = below.max(*height);
                }
                for next in keys.by_ref() {
                    let (key_number, puts) = match maps[..] {
                        [map] => {
                            let body = tree.map(map);
                            let slot = body.slot(next);
                            if !body.has_conflicts() && !tree.has_moves() {
                                // At most one put, and a scalar most of the time.
                                let Some(put) = slot.top() else { continue };
                                if let Some(scalar) = history.log.scalar(put) {
                                    let name = history.log.keys.get(slot.key).to_value();
                                    read.insert(name, scalar.value());
                                    continue;
                                }
                            }
                            (slot.key, tree.shown(history, Place::Key(map, next)))
                        }
                        _ => (next, tree.key_puts(history, maps, next)),
                    };
                    if puts.is_empty() {
                        continue;
                    }
                    let name = history.log.keys.get(key_number).to_value();
                    match tree.reading(history, &puts) {
                        Reading::Scalar(put) => drop(read.insert(name, scalar(history, put))),
                        reading => {
                            *key = name;
                            return Next::Reading(reading);
                        }
                    }
                }
                Next::Done
            }
        }
    }
}

/// The visible items of a list.
struct Items<'t> {
    node: Node,
    list: &'t ListBody,
    runs: Box<dyn Iterator<Item = (Lv, u32)> + 't>,
    rows: Option<Rows<'t>>,
    /// The next scalar of the present row, and how many are left.
    next: Option<(Lv, u32)>,
    scalars: Run<'t>,
}

impl<'t> Items<'t> {
    fn new(list: &'t ListBody, node: Node) -> Self {
        let runs = Box::new(list.items.runs());
        Self { node, list, runs, rows: None, next: None, scalars: Run::default() }
    }

    /// Reads scalars up to the next container, or to the end.
    fn next(&mut self, tree: &'t Tree, history: &'t History, read: &mut Vec<Val>) -> Next {
        loop {
            if let Some((item, left)) = self.next {
                self.next = (left > 1).then(|| (item.plus(1), left - 1));
                let own = self.scalars.next_scalar();
                if self.list.slots.is_empty() || !self.list.slots.contains_key(&item) {
                    read.extend(own.map(|scalar| scalar.value()));
                    continue;
                }
                if let Some(next) = self.slot(tree, history, item, read) {
                    return next;
                }
            } else if let Some((first, row)) = self.rows.as_mut().and_then(Iterator::next) {
                match row {
                    Row::Items { scalars, count, .. } => {
                        self.scalars = scalars;
                        self.next = Some((first, count));
                    }
                    _ => {
                        if let Some(next) = self.slot(tree, history, first, read) {
                            return next;
                        }
                    }
                }
            } else if let Some((first, count)) = self.runs.next() {
                // A single item that was written once needs no look at its row.
                if count == 1
                    && !self.list.slots.contains_key(&first)
                    && let Some(scalar) = history.log.scalar(first)
                {
                    read.push(scalar.value());
                    continue;
                }
                self.rows = Some(history.log.rows_in(first.index()..first.index() + count));
            } else {
                return Next::Done;
            }
        }
    }

    /// Reads a slot, if that takes no walk.
    fn slot(&self, tree: &Tree, history: &History, item: Lv, read: &mut Vec<Val>) -> Option<Next> {
        let puts = tree.shown(history, Place::Item(self.node, item));
        match tree.reading(history, &puts) {
            Reading::Scalar(put) => {
                read.push(scalar(history, put));
                None
            }
            reading => Some(Next::Reading(reading)),
        }
    }
}

/// What a put of a scalar holds.
pub(in crate::crdt) fn scalar(history: &History, put: Lv) -> Val {
    history.log.scalar(put).map_or(Val::Null, |scalar| scalar.value())
}

/// The visible characters of a text.
fn string(history: &History, text: &Sequence) -> Val {
    let mut string = String::with_capacity(text.len());
    text.runs().for_each(|(first, count)| history.log.typed(first, count, &mut string));
    crate::value::string(string)
}
