//! Local edits: what they write, and how they reach the history and the state.

use smallvec::SmallVec;

use super::contents::{Packed, Run};
use super::history::{Authors, History};
use super::lv::Lv;
use super::row::{Holds, Local, Over, Row, Target, Written};
use super::tree::{Node, Place, Reading, Tree};
use super::{ConvergentRef, Key, Kind, Side};
use crate::value::{Map, Val};

/// An edit that is planned: one op, or several. Ops that it names may be planned ones.
#[derive(Debug)]
pub(super) enum Draft {
    Put {
        slot: Spot,
        over: Overs,
        what: What,
    },
    Insert {
        list: Lv,
        parent: Option<Lv>,
        side: Side,
        what: What,
    },
    Delete {
        over: Vec<(Lv, u32)>,
    },
    /// Replaces characters of a text: a delete, and a character an op.
    Splice {
        text: Lv,
        position: usize,
        delete: usize,
        insert: String,
    },
    Add {
        counter: Lv,
        by: i64,
    },
}

/// A slot that is to be written.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    Root,
    Key { map: Lv, key: Key },
    Item { list: Lv, item: Lv },
}

/// What is to be written.
#[derive(Debug, Clone)]
pub(super) enum What {
    Scalar(Val),
    Make(Kind),
    Move(Lv),
}

impl What {
    /// The bytes that it takes, at most.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Scalar(Val::TStr(text)) => text.len() + 10,
            _ => 24,
        }
    }
}

/// What a write overwrites, ordered by id.
pub(super) type Overs = SmallVec<[Lv; 2]>;

/// Where a new value goes.
#[derive(Debug)]
pub(super) enum Dest {
    Slot { slot: Spot, over: Overs },
    Item { list: Lv, parent: Option<Lv>, side: Side },
}

impl Dest {
    pub(super) fn draft(self, what: What) -> Draft {
        match self {
            Self::Slot { slot, over } => Draft::Put { slot, over, what },
            Self::Item { list, parent, side } => Draft::Insert { list, parent, side, what },
        }
    }
}

/// Drafts, of which the first will have the local version `first`.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    first: Lv,
    count: u64,
    drafts: Vec<Draft>,
    /// The levels of the value that was written last, at most.
    pub(super) height: u32,
    /// The containers that are made, and what they hold then, with the levels that it has.
    pub(super) made: Vec<(Lv, Val, u32)>,
}

impl Drafts {
    pub(super) fn new(first: Lv) -> Self {
        Self { first, count: 0, drafts: Vec::new(), height: 0, made: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// The number of ops.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The bytes of strings among them, at least.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |draft: &Draft| match draft {
            Draft::Splice { insert, .. } => insert.len(),
            Draft::Put { what, .. } | Draft::Insert { what, .. } => what.bytes(),
            Draft::Delete { .. } | Draft::Add { .. } => 0,
        };
        self.drafts.iter().map(bytes).fold(0, usize::saturating_add)
    }

    /// Adds a draft and says which op is the first of it.
    pub(super) fn push(&mut self, draft: Draft) -> Lv {
        let lv = self.first.plus(u32::try_from(self.count).unwrap_or(u32::MAX));
        self.count += match &draft {
            Draft::Splice { delete, insert, .. } => u64::from(*delete > 0) + insert.chars().count() as u64,
            _ => 1,
        };
        self.drafts.push(draft);
        lv
    }

    /// Adds what writes a value that is not there yet, with all that is inside: a container before its
    /// parts. `moved` is asked of each container: it drafts what brings those that are there already, and
    /// they are not entered. O(size).
    pub(super) fn write(
        &mut self,
        dest: Dest,
        value: &Val,
        mut moved: impl FnMut(&mut Self, &mut Option<Dest>, &Val) -> Option<Lv>,
    ) -> Lv {
        self.height = 0;
        let (first, parts) = self.write_one(dest, value, &mut moved);
        // On a stack of its own: values nest deeply.
        let mut open: Vec<Parts<'_>> = Vec::from_iter(parts);
        while let Some(parts) = open.last_mut() {
            match parts.next() {
                Some((dest, value)) => {
                    let (lv, inner) = self.write_one(dest, value, &mut moved);
                    if let Some(parts) = open.last_mut() {
                        parts.wrote(lv);
                    }
                    open.extend(inner);
                }
                None => {
                    let Some(done) = open.pop() else { break };
                    let height = done.height + 1;
                    if let Some(above) = open.last_mut() {
                        above.height = above.height.max(height);
                    }
                    self.height = height;
                    self.made.push((done.lv, done.value.clone(), height));
                }
            }
        }
        first
    }

