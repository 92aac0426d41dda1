//! Session files: commands, narration and expectations.
//!
//! ```text
//! # Comments are the narration.
//! ref origin {"items": [0]}
//! swap origin .items += [1]
//! #=> {"items": [0, 1]}
//! #=> + .items[1] 1
//! ```
//!
//! `#=> JSON` compares with the value that the command above answers, as JSON; several compare with
//! several values in turn. `#=> error: …` expects the command to fail with that message. Any other
//! `#=> text` must be one of the lines of the report, in their order. What no expectation names is not
//! compared. A command goes on in the next line while brackets or a quote are open.
//!
//! In a Markdown file the blocks that are fenced as `rejoin` are the session; the rest is narration.

mod check;
mod parse;
mod run;

pub use check::{Failure, Mismatch, compare};
pub use parse::{Expectation, Expected, Item, Script, Step};
pub use run::{Outcome, Ran, run, transcript};
