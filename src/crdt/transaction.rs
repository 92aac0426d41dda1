//! One change made of many edits, by a program that knows what it edits: no value is built or compared.

use super::contents::most_packed;
use super::diff::{self, Dest, Refused};
use super::edit::{Overs, What};
use super::history::History;
use super::lv::Lv;
use super::row::{Holds, Row, Target};
use super::tree::{Node, Place};
use super::{ConvergentRef, EditError, Kind, OpId, SwapError};
use crate::cancellation::forgo;
use crate::value::{self, MAX_DEPTH, NotJson, NotJsonReason, Val};

/// Edits that become one change.
///
/// Containers are named by the id of the op that made them, which
/// [`ConvergentRef::container`] finds at a path and which stays the same wherever they move. An edit takes
/// effect at once; one that returns an error does nothing. [`commit`](Self::commit) makes the change;
/// without it everything is taken back, which costs O(history). One that is forgotten ([`std::mem::forget`]) is
/// committed by the next edit or merge.
///
/// Each edit costs O(log n), and what it writes.
pub struct Transaction<'r> {
    replica: &'r mut ConvergentRef,
    /// The value before, when somebody watches.
    old: Option<Val>,
}

impl ConvergentRef {
    /// Begins a transaction.
    ///
    /// # Errors
    /// [`SwapError::Behind`], when changes of this actor are missing here.
    pub fn transaction(&mut self) -> Result<Transaction<'_>, SwapError> {
        if self.is_behind() {
            return Err(SwapError::Behind(self.actor.clone()));
        }
        let old = self.is_watched().then(|| self.value().clone());
        // It takes itself back.
        forgo();
        self.note_changes();
        self.history.remark(&mut self.before_change);
        Ok(Transaction { replica: self, old })
    }
}

