//! Sources: what the command line names to be run, which is files, folders of them, and standard input.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rejoin::script::{Mistake, Script, is_markdown};
use walkdir::{DirEntry, WalkDir};

use super::disk::{read_stdin, read_text};

/// The source of a session.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A file that is named.
    File(PathBuf),
    /// A file below a folder that is named. Where it is Markdown without a session, nobody means it.
    Found(PathBuf),
    /// Standard input.
    Stdin,
    /// What cannot be looked at below a folder, and why.
    Unseen(PathBuf, String),
    /// A folder without session files.
    Empty(PathBuf),
}

/// The reason why a session file does not run.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It cannot be read.
    Io(io::Error),
    /// It can be read, and something in it is not what it looks like.
    Mistakes(Vec<Mistake>),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Unread {
    /// Returns the reason in one line.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Io(error) => error.to_string(),
            Self::Mistakes(mistakes) => mistakes.first().map(ToString::to_string).unwrap_or_default(),
        }
    }
}

impl Source {
    /// Returns what each name stands for: `-` is standard input.
    pub(crate) fn of(names: &[PathBuf]) -> Vec<Self> {
        let of = |name: &PathBuf| match name.as_os_str() == "-" {
            true => Self::Stdin,
            false => Self::File(name.clone()),
        };
        names.iter().map(of).collect()
    }

    /// Returns the same, with the session files below each folder, in order, in its place.
    pub(crate) fn below(names: &[PathBuf]) -> Vec<Self> {
        let sources = Self::of(names).into_iter();
        let each = sources.flat_map(|source| match source {
            Self::File(folder) if folder.is_dir() => files(folder),
            source => vec![source],
        });
        each.collect()
    }

    /// Returns its name.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(file) | Self::Found(file) | Self::Unseen(file, _) | Self::Empty(file) => {
                file.display().to_string()
            }
            Self::Stdin => "stdin".to_owned(),
        }
    }

    /// Returns the file that it is, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) | Self::Found(file) => Some(file),
            Self::Stdin | Self::Unseen(..) | Self::Empty(_) => None,
        }
    }

    /// Reads it; `None` where nobody means it.
    pub(crate) fn read(&self) -> Result<Option<Script>, Unread> {
        let script = match self {
            Self::File(file) | Self::Found(file) => Script::parse_file(file, &read_text(file)?),
            Self::Stdin => Script::parse(&read_stdin()?),
            Self::Unseen(_, reason) => return Err(io::Error::other(reason.clone()).into()),
            Self::Empty(_) => return Err(io::Error::other(NO_FILES).into()),
        };
        let script = sound(script)?;
        let is_prose = || self.file().is_some_and(is_markdown) && script.steps().next().is_none();
        Ok(if matches!(self, Self::Found(_)) && is_prose() { None } else { Some(script) })
    }
}

/// The message of a folder without session files.
pub(crate) const NO_FILES: &str = "no session files";

/// Refuses a script in which something is not what it looks like.
pub(crate) fn sound(script: Script) -> Result<Script, Unread> {
    if script.mistakes.is_empty() { Ok(script) } else { Err(Unread::Mistakes(script.mistakes)) }
}

/// Finds the session files and Markdown files below a folder, without what is hidden.
fn files(folder: PathBuf) -> Vec<Source> {
    let is_hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    let is_rejoin = |extension: &OsStr| extension.eq_ignore_ascii_case("rejoin");
    let is_session = |file: &Path| file.extension().is_some_and(is_rejoin) || is_markdown(file);
    let mut found = Vec::new();
    let below = WalkDir::new(&folder).sort_by_file_name().into_iter();
    for entry in below.filter_entry(|entry| !is_hidden(entry)) {
        match entry {
            // What cannot be read is told when it is read.
            Ok(entry) if is_session(entry.path()) && !entry.path().is_dir() => {
                found.push(Source::Found(entry.into_path()));
            }
            Ok(_) => {}
            Err(error) => {
                let place = error.path().unwrap_or(&folder).to_owned();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                found.push(Source::Unseen(place, reason));
            }
        }
    }
    if found.is_empty() {
        found.push(Source::Empty(folder));
    }
    found
}
