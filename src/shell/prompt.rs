use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use etcetera::{BaseStrategy, choose_base_strategy};
use rejoin::session::{CommandError, Options, Reply, Session, needs_more};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Editor, Helper};

use super::envelope::envelope;
use super::paint::Paint;
use super::scripts::print_answer;

const PROMPT: &str = "rejoin> ";

/// The interactive shell.
pub(crate) fn prompt(json: bool, out: Paint, err: Paint) -> io::Result<ExitCode> {
    let seed = getrandom::u64().map_err(|e| io::Error::other(e.to_string()))?;
    let mut session = Session::new(Options { seed, unique_actors: true });
    let mut editor = editor().map_err(io::Error::other)?;
    let history = history_file();
    if let Some(file) = &history {
        // The first session has none yet.
        let _ = editor.load_history(file);
    }
    if !json {
        writeln!(
            io::stdout(),
            "rejoin {} — `help` lists the commands, Ctrl-D leaves",
            env!("CARGO_PKG_VERSION")
        )?;
    }
    for number in 1.. {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(io::Error::other(error)),
        };
        if line.trim().is_empty() {
            continue;
        }
        // What cannot be remembered is no reason to stop. Written at once: the session may end badly.
        let _ = editor.add_history_entry(&line);
        if let Some(file) = &history {
            let _ = editor.append_history(file);
        }
        let answer = session.run(&line);
        if json {
            writeln!(io::stdout(), "{}", out.value(&envelope(number, &line, &answer)))?;
        } else {
            show(&line, &answer, out, err)?;
        }
        if answer.is_ok_and(|reply| reply.quit) {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the values, then the report; an error with a caret under its place.
fn show(line: &str, answer: &Result<Reply, CommandError>, out: Paint, err: Paint) -> io::Result<()> {
    match answer {
        Ok(reply) => print_answer(&mut io::stdout().lock(), out, reply),
        Err(error) => writeln!(io::stderr(), "{}", err.error(error, &error.place(line))),
    }
}

/// `rejoin/history` in the XDG state folder, which is made.
fn history_file() -> Option<PathBuf> {
    let folder = choose_base_strategy().ok()?.state_dir()?.join("rejoin");
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

fn editor() -> rustyline::Result<Editor<Lines, DefaultHistory>> {
    let config = Config::builder().max_history_size(10_000)?.history_ignore_space(true).build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Lines));
    Ok(editor)
}

/// Tells whether a command goes on in the next line.
struct Lines;

impl Validator for Lines {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let more = needs_more(context.input());
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Completer for Lines {
    type Candidate = String;
}

impl Hinter for Lines {
    type Hint = String;
}

impl Highlighter for Lines {}

impl Helper for Lines {}
