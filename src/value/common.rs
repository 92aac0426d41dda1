//! Common parts of two sequences: items that occur once on both sides come first (patience
//! difference), then the shortest edits between those (see `myers`).

use crate::cancellation::ask;
use std::ops::Range;

use super::myers::{Myers, Run, common_head, common_tail};

/// Returns the runs that two sequences of small numbers (all less than `names`) have in common, in their order.
///
/// When the items occur once each, it is a longest common subsequence; in general it is a good one.
/// O(n log n), whatever the input.
pub(crate) fn common(old: &[u32], new: &[u32], names: usize) -> Vec<Run> {
    let seen = vec![Seen::default(); names];
    let mut search = Search { old, new, seen, myers: Myers::new(EFFORT), found: Vec::new() };
    search.range(0..old.len(), 0..new.len(), 0);
    search.found
}

/// The number of times that the gaps between unique items are searched for unique items again.
const DEPTH: usize = 8;

/// The steps that every search may make, and those that an item adds to them.
const EFFORT: usize = 1 << 20;
const EFFORT_EACH: usize = 4;

#[derive(Clone, Default)]
struct Seen {
    old: u32,
    new: u32,
    /// The last place in `old`.
    at: usize,
}

struct Search<'a> {
    old: &'a [u32],
    new: &'a [u32],
    /// Invariant: zero between two calls.
    seen: Vec<Seen>,
    myers: Myers,
    found: Vec<Run>,
}

impl Search<'_> {
    fn range(&mut self, mut o: Range<usize>, mut n: Range<usize>, depth: usize) {
        let head = common_head(&self.old[o.clone()], &self.new[n.clone()]);
        self.add(Run { old: o.start, new: n.start, len: head });
        (o.start, n.start) = (o.start + head, n.start + head);
        let tail = common_tail(&self.old[o.clone()], &self.new[n.clone()]);
        (o.end, n.end) = (o.end - tail, n.end - tail);
        if !o.is_empty() && !n.is_empty() {
            self.middle(&o, &n, depth);
        }
        self.add(Run { old: o.end, new: n.end, len: tail });
    }

    fn middle(&mut self, o: &Range<usize>, n: &Range<usize>, depth: usize) {
        let Some(unique) = self.unique(o, n) else { return };
        if unique.is_empty() || depth == DEPTH {
            return self.repeated(o, n);
        }
        let (mut from_o, mut from_n) = (o.start, n.start);
        for (at_o, at_n) in unique {
            self.range(from_o..at_o, from_n..at_n, depth + 1);
            self.add(Run { old: at_o, new: at_n, len: 1 });
            (from_o, from_n) = (at_o + 1, at_n + 1);
        }
        self.range(from_o..o.end, from_n..n.end, depth + 1);
    }

    fn add(&mut self, run: Run) {
        match self.found.last_mut() {
            _ if run.len == 0 => {}
            Some(last) if last.old + last.len == run.old && last.new + last.len == run.new => {
                last.len += run.len;
            }
            _ => self.found.push(run),
        }
    }

    /// Returns items that occur once in both ranges, as an increasing chain; `None` when nothing occurs in both.
    fn unique(&mut self, o: &Range<usize>, n: &Range<usize>) -> Option<Vec<(usize, usize)>> {
        for at in o.clone() {
            ask();
            let seen = &mut self.seen[self.old[at] as usize];
            (seen.old, seen.at) = (seen.old + 1, at);
        }
        for at in n.clone() {
            self.seen[self.new[at] as usize].new += 1;
        }
        let mut any = false;
        let mut once = Vec::new();
        for at in n.clone() {
            let seen = &self.seen[self.new[at] as usize];
            any |= seen.old > 0;
            if seen.old == 1 && seen.new == 1 {
                once.push((seen.at, at));
            }
        }
        for &name in self.old[o.clone()].iter().chain(&self.new[n.clone()]) {
            self.seen[name as usize] = Seen::default();
        }
        any.then(|| increasing(once))
    }

    /// Adds the ranges whose common items are repeated: the fewest edits; where that is too much effort, the first
    /// occurrence with the first and the second with the second, when that is more.
    fn repeated(&mut self, o: &Range<usize>, n: &Range<usize>) {
        self.myers.allow(EFFORT_EACH * (o.len() + n.len()));
        let (runs, finished) = self.myers.runs(self.old, self.new, o.clone(), n.clone());
        if !finished {
            let in_turn = self.by_occurrence(o, n);
            if in_turn.len() > runs.iter().map(|run| run.len).sum() {
                return in_turn.into_iter().for_each(|(old, new)| self.add(Run { old, new, len: 1 }));
            }
        }
        runs.into_iter().for_each(|run| self.add(run));
    }

    fn by_occurrence(&self, o: &Range<usize>, n: &Range<usize>) -> Vec<(usize, usize)> {
        let by_name = |items: &[u32], range: &Range<usize>| {
            let mut sorted: Vec<_> = range.clone().map(|at| (items[at], at)).collect();
            sorted.sort_unstable();
            sorted.into_iter().peekable()
        };
        let (mut olds, mut news) = (by_name(self.old, o), by_name(self.new, n));
        let mut pairs = Vec::new();
        while let (Some(&(old, at_o)), Some(&(new, at_n))) = (olds.peek(), news.peek()) {
            if old == new {
                pairs.push((at_o, at_n));
            }
            olds.next_if(|_| old <= new);
            news.next_if(|_| new <= old);
        }
        pairs.sort_unstable_by_key(|&(_, at_n)| at_n);
        increasing(pairs)
    }
}

/// Returns the longest chain of pairs that increases on both sides, of several the one that ends first; the pairs
/// come sorted by their second part, and each first part occurs once. O(n log n).
pub(crate) fn increasing(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    // ends[k] is the pair that ends the best chain of length k + 1; before[i] the pair before i.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let mut last = None;
    for (i, pair) in pairs.iter().enumerate() {
        ask();
        let length = match ends.last() {
            Some(&last) if pairs[last].0 < pair.0 => ends.len(),
            _ => ends.partition_point(|&end| pairs[end].0 < pair.0),
        };
        before.push(length.checked_sub(1).map(|k| ends[k]));
        if length == ends.len() {
            ends.push(i);
            last = Some(i);
        } else {
            ends[length] = i;
        }
    }
    let mut chain: Vec<_> = std::iter::successors(last, |&i| before[i]).map(|i| pairs[i]).collect();
    chain.reverse();
    chain
}
