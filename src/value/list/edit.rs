//! Changes of single items of a tree.

use std::mem;
use std::sync::Arc;

use super::tree::{
    Child, Children, FAN, LEAF, Leaf, Node, child_at, merge, merge_children, pair, start, trimmed,
};
use crate::value::Val;

/// Replaces an item.
pub(super) fn set(root: &mut Arc<Node>, mut index: usize, value: Val) -> Val {
    let mut node = root;
    loop {
        match Arc::make_mut(node) {
            Node::Leaf(items) => return mem::replace(&mut items[index], value),
            Node::Inner(children) => {
                let at = child_at(children, index);
                index -= start(children, at);
                node = &mut children[at].node;
            }
        }
    }
}

/// Adds an item before a position.
pub(super) fn insert(root: &mut Arc<Node>, index: usize, value: Val) {
    match insert_below(root, index, value) {
        Some(rest) => *root = pair(root.clone(), rest),
        None => trim(root),
    }
}

/// Adds an item. What is too much comes back as the next node.
fn insert_below(node: &mut Arc<Node>, index: usize, value: Val) -> Option<Arc<Node>> {
    // A full leaf stays as it is, and stays shared, where the new item can stand beside it.
    if let Node::Leaf(items) = &**node
        && items.len() == LEAF
    {
        let alone = |value| Arc::new(Node::Leaf(Leaf::from_iter([value])));
        if index == LEAF {
            return Some(alone(value));
        }
        if index == 0 {
            return Some(mem::replace(node, alone(value)));
        }
    }
    match Arc::make_mut(node) {
        Node::Leaf(items) if items.len() < LEAF => {
            items.insert(index, value);
            None
        }
        Node::Leaf(items) => {
            let mut rest: Leaf = items.drain(LEAF / 2..).collect();
            match index.checked_sub(LEAF / 2) {
                Some(index) => rest.insert(index, value),
                None => items.insert(index, value),
            }
            Some(Arc::new(Node::Leaf(rest)))
        }
        Node::Inner(children) => {
            let at = place_at(children, index);
            let index = index - start(children, at);
            let size = children[at].node.size();
            let rest = insert_below(&mut children[at].node, index, value);
            children[at..].iter_mut().for_each(|child| child.end += 1);
            if let Some(rest) = rest {
                return add_child(children, at, rest);
            }
            // Where a node was split, both halves may have gone into its neighbours.
            if children[at].node.size() < size {
                settle(children, at);
            }
            None
        }
    }
}

/// Finds the child for an item that is to stand before a position: the emptier one if there are two.
fn place_at(children: &[Child], index: usize) -> usize {
    let at = children.partition_point(|child| child.end < index);
    let count = |at: usize| children[at].end - start(children, at);
    let between = at + 1 < children.len() && children[at].end == index;
    if between && count(at + 1) < count(at) { at + 1 } else { at }
}

/// Puts what came off a child after it. What is too much comes back as the next node.
fn add_child(children: &mut Children, mut at: usize, mut rest: Arc<Node>) -> Option<Arc<Node>> {
    let mut end = children[at].end;
    children[at].end -= rest.len();
    if let Some(next) = children.get(at + 1)
        && rest.fits(&next.node)
    {
        let next = children.remove(at + 1);
        merge(&mut rest, next.node);
        end = next.end;
    }
    if at > 0 && children[at - 1].node.fits(&children[at].node) {
        merge_children(children, at - 1);
        at -= 1;
    }
    let child = Child { end, node: rest };
    if children.len() < FAN {
        children.insert(at + 1, child);
        return None;
    }
    let middle = if at == 0 {
        1
    } else if at + 1 == FAN {
        FAN
    } else {
        FAN / 2
    };
    let mut right: Children = children.drain(middle..).collect();
    match (at + 1).checked_sub(middle) {
        Some(at) => right.insert(at, child),
        None => children.insert(at + 1, child),
    }
    let before = start(children, children.len());
    right.iter_mut().for_each(|child| child.end -= before);
    Some(Arc::new(Node::Inner(right)))
}

/// Takes an item out of a tree that is more than a leaf.
pub(super) fn remove(root: &mut Arc<Node>, index: usize) -> Val {
    let value = remove_below(root, index);
    trim(root);
    value
}

/// Restores that a root has several children.
fn trim(root: &mut Arc<Node>) {
    if root.size() == 1 {
        *root = trimmed(root);
    }
}

fn remove_below(node: &mut Arc<Node>, index: usize) -> Val {
    match Arc::make_mut(node) {
        Node::Leaf(items) => items.remove(index),
        Node::Inner(children) => {
            let at = child_at(children, index);
            let index = index - start(children, at);
            let size = children[at].node.size();
            let value = remove_below(&mut children[at].node, index);
            children[at..].iter_mut().for_each(|child| child.end -= 1);
            if children[at].node.size() != size {
                settle(children, at);
            }
            value
        }
    }
}

/// Restores the invariant after a child has become smaller.
fn settle(children: &mut Children, at: usize) {
    let node = &children[at].node;
    if node.size() == 0 {
        // It held one, and did not fit to its neighbours: they are full.
        children.remove(at);
        return;
    }
    if let Some(next) = children.get(at + 1)
        && node.fits(&next.node)
    {
        merge_children(children, at);
    }
    if at > 0 && children[at - 1].node.fits(&children[at].node) {
        merge_children(children, at - 1);
    }
}
