//! Undo of what was added since a mark, and the invariants.

use std::collections::BTreeSet;

use super::{ActorIx, Authors, Mark};
use crate::crdt::Clock;

impl Authors {
    /// Returns what is needed to undo what is added from now on. O(heads).
    pub(in crate::crdt) fn mark(&self) -> Mark {
        let mut mark = Mark::default();
        self.remark(&mut mark);
        mark
    }

    /// Marks as [`mark`](Self::mark) does, in the place of an older mark.
    pub(in crate::crdt) fn remark(&self, mark: &mut Mark) {
        mark.actors = self.actors.len();
        mark.spans = self.spans.len();
        mark.deps = self.deps.len();
        mark.len = self.len;
        mark.highest = self.highest;
        match (&mark.heads[..], &self.heads[..]) {
            // They seldom change.
            ([was], [is]) if was == is => {}
            _ => mark.heads.clone_from(&self.heads),
        }
    }

    /// Forgets everything since a mark. Costs what is forgotten.
    pub(in crate::crdt) fn truncate(&mut self, mark: &Mark) {
        // The last span that stays may have grown.
        let touched = self.spans[mark.spans.saturating_sub(1)..].iter().map(|span| span.actor);
        let touched: BTreeSet<ActorIx> = touched.collect();
        self.spans.truncate(mark.spans);
        self.deps.truncate(mark.deps);
        self.heads.clone_from(&mark.heads);
        self.len = mark.len;
        self.highest = mark.highest;
        let last = (mark.len / 64) as usize;
        self.starts.get(last..).into_iter().flatten().for_each(|word| self.change_count -= word.count_ones());
        self.starts.truncate(last + 1);
        if let Some(last) = self.starts.get_mut(last) {
            *last &= (1 << (mark.len % 64)) - 1;
            self.change_count += last.count_ones();
        }
        let mut has_emptied = false;
        for actor in touched {
            let spans = &mut self.actors[actor.0 as usize].spans;
            while spans.last().is_some_and(|&span| span as usize >= mark.spans) {
                spans.pop();
            }
            let last = self.last_op(actor).map_or(0, |last| self.id(last).counter);
            let author = &mut self.actors[actor.0 as usize];
            author.last = author.last.min(last);
            self.clock.retreat(&author.name, author.last);
            has_emptied |= author.last == 0;
        }
        if has_emptied {
            self.clock.drop_empty();
        }
        for author in self.actors.drain(mark.actors..) {
            self.by_name.remove(&author.name);
        }
    }

    /// Verifies the invariants. O(n).
    pub(in crate::crdt) fn check(&self) -> Result<(), String> {
        let mut clock = Clock::new();
        let mut op = 0;
        while op < self.len {
            let header = self.header(op, self.len);
            let name = self.name(header.actor);
            let there = header
                .deps
                .iter()
                .map(|dep| self.id(*dep))
                .all(|dep| clock.get(self.name(dep.actor)) >= dep.counter);
            if clock.get(name) != header.previous || !there || !self.is_start(op) {
                return Err(format!("{}@{name} was applied before what it depends on", header.first));
            }
            let highest = header.deps.iter().map(|dep| self.id(*dep).counter).fold(header.previous, u64::max);
            if header.first != highest + 1 {
                return Err(format!("{}@{name} should be {}", header.first, highest + 1));
            }
            clock.advance(name, header.first + u64::from(header.end - op) - 1);
            op = header.end;
        }
        let starts: u32 = self.starts.iter().map(|word| word.count_ones()).sum();
        if starts != self.change_count {
            return Err(format!("there are {starts} changes, not {}", self.change_count));
        }
        if clock != self.clock || clock.highest() != self.highest {
            return Err(format!("the clock is {}, not {clock}", self.clock));
        }
        self.check_heads()?;
        Ok(())
    }
}
