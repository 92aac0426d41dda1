//! Changes as bytes.
//!
//! ```text
//! changes  = form names (strip | columns) filler
//! strip    = length bytes           without the length where nothing follows it
//! ```
//!
//! Changes that take much memory for their bytes have zeros behind them, so that nothing can claim to be much more
//! than it is: see [`Limits`](crate::crdt::Limits).

use smallvec::SmallVec;

use super::bytes::{Section, Source, Stored};
use super::cost::{self, Parts};
use super::{Columns, Corrupt, Fields, Head, Reader, SHORT, Wire, WireId, Writer, field};
use crate::cancellation::ask;
use crate::crdt::contents::{Unwoven, unweave, weave};
use crate::crdt::history::ShortDigest;
use crate::crdt::{Actor, Clock, DecodeReason, MAX_COUNTER, varint};
use crate::value::Key;

/// The role of changes in a file or frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) enum Role {
    /// They are all that it holds.
    Patch,
    /// They are the applied ones of a ref: those that wait follow.
    Applied,
    /// They are those that wait, each of which is taken apart.
    Waiting,
}

/// The first byte of changes: their form, and how many names they have. `MANY` says that a number follows.
mod form {
    pub(super) const COLUMNS: u8 = 0x01;
    /// Zeros stand behind them.
    pub(super) const FILLED: u8 = 0x02;
    pub(super) const ACTORS: u32 = 2;
    pub(super) const BASE: u32 = 4;
    pub(super) const KEYS: u32 = 6;
    pub(super) const MANY: u8 = 0x03;
}

impl Section {
    /// Writes a clock.
    pub(in crate::crdt) fn clock(&mut self, clock: &Clock) {
        let entries = clock.iter();
        self.takes(cost::of_actors(entries.len()));
        self.number(entries.len() as u64);
        for (actor, counter) in entries {
            self.text(actor.as_str());
            self.number(counter);
        }
    }

    /// Writes changes.
    pub(in crate::crdt) fn wire(&mut self, wire: &Wire, role: Role) {
        self.named(wire, role, &wire.keys, &wire.actors, |section, _, actor| section.text(actor.as_str()));
    }

    /// Writes changes whose keys are [told](Self::keys) already.
    pub(in crate::crdt) fn wire_without_keys(&mut self, wire: &Wire) {
        self.named(wire, Role::Applied, &[], &wire.actors, |section, _, actor| section.text(actor.as_str()));
    }

    /// Writes keys. Their number is told before.
    pub(super) fn keys(&mut self, keys: &[Key]) {
        let (mut lengths, mut names) = (Vec::new(), Vec::new());
        for key in keys {
            varint::write(&mut lengths, key.len() as u64);
            names.extend_from_slice(key.as_bytes());
        }
        [&lengths, &names].iter().for_each(|column| self.column(column));
        self.takes(cost::of_keys(keys.len(), lengths.len() + names.len()));
    }

    /// Writes changes with these keys and actors, whose names the caller writes, each by its number.
    pub(super) fn named(
        &mut self,
        wire: &Wire,
        role: Role,
        keys: &[Key],
        actors: &[Actor],
        mut name: impl FnMut(&mut Self, usize, &Actor),
    ) {
        let counts = [(actors.len(), form::ACTORS), (wire.base.len(), form::BASE), (keys.len(), form::KEYS)];
        let form = self.bytes.len();
        self.bytes.push(0);
        let mut says = 0;
        for (count, at) in counts {
            let few = u8::try_from(count).unwrap_or(form::MANY).min(form::MANY);
            says |= few << at;
            if few == form::MANY {
                self.number(count as u64);
            }
        }
        actors.iter().enumerate().for_each(|(at, actor)| name(self, at, actor));
        for (id, digest) in &wire.base {
            let is_known = wire.is_known(*id);
            self.number(u64::from(id.actor) << 1 | u64::from(is_known));
            if !is_known {
                self.number(id.counter << 1 | u64::from(digest.is_half()));
            }
            let [low, high] = digest.halves();
            self.bytes.extend(low);
            if !digest.is_half() {
                self.bytes.extend(high);
            }
        }
        // Where the strip is, if it is one.
        let mut start = None;
        let memory = match &wire.fields {
            Fields::Strip(strip) => {
                for key in keys {
                    self.text(key.as_str());
                    self.takes(cost::of_keys(1, key.len()));
                }
                start = Some(self.bytes.len());
                self.bytes.extend_from_slice(strip);
                cost::of_strip(strip.len())
            }
            Fields::Columns(columns) => {
                says |= form::COLUMNS;
                self.columns(wire, columns, keys)
            }
        };
        self.takes(memory);
        self.takes(cost::of_changes(wire, role));
        let filler = cost::least(self.memory).saturating_sub(self.bytes.len());
        if let Some(start) = start.filter(|_| filler > 0 || role != Role::Patch) {
            let mut length = Vec::new();
            varint::write(&mut length, (self.bytes.len() - start) as u64);
            self.bytes.splice(start..start, length);
        }
        if filler > 0 {
            says |= form::FILLED;
            self.number(filler as u64);
            self.bytes.resize(self.bytes.len() + filler, 0);
        }
        self.bytes[form] = says;
    }

