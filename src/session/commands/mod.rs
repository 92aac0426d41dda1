//! What each command does, and jq expressions.

pub(in crate::session) mod codes;
pub(in crate::session) mod edits;
pub(in crate::session) mod evaluate;
pub(in crate::session) mod filters;
pub(in crate::session) mod help;
pub(in crate::session) mod lookup;
pub(in crate::session) mod request;
pub(in crate::session) mod slots;
pub(in crate::session) mod table;
pub(in crate::session) mod topics;
pub(in crate::session) mod versions;
