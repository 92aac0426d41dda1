//! The names of objects.
//!
//! ```text
//! DOCUMENT/changes/ACTOR/AFTER      the changes of one actor that follow its op with the counter AFTER
//! DOCUMENT/checkpoints/HIGHEST-SUM  the changes of all, as far as somebody had them
//! DOCUMENT/cleaned                  when somebody cleaned up: it is empty
//! ```
//!
//! A document and an actor stand under their ids, where what may not stand in a path is `%` and two digits each. Where that is
//! too long for the name of a file, it is `=` and the bytes of the id in base 32.
//!
//! A run is known by what it *follows*, and an object is made only where there is none. So of two replicas that write under one
//! actor, and have the same changes up to there, only one can go on: whatever their next counters are, the other finds
//! the name taken.

use std::collections::BTreeMap;

use object_store::path::{Path, PathPart};
use percent_encoding::percent_decode_str;

use crate::crdt::{Actor, Clock, DocumentId};

/// The digits of a counter, which is at most 2^53: so names order as numbers.
const DIGITS: usize = 16;

/// The maximum length of a name: files have names of up to 255 bytes.
const LONGEST: usize = 200;

/// The digits of base 32, which are different letters also where a file system takes no notice of capitals.
const BASE_32: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

const RUNS: &str = "changes";
const CHECKPOINTS: &str = "checkpoints";

/// Something that an object is by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Run { actor: Actor, after: u64 },
    Checkpoint,
}

/// An object as it stands in a list.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) location: Path,
    pub(super) size: u64,
    /// Milliseconds since 1970, by the clock of the store.
    pub(super) modified: i64,
    /// Tells it from another one of its name.
    pub(super) tag: u64,
}

/// The objects of a document.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By the counters that they follow.
    pub(super) runs: BTreeMap<Actor, BTreeMap<u64, Listed>>,
    /// The newest last.
    pub(super) checkpoints: Vec<Listed>,
}

pub(super) fn document(root: &Path, document: &DocumentId) -> Path {
    root.clone().join(part(document.as_str()))
}

/// Returns what may have objects of a document.
pub(super) fn kinds(document: &Path) -> [Path; 2] {
    [RUNS, CHECKPOINTS].map(|kind| document.clone().join(kind))
}

pub(super) fn run(root: &Path, id: &DocumentId, actor: &Actor, after: u64) -> Path {
    document(root, id).join(RUNS).join(part(actor.as_str())).join(format!("{after:0DIGITS$}"))
}

pub(super) fn checkpoint(root: &Path, id: &DocumentId, clock: &Clock) -> Path {
    let sum = crc32fast::hash(clock.to_json().to_string().as_bytes());
    document(root, id).join(CHECKPOINTS).join(format!("{:0DIGITS$}-{sum:08x}", clock.highest()))
}

pub(super) fn cleaned(root: &Path, id: &DocumentId) -> Path {
    document(root, id).join("cleaned")
}

/// Makes a number of what a store tells an object by. Zero: it tells nothing.
pub(super) fn tag(size: u64, e_tag: Option<&str>) -> u64 {
    // Some stores quote it in one answer, and not in another.
    let Some(e_tag) = e_tag.map(|tag| tag.trim_matches('"')) else { return 0 };
    u64::from(crc32fast::hash(e_tag.as_bytes())) << 32 | (size & 0xffff_ffff).max(1)
}

/// Reads the name of a document at the end of a path.
pub(super) fn document_at(location: &Path) -> Option<DocumentId> {
    DocumentId::new(&id_of(location.filename()?)?).ok()
}

/// Reads what an object of a document is. `None`: it is something else.
pub(super) fn name(document: &Path, location: &Path) -> Option<Name> {
    let parts: Vec<_> = location.prefix_match(document)?.collect();
    match &parts[..] {
        [kind, actor, after] if kind.as_ref() == RUNS => {
            let after = after.as_ref();
            let is_counter = after.len() == DIGITS && after.bytes().all(|byte| byte.is_ascii_digit());
            let actor = Actor::new(&id_of(actor.as_ref())?).ok()?;
            Some(Name::Run { actor, after: after.parse().ok().filter(|_| is_counter)? })
        }
        [kind, _] if kind.as_ref() == CHECKPOINTS => Some(Name::Checkpoint),
        _ => None,
    }
}

