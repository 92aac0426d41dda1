//! Errors of lines: a kind, a place in the line, a hint.

pub(in crate::session) mod codes;
pub(in crate::session) mod files;

use std::ops::Range;

use thiserror::Error;

use super::EntryKind;
use crate::crdt::{BranchError, ClockError, DecodeError, EditError, IdError, MergeError, SwapError};
use crate::filter::{CompileError, RunError};
use crate::session::error::files::FileError;
use crate::session::language::args::Word;
use crate::store::StoreError;
use crate::value::{NotJson, ParseError, Path, Val};

/// A line that failed: what is wrong, where in the line, and perhaps what to do.
///
/// Its message is one line, whatever a filter or a file put into it.
#[derive(Debug, Clone, Error)]
#[error("{}", super::answer::words::one_line(&.kind.to_string()))]
pub struct CommandError {
    /// What is wrong.
    pub kind: Box<ErrorKind>,
    /// The bytes of the line that are to blame; empty at the end of the line where something is missing.
    pub span: Range<usize>,
    /// What was probably meant, or what helps.
    pub hint: Option<String>,
}

/// The kinds of errors of a line.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The first word means nothing.
    #[error("`{0}` is neither a command nor a name")]
    UnknownCommand(String),
    /// No ref, clock or patch has the name.
    #[error("nothing has the name `{0}`")]
    UnknownName(String),
    /// The name stands for something else.
    #[error("`{name}` is a {found}, not a {wanted}")]
    WrongKind {
        /// The name.
        name: String,
        /// What it is.
        found: EntryKind,
        /// What is wanted here.
        wanted: EntryKind,
    },
    /// The name is taken.
    #[error("`{name}` is taken by a {taken}")]
    NameTaken {
        /// The name.
        name: String,
        /// What it stands for.
        taken: EntryKind,
    },
    /// Two names would be one variable, because `-` becomes `_`.
    #[error("`{name}` would be the variable ${variable}, which stands for `{taken}`")]
    VariableTaken {
        /// The new name.
        name: String,
        /// The variable of both.
        variable: String,
        /// The name that has it.
        taken: String,
    },
    /// A text cannot be a name.
    #[error("`{0}` cannot be a name")]
    BadName(String),
    /// There is nothing of the name to explain.
    #[error("there is no help on `{0}`")]
    UnknownTopic(String),
    /// There is no such setting.
    #[error("there is no setting `{0}`")]
    UnknownSetting(String),
    /// The setting cannot be that.
    #[error("{name} cannot be `{found}`")]
    BadSetting {
        /// The setting.
        name: &'static str,
        /// What it cannot be.
        found: String,
    },
    /// An argument is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Another word is wanted here.
    #[error("expected {wanted}, not `{found}`")]
    Expected {
        /// What is wanted.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// The line has more bytes than one may have.
    #[error("the command has more than {} MiB", super::LONGEST >> 20)]
    TooLong,
    /// There is more than the command takes.
    #[error("unexpected argument `{0}`")]
    TooMuch(String),
    /// The JSON cannot be read.
    #[error("{0}")]
    Json(#[from] ParseError),
    /// A filter cannot be compiled.
    #[error("{0}")]
    Compile(#[from] CompileError),
    /// A filter failed.
    #[error("`{filter}` failed{}: {error}", on.as_ref().map_or(String::new(), |on| format!(" on {on}")))]
    Run {
        /// The filter.
        filter: String,
        /// Its input, a name or in words; `None` when it looks at nothing.
        on: Option<String>,
        /// What went wrong.
        error: RunError,
    },
    /// A filter gave something that is not JSON.
    #[error("`{filter}` gives {error}, which is not JSON")]
    NotJson {
        /// The filter.
        filter: String,
        /// What and where.
        error: NotJson,
    },
    /// A ref refused an edit.
    #[error("{name} stays as it is: {error}")]
    Swap {
        /// The ref.
        name: String,
        /// Why.
        error: SwapError,
    },
    /// A ref refused an edit of one place.
    #[error("{name} stays as it is: {error}")]
    Edit {
        /// The ref.
        name: String,
        /// Why.
        error: EditError,
    },
    /// Nothing is at a path.
    #[error("nothing is at {0}")]
    Nothing(Path),
    /// A path goes on where there are no such parts.
    #[error("{path} is {found} and has no {parts}")]
    NoParts {
        /// Where.
        path: Path,
        /// What is there, in words.
        found: &'static str,
        /// What the path asks for.
        parts: &'static str,
    },
    /// An array does not reach so far.
    #[error("{path} has {}, and none at {index}", super::answer::words::count(*.length, "item"))]
    PastEnd {
        /// The array.
        path: Path,
        /// The index, below 0 from the end.
        index: i64,
        /// How many items there are.
        length: usize,
    },
    /// What is at a path cannot become something.
    #[error("{path} is {value}, not {wanted}")]
    WrongValue {
        /// Where.
        path: Path,
        /// What is there, cut short.
        value: String,
        /// What is wanted there.
        wanted: &'static str,
    },
    /// A ref has no value at a clock.
    #[error("{name} has no value there: {error}")]
    At {
        /// The ref.
        name: String,
        /// Why.
        error: ClockError,
    },
    /// A squash would bring changes that can come again.
    #[error(
        "{name} stays as it is: {from} has {} of this document, which a later merge would bring again",
        super::answer::words::count(*.changes, "change")
    )]
    Squash {
        /// The ref.
        name: String,
        /// The other one.
        from: String,
        /// How many changes it has that the ref lacks.
        changes: usize,
    },
    /// A ref cannot be branched.
    #[error("{0}")]
    Branch(#[from] BranchError),
    /// A merge was refused.
    #[error("{name} stays as it is: {error}")]
    Merge {
        /// The ref.
        name: String,
        /// Why.
        error: MergeError,
    },
    /// A value is not a clock or a patch.
    #[error("this is no {wanted}: {error}")]
    Decode {
        /// What is wanted.
        wanted: EntryKind,
        /// What is wrong.
        error: DecodeError,
    },
    /// Values that should be the same differ.
    #[error("{first} and {other} differ at {path}: {}", super::answer::words::side_by_side(.left.as_ref(), .right.as_ref()))]
    NotSame {
        /// What stands first in the command.
        first: String,
        /// What differs from it.
        other: String,
        /// The first path that differs.
        path: Path,
        /// There, in the first, if it has such a part.
        left: Option<Val>,
        /// There, in the other, if it has such a part.
        right: Option<Val>,
    },
    /// The value of a ref does not satisfy the validator that it is to have.
    #[error("the value of {name} is not valid now: {error}")]
    InvalidNow {
        /// The ref.
        name: String,
        /// What it says.
        error: String,
    },
    /// A ref is not watched.
    #[error("`{0}` is not watched")]
    NotWatched(String),
    /// No command is there to be undone or redone.
    #[error("nothing to {0}")]
    NothingTo(&'static str),
    /// A ref has no validator.
    #[error("`{0}` has no validator")]
    NotValidated(String),
    /// Somebody interrupted the command.
    #[error("the command was interrupted")]
    Interrupted,
    /// A ref remembers no place where it meets others.
    #[error("`{0}` remembers no place")]
    NoPlace(String),
    /// A text is no id of a document.
    #[error("{0}")]
    BadDocument(IdError),
    /// A place where replicas meet does not do what is asked.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A session file cannot be read here, or not be written.
    #[error("{0}")]
    File(#[from] FileError),
}

impl CommandError {
    pub(super) fn new(kind: impl Into<ErrorKind>, span: Range<usize>) -> Self {
        Self { kind: Box::new(kind.into()), span, hint: None }
    }

    /// Makes the error of a line that was interrupted: its first word has the blame.
    pub(super) fn interrupted(line: &str) -> Self {
        let start = line.len() - line.trim_start().len();
        let length = line[start..].find(char::is_whitespace).unwrap_or(line.len() - start);
        Self::new(ErrorKind::Interrupted, start..start + length)
    }

    /// Makes the error of a word that names a file or a program, which fails.
    pub(super) fn of_file(error: FileError, word: &Word<'_>) -> Self {
        let hint = error.hint();
        Self::new(error, word.span.clone()).with_hint(hint)
    }

    /// Makes the error of a line whose outcome cannot be kept: its first word has the blame.
    #[cfg(feature = "store")]
    pub(super) fn not_kept(error: FileError, line: &str) -> Self {
        let span = Self::interrupted(line).span;
        Self::new(error, span).with_hint("nothing was changed".to_owned())
    }

    pub(super) fn with_hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}
