//! Recordings: what is typed, as a session file.
//!
//! A file must hold wherever it runs, and so it has what a script would answer, in which actors have no
//! random end: what was typed is run again in a session of its own (see [`mod@twin`]), with the names that actors
//! and documents have there. What it starts from stands first in the file (see [`mod@preamble`]). Each line is on the
//! disk before the next one is read (see [`mod@recording`]).

mod preamble;
mod recording;
mod twin;
mod typed;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::script::files::Files;
use crate::script::outcome::count;
use crate::script::transcript::answers;
use crate::session::{COMMANDS, CommandError, Effect, Entry, ErrorCode, FileError, Reply, Session};
use recording::Recording;
pub(super) use twin::Bounds;
use twin::ids;
use typed::{Made, Typed, unlike};

/// A recorder of what is typed, so that it can be written as a session file.
#[derive(Default)]
pub(super) struct Recorder {
    typed: Vec<Typed>,
    /// The actors that were met.
    actors: HashSet<String>,
    recording: Option<Recording>,
    /// So many lines changed something and are kept out of files.
    left_out: usize,
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
        let stopped =
            |error: &CommandError| matches!(error.code(), ErrorCode::Stopped | ErrorCode::Interrupted);
        // What failed before a recording did nothing.
        let counts = answer.is_ok() || self.recording.is_some();
        if !counts || ends || is_expectation || line.trim().is_empty() || answer.as_ref().is_err_and(stopped)
        {
            return;
        }
        let reply = answer.as_ref().ok();
        let effect = reply.map_or(Effect::None, |reply| reply.effect);
        let commands = reply.map_or(0, |reply| reply.commands);
        let made = if effect == Effect::None { Vec::new() } else { self.made(session) };
        self.typed.push(Typed {
            text: unlike(line),
            ok: answer.is_ok(),
            effect,
            sets_last: reply.is_some_and(|reply| !reply.values.is_empty()),
            uses_last: session.may_use_last(line),
            made,
            ids: reply.map(ids).unwrap_or_default(),
            // In the file each command of a file that was read is a step of its own.
            answers: (commands <= 1 && self.recording.is_some()).then(|| answers(answer)),
        });
        self.add_last();
        for _ in 1..commands {
            self.typed.extend(self.typed.last().cloned());
            self.add_last();
        }
    }

    /// Notes a comment.
    pub(super) fn narrated(&mut self, comment: &str) {
        if self.recording.is_some() && !comment.trim().is_empty() {
            self.typed.push(Typed {
                text: unlike(comment),
                ok: true,
                effect: Effect::None,
                sets_last: false,
                uses_last: false,
                made: Vec::new(),
                ids: Vec::new(),
                answers: None,
            });
            self.add_last();
        }
    }

    /// Puts what was noted last into the recording, if there is one.
    fn add_last(&mut self) {
        if let Some(recording) = &mut self.recording {
            recording.add(&self.typed);
        }
    }

    /// Returns the file that is being recorded.
    pub(super) fn recording(&self) -> Option<&Path> {
        self.recording.as_ref().map(Recording::path)
    }

    /// Begins a recording: its file is there from then on.
    pub(super) fn start(
        &mut self,
        path: PathBuf,
        bounds: Bounds,
        files: &dyn Files,
    ) -> Result<(), FileError> {
        self.recording = Some(Recording::start(path, bounds, &self.typed, files)?);
        Ok(())
    }

    /// Brings what was noted onto the disk. Answers what there is to say of that.
    ///
    /// # Errors
    /// The file cannot be written; nothing is forgotten.
    pub(super) fn save(&mut self, files: &dyn Files) -> Result<Option<String>, FileError> {
        self.recording.as_mut().map_or(Ok(None), |recording| recording.save(files))
    }

    /// Ends the recording: what there is to say.
    ///
    /// # Errors
    /// The file cannot be written; the recording goes on.
    pub(super) fn stop(&mut self, files: &dyn Files) -> Option<Result<Vec<String>, FileError>> {
        let recording = self.recording.as_mut()?;
        recording.close();
        let notice = match recording.save(files) {
            Ok(notice) => notice,
            Err(error) => {
                recording.reopen();
                return Some(Err(error));
            }
        };
        let recording = self.recording.take()?;
        self.typed.retain(|typed| typed.ok && !typed.is_comment());
        let (verdict, complaints) = recording.verdict();
        let mut report: Vec<String> = notice.into_iter().chain([verdict]).collect();
        if self.left_out > 0 {
            let lines = count(self.left_out, "line");
            report.push(format!("without {lines} that changed something and began with a blank"));
        }
        report.extend(complaints);
        Some(Ok(report))
    }

    /// Returns the refs that were not there before.
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

/// Tells whether a line asks for help: that is for the one who typed it.
fn is_help(line: &str) -> bool {
    let first = line.split_whitespace().next();
    let help = COMMANDS.iter().find(|command| command.name == "help");
    help.is_some_and(|help| help.names().any(|name| Some(name) == first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::files::WriteError;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A disk with one file.
    #[derive(Default)]
    struct Paper(RefCell<String>);

    impl Files for Paper {
        fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
            Ok(self.0.borrow().clone().into_bytes())
        }
        fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
            self.replace(path, None, bytes)
        }
        fn append(&self, _: &Path, _: &str, more: &str) -> Result<(), WriteError> {
            self.0.borrow_mut().push_str(more);
            Ok(())
        }
        fn replace(&self, _: &Path, _: Option<&str>, new: &[u8]) -> Result<(), WriteError> {
            self.0.replace(String::from_utf8(new.to_vec()).unwrap());
            Ok(())
        }
    }

    #[test]
    fn given_an_interruption_of_what_a_recording_runs_again_then_the_file_has_the_commands_without_answers() {
        let (mut session, mut recorder, paper) = (Session::default(), Recorder::default(), Paper::default());
        let type_lines = |session: &mut Session, recorder: &mut Recorder, lines: &[&str]| {
            for line in lines {
                let answer = session.run(line);
                recorder.typed(session, line, &answer);
            }
        };
        type_lines(&mut session, &mut recorder, &["ref a 1", "swap a . + 1"]);
        session.interrupt().raise();
        recorder
            .start("file".into(), Bounds::of(&session, &(Rc::new(Paper::default()) as Rc<dyn Files>)), &paper)
            .unwrap();
        assert!(!session.interrupt().is_raised(), "it has stopped what it is for");
        type_lines(&mut session, &mut recorder, &["swap a . + 10", "swap a .x", "a"]);
        let report = recorder.stop(&paper).unwrap().unwrap();
        let recorded = "swap a . + 10\nswap a .x\n#=> error: ...\na\n";
        let start =
            "# What was there when the recording began.\n\nref a 1\nswap a . + 1\n\n# The recording.\n\n";
        assert_eq!(*paper.0.borrow(), format!("{start}{recorded}"));
        let told = "the commands that stand before the recording were interrupted: the file has no answers";
        assert_eq!(report.last().unwrap(), told, "{report:?}");
    }
}
