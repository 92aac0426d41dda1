//! The interpreter of the session language: a line goes in, a [`Reply`] comes out.
//!
//! A [`Session`] owns names and what they stand for: refs, clocks and patches. The first word of a
//! line decides: a command (see [`COMMANDS`]), else a jq expression in which every name is a variable.
//! Nothing is printed here, and nothing is read but the line.
//!
//! ```
//! use rejoin::session::Session;
//!
//! let mut session = Session::default();
//! session.run(r#"ref origin {"name": "Foo", "items": [0, 1]}"#)?;
//! session.run("branch origin as branched")?;
//! session.run(r#"swap origin .name = "Bar""#)?;
//! session.run("swap branched .items += [2]")?;
//! let reply = session.run("merge origin branched")?;
//! assert_eq!(reply.values[0].to_string(), r#"{"name":"Bar","items":[0,1,2]}"#);
//! assert_eq!(reply.lines(), ["1 change new", "+ .items[2] 2"]);
//! # Ok::<(), rejoin::session::CommandError>(())
//! ```

mod args;
mod caret;
mod code;
mod commands;
mod complete;
mod error;
mod evaluate;
mod filters;
mod help;
mod lookup;
mod marks;
mod names;
mod page;
mod place;
mod reply;
mod request;
mod settings;
mod signature;
mod slots;
mod suggest;
mod table;
mod topics;
mod undo;
pub mod units;
mod versions;
mod words;

pub use caret::Place;
pub use code::{CODES, Code, Explanation};
pub use complete::{Candidate, Completions};
pub use error::{CommandError, ErrorKind};
pub use marks::{Mark, MarkKind, partner};
pub use names::{Entry, EntryKind};
pub use page::{Page, fill};
pub use reply::{Effect, Part, Reply, Sentence};
pub use request::{FileError, Request, Wish};
pub use settings::{Color, SETTINGS, Setting, Settings, Theme};
pub use table::{COMMANDS, Command, Example};

use std::sync::{Arc, Mutex};

use crate::crdt::{Actor, DocumentId};
use crate::filter::{self, Filters};
pub use crate::filter::{Cause, Interrupt, Limits};
use crate::value::{PathChange, Val};
use args::Args;
use names::Names;

/// What a session does by itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Document ids, and what makes actors unique, derive from it.
    pub seed: u64,
    /// Whether actors carry a suffix that makes them unique in the world (as the seed is):
    /// `origin-k3v9x2m4t8qz` instead of `origin`.
    pub unique_actors: bool,
}

/// Names, what they stand for, and the last value.
///
/// A line that fails leaves the session as it was.
#[derive(Default)]
pub struct Session {
    names: Names,
    filters: Filters,
    last: Val,
    /// Whether there was a value; until then `last` is null.
    answered: bool,
    options: Options,
    settings: Settings,
    /// How many ids were derived from the seed.
    derived: u64,
    /// Every actor ever used: none is used again, even when its ref was dropped.
    actors: std::collections::HashSet<Actor>,
    /// The actor that the command made.
    new_actor: Option<Actor>,
    /// Whether commands come from a file.
    reading: bool,
    /// The documents that files made: their refs have the actors that the files expect.
    read: std::collections::HashSet<DocumentId>,
    /// What watchers saw since the last reply.
    seen: Seen,
    steps: undo::Steps,
}

/// The most bytes that a line may have. What it says takes a multiple of that.
const LONGEST: usize = 64 << 20;

/// What watchers saw.
type Seen = Arc<Mutex<Vec<Watched>>>;

/// What a watcher saw.
#[derive(Debug, Clone)]
struct Watched {
    name: String,
    changes: Vec<PathChange>,
}

impl Session {
    /// Starts an empty session.
    pub fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// An empty session that does by itself what this one does, and is shown in the same way.
    pub fn fresh(&self) -> Self {
        let fresh = Self { settings: self.settings.clone(), ..Self::new(self.options.clone()) };
        fresh.set_filter_limits(self.filter_limits());
        fresh.set_attended(self.filters.is_attended());
        fresh
    }

