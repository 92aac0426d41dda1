//! Makes changes by the rules for local edits, as naive as the rest: each edit looks at the whole
//! document. It is how the judge is judged (a local edit must give what it was meant to give), and its
//! changes are honest ones that the engine would not have made just so.

use std::collections::BTreeSet;

use rejoin::crdt::{Actor, Change, Clock, Content, Kind, Op, OpId, OpSpan, Scalar, Side, SlotId};
use rejoin::value::{Key, Path, Val, View};

use super::{Items, Node, Oracle, Shown, Slot};
use crate::common::mirror::Mirror;
use crate::common::transact::Editor;

/// One replica: an actor and the changes that it has.
pub struct Author {
    pub actor: Actor,
    changes: Vec<Change>,
}

/// A change in the making.
pub struct Draft {
    before: Vec<Change>,
    change: Change,
}

impl Author {
    pub fn new(actor: Actor) -> Self {
        Self { actor, changes: Vec::new() }
    }

    /// An author who has these changes, in an order in which they can be applied.
    pub fn with(actor: Actor, changes: Vec<Change>) -> Self {
        Self { actor, changes }
    }

    pub fn changes(&self) -> impl Iterator<Item = Change> {
        self.changes.iter().cloned()
    }

    pub fn oracle(&self) -> Oracle {
        Oracle::new(self.changes())
    }

    /// Takes what another one has.
    pub fn merge(&mut self, other: &Self) {
        let new = other.changes.iter().filter(|change| !self.changes.contains(change));
        let new: Vec<Change> = new.cloned().collect();
        self.changes.extend(new);
    }

    pub fn draft(&self) -> Draft {
        let clock = |changes: &mut dyn Iterator<Item = &Change>| -> Clock {
            changes.map(|change| (change.actor.clone(), change.last())).collect()
        };
        let now = clock(&mut self.changes.iter());
        let own = self.changes.iter().rposition(|change| change.actor == self.actor);
        let then = clock(&mut self.changes[..own.map_or(0, |own| own + 1)].iter());
        let moved = now.iter().filter(|(actor, counter)| **actor != self.actor && *counter > then.get(actor));
        let change = Change {
            actor: self.actor.clone(),
            first: now.highest() + 1,
            previous: now.get(&self.actor),
            deps: moved.map(|(actor, counter)| (actor.clone(), counter)).collect(),
            ops: Vec::new(),
        };
        Draft { before: self.changes.clone(), change }
    }

    /// Keeps a draft as a change, if it does anything.
    pub fn commit(&mut self, draft: Draft) -> Option<OpId> {
        let is_change = !draft.change.ops.is_empty();
        is_change.then(|| {
            let id = draft.change.id();
            self.changes.push(draft.change);
            id
        })
    }
}

/// Where a new value goes.
enum Target {
    Slot { slot: SlotId, over: Vec<OpId> },
    Item { list: OpId, parent: Option<OpId>, side: Side },
}

impl Draft {
    /// The document with what this change has done so far.
    pub fn oracle(&self) -> Oracle {
        let change = (!self.change.ops.is_empty()).then(|| self.change.clone());
        Oracle::new(self.before.iter().cloned().chain(change))
    }

    /// The value, its containers by their ids.
    pub fn mirror(&self) -> Mirror {
        let oracle = self.oracle();
        let slots = oracle.slots();
        let container = |path: &Path| {
            let shown = slots.iter().find(|shown| shown.path == *path)?;
            shown.node.containers().last().cloned()
        };
        Mirror::of(&oracle.value(), &container)
    }

    /// What is shown where a container stands.
    fn find(&self, container: &OpId) -> Result<(Oracle, Shown), String> {
        let oracle = self.oracle();
        let found = oracle.slots().into_iter().find(|shown| shown.node.containers().contains(container));
        found.map(|shown| (oracle, shown)).ok_or_else(|| format!("{container} is not part of the value"))
    }

    fn map(&self, map: &OpId) -> Result<(Oracle, Vec<OpId>), String> {
        match self.find(map)? {
            (oracle, Shown { node: Node::Map(maps), .. }) => Ok((oracle, maps)),
            _ => Err(format!("{map} is no map")),
        }
    }

    fn list(&self, list: &OpId) -> Result<(Oracle, Items), String> {
        let (oracle, shown) = self.find(list)?;
        let items = oracle.items(list);
        if shown.node == Node::List(list.clone()) {
            Ok((oracle, items))
        } else {
            Err(format!("{list} is no list"))
        }
    }

    fn push(&mut self, op: Op) -> OpId {
        let id = OpId::new(self.change.first + self.change.count(), self.change.actor.clone());
        self.change.ops.push(op);
        id
    }

