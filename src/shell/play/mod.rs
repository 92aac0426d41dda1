//! `rejoin play` and `rejoin demo`: a session file a step at a time, for a room full of people.

mod keys;
mod recap;
mod scenes;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rejoin::script::{Failure, Host, LESSONS, Lesson, Paragraph, Script, compare, count};
use rejoin::session::{CommandError, ErrorCode, Page, Reply, Session};
use rejoin::value::Extent;
use rejoin::value::width::{columns, wrapped};
use signal_hook::consts::SIGINT;

use super::USAGE;
use super::answer::Look;
use super::cli::Manner;
use super::disk::Disk;
use super::failures::Failures;
use super::interruption;
use super::output::complain;
use super::paint::{Paint, on_a_line};
use super::prompt;
use super::scripts::Scripts;
use super::sources::Source;
use keys::{KeyAction, Keys};
use scenes::{Scene, scenes};

/// The exit status of what Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// A terminal that does not tell how wide it is.
const USUAL: u16 = 80;

/// A terminal that does not tell how high it is.
const USUAL_ROWS: u16 = 24;

/// Prose does not touch the edge.
const MARGIN: usize = 2;

/// No longer lines than these are read with ease.
const WIDEST: u16 = 100;

impl Scripts {
    /// Runs `rejoin play FILE`.
    pub(crate) fn play(&self, file: &Path, manner: Manner) -> io::Result<ExitCode> {
        let name = file.display().to_string();
        match Source::File(file.to_owned()).read() {
            Ok(script) => {
                script.map_or(Ok(ExitCode::SUCCESS), |script| self.lesson(&name, &script, Some(file), manner))
            }
            Err(unread) => {
                self.file_error(&name, &unread);
                Ok(ExitCode::from(USAGE))
            }
        }
    }

    /// Runs `rejoin demo`.
    pub(crate) fn lessons(&self) -> io::Result<ExitCode> {
        let mut out = io::stdout().lock();
        let rows = LESSONS.iter().map(|lesson| format!("{}\t{}\n", lesson.name, lesson.title()));
        for line in Page::new(rows.collect::<String>()).lines(window_columns(out.is_terminal()).into()) {
            // A row begins with its name; one that goes on is indented.
            let (name, title) = line.split_once(' ').unwrap_or((&line, ""));
            let gap = if title.is_empty() { "" } else { " " };
            writeln!(out, "{}{gap}{title}", self.out.heading(name))?;
        }
        writeln!(out, "\n{}", self.out.dim("`rejoin demo NAME` plays one."))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Runs `rejoin demo NAME`.
    pub(crate) fn demo(&self, name: &str, manner: Manner) -> io::Result<ExitCode> {
        match Lesson::find(name) {
            Some(lesson) => self.lesson(name, &Script::parse(lesson.text), None, manner),
            None => {
                let (error, hint) = (self.err.label("error:"), self.err.dim("hint:"));
                let hint = format!("{hint} `rejoin demo` lists the lessons");
                complain(&format!("{error} there is no lesson `{}`\n{hint}\n", on_a_line(name)));
                Ok(ExitCode::from(USAGE))
            }
        }
    }

    fn lesson(
        &self,
        name: &str,
        script: &Script,
        file: Option<&Path>,
        manner: Manner,
    ) -> io::Result<ExitCode> {
        let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        // Where nobody can press a key, it plays to its end.
        let delay = manner.delay.or_else(|| (!is_terminal).then_some(Duration::ZERO));
        let (scenes, end) = scenes(script);
        let name = on_a_line(name);
        if manner.from > scenes.len().max(1) {
            let steps = count(scenes.len(), "step");
            let message = format!("{name} has {steps}: it cannot begin at step {}", manner.from);
            complain(&format!("{} {message}\n", self.err.label("error:")));
            return Ok(ExitCode::from(USAGE));
        }
        let player = Player {
            name: &name,
            script,
            from: manner.from - 1,
            scripts: self,
            scenes: &scenes,
            end: &end,
            file: file.map(Path::to_owned),
            delay,
            on_terminal: is_terminal && delay != Some(Duration::ZERO),
            interrupted: Arc::default(),
            vi: manner.vi,
            out: self.out,
            err: self.err,
        };
        match player.on_terminal {
            true => drop(signal_hook::flag::register(SIGINT, Arc::clone(&player.interrupted))?),
            false => interruption::prepare()?,
        }
        match player.play() {
            // The one who watched has left: whether it holds is still to be told.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !player.on_terminal => {
                let mut host = Host::new(Disk::default());
                if let Some(file) = file {
                    host = host.in_file(file);
                }
                self.silently(script, host)
            }
            played => played,
        }
    }
}

