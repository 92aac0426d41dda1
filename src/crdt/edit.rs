//! Edits of one replica: how they reach the history and the state.

use smallvec::SmallVec;

use super::contents::{Packed, most_packed};
use super::history::{Authors, History};
use super::lv::Lv;
use super::row::{Holds, Local, Over, Row, Target, Written};
use super::tree::{Node, Place, Reading, Tree};
use super::{ConvergentRef, Kind, Side};
use crate::value::Val;

/// The content that is to be written.
#[derive(Debug, Clone)]
pub(super) enum What {
    Scalar(Val),
    Make(Kind),
    Move(Lv),
}

impl What {
    /// Returns the bytes that it takes, at most.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Scalar(value) => most_packed(value),
            Self::Make(_) | Self::Move(_) => 1,
        }
    }

    /// Returns the number of levels that it adds, as far as one can see at once.
    pub(super) fn levels(&self) -> u32 {
        u32::from(matches!(self, Self::Make(Kind::Map | Kind::List) | Self::Move(_)))
    }
}

/// The writes that a write overwrites, ordered by id.
pub(super) type Overs = SmallVec<[Lv; 2]>;

impl ConvergentRef {
    /// Adds a row to the change that is open, and applies it.
    pub(super) fn push(&mut self, row: &Row<'_, Local>) -> Lv {
        self.open();
        let lv = self.history.push(row);
        self.tree.apply(&self.history, lv, row);
        lv
    }

    pub(super) fn put(&mut self, slot: Target<Local>, over: &[Lv], what: &What) -> Lv {
        let mut buffer = std::mem::take(&mut self.buffer);
        let written = match what {
            What::Scalar(value) => Written::Scalar(Packed::new(value, &mut buffer)),
            What::Make(kind) => Written::Container(Holds::Make(*kind)),
            What::Move(container) => Written::Container(Holds::Move(*container)),
        };
        let lv = self.push(&Row::Put { slot, over: Over::These(over), written });
        self.buffer = buffer;
        lv
    }

    /// Inserts a container into a list. The position must be there.
    pub(super) fn insert(&mut self, list: Node, position: usize, holds: Holds<Local>) -> Lv {
        let (parent, side) = self.tree.origin(list, position);
        self.push(&Row::Item { list: self.tree.lv(list), parent, side, holds })
    }

    /// Inserts a scalar into a list. The position must be there.
    pub(super) fn insert_scalar(&mut self, list: Node, position: usize, value: &Val) -> Lv {
        self.open();
        let next = self.history.log.next();
        let (parent, side) = self.tree.extend_list(list, next, 1).insert_at(position, next, 1);
        self.history.push_scalar(self.tree.lv(list), parent, side, value)
    }

    /// Replaces characters of a text. The range must be there.
    pub(super) fn splice(&mut self, text: Node, position: usize, delete: usize, insert: &str) {
        if delete == 0 && insert.is_empty() {
            return;
        }
        self.open();
        let made = self.tree.lv(text);
        let characters = self.tree.edit_text(text);
        if delete > 0 {
            let mut left = delete as u32;
            let mut over: SmallVec<[(Lv, u32); 1]> = SmallVec::new();
            while left > 0
                && let Some((first, count)) = characters.hide_at(position, left)
            {
                over.push((first, count));
                left -= count;
            }
            if over.len() > 1 {
                over = self.history.authors.sorted_spans(over.into_vec()).into();
            }
            self.history.push(&Row::Delete { over: &over });
        }
        if !insert.is_empty() {
            let count = if insert.is_ascii() { insert.len() } else { insert.chars().count() } as u32;
            let (parent, side) = characters.insert_at(position, self.history.log.next(), count);
            self.history.push(&Row::Type { text: made, parent, side, chars: insert, count });
        }
    }
}

impl Tree {
    /// Finds where a new element hangs that is to stand at a position of a list or text.
    pub(super) fn origin(&mut self, node: Node, position: usize) -> (Option<Lv>, Side) {
        self.sequence_mut(node).map_or((None, Side::Right), |sequence| sequence.origin(position))
    }

    /// Returns the elements at positions of a list or text.
    pub(super) fn runs_at(&self, node: Node, mut position: usize, mut count: usize) -> Vec<(Lv, u32)> {
        let mut runs = Vec::new();
        while count > 0
            && let Some((first, run)) = self.sequence(node).and_then(|sequence| sequence.run_at(position))
        {
            let run = (run as usize).min(count);
            runs.push((first, run as u32));
            position += run;
            count -= run;
        }
        runs
    }

