use std::fmt;

use crate::crdt::{Conflict, LostEdits, MergeReport};
use crate::value::{PathChange, Val, differences};

use super::{Page, Request, words};

/// What a line answers: values, and a report in words.
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
    /// Whether the session is to end.
    pub quit: bool,
    /// What the session asks for and cannot do itself.
    pub request: Option<Request>,
    /// What became of the session.
    pub effect: Effect,
}

/// What a command does to what the names of a session stand for.
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
    Changed {
        /// The value before.
        old: Val,
        /// The value after.
        new: Val,
    },
    /// What a merge brought.
    Merged {
        /// The value before.
        old: Val,
        /// The value after.
        new: Val,
        /// What the engine says.
        report: Box<MergeReport>,
    },
    /// What a watcher saw.
    Watched {
        /// The ref.
        name: String,
        /// Its value before.
        old: Val,
        /// Its value after.
        new: Val,
    },
}

impl Reply {
    /// A reply with one value.
    pub(super) fn value(value: Val) -> Self {
        Self { values: vec![value], ..Self::default() }
    }

    /// A reply with one line.
    pub(super) fn line(line: impl Into<String>) -> Self {
        Self::default().with(Part::Line(line.into()))
    }

    pub(super) fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// A reply whose value is for programs.
    pub(super) fn in_words(mut self) -> Self {
        self.in_words = true;
        self
    }

    /// What a transcript shows: values as JSON, then the report.
    pub fn shown(&self) -> (&[Val], Vec<String>) {
        (if self.in_words { &[] } else { &self.values }, self.lines())
    }

    /// The report as lines. Differences are computed here, so that a report nobody reads costs nothing.
    pub fn lines(&self) -> Vec<String> {
        self.parts.iter().flat_map(Part::lines).collect()
    }

    /// The paths that the command changed.
    pub fn changes(&self) -> Vec<PathChange> {
        let changes = self.parts.iter().map(|part| match part {
            Part::Changed { old, new } => differences(old, new),
            Part::Merged { old, new, .. } => differences(old, new),
            Part::Line(_) | Part::Text(_) | Part::Watched { .. } => Vec::new(),
        });
        changes.flatten().collect()
    }

    /// Whether the command is one that changes values; it may have found nothing to change.
    pub fn may_change(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Changed { .. } | Part::Merged { .. }))
    }

    /// The report of the merge, if the command was one.
    pub fn merged(&self) -> Option<&MergeReport> {
        self.parts.iter().find_map(|part| match part {
            Part::Merged { report, .. } => Some(&**report),
            _ => None,
        })
    }
}

impl Part {
    /// The part as lines.
    pub fn lines(&self) -> Vec<String> {
        self.sentences().iter().map(ToString::to_string).collect()
    }

    /// The part as lines whose kind is known.
    pub fn sentences(&self) -> Vec<Sentence> {
        let changes = |of: Option<&str>, old, new| {
            let change = |change| Sentence::Change { of: of.map(str::to_owned), change };
            differences(old, new).into_iter().map(change).collect()
        };
        match self {
            Self::Line(line) => vec![Sentence::Words(line.clone())],
            Self::Text(page) => page.lines(usize::MAX).into_iter().map(Sentence::Text).collect(),
            Self::Changed { old, new } => changes(None, old, new),
            Self::Watched { name, old, new } => changes(Some(name), old, new),
            Self::Merged { old, new, report } => merged(changes(None, old, new), report),
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

/// `conflict at .name: "Bar" (6@origin) wins over "Baz" (6@branched)`.
pub(super) fn conflict(conflict: &Conflict) -> String {
    let written = |w: &crate::crdt::Written| format!("{} ({})", words::short(&w.value), w.id);
    let losers: Vec<String> = conflict.losers.iter().map(written).collect();
    format!("conflict at {}: {} wins over {}", conflict.path, written(&conflict.winner), losers.join(", "))
}

/// `the edit 12@ben went with .tasks[0], which was deleted`.
fn lost(lost: &LostEdits) -> String {
    /// The ids of more edits are not listed.
    const LISTED: usize = 8;
    let edits = if matches!(&lost.edits[..], [edit] if edit.count == 1) { "edit" } else { "edits" };
    let ids: Vec<String> = lost.edits.iter().take(LISTED).map(ToString::to_string).collect();
    let more = lost.edits.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the {edits} {}{more} went with {}, which was deleted", ids.join(", "), lost.path)
}
