//! Answers of a line: data, and the words for it.

pub(in crate::session) mod page;
pub(in crate::session) mod reply;
pub(in crate::session) mod words;
