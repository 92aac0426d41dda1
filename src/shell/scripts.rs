//! Sessions that are not typed into a terminal: session files, `-c`, standard input.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rejoin::script::{Failure, Host, Item, Mistake, MistakeKind, Ran, Script, Step, answers, run_with};
use rejoin::session::{CommandError, Limits, Reply, Session};
use rejoin::value::string;

use super::USAGE;
use super::cli::SAVED;
use super::disk::Disk;
use super::envelope::{checked, summary};
use super::failures::Failures;
use super::interruption::{cause, prepare, running};
use super::output::{Output, complain};
use super::paint::{Paint, on_a_line};
use super::progress::Progress;
use super::sources::{NO_FILES, Source, Unread};
use super::total::Total;
use super::workspace::{Resumed, Workspace, new_session};

/// A runner of what is not typed into a terminal.
pub(crate) struct Scripts {
    pub(crate) json: bool,
    pub(crate) out: Paint,
    pub(crate) err: Paint,
    /// What each filter may use.
    pub(crate) limits: Limits,
    /// Where the session of `-c` or of standard input rests.
    pub(crate) workspace: Option<Workspace>,
}

impl Scripts {
    /// Runs `rejoin run FILE…`: prints each file again, with what the commands answer.
    pub(crate) fn run(&self, names: &[PathBuf], keep_going: bool, outside: bool) -> io::Result<ExitCode> {
        let seen = io::stdout().is_terminal();
        let way = Way { keep_going, outside, seen };
        let total = self.each_source(&Source::of(names), way, |out, name, _, ran| {
            if self.json {
                return self.print_json(out, Some(name), ran);
            }
            self.item(out, ran)?;
            self.failure(out, name, &[], ran)
        })?;
        for (name, lacks) in &total.empty {
            complain(&format!("{} {}: {lacks}\n", self.err.label("warning:"), on_a_line(name)));
        }
        Ok(total.exit())
    }

    /// Prints an item of a session file, commands with what they answer.
    pub(crate) fn item(&self, out: &mut dyn Write, ran: Ran<'_>) -> io::Result<()> {
        match ran {
            Ran::Narration(text) => writeln!(out, "{}", self.out.dim(&self.out.again(text))),
            Ran::Step { step, failure: Some(Failure::Error(_)), .. } => {
                writeln!(out, "{}", self.out.again(&step.written()))
            }
            Ran::Step { step, answer, .. } => writeln!(out, "{}", self.transcript(step, answer)),
        }
    }

    /// Runs `rejoin check FILE…`: verifies the expectations, and shows those that do not hold.
    pub(crate) fn check(&self, names: &[PathBuf], keep_going: bool) -> io::Result<ExitCode> {
        let way = Way { keep_going, outside: false, seen: false };
        let total = self.each_source(&Source::below(names), way, |out, name, script, ran| match ran {
            Ran::Step { failure: Some(_), .. } if self.json => {
                self.print_json(out, Some(name), ran)?;
                // Should the check be killed, it has told this.
                out.flush()
            }
            Ran::Step { step, failure: Some(_), .. } => {
                self.failure(out, name, &script.narration_above(step.line), ran)
            }
            _ => Ok(()),
        })?;
        if self.json {
            let mut out = Output;
            writeln!(out, "{}", self.out.value(&summary(&total)))?;
            out.flush()?;
        } else {
            for (name, lacks) in &total.empty {
                let label = self.err.label("error:");
                complain(&format!("{label} {}: nothing to check: {lacks}\n", on_a_line(name)));
            }
            complain(&format!("{}\n", total.verdict()));
        }
        let is_nothing = total.had_nothing() && total.ran.failures == 0 && !total.interrupted;
        Ok(if is_nothing { ExitCode::from(USAGE) } else { total.exit() })
    }

