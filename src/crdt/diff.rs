//! From a new value to ops: what a swap did.
//!
//! The walk goes down the old value, the new value and the tree side by side. A part that is shared
//! (one pointer) did not change and is not entered, so it costs what the swap touched. What differs
//! is entered when it is the same kind of container, and written over when it is not. The items of
//! lists are aligned first (see `value::align`).

use std::sync::Arc;

use super::sequence::Element;
use super::slot::Reading;
use super::tree::{Container, Place, Tree};
use super::{Actor, Content, Key, Kind, Op, OpId, Scalar, Side, SlotId};
use crate::value::{self, ItemEdit, Map, NotJson, NotJsonReason, Path, Step, Val, shared};

/// The ops that lead from one value to another, and the values that follow from them.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) ops: Vec<Op>,
    /// For each op what it wrote, with all that is inside; null for a delete.
    pub(super) written: Vec<Val>,
    /// The new values of slots that were there.
    pub(super) updated: Vec<(Place, Val)>,
    /// The walk went through joined maps, whose slots each keep only a part of the value: the kept
    /// values must be read anew.
    pub(super) joined: bool,
}

/// Plans the ops that make `new` of the tree's value; `first` is the counter of the first op.
///
/// # Errors
/// When `new` is not JSON.
pub(super) fn plan(tree: &Tree, actor: &Actor, first: u64, new: &Val) -> Result<Plan, NotJson> {
    let mut planner = Planner { tree, actor, first, plan: Plan::default(), path: Path::default() };
    let puts: Vec<OpId> = tree.slot(Place::Root).ids().cloned().collect();
    let slot = Logical {
        id: SlotId::Root,
        place: Some(Place::Root),
        depth: 0,
        reading: tree.slot(Place::Root).reading(),
        over: puts,
    };
    // A document without any write reads as null, and needs no op to stay so.
    if !shared(tree.value(), new) {
        let old = tree.value().clone();
        planner.walk(Child { step: None, index: 0, slot, old, new: new.clone() })?;
    }
    Ok(planner.plan)
}

/// A slot as the value shows it: for a key of joined maps, the key in all of them.
struct Logical {
    /// Where a write goes.
    id: SlotId,
    /// The one slot that keeps the value; `None` when the value is joined of several.
    place: Option<Place>,
    /// How many containers hold the slot.
    depth: usize,
    reading: Reading,
    /// The visible puts.
    over: Vec<OpId>,
}

/// A slot that is to hold `new` instead of `old`.
struct Child {
    /// The way here from the container.
    step: Option<Step>,
    /// Where it stands in the new container.
    index: usize,
    slot: Logical,
    old: Val,
    new: Val,
}

/// A container whose parts are being compared.
struct Opened {
    step: Option<Step>,
    index: usize,
    place: Option<Place>,
    new: Val,
    /// The map whose order the keys of `new` do not have.
    reorder: Option<Container>,
    /// Parts to compare, the next one last.
    children: Vec<Child>,
    /// Parts that turned out otherwise than in `new`: equal, with keys in the order of the tree.
    changed: Vec<(usize, Val)>,
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

/// Where a new value goes.
enum Target {
    Slot { id: SlotId, over: Vec<OpId> },
    Item { list: OpId, parent: Option<OpId>, side: Side },
}

impl Target {
    fn op(self, content: Content) -> Op {
        match self {
            Self::Slot { id, over } => Op::Put { slot: id, over, content },
            Self::Item { list, parent, side } => Op::Insert { list, parent, side, content },
        }
    }
}

struct Planner<'a> {
    tree: &'a Tree,
    actor: &'a Actor,
    first: u64,
    plan: Plan,
    path: Path,
}

