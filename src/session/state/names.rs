//! The names of a session, and what they stand for.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::crdt::{Clock, ConvergentRef, Patch, Rewound, Version, WatchId};
use crate::filter::Filter;
use crate::session::language::name::variable;
use crate::session::state::validator::satisfies;
use crate::session::state::watch_log::WatchLog;
use crate::store::Seen;
use crate::value::Val;

/// An entry: what a name stands for.
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
    /// Returns what it is.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Ref(_) => EntryKind::Ref,
            Self::Clock(_) => EntryKind::Clock,
            Self::Patch(_) => EntryKind::Patch,
        }
    }

    /// Returns its JSON: the value of a ref, the readable form of a clock or patch.
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
pub(in crate::session) struct Names {
    /// By their variables: no two names are one variable.
    by_variable: HashMap<String, Named>,
    /// The variables by the ranks of their names.
    order: BTreeMap<u64, String>,
    /// What was before, for each thing that the command touched.
    journal: Vec<Before>,
}

/// A name with what it stands for, and what belongs to that.
struct Named {
    name: String,
    /// Names that were made later have higher ranks.
    rank: u64,
    entry: Entry,
    /// What tells of the changes of a ref.
    watch: Option<WatchId>,
    /// What the edits of a ref must satisfy.
    validator: Option<Arc<Filter>>,
    /// Where a ref meets others.
    upstream: Option<Upstream>,
}

/// The place where a ref meets others, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Upstream {
    pub(in crate::session) place: String,
    pub(in crate::session) seen: Seen,
}

impl Named {
    fn as_ref_mut(&mut self) -> Option<&mut ConvergentRef> {
        match &mut self.entry {
            Entry::Ref(reference) => Some(reference),
            _ => None,
        }
    }
}

/// The state of something before a command touched it.
pub(in crate::session) enum Before {
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
    /// A name that is gone, with all that belonged to it.
    Gone(Box<Gone>),
    /// Whether a ref was watched.
    Watched(String, bool),
    /// The validator of a ref.
    Validator(String, Option<Arc<Filter>>),
    /// Where a ref met others.
    Upstream(String, Option<Upstream>),
}

/// A name that is gone.
pub(in crate::session) struct Gone(Named);

impl Before {
    /// Returns the name of what was touched.
    pub(in crate::session) fn name(&self) -> &str {
        match self {
            Self::Gone(gone) => &gone.0.name,
            Self::Renamed { to, .. } => to,
            Self::Version(name, _)
            | Self::Rewound(name, _)
            | Self::Nothing(name)
            | Self::Other(name, _)
            | Self::Watched(name, _)
            | Self::Validator(name, _)
            | Self::Upstream(name, _) => name,
        }
    }

    /// Returns the other name of what was touched, if it had one.
    pub(in crate::session) fn old_name(&self) -> Option<&str> {
        if let Self::Renamed { from, .. } = self { Some(from) } else { None }
    }

    /// Copies what is a ref that goes back or forth: that can be interrupted.
    pub(in crate::session) fn copy_of_ref(&self) -> Option<Self> {
        match self {
            Self::Version(name, version) => Some(Self::Version(name.clone(), version.clone())),
            Self::Rewound(name, rewound) => Some(Self::Rewound(name.clone(), rewound.clone())),
            _ => None,
        }
    }

    /// Keeps what was done to a ref that is gone.
    pub(in crate::session) fn end_cancellation(&mut self) {
        if let Self::Gone(gone) = self {
            gone.0.as_ref_mut().into_iter().for_each(ConvergentRef::end_cancellation);
        }
    }

    /// Tells whether a name comes to stand for something else, or for nothing.
    pub(in crate::session) fn replaces(&self, name: &str) -> bool {
        matches!(self, Self::Nothing(_) | Self::Other(..) | Self::Gone(_)) && self.name() == name
    }

