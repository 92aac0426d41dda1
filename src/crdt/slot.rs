//! A slot: a place that holds a value, and the writes that are visible in it.

use smallvec::SmallVec;

use super::OpId;
use super::tree::Container;
use crate::value::Val;

/// A multi-value register: the visible writes of one place.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// The first write ever: the lowest id, overwritten or not. Keys show in this order.
    pub(crate) first: OpId,
    /// Invariant: ordered by id; the last one decides.
    pub(crate) puts: SmallVec<[Put; 1]>,
    /// Invariant: what the slot reads as by its own puts; null when none is visible.
    pub(crate) value: Val,
}

/// A visible write.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) id: OpId,
    pub(crate) held: Held,
}

/// What a write holds.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    Scalar(Val),
    Map(Container),
    List(Container),
}

impl Held {
    pub(crate) fn container(&self) -> Option<Container> {
        match self {
            Self::Scalar(_) => None,
            Self::Map(container) | Self::List(container) => Some(*container),
        }
    }
}

/// What a slot reads as: its highest put decides, and visible maps join into one.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    Nothing,
    Scalar(Val),
    /// Ordered by the ids of their puts: local writes go to the last.
    Map(SmallVec<[Container; 1]>),
    List(Container),
}

impl Reading {
    /// Reads the visible puts of a slot, ordered by id.
    pub(crate) fn of<'a>(puts: impl DoubleEndedIterator<Item = &'a Put> + Clone) -> Self {
        match puts.clone().next_back().map(|put| &put.held) {
            None => Self::Nothing,
            Some(Held::Scalar(value)) => Self::Scalar(value.clone()),
            Some(Held::List(list)) => Self::List(*list),
            Some(Held::Map(_)) => Self::Map(
                puts.filter_map(|put| match put.held {
                    Held::Map(map) => Some(map),
                    _ => None,
                })
                .collect(),
            ),
        }
    }
}

impl Slot {
    pub(crate) fn new(first: OpId) -> Self {
        Self { first, puts: SmallVec::new(), value: Val::Null }
    }

    pub(crate) fn is_visible(&self) -> bool {
        !self.puts.is_empty()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &OpId> {
        self.puts.iter().map(|put| &put.id)
    }

    pub(crate) fn reading(&self) -> Reading {
        Reading::of(self.puts.iter())
    }

    /// Adds a put in the order of ids.
    pub(crate) fn show(&mut self, put: Put) {
        let place = self.puts.partition_point(|other| other.id < put.id);
        self.puts.insert(place, put);
    }

    /// Takes a put out; the slot's value becomes null when none is left.
    pub(crate) fn hide(&mut self, id: &OpId) {
        if let Ok(place) = self.puts.binary_search_by(|put| put.id.cmp(id)) {
            self.puts.remove(place);
        }
        if self.puts.is_empty() {
            self.value = Val::Null;
        }
    }
}
