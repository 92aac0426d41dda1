//! The file in which the lines are kept that were typed.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

use super::paint::on_a_line;

/// Returns `$REJOIN_HISTFILE`, or `rejoin/history` in the XDG state folder, which is made.
pub(crate) fn file() -> Result<Option<PathBuf>, String> {
    if let Some(file) = std::env::var_os("REJOIN_HISTFILE") {
        // Set to nothing it means none.
        return Ok((!file.is_empty()).then(|| PathBuf::from(file)));
    }
    let Some(folder) = choose_base_strategy().ok().and_then(|base| base.state_dir()) else { return Ok(None) };
    let folder = folder.join("rejoin");
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(Some(folder.join("history"))),
        Err(error) => Err(not_kept(&folder, &error)),
    }
}

pub(crate) fn not_kept(place: &Path, error: &dyn std::error::Error) -> String {
    format!("the history is not kept: {}: {error}", on_a_line(&place.display().to_string()))
}

/// Makes a file readable that has bytes that are no UTF-8: each becomes U+FFFD, and the file as it was is kept
/// beside it. Answers where; `None` if nothing was wrong with it.
///
/// # Errors
/// The file cannot be read or written.
pub(crate) fn repair(file: &Path) -> io::Result<Option<PathBuf>> {
    let mut open = OpenOptions::new().read(true).write(true).open(file)?;
    // Other shells write to it too. The lock goes with the file.
    #[cfg(unix)]
    rustix::fs::flock(&open, rustix::fs::FlockOperation::LockExclusive)?;
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes)?;
    if std::str::from_utf8(&bytes).is_ok() {
        return Ok(None);
    }
    let kept = keep(file, &bytes)?;
    open.seek(io::SeekFrom::Start(0))?;
    open.set_len(0)?;
    open.write_all(String::from_utf8_lossy(&bytes).as_bytes())?;
    Ok(Some(kept))
}

/// Writes the bytes to a new file beside another one, with its permissions.
fn keep(file: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for number in 1..100 {
        let kept = file.with_file_name(format!("{name}.not-utf-8.{number}"));
        match super::external::private(&kept) {
            Ok(mut copy) => {
                copy.set_permissions(fs::metadata(file)?.permissions())?;
                copy.write_all(bytes)?;
                copy.sync_all()?;
                return Ok(kept);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
