use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{Seen, Watched};
use crate::crdt::{Clock, ConvergentRef, Patch, Rewound, Version, WatchId};
use crate::filter::Filter;
use crate::value::Val;

/// What a name stands for.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few entries, and most are refs")]
pub enum Entry {
    /// A replica of a document.
    Ref(ConvergentRef),
    /// A clock that was kept.
    Clock(Clock),
    /// A patch that was kept.
    Patch(Patch),
}

/// The kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A ref.
    Ref,
    /// A clock.
    Clock,
    /// A patch.
    Patch,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ref => "ref",
            Self::Clock => "clock",
            Self::Patch => "patch",
        })
    }
}

impl Entry {
    /// What it is.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Ref(_) => EntryKind::Ref,
            Self::Clock(_) => EntryKind::Clock,
            Self::Patch(_) => EntryKind::Patch,
        }
    }

    fn as_ref_mut(&mut self) -> Option<&mut ConvergentRef> {
        match self {
            Self::Ref(reference) => Some(reference),
            _ => None,
        }
    }

    /// Its JSON: the value of a ref, the readable form of a clock or patch.
    pub fn value(&self) -> Val {
        match self {
            Self::Ref(reference) => reference.value().clone(),
            Self::Clock(clock) => clock.to_json(),
            Self::Patch(patch) => patch.to_json(),
        }
    }
}

/// All names, in the order in which they were made.
#[derive(Default)]
pub(super) struct Names {
    entries: IndexMap<String, Entry>,
    watches: IndexMap<String, WatchId>,
    validators: IndexMap<String, Arc<Filter>>,
    /// What was before, for each thing that the command touched.
    journal: Vec<Before>,
}

/// What something was before a command touched it.
pub(super) enum Before {
    /// A ref at an earlier version.
    Version(String, Version),
    /// A ref at a later version, from which it was taken back.
    Rewound(String, Box<Rewound>),
    /// A name that stood for nothing.
    Nothing(String),
    /// A name that stood for another clock or patch.
    Other(String, Box<Entry>),
    /// A name that what has it now had before.
    Renamed {
        /// The name before.
        from: String,
        /// The name now.
        to: String,
    },
    /// A name that is gone, with its place and all that belonged to it.
    Gone(Box<Gone>),
    /// Whether a ref was watched.
    Watched(String, bool),
    /// The validator of a ref.
    Validator(String, Option<Arc<Filter>>),
}

/// A name that is gone.
pub(super) struct Gone {
    name: String,
    at: usize,
    entry: Entry,
    watch: Option<WatchId>,
    validator: Option<Arc<Filter>>,
}

impl Before {
    /// The ref whose value changes.
    pub(super) fn reference(&self) -> Option<&str> {
        match self {
            Self::Version(name, _) | Self::Rewound(name, _) => Some(name),
            _ => None,
        }
    }

    /// Makes one of several versions of a ref: so the way back is one step, and what changes on it can be told.
    /// The earliest version stands where the last one stood.
    pub(super) fn join(all: Vec<Self>) -> Vec<Self> {
        let mut joined: Vec<Option<Self>> = Vec::with_capacity(all.len());
        let mut versions = HashMap::new();
        for mut before in all {
            match &before {
                Self::Version(name, _) => {
                    let earlier = versions.insert(name.clone(), joined.len());
                    before = earlier.and_then(|at: usize| joined[at].take()).unwrap_or(before);
                }
                // From here on the name stands for something else.
                Self::Nothing(name) | Self::Other(name, _) => drop(versions.remove(name)),
                Self::Gone(gone) => drop(versions.remove(&gone.name)),
                Self::Renamed { from, to } => {
                    versions.remove(from);
                    versions.remove(to);
                }
                Self::Rewound(..) | Self::Watched(..) | Self::Validator(..) => {}
            }
            joined.push(Some(before));
        }
        joined.into_iter().flatten().collect()
    }
}

