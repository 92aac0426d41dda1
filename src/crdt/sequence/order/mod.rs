//! The order of all elements: a B+ tree over spans that counts what is visible.

mod check;
mod edit;
mod split;

use super::Lv;
use super::span::Span;

/// Most spans in a leaf.
const SPANS: usize = if cfg!(test) { 4 } else { 16 };
/// Most children of an inner node.
const FAN: usize = if cfg!(test) { 4 } else { 16 };
/// No leaf, no node.
const NONE: u32 = u32::MAX;

/// The B+ tree. Leaves and nodes are numbered, stay where they are and never go: elements stay for ever.
/// Spans that join are joined if they are in one leaf.
///
/// Invariant: a leaf is not empty, but for the moment between [`make_room`](Order::make_room) and
/// [`put`](Order::put).
#[derive(Debug, Clone)]
pub(super) struct Order {
    leaves: Vec<Leaf>,
    nodes: Vec<Node>,
    /// The topmost node; a leaf as long as there are no nodes.
    root: u32,
    /// The leaf that comes first; [`NONE`] in an empty order.
    first: u32,
    /// Invariant: visible elements in all.
    len: u32,
    /// The leaf that was last touched: edits come in places close to each other.
    cursor: Cursor,
}

#[derive(Debug, Clone, Copy)]
struct Cursor {
    leaf: u32,
    /// Invariant: visible elements before the leaf.
    before: u32,
    /// The number of visible elements that the leaf got, or lost, and that the nodes above it do not count yet.
    pending: u32,
}

#[derive(Debug, Clone)]
struct Leaf {
    spans: [Span; SPANS],
    len: u32,
    parent: u32,
    /// The leaf that comes next.
    next: u32,
}

#[derive(Debug, Clone)]
struct Node {
    /// Leaves in the lowest nodes.
    children: [u32; FAN],
    /// Invariant: visible elements under each child, but for those [pending](Cursor::pending).
    counts: [u32; FAN],
    len: u32,
    parent: u32,
    /// How many nodes stand above each leaf, from this one on.
    height: u32,
}

/// An element's place, or the gap before it: the `offset`th of a span in a leaf. A span past the last
/// one of its leaf (offset 0) is the gap at the end of the leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) leaf: u32,
    pub(super) span: u32,
    pub(super) offset: u32,
}

impl Spot {
    fn place(self) -> usize {
        self.span as usize
    }
}

impl Default for Order {
    fn default() -> Self {
        Self {
            leaves: Vec::new(),
            nodes: Vec::new(),
            root: 0,
            first: NONE,
            len: 0,
            cursor: Cursor { leaf: NONE, before: 0, pending: 0 },
        }
    }
}

impl Order {
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Returns the spot of a visible position. O(log n), O(1) in the leaf that was last touched.
    pub(super) fn at(&self, position: u32) -> Option<Spot> {
        self.search(position).map(|(spot, _)| spot)
    }

    /// Finds a spot as [`at`](Self::at) does, and makes the leaf the one that was last touched.
    pub(super) fn seek(&mut self, position: u32) -> Option<Spot> {
        let (spot, before) = self.search(position)?;
        if spot.leaf != self.cursor.leaf {
            self.settle();
            self.cursor = Cursor { leaf: spot.leaf, before, pending: 0 };
        }
        Some(spot)
    }

    /// Counts the visible elements before an element. O(log n).
    pub(super) fn position(&self, spot: Spot) -> u32 {
        let spans = &self.leaves[spot.leaf as usize].spans;
        let inside: u32 = spans[..spot.place()].iter().map(|span| span.shown()).sum();
        let offset = if spans[spot.place()].visible() { spot.offset } else { 0 };
        inside + offset + self.before(spot.leaf)
    }

    /// Returns the spot of an element that stands in a leaf.
    pub(super) fn within(&self, leaf: u32, element: Lv) -> Option<Spot> {
        let spans = self.spans(leaf);
        let place = spans.iter().position(|span| span.holds(element))?;
        Some(Spot { leaf, span: place as u32, offset: element.0 - spans[place].start.0 })
    }

    /// Returns the spot of an element if it stands in the leaf that was last touched.
    pub(super) fn near(&self, element: Lv) -> Option<Spot> {
        if self.cursor.leaf == NONE { None } else { self.within(self.cursor.leaf, element) }
    }

    /// Returns the span at a spot that is no gap.
    pub(super) fn span(&self, spot: Spot) -> Span {
        self.leaves[spot.leaf as usize].spans[spot.place()]
    }

    pub(super) fn spans(&self, leaf: u32) -> &[Span] {
        let leaf = &self.leaves[leaf as usize];
        &leaf.spans[..leaf.len as usize]
    }

    /// Returns the gap right behind an element.
    pub(super) fn behind(&self, spot: Spot) -> Spot {
        if spot.offset + 1 < self.span(spot).count() {
            Spot { offset: spot.offset + 1, ..spot }
        } else {
            Spot { span: spot.span + 1, offset: 0, ..spot }
        }
    }

