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
//! `#=> JSON` compares with the value that the command above answers, as JSON, over as many `#=>` lines as the JSON
//! has; several compare with several values in turn. `#=> error: …` expects the command to fail with that message. Any
//! other `#=> text` must be one of the lines of the report, in their order. What no expectation names is not
//! compared. A command goes on in the next line while brackets or a quote are open.
//!
//! Three dots stand for what is not said: in a line of a report and in the message of an error for any
//! text (`#=> error: ... is missing`), and in JSON for a value, for items, for other keys, or for a part
//! of a string (see [`Pattern`]). Behind a backslash (`\...`) they stand for themselves.
//!
//! What only looks like an expectation (`# => 1`, `#-> 1`, one behind a command on its line, JSON that does not end) is
//! a [`Mistake`]: whoever runs a file refuses it for that.
//!
//! In a Markdown file the blocks that are fenced as `rejoin` are one session, also those in lists and block
//! quotes; the rest is narration. At a block that is fenced as `rejoin fresh` a new session starts. What else a
//! fence says behind `rejoin` is a mistake too.
//!
//! [`bless()`] rewrites expectations that do not hold. A [`Host`] gives a session the files that `read` and
//! `record` need.

mod bless;
mod check;
mod diff;
mod dots;
mod files;
mod host;
mod lesson;
mod lookalike;
mod markdown;
mod mistake;
mod outcome;
mod parse;
mod pattern;
mod prose;
mod record;
mod run;
mod similar;
mod transcript;
mod world;

pub use bless::{Blessing, Edit, NotBlessed, bless};
pub use check::{Failure, Mismatch, compare};
pub use diff::DiffLine;
pub use files::{Files, Place, WriteError, text_of};
pub use host::Host;
pub use lesson::{LESSONS, Lesson};
pub use markdown::{Unopened, is_markdown};
pub use mistake::{Mistake, MistakeKind};
pub use outcome::{Outcome, Ran, count};
pub use parse::{Expectation, Expected, Item, Script, Step};
pub use pattern::Pattern;
pub use prose::{Paragraph, prose};
pub use run::{run, run_with};
pub use transcript::{answers, transcript};
