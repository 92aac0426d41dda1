//! JSON values: reading, printing, exact comparison, paths and differences.
//!
//! The value type is [`Val`], the value of the jq interpreter. Its arrays and objects are shared
//! (`Arc`), so a clone is a pointer and **an untouched part of a value keeps its pointer** through a
//! filter. [`shared`] asks for that identity; the engine builds on it.
//!
//! `Val` can hold more than JSON (NaN, byte strings, keys that are not strings). [`check()`] tells
//! whether a value is JSON; everything the engine stores has passed it.

mod align;
mod check;
mod common;
mod difference;
mod excerpt;
mod moves;
mod myers;
mod path;
mod print;
mod read;
mod same;
mod serde;
mod similar;
mod splice;

pub use self::serde::{from_serde, to_serde};
pub(crate) use align::{ItemEdit, align};
pub use check::{NotJson, NotJsonReason, check};
pub(crate) use check::{check_below, check_key, check_scalar, dismantle};
pub use difference::{Difference, PathChange, differences, first_difference};
pub use excerpt::{Extent, excerpt, grouped};
pub(crate) use moves::{Move, MoveSigns, Moves};
pub use path::{Path, Step};
pub use print::{Piece, print, print_while, steers, text};
pub(crate) use read::is_number;
pub use read::{ParseError, parse};
pub(crate) use same::hash_same;
pub use same::{same, shared};
pub use splice::{Splice, splices};

pub use jaq_json::{Map, Num, Val};

/// The deepest nesting of arrays and objects that a value may have.
///
/// Deeper values are refused wherever they come from (text, filters, patches), so that no reader or
/// printer of values can run out of stack.
pub const MAX_DEPTH: usize = 1_024;

/// Whether the value is an array or an object.
pub(crate) fn is_container(value: &Val) -> bool {
    matches!(value, Val::Arr(_) | Val::Obj(_))
}

/// Makes a string value.
pub fn string(text: impl Into<String>) -> Val {
    Val::from(text.into())
}

/// Makes an object from keys and values, in their order.
pub fn object<K: Into<String>>(entries: impl IntoIterator<Item = (K, Val)>) -> Val {
    Val::obj(entries.into_iter().map(|(key, value)| (string(key), value)).collect())
}

/// The text of a string value that has passed [`check()`]; `None` for other kinds.
pub fn as_str(value: &Val) -> Option<&str> {
    match value {
        Val::TStr(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}
