//! Validation of changes from outside. They are checked while they are added to the history, before
//! any of it reaches the state.

use crate::cancellation::ask;
use thiserror::Error;

use super::history::{ActorIx, History, Id, Writes};
use super::lv::Lv;
use super::row::{Holds, Local, Over, Row, Step, Target, Written};
use super::wire::{Head, Wire, WireId, Wired};
use super::{Change, Kind, MAX_COUNTER, Op, OpId, Side};

/// The mistake in a change.
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
    /// Something is typed.
    #[error("{0} types nothing")]
    TypesNothing(OpId),
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
    /// Only elements hang on the left of something.
    #[error("{0} hangs on the left of nothing")]
    LeftOfNothing(OpId),
    /// A replica holds a little more than two billion ops and four billion bytes.
    #[error("there is no room for it: a document holds up to 2^31 ops")]
    NoRoom,
}

/// A document has no more ops.
const MAX_OPS: u64 = 1 << 31;

/// Checks the form of a change, so that it can be packed. O(size).
pub(super) fn well_formed(change: &Change) -> Result<(), Malformed> {
    if change.ops.is_empty() {
        return Err(Malformed::Empty);
    }
    if change.first > MAX_COUNTER || change.count() > MAX_COUNTER - change.first + 1 {
        return Err(Malformed::CounterTooHigh);
    }
    if change.deps.get(&change.actor) > 0 {
        return Err(Malformed::DependsOnItself);
    }
    let expected = change.previous.max(change.deps.highest()).saturating_add(1);
    if change.first != expected {
        return Err(Malformed::FirstCounter { found: change.first, expected });
    }
    for (id, op) in change.ops_with_ids() {
        let ordered = match op {
            Op::Put { over, .. } => over.is_sorted_by(|a, b| a < b),
            Op::Delete { over } if over.is_empty() => return Err(Malformed::DeletesNothing(id)),
            Op::Delete { over } => {
                let apart = |a: &super::OpSpan, b: &super::OpSpan| {
                    a.first < b.first
                        && (a.first.actor != b.first.actor || a.last().saturating_add(1) < b.first.counter)
                };
                if over.iter().any(|span| span.count > MAX_OPS) {
                    return Err(Malformed::NoRoom);
                }
                over.is_sorted_by(apart) && over.iter().all(|span| span.count > 0)
            }
            Op::Type { chars, .. } if chars.is_empty() => return Err(Malformed::TypesNothing(id)),
            Op::Insert { parent: None, side: Side::Left, .. }
            | Op::Type { parent: None, side: Side::Left, .. } => {
                return Err(Malformed::LeftOfNothing(id));
            }
            Op::Insert { .. } | Op::Type { .. } | Op::Add { .. } => true,
        };
        if !ordered {
            return Err(Malformed::Unordered(id));
        }
    }
    Ok(())
}

/// Checks what a header says of itself. O(dependencies).
pub(super) fn well_formed_head(wire: &Wire, head: &Head) -> Result<(), Malformed> {
    if head.deps.iter().any(|dep| wire.actors[dep.actor as usize] == wire.actors[head.actor as usize]) {
        return Err(Malformed::DependsOnItself);
    }
    let expected = head.deps.iter().map(|dep| dep.counter).fold(head.previous, u64::max) + 1;
    if head.first != expected {
        return Err(Malformed::FirstCounter { found: head.first, expected });
    }
    Ok(())
}

/// A check of rows, which adds them to a history, to the change that began last.
pub(super) struct Adder<'a> {
    pub(super) history: &'a mut History,
    wire: &'a Wire,
    /// The actors of the wire in the history.
    actors: &'a [ActorIx],
    /// The keys of the wire in the history, as far as they were asked for.
    keys: &'a mut [Option<u32>],
    actor: ActorIx,
    /// The counter of the next op.
    counter: u64,
    /// The container that was named last, and its kind.
    container: Option<(WireId, Lv, Kind)>,
    over: Vec<Lv>,
    spans: Vec<(Lv, u32)>,
    /// Whether what goes by these rows may be containers.
    pub(super) may_remove: bool,
}

impl<'a> Adder<'a> {
    /// Makes a check for the rows under a header, whose changes have begun.
    pub(super) fn new(
        history: &'a mut History,
        wire: &'a Wire,
        actors: &'a [ActorIx],
        keys: &'a mut [Option<u32>],
        head: &Head,
    ) -> Self {
        let actor = actors[head.actor as usize];
        Self {
            history,
            wire,
            actors,
            keys,
            actor,
            counter: head.first,
            container: None,
            over: Vec::new(),
            spans: Vec::new(),
            may_remove: false,
        }
    }

