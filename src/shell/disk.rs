//! The files of the system, as sessions read and write them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rejoin::script::{Files, WriteError};
use rejoin::session::Interrupt;

use super::interruption::without;
use super::replace::{NotWritten, holds, replace};

/// The files of the system.
#[derive(Default)]
pub(crate) struct Disk {
    /// What ends the reading of a file that does not come.
    interrupt: Option<Interrupt>,
    /// What the file was that was written last, right after that.
    written: Mutex<Option<Stamp>>,
}

impl Disk {
    /// Makes the files of a session into which somebody types, who may not want to wait for a file.
    pub(crate) fn interrupted_by(interrupt: Interrupt) -> Self {
        Self { interrupt: Some(interrupt), ..Self::default() }
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        let read = match &self.interrupt {
            Some(interrupt) => read_text_until(path, interrupt),
            None => read_text(path),
        };
        read.map_err(|error| error.to_string())
    }

    fn create(&self, path: &Path, text: &str) -> Result<(), WriteError> {
        let create = || -> Result<(), NotWritten> {
            let mut file = File::create_new(path)?;
            if let Err(error) = file.write_all(text.as_bytes()) {
                // What was made here is ours.
                let _ = std::fs::remove_file(path);
                return Err(error.into());
            }
            self.remember(&file);
            Ok(())
        };
        Ok(without(create)?)
    }

    fn append(&self, path: &Path, old: &str, more: &str) -> Result<(), WriteError> {
        let append = || -> Result<(), NotWritten> {
            let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(gone)?;
            if !self.remembers(&file) && !holds(&mut file, old)? {
                return Err(NotWritten::Changed);
            }
            let end = file.seek(SeekFrom::End(0))?;
            if let Err(error) = file.write_all(more.as_bytes()) {
                // A part of a line is none.
                let _ = file.set_len(end);
                return Err(error.into());
            }
            self.remember(&file);
            Ok(())
        };
        Ok(without(append)?)
    }

    fn replace(&self, path: &Path, old: &str, new: &str) -> Result<(), WriteError> {
        Ok(replace(path, old, new)?)
    }
}

/// The stamp of a file while nobody writes to it: its identity, length, and when it was written.
type Stamp = (u64, u64, Option<SystemTime>);

fn stamp(file: &File) -> Option<Stamp> {
    let found = file.metadata().ok()?;
    #[cfg(unix)]
    let identity = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let identity = 0;
    Some((identity, found.len(), found.modified().ok()))
}

impl Disk {
    /// Notes what a file is now that it was written.
    fn remember(&self, file: &File) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = stamp(file);
    }

    /// Tells whether a file is as it was written last: then it need not be read to know what it holds.
    fn remembers(&self, file: &File) -> bool {
        let written = *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.is_some() && written == stamp(file)
    }
}

/// Returns a file that is gone is not what it was.
fn gone(error: io::Error) -> NotWritten {
    if error.kind() == io::ErrorKind::NotFound { NotWritten::Changed } else { error.into() }
}

/// The most bytes that a session file may have, in MiB.
const MOST: u64 = 256;

/// Reads the text of a session file.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    refuse_folder(&file)?;
    read_all(file)
}

/// Reads until somebody interrupts: a pipe may never come to its end.
pub(crate) fn read_text_until(path: &Path, interrupt: &Interrupt) -> io::Result<String> {
    open(path).and_then(|file| read_all(Patient { file, interrupt }))
}

fn refuse_folder(file: &File) -> io::Result<()> {
    if file.metadata()?.is_dir() {
        let kind = io::ErrorKind::IsADirectory;
        return Err(io::Error::new(kind, "is a directory, not a session file"));
    }
    Ok(())
}

/// Opens a file without waiting for somebody who writes to it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    refuse_folder(&file)?;
    Ok(file)
}

/// A file that was opened without waiting: what is read waits for what comes, until somebody interrupts.
struct Patient<'a> {
    file: File,
    interrupt: &'a Interrupt,
}

impl Read for Patient<'_> {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        /// The time in which an interruption is seen.
        const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        loop {
            if self.interrupt.is_raised() {
                // `Interrupted` alone means to try again.
                return Err(io::Error::other("interrupted"));
            }
            let mut waits = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut waits, Some(&TICK)) {
                Err(rustix::io::Errno::INTR) | Ok(0) => {}
                ready => {
                    ready?;
                    match self.file.read(buffer) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        read => return read,
                    }
                }
            }
        }
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupt.is_raised() {
            return Err(io::Error::other("interrupted"));
        }
        self.file.read(buffer)
    }
}

/// Returns all that comes, as text, unless it is more than a session may be. The error says which line is no text.
pub(crate) fn read_all(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take((MOST << 20) + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST << 20 {
        let message = format!("has more than {MOST} MiB, the most that a session may have");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}
