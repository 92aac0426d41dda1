//! A journal: a folder with a state, and a log of what happened since.
//!
//! What was [appended](Journal::append) is on the disk before the call returns. A process that is killed, or a machine that
//! loses its power, leaves at most a last record that is not whole: it is cut off when the journal is opened again. Where
//! something stands behind what is not whole, it is put aside in a file of its own, `cut-7-1234`, and not lost: the disk is
//! damaged, or lost a part of what it was not made to wait for.
//!
//! The folder has two files of one number, `state-7` and `log-7`. A [checkpoint](Journal::checkpoint) makes those of the
//! next number: an empty log, then the state under another name, which becomes `state-8` in one step. From then on
//! that counts, and the files of the number before go. The file `lock` is locked while a process has the journal.
//!
//! A file begins with eight bytes that say what it is. Then come records, each as its length, the CRC-32 of its length, the
//! CRC-32 of its bytes (four bytes each, lowest first), and its bytes. A state is a file of one record.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The first bytes of every file, the last of them the version of the form.
const MAGIC: &[u8; 8] = b"rejoinJ\x01";

/// The bytes in front of a record: its length and two checksums.
const FRAME: usize = 12;

/// A log that is shorter than this is not too long, in bytes.
const SHORT: u64 = 1 << 20;

/// The reason why a journal cannot be opened or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it.
    #[error("another process has it open")]
    Locked,
    /// The folder holds something else, or is none.
    #[error("it is no folder, or holds something else; it needs a folder of its own")]
    Foreign,
    /// A file was made by a later version of this program, or is none of its files.
    #[error("`{0}` is not in a form that this version reads")]
    Form(String),
    /// A state is damaged.
    #[error("`{0}` is damaged")]
    Damaged(String),
    /// A log has records, and the state is gone that they follow.
    #[error("`{0}` is gone, which what is there follows")]
    Gone(String),
    /// Somebody else changed the log, or took it away.
    #[error("somebody else changed the log or took it away: it must be opened again")]
    Changed,
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
    /// What was cut off behind the last whole record, if anything was.
    pub cut: Option<Cut>,
}

/// The part that was cut off a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The number of bytes.
    pub bytes: u64,
    /// The file in which they are now; none for a single record that was being written.
    pub aside: Option<PathBuf>,
}

impl Journal {
    /// Opens the journal of a folder, or makes one where there is no folder or an empty one. With `syncs`, each write waits
    /// until the disk has it; without, a loss of power may take the last ones.
    ///
    /// # Errors
    /// Another process has it, the folder holds something else, or its files cannot be read or are damaged.
    pub fn open(folder: &Path, syncs: bool) -> Result<Opened> {
        let failed = |error| failed(folder, error);
        if folder.exists() && !folder.is_dir() {
            return Err(JournalError::Foreign);
        }
        create_folder(folder).map_err(failed)?;
        Found::in_folder(folder)?.refuse_foreign()?;
        let lock = lock(&folder.join("lock"))?;
        // Another process may have written until now.
        let found = Found::in_folder(folder)?;
        let number = found.states.iter().copied().max();
        let state = number.map(|number| read_state(&folder.join(format!("state-{number}")))).transpose()?;
        let number = number.unwrap_or(0);
        for later in found.logs.iter().filter(|log| **log > number) {
            // A checkpoint that did not come to its end leaves a log without records.
            let log = folder.join(format!("log-{later}"));
            if fs::metadata(&log).map_err(failed)?.len() > MAGIC.len() as u64 {
                return Err(JournalError::Gone(shown(&folder.join(format!("state-{later}")))));
            }
        }
        let Log { file: log, records, length, cut } = Log::open(folder, number)?;
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
        self.add(record, self.syncs)
    }

