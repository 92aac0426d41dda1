//! The meter of memory.

use core::time::Duration;

/// The time from one look at a run to the next.
pub(in crate::filter) const LOOK: Duration = Duration::from_millis(5);

/// Returns the memory of the process, in bytes; 0 where the system does not say.
pub(in crate::filter) fn memory() -> u64 {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}
