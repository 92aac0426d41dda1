//! Arrays: persistent lists.
//!
//! | file | holds |
//! | --- | --- |
//! | `tree` | the B+ tree of long lists, and how items are found in it |
//! | `edit` | changes of single items |
//! | `join` | join and split of trees |
//! | `iter` | iterators |
//! | `differing`, `ends` | where two versions of a list differ |
//!
//! Up to 32 items are one piece of memory. More are a B+ tree of counted nodes with up to 32 items, or 16
//! children. A change copies the nodes on the way to it, if another list holds them too.
//!
//! # Why not a crate
//! [`List::differing`] must see which nodes two lists share, and no crate shows its nodes. Nor would one be
//! faster where documents change. Measured with an old version that lives on, for numbers at random positions
//! (two busy cores; of several runs the fastest):
//!
//! | a million items | here | `imbl` 7 | `rpds` 1.2 |
//! | --- | --- | --- | --- |
//! | get; near the last one | 228 ns; 40 ns | 162 ns; 22 ns | 158 ns; 7 ns |
//! | iterate, an item | 3 ns | 5 ns | 20 ns |
//! | set | 1.7 µs | 3.3 µs | 1.9 µs |
//! | push | 0.5 µs | 0.2 µs | 0.7 µs |
//! | insert | 2.0 µs | 508 µs | - |
//! | remove | 1.6 µs | 570 µs | - |
//! | slice | 1.1 µs | 122 µs | - |
//! | slice and append | 3.6 µs | 234 µs | - |
//! | memory, an item | 18.7 bytes | 17.3 bytes | 42.3 bytes |
//!
//! A list of 10 numbers has 240 bytes (1,072 in `imbl`, 512 in `rpds`). Other sizes of nodes were
//! no clear gain. Items in a `SmallVec` take nearly twice as long to copy as those in an `ArrayVec`, and those in
//! a `Vec` are one more allocation.

#[cfg(test)]
mod check;
mod differing;
mod edit;
mod ends;
mod iter;
mod join;
#[cfg(test)]
mod tests;
mod tree;

use std::mem;
use std::ops::{Index, Range};
use std::sync::Arc;

use smallvec::SmallVec;

use self::iter::{IntoIter, Iter};
use self::tree::{LEAF, Leaf, Node};
use super::{Identity, Val};

/// The items of an array.
///
/// It is persistent: a clone is O(1), and a change copies O(log n) of what a clone holds too.
#[derive(Clone, Default)]
pub struct List(Arc<Body>);

#[derive(Clone, Default)]
struct Body {
    identity: Option<Identity>,
    /// Invariant: no item has more levels. It may be too high after items were taken out.
    levels: u32,
    items: Items,
}

#[derive(Clone)]
enum Items {
    /// No more than fit into a leaf.
    Few(Box<[Val]>),
    /// More than that: the root is an inner node.
    Many(Arc<Node>),
}

impl List {
    /// Makes an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of items. O(1).
    pub fn len(&self) -> usize {
        match &self.0.items {
            Items::Few(items) => items.len(),
            Items::Many(root) => root.len(),
        }
    }

    /// Tells whether there are no items. O(1).
    pub fn is_empty(&self) -> bool {
        matches!(&self.0.items, Items::Few(items) if items.is_empty())
    }

    /// Returns the item at a position. O(log n).
    pub fn get(&self, index: usize) -> Option<&Val> {
        match &self.0.items {
            Items::Few(items) => items.get(index),
            Items::Many(root) => root.get(index),
        }
    }

    /// Returns the first item.
    pub fn first(&self) -> Option<&Val> {
        self.get(0)
    }

