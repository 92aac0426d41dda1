//! Edits within a leaf, and the counts above it.

use super::{Cursor, Leaf, NONE, Order, Spot};
use crate::crdt::sequence::span::Span;

impl Order {
    /// Puts a visible span in a gap if it continues the span before it, and returns the spot of its first element.
    /// Otherwise the leaf needs [room](Self::make_room), and gets the span by [`put`](Self::put).
    pub(in crate::crdt::sequence) fn extend(&mut self, gap: Spot, span: Span) -> Option<Spot> {
        let place = gap.span.checked_sub(1).filter(|_| gap.offset == 0)?;
        let before = &mut self.leaves[gap.leaf as usize].spans[place as usize];
        let spot = Spot { span: place, offset: before.count(), ..gap };
        if !before.joins(span) {
            return None;
        }
        *before = before.with(span);
        self.add(gap.leaf, span.shown());
        Some(spot)
    }

    /// Returns the first gap of an order; a leaf is made for it if there is none.
    pub(in crate::crdt::sequence) fn begin(&mut self) -> Spot {
        if self.first == NONE {
            self.first = self.new_leaf(NONE, NONE);
            self.root = self.first;
        }
        Spot { leaf: self.first, span: 0, offset: 0 }
    }

    /// Puts a span in a gap of a leaf that has room for two, and returns the spot of its first element.
    pub(in crate::crdt::sequence) fn put(&mut self, gap: Spot, span: Span) -> Spot {
        let leaf = &mut self.leaves[gap.leaf as usize];
        let mut spot = Spot { offset: 0, ..gap };
        if gap.offset == 0 {
            leaf.replace(gap.place(), 0, &[span]);
        } else {
            let cut = leaf.spans[gap.place()];
            let parts = [cut.part(0, gap.offset), span, cut.part(gap.offset, cut.count())];
            leaf.replace(gap.place(), 1, &parts);
            spot.span += 1;
        }
        self.add(gap.leaf, span.shown());
        spot
    }

    /// Adds a visible span behind all. Nothing is noted of where it stands.
    pub(in crate::crdt::sequence) fn append(&mut self, span: Span) {
        let mut gap = self.end().unwrap_or_else(|| self.begin());
        if self.extend(gap, span).is_none() {
            if self.full(gap.leaf) {
                gap = self.make_room(gap).0;
            }
            self.put(gap, span);
        }
    }

    /// Shows or hides `count` elements from a spot on, all in one span of the other kind, in a leaf that
    /// has room for two.
    pub(in crate::crdt::sequence) fn flip(&mut self, spot: Spot, count: u32) {
        let leaf = &mut self.leaves[spot.leaf as usize];
        let old = leaf.spans[spot.place()];
        let (from, to) = (spot.offset, spot.offset + count);
        let mut new = Span::new(old.element(from), count, !old.visible());
        let shown = new.shown();
        let (mut first, mut replaced) = (spot.place(), 1);
        let mut parts = [Span::NONE; 3];
        let mut len = 0;
        if from > 0 {
            parts[0] = old.part(0, from);
            len = 1;
        } else if first > 0 && leaf.spans[first - 1].joins(new) {
            new = leaf.spans[first - 1].with(new);
            first -= 1;
            replaced += 1;
        }
        let behind = spot.place() + 1;
        if to == old.count() && behind < leaf.len as usize && new.joins(leaf.spans[behind]) {
            new = new.with(leaf.spans[behind]);
            replaced += 1;
        }
        parts[len] = new;
        len += 1;
        if to < old.count() {
            parts[len] = old.part(to, old.count());
            len += 1;
        }
        leaf.replace(first, replaced, &parts[..len]);
        self.add(spot.leaf, if old.visible() { count.wrapping_neg() } else { shown });
    }

    /// Adds to the visible elements of a leaf, which becomes the one that was last touched. O(1) if it was that
    /// before, else O(log n).
    fn add(&mut self, leaf: u32, more: u32) {
        self.len = self.len.wrapping_add(more);
        if self.cursor.leaf == leaf {
            self.cursor.pending = self.cursor.pending.wrapping_add(more);
            return;
        }
        self.settle();
        let before = self.count(leaf, more);
        self.cursor = Cursor { leaf, before, pending: 0 };
    }

    /// Counts what is pending in all nodes above. O(log n).
    pub(super) fn settle(&mut self) {
        let more = std::mem::take(&mut self.cursor.pending);
        if more != 0 {
            self.count(self.cursor.leaf, more);
        }
    }

    /// Adds to the visible elements that all nodes above a leaf count; returns how many stand before the leaf.
    fn count(&mut self, leaf: u32, more: u32) -> u32 {
        let (mut before, mut child, mut up) = (0, leaf, self.leaves[leaf as usize].parent);
        while up != NONE {
            let node = &mut self.nodes[up as usize];
            let slot = node.slot(child);
            node.counts[slot] = node.counts[slot].wrapping_add(more);
            before += node.before(slot);
            (child, up) = (up, node.parent);
        }
        before
    }
}

impl Leaf {
    /// Puts spans in the place of `replaced` ones.
    fn replace(&mut self, first: usize, replaced: usize, spans: &[Span]) {
        let len = self.len as usize;
        self.spans.copy_within(first + replaced..len, first + spans.len());
        self.spans[first..first + spans.len()].copy_from_slice(spans);
        let new = len + spans.len() - replaced;
        self.len = new as u32;
    }
}
