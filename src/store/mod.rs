//! Documents at rest: files that outlive the process which wrote them, whatever ends it.

mod journal;

pub use journal::{Cut, Journal, JournalError, Opened};