    /// Adds a row. O(size log history).
    pub(super) fn add(&mut self, row: &Row<'_, Wired>) -> Result<(), Malformed> {
        match *row {
            Row::Type { text, parent, side, chars, count } => {
                let text = self.container(text, Kind::Text)?;
                let parent = self.parent(parent, side, text)?;
                self.history.push(&Row::Type { text, parent, side, chars, count });
            }
            Row::Items { list, parent, side, scalars, count } => {
                let list = self.container(list, Kind::List)?;
                let parent = self.parent(parent, side, list)?;
                self.history.push(&Row::Items { list, parent, side, scalars, count });
            }
            Row::Item { list, parent, side, holds } => {
                let list = self.container(list, Kind::List)?;
                let parent = self.parent(parent, side, list)?;
                let holds = self.holds(holds)?;
                self.history.push(&Row::Item { list, parent, side, holds });
            }
            Row::Put { slot, over, written } => self.put(slot, over.ids(), written)?,
            Row::Delete { over } => self.delete(over)?,
            Row::DeleteEach { first, count, step } => self.delete_each(first, count, step)?,
            Row::Add { counter, by } => {
                let counter = self.container(counter, Kind::Counter)?;
                self.history.push(&Row::Add { counter, by });
            }
        }
        self.counter += u64::from(row.count());
        Ok(())
    }

