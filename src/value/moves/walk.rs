//! Two values side by side: what is gone, what arrived, and what stands in the same place.

use std::collections::HashSet;

use super::{Address, Alignments, address, addresses, aligned, same_kind};
use crate::value::{ItemEdit, Path, Step, Val, is_container, shared};

/// What differs between two values.
pub(super) struct Walk<'v> {
    /// Containers of one kind that stand in the same place, outer ones first.
    pub(super) pairs: Vec<Pair<'v>>,
    /// Containers of the old value without a counterpart, and their places.
    pub(super) gone: Vec<(&'v Val, usize)>,
    /// Containers of the new value without a counterpart.
    pub(super) arrived: Vec<&'v Val>,
    pub(super) alignments: Alignments,
    /// Whether pairs were not entered.
    pub(super) postponed: bool,
    /// The places of the old value that the walk came to.
    places: Vec<Place<'v>>,
}

/// Two containers of one kind in the same place that are not shared.
#[derive(Clone, Copy)]
pub(super) struct Pair<'v> {
    pub(super) old: &'v Val,
    pub(super) new: &'v Val,
    place: usize,
}

/// The containers that a walk met so far: outer ones before those inside.
#[derive(Default)]
struct Met {
    old: HashSet<Address>,
    new: HashSet<Address>,
    pairs: usize,
    gone: usize,
    arrived: usize,
}

impl Met {
    /// Whether one of two containers in the same place was met in another place of the other value.
    fn elsewhere(&mut self, walk: &Walk<'_>, old: &Val, new: &Val) -> bool {
        self.old.extend(walk.pairs[self.pairs..].iter().filter_map(|pair| address(pair.old)));
        self.new.extend(walk.pairs[self.pairs..].iter().filter_map(|pair| address(pair.new)));
        self.old.extend(walk.gone[self.gone..].iter().filter_map(|(old, _)| address(old)));
        self.new.extend(walk.arrived[self.arrived..].iter().filter_map(|new| address(new)));
        (self.pairs, self.gone, self.arrived) = (walk.pairs.len(), walk.gone.len(), walk.arrived.len());
        let has = |met: &HashSet<Address>, value| address(value).is_some_and(|at| met.contains(&at));
        has(&self.old, new) || has(&self.new, old)
    }
}

struct Place<'v> {
    above: usize,
    step: Way<'v>,
}

/// The way from a container to a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'v> {
    Key(&'v Val),
    Index(usize),
}

impl Way<'_> {
    fn step(self) -> Step {
        match self {
            Self::Key(key) => Step::key(key),
            Self::Index(at) => Step::Index(at),
        }
    }
}

/// The place of the value itself.
const ROOT: usize = usize::MAX;

impl<'v> Walk<'v> {
    /// Walks the two values. Containers that are `replaced` are no pair; while that is not known, pairs are
    /// not entered of which one was met elsewhere too. Takes the alignments that are known already.
    pub(super) fn between(
        old: &'v Val,
        new: &'v Val,
        replaced: Option<&HashSet<(Address, Address)>>,
        alignments: Alignments,
    ) -> Self {
        let (pairs, places) = (Vec::new(), Vec::new());
        let mut walk =
            Self { pairs, gone: Vec::new(), arrived: Vec::new(), alignments, postponed: false, places };
        // Values nest deeply: the pairs that are still to be entered are kept here.
        let mut entered = 0;
        let mut met = Met::default();
        walk.meet(old, new, ROOT, replaced);
        while let Some(&Pair { old, new, place }) = walk.pairs.get(entered) {
            entered += 1;
            if replaced.is_none() && met.elsewhere(&walk, old, new) {
                walk.postponed = true;
                continue;
            }
            match (old, new) {
                (Val::Obj(a), Val::Obj(b)) => {
                    for (key, old) in a.iter().filter(|(_, old)| is_container(old)) {
                        if !b.contains_key(key) {
                            walk.leave(old, place, Way::Key(key));
                        }
                    }
                    for (key, new) in b.iter() {
                        match a.get_key_value(key) {
                            Some((_, old)) if shared(old, new) => {}
                            Some((key, old)) => walk.meet_at(old, new, place, Way::Key(key), replaced),
                            None => walk.arrive(new),
                        }
                    }
                }
                (Val::Arr(a), Val::Arr(b)) => {
                    let lists = addresses(old, new).unwrap_or_default();
                    let edits = walk.alignments.remove(&lists).unwrap_or_else(|| aligned(old, new));
                    for edit in &edits {
                        match *edit {
                            ItemEdit::Edit { old, new } => {
                                walk.meet_at(&a[old], &b[new], place, Way::Index(old), replaced);
                            }
                            ItemEdit::Delete { old } => walk.leave(&a[old], place, Way::Index(old)),
                            ItemEdit::Insert { new, .. } => walk.arrive(&b[new]),
                        }
                    }
                    walk.alignments.insert(lists, edits);
                }
                _ => {}
            }
        }
        walk
    }

    fn meet_at(
        &mut self,
        old: &'v Val,
        new: &'v Val,
        above: usize,
        step: Way<'v>,
        replaced: Option<&HashSet<(Address, Address)>>,
    ) {
        if is_container(old) || is_container(new) {
            self.places.push(Place { above, step });
            self.meet(old, new, self.places.len() - 1, replaced);
        }
    }

    fn meet(
        &mut self,
        old: &'v Val,
        new: &'v Val,
        place: usize,
        replaced: Option<&HashSet<(Address, Address)>>,
    ) {
        if shared(old, new) {
            return;
        }
        let is_replaced =
            addresses(old, new).is_some_and(|pair| replaced.is_some_and(|known| known.contains(&pair)));
        if same_kind(old, new) && !is_replaced {
            return self.pairs.push(Pair { old, new, place });
        }
        if is_container(old) {
            self.gone.push((old, place));
        }
        self.arrive(new);
    }

    fn leave(&mut self, old: &'v Val, above: usize, step: Way<'v>) {
        if is_container(old) {
            self.places.push(Place { above, step });
            self.gone.push((old, self.places.len() - 1));
        }
    }

    fn arrive(&mut self, new: &'v Val) {
        if is_container(new) {
            self.arrived.push(new);
        }
    }

    /// The path of a place, and on from there.
    pub(super) fn path(&self, mut place: usize, below: &[Way<'v>]) -> Path {
        let mut steps: Vec<Step> = below.iter().rev().map(|way| way.step()).collect();
        while let Some(Place { above, step }) = self.places.get(place) {
            steps.push(step.step());
            place = *above;
        }
        steps.reverse();
        Path(steps)
    }
}
