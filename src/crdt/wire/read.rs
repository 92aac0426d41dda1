//! Reading: columns into rows. Bytes may say anything: what they say is an error or a row.

use smallvec::SmallVec;
use thiserror::Error;

use super::{Cursor, Fields, Start, Wire, WireId, Wired, field, head, kind};
use crate::crdt::contents::{Content, Run};
use crate::crdt::row::{Holds, Over, Row, Step, Target, Written};
use crate::crdt::{MAX_COUNTER, Side, varint};

/// Columns that end too early, or say what cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the data is damaged")]
pub struct Corrupt;

/// Lengths of changes in ops, and of how many changes in a row.
type Lengths = SmallVec<[(u64, u64); 2]>;

/// Changes with consecutive counters, of which only the first depends on others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::crdt) struct Head {
    pub(in crate::crdt) actor: u32,
    /// The counter of the first op.
    pub(in crate::crdt) first: u64,
    pub(in crate::crdt) previous: u64,
    pub(in crate::crdt) deps: SmallVec<[WireId; 2]>,
    /// The lengths of the changes.
    pub(in crate::crdt) lengths: Lengths,
    /// All ops.
    pub(in crate::crdt) ops: u64,
}

impl Head {
    /// Returns the number of changes.
    pub(in crate::crdt) fn changes(&self) -> u64 {
        self.lengths.iter().map(|(_, times)| times).sum()
    }

    /// Returns the counter of the last op.
    pub(in crate::crdt) fn last(&self) -> u64 {
        self.first + self.ops - 1
    }

    /// Tells whether a change begins at an op, counted from the beginning. O(log runs of lengths) a time.
    pub(in crate::crdt) fn beginnings(&self) -> impl Fn(u64) -> bool {
        let mut end = 0;
        let runs: Vec<(u64, u64)> = (self.lengths.iter())
            .map(|(length, times)| {
                let start = end;
                end += length * times;
                (start, *length)
            })
            .collect();
        move |op| {
            let at = runs.partition_point(|(start, _)| *start <= op).checked_sub(1);
            at.is_some_and(|at| (op - runs[at].0).is_multiple_of(runs[at].1))
        }
    }
}

/// A reader of a wire from the front.
pub(in crate::crdt) struct Reader<'w> {
    wire: &'w Wire,
    /// What is left of each field.
    fields: [&'w [u8]; field::COUNT],
    /// Which field is where: all in the first place of a strip.
    places: usize,
    /// What is left of the characters, where they have a column.
    chars: Option<&'w str>,
    containers: Cursor,
    elements: Cursor,
    overs: Cursor,
    /// The last counter of each actor so far.
    last: SmallVec<[u64; 4]>,
    /// The actor of the last header.
    author: u32,
    /// The last header that depends on each actor, by its number from 1.
    named: SmallVec<[u32; 4]>,
    headers: u32,
    /// The next op.
    op: WireId,
    /// The ops that are left under the last header.
    left: u64,
    /// The changes and ops that are to come under other headers; of a strip they are not told before.
    to_come: Option<(u64, u64)>,
    last_key: u32,
    over: Vec<WireId>,
    spans: Vec<(WireId, u32)>,
}

impl<'w> Reader<'w> {
    pub(in crate::crdt) fn new(wire: &'w Wire) -> Result<Self, Corrupt> {
        let mut fields = [&[][..]; field::COUNT];
        let (places, chars) = match &wire.fields {
            Fields::Strip(strip) => {
                fields[0] = strip;
                (0, None)
            }
            Fields::Columns(columns) => {
                fields.iter_mut().zip(columns.iter()).for_each(|(field, column)| *field = column);
                let chars = std::mem::take(&mut fields[field::CHARS]);
                (usize::MAX, Some(std::str::from_utf8(chars).map_err(|_| Corrupt)?))
            }
        };
        let mut last: SmallVec<[u64; 4]> = SmallVec::from_slice(&wire.start.last);
        last.resize(wire.actors.len(), 0);
        for (id, _) in &wire.base {
            *last.get_mut(id.actor as usize).ok_or(Corrupt)? = id.counter;
        }
        Ok(Self {
            wire,
            fields,
            places,
            chars,
            containers: Cursor(wire.start.container),
            elements: Cursor::default(),
            overs: Cursor::default(),
            last,
            author: 0,
            named: SmallVec::from_elem(0, wire.actors.len()),
            headers: 0,
            op: WireId::default(),
            left: 0,
            to_come: (places != 0).then_some((wire.changes as u64, wire.ops)),
            last_key: 0,
            over: Vec::new(),
            spans: Vec::new(),
        })
    }

