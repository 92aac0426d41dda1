//! The ops of a history, in the order in which they were applied: rows, one after the other.
//!
//! Ops that go on where the last row ended become part of it, whatever change they belong to: a typed
//! paragraph is one row, and so are the numbers appended to a list one by one, or put before it, the keys of a new
//! map, and what is written into one slot again and again.

mod rows;

use super::keys::Keys;
use crate::crdt::Side;
use crate::crdt::chars::Chars;
use crate::crdt::contents::{Content, Contents, Run};
use crate::crdt::growth;
use crate::crdt::lv::{Link, Lv};
use crate::crdt::row::{Holds, Local, Row, Step, Target, Written};
use crate::value::Val;

pub(in crate::crdt) use rows::{Rows, Writes};

/// The log of all ops.
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

/// The keys that the puts of a row write after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    /// The same key: each overwrites the one before. Puts of the root and of an item go on in no other way.
    Again,
    /// The next key, by number, and overwrites nothing.
    NextKey,
}

/// A mark of how long a log was.
#[derive(Debug, Clone, Copy, Default)]
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
    /// Returns the number of ops.
    pub(in crate::crdt) fn len(&self) -> u32 {
        self.len
    }

    /// Returns the local version of the next op.
    pub(in crate::crdt) fn next(&self) -> Lv {
        Lv::new(self.len)
    }

    /// The number of rows.
    pub(in crate::crdt) fn entries(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Counts the ops that the deletes from an op on remove, besides those that remove one each. O(rows from there).
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

    /// Tells whether so many ops and bytes can be added.
    pub(in crate::crdt) fn has_room(&self, ops: u64, bytes: usize) -> bool {
        ops <= u64::from(Lv::MOST - self.len) && self.chars.has_room(bytes) && self.contents.has_room(bytes)
    }

    // --- adding ---

    /// Adds a row, and says which op is its first. Amortised O(size).
    #[inline(always)]
    pub(in crate::crdt) fn push(&mut self, row: &Row<'_, Local>) -> Lv {
        match *row {
            Row::Type { text, parent, side, chars, .. } => self.push_typed(text, parent, side, chars),
            Row::Items { list, parent, side, scalars, count } => {
                self.push_items(list, parent, side, scalars, count)
            }
            Row::Item { list, parent, side, holds } => {
                let held = self.hold(holds);
                self.extend(false, Body::Item { list, parent: parent.into(), side, held }, 1)
            }
            Row::Put { slot, over, written } => self.push_put(slot, over.ids(), written),
            Row::Delete { over } => self.push_delete(over),
            Row::DeleteEach { first, count, step } => self.push_each(first, count, step),
            Row::Add { counter, by } => {
                self.extend(false, Body::Add { counter, by: [by as u32, (by >> 32) as u32] }, 1)
            }
        }
    }

    fn push_typed(&mut self, text: Lv, parent: Option<Lv>, side: Side, typed: &str) -> Lv {
        let chars = self.chars.len();
        let count = self.chars.push(typed);
        let goes_on = self.hangs_on(text, parent, side, count);
        let (parent, others) = (parent.into(), Side::Right);
        self.extend(goes_on, Body::Type { text, parent, side, chars, others }, count)
    }

    fn push_items(&mut self, list: Lv, parent: Option<Lv>, side: Side, scalars: Run<'_>, count: u32) -> Lv {
        scalars.take(count as usize).for_each(|scalar| self.contents.push(scalar));
        self.extend_items(list, parent, side, count)
    }

    /// Adds a scalar in a list, as a row of it would.
    pub(in crate::crdt) fn push_scalar(
        &mut self,
        list: Lv,
        parent: Option<Lv>,
        side: Side,
        scalar: &Val,
    ) -> Lv {
        self.contents.push_scalar(scalar);
        self.extend_items(list, parent, side, 1)
    }

    /// Adds the row of items whose contents were added.
    fn extend_items(&mut self, list: Lv, parent: Option<Lv>, side: Side, count: u32) -> Lv {
        let held = self.contents.len() - count;
        let goes_on = self.hangs_on(list, parent, side, count);
        let (parent, others) = (parent.into(), Side::Right);
        self.extend(goes_on, Body::Items { list, parent, side, held, others }, count)
    }

    fn push_put(&mut self, slot: Target<Local>, over: &[Lv], written: Written<'_, Local>) -> Lv {
        let held = match written {
            Written::Container(holds) => self.hold(holds),
            Written::Scalar(scalar) => {
                self.contents.push(Content::Scalar(scalar));
                self.contents.len() - 1
            }
        };
        let goes_on = self.puts_on(slot, over);
        let over = match *over {
            [] => Overwrites(self.next()),
            [one] => Overwrites(one),
            _ => {
                self.lists.push(List::new(self.next(), self.overs.len(), over.len()));
                self.overs.extend_from_slice(over);
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

    fn push_delete(&mut self, over: &[(Lv, u32)]) -> Lv {
        match *over {
            [(one, 1)] => self.push_each(one, 1, Step::Forward),
            [span] => self.extend(false, Body::Delete { over: span }, 1),
            _ => {
                self.lists.push(List::new(self.next(), self.spans.len(), over.len()));
                self.spans.extend_from_slice(over);
                self.extend(false, Body::Delete { over: (self.next(), 0) }, 1)
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

    /// Tells whether elements of a list or a text go on with the last row: the first hangs on the last op, and the
    /// others as it does.
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

    /// Tells whether a put goes on with the last row.
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
        let pages = self.len.div_ceil(PAGE) as usize;
        if self.pages.len() < pages {
            self.pages.resize(pages, (self.entries.len() - 1) as u32);
        }
        first
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
