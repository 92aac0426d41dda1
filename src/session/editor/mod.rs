//! Answers for a line editor, while a line is typed: completion and colours.

pub(in crate::session) mod completion;
pub(in crate::session) mod highlight;
