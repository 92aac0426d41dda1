//! The server and its client, from the outside.
#![cfg(all(feature = "serve", feature = "http"))]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod check_ins;
mod client;
mod events;
mod limits;
mod openapi;
mod paths;
mod running;