/// A lesson that is played.
struct Player<'a> {
    name: &'a str,
    script: &'a Script,
    /// The scene at which it begins.
    from: usize,
    scripts: &'a Scripts,
    scenes: &'a [Scene<'a>],
    /// What is said after the last command.
    end: &'a [Paragraph],
    file: Option<PathBuf>,
    delay: Option<Duration>,
    /// Whether somebody sits there with a keyboard.
    on_terminal: bool,
    /// Raised by Ctrl-C where it is not a key: while something runs or is shown.
    interrupted: Arc<AtomicBool>,
    /// Whether the keys of the prompt are those of vi.
    vi: bool,
    out: Paint,
    err: Paint,
}

/// The expectations that did not hold, by the scene.
type Wrong = BTreeMap<usize, Failure>;

/// Notes how a scene went; one that is played again went as it did last.
fn note(wrong: &mut Wrong, at: usize, held: Result<(), Failure>) {
    match held {
        Ok(()) => drop(wrong.remove(&at)),
        Err(failure) => drop(wrong.insert(at, failure)),
    }
}

/// The stage of a lesson: the session that its commands made.
struct Stage {
    session: Session,
    host: Host,
}

impl Player<'_> {
    fn play(&self) -> io::Result<ExitCode> {
        let mut at = self.from;
        let mut wrong = Wrong::new();
        let mut stage = self.stage(at, false, &mut wrong)?;
        // The last scene that was shown: what was seen before is not typed out again.
        let mut seen = 0;
        let interrupted = loop {
            let scene = self.scenes.get(at);
            self.tell(scene.map_or(self.end, |scene| &scene.prose))?;
            if let Some(scene) = scene
                && self.command(&scene.step.text, self.on_terminal && at >= seen)?
            {
                break true;
            }
            seen = seen.max(at + 1);
            match (self.wait(at)?, scene) {
                (KeyAction::Next, Some(scene)) => {
                    if scene.fresh {
                        stage.session = stage.session.fresh();
                    }
                    let answer = self.run(&mut stage, &scene.step.text)?;
                    self.answer(&scene.step.text, &answer, stage.session.settings().limit)?;
                    note(&mut wrong, at, compare(scene.step, &answer));
                    at += 1;
                    if answer.is_ok_and(|reply| reply.quit) {
                        break false;
                    }
                }
                (KeyAction::Next | KeyAction::Quit, _) => break false,
                (KeyAction::Back, _) => {
                    at = at.saturating_sub(1);
                    stage = self.stage(at, false, &mut wrong)?;
                    let back = format!("— back to step {} of {} —", at + 1, self.scenes.len());
                    writeln!(io::stdout(), "\n{}\n", self.out.dim(&back))?;
                }
                (KeyAction::Interrupt, _) => break true,
                // `wait` has dealt with it.
                (KeyAction::Try, _) => {}
            }
            if self.interrupted.load(Ordering::Relaxed) {
                break true;
            }
        };
        if at > self.from {
            self.recap(at, &stage.session)?;
        }
        self.tell_wrong(&wrong);
        Ok(match (interrupted, wrong.is_empty()) {
            (true, _) => ExitCode::from(INTERRUPTED),
            (false, true) => ExitCode::SUCCESS,
            (false, false) => ExitCode::FAILURE,
        })
    }

    /// Tells what did not hold.
    fn tell_wrong(&self, wrong: &Wrong) {
        if wrong.is_empty() {
            return;
        }
        let steps = count(wrong.len(), "step");
        let does = if wrong.len() == 1 { "does not answer" } else { "do not answer" };
        let text = format!("{steps} of {} {does} as expected", self.name);
        complain(&format!("\n{}\n\n", self.err.labelled("error:", &text, self.width())));
        for (at, failure) in wrong {
            let step = self.scenes[*at].step;
            let narration = self.script.narration_above(step.line);
            Failures { paint: self.err, name: self.name, narration: &narration }.show(step, failure);
        }
    }

    /// Runs a command; Ctrl-C stops a filter that does not end, and the lesson goes on.
    fn run(&self, stage: &mut Stage, line: &str) -> io::Result<Result<Reply, CommandError>> {
        if !self.on_terminal {
            return Ok(stage.run(line));
        }
        let interrupt = stage.session.interrupt();
        let registered = signal_hook::flag::register(SIGINT, Arc::clone(interrupt.flag()))?;
        let answer = stage.run(line);
        signal_hook::low_level::unregister(registered);
        interrupt.clear();
        if answer.as_ref().is_err_and(|error| error.code() == ErrorCode::Interrupted) {
            self.interrupted.store(false, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Returns the stage as it is before a scene. A session cannot be taken back, but it can be made again: a
    /// script does the same every time.
    fn stage(&self, at: usize, typed: bool, wrong: &mut Wrong) -> io::Result<Stage> {
        let session = self.scripts.session();
        // Who sits there may not want to wait for a file.
        let disk = if self.on_terminal { Disk::interrupted_by(session.interrupt()) } else { Disk::default() };
        let mut host = Host::new(disk);
        if let Some(file) = &self.file {
            host = host.in_file(file);
        }
        if typed {
            host = host.typed();
        }
        let mut stage = Stage { session, host };
        for (at, scene) in self.scenes[..at].iter().enumerate() {
            if scene.fresh {
                stage.session = stage.session.fresh();
            }
            // What it answers was shown before, or is not to be shown.
            let answer = self.run(&mut stage, &scene.step.text)?;
            note(wrong, at, compare(scene.step, &answer));
        }
        Ok(stage)
    }

    /// Shows the narration.
    fn tell(&self, prose: &[Paragraph]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for paragraph in prose {
            for line in paragraph.lines(self.width() - MARGIN) {
                match paragraph {
                    Paragraph::Heading(_) => writeln!(out, "{}", self.out.heading(&line))?,
                    _ => writeln!(out, "{}", self.out.plain(&line))?,
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// Types the command out as if somebody did. Says whether Ctrl-C came in between.
    fn command(&self, text: &str, typed: bool) -> io::Result<bool> {
        // In a list it is indented.
        let text = text.trim_start();
        let mut out = io::stdout().lock();
        write!(out, "{}", self.out.dim(prompt::PROMPT))?;
        let interrupted = if typed {
            Keys::new()?.type_out(&mut out, &self.out.plain(text))?
        } else {
            write!(out, "{}", self.out.plain(text))?;
            false
        };
        writeln!(out)?;
        Ok(interrupted)
    }

    /// Waits for what the one at the keyboard wants, or until the delay has passed.
    fn wait(&self, at: usize) -> io::Result<KeyAction> {
        loop {
            if !self.on_terminal {
                std::thread::sleep(self.delay.unwrap_or_default());
                return Ok(KeyAction::Next);
            }
            let action = Keys::new()?.ask(|other| self.keys(at, other), self.out, self.delay)?;
            if action != KeyAction::Try {
                return Ok(action);
            }
            self.live(at)?;
            if let Some(scene) = self.scenes.get(at) {
                self.command(&scene.step.text, false)?;
            }
        }
    }

    /// Returns the line that tells where the lesson is and which keys there are; first of all, that another one
    /// means nothing.
    fn keys(&self, at: usize, other: Option<&str>) -> String {
        let place = format!("[{}/{}]", (at + 1).min(self.scenes.len()), self.scenes.len());
        let enter = if at < self.scenes.len() { "run" } else { "end" };
        let keys = format!("{place} Enter: {enter}  b: back  e: try it  q: quit");
        let short = format!("{place} Enter, b back, e try, q quit");
        let lines = match other {
            Some(key) => vec![format!("{key} does nothing. {keys}"), format!("{key}? {short}"), short],
            None => vec![keys, short],
        };
        let fits = |line: &&String| columns(line) < self.width();
        lines.iter().find(fits).or(lines.last()).cloned().unwrap_or_default()
    }

    /// Runs a prompt in a copy of the session; the lesson goes on with its own.
    fn live(&self, at: usize) -> io::Result<()> {
        let Stage { session, host } = self.stage(at, true, &mut Wrong::new())?;
        let invitation = wrapped("Try what you like; `exit` returns to the lesson.", self.width());
        writeln!(io::stdout(), "{}", self.out.dim(&invitation))?;
        prompt::live(session, host, self.vi, self.out, self.err)?;
        self.interrupted.store(false, Ordering::Relaxed);
        writeln!(io::stdout(), "{}\n", self.out.dim("— the lesson goes on where it was —"))
    }

    /// Shows what a command answers: what changed and the value, as far as the screen has room, as at the prompt (all of it
    /// where there is no screen); or the error.
    fn answer(
        &self,
        line: &str,
        answer: &Result<Reply, CommandError>,
        limit: Option<usize>,
    ) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match answer {
            Ok(reply) => {
                let screen = self.on_terminal.then(rows);
                let extent = Extent { width: self.width(), limit: screen.and(limit), rows: None };
                write!(out, "{}", Look { paint: self.out, extent, screen }.answer(reply, line))?;
            }
            Err(error) => {
                let text =
                    self.out.error_within(error, &error.location_within(line, self.width()), self.width());
                writeln!(out, "{text}")?;
            }
        }
        writeln!(out)
    }

    /// Returns the columns that are used.
    fn width(&self) -> usize {
        window_columns(self.on_terminal).clamp(20, WIDEST).into()
    }
}

/// Returns the columns of the terminal, if it is one that tells.
fn window_columns(on_terminal: bool) -> u16 {
    let told = if on_terminal { crossterm::terminal::size().ok() } else { None };
    told.map(|(columns, _)| columns).filter(|columns| *columns > 0).unwrap_or(USUAL)
}

/// Returns the rows of the terminal.
fn rows() -> usize {
    let told = crossterm::terminal::size().ok().map(|(_, rows)| rows);
    told.filter(|rows| *rows > 0).unwrap_or(USUAL_ROWS).into()
}

impl Stage {
    fn run(&mut self, line: &str) -> Result<Reply, CommandError> {
        self.host.run(&mut self.session, line, &mut |_| {})
    }
}
