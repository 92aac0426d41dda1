//! The B+ tree of long lists: its nodes, and how items are found in it.

use std::sync::Arc;

use arrayvec::ArrayVec;

use crate::value::Val;

// Tests have low nodes, and so high trees of few items.

/// The maximum number of items in a leaf.
pub(super) const LEAF: usize = if cfg!(test) { 4 } else { 32 };
/// The maximum number of children of an inner node.
pub(super) const FAN: usize = if cfg!(test) { 5 } else { 16 };

pub(super) type Leaf = ArrayVec<Val, LEAF>;
pub(super) type Children = ArrayVec<Child, FAN>;

/// A node, and so a tree. All leaves of a tree are equally deep.
///
/// Invariant: no node is empty, and two neighbours under one parent never fit into one node. So nodes are more
/// than half full on average, a cut or a join changes few of them, and a list that grows at one end has full
/// leaves.
#[derive(Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "inner nodes are few, and a box would be one more step on the way"
)]
pub(super) enum Node {
    Leaf(Leaf),
    Inner(Children),
}

/// A child of an inner node.
#[derive(Clone)]
pub(super) struct Child {
    /// The number of items in this child and in those before it.
    pub(super) end: usize,
    pub(super) node: Arc<Node>,
}

impl Node {
    /// Makes a tree of items. `None` if there are none. O(n).
    pub(super) fn build(items: impl Iterator<Item = Val>) -> Option<Arc<Self>> {
        let mut items = items.fuse();
        let leaves = std::iter::from_fn(|| {
            let leaf: Leaf = items.by_ref().take(LEAF).collect();
            (!leaf.is_empty()).then(|| (leaf.len(), Arc::new(Self::Leaf(leaf))))
        });
        let mut level: Vec<(usize, Arc<Self>)> = leaves.collect();
        while level.len() > 1 {
            let mut nodes = level.into_iter().peekable();
            let mut above = Vec::new();
            while nodes.peek().is_some() {
                let mut end = 0;
                let children = nodes.by_ref().take(FAN).map(|(count, node)| {
                    end += count;
                    Child { end, node }
                });
                let children = Arc::new(Self::Inner(children.collect()));
                above.push((end, children));
            }
            level = above;
        }
        level.pop().map(|(_, root)| root)
    }

    /// Returns the number of items.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Leaf(items) => items.len(),
            Self::Inner(children) => start(children, children.len()),
        }
    }

    /// Returns the number of items of a leaf, or of children.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Leaf(items) => items.len(),
            Self::Inner(children) => children.len(),
        }
    }

    /// Returns the number of levels of inner nodes.
    pub(super) fn height(&self) -> usize {
        let mut height = 0;
        let mut node = self;
        while let Self::Inner(children) = node {
            height += 1;
            node = &children[0].node;
        }
        height
    }

    /// Tells whether the items of two nodes of one height, or their children, fit into one.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.size() + other.size() <= if matches!(self, Self::Leaf(_)) { LEAF } else { FAN }
    }

    /// Returns the item at a position.
    pub(super) fn get(&self, index: usize) -> Option<&Val> {
        (index < self.len()).then(|| {
            let (leaf, at) = self.leaf_at(index);
            &leaf[at]
        })
    }

    /// Returns the leaf with the item at a position, and the position in it.
    ///
    /// # Panics
    /// When the position is past the last item.
    pub(super) fn leaf_at(&self, mut index: usize) -> (&[Val], usize) {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(items) => return (items, index),
                Self::Inner(children) => {
                    let at = child_at(children, index);
                    index -= start(children, at);
                    node = &children[at].node;
                }
            }
        }
    }
}

/// Returns the number of items in the children before one.
pub(super) fn start(children: &[Child], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| children[before].end)
}

/// Returns the child with the item at a position.
pub(super) fn child_at(children: &[Child], index: usize) -> usize {
    children.iter().filter(|child| child.end <= index).count()
}

/// Makes a root above two nodes of one height, which do not fit into one.
pub(super) fn pair(left: Arc<Node>, right: Arc<Node>) -> Arc<Node> {
    let end = left.len();
    let right = Child { end: end + right.len(), node: right };
    Arc::new(Node::Inner(Children::from_iter([Child { end, node: left }, right])))
}

/// Finds the root of what is in a node: a root has several children.
pub(super) fn trimmed(mut node: &Arc<Node>) -> Arc<Node> {
    while let Node::Inner(children) = &**node
        && let [only] = &children[..]
    {
        node = &only.node;
    }
    node.clone()
}

/// Makes one of a child and the next one, which fit.
pub(super) fn merge_children(children: &mut Children, at: usize) {
    let next = children.remove(at + 1);
    children[at].end = next.end;
    merge(&mut children[at].node, next.node);
}

/// Adds what a node of the same height holds, which fits.
pub(super) fn merge(left: &mut Arc<Node>, right: Arc<Node>) {
    match (Arc::make_mut(left), Arc::unwrap_or_clone(right)) {
        (Node::Leaf(items), Node::Leaf(more)) => items.extend(more),
        (Node::Inner(children), Node::Inner(more)) => {
            let seam = children.len();
            let before = start(children, seam);
            children.extend(more.into_iter().map(|child| Child { end: before + child.end, ..child }));
            // Both had their own parent until now.
            if children[seam - 1].node.fits(&children[seam].node) {
                merge_children(children, seam - 1);
            }
        }
        _ => unreachable!("the two have one height"),
    }
}
