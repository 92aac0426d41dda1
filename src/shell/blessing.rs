use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rejoin::script::{Blessing, Edit, Host, NotBlessed, Script, WrongFence, bless, count};

use super::USAGE;
use super::disk::{Disk, read_text, write_whole};
use super::failures::Failures;
use super::paint::visible;
use super::scripts::Scripts;

/// How many files there are of each kind.
#[derive(Default)]
struct Tally {
    rewritten: usize,
    held: usize,
    refused: usize,
    unreadable: usize,
}

impl Scripts {
    /// `rejoin check --bless FILE…`: shows what becomes of the expectations that do not hold, and writes it.
    pub(crate) fn bless(&self, files: &[PathBuf], all: bool) -> io::Result<ExitCode> {
        let mut tally = Tally::default();
        for file in files {
            let name = file.display().to_string();
            let text = match read_text(file) {
                Ok(text) => text,
                Err(error) => {
                    self.file_error(&name, &error)?;
                    tally.unreadable += 1;
                    continue;
                }
            };
            match bless(file, &text, all, || (Host::new(Disk).in_file(file), self.session())) {
                Err(refused) => {
                    self.refused(file, &text, &refused)?;
                    tally.refused += 1;
                }
                Ok(Blessing { edits, .. }) if edits.is_empty() => tally.held += 1,
                Ok(Blessing { edits, text }) => match write_whole(file, &text) {
                    Ok(()) => {
                        edits.iter().try_for_each(|edit| self.edit(&name, edit))?;
                        tally.rewritten += 1;
                    }
                    Err(error) => {
                        self.file_error(&name, &error)?;
                        tally.unreadable += 1;
                    }
                },
            }
        }
        writeln!(io::stderr(), "{}", tally.words())?;
        Ok(match tally {
            Tally { unreadable: 1.., .. } => ExitCode::from(USAGE),
            Tally { refused: 1.., .. } => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        })
    }

    /// What was changed, as a piece of a difference.
    fn edit(&self, name: &str, edit: &Edit) -> io::Result<()> {
        let mut text = format!("{name}:{}\n  {}\n", edit.line, visible(&edit.command).replace('\n', "\n  "));
        for line in &edit.removed {
            text.push_str(&self.out.gone(&format!("- {}", line.trim())));
            text.push('\n');
        }
        for line in &edit.added {
            text.push_str(&self.out.come(&format!("+ {}", line.trim())));
            text.push('\n');
        }
        write!(io::stdout(), "{text}")
    }

    fn refused(&self, file: &Path, text: &str, refused: &NotBlessed) -> io::Result<()> {
        let name = file.display().to_string();
        match refused {
            NotBlessed::Failed { step, error } => {
                let script = Script::parse_file(file, text);
                let narration = script.narration_above(step.line);
                let failures = Failures { paint: self.err, name: &name, narration: &narration };
                failures.error(step, error)?;
            }
            NotBlessed::NoCommand { line } | NotBlessed::Unsteady { line } => {
                writeln!(io::stderr(), "{name}:{line}\n{} {refused}", self.err.label("error:"))?;
            }
        }
        writeln!(io::stderr(), "{name} stays as it is")
    }

    /// A file that cannot be read or written.
    pub(crate) fn file_error(&self, name: &str, error: &io::Error) -> io::Result<()> {
        if let Some(wrong) = error.get_ref().and_then(|error| error.downcast_ref::<WrongFence>()) {
            let (label, message) = (self.err.label("error:"), self.err.plain(&wrong.message()));
            let hint = format!("{} {}", self.err.dim("hint:"), WrongFence::HINT);
            return writeln!(io::stderr(), "{name}:{}\n{label} {message}\n{hint}", wrong.line);
        }
        writeln!(io::stderr(), "{} {name}: {error}", self.err.label("error:"))
    }
}

impl Tally {
    /// `1 file rewritten, 2 files held already`.
    fn words(&self) -> String {
        let parts = [
            (self.rewritten, "rewritten"),
            (self.held, "held already"),
            (self.refused + self.unreadable, "left as it is"),
        ];
        let parts = parts.iter().filter(|(n, _)| *n > 0);
        parts.map(|(n, what)| format!("{} {what}", count(*n, "file"))).collect::<Vec<_>>().join(", ")
    }
}
