//! JSON values: reading, printing, exact comparison, paths and differences.
//!
//! A [`Val`] is null, a boolean, a number ([`Num`]), a string, an array ([`List`]) or an object ([`Map`]).
//! Arrays and objects are persistent: a clone is a pointer, and a change shares what it does not touch with
//! the value that was there before.
//!
//! A value holds nothing that JSON has not, but for numbers that are not finite, which may come up while
//! a filter runs, and nesting without a limit. [`check()`] refuses both; everything the engine stores has
//! passed it.
//!
//! | task | by |
//! | --- | --- |
//! | reads a text | [`parse()`] |
//! | prints a value | [`text`], `Display`, [`print()`] piece by piece, [`excerpt()`] in part |
//! | looks inside | [`Val::view`], `value["items"][0]`, [`Val::get`] by a [`Path`] |
//! | compares | [`same()`] exactly; `==` and `<` as jq does, where `1 == 1.0` |
//! | fits text on a terminal | [`width`]: columns, cuts and wrapping |
//! | converts | `From` and `Into`, `serde`, [`from_serde`] and [`to_serde`] |

mod check;

mod common;
mod convert;
mod excerpt;
mod grown;
mod identity;
mod key;
mod list;
mod map;
mod myers;
mod num;
mod order;
mod parse;
mod path;
mod print;
mod report;
mod same;
mod serde;
mod splice;
mod val;
pub mod width;

pub use self::serde::{from_serde, to_serde};
pub use check::{NotJson, NotJsonReason, check};
pub(crate) use check::{check_below, check_scalar, dismantle};
pub(crate) use common::{common, increasing};
pub use convert::{object, string};
pub(crate) use excerpt::excerpts;
pub use excerpt::{Extent, excerpt, grouped};
pub(crate) use identity::{Identity, Origin};
pub use key::Key;
pub use list::List;
pub use map::Map;
pub use num::{MAX_DIGITS, Num};
pub(crate) use num::{Offset, has_too_many_digits};
pub use parse::{ParseError, SyntaxError, parse};
pub use path::{Path, PathError, Step};
pub use print::{Piece, pretty, print, print_while, printable, steers, text};
pub use report::{Difference, Misfit, PathChange, apply, first_difference};
pub(crate) use same::hash_same;
pub use same::same;
pub use splice::{Splice, splices};
pub use val::{Val, View};

/// The deepest nesting of arrays and objects that a value may have.
///
/// Deeper values are refused wherever they come from (text, filters, patches), so that no reader or
/// printer of values can run out of stack.
pub const MAX_DEPTH: usize = 1_024;
