use std::collections::BTreeMap;
use std::sync::Arc;

use super::digest::Digest;
use super::{Change, DocumentId, OpId};

/// A set of changes of one document, ready to travel.
///
/// A patch may come late, twice, in any order and in pieces: merging it is idempotent, and changes
/// that came before what they depend on wait. An empty patch says that there was nothing new.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    pub(super) document: DocumentId,
    /// The last changes that the receiver's clock names, as the sender knows them: so two replicas
    /// that write under one actor find out even when no change travels.
    pub(super) base: BTreeMap<OpId, Digest>,
    pub(super) changes: Vec<Arc<Change>>,
}

impl Patch {
    /// A patch of chosen changes.
    pub fn new(document: DocumentId, changes: impl IntoIterator<Item = Change>) -> Self {
        let changes = changes.into_iter().map(Arc::new).collect();
        Self { document, base: BTreeMap::new(), changes }
    }

    /// The document to which the changes belong.
    pub fn document(&self) -> &DocumentId {
        &self.document
    }

    /// The changes, in an order in which they can be applied if the patch was made by a replica.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = &Change> {
        self.changes.iter().map(|change| &**change)
    }

    /// The number of changes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there is nothing new in it.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
