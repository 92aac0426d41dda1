//! A list that many actors edit: the Fugue tree, and its order as a balanced tree.
//!
//! Every element hangs on another (or on the root) to its left or right; siblings order by id; the
//! list is the in-order walk. So concurrent runs never interleave, forwards or backwards (Weidner &
//! Kleppmann, *The Art of the Fugue*, algorithm 1). Elements stay for ever: a deleted one is only not
//! visible.
//!
//! The order of all elements is kept in a second tree, a treap that counts what is visible, so that a
//! position finds its element and an element its position in O(log n), tombstones or not.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;

use super::{OpId, Side};

/// An element of one [`Sequence`]; stays the same for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Element(NonZeroU32);

impl Element {
    fn at(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self(number.expect("a list holds fewer than 2^32 items"))
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A list of slots `T`, visible or not.
#[derive(Debug, Clone)]
pub(crate) struct Sequence<T> {
    nodes: Vec<Node<T>>,
    by_id: HashMap<OpId, Element>,
    /// What hangs on the right of the root of the Fugue tree.
    first: Children,
    /// The top of the treap.
    top: Option<Element>,
    /// Shapes the treap, and nothing that can be seen: whoever writes the list cannot know it, and so
    /// cannot make the treap deep.
    seed: u64,
}

#[derive(Debug, Clone)]
struct Node<T> {
    id: OpId,
    item: T,
    visible: bool,
    // The Fugue tree.
    left: Children,
    right: Children,
    // The treap.
    up: Option<Element>,
    low: Option<Element>,
    high: Option<Element>,
    /// Invariant: visible elements in the subtree of the treap, this one included.
    count: u32,
}

/// Invariant: ordered by id.
type Children = smallvec::SmallVec<[Element; 2]>;

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            by_id: HashMap::new(),
            first: Children::new(),
            top: None,
            seed: RandomState::new().hash_one(()),
        }
    }
}

impl<T> Sequence<T> {
    /// The number of visible elements.
    pub(crate) fn len(&self) -> usize {
        self.count(self.top) as usize
    }

    /// The element that an op made. O(1).
    pub(crate) fn find(&self, id: &OpId) -> Option<Element> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn id(&self, element: Element) -> &OpId {
        &self.node(element).id
    }

    pub(crate) fn item(&self, element: Element) -> &T {
        &self.node(element).item
    }

    pub(crate) fn item_mut(&mut self, element: Element) -> &mut T {
        &mut self.node_mut(element).item
    }

    /// The visible element at a position. O(log n).
    pub(crate) fn get(&self, mut position: usize) -> Option<Element> {
        let mut at = self.top?;
        loop {
            let node = self.node(at);
            let before = self.count(node.low) as usize;
            if position < before {
                at = node.low?;
            } else if node.visible && position == before {
                return Some(at);
            } else {
                position -= before + usize::from(node.visible);
                at = node.high?;
            }
        }
    }

    /// How many visible elements stand before an element, visible or not. O(log n).
    pub(crate) fn position(&self, element: Element) -> usize {
        let mut position = self.count(self.node(element).low) as usize;
        let mut at = element;
        while let Some(up) = self.node(at).up {
            let above = self.node(up);
            if above.high == Some(at) {
                position += self.count(above.low) as usize + usize::from(above.visible);
            }
            at = up;
        }
        position
    }

