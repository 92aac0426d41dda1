//! Growth of the tree: full leaves and nodes split.

use super::{FAN, Leaf, NONE, Node, Order, SPANS, Spot};
use crate::crdt::sequence::span::Span;

/// The end of the order at which a full leaf has to make room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
    Neither,
}

impl Order {
    /// Tells whether a leaf lacks room for two more spans.
    pub(in crate::crdt::sequence) fn full(&self, leaf: u32) -> bool {
        self.leaves[leaf as usize].len as usize + 2 > SPANS
    }

    /// Makes room for two more spans in a gap of a full leaf and returns the gap where it is then. If
    /// spans had to move, the leaf that holds them now (and them alone) comes with it.
    pub(in crate::crdt::sequence) fn make_room(&mut self, gap: Spot) -> (Spot, Option<u32>) {
        let leaf = &self.leaves[gap.leaf as usize];
        // Leaves that grow at an end of the order stay full.
        if gap.span == leaf.len && leaf.next == NONE {
            let new = self.split(gap.leaf, gap.place(), End::Last);
            return (Spot { leaf: new, span: 0, offset: 0 }, None);
        }
        if gap == (Spot { leaf: self.first, span: 0, offset: 0 }) {
            return (Spot { leaf: self.new_first(gap.leaf), ..gap }, None);
        }
        let (kept, new) = self.halve(gap.leaf);
        let kept = kept as u32;
        let moves = gap.span > kept || gap.span == kept && gap.offset > 0;
        let gap = if moves { Spot { leaf: new, span: gap.span - kept, ..gap } } else { gap };
        (gap, Some(new))
    }

    /// Moves the second half of a leaf to a new one behind it; returns how many spans stay, and the new
    /// leaf.
    pub(in crate::crdt::sequence) fn halve(&mut self, leaf: u32) -> (usize, u32) {
        let kept = self.leaves[leaf as usize].len as usize / 2;
        (kept, self.split(leaf, kept, End::Neither))
    }

    /// Moves the spans of a leaf from `kept` on to a new leaf behind it.
    fn split(&mut self, leaf: u32, kept: usize, end: End) -> u32 {
        self.settle();
        let next = self.leaves[leaf as usize].next;
        let parent = self.leaves[leaf as usize].parent;
        let new = self.new_leaf(parent, next);
        let [old, fresh] =
            self.leaves.get_disjoint_mut([leaf as usize, new as usize]).expect("a new leaf is another one");
        let moved = old.len as usize - kept;
        fresh.spans[..moved].copy_from_slice(&old.spans[kept..kept + moved]);
        fresh.len = moved as u32;
        old.len = kept as u32;
        old.next = new;
        let count = fresh.spans[..moved].iter().map(|span| span.shown()).sum();
        self.adopt(parent, leaf, new, count, 0, end);
        new
    }

    /// Makes an empty leaf before the first.
    fn new_first(&mut self, first: u32) -> u32 {
        self.settle();
        let parent = self.leaves[first as usize].parent;
        let new = self.new_leaf(parent, first);
        self.first = new;
        // As if `first` were the new one behind `new`.
        let count = self.spans(first).iter().map(|span| span.shown()).sum();
        match parent {
            NONE => self.grow(new, first, 0, count, 0),
            _ => {
                let node = &mut self.nodes[parent as usize];
                node.children[0] = new;
                self.adopt(parent, new, first, count, 0, End::First);
            }
        }
        new
    }

    /// Hangs `new`, to which `count` visible elements of `child` went, behind `child` under `parent`.
    /// Both are `level` above the leaves.
    fn adopt(&mut self, parent: u32, child: u32, new: u32, count: u32, level: u32, end: End) {
        if parent == NONE {
            let rest = self.len - count;
            self.grow(child, new, rest, count, level);
            return;
        }
        let split = self.nodes.len() as u32;
        let node = &mut self.nodes[parent as usize];
        let slot = node.slot(child);
        node.counts[slot] -= count;
        if (node.len as usize) < FAN {
            node.insert(slot + 1, new, count);
            self.set_parent(new, level, parent);
            return;
        }
        let kept = match end {
            End::First => 1,
            End::Last => FAN,
            End::Neither => FAN / 2,
        };
        let mut upper = Node::empty(node.parent, node.height);
        upper.take(node, kept);
        let above = node.parent;
        let into = if slot < kept && kept < FAN {
            node.insert(slot + 1, new, count);
            parent
        } else {
            upper.insert(slot + 1 - kept, new, count);
            split
        };
        let moved = upper.counts[..upper.len as usize].iter().sum();
        let children = upper.children;
        for &child in &children[..upper.len as usize] {
            self.set_parent(child, level, split);
        }
        if into == parent {
            self.set_parent(new, level, parent);
        }
        grow_by_quarter(&mut self.nodes);
        self.nodes.push(upper);
        // `new` took its count from `child`: in all nothing changed above.
        self.adopt(above, parent, split, moved, level + 1, end);
    }

    /// Makes a root above two.
    fn grow(&mut self, a: u32, b: u32, in_a: u32, in_b: u32, level: u32) {
        let root = self.nodes.len() as u32;
        let mut node = Node::empty(NONE, level + 1);
        node.insert(0, a, in_a);
        node.insert(1, b, in_b);
        grow_by_quarter(&mut self.nodes);
        self.nodes.push(node);
        self.set_parent(a, level, root);
        self.set_parent(b, level, root);
        self.root = root;
    }

    fn set_parent(&mut self, child: u32, level: u32, parent: u32) {
        if level == 0 {
            self.leaves[child as usize].parent = parent;
        } else {
            self.nodes[child as usize].parent = parent;
        }
    }

    pub(super) fn new_leaf(&mut self, parent: u32, next: u32) -> u32 {
        grow_by_quarter(&mut self.leaves);
        self.leaves.push(Leaf { spans: [Span::NONE; SPANS], len: 0, parent, next });
        self.leaves.len() as u32 - 1
    }
}

/// Makes room for one more: lists are many and mostly small, and a large one should not own twice what
/// it needs.
fn grow_by_quarter<T>(vec: &mut Vec<T>) {
    if vec.len() == vec.capacity() {
        vec.reserve_exact(1 + vec.len() / 4);
    }
}

impl Node {
    fn empty(parent: u32, height: u32) -> Self {
        Self { children: [NONE; FAN], counts: [0; FAN], len: 0, parent, height }
    }

    fn insert(&mut self, slot: usize, child: u32, count: u32) {
        let len = self.len as usize;
        self.children.copy_within(slot..len, slot + 1);
        self.counts.copy_within(slot..len, slot + 1);
        self.children[slot] = child;
        self.counts[slot] = count;
        self.len += 1;
    }

    /// Takes the children of another node from `kept` on.
    fn take(&mut self, other: &mut Self, kept: usize) {
        let moved = other.len as usize - kept;
        self.children[..moved].copy_from_slice(&other.children[kept..kept + moved]);
        self.counts[..moved].copy_from_slice(&other.counts[kept..kept + moved]);
        // `slot` searches all places: none may name a child that left.
        other.children[kept..].fill(NONE);
        self.len = moved as u32;
        other.len = kept as u32;
    }
}