    /// Writes columns; returns the memory that they take.
    fn columns(&mut self, wire: &Wire, columns: &Columns, keys: &[Key]) -> u64 {
        self.number(wire.changes as u64);
        self.number(wire.ops);
        if !keys.is_empty() {
            self.keys(keys);
        }
        columns[..field::CONTENTS].iter().for_each(|column| self.column(column));
        let Unwoven { tags, ints, texts, .. } = unweave(&columns[field::CONTENTS]);
        [&tags, &ints, &texts].iter().for_each(|column| self.column(column));
        let parts = Parts { tags: tags.len(), ints: ints.len(), texts: texts.len() };
        cost::of_columns(&columns.each_ref().map(Vec::len), parts).saturating_add(cost::of_containers(&tags))
    }
}

/// Changes of which the names of the actors were read.
pub(super) struct Named {
    pub(super) wire: Wire,
    says: u8,
    /// How many changes they follow, and how many keys they name.
    base: usize,
    keys: usize,
}

impl Source<'_> {
    /// Reads a clock.
    pub(in crate::crdt) fn clock(&mut self) -> Result<Clock, DecodeReason> {
        let count = self.count()?;
        self.budget.take(cost::of_actors(count))?;
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let actor = Actor::new(self.text()?).map_err(|_| Corrupt)?;
            entries.push((actor, self.number()?));
        }
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(Corrupt.into());
        }
        Ok(entries.into_iter().collect())
    }

    /// Reads changes. What they take in memory is known, and within the limits, before any of it is taken. A strip
    /// was read whole then.
    pub(in crate::crdt) fn wire(&mut self, role: Role) -> Result<Wire, DecodeReason> {
        let named = self.names(|source| Ok(Actor::new(source.text()?).map_err(|_| Corrupt)?))?;
        self.changes(named, role)
    }

    /// Reads changes whose keys were told before.
    pub(in crate::crdt) fn wire_without_keys(&mut self, keys: Vec<Key>) -> Result<Wire, DecodeReason> {
        let mut named = self.names(|source| Ok(Actor::new(source.text()?).map_err(|_| Corrupt)?))?;
        if named.keys > 0 {
            return Err(Corrupt.into());
        }
        named.wire.keys = keys;
        self.changes(named, Role::Applied)
    }

    /// Reads so many keys.
    pub(super) fn keys(&mut self, count: usize) -> Result<Vec<Key>, DecodeReason> {
        let [lengths, names] = [self.column()?, self.column()?];
        if count > lengths.length {
            return Err(Corrupt.into());
        }
        self.budget.take(cost::of_keys(count, names.length.saturating_add(lengths.length)))?;
        Ok(read_keys(count, &lengths.open()?, &names.open()?)?)
    }

    /// Reads the form of changes, and the names of their actors as the caller reads them.
    pub(super) fn names(
        &mut self,
        mut name: impl FnMut(&mut Self) -> Result<Actor, DecodeReason>,
    ) -> Result<Named, DecodeReason> {
        let &[says] = self.take(1)?.first_chunk().ok_or(Corrupt)?;
        let mut counts =
            [form::ACTORS, form::BASE, form::KEYS].map(|at| usize::from(says >> at & form::MANY));
        for count in counts.iter_mut().filter(|count| **count == usize::from(form::MANY)) {
            // Keys may be compressed: their number is held against their columns.
            *count = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        }
        let [actors, base, keys] = counts;
        let mut wire = Wire::default();
        self.expect(actors.saturating_add(base))?;
        self.budget.take(cost::of_actors(actors))?;
        for _ in 0..actors {
            let actor = name(self)?;
            wire.actors.push(actor);
        }
        if !are_distinct(&wire.actors) {
            return Err(Corrupt.into());
        }
        Ok(Named { wire, says, base, keys })
    }

    /// Reads all but the names of actors.
    pub(super) fn changes(&mut self, named: Named, role: Role) -> Result<Wire, DecodeReason> {
        let Named { mut wire, says, base, keys } = named;
        let actors = wire.actors.len();
        for _ in 0..base {
            let number = self.number()?;
            let actor = u32::try_from(number >> 1).map_err(|_| Corrupt)?;
            if actor as usize >= actors {
                return Err(Corrupt.into());
            }
            let (counter, is_half) = match number & 1 {
                // What a stream told needs no more than half a digest: each patch brings another one.
                1 => (wire.start.last.get(actor as usize).copied().ok_or(Corrupt)?, true),
                _ => {
                    let number = self.number()?;
                    (number >> 1, number & 1 == 1)
                }
            };
            if !(1..=MAX_COUNTER).contains(&counter) {
                return Err(Corrupt.into());
            }
            let low = *self.take(2)?.first_chunk().ok_or(Corrupt)?;
            let high = if is_half { None } else { Some(*self.take(2)?.first_chunk().ok_or(Corrupt)?) };
            wire.base.push((WireId { actor, counter }, ShortDigest::new(low, high)));
        }
        if !wire.base().is_sorted_by(|(a, m, _), (b, n, _)| (m, a) < (n, b)) {
            return Err(Corrupt.into());
        }
        if says & form::COLUMNS == 0 {
            self.strip(&mut wire, keys, role == Role::Patch && says & form::FILLED == 0)?;
            self.filler(says)?;
        } else {
            self.columns(&mut wire, keys, says)?;
        }
        if role == Role::Waiting {
            self.budget.take(wire.loose())?;
        }
        Ok(wire)
    }

    fn strip(&mut self, wire: &mut Wire, keys: usize, is_last: bool) -> Result<(), DecodeReason> {
        self.expect(keys)?;
        for _ in 0..keys {
            let key = self.text()?;
            self.budget.take(cost::of_keys(1, key.len()))?;
            wire.keys.push(key.into());
        }
        let length = if is_last { self.left() } else { self.count()? };
        if length > SHORT {
            return Err(Corrupt.into());
        }
        self.budget.take(cost::of_strip(length))?;
        wire.fields = Fields::Strip(SmallVec::from_slice(self.take(length)?));
        wire.count()?;
        self.budget.count(wire.changes as u64, wire.ops)?;
        self.budget.take(cost::of_ops(wire.ops))
    }

    fn columns(&mut self, wire: &mut Wire, keys: usize, says: u8) -> Result<(), DecodeReason> {
        wire.changes = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        wire.ops = self.number()?;
        self.budget.count(wire.changes as u64, wire.ops)?;
        if keys > 0 {
            wire.keys = self.keys(keys)?;
        }
        let mut stored = [Stored::default(); field::CONTENTS];
        for column in &mut stored {
            *column = self.column()?;
        }
        let [tags, ints, texts] = [self.column()?, self.column()?, self.column()?];
        self.filler(says)?;

        let mut sizes = [0; field::COUNT];
        sizes.iter_mut().zip(&stored).for_each(|(size, column)| *size = column.length);
        let parts = Parts { tags: tags.length, ints: ints.length, texts: texts.length };
        self.budget.take(cost::of_ops(wire.ops).saturating_add(cost::of_columns(&sizes, parts)))?;
        let tags = tags.open()?;
        self.budget.take(cost::of_containers(&tags))?;
        let mut columns = Columns::default();
        for (column, stored) in columns.iter_mut().zip(stored) {
            *column = stored.open()?;
        }
        columns[field::CONTENTS] = weave(&tags, &ints.open()?, &texts.open()?).ok_or(Corrupt)?;
        wire.fields = Fields::Columns(Box::new(columns));
        Ok(())
    }

    fn filler(&mut self, says: u8) -> Result<(), Corrupt> {
        if says & form::FILLED != 0 {
            let filler = self.count()?;
            self.take(filler)?;
        }
        Ok(())
    }
}