    fn field(&mut self, field: usize) -> &mut &'w [u8] {
        &mut self.fields[field & self.places]
    }

    fn number(&mut self, field: usize) -> Option<u64> {
        varint::read(self.field(field))
    }

    /// Reads a number below 2^32.
    fn short(&mut self, field: usize) -> Option<u32> {
        varint::read_u32(self.field(field))
    }

    /// Reads a number of things that follow, each at least a byte long in a field.
    fn count(&mut self, field: usize, of: usize) -> Option<usize> {
        let count = usize::try_from(self.number(field)?).ok()?;
        (count <= self.field(of).len()).then_some(count)
    }

    /// Returns from where is told what follows.
    pub(super) fn start(&self) -> Start {
        Start { last: SmallVec::from_slice(&self.last), container: self.containers.0 }
    }

    /// Returns the next header; `None` at the end. The rows of the one before must have been read.
    pub(in crate::crdt) fn head(&mut self) -> Result<Option<Head>, Corrupt> {
        if self.left > 0 {
            return Err(Corrupt);
        }
        if self.field(field::HEADS).is_empty() {
            let is_empty =
                self.fields.iter().all(|rest| rest.is_empty()) && self.chars.is_none_or(str::is_empty);
            return if is_empty && self.to_come.is_none_or(|to_come| to_come == (0, 0)) {
                Ok(None)
            } else {
                Err(Corrupt)
            };
        }
        let head = self.read_head().ok_or(Corrupt)?;
        if let Some((changes, ops)) = &mut self.to_come {
            *changes = changes.checked_sub(head.changes()).ok_or(Corrupt)?;
            *ops = ops.checked_sub(head.ops).ok_or(Corrupt)?;
        }
        self.last[head.actor as usize] = head.last();
        self.author = head.actor;
        self.op = WireId { actor: head.actor, counter: head.first };
        self.left = head.ops;
        // Elements are made beside new ones, containers early.
        if self.elements == Cursor::default() {
            [self.elements, self.overs] = [Cursor(self.op); 2];
        }
        Ok(Some(head))
    }

    fn read_head(&mut self) -> Option<Head> {
        let (&says, heads) = self.field(field::HEADS).split_first()?;
        *self.field(field::HEADS) = heads;
        let has = |flag: u8| says & flag != 0;
        let actor = if has(head::OTHER) { self.short(field::HEADS)? } else { self.author };
        let mut previous = *self.last.get(actor as usize)?;
        if has(head::GAP) {
            previous = previous.wrapping_add_signed(varint::unzigzag(self.number(field::HEADS)?));
        }
        let count = match says & head::DEPS {
            head::DEPS => self.count(field::HEADS, field::HEADS)?,
            few => usize::from(few),
        };
        let mut deps: SmallVec<[WireId; 2]> = SmallVec::with_capacity(count);
        self.headers = self.headers.checked_add(1)?;
        for _ in 0..count {
            let actor = self.short(field::HEADS)?;
            // Each actor once: the same dependencies have one form.
            let before = std::mem::replace(self.named.get_mut(actor as usize)?, self.headers);
            let far = varint::unzigzag(self.number(field::HEADS)?);
            let counter = self.last[actor as usize].wrapping_add_signed(far);
            if before == self.headers || counter == 0 {
                return None;
            }
            deps.push(WireId { actor, counter });
        }
        let highest = deps.iter().map(|dep| dep.counter).fold(previous, u64::max);
        let mut first = highest.wrapping_add(1);
        if has(head::JUMP) {
            first = first.wrapping_add_signed(varint::unzigzag(self.number(field::HEADS)?));
        }
        if first == 0 || [first, highest].iter().any(|counter| *counter > MAX_COUNTER) {
            return None;
        }
        let (lengths, ops) = self.lengths(says)?;
        let fits = ops > 0 && ops <= MAX_COUNTER - first + 1;
        fits.then_some(Head { actor, first, previous, deps, lengths, ops })
    }

    /// Reads the lengths of the changes under a header, and how many ops they have.
    fn lengths(&mut self, says: u8) -> Option<(Lengths, u64)> {
        match (says & head::ONE != 0, says & head::SINGLE != 0) {
            (false, true) => return Some((SmallVec::from_slice(&[(1, 1)]), 1)),
            (true, false) => {
                let length = self.number(field::LENGTHS)?;
                return Some((SmallVec::from_slice(&[(length, 1)]), length));
            }
            (true, true) => return None,
            (false, false) => {}
        }
        let runs = self.count(field::HEADS, field::LENGTHS)?;
        let (mut lengths, mut ops) = (Lengths::with_capacity(runs), 0u64);
        for _ in 0..runs {
            let length = self.number(field::LENGTHS).filter(|length| *length > 0)?;
            let times = self.number(field::LENGTHS).filter(|times| *times > 0)?;
            ops = ops.checked_add(length.checked_mul(times)?)?;
            lengths.push((length, times));
        }
        Some((lengths, ops))
    }

    /// Returns the next row; `None` when all under the header were read.
    pub(in crate::crdt) fn row(&mut self) -> Result<Option<Row<'_, Wired>>, Corrupt> {
        if self.left == 0 {
            return Ok(None);
        }
        self.read_row().ok_or(Corrupt).map(Some)
    }

    fn read_row(&mut self) -> Option<Row<'_, Wired>> {
        let (&byte, kinds) = self.field(field::KINDS).split_first()?;
        *self.field(field::KINDS) = kinds;
        let has = |flag: u8| byte & flag != 0;
        let kind = byte & kind::MASK;
        let many = matches!(kind, kind::TYPE | kind::ITEMS | kind::DELETE_FORWARD | kind::DELETE_BACK);
        let count = if many && !has(kind::SINGLE) { self.short(field::COUNTS)? } else { 1 };
        if count == 0 || u64::from(count) > self.left {
            return None;
        }
        let op = self.op;
        self.op = op.plus(u64::from(count));
        self.left -= u64::from(count);
        let last = op.plus(u64::from(count) - 1);
        let side = if has(kind::LEFT_OR_ONE) { Side::Left } else { Side::Right };
        match kind {
            kind::TYPE | kind::ITEMS | kind::ITEM => {
                let of = self.container(has(kind::SAME))?;
                let parent = if has(kind::ROOT_OR_MANY) { None } else { Some(self.elements()?) };
                self.elements = Cursor(last);
                Some(match kind {
                    kind::TYPE => {
                        let chars = self.chars(count)?;
                        Row::Type { text: of, parent, side, chars, count }
                    }
                    kind::ITEMS => {
                        let scalars = self.scalars(count)?;
                        Row::Items { list: of, parent, side, scalars, count }
                    }
                    _ => match self.written()? {
                        Written::Container(holds) => Row::Item { list: of, parent, side, holds },
                        Written::Scalar(_) => return None,
                    },
                })
            }
            kind::PUT_ROOT | kind::PUT_KEY | kind::PUT_ITEM => {
                let slot = match kind {
                    kind::PUT_ROOT => Target::Root,
                    kind::PUT_KEY => {
                        let far = varint::unzigzag(self.number(field::KEYS)?);
                        let key = u32::try_from(i64::from(self.last_key).checked_add(far)?).ok()?;
                        self.last_key = key;
                        self.wire.keys.get(key as usize)?;
                        Target::Key { map: self.container(has(kind::SAME))?, key }
                    }
                    _ => Target::Item { list: self.container(has(kind::SAME))?, item: self.elements()? },
                };
                let over: usize = match (has(kind::LEFT_OR_ONE), has(kind::ROOT_OR_MANY)) {
                    (false, false) => 0,
                    (true, false) => 1,
                    (false, true) => self.count(field::OVERS, field::OVERS)?,
                    (true, true) => return None,
                };
                self.over.clear();
                for _ in 0..over {
                    let id = self.overs()?;
                    self.over.push(id);
                }
                let written = self.written()?;
                Some(Row::Put { slot, over: Over::These(&self.over), written })
            }
            kind::DELETE => {
                let spans = self.count(field::COUNTS, field::COUNTS).filter(|spans| *spans > 0)?;
                self.spans.clear();
                for _ in 0..spans {
                    let first = self.elements()?;
                    let count = self.short(field::COUNTS).filter(|count| *count > 0)?;
                    self.elements = Cursor(first.plus(u64::from(count) - 1));
                    self.spans.push((first, count));
                }
                Some(Row::Delete { over: &self.spans })
            }
            kind::DELETE_FORWARD | kind::DELETE_BACK => {
                let first = self.elements()?;
                let step = if kind == kind::DELETE_BACK { Step::Back } else { Step::Forward };
                let lowest = match step {
                    Step::Forward => first.counter,
                    Step::Back => {
                        first.counter.checked_sub(u64::from(count - 1)).filter(|lowest| *lowest > 0)?
                    }
                };
                self.elements = Cursor(WireId { counter: lowest - 1, ..first });
                Some(Row::DeleteEach { first, count, step })
            }
            kind::ADD => {
                let counter = self.container(has(kind::SAME))?;
                let by = varint::unzigzag(self.number(field::COUNTS)?);
                Some(Row::Add { counter, by })
            }
            _ => None,
        }
    }

    fn container(&mut self, same: bool) -> Option<WireId> {
        match same {
            true => Some(self.containers.0).filter(|id| id.counter > 0),
            false => self.containers.read(&mut self.fields[field::CONTAINERS & self.places], self.last.len()),
        }
    }

    fn elements(&mut self) -> Option<WireId> {
        self.elements.read(&mut self.fields[field::ELEMENTS & self.places], self.last.len())
    }

    fn overs(&mut self) -> Option<WireId> {
        self.overs.read(&mut self.fields[field::OVERS & self.places], self.last.len())
    }

    fn scalars(&mut self, count: u32) -> Option<Run<'w>> {
        let contents = self.field(field::CONTENTS);
        let all = *contents;
        for _ in 0..count {
            match Content::read(contents)? {
                Content::Scalar(scalar) if scalar.is_sound() => {}
                _ => return None,
            }
        }
        Some(Run::new(&all[..all.len() - contents.len()]))
    }

    fn written(&mut self) -> Option<Written<'w, Wired>> {
        Some(match Content::read(self.field(field::CONTENTS))? {
            Content::Scalar(scalar) if scalar.is_sound() => Written::Scalar(scalar),
            Content::Scalar(_) => return None,
            Content::Make(kind) => Written::Container(Holds::Make(kind)),
            Content::Move => Written::Container(Holds::Move(self.overs()?)),
        })
    }

    fn chars(&mut self, count: u32) -> Option<&'w str> {
        match &mut self.chars {
            Some(chars) => take_chars(chars, count),
            None => take_chars_of_strip(&mut self.fields[0], count),
        }
    }
}

