//! The command and the prompt, from the outside.
#![cfg(feature = "shell")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod cli;
#[path = "../script/command/mod.rs"]
mod command;
mod data;
#[cfg(unix)]
mod play;
#[cfg(unix)]
mod prompt;
#[cfg(unix)]
mod recording;
mod schema;
mod serve;
mod workspace;
