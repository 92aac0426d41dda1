//! Patches: changes that are ready to travel.

use std::borrow::Cow;
use std::sync::Arc;

use super::history::ShortDigest;
use super::wire::{Form, Role, Section, Source, Wire};
use super::{Actor, Change, Clock, DecodeError, DecodeReason, DocumentId, Limits, OpId};

/// A set of changes of one document, ready to travel.
///
/// A patch may come late, twice, in any order and in pieces: merging it is idempotent, and changes
/// that came before what they depend on wait. An empty patch says that there was nothing new.
#[derive(Debug, Clone)]
pub struct Patch {
    pub(super) document: DocumentId,
    pub(super) body: Body,
}

/// The changes of a patch.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// As a replica gave them.
    Packed(Arc<Wire>),
    /// As somebody wrote them: they may be anything.
    Listed {
        /// As [`Patch::base`] says.
        base: Vec<(OpId, ShortDigest)>,
        changes: Vec<Arc<Change>>,
    },
}

impl Patch {
    /// Makes a patch of chosen changes.
    pub fn new(document: DocumentId, changes: impl IntoIterator<Item = Change>) -> Self {
        Self { document, body: Body::listed(Vec::new(), changes) }
    }

    /// Returns the last changes before those in the patch, by their last ops, as the sender knows them: so two replicas
    /// that write under one actor find out even when no change travels. Ordered by id, each once.
    pub(super) fn base(&self) -> impl Iterator<Item = (&Actor, u64, ShortDigest)> {
        let (packed, listed) = match &self.body {
            Body::Packed(wire) => (Some(wire.base()), None),
            Body::Listed { base, .. } => (None, Some(base)),
        };
        let listed = listed.into_iter().flatten().map(|(id, digest)| (&id.actor, id.counter, *digest));
        packed.into_iter().flatten().chain(listed)
    }

    /// Returns the document to which the changes belong.
    pub fn document(&self) -> &DocumentId {
        &self.document
    }

    /// Returns the changes, in an order in which they can be applied if the patch was made by a replica. Each is made
    /// when it is asked for: all together they may take much more memory than the patch. O(size).
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change> {
        let (packed, listed) = match &self.body {
            Body::Packed(wire) => (Some(wire.unpacked().expect("a packed patch was read once")), None),
            Body::Listed { changes, .. } => (None, Some(changes.iter().map(|change| (**change).clone()))),
        };
        let packed = packed.into_iter().flatten();
        let packed = packed.map(|change| change.expect("a packed patch was read once"));
        Changes { changes: packed.chain(listed.into_iter().flatten()), left: self.len() }
    }

    /// Returns the number of changes.
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Packed(wire) => wire.changes,
            Body::Listed { changes, .. } => changes.len(),
        }
    }

    /// Tells whether there is nothing new in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the patch as bytes: compact, versioned, with a checksum. O(size).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut section = Section::new(Form::Patch);
        section.text(self.document.as_str());
        section.wire(&self.wire(), Role::Patch);
        section.finish()
    }

    /// Returns the number of actors who made changes, or a little more.
    pub(super) fn most_actors(&self) -> usize {
        match &self.body {
            Body::Packed(wire) => wire.actors.len(),
            Body::Listed { changes, .. } => changes.len(),
        }
    }

    /// Returns where the patch leads: for each actor who made changes in it the counter of the last op. O(size).
    pub fn reach(&self) -> Clock {
        match &self.body {
            Body::Packed(wire) => wire.reach().expect("a packed patch was read once"),
            Body::Listed { changes, .. } => {
                let mut reach = Clock::new();
                changes.iter().for_each(|change| reach.advance(&change.actor, change.last()));
                reach
            }
        }
    }

    /// Tells whether the changes of each actor follow each other, and the first of them something up to a counter: then
    /// nothing of an actor is missing behind that. O(size).
    #[cfg(feature = "store")]
    pub(crate) fn is_chain(&self, after: u64) -> bool {
        self.wire().is_chain(after).expect("a patch was read once")
    }

    /// Tells whether an actor has made changes in it, or perhaps others that it builds on. O(actors), for a listed patch
    /// O(changes).
    pub fn knows(&self, actor: &Actor) -> bool {
        let mut knows = false;
        self.with_actors(|actors| actors.for_each(|known| knows |= known == actor));
        knows
    }

    /// Shows the actors who made changes, and perhaps others.
    pub(super) fn with_actors(&self, show: impl FnOnce(&mut dyn Iterator<Item = &Actor>)) {
        match &self.body {
            Body::Packed(wire) => show(&mut wire.actors.iter()),
            Body::Listed { changes, .. } => show(&mut changes.iter().map(|change| &change.actor)),
        }
    }

    /// Returns the changes as they are told outside of a stream.
    pub(super) fn wire(&self) -> Cow<'_, Wire> {
        match &self.body {
            Body::Packed(wire) => wire.standalone(),
            Body::Listed { base, changes } => {
                Cow::Owned(Wire::of(base, changes.iter().map(|change| &**change)))
            }
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. What its changes say is checked when it is merged.
    ///
    /// # Errors
    /// When the bytes are no patch, or damaged.
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
        let mut source = Source::new(bytes, Form::Patch, limits)?;
        let document = DocumentId::new(source.text()?)?;
        let wire = source.wire(Role::Patch)?;
        source.end()?;
        wire.check_columns()?;
        Ok(Self { document, body: Body::Packed(Arc::new(wire)) })
    }
}

/// The changes of a patch.
struct Changes<C> {
    changes: C,
    /// How many are to come.
    left: usize,
}

impl<C: Iterator<Item = Change>> Iterator for Changes<C> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        self.left = self.left.saturating_sub(1);
        self.changes.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<C: Iterator<Item = Change>> ExactSizeIterator for Changes<C> {}

impl Body {
    pub(super) fn listed(base: Vec<(OpId, ShortDigest)>, changes: impl IntoIterator<Item = Change>) -> Self {
        let each = changes.into_iter().map(|mut change| {
            // It may wait for long.
            change.ops.shrink_to_fit();
            Arc::new(change)
        });
        Self::Listed { base, changes: each.collect() }
    }
}

/// Equal patches have equal changes in the same order, which follow the same ones.
impl PartialEq for Patch {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document && self.base().eq(other.base()) && self.changes().eq(other.changes())
    }
}
