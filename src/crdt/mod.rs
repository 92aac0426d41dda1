//! The engine: one JSON document that many actors change independently.
//!
//! Start with [`ConvergentRef`]. It knows no I/O, no time and no randomness: the caller supplies the
//! ids of documents and actors.
//!
//! In reading order: `id` and `clock` (names and versions), `change` and `patch` (what travels), `json`
//! (how it reads), `history` and `digest` (what has arrived), `sequence` and `slot` (the two data
//! types), `tree` (the state of a document), `diff` (from a new value to ops), `validate` and `merge`
//! (from outside to applied), `report` and `error`.

mod change;
mod clock;
mod convergent_ref;
mod diff;
mod digest;
mod error;
mod history;
mod id;
mod json;
mod merge;
mod patch;
mod report;
mod sequence;
mod slot;
mod tree;
mod validate;

pub use change::{Change, Content, Key, Kind, Op, Scalar, Side, SlotId};
pub use clock::Clock;
pub use convergent_ref::{ConvergentRef, WatchId};
pub use digest::Digest;
pub use error::{BranchError, MergeError, SwapError};
pub use id::{Actor, DocumentId, IdError, MAX_COUNTER, OpId};
pub use json::{DecodeError, DecodeReason};
pub use patch::Patch;
pub use report::{Conflict, LostEdits, MergeReport, Swap, Written};
pub use validate::Malformed;
