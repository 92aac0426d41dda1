//! Places of containers that ever moved.

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::container::Part;
use super::max_tree::NEVER;
use super::{History, ROOT};
use crate::crdt::lv::Lv;

/// The number of containers that are looked at before one is taken to be able to stand in itself.
const CIRCLE: usize = 256;

/// The moves of all containers, by the ops that made those.
#[derive(Debug, Default)]
pub(super) struct Moved {
    pub(super) containers: HashMap<Lv, Moves, RandomState>,
    /// The first op that could have put a container inside itself, were all that was put somewhere at all its
    /// places at once.
    pub(super) tangled: Option<Lv>,
    /// Containers that went back to an earlier place when a later one was overwritten.
    pub(super) returned: BTreeSet<Lv>,
}

/// The moves of one container.
#[derive(Debug)]
pub(super) struct Moves {
    pub(super) puts: Part,
    /// For each move the one with the highest id up to it.
    highest: Vec<Lv>,
    /// The containers in which it was put by moves.
    holders: HashSet<Lv, RandomState>,
    /// What overwrote the put that made the container.
    pub(super) made_ended: u32,
    /// How many of its placements stand, and the one with the highest id of those.
    standing: u32,
    top: Lv,
}

impl Moved {
    /// Adds a move. Returns the placement that is not shown from now on: the one before, or the move itself. O(log
    /// n), and the containers that hold its new place when that is new to it.
    pub(super) fn put(
        &mut self,
        history: &History,
        made: Lv,
        put: Lv,
        holder: Lv,
        made_ended: impl FnOnce() -> u32,
    ) -> Option<Lv> {
        let moves = self.containers.entry(made).or_insert_with(|| Moves::new(made, made_ended()));
        let is_higher = |known: Lv| history.authors.compare(known, put).is_lt();
        moves.puts.add(put, 1);
        let highest = moves.highest.last().copied().filter(|&known| !is_higher(known)).unwrap_or(put);
        moves.highest.push(highest);
        let hidden = match moves.standing {
            0 => None,
            _ if is_higher(moves.top) => Some(moves.top),
            _ => Some(put),
        };
        if hidden != Some(put) {
            moves.top = put;
        }
        moves.standing += 1;
        if moves.holders.insert(holder) && self.tangled.is_none() && reaches(&[self], history, holder, made) {
            self.tangled = Some(put);
        }
        hidden
    }

    /// Notes which op overwrote a placement of a container. Returns whether another one may be shown then; the
    /// container has to be [settled](Self::settle) after all that the op overwrote. `alone`: no other op overwrote
    /// placements of it since.
    pub(super) fn end(&mut self, made: Lv, put: Lv, by: Lv, alone: bool) -> bool {
        let Some(moves) = self.containers.get_mut(&made) else { return false };
        let stood = if put == made {
            let stood = moves.made_ended == NEVER;
            moves.made_ended = moves.made_ended.min(by.index());
            stood
        } else {
            moves.puts.end(put, by)
        };
        moves.standing -= u32::from(stood);
        if stood && !alone && moves.standing > 0 {
            self.returned.insert(made);
        }
        stood && put == moves.top
    }

    /// Settles what changes when the placement of a container that was shown went, with all that went with it.
    pub(super) fn settle(&mut self, history: &History, made: Lv) {
        if let Some(moves) = self.containers.get_mut(&made).filter(|moves| moves.standing > 0) {
            moves.top = moves.highest(history, NEVER, |_| true).unwrap_or(made);
            self.returned.insert(made);
        }
    }

    /// Tells whether a container could stand in itself by moves of these, or of those before.
    pub(super) fn tangles(&self, before: &Self, history: &History) -> bool {
        let mut moves = self.containers.iter().flat_map(|(made, moves)| {
            let holders = moves.holders.iter();
            holders.map(move |holder| (*made, *holder))
        });
        moves.any(|(made, holder)| reaches(&[before, self], history, holder, made))
    }
}

impl Moves {
    fn new(made: Lv, made_ended: u32) -> Self {
        Self {
            puts: Part::default(),
            highest: Vec::new(),
            holders: HashSet::default(),
            made_ended,
            standing: u32::from(made_ended == NEVER),
            top: made,
        }
    }

    /// Tells whether as many placements stand as are counted. O(n).
    pub(super) fn is_counted(&self) -> bool {
        let mut standing = u32::from(self.made_ended == NEVER);
        self.puts.standing(NEVER, |_| standing += 1);
        standing == self.standing
    }

    /// Returns the move with the highest id among those before the op `time` that stood then. O(log n), and more when
    /// a higher one was overwritten.
    pub(super) fn highest(&self, history: &History, time: u32, stands: impl Fn(Lv) -> bool) -> Option<Lv> {
        let last = self.puts.count(time).checked_sub(1)?;
        let highest = self.highest[last];
        if self.puts.ended(highest) >= time && stands(highest) {
            return Some(highest);
        }
        let mut found: Option<Lv> = None;
        self.puts.standing(time, |put| {
            if stands(put) && found.is_none_or(|known| history.authors.compare(known, put).is_lt()) {
                found = Some(put);
            }
        });
        found
    }
}

/// Tells whether what holds a container, or did, may stand in another or be it. Says yes when there is too much to
/// look at.
fn reaches(moved: &[&Moved], history: &History, from: Lv, to: Lv) -> bool {
    let mut seen: HashSet<Lv, RandomState> = HashSet::default();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to || seen.len() == CIRCLE {
            return true;
        }
        if at == ROOT || !seen.insert(at) {
            continue;
        }
        open.push(holder(history, at));
        for moves in moved.iter().filter_map(|moved| moved.containers.get(&at)) {
            if moves.holders.len() > CIRCLE {
                return true;
            }
            open.extend(&moves.holders);
        }
    }
    false
}

/// Returns the container into which a put was written.
pub(super) fn holder(history: &History, put: Lv) -> Lv {
    history.log.row(put).holder().unwrap_or(ROOT)
}
