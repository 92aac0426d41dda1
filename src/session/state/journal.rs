//! The journal: what several commands changed, as if they had been one.

use std::collections::HashMap;

use crate::session::state::names::Before;

/// A record of what was before some commands. Holds a few notes for each name, however many commands touched it, and
/// one for each renaming.
#[derive(Default)]
pub(in crate::session) struct Journal {
    /// In the order in which things were touched; none where a later command took back what an earlier one did.
    notes: Vec<Option<Before>>,
    /// The notes of each name.
    by_name: HashMap<String, Vec<usize>>,
    /// How many notes are none.
    gaps: usize,
}

/// The subject of a note: what it says of what its name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// It stood for nothing.
    Nothing,
    /// It stood for another clock or patch.
    Other,
    /// It was made to stand for nothing.
    Gone,
    /// What it stands for has, or had, another name.
    Renamed,
    Version,
    Watched,
    Validator,
    Upstream,
}

fn about(before: &Before) -> About {
    match before {
        Before::Nothing(_) => About::Nothing,
        Before::Other(..) => About::Other,
        Before::Gone(_) => About::Gone,
        Before::Renamed { .. } => About::Renamed,
        Before::Version(..) | Before::Rewound(..) => About::Version,
        Before::Watched(..) => About::Watched,
        Before::Validator(..) => About::Validator,
        Before::Upstream(..) => About::Upstream,
    }
}

impl About {
    /// Tells whether the name came to stand for something else, or for nothing.
    fn replaces(self) -> bool {
        matches!(self, Self::Nothing | Self::Other | Self::Gone | Self::Renamed)
    }
}

impl Journal {
    pub(in crate::session) fn is_empty(&self) -> bool {
        self.notes.len() == self.gaps
    }

    /// Adds what was before a later command. O(1), amortised.
    pub(in crate::session) fn add(&mut self, before: Before) {
        let notes = self.by_name.entry(before.name().to_owned()).or_default();
        let note = |at: &usize| self.notes[*at].as_ref().map(about);
        // Since the name came to stand for what it stands for.
        let replaced = notes.iter().rposition(|at| note(at).is_some_and(About::replaces));
        let since = || notes[replaced.map_or(0, |at| at + 1)..].iter().filter_map(note);
        match (replaced.and_then(|at| note(&notes[at])), about(&before)) {
            // It was made and went: nothing is left of it.
            (Some(About::Nothing), About::Gone) => {
                for at in notes.drain(replaced.unwrap_or(0)..) {
                    self.notes[at] = None;
                    self.gaps += 1;
                }
                if self.gaps > self.notes.len() / 2 {
                    self.close_gaps();
                }
                return;
            }
            // What it was at first counts.
            (Some(About::Nothing | About::Other), About::Other) => return,
            (_, About::Nothing | About::Other | About::Gone | About::Renamed) => {}
            (_, about) if since().any(|known| known == about) => return,
            _ => {}
        }
        notes.push(self.notes.len());
        if let Some(name) = before.old_name() {
            self.by_name.entry(name.to_owned()).or_default().push(self.notes.len());
        }
        self.notes.push(Some(before));
    }

    fn close_gaps(&mut self) {
        self.notes.retain(Option::is_some);
        self.gaps = 0;
        self.by_name.clear();
        for (at, note) in self.notes.iter().enumerate() {
            if let Some(note) = note {
                for name in note.old_name().into_iter().chain([note.name()]) {
                    self.by_name.entry(name.to_owned()).or_default().push(at);
                }
            }
        }
    }

    /// Returns what was before all of them, in the order in which it was touched.
    pub(in crate::session) fn into_notes(self) -> Vec<Before> {
        self.notes.into_iter().flatten().collect()
    }
}
