//! Effects of a merge besides the new value: the conflicts that it made, the edits that went with
//! deleted containers.

use crate::cancellation::ask;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::history::History;
use super::lv::Lv;
use super::row::Row;
use super::tree::{Batch, Node, Place, Puts, Reading, Tree, scalar};
use super::{Conflict, ConvergentRef, LostEdits, OpSpan, Written as WrittenValue};
use crate::value::{Val, same};

/// The effects of new ops.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) conflicts: Vec<Conflict>,
    pub(super) lost: Vec<LostEdits>,
}

impl Effects {
    /// Applies the ops of the history from one on, and notes what they do; `may_remove` tells whether some of it may
    /// be that containers go. O(rows log n), and the size of what they remove.
    pub(super) fn of(replica: &mut ConvergentRef, from: u32, may_remove: bool) -> Self {
        let ConvergentRef { history, tree, .. } = replica;
        let agreed = if tree.is_contested() { agreed(history, tree, from) } else { Vec::new() };
        if may_remove {
            tree.note_all_removals(history, from..history.len());
        }
        tree.begin();
        for (first, row) in history.log.rows_in(from..history.len()) {
            tree.apply(history, first, &row);
        }
        let batch = tree.end(history);
        let mut effects = Self::default();
        if tree.has_lost_any() {
            effects.lost = lost(history, tree, unseen(history, tree, &batch, from));
        }
        if tree.is_contested() {
            effects.conflicts = new_conflicts(history, tree, from, &agreed);
        }
        effects
    }
}

/// The ops that removed containers, by container.
type Removers = HashMap<Node, Vec<Lv>, RandomState>;

/// Returns the edits in containers that are nowhere of which somebody who removed them did not know: the new edits,
/// and those in what stood before the batch. Costs the new rows, and the size of what they removed.
fn unseen(history: &History, tree: &Tree, batch: &Batch, from: u32) -> Vec<(Lv, u32)> {
    let mut removers = Removers::default();
    for removed in &batch.removed {
        removers.entry(removed.node).or_default().push(removed.by);
    }
    let mut unseen = Unseen { history, tree, found: Vec::new(), counters: HashMap::new() };
    // The container of the row before, and the outermost one that is gone of those that hold it.
    let mut known: Option<(Lv, Option<Node>)> = None;
    for (first, row) in history.log.rows_in(from..history.len()) {
        ask();
        let Some(made) = row.holder() else { continue };
        let gone = match known {
            Some((other, gone)) if other == made => gone,
            _ => tree.node(made).and_then(|node| outermost_gone(tree, node)),
        };
        known = Some((made, gone));
        match gone.map(|gone| removers.get(&gone)) {
            None => {}
            Some(Some(removers)) => unseen.add(removers, first, row.count()),
            // It went before, so nobody who removed it knew what is new.
            Some(None) => unseen.found.push((first, row.count())),
        }
    }
    for (&node, removers) in &removers {
        if tree.place(node).is_none() && tree.stood_before(batch, node) {
            unseen.add_inside(node, removers);
        }
    }
    unseen.add_additions();
    unseen.found
}

/// Finds, of a container and those that hold it, the outermost one that is nowhere.
fn outermost_gone(tree: &Tree, node: Node) -> Option<Node> {
    if tree.stands(node) {
        return None;
    }
    tree.way_up(node).filter(|node| tree.place(*node).is_none()).last()
}

/// A collector of edits.
struct Unseen<'a> {
    history: &'a History,
    tree: &'a Tree,
    found: Vec<(Lv, u32)>,
    /// Counters that are gone, by whoever removed them.
    counters: HashMap<Lv, HashSet<Lv>>,
}

impl Unseen<'_> {
    /// Adds those of some ops that one of the removers had not seen.
    fn add(&mut self, removers: &[Lv], first: Lv, count: u32) {
        for (first, count) in self.history.authors.spans_in(first, count) {
            // Whoever saw an op of a span saw those before it.
            let seen_by = |by: &Lv| {
                (0..count)
                    .rev()
                    .find(|at| self.history.authors.had_seen(*by, first.plus(*at)))
                    .map_or(0, |at| at + 1)
            };
            let seen = removers.iter().map(seen_by).min().unwrap_or(0);
            if seen < count {
                self.found.push((first.plus(seen), count - seen));
            }
        }
    }

    /// Adds what is visible inside of a container.
    fn add_inside(&mut self, node: Node, removers: &[Lv]) {
        let (history, tree) = (self.history, self.tree);
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            ask();
            match tree.reading_of(node) {
                Reading::Text(node) => {
                    let runs = tree.sequence(node).into_iter().flat_map(|text| text.runs());
                    runs.for_each(|(first, count)| self.add(removers, first, count));
                }
                Reading::Counter(_) => {
                    for by in removers {
                        self.counters.entry(*by).or_default().insert(tree.lv(node));
                    }
                }
                _ => {
                    for put in tree.places(node).into_iter().flat_map(|place| tree.puts(place)) {
                        self.add(removers, put, 1);
                        open.extend(
                            tree.container(history, put).filter(|node| tree.placing(*node) == Some(put)),
                        );
                    }
                }
            }
        }
    }

    /// Adds the additions to counters that are gone. They are not kept one by one: they are among what whoever
    /// removed the counter had not seen.
    fn add_additions(&mut self) {
        for (by, counters) in std::mem::take(&mut self.counters) {
            for range in self.history.authors.not_seen_by(by) {
                for (lv, row) in self.history.log.rows_in(range) {
                    if matches!(row, Row::Add { counter, .. } if counters.contains(&counter)) {
                        self.found.push((lv, 1));
                    }
                }
            }
        }
    }
}

