//! The files that the examples of the help reach.

use std::path::Path;

use rejoin::script::{Files, Host, WriteError};

const FILES: &[(&str, &str)] = &[
    ("setup.rejoin", "ref origin {\"items\": [0, 1]}\nbranch origin as branched\n#=> actor branched\n"),
    ("broken.rejoin", "ref a 1\nmerge b a\n"),
    ("data.json", "[1, 2]\n"),
    ("guide.md", "```rejoin fresh\nref a 1\n```\n"),
];

const NOT_THERE: &str = "No such file or directory (os error 2)";

/// Files that are always the same; what is written goes nowhere.
struct Shelf;

impl Files for Shelf {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let found = FILES.iter().find(|(name, _)| path == Path::new(name));
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| NOT_THERE.to_owned())
    }

    fn create(&self, path: &Path, _: &[u8]) -> Result<(), WriteError> {
        if path.starts_with("nowhere") { Err(WriteError::System(NOT_THERE.to_owned())) } else { Ok(()) }
    }

    fn append(&self, _: &Path, _: &str, _: &str) -> Result<(), WriteError> {
        Ok(())
    }

    fn replace(&self, _: &Path, _: Option<&str>, _: &[u8]) -> Result<(), WriteError> {
        Ok(())
    }
}

/// A host for sessions into which somebody types.
pub(crate) fn host() -> Host {
    Host::new(Shelf).typed()
}

/// A host for the commands of a session file.
pub(crate) fn host_of(file: &str) -> Host {
    Host::new(Shelf).in_file(Path::new(file))
}