/// Returns the part of a path in which an id stands.
fn part(id: &str) -> PathPart<'_> {
    let plain = PathPart::from(id);
    if plain.as_ref().len() <= LONGEST && !id.starts_with('=') {
        return plain;
    }
    let digits = id.as_bytes().chunks(5).flat_map(|bytes| {
        let mut packed = [0; 8];
        packed[3..3 + bytes.len()].copy_from_slice(bytes);
        let packed = u64::from_be_bytes(packed);
        let count = (bytes.len() * 8).div_ceil(5);
        (0..count).map(move |at| char::from(BASE_32[(packed >> (35 - 5 * at)) as usize & 31]))
    });
    PathPart::from(std::iter::once('=').chain(digits).collect::<String>())
}

/// Reads the id that stands in a part of a path. `None`: no id is written so.
fn id_of(name: &str) -> Option<String> {
    let bytes = match name.strip_prefix('=') {
        None => percent_decode_str(name).collect(),
        Some(digits) => {
            let (mut bytes, mut held, mut bits) = (Vec::new(), 0, 0);
            for digit in digits.bytes() {
                held = held << 5 | BASE_32.iter().position(|known| *known == digit)?;
                bits += 5;
                if bits >= 8 {
                    bits -= 8;
                    bytes.push((held >> bits) as u8);
                    held &= (1 << bits) - 1;
                }
            }
            bytes
        }
    };
    let id = String::from_utf8(bytes).ok()?;
    (part(&id).as_ref() == name).then_some(id)
}

impl Listing {
    pub(super) fn add(&mut self, document: &Path, listed: Listed) {
        match name(document, &listed.location) {
            Some(Name::Run { actor, after }) => {
                self.runs.entry(actor).or_default().insert(after, listed);
            }
            Some(Name::Checkpoint) => self.checkpoints.push(listed),
            // What somebody else put there is left alone.
            None => {}
        }
    }

    /// Returns the number of objects.
    pub(super) fn len(&self) -> usize {
        self.checkpoints.len() + self.runs.values().map(BTreeMap::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_whatever_the_ids_have_in_them() {
        let root = Path::from("stores/one");
        let long = ["ü", "~", "日"].map(|letter| letter.repeat(128 / letter.len()));
        let long = long.iter().map(String::as_str).chain(["=", "=a", "=04"]);
        let short = ["a", "..", "a/b", "%41", "Ä#1", "a.b", "-", "ü/../ü", "0000000000000001"];
        for id in long.chain(short) {
            let (document_id, actor) = (DocumentId::new(id).unwrap(), Actor::new(id).unwrap());
            let at = document(&root, &document_id);
            assert_eq!(document_at(&at), Some(document_id.clone()));
            assert!(at.filename().unwrap().len() <= 206, "{at}");
            // As it comes back in a list.
            let location = Path::parse(run(&root, &document_id, &actor, 12).as_ref()).unwrap();
            assert_eq!(name(&at, &location), Some(Name::Run { actor, after: 12 }), "{location}");
        }
    }

    #[test]
    fn what_is_something_else_is_left_alone() {
        let root = Path::from("s");
        let at = document(&root, &DocumentId::new("d").unwrap());
        for other in [
            "s/d/changes/a/12",
            "s/d/changes/a/000000000000000x",
            "s/d/changes/a",
            "s/d/README",
            "s/e/changes/a/1",
            "s/d/changes/a%zz/0000000000000000",
            "s/d/changes/%61/0000000000000000",
            "s/d/changes/=c4/0000000000000000",
        ] {
            assert_eq!(name(&at, &Path::parse(other).unwrap()), None, "{other}");
        }
    }
}