/// Groups edits that went with deleted containers by the container. Edits inside of what another one that
/// is named made are not named again, nor those that were overwritten themselves.
fn lost(history: &History, tree: &Tree, unseen: Vec<(Lv, u32)>) -> Vec<LostEdits> {
    let singles = unseen.iter().flat_map(|(first, count)| (0..*count).map(|at| first.plus(at)));
    let edits: BTreeSet<Lv> = singles.collect();
    let mut named: HashSet<Lv, RandomState> = HashSet::default();
    let mut by_container: BTreeMap<Node, Vec<Lv>> = BTreeMap::new();
    for edit in edits {
        ask();
        let Some(holder) = history.log.row(edit).holder().and_then(|made| tree.node(made)) else {
            continue;
        };
        let adds = matches!(history.log.row(edit), Row::Add { .. });
        let made_by_another = tree.way_up(holder).any(|node| named.contains(&tree.lv(node)));
        if made_by_another || !(adds || tree.is_visible(history, edit)) {
            continue;
        }
        if let Some(gone) = outermost_gone(tree, holder) {
            by_container.entry(gone).or_default().push(edit);
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
        LostEdits { path: tree.path_of(history, gone), overwritten: tree.removal_of(gone).overwritten, edits }
    });
    lost.collect()
}

/// Returns the places that show several writes which agree, and into which the ops from one on write: they are not
/// applied yet.
fn agreed(history: &History, tree: &Tree, from: u32) -> Vec<Place> {
    let mut seen: HashSet<Node, RandomState> = HashSet::default();
    let mut places: BTreeSet<Place> = BTreeSet::new();
    for (_, row) in history.log.rows_in(from..history.len()) {
        let Some(holder) = row.holder().filter(|made| made.index() < from) else { continue };
        for node in tree.node(holder).into_iter().flat_map(|node| tree.way_up(node)) {
            if !seen.insert(node) {
                break;
            }
            places.extend(tree.place(node));
        }
    }
    let agrees = |place: &Place| {
        tree.shown_in_value(history, *place)
            .is_some_and(|puts| puts.len() > 1 && conflict(history, tree, *place, &puts, None).is_none())
    };
    places.into_iter().filter(agrees).collect()
}

/// Makes the conflicts in which something has a part that is not older than op `from`, and those between writes that
/// agreed before.
fn new_conflicts(history: &History, tree: &Tree, from: u32, agreed: &[Place]) -> Vec<Conflict> {
    /// Writes of one place, and from which op on one of them must be.
    type Found = (Puts, Place, Option<u32>);
    let shown = |&place: &Place| Some((tree.shown_in_value(history, place)?, place, None));
    let mut found: Vec<Found> = agreed.iter().filter_map(shown).collect();
    let new = history.log.rows_in(from..history.len());
    let mut written: Vec<Place> = new
        .filter_map(|(_, row)| match row {
            Row::Put { slot, .. } => tree.target(slot),
            _ => None,
        })
        .collect();
    written.sort_unstable();
    written.dedup();
    for places in written.chunk_by(|a, b| a.container() == b.container()) {
        let holder = places[0].container();
        // If the container may be one of several that read as one.
        let joins =
            holder.and_then(|holder| tree.place(holder)).is_some_and(|place| tree.may_show_several(place));
        let reading = LazyCell::new(|| tree.reading_in_value(history, holder?));
        for &place in places.iter().filter(|place| joins || tree.has_several(**place)) {
            ask();
            let puts = match (holder, &*reading) {
                (None, _) => tree.shown(history, place),
                (Some(_), Some(reading)) => tree.shown_in(history, reading, place).unwrap_or_default(),
                (Some(_), None) => continue,
            };
            if puts.len() > 1 && puts.iter().any(|put| put.index() >= from) {
                found.push((puts, place, Some(from)));
            }
        }
    }
    // A key of joined maps may have been written in several of them: by the winner it counts once. The sort is stable.
    found.sort_by_key(|(puts, ..)| puts.last().copied());
    found.dedup_by_key(|(puts, ..)| puts.last().copied());
    let conflicts =
        found.into_iter().filter_map(|(puts, place, from)| conflict(history, tree, place, &puts, from));
    let mut conflicts: Vec<Conflict> = conflicts.collect();
    conflicts.sort_by(|a, b| a.winner.id.cmp(&b.winner.id));
    conflicts
}

/// Returns the conflict between the puts that a place shows, if they are in conflict, and if one of those that are
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
    // Ordered: they may be many.
    let mut maps = if let Reading::Map(maps) = &reading { maps.clone() } else { SmallVec::new() };
    maps.sort_unstable();
    let joined = |put: Lv| {
        !maps.is_empty() && tree.container(history, put).is_some_and(|node| maps.binary_search(&node).is_ok())
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
