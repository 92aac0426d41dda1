//! Patches on their way.

use rejoin::crdt::{Patch, PatchReader, PatchWriter};
use rejoin::value;

use super::files::{Files, Stored};
use super::random::Random;

/// A patch on its way to somebody.
#[derive(Clone)]
pub struct Parcel {
    /// The number of the one who gets it.
    pub to: usize,
    pub form: Form,
    /// It does not arrive before this step.
    pub due: u64,
}

/// The form in which a patch travels.
#[derive(Clone)]
pub enum Form {
    Memory(Patch),
    Bytes(Vec<u8>),
    Json(String),
    /// Twice in one stream: what was told once is not told again.
    Stream(Vec<u8>),
    BytesInFile(Stored),
    JsonInFile(Stored),
}

impl Form {
    /// Gives a patch one of the forms, most often in memory; in the end two of three are read from bytes or text.
    pub fn of(patch: Patch, files: &mut Files, random: &mut Random) -> Self {
        match random.below(48) {
            0..=17 => Self::Memory(patch),
            18..=33 => Self::Bytes(patch.to_bytes()),
            34..=41 => Self::Json(json(&patch)),
            42..=45 => Self::Stream(stream(&patch)),
            46 => Self::BytesInFile(files.store(&patch.to_bytes())),
            _ => Self::JsonInFile(files.store(json(&patch).as_bytes())),
        }
    }

    /// # Panics
    /// When what was written cannot be read.
    pub fn open(&self) -> Vec<Patch> {
        let patch = match self {
            Self::Memory(patch) => patch.clone(),
            Self::Bytes(bytes) => Patch::from_bytes(bytes).unwrap(),
            Self::Json(text) => parsed(text),
            Self::BytesInFile(file) => Patch::from_bytes(&file.read()).unwrap(),
            Self::JsonInFile(file) => parsed(std::str::from_utf8(&file.read()).unwrap()),
            Self::Stream(bytes) => return streamed(bytes),
        };
        vec![patch]
    }

    pub fn is_in_file(&self) -> bool {
        matches!(self, Self::BytesInFile(_) | Self::JsonInFile(_))
    }
}

pub fn json(patch: &Patch) -> String {
    value::text(&patch.to_json())
}

fn parsed(text: &str) -> Patch {
    Patch::from_json(&value::parse(text).unwrap()).unwrap()
}

fn stream(patch: &Patch) -> Vec<u8> {
    let mut writer = PatchWriter::new(patch.document().clone());
    let mut bytes = Vec::new();
    [patch, patch].into_iter().for_each(|patch| writer.write(patch, &mut bytes).unwrap());
    bytes
}

fn streamed(mut bytes: &[u8]) -> Vec<Patch> {
    let mut reader = PatchReader::new();
    let patches = std::iter::from_fn(|| reader.read(&mut bytes).unwrap()).collect();
    assert!(bytes.is_empty(), "a stream ends where it ends");
    patches
}
