//! The world outside of a session: files, standard input, programs, stores.
//!
//! A session reaches nothing by itself. Whoever runs a line gives it an [`Outside`] ([`Session::run_with`]); without one,
//! what is outside is out of reach.
//!
//! [`Session::run_with`]: crate::session::Session::run_with

use crate::session::FileError;
use crate::store::{Remote, StoreError};

/// The outside of a session, reached by the names that stand in its lines. What is not said otherwise is out of reach.
pub trait Outside {
    /// Returns what a file holds; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be read, or is out of reach.
    fn read(&mut self, _file: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::OutOfReach)
    }

    /// Makes a file, whole or not at all. One that is there is left alone unless `force` says to replace it.
    ///
    /// # Errors
    /// It is there ([`FileError::Taken`]), cannot be written, or is out of reach.
    fn write(&mut self, _file: &str, _bytes: &[u8], _force: bool) -> Result<Kept, FileError> {
        Err(FileError::OutOfReach)
    }

    /// Gives text to a program, a line of the system's shell, and waits for its end. Tells how it ended, in words, unless
    /// all went well.
    ///
    /// # Errors
    /// It cannot be started, or is out of reach.
    fn pipe(&mut self, _command: &str, _input: &str) -> Result<Option<String>, FileError> {
        Err(FileError::OutOfReach)
    }

    /// Returns a place where replicas meet, by its name: a folder, or a URL.
    ///
    /// # Errors
    /// It is no place, or out of reach.
    fn remote(&mut self, _place: &str) -> Result<Box<dyn Remote>, StoreError> {
        Err(StoreError::OutOfReach)
    }

    /// Returns the name by which a place is found again, from wherever that is.
    fn lasting_name(&self, place: &str) -> String {
        place.to_owned()
    }

    /// Returns what keeps the session, where something does.
    fn keeper(&mut self) -> Option<&mut dyn Keeper> {
        None
    }
}

/// A keeper of a session, which outlives its process so: a state, and a record of each command since that changed
/// something.
pub trait Keeper {
    /// Keeps a record. Tells whether there are so many that a state is due.
    ///
    /// # Errors
    /// It cannot be kept. Then the command fails that it is about.
    fn keep(&mut self, record: &[u8]) -> Result<bool, FileError>;

    /// Keeps a record as [`keep`](Self::keep) does, and makes sure of it and of all before: something that cannot be taken
    /// back is about to happen.
    ///
    /// # Errors
    /// As for [`keep`](Self::keep).
    fn keep_for_sure(&mut self, record: &[u8]) -> Result<bool, FileError> {
        self.keep(record)
    }

    /// Keeps a state, in the place of all records so far.
    ///
    /// # Errors
    /// It cannot be kept: the records stay.
    fn checkpoint(&mut self, state: &[u8]) -> Result<(), FileError>;
}

/// The place where a file is kept that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// On the disk.
    OnDisk,
    /// In memory, until the session ends.
    InMemory,
}

/// The outside of a session that has none.
pub(in crate::session) struct Nowhere;

impl Outside for Nowhere {}