fn read_keys(count: usize, mut lengths: &[u8], names: &[u8]) -> Result<Vec<Key>, Corrupt> {
    let names = std::str::from_utf8(names).map_err(|_| Corrupt)?;
    let mut keys = Vec::with_capacity(count);
    let mut at = 0usize;
    for _ in 0..count {
        let length = varint::read(&mut lengths).and_then(|length| usize::try_from(length).ok());
        let end = length.and_then(|length| at.checked_add(length)).ok_or(Corrupt)?;
        keys.push(names.get(at..end).ok_or(Corrupt)?.into());
        at = end;
    }
    if at != names.len() || !lengths.is_empty() {
        return Err(Corrupt);
    }
    Ok(keys)
}

fn are_distinct(actors: &[Actor]) -> bool {
    match actors {
        [] | [_] => true,
        [one, other] => one != other,
        _ => {
            let mut sorted: Vec<&Actor> = actors.iter().collect();
            sorted.sort_unstable();
            sorted.is_sorted_by(|a, b| a < b)
        }
    }
}

impl Reader<'_> {
    /// Copies the changes under a header, whose rows are read.
    pub(super) fn copy(&mut self, head: &Head, writer: &mut Writer) -> Result<(), Corrupt> {
        ask();
        writer.head(head.actor, head.first, head.previous, &head.deps, &head.lengths);
        while let Some(row) = self.row()? {
            writer.row(&row);
        }
        Ok(())
    }

    /// Reads all that is left. `head` takes each header.
    pub(in crate::crdt) fn finish(&mut self, mut head: impl FnMut(&Head)) -> Result<(), Corrupt> {
        while let Some(next) = self.head()? {
            ask();
            head(&next);
            while self.row()?.is_some() {}
        }
        Ok(())
    }
}

