//! Writing: rows into columns.

use std::collections::HashMap;

use super::{Columns, Cursor, Wire, WireId, Wired, kind};
use crate::crdt::contents::{Content, pack_content};
use crate::crdt::row::{Holds, Row, Step, Target, Written};
use crate::crdt::{Actor, Side, varint};
use crate::value::Key;

/// A collector of changes.
#[derive(Default)]
pub(in crate::crdt) struct Writer {
    /// All but the columns.
    wire: Wire,
    columns: Columns<Vec<u8>>,
    actor_numbers: HashMap<Actor, u32>,
    key_numbers: HashMap<Key, u32>,
    /// The last counter of each actor under a header so far.
    last: Vec<u64>,
    /// The next op.
    op: WireId,
    containers: Cursor,
    elements: Cursor,
    overs: Cursor,
    last_key: u32,
}

impl Writer {
    pub(in crate::crdt) fn finish(self) -> Wire {
        Wire { columns: self.columns.done(), ..self.wire }
    }

    /// Returns the number of an actor. Names in the order in which they are first asked for.
    pub(in crate::crdt) fn actor(&mut self, name: &Actor) -> u32 {
        if let Some(&number) = self.actor_numbers.get(name) {
            return number;
        }
        let number = self.wire.actors.len() as u32;
        self.wire.actors.push(name.clone());
        self.actor_numbers.insert(name.clone(), number);
        self.last.push(0);
        number
    }

    /// Returns the number of a key.
    pub(in crate::crdt) fn key(&mut self, key: &Key) -> u32 {
        if let Some(&number) = self.key_numbers.get(key) {
            return number;
        }
        let number = self.add_key(key);
        self.key_numbers.insert(key.clone(), number);
        number
    }

    /// Returns a number for a key that has none.
    pub(in crate::crdt) fn add_key(&mut self, key: &Key) -> u32 {
        let number = self.wire.keys.len() as u32;
        self.wire.keys.push(key.clone());
        number
    }

    /// Begins changes with consecutive counters: who made them, what the first depends on, and how many
    /// ops they have: lengths, and of how many changes in a row. The first counter follows from what it depends on.
    pub(in crate::crdt) fn head(
        &mut self,
        actor: u32,
        first: u64,
        previous: u64,
        deps: &[WireId],
        lengths: &[(u64, u64)],
    ) {
        let heads = &mut self.columns.heads;
        varint::write(heads, u64::from(actor));
        let expected = self.last[actor as usize];
        varint::write(heads, varint::zigzag(previous.wrapping_sub(expected) as i64));
        varint::write(heads, deps.len() as u64);
        for dep in deps {
            varint::write(heads, u64::from(dep.actor));
            varint::write(heads, varint::zigzag(dep.counter.wrapping_sub(previous) as i64));
        }
        // The first counter follows from these, when the change is well formed.
        let highest = deps.iter().map(|dep| dep.counter).fold(previous, u64::max);
        varint::write(heads, varint::zigzag(first.wrapping_sub(highest.wrapping_add(1)) as i64));
        varint::write(&mut self.columns.heads, lengths.len() as u64);
        let mut ops = 0u64;
        for &(length, times) in lengths {
            varint::write(&mut self.columns.lengths, length);
            varint::write(&mut self.columns.lengths, times);
            self.wire.changes += times as usize;
            ops = ops.saturating_add(length.saturating_mul(times));
        }
        self.wire.ops = self.wire.ops.saturating_add(ops);
        self.last[actor as usize] = first.saturating_add(ops).saturating_sub(1);
        self.op = WireId { actor, counter: first };
    }