    /// Returns the last item.
    pub fn last(&self) -> Option<&Val> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Returns the items in order.
    pub fn iter(&self) -> Iter<'_> {
        match &self.0.items {
            Items::Few(items) => Iter::of_few(items),
            Items::Many(root) => Iter::of_many(root, 0..root.len()),
        }
    }

    /// Returns the items from one position on, before another one.
    ///
    /// # Panics
    /// When the range ends past the end.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        match &self.0.items {
            Items::Few(items) => Iter::of_few(&items[range]),
            Items::Many(root) => {
                self.check_range(&range);
                Iter::of_many(root, range)
            }
        }
    }

    /// Replaces an item, and returns what was there; `None` where there is no such item. O(log n).
    pub fn set(&mut self, index: usize, value: Val) -> Option<Val> {
        if index >= self.len() {
            return None;
        }
        let body = Arc::make_mut(&mut self.0);
        body.levels = body.levels.max(value.levels());
        Some(match &mut body.items {
            Items::Few(items) => mem::replace(&mut items[index], value),
            Items::Many(root) => edit::set(root, index, value),
        })
    }

    /// Adds an item at the end. O(log n).
    pub fn push(&mut self, value: Val) {
        self.insert(self.len(), value);
    }

    /// Adds an item before a position. O(log n).
    ///
    /// # Panics
    /// When the position is past the end.
    pub fn insert(&mut self, index: usize, value: Val) {
        assert!(index <= self.len(), "there is no position {index}");
        let body = Arc::make_mut(&mut self.0);
        body.levels = body.levels.max(value.levels());
        match &mut body.items {
            Items::Few(items) if items.len() < LEAF => edit(items, |items| {
                items.reserve_exact(1);
                items.insert(index, value);
            }),
            Items::Few(items) => {
                let mut root = leaf(mem::take(items));
                edit::insert(&mut root, index, value);
                body.items = Items::Many(root);
            }
            Items::Many(root) => edit::insert(root, index, value),
        }
    }

    /// Takes an item out. O(log n).
    pub fn remove(&mut self, index: usize) -> Option<Val> {
        if index >= self.len() {
            return None;
        }
        let items = &mut Arc::make_mut(&mut self.0).items;
        Some(match items {
            Items::Few(items) => edit(items, |items| items.remove(index)),
            Items::Many(root) => {
                let value = edit::remove(root, index);
                if let Node::Leaf(_) = **root {
                    *items = Items::from_root(mem::take(items).into_root());
                }
                value
            }
        })
    }

    /// Returns some of the items, without an identity. O(log n).
    ///
    /// # Panics
    /// When the range ends past the end.
    pub fn slice(&self, range: Range<usize>) -> Self {
        self.check_range(&range);
        if range.len() == self.len() && self.0.identity.is_none() {
            return self.clone();
        }
        match &self.0.items {
            Items::Many(root) if range.len() > LEAF => {
                let items = Items::Many(join::tail(&join::head(root, range.end), range.start));
                Self(Arc::new(Body { identity: None, levels: self.0.levels, items }))
            }
            _ => self.range(range).cloned().collect(),
        }
    }

    /// Adds the items of another list at the end. O(log n).
    ///
    /// # Panics
    /// When there would be more items than a `usize` counts.
    pub fn append(&mut self, other: Self) {
        self.splice(self.len()..self.len(), other);
    }

    /// Puts other items in the place of some. O(log n).
    ///
    /// # Panics
    /// When the range ends past the end, or there would be more items than a `usize` counts.
    pub fn splice(&mut self, range: Range<usize>, items: Self) {
        self.check_range(&range);
        if range.is_empty() && items.is_empty() {
            return;
        }
        let len = self.len();
        let kept = len - range.len();
        let new_len = kept.checked_add(items.len()).expect("nobody has the memory for so many items");
        let body = Arc::make_mut(&mut self.0);
        body.levels = body.levels.max(items.0.levels);
        if let Items::Few(old) = &mut body.items
            && new_len <= LEAF
        {
            edit(old, |old| {
                old.reserve_exact(new_len - kept);
                drop(old.splice(range, items));
            });
            return;
        }
        let old = mem::take(&mut body.items).into_root();
        let parts = [
            (range.start > 0).then(|| join::head(&old, range.start)),
            (!items.is_empty()).then(|| Arc::unwrap_or_clone(items.0).items.into_root()),
            (range.end < len).then(|| join::tail(&old, range.end)),
        ];
        drop(old);
        let root = parts.into_iter().flatten().reduce(join::join);
        body.items = root.map_or_else(Items::default, Items::from_root);
    }

    fn check_range(&self, range: &Range<usize>) {
        let len = self.len();
        assert!(range.start <= range.end && range.end <= len, "{range:?} is no part of {len} items");
    }

    // --- for this crate ---

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.0.identity.as_ref()
    }

    pub(crate) fn with_identity(mut self, identity: Option<Identity>) -> Self {
        if self.0.identity != identity {
            Arc::make_mut(&mut self.0).identity = identity;
        }
        self
    }

    pub(crate) fn levels(&self) -> u32 {
        self.0.levels + 1
    }

    pub(crate) fn is_shared(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells whether nothing else holds it.
    pub(crate) fn is_unique(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Finds where it is in memory: no other one that lives has the same.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Returns the stretches in which two lists differ: positions in the old and in the new one, in order. Outside of
    /// them the items are [shared](Val::is_shared) one by one. Costs O(log n) for each stretch, and its length.
    pub(crate) fn differing(old: &Self, new: &Self) -> SmallVec<[(Range<usize>, Range<usize>); 2]> {
        differing::differing(old, new)
    }

    /// Moves all arrays and objects out that nothing else holds.
    pub(crate) fn take_apart(self, into: &mut Vec<Val>) {
        if self.0.levels == 0 {
            return;
        }
        let Some(body) = Arc::into_inner(self.0) else { return };
        let root = match body.items {
            Items::Few(items) => return into.extend(items.into_iter().filter(Val::is_container)),
            Items::Many(root) => root,
        };
        let mut nodes = vec![root];
        while let Some(node) = nodes.pop() {
            match Arc::into_inner(node) {
                Some(Node::Leaf(items)) => into.extend(items.into_iter().filter(Val::is_container)),
                Some(Node::Inner(children)) => nodes.extend(children.into_iter().map(|child| child.node)),
                None => {}
            }
        }
    }
}

impl Items {
    fn from_root(root: Arc<Node>) -> Self {
        match &*root {
            Node::Leaf(_) => match Arc::unwrap_or_clone(root) {
                Node::Leaf(items) => Self::Few(items.into_iter().collect()),
                Node::Inner(_) => unreachable!("it is a leaf"),
            },
            Node::Inner(_) => Self::Many(root),
        }
    }

    fn into_root(self) -> Arc<Node> {
        match self {
            Self::Few(items) => leaf(items),
            Self::Many(root) => root,
        }
    }
}

impl Default for Items {
    fn default() -> Self {
        Self::Few(Box::default())
    }
}

fn leaf(items: Box<[Val]>) -> Arc<Node> {
    Arc::new(Node::Leaf(items.into_iter().collect::<Leaf>()))
}

/// Changes the number of items.
fn edit<R>(items: &mut Box<[Val]>, change: impl FnOnce(&mut Vec<Val>) -> R) -> R {
    let mut changed = mem::take(items).into_vec();
    let result = change(&mut changed);
    *items = changed.into_boxed_slice();
    result
}

impl FromIterator<Val> for List {
    fn from_iter<I: IntoIterator<Item = Val>>(items: I) -> Self {
        // What gathers results goes on behind its first error, when it is asked again.
        let mut items = items.into_iter().fuse();
        let few: Vec<Val> = match items.size_hint() {
            (_, Some(most)) if most <= LEAF => items.by_ref().collect(),
            (least, _) => {
                let mut few = Vec::with_capacity(least.min(LEAF));
                few.extend(items.by_ref().take(LEAF));
                few
            }
        };
        let mut levels = few.iter().map(Val::levels).max().unwrap_or(0);
        let items = match items.next() {
            None if few.len() <= LEAF => Items::Few(few.into_boxed_slice()),
            next => {
                levels = levels.max(next.as_ref().map_or(0, Val::levels));
                let rest = items.inspect(|item| levels = levels.max(item.levels()));
                let all = few.into_iter().chain(next).chain(rest);
                Node::build(all).map_or_else(Items::default, Items::from_root)
            }
        };
        Self(Arc::new(Body { identity: None, levels, items }))
    }
}

impl IntoIterator for List {
    type Item = Val;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        match Arc::unwrap_or_clone(self.0).items {
            Items::Few(items) => IntoIter::of_few(items),
            Items::Many(root) => IntoIter::of_many(root),
        }
    }
}

impl<'l> IntoIterator for &'l List {
    type Item = &'l Val;
    type IntoIter = Iter<'l>;

    fn into_iter(self) -> Iter<'l> {
        self.iter()
    }
}

impl Index<usize> for List {
    type Output = Val;

    fn index(&self, index: usize) -> &Val {
        self.get(index).expect("the position is one of an item")
    }
}
