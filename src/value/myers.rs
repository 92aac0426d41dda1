//! Common parts of two sequences, with the least edits: Myers, *An O(ND) Difference Algorithm and
//! Its Variations* (1986), in linear space, and with an effort that ends.

use crate::cancellation::ask;
use std::ops::Range;

/// A stretch that stands in both sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) old: usize,
    pub(crate) new: usize,
    pub(crate) len: usize,
}

/// The distance that the search goes from each end before it is content with the furthest point it saw.
const EDITS: isize = 1_024;

/// The number of equal items in a row that are the effort of one step.
const EQUAL: usize = 8;

/// A diagonal that cannot be reached.
const NOWHERE: isize = isize::MIN / 2;

/// The search for common runs; keeps its memory for the next search.
pub(super) struct Myers {
    forward: Frontier,
    backward: Frontier,
    /// The steps that may still be made.
    effort: usize,
}

impl Myers {
    pub(super) fn new(effort: usize) -> Self {
        Self { forward: Frontier::new(), backward: Frontier::new(), effort }
    }

    /// Allows for more steps.
    pub(super) fn allow(&mut self, effort: usize) {
        self.effort = self.effort.saturating_add(effort);
    }

    /// Returns the runs that two ranges have in common, in their order; and whether the search was finished.
    /// Where the allowed effort ended, nothing is found. O((o + n) d) for d edits.
    pub(super) fn runs<T: Eq>(
        &mut self,
        old: &[T],
        new: &[T],
        o: Range<usize>,
        n: Range<usize>,
    ) -> (Vec<Run>, bool) {
        let mut finished = true;
        let mut runs = Vec::new();
        let mut boxes = vec![(o, n)];
        while let Some((mut o, mut n)) = boxes.pop() {
            let head = common_head(&old[o.clone()], &new[n.clone()]);
            runs.push(Run { old: o.start, new: n.start, len: head });
            (o.start, n.start) = (o.start + head, n.start + head);
            let tail = common_tail(&old[o.clone()], &new[n.clone()]);
            (o.end, n.end) = (o.end - tail, n.end - tail);
            runs.push(Run { old: o.end, new: n.end, len: tail });
            self.effort = self.effort.saturating_sub((head + tail) / EQUAL);
            if o.is_empty() || n.is_empty() {
                continue;
            }
            match self.split(&old[o.clone()], &new[n.clone()]) {
                Some((x, y)) => {
                    boxes.push((o.start + x..o.end, n.start + y..n.end));
                    boxes.push((o.start..o.start + x, n.start..n.start + y));
                }
                None => finished = false,
            }
        }
        runs.retain(|run| run.len > 0);
        runs.sort_unstable();
        (runs, finished)
    }

    /// Returns a point on a shortest way through the box, or on a good one; never a corner where it starts or
    /// ends. The ends of the two sides differ. `None` when the effort is used up.
    fn split<T: Eq>(&mut self, old: &[T], new: &[T]) -> Option<(usize, usize)> {
        let (width, height) = (old.len(), new.len());
        let (w, h) = (width as isize, height as isize);
        let delta = w - h;
        let odd = delta & 1 == 1;
        let Self { forward, backward, effort } = self;
        for d in 0..=EDITS {
            if *effort == 0 {
                return None;
            }
            let equal = |x: usize, y: usize| old[x] == new[y];
            let met = |k: isize, x| odd && (delta - k).abs() < d && backward.at(delta - k) + x >= w;
            if let Some((x, y)) = forward.advance(d, (w, h), equal, met, effort) {
                return Some((x, y));
            }
            let equal = |x: usize, y: usize| old[width - 1 - x] == new[height - 1 - y];
            let met = |k: isize, x| !odd && (delta - k).abs() <= d && forward.at(delta - k) + x >= w;
            if let Some((x, y)) = backward.advance(d, (w, h), equal, met, effort) {
                return Some((width - x, height - y));
            }
        }
        let (ahead, back) = (forward.furthest(), backward.furthest());
        Some(if ahead.0 + ahead.1 >= back.0 + back.1 { ahead } else { (width - back.0, height - back.1) })
    }
}

