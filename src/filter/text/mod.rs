//! The text of filters: its tokens, and what an editor wants to know of it.

pub(in crate::filter) mod brackets;
pub(in crate::filter) mod completion;
pub(in crate::filter) mod input;
pub(in crate::filter) mod keywords;
pub(in crate::filter) mod lexemes;
pub(in crate::filter) mod spelling;
pub(in crate::filter) mod tokens;
