//! Changes and their ops, as a program looks at them.

use std::fmt;
use std::str::FromStr;

use super::{Actor, Clock, IdError, OpId};
use crate::value::{Key, Num, Val, View};

/// One transaction: everything one [`swap`](super::ConvergentRef::swap) did.
///
/// Its ops take consecutive counters from `first` on: one each, but for [`Op::Type`], which takes one
/// for each character.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Who made it.
    pub actor: Actor,
    /// The counter of its first op: one more than the highest counter that the actor had seen.
    pub first: u64,
    /// The last counter of the actor's previous change, 0 when this is its first.
    pub previous: u64,
    /// The heads that the actor had seen: the last counters of the changes of other actors that neither its own
    /// previous change nor another of the heads had seen. What those had seen, it had seen too. With `previous`, all
    /// that must be applied before this change.
    pub deps: Clock,
    /// What it did, in order. Never empty.
    pub ops: Vec<Op>,
}

impl Change {
    /// Returns the id of the change: that of its first op.
    pub fn id(&self) -> OpId {
        OpId::new(self.first, self.actor.clone())
    }

    /// Returns the ops with their ids; for [`Op::Type`] the id of the first character.
    pub fn ops_with_ids(&self) -> impl Iterator<Item = (OpId, &Op)> {
        let mut counter = self.first;
        self.ops.iter().map(move |op| {
            let id = OpId::new(counter, self.actor.clone());
            counter = counter.saturating_add(op.count());
            (id, op)
        })
    }

    /// Returns the number of counters that its ops take.
    pub fn count(&self) -> u64 {
        self.ops.iter().map(Op::count).fold(0, u64::saturating_add)
    }

    /// Returns the counter of the last op.
    pub fn last(&self) -> u64 {
        self.first.saturating_add(self.count().saturating_sub(1))
    }

    /// Returns what a clock lacks of what the change depends on: the last ops of changes. Its own actor's first.
    pub fn lacks(&self, clock: &Clock) -> impl Iterator<Item = OpId> {
        let previous = (self.previous > 0).then_some((&self.actor, self.previous));
        let lacking = previous.into_iter().chain(self.deps.iter());
        let lacking = lacking.filter(|(actor, counter)| clock.get(actor) < *counter);
        lacking.map(|(actor, counter)| OpId::new(counter, actor.clone()))
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
        /// The writes that this one overwrites: those that its actor saw there, and of the containers
        /// among them every other placement.
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
    /// Makes new characters of a text, each with an id of its own.
    Type {
        /// The text.
        text: OpId,
        /// The character that the first of these hangs on, `None` for the root of the tree. Each of the
        /// others hangs on the right of the one before.
        parent: Option<OpId>,
        /// Before or after the parent.
        side: Side,
        /// The characters (Unicode scalar values). Never empty.
        chars: String,
    },
    /// Overwrites writes, items or characters, and puts nothing in their place. Never empty.
    Delete {
        /// What goes. Strictly increasing; spans neither overlap nor touch.
        over: Vec<OpSpan>,
    },
    /// Adds to a counter.
    Add {
        /// The counter.
        counter: OpId,
        /// How much.
        by: i64,
    },
}

impl Op {
    /// Returns what the op writes into a slot; `None` for ops that do not.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::Put { content, .. } | Self::Insert { content, .. } => Some(content),
            Self::Type { .. } | Self::Delete { .. } | Self::Add { .. } => None,
        }
    }

    /// Returns the bytes that it keeps besides itself.
    pub(super) fn heap(&self) -> usize {
        let over = match self {
            Self::Put { over, .. } => over.len() * size_of::<OpId>(),
            Self::Delete { over } => over.len() * size_of::<OpSpan>(),
            Self::Type { chars, .. } => chars.len(),
            Self::Insert { .. } | Self::Add { .. } => 0,
        };
        let key = match self {
            Self::Put { slot: SlotId::Key { key, .. }, .. } => key.as_str().len(),
            _ => 0,
        };
        let scalar = match self.content() {
            Some(Content::Scalar(Scalar(value))) => match value.view() {
                View::Str(text) => text.len(),
                View::Num(number @ Num::Big(_)) => number.to_string().len(),
                _ => 0,
            },
            _ => 0,
        };
        over + key + scalar
    }

    /// Returns the number of ids that the op takes: the characters of a [`Type`](Self::Type), else 1.
    pub fn count(&self) -> u64 {
        match self {
            Self::Type { chars, .. } => chars.chars().count() as u64,
            _ => 1,
        }
    }
}

/// Consecutive ids of one actor: `5@a`, or `5..9@a` for those from 5 to 9.
///
/// Ordered by the first id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpSpan {
    /// The first id.
    pub first: OpId,
    /// How many. At least 1.
    pub count: u64,
}

impl OpSpan {
    /// Makes the span of one id.
    pub fn one(id: OpId) -> Self {
        Self { first: id, count: 1 }
    }

    /// Returns the counter of the last id.
    pub fn last(&self) -> u64 {
        self.first.counter.saturating_add(self.count.saturating_sub(1))
    }

    /// Returns the ids.
    pub fn ids(&self) -> impl Iterator<Item = OpId> + '_ {
        (self.first.counter..=self.last()).map(|counter| OpId::new(counter, self.first.actor.clone()))
    }
}

impl fmt::Display for OpSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => self.first.fmt(f),
            _ => write!(f, "{}..{}@{}", self.first.counter, self.last(), self.first.actor),
        }
    }
}

impl FromStr for OpSpan {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((first, last)) = text.split_once("..") else { return text.parse().map(Self::one) };
        let last: OpId = last.parse()?;
        let first: OpId = format!("{first}@{}", last.actor).parse()?;
        match last.counter.checked_sub(first.counter) {
            Some(more @ 1..) => Ok(Self { first, count: more + 1 }),
            _ => Err(IdError::Span(format!("{}..{last}", first.counter))),
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

/// The content that a write puts into a slot.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Null, a boolean, a number or a string.
    Scalar(Scalar),
    /// A new, empty container, known by the id of the op.
    Make(Kind),
    /// A container that is there already, and now stands here.
    Move(OpId),
}

/// The kinds of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Map,
    /// An array.
    List,
    /// A string whose characters are edited one by one.
    Text,
    /// A whole number that changes by what is added. It begins at 0.
    Counter,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Map, Self::List, Self::Text, Self::Counter];

    /// Returns the kind in a word: `map`, `list`, `text`, `counter`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::List => "list",
            Self::Text => "text",
            Self::Counter => "counter",
        }
    }
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
    /// Makes the scalar of a value; `None` for containers and for what is not JSON.
    pub fn new(value: Val) -> Option<Self> {
        let fits = !value.is_container() && crate::value::check_scalar(&value).is_ok();
        fits.then(|| Self(value.with_identity(None)))
    }

    /// Makes the scalar null.
    pub(crate) fn null() -> Self {
        Self(Val::NULL)
    }

    /// Returns the value.
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
