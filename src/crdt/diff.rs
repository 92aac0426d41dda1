//! From a new value to edits: what a swap did.
//!
//! The walk goes down the old value, the new value and the tree side by side. A part that is shared
//! (one pointer) did not change and is not entered, so it costs what the swap touched. What differs
//! is entered when it is the same kind of container, and written over when it is not. The items of
//! lists are aligned first (see `value::align`).

use std::collections::HashSet;
use std::sync::Arc;

use smallvec::SmallVec;

use super::edit::{Dest, Draft, Drafts, Overs, Spot, What};
use super::history::History;
use super::lv::Lv;
use super::tree::{Node, Place, Reading, Tree};
use super::{Key, Side};
use crate::value::{
    self, ItemEdit, MAX_DEPTH, Map, Moves, NotJson, NotJsonReason, Num, Path, Step, Val, shared,
};

/// The edits that lead from one value to another, and the values that follow from them.
pub(super) struct Plan {
    pub(super) drafts: Drafts,
    /// The new values of containers that were there, with the levels that they have at most.
    pub(super) updated: Vec<(Node, Val, u32)>,
    /// The walk went through joined maps, whose slots each keep only a part of the value, or something
    /// moved: the values must be read anew.
    pub(super) joined: bool,
}

/// Plans the edits that make `new` of the document's value.
///
/// # Errors
/// When `new` is not JSON.
pub(super) fn plan(history: &History, tree: &mut Tree, new: &Val) -> Result<Plan, NotJson> {
    let old = tree.value(history).clone();
    let mut planner = Planner::new(history, tree, None);
    planner.run(&old, new)?;
    if planner.signs.of_moves() {
        let moves = Moves::between(&old, new);
        if !moves.all().is_empty() {
            let without = planner.plan;
            let moved = Moved::of(moves, history, tree, &old);
            if let Some(moved) = moved {
                let mut planner = Planner::new(history, tree, Some(moved));
                planner.run(&old, new)?;
                // Whoever moves away must arrive.
                if planner.moved.as_ref().is_some_and(|moved| moved.taken == moved.sources.len()) {
                    return Ok(planner.plan);
                }
            }
            return Ok(without);
        }
    }
    Ok(planner.plan)
}

/// A slot as the value shows it: for a key of joined maps, the key in all of them.
struct Logical {
    /// Where a write goes.
    spot: Spot,
    /// How many containers hold the slot.
    depth: usize,
    reading: Reading,
    /// What it shows.
    shown: Overs,
    /// Whether the container was brought here by a move, and is to be edited.
    moved: bool,
}

impl Logical {
    /// The way here from the map that holds the slot.
    fn way(&self) -> Option<Way> {
        match &self.spot {
            Spot::Key { key, .. } => Some(Way::Key(key.clone())),
            Spot::Root | Spot::Item { .. } => None,
        }
    }
}

/// A step of a path that is only told when something is wrong.
#[derive(Clone)]
enum Way {
    Key(Key),
    Index(usize),
}

/// A slot that is to hold `new` instead of `old`.
struct Child {
    /// The way here from the container.
    step: Option<Way>,
    /// Where it stands in the new container.
    index: usize,
    slot: Logical,
    old: Val,
    new: Val,
}

/// A container whose parts are being compared.
struct Opened {
    is_below: bool,
    index: usize,
    /// The one container that keeps the value; `None` when the value is joined of several.
    node: Option<Node>,
    new: Val,
    /// The map whose order the keys of `new` do not have.
    reorder: Option<Node>,
    /// Parts to compare, the next one last.
    children: Vec<Child>,
    /// Parts that turned out otherwise than in `new`: equal, with keys in the order of the tree.
    changed: Vec<(usize, Val)>,
    /// The levels of the parts that changed, at most.
    height: u32,
}

