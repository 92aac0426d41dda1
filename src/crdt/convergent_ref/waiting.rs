//! Changes that wait: they came before what they depend on.

use crate::crdt::{Change, ConvergentRef, OpId};

impl ConvergentRef {
    /// Returns the changes that wait for others, ordered by id. [`Change::lacks`] tells what one waits for.
    pub fn waiting(&self) -> impl Iterator<Item = &Change> {
        self.waiting.changes().map(|change| &**change)
    }

    /// Returns the number of changes that wait. O(1).
    pub fn waiting_len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns what is missing for all that waits to be applied: the last ops of changes that are neither here nor
    /// wait, in order. O(n log n) for n changes that wait.
    pub fn missing(&self) -> Vec<OpId> {
        self.waiting.missing(self.clock())
    }

    /// Forgets all that waits, and returns how many changes that are. The clock does not cover them, so another
    /// replica brings them again when it is asked.
    pub fn drop_waiting(&mut self) -> usize {
        self.begin_staging();
        std::mem::take(&mut self.waiting).len()
    }

    /// Returns the memory that waiting changes take, in bytes. O(1).
    pub fn waiting_memory(&self) -> u64 {
        self.waiting.memory()
    }

    /// Sets the memory that waiting changes may take, in bytes: 64 MiB, unless something else is said. A merge that
    /// would go past it is refused whole. What waits already stays.
    pub fn set_waiting_limit(&mut self, bytes: u64) {
        self.waiting_limit = bytes;
    }
}
