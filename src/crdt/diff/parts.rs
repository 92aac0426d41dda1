//! The parts of containers: which differ, which come and which go.

use super::Planner;
use super::slot::{Child, Logical, Way};
use crate::crdt::edit::{Dest, Draft, Spot};
use crate::crdt::lv::Lv;
use crate::crdt::tree::Node;
use crate::crdt::{Key, Side};
use crate::value::{self, ItemEdit, Map, NotJson, NotJsonReason, Num, Val, shared};

impl Planner<'_> {
    // --- maps ---

    /// Writes the keys that are new, deletes those that are gone. Returns the others that differ, and
    /// whether the keys of `new` come in the order in which the tree shows them.
    pub(super) fn map(
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
    pub(super) fn ordered(&self, map: Node, entries: Map) -> Map {
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
    pub(super) fn list(
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

    pub(super) fn text(&mut self, text: Node, old: &Val, new: &Val) -> Result<(), NotJson> {
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
    pub(super) fn count(&mut self, counter: Node, new: i128) -> Val {
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
}

/// The whole number that a JSON number is, if a counter can come near it.
pub(super) fn whole(value: &Val) -> Option<i128> {
    const FAR: i128 = 1 << 66;
    let number = match value {
        Val::Num(Num::Int(number)) => *number as i128,
        Val::Num(Num::Float(number)) if number.fract() == 0.0 && number.abs() < 9e15 => *number as i128,
        Val::Num(_) => value::text(value).parse().ok()?,
        _ => return None,
    };
    (number.abs() < FAR).then_some(number)
}
