//! A list that many actors edit: the Fugue tree, and its order as a balanced tree.
//!
//! Every element hangs on another (or on the root) to its left or right; siblings order by id; the
//! list is the in-order walk. So concurrent runs never interleave, forwards or backwards (Weidner &
//! Kleppmann, *The Art of the Fugue*, algorithm 1). Elements stay for ever: a deleted one is only not
//! visible.
//!
//! Nothing is kept for a single element of a run. Three structures know the elements:
//! - [`Order`]: all of them in order, as spans in a B+ tree that counts what is visible: from a position
//!   to an element.
//! - [`Runs`]: all of them by Lv, as runs in which each hangs on the right of the one before: from an
//!   element to its parent and to its leaf in the order, so to its position.
//! - [`Forks`]: from a parent to its children, where a run does not say it already.

mod forks;
mod integrate;
mod newest;
mod order;
mod part;
mod runs;
mod span;

mod check;
#[cfg(test)]
mod tests;

use forks::Forks;
use newest::Newest;
use order::{Order, Spot};
use runs::{Run, Runs};
use span::Span;

use super::Side;
use super::lv::{IdOrder, Lv};

/// The parent of elements that hang on no other.
const ROOT: Lv = Lv(u32::MAX);

/// The order of the elements of one list or text, visible or not. An element is the Lv of the op that
/// made it: fewer than 2^31, and none is the highest Lv. An empty sequence owns no memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    order: Order,
    runs: Runs,
    forks: Forks,
    near: Option<Near>,
}

/// The place where the next edit is, most likely.
#[derive(Clone, Copy, Debug)]
enum Near {
    /// The answer of the last [`origin`](Sequence::origin): the insertion that it is for comes next.
    Gap(Gap),
    Newest(Newest),
}

/// A gap where an element hangs that is to stand at a position.
///
/// Invariant: nothing hangs on this side of the parent, and a child there stands in the gap.
#[derive(Clone, Copy, Debug)]
struct Gap {
    position: u32,
    parent: Lv,
    side: Side,
    spot: Spot,
}

impl Sequence {
    /// Returns the number of visible elements. O(1).
    pub(crate) fn len(&self) -> usize {
        self.order.len() as usize
    }

    /// Returns the visible element at a position. O(log n), O(1) near the last edit.
    pub(crate) fn get(&self, position: usize) -> Option<Lv> {
        self.run_at(position).map(|(element, _)| element)
    }

    /// Returns the visible element at a position, and how many there are from it on that stand side by side, are
    /// visible and next to each other in Lv; there may be more of them than it tells. O(log n), O(1) near
    /// the last edit.
    pub(crate) fn run_at(&self, position: usize) -> Option<(Lv, u32)> {
        let spot = self.order.at(u32::try_from(position).ok()?)?;
        let span = self.order.span(spot);
        Some((span.element(spot.offset), span.count() - spot.offset))
    }

    /// Tells whether an Lv is an element, visible or not. O(log n).
    pub(crate) fn contains(&self, element: Lv) -> bool {
        self.runs.find(element).is_some()
    }

    /// Tells whether an element is there and visible. O(log n).
    pub(crate) fn is_visible(&self, element: Lv) -> bool {
        self.locate(element).is_some_and(|spot| self.order.span(spot).visible())
    }

    /// Counts how many visible elements stand before an element, visible or not. O(log n).
    ///
    /// # Panics
    ///
    /// If it is no element of this sequence.
    pub(crate) fn position(&self, element: Lv) -> usize {
        let spot = self.locate(element).expect("an element of this sequence");
        self.order.position(spot) as usize
    }