impl Cursor {
    /// Reads what [`Cursor::write`] wrote.
    fn read(&mut self, field: &mut &[u8], actors: usize) -> Option<WireId> {
        let number = varint::read(field)?;
        let far = varint::unzigzag(number >> 1);
        let actor = match number & 1 {
            0 => self.0.actor,
            _ => varint::read_u32(field)?,
        };
        let counter = self.0.counter.checked_add_signed(far);
        let counter = counter.filter(|counter| (1..=MAX_COUNTER).contains(counter))?;
        if actor as usize >= actors {
            return None;
        }
        self.0 = WireId { actor, counter };
        Some(self.0)
    }
}

/// Takes characters from the front.
fn take_chars<'c>(chars: &mut &'c str, count: u32) -> Option<&'c str> {
    let count = count as usize;
    let ascii = chars.as_bytes().get(..count).is_some_and(<[u8]>::is_ascii);
    let end = if ascii {
        count
    } else {
        let mut indices = chars.char_indices();
        indices.nth(count - 1)?;
        indices.offset()
    };
    let (taken, rest) = chars.split_at(end);
    *chars = rest;
    Some(taken)
}

/// Takes characters from the front of bytes, of which others may be no characters.
fn take_chars_of_strip<'c>(bytes: &mut &'c [u8], count: u32) -> Option<&'c str> {
    let mut end = 0;
    for _ in 0..count {
        end += match bytes.get(end)? {
            ..0x80 => 1,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
    }
    let (taken, rest) = bytes.split_at_checked(end)?;
    let taken = std::str::from_utf8(taken).ok()?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::Actor;
    use crate::crdt::wire::Writer;

    /// Returns what a header with these dependencies on `ann` reads as.
    fn depending_on(counters: &[u64]) -> Result<Option<Head>, Corrupt> {
        let wire = Writer::pack(1, |writer| {
            let [bob, ann] = ["bob", "ann"].map(|name| writer.actor(&Actor::new(name).unwrap()));
            let deps: Vec<WireId> = counters.iter().map(|&counter| WireId { actor: ann, counter }).collect();
            writer.head(bob, 6, 0, &deps, &[(1, 1)]);
        });
        Reader::new(&wire).unwrap().head()
    }

    #[test]
    fn dependencies_have_one_form() {
        assert!(depending_on(&[5]).is_ok_and(|head| head.is_some_and(|head| head.deps.len() == 1)));
        assert_eq!(depending_on(&[5, 5]), Err(Corrupt));
        assert_eq!(depending_on(&[5, 4]), Err(Corrupt));
        assert_eq!(depending_on(&[0]), Err(Corrupt));
    }
}