    /// Puts a record behind the others as [`append`](Self::append) does, and brings it and all before onto the disk, also
    /// where that is not done each time.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub fn append_for_sure(&mut self, record: &[u8]) -> Result<()> {
        self.add(record, true)
    }

    fn add(&mut self, record: &[u8], syncs: bool) -> Result<()> {
        if self.is_broken {
            return Err(JournalError::Broken);
        }
        let framed = framed(record)?;
        if !self.is_own_log() {
            self.is_broken = true;
            return Err(JournalError::Changed);
        }
        let path = self.folder.join(format!("log-{}", self.number));
        if let Err(error) = self.log.write_all(&framed) {
            // A part of a record is none.
            let cut = self.log.set_len(self.length);
            self.is_broken = cut.and_then(|()| self.log.seek(SeekFrom::Start(self.length))).is_err();
            return Err(failed(&path, error));
        }
        if syncs && let Err(error) = self.log.sync_data() {
            // What is on the disk cannot be known any more.
            self.is_broken = true;
            let _ = self.log.set_len(self.length);
            return Err(failed(&path, error));
        }
        self.length += framed.len() as u64;
        Ok(())
    }

    /// Tells whether the log is in its place, and as it was left.
    fn is_own_log(&self) -> bool {
        let path = self.folder.join(format!("log-{}", self.number));
        let Ok((ours, found)) = self.log.metadata().and_then(|ours| Ok((ours, fs::metadata(path)?))) else {
            return false;
        };
        #[cfg(unix)]
        let is_same =
            std::os::unix::fs::MetadataExt::ino(&ours) == std::os::unix::fs::MetadataExt::ino(&found);
        #[cfg(not(unix))]
        let is_same = true;
        is_same && found.len() == self.length
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
        let mut is_renamed = false;
        let mut made = || -> io::Result<File> {
            let mut log = File::create(name("log"))?;
            log.write_all(MAGIC)?;
            log.sync_all()?;
            let mut file = File::create(&new)?;
            file.write_all(MAGIC)?;
            file.write_all(&framed(state).map_err(io::Error::other)?)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            is_renamed = true;
            sync_folder(&self.folder)?;
            Ok(log)
        };
        let log = match made() {
            Ok(log) => log,
            Err(error) => {
                // Which of the two counts is not known any more; both say the same.
                self.is_broken = is_renamed;
                if !is_renamed {
                    // What stays is not read, and goes when the journal is opened.
                    let _ = fs::remove_file(&new);
                    let _ = fs::remove_file(name("log"));
                }
                return Err(failed(&path, error));
            }
        };
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
    /// Whether it holds something else, or what only has the name of a file of a journal.
    has_others: bool,
}

impl Found {
    fn in_folder(folder: &Path) -> Result<Self> {
        let mut found = Self::default();
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let name = entry.map_err(|error| failed(folder, error))?.file_name();
            let name = name.to_string_lossy();
            let number = |kind: &str| {
                let number: u64 = name.strip_prefix(kind)?.parse().ok()?;
                (name == format!("{kind}{number}")).then_some(number)
            };
            let (state, log) = (number("state-"), number("log-"));
            let is_journals = state.is_some() || log.is_some() || name == "state.new";
            if !is_journals || !is_own(&folder.join(&*name))? {
                found.has_others |= name != "lock" && !name.starts_with("cut-");
                continue;
            }
            found.states.extend(state);
            found.logs.extend(log);
            found.has_new |= name == "state.new";
        }
        Ok(found)
    }

    /// Refuses a folder that holds other files and no journal.
    fn refuse_foreign(&self) -> Result<()> {
        let is_journal = !self.states.is_empty() || !self.logs.is_empty();
        if self.has_others && !is_journal { Err(JournalError::Foreign) } else { Ok(()) }
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

/// Tells whether a file begins as those of a journal do; one of which only the start was written is one too.
fn is_own(path: &Path) -> Result<bool> {
    let failed = |error| failed(path, error);
    if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(failed)?;
    // The last byte is the version.
    let known = &MAGIC[..start.len().min(MAGIC.len() - 1)];
    Ok(start.starts_with(known) || start.iter().all(|byte| *byte == 0))
}

/// Makes a folder and those in which it is, and brings their names onto the disk.
fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let missing: Vec<&Path> = missing.collect();
    fs::create_dir_all(folder)?;
    missing.into_iter().try_for_each(|made| match made.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    })
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
    let framed = has_magic(path, &bytes)?;
    match record_at(framed, 0) {
        Some(state) if FRAME + state.len() == framed.len() => Ok(state.to_vec()),
        _ => Err(JournalError::Damaged(shown(path))),
    }
}