    /// Adds a row to the changes that began last.
    pub(in crate::crdt) fn row(&mut self, row: &Row<'_, Wired>) {
        let at = self.columns.kinds.len();
        self.columns.kinds.push(0);
        let kind = match *row {
            Row::Type { text, parent, side, chars, count } => {
                let flags = self.hang(text, parent, side);
                self.columns.chars.extend_from_slice(chars.as_bytes());
                // What somebody wrote by hand may type nothing.
                self.elements = Cursor(self.op.plus(u64::from(count.saturating_sub(1))));
                kind::TYPE | flags
            }
            Row::Items { list, parent, side, mut scalars, count } => {
                let flags = self.hang(list, parent, side);
                for _ in 0..count {
                    self.columns.contents.extend_from_slice(scalars.split_first());
                }
                self.elements = Cursor(self.op.plus(u64::from(count) - 1));
                kind::ITEMS | flags
            }
            Row::Item { list, parent, side, holds } => {
                let flags = self.hang(list, parent, side);
                self.holds(holds);
                self.elements = Cursor(self.op);
                kind::ITEM | flags
            }
            Row::Put { slot, over, written } => {
                let kind = match slot {
                    Target::Root => kind::PUT_ROOT,
                    Target::Key { map, key } => {
                        let far = i64::from(key) - i64::from(self.last_key);
                        self.last_key = key;
                        varint::write(&mut self.columns.keys, varint::zigzag(far));
                        kind::PUT_KEY | self.container(map)
                    }
                    Target::Item { list, item } => {
                        let same = self.container(list);
                        self.elements.write(item, &mut self.columns.elements);
                        kind::PUT_ITEM | same
                    }
                };
                let many = match over.ids() {
                    [] => 0,
                    [_] => kind::LEFT_OR_ONE,
                    _ => {
                        varint::write(&mut self.columns.overs, over.ids().len() as u64);
                        kind::ROOT_OR_MANY
                    }
                };
                over.ids().iter().for_each(|id| self.overs.write(*id, &mut self.columns.overs));
                match written {
                    Written::Scalar(scalar) => {
                        pack_content(&mut self.columns.contents, Content::Scalar(scalar));
                    }
                    Written::Container(holds) => self.holds(holds),
                }
                kind | many
            }
            Row::Delete { over } => {
                varint::write(&mut self.columns.counts, over.len() as u64);
                for (first, count) in over {
                    self.elements.write(*first, &mut self.columns.elements);
                    varint::write(&mut self.columns.counts, u64::from(*count));
                    self.elements = Cursor(first.plus(u64::from(count.saturating_sub(1))));
                }
                kind::DELETE
            }
            Row::DeleteEach { first, count, step } => {
                self.elements.write(first, &mut self.columns.elements);
                let lowest = match step {
                    Step::Forward => first.counter,
                    Step::Back => first.counter - u64::from(count - 1),
                };
                self.elements = Cursor(WireId { counter: lowest - 1, ..first });
                if step == Step::Back { kind::DELETE_BACK } else { kind::DELETE_FORWARD }
            }
            Row::Add { counter, by } => {
                varint::write(&mut self.columns.counts, varint::zigzag(by));
                kind::ADD | self.container(counter)
            }
        };
        let count = row.count();
        let single = match kind & kind::MASK {
            kind::TYPE | kind::ITEMS | kind::DELETE_FORWARD | kind::DELETE_BACK if count > 1 => {
                varint::write(&mut self.columns.counts, u64::from(count));
                0
            }
            _ => kind::SINGLE,
        };
        self.columns.kinds[at] = kind | single;
        self.op = self.op.plus(u64::from(count));
    }

    fn hang(&mut self, of: WireId, parent: Option<WireId>, side: Side) -> u8 {
        let same = self.container(of);
        let left = if side == Side::Left { kind::LEFT_OR_ONE } else { 0 };
        match parent {
            None => same | left | kind::ROOT_OR_MANY,
            Some(parent) => {
                self.elements.write(parent, &mut self.columns.elements);
                same | left
            }
        }
    }

    fn container(&mut self, id: WireId) -> u8 {
        if self.containers == Cursor(id) {
            return kind::SAME;
        }
        self.containers.write(id, &mut self.columns.containers);
        0
    }

    fn holds(&mut self, holds: Holds<Wired>) {
        let contents = &mut self.columns.contents;
        match holds {
            Holds::Make(kind) => pack_content(contents, Content::Make(kind)),
            Holds::Move(container) => {
                pack_content(contents, Content::Move);
                self.overs.write(container, &mut self.columns.overs);
            }
        }
    }
}

impl Cursor {
    /// Appends an id: how far it is from the cursor, and its actor if that is another. The cursor goes
    /// there.
    fn write(&mut self, id: WireId, column: &mut Vec<u8>) {
        let far = varint::zigzag(id.counter.wrapping_sub(self.0.counter) as i64);
        // Counters end at 2^53: a bit is left.
        if id.actor == self.0.actor {
            varint::write(column, far << 1);
        } else {
            varint::write(column, far << 1 | 1);
            varint::write(column, u64::from(id.actor));
        }
        self.0 = id;
    }
}
