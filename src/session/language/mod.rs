//! The language: how a line is cut into a command and its arguments.

pub(in crate::session) mod args;
pub(in crate::session) mod arguments;
pub(in crate::session) mod caret;
pub(in crate::session) mod command;
pub(in crate::session) mod layout;
pub(in crate::session) mod name;
pub(in crate::session) mod path;