/// Notes how far a ref is that is about to change. A command that changes it several times takes one way back.
fn note_version(journal: &mut Vec<Before>, name: &str, reference: &ConvergentRef) {
    reference.value();
    if !matches!(journal.last(), Some(Before::Version(noted, _)) if noted == name) {
        journal.push(Before::Version(name.to_owned(), reference.version()));
    }
}

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// A ref, to be changed. Its value is read before, so that what changes in it can be told.
    pub(super) fn reference_mut(&mut self, name: &str) -> Option<&mut ConvergentRef> {
        let reference = self.entries.get_mut(name).and_then(Entry::as_ref_mut)?;
        note_version(&mut self.journal, name, reference);
        Some(reference)
    }

    /// Two different refs, the first to be changed, as [`reference_mut`](Self::reference_mut) gives it.
    pub(super) fn two_refs(
        &mut self,
        into: &str,
        from: &str,
    ) -> Option<(&mut ConvergentRef, &ConvergentRef)> {
        match self.entries.get_disjoint_mut([into, from]) {
            [Some(Entry::Ref(reference)), Some(Entry::Ref(from))] => {
                note_version(&mut self.journal, into, reference);
                Some((reference, from))
            }
            _ => None,
        }
    }

    /// Gives a name that is free, or that stands for a clock or patch which this one replaces.
    pub(super) fn set(&mut self, name: &str, entry: Entry) {
        let before = match self.entries.insert(name.to_owned(), entry) {
            None => Before::Nothing(name.to_owned()),
            Some(other) => Before::Other(name.to_owned(), Box::new(other)),
        };
        self.journal.push(before);
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(gone) = self.take(name) {
            self.journal.push(Before::Gone(Box::new(gone)));
        }
    }

    /// Gives what has a name another one, which must be free. It keeps its place and all that belongs to it.
    pub(super) fn rename(&mut self, from: &str, to: &str, seen: &Seen) {
        let Some(Gone { at, mut entry, watch: watched, validator, .. }) = self.take(from) else { return };
        if let (Some(id), Some(reference)) = (watched, entry.as_ref_mut()) {
            // The watch tells the name.
            reference.unwatch(id);
            self.watches.insert(to.to_owned(), watch(reference, to, seen));
        }
        self.validators.extend(validator.map(|validator| (to.to_owned(), validator)));
        self.entries.shift_insert(at, to.to_owned(), entry);
        self.journal.push(Before::Renamed { from: from.to_owned(), to: to.to_owned() });
    }

    fn take(&mut self, name: &str) -> Option<Gone> {
        let (at, name, entry) = self.entries.shift_remove_full(name)?;
        let (watch, validator) = (self.watches.shift_remove(&name), self.validators.shift_remove(&name));
        Some(Gone { name, at, entry, watch, validator })
    }

    // --- watchers and validators ---

    pub(super) fn is_watched(&self, name: &str) -> bool {
        self.watches.contains_key(name)
    }

    /// Watches a ref or no longer does.
    pub(super) fn set_watched(&mut self, name: &str, on: bool, seen: &Seen) {
        let Some(reference) = self.entries.get_mut(name).and_then(Entry::as_ref_mut) else { return };
        self.journal.push(Before::Watched(name.to_owned(), self.watches.contains_key(name)));
        if let Some(id) = self.watches.shift_remove(name) {
            reference.unwatch(id);
        }
        if on {
            self.watches.insert(name.to_owned(), watch(reference, name, seen));
        }
    }

    pub(super) fn is_validated(&self, name: &str) -> bool {
        self.validators.contains_key(name)
    }

    /// Gives a ref a validator or takes it away.
    pub(super) fn set_validator(&mut self, name: &str, filter: Option<Arc<Filter>>) {
        let Some(reference) = self.entries.get_mut(name).and_then(Entry::as_ref_mut) else { return };
        reference.clear_validator();
        let before = match filter {
            None => self.validators.shift_remove(name),
            Some(filter) => {
                let asked = Arc::clone(&filter);
                reference.set_validator(move |value| super::commands::satisfies(&asked, value));
                self.validators.insert(name.to_owned(), filter)
            }
        };
        self.journal.push(Before::Validator(name.to_owned(), before));
    }

    // --- what was before ---

    /// Whether the command changed something; forgets what it touched and left as it was.
    pub(super) fn have_changed(&mut self) -> bool {
        let Self { journal, entries, .. } = self;
        journal.retain(|before| match before {
            Before::Version(name, version) => match entries.get(name) {
                Some(Entry::Ref(reference)) => !reference.is_at(version),
                _ => true,
            },
            _ => true,
        });
        !journal.is_empty()
    }

    /// Gives what was before the command for an empty list.
    pub(super) fn swap_journal(&mut self, empty: &mut Vec<Before>) {
        std::mem::swap(&mut self.journal, empty);
    }

    pub(super) fn forget_journal(&mut self) {
        self.journal.clear();
    }

    /// Makes something what it was before; says what it was until now. What changes in a ref can be told then.
    pub(super) fn restore(&mut self, before: Before, seen: &Seen) -> Before {
        match before {
            Before::Version(name, version) => match self.entries.get_mut(&name) {
                Some(Entry::Ref(reference)) => {
                    reference.value();
                    Before::Rewound(name, Box::new(reference.rewind(version)))
                }
                _ => Before::Version(name, version),
            },
            Before::Rewound(name, rewound) => match self.entries.get_mut(&name) {
                Some(Entry::Ref(reference)) => {
                    let version = reference.version();
                    reference.value();
                    reference.replay(*rewound);
                    Before::Version(name, version)
                }
                _ => Before::Rewound(name, rewound),
            },
            Before::Nothing(name) => match self.take(&name) {
                Some(gone) => Before::Gone(Box::new(gone)),
                None => Before::Nothing(name),
            },
            Before::Other(name, entry) => match self.entries.insert(name.clone(), *entry) {
                Some(other) => Before::Other(name, Box::new(other)),
                None => Before::Nothing(name),
            },
            Before::Renamed { from, to } => {
                self.rename(&to, &from, seen);
                self.journal.pop().unwrap_or(Before::Renamed { from: to, to: from })
            }
            Before::Gone(gone) => {
                let Gone { name, at, entry, watch, validator } = *gone;
                self.entries.shift_insert(at.min(self.entries.len()), name.clone(), entry);
                self.watches.extend(watch.map(|watch| (name.clone(), watch)));
                self.validators.extend(validator.map(|validator| (name.clone(), validator)));
                Before::Nothing(name)
            }
            Before::Watched(name, on) => {
                self.set_watched(&name, on, seen);
                self.journal.pop().unwrap_or(Before::Watched(name, !on))
            }
            Before::Validator(name, filter) => {
                self.set_validator(&name, filter);
                self.journal.pop().unwrap_or(Before::Validator(name, None))
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// The name whose variable is `$variable`.
    pub(super) fn of_variable(&self, variable: &str) -> Option<&str> {
        let same = |(a, b)| a == b || (a == b'-' && b == b'_');
        let is = |name: &&str| name.len() == variable.len() && name.bytes().zip(variable.bytes()).all(same);
        self.entries.keys().map(String::as_str).find(is)
    }
}

/// Has every change of a ref told under a name.
fn watch(reference: &mut ConvergentRef, name: &str, seen: &Seen) -> WatchId {
    let (seen, name) = (Arc::clone(seen), name.to_owned());
    reference.watch(move |_, _, changes| {
        if let Ok(mut seen) = seen.lock() {
            seen.push(Watched { name: name.clone(), changes: changes.to_vec() });
        }
    })
}

/// The jq variable (without `$`) that a name is.
pub(super) fn variable(name: &str) -> String {
    name.replace('-', "_")
}

/// The bytes of a name at the start of a text: a letter or `_`, then letters, digits, `_` and `-`.
pub(super) fn name_length(text: &str) -> usize {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !text.starts_with(starts) {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len())
}