    /// Returns the spot of the element right behind a gap.
    pub(super) fn next(&self, gap: Spot) -> Option<Spot> {
        let leaf = &self.leaves[gap.leaf as usize];
        if gap.span < leaf.len {
            return Some(gap);
        }
        (leaf.next != NONE).then_some(Spot { leaf: leaf.next, span: 0, offset: 0 })
    }

    /// Returns the gap before all.
    pub(super) fn start(&self) -> Option<Spot> {
        (self.first != NONE).then_some(Spot { leaf: self.first, span: 0, offset: 0 })
    }

    /// Returns the gap behind all. O(log n).
    pub(super) fn end(&self) -> Option<Spot> {
        let mut leaf = self.root;
        for _ in 0..self.height() {
            let node = &self.nodes[leaf as usize];
            leaf = node.children[node.len as usize - 1];
        }
        Some(Spot { leaf, span: self.leaves.get(leaf as usize)?.len, offset: 0 })
    }

    /// Tells the order of leaves: it is lower for those that come before. O(log n).
    pub(super) fn rank(&self, leaf: u32) -> u64 {
        let (mut rank, mut shift) = (0, 0);
        let (mut child, mut up) = (leaf, self.leaves[leaf as usize].parent);
        while up != NONE {
            let node = &self.nodes[up as usize];
            rank |= (node.slot(child) as u64) << shift;
            shift += FAN.ilog2();
            (child, up) = (up, node.parent);
        }
        rank
    }

    /// Returns all spans in order, as long as can be.
    pub(super) fn iter(&self) -> impl Iterator<Item = Span> {
        let mut spans = self.leaves_in_order().flat_map(|leaf| self.spans(leaf).iter().copied()).peekable();
        std::iter::from_fn(move || {
            let mut span = spans.next()?;
            // Those in one leaf are joined already.
            while let Some(next) = spans.next_if(|&next| span.joins(next)) {
                span = span.with(next);
            }
            Some(span)
        })
    }

    pub(super) fn leaves_in_order(&self) -> impl Iterator<Item = u32> {
        let some = |leaf| (leaf != NONE).then_some(leaf);
        std::iter::successors(some(self.first), move |&leaf| some(self.leaves[leaf as usize].next))
    }

    /// Returns how many nodes stand above each leaf.
    fn height(&self) -> u32 {
        self.nodes.get(self.root as usize).map_or(0, |root| root.height)
    }

    /// Returns the spot of a position, and the visible elements before its leaf.
    fn search(&self, position: u32) -> Option<(Spot, u32)> {
        if position >= self.len {
            return None;
        }
        let Cursor { leaf, before, pending } = self.cursor;
        let mut uncounted = 0;
        if leaf != NONE
            && let Some(inside) = position.checked_sub(before)
        {
            if let Some(spot) = self.search_leaf(leaf, inside) {
                return Some((spot, before));
            }
            // It is behind the leaf.
            uncounted = pending;
        }
        let (mut at, mut left) = (self.root, position.wrapping_sub(uncounted));
        for _ in 0..self.height() {
            let node = &self.nodes[at as usize];
            let mut slot = 0;
            while left >= node.counts[slot] {
                left -= node.counts[slot];
                slot += 1;
            }
            at = node.children[slot];
        }
        Some((self.search_leaf(at, left)?, position - left))
    }

    fn search_leaf(&self, leaf: u32, mut position: u32) -> Option<Spot> {
        for (span, s) in (0..).zip(self.spans(leaf)) {
            if position < s.shown() {
                return Some(Spot { leaf, span, offset: position });
            }
            position -= s.shown();
        }
        None
    }

    /// Counts the visible elements before a leaf.
    fn before(&self, leaf: u32) -> u32 {
        let Cursor { leaf: last, before: before_last, pending } = self.cursor;
        if leaf == last {
            return before_last;
        }
        let (mut before, mut child, mut up) = (0u32, leaf, self.leaves[leaf as usize].parent);
        while up != NONE {
            let node = &self.nodes[up as usize];
            before = before.wrapping_add(node.before(node.slot(child)));
            (child, up) = (up, node.parent);
        }
        if pending != 0 && self.rank(last) < self.rank(leaf) { before.wrapping_add(pending) } else { before }
    }
}

impl Node {
    /// Returns the place of a child. One pass without branches: unused places name no child.
    fn slot(&self, child: u32) -> usize {
        let places = (0..).zip(&self.children);
        places.fold(0, |found, (place, &c)| found | mask(c == child) & place) as usize
    }

    /// Counts the visible elements before a child.
    fn before(&self, slot: usize) -> u32 {
        let places = (0..).zip(&self.counts);
        places.fold(0, |sum, (place, &count)| sum + (mask(place < slot as i32) & count))
    }
}

/// Returns all ones for `true`.
fn mask(is: bool) -> u32 {
    u32::from(is).wrapping_neg()
}
