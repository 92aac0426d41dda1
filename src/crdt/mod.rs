//! The engine: one JSON document that many actors change independently.
//!
//! Start with [`ConvergentRef`]. It knows no I/O, no time and no randomness: the caller supplies the
//! ids of documents and actors.
//!
//! In reading order:
//!
//! - `id`, `clock`: names and versions;
//! - `change`, `patch`: what travels; `json` reads and prints it, `wire` packs it;
//! - `lv`, `row`: how ops are named and kept here;
//! - `history`: what is applied; `causal_buffer`: what waits;
//! - `sequence`, `tree`: lists and texts, and the state of a document;
//! - `convergent_ref`: a replica, which holds all of these;
//! - `diff`, `edit`: from a new value to ops; `transaction`: edits by handles;
//! - `validate`, `staging`, `interleave`, `merge`, `effects`: from outside to applied, and what that did;
//! - `lacking`: what patches would wait for;
//! - `delta`, `report`: what a change did, in words of the value; `error`: why something was refused;
//! - `limits`: what is read from outside is bounded; `save`: whole refs as bytes; `outbox`: what is to be sent;
//! - `stream`: patches one after the other;
//! - `past`: the state at an older clock; `rewind`: back to an earlier state;
//! - `rollback`: out of work that is cancelled;
//! - `contents`, `chars`, `varint`, `counter`: values, packed and read;
//! - `pieces`, `growth`, `treap`: the lists and sets in which things are kept.

mod causal_buffer;
mod change;
mod chars;
mod clock;
mod contents;
mod convergent_ref;
mod counter;
mod delta;
mod diff;
mod edit;
mod effects;
mod error;
mod growth;
mod history;
mod id;
mod interleave;
mod json;
#[cfg(feature = "store")]
mod lacking;
mod limits;
mod lv;
mod merge;
mod outbox;
mod past;
mod patch;
mod pieces;
mod progress;
mod report;
mod rewind;
mod rollback;
mod row;
mod save;
mod sequence;
mod staging;
mod stream;
mod transaction;
mod treap;
mod tree;
mod validate;
mod varint;
mod wire;

pub use change::{Change, Content, Kind, Op, OpSpan, Scalar, Side, SlotId};
pub use clock::Clock;
pub use convergent_ref::{ConvergentRef, WatchId};
pub use error::{BranchError, ClockError, EditError, MergeError, RewindError, SwapError};
pub use history::Digest;
pub use id::{Actor, DocumentId, IdError, MAX_COUNTER, OpId};
pub use json::{DecodeError, DecodeReason};
pub use limits::{Limits, OverLimit};
pub use patch::Patch;
pub use progress::Progress;
pub use report::{Conflict, LostEdits, MergeReport, Swap, Written};
pub use rewind::{Rewound, Version};
pub use save::SavedRef;
pub use stream::{PatchReader, PatchWriter, StreamError};
pub use transaction::Transaction;
pub use validate::Malformed;
pub use wire::Corrupt;