    /// Returns the ref whose value changes.
    pub(in crate::session) fn reference(&self) -> Option<&str> {
        match self {
            Self::Version(name, _) | Self::Rewound(name, _) => Some(name),
            _ => None,
        }
    }
}

/// Notes how far a ref is that is about to change. A command that changes it several times takes one way back.
fn note_version(journal: &mut Vec<Before>, name: &str, reference: &mut ConvergentRef) {
    reference.value();
    reference.allow_cancellation();
    if !matches!(journal.last(), Some(Before::Version(noted, _)) if noted == name) {
        journal.push(Before::Version(name.to_owned(), reference.version()));
    }
}

impl Names {
    pub(in crate::session) fn get(&self, name: &str) -> Option<&Entry> {
        self.named(name).map(|named| &named.entry)
    }

    fn named(&self, name: &str) -> Option<&Named> {
        self.by_variable.get(&*variable(name)).filter(|named| named.name == name)
    }

    fn named_mut(&mut self, name: &str) -> Option<&mut Named> {
        self.by_variable.get_mut(&*variable(name)).filter(|named| named.name == name)
    }

    /// Returns a ref, to be changed. Its value is read before, so that what changes in it can be told.
    pub(in crate::session) fn reference_mut(&mut self, name: &str) -> Option<&mut ConvergentRef> {
        let named = self.by_variable.get_mut(&*variable(name)).filter(|named| named.name == name)?;
        let reference = named.as_ref_mut()?;
        note_version(&mut self.journal, name, reference);
        Some(reference)
    }

    /// Returns two different refs, the first to be changed, as [`reference_mut`](Self::reference_mut) gives it.
    pub(in crate::session) fn two_refs(
        &mut self,
        into: &str,
        from: &str,
    ) -> Option<(&mut ConvergentRef, &ConvergentRef)> {
        self.named(into).and(self.named(from)).filter(|_| into != from)?;
        match self.by_variable.get_disjoint_mut([&*variable(into), &*variable(from)]) {
            [
                Some(Named { entry: Entry::Ref(reference), .. }),
                Some(Named { entry: Entry::Ref(from), .. }),
            ] => {
                note_version(&mut self.journal, into, reference);
                Some((reference, from))
            }
            _ => None,
        }
    }

    /// Gives a name that is free, or that stands for a clock or patch which this one replaces.
    pub(in crate::session) fn set(&mut self, name: &str, entry: Entry) {
        let before = self.replace(name, entry);
        self.journal.push(before);
    }

    fn replace(&mut self, name: &str, entry: Entry) -> Before {
        if let Some(named) = self.named_mut(name) {
            let other = std::mem::replace(&mut named.entry, entry);
            return Before::Other(name.to_owned(), Box::new(other));
        }
        let rank = self.order.last_key_value().map_or(0, |(last, _)| last + 1);
        self.put(Named { name: name.to_owned(), rank, entry, watch: None, validator: None, upstream: None });
        Before::Nothing(name.to_owned())
    }

    fn put(&mut self, named: Named) {
        let variable = variable(&named.name).into_owned();
        self.order.insert(named.rank, variable.clone());
        self.by_variable.insert(variable, named);
    }

    pub(in crate::session) fn remove(&mut self, name: &str) {
        if let Some(gone) = self.take(name) {
            self.journal.push(Before::Gone(Box::new(gone)));
        }
    }

    /// Gives what has a name another one, which must be free. It keeps its place and all that belongs to it.
    pub(in crate::session) fn rename(&mut self, from: &str, to: &str, seen: &WatchLog) {
        self.give_name(from, to, seen);
        self.journal.push(Before::Renamed { from: from.to_owned(), to: to.to_owned() });
    }

    fn give_name(&mut self, from: &str, to: &str, seen: &WatchLog) {
        let Some(Gone(mut named)) = self.take(from) else { return };
        to.clone_into(&mut named.name);
        if let Some(id) = named.watch.take()
            && let Some(reference) = named.as_ref_mut()
        {
            // The watch tells the name.
            reference.unwatch(id);
            named.watch = Some(seen.watch(reference, to));
        }
        self.put(named);
    }

