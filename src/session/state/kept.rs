//! The session as it is kept: a state, and records of what commands changed since, from which it is made again.
//!
//! A record says what a command did, and not the command: made again, a session is what it was whatever a later
//! version of jq would make of the line. The commands become steps again, so that `undo` works on; a state has none.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crdt::{Actor, Clock, ConvergentRef, IdError, OpId, Patch, Progress};
use crate::session::answer::words;
use crate::session::language::args::Word;
use crate::session::language::name::variable;
use crate::session::outside::Keeper;
use crate::session::state::names::{Before, Entry, EntryKind, Names, Upstream};
use crate::session::state::settings::{SETTINGS, find};
use crate::session::{CommandError, Effect, FileError, Session};
use crate::store::{Seen, Tail};
use crate::value::{self, printable};

/// The reason why a session cannot be made of what was kept.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// It was kept by another version of this program.
    #[error("it was kept by another version of rejoin, in form {0}; this one reads form {FORM}")]
    Version(u8),
    /// Its bytes are not in the form that they say.
    #[error("it cannot be read: {0}")]
    Form(#[from] postcard::Error),
    /// It contradicts itself.
    #[error("what was kept of `{0}` does not fit together: {1}")]
    Contradiction(String, String),
}

type Result<T, E = RestoreError> = std::result::Result<T, E>;

/// The form of states and records: the first byte of each.
const FORM: u8 = 2;

/// The state before all records: names, in their order, and settings.
#[derive(Serialize, Deserialize)]
struct State {
    things: Vec<Thing>,
    settings: Vec<(String, String)>,
}

/// A name with what it stands for and what belongs to that.
#[derive(Serialize, Deserialize)]
struct Thing {
    name: String,
    is: Is,
    watched: bool,
    validator: Option<String>,
    upstream: Option<KeptUpstream>,
}

/// The place where a ref meets others, and of each actor the last run there.
type KeptUpstream = (String, Vec<(String, u64, u64, u64)>);

/// The thing that a name stands for.
#[derive(Serialize, Deserialize)]
enum Is {
    /// A ref, with its history.
    Ref(Vec<u8>),
    /// A clock, as JSON.
    Clock(String),
    /// A patch.
    Patch(Vec<u8>),
}

/// A record of what a command did.
#[derive(Serialize, Deserialize)]
struct Record {
    /// The files that are read, outermost first: the number that each has in the session, and the line that reads it.
    files: Vec<(u64, String)>,
    did: Did,
    /// What keeps what was done until then from being taken back, if something does.
    barrier: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum Did {
    /// A command, cut short, changed something.
    Step {
        line: String,
        changes: Vec<Change>,
    },
    /// A command changed nothing here, but sent changes.
    Sent,
    Undo,
    Redo,
    /// A setting was set.
    Set {
        name: String,
        to: String,
    },
}

/// Something that a command changed.
#[derive(Serialize, Deserialize)]
enum Change {
    /// A name came to stand for something.
    Is(String, Is),
    /// A ref went on.
    Went {
        name: String,
        changes: Vec<u8>,
        waiting: Option<Vec<u8>>,
        gone: Vec<(u64, String)>,
        popped: bool,
    },
    Renamed {
        from: String,
        to: String,
    },
    Gone(String),
    Watched(String, bool),
    Validator(String, Option<String>),
    Upstream(String, Option<KeptUpstream>),
}

impl Upstream {
    fn kept(&self) -> KeptUpstream {
        let tails =
            self.seen.0.iter().map(|(actor, tail)| (actor.to_string(), tail.after, tail.reach, tail.tag));
        (self.place.clone(), tails.collect())
    }

