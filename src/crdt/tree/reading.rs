//! Readings of slots: what they come to before they are read.

use smallvec::SmallVec;

use super::{History, Node, Tree};
use crate::crdt::Kind;
use crate::crdt::lv::Lv;
use crate::value::Val;

/// A reading of a slot: its highest put decides, and visible maps join into one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::crdt) enum Reading {
    Nothing,
    Scalar(Lv),
    /// Ordered by the ids of their puts: local writes go to the last.
    Map(SmallVec<[Node; 1]>),
    List(Node),
    Text(Node),
    Counter(Node),
}

/// The kept reading of a container.
#[derive(Debug, Clone)]
pub(super) enum Cached {
    Value(Val),
    /// It is a part of joined maps, which were read together; or a counter.
    Part,
}

/// The next thing in a container.
pub(super) enum Next {
    Reading(Reading),
    Done,
}

impl Tree {
    /// Returns what shown puts come to.
    pub(in crate::crdt) fn reading(&self, history: &History, puts: &[Lv]) -> Reading {
        let Some(&top) = puts.last() else { return Reading::Nothing };
        let Some(node) = self.container(history, top) else { return Reading::Scalar(top) };
        match self.kind(node) {
            Kind::Map if puts.len() == 1 => Reading::Map(SmallVec::from_elem(node, 1)),
            Kind::Map => {
                let containers = puts.iter().filter_map(|put| self.container(history, *put));
                Reading::Map(containers.filter(|node| self.kind(*node) == Kind::Map).collect())
            }
            Kind::List => Reading::List(node),
            Kind::Text => Reading::Text(node),
            Kind::Counter => Reading::Counter(node),
        }
    }

    /// Returns what a container reads as by itself.
    pub(in crate::crdt) fn reading_of(&self, node: Node) -> Reading {
        match self.kind(node) {
            Kind::Map => Reading::Map(SmallVec::from_elem(node, 1)),
            Kind::List => Reading::List(node),
            Kind::Text => Reading::Text(node),
            Kind::Counter => Reading::Counter(node),
        }
    }
}

impl Cached {
    pub(super) fn value(&self) -> Option<&Val> {
        match self {
            Self::Value(value) => Some(value),
            Self::Part => None,
        }
    }
}

/// Returns what a put of a scalar holds.
pub(in crate::crdt) fn scalar(history: &History, put: Lv) -> Val {
    history.log.scalar(put).map_or(Val::NULL, |scalar| scalar.value())
}
