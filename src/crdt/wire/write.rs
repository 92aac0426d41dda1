//! Writing: rows into columns.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{Base, Columns, Cursor, Fields, SHORT, Start, Wire, WireId, Wired, field, head, kind};
use crate::crdt::contents::{Content, pack_content};
use crate::crdt::row::{Holds, Row, Step, Target, Written};
use crate::crdt::{Actor, Side, varint};
use crate::value::Key;

/// A collector of changes.
pub(in crate::crdt) struct Writer {
    /// All but the fields.
    wire: Wire,
    fields: Columns,
    /// Which field is where: all in the first place while it is a strip.
    places: usize,
    actor_numbers: HashMap<Actor, u32>,
    key_numbers: HashMap<Key, u32>,
    /// The last counter of each actor so far.
    last: SmallVec<[u64; 4]>,
    /// The actor of the last header.
    author: u32,
    /// The next op.
    op: WireId,
    containers: Cursor,
    elements: Cursor,
    overs: Cursor,
    last_key: u32,
}

impl Writer {
    fn new(places: usize) -> Self {
        Self {
            wire: Wire::default(),
            fields: Columns::default(),
            places,
            actor_numbers: HashMap::new(),
            key_numbers: HashMap::new(),
            last: SmallVec::new(),
            author: 0,
            op: WireId::default(),
            containers: Cursor::default(),
            elements: Cursor::default(),
            overs: Cursor::default(),
            last_key: 0,
        }
    }

    /// Packs what `write` writes: about so many ops, as a strip if they are short.
    pub(in crate::crdt) fn pack(ops: usize, mut write: impl FnMut(&mut Self)) -> Wire {
        if ops <= SHORT {
            let mut writer = Self::new(0);
            write(&mut writer);
            let strip = &writer.fields[0];
            if strip.len() <= SHORT {
                return Wire { fields: Fields::Strip(SmallVec::from_slice(strip)), ..writer.wire };
            }
        }
        let mut writer = Self::columns();
        write(&mut writer);
        writer.finish()
    }

    fn columns() -> Self {
        Self::new(usize::MAX)
    }

    pub(super) fn finish(self) -> Wire {
        Wire { fields: Fields::Columns(Box::new(self.fields)), ..self.wire }
    }

    fn field(&mut self, field: usize) -> &mut Vec<u8> {
        &mut self.fields[field & self.places]
    }

    fn number(&mut self, field: usize, number: u64) {
        varint::write(self.field(field), number);
    }

    /// Says what the changes follow; before all of them.
    pub(in crate::crdt) fn base(&mut self, mut base: Base) {
        let actors = &self.wire.actors;
        base.sort_unstable_by_key(|(id, _)| (id.counter, &actors[id.actor as usize]));
        for (id, _) in &base {
            self.last[id.actor as usize] = id.counter;
        }
        self.wire.base = base;
    }

    /// Takes the names of a wire, whose changes are told from somewhere else.
    pub(super) fn names(&mut self, wire: &Wire, start: Start) {
        self.wire.actors = wire.actors.clone();
        self.wire.keys = wire.keys.clone();
        self.last = SmallVec::from_slice(&start.last);
        self.last.resize(wire.actors.len(), 0);
        self.containers = Cursor(start.container);
        self.wire.start = start;
    }

    /// Returns the number of an actor. Names in the order in which they are first asked for.
    pub(in crate::crdt) fn actor(&mut self, name: &Actor) -> u32 {
        if let Some(&number) = self.actor_numbers.get(name) {
            return number;
        }
        let number = self.add_actor(name);
        self.actor_numbers.insert(name.clone(), number);
        number
    }

    /// Returns a number for an actor that has none.
    pub(in crate::crdt) fn add_actor(&mut self, name: &Actor) -> u32 {
        let number = self.wire.actors.len() as u32;
        self.wire.actors.push(name.clone());
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
        let gap = previous.wrapping_sub(self.last[actor as usize]);
        // The first counter follows from these, when the change is well formed.
        let highest = deps.iter().map(|dep| dep.counter).fold(previous, u64::max);
        let jump = first.wrapping_sub(highest.wrapping_add(1));
        let mut says = (deps.len() as u64).min(u64::from(head::DEPS)) as u8;
        says |= if actor == self.author { 0 } else { head::OTHER };
        says |= if gap == 0 { 0 } else { head::GAP };
        says |= if jump == 0 { 0 } else { head::JUMP };
        says |= match lengths {
            [(1, 1)] => head::SINGLE,
            [(_, 1)] => head::ONE,
            _ => 0,
        };
        self.field(field::HEADS).push(says);
        if actor != self.author {
            self.number(field::HEADS, u64::from(actor));
        }
        if gap != 0 {
            self.number(field::HEADS, varint::zigzag(gap as i64));
        }
        if says & head::DEPS == head::DEPS {
            self.number(field::HEADS, deps.len() as u64);
        }
        for dep in deps {
            let far = dep.counter.wrapping_sub(self.last[dep.actor as usize]);
            self.number(field::HEADS, u64::from(dep.actor));
            self.number(field::HEADS, varint::zigzag(far as i64));
        }
        if jump != 0 {
            self.number(field::HEADS, varint::zigzag(jump as i64));
        }
        match lengths {
            [(1, 1)] => {}
            [(length, 1)] => self.number(field::LENGTHS, *length),
            _ => {
                self.number(field::HEADS, lengths.len() as u64);
                for &(length, times) in lengths {
                    self.number(field::LENGTHS, length);
                    self.number(field::LENGTHS, times);
                }
            }
        }
        let mut ops = 0u64;
        for &(length, times) in lengths {
            self.wire.changes += times as usize;
            ops = ops.saturating_add(length.saturating_mul(times));
        }
        self.wire.ops = self.wire.ops.saturating_add(ops);
        self.last[actor as usize] = first.saturating_add(ops).saturating_sub(1);
        self.author = actor;
        self.op = WireId { actor, counter: first };
        // Elements are made beside new ones, containers early.
        if self.elements == Cursor::default() {
            [self.elements, self.overs] = [Cursor(self.op); 2];
        }
    }

