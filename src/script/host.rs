//! A host, which gives a session what is outside of it, and runs and records the files that it asks for.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::filter::{Cause, RunError};
use crate::script::check::{Failure, compare};
use crate::script::files::{Files, NoFiles, shown, text_of};
use crate::script::mistake::Mistake;
use crate::script::outcome::{Outcome, Ran};
use crate::script::parse::{Item, Script, Step};
use crate::script::record::{Bounds, Recorder};
use crate::script::world::{Reach, World};
use crate::session::{
    CommandError, Effect, ErrorKind, FileError, Interrupt, Keeper, Part, Reply, Request, RequestKind, Session,
};
use crate::store::StoreError;

/// The number of files that may be open at a time, each read by the one before.
const DEEPEST: usize = 32;

/// A host, which gives a session what is outside of it, and does what it asks for: `read` and `record`.
pub struct Host {
    world: World,
    /// The files that are run now, each read by the one before.
    reading: Vec<PathBuf>,
    recorder: Option<Recorder>,
    /// Whether the session held something when it began here: no recording has that.
    resumed: bool,
    /// Whether a file goes on behind a command that fails.
    keeps_going: bool,
    /// Whether the file that was read last was interrupted.
    interrupted: bool,
    /// Is told what interrupts each session in which a file runs.
    on_start: Option<Box<dyn Fn(Interrupt)>>,
}

impl Host {
    /// Makes a host for sessions that reach no files but those that they write, which are kept in memory.
    pub fn without_files() -> Self {
        Self {
            world: World::sealed(Rc::new(NoFiles)),
            reading: Vec::new(),
            recorder: None,
            resumed: false,
            keeps_going: false,
            interrupted: false,
            on_start: None,
        }
    }

    /// Makes a host for scripts. What they read is looked for in the working folder; what they write is kept in memory, and
    /// gone when they end.
    pub fn new(files: impl Files + 'static) -> Self {
        Self { world: World::sealed(Rc::new(files)), ..Self::without_files() }
    }

    /// Lets commands write files, and read standard input. The session files that they read do not.
    pub fn open(self) -> Self {
        self.reaching(Reach::Open { files_too: false })
    }

    /// Lets a script and the session files that it reads write files, and read standard input.
    pub fn outside(self) -> Self {
        self.reaching(Reach::Open { files_too: true })
    }

    /// Says that the session goes on from what it held before.
    pub fn resumed(mut self) -> Self {
        self.resumed = true;
        self
    }

    /// Lets something keep the session.
    pub fn kept_by(mut self, keeper: impl Keeper + 'static) -> Self {
        self.world.keeper = Some(Box::new(keeper));
        self
    }

    fn reaching(mut self, reach: Reach) -> Self {
        self.world.reach = reach;
        self
    }

    /// Makes a host for the script that stands in this file: what it reads is looked for where it is.
    pub fn in_file(mut self, file: &Path) -> Self {
        self.reading = vec![file.to_owned()];
        self
    }

    /// Makes a host for a session into which somebody types: what they type can be
    /// recorded.
    pub fn typed(mut self) -> Self {
        self.recorder = Some(Recorder::default());
        self
    }

    /// Lets somebody who types write files, and run programs. The files that they read do not.
    pub fn at_prompt(self) -> Self {
        self.typed().reaching(Reach::Typed)
    }

    /// Lets a script go on behind a command that fails. Files that it reads do not.
    pub fn keep_going(mut self) -> Self {
        self.keeps_going = true;
        self
    }

    /// Tells a listener what interrupts each session when it starts, for somebody who wants to interrupt scripts.
    pub fn on_start(mut self, tell: impl Fn(Interrupt) + 'static) -> Self {
        self.on_start = Some(Box::new(tell));
        self
    }

    /// Tells that a session starts.
    fn started(&self, session: &Session) {
        if let Some(tell) = &self.on_start {
            tell(session.interrupt());
        }
    }

    /// Tells whether a file that was read was interrupted; it is told once.
    fn take_interrupted(&mut self) -> bool {
        std::mem::take(&mut self.interrupted)
    }