    /// Returns the visible elements in order, as stretches that are next to each other in Lv too: the first one,
    /// and how many. O(stretches), of all elements.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (Lv, u32)> {
        self.all_runs().filter(|&(_, _, visible)| visible).map(|(start, count, _)| (start, count))
    }

    /// Returns stretches as [`runs`](Self::runs) does, with the elements that are not visible; the flag tells which
    /// are.
    pub(crate) fn all_runs(&self) -> impl Iterator<Item = (Lv, u32, bool)> {
        self.order.iter().map(|span| (span.start, span.count(), span.visible()))
    }

    /// Finds where a new element hangs that is to stand right after the visible element at `position - 1`, or
    /// at the front for 0: its parent in the Fugue tree, and the side. A position past the end counts as
    /// the end. O(log n), O(1) next to what was inserted last.
    pub(crate) fn origin(&mut self, position: usize) -> (Option<Lv>, Side) {
        let Some(gap) = self.find_gap(position) else { return (None, Side::Right) };
        if self.newest().is_none_or(|newest| newest.gap(gap.position).is_none()) {
            self.near = Some(Near::Gap(gap));
        }
        (Some(gap.parent), gap.side)
    }

    /// Adds visible elements `lv`, `lv + 1`, .. `lv + count - 1`: the first hangs on `side` of `parent`
    /// (`None`: on the root), each next one on the right of the one before.
    ///
    /// Elements come in order of Lv: `lv` is greater than every element, as that of an op that is just
    /// applied. `parent` is an element.
    ///
    /// O(log n) amortised, O(1) right behind the newest element and where the last [`origin`](Self::origin)
    /// told, but for a leaf that splits. Ids are compared only among siblings, O(log siblings) times.
    ///
    /// # Panics
    ///
    /// If `parent` is no element.
    pub(crate) fn insert(&mut self, lv: Lv, count: u32, parent: Option<Lv>, side: Side, ids: &impl IdOrder) {
        if count == 0 {
            return;
        }
        let (parent, side) = parent.map_or((ROOT, Side::Right), |parent| (parent, side));
        let gap = match self.near {
            Some(Near::Gap(gap)) => Some(gap).filter(|gap| gap.parent == parent && gap.side == side),
            Some(Near::Newest(newest)) => newest.gap_on(parent, side),
            None => None,
        };
        match gap {
            Some(gap) => self.fill(gap, lv, count),
            None => {
                let spot = self.place(lv, parent, side, ids);
                self.put(spot, lv, count, parent, side);
                self.near = None;
            }
        }
    }

    /// Adds visible elements as [`insert`](Self::insert) does, one or more, before the visible position `position`, and
    /// returns where the first hangs, as [`origin`](Self::origin) would tell.
    pub(crate) fn insert_at(&mut self, position: usize, lv: Lv, count: u32) -> (Option<Lv>, Side) {
        match self.find_gap(position) {
            Some(gap) => {
                self.fill(gap, lv, count);
                (Some(gap.parent), gap.side)
            }
            None => {
                let spot = self.order.begin();
                self.put(spot, lv, count, ROOT, Side::Right);
                (None, Side::Right)
            }
        }
    }

    /// Hides visible elements from a position on: as many as stand side by side and are next to each other in Lv, up to
    /// `most`. Returns the first one, and how many. O(log n), O(1) at the end of what was inserted last.
    pub(crate) fn hide_at(&mut self, position: usize, most: u32) -> Option<(Lv, u32)> {
        let position = u32::try_from(position).ok()?;
        loop {
            let near = self.newest().and_then(|newest| newest.spot(position));
            let spot = near.or_else(|| self.order.seek(position))?;
            if self.order.full(spot.leaf) {
                self.halve(spot.leaf);
                continue;
            }
            let span = self.order.span(spot);
            let (first, count) = (span.element(spot.offset), (span.count() - spot.offset).min(most));
            self.order.flip(spot, count);
            self.near = self.newest().and_then(|newest| newest.without(first, count)).map(Near::Newest);
            return Some((first, count));
        }
    }

    /// Shows or hides elements `first`, `first + 1`, .. `first + count - 1`, which may stand anywhere;
    /// returns how many were not so already. Lvs that are no elements are passed over. O(log n) for
    /// each span of them.
    pub(crate) fn set_visible(&mut self, first: Lv, count: u32, visible: bool) -> u32 {
        self.near = None;
        let end = first.0.saturating_add(count);
        let (mut next, mut changed) = (first, 0);
        while next.0 < end {
            let spot = match self.order.near(next).or_else(|| self.locate(next)) {
                Some(spot) => spot,
                None => match self.runs.after(next) {
                    Some(run) => {
                        next = run.start;
                        continue;
                    }
                    None => break,
                },
            };
            let span = self.order.span(spot);
            let here = (span.count() - spot.offset).min(end - next.0);
            if span.visible() != visible {
                if self.order.full(spot.leaf) {
                    self.halve(spot.leaf);
                    continue;
                }
                self.order.flip(spot, here);
                changed += here;
            }
            next = Lv(next.0 + here);
        }
        changed
    }

    /// Finds the gap where an element hangs that is to stand at a position; `None` where there is no other element.
    fn find_gap(&mut self, position: usize) -> Option<Gap> {
        let position = u32::try_from(position).unwrap_or(u32::MAX).min(self.order.len());
        let near = self.newest().and_then(|newest| newest.gap(position));
        near.or_else(|| self.search_gap(position))
    }

    fn search_gap(&mut self, position: u32) -> Option<Gap> {
        let left = position.checked_sub(1).and_then(|position| self.order.seek(position));
        let behind = match left {
            None => self.order.start()?,
            Some(spot) => self.order.behind(spot),
        };
        if let Some(spot) = left {
            let left = self.order.span(spot).element(spot.offset);
            if !self.has_right(left) {
                return Some(Gap { position, parent: left, side: Side::Right, spot: behind });
            }
        }
        // What stands first, or right behind an element with right children, has no left children.
        let next = self.order.next(behind).expect("something stands there");
        let parent = self.order.span(next).element(next.offset);
        Some(Gap { position, parent, side: Side::Left, spot: behind })
    }

    /// Adds elements in a gap.
    fn fill(&mut self, Gap { position, parent, side, spot }: Gap, lv: Lv, count: u32) {
        self.hang(lv, parent, side);
        let spot = self.put(spot, lv, count, parent, side);
        self.near = Some(Near::Newest(match self.near {
            Some(Near::Newest(newest)) if newest.goes_on(position, lv) => newest.and(count),
            _ => Newest::new(lv, count, position, spot),
        }));
    }

    fn newest(&self) -> Option<&Newest> {
        if let Some(Near::Newest(newest)) = &self.near { Some(newest) } else { None }
    }

    /// Puts elements that hang in the Fugue tree in a gap of the order; returns the spot of the first.
    fn put(&mut self, spot: Spot, lv: Lv, count: u32, parent: Lv, side: Side) -> Spot {
        let span = Span::new(lv, count, true);
        let spot = match self.order.extend(spot, span) {
            Some(first) => first,
            None => {
                let spot = self.make_room(spot);
                self.order.put(spot, span)
            }
        };
        if side == Side::Right
            && parent.0.wrapping_add(1) == lv.0
            && let Some(last) = self.runs.last_mut()
            && last.end() == lv
            && last.leaf() == spot.leaf
        {
            last.count += count;
        } else {
            self.runs.push(Run::new(lv, count, parent, side, spot.leaf));
        }
        spot
    }

    /// Tells whether anything hangs on the right of an element. O(1) for the newest, else O(log n).
    fn has_right(&self, element: Lv) -> bool {
        self.runs.newest() != Some(element) && self.child(element, Side::Right).is_some()
    }

    /// Returns the outermost child on a side of a parent: the lowest on the left, the highest on the right. For
    /// the element of a run that is not its last, the next one.
    fn child(&self, parent: Lv, side: Side) -> Option<Lv> {
        self.linked(parent, side).or_else(|| match side {
            // The oldest element had nothing else to hang on.
            _ if parent == ROOT => self.runs.oldest(),
            Side::Left => self.runs.goes_back(parent).then(|| Lv(parent.0 + 1)),
            Side::Right => self.runs.goes_on(parent).then(|| Lv(parent.0 + 1)),
        })
    }

    /// Returns the outermost child on a side of a parent, unless a run says it.
    fn linked(&self, parent: Lv, side: Side) -> Option<Lv> {
        match self.forks.crowd(parent, side) {
            Some(crowd) => if side == Side::Left { crowd.first() } else { crowd.last() }.copied(),
            None => self.forks.only(parent, side),
        }
    }

    fn locate(&self, element: Lv) -> Option<Spot> {
        self.order.within(self.runs.find(element)?.leaf(), element)
    }

    fn spot(&self, element: Lv) -> Spot {
        self.order.near(element).or_else(|| self.locate(element)).expect("an element of this sequence")
    }

    /// Makes room for two more spans in a gap, and returns it where it is then.
    fn make_room(&mut self, gap: Spot) -> Spot {
        if !self.order.full(gap.leaf) {
            return gap;
        }
        let (gap, moved) = self.order.make_room(gap);
        if let Some(leaf) = moved {
            self.moved(leaf);
        }
        gap
    }

    /// Splits a leaf in two.
    fn halve(&mut self, leaf: u32) {
        let (_, new) = self.order.halve(leaf);
        self.moved(new);
        self.near = None;
    }

    /// Notes where the spans of a new leaf stand now.
    fn moved(&mut self, leaf: u32) {
        for span in self.order.spans(leaf) {
            self.runs.moved(span.start, span.end(), leaf);
        }
    }
}
