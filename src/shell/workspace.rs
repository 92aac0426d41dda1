//! Workspaces: sessions that rest in a folder, and go on tomorrow.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rejoin::session::{FileError, Keeper, Limits, Options, Session};
use rejoin::store::{Cut, Journal, JournalError, Opened};

use super::interruption::without;
use super::visible::on_a_line;

/// The workspace that a command line names.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) folder: PathBuf,
    /// Whether each command waits until the disk has what it changed.
    pub(crate) syncs: bool,
    /// What each filter may use, unless the workspace says otherwise.
    pub(crate) limits: Limits,
    /// What it may use whatever the workspace says.
    pub(crate) time: Option<Option<Duration>>,
    pub(crate) memory: Option<Option<u64>>,
}

/// A workspace that is open.
pub(crate) struct Resumed {
    pub(crate) session: Session,
    pub(crate) keeper: Journaled,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
    /// What its user should know.
    pub(crate) notice: Option<String>,
}

impl Workspace {
    /// Opens the workspace: the session is what it was.
    ///
    /// # Errors
    /// Why that cannot be done, in words.
    pub(crate) fn open(&self) -> io::Result<Resumed> {
        let shown = on_a_line(&self.folder.display().to_string());
        let failed = |error: &dyn std::fmt::Display| io::Error::other(format!("workspace {shown}: {error}"));
        let Opened { journal, state, records, cut } =
            Journal::open(&self.folder, self.syncs).map_err(|error| failed(&error))?;
        let mut session = new_session()?;
        session.set_filter_limits(self.limits);
        session.restore(state.as_deref(), &records).map_err(|error| failed(&error))?;
        let kept = session.filter_limits();
        let (time, memory) = (self.time.unwrap_or(kept.time), self.memory.unwrap_or(kept.memory));
        session.lend_filter_limits(Limits { time, memory });
        let notice = cut.map(|Cut { bytes, aside }| match aside {
            None => format!("workspace {shown}: the last write was not whole; its {bytes} bytes were cut off"),
            Some(file) => format!(
                "workspace {shown}: the log is damaged; {bytes} bytes behind the last whole command were put aside in {}",
                on_a_line(&file.display().to_string())
            ),
        });
        let is_new = state.is_none() && records.is_empty();
        let keeper = Journaled { journal, folder: self.folder.clone() };
        Ok(Resumed { session, keeper, is_new, notice })
    }
}

/// Makes a session whose actors are unique in the world.
pub(crate) fn new_session() -> io::Result<Session> {
    let seed = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Session::new(Options { seed, unique_actors: true }))
}

/// A journal that keeps a session.
pub(crate) struct Journaled {
    journal: Journal,
    folder: PathBuf,
}

impl Keeper for Journaled {
    fn keep(&mut self, record: &[u8]) -> Result<bool, FileError> {
        without(|| self.journal.append(record)).map_err(|error| unwritable(&self.folder, &error))?;
        Ok(self.journal.is_long())
    }

    fn keep_for_sure(&mut self, record: &[u8]) -> Result<bool, FileError> {
        without(|| self.journal.append_for_sure(record)).map_err(|error| unwritable(&self.folder, &error))?;
        Ok(self.journal.is_long())
    }

    fn checkpoint(&mut self, state: &[u8]) -> Result<(), FileError> {
        without(|| self.journal.checkpoint(state)).map_err(|error| unwritable(&self.folder, &error))
    }
}

fn unwritable(folder: &Path, error: &JournalError) -> FileError {
    FileError::Unwritable { file: on_a_line(&folder.display().to_string()), reason: error.to_string() }
}
