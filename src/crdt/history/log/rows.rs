//! Reading a history: its rows, and what single ops say.

use std::ops::Range;

use super::{Body, Entry, Log, Others, Overwrites, PAGE};
use crate::crdt::Side;
use crate::crdt::contents::{Content, Contents, Packed, Run};
use crate::crdt::lv::{Link, Lv};
use crate::crdt::row::{Holds, Local, Over, Row, Target, Written};

/// Rows, each with its first op.
#[derive(Clone)]
pub(in crate::crdt) struct Rows<'a> {
    log: &'a Log,
    at: u32,
    end: u32,
    entry: usize,
    cursor: Cursor<'a>,
}

impl<'a> Iterator for Rows<'a> {
    type Item = (Lv, Row<'a, Local>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let count = self.log.alike(self.entry, self.at).min(self.end - self.at);
        let row = self.log.part(self.entry, self.at, count, &mut self.cursor);
        let first = Lv::new(self.at);
        self.at += count;
        if self.at >= self.log.end(self.entry) {
            self.entry += 1;
        }
        Some((first, row))
    }
}

/// A place among the contents: writes that follow each other hold contents that do.
#[derive(Clone, Default)]
struct Cursor<'a> {
    /// The number of the content that comes next.
    next: Option<u32>,
    rest: Run<'a>,
}

impl<'a> Cursor<'a> {
    /// Returns a content by its number. O(1).
    fn take(&mut self, contents: &'a Contents, number: u32) -> Option<Content<'a>> {
        if self.next != Some(number) {
            self.rest = contents.from(number);
        }
        self.next = Some(number + 1);
        self.rest.next()
    }
}

/// What ops write, as far as their row tells without a look at the contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) enum Writes {
    Nothing,
    Scalars,
    /// A scalar or a container.
    Anything,
}

/// The part of an entry of a put that speaks of its first op.
struct Write {
    over: Overwrites,
    held: u32,
}

