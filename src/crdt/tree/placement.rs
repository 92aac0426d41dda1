//! Where containers are: moves, in the order of their ids.
//!
//! All placements of one container that no op overwrites are considered in the order of ids, those of
//! all containers together. One that would put a container inside itself is skipped; the last one that
//! is not counts. What comes late is considered at its place in that order: the placements after it are
//! taken back and considered again (Kleppmann et al., *A highly-available move operation for replicated
//! trees*).

use std::collections::{HashMap, HashSet};

use super::{History, Node, Place, Tree};
use crate::crdt::lv::Lv;

/// The placements of all containers that ever moved.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves {
    /// All but the puts that made the containers. Invariant: ordered by the ids of the puts.
    considered: Vec<Considered>,
    /// Invariant: the same by container, in any order, with the puts that made them.
    by_node: HashMap<Node, Vec<Lv>>,
    /// Invariant: how many of them are skipped.
    skipped: usize,
}

#[derive(Debug, Clone, Copy)]
struct Considered {
    put: Lv,
    /// Where the put stands.
    place: Place,
    node: Node,
    /// What placed the container before.
    before: Option<(Lv, Place)>,
    skipped: bool,
}

/// Where containers were before something changed: what placed them.
type Before = HashMap<Node, Option<(Lv, Place)>>;

impl Tree {
    /// All placements of a container that no op overwrites, in any order.
    pub(in crate::crdt) fn placements(&self, node: Node) -> &[Lv] {
        let moved = self.moves.as_ref().and_then(|moves| moves.by_node.get(&node));
        moved.map_or(self.body(node).put.as_slice(), |placements| placements)
    }

    /// The placements that are skipped, because they would put a container inside itself.
    pub(in crate::crdt) fn skipped(&self) -> impl Iterator<Item = Lv> {
        let moves = self.moves.iter().filter(|moves| moves.skipped > 0);
        moves.flat_map(|moves| &moves.considered).filter(|other| other.skipped).map(|other| other.put)
    }

    /// Whether anything ever moved.
    pub(in crate::crdt) fn has_moves(&self) -> bool {
        self.moves.is_some()
    }

    /// Adds a put that moves a container. O(log n + depth) when no placement with a higher id is there.
    pub(super) fn move_here(&mut self, history: &History, node: Node, put: Lv, place: Place) {
        self.lost_any = true;
        let mut moves = self.moves.take().unwrap_or_default();
        // What made the container placed it before all moves of it.
        let placements = moves.by_node.entry(node);
        placements.or_insert_with(|| self.state(node).iter().map(|(put, _)| *put).collect()).push(put);
        let mut before = Before::new();
        let at = place_for(&moves.considered, history, put);
        let later = self.take_back(&mut moves, at, &mut before);
        self.consider(&mut moves, Considered { put, place, node, before: None, skipped: false }, &mut before);
        later.into_iter().for_each(|other| self.consider(&mut moves, other, &mut before));
        self.moves = Some(moves);
        self.settle_moved(history, before);
    }

