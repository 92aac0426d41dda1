//! The errors of edits, merges, clocks and branches.

use std::sync::Arc;

use thiserror::Error;

use super::{Actor, Change, Corrupt, DocumentId, Kind, Malformed, OpId};
use crate::value::{NotJson, Val, excerpts, same, text};

/// The reason why a local edit was refused; the ref is as it was.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SwapError {
    /// The new value is not JSON.
    #[error("the new value is not JSON: {0}")]
    NotJson(#[from] NotJson),
    /// The validator of the ref refused the new value.
    #[error("not valid: {0}")]
    Invalid(String),
    /// A change of the ref's own actor waits for others: this replica lost changes that it made, and
    /// another edit would give their ids to something else. Merge what is missing, or branch.
    #[error("changes that {0} made wait for others that are missing here: merge those, or branch")]
    Behind(Actor),
    /// The document used up its counters, or holds as much as one can.
    #[error("the document is full: it holds up to 2^31 ops, with counters up to 2^53")]
    CountersExhausted,
}

/// The reason why an edit of a transaction was refused; the edits before it stand.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// No op with this id made a container here.
    #[error("{0} is no container")]
    NoContainer(OpId),
    /// The container is of another kind.
    #[error("{id} is a {}, not a {}", .found.name(), .wanted.name())]
    WrongKind {
        /// The container.
        id: OpId,
        /// What it is.
        found: Kind,
        /// What the edit needs.
        wanted: Kind,
    },
    /// There is nothing at this position, or not enough.
    #[error("position {position} is past the end: the length is {length}")]
    OutOfRange {
        /// The position, or the end of the range.
        position: usize,
        /// The number of items or characters.
        length: usize,
    },
    /// A container cannot stand in itself.
    #[error("{0} cannot move into itself")]
    IntoItself(OpId),
    /// The value that is written is not JSON.
    #[error("the value is not JSON: {0}")]
    NotJson(#[from] NotJson),
    /// The document used up its counters, or holds as much as one can.
    #[error("the document is full: it holds up to 2^31 ops, with counters up to 2^53")]
    Full,
}

/// The reason why there is no value at a clock.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The clock covers what the ref does not have.
    #[error("the clock covers {0}, which is not here")]
    Ahead(OpId),
    /// The clock ends in the middle of a change.
    #[error("the clock ends at {0}, in the middle of a change")]
    Torn(OpId),
    /// No replica ever had this clock: a change that it covers builds on one that it does not cover.
    #[error("the clock covers {change}, but not {missing}, on which that builds")]
    Open {
        /// The change that is covered.
        change: OpId,
        /// What it depends on.
        missing: OpId,
    },
}

/// The reason why a ref cannot be rewound, or a rewind not be taken back; the ref is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RewindError {
    /// The version is not of the past of this ref.
    #[error("the ref was never at this version: a version leads back the ref that gave it")]
    OtherPast,
    /// The ref is not what it was rewound to.
    #[error("something happened to the ref since it was rewound: it cannot be replayed")]
    Moved,
}

/// The reason why a replica cannot be made.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BranchError {
    /// Two replicas must not write under one actor.
    #[error("the actor {0} has already written into this document")]
    ActorInUse(Actor),
    /// A patch is refused.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A patch does not hold everything.
    #[error("the patch does not hold everything: it lacks {}", lacking(.0))]
    Lacks(Vec<OpId>),
    /// A patch has no changes.
    #[error("the patch holds no changes")]
    Nothing,
}

/// Writes `6@ann, 9@ben and 2 more`: of changes that are missing, where each actor's begin.
fn lacking(missing: &[OpId]) -> String {
    /// More are counted.
    const LISTED: usize = 4;
    let listed: Vec<String> = missing.iter().take(LISTED).map(ToString::to_string).collect();
    let more = missing.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", listed.join(", "))
}

/// The reason why a merge was refused; the ref is as it was.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The changes belong to another document.
    #[error("the changes are of another document")]
    OtherDocument {
        /// The document of the ref.
        ours: DocumentId,
        /// That of the other side.
        theirs: DocumentId,
    },
    /// Two replicas wrote under one actor: two different changes where only one can be.
    #[error("two replicas write as {}: {}", .theirs.actor, side_by_side(.ours, .theirs))]
    Equivocation {
        /// The change that the ref knows.
        ours: Arc<Change>,
        /// The other one.
        theirs: Arc<Change>,
    },
    /// The patch builds on another change of that name than the ref has: two replicas wrote under one
    /// actor.
    #[error("two replicas write as {}: this patch builds on another {change} than the one here", .change.actor)]
    OtherBase {
        /// The last op of the change.
        change: OpId,
    },
    /// The patch is damaged.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// Something is missing on which the changes of the patch build, and they are too many to wait for it.
    #[error(
        "{}: it is too large for that, as it takes up to {} MiB of memory, and the limit is {} MiB",
        must_wait(.missing), .memory.div_ceil(1 << 20), .limit >> 20
    )]
    TooLarge {
        /// The memory that the changes take, in bytes, at most.
        memory: u64,
        /// The limit, in bytes.
        limit: u64,
        /// What is missing: the last ops of changes, in order.
        missing: Vec<OpId>,
    },
    /// A change is malformed.
    #[error("the change {change} is malformed: {reason}")]
    Malformed {
        /// The id of the change.
        change: OpId,
        /// What is wrong.
        reason: Malformed,
    },
}

/// Says why a patch must wait.
fn must_wait(missing: &[OpId]) -> String {
    const SHOWN: usize = 3;
    let ids = missing.iter().take(SHOWN).map(OpId::to_string).collect::<Vec<_>>().join(", ");
    match missing.len() {
        0 => "the patch has to be taken apart, since it does not follow what is here".to_owned(),
        1 => format!("{ids} is missing, for which the patch would wait"),
        2..=SHOWN => format!("{ids} are missing, for which the patch would wait"),
        all => format!("{ids} and {} more are missing, for which the patch would wait", all - SHOWN),
    }
}

/// Names two changes and shows what they do, where it differs.
fn side_by_side(ours: &Change, theirs: &Change) -> String {
    const SHOWN: usize = 60;
    let [left, right] = [ours, theirs].map(Change::to_json);
    let differ = !same(&left["ops"], &right["ops"]);
    let shown = |change: &Val| text(if differ { &change["ops"] } else { change });
    let texts = excerpts(&[shown(&left), shown(&right)], SHOWN);
    format!("{} {} and {} {}", ours.id(), texts[0], theirs.id(), texts[1])
}