    /// Runs `rejoin FILE… -c COMMAND …`: prints the answers.
    pub(crate) fn commands(&self, files: &[String], commands: &[String]) -> io::Result<ExitCode> {
        let steps = (1..).zip(commands).map(|(line, text)| Step::new(line, &**text));
        let items = steps.map(Item::Step).collect();
        let of_one = |(line, text): (usize, &String)| {
            let Script { items, mut mistakes } = Script::parse(text);
            let compares = |item: &Item| matches!(item, Item::Step(step) if !step.expectations.is_empty());
            let is_alone = |mistake: &Mistake| mistake.kind == MistakeKind::Above;
            if items.iter().any(compares) || mistakes.iter().any(is_alone) {
                mistakes.retain(|mistake| !is_alone(mistake));
                mistakes.push(Mistake { line, column: 1, kind: MistakeKind::NotCompared });
            }
            mistakes.into_iter().map(move |mistake| Mistake { line, ..mistake })
        };
        let mistakes: Vec<Mistake> = (1..).zip(commands).flat_map(of_one).collect();
        if !mistakes.is_empty() {
            self.file_error("-c", &Unread::Mistakes(mistakes));
            return Ok(ExitCode::from(USAGE));
        }
        let host = Host::new(Disk::default()).open();
        let script = Script { items, mistakes };
        self.answers("-c", files, &script, host, self.session_for(&script, true)?)
    }

    /// Runs a session on standard input: prints the answers, and verifies expectations.
    pub(crate) fn stdin(&self, files: &[String]) -> io::Result<ExitCode> {
        prepare()?;
        match Source::Stdin.read() {
            Ok(None) => Ok(ExitCode::SUCCESS),
            Ok(Some(script)) => {
                self.answers("stdin", files, &script, Host::new(Disk::default()), self.session())
            }
            Err(unread) => {
                self.file_error("stdin", &unread);
                Ok(ExitCode::from(USAGE))
            }
        }
    }

    /// Makes an empty session.
    pub(crate) fn session(&self) -> Session {
        let session = Session::default();
        session.set_filter_limits(self.limits);
        session
    }

    /// Makes an empty session for a script. What it makes is unique in the world if it is brought to a place that lasts.
    fn session_for(&self, script: &Script, is_open: bool) -> io::Result<Session> {
        let session = self.session();
        if !is_open || !script.steps().any(|step| session.meets_others(&step.text)) {
            return Ok(session);
        }
        let session = new_session()?;
        session.set_filter_limits(self.limits);
        Ok(session)
    }

    /// Opens files, runs a script and prints what its commands answer.
    fn answers(
        &self,
        name: &str,
        files: &[String],
        script: &Script,
        host: Host,
        session: Session,
    ) -> io::Result<ExitCode> {
        prepare()?;
        let mut out = Output;
        let (mut session, host) = match &self.workspace {
            None => (session, host),
            Some(workspace) => {
                let Resumed { session, keeper, notice, .. } = workspace.open()?;
                if let Some(notice) = notice {
                    complain(&format!("{} {notice}\n", self.err.label("warning:")));
                }
                (session, host.kept_by(keeper))
            }
        };
        let mut host = host.on_start(running);
        let opening = Script { items: opening(&session, files), mistakes: Vec::new() };
        let opened = run_with(&mut host, &mut session, &opening, |ran| {
            self.failure(&mut out, "command line", &[], ran)
        })?;
        if opened.failures > 0 || opened.interrupted.is_some() {
            let interrupted = cause().is_some();
            return Ok(Total { ran: opened, interrupted, ..Total::default() }.exit());
        }
        let progress = Progress::of(script, io::stdout().is_terminal());
        let ran = run_with(&mut host, &mut session, script, |ran| {
            match ran {
                _ if self.json => self.print_json(&mut out, None, ran)?,
                Ran::Step { answer: Ok(reply), .. } => print_answer(&mut out, self.out, reply)?,
                Ran::Step { .. } | Ran::Narration(_) => {}
            }
            if let Ran::Step { failure, .. } = ran {
                progress.next();
                if failure.is_some() && !self.json {
                    return progress.aside(|| self.failure(&mut out, name, &[], ran));
                }
            }
            Ok(())
        })?;
        out.flush()?;
        Ok(Total { ran, interrupted: cause().is_some(), ..Total::default() }.exit())
    }

    /// Runs a script for its exit status alone.
    pub(crate) fn silently(&self, script: &Script, host: Host) -> io::Result<ExitCode> {
        let mut host = host.keep_going().on_start(running);
        let ran = run_with(&mut host, &mut self.session(), script, |_| Ok::<_, io::Error>(()))?;
        Ok(Total { ran, interrupted: cause().is_some(), ..Total::default() }.exit())
    }