    fn put(
        &mut self,
        slot: Target<Wired>,
        over: &[WireId],
        written: Written<'_, Wired>,
    ) -> Result<(), Malformed> {
        let mut seen = std::mem::take(&mut self.over);
        seen.clear();
        for id in over {
            let lv = self.seen(*id)?;
            if self.history.log.writes(lv, 1).0 == Writes::Nothing {
                return Err(self.wrong(*id, "a write"));
            }
            seen.push(lv);
        }
        if !seen.is_sorted_by(|a, b| self.history.authors.compare(*a, *b).is_lt()) {
            return Err(Malformed::Unordered(self.op()));
        }
        self.may_remove |= !seen.is_empty();
        let slot = match slot {
            Target::Root => Target::Root,
            Target::Key { map, key } => {
                let map = self.container(map, Kind::Map)?;
                let name = &self.wire.keys[key as usize];
                let keys = &mut self.history.log.keys;
                let key = *self.keys[key as usize].get_or_insert_with(|| keys.intern(name));
                Target::Key { map, key }
            }
            Target::Item { list, item } => {
                let list = self.container(list, Kind::List)?;
                Target::Item { list, item: self.element(item, list)? }
            }
        };
        let written: Written<'_, Local> = match written {
            Written::Scalar(scalar) => Written::Scalar(scalar),
            Written::Container(holds) => Written::Container(self.holds(holds)?),
        };
        self.history.push(&Row::Put { slot, over: Over::These(&seen), written });
        self.over = seen;
        Ok(())
    }

    fn delete(&mut self, over: &[(WireId, u32)]) -> Result<(), Malformed> {
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        let mut before: Option<(WireId, u32)> = None;
        for &(first, count) in over {
            if let Some((last, length)) = before {
                let (a, b) =
                    (&self.wire.actors[last.actor as usize], &self.wire.actors[first.actor as usize]);
                let apart = a != b || last.counter + u64::from(length) < first.counter;
                if (last.counter, a) >= (first.counter, b) || !apart {
                    return Err(Malformed::Unordered(self.op()));
                }
            }
            before = Some((first, count));
            self.span(first, count, &mut spans)?;
        }
        self.history.push(&Row::Delete { over: &spans });
        self.spans = spans;
        Ok(())
    }

    /// Finds the ops of a span, all of which must be writes.
    fn span(&mut self, first: WireId, count: u32, spans: &mut Vec<(Lv, u32)>) -> Result<(), Malformed> {
        let last = WireId { counter: first.counter + u64::from(count) - 1, ..first };
        self.seen(last)?;
        let (mut id, mut left) = (first, count);
        while left > 0 {
            let found = self.history.authors.run(self.id(id));
            let (lv, run) = found.ok_or_else(|| self.dangling(id))?;
            let run = run.min(left);
            let mut at = 0;
            while at < run {
                ask();
                let (writes, length) = self.history.log.writes(lv.plus(at), run - at);
                match writes {
                    Writes::Nothing => {
                        let id = WireId { counter: id.counter + u64::from(at), ..id };
                        return Err(self.wrong(id, "a write"));
                    }
                    Writes::Scalars => {}
                    Writes::Anything => self.may_remove = true,
                }
                at += length;
            }
            match spans.last_mut() {
                Some((before, length)) if before.plus(*length) == lv => *length += run,
                _ => spans.push((lv, run)),
            }
            id.counter += u64::from(run);
            left -= run;
        }
        Ok(())
    }

    fn delete_each(&mut self, first: WireId, count: u32, step: Step) -> Result<(), Malformed> {
        let lowest = match step {
            Step::Forward => first,
            Step::Back => WireId { counter: first.counter - u64::from(count - 1), ..first },
        };
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        self.span(lowest, count, &mut spans)?;
        // One op each: what is said of all must hold for the first.
        self.seen(match step {
            Step::Forward => WireId { counter: first.counter + u64::from(count - 1), ..first },
            Step::Back => first,
        })?;
        let mut push = |(lv, count): (Lv, u32)| {
            let first = if step == Step::Back { lv.plus(count - 1) } else { lv };
            self.history.push(&Row::DeleteEach { first, count, step });
        };
        match step {
            Step::Forward => spans.iter().copied().for_each(&mut push),
            Step::Back => spans.iter().rev().copied().for_each(&mut push),
        }
        self.spans = spans;
        Ok(())
    }

    fn holds(&mut self, holds: Holds<Wired>) -> Result<Holds<Local>, Malformed> {
        Ok(match holds {
            Holds::Make(kind) => Holds::Make(kind),
            Holds::Move(id) => {
                let lv = self.seen(id)?;
                let container = made(self.history, lv).map(|_| lv);
                Holds::Move(container.ok_or_else(|| self.wrong(id, "a container"))?)
            }
        })
    }

    fn container(&mut self, id: WireId, kind: Kind) -> Result<Lv, Malformed> {
        if let Some((known, lv, found)) = self.container
            && known == id
            && found == kind
        {
            return Ok(lv);
        }
        let lv = self.seen(id)?;
        if made(self.history, lv) != Some(kind) {
            return Err(self.wrong(
                id,
                match kind {
                    Kind::Map => "a map",
                    Kind::List => "a list",
                    Kind::Text => "a text",
                    Kind::Counter => "a counter",
                },
            ));
        }
        self.container = Some((id, lv, kind));
        Ok(lv)
    }

    fn parent(&self, parent: Option<WireId>, side: Side, of: Lv) -> Result<Option<Lv>, Malformed> {
        match (parent, side) {
            (None, Side::Left) => Err(Malformed::LeftOfNothing(self.op())),
            (None, Side::Right) => Ok(None),
            (Some(parent), _) => self.element(parent, of).map(Some),
        }
    }

    fn element(&self, id: WireId, of: Lv) -> Result<Lv, Malformed> {
        let lv = self.seen(id)?;
        match self.history.log.element_of(lv) {
            Some(holder) if holder == of => Ok(lv),
            _ => Err(self.wrong(id, "an item of that list")),
        }
    }

    /// Returns the op with an id, which the change must have seen.
    fn seen(&self, wire_id: WireId) -> Result<Lv, Malformed> {
        let id = self.id(wire_id);
        let authors = &self.history.authors;
        let lv = authors.find_seen(id);
        lv.ok_or_else(|| self.dangling(wire_id))
    }

    fn id(&self, id: WireId) -> Id {
        Id { counter: id.counter, actor: self.actors[id.actor as usize] }
    }

    fn op(&self) -> OpId {
        self.history.authors.public(Id { counter: self.counter, actor: self.actor })
    }

    fn dangling(&self, missing: WireId) -> Malformed {
        Malformed::Dangling { op: self.op(), missing: self.wire.public(missing) }
    }

    fn wrong(&self, named: WireId, wanted: &'static str) -> Malformed {
        Malformed::WrongKind { op: self.op(), named: self.wire.public(named), wanted }
    }
}

/// Returns the kind of the container that an op made.
pub(super) fn made(history: &History, lv: Lv) -> Option<Kind> {
    match history.log.row(lv).holds()? {
        Holds::Make(kind) => Some(kind),
        Holds::Move(_) => None,
    }
}
