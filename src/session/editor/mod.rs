//! What a line editor asks while a line is typed: completion, colours, suggestions.

pub(in crate::session) mod completion;
pub(in crate::session) mod highlight;