    fn take(&mut self, name: &str) -> Option<Gone> {
        self.named(name)?;
        let named = self.by_variable.remove(&*variable(name))?;
        self.order.remove(&named.rank);
        Some(Gone(named))
    }

    // --- watchers and validators ---

    pub(in crate::session) fn is_watched(&self, name: &str) -> bool {
        self.named(name).is_some_and(|named| named.watch.is_some())
    }

    /// Watches a ref or no longer does.
    pub(in crate::session) fn set_watched(&mut self, name: &str, on: bool, seen: &WatchLog) {
        let before = self.watch(name, on, seen);
        self.journal.extend(before);
    }

    fn watch(&mut self, name: &str, on: bool, seen: &WatchLog) -> Option<Before> {
        let named = self.named_mut(name)?;
        let old = named.watch.take();
        let before = Before::Watched(name.to_owned(), old.is_some());
        let reference = named.as_ref_mut()?;
        if let Some(id) = old {
            reference.unwatch(id);
        }
        if on {
            named.watch = Some(seen.watch(reference, name));
        }
        Some(before)
    }

    pub(in crate::session) fn is_validated(&self, name: &str) -> bool {
        self.named(name).is_some_and(|named| named.validator.is_some())
    }

    /// Returns the code of the validator of a ref.
    #[cfg(feature = "store")]
    pub(in crate::session) fn validator(&self, name: &str) -> Option<String> {
        self.named(name)?.validator.as_ref().map(|filter| filter.code().to_owned())
    }

    /// Gives a ref a validator or takes it away.
    pub(in crate::session) fn set_validator(&mut self, name: &str, filter: Option<Arc<Filter>>) {
        let before = self.validate(name, filter);
        self.journal.extend(before);
    }

    fn validate(&mut self, name: &str, filter: Option<Arc<Filter>>) -> Option<Before> {
        let named = self.named_mut(name)?;
        let reference = named.as_ref_mut()?;
        reference.clear_validator();
        if let Some(filter) = filter.clone() {
            reference.set_validator(move |value| satisfies(&filter, value));
        }
        Some(Before::Validator(name.to_owned(), std::mem::replace(&mut named.validator, filter)))
    }

    // --- where refs meet others ---

    pub(in crate::session) fn upstream(&self, name: &str) -> Option<&Upstream> {
        self.named(name)?.upstream.as_ref()
    }

    /// Says where a ref meets others, and what is known of that place.
    pub(in crate::session) fn set_upstream(&mut self, name: &str, upstream: Option<Upstream>) {
        if self.upstream(name) != upstream.as_ref() {
            let before = self.meet(name, upstream);
            self.journal.extend(before);
        }
    }

    fn meet(&mut self, name: &str, upstream: Option<Upstream>) -> Option<Before> {
        let named = self.named_mut(name)?;
        Some(Before::Upstream(name.to_owned(), std::mem::replace(&mut named.upstream, upstream)))
    }

    // --- what was before ---

    /// Tells whether the command changed something; forgets what it touched and left as it was.
    pub(in crate::session) fn have_changed(&mut self) -> bool {
        let mut journal = std::mem::take(&mut self.journal);
        journal.retain(|before| match before {
            Before::Version(name, version) => match self.named_mut(name).and_then(Named::as_ref_mut) {
                Some(reference) => {
                    reference.end_cancellation();
                    !reference.is_at(version)
                }
                None => true,
            },
            _ => true,
        });
        self.journal = journal;
        !self.journal.is_empty()
    }

    /// Returns what was before the command, of all that it touched.
    #[cfg(feature = "store")]
    pub(in crate::session) fn touched(&self) -> &[Before] {
        &self.journal
    }

    /// Gives what was before the command for an empty list.
    pub(in crate::session) fn swap_journal(&mut self, empty: &mut Vec<Before>) {
        std::mem::swap(&mut self.journal, empty);
    }

