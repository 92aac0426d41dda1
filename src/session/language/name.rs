//! Names, as they stand in a line and in jq.

use std::borrow::Cow;

/// Returns the jq variable (without `$`) that a name is.
pub(in crate::session) fn variable(name: &str) -> Cow<'_, str> {
    if name.contains('-') { name.replace('-', "_").into() } else { name.into() }
}

/// Returns the bytes of a name at the start of a text: a letter or `_`, then letters, digits, `_` and `-`.
pub(in crate::session) fn name_length(text: &str) -> usize {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !text.starts_with(starts) {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len())
}