    /// Tells whether the script that runs now goes on behind a command that fails.
    fn keeps_going(&self) -> bool {
        self.keeps_going
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
        let folder = self.reading.last().and_then(|file| file.parent());
        self.world.folder = folder.unwrap_or(Path::new("")).to_owned();
        let answer = session.run_with(line, &mut self.world);
        let asked = answer.as_ref().ok().and_then(|reply| Some((reply.request.clone()?, reply.whole)));
        let Some((request, whole)) = asked else {
            return self.recorded(session, line, answer);
        };
        let done = match &request.kind {
            RequestKind::Read(name) => {
                session.begin_file(line);
                let read = self.read(session, name, nested);
                session.end_file();
                read
            }
            // A file is no one who types, and its lines are not theirs.
            RequestKind::Record(_) | RequestKind::StopRecording
                if self.recorder.is_some() && !self.reading.is_empty() =>
            {
                Err(FileError::NotTyped)
            }
            RequestKind::Record(name) => self.record(name, session),
            RequestKind::Follow(name) => return self.follow(session, &request, name, nested),
            RequestKind::StopRecording => self.stop_recording().unwrap_or(Err(FileError::NotRecording)),
        };
        done.map(|done| Reply { whole, ..lines(done) }).map_err(|error| Request::refused(&request, error))
    }

    /// Runs a session file; see [`run_with`](crate::script::run_with).
    pub(super) fn run_script<E>(
        &mut self,
        session: &mut Session,
        script: &Script,
        mut each: impl FnMut(Ran<'_>) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let mut outcome = Outcome { sessions: 1, ..Outcome::default() };
        let interrupt = session.interrupt();
        self.started(session);
        for item in &script.items {
            let step = match item {
                Item::Narration(text) | Item::Prose(text) => {
                    each(Ran::Narration(text))?;
                    continue;
                }
                Item::Fence { text, fresh } => {
                    // The first block starts a session anyway.
                    if *fresh && outcome.commands > 0 {
                        *session = session.fresh();
                        self.world.clear();
                        self.started(session);
                        outcome.sessions += 1;
                    }
                    each(Ran::Narration(text))?;
                    continue;
                }
                Item::Step(step) => step,
            };
            if interrupt.is_raised() {
                outcome.interrupted = Some(step.line);
                break;
            }
            let answer = self.run(session, &step.text, &mut |_| {});
            if answer.as_ref().is_err_and(is_interrupted) || self.take_interrupted() {
                // It did not fail: it had no time to answer.
                outcome.interrupted = Some(step.line);
                break;
            }
            let failure = compare(step, &answer).err();
            outcome.commands += 1;
            outcome.expectations += step.expectations.len();
            outcome.failures += match &failure {
                None => 0,
                Some(Failure::Mismatches(mismatches)) => mismatches.len(),
                Some(Failure::Error(_)) => 1,
            };
            let has_failed = matches!(failure, Some(Failure::Error(_)));
            let ends = has_failed && !self.keeps_going() || answer.as_ref().is_ok_and(|reply| reply.quit);
            each(Ran::Step { step, answer: &answer, failure: failure.as_ref() })?;
            if ends {
                break;
            }
        }
        Ok(outcome)
    }

    /// Takes a comment that was typed: the narration of a recording.
    pub fn narrate(&mut self, comment: &str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.narrated(comment);
            // The next command tells what cannot be written.
            let _ = recorder.save(&*self.world.files);
        }
    }

    /// Ends a recording, if there is one. Answers what `record stop` does.
    ///
    /// # Errors
    /// The file cannot be written. The recording goes on.
    pub fn stop_recording(&mut self) -> Option<Result<Vec<String>, FileError>> {
        self.recorder.as_mut()?.stop(&*self.world.files)
    }

    /// Puts a command into a recording, if there is one, and on the disk. What cannot be written is told with its
    /// answer, and tried again with the next one.
    fn recorded(
        &mut self,
        session: &Session,
        line: &str,
        mut answer: Result<Reply, CommandError>,
    ) -> Result<Reply, CommandError> {
        if let Some(recorder) = &mut self.recorder {
            if !session.is_reading() {
                // What came too late for the command is not for what is recorded of it.
                session.interrupt().clear();
            }
            recorder.typed(session, line, &answer);
            let notice = recorder
                .save(&*self.world.files)
                .unwrap_or_else(|error| Some(format!("not recorded yet: {error}")));
            if let Ok(reply) = &mut answer {
                reply.parts.extend(notice.map(Part::Line));
            }
        }
        answer
    }

