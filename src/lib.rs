//! x
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod crdt;
pub mod filter;
pub mod script;
pub mod session;
pub mod value;
