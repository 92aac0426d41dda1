//! What one sees of a replica: taken before and after something that must leave no trace.

use rejoin::crdt::{Clock, ConvergentRef, Version};

use crate::common::{Snapshot, text};

use super::random::Random;

/// What one saw of a replica; seldom everything, for that takes long.
pub struct Seen {
    version: Version,
    text: String,
    clock: Clock,
    changes: usize,
    waiting: (usize, u64),
    all: Option<Snapshot>,
}

impl Seen {
    pub fn of(replica: &ConvergentRef, random: &mut Random) -> Self {
        Self {
            version: replica.version(),
            text: text(replica),
            clock: replica.clock().clone(),
            changes: replica.changes().len(),
            waiting: (replica.waiting_len(), replica.waiting_memory()),
            all: random.one_in(300).then(|| Snapshot::of(replica)),
        }
    }

    /// # Panics
    /// When the replica is not what it was.
    pub fn is_unchanged(&self, replica: &ConvergentRef, after: &str) {
        assert_eq!(text(replica), self.text, "{}: the value after {after}", replica.actor());
        assert_eq!(replica.clock(), &self.clock, "{}: the clock after {after}", replica.actor());
        assert_eq!(replica.changes().len(), self.changes, "{}: the changes after {after}", replica.actor());
        let waiting = (replica.waiting_len(), replica.waiting_memory());
        assert_eq!(waiting, self.waiting, "{}: what waits after {after}", replica.actor());
        assert!(replica.is_at(&self.version), "{}: the version after {after}", replica.actor());
        if let Some(all) = &self.all {
            assert_eq!(&Snapshot::of(replica), all, "{}: all that one sees after {after}", replica.actor());
        }
    }
}
