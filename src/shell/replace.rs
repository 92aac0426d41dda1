//! Replacement of the text of a file, which leaves all else of it as it is.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rejoin::script::WriteError;
use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

use super::interruption::without;

/// The reason why a file was not written.
#[derive(Debug, Error)]
pub(crate) enum NotWritten {
    /// It does not hold what it held.
    #[error("was changed by somebody else meanwhile")]
    Changed,
    /// The system does not do it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<NotWritten> for WriteError {
    fn from(error: NotWritten) -> Self {
        match error {
            NotWritten::Changed => Self::Changed,
            NotWritten::Io(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::Taken,
            NotWritten::Io(error) => Self::System(error.to_string()),
        }
    }
}

/// Gives a file the contents `new`, if it holds `old`, or whatever it holds. Symbolic links are followed; mode, owner and hard links stay.
///
/// They go to a private file beside it, which then takes its place. Where that would cut a hard link or lose the
/// owner or an attribute, or where nothing can be made beside it, the file itself is written to, and gets its old contents back
/// should that fail.
pub(crate) fn replace(path: &Path, old: Option<&str>, new: &[u8]) -> Result<(), NotWritten> {
    without(|| {
        let path = fs::canonicalize(path)?;
        let found = fs::metadata(&path)?;
        refuse_special(&found)?;
        if found.permissions().readonly() {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
        }
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        if let Some(old) = old
            && !holds(&mut file, old)?
        {
            return Err(NotWritten::Changed);
        }
        let made = if has_attributes(&file) { None } else { beside(&path, &found, new)? };
        match made {
            // The moment between the look at the file and the rename is as short as it can be.
            Some(made) if old.map_or(Ok(true), |old| holds(&mut file, old))? => {
                made.persist(&path).map_err(|error| error.error)?;
                // The name is safe when the folder is.
                #[cfg(unix)]
                File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()?;
                Ok(())
            }
            Some(_) => Err(NotWritten::Changed),
            None => Ok(overwrite(&mut file, new)?),
        }
    })
}

/// Refuses what is no file: what was read from a pipe or device is not there to be replaced.
pub(crate) fn refuse_special(found: &Metadata) -> io::Result<()> {
    if found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory, not a file"));
    }
    if !found.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "is no regular file, and cannot be rewritten",
        ));
    }
    Ok(())
}

/// Makes the file that takes the place of another one; `None` where it cannot be like that one. It is removed when it
/// is dropped.
fn beside(path: &Path, found: &Metadata, contents: &[u8]) -> io::Result<Option<NamedTempFile>> {
    if has_other_links(found) {
        return Ok(None);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    // Only the owner may read it until it is complete.
    let made = Builder::new().prefix(&format!(".{name}.")).suffix(".new").tempfile_in(folder);
    let mut made = match made {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        made => made.map_err(|error| bare(&error))?,
    };
    if !take_owner(made.as_file(), found) {
        return Ok(None);
    }
    made.as_file_mut().write_all(contents)?;
    made.as_file().set_permissions(found.permissions())?;
    made.as_file().sync_all()?;
    Ok(Some(made))
}

/// Returns the error without the name of the file that nobody knows.
pub(super) fn bare(error: &io::Error) -> io::Error {
    match error.get_ref() {
        Some(_) => io::Error::new(error.kind(), io::Error::from(error.kind()).to_string()),
        None => error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error),
    }
}

#[cfg(unix)]
fn has_other_links(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.nlink() > 1
}

/// Tells whether a file holds this text and nothing else.
pub(super) fn holds(file: &mut File, text: &str) -> io::Result<bool> {
    const CHUNK: usize = 1 << 16;
    if file.metadata()?.len() != text.len() as u64 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut read = vec![0; CHUNK.min(text.len())];
    for expected in text.as_bytes().chunks(CHUNK) {
        let read = &mut read[..expected.len()];
        match file.read_exact(read) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            done => done?,
        }
        if read != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives a file the owner and group of another one; whether that can be done.
#[cfg(unix)]
fn take_owner(file: &File, found: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};
    let is_same = |made: Metadata| (made.uid(), made.gid()) == (found.uid(), found.gid());
    file.metadata().is_ok_and(is_same) || fchown(file, Some(found.uid()), Some(found.gid())).is_ok()
}

/// Tells whether a file has attributes of its own, such as an access list, that another one would not have.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn has_attributes(file: &File) -> bool {
    let mut names = Vec::with_capacity(1 << 16);
    let listed = rustix::fs::flistxattr(file, rustix::buffer::spare_capacity(&mut names));
    // The system gives each file those of security.
    let is_own = |name: &[u8]| !name.is_empty() && !name.starts_with(b"security.");
    listed.is_ok() && names.split(|byte| *byte == 0).any(is_own)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn has_attributes(_: &File) -> bool {
    false
}

#[cfg(not(unix))]
fn has_other_links(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn take_owner(_: &File, _: &Metadata) -> bool {
    true
}

/// Writes over the contents of a file; it gets the old ones back when that fails.
fn overwrite(file: &mut File, new: &[u8]) -> io::Result<()> {
    let mut old = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut old)?;
    let mut write = |contents: &[u8]| {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(contents)?;
        file.set_len(contents.len() as u64)?;
        file.sync_all()
    };
    let written = write(new);
    if written.is_err() {
        // It has the room that the old contents need.
        write(&old)?;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        for theirs in ["", "abd", "abcd"] {
            fs::write(&file, theirs).unwrap();
            assert!(matches!(replace(&file, Some("abc"), b"new"), Err(NotWritten::Changed)), "{theirs}");
            assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
        }
        fs::write(&file, "abc").unwrap();
        replace(&file, Some("abc"), b"new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_file(&file).unwrap();
        assert!(matches!(replace(&file, Some("new"), b"abc"), Err(NotWritten::Io(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn until_it_is_complete_only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let new = Builder::new().tempfile_in(folder.path()).unwrap();
        assert_eq!(new.as_file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(new);
        let file = folder.path().join("file");
        fs::write(&file, "abc").unwrap();
        let found = fs::metadata(&file).unwrap();
        let made = beside(&file, &found, b"new").unwrap().unwrap();
        assert_eq!(made.as_file().metadata().unwrap().permissions(), found.permissions());
        drop(made);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "it goes when something fails");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn attributes_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "abc").unwrap();
        if setxattr(&file, "user.note", b"kept", XattrFlags::empty()).is_err() {
            // This file system has none.
            return;
        }
        replace(&file, Some("abc"), b"new").unwrap();
        let mut note = [0; 4];
        assert_eq!(getxattr(&file, "user.note", &mut note), Ok(4));
        assert_eq!((&note, &*fs::read_to_string(&file).unwrap()), (b"kept", "new"));
    }
}
