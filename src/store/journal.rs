//! A journal: a folder with a state, and a log of what happened since.
//!
//! What was [appended](Journal::append) is on the disk before the call returns. A process that is killed, or a machine that
//! loses its power, leaves at most a last record that is not whole: it is cut off when the journal is opened again.
//!
//! The folder has two files of one number, `state-7` and `log-7`. A [checkpoint](Journal::checkpoint) makes those of the
//! next number: an empty log, then the state under another name, which becomes `state-8` in one step. From then on
//! that counts, and the files of the number before go. The file `lock` is locked while a process has the journal.
//!
//! A file begins with eight bytes that say what it is. Then come records, each as its length and its CRC-32 (four bytes each,
//! lowest first), and its bytes. A state is a file of one record.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The first bytes of every file, the last of them the version of the form.
const MAGIC: &[u8; 8] = b"rejoinJ\x01";

/// The bytes in front of a record: its length and its checksum.
const FRAME: usize = 8;

/// A log that is shorter than this is not too long, in bytes.
const SHORT: u64 = 1 << 20;

/// The reason why a journal cannot be opened or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it.
    #[error("another process has it open")]
    Locked,
    /// The folder holds something else.
    #[error("the folder is not empty, and holds no journal")]
    Foreign,
    /// A file was made by a later version of this program, or is none of its files.
    #[error("`{0}` is not in a form that this version reads")]
    Form(String),
    /// A file is damaged elsewhere than at its end.
    #[error("`{file}` is damaged at byte {at}, and not only at its end")]
    Damaged {
        /// The file.
        file: String,
        /// The number of bytes before the damage.
        at: u64,
    },
    /// An earlier write failed in a way that leaves open what is on the disk.
    #[error("an earlier write failed, and what is on the disk is not known: it must be opened again")]
    Broken,
    /// A record is empty, or longer than one may be.
    #[error("a record of {0} bytes is empty, or longer than 4 GiB")]
    Length(usize),
    /// The system does not do it.
    #[error("`{file}`: {error}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the system says.
        error: io::Error,
    },
}

type Result<T> = std::result::Result<T, JournalError>;

/// A journal that is open.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    /// Is locked as long as it is there.
    _lock: File,
    log: File,
    number: u64,
    /// The bytes of the log.
    length: u64,
    /// The bytes of the state.
    state: u64,
    /// Whether each write waits for the disk.
    syncs: bool,
    is_broken: bool,
}

/// A journal that was opened, and what it holds.
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// The state at the last checkpoint, if there was one.
    pub state: Option<Vec<u8>>,
    /// What was appended since, in order.
    pub records: Vec<Vec<u8>>,
    /// The number of bytes of a last record that was not whole, and was cut off.
    pub cut: u64,
}

impl Journal {
    /// Opens the journal of a folder, or makes one where there is no folder or an empty one. With `syncs`, each write waits
    /// until the disk has it; without, a loss of power may take the last ones.
    ///
    /// # Errors
    /// Another process has it, the folder holds something else, or its files cannot be read or are damaged.
    pub fn open(folder: &Path, syncs: bool) -> Result<Opened> {
        let failed = |error| failed(folder, error);
        fs::create_dir_all(folder).map_err(failed)?;
        let found = Found::in_folder(folder)?;
        if found.is_foreign {
            return Err(JournalError::Foreign);
        }
        let lock = lock(&folder.join("lock"))?;
        // Another process may have written until now.
        let found = Found::in_folder(folder)?;
        let number = found.states.iter().copied().max().unwrap_or(0);
        let state = match found.states.is_empty() {
            true => None,
            false => Some(read_state(&folder.join(format!("state-{number}")))?),
        };
        let path = folder.join(format!("log-{number}"));
        let (log, records, length, cut) = open_log(&path)?;
        let journal = Self {
            folder: folder.to_owned(),
            _lock: lock,
            log,
            number,
            length,
            state: state.as_ref().map_or(0, |state| state.len() as u64),
            syncs,
            is_broken: false,
        };
        sync_folder(folder).map_err(failed)?;
        // What a checkpoint left behind that did not come to its end, or whose end was cut short.
        for file in found.others(number) {
            fs::remove_file(folder.join(file)).map_err(failed)?;
        }
        Ok(Opened { journal, state, records, cut })
    }

    /// Puts a record, which is not empty, behind the others: it is there when this returns, or not at all.
    ///
    /// # Errors
    /// It cannot be written; the journal is as it was. Where that is not sure, it takes nothing more.
    pub fn append(&mut self, record: &[u8]) -> Result<()> {
        if self.is_broken {
            return Err(JournalError::Broken);
        }
        let framed = framed(record)?;
        let path = self.folder.join(format!("log-{}", self.number));
        let written = self.log.write_all(&framed);
        let synced = written.and_then(|()| if self.syncs { self.log.sync_data() } else { Ok(()) });
        if let Err(error) = synced {
            // A part of a record is none.
            let cut = self.log.set_len(self.length);
            let back = cut.and_then(|()| self.log.seek(SeekFrom::Start(self.length)));
            self.is_broken = back.is_err() || (self.syncs && self.log.sync_data().is_err());
            return Err(failed(&path, error));
        }
        self.length += framed.len() as u64;
        Ok(())
    }

    /// Tells whether the log is so long that a checkpoint is due: longer than 1 MiB, and than the last state.
    pub fn is_long(&self) -> bool {
        self.length > SHORT.max(self.state)
    }