impl Log {
    /// The rows of the ops from one on.
    pub(in crate::crdt) fn rows(&self, from: u32) -> Rows<'_> {
        Rows { log: self, at: from, end: self.len, entry: self.entry(from), cursor: Cursor::default() }
    }

    /// The rows of some ops.
    pub(in crate::crdt) fn rows_in(&self, ops: Range<u32>) -> Rows<'_> {
        Rows {
            log: self,
            at: ops.start,
            end: ops.end,
            entry: self.entry(ops.start),
            cursor: Cursor::default(),
        }
    }

    /// The row of one op, by itself. O(1).
    pub(in crate::crdt) fn row(&self, lv: Lv) -> Row<'_, Local> {
        let at = lv.index();
        self.part(self.entry(at), at, 1, &mut Cursor::default())
    }

    /// The row of one op with those that follow in its row, up to `most` in all, and how many that are.
    pub(in crate::crdt) fn row_from(&self, lv: Lv, most: u32) -> (Row<'_, Local>, u32) {
        let at = lv.index();
        let entry = self.entry(at);
        let count = self.alike(entry, at).min(most);
        (self.part(entry, at, count, &mut Cursor::default()), count)
    }

    /// Returns what an op writes, and for how many ops from it on, up to `most`, the answer holds. O(log [`PAGE`]).
    pub(in crate::crdt) fn writes(&self, lv: Lv, most: u32) -> (Writes, u32) {
        let entry = self.entry(lv.index());
        let count = (self.end(entry) - lv.index()).min(most);
        let writes = match self.entries[entry].body {
            Body::Item { .. } | Body::PutRoot { .. } | Body::PutKey { .. } | Body::PutItem { .. } => {
                Writes::Anything
            }
            Body::Type { .. } | Body::Items { .. } => Writes::Scalars,
            Body::Delete { .. } | Body::DeleteEach { .. } | Body::Add { .. } => Writes::Nothing,
        };
        (writes, count)
    }

    /// Returns the list or text of which an op made an element; `None` when it made none. O(log [`PAGE`]).
    pub(in crate::crdt) fn element_of(&self, lv: Lv) -> Option<Lv> {
        match self.entries[self.entry(lv.index())].body {
            Body::Type { text: holder, .. }
            | Body::Items { list: holder, .. }
            | Body::Item { list: holder, .. } => Some(holder),
            _ => None,
        }
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
        Some(self.written(lv, self.held(lv)?, &mut Cursor::default()))
    }

    /// Returns the number of what an op holds.
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

    /// Returns the number of the row that holds an op. O(log [`PAGE`]).
    pub(super) fn entry(&self, op: u32) -> usize {
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

    /// Finds where a row ends.
    pub(super) fn end(&self, entry: usize) -> u32 {
        self.entries.get(entry + 1).map_or(self.len, |next| next.from)
    }

    /// Counts how many ops of an entry, from one on, are one row.
    fn alike(&self, entry: usize, at: u32) -> u32 {
        match self.entries[entry].body {
            Body::Type { others: Side::Right, .. }
            | Body::Items { others: Side::Right, .. }
            | Body::DeleteEach { .. } => self.end(entry) - at,
            _ => 1,
        }
    }

    /// Returns a part of a row: `count` ops from `at` on.
    fn part<'a>(&'a self, entry: usize, at: u32, count: u32, cursor: &mut Cursor<'a>) -> Row<'a, Local> {
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
            Body::Item { list, parent, side, held } => match self.written(Lv::new(at), held, cursor) {
                Written::Container(holds) => Row::Item { list, parent: parent.get(), side, holds },
                Written::Scalar(_) => unreachable!("an item of its own holds a container"),
            },
            Body::PutRoot { over, held } => self.put(at, skipped, Target::Root, Write { over, held }, cursor),
            Body::PutKey { map, key, held, others: Others::NextKey, .. } if skipped > 0 => {
                let (slot, over) = (Target::Key { map, key: key + skipped }, Over::These(&[]));
                Row::Put { slot, over, written: self.written(Lv::new(at), held + skipped, cursor) }
            }
            Body::PutKey { map, key, over, held, .. } => {
                self.put(at, skipped, Target::Key { map, key }, Write { over, held }, cursor)
            }
            Body::PutItem { list, item, over, held } => {
                self.put(at, skipped, Target::Item { list, item }, Write { over, held }, cursor)
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

    /// Returns a put of a row in which each other one overwrites the one before.
    fn put<'a>(
        &'a self,
        at: u32,
        skipped: u32,
        slot: Target<Local>,
        Write { over, held }: Write,
        cursor: &mut Cursor<'a>,
    ) -> Row<'a, Local> {
        let over = match skipped {
            // It does not overwrite itself.
            0 if over.0.index() == at => Over::These(self.list(at).map_or(&[], |list| &self.overs[list])),
            0 => Over::One(over.0),
            _ => Over::One(Lv::new(at - 1)),
        };
        Row::Put { slot, over, written: self.written(Lv::new(at), held + skipped, cursor) }
    }

    fn written<'a>(&'a self, lv: Lv, held: u32, cursor: &mut Cursor<'a>) -> Written<'a, Local> {
        match cursor.take(&self.contents, held) {
            Some(Content::Make(kind)) => Written::Container(Holds::Make(kind)),
            Some(Content::Scalar(scalar)) => Written::Scalar(scalar),
            Some(Content::Move) => {
                Written::Container(Holds::Move(self.moved(lv).expect("a move says what it moves")))
            }
            None => unreachable!("every write has its content"),
        }
    }

    /// Finds where the list of an op stands.
    pub(super) fn list(&self, at: u32) -> Option<Range<usize>> {
        let list = self.lists[self.lists.binary_search_by_key(&at, |list| list.of).ok()?];
        Some(list.start as usize..(list.start + list.count) as usize)
    }
}
