//! The log of what watchers saw.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crdt::{ConvergentRef, WatchId};
use crate::value::PathChange;

/// The changes that the watchers of a session saw since its last reply.
#[derive(Debug, Clone, Default)]
pub(in crate::session) struct WatchLog(Arc<Mutex<Vec<WatchedChange>>>);

/// A change that a watcher saw.
#[derive(Debug, Clone)]
pub(in crate::session) struct WatchedChange {
    pub(in crate::session) name: String,
    pub(in crate::session) changes: Vec<PathChange>,
}

impl WatchLog {
    /// Watches a ref: every change of it is told under a name.
    pub(in crate::session) fn watch(&self, reference: &mut ConvergentRef, name: &str) -> WatchId {
        let (log, name) = (self.clone(), name.to_owned());
        reference.watch(move |_, _, changes| log.add(&name, changes.to_vec()))
    }

    /// Adds what changed.
    pub(in crate::session) fn add(&self, name: &str, changes: Vec<PathChange>) {
        self.entries().push(WatchedChange { name: name.to_owned(), changes });
    }

    /// Takes what there is.
    pub(in crate::session) fn take(&self) -> Vec<WatchedChange> {
        std::mem::take(&mut *self.entries())
    }

    /// Returns the entries, which are whole whenever nobody else holds them.
    fn entries(&self) -> MutexGuard<'_, Vec<WatchedChange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
