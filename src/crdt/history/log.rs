//! The ops of a history, in the order in which they were applied: rows, one after the other.
//!
//! Ops that go on where the last row ended become part of it, whatever change they belong to: a typed
//! paragraph is one row, and so are the numbers appended to a list one by one, or put before it, the keys of a new
//! map, and what is written into one slot again and again.

use std::ops::Range;

use super::keys::Keys;
use crate::crdt::Side;
use crate::crdt::chars::Chars;
use crate::crdt::contents::{Content, Contents, Packed};
use crate::crdt::growth;
use crate::crdt::lv::{Link, Lv};
use crate::crdt::row::{Holds, Local, Over, Row, Step, Target, Written};

/// All ops.
#[derive(Clone, Default)]
pub(in crate::crdt) struct Log {
    /// Invariant: ordered by `from`, without gaps.
    entries: Vec<Entry>,
    /// The entry of every [`PAGE`]th op.
    pages: Vec<u32>,
    /// The number of ops.
    len: u32,
    pub(in crate::crdt) keys: Keys,
    chars: Chars,
    contents: Contents,
    /// Which containers moved, by the op that moved them.
    moved: Vec<(Lv, Lv)>,
    /// Where the lists of puts and deletes that name several things are.
    lists: Vec<List>,
    /// The lists of puts.
    overs: Vec<Lv>,
    /// The lists of deletes.
    spans: Vec<(Lv, u32)>,
}

const PAGE: u32 = 64;

/// A row, packed.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The first op.
    from: u32,
    body: Body,
}

/// A delete of several spans names itself, and the spans are in its list.
#[derive(Debug, Clone, Copy)]
enum Body {
    Type { text: Lv, parent: Link, side: Side, chars: u32, others: Side },
    Items { list: Lv, parent: Link, side: Side, held: u32, others: Side },
    Item { list: Lv, parent: Link, side: Side, held: u32 },
    PutRoot { over: Overwrites, held: u32 },
    PutKey { map: Lv, key: u32, over: Overwrites, held: u32, others: Others },
    PutItem { list: Lv, item: Lv, over: Overwrites, held: u32 },
    Delete { over: (Lv, u32) },
    DeleteEach { first: Lv, step: Step },
    Add { counter: Lv, by: [u32; 2] },
}

/// The write that a put overwrites. Itself, when it overwrites none, or those in its list.
#[derive(Debug, Clone, Copy)]
struct Overwrites(Lv);

/// Which keys the puts of a row write after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    /// The same key: each overwrites the one before. Puts of the root and of an item go on in no other way.
    Again,
    /// The next key, by number, and overwrites nothing.
    NextKey,
}

/// How long a log was.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct Mark {
    entries: usize,
    len: u32,
    keys: u32,
    chars: u32,
    contents: u32,
    moved: usize,
    lists: usize,
    overs: usize,
    spans: usize,
}

