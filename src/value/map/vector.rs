//! A persistent vector: a tree of fixed width, indexed by the digits of a position.

use std::iter;
use std::sync::Arc;

/// The bits of a position that each level takes. Nodes are narrow, as the copy of a node counts up references to
/// all that is in it; most of all the leaves, since what is in them is seldom in the cache.
const LEAF_BITS: u32 = 2;
const INNER_BITS: u32 = 4;

const LEAF_WIDTH: usize = 1 << LEAF_BITS;
const INNER_WIDTH: usize = 1 << INNER_BITS;

/// A vector whose clones share all nodes that none of them changed. Reading, changing, `push` and `pop` cost
/// O(log n).
pub(super) struct Vector<T> {
    root: Node<T>,
    /// The number of levels above the leaves.
    height: u32,
    len: usize,
}

/// A node. Invariant: each node but those on the right edge is full.
enum Node<T> {
    Inner(Arc<[Node<T>]>),
    Leaf(Arc<[T]>),
}

impl<T: Clone> Vector<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns the item at a position.
    ///
    /// # Panics
    /// When there is none.
    pub(super) fn get(&self, at: usize) -> &T {
        let mut node = &self.root;
        let mut shift = shift(self.height);
        loop {
            match node {
                Node::Inner(children) => node = &children[(at >> shift) % INNER_WIDTH],
                Node::Leaf(items) => return &items[at % LEAF_WIDTH],
            }
            shift = shift.wrapping_sub(INNER_BITS);
        }
    }

    /// Returns the item at a position to be changed: copies what is shared on the way to it.
    ///
    /// # Panics
    /// When there is none.
    pub(super) fn get_mut(&mut self, at: usize) -> &mut T {
        let mut node = &mut self.root;
        let mut shift = shift(self.height);
        loop {
            match node {
                Node::Inner(children) => node = &mut Arc::make_mut(children)[(at >> shift) % INNER_WIDTH],
                Node::Leaf(items) => return &mut Arc::make_mut(items)[at % LEAF_WIDTH],
            }
            shift = shift.wrapping_sub(INNER_BITS);
        }
    }

    pub(super) fn push(&mut self, item: T) {
        if self.len == 1 << shift(self.height + 1) {
            self.root = Node::Inner([self.root.clone()].into());
            self.height += 1;
        }
        self.root.push(self.len, self.height, item);
        self.len += 1;
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        let item = self.get(last).clone();
        self.root.pop();
        self.len = last;
        while let Node::Inner(children) = &self.root
            && let [only] = &**children
        {
            self.root = only.clone();
            self.height -= 1;
        }
        Some(item)
    }

    /// Calls `visit` with the items of each position whose nodes are not one in memory.
    pub(super) fn compare<'v>(
        old: &'v Self,
        new: &'v Self,
        visit: &mut impl FnMut(Option<&'v T>, Option<&'v T>),
    ) {
        let (a, b) = ((&old.root, old.height), (&new.root, new.height));
        compare(Some(a), Some(b), visit);
    }

    /// Calls `visit` with each item that no other vector shares.
    pub(super) fn visit_unshared(&mut self, visit: &mut impl FnMut(&mut T)) {
        self.root.visit_unshared(visit);
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        let capacity = 1 << shift(self.height + 1);
        if self.root.check(self.height, true)? != self.len || self.len > capacity {
            return Err(format!("a vector of {} items, height {}", self.len, self.height));
        }
        if self.height > 0 && self.len <= 1 << shift(self.height) {
            return Err("a level too many".to_owned());
        }
        Ok(())
    }
}

impl<T: Clone> Node<T> {
    fn push(&mut self, at: usize, height: u32, item: T) {
        match self {
            Self::Leaf(items) => *items = items.iter().cloned().chain(iter::once(item)).collect(),
            Self::Inner(children) => {
                let digit = (at >> shift(height)) % INNER_WIDTH;
                if digit < children.len() {
                    Arc::make_mut(children)[digit].push(at, height - 1, item);
                } else {
                    let child = Self::of_one(height - 1, item);
                    *children = children.iter().cloned().chain(iter::once(child)).collect();
                }
            }
        }
    }

    fn of_one(height: u32, item: T) -> Self {
        if height == 0 {
            Self::Leaf([item].into())
        } else {
            Self::Inner([Self::of_one(height - 1, item)].into())
        }
    }

