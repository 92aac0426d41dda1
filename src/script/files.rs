//! The files that sessions reach, as somebody else reads and writes them.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::{Remote, StoreError};
use crate::value::printable;

/// The files that sessions may reach, and what else the system has, by what it says when it cannot be done.
pub trait Files {
    /// Returns what a file holds.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &Path) -> Result<Vec<u8>, String>;

    /// Tells whether a path is a device, a pipe or something else that is no file and no folder.
    fn is_special(&self, _path: &Path) -> bool {
        false
    }

    /// Makes a file that was not there, whole or not at all. It is safe from the end of this process then.
    ///
    /// # Errors
    /// It is there ([`WriteError::Taken`]), or cannot be made; then it is not there.
    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError>;

    /// Puts text behind what the file holds, which is `old`. It is safe from the end of this process then.
    ///
    /// # Errors
    /// The file holds something else ([`WriteError::Changed`]), or cannot be written; it stays as it is.
    fn append(&self, path: &Path, old: &str, more: &str) -> Result<(), WriteError>;

    /// Gives a file that holds `old`, or whatever it holds, other contents, whole or not at all.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    fn replace(&self, path: &Path, old: Option<&str>, new: &[u8]) -> Result<(), WriteError>;

    /// Returns the place where replicas meet at a URL, or in a folder.
    ///
    /// # Errors
    /// It is no place; there are none, unless this is overridden.
    fn remote(&self, _place: &Place<'_>) -> Result<Box<dyn Remote>, StoreError> {
        Err(StoreError::OutOfReach)
    }

    /// Returns the path of a folder from the root.
    fn absolute(&self, folder: &Path) -> PathBuf {
        folder.to_owned()
    }

    /// Waits a moment before somebody looks again whether something is new; answers `false` when they should not.
    fn pause(&self) -> bool {
        false
    }

    /// Returns what comes on standard input, all of it.
    ///
    /// # Errors
    /// Why it cannot be read; there is none, unless this is overridden.
    fn stdin(&self) -> Result<Vec<u8>, String> {
        Err("there is no standard input here".to_owned())
    }

    /// Gives a text to a program, a line of the system's shell, and waits for its end; tells how it ended, unless all went well.
    ///
    /// # Errors
    /// Why it cannot be started; there are none, unless this is overridden.
    fn pipe(&self, _command: &str, _input: &str) -> Result<Option<String>, String> {
        Err("there are no programs here".to_owned())
    }
}

/// A place where replicas meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// `https://…`, `s3://…`.
    Url(&'a str),
    /// A folder.
    Folder(&'a Path),
}

impl<'a> Place<'a> {
    /// Tells what sort of place a name stands for.
    pub(super) fn of(name: &'a str) -> Self {
        match name.split_once("://") {
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Self::Url(name),
            _ => Self::Folder(Path::new(name)),
        }
    }
}

/// Files that are out of reach.
pub(super) struct NoFiles;

/// The reason why there are none.
const OUT_OF_REACH: &str = "files are out of reach here";

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Err(OUT_OF_REACH.to_owned())
    }

    fn create(&self, _: &Path, _: &[u8]) -> Result<(), WriteError> {
        Err(WriteError::System(OUT_OF_REACH.to_owned()))
    }

    fn append(&self, _: &Path, _: &str, _: &str) -> Result<(), WriteError> {
        Err(WriteError::System(OUT_OF_REACH.to_owned()))
    }

    fn replace(&self, _: &Path, _: Option<&str>, _: &[u8]) -> Result<(), WriteError> {
        Err(WriteError::System(OUT_OF_REACH.to_owned()))
    }
}

/// Returns the text of a file.
///
/// # Errors
/// Which line is not UTF-8.
pub fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })
}

/// The reason why a file is not written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// It is there already.
    #[error("it is there already")]
    Taken,
    /// Somebody else changed it.
    #[error("somebody else changed it")]
    Changed,
    /// What the system says.
    #[error("{0}")]
    System(String),
}

/// Returns the name of a file without what would leave its line or steer a terminal.
pub(super) fn shown(file: &Path) -> String {
    printable(&file.display().to_string())
}
