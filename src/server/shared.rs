//! The parts that all requests share: the store, replicas that are kept, and budgets.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use super::budget::Budget;
use super::cache::Cache;
use super::options::Options;
use crate::store::Store;

/// The maximum number of batches that wait for the store or work at once.
const BATCHES: usize = 64;

/// The maximum number of whole documents that are read from the store at once, to be kept or to clear away.
const LOADS: usize = 4;

/// The parts of a server that all of its requests share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) options: Options,
    pub(super) cache: Cache,
    /// Those who read and merge patches, and write answers: what each takes in memory is bounded, so all of them are.
    pub(super) workers: Semaphore,
    pub(super) batches: Arc<Semaphore>,
    /// Those who read a whole document from the store.
    pub(super) loads: Arc<Semaphore>,
    /// The number of documents that were made here: a list of all is no older than the last one.
    pub(super) made: AtomicU64,
    /// Bodies that wait.
    pub(super) bodies: Budget,
    /// Answers that wait for their clients.
    pub(super) answers: Budget,
}

impl Shared {
    pub(super) fn new(store: Store, options: Options) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            store,
            cache: Cache::new(options.max_documents),
            workers: Semaphore::new(cores),
            batches: Arc::new(Semaphore::new(BATCHES)),
            loads: Arc::new(Semaphore::new(LOADS)),
            made: AtomicU64::new(0),
            bodies: Budget::new(options.max_pending.max(options.max_body)),
            answers: Budget::new(options.max_pending),
            options,
        }
    }
}
