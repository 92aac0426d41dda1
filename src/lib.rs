//! x
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod crdt;
pub mod value;
