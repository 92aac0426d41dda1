//! Files that outlive the process which wrote them.
#![cfg(feature = "store")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod journal;
