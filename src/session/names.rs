use std::fmt;

use indexmap::IndexMap;

use crate::crdt::{Clock, ConvergentRef, Patch, WatchId};
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
    pub(super) watches: IndexMap<String, WatchId>,
}

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Entry> {
        self.entries.get_mut(name)
    }

    /// Two different refs, the first to be changed.
    pub(super) fn two_refs(
        &mut self,
        into: &str,
        from: &str,
    ) -> Option<(&mut ConvergentRef, &ConvergentRef)> {
        match self.entries.get_disjoint_mut([into, from]) {
            [Some(Entry::Ref(into)), Some(Entry::Ref(from))] => Some((into, from)),
            _ => None,
        }
    }

    /// Gives a name that is free, or that stands for a clock or patch which this one replaces.
    pub(super) fn set(&mut self, name: &str, entry: Entry) {
        self.entries.insert(name.to_owned(), entry);
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Entry> {
        self.watches.shift_remove(name);
        self.entries.shift_remove(name)
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