    /// Takes what others bring to the place of a ref until somebody interrupts; `nested` gets each time that something
    /// came.
    fn follow(
        &mut self,
        session: &mut Session,
        request: &Request,
        name: &str,
        nested: &mut dyn FnMut(Ran<'_>),
    ) -> Result<Reply, CommandError> {
        if !matches!(self.world.reach, Reach::Typed) || !self.reading.is_empty() {
            return Err(request.refused(FileError::NotFollowed));
        }
        let step = Step::new(0, format!("pull {name}"));
        let mut is_away = false;
        loop {
            let answer = session.run_with(&step.text, &mut self.world);
            match &answer {
                Ok(reply) if reply.effect == Effect::Changed => {
                    is_away = false;
                    nested(Ran::Step { step: &step, answer: &answer, failure: None });
                }
                Ok(_) => is_away = false,
                Err(error) if is_interrupted(error) => break,
                Err(error) if is_out_of_reach(error) => {
                    // It may be there again soon. It is told once.
                    if !is_away {
                        nested(Ran::Step { step: &step, answer: &answer, failure: None });
                    }
                    is_away = true;
                }
                Err(error) => {
                    return Err(CommandError { span: request.span.clone(), ..error.clone() });
                }
            }
            if !self.world.files.pause() {
                break;
            }
        }
        session.interrupt().clear();
        Ok(lines(vec![format!("{name} is not followed any more")]))
    }

    fn record(&mut self, name: &str, session: &Session) -> Result<Vec<String>, FileError> {
        let files = &self.world.files;
        let recorder = self.recorder.as_mut().ok_or(FileError::NotTyped)?;
        if let Some(file) = recorder.recording() {
            return Err(FileError::Recording(shown(file)));
        }
        recorder.start(PathBuf::from(name), Bounds::of(session, files), &**files)?;
        let mut lines = vec![format!("recording to {}, until `record stop`", shown(Path::new(name)))];
        if self.resumed {
            lines.push(
                "what the session held when it was opened is not in it: the file alone does not make that"
                    .to_owned(),
            );
        }
        Ok(lines)
    }

    fn read(
        &mut self,
        session: &mut Session,
        name: &str,
        nested: &mut dyn FnMut(Ran<'_>),
    ) -> Result<Vec<String>, FileError> {
        let shown = shown(Path::new(name));
        self.interrupted = false;
        let path = self.world.path(name);
        if self.reading.contains(&path) {
            return Err(FileError::Circle(shown));
        }
        if self.reading.len() >= DEEPEST {
            return Err(FileError::TooDeep(shown));
        }
        let unreadable = |reason| FileError::Unreadable { file: shown.clone(), reason };
        let text = self.world.files.read(&path).and_then(text_of).map_err(unreadable)?;
        let script = Script::parse_file(&path, &text);
        if let Some(Mistake { line, kind, .. }) = script.mistakes.first() {
            let (message, hint) = (kind.to_string(), kind.hint().map(str::to_owned));
            return Err(FileError::Failed { file: shown, line: *line, message, hint });
        }
        if script.starts_sessions() {
            return Err(FileError::StartsSessions(shown));
        }
        // What somebody reads is not what they wrote.
        let reach = self.world.seal();
        self.reading.push(path);
        let keeps_going = std::mem::take(&mut self.keeps_going);
        let mut failed = None;
        let Ok(outcome) = self.run_script(session, &script, |ran| {
            failed = failed.take().or_else(|| failure(&shown, ran));
            nested(ran);
            no_one()
        });
        self.reading.pop();
        if let Some(reach) = reach {
            self.world.reach = reach;
        }
        self.keeps_going = keeps_going;
        self.interrupted = outcome.interrupted.is_some();
        match (failed, outcome.interrupted) {
            (Some(error), _) => Err(error),
            (None, Some(line)) => {
                let message = "interrupted before this command".to_owned();
                Err(FileError::Failed { file: shown, line, message, hint: None })
            }
            (None, None) => Ok(vec![counts(outcome)]),
        }
    }
}

/// Writes `3 commands, 2 expectations: all hold`.
fn counts(outcome: Outcome) -> String {
    let mut line = outcome.words();
    if outcome.expectations > 0 {
        line.push_str(": all hold");
    }
    line
}

/// Returns what went wrong in a file that is read.
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

/// Tells whether a command was stopped by somebody, and not by a limit.
fn is_interrupted(error: &CommandError) -> bool {
    match &*error.kind {
        ErrorKind::Interrupted => true,
        ErrorKind::Run { error, .. } => matches!(error, RunError::Stopped(Cause::Interrupt)),
        _ => false,
    }
}

/// Tells whether a place could not be reached, which may be otherwise soon.
fn is_out_of_reach(error: &CommandError) -> bool {
    matches!(&*error.kind, ErrorKind::Store(StoreError::Unreachable { .. }))
}

/// Answers for a listener that cannot fail.
#[expect(clippy::unnecessary_wraps, reason = "it says which error there never is")]
fn no_one() -> Result<(), Infallible> {
    Ok(())
}
