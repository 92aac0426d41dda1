use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rejoin::script::{Failure, Host, Outcome, Ran, Script, Step, count, run_with, transcript};
use rejoin::session::{CommandError, Limits, Reply, Session};
use signal_hook::consts::SIGINT;

use super::USAGE;
use super::disk::{Disk, read_all, read_text};
use super::envelope::{checked, summary};
use super::failures::Failures;
use super::paint::Paint;
use super::progress::Progress;

/// Runs what is not typed into a terminal.
pub(crate) struct Scripts {
    pub(crate) json: bool,
    pub(crate) out: Paint,
    pub(crate) err: Paint,
    /// What each filter may use.
    pub(crate) limits: Limits,
}

impl Scripts {
    /// `rejoin run FILE…`: prints each file again, with what the commands answer.
    pub(crate) fn run(&self, files: &[PathBuf]) -> io::Result<ExitCode> {
        let seen = io::stdout().is_terminal();
        let total = self.each_file(files, seen, |out, name, _, ran| {
            if self.json {
                return self.print_json(out, Some(name), ran);
            }
            self.item(out, ran)?;
            self.failure(out, name, &[], ran)
        })?;
        Ok(total.exit())
    }

    /// An item of a session file, commands with what they answer.
    pub(crate) fn item(&self, out: &mut dyn Write, ran: Ran<'_>) -> io::Result<()> {
        match ran {
            Ran::Narration(text) => writeln!(out, "{}", self.out.dim(&self.out.again(text))),
            Ran::Step { step, failure: Some(Failure::Error(_)), .. } => {
                writeln!(out, "{}", self.out.again(&step.written()))
            }
            Ran::Step { step, answer, .. } => writeln!(out, "{}", self.transcript(step, answer)),
        }
    }

    /// `rejoin check FILE…`: verifies the expectations, and shows those that do not hold.
    pub(crate) fn check(&self, files: &[PathBuf]) -> io::Result<ExitCode> {
        let total = self.each_file(files, false, |out, name, script, ran| match ran {
            Ran::Step { failure: Some(_), .. } if self.json => self.print_json(out, Some(name), ran),
            Ran::Step { step, failure: Some(_), .. } => {
                self.failure(out, name, &script.narration_above(step.line), ran)
            }
            _ => Ok(()),
        })?;
        let Total { ran, unread } = &total;
        if self.json {
            writeln!(io::stdout(), "{}", self.out.value(&summary(ran, unread)))?;
            return Ok(total.exit());
        }
        let verdict = match (ran.failures, unread.len()) {
            (0, 0) if ran.commands == 0 => "nothing to check".to_owned(),
            (0, 0) => "all hold".to_owned(),
            (0, files) => format!("{} not read", count(files, "file")),
            (failures, 0) => count(failures, "failure"),
            (failures, files) => format!("{}, {} not read", count(failures, "failure"), count(files, "file")),
        };
        writeln!(io::stderr(), "{}, {}: {verdict}", count(ran.sessions, "session"), ran.words())?;
        Ok(total.exit())
    }

    /// `rejoin -c COMMAND …`: prints the answers.
    pub(crate) fn commands(&self, commands: &[String]) -> io::Result<ExitCode> {
        let steps = (1..).zip(commands).map(|(line, text)| Step::new(line, &**text));
        let script = Script { items: steps.map(rejoin::script::Item::Step).collect() };
        self.answers("-c", &script)
    }

    /// A session on standard input: prints the answers, and verifies expectations.
    pub(crate) fn stdin(&self) -> io::Result<ExitCode> {
        match read_all(io::stdin().lock()) {
            Ok(text) => self.answers("stdin", &Script::parse(&text)),
            Err(error) => {
                self.file_error("stdin", &error)?;
                Ok(ExitCode::from(USAGE))
            }
        }
    }

    /// An empty session.
    pub(crate) fn session(&self) -> Session {
        let session = Session::default();
        session.set_filter_limits(self.limits);
        session
    }