    fn write_one<'v>(
        &mut self,
        dest: Dest,
        value: &'v Val,
        moved: &mut impl FnMut(&mut Self, &mut Option<Dest>, &Val) -> Option<Lv>,
    ) -> (Lv, Option<Parts<'v>>) {
        let mut dest = Some(dest);
        if let Val::Arr(_) | Val::Obj(_) = value
            && let Some(lv) = moved(self, &mut dest, value)
        {
            return (lv, None);
        }
        let Some(dest) = dest else { unreachable!("what is not moved is not placed") };
        let parts = |lv, inside| Some(Parts { lv, value, height: 0, last: None, inside });
        match value {
            Val::Obj(entries) => {
                let lv = self.push(dest.draft(What::Make(Kind::Map)));
                (lv, parts(lv, Inside::Entries(entries.iter())))
            }
            Val::Arr(items) => {
                let lv = self.push(dest.draft(What::Make(Kind::List)));
                (lv, parts(lv, Inside::Items(items.iter())))
            }
            scalar => (self.push(dest.draft(What::Scalar(scalar.clone()))), None),
        }
    }
}

/// The parts of a container that is being written.
struct Parts<'v> {
    lv: Lv,
    value: &'v Val,
    height: u32,
    /// The item before.
    last: Option<Lv>,
    inside: Inside<'v>,
}