/// A log that was opened at its end, behind the last whole record.
struct Log {
    file: File,
    records: Vec<Vec<u8>>,
    length: u64,
    cut: Option<Cut>,
}

impl Log {
    fn open(folder: &Path, number: u64) -> Result<Self> {
        let path = folder.join(format!("log-{number}"));
        let failed = |error| failed(&path, error);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() < MAGIC.len() && MAGIC.starts_with(&bytes) || bytes.iter().all(|byte| *byte == 0) {
            // It was being made.
            file.set_len(0).map_err(failed)?;
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            file.write_all(MAGIC).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            return Ok(Self { file, records: Vec::new(), length: MAGIC.len() as u64, cut: None });
        }
        let framed = has_magic(&path, &bytes)?;
        let (mut records, mut at) = (Vec::new(), 0);
        while let Some(record) = record_at(framed, at) {
            records.push(record.to_vec());
            at += FRAME + record.len();
        }
        let (length, rest) = ((MAGIC.len() + at) as u64, &framed[at..]);
        let cut = (!rest.is_empty()).then(|| Cut {
            bytes: rest.len() as u64,
            aside: (!is_one_torn(rest)).then(|| folder.join(format!("cut-{number}-{length}"))),
        });
        if let Some(Cut { aside, .. }) = &cut {
            if let Some(aside) = aside {
                let mut file = File::create(aside).map_err(failed)?;
                file.write_all(rest).and_then(|()| file.sync_all()).map_err(failed)?;
                sync_folder(folder).map_err(failed)?;
            }
            file.set_len(length).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        file.seek(SeekFrom::Start(length)).map_err(failed)?;
        Ok(Self { file, records, length, cut })
    }
}

/// Tells whether what is not whole can be one record that was being written, with nothing behind it.
fn is_one_torn(rest: &[u8]) -> bool {
    let is_short = match length_at(rest, 0) {
        Some(length) => rest.len() <= FRAME + length,
        None => rest.len() < FRAME,
    };
    // Zeros are what a file is extended by when the power goes.
    is_short || rest.iter().all(|byte| *byte == 0)
}

fn has_magic<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [u8]> {
    bytes.strip_prefix(MAGIC).ok_or_else(|| JournalError::Form(shown(path)))
}

/// Returns the length of the record that begins at a place, if it says one.
fn length_at(framed: &[u8], at: usize) -> Option<usize> {
    let length = framed.get(at..at + 4)?;
    let sum = u32::from_le_bytes(framed.get(at + 4..at + 8)?.try_into().ok()?);
    if sum != crc32fast::hash(length) {
        return None;
    }
    usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()
}

/// Returns the record that begins at a place, if one is whole there.
fn record_at(framed: &[u8], at: usize) -> Option<&[u8]> {
    let length = length_at(framed, at)?;
    let sum = u32::from_le_bytes(framed.get(at + 8..at + FRAME)?.try_into().ok()?);
    let record = framed.get(at + FRAME..)?.get(..length)?;
    (sum == crc32fast::hash(record)).then_some(record)
}

/// Returns a record with its length and checksums in front.
fn framed(record: &[u8]) -> Result<Vec<u8>> {
    let length = u32::try_from(record.len()).ok().filter(|length| *length > 0);
    let length = length.ok_or(JournalError::Length(record.len()))?.to_le_bytes();
    let [own, sum] = [crc32fast::hash(&length), crc32fast::hash(record)].map(u32::to_le_bytes);
    Ok([&length, &own, &sum, record].concat())
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
