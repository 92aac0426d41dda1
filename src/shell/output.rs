//! Standard output and standard error of what is not typed.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// The bytes that are written at once.
const CHUNK: usize = 1 << 16;

/// The output that was not written yet, and whether somebody reads it.
struct Pending {
    bytes: Vec<u8>,
    has_reader: bool,
}

static PENDING: Mutex<Pending> = Mutex::new(Pending { bytes: Vec::new(), has_reader: true });

/// Standard output, in large pieces. The work goes on when its reader leaves: what comes then is dropped, and the exit
/// status is that of the work.
pub(crate) struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        pending.bytes.extend_from_slice(bytes);
        if pending.bytes.len() >= CHUNK {
            pending.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        PENDING.lock().unwrap_or_else(PoisonError::into_inner).pass_on()
    }
}

impl Pending {
    fn pass_on(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let written = match self.has_reader {
            true => out.write_all(&self.bytes).and_then(|()| out.flush()),
            false => Ok(()),
        };
        self.bytes.clear();
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.has_reader = false;
                Ok(())
            }
            written => written.map_err(|error| unwritable(&error)),
        }
    }
}

/// Passes on what is pending, unless somebody is just writing.
pub(crate) fn flush_at_once() {
    if let Ok(mut pending) = PENDING.try_lock() {
        // Whatever does not work, the process ends.
        let _ = pending.pass_on();
    }
}

/// Returns what is said where standard output takes no more.
pub(crate) fn unwritable(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))
}

/// Writes to standard error. Where that takes no more, nobody can be told, and the exit status still tells.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
