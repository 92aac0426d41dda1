//! The blocks of a large map in their order: a persistent linked list.

use std::sync::Arc;

use super::Val;
use super::block::Block;
use super::vector::Vector;

/// The distance between the labels of blocks that come last.
const SPACING: u64 = 1 << 32;

/// A list of blocks that stand where they are put, and that are found by an id. Clones share what none of them
/// changed; reading and changing cost O(log n).
#[derive(Clone)]
pub(super) struct Blocks {
    first: BlockId,
    last: BlockId,
    /// Invariant: from the first block to the last one by `next`, and the other way round by `previous`.
    links: Vector<Link>,
}

/// A block of a map: its position in the vector of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockId(u32);

#[derive(Clone)]
pub(super) struct Link {
    pub(super) block: Block,
    /// Grows from block to block.
    ///
    /// Invariant: the distance to the label of the first block is greater than that of the block before, modulo
    /// 2⁶⁴.
    label: u64,
    /// Of the first block it says nothing.
    previous: BlockId,
    /// Of the last block it says nothing: the first one stays shared when another one becomes the last.
    next: BlockId,
}

impl Blocks {
    /// Takes blocks in their order, at least one. O(n).
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        let count = blocks.len();
        let link = |(at, block)| Link {
            block,
            label: (at as u64).wrapping_mul(SPACING),
            previous: BlockId::new((at + count - 1) % count),
            next: BlockId::new((at + 1) % count),
        };
        let links = blocks.into_iter().enumerate().map(link).collect();
        Self { first: BlockId::FIRST, last: BlockId::new(count - 1), links }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    pub(super) fn first(&self) -> BlockId {
        self.first
    }

    pub(super) fn last(&self) -> BlockId {
        self.last
    }

    /// Returns the block after another one; the first one after the last.
    pub(super) fn next(&self, id: BlockId) -> BlockId {
        if id == self.last { self.first } else { self.link(id).next }
    }

    /// Returns the block before another one; the last one before the first.
    pub(super) fn previous(&self, id: BlockId) -> BlockId {
        if id == self.first { self.last } else { self.link(id).previous }
    }

    pub(super) fn get(&self, id: BlockId) -> &Block {
        &self.link(id).block
    }

    /// Returns a block to be changed.
    pub(super) fn get_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.link_mut(id).block
    }

    /// Adds a block after another one. O(log n) amortised.
    pub(super) fn insert_after(&mut self, previous: BlockId, block: Block) -> BlockId {
        let label = self.label_after(previous);
        let id = BlockId::new(self.links.len());
        let next = self.next(previous);
        self.links.push(Link { block, label, previous, next });
        self.link_mut(previous).next = id;
        if previous == self.last {
            self.last = id;
        } else {
            self.link_mut(next).previous = id;
        }
        id
    }

    /// Takes a block out, of several. The one with the highest id gets the id that is free then.
    pub(super) fn swap_remove(&mut self, id: BlockId) -> Block {
        let Link { previous, next, .. } = *self.link(id);
        if id == self.first {
            self.first = next;
        } else if id == self.last {
            self.last = previous;
        } else {
            self.link_mut(previous).next = next;
            self.link_mut(next).previous = previous;
        }
        let mut removed = self.links.pop().expect("a block that is taken out is there");
        let moved = BlockId::new(self.links.len());
        if moved != id {
            let Link { previous, next, .. } = removed;
            std::mem::swap(self.link_mut(id), &mut removed);
            if moved == self.first {
                self.first = id;
            } else {
                self.link_mut(previous).next = id;
            }
            if moved == self.last {
                self.last = id;
            } else {
                self.link_mut(next).previous = id;
            }
        }
        removed.block
    }

    /// Returns the block that [`swap_remove`](Self::swap_remove) gives another id.
    pub(super) fn highest(&self) -> BlockId {
        BlockId::new(self.links.len() - 1)
    }

    /// Returns a number that grows from block to block.
    pub(super) fn rank(&self, link: &Link) -> u64 {
        link.label.wrapping_sub(self.link(self.first).label)
    }

    /// Calls `visit` with the old and the new block of each id where something may differ.
    pub(super) fn compare<'b>(
        old: &'b Self,
        new: &'b Self,
        mut visit: impl FnMut(Option<&'b Link>, Option<&'b Link>),
    ) {
        Vector::compare(&old.links, &new.links, &mut |old, new| {
            // Other keys have other values beside them.
            let is_shared = |(a, b): (&Link, &Link)| Arc::ptr_eq(a.block.values(), b.block.values());
            if !old.zip(new).is_some_and(is_shared) {
                visit(old, new);
            }
        });
    }

    /// Tells whether all blocks have the keys that they have in another list, in its order: no key came or went since
    /// the two were one.
    pub(super) fn have_keys_of(&self, other: &Self) -> bool {
        let mut same = (self.first, self.last) == (other.first, other.last);
        Self::compare(other, self, |old, new| {
            same &= old.zip(new).is_some_and(|(old, new)| {
                let in_place = (old.previous, old.next) == (new.previous, new.next);
                in_place && Arc::ptr_eq(old.block.keys(), new.block.keys())
            });
        });
        same
    }

    /// Moves the values out that nothing else holds.
    pub(super) fn take_apart(&mut self, into: &mut Vec<Val>) {
        self.links.visit_unshared(&mut |link| link.block.take_apart(into));
    }

    /// Returns a label between that of a block and the next one. Where there is none, it spreads the labels of
    /// as many blocks after it as are close together (Dietz and Sleator 1987): O(log n) of them, amortised.
    fn label_after(&mut self, id: BlockId) -> u64 {
        let base = self.link(id).label;
        let mut crowd = Vec::new();
        let mut next = self.next(id);
        let gap = loop {
            let steps = crowd.len() as u64 + 1;
            let gap = if next == id { u64::MAX } else { self.link(next).label.wrapping_sub(base) };
            if gap > steps * steps {
                break gap / steps;
            }
            crowd.push(next);
            next = self.next(next);
        };
        let mut label = base;
        for id in crowd {
            label = label.wrapping_add(gap);
            self.link_mut(id).label = label;
        }
        base.wrapping_add((gap / 2).min(SPACING))
    }

    fn link(&self, id: BlockId) -> &Link {
        self.links.get(id.position())
    }

    fn link_mut(&mut self, id: BlockId) -> &mut Link {
        self.links.get_mut(id.position())
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        self.links.check()?;
        let mut id = self.first;
        let mut rank = 0;
        for at in 0..self.len() {
            let link = self.link(id);
            let next = self.next(id);
            if self.previous(next) != id {
                return Err(format!("{id:?} is not before the block that is after it"));
            }
            if at > 0 && self.rank(link) <= rank {
                return Err(format!("the label of {id:?} is too low"));
            }
            rank = self.rank(link);
            id = next;
            if (id == self.first) != (at + 1 == self.len()) {
                return Err("the list is not one of all blocks".to_owned());
            }
        }
        Ok(())
    }
}

impl BlockId {
    pub(super) const FIRST: Self = Self(0);

    pub(super) fn new(position: usize) -> Self {
        Self(u32::try_from(position).expect("memory ends before the blocks are 2³²"))
    }

    fn position(self) -> usize {
        self.0 as usize
    }
}
