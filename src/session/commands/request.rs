//! `read`, `record` and `quit`: what a session asks of its host.

use std::ops::Range;

use thiserror::Error;

use crate::session::error::CommandError;
use crate::session::language::args::Args;
use crate::session::{Reply, Session};
use crate::value::{Val, parse};

/// What a command asks of whoever runs the session.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it wants.
    pub wish: Wish,
    /// The bytes of the line that say so.
    pub span: Range<usize>,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To run a session file here.
    Read(String),
    /// To write what follows as a session file.
    Record(String),
    /// To end that.
    StopRecording,
}

/// Why a session file is not read or written.
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
    /// A recording needs somebody who types.
    #[error("what is typed at the prompt can be recorded, and this is a script")]
    NotTyped,
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
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Failed { hint, .. } => return hint.clone(),
            Self::Unreadable { .. } => Some(
                "it is looked for where the file stands that reads it, at the prompt in the working folder",
            ),
            Self::NotTyped => Some("`rejoin run FILE` prints a session file with what it answers"),
            Self::Unwritable { reason, .. } if reason.ends_with("already") => {
                Some("a recording makes a new file, and never overwrites one")
            }
            Self::Recording(_) => Some("`record stop` ends it"),
            Self::NotRecording => Some("`record FILE` begins a recording"),
            Self::StartsSessions(_) => Some("`rejoin run FILE` runs it"),
            _ => None,
        };
        hint.map(str::to_owned)
    }
}

impl Request {
    /// The error of a request that is not fulfilled.
    pub fn refused(&self, error: FileError) -> CommandError {
        let hint = error.hint();
        CommandError::new(error, self.span.clone()).with_hint(hint)
    }
}

pub(in crate::session) fn read(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let [mut file] = args.required();
    let before = file.text.strip_suffix("--all").filter(|before| before.ends_with(char::is_whitespace));
    let whole = before.is_some();
    if let Some(before) = before {
        file.text = before.trim_end();
        file.span.end = file.span.start + file.text.len();
    }
    Ok(Reply { whole, ..ask(Wish::Read(name(file.text)), file.span) })
}

pub(in crate::session) fn record(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let [file] = args.required();
    let wish = if file.text == "stop" { Wish::StopRecording } else { Wish::Record(name(file.text)) };
    Ok(ask(wish, file.span))
}

pub(in crate::session) fn quit(_: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
    Ok(Reply { quit: true, ..Reply::default() })
}

fn ask(wish: Wish, span: Range<usize>) -> Reply {
    Reply { request: Some(Request { wish, span }), ..Reply::default() }
}

/// The name of a file: as it stands there, or as a JSON string.
fn name(text: &str) -> String {
    let quoted = parse(text).ok();
    quoted.as_ref().and_then(Val::as_str).unwrap_or(text).to_owned()
}
