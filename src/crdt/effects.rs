//! What a merge did besides changing the value: the conflicts that it made, the edits that went with
//! deleted containers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::history::{History, Id};
use super::lv::Lv;
use super::row::{Local, Row, Target, Written};
use super::tree::{Node, Place, Reading, Tree, scalar};
use super::{Conflict, ConvergentRef, LostEdits, OpSpan, Written as WrittenValue};
use crate::value::{Val, same};

/// The effects of new ops.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) conflicts: Vec<Conflict>,
    pub(super) lost: Vec<LostEdits>,
}

impl Effects {
    /// Applies the ops of the history from one on, and notes what they do. O(rows log n), and the size of
    /// what they remove.
    pub(super) fn of(replica: &mut ConvergentRef, from: u32) -> Self {
        let ConvergentRef { history, tree, .. } = replica;
        let mut written = BTreeSet::new();
        let mut unseen = Vec::new();
        // The container of the row before, and whether it stands somewhere.
        let mut holder: Option<(Lv, bool)> = None;
        for (first, row) in history.log.rows_in(from..history.len()) {
            if tree.may_remove(&row) {
                tree.unseen_by(history, first, &row, &mut unseen);
                holder = None;
            }
            tree.apply(history, first, &row);
            if !tree.has_lost_any() && !tree.is_contested() {
                continue;
            }
            if let Row::Put { .. } = row {
                written.extend(tree.place_of(history, first));
            }
            let alive = match holder_of(&row) {
                None => true,
                Some(made) => match holder {
                    Some((known, alive)) if known == made => alive,
                    _ => {
                        let alive = tree.node(made).is_none_or(|node| tree.stands(node));
                        holder = Some((made, alive));
                        alive
                    }
                },
            };
            if !alive {
                unseen.push((first, row.count()));
            }
        }
        let conflicts =
            if tree.is_contested() { new_conflicts(history, tree, written, from) } else { Vec::new() };
        let lost = if unseen.is_empty() { Vec::new() } else { lost(history, tree, unseen) };
        Self { conflicts, lost }
    }
}

/// The container that a row writes into.
fn holder_of(row: &Row<'_, Local>) -> Option<Lv> {
    match *row {
        Row::Type { text: holder, .. }
        | Row::Items { list: holder, .. }
        | Row::Item { list: holder, .. }
        | Row::Put { slot: Target::Key { map: holder, .. } | Target::Item { list: holder, .. }, .. }
        | Row::Add { counter: holder, .. } => Some(holder),
        Row::Put { slot: Target::Root, .. } | Row::Delete { .. } | Row::DeleteEach { .. } => None,
    }
}

impl Tree {
    /// Whether a row may remove containers.
    fn may_remove(&self, row: &Row<'_, Local>) -> bool {
        match row {
            Row::Put { over, .. } => !over.is_empty(),
            Row::Delete { .. } | Row::DeleteEach { .. } => true,
            _ => false,
        }
    }

    /// Notes the visible edits in containers that a row is about to remove, of those that its actor had
    /// not seen. Costs the size of what is removed.
    fn unseen_by(&self, history: &History, op: Lv, row: &Row<'_, Local>, unseen: &mut Vec<(Lv, u32)>) {
        let mut open: Vec<Node> = Vec::new();
        let mut remove = |first: Lv, count: u32| {
            let mut at = 0;
            while at < count {
                let (row, length) = history.log.row_from(first.plus(at), count - at);
                let put = first.plus(at);
                if let Row::Item { .. } | Row::Put { written: Written::Container(_), .. } = row
                    && let Some(node) = self.container(history, put)
                    && self.placing(node) == Some(put)
                    && self.stands(node)
                {
                    open.push(node);
                }
                at += length;
            }
        };
        match *row {
            Row::Put { over, .. } => over.iter().for_each(|put| remove(*put, 1)),
            Row::Delete { over } => over.iter().for_each(|(first, count)| remove(*first, *count)),
            Row::DeleteEach { first, count, step } => {
                let lowest =
                    if step == super::row::Step::Back { step.from(first, count - 1) } else { Some(first) };
                lowest.into_iter().for_each(|lowest| remove(lowest, count));
            }
            _ => {}
        }
        if open.is_empty() {
            return;
        }
        let by = history.authors.id(op);
        let has_seen = |lv: Lv| {
            let id: Id = history.authors.id(lv);
            if id.actor == by.actor { id.counter < by.counter } else { history.authors.had_seen(op, id) }
        };
        while let Some(node) = open.pop() {
            match self.reading_of(node) {
                Reading::Text(node) => {
                    let runs = self.sequence(node).into_iter().flat_map(|text| text.runs());
                    for (first, count) in runs {
                        for (lv, count) in history.authors.spans_in(first, count) {
                            // Whoever saw the last of a span saw all of it.
                            let seen =
                                (0..count).rev().find(|at| has_seen(lv.plus(*at))).map_or(0, |at| at + 1);
                            if seen < count {
                                unseen.push((lv.plus(seen), count - seen));
                            }
                        }
                    }
                }
                Reading::Counter(_) => {
                    // Additions are not kept one by one: they are among what the actor had not seen.
                    let made = self.lv(node);
                    for range in history.since(&history.authors.clock_at(op)) {
                        let rows = history.log.rows_in(range.start..range.end.min(op.index()));
                        let adds = rows
                            .filter(|(_, row)| matches!(row, Row::Add { counter, .. } if *counter == made));
                        unseen.extend(adds.filter(|(lv, _)| !has_seen(*lv)).map(|(lv, _)| (lv, 1)));
                    }
                }
                _ => {
                    for place in self.places(node) {
                        for put in self.puts(place) {
                            if !has_seen(put) {
                                unseen.push((put, 1));
                            }
                            open.extend(
                                self.container(history, put).filter(|node| self.placing(*node) == Some(put)),
                            );
                        }
                    }
                }
            }
        }
    }

