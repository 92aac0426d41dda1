//! A budget of bytes, which those who hold some share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit in which bytes are counted.
const UNIT: usize = 1 << 10;

/// A number of bytes that may be held at once.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    left: Arc<Semaphore>,
    units: usize,
}

/// A part of a budget, until it is dropped.
#[derive(Debug)]
pub(super) struct Share(OwnedSemaphorePermit);

/// Bytes, and the share that they take.
struct Held {
    bytes: Vec<u8>,
    #[expect(dead_code, reason = "what counts is when it goes")]
    share: Option<Share>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self { left: Arc::new(Semaphore::new(units)), units }
    }

    /// Takes a share, unless too much is held by others. Who takes more than all waits for nobody else to hold any.
    pub(super) fn take(&self, bytes: usize) -> Option<Share> {
        let units = bytes.div_ceil(UNIT).min(self.units);
        let units = u32::try_from(units).expect("there are no more units than that");
        Arc::clone(&self.left).try_acquire_many_owned(units).ok().map(Share)
    }

    /// Takes a share for bytes; they hold it as long as anybody has them. What is small takes none.
    pub(super) fn hold(&self, bytes: Vec<u8>) -> Option<axum::body::Bytes> {
        const SMALL: usize = 16 << 10;
        let share = match bytes.len() {
            0..=SMALL => None,
            length => Some(self.take(length)?),
        };
        Some(axum::body::Bytes::from_owner(Held { bytes, share }))
    }
}

impl Share {
    /// Adds another share to this one.
    pub(super) fn add(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_comes_back_when_the_last_who_has_the_bytes_drops_them() {
        let budget = Budget::new(100 << 10);
        let first = budget.hold(vec![0; 60 << 10]).unwrap();
        let second = first.clone();
        assert!(budget.hold(vec![0; 60 << 10]).is_none());
        assert!(budget.hold(vec![0; 1 << 10]).is_some());
        drop(first);
        assert!(budget.hold(vec![0; 60 << 10]).is_none());
        drop(second);
        // More than all of it, when nobody else holds any.
        assert!(budget.hold(vec![0; 200 << 10]).is_some());
    }
}