    /// Runs every file in a session of its own. A file that cannot be read does not keep the others.
    fn each_source(
        &self,
        sources: &[Source],
        way: Way,
        mut each: impl FnMut(&mut dyn Write, &str, &Script, Ran<'_>) -> io::Result<()>,
    ) -> io::Result<Total> {
        let mut total = Total::default();
        prepare()?;
        let mut out = Output;
        for source in sources {
            let name = source.name();
            match source.read() {
                // It was read, and has nothing.
                _ if matches!(source, Source::Empty(_)) => total.empty.push((name, NO_FILES)),
                Ok(None) => {}
                Ok(Some(script)) => {
                    if script.steps().next().is_none() {
                        total.empty.push((name.clone(), NO_COMMANDS));
                    }
                    let mut host = Host::new(Disk::default()).on_start(running);
                    if let Some(file) = source.file() {
                        host = host.in_file(file);
                    }
                    if way.keep_going {
                        host = host.keep_going();
                    }
                    if way.outside {
                        host = host.outside();
                    }
                    let session = &mut self.session_for(&script, way.outside)?;
                    let progress = Progress::of(&script, way.seen);
                    let each = |ran: Ran<'_>| -> io::Result<()> {
                        let Ran::Step { failure, .. } = ran else {
                            return each(&mut out, &name, &script, ran);
                        };
                        progress.next();
                        match failure {
                            // What is wrong goes where the progress is shown.
                            Some(_) => progress.aside(|| each(&mut out, &name, &script, ran)),
                            None => each(&mut out, &name, &script, ran),
                        }
                    };
                    total.ran.add(run_with(&mut host, session, &script, each)?);
                }
                Err(unread) => {
                    out.flush()?;
                    self.file_error(&name, &unread);
                    total.unread.push((name, unread.reason()));
                }
            }
            if cause().is_some() {
                total.interrupted = true;
                break;
            }
        }
        out.flush()?;
        Ok(total)
    }

    fn print_json(&self, out: &mut dyn Write, file: Option<&str>, ran: Ran<'_>) -> io::Result<()> {
        let Ran::Step { step, answer, failure } = ran else { return Ok(()) };
        writeln!(out, "{}", self.out.value(&checked(file, step, answer, failure)))
    }

    /// Returns the transcript of a step, what it answers in colour.
    fn transcript(&self, step: &Step, answer: &Result<Reply, CommandError>) -> String {
        let mut text = self.out.again(&step.written());
        for answer in answers(answer) {
            let mark = self.out.dim("#=>");
            text.push_str(&format!("\n{}{mark} {}", step.margin(), self.out.report(&answer)));
        }
        text
    }

    /// Shows what a step did wrong, on standard error.
    fn failure(&self, out: &mut dyn Write, name: &str, narration: &[&str], ran: Ran<'_>) -> io::Result<()> {
        let Ran::Step { step, failure: Some(failure), .. } = ran else { return Ok(()) };
        out.flush()?;
        Failures { paint: self.err, name, narration }.show(step, failure);
        Ok(())
    }
}

/// Returns the commands that open files of data as refs.
pub(crate) fn opening(session: &Session, files: &[String]) -> Vec<Item> {
    let mut names = Vec::new();
    let open = |(line, file): (usize, &String)| {
        let name = session.name_for_file(file, &names);
        let quoted = string(file);
        let is_saved = Path::new(file).extension().is_some_and(|end| end.eq_ignore_ascii_case(SAVED));
        let text =
            if is_saved { format!("open {quoted} as {name}") } else { format!("ref {name} from {quoted}") };
        names.push(name);
        Item::Step(Step::new(line, text))
    };
    (1..).zip(files).map(open).collect()
}

/// Prints what a command answers: its values, then its report.
pub(crate) fn print_answer(out: &mut dyn Write, paint: Paint, reply: &Reply) -> io::Result<()> {
    let (values, lines) = reply.shown();
    values.iter().try_for_each(|value| writeln!(out, "{}", paint.value(value)))?;
    lines.iter().try_for_each(|line| writeln!(out, "{}", paint.report(line)))
}

/// The way in which files are run.
#[derive(Clone, Copy)]
struct Way {
    /// Whether a file goes on behind a command that fails.
    keep_going: bool,
    /// Whether it reaches what is outside.
    outside: bool,
    /// Whether the answers are seen as they come.
    seen: bool,
}

/// The message of a file in which nothing is to be run.
pub(crate) const NO_COMMANDS: &str = "no commands";
