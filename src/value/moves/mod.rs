//! Which containers moved between two values.
//!
//! The two values are walked side by side; what is shared is not entered. A container that stands in the
//! old value, but no longer in its place, is *gone*; one that stands in the new value where it did not
//! stand is *arrived*. A gone and an arrived container are one when they are shared, or when the arrived
//! one still holds most of what the gone one held.
//!
//! In one place, the old and the new container are taken for one that was edited, unless the one is known
//! to have gone elsewhere, or the other to come from elsewhere.

mod search;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use smallvec::SmallVec;

use self::search::Search;
use self::walk::Walk;
use super::{ItemEdit, Path, Val, align};

/// The containers that moved between two values, and how the lists of the two are aligned.
#[derive(Debug, Default)]
pub(crate) struct Moves<'v> {
    moves: Vec<Move<'v>>,
    /// The move that brings a container of the new value, until it is taken.
    arrivals: HashMap<Address, usize>,
    /// Containers that stand in one place, but are not one.
    replaced: HashSet<(Address, Address)>,
    alignments: Alignments,
}

/// Signs that something moved, found while two values are compared place by place: without any, nothing did.
#[derive(Debug, Default)]
pub(crate) struct MoveSigns {
    /// A container went, or another value is in its place.
    pub(crate) gone: bool,
    /// The containers that were taken for one, before and after.
    before: Few,
    after: Few,
}

/// Few, most of the time.
type Few = SmallVec<[Address; 8]>;

impl MoveSigns {
    /// Notes that two containers in one place were taken for one, edited.
    pub(crate) fn edited(&mut self, old: &Val, new: &Val) {
        self.before.extend(address(old));
        self.after.extend(address(new));
    }

    /// Whether something may have moved.
    pub(crate) fn of_moves(&self) -> bool {
        if self.gone || !self.before.spilled() {
            return self.gone || self.after.iter().any(|after| self.before.contains(after));
        }
        let before: HashSet<Address> = self.before.iter().copied().collect();
        self.after.iter().any(|after| before.contains(after))
    }
}

/// A container that left its place in the old value and stands at another place of the new one.
#[derive(Debug)]
pub(crate) struct Move<'v> {
    /// The container as it was.
    pub(crate) old: &'v Val,
    /// The container as it is: shared with `old`, or edited on the way.
    pub(crate) new: &'v Val,
    /// Where it was in the old value.
    pub(crate) from: Path,
}

/// Where a container is in memory: shared containers have one address.
type Address = usize;

/// The alignments of lists that were made on the way.
type Alignments = HashMap<(Address, Address), Vec<ItemEdit>>;

impl<'v> Moves<'v> {
    /// Finds what moved.
    ///
    /// Costs what differs (of a list its length), and of what is gone or arrived only what had to be
    /// entered to tell what it is: a large container that moved as it was is not entered.
    pub(crate) fn between(old: &'v Val, new: &'v Val) -> Self {
        let mut walk = Walk::between(old, new, None, Alignments::new());
        let mut search = Search::of(&walk);
        let replaced = search.replaced(&walk.pairs);
        if walk.postponed || !replaced.is_empty() {
            walk = Walk::between(old, new, Some(&replaced), walk.alignments);
            search = Search::of(&walk);
        }
        search.pair_similar();
        let found = search.settled(&mut walk.alignments);
        let mut arrivals = HashMap::new();
        let mut moves = Vec::new();
        for (gone, new) in found {
            let from = walk.path(gone.place, &gone.below);
            arrivals.extend(address(new).map(|address| (address, moves.len())));
            moves.push(Move { old: gone.value, new, from });
        }
        Self { moves, arrivals, replaced, alignments: walk.alignments }
    }

    /// All moves, in no order that matters.
    ///
    /// The place that a container left has lost it: what stands there now is written anew, not into the
    /// container, and where nothing stands there is nothing to delete.
    pub(crate) fn all(&self) -> &[Move<'v>] {
        &self.moves
    }

    /// The move (its place in [`all`](Self::all)) that brings this container of the new value.
    ///
    /// To be asked where a container is to be written that does not stand there, an outer one before those
    /// inside it. Whoever asks first has the move; where the same container stands again, it is a copy.
    pub(crate) fn take(&mut self, new: &Val) -> Option<usize> {
        self.arrivals.remove(&address(new)?)
    }

    /// Whether two containers of one kind that stand in the same place of the two values are one, edited.
    /// If not, the new one moved here or was made, and the old one went elsewhere or is no more.
    pub(crate) fn is_edit(&self, old: &Val, new: &Val) -> bool {
        addresses(old, new).is_some_and(|pair| !self.replaced.contains(&pair))
    }

    /// How two lists are aligned (see [`align()`]). Those that were aligned to find the moves are not
    /// aligned again.
    pub(crate) fn align(&mut self, old: &Val, new: &Val) -> Vec<ItemEdit> {
        let known = addresses(old, new).and_then(|lists| self.alignments.remove(&lists));
        known.unwrap_or_else(|| aligned(old, new))
    }
}

fn aligned(old: &Val, new: &Val) -> Vec<ItemEdit> {
    match (old, new) {
        (Val::Arr(old), Val::Arr(new)) => align(old, new),
        _ => Vec::new(),
    }
}

fn address(value: &Val) -> Option<Address> {
    match value {
        Val::Arr(items) => Some(Arc::as_ptr(items).cast::<()>() as Address),
        Val::Obj(entries) => Some(Arc::as_ptr(entries).cast::<()>() as Address),
        _ => None,
    }
}

fn addresses(old: &Val, new: &Val) -> Option<(Address, Address)> {
    address(old).zip(address(new))
}

fn same_kind(a: &Val, b: &Val) -> bool {
    matches!((a, b), (Val::Arr(_), Val::Arr(_)) | (Val::Obj(_), Val::Obj(_)))
}
