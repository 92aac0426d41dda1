//! Packed changes, taken apart one after the other: no more than one of them is in memory at a time.

use super::{Corrupt, Head, Reader, Wire, WireId, Wired};
use crate::cancellation::ask;
use crate::crdt::contents::Run;
use crate::crdt::row::{Row, Step};
use crate::crdt::{Change, Clock, Side};

/// The changes of a wire, from the front.
pub(in crate::crdt) struct Unpacked<'w> {
    wire: &'w Wire,
    reader: Reader<'w>,
    head: Head,
    /// The next op under the header.
    at: u64,
    /// The next length of a change: the run in which it is, and its number there.
    length: (usize, u64),
    /// The rest of a row that goes on in the next change.
    rest: Option<Rest>,
}

/// The rest of a row that several changes share.
struct Rest {
    /// How the first element hangs; of deletes the first that is deleted.
    of: WireId,
    parent: Option<WireId>,
    side: Side,
    step: Step,
    count: u32,
    what: What,
    /// The number of bytes that were used.
    used: usize,
}

enum What {
    Chars(String),
    Scalars(Vec<u8>),
    Deletes,
}

impl Rest {
    /// Keeps the rest of a row; `None` for a row that is never cut.
    fn of(row: &Row<'_, Wired>) -> Option<Self> {
        let new =
            |of, parent, side, step, count, what| Some(Self { of, parent, side, step, count, what, used: 0 });
        match *row {
            Row::Type { text, parent, side, chars, count } => {
                new(text, parent, side, Step::Forward, count, What::Chars(chars.to_owned()))
            }
            Row::Items { list, parent, side, scalars, count } => {
                new(list, parent, side, Step::Forward, count, What::Scalars(scalars.bytes().to_vec()))
            }
            Row::DeleteEach { first, count, step } => {
                new(first, None, Side::Right, step, count, What::Deletes)
            }
            _ => None,
        }
    }

    fn row(&self) -> Row<'_, Wired> {
        let Self { of, parent, side, step, count, used, .. } = *self;
        match &self.what {
            What::Chars(chars) => Row::Type { text: of, parent, side, chars: &chars[used..], count },
            What::Scalars(bytes) => {
                Row::Items { list: of, parent, side, scalars: Run::new(&bytes[used..]), count }
            }
            What::Deletes => Row::DeleteEach { first: of, count, step },
        }
    }

    /// Returns what this is once only a rest of it is left: what comes first, how it hangs, and what was used.
    fn later(&self, row: &Row<'_, Wired>) -> Option<(WireId, Option<WireId>, Side, u32, usize)> {
        let left = |all: usize, left: usize| all - left;
        Some(match (*row, &self.what) {
            (Row::Type { text, parent, side, chars: rest, count }, What::Chars(chars)) => {
                (text, parent, side, count, left(chars.len(), rest.len()))
            }
            (Row::Items { list, parent, side, scalars, count }, What::Scalars(bytes)) => {
                (list, parent, side, count, left(bytes.len(), scalars.bytes().len()))
            }
            (Row::DeleteEach { first, count, .. }, What::Deletes) => (first, None, Side::Right, count, 0),
            _ => return None,
        })
    }
}

impl Wire {
    /// Returns the changes, each of which is taken apart when it is asked for.
    pub(in crate::crdt) fn unpacked(&self) -> Result<Unpacked<'_>, Corrupt> {
        let reader = Reader::new(self)?;
        Ok(Unpacked { wire: self, reader, head: Head::default(), at: 0, length: (0, 0), rest: None })
    }

    /// Takes all changes apart.
    pub(in crate::crdt) fn unpack(&self) -> Result<Vec<Change>, Corrupt> {
        self.unpacked()?.collect()
    }
}

impl Unpacked<'_> {
    fn change(&mut self) -> Result<Option<Change>, Corrupt> {
        if self.at == self.head.ops {
            let Some(head) = self.reader.head()? else { return Ok(None) };
            (self.head, self.at, self.length) = (head, 0, (0, 0));
        }
        let Self { wire, reader, head, at, rest, .. } = self;
        let (run, number) = self.length;
        let &(length, times) = head.lengths.get(run).ok_or(Corrupt)?;
        self.length = if number + 1 == times { (run + 1, 0) } else { (run, number + 1) };
        let (first, end) = (head.first + *at, *at + length);
        let (previous, deps): (u64, Clock) = match *at {
            0 => {
                let deps = head.deps.iter().map(|dep| wire.public(*dep));
                (head.previous, deps.map(|id| (id.actor, id.counter)).collect())
            }
            _ => (first - 1, Clock::new()),
        };
        let actor = wire.actors[head.actor as usize].clone();
        let mut change = Change { actor, first, previous, deps, ops: Vec::new() };
        while *at < end {
            ask();
            let id = WireId { actor: head.actor, counter: head.first + *at };
            let left = u32::try_from(end - *at).unwrap_or(u32::MAX);
            let Some(mut kept) = rest.take() else {
                let row = reader.row()?.ok_or(Corrupt)?;
                let (now, later) = row.split(id, left);
                *at += u64::from(now.count());
                wire.unpack_row(id, &now, &mut change.ops);
                *rest = later.as_ref().and_then(Rest::of);
                continue;
            };
            let (now, later) = kept.row().split(id, left);
            *at += u64::from(now.count());
            wire.unpack_row(id, &now, &mut change.ops);
            if let Some((of, parent, side, count, used)) = later.and_then(|later| kept.later(&later)) {
                kept = Rest { of, parent, side, count, used, ..kept };
                *rest = Some(kept);
            }
        }
        // It may wait for long.
        change.ops.shrink_to_fit();
        Ok(Some(change))
    }
}

impl Iterator for Unpacked<'_> {
    type Item = Result<Change, Corrupt>;

    fn next(&mut self) -> Option<Self::Item> {
        self.change().transpose()
    }
}