impl Planner<'_> {
    /// Goes through a slot and all that differs below it. On a stack of its own: values nest deeply.
    fn walk(&mut self, root: Child) -> Result<(), NotJson> {
        let mut stack = vec![self.open(root)?];
        while let Some(top) = stack.last_mut() {
            if let Some(child) = top.children.pop() {
                stack.push(self.open(child)?);
                continue;
            }
            let Some(done) = stack.pop() else { break };
            if done.step.is_some() {
                self.path.0.pop();
            }
            let index = done.index;
            let value = self.close(done);
            if let Some(above) = stack.last_mut().filter(|above| !above.holds(index, &value)) {
                above.changed.push((index, value));
            }
        }
        Ok(())
    }

    /// Enters a slot: finds the parts that differ, or writes it over.
    fn open(&mut self, child: Child) -> Result<Opened, NotJson> {
        let Child { step, index, slot, old, new } = child;
        self.path.0.extend(step.clone());
        let Logical { id, place, depth, reading, over } = slot;
        if place.is_none() {
            self.plan.joined = true;
        }
        let mut opened =
            Opened { step, index, place, new, reorder: None, children: Vec::new(), changed: Vec::new() };
        match (&reading, &old, &opened.new) {
            (Reading::Map(maps), Val::Obj(old), Val::Obj(new)) => {
                let (children, in_order) = self.map(maps, depth + 1, old, &new.clone())?;
                opened.children = children;
                opened.reorder = maps.last().copied().filter(|_| !in_order && maps.len() == 1);
            }
            (Reading::List(list), Val::Arr(items), Val::Arr(new)) => {
                let edits = value::align(items, new);
                if edits.is_empty() {
                    // Equal items may have their keys in another order.
                    opened.new = old;
                } else {
                    opened.children = self.list(*list, depth + 1, items, &new.clone(), edits)?;
                }
            }
            (_, old, new) if shared(old, new) => {}
            (_, _, new) => {
                self.write(Target::Slot { id, over }, &new.clone(), depth)?;
            }
        }
        opened.children.reverse();
        Ok(opened)
    }

    /// Leaves a slot: the value that it now reads as.
    fn close(&mut self, opened: Opened) -> Val {
        let Opened { place, mut new, reorder, changed, .. } = opened;
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
        if let Some(place) = place {
            self.plan.updated.push((place, new.clone()));
        }
        new
    }

    // --- maps ---

    /// Writes the keys that are new, deletes those that are gone. Returns the others that differ, and
    /// whether the keys of `new` come in the order in which the tree shows them.
    fn map(
        &mut self,
        maps: &[Container],
        depth: usize,
        old: &Map,
        new: &Map,
    ) -> Result<(Vec<Child>, bool), NotJson> {
        self.plan.joined |= maps.len() > 1;
        let mut children = Vec::new();
        let mut in_order = true;
        let mut kept = 0;
        for (index, (key, value)) in new.iter().enumerate() {
            let before = match old.get_index(index).filter(|(old_key, _)| shared(old_key, key)) {
                Some((_, before)) if in_order => Some(before),
                _ => {
                    // To a map a byte string is the same key as a string.
                    value::check_key(key).map_err(|reason| NotJson { path: self.path.clone(), reason })?;
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
            let step = Step::key(key);
            match before {
                Some(before) => {
                    let (old, new) = (before.clone(), value.clone());
                    children.push(Child { step: Some(step), index, slot, old, new });
                }
                None => {
                    self.path.0.push(step);
                    self.write(Target::Slot { id: slot.id, over: slot.over }, value, depth)?;
                    self.path.0.pop();
                }
            }
        }
        if kept < old.len() {
            in_order = false;
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                let over = self.key(maps, depth, key)?.over;
                self.op(Op::Delete { over }, Val::Null);
            }
        }
        Ok((children, in_order))
    }

    /// A key as the joined maps show it; writes go to the last of the maps.
    fn key(&self, maps: &[Container], depth: usize, key: &Val) -> Result<Logical, NotJson> {
        let Some(name) = Key::new(key) else {
            let reason = value::check_key(key).err().unwrap_or(NotJsonReason::Key);
            return Err(NotJson { path: self.path.clone(), reason });
        };
        let puts = self.tree.key_puts(maps, &name);
        let target = maps[maps.len() - 1];
        Ok(Logical {
            place: match maps {
                [map] => self.tree.key(*map, &name),
                _ => None,
            },
            depth,
            reading: Reading::of(puts.iter().copied()),
            over: puts.iter().map(|put| put.id.clone()).collect(),
            id: SlotId::Key { map: self.tree.id(target).clone(), key: name },
        })
    }

    fn has_had(&self, maps: &[Container], key: &Val) -> bool {
        let Some(key) = Key::new(key) else { return false };
        maps.iter().any(|&map| self.tree.key(map, &key).is_some())
    }

    /// Puts the entries in the order in which the tree shows them: by the first write of the key.
    fn ordered(&self, map: Container, entries: Map) -> Map {
        let first = |key: &Val| {
            let place = Key::new(key).and_then(|key| self.tree.key(map, &key));
            place.map(|place| self.tree.slot(place).first.clone())
        };
        let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (first(&key), key, value)).collect();
        // Keys that are new come last, in the order in which they were just written.
        entries.sort_by(|(a, ..), (b, ..)| match (a, b) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => b.is_some().cmp(&a.is_some()),
        });
        entries.into_iter().map(|(_, key, value)| (key, value)).collect()
    }

    // --- lists ---

    /// Inserts the items that are new, deletes those that are gone. Returns the others that differ.
    fn list(
        &mut self,
        list: Container,
        depth: usize,
        old: &[Val],
        new: &[Val],
        edits: Vec<ItemEdit>,
    ) -> Result<Vec<Child>, NotJson> {
        let mut children = Vec::new();
        // The item that the last edit inserted: its place in the new list, and its id.
        let mut inserted: Option<(usize, OpId)> = None;
        for edit in edits {
            match edit {
                ItemEdit::Delete { old } => {
                    let over = self.over(Place::Item(list, self.element(list, old)));
                    self.op(Op::Delete { over }, Val::Null);
                }
                ItemEdit::Edit { old: i, new: j } => {
                    let place = Place::Item(list, self.element(list, i));
                    let slot = Logical {
                        id: self.tree.slot_id(place),
                        place: Some(place),
                        depth,
                        reading: self.tree.slot(place).reading(),
                        over: self.over(place),
                    };
                    let step = Some(Step::Index(j));
                    children.push(Child { step, index: j, slot, old: old[i].clone(), new: new[j].clone() });
                }
                ItemEdit::Insert { after, new: j } => {
                    let (parent, side) = match inserted.take() {
                        Some((at, id)) if at + 1 == j => (Some(id), Side::Right),
                        _ => self.origin(list, after),
                    };
                    let target = Target::Item { list: self.tree.id(list).clone(), parent, side };
                    self.path.0.push(Step::Index(j));
                    inserted = Some((j, self.write(target, &new[j], depth)?));
                    self.path.0.pop();
                }
            }
        }
        Ok(children)
    }

    fn element(&self, list: Container, position: usize) -> Element {
        let element = self.tree.list(list).get(position);
        element.expect("the kept value has as many items as the list")
    }

    fn over(&self, place: Place) -> Vec<OpId> {
        self.tree.slot(place).ids().cloned().collect()
    }

    fn origin(&self, list: Container, after: Option<usize>) -> (Option<OpId>, Side) {
        let left = after.map(|position| self.element(list, position));
        let sequence = self.tree.list(list);
        let (parent, side) = sequence.origin(left);
        (parent.map(|parent| sequence.id(parent).clone()), side)
    }

    // --- writing ---

    fn op(&mut self, op: Op, written: Val) -> OpId {
        let id = OpId::new(self.first + self.plan.ops.len() as u64, self.actor.clone());
        self.plan.ops.push(op);
        self.plan.written.push(written);
        id
    }

    /// Writes a value that is not there yet, with all that is inside: a container before its parts.
    fn write(&mut self, target: Target, value: &Val, depth: usize) -> Result<OpId, NotJson> {
        value::check_below(value, depth).map_err(|(steps, reason)| {
            let mut path = self.path.clone();
            path.0.extend(steps.into_iter().rev());
            NotJson { path, reason }
        })?;
        let (id, parts) = self.write_one(target, value);
        let mut open = Vec::from_iter(parts);
        while let Some(parts) = open.last_mut() {
            let Some((target, value)) = parts.next() else {
                open.pop();
                continue;
            };
            let (id, inner) = self.write_one(target, value);
            parts.wrote(id);
            open.extend(inner);
        }
        Ok(id)
    }

    /// Writes a scalar, or an empty container whose parts are still to be written.
    fn write_one<'v>(&mut self, target: Target, value: &'v Val) -> (OpId, Option<Parts<'v>>) {
        let content = match value {
            Val::Arr(_) => Content::Make(Kind::List),
            Val::Obj(_) => Content::Make(Kind::Map),
            scalar => Content::Scalar(Scalar::new(scalar.clone()).expect("the value was checked")),
        };
        let id = self.op(target.op(content), value.clone());
        let parts = match value {
            Val::Arr(items) => Some(Parts::Items { list: id.clone(), last: None, items: items.iter() }),
            Val::Obj(entries) => Some(Parts::Entries { map: id.clone(), entries: entries.iter() }),
            _ => None,
        };
        (id, parts)
    }
}

/// The parts of a new container that are still to be written.
enum Parts<'v> {
    Items { list: OpId, last: Option<OpId>, items: std::slice::Iter<'v, Val> },
    Entries { map: OpId, entries: <&'v Map as IntoIterator>::IntoIter },
}

impl<'v> Parts<'v> {
    fn next(&mut self) -> Option<(Target, &'v Val)> {
        match self {
            Self::Items { list, last, items } => {
                let item = items.next()?;
                Some((Target::Item { list: list.clone(), parent: last.take(), side: Side::Right }, item))
            }
            Self::Entries { map, entries } => {
                let (key, item) = entries.next()?;
                let key = Key::new(key).expect("the value was checked");
                let id = SlotId::Key { map: map.clone(), key };
                Some((Target::Slot { id, over: Vec::new() }, item))
            }
        }
    }

    /// The next item of a list hangs on the one before.
    fn wrote(&mut self, id: OpId) {
        if let Self::Items { last, .. } = self {
            *last = Some(id);
        }
    }
}