    /// Runs one command or expression; a blank line or a comment does nothing.
    ///
    /// # Errors
    /// What is wrong, with its place in the line and, where there is one, a hint. The session is as it
    /// was.
    pub fn run(&mut self, line: &str) -> Result<Reply, CommandError> {
        if line.len() > LONGEST {
            let hint = "make the value in several steps".to_owned();
            return Err(CommandError::new(ErrorKind::TooLong, 0..0).with_hint(hint));
        }
        let mut args = Args::new(line);
        if args.is_empty() {
            return Ok(Reply::default());
        }
        let (command, derived) = (args.command(), self.derived);
        let mut reply = match command {
            Some(command) => (command.run)(self, args),
            None => self.expression(line),
        };
        let seen: Vec<Watched> =
            self.seen.lock().map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default();
        match &mut reply {
            Ok(reply) if self.keep_step(line, derived) => reply.effect = Effect::Changed,
            Ok(_) => {}
            Err(_) => self.drop_step(),
        }
        let mut reply = reply?;
        reply.parts.extend(seen.into_iter().map(|Watched { name, changes }| Part::Watched { name, changes }));
        if let Some(last) = reply.values.last() {
            self.last = last.clone();
            self.answered = true;
        }
        Ok(reply)
    }

    /// The names and what they stand for, in the order in which they were made.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.names.iter()
    }

    // --- filters that do not end ---

    /// What each filter may use: a command whose filter comes to a limit fails, and changes nothing.
    pub fn filter_limits(&self) -> Limits {
        self.filters.limits()
    }

    /// Sets what each filter may use; validators too.
    pub fn set_filter_limits(&self, limits: Limits) {
        self.filters.set_limits(limits);
    }

    /// Says whether somebody waits for the answers: then a filter that is stopped in the middle of one long
    /// step is left behind, which makes every filter under a limit some microseconds slower.
    pub fn set_attended(&self, attended: bool) {
        self.filters.set_attended(attended);
    }

    /// What interrupts the command that runs, from another thread or a signal handler: a filter stops, its
    /// command fails and changes nothing. Other commands go on to their end.
    pub fn interrupt(&self) -> Interrupt {
        self.filters.interrupt()
    }

    // --- ids ---

    /// Says whether the commands that come next stand in a file: the documents that it makes are its own, so their
    /// refs have actors without a suffix while it runs, as in a script. Returns what was said before.
    pub fn set_reading(&mut self, reading: bool) -> bool {
        std::mem::replace(&mut self.reading, reading)
    }

    /// Whether the commands stand in a file.
    pub fn is_reading(&self) -> bool {
        self.reading
    }

    fn document(&mut self) -> DocumentId {
        let id = format!("{:016x}", self.derive());
        let id = DocumentId::new(&id).expect("hexadecimal digits are a document id");
        if self.reading {
            self.read.insert(id.clone());
        }
        id
    }

    /// An actor for a ref: its name, made unique in the session and in the document of `source`.
    fn actor(&mut self, name: &str, source: Option<&str>) -> Actor {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let own = match source.and_then(|source| self.names.get(source)) {
            Some(Entry::Ref(source)) => self.read.contains(source.document()),
            _ => true,
        };
        let base = if self.options.unique_actors && !(self.reading && own) {
            let mut bits = self.derive();
            let mut suffix = String::new();
            for _ in 0..12 {
                suffix.push(char::from(LETTERS[(bits % 32) as usize]));
                bits /= 32;
            }
            format!("{name}-{suffix}")
        } else {
            name.to_owned()
        };
        let numbered = (2..).map(|n| format!("{base}-{n}"));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        let source = source.and_then(|source| self.names.get(source));
        let writes = |actor: &Actor| match source {
            Some(Entry::Ref(source)) => source.knows(actor),
            _ => false,
        };
        let unused = |actor: &Actor| !self.actors.contains(actor) && !writes(actor);
        let unused = candidates.find_map(|name| Actor::new(&name).ok().filter(unused));
        let actor = unused.expect("names are shorter than actors, and few are used");
        self.actors.insert(actor.clone());
        self.new_actor = Some(actor.clone());
        actor
    }

    /// The next of the numbers that derive from the seed (splitmix64).
    fn derive(&mut self) -> u64 {
        self.derived += 1;
        let mut x = self.options.seed.wrapping_add(self.derived.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

/// Whether a line is not finished: brackets or a quote are still open at its end.
pub fn needs_more(line: &str) -> bool {
    !line.trim_start().starts_with('#') && filter::needs_more(line)
}