    /// Runs a script and prints what its commands answer.
    fn answers(&self, name: &str, script: &Script) -> io::Result<ExitCode> {
        end_on_interrupt()?;
        let mut out = BufWriter::new(io::stdout().lock());
        let mut host = Host::new(Disk);
        let progress = Progress::of(script, io::stdout().is_terminal());
        let outcome = run_with(&mut host, &mut self.session(), script, |ran| {
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
        Ok(exit(outcome))
    }

    /// Runs every file in a session of its own. A file that cannot be read does not keep the others.
    fn each_file(
        &self,
        files: &[PathBuf],
        answers_are_seen: bool,
        mut each: impl FnMut(&mut dyn Write, &str, &Script, Ran<'_>) -> io::Result<()>,
    ) -> io::Result<Total> {
        let mut total = Total::default();
        end_on_interrupt()?;
        let mut out = BufWriter::new(io::stdout().lock());
        for file in files {
            let name = file.display().to_string();
            match read(file) {
                Ok(script) => {
                    if script.steps().next().is_none() {
                        writeln!(io::stderr(), "{} {name}: no commands", self.err.label("warning:"))?;
                    }
                    let mut host = Host::new(Disk).in_file(file);
                    let session = &mut self.session();
                    let progress = Progress::of(&script, answers_are_seen);
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
                Err(error) => {
                    out.flush()?;
                    self.file_error(&name, &error)?;
                    total.unread.push((name, error.to_string()));
                }
            }
        }
        out.flush()?;
        Ok(total)
    }

    fn print_json(&self, out: &mut dyn Write, file: Option<&str>, ran: Ran<'_>) -> io::Result<()> {
        let Ran::Step { step, answer, failure } = ran else { return Ok(()) };
        writeln!(out, "{}", self.out.value(&checked(file, step, answer, failure)))
    }

    /// The transcript of a step, what it answers in colour.
    fn transcript(&self, step: &Step, answer: &Result<Reply, CommandError>) -> String {
        let (text, written) = (transcript(step, answer), step.written());
        let Some(answers) = text.strip_prefix(&written) else { return self.out.again(&text) };
        let margin = step.margin();
        let answers = answers.lines().map(|line| match line.strip_prefix(&*margin).and_then(expected) {
            Some(answer) => format!("{margin}{} {}", self.out.dim("#=>"), self.out.report(answer)),
            None => self.out.again(line),
        });
        format!("{}{}", self.out.again(&written), answers.collect::<Vec<_>>().join("\n"))
    }

    /// What a step did wrong, on standard error.
    fn failure(&self, out: &mut dyn Write, name: &str, narration: &[&str], ran: Ran<'_>) -> io::Result<()> {
        let Ran::Step { step, failure: Some(failure), .. } = ran else { return Ok(()) };
        out.flush()?;
        Failures { paint: self.err, name, narration }.show(step, failure)
    }
}

/// What stands behind `#=>`.
fn expected(line: &str) -> Option<&str> {
    line.strip_prefix("#=> ")
}

/// What a command answers: its values, then its report.
pub(crate) fn print_answer(out: &mut dyn Write, paint: Paint, reply: &Reply) -> io::Result<()> {
    let (values, lines) = reply.shown();
    values.iter().try_for_each(|value| writeln!(out, "{}", paint.value(value)))?;
    lines.iter().try_for_each(|line| writeln!(out, "{}", paint.report(line)))
}

/// From here on Ctrl-C ends the program with the status of what it interrupted, also where it was started with
/// Ctrl-C switched off.
pub(crate) fn end_on_interrupt() -> io::Result<()> {
    const INTERRUPTED: i32 = 130;
    let always = Arc::new(AtomicBool::new(true));
    signal_hook::flag::register_conditional_shutdown(SIGINT, INTERRUPTED, always).map(drop)
}

/// What became of several files.
#[derive(Default)]
struct Total {
    ran: Outcome,
    /// The files that could not be read, and why.
    unread: Vec<(String, String)>,
}

impl Total {
    fn exit(&self) -> ExitCode {
        if !self.unread.is_empty() { ExitCode::from(USAGE) } else { exit(self.ran) }
    }
}

/// Reads a session file.
pub(crate) fn read(file: &Path) -> io::Result<Script> {
    Ok(Script::parse_file(file, &read_text(file)?))
}

fn exit(outcome: Outcome) -> ExitCode {
    if outcome.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
