//! `read`, `record`, `watch --live` and `quit`: what a session asks of its host.

use std::ops::Range;

use crate::session::commands::sync::no_place;
use crate::session::error::CommandError;
use crate::session::error::files::FileError;
use crate::session::evaluation::data::file_name;
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{ALL, FILE};
use crate::session::language::command::{Command, Run};
use crate::session::{Reply, Session};

pub(in crate::session) const READ: Command = Command {
    name: "read",
    aliases: &[],
    arguments: &[FILE.called("the session file"), ALL],
    summary: "run a session file here",
    details: "The commands of FILE run in this session, and its expectations must hold. If a command \
              fails, those before it stay done. The path of FILE is relative to the file that reads it; \
              at the prompt and on standard input it is relative to the working folder. Documents that \
              FILE makes have actors without a random end, as in a script. A terminal shows the \
              beginning; `--all` shows everything, page by page.",
    example: &[
        "read setup.rejoin",
        "#=> 2 commands, 1 expectation: all hold",
        "branched.items",
        "#=> [0, 1]",
    ],
    run: Run::Inside(read),
};

pub(in crate::session) const RECORD: Command = Command {
    name: "record",
    aliases: &[],
    arguments: &[FILE.shown_as("FILE|stop").called("the session file, or `stop`")],
    summary: "write what you type as a session file",
    details: "From here to `record stop`, or to the end of the session, each line that you type is saved \
              in FILE as soon as it has run, with its answers as expectations. A FILE.md gets a fenced \
              block. The recording begins with the commands that make what is there already. Comments \
              that you type are the narration. Actors have no random end in FILE; when the recording \
              stops, it names the lines that answer otherwise because of that. A FILE that exists is \
              refused. A script cannot be recorded.",
    example: &[
        "record lesson.rejoin",
        "#=> recording to lesson.rejoin, until `record stop`",
        "# A counter.",
        "ref a 1",
        "swap a . + 1",
        "record stop",
        "#=> wrote lesson.rejoin: 2 commands, 4 expectations",
    ],
    run: Run::Inside(record),
};

pub(in crate::session) const QUIT: Command = Command {
    name: "quit",
    aliases: &["exit"],
    arguments: &[],
    summary: "leave the session",
    details: "So does Ctrl-D on an empty line.",
    example: &["quit"],
    run: Run::Inside(quit),
};

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
    /// To take what comes to the place of a ref, as long as nobody interrupts.
    Follow(String),
}

impl Request {
    /// Returns the error of a request that is not fulfilled.
    pub fn refused(&self, error: FileError) -> CommandError {
        let hint = error.hint();
        CommandError::new(error, self.span.clone()).with_hint(hint)
    }
}

fn read(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let [file] = args.required();
    let [whole] = args.flags(["--all"]);
    Ok(Reply { whole, ..ask(RequestKind::Read(file_name(&file)), file.span) })
}

fn record(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let [file] = args.required();
    let kind =
        if file.text == "stop" { RequestKind::StopRecording } else { RequestKind::Record(file_name(&file)) };
    Ok(ask(kind, file.span))
}

/// Asks to follow the place that a ref remembers.
pub(in crate::session) fn follow(session: &Session, name: &Word<'_>) -> Result<Reply, CommandError> {
    match session.names.upstream(name.text) {
        Some(_) => Ok(ask(RequestKind::Follow(name.text.to_owned()), name.span.clone())),
        None => Err(no_place(name)),
    }
}

fn quit(_: &mut Session, _: Args<'_>) -> Result<Reply, CommandError> {
    Ok(Reply { quit: true, ..Reply::default() })
}

fn ask(kind: RequestKind, span: Range<usize>) -> Reply {
    Reply { request: Some(Request { kind, span }), ..Reply::default() }
}