    fn place(&mut self, target: Target, content: Content) -> OpId {
        self.push(match target {
            Target::Slot { slot, over } => Op::Put { slot, over, content },
            Target::Item { list, parent, side } => Op::Insert { list, parent, side, content },
        })
    }

    /// Writes a value with all that is in it.
    fn write(&mut self, target: Target, value: &Val) -> OpId {
        match value.view() {
            View::Obj(entries) => {
                let map = self.place(target, Content::Make(Kind::Map));
                for (key, value) in entries.iter() {
                    let slot = SlotId::Key { map: map.clone(), key: key.clone() };
                    self.write(Target::Slot { slot, over: Vec::new() }, value);
                }
                map
            }
            View::Arr(items) => {
                let list = self.place(target, Content::Make(Kind::List));
                let mut parent = None;
                for value in items.iter() {
                    let item = Target::Item { list: list.clone(), parent, side: Side::Right };
                    parent = Some(self.write(item, value));
                }
                list
            }
            _ => self.place(target, Content::Scalar(Scalar::new(value.clone()).expect("a scalar of JSON"))),
        }
    }

    fn delete_all(&mut self, ids: Vec<OpId>) {
        if !ids.is_empty() {
            self.push(Op::Delete { over: spans(ids) });
        }
    }

    fn key(&self, map: &OpId, key: &str) -> Result<(Oracle, Target, Vec<OpId>), String> {
        let (oracle, maps) = self.map(map)?;
        let writes = oracle.entries(&maps).into_iter().find(|(name, _)| name == key);
        let writes = writes.map(|(_, writes)| writes).unwrap_or_default();
        let last = maps.into_iter().max().expect("a map that is shown");
        let slot = SlotId::Key { map: last, key: Key::from(key) };
        let target = Target::Slot { slot, over: oracle.overwriting(&writes) };
        Ok((oracle, target, writes))
    }

    fn gap(&self, list: &OpId, index: usize) -> Result<Target, String> {
        let (oracle, items) = self.list(list)?;
        if index > items.len() {
            return Err(format!("{index} is beyond {}", items.len()));
        }
        let left = index.checked_sub(1).map(|left| &items[left].0);
        let (parent, side) = oracle.origin(list, left);
        Ok(Target::Item { list: list.clone(), parent, side })
    }

    fn move_to(&mut self, container: &OpId, holder: &OpId, target: Target) -> Result<(), String> {
        let (oracle, source) = self.find(container)?;
        let (_, to) = self.find(holder)?;
        if to.path.0.starts_with(&source.path.0) {
            return Err(format!("{container} would be inside itself"));
        }
        let moved = source.node.containers().to_vec();
        let behind = oracle.left_behind(&source.writes, &moved);
        let behind = if behind.is_empty() { behind } else { oracle.overwriting(&behind) };
        let (first, others) = moved.split_first().expect("it is the reading of containers");
        let id = self.place(target, Content::Move(first.clone()));
        let slot = match self.change.ops.last() {
            Some(Op::Put { slot, .. }) => slot.clone(),
            Some(Op::Insert { list, .. }) => SlotId::Item { list: list.clone(), item: id },
            _ => unreachable!("a placement"),
        };
        for container in others {
            let target = Target::Slot { slot: slot.clone(), over: Vec::new() };
            self.place(target, Content::Move(container.clone()));
        }
        self.delete_all(behind);
        Ok(())
    }
}

impl Editor for Draft {
    fn put(&mut self, map: &OpId, key: &str, value: Val) -> Result<(), String> {
        let (_, target, _) = self.key(map, key)?;
        self.write(target, &value);
        Ok(())
    }

    fn put_root(&mut self, value: Val) -> Result<(), String> {
        let oracle = self.oracle();
        let over = oracle.overwriting(&oracle.shown(&Slot::Root));
        self.write(Target::Slot { slot: SlotId::Root, over }, &value);
        Ok(())
    }

    fn put_new(&mut self, map: &OpId, key: &str, kind: Kind) -> Result<OpId, String> {
        let (_, target, _) = self.key(map, key)?;
        Ok(self.place(target, Content::Make(kind)))
    }

    fn insert(&mut self, list: &OpId, index: usize, value: Val) -> Result<OpId, String> {
        let target = self.gap(list, index)?;
        Ok(self.write(target, &value))
    }

    fn insert_new(&mut self, list: &OpId, index: usize, kind: Kind) -> Result<OpId, String> {
        let target = self.gap(list, index)?;
        Ok(self.place(target, Content::Make(kind)))
    }

