//! Streams of patches: one after the other, in a file or over a connection.

use std::sync::Arc;

use thiserror::Error;

use super::patch::{Body, Patch};
use super::wire::{Context, frame, read_header, write_header};
use super::{DecodeError, DecodeReason, DocumentId, Limits};

/// A writer of a stream of patches of one document.
///
/// A stream is for patches that one side makes and another takes in their order: a connection, or a file to which is
/// appended. What was told once is not told again, so that a keystroke takes about fourteen bytes, less than half of
/// what it takes as [bytes of its own](Patch::to_bytes). Each patch has a checksum, so a file that was cut in the middle
/// of one is read up to there.
///
/// What is written and gets lost breaks the stream: a writer that cannot keep its bytes must begin another one.
///
/// ```
/// # use rejoin::crdt::{Actor, Clock, ConvergentRef, DocumentId, PatchReader, PatchWriter};
/// # use rejoin::value::object;
/// let mut ann = ConvergentRef::new(DocumentId::new("list")?, Actor::new("ann")?);
/// let mut writer = PatchWriter::new(ann.document().clone());
/// let mut bytes = Vec::new();
/// for count in [1, 2] {
///     let seen = ann.clock().clone();
///     ann.reset(object([("count", count.into())]))?;
///     writer.write(&ann.patch_from_clock(&seen), &mut bytes)?;
/// }
///
/// let mut ben = ConvergentRef::new(DocumentId::new("list")?, Actor::new("ben")?);
/// let (mut reader, mut rest) = (PatchReader::new(), &bytes[..]);
/// while let Some(patch) = reader.read(&mut rest)? {
///     ben.merge_patch(&patch)?;
/// }
/// assert!(rest.is_empty() && ben.value() == ann.value());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PatchWriter {
    document: DocumentId,
    /// The header is written.
    has_begun: bool,
    context: Context,
}

/// The reason why a patch was not written to a stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The patch is of another document.
    #[error("the stream is of document {stream}, and the patch of document {patch}")]
    OtherDocument {
        /// The document of the stream.
        stream: DocumentId,
        /// The document of the patch.
        patch: DocumentId,
    },
    /// A change of the patch is malformed: nobody could read it.
    #[error("a change of the patch is malformed")]
    Malformed,
}

impl PatchWriter {
    /// Begins a stream.
    pub fn new(document: DocumentId) -> Self {
        Self { document, has_begun: false, context: Context::default() }
    }

    /// Appends a patch to the bytes of the stream; the first one behind the header. O(size).
    ///
    /// # Errors
    /// When the patch is of another document, or malformed. Nothing is written then.
    pub fn write(&mut self, patch: &Patch, bytes: &mut Vec<u8>) -> Result<(), StreamError> {
        if *patch.document() != self.document {
            let (stream, patch) = (self.document.clone(), patch.document().clone());
            return Err(StreamError::OtherDocument { stream, patch });
        }
        let wire = patch.wire();
        wire.check().map_err(|_| StreamError::Malformed)?;
        if !self.has_begun {
            write_header(&self.document, bytes);
            self.has_begun = true;
        }
        self.context.write(&wire, bytes).map_err(|_| StreamError::Malformed)
    }
}

/// A reader of a stream of patches: what a [`PatchWriter`] wrote. The bytes may come in pieces.
#[derive(Debug, Clone, Default)]
pub struct PatchReader {
    limits: Limits,
    document: Option<DocumentId>,
    context: Context,
}

impl PatchReader {
    /// Begins with the front of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins as [`new`](Self::new) does; each patch is read within limits.
    pub fn within(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes the next patch from the front of the bytes that are left. `None` when they end before it does: in the
    /// middle of a patch when there are any. O(size).
    ///
    /// # Errors
    /// When the bytes are no stream, damaged, or past a limit: the patch stays in front, and a
    /// [writer](Self::into_writer) can go on before it. The rest cannot be read then.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<Patch>, DecodeError> {
        self.next(bytes).map_err(DecodeError::at_root)
    }

    fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Patch>, DecodeReason> {
        if self.document.is_none() {
            self.document = read_header(bytes, &self.limits)?;
        }
        let mut rest = *bytes;
        let Some(document) = &self.document else { return Ok(None) };
        let Some(frame) = frame(&mut rest, &self.limits)? else { return Ok(None) };
        let wire = self.context.read(frame, &self.limits)?;
        *bytes = rest;
        Ok(Some(Patch { document: document.clone(), body: Body::Packed(Arc::new(wire)) }))
    }

    /// Returns the document of the stream; `None` before its header was read.
    pub fn document(&self) -> Option<&DocumentId> {
        self.document.as_ref()
    }

    /// Returns a writer that goes on behind what was read; `None` before the header was read.
    pub fn into_writer(self) -> Option<PatchWriter> {
        Some(PatchWriter { document: self.document?, has_begun: true, context: self.context })
    }
}