    fn of((place, tails): KeptUpstream) -> Result<Self, IdError> {
        let tail = |(actor, after, reach, tag): (String, u64, u64, u64)| {
            Ok((Actor::new(&actor)?, Tail { after, reach, tag }))
        };
        let seen = Seen(tails.into_iter().map(tail).collect::<Result<_, _>>()?);
        Ok(Self { place, seen })
    }
}

impl Is {
    fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Ref(reference) => Self::Ref(reference.to_bytes()),
            Entry::Clock(clock) => Self::Clock(clock.to_json().to_string()),
            Entry::Patch(patch) => Self::Patch(patch.to_bytes()),
        }
    }

    fn entry(&self, name: &str) -> Result<Entry> {
        let wrong = |error: String| RestoreError::Contradiction(name.to_owned(), error);
        Ok(match self {
            Self::Ref(bytes) => {
                Entry::Ref(ConvergentRef::from_bytes(bytes).map_err(|e| wrong(e.to_string()))?)
            }
            Self::Clock(text) => {
                let json = value::parse(text).map_err(|error| wrong(error.to_string()))?;
                Entry::Clock(Clock::from_json(&json).map_err(|error| wrong(error.to_string()))?)
            }
            Self::Patch(bytes) => Entry::Patch(Patch::from_bytes(bytes).map_err(|e| wrong(e.to_string()))?),
        })
    }
}

impl Names {
    /// Returns what the command that runs changed.
    fn changes(&self) -> Vec<Change> {
        self.touched().iter().filter_map(|before| self.change(before)).collect()
    }

    fn change(&self, before: &Before) -> Option<Change> {
        let name = before.name().to_owned();
        Some(match before {
            Before::Nothing(_) | Before::Other(..) => Change::Is(name, Is::of(self.get(before.name())?)),
            Before::Version(_, version) => {
                let Some(Entry::Ref(reference)) = self.get(before.name()) else { return None };
                if reference.is_at(version) {
                    return None;
                }
                let Progress { changes, waiting, gone, popped } = reference.progress(version);
                let gone = gone.iter().map(|id| (id.counter, id.actor.to_string())).collect();
                let waiting = (!waiting.is_empty()).then(|| waiting.to_bytes());
                Change::Went { name, changes: changes.to_bytes(), waiting, gone, popped }
            }
            // A command rewinds nothing but by `undo` and `redo`, which are kept as such.
            Before::Rewound(..) => return None,
            Before::Renamed { from, to } => Change::Renamed { from: from.clone(), to: to.clone() },
            Before::Gone(_) => Change::Gone(name),
            Before::Watched(..) => Change::Watched(name, self.is_watched(before.name())),
            Before::Validator(..) => Change::Validator(name, self.validator(before.name())),
            Before::Upstream(..) => Change::Upstream(name, self.upstream(before.name()).map(Upstream::kept)),
        })
    }
}

impl Session {
    /// Notes what a command may change that is no step.
    pub(in crate::session) fn settings_now(&self) -> Vec<String> {
        SETTINGS.iter().map(|setting| (setting.get)(self)).collect()
    }

    /// Keeps what a command did that went well, if it changed something.
    ///
    /// # Errors
    /// It cannot be kept: the command is taken back then.
    pub(in crate::session) fn keep_record(
        &mut self,
        line: &str,
        effect: Effect,
        settings: &[String],
        barrier: Option<&str>,
        keeper: &mut dyn Keeper,
    ) -> Result<(), FileError> {
        let kept = self.try_record(line, effect, settings, barrier, keeper);
        if kept.is_err() {
            match effect {
                Effect::Undid => drop(self.redo_step(|_, _| ())),
                Effect::Redid => drop(self.undo_step(|_, _| ())),
                Effect::None | Effect::Changed => self.names.take_back(&self.seen),
            }
            for (setting, before) in SETTINGS.iter().zip(settings) {
                (setting.set)(self, before);
            }
        }
        kept
    }

    fn try_record(
        &mut self,
        line: &str,
        effect: Effect,
        settings: &[String],
        barrier: Option<&str>,
        keeper: &mut dyn Keeper,
    ) -> Result<(), FileError> {
        let did = match effect {
            Effect::Undid | Effect::Redid if !self.steps.can_repeat(effect) => {
                // What it turned is older than the state that is kept.
                keeper.checkpoint(&self.state())?;
                self.steps.forget_repeatable();
                return Ok(());
            }
            Effect::Undid => Did::Undo,
            Effect::Redid => Did::Redo,
            Effect::None | Effect::Changed => {
                let changes = self.names.changes();
                let now = SETTINGS.iter().map(|setting| (setting, (setting.get)(self)));
                let set = now.zip(settings).find(|((_, now), before)| now != *before);
                match set {
                    _ if !changes.is_empty() => {
                        let mut start = String::new();
                        words::start(line.trim(), &mut start);
                        Did::Step { line: start, changes }
                    }
                    Some(((setting, to), _)) => Did::Set { name: setting.name.to_owned(), to },
                    None if barrier.is_some() => Did::Sent,
                    None => return Ok(()),
                }
            }
        };
        let effect = if matches!(did, Did::Step { .. }) { Effect::Changed } else { effect };
        let record = Record { files: self.steps.files(), did, barrier: barrier.map(str::to_owned) };
        let is_long = keeper.keep(&encoded(&record))?;
        self.steps.note_repeatable(effect);
        self.is_state_due = is_long;
        Ok(())
    }