/// Counts how many items at the start are equal.
pub(super) fn common_head<T: Eq>(a: &[T], b: &[T]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Counts how many items at the end are equal.
pub(super) fn common_tail<T: Eq>(a: &[T], b: &[T]) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// The distance that one can get from a corner with so many edits, on each diagonal `k = x - y`.
struct Frontier {
    reach: Vec<isize>,
}

impl Frontier {
    fn new() -> Self {
        Self { reach: vec![NOWHERE; 2 * EDITS as usize + 3] }
    }

    fn index(k: isize) -> usize {
        (k + EDITS + 1) as usize
    }

    fn at(&self, k: isize) -> isize {
        self.reach[Self::index(k)]
    }

    /// Goes from the points of `d - 1` edits to those of `d`; returns a point where the other side is `met`.
    fn advance(
        &mut self,
        d: isize,
        (w, h): (isize, isize),
        equal: impl Fn(usize, usize) -> bool,
        met: impl Fn(isize, isize) -> bool,
        effort: &mut usize,
    ) -> Option<(usize, usize)> {
        self.reach[Self::index(d + 1)] = NOWHERE;
        self.reach[Self::index(-d - 1)] = NOWHERE;
        // Diagonals inside the box that `d` edits can end on: every other one.
        let (low, high) = (-d.min(h), d.min(w));
        let (low, high) = (low + ((low ^ d) & 1), high - ((high ^ d) & 1));
        for k in (low..=high).step_by(2) {
            ask();
            let start = if d == 0 {
                0
            } else {
                let (right, down) = (self.at(k - 1) + 1, self.at(k + 1));
                let right = if right <= w { right } else { NOWHERE };
                let down = if down - k <= h { down } else { NOWHERE };
                right.max(down)
            };
            *effort = effort.saturating_sub(1);
            if start < 0 {
                self.reach[Self::index(k)] = NOWHERE;
                continue;
            }
            let (mut x, mut y) = (start as usize, (start - k) as usize);
            while x < w as usize && y < h as usize && equal(x, y) {
                (x, y) = (x + 1, y + 1);
            }
            *effort = effort.saturating_sub((x - start as usize) / EQUAL);
            self.reach[Self::index(k)] = x as isize;
            if met(k, x as isize) {
                return Some((x, y));
            }
        }
        None
    }

    /// Returns the point that is furthest from the corner after all edits.
    fn furthest(&self) -> (usize, usize) {
        let points = (-EDITS..=EDITS).step_by(2).map(|k| (self.at(k), self.at(k) - k));
        let (x, y) = points.filter(|(x, _)| *x >= 0).max_by_key(|(x, y)| x + y).unwrap_or((0, 0));
        (x as usize, y as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the length of the longest common subsequence, by the book.
    fn longest(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut corner = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { corner + 1 } else { above.max(row[j]) };
                corner = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn runs_are_common_and_as_long_as_can_be() {
        let mut seed = 3u64;
        let mut random = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let mut myers = Myers::new(usize::MAX);
        for round in 0..20_000 {
            let letters = 1 + random(4);
            let mut word = |len: u64| (0..random(len)).map(|_| random(letters) as u32).collect::<Vec<_>>();
            let (old, new) = (word(20), word(20));
            let (runs, finished) = myers.runs(&old, &new, 0..old.len(), 0..new.len());
            assert!(finished);
            let (mut o, mut n) = (0, 0);
            for run in &runs {
                assert!(run.old >= o && run.new >= n, "round {round}: in order");
                (o, n) = (run.old + run.len, run.new + run.len);
                assert_eq!(old[run.old..o], new[run.new..n], "round {round}");
            }
            let total: usize = runs.iter().map(|run| run.len).sum();
            assert_eq!(total, longest(&old, &new), "round {round}: {old:?} {new:?}");
        }
    }

    #[test]
    fn the_effort_ends() {
        let old: Vec<u32> = (0..5_000).collect();
        let new: Vec<u32> = (0..5_000).map(|i| if i % 10 == 0 { i } else { i + 10_000 }).collect();
        let (runs, finished) = Myers::new(100).runs(&old, &new, 0..5_000, 0..5_000);
        assert!(!finished);
        assert_eq!(runs, [Run { old: 0, new: 0, len: 1 }]);
        let (runs, finished) = Myers::new(usize::MAX).runs(&old, &new, 0..5_000, 0..5_000);
        assert!(finished);
        assert!(runs.len() > 450, "nearly all, also where the search is cut into parts");
    }
}
