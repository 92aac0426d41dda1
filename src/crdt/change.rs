use super::{Actor, Clock, OpId};
use crate::value::Val;

/// One transaction: everything one [`swap`](super::ConvergentRef::swap) did.
///
/// Op number *i* has the id `(first + i)@actor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Who made it.
    pub actor: Actor,
    /// The counter of its first op: one more than the highest counter that the actor had seen.
    pub first: u64,
    /// The last counter of the actor's previous change, 0 when this is its first.
    pub previous: u64,
    /// The clock entries of other actors that moved since the actor's previous change. With
    /// `previous`, all that must be applied before this change.
    pub deps: Clock,
    /// What it did, in order. Never empty.
    pub ops: Vec<Op>,
}

impl Change {
    /// The id of the change: that of its first op.
    pub fn id(&self) -> OpId {
        self.op_id(0)
    }

    /// The id of op number `index`.
    pub fn op_id(&self, index: usize) -> OpId {
        OpId::new(self.first.saturating_add(index as u64), self.actor.clone())
    }

    /// The counter of the last op.
    pub fn last(&self) -> u64 {
        self.first.saturating_add((self.ops.len() as u64).saturating_sub(1))
    }
}

/// One operation. The ids it names belong to ops that its actor had seen, or to earlier ops of the
/// same change. Lists of ids are strictly increasing.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Writes a value into a slot.
    Put {
        /// Where.
        slot: SlotId,
        /// The writes that this one overwrites: those that its actor saw there.
        over: Vec<OpId>,
        /// What.
        content: Content,
    },
    /// Makes a new item of a list; it is the first write into the item's slot. The item is known by
    /// the id of this op.
    Insert {
        /// The list.
        list: OpId,
        /// The item that this one hangs on in the Fugue tree, `None` for the root of the tree.
        parent: Option<OpId>,
        /// Before or after the parent.
        side: Side,
        /// What.
        content: Content,
    },
    /// Overwrites writes and puts nothing in their place. Never empty.
    Delete {
        /// The writes that go.
        over: Vec<OpId>,
    },
}

impl Op {
    /// What the op writes; `None` for a delete.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::Put { content, .. } | Self::Insert { content, .. } => Some(content),
            Self::Delete { .. } => None,
        }
    }

    /// The writes that the op overwrites.
    pub fn over(&self) -> &[OpId] {
        match self {
            Self::Put { over, .. } | Self::Delete { over } => over,
            Self::Insert { .. } => &[],
        }
    }
}

/// A place that holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotId {
    /// The root of the document.
    Root,
    /// A key of a map.
    Key {
        /// The map.
        map: OpId,
        /// The key.
        key: Key,
    },
    /// An item of a list.
    Item {
        /// The list.
        list: OpId,
        /// The op that made the item.
        item: OpId,
    },
}

/// What a write puts into a slot.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Null, a boolean, a number or a string.
    Scalar(Scalar),
    /// A new, empty container, known by the id of the op.
    Make(Kind),
}

/// The kinds of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Map,
    /// An array.
    List,
}

/// The side of a Fugue parent: an element stands after all that hangs on its left and before all
/// that hangs on its right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Before the parent.
    Left,
    /// After the parent.
    Right,
}

/// A JSON value that is no container: null, a boolean, a finite number, a UTF-8 string.
#[derive(Debug, Clone)]
pub struct Scalar(Val);

impl Scalar {
    /// `None` for containers and for what is not JSON.
    pub fn new(value: Val) -> Option<Self> {
        let fits = !crate::value::is_container(&value) && crate::value::check_scalar(&value).is_ok();
        fits.then_some(Self(value))
    }

    /// The value.
    pub fn value(&self) -> &Val {
        &self.0
    }
}

/// Exact: `1` is not `1.0`.
impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        crate::value::same(&self.0, &other.0)
    }
}

/// A key of a map: a UTF-8 string, shared with the values in which it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(bytes::Bytes);

impl Key {
    /// The key of an object; `None` for what is not a UTF-8 string.
    pub fn new(key: &Val) -> Option<Self> {
        match key {
            Val::TStr(bytes) if std::str::from_utf8(bytes).is_ok() => Some(Self((**bytes).clone())),
            _ => None,
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("checked when the key was made")
    }

    /// The key as a value, sharing its bytes.
    pub fn to_value(&self) -> Val {
        Val::utf8_str(self.0.clone())
    }
}

impl From<&str> for Key {
    fn from(key: &str) -> Self {
        Self(bytes::Bytes::copy_from_slice(key.as_bytes()))
    }
}