    /// Takes the last item out, and tells whether none is left.
    fn pop(&mut self) -> bool {
        match self {
            Self::Leaf(items) => {
                *items = items[..items.len() - 1].into();
                items.is_empty()
            }
            Self::Inner(children) => {
                if Arc::make_mut(children).last_mut().is_some_and(Self::pop) {
                    *children = children[..children.len() - 1].into();
                }
                children.is_empty()
            }
        }
    }

    fn is_shared(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Inner(a), Self::Inner(b)) => Arc::ptr_eq(a, b),
            (Self::Leaf(a), Self::Leaf(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    fn visit_unshared(&mut self, visit: &mut impl FnMut(&mut T)) {
        match self {
            Self::Leaf(items) => Arc::get_mut(items).into_iter().flatten().for_each(visit),
            Self::Inner(children) => {
                for child in Arc::get_mut(children).into_iter().flatten() {
                    child.visit_unshared(visit);
                }
            }
        }
    }

    #[cfg(test)]
    fn check(&self, height: u32, is_last: bool) -> Result<usize, String> {
        let (width, full) = match self {
            Self::Inner(children) => (children.len(), INNER_WIDTH),
            Self::Leaf(items) => (items.len(), LEAF_WIDTH),
        };
        if width > full || (width < full && !is_last) {
            return Err(format!("a node of {width}"));
        }
        match self {
            Self::Leaf(_) if height == 0 => Ok(width),
            Self::Inner(children) if height > 0 => {
                let each = children.iter().enumerate();
                each.map(|(at, child)| child.check(height - 1, is_last && at + 1 == width)).sum()
            }
            _ => Err("a leaf at another height".to_owned()),
        }
    }
}

/// Returns the position of the lowest bit that a level takes.
fn shift(height: u32) -> u32 {
    LEAF_BITS + height.wrapping_sub(1).wrapping_mul(INNER_BITS)
}

fn compare<'v, T: Clone>(
    old: Option<(&'v Node<T>, u32)>,
    new: Option<(&'v Node<T>, u32)>,
    visit: &mut impl FnMut(Option<&'v T>, Option<&'v T>),
) {
    // The higher one of two is entered alone: the other one is where its first child is.
    let height = old.map(|node| node.1).max(new.map(|node| node.1));
    if let (Some((old, _)), Some((new, _))) = (old, new)
        && old.is_shared(new)
    {
        return;
    }
    let child = |node: Option<(&'v Node<T>, u32)>, at: usize| match node {
        Some((Node::Inner(children), own)) if Some(own) == height => {
            children.get(at).map(|child| (child, own - 1))
        }
        other => other.filter(|_| at == 0),
    };
    let item = |node: Option<(&'v Node<T>, u32)>, at: usize| match node {
        Some((Node::Leaf(items), _)) => items.get(at),
        _ => None,
    };
    for at in 0..INNER_WIDTH.max(LEAF_WIDTH) {
        if height == Some(0) {
            let (old, new) = (item(old, at), item(new, at));
            if old.is_some() || new.is_some() {
                visit(old, new);
            }
        } else {
            let (old, new) = (child(old, at), child(new, at));
            if old.is_some() || new.is_some() {
                compare(old, new, visit);
            }
        }
    }
}

impl<T> Clone for Vector<T> {
    fn clone(&self) -> Self {
        Self { root: self.root.clone(), ..*self }
    }
}

impl<T> Clone for Node<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Inner(children) => Self::Inner(children.clone()),
            Self::Leaf(items) => Self::Leaf(items.clone()),
        }
    }
}

impl<T: Clone> FromIterator<T> for Vector<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items: Vec<T> = items.into_iter().collect();
        let len = items.len();
        let mut nodes: Vec<Node<T>> =
            items.chunks(LEAF_WIDTH).map(|items| Node::Leaf(items.into())).collect();
        let mut height = 0;
        while nodes.len() > 1 {
            nodes = nodes.chunks(INNER_WIDTH).map(|nodes| Node::Inner(nodes.into())).collect();
            height += 1;
        }
        let root = nodes.pop().unwrap_or_else(|| Node::Leaf([].into()));
        Self { root, height, len }
    }
}
