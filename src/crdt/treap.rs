//! A persistent ordered set: a copy costs nothing, and shares with the original what neither changes.
//!
//! It is a treap (Seidel & Aragon, *Randomized Search Trees*): a search tree by key and a heap by priority, where the
//! priority of a key is a hash of it with a seed that nobody outside knows.

use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;

/// A set of keys in order. All that it does for one key costs O(log n).
#[derive(Debug)]
pub(super) struct Treap<K>(Link<K>);

type Link<K> = Option<Arc<Node<K>>>;

#[derive(Debug, Clone)]
struct Node<K> {
    key: K,
    /// Invariant: not below those of the children.
    priority: u64,
    /// The number of keys here and below.
    size: usize,
    /// The sum of the priorities here and below: sets with the same keys have the same.
    sum: u64,
    left: Link<K>,
    right: Link<K>,
}

impl<K> Clone for Treap<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Default for Treap<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Ord + Hash + Clone> Treap<K> {
    /// The bytes that each key takes in memory, without what it points at.
    pub(super) const NODE: usize = size_of::<Node<K>>() + 2 * size_of::<usize>();

    /// Returns the number of keys. O(1).
    pub(super) fn len(&self) -> usize {
        size(&self.0)
    }

    /// Tells whether two sets have the same keys with the same hashes. O(1).
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.len() == other.len() && sum(&self.0) == sum(&other.0)
    }

    /// Adds a key; `false` when it is there already.
    pub(super) fn insert(&mut self, key: K) -> bool {
        if self.find(|other| other.cmp(&key)).is_some() {
            return false;
        }
        let priority = SEED.get_or_init(RandomState::default).hash_one(&key);
        insert(&mut self.0, key, priority);
        true
    }

    /// Takes a key out.
    pub(super) fn remove(&mut self, key: &K) -> bool {
        self.find(|other| other.cmp(key)).is_some() && remove(&mut self.0, key)
    }

    /// Returns a key by how it compares to what is looked for.
    pub(super) fn find(&self, compare: impl Fn(&K) -> Ordering) -> Option<&K> {
        let mut at = &self.0;
        while let Some(node) = at {
            at = match compare(&node.key) {
                Ordering::Equal => return Some(&node.key),
                Ordering::Less => &node.right,
                Ordering::Greater => &node.left,
            };
        }
        None
    }

    /// Returns the priority of a key, which is another one where another hash stands under it.
    fn priority(&self, key: &K) -> Option<u64> {
        let mut at = &self.0;
        while let Some(node) = at {
            at = match node.key.cmp(key) {
                Ordering::Equal => return Some(node.priority),
                Ordering::Less => &node.right,
                Ordering::Greater => &node.left,
            };
        }
        None
    }

    /// Returns the keys in order, from the first on that is not `before` what is looked for.
    pub(super) fn iter_from(&self, before: impl Fn(&K) -> bool) -> Iter<'_, K> {
        let mut open = Vec::new();
        let mut at = &self.0;
        while let Some(node) = at {
            at = if before(&node.key) {
                &node.right
            } else {
                open.push(&**node);
                &node.left
            };
        }
        Iter { open }
    }

    /// Returns the keys in order.
    pub(super) fn iter(&self) -> Iter<'_, K> {
        self.iter_from(|_| false)
    }

    /// Calls `each` with the keys that `other` lacks, or has with another hash, in order. O(log² n) for each of them.
    pub(super) fn lacking_in<'k>(&'k self, other: &Self, each: &mut impl FnMut(&'k K)) {
        lacking_in(&self.0, other, (None, None), each);
    }

    /// Returns the number and the sum of the keys before the first one that is not `before`.
    fn prefix(&self, before: impl Fn(&K) -> bool) -> (usize, u64) {
        let (mut count, mut total) = (0, 0u64);
        let mut at = &self.0;
        while let Some(node) = at {
            if before(&node.key) {
                count += 1 + size(&node.left);
                total = total.wrapping_add(node.priority).wrapping_add(sum(&node.left));
                at = &node.right;
            } else {
                at = &node.left;
            }
        }
        (count, total)
    }

    /// Verifies the invariants. O(n).
    pub(super) fn check(&self) -> Result<(), String> {
        let sound = self.iter().zip(self.iter().skip(1)).all(|(a, b)| a < b);
        if sound && is_sound(&self.0) && self.iter().count() == self.len() {
            Ok(())
        } else {
            Err("a treap is out of order".into())
        }
    }
}

static SEED: OnceLock<RandomState> = OnceLock::new();

fn size<K>(link: &Link<K>) -> usize {
    link.as_ref().map_or(0, |node| node.size)
}

fn sum<K>(link: &Link<K>) -> u64 {
    link.as_ref().map_or(0, |node| node.sum)
}

impl<K> Node<K> {
    fn update(&mut self) {
        self.size = 1 + size(&self.left) + size(&self.right);
        self.sum = self.priority.wrapping_add(sum(&self.left)).wrapping_add(sum(&self.right));
    }
}

