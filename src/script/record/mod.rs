//! What is typed, as a session file.
//!
//! A file must hold wherever it runs, and so it has what a script would answer, in which actors have no
//! random end: what was typed is run again in a session of its own (see [`mod@twin`]), with the names that actors
//! and documents have there. What it starts from stands first in the file (see [`mod@preamble`]).

mod preamble;
mod twin;

use std::collections::HashSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use crate::script::{Outcome, Ran, Script, answers, count, run};
use crate::session::{COMMANDS, Code, CommandError, Effect, Entry, Limits, Reply, Session};
use preamble::preamble;
use twin::{Fate, Made, ids};

/// Of so many lines it is told what is otherwise in a script.
const LISTED: usize = 8;

/// Keeps what is typed, so that it can be written as a session file.
#[derive(Default)]
pub(super) struct Recorder {
    typed: Vec<Typed>,
    /// The actors that were met.
    actors: HashSet<String>,
    recording: Option<Recording>,
    /// So many lines changed something and are kept out of files.
    left_out: usize,
}

/// A line that was typed, and how it went.
struct Typed {
    text: String,
    ok: bool,
    effect: Effect,
    /// Whether its answer became the last value.
    sets_last: bool,
    /// Whether it may use the last value.
    uses_last: bool,
    /// The refs that came with it.
    made: Vec<Made>,
    /// The ids in the patches that it answered.
    ids: Vec<String>,
    /// What it answered, while it is recorded.
    answers: Vec<String>,
}

struct Recording {
    path: PathBuf,
    /// How much had been typed when it began.
    from: usize,
    /// What filters may use.
    limits: Limits,
}

impl Recorder {
    /// Notes a line and how it went in the session.
    pub(super) fn typed(&mut self, session: &Session, line: &str, answer: &Result<Reply, CommandError>) {
        // A blank in front keeps a line to oneself; in a file that is read it means nothing.
        let is_private = line.starts_with(char::is_whitespace) && !session.is_reading();
        if is_private || is_help(line) {
            self.left_out += usize::from(answer.as_ref().is_ok_and(|reply| reply.effect != Effect::None));
            return;
        }
        let ends = answer.as_ref().is_ok_and(|reply| reply.quit);
        let is_expectation = line.trim_start().starts_with("#=>");
        // What had to be stopped is not to be run again.
        let stopped = |error: &CommandError| matches!(error.code(), Code::Stopped | Code::Interrupted);
        // What failed before a recording did nothing.
        let counts = answer.is_ok() || self.recording.is_some();
        if !counts || ends || is_expectation || line.trim().is_empty() || answer.as_ref().is_err_and(stopped)
        {
            return;
        }
        let reply = answer.as_ref().ok();
        let effect = reply.map_or(Effect::None, |reply| reply.effect);
        let made = if effect == Effect::None { Vec::new() } else { self.made(session) };
        self.typed.push(Typed {
            text: line.trim_end().to_owned(),
            ok: answer.is_ok(),
            effect,
            sets_last: reply.is_some_and(|reply| !reply.values.is_empty()),
            uses_last: session.may_use_last(line),
            made,
            ids: reply.map(ids).unwrap_or_default(),
            answers: if self.recording.is_some() { answers(answer) } else { Vec::new() },
        });
    }

    /// Notes a comment.
    pub(super) fn narrated(&mut self, comment: &str) {
        if self.recording.is_some() && !comment.trim().is_empty() {
            self.typed.push(Typed {
                text: comment.trim_end().to_owned(),
                ok: true,
                effect: Effect::None,
                sets_last: false,
                uses_last: false,
                made: Vec::new(),
                ids: Vec::new(),
                answers: Vec::new(),
            });
        }
    }

    /// The file that is being recorded.
    pub(super) fn recording(&self) -> Option<&Path> {
        self.recording.as_ref().map(|recording| &*recording.path)
    }

    pub(super) fn start(&mut self, path: PathBuf, limits: Limits) {
        self.recording = Some(Recording { path, from: self.typed.len(), limits });
    }

    /// Ends the recording: its file, the text of it, and what there is to say.
    pub(super) fn stop(&mut self) -> Option<(PathBuf, String, Vec<String>)> {
        let Recording { path, from, limits } = self.recording.take()?;
        let (before, after) = self.typed.split_at(from);
        let (mut text, mut twin) = preamble(before, after, limits);
        let mut complaints = Vec::new();
        let mut narrated = true;
        for typed in after {
            if typed.is_comment() {
                // A blank line before what is told, and none inside.
                text.push_str(if narrated { "" } else { "\n" });
                text.push_str(&typed.text);
                narrated = true;
            } else {
                let line = 1 + text.matches('\n').count();
                let (transcript, fate) = twin.run(typed);
                complaints.extend(fate.map(|fate| complaint(line, fate, &typed.text)));
                text.push_str(&transcript);
                narrated = false;
            }
            text.push('\n');
        }
        self.typed.retain(|typed| typed.ok && !typed.is_comment());
        let (outcome, unsteady) = checked(&text, limits);
        complaints.extend(unsteady);
        let mut report = vec![format!("wrote {}: {}", path.display(), outcome.words())];
        if self.left_out > 0 {
            let lines = count(self.left_out, "line");
            report.push(format!("without {lines} that changed something and began with a blank"));
        }
        let more = complaints.len().saturating_sub(LISTED);
        complaints.truncate(LISTED);
        report.extend(complaints);
        if more > 0 {
            report.push(format!("and {}", count(more, "more line")));
        }
        Some((path, text, report))
    }

    /// The refs that were not there before.
    fn made(&mut self, session: &Session) -> Vec<Made> {
        let made = session.entries().filter_map(|(name, entry)| match entry {
            Entry::Ref(reference) => {
                let is_new = !self.actors.contains(reference.actor().as_str());
                is_new.then(|| Made::new(name, reference))
            }
            _ => None,
        });
        let made: Vec<Made> = made.collect();
        self.actors.extend(made.iter().map(|made| made.actor.clone()));
        made
    }
}

impl Typed {
    fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }
}

/// Whether a line asks for help: that is for the one who typed it.
fn is_help(line: &str) -> bool {
    let first = line.split_whitespace().next();
    let help = COMMANDS.iter().find(|command| command.name == "help");
    help.is_some_and(|help| help.names().any(|name| Some(name) == first))
}

/// What one should know of a line of the file.
fn complaint(line: usize, fate: Fate, command: &str) -> String {
    const LONGEST: usize = 40;
    let what = match fate {
        Fate::Fails => "fails in a script",
        Fate::Succeeds => "does not fail in a script",
        Fate::Differs => "answers otherwise in a script",
    };
    let command = command.lines().next().unwrap_or_default();
    let short: String = command.chars().take(LONGEST).collect();
    let more = if short.len() < command.len() { "…" } else { "" };
    format!("line {line} {what}: `{short}{more}`")
}

/// Runs the text as a script does; says where it does not hold.
fn checked(text: &str, limits: Limits) -> (Outcome, Vec<String>) {
    let mut session = Session::default();
    session.set_filter_limits(limits);
    let mut wrong = Vec::new();
    let Ok(outcome) = run(&mut session, &Script::parse(text), |ran| {
        if let Ran::Step { step, failure: Some(_), .. } = ran {
            wrong.push(format!("line {} does not hold when the file is checked", step.line));
        }
        Ok::<_, Infallible>(())
    });
    (outcome, wrong)
}
