//! Mistakes in a session file itself, found before anything of it runs.

use thiserror::Error;

use super::lookalike::Lookalike;
use super::markdown::Unopened;
use crate::session::LONGEST;

/// Something of a session file that would be left out in silence, or be taken for something else.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {kind}")]
pub struct Mistake {
    /// The line of the file, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// What is wrong there.
    pub kind: MistakeKind,
}

/// The kind of a mistake at a place of a session file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MistakeKind {
    /// A fence is meant to open a block of the session, and says something that means nothing.
    #[error("a block cannot be fenced as `{0}`")]
    Fence(String),
    /// A fence looks as if it opened a block of the session, and does not.
    #[error("the fence `{says}` opens no block: {}", match .place {
        Unopened::Html => "it stands in HTML",
        Unopened::Paragraph => "it is indented, and goes on with the paragraph above",
        Unopened::Footnote => "it stands in a footnote",
    })]
    Unopened {
        /// What the fence says.
        says: String,
        /// Where it stands.
        place: Unopened,
    },
    /// A comment begins like an expectation.
    #[error("`{0}` begins no expectation")]
    Lookalike(String),
    /// An expectation stands behind a command.
    #[error("an expectation stands on a line of its own, below its command")]
    Behind,
    /// An expectation stands above the first command of its session.
    #[error("no command stands above this expectation")]
    Above,
    /// An expectation stands outside the blocks of a Markdown file.
    #[error("this expectation stands in no block of the session")]
    Outside,
    /// An expectation stands where none is compared.
    #[error("an expectation is compared in a file or on standard input, and not here")]
    NotCompared,
    /// A command stands behind one that ends the file.
    #[error("nothing runs behind `quit`")]
    BehindQuit,
    /// The JSON of an expectation is not closed.
    #[error("the JSON that is expected does not end")]
    Unfinished,
    /// An object of an expectation has a key twice.
    #[error("an object has a key twice, and only one of them could be compared")]
    RepeatedKey,
    /// What begins like JSON is none.
    #[error("{0}")]
    NotJson(String),
    /// An expectation is too long to be read.
    #[error("the expectation has more than {} MiB", LONGEST >> 20)]
    TooLong,
}

impl MistakeKind {
    /// Returns what helps.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Fence(_) => "`rejoin` goes on with the session, and `rejoin fresh` starts a new one",
            Self::Unopened { place: Unopened::Html, .. } => {
                "most HTML ends at a blank line: put one in front of the fence; a comment leaves a block out"
            }
            Self::Unopened { place: Unopened::Paragraph, .. } => {
                "put a blank line in front of it to make it code, or indent it by less than four blanks"
            }
            Self::Unopened { place: Unopened::Footnote, .. } => {
                "CommonMark has no footnotes: put the block outside of it"
            }
            Self::Lookalike(_) => "an expectation begins with `#=>`; no other comment begins with an arrow",
            Self::Behind => "in a command `#` starts a comment, which is not compared",
            Self::Unfinished => "each of its lines begins with `#=>`",
            Self::NotJson(_) => "where it is a line of a report, put `...` in front of it",
            Self::Outside => "the block above may have ended before this line",
            Self::NotCompared => "write it into a file, and `rejoin check` it",
            Self::BehindQuit => "`quit` ends the whole file",
            Self::Above => "an expectation stands below its command",
            Self::RepeatedKey => "leave one of them out",
            Self::TooLong => return None,
        })
    }

    pub(super) fn at(self, line: usize, column: usize) -> Mistake {
        Mistake { line, column, kind: self }
    }
}

impl From<Lookalike<'_>> for MistakeKind {
    fn from(found: Lookalike<'_>) -> Self {
        match found {
            Lookalike::Real => Self::Behind,
            Lookalike::Like(mark) => Self::Lookalike(mark.to_owned()),
        }
    }
}
