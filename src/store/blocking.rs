//! A store for programs that wait for it.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{CheckIn, Cleaned, Remote, Seen, Store, StoreError, Way};
use crate::cancellation::ask_while_waiting;
use crate::crdt::{ConvergentRef, DocumentId};

/// The time in which an interruption is seen.
const TICK: Duration = Duration::from_millis(50);

/// A store whose requests are waited for. A program that is asynchronous uses the [`Store`] itself.
#[derive(Debug)]
pub struct Blocking {
    store: Store,
    /// None when it is dropped.
    runtime: Option<Runtime>,
}

impl Blocking {
    /// Makes it of a store.
    ///
    /// # Errors
    /// When the system gives no means to wait.
    pub fn new(store: Store) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| store.unreachable(&error))?;
        Ok(Self { store, runtime: Some(runtime) })
    }
}

impl Blocking {
    /// Waits for a request; who waits may be interrupted.
    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        let runtime = self.runtime.as_ref().expect("it is there until this is dropped");
        runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match timeout(TICK, &mut work).await {
                    Ok(done) => return done,
                    Err(_) => ask_while_waiting(),
                }
            }
        })
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        // What a system does not answer is not waited for.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Remote for Blocking {
    fn documents(&mut self) -> Result<Vec<DocumentId>, StoreError> {
        self.wait(self.store.documents())
    }

    fn check_in(
        &mut self,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
    ) -> Result<CheckIn, StoreError> {
        self.wait(self.store.check_in(replica, seen, way))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.wait(self.store.probe())
    }

    fn is_in_memory(&self) -> bool {
        self.store.is_in_memory()
    }

    fn clean(&mut self, document: &DocumentId, seconds: u64) -> Result<Cleaned, StoreError> {
        self.wait(self.store.clean(document, seconds))
    }
}
