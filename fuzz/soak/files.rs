//! Files in a folder of their own, which goes with the last of them.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A folder for files.
pub struct Files {
    folder: Rc<Folder>,
    written: u64,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file, which is deleted when nobody wants it any more.
#[derive(Clone)]
pub struct Stored(Rc<File>);

struct File {
    path: PathBuf,
    /// It lives in the folder.
    _folder: Rc<Folder>,
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Files {
    /// # Panics
    /// When the folder cannot be made.
    pub fn new() -> Self {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rejoin-soak-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { folder: Rc::new(Folder(folder)), written: 0 }
    }

    /// # Panics
    /// When the file cannot be written.
    pub fn store(&mut self, bytes: &[u8]) -> Stored {
        let path = self.folder.0.join(self.written.to_string());
        self.written += 1;
        fs::write(&path, bytes).unwrap();
        Stored(Rc::new(File { path, _folder: Rc::clone(&self.folder) }))
    }
}

impl Stored {
    /// # Panics
    /// When the file cannot be read.
    pub fn read(&self) -> Vec<u8> {
        fs::read(&self.0.path).unwrap()
    }
}
