//! A store for programs that wait for it.

use tokio::runtime::{Builder, Runtime};

use super::{CheckIn, Cleaned, Remote, Seen, Store, StoreError, Way};
use crate::crdt::{ConvergentRef, DocumentId};

/// A store whose requests are waited for. A program that is asynchronous uses the [`Store`] itself.
#[derive(Debug)]
pub struct Blocking {
    store: Store,
    runtime: Runtime,
}

impl Blocking {
    /// Makes it of a store.
    ///
    /// # Errors
    /// When the system gives no means to wait.
    pub fn new(store: Store) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| store.unreachable(&error))?;
        Ok(Self { store, runtime })
    }
}

impl Remote for Blocking {
    fn documents(&mut self) -> Result<Vec<DocumentId>, StoreError> {
        self.runtime.block_on(self.store.documents())
    }

    fn check_in(
        &mut self,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
    ) -> Result<CheckIn, StoreError> {
        self.runtime.block_on(self.store.check_in(replica, seen, way))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.probe())
    }

    fn is_in_memory(&self) -> bool {
        self.store.is_in_memory()
    }

    fn clean(&mut self, document: &DocumentId, seconds: u64) -> Result<Cleaned, StoreError> {
        self.runtime.block_on(self.store.clean(document, seconds))
    }
}