    fn set(&mut self, list: &OpId, index: usize, value: Val) -> Result<(), String> {
        let (oracle, items) = self.list(list)?;
        let (item, writes) = items.get(index).ok_or("no such item")?;
        let slot = SlotId::Item { list: list.clone(), item: item.clone() };
        self.write(Target::Slot { slot, over: oracle.overwriting(writes) }, &value);
        Ok(())
    }

    fn delete(&mut self, list: &OpId, index: usize, count: usize) -> Result<(), String> {
        let (oracle, items) = self.list(list)?;
        let end = index.checked_add(count).filter(|end| *end <= items.len()).ok_or("no such items")?;
        let writes: Vec<OpId> = items[index..end].iter().flat_map(|(_, writes)| writes.clone()).collect();
        self.delete_all(oracle.overwriting(&writes));
        Ok(())
    }

    fn remove(&mut self, map: &OpId, key: &str) -> Result<(), String> {
        let (oracle, _, writes) = self.key(map, key)?;
        self.delete_all(oracle.overwriting(&writes));
        Ok(())
    }

    fn splice(&mut self, text: &OpId, position: usize, deleted: usize, typed: &str) -> Result<(), String> {
        let (oracle, shown) = self.find(text)?;
        if shown.node != Node::Text(text.clone()) {
            return Err(format!("{text} is no text"));
        }
        let chars = oracle.typed(text);
        let end =
            position.checked_add(deleted).filter(|end| *end <= chars.len()).ok_or("no such characters")?;
        let left = position.checked_sub(1).map(|left| &chars[left]);
        let (parent, side) = oracle.origin(text, left);
        self.delete_all(chars[position..end].to_vec());
        if !typed.is_empty() {
            self.push(Op::Type { text: text.clone(), parent, side, chars: typed.to_owned() });
        }
        Ok(())
    }

    fn add(&mut self, counter: &OpId, by: i64) -> Result<(), String> {
        let (_, shown) = self.find(counter)?;
        if shown.node != Node::Counter(counter.clone()) {
            return Err(format!("{counter} is no counter"));
        }
        self.push(Op::Add { counter: counter.clone(), by });
        Ok(())
    }

    fn move_to_key(&mut self, container: &OpId, map: &OpId, key: &str) -> Result<(), String> {
        let (_, source) = self.find(container)?;
        let (_, target, writes) = self.key(map, key)?;
        if writes == source.writes {
            return Ok(());
        }
        self.move_to(container, map, target)
    }

    fn move_to_item(&mut self, container: &OpId, list: &OpId, index: usize) -> Result<(), String> {
        let target = self.gap(list, index)?;
        self.move_to(container, list, target)
    }
}

// --- the rules for local edits: what a new op must name ---

impl Oracle {
    /// To write over (or delete) writes that are shown: them, every placement of the containers among
    /// them, and every placement that is skipped now, so that a settled cycle cannot come undone when
    /// one that holds it goes.
    fn overwriting(&self, writes: &[OpId]) -> Vec<OpId> {
        let gone: Vec<OpId> = writes.iter().filter_map(|write| self.container(write)).collect();
        let placements = self.placements().into_iter().filter(|(_, container, _)| gone.contains(container));
        let placements = placements.map(|(put, _, _)| put);
        let over: BTreeSet<OpId> =
            writes.iter().cloned().chain(placements).chain(self.places.skipped.iter().cloned()).collect();
        over.into_iter().collect()
    }

    /// To move containers out of a slot: the other writes that it shows go, or the loser of a conflict
    /// would surface.
    fn left_behind(&self, writes: &[OpId], moved: &[OpId]) -> Vec<OpId> {
        let stays =
            |write: &&OpId| !self.container(write).is_some_and(|container| moved.contains(&container));
        writes.iter().filter(stays).cloned().collect()
    }

    /// Fugue's parent and side of a new element on the right of `left` (an element that is there, or
    /// gone, or `None` for the beginning).
    fn origin(&self, of: &OpId, left: Option<&OpId>) -> (Option<OpId>, Side) {
        if self.children(of, left, Side::Right).is_empty() {
            return (left.cloned(), Side::Right);
        }
        let order = self.order(of);
        let next = left.map_or(0, |left| 1 + order.iter().position(|id| id == left).expect("an element"));
        (Some(order[next].clone()), Side::Left)
    }
}

/// Ids as spans that neither overlap nor touch.
fn spans(mut ids: Vec<OpId>) -> Vec<OpSpan> {
    ids.sort_by(|a, b| (&a.actor, a.counter).cmp(&(&b.actor, b.counter)));
    let mut spans: Vec<OpSpan> = Vec::new();
    for id in ids {
        match spans.last_mut() {
            Some(span) if span.first.actor == id.actor && span.last() + 1 == id.counter => span.count += 1,
            _ => spans.push(OpSpan::one(id)),
        }
    }
    spans.sort();
    spans
}