    /// Keeps that a command may have sent changes, or is about to.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(in crate::session) fn keep_sent(
        &self,
        barrier: &str,
        keeper: &mut dyn Keeper,
    ) -> Result<(), FileError> {
        let record = Record { files: self.steps.files(), did: Did::Sent, barrier: Some(barrier.to_owned()) };
        keeper.keep_for_sure(&encoded(&record)).map(drop)
    }

    /// Keeps a state in the place of many records, between commands.
    pub(in crate::session) fn keep_state(&mut self, keeper: &mut dyn Keeper) {
        // Where that cannot be done the records stay, and the next command tries again.
        if std::mem::take(&mut self.is_state_due)
            && !self.is_reading()
            && keeper.checkpoint(&self.state()).is_ok()
        {
            self.steps.forget_repeatable();
        }
    }

    /// Returns the state, as it is kept.
    fn state(&self) -> Vec<u8> {
        let thing = |(name, entry): (&str, &Entry)| Thing {
            name: name.to_owned(),
            is: Is::of(entry),
            watched: self.names.is_watched(name),
            validator: self.names.validator(name),
            upstream: self.names.upstream(name).map(Upstream::kept),
        };
        let now = self.filter_limits();
        let kept = self.lent_limits.filter(|(_, lent)| *lent == now).map_or(now, |(kept, _)| kept);
        self.set_filter_limits(kept);
        let settings =
            SETTINGS.iter().map(|setting| (setting.name.to_owned(), (setting.get)(self))).collect();
        self.set_filter_limits(now);
        encoded(&State { things: self.names.iter().map(thing).collect(), settings })
    }

    /// Makes an empty session what was kept: a state, if there is one, and records since. What is undone and redone then are
    /// the commands of the records.
    ///
    /// # Errors
    /// What was kept is of another version of this program, or does not fit together. The session is of no use then.
    pub fn restore(&mut self, state: Option<&[u8]>, records: &[Vec<u8>]) -> Result<(), RestoreError> {
        if let Some(bytes) = state {
            self.restore_state(decoded(bytes)?)?;
        }
        for bytes in records {
            self.restore_record(decoded(bytes)?)?;
        }
        while self.is_reading() {
            self.end_file();
        }
        // Nobody looked.
        self.seen.take();
        Ok(())
    }

    fn restore_state(&mut self, State { things, settings }: State) -> Result<()> {
        for Thing { name, is, watched, validator, upstream } in things {
            self.change(Change::Is(name.clone(), is))?;
            if watched {
                self.change(Change::Watched(name.clone(), true))?;
            }
            if validator.is_some() {
                self.change(Change::Validator(name.clone(), validator))?;
            }
            if upstream.is_some() {
                self.change(Change::Upstream(name, upstream))?;
            }
        }
        for (name, to) in settings {
            self.restore_setting(&name, &to)?;
        }
        self.names.swap_journal(&mut Vec::new());
        Ok(())
    }

    fn restore_record(&mut self, Record { files, did, barrier }: Record) -> Result<()> {
        self.enter_files(&files);
        let effect = match did {
            Did::Step { line, changes } => {
                for change in changes {
                    self.change(change)?;
                }
                self.keep_step(&line);
                Effect::Changed
            }
            Did::Sent => Effect::None,
            Did::Undo => {
                self.undo_step(|_, _| ()).ok_or_else(|| nothing("undo"))?.map_err(|_| nothing("undo"))?;
                Effect::Undid
            }
            Did::Redo => {
                self.redo_step(|_, _| ()).ok_or_else(|| nothing("redo"))?.map_err(|_| nothing("redo"))?;
                Effect::Redid
            }
            Did::Set { name, to } => {
                self.restore_setting(&name, &to)?;
                Effect::None
            }
        };
        self.steps.note_repeatable(effect);
        if let Some(why) = barrier {
            self.steps.bar(&why);
        }
        Ok(())
    }

    fn restore_setting(&mut self, name: &str, to: &str) -> Result<()> {
        // A setting that this version does not have means nothing to it.
        match find(name) {
            Some(setting) if (setting.set)(self, to).is_none() => {
                Err(RestoreError::Contradiction(name.to_owned(), format!("it cannot be `{to}`")))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a name can be given, or that what it stands for may be replaced.
    fn is_free(&self, name: &str, replaced: Option<EntryKind>) -> Result<()> {
        let free = self.free(&Word { text: name, span: 0..name.len() }, replaced);
        free.map_err(|error| RestoreError::Contradiction(printable(name), error.to_string()))
    }

    fn is_there(&self, name: &str) -> Result<()> {
        let wrong = || RestoreError::Contradiction(printable(name), "nothing has the name".to_owned());
        self.names.get(name).map(drop).ok_or_else(wrong)
    }

    /// Does again what a command did.
    fn change(&mut self, change: Change) -> Result<()> {
        match change {
            Change::Is(name, is) => {
                let entry = is.entry(&name)?;
                let replaced = if matches!(entry, Entry::Ref(_)) { None } else { Some(entry.kind()) };
                self.is_free(&name, replaced)?;
                self.names.set(&name, entry);
            }
            Change::Went { name, changes, waiting, gone, popped } => {
                let wrong = |error: String| RestoreError::Contradiction(name.clone(), error);
                let patch = |bytes: &[u8]| Patch::from_bytes(bytes).map_err(|error| wrong(error.to_string()));
                let changes = patch(&changes)?;
                let waiting = match waiting {
                    Some(bytes) => patch(&bytes)?,
                    None => Patch::new(changes.document().clone(), []),
                };
                let reference =
                    self.names.reference_mut(&name).ok_or_else(|| wrong("it is no ref".to_owned()))?;
                let id = |(counter, actor): (u64, String)| {
                    Actor::new(&actor)
                        .map(|actor| OpId::new(counter, actor))
                        .map_err(|error| wrong(error.to_string()))
                };
                let gone = gone.into_iter().map(id).collect::<Result<_>>()?;
                let progress = Progress { changes, waiting, gone, popped };
                reference.advance(&progress).map_err(|error| wrong(error.to_string()))?;
            }
            Change::Renamed { from, to } => {
                self.is_there(&from)?;
                // The variable of a name becomes free with it.
                if variable(&from) != variable(&to) {
                    self.is_free(&to, None)?;
                }
                self.names.rename(&from, &to, &self.seen);
            }
            Change::Gone(name) => {
                self.is_there(&name)?;
                self.names.remove(&name);
            }
            Change::Watched(name, on) => {
                self.is_there(&name)?;
                self.names.set_watched(&name, on, &self.seen);
            }
            Change::Validator(name, code) => {
                self.is_there(&name)?;
                let wrong =
                    |error: CommandError| RestoreError::Contradiction(name.clone(), error.to_string());
                let filter = code.map(|code| self.compile(&(&*code).into())).transpose().map_err(wrong)?;
                self.names.set_validator(&name, filter);
            }
            Change::Upstream(name, upstream) => {
                self.is_there(&name)?;
                let wrong = |error: IdError| RestoreError::Contradiction(name.clone(), error.to_string());
                let upstream = upstream.map(Upstream::of).transpose().map_err(wrong)?;
                self.names.set_upstream(&name, upstream);
            }
        }
        Ok(())
    }
}

fn nothing(what: &str) -> RestoreError {
    RestoreError::Contradiction(what.to_owned(), "there is no such step".to_owned())
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(value, vec![FORM]).expect("it holds texts, bytes and numbers alone")
}

fn decoded<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T> {
    match bytes.split_first() {
        Some((&FORM, rest)) => Ok(postcard::from_bytes(rest)?),
        first => Err(RestoreError::Version(first.map_or(0, |(form, _)| *form))),
    }
}
