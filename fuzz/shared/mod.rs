//! What targets, the soak and the generator of seeds share.
#![allow(dead_code, unreachable_pub, reason = "each binary uses its part")]

pub mod allocations;
pub mod base;
pub mod file;
pub mod sound;
pub mod story;