    /// Forgets placements that were overwritten.
    pub(super) fn unplace(&mut self, history: &History, gone: Vec<(Node, Lv)>) {
        let Some(mut moves) = self.moves.take() else {
            for (node, _) in gone {
                self.body_mut(node).put = None;
            }
            return;
        };
        let mut before = Before::new();
        let mut lowest = moves.considered.len();
        let mut found = Vec::new();
        // The puts that made containers which moved since.
        let mut made = Vec::new();
        for (node, put) in gone {
            match moves.find(history, put) {
                Some(at) => {
                    lowest = lowest.min(at);
                    found.push(at);
                }
                None if moves.by_node.get(&node).is_some_and(|placements| placements.contains(&put)) => {
                    made.push((node, put));
                }
                None => {
                    let body = self.body_mut(node);
                    if body.put == Some(put) {
                        body.put = None;
                    }
                }
            }
        }
        for (node, put) in &made {
            if let Some(placements) = moves.by_node.get_mut(node) {
                placements.retain(|other| other != put);
            }
        }
        if moves.skipped > 0 {
            // What is skipped may have been so because of what goes now.
            let first = moves.considered.iter().position(|other| other.skipped);
            lowest = lowest.min(first.unwrap_or(lowest));
        }
        let mut whole = true;
        for at in &found {
            let Considered { node, put, .. } = moves.considered[*at];
            if let Some(placements) = moves.by_node.get_mut(&node) {
                placements.retain(|other| *other != put);
            }
        }
        for at in &found {
            whole &= moves.by_node.get(&moves.considered[*at].node).is_none_or(Vec::is_empty);
        }
        whole &= made.iter().all(|(node, _)| moves.by_node.get(node).is_none_or(Vec::is_empty));
        if whole && moves.skipped == 0 {
            // Whatever else was considered went through with these in the way: it does without.
            for (node, _) in made {
                note(&mut before, node, self.state(node));
                self.body_mut(node).put = None;
            }
            for at in &found {
                let node = moves.considered[*at].node;
                note(&mut before, node, self.state(node));
                self.body_mut(node).put = None;
            }
            found.sort_unstable();
            let mut at = 0;
            moves.considered.retain(|_| {
                at += 1;
                found.binary_search(&(at - 1)).is_err()
            });
        } else {
            let gone: HashSet<Lv> = found.iter().map(|at| moves.considered[*at].put).collect();
            for (node, _) in &made {
                let first = moves.considered.iter().position(|other| other.node == *node);
                lowest = lowest.min(first.unwrap_or(lowest));
            }
            let later = self.take_back(&mut moves, lowest, &mut before);
            for (node, put) in made {
                if self.body(node).put == Some(put) {
                    note(&mut before, node, self.state(node));
                    self.body_mut(node).put = None;
                }
            }
            for other in later.into_iter().filter(|other| !gone.contains(&other.put)) {
                self.consider(&mut moves, other, &mut before);
            }
        }
        self.moves = Some(moves);
        self.settle_moved(history, before);
    }

    /// Takes back all placements from one on, the last one first.
    fn take_back(&mut self, moves: &mut Moves, from: usize, before: &mut Before) -> Vec<Considered> {
        for at in (from..moves.considered.len()).rev() {
            let other = moves.considered[at];
            if other.skipped {
                moves.skipped -= 1;
            } else {
                note(before, other.node, self.state(other.node));
                self.set_state(other.node, other.before);
            }
        }
        moves.considered.split_off(from)
    }

    /// Considers a placement, which has a higher id than those before.
    fn consider(&mut self, moves: &mut Moves, mut placement: Considered, before: &mut Before) {
        let Considered { node, put, place, .. } = placement;
        placement.before = self.state(node);
        placement.skipped = place.container() == Some(node) || self.holders(place).any(|up| up == node);
        if placement.skipped {
            moves.skipped += 1;
        } else {
            note(before, node, placement.before);
            self.set_state(node, Some((put, place)));
        }
        moves.considered.push(placement);
    }

    fn state(&self, node: Node) -> Option<(Lv, Place)> {
        let body = self.body(node);
        body.put.map(|put| (put, body.place))
    }

    fn set_state(&mut self, node: Node, state: Option<(Lv, Place)>) {
        let body = self.body_mut(node);
        body.put = state.map(|(put, _)| put);
        if let Some((_, place)) = state {
            body.place = place;
        }
    }

    /// After containers moved: the slots that they left and those that they came to show something else.
    fn settle_moved(&mut self, history: &History, before: Before) {
        for (node, old) in before {
            let new = self.state(node);
            if old == new {
                continue;
            }
            for (put, place) in [old, new].into_iter().flatten() {
                if let Place::Item(list, item) = place {
                    // The put may stand without being shown, from now on.
                    let list = self.list_mut(list);
                    if !list.slots.contains_key(&item) && (put == item) {
                        list.explicit(item);
                    }
                }
                self.settle_slot(history, place);
            }
        }
    }
}

impl Moves {
    fn find(&self, history: &History, put: Lv) -> Option<usize> {
        let at = place_for(&self.considered, history, put);
        // `place_for` stands before an equal one.
        self.considered.get(at).is_some_and(|other| other.put == put).then_some(at)
    }
}

/// Where a put stands in the order of ids.
fn place_for(considered: &[Considered], history: &History, put: Lv) -> usize {
    match considered.last() {
        Some(last) if history.authors.compare(last.put, put).is_lt() => considered.len(),
        _ => considered.partition_point(|other| history.authors.compare(other.put, put).is_lt()),
    }
}

fn note(before: &mut Before, node: Node, state: Option<(Lv, Place)>) {
    before.entry(node).or_insert(state);
}