fn insert<K: Ord + Clone>(link: &mut Link<K>, key: K, priority: u64) {
    let Some(top) = link else {
        let node = Node { key, priority, size: 1, sum: priority, left: None, right: None };
        *link = Some(Arc::new(node));
        return;
    };
    if top.priority < priority {
        let (left, right) = split(link.take(), &key);
        let mut node = Node { key, priority, size: 1, sum: 0, left, right };
        node.update();
        *link = Some(Arc::new(node));
        return;
    }
    let top = Arc::make_mut(top);
    insert(if key < top.key { &mut top.left } else { &mut top.right }, key, priority);
    top.update();
}

/// Cuts a tree into the keys before one and those after it.
fn split<K: Ord + Clone>(link: Link<K>, key: &K) -> (Link<K>, Link<K>) {
    let Some(mut top) = link else { return (None, None) };
    let node = Arc::make_mut(&mut top);
    if node.key < *key {
        let (left, right) = split(node.right.take(), key);
        node.right = left;
        node.update();
        (Some(top), right)
    } else {
        let (left, right) = split(node.left.take(), key);
        node.left = right;
        node.update();
        (left, Some(top))
    }
}

fn remove<K: Ord + Clone>(link: &mut Link<K>, key: &K) -> bool {
    let Some(top) = link else { return false };
    let node = Arc::make_mut(top);
    let removed = match key.cmp(&node.key) {
        Ordering::Less => remove(&mut node.left, key),
        Ordering::Greater => remove(&mut node.right, key),
        Ordering::Equal => {
            let (left, right) = (node.left.take(), node.right.take());
            *link = join(left, right);
            return true;
        }
    };
    node.update();
    removed
}

/// Joins two trees, where all keys of the first are before those of the second.
fn join<K: Clone>(left: Link<K>, right: Link<K>) -> Link<K> {
    match (left, right) {
        (None, one) | (one, None) => one,
        (Some(mut left), Some(mut right)) => {
            if left.priority >= right.priority {
                let node = Arc::make_mut(&mut left);
                node.right = join(node.right.take(), Some(right));
                node.update();
                Some(left)
            } else {
                let node = Arc::make_mut(&mut right);
                node.left = join(Some(left), node.left.take());
                node.update();
                Some(right)
            }
        }
    }
}

/// Compares subtrees between two bounds by their sums, and goes down where they differ.
fn lacking_in<'k, K: Ord + Hash + Clone>(
    link: &'k Link<K>,
    other: &Treap<K>,
    (low, high): (Option<&'k K>, Option<&'k K>),
    each: &mut impl FnMut(&'k K),
) {
    let Some(node) = link else { return };
    let upto = match high {
        Some(high) => other.prefix(|key| key < high),
        None => (other.len(), sum(&other.0)),
    };
    let from = low.map_or((0, 0), |low| other.prefix(|key| key <= low));
    if upto.0 - from.0 == node.size && upto.1.wrapping_sub(from.1) == node.sum {
        return;
    }
    lacking_in(&node.left, other, (low, Some(&node.key)), each);
    if other.priority(&node.key) != Some(node.priority) {
        each(&node.key);
    }
    lacking_in(&node.right, other, (Some(&node.key), high), each);
}

fn is_sound<K>(link: &Link<K>) -> bool {
    let Some(node) = link else { return true };
    let children = [&node.left, &node.right];
    let below = children.into_iter().flatten().all(|child| child.priority <= node.priority);
    let sums = children.map(sum).iter().fold(node.priority, |all, sum| all.wrapping_add(*sum));
    below && sums == node.sum && children.into_iter().all(is_sound)
}

/// The keys of a set, in order.
pub(super) struct Iter<'t, K> {
    /// The nodes that come next, the nearest one last.
    open: Vec<&'t Node<K>>,
}

impl<'t, K> Iterator for Iter<'t, K> {
    type Item = &'t K;

    fn next(&mut self) -> Option<&'t K> {
        let node = self.open.pop()?;
        let mut at = &node.right;
        while let Some(next) = at {
            self.open.push(next);
            at = &next.left;
        }
        Some(&node.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_its_keys_whatever_happens_to_the_original() {
        let mut set = Treap::default();
        let mut copies = Vec::new();
        for n in 0..200u64 {
            copies.push(set.clone());
            set.insert(n * 37 % 101);
            if n % 3 == 0 {
                set.remove(&(n * 5 % 101));
            }
            set.check().unwrap();
        }
        let mut again = Treap::default();
        for (n, copy) in (0..200u64).zip(&copies) {
            assert!(again.is_same(copy) && again.iter().eq(copy.iter()), "{n}");
            again.insert(n * 37 % 101);
            if n % 3 == 0 {
                again.remove(&(n * 5 % 101));
            }
        }
    }

    #[test]
    fn what_another_set_lacks_is_found() {
        let (mut one, mut other) = (Treap::default(), Treap::default());
        for n in 0..500u32 {
            one.insert(n);
            if n % 97 != 5 {
                other.insert(n);
            }
        }
        other.insert(1000);
        let mut found = Vec::new();
        one.lacking_in(&other, &mut |key| found.push(*key));
        assert_eq!(found, [5, 102, 199, 296, 393, 490]);
        assert_eq!(one.iter_from(|key| *key < 498).copied().collect::<Vec<_>>(), [498, 499]);
    }
}
