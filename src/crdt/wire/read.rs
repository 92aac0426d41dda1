//! Reading: columns into rows. Bytes may say anything: what they say is an error or a row.

use smallvec::SmallVec;
use thiserror::Error;

use super::{Columns, Cursor, Wire, WireId, Wired, kind};
use crate::crdt::contents::{Content, Run};
use crate::crdt::row::{Holds, Over, Row, Step, Target, Written};
use crate::crdt::{MAX_COUNTER, Side, varint};

/// Columns that end too early, or say what cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the data is damaged")]
pub struct Corrupt;

/// Changes with consecutive counters, of which only the first depends on others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::crdt) struct Head {
    pub(in crate::crdt) actor: u32,
    /// The counter of the first op.
    pub(in crate::crdt) first: u64,
    pub(in crate::crdt) previous: u64,
    pub(in crate::crdt) deps: SmallVec<[WireId; 2]>,
    /// The ops of each change: how many, and of how many changes in a row.
    pub(in crate::crdt) lengths: SmallVec<[(u64, u64); 2]>,
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
    heads: &'w [u8],
    lengths: &'w [u8],
    kinds: &'w [u8],
    counts: &'w [u8],
    containers: (Cursor, &'w [u8]),
    elements: (Cursor, &'w [u8]),
    overs: (Cursor, &'w [u8]),
    keys: &'w [u8],
    contents: &'w [u8],
    chars: &'w str,
    last: SmallVec<[u64; 4]>,
    /// The last header that depends on each actor, by its number from 1.
    named: SmallVec<[u32; 4]>,
    headers: u32,
    /// The next op.
    op: WireId,
    /// The ops that are left under the last header.
    left: u64,
    /// The changes and ops that are to come under other headers.
    to_come: (u64, u64),
    last_key: u32,
    over: Vec<WireId>,
    spans: Vec<(WireId, u32)>,
}

impl<'w> Reader<'w> {
    pub(in crate::crdt) fn new(wire: &'w Wire) -> Result<Self, Corrupt> {
        let Columns { heads, lengths, kinds, counts, containers, elements, overs, keys, contents, chars } =
            &wire.columns;
        Ok(Self {
            wire,
            heads,
            lengths,
            kinds,
            counts,
            containers: (Cursor::default(), containers),
            elements: (Cursor::default(), elements),
            overs: (Cursor::default(), overs),
            keys,
            contents,
            chars: std::str::from_utf8(chars).map_err(|_| Corrupt)?,
            last: SmallVec::from_elem(0, wire.actors.len()),
            named: SmallVec::from_elem(0, wire.actors.len()),
            headers: 0,
            op: WireId::default(),
            left: 0,
            to_come: (wire.changes as u64, wire.ops),
            last_key: 0,
            over: Vec::new(),
            spans: Vec::new(),
        })
    }

    /// Returns the next header; `None` at the end. The rows of the one before must have been read.
    pub(in crate::crdt) fn head(&mut self) -> Result<Option<Head>, Corrupt> {
        if self.left > 0 {
            return Err(Corrupt);
        }
        if self.heads.is_empty() {
            let rest =
                [self.lengths, self.kinds, self.counts, self.containers.1, self.elements.1, self.overs.1];
            let empty = rest.iter().all(|rest| rest.is_empty()) && self.keys.is_empty();
            let empty = empty && self.contents.is_empty() && self.chars.is_empty();
            let empty = empty && self.to_come == (0, 0);
            return if empty { Ok(None) } else { Err(Corrupt) };
        }
        let head = self.read_head().ok_or(Corrupt)?;
        let (changes, ops) = self.to_come;
        let left = changes.checked_sub(head.changes()).zip(ops.checked_sub(head.ops));
        self.to_come = left.ok_or(Corrupt)?;
        self.last[head.actor as usize] = head.last();
        self.op = WireId { actor: head.actor, counter: head.first };
        self.left = head.ops;
        Ok(Some(head))
    }

    fn read_head(&mut self) -> Option<Head> {
        let heads = &mut self.heads;
        let actor = varint::read_u32(heads)?;
        let expected = *self.last.get(actor as usize)?;
        let previous = expected.wrapping_add_signed(varint::unzigzag(varint::read(heads)?));
        let count = usize::try_from(varint::read(heads)?).ok().filter(|count| *count <= heads.len())?;
        let mut deps: SmallVec<[WireId; 2]> = SmallVec::with_capacity(count);
        self.headers = self.headers.checked_add(1)?;
        for _ in 0..count {
            let actor = varint::read_u32(heads)?;
            // Each actor once: the same dependencies have one form.
            let before = std::mem::replace(self.named.get_mut(actor as usize)?, self.headers);
            let counter = previous.wrapping_add_signed(varint::unzigzag(varint::read(heads)?));
            if before == self.headers || counter == 0 {
                return None;
            }
            deps.push(WireId { actor, counter });
        }
        let highest = deps.iter().map(|dep| dep.counter).fold(previous, u64::max);
        let first = highest.wrapping_add(1).wrapping_add_signed(varint::unzigzag(varint::read(heads)?));
        if first == 0 || [first, highest].iter().any(|counter| *counter > MAX_COUNTER) {
            return None;
        }
        let runs = usize::try_from(varint::read(heads)?).ok().filter(|runs| *runs <= self.lengths.len())?;
        let (mut lengths, mut ops) = (SmallVec::with_capacity(runs), 0u64);
        for _ in 0..runs {
            let length = varint::read(&mut self.lengths).filter(|length| *length > 0)?;
            let times = varint::read(&mut self.lengths).filter(|times| *times > 0)?;
            ops = ops.checked_add(length.checked_mul(times)?)?;
            lengths.push((length, times));
        }
        let fits = ops > 0 && ops <= MAX_COUNTER - first + 1;
        fits.then_some(Head { actor, first, previous, deps, lengths, ops })
    }

    /// Returns the next row; `None` when all under the header were read.
    pub(in crate::crdt) fn row(&mut self) -> Result<Option<Row<'_, Wired>>, Corrupt> {
        if self.left == 0 {
            return Ok(None);
        }
        self.read_row().ok_or(Corrupt).map(Some)
    }

    fn read_row(&mut self) -> Option<Row<'_, Wired>> {
        let (&byte, kinds) = self.kinds.split_first()?;
        self.kinds = kinds;
        let has = |flag: u8| byte & flag != 0;
        let kind = byte & kind::MASK;
        let many = matches!(kind, kind::TYPE | kind::ITEMS | kind::DELETE_FORWARD | kind::DELETE_BACK);
        let count = if many && !has(kind::SINGLE) { varint::read_u32(&mut self.counts)? } else { 1 };
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
                self.elements.0 = Cursor(last);
                Some(match kind {
                    kind::TYPE => {
                        let chars = take_chars(&mut self.chars, count)?;
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
                        let far = varint::unzigzag(varint::read(&mut self.keys)?);
                        let key = u32::try_from(i64::from(self.last_key).checked_add(far)?).ok()?;
                        self.last_key = key;
                        self.wire.keys.get(key as usize)?;
                        Target::Key { map: self.container(has(kind::SAME))?, key }
                    }
                    _ => Target::Item { list: self.container(has(kind::SAME))?, item: self.elements()? },
                };
                let over = match (has(kind::LEFT_OR_ONE), has(kind::ROOT_OR_MANY)) {
                    (false, false) => 0,
                    (true, false) => 1,
                    (false, true) => varint::read(&mut self.overs.1)?,
                    (true, true) => return None,
                };
                if over > self.overs.1.len() as u64 {
                    return None;
                }
                self.over.clear();
                for _ in 0..over {
                    let id = read_id(&mut self.overs, self.last.len())?;
                    self.over.push(id);
                }
                let written = self.written()?;
                Some(Row::Put { slot, over: Over::These(&self.over), written })
            }
            kind::DELETE => {
                let spans = varint::read(&mut self.counts)?;
                if spans == 0 || spans > self.counts.len() as u64 {
                    return None;
                }
                self.spans.clear();
                for _ in 0..spans {
                    let first = self.elements()?;
                    let count = varint::read_u32(&mut self.counts).filter(|count| *count > 0)?;
                    self.elements.0 = Cursor(first.plus(u64::from(count) - 1));
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
                self.elements.0 = Cursor(WireId { counter: lowest - 1, ..first });
                Some(Row::DeleteEach { first, count, step })
            }
            kind::ADD => {
                let counter = self.container(has(kind::SAME))?;
                let by = varint::unzigzag(varint::read(&mut self.counts)?);
                Some(Row::Add { counter, by })
            }
            _ => None,
        }
    }

    fn container(&mut self, same: bool) -> Option<WireId> {
        match same {
            true => Some(self.containers.0.0).filter(|id| id.counter > 0),
            false => read_id(&mut self.containers, self.last.len()),
        }
    }

    fn elements(&mut self) -> Option<WireId> {
        read_id(&mut self.elements, self.last.len())
    }

    fn scalars(&mut self, count: u32) -> Option<Run<'w>> {
        let all = self.contents;
        for _ in 0..count {
            match Content::read(&mut self.contents)? {
                Content::Scalar(scalar) if scalar.is_sound() => {}
                _ => return None,
            }
        }
        Some(Run::new(&all[..all.len() - self.contents.len()]))
    }

    fn written(&mut self) -> Option<Written<'w, Wired>> {
        Some(match Content::read(&mut self.contents)? {
            Content::Scalar(scalar) if scalar.is_sound() => Written::Scalar(scalar),
            Content::Scalar(_) => return None,
            Content::Make(kind) => Written::Container(Holds::Make(kind)),
            Content::Move => Written::Container(Holds::Move(read_id(&mut self.overs, self.last.len())?)),
        })
    }
}