    /// Begins a new log at a state. What the old one held is in it.
    ///
    /// # Errors
    /// It cannot be written; the journal is as it was, and takes what is appended.
    pub fn checkpoint(&mut self, state: &[u8]) -> Result<()> {
        if self.is_broken {
            return Err(JournalError::Broken);
        }
        let number = self.number + 1;
        let name = |kind: &str| self.folder.join(format!("{kind}-{number}"));
        let (path, new) = (name("state"), self.folder.join("state.new"));
        let made = || -> io::Result<File> {
            let mut log = File::create(name("log"))?;
            log.write_all(MAGIC)?;
            log.sync_all()?;
            let mut file = File::create(&new)?;
            file.write_all(MAGIC)?;
            file.write_all(&framed(state).map_err(io::Error::other)?)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            sync_folder(&self.folder)?;
            Ok(log)
        };
        let log = made().map_err(|error| {
            for file in [&new, &path, &name("log")] {
                // What is left is not read, and goes when the journal is opened.
                let _ = fs::remove_file(file);
            }
            failed(&path, error)
        });
        let log = log.inspect_err(|_| self.is_broken = path.exists())?;
        let old = std::mem::replace(&mut self.number, number);
        (self.log, self.length, self.state) = (log, MAGIC.len() as u64, state.len() as u64);
        for kind in ["log", "state"] {
            // What stays goes when the journal is opened.
            let _ = fs::remove_file(self.folder.join(format!("{kind}-{old}")));
        }
        Ok(())
    }
}

/// The files of a folder.
#[derive(Default)]
struct Found {
    states: Vec<u64>,
    logs: Vec<u64>,
    has_new: bool,
    /// Whether it holds other files and no journal.
    is_foreign: bool,
}

impl Found {
    fn in_folder(folder: &Path) -> Result<Self> {
        let mut found = Self::default();
        let (mut others, mut is_ours) = (false, false);
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let name = entry.map_err(|error| failed(folder, error))?.file_name();
            let name = name.to_string_lossy();
            let number = |kind: &str| name.strip_prefix(kind).and_then(|digits| digits.parse().ok());
            if let Some(number) = number("state-") {
                found.states.push(number);
            } else if let Some(number) = number("log-") {
                found.logs.push(number);
            } else if name == "state.new" {
                found.has_new = true;
            } else {
                is_ours |= name == "lock";
                others |= name != "lock";
            }
        }
        is_ours |= !found.states.is_empty() || !found.logs.is_empty();
        found.is_foreign = others && !is_ours;
        Ok(found)
    }

    /// Returns the files of other numbers.
    fn others(&self, number: u64) -> Vec<String> {
        let of = |kind: &'static str, numbers: &[u64]| {
            let others = numbers.iter().filter(move |other| **other != number);
            others.map(|other| format!("{kind}-{other}")).collect::<Vec<_>>()
        };
        let mut others = [of("state", &self.states), of("log", &self.logs)].concat();
        others.extend(self.has_new.then(|| "state.new".to_owned()));
        others
    }
}

/// Locks the journal for this process, until the file is dropped.
fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|error| failed(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked),
        Err(TryLockError::Error(error)) => Err(failed(path, error)),
    }
}

fn read_state(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| failed(path, error))?;
    let records = has_magic(path, &bytes)?;
    match record_at(records, 0) {
        Some(state) if FRAME + state.len() == records.len() => Ok(state.to_vec()),
        _ => Err(JournalError::Damaged { file: shown(path), at: MAGIC.len() as u64 }),
    }
}

/// Opens a log at its end, behind the last whole record: its records, its length, and how much was cut off.
fn open_log(path: &Path) -> Result<(File, Vec<Vec<u8>>, u64, u64)> {
    let failed = |error| failed(path, error);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = file.map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    if MAGIC.starts_with(&bytes) && bytes.len() < MAGIC.len() {
        // It was being made.
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.write_all(MAGIC).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        return Ok((file, Vec::new(), MAGIC.len() as u64, 0));
    }
    let framed = has_magic(path, &bytes)?;
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some(record) = record_at(framed, at) {
        records.push(record.to_vec());
        at += FRAME + record.len();
    }
    let (end, cut) = ((MAGIC.len() + at) as u64, framed.len() - at);
    if cut > 0 {
        // Behind a record that was being written there is nothing whole.
        if (at + 1..framed.len()).any(|at| record_at(framed, at).is_some()) {
            return Err(JournalError::Damaged { file: shown(path), at: end });
        }
        file.set_len(end).map_err(failed)?;
        file.sync_all().map_err(failed)?;
    }
    file.seek(SeekFrom::Start(end)).map_err(failed)?;
    Ok((file, records, end, cut as u64))
}

fn has_magic<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [u8]> {
    bytes.strip_prefix(MAGIC).ok_or_else(|| JournalError::Form(shown(path)))
}

/// Returns the record that begins at a place, if one is whole there.
fn record_at(framed: &[u8], at: usize) -> Option<&[u8]> {
    let (frame, rest) = framed.get(at..)?.split_at_checked(FRAME)?;
    let (length, sum) = frame.split_at(4);
    let length = u32::from_le_bytes(length.try_into().ok()?);
    // Zeros are what a file is extended by when the power goes.
    let record = rest.get(..usize::try_from(length).ok()?).filter(|record| !record.is_empty())?;
    (u32::from_le_bytes(sum.try_into().ok()?) == crc32fast::hash(record)).then_some(record)
}

/// Returns a record with its length and checksum in front.
fn framed(record: &[u8]) -> Result<Vec<u8>> {
    let length = u32::try_from(record.len()).ok().filter(|length| *length > 0);
    let length = length.ok_or(JournalError::Length(record.len()))?;
    let sum = crc32fast::hash(record);
    Ok([&length.to_le_bytes(), &sum.to_le_bytes(), record].concat())
}

/// Brings the names of a folder onto the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(file: &Path, error: io::Error) -> JournalError {
    JournalError::Io { file: shown(file), error }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
