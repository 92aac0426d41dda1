//! The contestants behind one interface.
//!
//! Each is used the way its documentation offers for speed. A document is one container, a text, a
//! list or a map, that the first replica makes.

mod automerge;
mod diamond;
mod loro;
#[cfg(feature = "rejoin")]
mod rejoin;
mod yrs;

use serde_json::Value;

use crate::edit::{Edit, Shape};
use crate::measure::Lane;

/// A replica of a document of one container.
pub(crate) trait Replica: Sized + 'static {
    /// What was known at some time.
    type Version;
    /// A time of the history.
    type Moment;
    /// The value in the contestant's own type.
    type Json;
    /// The ways to write the whole document, by the names of their lanes.
    const FORMATS: &'static [&'static str];
    /// The way that has the state beside the history, and the name of its lane.
    const SNAPSHOT: Option<(usize, &'static str)> = None;

    /// The first replica of a document, with an empty container.
    fn new(shape: Shape) -> Self;

    /// Another replica in the same state, for the actor of that number; the first has 0.
    fn copy(&self, actor: u64) -> Self;

    /// The same replica, for another actor from now on.
    fn become_actor(self, actor: u64) -> Self {
        self.copy(actor)
    }

    /// Makes one change.
    fn apply(&mut self, change: &[Edit]);

    /// Makes one change, and the bytes as which it travels.
    fn publish(&mut self, change: &[Edit]) -> Vec<u8> {
        let before = self.version();
        self.apply(change);
        self.delta(&before)
    }

    /// What this replica knows now.
    fn version(&mut self) -> Self::Version;

    /// What this replica has learnt since it knew that.
    fn delta(&mut self, since: &Self::Version) -> Vec<u8>;

    /// Takes in what another replica sent.
    fn merge(&mut self, delta: &[u8]);

    /// Takes in many changes, each published by itself, at once.
    fn merge_all(&mut self, deltas: &[Vec<u8>]) {
        deltas.iter().for_each(|delta| self.merge(delta));
    }

    /// What leads back to the present, later.
    fn moment(&mut self) -> Self::Moment;

    /// The text as it was at a moment; the replica is at its end afterwards.
    fn text_at(&mut self, moment: &Self::Moment) -> String;

    /// Whether it has a form for updates that follow each other.
    const HAS_STREAMS: bool = false;

    /// Updates in one stream, each still by itself.
    fn stream(_updates: &[Vec<u8>]) -> Vec<u8> {
        Vec::new()
    }

    /// Takes in all of a stream.
    fn merge_stream(&mut self, _stream: &[u8]) {}

    /// The whole document as bytes.
    fn encode(&mut self, format: usize) -> Vec<u8>;

    /// The document that was written.
    fn decode(shape: Shape, format: usize, bytes: &[u8]) -> Self;

    /// The value of the container, as the contestant's documentation reads it.
    fn json(&mut self) -> Self::Json;

    /// The value in a form that can be compared.
    fn value(&mut self) -> Value;
}

/// Work for every contestant.
pub(crate) trait Work {
    /// The container that it works on.
    fn shape(&self) -> Shape;

    /// Whether that contestant has the means for it.
    fn suits(&self, _who: Who) -> bool {
        true
    }

    /// Whether yrs also takes part as it is by default, when it forgets what was deleted.
    fn with_gc(&self) -> bool {
        false
    }

    /// Whether it takes that contestant minutes.
    fn is_long(&self, _who: Who) -> bool {
        false
    }

    /// The names of the lanes of one contestant.
    fn names<R: Replica>(&self, who: Who) -> Vec<&'static str> {
        vec![who.name()]
    }

    /// The work of one contestant, ready to be run again and again.
    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>>;
}

/// An expression in which the name stands for the contestant's type.
macro_rules! with_replica {
    ($who:expr, $name:ident => $body:expr) => {
        match $who {
            #[cfg(feature = "rejoin")]
            Who::Rejoin => {
                type $name = rejoin::Rejoin;
                $body
            }
            Who::Automerge => {
                type $name = automerge::Automerge;
                $body
            }
            Who::Loro => {
                type $name = loro::Loro;
                $body
            }
            Who::Yrs => {
                type $name = yrs::Yrs<false>;
                $body
            }
            Who::Diamond => {
                type $name = diamond::Diamond;
                $body
            }
            Who::YrsGc => {
                type $name = yrs::Yrs<true>;
                $body
            }
        }
    };
}

/// A contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    #[cfg(feature = "rejoin")]
    Rejoin,
    Automerge,
    Loro,
    Yrs,
    Diamond,
    YrsGc,
}

impl Who {
    /// All, in the order of the columns.
    pub(crate) const ALL: &'static [Self] = &[
        #[cfg(feature = "rejoin")]
        Self::Rejoin,
        Self::Automerge,
        Self::Loro,
        Self::Yrs,
        Self::Diamond,
        Self::YrsGc,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "rejoin")]
            Self::Rejoin => "rejoin",
            Self::Automerge => "automerge",
            Self::Loro => "loro",
            Self::Yrs => "yrs",
            Self::Diamond => "diamond-types",
            Self::YrsGc => "yrs-gc",
        }
    }

    /// The contestant of a name.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.iter().map(|who| who.name()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().find(|who| who.name() == name);
        found.copied().ok_or_else(|| format!("the contestants are {}", names()))
    }

    /// Whether it can do the work at all.
    pub(crate) fn takes(self, work: &impl Work) -> bool {
        work.suits(self)
            && match self {
                Self::Diamond => work.shape() == Shape::Text,
                Self::YrsGc => work.with_gc(),
                _ => true,
            }
    }

    /// The lanes of this contestant.
    pub(crate) fn lanes<'a>(self, work: &'a impl Work) -> Vec<Lane<'a>> {
        with_replica!(self, R => work.lanes::<R>(self))
    }

    /// The names of its lanes.
    pub(crate) fn names(self, work: &impl Work) -> Vec<&'static str> {
        with_replica!(self, R => work.names::<R>(self))
    }
}
