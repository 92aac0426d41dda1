//! `check --bless`: the difference is shown, and the files are written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rejoin::script::{Blessing, Edit, Host, Mistake, NotBlessed, Script, bless, count, is_markdown};

use super::USAGE;
use super::disk::{Disk, read_text};
use super::failures::Failures;
use super::interruption::{cause, prepare, running};
use super::output::{Output, complain};
use super::paint::{on_a_line, visible};
use super::replace::{NotWritten, refuse_special, replace};
use super::scripts::{NO_COMMANDS, Scripts};
use super::sources::{Source, Unread, sound};

/// The number of files of each kind.
#[derive(Default)]
struct Tally {
    rewritten: usize,
    held: usize,
    refused: usize,
    unreadable: usize,
}

impl Scripts {
    /// Runs `rejoin check --bless FILE…`: shows what becomes of the expectations that do not hold, and writes it.
    pub(crate) fn bless(&self, names: &[PathBuf], all: bool) -> io::Result<ExitCode> {
        let mut tally = Tally::default();
        prepare()?;
        let mut out = Output;
        for source in Source::below(names) {
            if cause().is_some() {
                break;
            }
            self.bless_one(&source, all, &mut tally, &mut out)?;
        }
        out.flush()?;
        complain(&format!("{}\n", tally.words()));
        Ok(match (cause(), tally) {
            (Some(status), _) => ExitCode::from(status),
            (None, Tally { unreadable: 1.., .. }) => ExitCode::from(USAGE),
            (None, Tally { refused: 1.., .. }) => ExitCode::FAILURE,
            (None, Tally { rewritten: 0, held: 0, .. }) => ExitCode::from(USAGE),
            _ => ExitCode::SUCCESS,
        })
    }

    fn bless_one(&self, source: &Source, all: bool, tally: &mut Tally, out: &mut Output) -> io::Result<()> {
        let name = source.name();
        let blessed = match (rewritable(source), source.file()) {
            (Ok(Some(old)), Some(file)) => {
                let start = || (Host::new(Disk::default()).in_file(file).on_start(running), self.session());
                match bless(file, &old, all, start) {
                    Err(refused) => {
                        self.refused(file, &old, &refused);
                        tally.refused += 1;
                        return Ok(());
                    }
                    Ok(Blessing { edits, .. }) if edits.is_empty() => Ok(edits),
                    Ok(Blessing { edits, text }) => match replace(file, Some(&old), text.as_bytes()) {
                        Ok(()) => Ok(edits),
                        Err(NotWritten::Io(error)) => Err(Unread::Io(error)),
                        Err(changed) => Err(Unread::Io(io::Error::other(changed))),
                    },
                }
            }
            (Err(unread), _) => Err(unread),
            // Markdown without a session.
            _ => return Ok(()),
        };
        match blessed {
            Ok(edits) if edits.is_empty() => tally.held += 1,
            Ok(edits) => {
                tally.rewritten += 1;
                edits.iter().try_for_each(|edit| self.edit(out, &name, edit))?;
            }
            Err(unread) => {
                out.flush()?;
                self.file_error(&name, &unread);
                tally.unreadable += 1;
            }
        }
        Ok(())
    }

    /// Shows what was changed, as a piece of a difference.
    fn edit(&self, out: &mut Output, name: &str, edit: &Edit) -> io::Result<()> {
        let command = visible(&edit.command).replace('\n', "\n  ");
        let mut text = format!("{}:{}\n  {command}\n", on_a_line(name), edit.line);
        for line in &edit.removed {
            text.push_str(&self.out.gone(&format!("- {}", line.trim())));
            text.push('\n');
        }
        for line in &edit.added {
            text.push_str(&self.out.come(&format!("+ {}", line.trim())));
            text.push('\n');
        }
        if edit.lost_dots > 0 {
            let note = "`...` could not stay here: write it again where anything may stand";
            text.push_str(&format!("{} {note}\n", self.out.dim("note:")));
        }
        write!(out, "{text}")
    }

    fn refused(&self, file: &Path, text: &str, refused: &NotBlessed) {
        let raw = file.display().to_string();
        let name = on_a_line(&raw);
        match refused {
            NotBlessed::Failed { step, error } => {
                let script = Script::parse_file(file, text);
                let narration = script.narration_above(step.line);
                Failures { paint: self.err, name: &raw, narration: &narration }.error(step, error);
            }
            NotBlessed::Mistake(mistake) => self.mistake(&name, mistake),
            NotBlessed::Unsteady { line } => {
                complain(&format!("{name}:{line}\n{} {refused}\n", self.err.label("error:")));
            }
            NotBlessed::Interrupted => {}
        }
        complain(&format!("{name} stays as it is\n"));
    }

    /// Shows why a file does not run or is not rewritten.
    pub(crate) fn file_error(&self, name: &str, unread: &Unread) {
        /// The number of mistakes of one file that are shown.
        const SHOWN: usize = 8;
        let name = on_a_line(name);
        match unread {
            Unread::Io(error) => complain(&format!("{} {name}: {error}\n", self.err.label("error:"))),
            Unread::Mistakes(mistakes) => {
                mistakes.iter().take(SHOWN).for_each(|mistake| self.mistake(&name, mistake));
                if mistakes.len() > SHOWN {
                    complain(&format!("{name}: {}\n", count(mistakes.len() - SHOWN, "more mistake")));
                }
            }
        }
    }

    /// Shows what is wrong with a file.
    fn mistake(&self, name: &str, Mistake { line, column, kind }: &Mistake) {
        let message = self.err.plain(&kind.to_string());
        let mut text = format!("{name}:{line}:{column}\n{} {message}\n", self.err.label("error:"));
        if let Some(hint) = kind.hint() {
            text.push_str(&format!("{} {hint}\n", self.err.dim("hint:")));
        }
        complain(&text);
    }
}

/// Reads what is to be rewritten; `None` where nobody means it.
fn rewritable(source: &Source) -> Result<Option<String>, Unread> {
    let Some(file) = source.file() else {
        return match source {
            Source::Stdin => Err(io::Error::other("cannot be rewritten").into()),
            other => other.read().map(|_| None),
        };
    };
    // A pipe or device is not even opened: what is read from it is gone.
    refuse_special(&std::fs::metadata(file)?)?;
    let text = read_text(file)?;
    let script = sound(Script::parse_file(file, &text))?;
    match (script.steps().next(), source) {
        (None, Source::Found(_)) if is_markdown(file) => Ok(None),
        (None, _) => Err(io::Error::other(NO_COMMANDS).into()),
        (Some(_), _) => Ok(Some(text)),
    }
}

impl Tally {
    /// Writes `1 file rewritten, 2 files held already`.
    fn words(&self) -> String {
        let parts = [
            (self.rewritten, "rewritten"),
            (self.held, "held already"),
            (self.refused + self.unreadable, "left as it is"),
        ];
        let parts = parts.iter().filter(|(n, _)| *n > 0);
        let parts: Vec<String> = parts.map(|(n, what)| format!("{} {what}", count(*n, "file"))).collect();
        if parts.is_empty() { "nothing to check".to_owned() } else { parts.join(", ") }
    }
}
