//! The interpreter: what lines answer.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod at_random;
mod codes;
mod commands;
mod help;
mod interruption;
mod kept;
mod limits;
mod shelf;
mod sync;
mod typing;
mod undo;