enum Inside<'v> {
    Items(std::slice::Iter<'v, Val>),
    Entries(<&'v Map as IntoIterator>::IntoIter),
}

impl<'v> Parts<'v> {
    fn next(&mut self) -> Option<(Dest, &'v Val)> {
        match &mut self.inside {
            Inside::Items(items) => {
                let dest = Dest::Item { list: self.lv, parent: self.last, side: Side::Right };
                Some((dest, items.next()?))
            }
            Inside::Entries(entries) => {
                let (key, value) = entries.next()?;
                let key = Key::new(key).expect("the value was checked");
                Some((Dest::Slot { slot: Spot::Key { map: self.lv, key }, over: Overs::new() }, value))
            }
        }
    }

    /// The next item of a list hangs on the one before.
    fn wrote(&mut self, lv: Lv) {
        self.last = Some(lv);
    }
}

impl ConvergentRef {
    /// Carries out drafts, as part of the change that is open; `keep`: the values of containers that they
    /// make are kept.
    pub(super) fn carry_out(&mut self, drafts: Drafts, keep: bool) {
        for draft in drafts.drafts {
            self.draft(draft);
        }
        for (made, value, height) in drafts.made.into_iter().filter(|_| keep) {
            if let Some(node) = self.tree.node(made) {
                self.tree.keep(node, value, height);
            }
        }
    }

    fn draft(&mut self, draft: Draft) {
        match draft {
            Draft::Put { slot, over, what } => {
                let slot = match slot {
                    Spot::Root => Target::Root,
                    Spot::Key { map, key } => Target::Key { map, key: self.history.log.keys.intern(&key) },
                    Spot::Item { list, item } => Target::Item { list, item },
                };
                self.put(slot, &over, &what);
            }
            Draft::Insert { list, parent, side, what } => drop(self.insert(list, parent, side, &what)),
            Draft::Delete { over } => drop(self.push(&Row::Delete { over: &over })),
            Draft::Splice { text, position, delete, insert } => {
                if let Some(node) = self.tree.node(text) {
                    self.splice(node, position, delete, &insert);
                }
            }
            Draft::Add { counter, by } => drop(self.push(&Row::Add { counter, by })),
        }
    }

    /// Adds a row to the change that is open, and applies it.
    pub(super) fn push(&mut self, row: &Row<'_, Local>) -> Lv {
        self.open();
        let lv = self.history.push(row);
        self.tree.apply(&self.history, lv, row);
        lv
    }

    pub(super) fn put(&mut self, slot: Target<Local>, over: &[Lv], what: &What) -> Lv {
        let mut buffer = std::mem::take(&mut self.buffer);
        let written = match what {
            What::Scalar(value) => Written::Scalar(Packed::new(value, &mut buffer)),
            What::Make(kind) => Written::Container(Holds::Make(*kind)),
            What::Move(container) => Written::Container(Holds::Move(*container)),
        };
        let lv = self.push(&Row::Put { slot, over: Over::These(over), written });
        self.buffer = buffer;
        lv
    }

    pub(super) fn insert(&mut self, list: Lv, parent: Option<Lv>, side: Side, what: &What) -> Lv {
        let holds = match what {
            What::Scalar(value) => {
                let mut buffer = std::mem::take(&mut self.buffer);
                let scalars = Run::new(Packed::new(value, &mut buffer).bytes());
                let lv = self.push(&Row::Items { list, parent, side, scalars, count: 1 });
                self.buffer = buffer;
                return lv;
            }
            What::Make(kind) => Holds::Make(*kind),
            What::Move(container) => Holds::Move(*container),
        };
        self.push(&Row::Item { list, parent, side, holds })
    }

    /// Replaces characters of a text. The range must be there.
    pub(super) fn splice(&mut self, text: Node, position: usize, delete: usize, insert: &str) {
        let made = self.tree.lv(text);
        let origin = (!insert.is_empty()).then(|| self.tree.origin(text, position));
        if delete > 0 {
            match self.tree.sequence(text).and_then(|text| text.run_at(position)) {
                Some((first, run)) if run as usize >= delete => {
                    self.push(&Row::Delete { over: &[(first, delete as u32)] });
                }
                _ => {
                    let over = self.tree.runs_at(text, position, delete);
                    let over = self.history.authors.sorted_spans(over);
                    self.push(&Row::Delete { over: &over });
                }
            }
        }
        if let Some((parent, side)) = origin {
            let count = if insert.is_ascii() { insert.len() } else { insert.chars().count() } as u32;
            self.push(&Row::Type { text: made, parent, side, chars: insert, count });
        }
    }
}

impl Tree {
    /// Where a new element hangs that is to stand at a position of a list or text.
    pub(super) fn origin(&mut self, node: Node, position: usize) -> (Option<Lv>, Side) {
        self.sequence_mut(node).map_or((None, Side::Right), |sequence| sequence.origin(position))
    }

    /// The elements at positions of a list or text.
    pub(super) fn runs_at(&self, node: Node, mut position: usize, mut count: usize) -> Vec<(Lv, u32)> {
        let mut runs = Vec::new();
        while count > 0
            && let Some((first, run)) = self.sequence(node).and_then(|sequence| sequence.run_at(position))
        {
            let run = (run as usize).min(count);
            runs.push((first, run as u32));
            position += run;
            count -= run;
        }
        runs
    }

    /// What a write must name to overwrite what a slot shows: that, every placement of the containers
    /// among it, and every placement that is skipped now, so that a settled cycle cannot come undone when a
    /// container goes.
    pub(super) fn overwriting(&self, history: &History, shown: &[Lv]) -> Overs {
        let mut over: Overs = shown.iter().copied().collect();
        if self.has_moves() {
            for put in shown {
                if let Some(node) = self.container(history, *put) {
                    over.extend(self.placements(node).iter().copied());
                }
            }
            over.extend(self.skipped());
            over.sort_unstable_by(|a, b| history.authors.compare(*a, *b));
            over.dedup();
        }
        over
    }

    /// The maps that read as one with a map: those that the slot shows in which it stands.
    pub(super) fn joined(&self, history: &History, map: Node) -> SmallVec<[Node; 1]> {
        if self.is_contested()
            && let Some(place) = self.place(map)
            && let Some(puts) = self.shown_in_value(history, place)
            && let Reading::Map(maps) = self.reading(history, &puts)
            && maps.contains(&map)
        {
            return maps;
        }
        SmallVec::from_elem(map, 1)
    }

    /// The puts that a key of joined maps shows.
    pub(super) fn shown_key(&self, history: &History, maps: &[Node], key: u32) -> Overs {
        match maps {
            [map] => self.key(*map, key).map(|place| self.shown(history, place)).unwrap_or_default(),
            _ => self.key_puts(history, maps, key),
        }
    }

    /// The puts that an item shows.
    pub(super) fn shown_item(&self, history: &History, list: Node, item: Lv) -> Overs {
        self.shown(history, Place::Item(list, item))
    }
}

impl Authors {
    /// Sorts what is to be deleted: spans of ops of one actor each, ordered by id.
    pub(super) fn sorted_spans(&self, mut spans: Vec<(Lv, u32)>) -> Vec<(Lv, u32)> {
        spans.sort_unstable();
        let mut merged: Vec<(Lv, u32)> = Vec::with_capacity(spans.len());
        for (first, count) in spans {
            match merged.last_mut() {
                // The same put may be named twice.
                Some((before, length)) if before.plus(*length) > first => {
                    let end = first.plus(count).index().max(before.plus(*length).index());
                    *length = end - before.index();
                }
                Some((before, length)) if before.plus(*length) == first => *length += count,
                _ => merged.push((first, count)),
            }
        }
        let mut cut: Vec<(Lv, u32)> =
            merged.into_iter().flat_map(|(first, count)| self.spans_in(first, count)).collect();
        if !cut.is_sorted_by(|a, b| self.compare(a.0, b.0).is_lt()) {
            cut.sort_unstable_by(|a, b| self.compare(a.0, b.0));
        }
        cut
    }
}