impl Opened {
    /// Whether the new container holds that very value there.
    fn holds(&self, index: usize, value: &Val) -> bool {
        let held = match &self.new {
            Val::Arr(items) => items.get(index),
            Val::Obj(entries) => entries.get_index(index).map(|(_, held)| held),
            _ => None,
        };
        held.is_some_and(|held| shared(held, value))
    }
}

/// The moves between the two values, and what they move.
struct Moved<'v> {
    moves: Moves<'v>,
    /// For each move the containers that move together: one, or the maps that read as one.
    sources: Vec<Source>,
    /// All of these containers.
    nodes: HashSet<Node>,
    taken: usize,
}

struct Source {
    nodes: SmallVec<[Node; 1]>,
    /// What the slot shows that they leave.
    shown: Overs,
}

struct Planner<'a> {
    history: &'a History,
    tree: &'a mut Tree,
    plan: Plan,
    path: SmallVec<[Way; 4]>,
    moved: Option<Moved<'a>>,
    /// Moves whose containers were edited on the way.
    pending: Vec<usize>,
    /// The levels of what was written last, at most.
    written: u32,
    signs: Signs,
}

/// Signs that something moved.
#[derive(Default)]
struct Signs {
    /// A container went, or was written over.
    gone: bool,
    /// The containers that were taken for one, before and after.
    before: SmallVec<[usize; 8]>,
    after: SmallVec<[usize; 8]>,
}

impl Signs {
    fn of_moves(&self) -> bool {
        if self.gone || self.before.len() <= 8 {
            return self.gone || self.after.iter().any(|after| self.before.contains(after));
        }
        let before: HashSet<usize> = self.before.iter().copied().collect();
        self.after.iter().any(|after| before.contains(after))
    }
}

impl<'a> Planner<'a> {
    fn new(history: &'a History, tree: &'a mut Tree, moved: Option<Moved<'a>>) -> Self {
        let plan = Plan { drafts: Drafts::new(history.log.next()), updated: Vec::new(), joined: false };
        let (path, pending, signs) = (SmallVec::new(), Vec::new(), Signs::default());
        Self { history, tree, plan, path, moved, pending, written: 0, signs }
    }

    fn run(&mut self, old: &Val, new: &Val) -> Result<(), NotJson> {
        // A document without any write reads as null, and needs no op to stay so.
        if shared(old, new) {
            return Ok(());
        }
        let slot = self.slot(Spot::Root, 0, self.tree.shown(self.history, Place::Root));
        self.walk(Child { step: None, index: 0, slot, old: old.clone(), new: new.clone() })?;
        // What moved and was edited on the way.
        while let Some(which) = self.pending.pop() {
            let Some(moved) = &self.moved else { break };
            let nodes = &moved.sources[which].nodes;
            let reading = match self.tree.reading_of(nodes[0]) {
                Reading::Map(_) => Reading::Map(nodes.clone()),
                reading => reading,
            };
            let went = &moved.moves.all()[which];
            let (old, new) = (went.old.clone(), went.new.clone());
            // How deep it stands was checked when it was placed.
            let slot = Logical { spot: Spot::Root, depth: 0, reading, shown: Overs::new(), moved: true };
            self.walk(Child { step: None, index: 0, slot, old, new })?;
        }
        Ok(())
    }

    /// Goes through a slot and all that differs below it. On a stack of its own: values nest deeply.
    fn walk(&mut self, root: Child) -> Result<(), NotJson> {
        let mut stack = vec![self.open(root)?];
        while let Some(top) = stack.last_mut() {
            if let Some(child) = top.children.pop() {
                stack.push(self.open(child)?);
                continue;
            }
            let Some(done) = stack.pop() else { break };
            if done.is_below {
                self.path.pop();
            }
            let index = done.index;
            let (value, height) = self.close(done);
            if let Some(above) = stack.last_mut() {
                above.height = above.height.max(height);
                if !above.holds(index, &value) {
                    above.changed.push((index, value));
                }
            }
        }
        Ok(())
    }

