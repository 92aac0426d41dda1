//! The invariants of the tree.

use super::{NONE, Order};

impl Order {
    /// Verifies counts, links and the cursor. O(n).
    pub(in crate::crdt::sequence) fn check(&self) -> Result<(), String> {
        let mut leaves = Vec::new();
        let mut shown = 0;
        if self.first != NONE {
            let root = (self.root, self.height(), NONE);
            shown = self.check_below(root, &mut leaves)?.wrapping_add(self.cursor.pending);
        }
        if shown != self.len {
            return Err(format!("{} elements are visible, not {}", shown, self.len));
        }
        if !self.leaves_in_order().eq(leaves.iter().copied()) || leaves.len() != self.leaves.len() {
            return Err("the leaves are not linked in order".into());
        }
        if self.cursor.leaf == NONE && self.cursor.pending != 0 {
            return Err("elements of no leaf are not counted yet".into());
        }
        if self.cursor.leaf != NONE {
            let before = leaves.iter().take_while(|&&leaf| leaf != self.cursor.leaf);
            let before: u32 = before.flat_map(|&leaf| self.spans(leaf)).map(|span| span.shown()).sum();
            if before != self.cursor.before {
                return Err(format!("{before} elements stand before the last place, not {:?}", self.cursor));
            }
        }
        Ok(())
    }

    fn check_below(&self, (at, height, parent): (u32, u32, u32), out: &mut Vec<u32>) -> Result<u32, String> {
        if height == 0 {
            out.push(at);
            let spans = self.spans(at);
            let joined = spans.windows(2).any(|pair| pair[0].joins(pair[1]));
            let empty = spans.is_empty() || spans.iter().any(|span| span.count() == 0);
            if joined || empty || self.leaves[at as usize].parent != parent {
                return Err(format!("leaf {at} is malformed: {:?}", self.leaves[at as usize]));
            }
            let shown: u32 = spans.iter().map(|span| span.shown()).sum();
            let pending = if at == self.cursor.leaf { self.cursor.pending } else { 0 };
            return Ok(shown.wrapping_sub(pending));
        }
        let node = &self.nodes[at as usize];
        for slot in 0..node.len as usize {
            let count = self.check_below((node.children[slot], height - 1, at), out)?;
            if count != node.counts[slot] {
                return Err(format!("node {at} counts {} in place {slot}, not {count}", node.counts[slot]));
            }
        }
        if node.len == 0 || node.parent != parent || node.height != height {
            return Err(format!("node {at} is malformed: {node:?}"));
        }
        Ok(node.counts[..node.len as usize].iter().sum())
    }
}
