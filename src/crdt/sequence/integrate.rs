//! Integration: where in the order a new element stands, among its siblings and all that hangs on them.
//!
//! A child with no sibling stands right beside its parent, and so do the first child on the right and
//! the last one on the left. Any other stands at the edge of a subtree, which can be deep: a text that
//! was typed backwards is one long chain of left children. Two things keep that cheap:
//! - For each sibling but the lowest of its parent and side, the first element of its subtree is noted
//!   ([`Forks::first`]) and kept up to date. So between two siblings nothing is walked.
//! - A new child outside all its siblings cuts a chain of outermost children in two. The edge is at the
//!   lower end of the chain, and the notes at its upper end tell it too: two walks, down and up, go in
//!   turn until one arrives. That costs as many look-ups as the shorter part of the chain has runs: up
//!   to n / 2 for a single insertion, O(log n) amortised for any history, because an element is in the
//!   shorter part at most log n times before its chain is gone.

use super::forks::Forks;
use super::order::Spot;
use super::runs::follows;
use super::{IdOrder, Lv, ROOT, Sequence};
use crate::crdt::Side;

impl Sequence {
    /// Hangs a new element in the Fugue tree and returns the gap in the order where it has to stand.
    pub(super) fn place(&mut self, new: Lv, parent: Lv, side: Side, ids: &impl IdOrder) -> Spot {
        // Children are newer than their parent: nothing hangs on the newest element.
        let newest = self.runs.newest() == Some(parent);
        let mut leaf = None;
        let outermost = if newest {
            None
        } else if side == Side::Right
            && parent != ROOT
            && let Some((here, goes_on)) = self.runs.cut_behind(parent)
        {
            leaf = Some(here);
            self.linked(parent, side).or_else(|| goes_on.then(|| Lv(parent.0 + 1)))
        } else {
            self.child(parent, side)
        };
        let Some(outermost) = outermost else { return self.place_only(new, parent, side, leaf) };
        if self.forks.crowd(parent, side).is_none() {
            self.forks.gather(parent, side, outermost);
        }
        let siblings = self.forks.crowd(parent, side).expect("it was made if it was not there");
        let lower = siblings.find(|sibling| ids.compare(sibling, new).is_lt());
        let first = *siblings.first().expect("a crowd is not empty");
        let gap = match (side, lower, siblings.after(lower)) {
            (Side::Right, None, _) => {
                let next = self.next(parent);
                self.forks.set_first(first, next);
                self.behind_in(parent, leaf)
            }
            (Side::Left, None, _) => {
                let next = self.first_below(parent);
                self.forks.replace_first(next, new);
                self.forks.set_first(first, next);
                self.spot(next)
            }
            (_, _, Some(&later)) => self.spot(self.forks.first(later)),
            (Side::Right, _, None) => self.end_below(parent, ids),
            (Side::Left, _, None) => self.spot(parent),
        };
        self.forks.join(parent, side, lower, new);
        gap
    }

    /// Places a child as [`place`](Self::place) does, where it has no sibling on its side. `leaf`: where the parent
    /// stands, if that is known.
    fn place_only(&mut self, new: Lv, parent: Lv, side: Side, leaf: Option<u32>) -> Spot {
        if parent == ROOT {
            return self.order.begin();
        }
        self.hang(new, parent, side);
        if side == Side::Right { self.behind_in(parent, leaf) } else { self.spot(parent) }
    }

    /// Hangs a new element in the Fugue tree that has no sibling on its side.
    pub(super) fn hang(&mut self, new: Lv, parent: Lv, side: Side) {
        if !follows(parent, new) {
            self.forks.link(parent, side, new);
        }
        let first = side == Side::Left && self.forks.crowded();
        if first && !self.forks.replace_first(parent, new) && self.is_later(parent) {
            self.forks.set_first(parent, new);
        }
    }

    /// Tells whether an element has lower siblings.
    fn is_later(&self, element: Lv) -> bool {
        self.runs.find(element).is_some_and(|run| {
            // Inside a run are only children.
            run.start == element && is_later(&self.forks, element, run.parent, run.side())
        })
    }

    /// Returns the first element of all that hang on `element`, itself included.
    fn first_below(&self, element: Lv) -> Lv {
        let (mut down, mut up) = (element, element);
        loop {
            match self.child(down, Side::Left) {
                Some(child) => down = child,
                None => return down,
            }
            let run = self.runs.find(up).expect("an element or its ancestor");
            if run.start != up {
                return self.next(Lv(up.0 - 1));
            }
            if is_later(&self.forks, up, run.parent, run.side()) {
                return self.forks.first(up);
            }
            match run.side() {
                Side::Right => return self.next(run.parent),
                Side::Left => up = run.parent,
            }
        }
    }

    /// Returns the gap behind all that hang on `element`.
    fn end_below(&self, element: Lv, ids: &impl IdOrder) -> Spot {
        if element == ROOT {
            return self.order.end().expect("the root has children");
        }
        let (mut down, mut up) = (element, element);
        loop {
            let last = self.runs.find(down).expect("an element or what hangs on it").last();
            match self.child(last, Side::Right) {
                Some(child) => down = child,
                None => return self.behind(last),
            }
            let run = self.runs.find(up).expect("an element or its ancestor");
            if let Some(siblings) = self.forks.crowd(run.parent, run.side()) {
                let here = siblings.find(|sibling| ids.compare(sibling, run.start).is_le());
                if let Some(&later) = siblings.after(here) {
                    return self.spot(self.forks.first(later));
                }
            }
            match (run.side(), run.parent) {
                (Side::Left, parent) => return self.spot(parent),
                (Side::Right, ROOT) => return self.order.end().expect("the root has children"),
                (Side::Right, parent) => up = parent,
            }
        }
    }

    /// Returns the gap right behind an element, or before all.
    fn behind(&self, element: Lv) -> Spot {
        match element {
            ROOT => self.order.start().expect("the root has children"),
            _ => self.order.behind(self.spot(element)),
        }
    }

    /// Finds the gap as [`behind`](Self::behind) does, for an element of a leaf, if that is known.
    fn behind_in(&self, element: Lv, leaf: Option<u32>) -> Spot {
        match leaf.and_then(|leaf| self.order.within(leaf, element)) {
            Some(spot) => self.order.behind(spot),
            None => self.behind(element),
        }
    }

    /// Returns the element right behind another, or the first of all.
    fn next(&self, element: Lv) -> Lv {
        let next = self.order.next(self.behind(element)).expect("something hangs on the right of it");
        self.order.span(next).element(next.offset)
    }
}

/// Tells whether an element has lower siblings on its side of its parent.
fn is_later(forks: &Forks, element: Lv, parent: Lv, side: Side) -> bool {
    forks.crowd(parent, side).is_some_and(|siblings| siblings.first() != Some(&element))
}
