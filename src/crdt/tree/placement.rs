//! Placement of containers: moves, in the order of their ids.
//!
//! All placements of one container that no op overwrites are considered in the order of ids, those of
//! all containers together. One that would put a container inside itself is skipped; the last one that
//! is not counts. What comes late is considered at its place in that order: the placements after it are
//! taken back and considered again (Kleppmann et al., *A highly-available move operation for replicated
//! trees*).
//!
//! Only containers that could stand in themselves need that. Take every placement for an edge from a
//! container to one that holds it: a container on no circle of these edges can neither skip a placement nor
//! be the reason for a skip, so its placements change nothing but its own place.

use crate::cancellation::ask;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::{History, Node, Place, Puts, Tree};
use crate::crdt::OpId;
use crate::crdt::lv::{Link, Lv};

/// The number of containers that are looked at before one is taken to be on a circle.
const CIRCLE: usize = 256;

/// The placements of all containers that ever moved.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves {
    /// All but the puts that made the containers, by the ids of the puts.
    considered: BTreeMap<OpId, Considered>,
    /// Those that put a container inside itself.
    skipped: BTreeSet<OpId>,
    /// Placements to be considered when the batch ends. Invariant: empty outside of a batch; the ids are
    /// higher than those of all that are considered.
    waiting: BTreeMap<OpId, Considered>,
    /// The same by container, with the puts that made them.
    by_node: HashMap<Node, Placed, RandomState>,
}

#[derive(Debug, Clone, Copy)]
struct Considered {
    put: Lv,
    /// Where the put stands.
    place: Place,
    node: Node,
    /// What placed the container before; when this one is skipped, it means nothing.
    before: Option<(Lv, Place)>,
}

/// The place where a container was put.
#[derive(Debug, Clone, Default)]
struct Placed {
    /// Invariant: ordered by id.
    puts: Vec<Lv>,
    /// The containers in which these stand, and how many do.
    holders: SmallVec<[(Node, u32); 2]>,
}

/// The places of containers before something changed: what placed them.
type Before = HashMap<Node, Option<(Lv, Place)>, RandomState>;

/// The effect of a batch of ops on containers: placements that come late are taken back once, not for each op.
/// Until it ends containers may seem to be where they are not.
#[derive(Debug, Clone, Default)]
pub(in crate::crdt) struct Batch {
    before: Before,
    /// Where containers were, came and left, be it for a moment. Other ops may have seen them there; when the
    /// batch is but one op, nobody has, and nothing is noted.
    touched: Option<Vec<(Lv, Place)>>,
    /// The placements that went.
    pub(in crate::crdt) removed: Vec<Removed>,
    /// Slots of several writes, which may be in conflict.
    pub(super) several: BTreeSet<Place>,
}

/// A placement of a container that an op overwrote.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct Removed {
    pub(in crate::crdt) node: Node,
    pub(in crate::crdt) by: Lv,
}

impl Tree {
    /// Returns all placements of a container that no op overwrites, ordered by id.
    pub(in crate::crdt) fn placements(&self, node: Node) -> Puts {
        match self.moves.as_ref().and_then(|moves| moves.by_node.get(&node)) {
            Some(placed) => placed.puts.iter().copied().collect(),
            None => self.placing(node).into_iter().collect(),
        }
    }

    /// Returns the placements that are skipped, because they would put a container inside itself.
    pub(in crate::crdt) fn skipped(&self) -> impl Iterator<Item = Lv> {
        self.moves.iter().flat_map(|moves| moves.skipped.iter().map(|id| moves.considered[id].put))
    }

    /// Tells whether anything ever moved.
    pub(in crate::crdt) fn has_moves(&self) -> bool {
        self.moves.is_some()
    }

    /// Begins a batch of ops.
    pub(in crate::crdt) fn begin(&mut self) {
        self.batch = Some(Box::new(Batch { touched: Some(Vec::new()), ..Batch::default() }));
    }

    /// Ends a batch: all containers are where they belong. O(log n + depth) for each placement that was taken
    /// back.
    pub(in crate::crdt) fn end(&mut self, history: &History) -> Batch {
        let mut batch = self.batch.take().map_or_else(Batch::default, |batch| *batch);
        self.settle_moved(history, &mut batch);
        batch
    }

    /// Tells whether a container and all that hold it stood somewhere before a batch.
    pub(in crate::crdt) fn stood_before(&self, batch: &Batch, node: Node) -> bool {
        let state = |node| batch.before.get(&node).map_or_else(|| self.state(node), |state| *state);
        let mut next = Some(node);
        while let Some(node) = next {
            match state(node) {
                None => return false,
                Some((_, place)) => next = place.container(),
            }
        }
        true
    }

