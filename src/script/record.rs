use std::path::{Path, PathBuf};

use crate::script::{Host, Outcome, Script, Step, run, transcript};
use crate::session::{Code, CommandError, Reply, Session};

/// Keeps what is typed, so that it can be written as a session file.
///
/// A file must hold wherever it runs, and so it has what a script would answer, in which actors have no
/// random end: what was typed is run again in a session of its own. What came before the recording is
/// where it starts from, and stands first in the file.
#[derive(Default)]
pub(super) struct Recorder {
    typed: Vec<Typed>,
    recording: Option<Recording>,
}

struct Typed {
    text: String,
    ok: bool,
}

struct Recording {
    path: PathBuf,
    /// How much had been typed when it began.
    from: usize,
}

impl Recorder {
    /// Notes a line and how it went.
    pub(super) fn typed(&mut self, line: &str, answer: &Result<Reply, CommandError>) {
        let ok = answer.is_ok();
        let ends = answer.as_ref().is_ok_and(|reply| reply.quit);
        let is_expectation = line.trim_start().starts_with("#=>");
        // What had to be stopped is not to be run again.
        if answer.as_ref().is_err_and(|error| error.code() == Code::Stopped) {
            return;
        }
        // What failed before a recording did nothing.
        if (ok || self.recording.is_some()) && !ends && !is_expectation && !line.trim().is_empty() {
            self.typed.push(Typed { text: line.trim_end().to_owned(), ok });
        }
    }

    /// Notes a comment.
    pub(super) fn narrated(&mut self, comment: &str) {
        if self.recording.is_some() && !comment.trim().is_empty() {
            self.typed.push(Typed { text: comment.trim_end().to_owned(), ok: true });
        }
    }

    /// The file that is being recorded.
    pub(super) fn recording(&self) -> Option<&Path> {
        self.recording.as_ref().map(|recording| &*recording.path)
    }

    pub(super) fn start(&mut self, path: PathBuf) {
        self.recording = Some(Recording { path, from: self.typed.len() });
    }

    /// Ends the recording: its file, the text of it, and what there is to say.
    pub(super) fn stop(&mut self) -> Option<(PathBuf, String, Vec<String>)> {
        let Recording { path, from } = self.recording.take()?;
        let (before, after) = self.typed.split_at(from);
        let mut twin = Twin::default();
        let mut text = String::new();
        if before.iter().any(|typed| !is_comment(&typed.text)) {
            text.push_str("# What was there when the recording began.\n\n");
            for typed in before.iter().filter(|typed| typed.ok && !is_comment(&typed.text)) {
                twin.run(typed);
                text.push_str(&typed.text);
                text.push('\n');
            }
            text.push_str("\n# The recording.\n\n");
        }
        let mut narrated = true;
        for typed in after {
            if is_comment(&typed.text) {
                // A blank line before what is told, and none inside.
                text.push_str(if narrated { "" } else { "\n" });
                text.push_str(&typed.text);
                narrated = true;
            } else {
                text.push_str(&twin.run(typed));
                narrated = false;
            }
            text.push('\n');
        }
        self.typed.retain(|typed| typed.ok);
        let script = Script::parse(&text);
        let holds = run(&mut Session::default(), &script, |_| Ok::<_, std::convert::Infallible>(()));
        let Ok(outcome @ Outcome { failures, .. }) = holds;
        let mut report = vec![format!("wrote {}: {}", path.display(), outcome.words())];
        if twin.differs > 0 || failures > 0 {
            report.push("in a script some of it answers otherwise: read the file before you use it".into());
        }
        Some((path, text, report))
    }
}

/// The session of a script that does what was typed.
struct Twin {
    host: Host,
    session: Session,
    /// How many commands failed here and not there, or the other way round.
    differs: usize,
}

impl Default for Twin {
    fn default() -> Self {
        Self { host: Host::without_files(), session: Session::default(), differs: 0 }
    }
}

impl Twin {
    /// Runs a command; answers its transcript.
    fn run(&mut self, typed: &Typed) -> String {
        let answer = self.host.run(&mut self.session, &typed.text, &mut |_| {});
        self.differs += usize::from(answer.is_ok() != typed.ok);
        transcript(&Step::new(1, &*typed.text), &answer)
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}
