//! Undo of what was added since a mark, and the invariants.

use super::{Authors, Mark};
use crate::crdt::Clock;

impl Authors {
    /// Returns what is needed to undo what is added from now on.
    pub(in crate::crdt) fn mark(&self) -> Mark {
        Mark { actors: self.actors.len(), spans: self.spans.len(), deps: self.deps.len(), len: self.len }
    }

    /// Forgets everything since a mark. O(actors), and what is forgotten.
    pub(in crate::crdt) fn truncate(&mut self, mark: Mark) {
        for author in self.actors.drain(mark.actors..) {
            self.by_name.remove(&author.name);
        }
        self.spans.truncate(mark.spans);
        self.deps.truncate(mark.deps);
        self.len = mark.len;
        let last = (mark.len / 64) as usize;
        self.starts.get(last..).into_iter().flatten().for_each(|word| self.change_count -= word.count_ones());
        self.starts.truncate(last + 1);
        if let Some(last) = self.starts.get_mut(last) {
            *last &= (1 << (mark.len % 64)) - 1;
            self.change_count += last.count_ones();
        }
        self.clock = Clock::new();
        self.highest = 0;
        for actor in self.actors() {
            let spans = &mut self.actors[actor.0 as usize].spans;
            while spans.last().is_some_and(|&span| span as usize >= mark.spans) {
                spans.pop();
            }
            let last = self.actors[actor.0 as usize].spans.last().map_or(0, |&span| {
                let span = span as usize;
                self.spans[span].counter + u64::from(self.span_end(span) - self.spans[span].from) - 1
            });
            let author = &mut self.actors[actor.0 as usize];
            author.last = last;
            self.clock.advance(&author.name, last);
            self.highest = self.highest.max(last);
            // What was seen only grows: it is found anew from the dependencies.
            author.seen.clear();
        }
        for index in 0..self.spans.len() {
            let header = self.header(self.spans[index].from, self.len);
            let (actor, deps) = (header.actor, header.deps.to_vec());
            deps.into_iter().for_each(|dep| self.see(actor, dep));
        }
    }

    /// Verifies the invariants. O(n).
    pub(in crate::crdt) fn check(&self) -> Result<(), String> {
        let mut clock = Clock::new();
        let mut op = 0;
        while op < self.len {
            let header = self.header(op, self.len);
            let name = self.name(header.actor);
            let there = header.deps.iter().all(|dep| clock.get(self.name(dep.actor)) >= dep.counter);
            if clock.get(name) != header.previous || !there || !self.is_start(op) {
                return Err(format!("{}@{name} was applied before what it depends on", header.first));
            }
            let highest = header.deps.iter().map(|dep| dep.counter).fold(header.previous, u64::max);
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
        Ok(())
    }
}