    /// Adds a put that moves a container. O(log n + depth), and the placements with higher ids when the
    /// container could stand in itself.
    pub(super) fn move_here(&mut self, history: &History, node: Node, put: Lv, place: Place) {
        self.lost_any = true;
        self.moves.get_or_insert_default();
        self.change_places(history, |tree, moves, batch| {
            let id = history.op_id(put);
            let next = moves.add(history, node, put, place, tree.state(node));
            let mut placement = Considered { put, place, node, before: None };
            if moves.waiting.first_key_value().is_some_and(|(first, _)| *first < id) {
                moves.waiting.insert(id, placement);
            } else if moves.considered.last_key_value().is_none_or(|(last, _)| *last < id) {
                tree.consider(moves, id, placement, batch);
            } else if tree.may_circle(moves, node) {
                tree.take_back(moves, &id, batch);
                moves.waiting.insert(id, placement);
            } else {
                let state = Some((put, place));
                match next.and_then(|next| moves.considered.get_mut(&history.op_id(next))) {
                    Some(next) => placement.before = std::mem::replace(&mut next.before, state),
                    None => {
                        placement.before = tree.state(node);
                        tree.move_to(node, state, batch);
                    }
                }
                moves.considered.insert(id, placement);
            }
        });
    }

    /// Forgets placements that were overwritten. O(log n) each, and the placements with higher ids when a
    /// container could stand in itself.
    pub(super) fn unplace(&mut self, history: &History, gone: Vec<(Node, Lv)>, by: impl Fn(Lv) -> Lv) {
        if let Some(batch) = &mut self.batch {
            batch.removed.extend(gone.iter().map(|(node, put)| Removed { node: *node, by: by(*put) }));
        } else if self.moves.is_none() {
            for (node, put) in gone {
                let body = self.body_mut(node);
                if body.put.get() == Some(put) {
                    body.put = Link::NONE;
                }
            }
            return;
        }
        self.change_places(history, |tree, moves, batch| {
            if tree.leaves_others(history, moves, &gone) {
                tree.forget(history, moves, gone, batch);
            } else {
                tree.forget_and_take_back(history, moves, gone, batch);
            }
        });
    }

    /// Changes where containers are, and settles it unless a batch goes on.
    fn change_places(&mut self, history: &History, change: impl FnOnce(&mut Self, &mut Moves, &mut Batch)) {
        let mut moves = self.moves.take();
        let mut batch = self.batch.take();
        let goes_on = batch.is_some();
        let mut own = Batch::default();
        let noted = batch.as_deref_mut().unwrap_or(&mut own);
        match &mut moves {
            Some(moves) => change(self, moves, noted),
            None => change(self, &mut Moves::default(), noted),
        }
        self.moves = moves;
        self.batch = batch;
        if !goes_on {
            self.settle_moved(history, &mut own);
        }
    }

    /// Tells whether placements can be forgotten without a consequence for other containers.
    fn leaves_others(&self, history: &History, moves: &Moves, gone: &[(Node, Lv)]) -> bool {
        let mut left: HashMap<Node, usize, RandomState> = HashMap::default();
        for (node, put) in gone {
            if let Some(placed) = moves.by_node.get(node)
                && placed.find(history, *put).is_ok()
            {
                *left.entry(*node).or_insert(placed.puts.len()) -= 1;
            }
        }
        // What goes wholly was in nobody's way when nothing was skipped.
        gone.iter().all(|(node, _)| {
            let wholly = left.get(node).is_none_or(|left| *left == 0);
            wholly && moves.skipped.is_empty() && moves.waiting.is_empty() || !self.may_circle(moves, *node)
        })
    }

    /// Forgets the put that placed a container that never moved.
    fn lose(&mut self, node: Node, put: Lv, batch: &mut Batch) {
        if self.placing(node) == Some(put) {
            self.move_to(node, None, batch);
        }
    }

    /// Forgets placements of containers that cannot stand in themselves: what came before each comes before
    /// what comes after it.
    fn forget(&mut self, history: &History, moves: &mut Moves, gone: Vec<(Node, Lv)>, batch: &mut Batch) {
        for (node, put) in gone {
            ask();
            let Some(next) = moves.remove(history, node, put, self.place_of(history, put)) else {
                self.lose(node, put, batch);
                continue;
            };
            let id = history.op_id(put);
            if moves.waiting.remove(&id).is_some() {
                continue;
            }
            // The put that made the container is not among the considered, and nothing came before it.
            let previous = moves.considered.remove(&id).and_then(|gone| gone.before);
            match next.and_then(|next| moves.considered.get_mut(&history.op_id(next))) {
                Some(next) => next.before = previous,
                None => self.move_to(node, previous, batch),
            }
        }
    }

