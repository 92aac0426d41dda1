//! Values of the slots of a tree.

use crate::cancellation::ask;
use arcstr::ArcStr;
use smallvec::SmallVec;

use super::patch::Patch;
use super::reading::{Cached, Next, Reading, scalar};
use super::{History, Inside, ListBody, Node, Place, Puts, Tree};
use crate::crdt::Kind;
use crate::crdt::contents::Run;
use crate::crdt::history::Rows;
use crate::crdt::lv::Lv;
use crate::crdt::row::Row;
use crate::crdt::sequence::Sequence;
use crate::value::{Identity, Key, MAX_DEPTH, Map, Num, Path, Step, Val, View};

/// A container that is being read.
enum Frame<'t> {
    List {
        node: Node,
        items: Items<'t>,
        read: Vec<Val>,
    },
    Map {
        maps: SmallVec<[Node; 1]>,
        /// The slots of one map, or the keys of several.
        keys: std::vec::IntoIter<u32>,
        /// The key that is being read.
        key: Option<Key>,
        read: Vec<(Key, Val)>,
    },
    /// One that was read before.
    Patch(Patch),
}

impl Tree {
    /// Returns the value of the document. O(1) when nothing changed since it was last read; else O(log n) for each
    /// slot that was touched.
    pub(in crate::crdt) fn value(&self, history: &History) -> &Val {
        self.value.get_or_init(|| {
            let reading = self.reading(history, &self.shown(history, Place::Root));
            self.read(history, &reading, 0)
        })
    }

