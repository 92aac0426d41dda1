//! `read`, `record` and `quit`: what a session asks of its host.

use std::ops::Range;

use crate::session::error::CommandError;
use crate::session::error::files::FileError;
use crate::session::evaluation::data::file_name;
use crate::session::language::args::Args;
use crate::session::{Reply, Session};

/// A request of a command to whoever runs the session.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is asked for.
    pub kind: RequestKind,
    /// The bytes of the line that say so.
    pub span: Range<usize>,
}

/// The kind of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestKind {
    /// To run a session file here.
    Read(String),
    /// To write what follows as a session file.
    Record(String),
    /// To end that.
    StopRecording,
}

impl Request {
    /// Returns the error of a request that is not fulfilled.
    pub fn refused(&self, error: FileError) -> CommandError {
        let hint = error.hint();
        CommandError::new(error, self.span.clone()).with_hint(hint)
    }
}

pub(in crate::session) fn read(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let [file] = args.required();
    let [whole] = args.flags(["--all"]);
    Ok(Reply { whole, ..ask(RequestKind::Read(file_name(&file)), file.span) })
}

pub(in crate::session) fn record(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let [file] = args.required();
    let kind =
        if file.text == "stop" { RequestKind::StopRecording } else { RequestKind::Record(file_name(&file)) };
    Ok(ask(kind, file.span))
}

pub(in crate::session) fn quit(_: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
    Ok(Reply { quit: true, ..Reply::default() })
}

fn ask(kind: RequestKind, span: Range<usize>) -> Reply {
    Reply { request: Some(Request { kind, span }), ..Reply::default() }
}
