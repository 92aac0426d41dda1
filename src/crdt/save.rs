//! Whole refs as bytes: the history, from which everything else is made again.

use std::sync::Arc;

use super::wire::{Form, Kept, Section, Source, Wire};
use super::{Actor, Change, ConvergentRef, DecodeError, DecodeReason, DocumentId, Limits, validate};

impl ConvergentRef {
    /// Returns the ref as bytes, with its whole history and what waits: compact, versioned, with a checksum.
    /// O(history), a typed run at once.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut section = Section::new(Form::Ref);
        section.text(self.document.as_str());
        section.text(self.actor.as_str());
        section.number(self.popped);
        let all = 0..self.history.len();
        let applied = if all.is_empty() { Wire::default() } else { self.history.pack(&[all], &[]) };
        section.wire(&applied, Kept::Packed);
        let waiting: Vec<&Change> = self.waiting().collect();
        section.wire(&Wire::of(&[], waiting.into_iter()), Kept::Loose);
        section.finish()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote: a replica of the same actor, which the one that was
    /// written must not outlive. It has no watchers and no validator. O(history), a typed run at once.
    ///
    /// # Errors
    /// When the bytes are no ref, or damaged, or its changes cannot be applied.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes_within(bytes, &Limits::default())
    }

    /// Reads as [`from_bytes`](Self::from_bytes) does, within limits.
    ///
    /// # Errors
    /// As for [`from_bytes`](Self::from_bytes), and when it is past a limit.
    pub fn from_bytes_within(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        Self::read(bytes, limits).map_err(DecodeError::at_root)
    }

    fn read(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeReason> {
        let mut source = Source::new(bytes, Form::Ref, limits)?;
        let (document, actor) = (DocumentId::new(source.text()?)?, Actor::new(source.text()?)?);
        let popped = source.number()?;
        let (applied, waiting) = (source.wire(Kept::Packed)?, source.wire(Kept::Loose)?);
        source.end()?;
        let mut read = Self::new(document, actor);
        read.popped = popped;
        read.restore(&applied)?;
        waiting.check()?;
        for change in waiting.unpack()? {
            validate::well_formed(&change).map_err(|_| DecodeReason::Damaged)?;
            read.waiting.add_anyway(Arc::new(change), read.history.clock(), &read.actor);
        }
        Ok(read)
    }
}
