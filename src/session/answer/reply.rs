//! Replies: what a line answers, as data.

use std::fmt;

use crate::crdt::{Conflict, ConvergentRef, LostEdits, MergeReport, Written};
use crate::value::{self, Difference, PathChange, Val, same};

use crate::session::answer::words;
use crate::session::{Page, Request};

/// The answer of a line: values, and a report in words.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The values: one for most commands, none for some, any number for an expression.
    pub values: Vec<Val>,
    /// The report, as data.
    pub parts: Vec<Part>,
    /// Whether the report says to a person what the values say to a program: then a transcript shows
    /// the report alone.
    pub in_words: bool,
    /// Whether a person wants to see all of the value, however long.
    pub whole: bool,
    /// Whether the end of a long report matters most, as that of a history does.
    pub latest: bool,
    /// Whether the session is to end.
    pub quit: bool,
    /// What the session asks for and cannot do itself.
    pub request: Option<Request>,
    /// What became of the session.
    pub effect: Effect,
    /// Of what was taken back or done again: how many commands it was, as those of a file are one step.
    pub commands: usize,
}

/// The effect of a command on what the names of a session stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    #[default]
    None,
    /// It changed something.
    Changed,
    /// It took back the last change.
    Undid,
    /// It did again what was taken back last.
    Redid,
}

/// A part of a report.
#[derive(Debug, Clone)]
pub enum Part {
    /// A line in words.
    Line(String),
    /// A text that is to be read, such as that of `help`.
    Text(Page),
    /// What changed: a line for each path.
    Changed(Vec<PathChange>),
    /// What a merge brought.
    Merged {
        /// What changed.
        changes: Vec<PathChange>,
        /// What the engine says.
        report: Box<MergeReport>,
    },
    /// What a watcher saw.
    Watched {
        /// The ref.
        name: String,
        /// What changed in it.
        changes: Vec<PathChange>,
    },
}

impl Reply {
    /// Makes a reply with one value.
    pub(in crate::session) fn value(value: Val) -> Self {
        Self { values: vec![value], ..Self::default() }
    }

    /// Makes a reply with one line.
    pub(in crate::session) fn line(line: impl Into<String>) -> Self {
        Self::default().with(Part::Line(line.into()))
    }

    pub(in crate::session) fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Makes a reply whose value is for programs.
    pub(in crate::session) fn in_words(mut self) -> Self {
        self.in_words = true;
        self
    }

    /// Returns what a transcript shows: values as JSON, then the report.
    pub fn shown(&self) -> (&[Val], Vec<String>) {
        (if self.in_words { &[] } else { &self.values }, self.lines())
    }

    /// Returns the report as lines.
    pub fn lines(&self) -> Vec<String> {
        self.parts.iter().flat_map(Part::lines).collect()
    }

    /// Returns the paths that the command changed.
    pub fn changes(&self) -> impl Iterator<Item = &PathChange> {
        self.parts.iter().flat_map(|part| match part {
            Part::Changed(changes) | Part::Merged { changes, .. } => &changes[..],
            Part::Line(_) | Part::Text(_) | Part::Watched { .. } => &[],
        })
    }

    /// Tells whether the command is one that changes values; it may have found nothing to change.
    pub fn may_change(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Changed(_) | Part::Merged { .. }))
    }

    /// Returns the report of the merge, if the command was one.
    pub fn merged(&self) -> Option<&MergeReport> {
        self.parts.iter().find_map(|part| match part {
            Part::Merged { report, .. } => Some(&**report),
            _ => None,
        })
    }
}

impl Part {
    /// Returns the part as lines.
    pub fn lines(&self) -> Vec<String> {
        self.sentences().iter().map(ToString::to_string).collect()
    }

    /// Returns the part as lines whose kind is known.
    pub fn sentences(&self) -> Vec<Sentence> {
        match self {
            Self::Line(line) => vec![Sentence::Words(line.clone())],
            Self::Text(page) => page.lines(usize::MAX).into_iter().map(Sentence::Text).collect(),
            Self::Changed(changes) => changed(None, changes),
            Self::Watched { name, changes } => changed(Some(name), changes),
            Self::Merged { changes, report } => merged(changed(None, changes), report),
        }
    }
}