impl Wire {
    /// Reads everything once.
    pub(in crate::crdt) fn check(&self) -> Result<(), Corrupt> {
        Reader::new(self)?.finish(|_| {})
    }

    /// Reads columns once. Strips are read to be counted.
    pub(in crate::crdt) fn check_columns(&self) -> Result<(), Corrupt> {
        match &self.fields {
            Fields::Strip(_) => Ok(()),
            Fields::Columns(_) => self.check(),
        }
    }

    /// Returns for each actor the counter of the last op of its changes. O(size).
    pub(in crate::crdt) fn reach(&self) -> Result<Clock, Corrupt> {
        let mut reach = Clock::new();
        Reader::new(self)?.finish(|head| reach.advance(&self.actors[head.actor as usize], head.last()))?;
        Ok(reach)
    }

    /// Tells whether the changes of each actor follow each other, and the first of them something up to a counter. O(size).
    #[cfg(feature = "store")]
    pub(in crate::crdt) fn is_chain(&self, after: u64) -> Result<bool, Corrupt> {
        let (mut is_chain, mut last) = (true, vec![0; self.actors.len()]);
        Reader::new(self)?.finish(|head| {
            let last = &mut last[head.actor as usize];
            is_chain &= if *last == 0 { head.previous <= after } else { head.previous == *last };
            *last = head.last();
        })?;
        Ok(is_chain)
    }

    /// Reads a strip once, and counts its changes and ops.
    fn count(&mut self) -> Result<(), Corrupt> {
        let (mut changes, mut ops) = (0u64, 0u64);
        Reader::new(self)?.finish(|head| {
            changes = changes.saturating_add(head.changes());
            ops = ops.saturating_add(head.ops);
        })?;
        self.changes = usize::try_from(changes).map_err(|_| Corrupt)?;
        self.ops = ops;
        Ok(())
    }

    /// Tells whether the last change of an actor that was told ends with an op.
    fn is_known(&self, id: WireId) -> bool {
        self.start.last.get(id.actor as usize) == Some(&id.counter)
    }
}
