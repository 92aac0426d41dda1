//! From a new value to edits: what a swap did.
//!
//! The walk goes down the old value, the new value and the tree side by side. A part that is shared
//! (one pointer) did not change and is not entered, so it costs what the swap touched. What differs
//! is entered when it is the same kind of container, and written over when it is not. The items of
//! lists are aligned first (see `value::align`).

mod moved;
mod parts;
mod slot;

use std::sync::Arc;

use smallvec::SmallVec;

use super::edit::{Dest, Draft, Drafts, Overs, Spot};
use super::history::History;
use super::lv::Lv;
use super::tree::{Node, Place, Reading, Tree};
use crate::value::{self, MAX_DEPTH, MoveSigns, Moves, NotJson, Path, Step, Val, shared};
use moved::Moved;
use parts::whole;
use slot::{Child, Logical, Opened, Way};

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
    signs: MoveSigns,
}
impl<'a> Planner<'a> {
    fn new(history: &'a History, tree: &'a mut Tree, moved: Option<Moved<'a>>) -> Self {
        let plan = Plan { drafts: Drafts::new(history.log.next()), updated: Vec::new(), joined: false };
        let (path, pending, signs) = (SmallVec::new(), Vec::new(), MoveSigns::default());
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
                    self.signs.edited(&old, &opened.new);
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
}