    /// Returns what a write must name to overwrite what a slot shows: that, every placement of the containers
    /// among it, and every placement that is skipped now, so that a settled cycle cannot come undone when a
    /// container goes.
    pub(super) fn overwriting(&self, history: &History, shown: &[Lv]) -> Overs {
        let mut over: Overs = shown.iter().copied().collect();
        if self.has_moves() {
            for put in shown {
                if let Some(node) = self.container(history, *put) {
                    over.extend(self.placements(node));
                }
            }
            over.extend(self.skipped());
            over.sort_unstable_by(|a, b| history.authors.compare(*a, *b));
            over.dedup();
        }
        over
    }

    /// Returns the maps that read as one with a map: those that the slot shows in which it stands, also below a
    /// container that is nowhere. O(depth).
    pub(super) fn joined(&self, history: &History, map: Node) -> SmallVec<[Node; 1]> {
        if !self.is_contested() {
            return SmallVec::from_elem(map, 1);
        }
        // From the outermost map that holds it inwards: a key may stand in several that read as one.
        let mut inner = vec![map];
        while let Some(Place::Key(up, _)) = inner.last().and_then(|&map| self.place(map)) {
            inner.push(up);
        }
        let mut joined = SmallVec::new();
        let mut outer: SmallVec<[Node; 1]> = SmallVec::new();
        while let Some(map) = inner.pop() {
            joined = SmallVec::from_elem(map, 1);
            if let Some(place) = self.place(map) {
                let puts = match place {
                    Place::Key(up, slot) => self.key_puts(history, &outer, self.map(up).slot(slot).key),
                    Place::Root | Place::Item(..) => self.shown(history, place),
                };
                if let Reading::Map(maps) = self.reading(history, &puts)
                    && maps.contains(&map)
                {
                    joined = maps;
                }
            }
            outer.clone_from(&joined);
        }
        joined
    }

    /// Tells whether a container is what the slot reads as in which it stands, and not the loser of a conflict; be
    /// what holds the slot shown or not.
    pub(super) fn is_seen(&self, history: &History, node: Node, place: Place) -> bool {
        if !self.is_contested() {
            return true;
        }
        let shown = match place {
            Place::Key(map, slot) => {
                let key = self.map(map).slot(slot).key;
                self.key_puts(history, &self.joined(history, map), key)
            }
            Place::Root | Place::Item(..) => self.shown(history, place),
        };
        let top = shown.last().and_then(|put| self.container(history, *put));
        top.is_some_and(|top| self.last_joined(history, top) == node)
    }

    /// Returns the last of the maps that read as one with a map; any other container itself.
    pub(super) fn last_joined(&self, history: &History, node: Node) -> Node {
        if !self.is_contested() || self.kind(node) != Kind::Map {
            return node;
        }
        self.joined(history, node).last().copied().unwrap_or(node)
    }

    /// Returns the puts that a key of joined maps shows.
    pub(super) fn shown_key(&self, history: &History, maps: &[Node], key: u32) -> Overs {
        match maps {
            [map] => self.key(*map, key).map(|place| self.shown(history, place)).unwrap_or_default(),
            _ => self.key_puts(history, maps, key),
        }
    }

    /// Returns the puts that an item shows.
    pub(super) fn shown_item(&self, history: &History, list: Node, item: Lv) -> Overs {
        self.shown(history, Place::Item(list, item))
    }
}

impl Authors {
    /// Sorts what is to be deleted: spans of ops of one actor each, ordered by id.
    pub(super) fn sorted_spans(&self, mut spans: Vec<(Lv, u32)>) -> Vec<(Lv, u32)> {
        spans.sort_unstable();
        let mut merged: Vec<(Lv, u32)> = Vec::with_capacity(spans.len());
        for (first, count) in spans {
            match merged.last_mut() {
                // The same put may be named twice.
                Some((before, length)) if before.plus(*length) > first => {
                    let end = first.plus(count).index().max(before.plus(*length).index());
                    *length = end - before.index();
                }
                Some((before, length)) if before.plus(*length) == first => *length += count,
                _ => merged.push((first, count)),
            }
        }
        let mut cut: Vec<(Lv, u32)> =
            merged.into_iter().flat_map(|(first, count)| self.spans_in(first, count)).collect();
        if !cut.is_sorted_by(|a, b| self.compare(a.0, b.0).is_lt()) {
            cut.sort_unstable_by(|a, b| self.compare(a.0, b.0));
        }
        cut
    }
}
