//! What a change from outside must be like, before any of it is applied.

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

use super::history::History;
use super::tree::Tree;
use super::{Actor, Change, Clock, Content, Kind, MAX_COUNTER, Op, OpId, Side, SlotId};
use crate::value::MAX_DEPTH;

/// What is wrong with a change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A change does something.
    #[error("it has no ops")]
    Empty,
    /// Counters end at 2^53.
    #[error("its counters go above 2^53")]
    CounterTooHigh,
    /// The first counter is one more than the highest that the actor had seen.
    #[error("its first counter is {found}, but what it depends on makes it {expected}")]
    FirstCounter {
        /// The counter that the change carries.
        found: u64,
        /// The counter that follows from its dependencies.
        expected: u64,
    },
    /// `previous` says what of its own actor a change depends on.
    #[error("it lists its own actor among its dependencies")]
    DependsOnItself,
    /// A delete names what goes.
    #[error("{0} deletes nothing")]
    DeletesNothing(OpId),
    /// Lists of ids have one form.
    #[error("{0} names what it overwrites out of order or twice")]
    Unordered(OpId),
    /// An op names something that is not there.
    #[error("{op} names {missing}, which it cannot have seen")]
    Dangling {
        /// The op.
        op: OpId,
        /// What it names.
        missing: OpId,
    },
    /// An op names something of the wrong sort.
    #[error("{op} takes {named} for {wanted}, which it is not")]
    WrongKind {
        /// The op.
        op: OpId,
        /// What it names.
        named: OpId,
        /// What that should be.
        wanted: &'static str,
    },
    /// Only items hang on the left of something.
    #[error("{0} hangs on the left of nothing")]
    LeftOfNothing(OpId),
    /// Containers nest too deep.
    #[error("{0} nests deeper than {MAX_DEPTH} levels")]
    TooDeep(OpId),
}

