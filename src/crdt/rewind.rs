//! Rewinding to what a ref was, in the process that it lives in, and replaying again.

use std::sync::Arc;

use super::causal_buffer::CausalBuffer;
use super::lv::Lv;
use super::wire::Wire;
use super::{Actor, ConvergentRef, DocumentId, OpId, RewindError};

/// The version of a ref at some time: enough to go [back](ConvergentRef::rewind) to it. It is small.
#[derive(Debug, Clone)]
pub struct Version {
    document: DocumentId,
    actor: Actor,
    ops: u32,
    /// The last of the ops.
    last: Option<OpId>,
    popped: u64,
    waiting: CausalBuffer,
}

/// The part of a ref behind some [`Version`]: enough to go [forth](ConvergentRef::replay) again.
#[derive(Debug, Clone)]
pub struct Rewound {
    changes: Arc<Wire>,
    then: Version,
    /// What the ref was rewound to.
    now: Version,
}

impl Version {
    /// Returns the first op that is not of it.
    pub(super) fn end(&self) -> u32 {
        self.ops
    }

    pub(super) fn popped(&self) -> u64 {
        self.popped
    }

    pub(super) fn waiting(&self) -> &CausalBuffer {
        &self.waiting
    }
}

impl ConvergentRef {
    /// Tells how far the ref is now.
    pub fn version(&self) -> Version {
        Version {
            document: self.document.clone(),
            actor: self.actor.clone(),
            ops: self.history.len(),
            last: self.last_of(self.history.len()),
            popped: self.popped,
            waiting: self.waiting.clone(),
        }
    }

    /// Tells whether nothing happened to the ref since: no change was applied, came to wait or was popped.
    pub fn is_at(&self, version: &Version) -> bool {
        self.history.len() == version.ops
            && self.popped == version.popped
            && self.waiting.is_same(&version.waiting)
    }

    /// Makes the ref what it was at an earlier version of its own, as if nothing had happened since; its
    /// next changes take the ids of those that went. So what went must not have reached another replica:
    /// that one would refuse the new changes. Watchers are not told. O(history), a typed run at once.
    ///
    /// Watchers and the validator stay.
    ///
    /// # Errors
    /// When the version is not of the past of this ref.
    pub fn rewind(&mut self, version: Version) -> Result<Rewound, RewindError> {
        let ours = version.document == self.document
            && version.actor == self.actor
            && version.ops <= self.history.len()
            && self.last_of(version.ops) == version.last
            && self.history.authors.is_end(version.ops);
        if !ours {
            return Err(RewindError::OtherPast);
        }
        self.close();
        let then = self.version();
        let changes = Arc::new(self.pack(version.ops, then.ops));
        let mut earlier = Self::new(self.document.clone(), self.actor.clone());
        let restored = earlier.restore(&self.pack(0, version.ops));
        restored.expect("what was applied once can be applied again");
        earlier.popped = version.popped;
        earlier.waiting = version.waiting;
        let before = self.replace_state(earlier);
        self.keep_replaced(before);
        self.rewound = Some(Arc::clone(&changes));
        Ok(Rewound { changes, then, now: self.version() })
    }

    /// Takes back a [`rewind`](Self::rewind). O(what comes back).
    ///
    /// # Errors
    /// When something else happened to the ref since.
    pub fn replay(&mut self, rewound: Rewound) -> Result<(), RewindError> {
        let Rewound { changes, then, now } = rewound;
        if now.document != self.document || !self.is_at(&now) || self.last_of(now.ops) != now.last {
            return Err(RewindError::Moved);
        }
        self.value();
        self.note_changes();
        self.begin_staging();
        let restored = self.restore(&changes);
        restored.expect("what was applied once can be applied again");
        self.popped = then.popped;
        self.waiting = then.waiting;
        Ok(())
    }

    /// Returns the last of so many ops.
    fn last_of(&self, ops: u32) -> Option<OpId> {
        ops.checked_sub(1).map(|last| self.history.op_id(Lv::new(last)))
    }

    fn pack(&self, from: u32, to: u32) -> Wire {
        let ops = from..to;
        if ops.is_empty() { Wire::default() } else { self.history.pack(&[ops], &[]) }
    }
}