    /// Whether a container and all that hold it stand somewhere.
    fn stands(&self, node: Node) -> bool {
        self.place(node).is_some_and(|place| self.is_alive(place))
    }
}

/// Groups edits that went with deleted containers by the container. Edits inside of what another one that
/// is named made are not named again, nor those that were overwritten themselves.
fn lost(history: &History, tree: &Tree, unseen: Vec<(Lv, u32)>) -> Vec<LostEdits> {
    let singles = unseen.iter().flat_map(|(first, count)| (0..*count).map(|at| first.plus(at)));
    let edits: BTreeSet<Lv> = singles.collect();
    let mut named: HashSet<Lv> = HashSet::new();
    let mut by_container: BTreeMap<Node, Vec<Lv>> = BTreeMap::new();
    for edit in edits {
        let Some(holder) = holder_of(&history.log.row(edit)).and_then(|made| tree.node(made)) else {
            continue;
        };
        let adds = matches!(history.log.row(edit), Row::Add { .. });
        let holders: Vec<Node> = tree.way_up(holder).collect();
        let made_by_another = holders.iter().any(|node| named.contains(&tree.lv(*node)));
        if made_by_another || !(adds || tree.is_visible(history, edit)) {
            continue;
        }
        // The outermost of the containers that are gone.
        if let Some(gone) = holders.iter().rev().find(|node| tree.place(**node).is_none()) {
            by_container.entry(*gone).or_default().push(edit);
            named.insert(edit);
        }
    }
    let lost = by_container.into_iter().map(|(gone, edits)| {
        let mut spans: Vec<(Lv, u32)> = Vec::new();
        for edit in edits {
            match spans.last_mut() {
                Some((first, count)) if first.plus(*count) == edit => *count += 1,
                _ => spans.push((edit, 1)),
            }
        }
        let spans = spans.into_iter().flat_map(|(first, count)| history.authors.spans_in(first, count));
        let mut edits: Vec<OpSpan> =
            spans.map(|(lv, count)| OpSpan { first: history.op_id(lv), count: u64::from(count) }).collect();
        edits.sort_unstable();
        LostEdits { path: tree.path(history, tree.last_place(gone)), edits }
    });
    lost.collect()
}

/// The conflicts at these places in which something has a part that is not older than op `from`.
fn new_conflicts(history: &History, tree: &Tree, written: BTreeSet<Place>, from: u32) -> Vec<Conflict> {
    let mut found: BTreeMap<Lv, (Vec<Lv>, Place)> = BTreeMap::new();
    for place in written {
        if let Some(puts) = tree.shown_in_value(history, place)
            && puts.len() > 1
            && puts.iter().any(|put| put.index() >= from)
        {
            // A key of joined maps may have been written in several of them: by the winner it counts once.
            found.entry(puts[puts.len() - 1]).or_insert((puts.to_vec(), place));
        }
    }
    let conflicts =
        found.into_values().filter_map(|(puts, place)| conflict(history, tree, place, &puts, Some(from)));
    let mut conflicts: Vec<Conflict> = conflicts.collect();
    conflicts.sort_by(|a, b| a.winner.id.cmp(&b.winner.id));
    conflicts
}

/// The conflict between the puts that a place shows, if they are in conflict, and if one of those that are
/// is not older than op `from`.
pub(super) fn conflict(
    history: &History,
    tree: &Tree,
    place: Place,
    puts: &[Lv],
    from: Option<u32>,
) -> Option<Conflict> {
    let (winner, others) = puts.split_last()?;
    if others.is_empty() {
        return None;
    }
    let reading = tree.reading(history, puts);
    let joined = |put: Lv| match (&reading, tree.container(history, put)) {
        (Reading::Map(maps), Some(node)) => maps.contains(&node),
        _ => false,
    };
    let mut losers = others.iter().filter(|put| !joined(**put)).peekable();
    losers.peek()?;
    let value = tree.read(history, &reading, 0);
    let held = |put: Lv| -> Val {
        match tree.container(history, put) {
            Some(node) => tree.read(history, &tree.reading_of(node), 0),
            None => scalar(history, put),
        }
    };
    let losers: Vec<(Lv, Val)> =
        losers.map(|put| (*put, held(*put))).filter(|(_, loser)| !same(loser, &value)).collect();
    let parts = losers.iter().map(|(put, _)| put).chain([winner]);
    let is_new = from.is_none_or(|from| parts.into_iter().any(|put| put.index() >= from));
    if losers.is_empty() || !is_new {
        return None;
    }
    let written = |put: Lv, value: Val| WrittenValue { id: history.op_id(put), value };
    let winner = written(*winner, value);
    let losers = losers.into_iter().map(|(put, value)| written(put, value)).collect();
    Some(Conflict { path: tree.path(history, place), winner, losers })
}
