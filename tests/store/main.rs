//! What outlives the process that wrote it: journals, and stores where replicas meet.
#![cfg(feature = "store")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod check_in;
mod faults;
mod figures;
mod journal;
mod shaky;