impl Transaction<'_> {
    /// Returns the ref as it is after the edits so far.
    pub fn replica(&self) -> &ConvergentRef {
        self.replica
    }

    /// Makes one change of the edits and returns the counter of its first op, which names it together with the actor
    /// of the ref; `None` when there were none.
    ///
    /// # Errors
    /// When the validator refuses the new value; all edits are taken back then.
    pub fn commit(mut self) -> Result<Option<u64>, SwapError> {
        let first = Lv::new(self.replica.before_change.len());
        if self.replica.history.log.next() == first {
            return Ok(None);
        }
        if let Some(reason) = self.replica.invalid() {
            return Err(SwapError::Invalid(reason));
        }
        self.replica.close();
        let first = self.replica.history.authors.id(first).counter;
        if let Some(old) = self.old.take() {
            let new = self.replica.value().clone();
            self.replica.notify(&old, &new);
        }
        Ok(Some(first))
    }

    // --- slots ---

    /// Sets the value of the document.
    ///
    /// # Errors
    /// When the value is not JSON.
    pub fn put_root(&mut self, value: Val) -> Result<OpId, EditError> {
        let over = self.over(Place::Root);
        self.write(Dest::Slot { slot: Target::Root, over }, value)
    }

    /// Makes an empty container the value of the document.
    ///
    /// # Errors
    /// When the document is full.
    pub fn put_new_root(&mut self, kind: Kind) -> Result<OpId, EditError> {
        let over = self.over(Place::Root);
        self.put_at(Target::Root, &over, &What::Make(kind))
    }

    /// Sets a key of a map; returns the id of the write, which is that of the container if it makes one.
    ///
    /// # Errors
    /// When there is no such map, or the value is not JSON.
    pub fn put(&mut self, map: &OpId, key: &str, value: Val) -> Result<OpId, EditError> {
        let (map, key, over) = self.slot(map, key)?;
        if value.is_container() {
            return self.write(Dest::Slot { slot: Target::Key { map, key }, over }, value);
        }
        scalar(&value)?;
        self.put_at(Target::Key { map, key }, &over, &What::Scalar(value))
    }

    /// Makes an empty container in a key of a map, and returns its id.
    ///
    /// # Errors
    /// When there is no such map.
    pub fn put_new(&mut self, map: &OpId, key: &str, kind: Kind) -> Result<OpId, EditError> {
        let (map, key, over) = self.slot(map, key)?;
        self.put_at(Target::Key { map, key }, &over, &What::Make(kind))
    }

    /// Removes a key of a map; `false` when it is not there.
    ///
    /// # Errors
    /// When there is no such map.
    pub fn remove(&mut self, map: &OpId, key: &str) -> Result<bool, EditError> {
        let (_, _, over) = self.slot(map, key)?;
        if over.is_empty() {
            return Ok(false);
        }
        self.delete_all(over.into_iter().map(|put| (put, 1)).collect())?;
        Ok(true)
    }

    // --- lists ---

    /// Inserts an item before position `index`; returns its id, which is that of the container if it makes
    /// one.
    ///
    /// # Errors
    /// When there is no such list or position, or the value is not JSON.
    pub fn insert(&mut self, list: &OpId, index: usize, value: Val) -> Result<OpId, EditError> {
        let node = self.list_with(list, index)?;
        let made = self.replica.tree.lv(node);
        if value.is_container() {
            let (parent, side) = self.replica.tree.origin(node, index);
            return self.write(Dest::Item { list: made, parent, side }, value);
        }
        scalar(&value)?;
        self.room(1, most_packed(&value))?;
        let item = self.replica.insert_scalar(node, index, &value);
        Ok(self.id(item))
    }

    /// Makes an empty container before position `index` of a list, and returns its id.
    ///
    /// # Errors
    /// When there is no such list or position.
    pub fn insert_new(&mut self, list: &OpId, index: usize, kind: Kind) -> Result<OpId, EditError> {
        let node = self.list_with(list, index)?;
        let made = What::Make(kind);
        self.room(1, made.bytes())?;
        self.levels_fit(Some(self.replica.tree.lv(node)), made.levels())?;
        let item = self.replica.insert(node, index, Holds::Make(kind));
        Ok(self.id(item))
    }

    /// Overwrites an item of a list.
    ///
    /// # Errors
    /// When there is no such list or item, or the value is not JSON.
    pub fn set(&mut self, list: &OpId, index: usize, value: Val) -> Result<OpId, EditError> {
        let node = self.list_with(list, index.saturating_add(1))?;
        let item = self.item(node, index)?;
        let over = self.over(Place::Item(node, item));
        let slot = Target::Item { list: self.replica.tree.lv(node), item };
        self.write(Dest::Slot { slot, over }, value)
    }

    /// Makes an empty container in the place of an item of a list, and returns its id.
    ///
    /// # Errors
    /// When there is no such list or item.
    pub fn set_new(&mut self, list: &OpId, index: usize, kind: Kind) -> Result<OpId, EditError> {
        let node = self.list_with(list, index.saturating_add(1))?;
        let item = self.item(node, index)?;
        let over = self.over(Place::Item(node, item));
        let list = self.replica.tree.lv(node);
        self.put_at(Target::Item { list, item }, &over, &What::Make(kind))
    }

    /// Deletes items of a list.
    ///
    /// # Errors
    /// When there is no such list, or not so many items.
    pub fn delete(&mut self, list: &OpId, index: usize, count: usize) -> Result<(), EditError> {
        let node = self.list_with(list, index.saturating_add(count))?;
        let runs = self.replica.tree.runs_at(node, index, count);
        let tree = &self.replica.tree;
        let over = if tree.has_moves() || tree.is_contested() || tree.list(node).has_slots() {
            let items = runs.into_iter().flat_map(|(first, count)| (0..count).map(move |at| first.plus(at)));
            items.flat_map(|item| self.over(Place::Item(node, item))).map(|put| (put, 1)).collect()
        } else {
            runs
        };
        self.delete_all(over)
    }

    // --- texts and counters ---

    /// Replaces `delete` characters of a text at a position; both count Unicode scalar values.
    ///
    /// # Errors
    /// When there is no such text, or not so many characters.
    pub fn splice(
        &mut self,
        text: &OpId,
        position: usize,
        delete: usize,
        insert: &str,
    ) -> Result<(), EditError> {
        let node = self.node(text, Kind::Text)?;
        let length = self.replica.tree.sequence(node).map_or(0, |text| text.len());
        let end = position.saturating_add(delete);
        if end > length {
            return Err(EditError::OutOfRange { position: end, length });
        }
        self.room(1 + insert.len() as u64, insert.len())?;
        self.replica.splice(node, position, delete, insert);
        Ok(())
    }

    /// Adds to a counter.
    ///
    /// # Errors
    /// When there is no such counter.
    pub fn add(&mut self, counter: &OpId, by: i64) -> Result<(), EditError> {
        let node = self.node(counter, Kind::Counter)?;
        self.room(1, 0)?;
        let counter = self.replica.tree.lv(node);
        self.replica.push(&Row::Add { counter, by });
        Ok(())
    }

    // --- moves ---

    /// Moves a container to a key of a map, in the place of what is there.
    ///
    /// # Errors
    /// When one of the two is not there, or the container would stand in itself.
    pub fn move_to_key(&mut self, container: &OpId, map: &OpId, key: &str) -> Result<(), EditError> {
        let (map_lv, key, over) = self.slot(map, key)?;
        let map = self.replica.tree.node(map_lv).ok_or_else(|| EditError::NoContainer(map.clone()))?;
        let (nodes, shown) = self.leaving(container, map)?;
        let moved: Vec<Lv> = nodes.iter().map(|node| self.replica.tree.lv(*node)).collect();
        // It may stand there already.
        let stays = |put: &Lv| {
            let node = self.replica.tree.container(&self.replica.history, *put);
            node.is_none_or(|node| !nodes.contains(&node))
        };
        let over: Overs = over.into_iter().filter(stays).collect();
        let slot = Target::Key { map: map_lv, key };
        self.put_at(slot, &over, &What::Move(moved[0]))?;
        for other in &moved[1..] {
            self.put_at(slot, &[], &What::Move(*other))?;
        }
        self.leave(&nodes, shown)
    }

    /// Moves a container into a list, before position `index` as it is now.
    ///
    /// # Errors
    /// When one of the two or the position is not there, or the container would stand in itself.
    pub fn move_to_item(&mut self, container: &OpId, list: &OpId, index: usize) -> Result<(), EditError> {
        let node = self.list_with(list, index)?;
        let (nodes, shown) = self.leaving(container, node)?;
        let moved: Vec<Lv> = nodes.iter().map(|node| self.replica.tree.lv(*node)).collect();
        self.room(moved.len() as u64 + 1, 0)?;
        self.levels_fit(Some(self.replica.tree.lv(node)), 1)?;
        let list = self.replica.tree.lv(node);
        let item = self.replica.insert(node, index, Holds::Move(moved[0]));
        for other in &moved[1..] {
            self.put_at(Target::Item { list, item }, &[], &What::Move(*other))?;
        }
        self.leave(&nodes, shown)
    }

    /// Returns the containers that move with one, and what is shown where they are.
    fn leaving(&self, id: &OpId, to: Node) -> Result<(Vec<Node>, Overs), EditError> {
        let (history, tree) = (&self.replica.history, &self.replica.tree);
        let node = self.any_node(id)?;
        let nodes = match tree.kind(node) {
            Kind::Map => tree.joined(history, node).to_vec(),
            _ => vec![node],
        };
        let holds = |place: Place| tree.holders(place).any(|up| nodes.contains(&up));
        if nodes.contains(&to) || tree.place(to).is_some_and(holds) {
            return Err(EditError::IntoItself(id.clone()));
        }
        // The loser of a conflict leaves what its slot shows as it is.
        let thing = tree.last_joined(history, node);
        let seen = tree.place(node).filter(|place| tree.is_seen(history, thing, *place));
        let shown = seen.and_then(|place| tree.shown_in_value(history, place));
        Ok((nodes, shown.unwrap_or_default()))
    }

    /// Deletes what else a slot shows that containers left, or it would come to light.
    fn leave(&mut self, nodes: &[Node], shown: Overs) -> Result<(), EditError> {
        let (history, tree) = (&self.replica.history, &self.replica.tree);
        let others = shown
            .into_iter()
            .filter(|put| tree.container(history, *put).is_none_or(|node| !nodes.contains(&node)));
        let others: Overs = others.collect();
        if others.is_empty() {
            return Ok(());
        }
        let over = tree.overwriting(history, &others).into_iter().map(|put| (put, 1)).collect();
        self.delete_all(over)
    }

    // --- finding ---

    fn any_node(&self, id: &OpId) -> Result<Node, EditError> {
        let lv = self.replica.history.authors.find_lv(id);
        let node = lv.and_then(|lv| self.replica.tree.node(lv));
        node.ok_or_else(|| EditError::NoContainer(id.clone()))
    }

    #[inline]
    fn node(&mut self, id: &OpId, wanted: Kind) -> Result<Node, EditError> {
        // Most edits go where the one before went.
        if let Some((known, node, kind)) = &self.replica.edited
            && *kind == wanted
            && known.counter == id.counter
            && known.actor.is_shared(&id.actor)
        {
            return Ok(*node);
        }
        self.find_node(id, wanted)
    }

    #[inline(never)]
    fn find_node(&mut self, id: &OpId, wanted: Kind) -> Result<Node, EditError> {
        let node = self.any_node(id)?;
        self.replica.edited = Some((id.clone(), node, self.replica.tree.kind(node)));
        let found = self.replica.tree.kind(node);
        if found == wanted { Ok(node) } else { Err(EditError::WrongKind { id: id.clone(), found, wanted }) }
    }

    /// Returns a list with at least so many items.
    fn list_with(&mut self, id: &OpId, items: usize) -> Result<Node, EditError> {
        let node = self.node(id, Kind::List)?;
        let length = self.replica.tree.list(node).items.len();
        if items <= length { Ok(node) } else { Err(EditError::OutOfRange { position: items, length }) }
    }

    fn item(&self, list: Node, index: usize) -> Result<Lv, EditError> {
        let items = &self.replica.tree.list(list).items;
        let length = items.len();
        items.get(index).ok_or(EditError::OutOfRange { position: index, length })
    }

    /// Returns a key of a map: where a write of it goes, and what it overwrites.
    fn slot(&mut self, map: &OpId, key: &str) -> Result<(Lv, u32, Overs), EditError> {
        let node = self.node(map, Kind::Map)?;
        let ConvergentRef { history, tree, .. } = &mut *self.replica;
        let key = history.log.keys.intern_text(key);
        if !tree.is_contested() && !tree.has_moves() {
            return Ok((tree.lv(node), key, tree.shown_key(history, &[node], key)));
        }
        let maps = tree.joined(history, node);
        let shown = tree.shown_key(history, &maps, key);
        Ok((tree.lv(maps[maps.len() - 1]), key, tree.overwriting(history, &shown)))
    }

    fn over(&self, place: Place) -> Overs {
        let (history, tree) = (&self.replica.history, &self.replica.tree);
        tree.overwriting(history, &tree.shown(history, place))
    }

    // --- writing ---

    fn room(&self, ops: u64, bytes: usize) -> Result<(), EditError> {
        if self.replica.has_room(ops, bytes) { Ok(()) } else { Err(EditError::Full) }
    }

    /// Checks that so many levels of maps and lists fit into a container, or into the root. O(depth).
    fn levels_fit(&self, holder: Option<Lv>, levels: u32) -> Result<(), EditError> {
        if levels == 0 {
            return Ok(());
        }
        let tree = &self.replica.tree;
        let place = holder.and_then(|holder| tree.node(holder)).and_then(|node| tree.place(node));
        let depth = usize::from(holder.is_some()) + place.map_or(0, |place| tree.holders(place).count());
        if depth + levels as usize <= MAX_DEPTH {
            return Ok(());
        }
        Err(NotJson { path: value::Path::default(), reason: NotJsonReason::TooDeep }.into())
    }

    fn id(&self, lv: Lv) -> OpId {
        self.replica.history.op_id(lv)
    }

    fn put_at(
        &mut self,
        slot: Target<super::row::Local>,
        over: &[Lv],
        what: &What,
    ) -> Result<OpId, EditError> {
        self.room(1, what.bytes())?;
        self.levels_fit(slot.container(), what.levels())?;
        let lv = self.replica.put(slot, over, what);
        Ok(self.id(lv))
    }

    fn write(&mut self, dest: Dest, value: Val) -> Result<OpId, EditError> {
        if let Err(error) = value::check(&value) {
            value::dismantle(value);
            return Err(error.into());
        }
        let holder = match &dest {
            Dest::Slot { slot, .. } => slot.container(),
            Dest::Item { list, .. } => Some(*list),
        };
        self.levels_fit(holder, value.levels())?;
        let replica = &mut *self.replica;
        let (mark, from) = (replica.history.mark(), replica.history.len());
        let mut beginning = replica.beginning();
        let mut begin = |history: &mut History| beginning.begin(history);
        let written = diff::write(&mut replica.history, &mut replica.tree, &mut begin, dest, value);
        match written {
            Ok((lv, known)) => {
                replica.is_open = true;
                replica.apply_from(from);
                replica.keep(known);
                Ok(self.id(lv))
            }
            Err(refused) => {
                replica.history.truncate(&mark);
                Err(match refused {
                    Refused::NotJson(error) => error.into(),
                    Refused::Full => EditError::Full,
                })
            }
        }
    }

    fn delete_all(&mut self, over: Vec<(Lv, u32)>) -> Result<(), EditError> {
        if over.is_empty() {
            return Ok(());
        }
        self.room(1, 0)?;
        let over = match over[..] {
            [(_, 1)] => over,
            _ => self.replica.history.authors.sorted_spans(over),
        };
        self.replica.push(&Row::Delete { over: &over });
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // What was committed is not open any more.
        if self.replica.is_open {
            self.replica.take_back();
        }
    }
}

/// Checks a value that is no container.
fn scalar(value: &Val) -> Result<(), EditError> {
    let reason = value::check_scalar(value);
    reason.map_err(|reason| NotJson { path: value::Path::default(), reason }.into())
}
