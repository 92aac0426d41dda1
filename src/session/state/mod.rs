//! The state of a session: names, ids, settings, and the way back.

pub(in crate::session) mod ids;
pub(in crate::session) mod journal;
#[cfg(feature = "store")]
pub(in crate::session) mod kept;
pub(in crate::session) mod names;
pub(in crate::session) mod settings;
pub(in crate::session) mod turn;
pub(in crate::session) mod undo;
pub(in crate::session) mod validator;
pub(in crate::session) mod watch_log;