    /// Forgets placements, and takes back whatever they may have been the reason for.
    fn forget_and_take_back(
        &mut self,
        history: &History,
        moves: &mut Moves,
        gone: Vec<(Node, Lv)>,
        batch: &mut Batch,
    ) {
        let mut lowest = moves.skipped.first().cloned();
        let mut reach =
            |id: OpId| lowest = lowest.take().map_or(Some(id.clone()), |known| Some(known.min(id)));
        let mut forgotten = HashSet::new();
        for &(node, put) in &gone {
            ask();
            let Some(next) = moves.remove(history, node, put, self.place_of(history, put)) else { continue };
            if put != self.lv(node) {
                let id = history.op_id(put);
                forgotten.insert(id.clone());
                reach(id);
            } else if let Some(next) = next {
                // What made the container is forgotten: all moves of it have that before them.
                reach(history.op_id(next));
            }
        }
        if let Some(lowest) = lowest {
            self.take_back(moves, &lowest, batch);
        }
        gone.into_iter().for_each(|(node, put)| self.lose(node, put, batch));
        moves.waiting.retain(|id, _| !forgotten.contains(id));
    }

    /// Takes back all placements from one on, the last one first. They wait.
    fn take_back(&mut self, moves: &mut Moves, from: &OpId, batch: &mut Batch) {
        let mut later = moves.considered.split_off(from);
        let skipped = moves.skipped.split_off(from);
        for (id, other) in later.iter().rev() {
            ask();
            if !skipped.contains(id) {
                self.move_to(other.node, other.before, batch);
            }
        }
        moves.waiting.append(&mut later);
    }

    /// Considers a placement, which has a higher id than those before.
    fn consider(&mut self, moves: &mut Moves, id: OpId, mut placement: Considered, batch: &mut Batch) {
        let Considered { node, put, place, .. } = placement;
        placement.before = self.state(node);
        if place.container() == Some(node) || self.holders(place).any(|up| up == node) {
            moves.skipped.insert(id.clone());
        } else {
            self.move_to(node, Some((put, place)), batch);
        }
        moves.considered.insert(id, placement);
    }

    /// Tells whether a container might stand in itself, were all that was put somewhere at all its places at once.
    /// Looks at those that may hold it, and says yes when they are too many.
    fn may_circle(&self, moves: &Moves, node: Node) -> bool {
        let mut seen: HashSet<Node, RandomState> = HashSet::default();
        let mut open: Vec<Node> = Vec::new();
        let holders = |node: Node, open: &mut Vec<Node>| match moves.by_node.get(&node) {
            Some(placed) => open.extend(placed.holders.iter().map(|(holder, _)| *holder)),
            None => open.extend(self.place(node).and_then(Place::container)),
        };
        holders(node, &mut open);
        while let Some(up) = open.pop() {
            ask();
            if up == node || seen.len() == CIRCLE {
                return true;
            }
            if seen.insert(up) {
                holders(up, &mut open);
            }
        }
        false
    }

    fn state(&self, node: Node) -> Option<(Lv, Place)> {
        let body = self.body(node);
        body.put.get().map(|put| (put, body.place))
    }

    fn move_to(&mut self, node: Node, state: Option<(Lv, Place)>, batch: &mut Batch) {
        let old = self.state(node);
        batch.before.entry(node).or_insert(old);
        if let Some(touched) = &mut batch.touched {
            touched.extend([old, state].into_iter().flatten());
        }
        let body = self.body_mut(node);
        body.put = state.map(|(put, _)| put).into();
        if let Some((_, place)) = state {
            body.place = place;
            self.removals.remove(&node);
        }
    }

    /// Settles the slot of a put when the batch ends, or now where there is none.
    pub(super) fn settle_with_batch(&mut self, history: &History, put: Lv, place: Place) {
        match self.batch.as_mut().and_then(|batch| batch.touched.as_mut()) {
            Some(touched) => touched.push((put, place)),
            None => self.settle_slot(history, place),
        }
    }

