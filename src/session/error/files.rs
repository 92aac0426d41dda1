//! Errors of files and programs, which a host reaches for a session.

use thiserror::Error;

use crate::crdt::DecodeError;

/// The reason why a file is not read or written, or a program not run.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum FileError {
    /// There are no files.
    #[error("files are out of reach here")]
    OutOfReach,
    /// A file cannot be read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// A file does not hold JSON.
    #[error("{file}:{line}:{column}: {problem}")]
    NotJson {
        /// The file.
        file: String,
        /// The line in it, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A file does not hold a ref.
    #[error("`{file}` is no saved ref: {error}")]
    NotSaved {
        /// The file.
        file: String,
        /// What is wrong.
        error: DecodeError,
    },
    /// A program cannot be run.
    #[error("cannot run `{command}`: {reason}")]
    NotRun {
        /// The program, with its arguments.
        command: String,
        /// What the system says.
        reason: String,
    },
    /// Programs are for somebody who types.
    #[error("programs can be run at the prompt, and this is a script")]
    NoPrograms,
    /// A file reads itself, perhaps by way of others.
    #[error("`{0}` is being read already")]
    Circle(String),
    /// Files read files that read files.
    #[error("`{0}` is read by too many files, each of which is read by another one")]
    TooDeep(String),
    /// A file would forget what is here.
    #[error("`{0}` starts new sessions, and `read` runs a file in this one")]
    StartsSessions(String),
    /// A command of a file failed, or an expectation does not hold.
    #[error("{file}:{line}: {message}")]
    Failed {
        /// The file.
        file: String,
        /// The line in it.
        line: usize,
        /// What went wrong there.
        message: String,
        /// What was probably meant there, or what helps.
        hint: Option<String>,
    },
    /// To follow a place is for somebody who types.
    #[error("a place can be followed at the prompt, and this is a script")]
    NotFollowed,
    /// A recording needs somebody who types.
    #[error("what is typed at the prompt can be recorded, and this is a script")]
    NotTyped,
    /// A file that is to be made is there.
    #[error("cannot write `{0}`: it is there already")]
    Taken(String),
    /// A file cannot be written.
    #[error("cannot write `{file}`: {reason}")]
    Unwritable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// There is a recording.
    #[error("`{0}` is being recorded")]
    Recording(String),
    /// There is no recording.
    #[error("nothing is being recorded")]
    NotRecording,
}

impl FileError {
    /// Says what helps, if anything does.
    pub(in crate::session) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Failed { hint, .. } => return hint.clone(),
            Self::Unreadable { reason, .. } if reason.contains("No such file") => Some(
                "it is looked for where the file stands that reads it, at the prompt in the working folder",
            ),
            Self::NotSaved { .. } => Some("`save REF FILE` writes one, `ref NAME from FILE` reads JSON"),
            Self::NotTyped => Some("`rejoin run FILE` prints a session file with what it answers"),
            Self::Taken(_) => Some("a recording makes a new file, and never overwrites one"),
            Self::Recording(_) => Some("`record stop` ends it"),
            Self::NotRecording => Some("`record FILE` begins a recording"),
            Self::StartsSessions(_) => Some("`rejoin run FILE` runs it"),
            _ => None,
        };
        hint.map(str::to_owned)
    }
}