    /// Where the planner is.
    fn path(&self) -> Path {
        let steps = self.path.iter().map(|way| match way {
            Way::Key(key) => Step::Key(key.as_str().to_owned()),
            Way::Index(index) => Step::Index(*index),
        });
        Path(steps.collect())
    }

    fn slot(&self, spot: Spot, depth: usize, shown: Overs) -> Logical {
        let reading = self.tree.reading(self.history, &shown);
        Logical { spot, depth, reading, shown, moved: false }
    }

    /// Enters a slot: finds the parts that differ, or writes it over.
    fn open(&mut self, child: Child) -> Result<Opened, NotJson> {
        let Child { step, index, slot, old, new } = child;
        let is_below = step.is_some();
        self.path.extend(step);
        let Logical { spot, depth, reading, shown, moved } = slot;
        let mut opened = Opened {
            is_below,
            index,
            node: None,
            new,
            reorder: None,
            children: Vec::new(),
            changed: Vec::new(),
            height: 0,
        };
        if shared(&old, &opened.new) {
            return Ok(opened);
        }
        let taken = if moved { None } else { self.take(&opened.new) };
        let is_edit = match taken {
            _ if moved => true,
            // It stands here already, or it comes from elsewhere.
            Some(taken) if self.is_source(taken, &reading) => true,
            Some(taken) => {
                let over = self.overwritten(shown);
                self.place(taken, Dest::Slot { slot: spot, over });
                return Ok(opened);
            }
            None => match (&reading, &old, &opened.new) {
                (Reading::Map(_), Val::Obj(_), Val::Obj(_))
                | (Reading::List(_), Val::Arr(_), Val::Arr(_)) => {
                    self.signs.before.extend(address(&old));
                    self.signs.after.extend(address(&opened.new));
                    self.stays(&reading, &old, &opened.new)
                }
                _ => false,
            },
        };
        match (&reading, &old, &opened.new) {
            (Reading::Map(maps), Val::Obj(old), Val::Obj(new)) if is_edit => {
                self.written = 0;
                let (children, in_order) = self.map(maps, depth + 1, old, &new.clone())?;
                opened.children = children;
                opened.height = self.written;
                if let [map] = maps[..] {
                    opened.node = Some(map);
                    opened.reorder = (!in_order).then_some(map);
                }
                self.plan.joined |= maps.len() > 1;
            }
            (Reading::List(list), Val::Arr(items), Val::Arr(new)) if is_edit => {
                opened.node = Some(*list);
                let edits = match &mut self.moved {
                    Some(moved) => moved.moves.align(&old, &opened.new),
                    None => value::align(items, new),
                };
                if edits.is_empty() {
                    // Equal items may have their keys in another order.
                    opened.new = old;
                } else {
                    self.written = 0;
                    opened.children = self.list(*list, depth + 1, items, &new.clone(), edits)?;
                    opened.height = self.written;
                }
            }
            (Reading::Text(text), Val::TStr(_), Val::TStr(_)) => self.text(*text, &old, &opened.new)?,
            (Reading::Counter(counter), _, new) if whole(new).is_some() => {
                opened.new = self.count(*counter, whole(&opened.new).unwrap_or_default());
            }
            (_, _, new) => {
                self.written = 0;
                self.write(Dest::Slot { slot: spot, over: shown }, &new.clone(), depth)?;
                opened.height = self.written;
            }
        }
        opened.children.reverse();
        Ok(opened)
    }

