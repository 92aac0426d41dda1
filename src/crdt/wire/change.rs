//! Conversion between the rows of packed changes and ops that one can look at.

use super::{Wire, WireId, Wired, Writer};
use crate::crdt::contents::{Packed, pack};
use crate::crdt::history::ShortDigest;
use crate::crdt::row::{Holds, Over, Row, Step, Target, Written};
use crate::crdt::{Change, Content, Op, OpId, OpSpan, Scalar, Side, SlotId};

impl Wire {
    /// Packs changes that follow others.
    pub(in crate::crdt) fn of<'c>(
        base: &[(OpId, ShortDigest)],
        changes: impl Iterator<Item = &'c Change> + Clone,
    ) -> Self {
        let ops = changes.clone().map(Change::count).fold(0, u64::saturating_add);
        Writer::pack(usize::try_from(ops).unwrap_or(usize::MAX), |writer| {
            let base = base.iter().map(|(id, digest)| (writer.id(id), *digest)).collect();
            writer.base(base);
            changes.clone().for_each(|change| writer.change(change));
        })
    }

    /// Appends the ops of a row.
    pub(super) fn unpack_row(&self, op: WireId, row: &Row<'_, Wired>, ops: &mut Vec<Op>) {
        let id = |id: WireId| self.public(id);
        match *row {
            Row::Type { text, parent, side, chars, .. } => {
                ops.push(Op::Type { text: id(text), parent: parent.map(id), side, chars: chars.to_owned() });
            }
            Row::Items { list, parent, side, mut scalars, count } => {
                let (mut parent, mut side) = (parent, side);
                for at in 0..count {
                    let content = scalars.next_scalar().map(unpack_scalar).unwrap_or_else(nothing);
                    ops.push(Op::Insert { list: id(list), parent: parent.map(id), side, content });
                    // Each other one hangs on the one before.
                    (parent, side) = (Some(op.plus(u64::from(at))), Side::Right);
                }
            }
            Row::Item { list, parent, side, holds } => {
                let content = self.unpack_holds(holds);
                ops.push(Op::Insert { list: id(list), parent: parent.map(id), side, content });
            }
            Row::Put { slot, over, written } => {
                let slot = match slot {
                    Target::Root => SlotId::Root,
                    Target::Key { map, key } => {
                        SlotId::Key { map: id(map), key: self.keys[key as usize].clone() }
                    }
                    Target::Item { list, item } => SlotId::Item { list: id(list), item: id(item) },
                };
                let content = match written {
                    Written::Scalar(scalar) => unpack_scalar(scalar),
                    Written::Container(holds) => self.unpack_holds(holds),
                };
                ops.push(Op::Put { slot, over: over.ids().iter().map(|over| id(*over)).collect(), content });
            }
            Row::Delete { over } => {
                let span =
                    |&(first, count): &(WireId, u32)| OpSpan { first: id(first), count: u64::from(count) };
                ops.push(Op::Delete { over: over.iter().map(span).collect() });
            }
            Row::DeleteEach { first, count, step } => {
                for at in 0..u64::from(count) {
                    let counter = match step {
                        Step::Forward => first.counter + at,
                        Step::Back => first.counter - at,
                    };
                    ops.push(Op::Delete { over: vec![OpSpan::one(id(WireId { counter, ..first }))] });
                }
            }
            Row::Add { counter, by } => ops.push(Op::Add { counter: id(counter), by }),
        }
    }

    fn unpack_holds(&self, holds: Holds<Wired>) -> Content {
        match holds {
            Holds::Make(kind) => Content::Make(kind),
            Holds::Move(container) => Content::Move(self.public(container)),
        }
    }
}

fn unpack_scalar(scalar: Packed<'_>) -> Content {
    Scalar::new(scalar.value()).map_or_else(nothing, Content::Scalar)
}

/// Returns what stands for bytes that are no scalar; the reader lets none through.
fn nothing() -> Content {
    Content::Scalar(Scalar::null())
}

