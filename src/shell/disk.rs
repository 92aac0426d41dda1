use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rejoin::script::Files;

/// The files of the system.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| error.to_string())
    }

    fn create(&self, path: &Path) -> Result<(), String> {
        File::create_new(path).map(drop).map_err(|error| error.to_string())
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), String> {
        write_whole(path, text).map_err(|error| error.to_string())
    }
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
