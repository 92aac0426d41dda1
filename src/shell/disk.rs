use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rejoin::script::{Files, check_fences};

/// The files of the system.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        read_text(path).map_err(|error| error.to_string())
    }

    fn create(&self, path: &Path) -> Result<(), String> {
        File::create_new(path).map(drop).map_err(|error| error.to_string())
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), String> {
        write_whole(path, text).map_err(|error| error.to_string())
    }
}

/// The most bytes that a session file may have, in MiB.
const MOST: u64 = 256;

/// The text of a session file. In Markdown all that is meant to be of the session must be: the error is a
/// [`WrongFence`](rejoin::script::WrongFence) where it is not.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        let kind = io::ErrorKind::IsADirectory;
        return Err(io::Error::new(kind, "is a directory, not a session file"));
    }
    let text = read_all(file)?;
    check_fences(path, &text).map_err(|wrong| io::Error::new(io::ErrorKind::InvalidData, wrong))?;
    Ok(text)
}

/// All that comes, as text, unless it is more than a session may be. The error says which line is no text.
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

/// Gives a file another text, whole or not at all: the text goes to a file beside it, which then takes its
/// place. Its permissions stay, and a link stays a link.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let beside = beside(&path);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(permissions)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    })();
    if written.is_err() {
        // It may not be there.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A hidden name in the same folder, so that the rename is within one file system.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}
