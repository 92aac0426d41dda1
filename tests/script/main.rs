//! Session files: read, run, checked, blessed and recorded.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[cfg(feature = "shell")]
mod command;
mod examples;
#[cfg(feature = "shell")]
mod files;
mod lessons;
mod reading;
mod record;
