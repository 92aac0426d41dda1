//! The meter of memory: what the process has, and what one run may take in a single step.

use std::cell::Cell;
use std::panic::resume_unwind;

use crate::filter::run::limits::Cause;

thread_local! {
    /// The limit of the run that goes on in this thread, in bytes; [`u64::MAX`] is none.
    static LIMIT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Returns the memory of the process, in bytes; 0 where the system does not say.
pub(in crate::filter) fn memory() -> u64 {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}

/// A limit for what this thread does, as long as it lives; then the one before holds again.
pub(in crate::filter) struct Limited(u64);

impl Limited {
    /// Sets a limit.
    pub(in crate::filter) fn to(limit: Option<u64>) -> Self {
        Self(LIMIT.replace(limit.unwrap_or(u64::MAX)))
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        LIMIT.set(self.0);
    }
}

/// Ends the run of this thread if so many bytes more are more than it may have.
pub(in crate::filter) fn reserve(bytes: usize) {
    let limit = LIMIT.get();
    if bytes as u64 > limit {
        resume_unwind(Box::new(Cause::Memory(limit)));
    }
}
