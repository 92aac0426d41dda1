//! The files that sessions reach, as somebody else reads and writes them.

use std::path::Path;

use thiserror::Error;

use crate::value::steers;

/// The files that sessions may reach, by what the system says when it cannot be done.
pub trait Files {
    /// Returns the text of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &Path) -> Result<String, String>;

    /// Makes a file with this text, which was not there.
    ///
    /// # Errors
    /// It is there ([`WriteError::Taken`]), or cannot be made; then it is not there.
    fn create(&self, path: &Path, text: &str) -> Result<(), WriteError>;

    /// Puts text behind what the file holds, which is `old`. It is safe from the end of this process then.
    ///
    /// # Errors
    /// The file holds something else ([`WriteError::Changed`]), or cannot be written; it stays as it is.
    fn append(&self, path: &Path, old: &str, more: &str) -> Result<(), WriteError>;

    /// Gives a file that holds `old` another text, whole or not at all.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    fn replace(&self, path: &Path, old: &str, new: &str) -> Result<(), WriteError>;
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
    let name = file.display().to_string();
    name.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
