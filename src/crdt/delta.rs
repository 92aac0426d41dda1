//! Changes between two readings of the value: told from the ops, which know what is which.
//!
//! Values carry the identities of maps, lists, texts and counters, and the tree has noted which items of lists
//! were touched. So nothing is compared but what differs, and nothing is guessed: what left one slot and came
//! to another moved, an item that stays in its slot was edited.

use crate::cancellation::ask;
use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::history::History;
use super::tree::{ItemChange, Node, Parts, Tree};
use crate::value::{Difference, List, Map, Path, PathChange, Step, Val, apply, same};

/// The direction in which a change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forth,
    /// As if it were taken back.
    Back,
}

/// Tells what changed since the tree [began](Tree::forget_old) to note it. Costs what changed, times O(log n).
pub(super) fn tell(history: &History, tree: &Tree, direction: Direction) -> Vec<PathChange> {
    let new = tree.value(history);
    let Some(old) = tree.old_value() else { return Vec::new() };
    let (old, new) = match direction {
        Direction::Forth => (old, new),
        Direction::Back => (new, old),
    };
    let tell = |by_place: bool| {
        let (moved, came) = Default::default();
        let mut teller = Teller { history, tree, direction, by_place, moved, came, told: Vec::new() };
        if !by_place {
            teller.find_moved(old, new);
        }
        let root = Slot { old: Some((None, old.clone())), new: Some((None, new.clone())) };
        teller.slot(root, &mut Way::default());
        teller.told
    };
    let told = tell(false);
    // Where maps that moved became one, or one became several, a thing has no one way to go.
    let is_clear = !tree.is_contested() || !tree.has_moves();
    if is_clear || apply(old, &told).is_ok_and(|outcome| same(&outcome, new)) { told } else { tell(true) }
}

/// A container of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Thing {
    node: Node,
    /// The last of the maps that now read as one with it: two things may have become one.
    one: Node,
}

/// The place where something was before, and what it read as.
#[derive(Clone)]
struct At {
    path: Path,
    value: Val,
}

/// A slot that holds something else than before, and the steps to it; the root has none.
struct Slot {
    old: Option<(Option<Step>, Val)>,
    new: Option<(Option<Step>, Val)>,
}

/// The ways to a container in the old and the new value.
#[derive(Default, Clone)]
struct Way {
    old: Path,
    new: Path,
}

struct Teller<'a> {
    history: &'a History,
    tree: &'a Tree,
    direction: Direction,
    /// Whether nothing is told but what is in one place and in the other.
    by_place: bool,
    /// Things of the old value that are in another slot now.
    moved: HashSet<Node, RandomState>,
    /// Things of the new value that were in another slot, and where.
    came: HashMap<Node, At, RandomState>,
    told: Vec<PathChange>,
}

