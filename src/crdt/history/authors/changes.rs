//! Changes: where they begin, what they depend on, and what a clock lacks of them.

use std::ops::Range;

use smallvec::SmallVec;

use super::causality::NO_SPAN;
use super::{ActorIx, Authors, Header, Id, Span};
use crate::crdt::lv::Lv;
use crate::crdt::{Actor, Clock};

impl Authors {
    /// Begins a change of an actor. Its first counter is `first`, and it depends on `deps`, which are here.
    pub(in crate::crdt) fn begin(&mut self, actor: ActorIx, first: u64, deps: &[Lv]) {
        let from = self.len;
        let goes_on = deps.is_empty()
            && self.spans.last().is_some_and(|last| {
                last.actor == actor && last.counter + u64::from(from - last.from) == first
            });
        if !goes_on {
            let before = self.actors[actor.0 as usize].spans.last().copied();
            let mut parents: SmallVec<[Lv; 4]> = deps.into();
            parents.extend(self.last_op(actor));
            let (covers, block) = self.reach(&parents);
            self.follow(actor, deps);
            self.actors[actor.0 as usize].spans.push(self.spans.len() as u32);
            let (deps_from, previous) = (self.deps.len() as u32, before.unwrap_or(NO_SPAN));
            self.spans.push(Span { from, actor, counter: first, deps: deps_from, previous, covers, block });
            self.deps.extend_from_slice(deps);
        }
        self.start(from);
    }

    /// Begins a change of an actor that has seen all that is here.
    pub(in crate::crdt) fn begin_next(&mut self, actor: ActorIx) {
        // Its own last change had seen all: the next one goes on with it.
        if let [head] = self.heads[..]
            && head == actor
        {
            return self.start(self.len);
        }
        let deps = self.heads_beside(actor);
        self.begin(actor, self.highest + 1, &deps);
    }

    /// Returns the counter of the next op of the change that began last.
    pub(in crate::crdt) fn next_counter(&self) -> u64 {
        self.spans.last().map_or(1, |span| span.counter + u64::from(self.len - span.from))
    }

    /// Says that a change begins with this op, the next one or a later one.
    pub(in crate::crdt) fn start(&mut self, op: u32) {
        let word = (op / 64) as usize;
        if word >= self.starts.len() {
            self.starts.resize(word + 1, 0);
        }
        let (word, bit) = (&mut self.starts[word], 1 << (op % 64));
        self.change_count += u32::from(*word & bit == 0);
        *word |= bit;
    }

    /// Says that changes begin with some of 64 ops, for which there is room.
    fn mark_starts(&mut self, word: usize, bits: u64) {
        self.change_count += (bits & !self.starts[word]).count_ones();
        self.starts[word] |= bits;
    }

    /// Says where changes begin from an op on: for each length how many changes of it follow.
    pub(in crate::crdt) fn start_all(&mut self, from: u32, lengths: &[(u64, u64)]) {
        let mut at = from;
        for &(length, times) in lengths {
            if length > 1 {
                for _ in 0..times {
                    self.start(at);
                    at += length as u32;
                }
                continue;
            }
            let end = at + times as u32;
            let words = (end / 64 + 1) as usize;
            if words > self.starts.len() {
                self.starts.resize(words, 0);
            }
            while at < end {
                let bits = (64 - at % 64).min(end - at);
                self.mark_starts((at / 64) as usize, (u64::MAX >> (64 - bits)) << (at % 64));
                at += bits;
            }
        }
    }

    /// Returns the lengths of the changes in a range of ops that begins and ends with a change, and of how many
    /// in a row.
    pub(in crate::crdt) fn lengths(&self, ops: Range<u32>) -> Vec<(u64, u64)> {
        let mut lengths: Vec<(u64, u64)> = Vec::new();
        let mut add = |length: u64, times: u64| match lengths.last_mut() {
            Some((last, all)) if *last == length => *all += times,
            _ => lengths.push((length, times)),
        };
        let mut at = ops.start;
        while at < ops.end {
            // A word of changes of one op each.
            if at.is_multiple_of(64)
                && at + 64 < ops.end
                && self.word((at / 64) as usize) == u64::MAX
                && self.is_start(at + 64)
            {
                add(1, 64);
                at += 64;
                continue;
            }
            let end = self.change_end(at).min(ops.end);
            add(u64::from(end - at), 1);
            at = end;
        }
        lengths
    }

    /// Adds ops to the change that began last.
    pub(in crate::crdt) fn grow(&mut self, count: u32) {
        self.len += count;
    }

