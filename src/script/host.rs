use std::path::{Path, PathBuf};

use crate::script::record::Recorder;
use crate::script::run::no_one;
use crate::script::{Failure, Outcome, Ran, Script, run_with};
use crate::session::{CommandError, FileError, Limits, Part, Reply, Request, Session, Wish};

/// The files that sessions may reach, by what the system says when it cannot be done.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &Path) -> Result<String, String>;

    /// Makes an empty file that was not there.
    ///
    /// # Errors
    /// Why it cannot be made.
    fn create(&self, path: &Path) -> Result<(), String>;

    /// Gives a file another text, whole or not at all.
    ///
    /// # Errors
    /// Why it cannot be written.
    fn write(&self, path: &Path, text: &str) -> Result<(), String>;
}

/// So many files may be open at a time, each read by the one before.
const DEEPEST: usize = 32;

/// Does for a session what needs files: `read` and `record`.
pub struct Host {
    files: Option<Box<dyn Files>>,
    /// The files that are run now, each read by the one before.
    open: Vec<PathBuf>,
    recorder: Option<Recorder>,
}

impl Host {
    /// For sessions without files: `read` and `record` are refused.
    pub fn without_files() -> Self {
        Self { files: None, open: Vec::new(), recorder: None }
    }

    /// For scripts. What they read is looked for in the working folder.
    pub fn new(files: impl Files + 'static) -> Self {
        Self { files: Some(Box::new(files)), ..Self::without_files() }
    }

    /// For the script that stands in this file: what it reads is looked for where it is.
    pub fn in_file(mut self, file: &Path) -> Self {
        self.open = vec![file.to_owned()];
        self
    }

    /// For a session into which somebody types: what they type can be recorded.
    pub fn typed(mut self) -> Self {
        self.recorder = Some(Recorder::default());
        self
    }

    /// Runs a command, and does what it asks for. When that is to read a file, `nested` gets every item of
    /// the file in turn.
    ///
    /// # Errors
    /// As [`Session::run`]. The commands of a file that ran before one that fails stay done.
    pub fn run(
        &mut self,
        session: &mut Session,
        line: &str,
        nested: &mut dyn FnMut(Ran<'_>),
    ) -> Result<Reply, CommandError> {
        let answer = session.run(line);
        let asked = answer.as_ref().ok().and_then(|reply| Some((reply.request.clone()?, reply.whole)));
        let Some((request, whole)) = asked else {
            if let Some(recorder) = &mut self.recorder {
                recorder.typed(session, line, &answer);
            }
            return answer;
        };
        let done = match &request.wish {
            Wish::Read(name) => {
                let since = session.step_count();
                let read = self.read(session, name, nested);
                session.join_steps(since, line);
                read
            }
            Wish::Record(name) => self.record(name, session.filter_limits()),
            Wish::StopRecording => self.stop_recording().unwrap_or(Err(FileError::NotRecording)),
        };
        done.map(|done| Reply { whole, ..lines(done) }).map_err(|error| Request::refused(&request, error))
    }

    /// Takes a comment that was typed: the narration of a recording.
    pub fn narrate(&mut self, comment: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.narrated(comment);
        }
    }

    /// Ends a recording, if there is one. Answers what `record stop` does.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn stop_recording(&mut self) -> Option<Result<Vec<String>, FileError>> {
        let (path, text, report) = self.recorder.as_mut()?.stop()?;
        let file = path.display().to_string();
        let written = self.files.as_ref().ok_or(FileError::OutOfReach).and_then(|files| {
            files.write(&path, &text).map_err(|reason| FileError::Unwritable { file, reason })
        });
        Some(written.map(|()| report))
    }

    fn record(&mut self, name: &str, limits: Limits) -> Result<Vec<String>, FileError> {
        let files = self.files.as_ref().ok_or(FileError::OutOfReach)?;
        let recorder = self.recorder.as_mut().ok_or(FileError::NotTyped)?;
        if let Some(file) = recorder.recording() {
            return Err(FileError::Recording(file.display().to_string()));
        }
        let path = PathBuf::from(name);
        files.create(&path).map_err(|reason| FileError::Unwritable { file: name.to_owned(), reason })?;
        recorder.start(path, limits);
        Ok(vec![format!("recording to {name}, until `record stop`")])
    }

    fn read(
        &mut self,
        session: &mut Session,
        name: &str,
        nested: &mut dyn FnMut(Ran<'_>),
    ) -> Result<Vec<String>, FileError> {
        let files = self.files.as_ref().ok_or(FileError::OutOfReach)?;
        let folder = self.open.last().and_then(|file| file.parent());
        let path: PathBuf = folder.unwrap_or(Path::new("")).join(name).components().collect();
        if self.open.contains(&path) {
            return Err(FileError::Circle(name.to_owned()));
        }
        if self.open.len() >= DEEPEST {
            return Err(FileError::TooDeep(name.to_owned()));
        }
        let unreadable = |reason| FileError::Unreadable { file: name.to_owned(), reason };
        let text = files.read(&path).map_err(unreadable)?;
        let script = Script::parse_file(&path, &text);
        if script.starts_sessions() {
            return Err(FileError::StartsSessions(name.to_owned()));
        }
        self.open.push(path);
        let before = session.set_reading(true);
        let mut failed = None;
        let Ok(outcome) = run_with(self, session, &script, |ran| {
            failed = failed.take().or_else(|| failure(name, ran));
            nested(ran);
            no_one()
        });
        self.open.pop();
        session.set_reading(before);
        match (failed, outcome.interrupted) {
            (Some(error), _) => Err(error),
            (None, Some(line)) => {
                let message = "interrupted before this command".to_owned();
                Err(FileError::Failed { file: name.to_owned(), line, message, hint: None })
            }
            (None, None) => Ok(vec![counts(outcome)]),
        }
    }
}

/// `3 commands, 2 expectations: all hold`.
fn counts(outcome: Outcome) -> String {
    let mut line = outcome.words();
    if outcome.expectations > 0 {
        line.push_str(": all hold");
    }
    line
}

/// What went wrong in a file that is read.
fn failure(file: &str, ran: Ran<'_>) -> Option<FileError> {
    let Ran::Step { step, failure: Some(failure), .. } = ran else { return None };
    let (line, message, hint) = match failure {
        Failure::Error(error) => (step.line, error.to_string(), error.hint.clone()),
        Failure::Mismatches(mismatches) => {
            let first = mismatches.first()?;
            let actual = first.actual.lines().next().unwrap_or_default();
            (first.line, format!("expected `{}`, not `{actual}`", first.expected), None)
        }
    };
    Some(FileError::Failed { file: file.to_owned(), line, message, hint })
}

fn lines(lines: Vec<String>) -> Reply {
    Reply { parts: lines.into_iter().map(Part::Line).collect(), ..Reply::default() }
}