/// A line of a report.
#[derive(Debug, Clone)]
pub enum Sentence {
    /// What is told besides the value.
    Words(String),
    /// A line of a text that is to be read.
    Text(String),
    /// What changed at a path.
    Change {
        /// The watched ref that tells of it, if one does.
        of: Option<String>,
        /// What changed.
        change: PathChange,
    },
    /// Writes that had not seen each other.
    Conflict(String),
    /// Something that was lost, refused, or is not as it should be.
    Warning(String),
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(line) | Self::Text(line) | Self::Conflict(line) | Self::Warning(line) => {
                f.write_str(line)
            }
            Self::Change { of: None, change } => change.fmt(f),
            Self::Change { of: Some(name), change } => write!(f, "{name}: {change}"),
        }
    }
}

/// Returns what changed, then what became a text or counter, and which texts and counters are none any more.
fn changed(of: Option<&str>, changes: &[PathChange]) -> Vec<Sentence> {
    let visible = changes.iter().filter(|change| !reads_alike(change));
    let mut lines: Vec<Sentence> = visible
        .map(|change| Sentence::Change { of: of.map(str::to_owned), change: change.clone() })
        .collect();
    let of = of.map_or_else(String::new, |name| format!("{name}: "));
    lines.extend(changes.iter().filter_map(|change| {
        let path = &change.path;
        let made = change.made().map(|kind| Sentence::Words(format!("{of}{path} is a {kind} now")));
        let lost = |kind| Sentence::Warning(format!("{of}{path} is no {kind} any more"));
        made.or_else(|| change.made_plain().map(lost))
    }));
    lines
}

/// Tells what the last edit or merge of a ref changed, as far as one can see it.
pub(in crate::session) fn visible_changes(reference: &ConvergentRef) -> Vec<PathChange> {
    let mut changes = reference.delta();
    changes.retain(|change| change.made_plain().or(change.made()).is_some() || !reads_alike(change));
    changes
}

/// Tells whether something took the place of another thing that reads alike: a text, say, of a plain string.
pub(in crate::session) fn reads_alike(change: &PathChange) -> bool {
    matches!(&change.difference, Difference::Changed(old, new) if same(old, new))
}

fn merged(changes: Vec<Sentence>, report: &MergeReport) -> Vec<Sentence> {
    let counts = [
        (report.new, "new"),
        (report.known, "known"),
        (report.waiting, "waiting for others"),
        (report.refused.len(), "refused"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> =
        counts.map(|(count, what)| format!("{} {what}", words::count(count, "change"))).collect();
    let counts = if counts.is_empty() { "nothing new".to_owned() } else { counts.join(", ") };
    let mut lines = vec![Sentence::Words(counts)];
    lines.extend(changes);
    lines.extend(report.conflicts.iter().map(|it| Sentence::Conflict(conflict(it))));
    lines.extend(report.lost.iter().map(|it| Sentence::Warning(lost(it))));
    lines.extend(report.refused.iter().map(|error| Sentence::Warning(format!("refused: {error}"))));
    let invalid = |error| Sentence::Warning(format!("the merged value is not valid: {error}"));
    lines.extend(report.invalid.iter().map(invalid));
    lines
}

/// Writes `conflict at .name: "Bar" (6@origin) wins over "Baz" (6@branched)`.
pub(in crate::session) fn conflict(conflict: &Conflict) -> String {
    let all: Vec<&Written> = std::iter::once(&conflict.winner).chain(&conflict.losers).collect();
    let values = words::excerpts(&all.iter().map(|written| value::text(&written.value)).collect::<Vec<_>>());
    let written = all.iter().zip(values).map(|(written, value)| format!("{value} ({})", written.id));
    let written: Vec<String> = written.collect();
    format!("conflict at {}: {} wins over {}", conflict.path, written[0], written[1..].join(", "))
}

/// Writes `the edit 12@ben went with .tasks[0], which was deleted` (or `overwritten`).
fn lost(lost: &LostEdits) -> String {
    /// The ids of more edits are not listed.
    const LISTED: usize = 8;
    let edits = if matches!(&lost.edits[..], [edit] if edit.count == 1) { "edit" } else { "edits" };
    let ids: Vec<String> = lost.edits.iter().take(LISTED).map(ToString::to_string).collect();
    let more = lost.edits.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let fate = if lost.overwritten { "overwritten" } else { "deleted" };
    format!("the {edits} {}{more} went with {}, which was {fate}", ids.join(", "), lost.path)
}
