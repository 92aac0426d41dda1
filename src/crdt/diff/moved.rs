//! What moved, as far as the tree has it.

use std::collections::HashSet;

use smallvec::SmallVec;

use super::Planner;
use crate::crdt::edit::{Dest, Draft, Drafts, Overs, Spot, What};
use crate::crdt::history::History;
use crate::crdt::lv::Lv;
use crate::crdt::tree::{Node, Reading, Tree};
use crate::value::{Moves, Val, shared};

/// The moves between the two values, and what they move.
pub(super) struct Moved<'v> {
    pub(super) moves: Moves<'v>,
    /// For each move the containers that move together: one, or the maps that read as one.
    pub(super) sources: Vec<Source>,
    /// All of these containers.
    pub(super) nodes: HashSet<Node>,
    pub(super) taken: usize,
}

pub(super) struct Source {
    pub(super) nodes: SmallVec<[Node; 1]>,
    /// What the slot shows that they leave.
    pub(super) shown: Overs,
}

impl Planner<'_> {
    /// The move that brings a container here, if one does.
    pub(super) fn take(&mut self, value: &Val) -> Option<usize> {
        let moved = self.moved.as_mut()?;
        let taken = moved.moves.take(value)?;
        moved.taken += 1;
        Some(taken)
    }

    pub(super) fn is_source(&self, taken: usize, reading: &Reading) -> bool {
        let nodes = self.moved.as_ref().map(|moved| &moved.sources[taken].nodes[..]);
        match reading {
            Reading::Map(maps) => nodes == Some(&maps[..]),
            Reading::List(list) => nodes == Some(std::slice::from_ref(list)),
            _ => false,
        }
    }

    /// Whether the container in a slot stays there and was edited.
    pub(super) fn stays(&self, reading: &Reading, old: &Val, new: &Val) -> bool {
        let Some(moved) = &self.moved else { return true };
        let leaves = match reading {
            Reading::Map(maps) => maps.iter().any(|map| moved.nodes.contains(map)),
            Reading::List(list) => moved.nodes.contains(list),
            _ => false,
        };
        !leaves && moved.moves.is_edit(old, new)
    }

    pub(super) fn place(&mut self, taken: usize, dest: Dest) {
        let mut drafts = std::mem::take(&mut self.plan.drafts);
        self.draft_move(&mut drafts, taken, dest);
        self.plan.drafts = drafts;
    }

    pub(super) fn draft_move(&mut self, drafts: &mut Drafts, taken: usize, dest: Dest) -> Lv {
        let moved = self.moved.as_ref().expect("a move was taken");
        let lv = moved.place(taken, drafts, dest, self.tree, self.history);
        // What holds it, and how deep it nests, is read anew.
        self.plan.joined = true;
        let went = &moved.moves.all()[taken];
        if !shared(went.old, went.new) {
            self.pending.push(taken);
        }
        lv
    }
}

impl<'v> Moved<'v> {
    /// Finds what moves in the tree; `None` when it is not there.
    pub(super) fn of(moves: Moves<'v>, history: &History, tree: &Tree, old: &Val) -> Option<Self> {
        let mut sources = Vec::with_capacity(moves.all().len());
        let mut nodes = HashSet::new();
        for moved in moves.all() {
            let shown = tree.shown_at(history, old, &moved.from)?;
            let source: SmallVec<[Node; 1]> = match tree.reading(history, &shown) {
                Reading::Map(maps) => maps,
                Reading::List(node) => SmallVec::from_elem(node, 1),
                _ => return None,
            };
            nodes.extend(source.iter().copied());
            sources.push(Source { nodes: source, shown });
        }
        Some(Self { moves, sources, nodes, taken: 0 })
    }

    /// Drafts a move to a new place.
    fn place(&self, which: usize, drafts: &mut Drafts, dest: Dest, tree: &Tree, history: &History) -> Lv {
        let Source { nodes, shown } = &self.sources[which];
        let spot = match &dest {
            Dest::Slot { slot, .. } => Ok(slot.clone()),
            Dest::Item { list, .. } => Err(*list),
        };
        let first = drafts.push(dest.draft(What::Move(tree.lv(nodes[0]))));
        let spot = spot.unwrap_or_else(|list| Spot::Item { list, item: first });
        for node in &nodes[1..] {
            let what = What::Move(tree.lv(*node));
            drafts.push(Draft::Put { slot: spot.clone(), over: Overs::new(), what });
        }
        // What else the slot shows would come to light.
        let behind: Overs = shown
            .iter()
            .copied()
            .filter(|put| tree.container(history, *put).is_none_or(|node| !nodes.contains(&node)))
            .collect();
        if !behind.is_empty() {
            let over = tree.overwriting(history, &behind).into_iter().map(|put| (put, 1)).collect();
            drafts.push(Draft::Delete { over: history.authors.sorted_spans(over) });
        }
        first
    }
}
