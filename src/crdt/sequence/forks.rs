//! Forks: what hangs where, for the elements that a run does not explain.

use hashbrown::HashTable;

use super::{Lv, Side};
use crate::crdt::pieces::{Pieces, Position};

/// The children in the Fugue tree that are not the next element of a run, by parent and side. Takes no
/// memory until there is one.
#[derive(Debug, Clone, Default)]
pub(super) struct Forks(Option<Box<Inner>>);

#[derive(Debug, Clone, Default)]
struct Inner {
    /// Parents with one child on the left, but for a child that is the next Lv.
    left: Links,
    /// The same on the right.
    right: Links,
    /// Parents with several children on a side: they are in no other table.
    crowds: HashTable<Crowd>,
    /// The first element of a later sibling's subtree, if that is not the sibling itself.
    first: Links,
    /// The same, the other way round.
    top: Links,
}

/// Children on one side of one parent, two or more.
#[derive(Debug, Clone)]
struct Crowd {
    parent: Lv,
    side: Side,
    /// Invariant: in order of id.
    children: Pieces<Lv>,
}

impl Forks {
    /// Returns the only child on a side of a parent, if it has a link.
    pub(super) fn only(&self, parent: Lv, side: Side) -> Option<Lv> {
        self.0.as_ref()?.links(side).get(parent)
    }

    /// Returns the children on a side of a parent if there are several, in order of id.
    pub(super) fn crowd(&self, parent: Lv, side: Side) -> Option<&Pieces<Lv>> {
        let inner = self.0.as_ref().filter(|inner| !inner.crowds.is_empty())?;
        let found = inner.crowds.find(hash(parent), |crowd| crowd.parent == parent && crowd.side == side);
        found.map(|crowd| &crowd.children)
    }

    /// Hangs an only child on a parent.
    pub(super) fn link(&mut self, parent: Lv, side: Side, child: Lv) {
        self.inner().links_mut(side).add(parent, child);
    }

    /// Hangs a child among others: behind the one at `lower`, or before all.
    pub(super) fn join(&mut self, parent: Lv, side: Side, lower: Option<Position>, child: Lv) {
        let crowds = self.0.as_mut().map(|inner| &mut inner.crowds);
        let is = |crowd: &Crowd| crowd.parent == parent && crowd.side == side;
        let crowd = crowds.and_then(|crowds| crowds.find_mut(hash(parent), is));
        crowd.expect("a crowd is there").children.insert_after(lower, child);
    }

    /// Makes a crowd of an only child.
    pub(super) fn gather(&mut self, parent: Lv, side: Side, only: Lv) {
        let inner = self.inner();
        inner.links_mut(side).remove(parent);
        let mut children = Pieces::default();
        children.push(only);
        inner
            .crowds
            .insert_unique(hash(parent), Crowd { parent, side, children }, |crowd| hash(crowd.parent));
    }

    /// Tells whether any parent has several children on a side.
    pub(super) fn crowded(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| !inner.crowds.is_empty())
    }

    /// Returns the first element in the order of all that hangs on a later sibling, itself included. O(1).
    pub(super) fn first(&self, sibling: Lv) -> Lv {
        self.0.as_ref().and_then(|inner| inner.first.get(sibling)).unwrap_or(sibling)
    }

    /// Notes the first element of all that hangs on a later sibling.
    pub(super) fn set_first(&mut self, sibling: Lv, first: Lv) {
        if sibling != first {
            let inner = self.inner();
            inner.first.set(sibling, first);
            inner.top.set(first, sibling);
        }
    }

    /// Replaces `old` by `new` where a later sibling is noted to have it as its first element.
    pub(super) fn replace_first(&mut self, old: Lv, new: Lv) -> bool {
        let Some(inner) = &mut self.0 else { return false };
        let Some(sibling) = inner.top.remove(old) else { return false };
        inner.first.set(sibling, new);
        inner.top.set(new, sibling);
        true
    }

    /// Returns all crowds: parent, side, children.
    pub(super) fn crowds(&self) -> impl Iterator<Item = (Lv, Side, &Pieces<Lv>)> {
        let crowds = self.0.iter().flat_map(|inner| &inner.crowds);
        crowds.map(|crowd| (crowd.parent, crowd.side, &crowd.children))
    }

    /// Counts how many links and noted firsts there are: left, right, firsts, tops.
    pub(super) fn sizes(&self) -> [usize; 4] {
        self.0.as_ref().map_or([0; 4], |inner| {
            [&inner.left, &inner.right, &inner.first, &inner.top].map(|links| links.0.len())
        })
    }

    fn inner(&mut self) -> &mut Inner {
        self.0.get_or_insert_default()
    }
}

impl Inner {
    fn links(&self, side: Side) -> &Links {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    fn links_mut(&mut self, side: Side) -> &mut Links {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }
}

/// A map from elements to elements.
#[derive(Debug, Clone, Default)]
struct Links(HashTable<(Lv, Lv)>);

impl Links {
    fn get(&self, key: Lv) -> Option<Lv> {
        self.0.find(hash(key), |link| link.0 == key).map(|link| link.1)
    }

    /// Adds a key that is not there.
    fn add(&mut self, key: Lv, value: Lv) {
        self.0.insert_unique(hash(key), (key, value), |link| hash(link.0));
    }

    fn set(&mut self, key: Lv, value: Lv) {
        match self.0.find_mut(hash(key), |link| link.0 == key) {
            Some(link) => link.1 = value,
            None => self.add(key, value),
        }
    }

    fn remove(&mut self, key: Lv) -> Option<Lv> {
        let found = self.0.find_entry(hash(key), |link| link.0 == key).ok()?;
        Some(found.remove().0.1)
    }
}

/// Spreads Lvs over a table. Lvs are dense and given here, not by who writes a patch, so this needs no
/// secret.
fn hash(lv: Lv) -> u64 {
    let product = u64::from(lv.0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}