    /// Considers what waits; then the slots that containers left and those that they came to show something
    /// else.
    fn settle_moved(&mut self, history: &History, batch: &mut Batch) {
        if let Some(mut moves) = self.moves.take() {
            for (id, placement) in std::mem::take(&mut moves.waiting) {
                ask();
                self.consider(&mut moves, id, placement, batch);
            }
            self.moves = Some(moves);
        }
        for (&node, old) in &batch.before {
            if let Some((_, last)) = old
                && self.state(node).is_none()
            {
                self.body_mut(node).place = *last;
            }
        }
        let mut touched = batch.touched.take().unwrap_or_else(|| {
            let states = batch.before.iter().map(|(&node, &old)| [old, self.state(node)]);
            states.filter(|[old, new]| old != new).flatten().flatten().collect()
        });
        for &(put, place) in &touched {
            if let Place::Item(list, item) = place {
                // The put may stand without being shown, from now on.
                let list = self.list_mut(list);
                if put == item && list.items.is_visible(item) {
                    list.explicit(item);
                }
            }
        }
        // Once each, however many came and went there.
        touched.sort_unstable_by_key(|(_, place)| *place);
        touched.dedup_by_key(|(_, place)| *place);
        for (_, place) in touched {
            ask();
            self.settle_slot(history, place);
        }
        for place in std::mem::take(&mut batch.several) {
            self.look_for_conflict(history, place);
        }
    }

    /// Verifies that the placements by container are those that were considered.
    pub(super) fn check_placements(&self, history: &History) -> Result<(), String> {
        let Some(moves) = &self.moves else { return Ok(()) };
        if self.batch.is_some() || !moves.waiting.is_empty() {
            return Err("a batch did not end".into());
        }
        let mut left = moves.considered.len();
        for (node, placed) in &moves.by_node {
            let name = || history.op_id(self.lv(*node));
            if !placed.puts.is_sorted_by(|a, b| history.authors.compare(*a, *b).is_lt()) {
                return Err(format!("the placements of {} are out of order", name()));
            }
            let mut holders: HashMap<Node, u32> = HashMap::new();
            for put in &placed.puts {
                let place = self.place_of(history, *put);
                if let Some(holder) = place.and_then(Place::container) {
                    *holders.entry(holder).or_default() += 1;
                }
                match moves.considered.get(&history.op_id(*put)) {
                    Some(other) if (other.node, Some(other.place)) == (*node, place) => left -= 1,
                    None if *put == self.lv(*node) => {}
                    _ => return Err(format!("{} was not considered", history.op_id(*put))),
                }
            }
            if holders != placed.holders.iter().copied().collect() {
                return Err(format!("the holders of {} are not counted right", name()));
            }
        }
        let known = moves.skipped.iter().all(|id| moves.considered.contains_key(id));
        if left == 0 && known { Ok(()) } else { Err("a placement that is gone was considered".into()) }
    }
}

impl Moves {
    /// Adds a placement of a container, with what placed it when it had not moved before. Returns the
    /// placement of it that comes next.
    fn add(
        &mut self,
        history: &History,
        node: Node,
        put: Lv,
        place: Place,
        made: Option<(Lv, Place)>,
    ) -> Option<Lv> {
        let placed = self.by_node.entry(node).or_insert_with(|| {
            let mut placed = Placed::default();
            if let Some((put, place)) = made {
                placed.puts.push(put);
                placed.hold(place);
            }
            placed
        });
        placed.hold(place);
        let at = placed.find(history, put).unwrap_or_else(|at| at);
        placed.puts.insert(at, put);
        placed.puts.get(at + 1).copied()
    }

    /// Removes a placement of a container, which stood in `place`. Returns the one that comes next; `None`
    /// when the container never moved or has no such placement.
    fn remove(&mut self, history: &History, node: Node, put: Lv, place: Option<Place>) -> Option<Option<Lv>> {
        let placed = self.by_node.get_mut(&node)?;
        let at = placed.find(history, put).ok()?;
        placed.puts.remove(at);
        place.into_iter().for_each(|place| placed.release(place));
        Some(placed.puts.get(at).copied())
    }
}

impl Placed {
    /// Finds where a put stands among those of the container, or would.
    fn find(&self, history: &History, put: Lv) -> Result<usize, usize> {
        match self.puts.last() {
            Some(last) if history.authors.compare(*last, put).is_lt() => Err(self.puts.len()),
            _ => self.puts.binary_search_by(|other| history.authors.compare(*other, put)),
        }
    }

    fn hold(&mut self, place: Place) {
        let Some(holder) = place.container() else { return };
        match self.holders.iter_mut().find(|(other, _)| *other == holder) {
            Some((_, count)) => *count += 1,
            None => self.holders.push((holder, 1)),
        }
    }

    fn release(&mut self, place: Place) {
        let Some(holder) = place.container() else { return };
        if let Some(at) = self.holders.iter().position(|(other, _)| *other == holder) {
            self.holders[at].1 -= 1;
            if self.holders[at].1 == 0 {
                self.holders.swap_remove(at);
            }
        }
    }
}
