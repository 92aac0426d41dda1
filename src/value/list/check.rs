//! The invariants of lists.

use super::tree::{FAN, LEAF, Node};
use super::{Items, List};
use crate::value::Val;

impl List {
    /// Checks all invariants. O(n).
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Items::Many(root) = &self.0.items {
            if root.size() < 2 || matches!(**root, Node::Leaf(_)) {
                return Err("the root has less than two children".to_owned());
            }
            check_node(root, root.height())?;
        }
        let most = self.iter().map(Val::levels).max().unwrap_or(0);
        if most > self.0.levels {
            return Err(format!("an item has {most} levels, and the bound is {}", self.0.levels));
        }
        Ok(())
    }
}

fn check_node(node: &Node, height: usize) -> Result<(), String> {
    let most = if height == 0 { LEAF } else { FAN };
    if !(1..=most).contains(&node.size()) {
        return Err(format!("a node of height {height} has {} parts", node.size()));
    }
    let children = match node {
        Node::Leaf(_) if height == 0 => return Ok(()),
        Node::Inner(children) if height > 0 => children,
        _ => return Err(format!("a leaf is {height} too high")),
    };
    let mut end = 0;
    for (at, child) in children.iter().enumerate() {
        check_node(&child.node, height - 1)?;
        end += child.node.len();
        if child.end != end {
            return Err(format!("child {at} ends at {}, and not at {end}", child.end));
        }
        if children.get(at + 1).is_some_and(|next| child.node.fits(&next.node)) {
            return Err(format!("children {at} and {} of height {} fit into one", at + 1, height - 1));
        }
    }
    Ok(())
}