impl Row<'_, Wired> {
    /// Cuts a row whose first op is `id` after `count` ops.
    pub(super) fn split(self, id: WireId, count: u32) -> (Self, Option<Self>) {
        if self.count() <= count {
            return (self, None);
        }
        let before = WireId { counter: id.counter + u64::from(count) - 1, ..id };
        match self {
            Self::Type { text, parent, side, chars, count: all } => {
                let end = chars.char_indices().nth(count as usize).map_or(chars.len(), |(at, _)| at);
                let (now, later) = chars.split_at(end);
                let rest = (Some(before), Side::Right);
                (
                    Self::Type { text, parent, side, chars: now, count },
                    Some(Self::Type { text, parent: rest.0, side: rest.1, chars: later, count: all - count }),
                )
            }
            Self::Items { list, parent, side, scalars, count: all } => {
                let mut later = scalars;
                later.nth(count as usize - 1);
                let parent_of_rest = Some(before);
                (
                    Self::Items { list, parent, side, scalars, count },
                    Some(Self::Items {
                        list,
                        parent: parent_of_rest,
                        side: Side::Right,
                        scalars: later,
                        count: all - count,
                    }),
                )
            }
            Self::DeleteEach { first, count: all, step } => {
                let counter = match step {
                    Step::Forward => first.counter + u64::from(count),
                    Step::Back => first.counter - u64::from(count),
                };
                let rest = WireId { counter, ..first };
                (
                    Self::DeleteEach { first, count, step },
                    Some(Self::DeleteEach { first: rest, count: all - count, step }),
                )
            }
            row => (row, None),
        }
    }
}

impl Writer {
    /// Adds a change, which must be well formed.
    fn change(&mut self, change: &Change) {
        let actor = self.actor(&change.actor);
        let deps: Vec<WireId> =
            change.deps.iter().map(|(name, counter)| WireId { actor: self.actor(name), counter }).collect();
        self.head(actor, change.first, change.previous, &deps, &[(change.count(), 1)]);
        change.ops.iter().for_each(|op| self.op(op));
    }

    fn id(&mut self, id: &OpId) -> WireId {
        WireId { actor: self.actor(&id.actor), counter: id.counter }
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Put { slot, over, content } => {
                let slot = match slot {
                    SlotId::Root => Target::Root,
                    SlotId::Key { map, key } => Target::Key { map: self.id(map), key: self.key(key) },
                    SlotId::Item { list, item } => Target::Item { list: self.id(list), item: self.id(item) },
                };
                let over: Vec<WireId> = over.iter().map(|over| self.id(over)).collect();
                match content {
                    Content::Scalar(scalar) => {
                        let mut buffer = Vec::new();
                        let written = Written::Scalar(Packed::new(scalar.value(), &mut buffer));
                        self.row(&Row::Put { slot, over: Over::These(&over), written });
                    }
                    Content::Make(kind) => self.put_container(slot, &over, Holds::Make(*kind)),
                    Content::Move(container) => {
                        let container = self.id(container);
                        self.put_container(slot, &over, Holds::Move(container));
                    }
                }
            }
            Op::Insert { list, parent, side, content } => {
                let (list, side) = (self.id(list), *side);
                let parent = parent.as_ref().map(|parent| self.id(parent));
                let holds = match content {
                    Content::Scalar(scalar) => {
                        let mut bytes = Vec::new();
                        pack(&mut bytes, scalar.value());
                        let scalars = crate::crdt::contents::Run::new(&bytes);
                        return self.row(&Row::Items { list, parent, side, scalars, count: 1 });
                    }
                    Content::Make(kind) => Holds::Make(*kind),
                    Content::Move(container) => Holds::Move(self.id(container)),
                };
                self.row(&Row::Item { list, parent, side, holds });
            }
            Op::Type { text, parent, side, chars } => {
                let (text, side) = (self.id(text), *side);
                let parent = parent.as_ref().map(|parent| self.id(parent));
                let count = chars.chars().count() as u32;
                self.row(&Row::Type { text, parent, side, chars, count });
            }
            Op::Delete { over } => {
                let count = |span: &OpSpan| u32::try_from(span.count).unwrap_or(u32::MAX);
                let over: Vec<(WireId, u32)> =
                    over.iter().map(|span| (self.id(&span.first), count(span))).collect();
                self.row(&Row::Delete { over: &over });
            }
            Op::Add { counter, by } => {
                let counter = self.id(counter);
                self.row(&Row::Add { counter, by: *by });
            }
        }
    }

    fn put_container(&mut self, slot: Target<Wired>, over: &[WireId], holds: Holds<Wired>) {
        self.row(&Row::Put { slot, over: Over::These(over), written: Written::Container(holds) });
    }
}
