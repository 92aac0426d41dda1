//! Replicas that are kept for the next batch.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

use crate::crdt::{Actor, ConvergentRef, DocumentId};
use crate::store::Seen;

/// A replica that the server reads with, and what it knows of the store.
pub(super) struct Kept {
    pub(super) replica: ConvergentRef,
    pub(super) seen: Seen,
    /// The requests to the store that made objects since it was cleared the last time.
    pub(super) writes: usize,
}

impl Kept {
    /// Makes one that has nothing yet.
    pub(super) fn new(document: &DocumentId) -> Self {
        // It writes nothing, so the name is nobody's.
        let actor = Actor::new("server").expect("it is an actor");
        let replica = ConvergentRef::new(document.clone(), actor);
        Self { replica, seen: Seen::default(), writes: 0 }
    }
}

/// Replicas, the least recently used of which go when there are too many. One that is in use is not here.
pub(super) struct Cache {
    kept: Mutex<HashMap<DocumentId, (Instant, Kept)>>,
    most: usize,
}

impl Cache {
    pub(super) fn new(most: usize) -> Self {
        Self { kept: Mutex::default(), most }
    }

    /// Takes a replica out.
    pub(super) fn take(&self, document: &DocumentId) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(document).map(|(_, kept)| kept)
    }

    /// Puts a replica back.
    pub(super) fn put(&self, kept: Kept) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(kept.replica.document().clone(), (Instant::now(), kept));
        let mut gone = Vec::new();
        while all.len() > self.most {
            let oldest = all.iter().min_by_key(|(_, (used, _))| *used).map(|(document, _)| document.clone());
            gone.extend(oldest.and_then(|oldest| all.remove(&oldest)));
        }
        // A large one takes its time to go.
        drop(all);
        drop(gone);
    }

    /// Drops those that nobody asked for in a while.
    pub(super) fn drop_idle(&self, idle: Duration) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<_> = all.extract_if(|_, (used, _)| used.elapsed() >= idle).collect();
        drop(all);
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_the_least_recently_used_goes() {
        let cache = Cache::new(2);
        let id = |name: &str| DocumentId::new(name).unwrap();
        for name in ["a", "b"] {
            cache.put(Kept::new(&id(name)));
        }
        let a = cache.take(&id("a")).unwrap();
        cache.put(a);
        cache.put(Kept::new(&id("c")));
        assert!(cache.take(&id("b")).is_none());
        assert!(cache.take(&id("a")).is_some());
        cache.drop_idle(Duration::ZERO);
        assert!(cache.take(&id("c")).is_none());
    }
}
