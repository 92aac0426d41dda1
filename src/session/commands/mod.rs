//! The commands: what each does.

pub(in crate::session) mod edits;
pub(in crate::session) mod files;
pub(in crate::session) mod guards;
pub(in crate::session) mod help;
pub(in crate::session) mod inspect;
pub(in crate::session) mod kinds;
pub(in crate::session) mod merge;
pub(in crate::session) mod refs;
pub(in crate::session) mod request;
pub(in crate::session) mod set;
pub(in crate::session) mod sync;
pub(in crate::session) mod table;
pub(in crate::session) mod undo;
pub(in crate::session) mod versions;