    /// Gets ready for changes of many actors, all of which are about to be added; until that is
    /// [over](Self::expect_no_more), the clock may name actors without changes.
    pub(in crate::crdt) fn expect<'a>(&mut self, actors: impl Iterator<Item = &'a Actor>) {
        self.clock.make_room(actors);
    }

    /// Ends what [`expect`](Self::expect) began.
    pub(in crate::crdt) fn expect_no_more(&mut self) {
        self.clock.drop_empty();
    }

    /// Moves the clock up to what was added last.
    pub(in crate::crdt) fn seal(&mut self) {
        let Some(span) = self.spans.last() else { return };
        let last = span.counter + u64::from(self.len - span.from) - 1;
        let author = &mut self.actors[span.actor.0 as usize];
        author.last = last;
        self.highest = self.highest.max(last);
        self.clock.advance_at(&author.name, last, &mut author.in_clock);
    }

    /// Tells whether a change begins with an op.
    pub(in crate::crdt) fn is_start(&self, op: u32) -> bool {
        self.word((op / 64) as usize) & (1 << (op % 64)) != 0
    }

    /// Tells which of 64 ops begin a change; after the last one that does, nothing is kept.
    pub(super) fn word(&self, word: usize) -> u64 {
        self.starts.get(word).copied().unwrap_or(0)
    }

    /// Returns the first op of the change that an op belongs to.
    pub(in crate::crdt) fn change_start(&self, op: u32) -> u32 {
        let mut word = (op / 64) as usize;
        let mut bits = self.word(word) & (u64::MAX >> (63 - op % 64));
        while bits == 0 {
            word = word.min(self.starts.len()) - 1;
            bits = self.word(word);
        }
        word as u32 * 64 + 63 - bits.leading_zeros()
    }

    /// Finds where the change that an op belongs to ends.
    pub(in crate::crdt) fn change_end(&self, op: u32) -> u32 {
        let mut word = ((op + 1) / 64) as usize;
        let Some(&bits) = self.starts.get(word) else { return self.len };
        let mut bits = bits & (u64::MAX << ((op + 1) % 64));
        while bits == 0 {
            word += 1;
            match self.starts.get(word) {
                Some(&next) => bits = next,
                None => return self.len,
            }
        }
        (word as u32 * 64 + bits.trailing_zeros()).min(self.len)
    }

    /// Tells whether a change ends before this op, or the history does.
    pub(in crate::crdt) fn is_end(&self, op: u32) -> bool {
        op == self.len || self.is_start(op)
    }

    /// Returns the first op of an actor whose counter is not below one. O(log n).
    pub(in crate::crdt) fn first_from(&self, actor: ActorIx, counter: u64) -> Option<Lv> {
        let spans = &self.actors[actor.0 as usize].spans;
        let at = spans.partition_point(|&span| self.spans[span as usize].counter <= counter);
        let before = at.checked_sub(1).and_then(|_| self.lv(Id { counter, actor }));
        before.or_else(|| spans.get(at).map(|&span| Lv::new(self.spans[span as usize].from)))
    }

    /// Returns the changes of an actor: the first op of each, and its last counter.
    pub(in crate::crdt) fn changes_of(&self, actor: ActorIx) -> impl Iterator<Item = (Lv, u64)> {
        let mut next = self.first_from(actor, 1);
        std::iter::from_fn(move || {
            let first = next?;
            let last = self.id(first).counter + u64::from(self.change_end(first.index()) - first.index()) - 1;
            next = self.first_from(actor, last + 1);
            Some((first, last))
        })
    }

    /// Returns what the ops from one on have in common, up to the end of their span or to `end`. The op must
    /// begin a change.
    pub(in crate::crdt) fn header(&self, op: u32, end: u32) -> Header<'_> {
        let index = self.span(op);
        let span = &self.spans[index];
        let first = span.counter + u64::from(op - span.from);
        let end = self.span_end(index).min(end);
        if op > span.from {
            return Header { actor: span.actor, first, previous: first - 1, deps: &[], start: op, end };
        }
        let previous = self.previous(index).map_or(0, |previous| self.id(previous).counter);
        let deps = &self.deps[self.deps_of(index)];
        Header { actor: span.actor, first, previous, deps, start: op, end }
    }

    /// Returns the ops that a clock does not cover, in the order of application. Costs what it returns, and
    /// O(log n) for each actor.
    pub(in crate::crdt) fn since(&self, clock: &Clock) -> Vec<Range<u32>> {
        let mut ranges = Vec::new();
        for author in &self.actors {
            let seen = clock.get(&author.name);
            if seen >= author.last {
                continue;
            }
            let at = author.spans.partition_point(|&span| self.spans[span as usize].counter <= seen);
            for &index in &author.spans[at.saturating_sub(1)..] {
                let span = &self.spans[index as usize];
                let end = self.span_end(index as usize);
                let skip = (seen + 1).saturating_sub(span.counter).min(u64::from(end - span.from)) as u32;
                let start = span.from + skip;
                if start < end {
                    // A clock may end in the middle of a change, which then is new as a whole.
                    ranges.push(if skip > 0 { self.change_start(start)..end } else { start..end });
                }
            }
        }
        ranges.sort_unstable_by_key(|range| range.start);
        ranges
    }
}
