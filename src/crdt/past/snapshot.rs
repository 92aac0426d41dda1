//! The state at one clock.

use crate::cancellation::ask;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::max_tree::NEVER;
use super::moves::holder;
use super::{Past, ROOT, joined};
use crate::crdt::history::{Cut, History};
use crate::crdt::lv::Lv;

/// The state that stood at a clock. Its questions are answered in the size of what stood.
pub(in crate::crdt) struct Snapshot<'a> {
    history: &'a History,
    past: &'a Past,
    /// The clock covers the ops before this one, and none from it on but those that are beyond.
    cut: u32,
    beyond: Past,
    /// What placed the containers that moved, when some may have been moved into each other.
    placed: Option<Placed>,
    /// Placements that were shown, by the containers that held them, where the order of application does not tell.
    shown: HashMap<Lv, Vec<Lv>, RandomState>,
}

/// The ops that placed containers: `None` if they were nowhere.
type Placed = HashMap<Lv, Option<Lv>, RandomState>;

impl<'a> Snapshot<'a> {
    /// Reads the history up to the cut, what of it was not read before; and what the cut covers beyond. When
    /// containers may have been moved into each other, all moves are considered, in the order of their ids.
    pub(in crate::crdt) fn new(history: &'a History, past: &'a mut Past, cut: &Cut) -> Self {
        past.read(history, cut.before);
        let mut beyond = Past { ops: cut.before..cut.before, ..Past::default() };
        for ops in &cut.beyond {
            beyond.ops.end = ops.start;
            beyond.read(history, ops.end);
        }
        beyond.gone = joined(beyond.gone);
        let past = &*past;
        let tangled = past.moved.tangled.is_some_and(|by| by.index() < cut.before)
            || beyond.moved.tangles(&past.moved, history);
        let shown = HashMap::default();
        let mut moment = Self { history, past, cut: cut.before, beyond, placed: None, shown };
        let placed = if tangled { moment.settled() } else { moment.unclear() };
        for put in placed.values().flatten() {
            ask();
            moment.shown.entry(holder(history, *put)).or_default().push(*put);
        }
        moment.placed = tangled.then_some(placed);
        moment
    }

    /// Returns the writes that stood in a container (those of the root in [`ROOT`]), as stretches of ops. Of the
    /// placements that were not shown there, some are missing.
    pub(in crate::crdt) fn writes(&self, holder: Lv) -> Vec<(Lv, u32)> {
        let mut writes: Vec<(Lv, u32)> = Vec::new();
        let mut found = |put: Lv| match writes.last_mut() {
            Some((first, count)) if first.plus(*count) == put => *count += 1,
            _ => writes.push((put, 1)),
        };
        if let Some(part) = self.past.parts.get(&holder) {
            part.standing(self.cut, |put| {
                if !self.is_gone(put) {
                    found(put);
                }
            });
        }
        if let Some(part) = self.beyond.parts.get(&holder) {
            part.standing(NEVER, found);
        }
        if let Some(shown) = self.shown.get(&holder) {
            let known = writes.len();
            for &put in shown {
                let at = writes[..known].partition_point(|(first, _)| *first <= put).checked_sub(1);
                if at.is_none_or(|at| put.index() - writes[at].0.index() >= writes[at].1) {
                    writes.push((put, 1));
                }
            }
        }
        writes
    }

    /// Returns the sum of a counter.
    pub(in crate::crdt) fn sum(&self, counter: Lv) -> i128 {
        let sum = |past: &Past, time: u32| {
            let sums = past.sums.get(&counter)?;
            let last = sums.partition_point(|(by, _)| by.index() < time).checked_sub(1)?;
            Some(sums[last].1)
        };
        sum(self.past, self.cut).unwrap_or(0) + sum(&self.beyond, NEVER).unwrap_or(0)
    }

