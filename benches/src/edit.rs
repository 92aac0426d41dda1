//! The work: edits as data, the same for all contestants.

use crate::random::Random;

/// What the one container of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    List,
    Map,
}

/// One edit of the container. Positions in text count Unicode scalar values.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Replaces a part of a text.
    Splice { at: usize, delete: usize, insert: Box<str> },
    /// Inserts a number into a list.
    Insert { at: usize, value: i64 },
    /// Inserts an object into a list.
    InsertTask { at: usize, task: Task },
    /// Deletes an item of a list.
    Delete { at: usize },
    /// Sets a key of a map.
    Put { key: Box<str>, value: i64 },
}

/// An object as lists of things hold them.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: i64,
    pub(crate) title: Box<str>,
    pub(crate) done: bool,
}

/// Edits that take effect, and travel, as one.
pub(crate) type Change = Vec<Edit>;

impl Edit {
    /// How many characters or items there are more after it; a list or text of `length` before.
    pub(crate) fn grown(&self, length: usize) -> usize {
        match self {
            Self::Splice { delete, insert, .. } => length + insert.chars().count() - delete,
            Self::Insert { .. } | Self::InsertTask { .. } => length + 1,
            Self::Delete { .. } => length - 1,
            Self::Put { .. } => length,
        }
    }
}

/// The start of a document: so many characters, items or keys.
pub(crate) fn base(shape: Shape, count: usize) -> Change {
    let mut random = Random::new(0);
    match shape {
        Shape::Text => {
            let insert: String = (0..count).map(|_| random.letter()).collect();
            vec![Edit::Splice { at: 0, delete: 0, insert: insert.into() }]
        }
        Shape::List => (0..count).map(|i| Edit::Insert { at: i, value: i as i64 }).collect(),
        Shape::Map => (0..count).map(|i| Edit::Put { key: key(i), value: i as i64 }).collect(),
    }
}

/// The name of a key.
pub(crate) fn key(number: usize) -> Box<str> {
    format!("key{number}").into()
}

/// `count` edits at random places of a document of `length`: three insertions for one deletion, or keys
/// of which half are new. Ten edits are one change.
pub(crate) fn random_changes(shape: Shape, length: usize, count: usize, seed: u64) -> Vec<Change> {
    let mut random = Random::new(seed);
    let mut now = length;
    let edits: Vec<Edit> = (0..count)
        .map(|i| {
            let deletes = now > 0 && random.below(4) == 0;
            let value = (seed as i64) * 1_000_000 + i as i64;
            let edit = match shape {
                Shape::Text if deletes => {
                    Edit::Splice { at: random.below(now), delete: 1, insert: "".into() }
                }
                Shape::Text => {
                    let insert = random.letter().to_string().into();
                    Edit::Splice { at: random.below(now + 1), delete: 0, insert }
                }
                Shape::List if deletes => Edit::Delete { at: random.below(now) },
                Shape::List => Edit::Insert { at: random.below(now + 1), value },
                Shape::Map => Edit::Put { key: key(random.below(2 * length.max(1))), value },
            };
            now = edit.grown(now);
            edit
        })
        .collect();
    edits.chunks(10).map(<[Edit]>::to_vec).collect()
}