/// Checks what a change says of itself: counters, dependencies, the form of its ops. O(size).
pub(super) fn well_formed(change: &Change) -> Result<(), Malformed> {
    let ops = change.ops.len() as u64;
    if ops == 0 {
        return Err(Malformed::Empty);
    }
    if change.first > MAX_COUNTER || ops > MAX_COUNTER - change.first + 1 {
        return Err(Malformed::CounterTooHigh);
    }
    if change.deps.get(&change.actor) > 0 {
        return Err(Malformed::DependsOnItself);
    }
    let expected = change.previous.max(change.deps.highest()).saturating_add(1);
    if change.first != expected {
        return Err(Malformed::FirstCounter { found: change.first, expected });
    }
    for (index, op) in change.ops.iter().enumerate() {
        let over = op.over();
        if over.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Malformed::Unordered(change.op_id(index)));
        }
        match op {
            Op::Delete { .. } if over.is_empty() => {
                return Err(Malformed::DeletesNothing(change.op_id(index)));
            }
            Op::Insert { parent: None, side: Side::Left, .. } => {
                return Err(Malformed::LeftOfNothing(change.op_id(index)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Changes about to be applied, in this order, on top of a history: what their ops may refer to.
pub(super) struct Batch<'a> {
    history: &'a History,
    tree: &'a Tree,
    staged: HashMap<Actor, Vec<Arc<Change>>>,
    /// The depths of the containers that staged changes make.
    depths: HashMap<OpId, usize>,
    /// What the actors of staged changes had seen when they made them.
    seen: HashMap<Actor, Clock>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(history: &'a History, tree: &'a Tree) -> Self {
        Self { history, tree, staged: HashMap::new(), depths: HashMap::new(), seen: HashMap::new() }
    }

    /// Checks what the ops of a change name, and stages it. O(size log history).
    pub(super) fn stage(&mut self, change: &Arc<Change>) -> Result<(), Malformed> {
        let mut made = Vec::new();
        let checked = change.ops.iter().enumerate().try_for_each(|(index, op)| {
            let check = Check { batch: self, change, id: change.op_id(index) };
            check.op(op)?;
            if let Some(Content::Make(_)) = op.content() {
                let depth = check.depth(op)?;
                made.push(check.id.clone());
                self.depths.insert(change.op_id(index), depth);
            }
            Ok(())
        });
        if checked.is_ok() {
            self.note_seen(change);
            self.staged.entry(change.actor.clone()).or_default().push(change.clone());
        } else {
            for id in made {
                self.depths.remove(&id);
            }
        }
        checked
    }

    /// Whether the actor of a change had seen an op when it made the change.
    fn has_seen(&self, change: &Change, id: &OpId) -> bool {
        let before = || [self.history.seen(&change.actor), self.seen.get(&change.actor)];
        change.deps.covers(id)
            || (id.actor == change.actor && id.counter <= change.previous)
            || before().into_iter().flatten().any(|seen| seen.covers(id))
    }

    /// Notes what the actor of a staged change had seen, besides what the history says.
    fn note_seen(&mut self, change: &Change) {
        let seen = self.seen.entry(change.actor.clone()).or_default();
        seen.join(&change.deps);
        seen.advance(&change.actor, change.last());
    }

    fn op(&self, id: &OpId) -> Option<&Op> {
        self.history.op(id).or_else(|| {
            let changes = self.staged.get(&id.actor)?;
            let change = changes.get(changes.partition_point(|change| change.last() < id.counter))?;
            change.ops.get(usize::try_from(id.counter.checked_sub(change.first)?).ok()?)
        })
    }
}

/// The check of one op.
struct Check<'a> {
    batch: &'a Batch<'a>,
    change: &'a Change,
    id: OpId,
}

impl Check<'_> {
    fn op(&self, op: &Op) -> Result<(), Malformed> {
        for over in op.over() {
            let named = self.named(over)?;
            self.holds(named.content().is_some(), over, "a write")?;
        }
        match op {
            Op::Put { slot: SlotId::Key { map, .. }, .. } => self.container(map, Kind::Map),
            Op::Put { slot: SlotId::Item { list, item }, .. } => {
                self.container(list, Kind::List)?;
                self.item(item, list)
            }
            Op::Insert { list, parent, .. } => {
                self.container(list, Kind::List)?;
                parent.as_ref().map_or(Ok(()), |parent| self.item(parent, list))
            }
            Op::Put { slot: SlotId::Root, .. } | Op::Delete { .. } => Ok(()),
        }
    }

    /// The op with this id, which the change must have seen: an earlier one.
    fn named(&self, id: &OpId) -> Result<&Op, Malformed> {
        let op = if id.actor == self.id.actor && (self.change.first..self.id.counter).contains(&id.counter) {
            // The counters of a change are those of its ops; it was checked that they fit.
            self.change.ops.get((id.counter - self.change.first) as usize)
        } else if self.batch.has_seen(self.change, id) {
            self.batch.op(id)
        } else {
            None
        };
        op.ok_or_else(|| Malformed::Dangling { op: self.id.clone(), missing: id.clone() })
    }

    fn holds(&self, truth: bool, named: &OpId, wanted: &'static str) -> Result<(), Malformed> {
        let wrong = || Malformed::WrongKind { op: self.id.clone(), named: named.clone(), wanted };
        truth.then_some(()).ok_or_else(wrong)
    }

    fn container(&self, id: &OpId, kind: Kind) -> Result<(), Malformed> {
        let made = self.named(id)?.content() == Some(&Content::Make(kind));
        self.holds(made, id, if kind == Kind::Map { "a map" } else { "a list" })
    }

    fn item(&self, id: &OpId, of: &OpId) -> Result<(), Malformed> {
        let is_item = matches!(self.named(id)?, Op::Insert { list, .. } if list == of);
        self.holds(is_item, id, "an item of that list")
    }

    /// The depth of the container that the op makes.
    fn depth(&self, op: &Op) -> Result<usize, Malformed> {
        let holder = match op {
            Op::Put { slot: SlotId::Root, .. } | Op::Delete { .. } => return Ok(1),
            Op::Put { slot: SlotId::Key { map: holder, .. } | SlotId::Item { list: holder, .. }, .. }
            | Op::Insert { list: holder, .. } => holder,
        };
        let staged = self.batch.depths.get(holder).copied();
        let applied = || self.batch.tree.container(holder).map(|holder| self.batch.tree.depth(holder));
        let depth = staged.or_else(applied).map_or(1, |depth| depth + 1);
        if depth > MAX_DEPTH { Err(Malformed::TooDeep(self.id.clone())) } else { Ok(depth) }
    }
}
