//! The interactive prompt.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etcetera::{BaseStrategy, choose_base_strategy};
use rejoin::script::{Failure, Host, Item, Ran, Script, Step, compare, count};
use rejoin::session::{CommandError, Interrupt, Limits, Reply, Session};
use rejoin::value::Extent;
use rejoin::value::width::wrapped;
use signal_hook::consts::SIGINT;

use super::answer::Look;
use super::disk::{Disk, read_text_until};
use super::envelope::envelope;
use super::pager;
use super::paint::{Paint, on_a_line};
pub(crate) use super::pasted::PROMPT;
use super::progress::Progress;
use super::reader::Reader;
use super::reading::Reading;
use super::scripts::opening;
use super::typing::Typing;
use super::workspace::{Resumed, Workspace, new_session};

/// The way in which the prompt is started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// Answers are printed as JSON.
    pub(crate) json: bool,
    /// The keys are those of vi.
    pub(crate) vi: bool,
    /// The file `init.rejoin` runs first.
    pub(crate) init: bool,
    /// What each filter may use.
    pub(crate) limits: Limits,
}

/// Runs the interactive shell. Nothing that a filter does ends it: one that takes more memory than there is for
/// it is stopped, and so is one that runs when Ctrl-C is typed.
pub(crate) fn prompt(
    start: Start,
    workspace: Option<Workspace>,
    files: &[String],
    out: Paint,
    err: Paint,
) -> io::Result<ExitCode> {
    let resumed = workspace.map(|workspace| workspace.open()).transpose()?;
    let (session, keeper, notice, is_new) = match resumed {
        None => {
            let session = new_session()?;
            session.set_filter_limits(start.limits);
            (session, None, None, true)
        }
        Some(Resumed { session, keeper, is_new, notice }) => (session, Some(keeper), notice, is_new),
    };
    let names = session.entries().count();
    let mut host = Host::new(Disk::interrupted_by(session.interrupt())).at_prompt();
    if let Some(keeper) = keeper {
        host = host.kept_by(keeper);
    }
    if names > 0 {
        host = host.resumed();
    }
    if let Some(notice) = notice {
        writeln!(io::stderr(), "{} {notice}", err.label("warning:"))?;
    }
    let mut prompt = Prompt::open(session, host, start, out, err)?;
    // A workspace that goes on has what it did.
    if start.init && is_new {
        prompt.init()?;
    }
    if !start.json {
        let version = env!("CARGO_PKG_VERSION");
        let greeting = format!("rejoin {version} — `help` lists the commands, Ctrl-D leaves");
        let width = prompt.look()?.extent.width;
        writeln!(io::stdout(), "{}", wrapped(&greeting, width))?;
        if !is_new {
            let what = format!("the workspace goes on with {}; `refs` lists them", count(names, "name"));
            writeln!(io::stdout(), "{}", wrapped(&what, width))?;
        }
    }
    let opening = opening(prompt.session()?, files);
    for item in opening {
        if let Item::Step(step) = item {
            // They stand above their answers, as if they had been typed.
            prompt.block(&step.text)?;
        }
    }
    prompt.run()?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a prompt in a session that is under way, until `exit`.
pub(crate) fn live(session: Session, host: Host, vi: bool, out: Paint, err: Paint) -> io::Result<()> {
    let limits = session.filter_limits();
    let start = Start { json: false, vi, init: false, limits };
    Prompt::open(session, host, start, out, err)?.run()
}

/// A prompt for a session.
pub(crate) struct Prompt {
    reader: Reader,
    /// Raised by Ctrl-C.
    interrupt: Interrupt,
    /// Whether Ctrl-C was typed while a command ran.
    typed: Arc<AtomicBool>,
    /// What gives the session its files.
    host: Host,
    json: bool,
    out: Paint,
    err: Paint,
    /// How many commands were run.
    count: usize,
}

impl Prompt {
    pub(crate) fn open(
        session: Session,
        host: Host,
        start: Start,
        out: Paint,
        err: Paint,
    ) -> io::Result<Self> {
        let interrupt = session.interrupt();
        let typed = Arc::new(AtomicBool::new(false));
        for flag in [interrupt.flag(), &typed] {
            signal_hook::flag::register(SIGINT, Arc::clone(flag))?;
        }
        #[cfg(unix)]
        super::parting::prepare()?;
        let (mut reader, warning) = Reader::open(Typing::new(session, out), start.vi)?;
        if let Some(warning) = warning {
            writeln!(io::stderr(), "{}", err.labelled("warning:", &warning, reader.screen().0))?;
        }
        Ok(Self { reader, host, interrupt, typed, json: start.json, out, err, count: 0 })
    }

    /// Reads and runs lines until the session ends. A recording ends with it.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        self.lines()?;
        match self.host.stop_recording() {
            None => Ok(()),
            Some(Ok(lines)) => lines.iter().try_for_each(|line| writeln!(io::stderr(), "{line}")),
            Some(Err(error)) => writeln!(io::stderr(), "{} {error}", self.err.label("error:")),
        }
    }

    fn lines(&mut self) -> io::Result<()> {
        loop {
            // What was interrupted is over.
            self.interrupt.clear();
            self.look()?;
            let Some(block) = self.reader.read(PROMPT, &self.interrupt)? else { return Ok(()) };
            self.typed.store(false, Ordering::Relaxed);
            if self.block(&block)? {
                return Ok(());
            }
        }
    }

    /// Runs what was typed or pasted: one command, or several. Whether the session is to end.
    fn block(&mut self, typed: &str) -> io::Result<bool> {
        let pasted = self.reader.typing()?.pasted(typed);
        let text = pasted.as_ref().map_or(typed, |pasted| &pasted.text);
        if let Some(answers) = pasted.as_ref().map(|pasted| pasted.answers).filter(|answers| *answers > 0) {
            let text = format!(
                "{} passed over",
                if answers == 1 {
                    "1 line of answers".to_owned()
                } else {
                    format!("{answers} lines of answers")
                }
            );
            writeln!(io::stderr(), "{}", self.err.dim(&text))?;
        }
        let script = Script::parse(text);
        let steps: Vec<&Step> = script.steps().filter(|step| !step.text.is_empty()).collect();
        let mut told = script.items.iter();
        if steps.is_empty() && !text.trim().is_empty() {
            // A comment: for a recording it is worth as much as a command.
            self.reader.remember(text.trim_end());
        }
        for (at, step) in steps.iter().enumerate() {
            self.narrate(
                told.by_ref().take_while(|item| !matches!(item, Item::Step(it) if it.line == step.line)),
            );
            // A blank in front keeps a line out, also where it is the only one.
            let line = if steps.len() == 1 { text.trim_end() } else { &step.text };
            self.reader.remember(line);
            if steps.len() > 1 && !self.json {
                let Look { paint, .. } = self.look()?;
                writeln!(io::stdout(), "{}{}", paint.dim(PROMPT), step.text)?;
            }
            // A program has the terminal for itself.
            let progress = match self.session()?.runs_a_program(&step.text) {
                true => Progress::none(),
                false => Progress::start(at + 1, steps.len()),
            };
            let began = Instant::now();
            let (answer, reading) = self.command(&step.text, &progress)?;
            let took = began.elapsed();
            let is_line_clean = progress.stop();
            let interrupted = self.typed.swap(false, Ordering::Relaxed);
            if interrupted && !is_line_clean {
                // The terminal shows `^C`: what comes next begins on its own line.
                writeln!(io::stderr())?;
            }
            self.count += 1;
            self.show(&step.text, &answer, reading, took)?;
            if answer.as_ref().is_ok_and(|reply| reply.quit) {
                return Ok(true);
            }
            let left = steps.len() - at - 1;
            let failed = matches!(compare(step, &answer), Err(Failure::Error(_)));
            if left > 0 && (failed || interrupted) {
                let commands = if left == 1 { "command" } else { "commands" };
                writeln!(io::stderr(), "{}", self.err.dim(&format!("{left} more {commands} did not run")))?;
                break;
            }
        }
        self.narrate(told);
        Ok(false)
    }

    /// Runs a command; a file that is read is shown as it goes.
    fn command(
        &mut self,
        line: &str,
        progress: &Progress,
    ) -> io::Result<(Result<Reply, CommandError>, Option<Reading>)> {
        let look = self.look()?;
        let mut reading: Option<Reading> = None;
        let mut told = Ok(());
        let typing = self.reader.typing()?;
        let answer = self.host.run(&mut typing.session, line, &mut |ran| {
            if self.json {
                if let (Ok(()), Ran::Step { step, answer, .. }) = (&told, ran)
                    && line.trim_end().ends_with("--live")
                {
                    let shown = look.paint.value(&envelope(self.count, &step.text, answer));
                    told = writeln!(io::stdout(), "{shown}");
                }
            } else if told.is_ok() {
                let reading = reading.get_or_insert_with(|| Reading::new(look, line));
                told = match reading.shows() {
                    true => progress.aside(|| reading.item(&mut io::stdout(), ran)),
                    false => reading.item(&mut io::stdout(), ran),
                };
            }
        });
        told.map(|()| (answer, reading))
    }

    /// Keeps what is told between commands for a recording.
    fn narrate<'a>(&mut self, items: impl Iterator<Item = &'a Item>) {
        for item in items {
            if let Item::Narration(text) = item {
                self.host.narrate(text);
            }
        }
    }

    /// Shows the news, then the values; an error with a caret under its place.
    fn show(
        &mut self,
        line: &str,
        answer: &Result<Reply, CommandError>,
        reading: Option<Reading>,
        took: Duration,
    ) -> io::Result<()> {
        let look = self.look()?;
        if self.json {
            return writeln!(io::stdout(), "{}", look.paint.value(&envelope(self.count, line, answer)));
        }
        let screen = self.reader.screen();
        let text = answer.as_ref().map_or_else(|_| String::new(), |reply| look.answer(reply, line));
        match reading {
            Some(reading) => reading.end(&text, screen)?,
            None if answer.as_ref().is_ok_and(|reply| reply.whole) && io::stdout().is_terminal() => {
                pager::show(&text, screen)?;
            }
            None => write!(io::stdout(), "{text}")?,
        }
        match answer {
            Ok(_) => {}
            Err(error) => {
                let err = self.err.with(self.session()?.settings());
                let text = err.error_within(
                    error,
                    &error.location_within(line, look.extent.width),
                    look.extent.width,
                );
                writeln!(io::stderr(), "{text}")?;
            }
        }
        if self.session()?.settings().timer {
            writeln!(io::stdout(), "{}", look.paint.dim(&duration(took)))?;
        }
        Ok(())
    }

    /// Tells how answers look now; what is typed follows.
    fn look(&mut self) -> io::Result<Look> {
        let screen = self.reader.screen();
        let out = self.out;
        let settings = self.session()?.settings().clone();
        let paint = out.with(&settings);
        self.reader.colour(paint.is_on());
        let typing = self.reader.typing()?;
        (typing.paint, typing.screen) = (paint, screen);
        let extent = Extent { width: settings.width.unwrap_or(screen.0), limit: settings.limit, rows: None };
        Ok(Look { paint, extent, screen: Some(screen.1) })
    }

    fn session(&mut self) -> io::Result<&mut Session> {
        Ok(&mut self.reader.typing()?.session)
    }

    /// Runs `init.rejoin`, if there is one: it says something only where a command fails, and that
    /// keeps the commands behind it, and not the prompt.
    fn init(&mut self) -> io::Result<()> {
        let Some(file) = init_file() else { return Ok(()) };
        let text = match read_text_until(&file, &self.interrupt) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let name = on_a_line(&file.display().to_string());
                return writeln!(io::stderr(), "{} {name}: {error}", self.err.label("warning:"));
            }
        };
        for step in Script::parse(&text).steps() {
            let typing = self.reader.typing()?;
            let answer = self.host.run(&mut typing.session, &step.text, &mut |_| {});
            if let Err(Failure::Error(error)) = compare(step, &answer) {
                let width = self.look()?.extent.width;
                let place = error.location_within(&step.text, width);
                let line = step.line + place.line - 1;
                let text = self.err.error_within(&error, &place, width);
                let name = on_a_line(&file.display().to_string());
                return writeln!(io::stderr(), "{name}:{line}:{}\n{text}", place.column);
            }
        }
        Ok(())
    }
}

/// Writes `0.32 ms`, `1.24 s`.
fn duration(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 1.0 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// Returns `rejoin/init.rejoin` in the XDG config folder.
fn init_file() -> Option<PathBuf> {
    Some(choose_base_strategy().ok()?.config_dir().join("rejoin/init.rejoin"))
}
