//! The files of the system, as sessions read and write them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rejoin::script::{Files, Place, WriteError, text_of};
use rejoin::session::Interrupt;
use rejoin::store::{Remote, StoreError};
use tempfile::Builder;

use super::interruption::without;
use super::replace::{NotWritten, bare, holds, replace};

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
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let read = match &self.interrupt {
            Some(interrupt) => open(path).and_then(|file| read_all(Patient { file, interrupt })),
            None => read(path),
        };
        read.map_err(|error| error.to_string())
    }

    fn is_special(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let file = without(|| create(path, bytes))?;
        self.remember(&file);
        Ok(())
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

    fn replace(&self, path: &Path, old: Option<&str>, new: &[u8]) -> Result<(), WriteError> {
        Ok(replace(path, old, new)?)
    }

    fn remote(&self, place: &Place<'_>) -> Result<Box<dyn Remote>, StoreError> {
        super::places::remote(place)
    }

    fn absolute(&self, folder: &Path) -> PathBuf {
        std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
    }

    fn pause(&self) -> bool {
        /// The time in which an interruption is seen.
        const TICK: Duration = Duration::from_millis(20);
        const TICKS: usize = 25;
        (0..TICKS).all(|_| {
            std::thread::sleep(TICK);
            !self.interrupt.as_ref().is_some_and(Interrupt::is_raised)
        })
    }

    fn stdin(&self) -> Result<Vec<u8>, String> {
        if STDIN_IS_READ.swap(true, Ordering::Relaxed) {
            return Err("it was read already".to_owned());
        }
        read_all(io::stdin().lock()).map_err(|error| error.to_string())
    }

    fn pipe(&self, command: &str, input: &str) -> Result<Option<String>, String> {
        pipe(command, input).map_err(|error| error.to_string())
    }
}

/// The fact that standard input was read to its end.
static STDIN_IS_READ: AtomicBool = AtomicBool::new(false);

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

/// The most bytes that a file may have, in MiB.
const MOST: u64 = 256;

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    refuse_folder(&file)?;
    read_all(file)
}

/// Reads the text of a session file.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    read(path).and_then(text)
}

/// Reads until somebody interrupts: a pipe may never come to its end.
pub(crate) fn read_text_until(path: &Path, interrupt: &Interrupt) -> io::Result<String> {
    open(path).and_then(|file| read_all(Patient { file, interrupt })).and_then(text)
}

/// Reads the text of a session that comes on standard input.
pub(crate) fn read_stdin() -> io::Result<String> {
    STDIN_IS_READ.store(true, Ordering::Relaxed);
    read_all(io::stdin().lock()).and_then(text)
}

fn refuse_folder(file: &File) -> io::Result<()> {
    if file.metadata()?.is_dir() {
        let kind = io::ErrorKind::IsADirectory;
        return Err(io::Error::new(kind, "is a directory, not a file"));
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

/// Returns all that comes, unless it is more than a file may have.
fn read_all(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take((MOST << 20) + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST << 20 {
        let message = format!("has more than {MOST} MiB, the most that is read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Returns what was read, as text.
fn text(bytes: Vec<u8>) -> io::Result<String> {
    text_of(bytes).map_err(|message| io::Error::new(io::ErrorKind::InvalidData, message))
}

/// Makes a file that was not there: it is written beside its place, comes onto the disk, and then takes its name.
fn create(path: &Path, bytes: &[u8]) -> Result<File, NotWritten> {
    // Where it is there already nothing needs to be written.
    if path.symlink_metadata().is_ok() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What is wrong with the folder is said in the words of the system.
    std::fs::metadata(folder)?;
    let mut options = Builder::new();
    #[cfg(unix)]
    options.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file =
        options.prefix(".rejoin.").suffix(".new").tempfile_in(folder).map_err(|error| bare(&error))?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    let file = file.persist_noclobber(path).map_err(|error| bare(&error.error))?;
    // The name is safe when the folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// Gives a text to a program; tells how it ended, unless all went well.
fn pipe(command: &str, input: &str) -> io::Result<Option<String>> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut child = Command::new(shell).arg(option).arg(command).stdin(Stdio::piped()).spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut to| to.write_all(input.as_bytes()));
    let status = child.wait()?;
    match written {
        // It has read as much as it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok((!status.success()).then(|| format!("ended with {status}"))),
    }
}