impl Teller<'_> {
    /// Returns the container of the document that a value is.
    fn thing(&self, value: &Val) -> Option<Thing> {
        let made = self.history.authors.find_identity(value.identity()?)?;
        let node = self.tree.node(made)?;
        Some(Thing { node, one: self.tree.last_joined(self.history, node) })
    }

    /// Finds where a thing of the new value was, if it was in another slot.
    fn came_from(&self, value: &Val) -> Option<At> {
        if self.came.is_empty() { None } else { self.came.get(&self.thing(value)?.node).cloned() }
    }

    // --- the slots that differ ---

    fn slots(&self, old: &Val, new: &Val) -> Vec<Slot> {
        if let (Some(old), Some(new)) = (old.as_map(), new.as_map()) {
            let key = |key: &crate::value::Key, value: Option<&Val>| {
                Some((Some(Step::Key(key.to_string())), value?.clone()))
            };
            let differing = Map::differing(old, new).into_iter();
            return differing.map(|(at, old, new)| Slot { old: key(at, old), new: key(at, new) }).collect();
        }
        if let (Some(before), Some(now)) = (old.as_list(), new.as_list()) {
            let list = self.thing(old).filter(|_| !self.by_place);
            let touched = list.and_then(|list| self.touched(list.node, old, new));
            return touched.map_or_else(|| in_place(before, now), |items| self.items(items, before, now));
        }
        Vec::new()
    }

    /// Returns the items of a list that were touched between two of its values.
    fn touched(&self, list: Node, old: &Val, new: &Val) -> Option<Vec<ItemChange>> {
        let noted = if self.direction == Direction::Forth { old } else { new };
        self.tree.old_value_of(list).filter(|before| before.is_shared(noted))?;
        match self.tree.touched_parts(self.history, list)? {
            Parts::Items(items) => Some(items),
            Parts::Keys(_) => None,
        }
    }

    fn items(&self, mut items: Vec<ItemChange>, old: &List, new: &List) -> Vec<Slot> {
        if self.direction == Direction::Back {
            for item in &mut items {
                std::mem::swap(&mut item.old, &mut item.new);
                std::mem::swap(&mut item.was_visible, &mut item.is_visible);
            }
            items.sort_by_key(|item| (item.new, item.is_visible));
        }
        in_gaps(&mut items);
        let at = |list: &List, index: usize, visible: bool| {
            Some((Some(Step::Index(index)), list.get(index).filter(|_| visible)?.clone()))
        };
        let slots = items.into_iter().map(|item| Slot {
            old: at(old, item.old, item.was_visible),
            new: at(new, item.new, item.is_visible),
        });
        slots.filter(Slot::differs).collect()
    }

    // --- what moved ---

    /// Finds the things that are in another slot now.
    fn find_moved(&mut self, old: &Val, new: &Val) {
        let mut search = Search::default();
        search.meet(
            self,
            &Slot { old: Some((None, old.clone())), new: Some((None, new.clone())) },
            &Way::default(),
        );
        loop {
            while let Some((old, new, way)) = search.pairs.pop() {
                for slot in self.slots(&old, &new) {
                    search.meet(self, &slot, &way);
                }
            }
            if !search.enter(self) {
                break;
            }
        }
        self.moved = search.moved;
        self.came = search.came_from.into_iter().map(|(stands, (_, old))| (stands, old)).collect();
    }

    // --- telling ---

    fn tell(&mut self, path: &Path, difference: Difference) {
        self.told.push(PathChange { path: path.clone(), difference });
    }

    /// Tells what changed in a slot. (On no stack of its own: documents nest up to a limit that fits this one.)
    fn slot(&mut self, slot: Slot, way: &mut Way) {
        ask();
        let Slot { old, new } = slot;
        let stood = old.as_ref().and_then(|(_, old)| self.thing(old));
        let stands = new.as_ref().and_then(|(_, new)| self.thing(new));
        let (old_step, old) = old.map_or((None, None), |(step, old)| (step, Some(old)));
        let (new_step, new) = new.map_or((None, None), |(step, new)| (step, Some(new)));
        way.old.0.extend(old_step.clone());
        way.new.0.extend(new_step.clone());
        let is_one = match (&old, &new) {
            (Some(old), Some(new)) if self.by_place => {
                (old.as_map().is_some() && new.as_map().is_some())
                    || (old.as_list().is_some() && new.as_list().is_some())
            }
            _ => stood.zip(stands).is_some_and(|(stood, stands)| stood.one == stands.one),
        };
        if let (Some(old), Some(new)) = (&old, &new)
            && is_one
        {
            self.edited(old, new, way);
        } else {
            let gone = old.filter(|_| stood.is_none_or(|thing| !self.moved.contains(&thing.node)));
            let came = new.as_ref().and_then(|new| self.came_from(new));
            match (gone, new, came) {
                (gone, Some(new), Some(came)) => {
                    if let Some(gone) = gone {
                        self.tell(&way.old.clone(), Difference::Removed(gone));
                    }
                    self.came(&new, came, way);
                }
                (Some(gone), Some(new), None) => {
                    let (rest, moved) = self.without_moved(&new, &way.new);
                    if moved.is_empty() {
                        self.tell(&way.new.clone(), Difference::Changed(gone, new));
                    } else {
                        self.tell(&way.old.clone(), Difference::Removed(gone));
                        self.tell(&way.new.clone(), Difference::Added(rest));
                        self.came_inside(moved);
                    }
                }
                (Some(gone), None, _) => self.tell(&way.old.clone(), Difference::Removed(gone)),
                (None, Some(new), None) => {
                    let (rest, moved) = self.without_moved(&new, &way.new);
                    self.tell(&way.new.clone(), Difference::Added(rest));
                    self.came_inside(moved);
                }
                (None, None, _) => {}
            }
        }
        if old_step.is_some() {
            way.old.0.pop();
        }
        if new_step.is_some() {
            way.new.0.pop();
        }
    }

    /// Tells what changed in a thing.
    fn edited(&mut self, old: &Val, new: &Val, way: &mut Way) {
        if old.is_container() && new.is_container() {
            for slot in self.slots(old, new) {
                self.slot(slot, way);
            }
        } else if !old.is_shared(new) {
            self.tell(&way.new.clone(), Difference::Changed(old.clone(), new.clone()));
        }
    }

    /// Tells that something moved, and what changed in it.
    fn came(&mut self, new: &Val, came: At, way: &Way) {
        self.tell(&way.new.clone(), Difference::Moved { from: came.path.clone() });
        let mut way = Way { old: came.path, new: way.new.clone() };
        self.edited(&came.value, new, &mut way);
    }

    fn came_inside(&mut self, moved: Vec<(Path, Val)>) {
        for (path, value) in moved {
            if let Some(came) = self.came_from(&value) {
                self.came(&value, came, &Way { old: Path::default(), new: path });
            }
        }
    }

    /// Returns a new value without the things in it that were there before, and those, with their paths.
    fn without_moved(&self, value: &Val, path: &Path) -> (Val, Vec<(Path, Val)>) {
        let mut moved = Vec::new();
        if self.came.is_empty() || !value.is_container() {
            return (value.clone(), moved);
        }
        let mut path = path.clone();
        let rest = self.strip(value, &mut path, &mut moved);
        (rest, moved)
    }

    fn strip(&self, value: &Val, path: &mut Path, moved: &mut Vec<(Path, Val)>) -> Val {
        let mut rest = value.clone();
        let mut part = |step: Step, part: &Val, moved: &mut Vec<(Path, Val)>| {
            ask();
            path.0.push(step);
            let is_moved = self.came_from(part).is_some();
            let stripped = match is_moved {
                true => {
                    moved.push((path.clone(), part.clone()));
                    None
                }
                false if part.is_container() => Some(self.strip(part, path, moved)),
                false => Some(part.clone()),
            };
            path.0.pop();
            stripped
        };
        if let Some(entries) = value.as_map() {
            let known = moved.len();
            let kept = entries.iter().filter_map(|(key, value)| {
                Some((key.clone(), part(Step::Key(key.to_string()), value, moved)?))
            });
            let kept: Map = kept.collect();
            if moved.len() > known {
                rest = kept.into();
            }
        } else if let Some(items) = value.as_list() {
            let known = moved.len();
            let kept: List = items
                .iter()
                .enumerate()
                .filter_map(|(at, item)| part(Step::Index(at), item, moved))
                .collect();
            if moved.len() > known {
                rest = kept.into();
            }
        }
        rest
    }
}

