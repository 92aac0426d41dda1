//! Join and split of trees. Both are O(log n), and make new nodes only along the seam: the rest is shared.

use std::mem;
use std::sync::Arc;

use super::tree::{Child, Children, FAN, Node, child_at, merge, pair, start, trimmed};

/// Joins two trees end to end.
pub(super) fn join(mut left: Arc<Node>, mut right: Arc<Node>) -> Arc<Node> {
    let (height, other) = (left.height(), right.height());
    if height >= other {
        match join_below(&mut left, right, height - other) {
            Some(rest) => pair(left, rest),
            None => left,
        }
    } else {
        match join_below_front(&mut right, left, other - height) {
            Some(rest) => pair(rest, right),
            None => right,
        }
    }
}

/// Adds a node at the end, some levels below. What is too much comes back as the next node.
fn join_below(left: &mut Arc<Node>, right: Arc<Node>, depth: usize) -> Option<Arc<Node>> {
    if depth == 0 {
        if !left.fits(&right) {
            return Some(right);
        }
        merge(left, right);
        return None;
    }
    let Node::Inner(children) = Arc::make_mut(left) else { unreachable!("leaves have no depth") };
    let last = children.last_mut().expect("no node is empty");
    let end = last.end + right.len();
    let rest = join_below(&mut last.node, right, depth - 1);
    last.end = end - rest.as_ref().map_or(0, |rest| rest.len());
    let child = Child { end, node: rest? };
    if children.len() < FAN {
        children.push(child);
        return None;
    }
    Some(alone(child.node))
}

/// Adds a node in front, some levels below. What is too much comes back as the node before.
fn join_below_front(right: &mut Arc<Node>, left: Arc<Node>, depth: usize) -> Option<Arc<Node>> {
    if depth == 0 {
        if !left.fits(right) {
            return Some(left);
        }
        let more = mem::replace(right, left);
        merge(right, more);
        return None;
    }
    let Node::Inner(children) = Arc::make_mut(right) else { unreachable!("leaves have no depth") };
    let count = left.len();
    let rest = join_below_front(&mut children[0].node, left, depth - 1);
    let kept = rest.as_ref().map_or(0, |rest| rest.len());
    children.iter_mut().for_each(|child| child.end += count - kept);
    let rest = rest?;
    if children.len() == FAN {
        return Some(alone(rest));
    }
    children.iter_mut().for_each(|child| child.end += kept);
    children.insert(0, Child { end: kept, node: rest });
    None
}

/// Makes an inner node above one that had no place in a full one.
fn alone(node: Arc<Node>) -> Arc<Node> {
    Arc::new(Node::Inner(Children::from_iter([Child { end: node.len(), node }])))
}

/// Splits the first items off, at least one.
pub(super) fn head(node: &Arc<Node>, len: usize) -> Arc<Node> {
    if len == node.len() {
        return trimmed(node);
    }
    match &**node {
        Node::Leaf(items) => Arc::new(Node::Leaf(items[..len].iter().cloned().collect())),
        Node::Inner(children) => {
            let at = child_at(children, len - 1);
            let last = head(&children[at].node, len - start(children, at));
            match some(&children[..at], 0) {
                Some(first) => join(first, last),
                None => last,
            }
        }
    }
}

/// Splits the items from a position on off, at least one.
pub(super) fn tail(node: &Arc<Node>, from: usize) -> Arc<Node> {
    if from == 0 {
        return trimmed(node);
    }
    match &**node {
        Node::Leaf(items) => Arc::new(Node::Leaf(items[from..].iter().cloned().collect())),
        Node::Inner(children) => {
            let at = child_at(children, from);
            let first = tail(&children[at].node, from - start(children, at));
            match some(&children[at + 1..], children[at].end) {
                Some(last) => join(first, last),
                None => first,
            }
        }
    }
}

/// Makes a tree of some children of a node, before which there are so many items.
fn some(children: &[Child], before: usize) -> Option<Arc<Node>> {
    match children {
        [] => None,
        [only] => Some(trimmed(&only.node)),
        _ => {
            let children = children.iter().map(|child| Child { end: child.end - before, ..child.clone() });
            Some(Arc::new(Node::Inner(children.collect())))
        }
    }
}
