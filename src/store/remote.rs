//! A place where replicas of a document meet, and what a check-in there is.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::crdt::{Actor, Clock, ConvergentRef, DecodeError, DocumentId, MergeError, MergeReport};

/// A place where replicas of documents meet.
pub trait Remote {
    /// Returns the documents that are here, in the order of their ids.
    ///
    /// # Errors
    /// When the place cannot be reached.
    fn documents(&mut self) -> Result<Vec<DocumentId>, StoreError>;

    /// Brings a replica and the place together: each takes what the other has and it has not. Doing it again does
    /// nothing. `seen` is what is known of the place since the last time; the default knows nothing.
    ///
    /// # Errors
    /// When the place cannot be reached, holds what cannot be read, or shows that two replicas write under one actor.
    /// The replica may have taken something then, and the place too: the next check-in goes on from there.
    fn check_in(
        &mut self,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
    ) -> Result<CheckIn, StoreError>;

    /// Verifies that the place can be reached: one request, which brings nothing there.
    ///
    /// # Errors
    /// When it cannot.
    fn probe(&mut self) -> Result<(), StoreError>;

    /// Tells whether the place is gone when this process ends.
    fn is_in_memory(&self) -> bool {
        false
    }

    /// Clears away what nobody needs any more of a document, if it is older than `seconds`. No check-in may take longer
    /// than that, with the time that the place takes to list what was written: an hour is a good choice.
    ///
    /// # Errors
    /// As for [`check_in`](Self::check_in), and when the place looks after itself.
    fn clean(&mut self, document: &DocumentId, seconds: u64) -> Result<Cleaned, StoreError>;
}

/// The ways that changes go in a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the place and from it.
    Both,
    /// To the place. What the replica lacks of its own actor comes all the same.
    Push,
    /// From the place.
    Pull,
}

/// The memory of a place: how far it went for each actor the last time. It saves asking, and is never relied on: what the
/// place says counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen(pub(crate) BTreeMap<Actor, Tail>);

impl Seen {
    /// Tells whether all that a clock covers was there the last time.
    pub fn covers(&self, clock: &Clock) -> bool {
        clock.iter().all(|(actor, counter)| counter <= self.0.get(actor).map_or(0, |tail| tail.reach))
    }
}

/// Returns the changes of one actor in a patch.
#[cfg(feature = "store")]
pub(crate) fn of_actor(patch: &crate::crdt::Patch, actor: &Actor) -> crate::crdt::Patch {
    crate::crdt::Patch::new(patch.document().clone(), patch.changes().filter(|change| change.actor == *actor))
}

/// The last run of an actor in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The counter after which it begins.
    pub(crate) after: u64,
    /// The counter of its last op.
    pub(crate) reach: u64,
    /// The object, as the store tells it from one that stood there before or will after. Zero: it is not known.
    pub(crate) tag: u64,
}

/// The outcome of a check-in.
#[derive(Debug, Clone, Default)]
pub struct CheckIn {
    /// What went to the place.
    pub sent: Traffic,
    /// What came from it that the replica had not.
    pub received: Traffic,
    /// The report of the merge, if anything came.
    pub report: Option<MergeReport>,
    /// The number of requests that it took, without those that clear away after many.
    pub requests: usize,
}

/// Changes that went one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The number of changes.
    pub changes: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Traffic {
    #[cfg(feature = "store")]
    pub(crate) fn add(&mut self, changes: usize, bytes: usize) {
        self.changes += changes;
        self.bytes += bytes as u64;
    }
}

/// The outcome of cleaning up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Whether a checkpoint was written.
    pub checkpoint: bool,
    /// Objects that went.
    pub removed: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that stay.
    pub kept: usize,
}

/// The reason why a check-in fails.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There are no places.
    #[error("stores are out of reach here")]
    OutOfReach,
    /// A script meets nobody over the network.
    #[error("`{0}` is out of reach of a script")]
    NotInScript(String),
    /// A script works in a session that outlives it, which would remember a place that is gone by then.
    #[error("`{0}` is out of reach of a session file here")]
    NotInFile(String),
    /// The place has no such document, or none at all.
    #[error("`{place}` has no {}", document.as_ref().map_or("document".to_owned(), |id| format!("document `{id}`")))]
    NoDocument {
        /// The place.
        place: String,
        /// The document that was asked for, if one was.
        document: Option<DocumentId>,
    },
    /// The place has several documents, and none was asked for.
    #[error("`{place}` has {} documents", documents.len())]
    SeveralDocuments {
        /// The place.
        place: String,
        /// The documents.
        documents: Vec<DocumentId>,
    },
    /// The name of a place means nothing.
    #[error("`{0}` is no place for documents")]
    BadPlace(String),
    /// The place is of a kind that this program was built without.
    #[error("{0}:// needs a rejoin that was built with the feature `cloud`")]
    NotBuilt(String),
    /// The place cannot be reached, or answers that something went wrong there.
    #[error("cannot reach `{place}`: {reason}")]
    Unreachable {
        /// The place.
        place: String,
        /// What is known of the reason.
        reason: String,
    },
    /// The place admits only those who have a token.
    #[error("`{place}` wants a token")]
    Unauthorized {
        /// The place.
        place: String,
    },
    /// The place refuses the request.
    #[error("`{place}` refuses: {reason}")]
    Refused {
        /// The place.
        place: String,
        /// What it says.
        reason: String,
    },
    /// Something at the place cannot be read.
    #[error("`{object}` cannot be read: {error}")]
    Damaged {
        /// What it is.
        object: String,
        /// What is wrong.
        error: DecodeError,
    },
    /// Something at the place is not what its name says.
    #[error("`{object}` is not what its name says: {problem}")]
    Misnamed {
        /// What it is.
        object: String,
        /// What is wrong.
        problem: String,
    },
    /// What is at the place does not fit to the replica.
    #[error("what is at `{place}` does not fit: {error}")]
    Merge {
        /// The place.
        place: String,
        /// What is wrong.
        error: MergeError,
    },
    /// Something at the place keeps changing under the eyes.
    #[error("`{0}` changed again and again while it was read")]
    Restless(String),
    /// What changes at the place depend on is not there.
    #[error("`{place}` lacks {missing}, on which others build: nothing is cleared away")]
    Lacks {
        /// The place.
        place: String,
        /// The last ops of the changes that are missing.
        missing: String,
    },
    /// The place looks after itself.
    #[error("`{0}` is no store: the server clears away by itself")]
    NoStore(String),
}