impl Slot {
    fn differs(&self) -> bool {
        match (&self.old, &self.new) {
            (Some((_, old)), Some((_, new))) => !old.is_shared(new),
            (None, None) => false,
            _ => true,
        }
    }
}

/// Tells of what stands between items that stay in their slots: first what goes, then what comes.
fn in_gaps(items: &mut [ItemChange]) {
    let mut came = 0;
    let key = |item: &ItemChange| {
        ask();
        let stays = item.new - came;
        came += usize::from(item.is_visible && !item.was_visible);
        (stays, item.is_visible, item.was_visible)
    };
    let mut keys: Vec<_> = items.iter().map(key).zip(items.iter().copied()).collect();
    keys.sort_by_key(|(key, _)| *key);
    items.iter_mut().zip(keys).for_each(|(item, (_, sorted))| *item = sorted);
}

/// Returns items of lists of which nothing was noted: what stands in the same place.
fn in_place(old: &List, new: &List) -> Vec<Slot> {
    let mut slots = Vec::new();
    let at = |list: &List, index: usize| Some((Some(Step::Index(index)), list.get(index)?.clone()));
    for (o, n) in List::differing(old, new) {
        let common = o.len().min(n.len());
        for index in 0..common {
            ask();
            slots.push(Slot { old: at(old, o.start + index), new: at(new, n.start + index) });
        }
        slots.extend((o.start + common..o.end).map(|index| Slot { old: at(old, index), new: None }));
        slots.extend((n.start + common..n.end).map(|index| Slot { old: None, new: at(new, index) }));
    }
    slots.retain(Slot::differs);
    slots
}

/// The search for things that are in another slot now.
#[derive(Default)]
struct Search {
    /// Things that left a slot, and that came to one, of which the other is not known: by what they are one with.
    left: BTreeMap<Node, Vec<(Node, At)>>,
    came: BTreeMap<Node, Vec<(Node, At)>>,
    /// Those in which things were looked for, of the old and of the new value.
    entered: HashSet<(Node, bool), RandomState>,
    moved: HashSet<Node, RandomState>,
    /// By what came, what it was.
    came_from: HashMap<Node, (Node, At), RandomState>,
    /// Things of the old and of the new value that stand where they stood: what became one with them did not
    /// move.
    stay: HashSet<(Node, bool), RandomState>,
    /// Things whose old and new values are to be compared.
    pairs: Vec<(Val, Val, Way)>,
}

