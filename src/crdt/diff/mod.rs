//! Differences: ops are made of a new value, which say what a swap did.
//!
//! Maps, lists, texts and counters of the document carry their identity through a filter, so nothing is
//! guessed. In reading order:
//!
//! - [`discover`] walks the old and the new value side by side, as far as they are not shared, and notes
//!   every *occurrence* of a container of the document in what differs. ([`align`] pairs the items of lists;
//!   values from outside carry no identity: [`recognise`] finds in them what is equal, [`similar`] what is
//!   alike.)
//! - [`choose`] says which occurrence is the container: the one in its own slot, else the first; the others
//!   are copies of it.
//! - [`emit`](mod@emit) adds the ops to the history, and [`write`](mod@write) those that write what is new.
//! - [`adopt`] takes of the new value what need not be read again.
//!
//! Everything costs what differs, times O(log n).

mod adopt;
mod align;
mod choose;
mod discover;
mod emit;
mod recognise;
mod similar;
mod write;

use super::history::History;
use super::tree::{Node, Tree};
use crate::value::Val;
pub(super) use discover::Discovery;
pub(super) use emit::{Dest, Known, Refused, emit};
pub(super) use write::write;

/// A container of the document; of maps that read as one, the last.
type Thing = Node;

/// Returns the container of the document that a value is, if it carries an identity that is known here.
fn thing_of(history: &History, tree: &Tree, value: &Val) -> Option<Thing> {
    let made = history.authors.find_identity(value.identity()?)?;
    let node = tree.node(made)?;
    tree.reads_as(node, value).then(|| tree.last_joined(history, node))
}
