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
use crate::value::{self, ItemEdit, Map, NotJson, Path, Step, Val, shared};

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
        planner.slot(slot, tree.value(), new)?;
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
    /// Makes a slot hold `new` instead of `old`. Returns the value that it then reads as: `new`, with
    /// keys in the order of the tree.
    fn slot(&mut self, slot: Logical, old: &Val, new: &Val) -> Result<Val, NotJson> {
        let value = match (&slot.reading, old, new) {
            _ if shared(old, new) => return Ok(old.clone()),
            (Reading::Map(maps), Val::Obj(old), Val::Obj(new)) => self.map(maps, slot.depth + 1, old, new)?,
            (Reading::List(list), Val::Arr(old), Val::Arr(new)) => {
                self.list(*list, slot.depth + 1, old, new)?
            }
            _ => {
                self.write(Target::Slot { id: slot.id, over: slot.over }, new, slot.depth)?;
                new.clone()
            }
        };
        match slot.place {
            Some(place) => self.plan.updated.push((place, value.clone())),
            None => self.plan.joined = true,
        }
        Ok(value)
    }

    // --- maps ---

    fn map(
        &mut self,
        maps: &[Container],
        depth: usize,
        old: &Arc<Map>,
        new: &Arc<Map>,
    ) -> Result<Val, NotJson> {
        self.plan.joined |= maps.len() > 1;
        // What becomes of the new map when it is not taken as it is.
        let mut changed: Vec<(usize, Val)> = Vec::new();
        let mut in_order = true;
        let mut kept = 0;
        for (index, (key, value)) in new.iter().enumerate() {
            let before = match old.get_index(index).filter(|(old_key, _)| shared(old_key, key)) {
                Some((_, before)) if in_order => Some(before),
                _ => {
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
            self.path.0.push(Step::key(key));
            let slot = self.key(maps, depth, key)?;
            match before {
                Some(before) => {
                    let result = self.slot(slot, before, value)?;
                    if !shared(&result, value) {
                        changed.push((index, result));
                    }
                }
                None => {
                    self.write(Target::Slot { id: slot.id, over: slot.over }, value, depth)?;
                }
            }
            self.path.0.pop();
        }
        if kept < old.len() {
            in_order = false;
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                let over = self.key(maps, depth, key)?.over;
                self.op(Op::Delete { over }, Val::Null);
            }
        }
        if in_order && changed.is_empty() {
            return Ok(Val::Obj(new.clone()));
        }
        let mut result = Map::clone(new);
        for (index, value) in changed {
            if let Some((_, place)) = result.get_index_mut(index) {
                *place = value;
            }
        }
        if !in_order && maps.len() == 1 {
            result = self.ordered(maps[0], result);
        }
        Ok(Val::obj(result))
    }

    /// A key as the joined maps show it; writes go to the last of the maps.
    fn key(&self, maps: &[Container], depth: usize, key: &Val) -> Result<Logical, NotJson> {
        let Some(name) = Key::new(key) else {
            let mut path = self.path.clone();
            path.0.pop();
            let reason = value::check_key(key).err().unwrap_or(value::NotJsonReason::Key);
            return Err(NotJson { path, reason });
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

    fn list(
        &mut self,
        list: Container,
        depth: usize,
        old: &[Val],
        new: &Arc<Vec<Val>>,
    ) -> Result<Val, NotJson> {
        let mut changed: Vec<(usize, Val)> = Vec::new();
        // The item that the last edit inserted: its place in the new list, and its id.
        let mut inserted: Option<(usize, OpId)> = None;
        for edit in value::align(old, new) {
            match edit {
                ItemEdit::Delete { old } => {
                    let over = self.over(Place::Item(list, self.element(list, old)));
                    self.op(Op::Delete { over }, Val::Null);
                }
                ItemEdit::Edit { old: i, new: j } => {
                    self.path.0.push(Step::Index(j));
                    let place = Place::Item(list, self.element(list, i));
                    let slot = Logical {
                        id: self.tree.slot_id(place),
                        place: Some(place),
                        depth,
                        reading: self.tree.slot(place).reading(),
                        over: self.over(place),
                    };
                    let result = self.slot(slot, &old[i], &new[j])?;
                    if !shared(&result, &new[j]) {
                        changed.push((j, result));
                    }
                    self.path.0.pop();
                }
                ItemEdit::Insert { after, new: j } => {
                    self.path.0.push(Step::Index(j));
                    let (parent, side) = match inserted.take() {
                        Some((at, id)) if at + 1 == j => (Some(id), Side::Right),
                        _ => self.origin(list, after),
                    };
                    let target = Target::Item { list: self.tree.id(list).clone(), parent, side };
                    let id = self.write(target, &new[j], depth)?;
                    inserted = Some((j, id));
                    self.path.0.pop();
                }
            }
        }
        if changed.is_empty() {
            return Ok(Val::Arr(new.clone()));
        }
        let mut result = Vec::clone(new);
        changed.into_iter().for_each(|(index, value)| result[index] = value);
        Ok(Val::Arr(result.into()))
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

    /// Writes a value that is not there yet, with all that is inside.
    fn write(&mut self, target: Target, value: &Val, depth: usize) -> Result<OpId, NotJson> {
        value::check_below(value, depth).map_err(|(steps, reason)| {
            let mut path = self.path.clone();
            path.0.extend(steps.into_iter().rev());
            NotJson { path, reason }
        })?;
        Ok(self.write_checked(target, value))
    }

    fn write_checked(&mut self, target: Target, value: &Val) -> OpId {
        match value {
            Val::Arr(items) => {
                let list = self.op(target.op(Content::Make(Kind::List)), value.clone());
                let mut parent = None;
                for item in items.iter() {
                    let target = Target::Item { list: list.clone(), parent, side: Side::Right };
                    parent = Some(self.write_checked(target, item));
                }
                list
            }
            Val::Obj(entries) => {
                let map = self.op(target.op(Content::Make(Kind::Map)), value.clone());
                for (key, item) in entries.iter() {
                    let key = Key::new(key).expect("the value was checked");
                    let id = SlotId::Key { map: map.clone(), key };
                    self.write_checked(Target::Slot { id, over: Vec::new() }, item);
                }
                map
            }
            scalar => {
                let content = Scalar::new(scalar.clone()).expect("the value was checked");
                self.op(target.op(Content::Scalar(content)), value.clone())
            }
        }
    }
}