    /// Returns the value of a reading that stands `depth` levels below the root.
    pub(in crate::crdt) fn read<'t>(&'t self, history: &'t History, reading: &Reading, depth: usize) -> Val {
        let mut stack: Vec<Frame<'_>> = Vec::new();
        let mut done = self.read_now(history, reading, depth, &mut stack);
        // On a stack of its own: values nest deeply.
        loop {
            ask();
            let level = depth + stack.len();
            let Some(top) = stack.last_mut() else { return done.unwrap_or_default() };
            match top.next(self, history, done.take()) {
                Next::Reading(reading) => done = self.read_now(history, &reading, level, &mut stack),
                Next::Done => {
                    let Some(frame) = stack.pop() else { continue };
                    done = Some(self.close(history, frame, level - 1));
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
    ) -> Option<Val> {
        match reading {
            Reading::Nothing => Some(Val::NULL),
            Reading::Scalar(put) => Some(scalar(history, *put)),
            Reading::Counter(node) => {
                // It needs no cache: but what holds it must hear of changes.
                self.body(*node).cached.get_or_init(|| Cached::Part);
                Some(Val::counter(self.identity(history, *node), Num::from_i128(self.counter(*node))))
            }
            Reading::Text(node) => {
                let Inside::Text(text) = &self.body(*node).inside else { return Some(Val::NULL) };
                let read = || Val::text(self.identity(history, *node), string(history, text));
                let cached = self.body(*node).cached.get_or_init(|| Cached::Value(read()));
                Some(cached.value().cloned().unwrap_or_default())
            }
            Reading::List(_) | Reading::Map(_) if depth >= MAX_DEPTH => Some(Val::NULL),
            Reading::List(node) => {
                if let Some(known) = self.known_value(*node, depth) {
                    return Some(known);
                }
                let patch = Patch::of(self, history, *node, depth).map(Frame::Patch);
                stack.push(patch.unwrap_or_else(|| {
                    let list = self.list(*node);
                    let read = Vec::with_capacity(list.items.len());
                    Frame::List { node: *node, items: Items::new(list, *node), read }
                }));
                None
            }
            Reading::Map(maps) => {
                if let [node] = maps[..] {
                    if let Some(known) = self.known_value(node, depth) {
                        return Some(known);
                    }
                    if let Some(patch) = Patch::of(self, history, node, depth) {
                        stack.push(Frame::Patch(patch));
                        return None;
                    }
                }
                let keys: Vec<u32> = match maps[..] {
                    [map] => self.map(map).order().collect(),
                    _ => self.keys(history, maps),
                };
                let read = Vec::with_capacity(keys.len());
                stack.push(Frame::Map { maps: maps.clone(), keys: keys.into_iter(), key: None, read });
                None
            }
        }
    }

    /// Tells which container of which document a container is.
    pub(in crate::crdt) fn identity(&self, history: &History, node: Node) -> Identity {
        history.authors.identity(self.lv(node))
    }

    fn known_value(&self, node: Node, depth: usize) -> Option<Val> {
        let value = self.body(node).cached.get()?.value()?;
        (depth + value.levels() as usize <= MAX_DEPTH).then(|| value.clone())
    }

    /// Ends the reading of a container, and keeps what it reads as, unless it was cut off.
    fn close(&self, history: &History, frame: Frame<'_>, depth: usize) -> Val {
        let (value, nodes): (Val, SmallVec<[Node; 1]>) = match frame {
            Frame::List { node, read, .. } => (read.into_iter().collect(), SmallVec::from_elem(node, 1)),
            Frame::Map { maps, read, .. } => (Val::from(read.into_iter().collect::<Map>()), maps),
            Frame::Patch(patch) => (patch.value, SmallVec::from_elem(patch.node, 1)),
        };
        // Writes to joined maps go to the last.
        let value = match nodes.last() {
            Some(&node) => value.with_identity(Some(self.identity(history, node))),
            None => value,
        };
        let whole = depth + (value.levels() as usize) < MAX_DEPTH;
        for node in &nodes {
            let cached = if nodes.len() == 1 && whole { Cached::Value(value.clone()) } else { Cached::Part };
            self.body(*node).cached.get_or_init(|| cached);
        }
        value
    }

    /// Returns the puts that the value shows at a path; `value` is the value of the document. O(path log n).
    pub(in crate::crdt) fn shown_at(&self, history: &History, value: &Val, path: &Path) -> Option<Puts> {
        let mut puts = self.shown(history, Place::Root);
        let mut value = value;
        for step in &path.0 {
            (puts, value) = match (self.reading(history, &puts), step, value.view()) {
                (Reading::Map(maps), Step::Key(key), View::Obj(entries)) => {
                    let value = entries.get(key)?;
                    let key = history.log.keys.find(key)?;
                    (self.key_puts(history, &maps, key), value)
                }
                (Reading::List(list), Step::Index(index), View::Arr(items)) => {
                    let item = self.list(list).items.get(*index)?;
                    (self.shown(history, Place::Item(list, item)), items.get(*index)?)
                }
                _ => return None,
            };
        }
        Some(puts)
    }

    /// Takes a value that is known: what reading the container would give, whole and with its identity. What is
    /// shown in it must be known too.
    pub(in crate::crdt) fn keep(&mut self, node: Node, value: Val) {
        let body = self.body_mut(node);
        body.cached.take();
        body.cached.get_or_init(|| Cached::Value(value));
    }

    /// Returns what a container reads as, wherever it stands, with the maps that read as one with it; also one that
    /// is nowhere. O(1) if it is kept.
    pub(in crate::crdt) fn value_of(&self, history: &History, node: Node) -> Val {
        if self.is_contested() && self.kind(node) == Kind::Map {
            let maps = self.joined(history, node);
            if maps.len() > 1 {
                return self.read(history, &Reading::Map(maps), 0);
            }
        }
        match self.kept(node) {
            Some(kept) => kept,
            None => self.read(history, &self.reading_of(node), 0),
        }
    }

    /// Returns the kept value of a container.
    pub(in crate::crdt) fn kept(&self, node: Node) -> Option<Val> {
        self.body(node).cached.get()?.value().cloned()
    }
}

impl<'t> Frame<'t> {
    /// Takes what was read last, and says what comes next.
    fn next(&mut self, tree: &'t Tree, history: &'t History, done: Option<Val>) -> Next {
        match self {
            Self::List { items, read, .. } => {
                read.extend(done);
                items.next(tree, history, read)
            }
            Self::Patch(patch) => patch.next(tree, history, done),
            Self::Map { maps, keys, key, read } => {
                read.extend(key.take().zip(done));
                for next in keys.by_ref() {
                    ask();
                    let (key_number, puts) = match maps[..] {
                        [map] => {
                            let body = tree.map(map);
                            let slot = body.slot(next);
                            if !body.has_conflicts() && !tree.has_moves() {
                                // At most one put, and a scalar most of the time.
                                let Some(put) = slot.top() else { continue };
                                if let Some(scalar) = history.log.scalar(put) {
                                    read.push((history.log.keys.get(slot.key).clone(), scalar.value()));
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
                    let name = history.log.keys.get(key_number).clone();
                    match tree.reading(history, &puts) {
                        Reading::Scalar(put) => read.push((name, scalar(history, put))),
                        reading => {
                            *key = Some(name);
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
            ask();
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

    /// Reads a slot that shows something, if that takes no walk.
    fn slot(&self, tree: &Tree, history: &History, item: Lv, read: &mut Vec<Val>) -> Option<Next> {
        let puts = self.list.puts(item);
        let reading = match puts[..] {
            // What is alone is shown.
            [put] => tree.container(history, put).map_or(Reading::Scalar(put), |node| tree.reading_of(node)),
            _ => tree.reading(history, &tree.shown(history, Place::Item(self.node, item))),
        };
        match reading {
            Reading::Scalar(put) => {
                read.push(scalar(history, put));
                None
            }
            reading => Some(Next::Reading(reading)),
        }
    }
}

/// Returns the visible characters of a text.
fn string(history: &History, text: &Sequence) -> ArcStr {
    let mut string = String::with_capacity(text.len());
    text.runs().for_each(|(first, count)| history.log.typed(first, count, &mut string));
    string.into()
}