    /// Adds a row to the changes that began last. Fields are written in the order in which they are read.
    pub(in crate::crdt) fn row(&mut self, row: &Row<'_, Wired>) {
        let at = self.field(field::KINDS).len();
        self.field(field::KINDS).push(0);
        let count = row.count();
        let single = match row {
            Row::Type { .. } | Row::Items { .. } | Row::DeleteEach { .. } if count > 1 => {
                self.number(field::COUNTS, u64::from(count));
                0
            }
            _ => kind::SINGLE,
        };
        let kind = match *row {
            Row::Type { text, parent, side, chars, count } => {
                let flags = self.hang(text, parent, side);
                self.field(field::CHARS).extend_from_slice(chars.as_bytes());
                // What somebody wrote by hand may type nothing.
                self.elements = Cursor(self.op.plus(u64::from(count.saturating_sub(1))));
                kind::TYPE | flags
            }
            Row::Items { list, parent, side, mut scalars, count } => {
                let flags = self.hang(list, parent, side);
                for _ in 0..count {
                    self.field(field::CONTENTS).extend_from_slice(scalars.split_first());
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
                        self.number(field::KEYS, varint::zigzag(far));
                        kind::PUT_KEY | self.container(map)
                    }
                    Target::Item { list, item } => {
                        let same = self.container(list);
                        self.element(item);
                        kind::PUT_ITEM | same
                    }
                };
                let many = match over.ids() {
                    [] => 0,
                    [_] => kind::LEFT_OR_ONE,
                    _ => {
                        self.number(field::OVERS, over.ids().len() as u64);
                        kind::ROOT_OR_MANY
                    }
                };
                over.ids().iter().for_each(|id| self.over(*id));
                match written {
                    Written::Scalar(scalar) => {
                        pack_content(self.field(field::CONTENTS), Content::Scalar(scalar));
                    }
                    Written::Container(holds) => self.holds(holds),
                }
                kind | many
            }
            Row::Delete { over } => {
                self.number(field::COUNTS, over.len() as u64);
                for (first, count) in over {
                    self.element(*first);
                    self.number(field::COUNTS, u64::from(*count));
                    self.elements = Cursor(first.plus(u64::from(count.saturating_sub(1))));
                }
                kind::DELETE
            }
            Row::DeleteEach { first, count, step } => {
                self.element(first);
                let lowest = match step {
                    Step::Forward => first.counter,
                    Step::Back => first.counter - u64::from(count - 1),
                };
                self.elements = Cursor(WireId { counter: lowest - 1, ..first });
                if step == Step::Back { kind::DELETE_BACK } else { kind::DELETE_FORWARD }
            }
            Row::Add { counter, by } => {
                let same = self.container(counter);
                self.number(field::COUNTS, varint::zigzag(by));
                kind::ADD | same
            }
        };
        self.field(field::KINDS)[at] = kind | single;
        self.op = self.op.plus(u64::from(count));
    }

    fn hang(&mut self, of: WireId, parent: Option<WireId>, side: Side) -> u8 {
        let same = self.container(of);
        let left = if side == Side::Left { kind::LEFT_OR_ONE } else { 0 };
        match parent {
            None => same | left | kind::ROOT_OR_MANY,
            Some(parent) => {
                self.element(parent);
                same | left
            }
        }
    }

    fn container(&mut self, id: WireId) -> u8 {
        if self.containers == Cursor(id) {
            return kind::SAME;
        }
        self.containers.write(id, &mut self.fields[field::CONTAINERS & self.places]);
        0
    }

    fn element(&mut self, id: WireId) {
        self.elements.write(id, &mut self.fields[field::ELEMENTS & self.places]);
    }

    fn over(&mut self, id: WireId) {
        self.overs.write(id, &mut self.fields[field::OVERS & self.places]);
    }

    fn holds(&mut self, holds: Holds<Wired>) {
        let contents = self.field(field::CONTENTS);
        match holds {
            Holds::Make(kind) => pack_content(contents, Content::Make(kind)),
            Holds::Move(container) => {
                pack_content(contents, Content::Move);
                self.over(container);
            }
        }
    }
}

impl Wire {
    /// Returns a collector of columns that has the names of this wire, and none of its changes.
    pub(super) fn writer(&self) -> Writer {
        let mut writer = Writer::columns();
        writer.names(self, Start::default());
        writer
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