    /// Returns the write of a key with the lowest id, overwritten or not.
    pub(in crate::crdt) fn first(&self, map: Lv, key: u32) -> Option<Lv> {
        let first = |past: &Past, time: u32| {
            let firsts = past.firsts.get(&(map, key))?;
            let last = firsts.partition_point(|first| first.index() < time).checked_sub(1)?;
            Some(firsts[last])
        };
        let both = [first(self.past, self.cut), first(&self.beyond, NEVER)];
        both.into_iter().flatten().min_by(|a, b| self.history.authors.compare(*a, *b))
    }

    /// Tells whether a put that stood placed its container: the one that the op `made` made.
    pub(in crate::crdt) fn places(&self, put: Lv, made: Lv) -> bool {
        match &self.placed {
            Some(placed) => placed.get(&made).is_none_or(|by| *by == Some(put)),
            None => self.highest_move(made).unwrap_or(made) == put,
        }
    }

    fn highest_move(&self, made: Lv) -> Option<Lv> {
        let before = self.past.moved.containers.get(&made);
        let before = before.and_then(|moves| moves.highest(self.history, self.cut, |put| !self.is_gone(put)));
        let beyond = self.beyond.moved.containers.get(&made);
        let beyond = beyond.and_then(|moves| moves.highest(self.history, NEVER, |_| true));
        before.into_iter().chain(beyond).max_by(|a, b| self.history.authors.compare(*a, *b))
    }

    /// Returns what placed each container that moved: all moves that stood, in the order of their ids, but for those
    /// that put a container inside itself.
    fn settled(&self) -> Placed {
        let mut placed = Placed::default();
        let mut moves: Vec<(Lv, Lv)> = Vec::new();
        for (past, time) in [(self.past, self.cut), (&self.beyond, NEVER)] {
            for (&made, container) in &past.moved.containers {
                ask();
                if made.index() < self.cut || time == NEVER {
                    placed.entry(made).or_insert_with(|| self.stood(made).then_some(made));
                }
                container.puts.standing(time, |put| {
                    if time == NEVER || !self.is_gone(put) {
                        moves.push((put, made));
                    }
                });
            }
        }
        moves.sort_unstable_by(|(a, _), (b, _)| self.history.authors.compare(*a, *b));
        for (put, made) in moves {
            let mut up = Some(holder(self.history, put));
            while let Some(at) = up.filter(|&at| at != made && at != ROOT) {
                let by = placed.get(&at).copied().unwrap_or_else(|| self.stood(at).then_some(at));
                up = by.map(|by| holder(self.history, by));
            }
            if up != Some(made) {
                placed.insert(made, Some(put));
            }
        }
        placed
    }

    /// Returns what placed each container that went back to an earlier place at some time, or that the changes beyond
    /// the cut moved or deleted.
    fn unclear(&self) -> Placed {
        let returned = self.past.moved.returned.iter().copied().filter(|made| made.index() < self.cut);
        let gone = self.beyond.gone.iter().flat_map(|(first, count)| {
            let rows = self.history.log.rows_in(first.index()..first.index() + count);
            rows.filter_map(|(put, row)| Some(row.holds()?.made(put)))
        });
        let gone = gone.filter(|made| self.past.moved.containers.contains_key(made));
        let moved = self.beyond.moved.containers.keys().copied();
        let all = returned.chain(gone).chain(moved);
        all.map(|made| (made, self.highest_move(made).or_else(|| self.stood(made).then_some(made)))).collect()
    }

    /// Tells whether the put stood that made a container, which the clock covers.
    fn stood(&self, made: Lv) -> bool {
        let (past, time) =
            if made.index() < self.cut { (self.past, self.cut) } else { (&self.beyond, NEVER) };
        let ended = match past.moved.containers.get(&made) {
            Some(moves) => moves.made_ended,
            None => past.parts.get(&holder(self.history, made)).map_or(NEVER, |part| part.ended(made)),
        };
        ended >= time && !self.is_gone(made)
    }

    /// Tells whether what the clock covers beyond the cut overwrote a write of before.
    fn is_gone(&self, put: Lv) -> bool {
        let gone = &self.beyond.gone;
        let before = gone.partition_point(|(first, _)| *first <= put).checked_sub(1);
        before.is_some_and(|at| put.index() - gone[at].0.index() < gone[at].1)
    }
}