impl Log {
    /// The number of ops.
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.len
    }

    /// The local version of the next op.
    pub(in crate::crdt) fn next(&self) -> Lv {
        Lv::new(self.len)
    }

    /// The number of rows.
    pub(in crate::crdt) fn entries(&self) -> u64 {
        self.entries.len() as u64
    }

    /// How many ops the deletes from an op on remove, besides those that remove one each. O(rows from there).
    pub(in crate::crdt) fn removed(&self, from: u32) -> u64 {
        let new = self.entries.iter().rev().take_while(|entry| entry.from >= from);
        let removed = new.map(|entry| match entry.body {
            Body::Delete { over: (first, _) } if first.index() == entry.from => {
                let spans = self.list(entry.from).map_or(&[][..], |list| &self.spans[list]);
                spans.iter().map(|(_, count)| u64::from(*count)).sum()
            }
            Body::Delete { over: (_, count) } => u64::from(count),
            _ => 0,
        });
        removed.sum()
    }

    pub(in crate::crdt) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            len: self.len,
            keys: self.keys.len(),
            chars: self.chars.len(),
            contents: self.contents.len(),
            moved: self.moved.len(),
            lists: self.lists.len(),
            overs: self.overs.len(),
            spans: self.spans.len(),
        }
    }

    /// Forgets everything since a mark. Costs what is forgotten.
    pub(in crate::crdt) fn truncate(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.len = mark.len;
        self.pages.truncate(mark.len.div_ceil(PAGE) as usize);
        self.keys.truncate(mark.keys);
        self.chars.truncate(mark.chars);
        self.contents.truncate(mark.contents);
        self.moved.truncate(mark.moved);
        self.lists.truncate(mark.lists);
        self.overs.truncate(mark.overs);
        self.spans.truncate(mark.spans);
    }

    /// Whether so many ops and bytes can be added.
    pub(in crate::crdt) fn has_room(&self, ops: u64, bytes: usize) -> bool {
        ops <= u64::from(Lv::MOST - self.len) && self.chars.has_room(bytes) && self.contents.has_room(bytes)
    }

    // --- adding ---

    /// Adds a row, and says which op is its first. Amortised O(size).
    pub(in crate::crdt) fn push(&mut self, row: &Row<'_, Local>) -> Lv {
        match *row {
            Row::Type { text, parent, side, chars, .. } => {
                let from = self.chars.len();
                let count = self.chars.push(chars);
                let goes_on = self.hangs_on(text, parent, side, count);
                let (parent, others) = (parent.into(), Side::Right);
                self.extend(goes_on, Body::Type { text, parent, side, chars: from, others }, count)
            }
            Row::Items { list, parent, side, scalars, count } => {
                let from = self.contents.len();
                scalars.take(count as usize).for_each(|scalar| self.contents.push(scalar));
                let goes_on = self.hangs_on(list, parent, side, count);
                let (parent, others) = (parent.into(), Side::Right);
                self.extend(goes_on, Body::Items { list, parent, side, held: from, others }, count)
            }
            Row::Item { list, parent, side, holds } => {
                let held = self.hold(holds);
                self.extend(false, Body::Item { list, parent: parent.into(), side, held }, 1)
            }
            Row::Put { slot, over, written } => {
                let held = match written {
                    Written::Container(holds) => self.hold(holds),
                    Written::Scalar(scalar) => {
                        self.contents.push(Content::Scalar(scalar));
                        self.contents.len() - 1
                    }
                };
                let goes_on = self.puts_on(slot, over.ids());
                let over = match *over.ids() {
                    [] => Overwrites(self.next()),
                    [one] => Overwrites(one),
                    _ => {
                        self.lists.push(List::new(self.next(), self.overs.len(), over.ids().len()));
                        self.overs.extend_from_slice(over.ids());
                        Overwrites(self.next())
                    }
                };
                let others = Others::Again;
                let body = match slot {
                    Target::Root => Body::PutRoot { over, held },
                    Target::Key { map, key } => Body::PutKey { map, key, over, held, others },
                    Target::Item { list, item } => Body::PutItem { list, item, over, held },
                };
                self.extend(goes_on, body, 1)
            }
            Row::Delete { over: [(one, 1)] } => self.push_each(*one, 1, Step::Forward),
            Row::Delete { over: [span] } => self.extend(false, Body::Delete { over: *span }, 1),
            Row::Delete { over } => {
                self.lists.push(List::new(self.next(), self.spans.len(), over.len()));
                self.spans.extend_from_slice(over);
                self.extend(false, Body::Delete { over: (self.next(), 0) }, 1)
            }
            Row::DeleteEach { first, count, step } => self.push_each(first, count, step),
            Row::Add { counter, by } => {
                self.extend(false, Body::Add { counter, by: [by as u32, (by >> 32) as u32] }, 1)
            }
        }
    }

    fn push_each(&mut self, first: Lv, count: u32, step: Step) -> Lv {
        let mut goes_on = false;
        if let Some(Entry { from, body: Body::DeleteEach { first: start, step: way } }) =
            self.entries.last_mut()
        {
            let before = self.len - *from;
            if before == 1 {
                // One delete goes either way.
                let back = Step::Back.from(*start, 1) == Some(first) && (count == 1 || step == Step::Back);
                *way = if back { Step::Back } else { Step::Forward };
            }
            goes_on = way.from(*start, before) == Some(first) && (count == 1 || step == *way);
        }
        self.extend(goes_on, Body::DeleteEach { first, step }, count)
    }

    fn hold(&mut self, holds: Holds<Local>) -> u32 {
        match holds {
            Holds::Make(kind) => self.contents.push(Content::Make(kind)),
            Holds::Move(container) => {
                self.moved.push((self.next(), container));
                self.contents.push(Content::Move);
            }
        }
        self.contents.len() - 1
    }

    /// Whether elements of a list or a text go on with the last row: the first hangs on the last op, and the others
    /// as it does.
    fn hangs_on(&mut self, of: Lv, parent: Option<Lv>, side: Side, count: u32) -> bool {
        let is_last = parent.is_some() && parent == self.next().minus(1);
        let Some(last) = self.entries.last_mut().filter(|_| is_last && (side == Side::Right || count == 1))
        else {
            return false;
        };
        match &mut last.body {
            Body::Type { text: holder, others, .. } | Body::Items { list: holder, others, .. }
                if *holder == of =>
            {
                if self.len - last.from == 1 {
                    // One element goes either way.
                    *others = side;
                }
                *others == side
            }
            _ => false,
        }
    }

    /// Whether a put goes on with the last row.
    fn puts_on(&mut self, slot: Target<Local>, over: &[Lv]) -> bool {
        let Some(last) = self.entries.last_mut() else { return false };
        let before = self.len - last.from;
        let again = matches!(over, [one] if one.index() + 1 == self.len);
        match (&mut last.body, slot) {
            (Body::PutRoot { .. }, Target::Root) => again,
            (Body::PutItem { list: l, item: i, .. }, Target::Item { list, item }) => {
                again && (*l, *i) == (list, item)
            }
            (Body::PutKey { map: m, key: k, others, .. }, Target::Key { map, key }) if *m == map => {
                let next = over.is_empty() && key == *k + before;
                if before == 1 {
                    *others = if next { Others::NextKey } else { Others::Again };
                }
                match others {
                    Others::Again => again && key == *k,
                    Others::NextKey => next,
                }
            }
            _ => false,
        }
    }

    /// Adds ops to the last row or as a row of their own.
    fn extend(&mut self, goes_on: bool, body: Body, count: u32) -> Lv {
        let first = self.next();
        if !goes_on {
            growth::push(&mut self.entries, Entry { from: self.len, body });
        }
        self.len += count;
        let entry = (self.entries.len() - 1) as u32;
        self.pages.resize(self.len.div_ceil(PAGE) as usize, entry);
        first
    }

    // --- reading ---

    /// The rows of the ops from one on.
    pub(in crate::crdt) fn rows(&self, from: u32) -> Rows<'_> {
        Rows { log: self, at: from, end: self.len, entry: self.entry(from) }
    }

    /// The rows of some ops.
    pub(in crate::crdt) fn rows_in(&self, ops: Range<u32>) -> Rows<'_> {
        Rows { log: self, at: ops.start, end: ops.end, entry: self.entry(ops.start) }
    }

    /// The row of one op, by itself. O(1).
    pub(in crate::crdt) fn row(&self, lv: Lv) -> Row<'_, Local> {
        let at = lv.index();
        self.part(self.entry(at), at, 1)
    }

    /// The row of one op with those that follow in its row, up to `most` in all, and how many that are.
    pub(in crate::crdt) fn row_from(&self, lv: Lv, most: u32) -> (Row<'_, Local>, u32) {
        let at = lv.index();
        let entry = self.entry(at);
        let count = self.alike(entry, at).min(most);
        (self.part(entry, at, count), count)
    }

    /// The scalar that a write or an insert holds, if it holds one. O(1).
    pub(in crate::crdt) fn scalar(&self, lv: Lv) -> Option<Packed<'_>> {
        self.contents.from(self.held(lv)?).next_scalar()
    }

    /// What made the container that an op moves, if it moves one. O(log moves).
    pub(in crate::crdt) fn moved(&self, by: Lv) -> Option<Lv> {
        let at = self.moved.binary_search_by_key(&by, |(by, _)| *by).ok()?;
        Some(self.moved[at].1)
    }

    /// What a write or an insert holds. O(1), O(log moves) for a move.
    pub(in crate::crdt) fn content(&self, lv: Lv) -> Option<Written<'_, Local>> {
        Some(self.written(lv, self.held(lv)?))
    }

    /// The number of what an op holds.
    fn held(&self, lv: Lv) -> Option<u32> {
        let Entry { from, body } = &self.entries[self.entry(lv.index())];
        match body {
            Body::Items { held, .. }
            | Body::Item { held, .. }
            | Body::PutRoot { held, .. }
            | Body::PutKey { held, .. }
            | Body::PutItem { held, .. } => Some(held + (lv.index() - from)),
            _ => None,
        }
    }

    /// Appends the characters that some ops typed. O(log [`PAGE`]) and their number.
    pub(in crate::crdt) fn typed(&self, first: Lv, count: u32, into: &mut String) {
        let (mut at, end) = (first.index(), first.index() + count);
        let mut entry = self.entry(at);
        while at < end {
            let to = self.end(entry).min(end);
            if let Entry { from, body: Body::Type { chars, .. } } = self.entries[entry] {
                into.push_str(self.chars.get(chars + (at - from)..chars + (to - from)));
            }
            at = to;
            entry += 1;
        }
    }

    /// The number of the row that holds an op. O(log [`PAGE`]).
    fn entry(&self, op: u32) -> usize {
        let page = (op / PAGE) as usize;
        let Some(&low) = self.pages.get(page) else { return self.entries.len() };
        let high = self.pages.get(page + 1).map_or(self.entries.len(), |&next| next as usize + 1);
        let low = low as usize;
        // A page of rows of one op each.
        if high == low + PAGE as usize + 1 {
            return low + (op % PAGE) as usize;
        }
        low + self.entries[low..high].partition_point(|entry| entry.from <= op) - 1
    }

    /// Where a row ends.
    fn end(&self, entry: usize) -> u32 {
        self.entries.get(entry + 1).map_or(self.len, |next| next.from)
    }

    /// How many ops of an entry, from one on, are one row.
    fn alike(&self, entry: usize, at: u32) -> u32 {
        match self.entries[entry].body {
            Body::Type { others: Side::Right, .. }
            | Body::Items { others: Side::Right, .. }
            | Body::DeleteEach { .. } => self.end(entry) - at,
            _ => 1,
        }
    }

    /// A part of a row: `count` ops from `at` on.
    fn part(&self, entry: usize, at: u32, count: u32) -> Row<'_, Local> {
        let Entry { from, body } = self.entries[entry];
        let skipped = at - from;
        // In the middle of a run each op hangs on the one before.
        let origin = |parent, side, others| match skipped {
            0 => (parent, side),
            _ => (Link::from(Lv::new(at).minus(1)), others),
        };
        match body {
            Body::Type { text, parent, side, chars, others } => {
                let (parent, side) = origin(parent, side, others);
                let from = chars + skipped;
                Row::Type {
                    text,
                    parent: parent.get(),
                    side,
                    chars: self.chars.get(from..from + count),
                    count,
                }
            }
            Body::Items { list, parent, side, held, others } => {
                let (parent, side) = origin(parent, side, others);
                Row::Items {
                    list,
                    parent: parent.get(),
                    side,
                    scalars: self.contents.from(held + skipped),
                    count,
                }
            }
            Body::Item { list, parent, side, held } => match self.written(Lv::new(at), held) {
                Written::Container(holds) => Row::Item { list, parent: parent.get(), side, holds },
                Written::Scalar(_) => unreachable!("an item of its own holds a container"),
            },
            Body::PutRoot { over, held } => self.put(at, skipped, Target::Root, over, held),
            Body::PutKey { map, key, held, others: Others::NextKey, .. } if skipped > 0 => {
                let (slot, over) = (Target::Key { map, key: key + skipped }, Over::These(&[]));
                Row::Put { slot, over, written: self.written(Lv::new(at), held + skipped) }
            }
            Body::PutKey { map, key, over, held, .. } => {
                self.put(at, skipped, Target::Key { map, key }, over, held)
            }
            Body::PutItem { list, item, over, held } => {
                self.put(at, skipped, Target::Item { list, item }, over, held)
            }
            Body::Delete { over: (first, _) } if first.index() == at => {
                let list = self.list(at).expect("a delete of several spans lists them");
                Row::Delete { over: &self.spans[list] }
            }
            Body::Delete { .. } => {
                let Body::Delete { over } = &self.entries[entry].body else { unreachable!("just looked") };
                Row::Delete { over: std::slice::from_ref(over) }
            }
            Body::DeleteEach { first, step } => {
                let first = step.from(first, skipped).expect("it deletes what is there");
                Row::DeleteEach { first, count, step }
            }
            Body::Add { counter, by: [low, high] } => {
                Row::Add { counter, by: (i64::from(high) << 32) | i64::from(low) }
            }
        }
    }

    /// A put of a row in which each other one overwrites the one before.
    fn put(&self, at: u32, skipped: u32, slot: Target<Local>, over: Overwrites, held: u32) -> Row<'_, Local> {
        let over = match skipped {
            // It does not overwrite itself.
            0 if over.0.index() == at => Over::These(self.list(at).map_or(&[], |list| &self.overs[list])),
            0 => Over::One(over.0),
            _ => Over::One(Lv::new(at - 1)),
        };
        Row::Put { slot, over, written: self.written(Lv::new(at), held + skipped) }
    }

    fn written(&self, lv: Lv, held: u32) -> Written<'_, Local> {
        match self.contents.from(held).next() {
            Some(Content::Make(kind)) => Written::Container(Holds::Make(kind)),
            Some(Content::Scalar(scalar)) => Written::Scalar(scalar),
            Some(Content::Move) => {
                Written::Container(Holds::Move(self.moved(lv).expect("a move says what it moves")))
            }
            None => unreachable!("every write has its content"),
        }
    }

    /// Where the list of an op stands.
    fn list(&self, at: u32) -> Option<Range<usize>> {
        let list = self.lists[self.lists.binary_search_by_key(&at, |list| list.of).ok()?];
        Some(list.start as usize..(list.start + list.count) as usize)
    }

    /// Verifies the invariants. O(n).
    pub(in crate::crdt) fn check(&self) -> Result<(), String> {
        let starts = self.entries.iter().map(|entry| entry.from);
        if !starts.clone().is_sorted_by(|a, b| a < b) || starts.clone().next().unwrap_or(0) != 0 {
            return Err("the rows of the history are out of order".into());
        }
        for at in (0..self.len).step_by(PAGE as usize) {
            let entry = self.entry(at);
            if self.pages[(at / PAGE) as usize] as usize != entry || self.end(entry) <= at {
                return Err(format!("op {at} of the history is not where it should be"));
            }
        }
        let ops: u32 = self.rows(0).map(|(_, row)| row.count()).sum();
        if ops == self.len { Ok(()) } else { Err(format!("the history has {ops} ops, not {}", self.len)) }
    }
}

/// A list of what one op names.
#[derive(Debug, Clone, Copy)]
struct List {
    of: u32,
    start: u32,
    count: u32,
}

impl List {
    fn new(of: Lv, start: usize, count: usize) -> Self {
        Self { of: of.index(), start: start as u32, count: count as u32 }
    }
}

/// Rows, each with its first op.
#[derive(Clone)]
pub(in crate::crdt) struct Rows<'a> {
    log: &'a Log,
    at: u32,
    end: u32,
    entry: usize,
}

impl<'a> Iterator for Rows<'a> {
    type Item = (Lv, Row<'a, Local>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let count = self.log.alike(self.entry, self.at).min(self.end - self.at);
        let row = self.log.part(self.entry, self.at, count);
        let first = Lv::new(self.at);
        self.at += count;
        if self.at >= self.log.end(self.entry) {
            self.entry += 1;
        }
        Some((first, row))
    }
}
