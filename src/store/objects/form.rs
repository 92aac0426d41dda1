//! The forms of objects.
//!
//! A run is a patch as bytes. A checkpoint is:
//!
//! ```text
//! checkpoint = "RJC1" sum tails patch
//! sum        = crc32 of all behind it, 4 bytes, the lowest first
//! tails      = how far the runs of each actor went then: postcard
//! patch      = everything since nothing, as bytes
//! ```

use serde::{Deserialize, Serialize};

use crate::crdt::{Actor, Clock, DecodeError, DocumentId, Limits, Patch};
use crate::store::remote::Tail;
use crate::store::{Seen, StoreError};

const MAGIC: &[u8] = b"RJC1";

/// A checkpoint.
pub(super) struct Checkpoint {
    pub(super) seen: Seen,
    pub(super) patch: Patch,
}

#[derive(Serialize, Deserialize)]
struct Packed<'b> {
    tails: Vec<(&'b str, u64, u64, u64)>,
    patch: &'b [u8],
}

impl Checkpoint {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let tails =
            self.seen.0.iter().map(|(actor, tail)| (actor.as_str(), tail.after, tail.reach, tail.tag));
        let body = postcard::to_stdvec(&Packed { tails: tails.collect(), patch: &self.patch.to_bytes() });
        let body = body.expect("it holds texts, bytes and numbers alone");
        [MAGIC, &crc32fast::hash(&body).to_le_bytes(), &body].concat()
    }

    pub(super) fn from_bytes(
        bytes: &[u8],
        document: &DocumentId,
        object: &str,
        limits: &Limits,
    ) -> Result<Self, StoreError> {
        let misnamed =
            |problem: &str| StoreError::Misnamed { object: object.to_owned(), problem: problem.to_owned() };
        let no_checkpoint = || misnamed("it is no checkpoint, or damaged");
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(no_checkpoint)?;
        let (sum, body) = rest.split_first_chunk::<4>().ok_or_else(no_checkpoint)?;
        if u32::from_le_bytes(*sum) != crc32fast::hash(body) {
            return Err(no_checkpoint());
        }
        let packed: Packed<'_> = postcard::from_bytes(body).map_err(|_| no_checkpoint())?;
        let patch = patch(packed.patch, document, object, limits)?;
        let mut seen = Seen::default();
        for (actor, after, reach, tag) in packed.tails {
            let actor = Actor::new(actor).map_err(|_| no_checkpoint())?;
            seen.0.insert(actor, Tail { after, reach, tag });
        }
        // A checkpoint that says more than it has would hide changes.
        let reach = patch.reach();
        if !patch.is_chain(0) || seen.0.iter().any(|(actor, tail)| tail.reach > reach.get(actor)) {
            return Err(misnamed("it has less than it says"));
        }
        Ok(Self { seen, patch })
    }
}

/// Reads a patch of a document.
fn patch(bytes: &[u8], document: &DocumentId, object: &str, limits: &Limits) -> Result<Patch, StoreError> {
    let damaged = |error: DecodeError| StoreError::Damaged { object: object.to_owned(), error };
    let patch = Patch::from_bytes_within(bytes, limits).map_err(damaged)?;
    if patch.document() == document {
        return Ok(patch);
    }
    Err(StoreError::Misnamed {
        object: object.to_owned(),
        problem: format!("it is of the document `{}`", patch.document()),
    })
}

/// Reads a run of an actor; answers how far it goes, too.
pub(super) fn run(
    bytes: &[u8],
    document: &DocumentId,
    (actor, after): (&Actor, u64),
    object: &str,
    limits: &Limits,
) -> Result<(Patch, u64), StoreError> {
    let patch = patch(bytes, document, object, limits)?;
    let reach: Clock = patch.reach();
    match reach.iter().collect::<Vec<_>>()[..] {
        [(found, last)] if found == actor && last > after && patch.is_chain(after) => Ok((patch, last)),
        _ => Err(StoreError::Misnamed {
            object: object.to_owned(),
            problem: format!("it has other changes than those of `{actor}` after {after}"),
        }),
    }
}
