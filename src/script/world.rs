//! The world outside of the sessions that run here: files, standard input, programs, stores, as far as a script may reach them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::script::files::{Files, Place, WriteError, shown};
use crate::session::{FileError, Keeper, Kept, Outside};
use crate::store::{Remote, StoreError};

/// The world of a session.
pub(super) struct World {
    pub(super) files: Rc<dyn Files>,
    /// Where files are looked for.
    pub(super) folder: PathBuf,
    pub(super) reach: Reach,
    /// What keeps the session.
    pub(super) keeper: Option<Box<dyn Keeper>>,
}

/// The reach of a session.
pub(super) enum Reach {
    /// It reads files. What it writes is kept here.
    Sealed(Sealed),
    /// It reads and writes files, and reads standard input; so do the files that it reads, if they may.
    Open { files_too: bool },
    /// It reads and writes files, and runs programs: somebody types, on standard input.
    Typed,
}

/// The files and stores that a session made, in memory.
#[derive(Default)]
pub(super) struct Sealed {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// None where the session outlives them.
    #[cfg(feature = "store")]
    stores: Option<BTreeMap<PathBuf, crate::store::Store>>,
}

impl World {
    /// Makes a world whose files are read, and not written, and whose places are in memory.
    pub(super) fn sealed(files: Rc<dyn Files>) -> Self {
        Self { files, folder: PathBuf::new(), reach: Reach::Sealed(Sealed::with_places()), keeper: None }
    }

    /// Keeps from here on what is written; answers how far it reached, unless it did so before.
    pub(super) fn seal(&mut self) -> Option<Reach> {
        match self.reach {
            Reach::Sealed(_) | Reach::Open { files_too: true } => None,
            Reach::Open { .. } | Reach::Typed => {
                Some(std::mem::replace(&mut self.reach, Reach::Sealed(Sealed::default())))
            }
        }
    }

    /// Forgets what is kept: a new session begins.
    pub(super) fn clear(&mut self) {
        if let Reach::Sealed(kept) = &mut self.reach {
            *kept = Sealed::with_places();
        }
    }

    /// Returns the path by which a name is known here, under many of its spellings.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        plain(&self.folder.join(name))
    }
}

impl Outside for World {
    fn read(&mut self, file: &str) -> Result<Vec<u8>, FileError> {
        let unreadable = |reason| FileError::Unreadable { file: shown(Path::new(file)), reason };
        if file == "-" {
            return match self.reach {
                Reach::Open { .. } => self.files.stdin().map_err(unreadable),
                Reach::Typed => Err(unreadable("lines are typed there".to_owned())),
                Reach::Sealed(_) => Err(unreadable("a script reads files alone".to_owned())),
            };
        }
        let path = self.folder.join(file);
        if let Reach::Sealed(kept) = &self.reach {
            if let Some(bytes) = kept.files.get(&self.path(file)) {
                return Ok(bytes.clone());
            }
            // A device or a pipe is another way to what is outside.
            if self.files.is_special(&path) {
                return Err(unreadable("a script reads files alone".to_owned()));
            }
        }
        self.files.read(&path).map_err(unreadable)
    }

    fn write(&mut self, file: &str, bytes: &[u8], force: bool) -> Result<Kept, FileError> {
        let path = self.path(file);
        let shown = shown(Path::new(file));
        if file == "-" {
            let reason = "answers go to standard output by themselves".to_owned();
            return Err(FileError::Unwritable { file: shown, reason });
        }
        if let Reach::Sealed(kept) = &mut self.reach {
            if !force && kept.files.contains_key(&path) {
                return Err(FileError::Taken(shown));
            }
            kept.files.insert(path, bytes.to_vec());
            return Ok(Kept::InMemory);
        }
        let path = self.folder.join(file);
        let written = match self.files.create(&path, bytes) {
            Err(WriteError::Taken) if force => self.files.replace(&path, None, bytes),
            written => written,
        };
        match written {
            Ok(()) => Ok(Kept::OnDisk),
            Err(WriteError::Taken) => Err(FileError::Taken(shown)),
            Err(error) => Err(FileError::Unwritable { file: shown, reason: error.to_string() }),
        }
    }

    fn pipe(&mut self, command: &str, input: &str) -> Result<Option<String>, FileError> {
        if !matches!(self.reach, Reach::Typed) {
            return Err(FileError::NoPrograms);
        }
        let not_run = |reason| FileError::NotRun { command: command.to_owned(), reason };
        self.files.pipe(command, input).map_err(not_run)
    }

    fn remote(&mut self, place: &str) -> Result<Box<dyn Remote>, StoreError> {
        let at = Place::of(place);
        let folder = match at {
            Place::Url(_) => PathBuf::new(),
            Place::Folder(folder) => self.folder.join(folder),
        };
        match (&mut self.reach, at) {
            (Reach::Sealed(_), Place::Url(url)) => Err(StoreError::NotInScript(url.to_owned())),
            (Reach::Sealed(_), Place::Folder(_)) if self.keeper.is_some() => {
                Err(StoreError::NotInFile(place.to_owned()))
            }
            (Reach::Sealed(kept), Place::Folder(_)) => kept.store(plain(&folder), place),
            (Reach::Open { .. } | Reach::Typed, Place::Url(_)) => self.files.remote(&at),
            (Reach::Open { .. } | Reach::Typed, Place::Folder(_)) => {
                self.files.remote(&Place::Folder(&folder))
            }
        }
    }

    fn lasting_name(&self, place: &str) -> String {
        match (&self.reach, Place::of(place)) {
            (Reach::Open { .. } | Reach::Typed, Place::Folder(folder)) => {
                plain(&self.files.absolute(&self.folder.join(folder))).display().to_string()
            }
            _ => place.to_owned(),
        }
    }

    fn keeper(&mut self) -> Option<&mut dyn Keeper> {
        self.keeper.as_deref_mut().map(|keeper| keeper as &mut dyn Keeper)
    }
}

impl Sealed {
    fn with_places() -> Self {
        Self {
            #[cfg(feature = "store")]
            stores: Some(BTreeMap::new()),
            ..Self::default()
        }
    }

    /// Returns a store in memory, which stands for the one in a folder.
    #[cfg(feature = "store")]
    fn store(&mut self, folder: PathBuf, name: &str) -> Result<Box<dyn Remote>, StoreError> {
        let stores = self.stores.as_mut().ok_or_else(|| StoreError::NotInFile(name.to_owned()))?;
        let store = stores.entry(folder).or_insert_with(crate::store::Store::in_memory);
        Ok(Box::new(crate::store::Blocking::new(store.clone().named(name))?))
    }

    #[cfg(not(feature = "store"))]
    fn store(&mut self, _: PathBuf, _: &str) -> Result<Box<dyn Remote>, StoreError> {
        Err(StoreError::OutOfReach)
    }
}

/// Returns a path without `.`, and without `..` behind a folder.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let is_folder = matches!(plain.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if is_folder => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}
