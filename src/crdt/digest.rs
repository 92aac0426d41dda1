//! Fingerprints of histories: how two replicas that write under one actor find out.

use super::{Change, Content, Kind, Op, OpId, Side, SlotId};
use crate::value;

/// A fingerprint of all changes of one actor up to a counter (FNV-1a, 64 bits): equal histories have
/// equal digests on every machine. It tells two replicas that write under one actor by accident; it
/// is no protection against forgery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub(super) u64);

impl Digest {
    /// The digest of no changes.
    pub(super) const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// The digest with one more change. O(size of the change).
    pub(super) fn with(mut self, change: &Change) -> Self {
        self.text(change.actor.as_str());
        self.number(change.first);
        self.number(change.previous);
        self.number(change.deps.iter().len() as u64);
        for (actor, counter) in change.deps.iter() {
            self.text(actor.as_str());
            self.number(counter);
        }
        change.ops.iter().for_each(|op| self.op(op));
        self
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Put { slot, over, content } => {
                match slot {
                    SlotId::Root => self.text("root"),
                    SlotId::Key { map, key } => {
                        self.text("key");
                        self.id(map);
                        self.text(key.as_str());
                    }
                    SlotId::Item { list, item } => {
                        self.text("item");
                        self.id(list);
                        self.id(item);
                    }
                }
                self.ids(over);
                self.content(content);
            }
            Op::Insert { list, parent, side, content } => {
                self.text(if *side == Side::Left { "left" } else { "right" });
                self.id(list);
                self.ids(parent.as_slice());
                self.content(content);
            }
            Op::Delete { over } => {
                self.text("delete");
                self.ids(over);
            }
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Scalar(scalar) => self.text(&value::text(scalar.value())),
            Content::Make(Kind::Map) => self.text("{}"),
            Content::Make(Kind::List) => self.text("[]"),
        }
    }

    fn ids(&mut self, ids: &[OpId]) {
        self.number(ids.len() as u64);
        ids.iter().for_each(|id| self.id(id));
    }

    fn id(&mut self, id: &OpId) {
        self.number(id.counter);
        self.text(id.actor.as_str());
    }

    /// A text with its length in front, so that two never read as one.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        text.bytes().for_each(|byte| self.byte(byte));
    }

    fn number(&mut self, number: u64) {
        number.to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{Actor, ConvergentRef, DocumentId};
    use crate::value::parse;

    #[test]
    fn digests_are_the_same_on_every_machine_and_differ_when_anything_does() {
        let digest = |json: &str| {
            let (document, actor) = (DocumentId::new("d").unwrap(), Actor::new("a").unwrap());
            let made = ConvergentRef::with_value(document, actor, parse(json).unwrap()).unwrap();
            made.changes().fold(Digest::EMPTY, Digest::with)
        };
        assert_eq!(digest(r#"{"a":[1]}"#), Digest(PINNED));
        let others = [r#"{"a":[1.0]}"#, r#"{"a":["1"]}"#, r#"{"a":1}"#, r#"{"a":{"b":1}}"#, r#"{"":["a1"]}"#];
        assert!(others.iter().all(|other| digest(other) != Digest(PINNED)));
    }

    const PINNED: u64 = 10_564_732_747_049_605_580;
}
