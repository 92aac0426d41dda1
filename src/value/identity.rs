//! The identity that containers of a document carry through filters.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The identity of a map, list, text or counter of a document: the document, and the id of the op that
/// made it.
///
/// A value carries it where nobody sees it: it is not in `==`, order, hashes or text. Two identities are one
/// exactly when document, actor and counter are.
#[derive(Clone)]
pub(crate) struct Identity {
    origin: Arc<Origin>,
    counter: u64,
}

/// A document, and one of its actors. All that an actor made shares one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) document: Arc<str>,
    pub(crate) actor: Arc<str>,
}

impl Identity {
    pub(crate) fn new(origin: Arc<Origin>, counter: u64) -> Self {
        Self { origin, counter }
    }

    pub(crate) fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    pub(crate) fn counter(&self) -> u64 {
        self.counter
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.counter == other.counter
            && (Arc::ptr_eq(&self.origin, &other.origin) || self.origin == other.origin)
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Counters are unique but for concurrent ops, and comparing is exact.
        self.counter.hash(state);
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} of {}", self.counter, self.origin.actor, self.origin.document)
    }
}