    /// The visible elements in order; passes over runs of tombstones without visiting each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Element> {
        let mut stack = Vec::new();
        let mut next = self.top;
        std::iter::from_fn(move || {
            loop {
                while let Some(at) = next.filter(|&at| self.node(at).count > 0) {
                    stack.push(at);
                    next = self.node(at).low;
                }
                let at = stack.pop()?;
                next = self.node(at).high;
                if self.node(at).visible {
                    return Some(at);
                }
            }
        })
    }

    /// Where a new element hangs that is to stand right after `left` (at the front for `None`): its
    /// parent in the Fugue tree, and the side. O(log n).
    pub(crate) fn origin(&self, left: Option<Element>) -> (Option<Element>, Side) {
        let right = left.map_or(&self.first, |left| &self.node(left).right);
        if right.is_empty() { (left, Side::Right) } else { (self.successor(left), Side::Left) }
    }

    /// Adds a visible element that hangs on `parent`; `Side::Left` needs a parent. O(log n), and the
    /// length of one chain of children when siblings were made concurrently: that chain was typed
    /// once, and is walked once for each run beside it.
    pub(crate) fn insert(&mut self, id: OpId, parent: Option<Element>, side: Side, item: T) -> Element {
        let new = Element::at(self.nodes.len());
        let siblings = self.children(parent, side);
        let place = siblings.partition_point(|&sibling| *self.id(sibling) < id);
        let before = siblings.get(place).map(|&sibling| self.leftmost(sibling));
        let sibling = place.checked_sub(1).map(|i| siblings[i]);
        self.children_mut(parent, side).insert(place, new);
        self.by_id.insert(id.clone(), new);
        self.nodes.push(Node {
            id,
            item,
            visible: true,
            left: Children::new(),
            right: Children::new(),
            up: None,
            low: None,
            high: None,
            count: 1,
        });
        match (before, sibling, side) {
            (Some(next), _, _) => self.attach_before(next, new),
            // With no later sibling a left child stands right before its parent.
            (None, _, Side::Left) => match parent {
                Some(parent) => self.attach_before(parent, new),
                None => self.attach_after(None, new),
            },
            (None, Some(sibling), Side::Right) => self.attach_after(Some(self.rightmost(sibling)), new),
            (None, None, Side::Right) => self.attach_after(parent, new),
        }
        new
    }

    /// Shows or hides an element. O(log n).
    pub(crate) fn set_visible(&mut self, element: Element, visible: bool) {
        if self.node(element).visible != visible {
            self.node_mut(element).visible = visible;
            self.recount(Some(element));
        }
    }

    // --- the Fugue tree ---

    fn children(&self, parent: Option<Element>, side: Side) -> &Children {
        match (parent, side) {
            (None, _) => &self.first,
            (Some(parent), Side::Left) => &self.node(parent).left,
            (Some(parent), Side::Right) => &self.node(parent).right,
        }
    }

    fn children_mut(&mut self, parent: Option<Element>, side: Side) -> &mut Children {
        match (parent, side) {
            (None, _) => &mut self.first,
            (Some(parent), Side::Left) => &mut self.node_mut(parent).left,
            (Some(parent), Side::Right) => &mut self.node_mut(parent).right,
        }
    }

    /// The first element of all that hangs on `element`, itself included.
    fn leftmost(&self, mut element: Element) -> Element {
        while let Some(&first) = self.node(element).left.first() {
            element = first;
        }
        element
    }

    /// The last element of all that hangs on `element`, itself included.
    fn rightmost(&self, mut element: Element) -> Element {
        while let Some(&last) = self.node(element).right.last() {
            element = last;
        }
        element
    }

    // --- the treap ---

    fn node(&self, element: Element) -> &Node<T> {
        &self.nodes[element.index()]
    }

    fn node_mut(&mut self, element: Element) -> &mut Node<T> {
        &mut self.nodes[element.index()]
    }

    fn count(&self, top: Option<Element>) -> u32 {
        top.map_or(0, |top| self.node(top).count)
    }

    /// The element after `element` in the order of all, tombstones included.
    fn successor(&self, element: Option<Element>) -> Option<Element> {
        let Some(element) = element else { return self.lowest(self.top) };
        if let Some(high) = self.node(element).high {
            return self.lowest(Some(high));
        }
        let mut at = element;
        while let Some(up) = self.node(at).up {
            if self.node(up).low == Some(at) {
                return Some(up);
            }
            at = up;
        }
        None
    }

    fn lowest(&self, mut at: Option<Element>) -> Option<Element> {
        while let Some(low) = at.and_then(|at| self.node(at).low) {
            at = Some(low);
        }
        at
    }

    /// Puts `new` right before `next`.
    fn attach_before(&mut self, next: Element, new: Element) {
        match self.node(next).low {
            None => {
                self.node_mut(next).low = Some(new);
                self.attached(next, new);
            }
            Some(mut at) => {
                while let Some(high) = self.node(at).high {
                    at = high;
                }
                self.node_mut(at).high = Some(new);
                self.attached(at, new);
            }
        }
    }

    /// Puts `new` right after `previous`, or first of all.
    fn attach_after(&mut self, previous: Option<Element>, new: Element) {
        let Some(previous) = previous else {
            match self.lowest(self.top) {
                Some(first) => self.attach_before(first, new),
                None => self.top = Some(new),
            }
            return;
        };
        match self.node(previous).high {
            None => {
                self.node_mut(previous).high = Some(new);
                self.attached(previous, new);
            }
            Some(high) => {
                let next = self.lowest(Some(high)).unwrap_or(high);
                self.attach_before(next, new);
            }
        }
    }

    /// Restores counts and balance after `new` became a child of `up`.
    fn attached(&mut self, up: Element, new: Element) {
        self.node_mut(new).up = Some(up);
        self.recount(Some(up));
        while let Some(up) = self.node(new).up.filter(|up| self.priority(new) > self.priority(*up)) {
            self.rotate(up, new);
        }
    }

    /// Lifts `child` above `parent`.
    fn rotate(&mut self, parent: Element, child: Element) {
        let above = self.node(parent).up;
        let inner = if self.node(parent).low == Some(child) {
            let inner = self.node_mut(child).high.replace(parent);
            self.node_mut(parent).low = inner;
            inner
        } else {
            let inner = self.node_mut(child).low.replace(parent);
            self.node_mut(parent).high = inner;
            inner
        };
        if let Some(inner) = inner {
            self.node_mut(inner).up = Some(parent);
        }
        self.node_mut(parent).up = Some(child);
        self.node_mut(child).up = above;
        match above {
            None => self.top = Some(child),
            Some(above) => {
                let node = self.node_mut(above);
                if node.low == Some(parent) {
                    node.low = Some(child);
                } else {
                    node.high = Some(child);
                }
            }
        }
        let whole = self.node(parent).count;
        self.node_mut(parent).count = self.counted(parent);
        self.node_mut(child).count = whole;
    }

    /// The heap order: a mix of the index (splitmix64). Distinct for distinct elements, because the mix
    /// is a bijection.
    fn priority(&self, element: Element) -> u64 {
        let mut x = (u64::from(element.0.get()) ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn counted(&self, element: Element) -> u32 {
        let node = self.node(element);
        self.count(node.low) + self.count(node.high) + u32::from(node.visible)
    }

    fn recount(&mut self, mut at: Option<Element>) {
        while let Some(element) = at {
            self.node_mut(element).count = self.counted(element);
            at = self.node(element).up;
        }
    }

    /// Verifies both trees. O(n).
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut order = Vec::new();
        let mut stack = Vec::new();
        let mut next = self.top;
        while next.is_some() || !stack.is_empty() {
            while let Some(at) = next {
                stack.push(at);
                next = self.node(at).low;
            }
            if let Some(at) = stack.pop() {
                order.push(at);
                next = self.node(at).high;
            }
        }
        let mut walk = Vec::new();
        let mut todo: Vec<_> = self.first.iter().rev().map(|&child| (child, false)).collect();
        while let Some((at, opened)) = todo.pop() {
            if opened {
                walk.push(at);
                continue;
            }
            todo.extend(self.node(at).right.iter().rev().map(|&child| (child, false)));
            todo.push((at, true));
            todo.extend(self.node(at).left.iter().rev().map(|&child| (child, false)));
        }
        if order != walk || order.len() != self.nodes.len() {
            return Err("the order of a list is not the walk of its Fugue tree".into());
        }
        for at in order {
            let node = self.node(at);
            let sorted = |children: &Children| children.is_sorted_by_key(|&child| self.id(child));
            let below = [node.low, node.high].into_iter().flatten();
            let holds = node.count == self.counted(at)
                && self.by_id.get(&node.id) == Some(&at)
                && sorted(&node.left)
                && sorted(&node.right)
                && below
                    .into_iter()
                    .all(|child| self.node(child).up == Some(at) && self.priority(child) < self.priority(at));
            if !holds {
                return Err(format!("the list item {} is out of order", node.id));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::Actor;

    fn id(counter: u64, actor: &str) -> OpId {
        OpId::new(counter, Actor::new(actor).unwrap())
    }

    fn text(sequence: &Sequence<char>) -> String {
        sequence.iter().map(|element| *sequence.item(element)).collect()
    }

    /// Inserts at a visible position, as a local edit does.
    fn type_at(sequence: &mut Sequence<char>, position: usize, id: OpId, item: char) {
        let left = position.checked_sub(1).and_then(|position| sequence.get(position));
        let (parent, side) = sequence.origin(left);
        sequence.insert(id, parent, side, item);
    }

    #[test]
    fn local_edits_behave_as_a_list() {
        let mut sequence = Sequence::default();
        let mut plain: Vec<char> = Vec::new();
        let mut seed = 1u64;
        for counter in 1..2_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let position = (seed >> 33) as usize % (plain.len() + 1);
            if seed >> 62 == 0 && position < plain.len() {
                plain.remove(position);
                let element = sequence.get(position).unwrap();
                assert_eq!(sequence.position(element), position);
                sequence.set_visible(element, false);
            } else {
                let item = char::from(b'a' + (counter % 26) as u8);
                plain.insert(position, item);
                type_at(&mut sequence, position, id(counter, "a"), item);
            }
        }
        assert_eq!(text(&sequence), plain.iter().collect::<String>());
        assert_eq!(sequence.len(), plain.len());
        sequence.check().unwrap();
    }

    #[test]
    fn siblings_order_by_id_whatever_comes_first() {
        let make = |ids: [(u64, &str); 3]| {
            let mut sequence = Sequence::default();
            let root = sequence.insert(id(1, "a"), None, Side::Right, '-');
            for (counter, actor) in ids {
                let item = actor.chars().next().unwrap();
                sequence.insert(id(counter, actor), Some(root), Side::Left, item);
            }
            sequence.check().unwrap();
            text(&sequence)
        };
        assert_eq!(make([(2, "x"), (2, "y"), (3, "z")]), "xyz-");
        assert_eq!(make([(3, "z"), (2, "y"), (2, "x")]), "xyz-");
    }
}