    /// Makes what a command touched what it was before, and forgets that: the command failed.
    pub(in crate::session) fn roll_back(&mut self, seen: &WatchLog) {
        for before in std::mem::take(&mut self.journal).into_iter().rev() {
            match before {
                Before::Version(name, _) => self.roll_back_ref(&name),
                before => drop(self.restore(before, seen)),
            }
        }
    }

    /// Makes what a command touched what it was before, also where what the command did is done, and forgets that.
    #[cfg(feature = "store")]
    pub(in crate::session) fn take_back(&mut self, seen: &WatchLog) {
        if self.have_changed() {
            for before in std::mem::take(&mut self.journal).into_iter().rev() {
                self.restore(before, seen);
            }
            self.end_cancellation();
        }
    }

    /// Makes a ref what it was before the command, unless what the command did with it is done.
    pub(in crate::session) fn roll_back_ref(&mut self, name: &str) {
        if let Some(reference) = self.named_mut(name).and_then(Named::as_ref_mut) {
            reference.roll_back();
        }
    }

    /// Keeps what was done to all refs.
    pub(in crate::session) fn end_cancellation(&mut self) {
        self.by_variable.values_mut().filter_map(Named::as_ref_mut).for_each(ConvergentRef::end_cancellation);
    }

    /// Makes something what it was before; says what it was until now. What changes in a ref can be told then.
    pub(in crate::session) fn restore(&mut self, before: Before, seen: &WatchLog) -> Before {
        match before {
            Before::Version(name, version) => match self.named_mut(&name).and_then(Named::as_ref_mut) {
                Some(reference) => {
                    reference.value();
                    reference.allow_cancellation();
                    let rewound = reference.rewind(version).expect("the version is of this ref");
                    self.tell(&name, seen);
                    Before::Rewound(name, Box::new(rewound))
                }
                None => Before::Version(name, version),
            },
            Before::Rewound(name, rewound) => match self.named_mut(&name).and_then(Named::as_ref_mut) {
                Some(reference) => {
                    let version = reference.version();
                    reference.value();
                    reference.allow_cancellation();
                    reference.replay(*rewound).expect("what was done since was taken back");
                    self.tell(&name, seen);
                    Before::Version(name, version)
                }
                None => Before::Rewound(name, rewound),
            },
            Before::Nothing(name) => match self.take(&name) {
                Some(gone) => Before::Gone(Box::new(gone)),
                None => Before::Nothing(name),
            },
            Before::Other(name, entry) => self.replace(&name, *entry),
            Before::Renamed { from, to } => {
                self.give_name(&to, &from, seen);
                Before::Renamed { from: to, to: from }
            }
            Before::Gone(gone) => {
                let name = gone.0.name.clone();
                self.put(gone.0);
                Before::Nothing(name)
            }
            Before::Watched(name, on) => self.watch(&name, on, seen).unwrap_or(Before::Watched(name, !on)),
            Before::Validator(name, filter) => {
                self.validate(&name, filter).unwrap_or(Before::Validator(name, None))
            }
            Before::Upstream(name, upstream) => {
                self.meet(&name, upstream).unwrap_or(Before::Upstream(name, None))
            }
        }
    }

    /// Tells what changed in a ref that went back or forth, if it is watched.
    fn tell(&self, name: &str, seen: &WatchLog) {
        if let Some(Named { entry: Entry::Ref(reference), watch: Some(_), .. }) = self.named(name) {
            let changes = reference.delta();
            if !changes.is_empty() {
                seen.add(name, changes);
            }
        }
    }

    pub(in crate::session) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        let named = self.order.values().filter_map(|variable| self.by_variable.get(variable));
        named.map(|named| (named.name.as_str(), &named.entry))
    }

    /// Returns the name whose variable is `$variable`.
    pub(in crate::session) fn of_variable(&self, variable: &str) -> Option<&str> {
        self.by_variable.get(variable).map(|named| named.name.as_str())
    }
}
