//! The engine as a program uses it, and against the plain model.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod arguments;
mod attribution;
mod better_than_converge;
mod common;
mod concurrency;
mod forks;
mod identity;
mod interleaved;
mod kinds;
mod moves;
mod neighbours;
mod oracle;
mod oracle_itself;
mod outbox;
mod progress;
mod properties;
mod refusals;
mod saved;
mod streams;
mod text_and_counters;
mod transactions;
mod waiting_and_lost;