/// Reads what [`Cursor::write`] wrote.
fn read_id((cursor, column): &mut (Cursor, &[u8]), actors: usize) -> Option<WireId> {
    let number = varint::read(column)?;
    let far = varint::unzigzag(number >> 1);
    let actor = match number & 1 {
        0 => cursor.0.actor,
        _ => varint::read_u32(column)?,
    };
    let counter =
        cursor.0.counter.checked_add_signed(far).filter(|counter| (1..=MAX_COUNTER).contains(counter))?;
    if actor as usize >= actors {
        return None;
    }
    let id = WireId { actor, counter };
    *cursor = Cursor(id);
    Some(id)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::Actor;
    use crate::crdt::wire::Writer;

    /// Returns what a header with these dependencies on `ann` reads as.
    fn depending_on(counters: &[u64]) -> Result<Option<Head>, Corrupt> {
        let mut writer = Writer::default();
        let [bob, ann] = ["bob", "ann"].map(|name| writer.actor(&Actor::new(name).unwrap()));
        let deps: Vec<WireId> = counters.iter().map(|&counter| WireId { actor: ann, counter }).collect();
        writer.head(bob, 6, 0, &deps, &[(1, 1)]);
        Reader::new(&writer.finish()).unwrap().head()
    }

    #[test]
    fn dependencies_have_one_form() {
        assert!(depending_on(&[5]).is_ok_and(|head| head.is_some_and(|head| head.deps.len() == 1)));
        assert_eq!(depending_on(&[5, 5]), Err(Corrupt));
        assert_eq!(depending_on(&[5, 4]), Err(Corrupt));
        assert_eq!(depending_on(&[0]), Err(Corrupt));
    }
}