impl Search {
    fn meet(&mut self, teller: &Teller<'_>, slot: &Slot, way: &Way) {
        ask();
        let side = |side: &Option<(Option<Step>, Val)>, path: &Path| {
            let (step, value) = side.as_ref()?;
            let mut path = path.clone();
            path.0.extend(step.clone());
            Some((teller.thing(value)?, At { path, value: value.clone() }))
        };
        match (side(&slot.old, &way.old), side(&slot.new, &way.new)) {
            (Some((stood, old)), Some((stands, new))) if stood.one == stands.one => {
                self.stays(stood, stands);
                self.pair(old, new);
            }
            (old, new) => {
                if let Some((thing, old)) = old {
                    self.left(thing, old);
                }
                if let Some((thing, new)) = new {
                    self.came(thing, new);
                }
            }
        }
    }

    fn pair(&mut self, old: At, new: At) {
        if !old.value.is_shared(&new.value) {
            self.pairs.push((old.value, new.value, Way { old: old.path, new: new.path }));
        }
    }

    fn stays(&mut self, stood: Thing, stands: Thing) {
        self.stay.extend([(stood.node, true), (stands.node, false)]);
        if let Some((other, _)) = self.came_from.remove(&stands.node) {
            self.moved.remove(&other);
        }
        if self.moved.remove(&stood.node) {
            self.came_from.retain(|_, (other, _)| *other != stood.node);
        }
        for (things, thing) in [(&mut self.left, stood), (&mut self.came, stands)] {
            if let Some(things) = things.get_mut(&thing.one) {
                things.retain(|(other, _)| *other != thing.node);
            }
        }
    }

    fn left(&mut self, thing: Thing, old: At) {
        if self.stay.contains(&(thing.node, true)) {
            return;
        }
        match self.came.get_mut(&thing.one).and_then(Vec::pop) {
            Some((stands, new)) => self.moved(thing.node, old, stands, new),
            None => self.left.entry(thing.one).or_default().push((thing.node, old)),
        }
    }

    fn came(&mut self, thing: Thing, new: At) {
        if self.stay.contains(&(thing.node, false)) {
            return;
        }
        match self.left.get_mut(&thing.one).and_then(Vec::pop) {
            Some((stood, old)) => self.moved(stood, old, thing.node, new),
            None => self.came.entry(thing.one).or_default().push((thing.node, new)),
        }
    }

    fn moved(&mut self, stood: Node, old: At, stands: Node, new: At) {
        self.moved.insert(stood);
        self.came_from.insert(stands, (stood, old.clone()));
        self.pair(old, new);
    }

    /// Looks for things in what went as a whole and in what is new as a whole; `false` when there is nothing to
    /// be found.
    fn enter(&mut self, teller: &Teller<'_>) -> bool {
        let is_empty = |things: &BTreeMap<Node, Vec<_>>| things.values().all(Vec::is_empty);
        if is_empty(&self.left) || is_empty(&self.came) {
            return false;
        }
        let mut found = Vec::new();
        for (things, is_old) in [(&self.left, true), (&self.came, false)] {
            for (thing, at) in things.values().flatten() {
                if self.entered.insert((*thing, is_old)) {
                    found.extend(inside(teller, at).into_iter().map(|(thing, at)| (thing, at, is_old)));
                }
            }
        }
        let any = !found.is_empty();
        for (thing, at, is_old) in found {
            if is_old { self.left(thing, at) } else { self.came(thing, at) }
        }
        any
    }
}

/// Returns the things in a container, without those in them.
fn inside(teller: &Teller<'_>, at: &At) -> Vec<(Thing, At)> {
    let mut found = Vec::new();
    let mut add = |step: Step, value: &Val| {
        ask();
        if let Some(thing) = teller.thing(value) {
            let mut path = at.path.clone();
            path.0.push(step);
            found.push((thing, At { path, value: value.clone() }));
        }
    };
    if let Some(entries) = at.value.as_map() {
        entries.iter().for_each(|(key, value)| add(Step::Key(key.to_string()), value));
    }
    if let Some(items) = at.value.as_list() {
        items.iter().enumerate().for_each(|(index, item)| add(Step::Index(index), item));
    }
    found
}