    /// Leaves a slot: the value that it now reads as, and the levels that it has at most.
    fn close(&mut self, opened: Opened) -> (Val, u32) {
        let Opened { node, mut new, reorder, changed, height, .. } = opened;
        match &mut new {
            Val::Arr(items) if !changed.is_empty() => {
                let items = Arc::make_mut(items);
                changed.into_iter().for_each(|(index, value)| items[index] = value);
            }
            Val::Obj(entries) if !changed.is_empty() || reorder.is_some() => {
                let entries = Arc::make_mut(entries);
                changed.into_iter().for_each(|(index, value)| entries[index] = value);
                if let Some(map) = reorder {
                    *entries = self.ordered(map, std::mem::take(entries));
                }
            }
            _ => {}
        }
        let Some(node) = node else { return (new, height) };
        let before = self.tree.height(node).unwrap_or(MAX_DEPTH as u32);
        let height = before.max(height + 1);
        self.plan.updated.push((node, new.clone(), height));
        (new, height)
    }

    // --- maps ---

    /// Writes the keys that are new, deletes those that are gone. Returns the others that differ, and
    /// whether the keys of `new` come in the order in which the tree shows them.
    fn map(
        &mut self,
        maps: &[Node],
        depth: usize,
        old: &Map,
        new: &Map,
    ) -> Result<(Vec<Child>, bool), NotJson> {
        let mut children = Vec::new();
        let mut in_order = true;
        let mut kept = 0;
        for (index, (key, value)) in new.iter().enumerate() {
            let before = match old.get_index(index).filter(|(old_key, _)| shared(old_key, key)) {
                Some((_, before)) if in_order => Some(before),
                _ => {
                    // To a map a byte string is the same key as a string.
                    value::check_key(key).map_err(|reason| NotJson { path: self.path(), reason })?;
                    let before = old.get(key);
                    // A key that is not where it was, or that comes back to where it once was.
                    in_order &= before.is_none() && index >= old.len() && !self.has_had(maps, key);
                    before
                }
            };
            kept += usize::from(before.is_some());
            if before.is_some_and(|before| shared(before, value)) {
                continue;
            }
            let slot = self.key(maps, depth, key)?;
            let step = slot.way();
            match before {
                Some(before) => {
                    let (old, new) = (before.clone(), value.clone());
                    children.push(Child { step, index, slot, old, new });
                }
                None => {
                    self.path.extend(step);
                    self.write(Dest::Slot { slot: slot.spot, over: slot.shown }, value, depth)?;
                    self.path.pop();
                }
            }
        }
        if kept < old.len() {
            in_order = false;
            for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                let shown = self.key(maps, depth, key)?.shown;
                self.delete([(shown, value)]);
            }
        }
        Ok((children, in_order))
    }

    /// A key as the joined maps show it; writes go to the last of the maps.
    fn key(&self, maps: &[Node], depth: usize, key: &Val) -> Result<Logical, NotJson> {
        let Some(name) = Key::new(key) else {
            let reason = value::check_key(key).err().unwrap_or(NotJsonReason::Key);
            return Err(NotJson { path: self.path(), reason });
        };
        let number = self.history.log.keys.find(name.as_str());
        let shown = number.map(|key| self.tree.shown_key(self.history, maps, key)).unwrap_or_default();
        let map = self.tree.lv(maps[maps.len() - 1]);
        Ok(self.slot(Spot::Key { map, key: name }, depth, shown))
    }

    fn has_had(&self, maps: &[Node], key: &Val) -> bool {
        let number = Key::new(key).and_then(|key| self.history.log.keys.find(key.as_str()));
        number.is_some_and(|key| maps.iter().any(|&map| self.tree.key(map, key).is_some()))
    }

    /// Puts the entries in the order in which the tree shows them: by the first write of the key.
    fn ordered(&self, map: Node, entries: Map) -> Map {
        let first = |key: &Val| {
            let key = self.history.log.keys.find(Key::new(key)?.as_str())?;
            let slots = self.tree.map(map);
            slots.find(key).map(|slot| slots.slot(slot).first)
        };
        let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (first(&key), key, value)).collect();
        // Keys that are new come last, in the order in which they were just written.
        entries.sort_by(|(a, ..), (b, ..)| match (a, b) {
            (Some(a), Some(b)) => self.history.authors.compare(*a, *b),
            _ => b.is_some().cmp(&a.is_some()),
        });
        entries.into_iter().map(|(_, key, value)| (key, value)).collect()
    }

    // --- lists ---

    /// Inserts the items that are new, deletes those that are gone. Returns the others that differ.
    fn list(
        &mut self,
        list: Node,
        depth: usize,
        old: &[Val],
        new: &[Val],
        edits: Vec<ItemEdit>,
    ) -> Result<Vec<Child>, NotJson> {
        let mut children = Vec::new();
        let mut deleted = Vec::new();
        // The item that the last edit inserted: its place in the new list.
        let mut inserted: Option<(usize, Lv)> = None;
        for edit in edits {
            match edit {
                ItemEdit::Delete { old: i } => {
                    let item = self.item(list, i);
                    deleted.push((self.tree.shown_item(self.history, list, item), &old[i]));
                }
                ItemEdit::Edit { old: i, new: j } => {
                    let item = self.item(list, i);
                    let shown = self.tree.shown_item(self.history, list, item);
                    let slot = self.slot(Spot::Item { list: self.tree.lv(list), item }, depth, shown);
                    let step = Some(Way::Index(j));
                    children.push(Child { step, index: j, slot, old: old[i].clone(), new: new[j].clone() });
                }
                ItemEdit::Insert { after, new: j } => {
                    let (parent, side) = match inserted.take() {
                        Some((at, item)) if at + 1 == j => (Some(item), Side::Right),
                        _ => self.tree.origin(list, after.map_or(0, |after| after + 1)),
                    };
                    let dest = Dest::Item { list: self.tree.lv(list), parent, side };
                    self.path.push(Way::Index(j));
                    inserted = Some((j, self.write(dest, &new[j], depth)?));
                    self.path.pop();
                }
            }
        }
        self.delete(deleted);
        Ok(children)
    }

    fn item(&self, list: Node, position: usize) -> Lv {
        let item = self.tree.list(list).items.get(position);
        item.expect("the kept value has as many items as the list")
    }

    // --- texts and counters ---

    fn text(&mut self, text: Node, old: &Val, new: &Val) -> Result<(), NotJson> {
        value::check_scalar(new).map_err(|reason| NotJson { path: self.path(), reason })?;
        let (Some(old), Some(new)) = (value::as_str(old), value::as_str(new)) else { return Ok(()) };
        // The last one first: those before it keep their positions.
        for splice in value::splices(old, new).into_iter().rev() {
            self.plan.drafts.push(Draft::Splice {
                text: self.tree.lv(text),
                position: splice.position,
                delete: splice.delete,
                insert: splice.insert.to_owned(),
            });
        }
        self.plan.updated.push((text, value::string(new), 0));
        Ok(())
    }

    /// Adds the difference to a counter, and says what it then reads as.
    fn count(&mut self, counter: Node, new: i128) -> Val {
        let mut rest = new - self.tree.counter(counter);
        while rest != 0 {
            let by = i64::try_from(rest).unwrap_or(if rest > 0 { i64::MAX } else { i64::MIN });
            self.plan.drafts.push(Draft::Add { counter: self.tree.lv(counter), by });
            rest -= i128::from(by);
        }
        let new = Val::Num(Num::from_integral(new));
        self.plan.updated.push((counter, new.clone(), 0));
        new
    }

    // --- writing ---

    /// Deletes what slots show: for each that, and the value.
    fn delete<'v>(&mut self, slots: impl IntoIterator<Item = (Overs, &'v Val)>) {
        let mut over = Vec::new();
        for (shown, value) in slots {
            self.signs.gone |= value::is_container(value);
            let shown = self.staying(shown);
            over.extend(self.tree.overwriting(self.history, &shown).into_iter().map(|put| (put, 1)));
        }
        if !over.is_empty() {
            let over = self.history.authors.sorted_spans(over);
            self.plan.drafts.push(Draft::Delete { over });
        }
    }

    /// What does not move away, of what a slot shows.
    fn staying(&self, mut shown: Overs) -> Overs {
        if let Some(moved) = &self.moved {
            let moves = |put: &Lv| {
                self.tree.container(self.history, *put).is_some_and(|node| moved.nodes.contains(&node))
            };
            shown.retain(|put| !moves(put));
        }
        shown
    }

    /// Writes a value that is not there yet, with all that is inside.
    fn write(&mut self, mut dest: Dest, value: &Val, depth: usize) -> Result<Lv, NotJson> {
        value::check_below(value, depth).map_err(|(steps, reason)| {
            let mut path = self.path();
            path.0.extend(steps.into_iter().rev());
            NotJson { path, reason }
        })?;
        if let Dest::Slot { over, .. } = &mut dest {
            *over = self.overwritten(std::mem::take(over));
        }
        let mut drafts = std::mem::take(&mut self.plan.drafts);
        let lv = drafts.write(dest, value, |drafts, dest, value| {
            let taken = self.take(value)?;
            Some(self.draft_move(drafts, taken, dest.take()?))
        });
        self.written = self.written.max(drafts.height);
        self.plan.drafts = drafts;
        Ok(lv)
    }

    /// What a write names to overwrite what a slot shows, but for what moves away.
    fn overwritten(&mut self, shown: Overs) -> Overs {
        self.signs.gone |= shown.iter().any(|put| self.tree.container(self.history, *put).is_some());
        let shown = self.staying(shown);
        self.tree.overwriting(self.history, &shown)
    }

    // --- moves ---

    /// The move that brings a container here, if one does.
    fn take(&mut self, value: &Val) -> Option<usize> {
        let moved = self.moved.as_mut()?;
        let taken = moved.moves.take(value)?;
        moved.taken += 1;
        Some(taken)
    }

    fn is_source(&self, taken: usize, reading: &Reading) -> bool {
        let nodes = self.moved.as_ref().map(|moved| &moved.sources[taken].nodes[..]);
        match reading {
            Reading::Map(maps) => nodes == Some(&maps[..]),
            Reading::List(list) => nodes == Some(std::slice::from_ref(list)),
            _ => false,
        }
    }

    /// Whether the container in a slot stays there and was edited.
    fn stays(&self, reading: &Reading, old: &Val, new: &Val) -> bool {
        let Some(moved) = &self.moved else { return true };
        let leaves = match reading {
            Reading::Map(maps) => maps.iter().any(|map| moved.nodes.contains(map)),
            Reading::List(list) => moved.nodes.contains(list),
            _ => false,
        };
        !leaves && moved.moves.is_edit(old, new)
    }

    fn place(&mut self, taken: usize, dest: Dest) {
        let mut drafts = std::mem::take(&mut self.plan.drafts);
        self.draft_move(&mut drafts, taken, dest);
        self.plan.drafts = drafts;
    }

    fn draft_move(&mut self, drafts: &mut Drafts, taken: usize, dest: Dest) -> Lv {
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
    fn of(moves: Moves<'v>, history: &History, tree: &Tree, old: &Val) -> Option<Self> {
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

fn address(value: &Val) -> Option<usize> {
    match value {
        Val::Arr(items) => Some(Arc::as_ptr(items).cast::<()>() as usize),
        Val::Obj(entries) => Some(Arc::as_ptr(entries).cast::<()>() as usize),
        _ => None,
    }
}

/// The whole number that a JSON number is, if a counter can come near it.
fn whole(value: &Val) -> Option<i128> {
    const FAR: i128 = 1 << 66;
    let number = match value {
        Val::Num(Num::Int(number)) => *number as i128,
        Val::Num(Num::Float(number)) if number.fract() == 0.0 && number.abs() < 9e15 => *number as i128,
        Val::Num(_) => value::text(value).parse().ok()?,
        _ => return None,
    };
    (number.abs() < FAR).then_some(number)
}
