use std::sync::Arc;

use thiserror::Error;

use super::{Actor, Change, DocumentId, Malformed, OpId};
use crate::value::NotJson;

/// Why a local edit was refused; the ref is as it was.
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
    /// The document used up its counters.
    #[error("the document has no counters left: they end at 2^53")]
    CountersExhausted,
}

/// Why a replica cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BranchError {
    /// Two replicas must not write under one actor.
    #[error("the actor {0} has already written into this document")]
    ActorInUse(Actor),
}

/// Why a merge was refused; the ref is as it was.
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
    #[error("two replicas write as {}: {} and {}", .theirs.actor, summary(.ours), summary(.theirs))]
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
    /// A change is malformed.
    #[error("the change {change} is malformed: {reason}")]
    Malformed {
        /// The id of the change.
        change: OpId,
        /// What is wrong.
        reason: Malformed,
    },
}

/// Names a change and shows the beginning of what it does.
fn summary(change: &Change) -> String {
    const SHOWN: usize = 60;
    let ops = change.to_json();
    let ops = match &ops {
        crate::value::Val::Obj(entries) => entries.get(&crate::value::string("ops")).map(crate::value::text),
        _ => None,
    };
    let ops = ops.unwrap_or_default();
    match ops.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} {}…", change.id(), &ops[..end]),
        None => format!("{} {ops}", change.id()),
    }
}
