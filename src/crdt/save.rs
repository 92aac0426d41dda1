//! Whole refs as bytes: the history, from which everything else is made again; and beside it the value, if it is to be
//! read at once.

use std::sync::Arc;

use super::wire::{Form, Role, Section, Source, Wire};
use super::{Actor, Change, Clock, ConvergentRef, DecodeError, DecodeReason, DocumentId, Limits, validate};
use crate::value::{Key, Val, same};

impl ConvergentRef {
    /// Returns the ref as bytes, with its whole history and what waits: compact, versioned, with a checksum.
    /// O(history), a typed run at once.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(false)
    }

    /// Returns the ref as [`to_bytes`](Self::to_bytes) does, with the clock and the value beside the history: a
    /// [`SavedRef`] reads those at once. In the middle of a transaction they are left out. O(history), and the size of
    /// the value.
    pub fn to_bytes_with_value(&self) -> Vec<u8> {
        self.write(true)
    }

    fn write(&self, with_value: bool) -> Vec<u8> {
        let mut section = Section::new(Form::Ref);
        section.text(self.document.as_str());
        section.text(self.actor.as_str());
        section.number(self.popped);
        // What an open transaction did so far is in the value, and no change yet.
        let with_value = with_value && !self.is_open;
        section.number(u64::from(with_value));
        let all = 0..if self.is_open { self.before_change.len() } else { self.history.len() };
        let applied = if all.is_empty() { Wire::default() } else { self.history.pack(&[all], &[]) };
        if with_value {
            section.clock(self.clock());
            section.value(self.value(), &applied.keys);
            section.wire_without_keys(&applied);
        } else {
            section.wire(&applied, Role::Applied);
        }
        let waiting: Vec<&Change> = self.waiting().collect();
        section.wire(&Wire::of(&[], waiting.into_iter()), Role::Waiting);
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
        let front = Front::read(&mut source)?;
        let (beside, keys) = front.beside.map(|Beside { clock, value, keys }| ((clock, value), keys)).unzip();
        let applied = match keys {
            Some(keys) => source.wire_without_keys(keys)?,
            None => source.wire(Role::Applied)?,
        };
        let waiting = source.wire(Role::Waiting)?;
        source.end()?;
        let mut read = Self::new(front.document, front.actor);
        read.popped = front.popped;
        read.restore(&applied)?;
        waiting.check()?;
        for change in waiting.unpack()? {
            validate::well_formed(&change).map_err(|_| DecodeReason::Damaged)?;
            // What contradicts an applied change waits no longer.
            if change.actor != read.actor && change.previous < read.clock().get(&change.actor) {
                return Err(DecodeReason::Damaged);
            }
            read.waiting.add_anyway(Arc::new(change), read.history.clock(), &read.actor);
        }
        if beside.is_some_and(|(clock, value)| clock != *read.clock() || !same(&value, read.value())) {
            return Err(DecodeReason::Damaged);
        }
        Ok(read)
    }
}

/// The part of a file before the history.
struct Front {
    document: DocumentId,
    actor: Actor,
    popped: u64,
    beside: Option<Beside>,
}

/// The state beside a history, and the keys of both.
struct Beside {
    clock: Clock,
    value: Val,
    keys: Vec<Key>,
}

impl Front {
    fn read(source: &mut Source<'_>) -> Result<Self, DecodeReason> {
        let (document, actor) = (DocumentId::new(source.text()?)?, Actor::new(source.text()?)?);
        let popped = source.number()?;
        let beside = match source.number()? {
            0 => None,
            1 => {
                let clock = source.clock()?;
                let (value, keys) = source.value()?;
                Some(Beside { clock, value, keys })
            }
            _ => return Err(DecodeReason::Damaged),
        };
        Ok(Self { document, actor, popped, beside })
    }
}

/// A ref as it was saved, of which the value can be read before the history.
///
/// A program that shows many documents and edits few of them reads them so. What the value says is taken from the bytes;
/// that it is the value of the history is found when the ref is [opened](Self::open).
///
/// ```
/// # use rejoin::crdt::{Actor, ConvergentRef, DocumentId, SavedRef};
/// # use rejoin::value::parse;
/// let ann = ConvergentRef::with_value(DocumentId::new("list")?, Actor::new("ann")?, parse(r#"{"items": [1, 2]}"#)?)?;
/// let saved = SavedRef::from_bytes(ann.to_bytes_with_value())?;
/// assert_eq!(saved.value(), ann.value());
/// let mut ann = saved.open()?;
/// ann.reset(parse(r#"{"items": [1, 2, 3]}"#)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SavedRef {
    bytes: Vec<u8>,
    limits: Limits,
    document: DocumentId,
    actor: Actor,
    clock: Clock,
    value: Val,
}

impl SavedRef {
    /// Reads the value of a ref from what [`to_bytes_with_value`](ConvergentRef::to_bytes_with_value) wrote, or
    /// [`to_bytes`](ConvergentRef::to_bytes): then the history is read for it. O(value), and the bytes for a checksum.
    ///
    /// # Errors
    /// When the bytes are no ref, or damaged before the history.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        Self::from_bytes_within(bytes, &Limits::default())
    }

    /// Reads as [`from_bytes`](Self::from_bytes) does, within limits, which hold for the history too.
    ///
    /// # Errors
    /// As for [`from_bytes`](Self::from_bytes), and when it is past a limit.
    pub fn from_bytes_within(bytes: Vec<u8>, limits: &Limits) -> Result<Self, DecodeError> {
        Self::read(bytes, limits).map_err(DecodeError::at_root)
    }

    fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Self, DecodeReason> {
        let Front { document, actor, beside, .. } =
            Front::read(&mut Source::new(&bytes, Form::Ref, limits)?)?;
        let (clock, value) = match beside {
            Some(Beside { clock, value, .. }) => (clock, value),
            None => {
                let read = ConvergentRef::read(&bytes, limits)?;
                (read.clock().clone(), read.value().clone())
            }
        };
        Ok(Self { bytes, limits: limits.clone(), document, actor, clock, value })
    }

    /// Returns the document.
    pub fn document(&self) -> &DocumentId {
        &self.document
    }

    /// Returns the actor that owns the ref.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Returns the clock: what the ref has applied.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the value. O(1).
    pub fn value(&self) -> &Val {
        &self.value
    }

    /// Reads the history: a replica of the same actor, as [`ConvergentRef::from_bytes`] does.
    ///
    /// # Errors
    /// When the history is damaged, past a limit, or has another value.
    pub fn open(&self) -> Result<ConvergentRef, DecodeError> {
        ConvergentRef::from_bytes_within(&self.bytes, &self.limits)
    }
}
