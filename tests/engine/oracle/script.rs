//! Several authors who edit and take from each other.

use proptest::prelude::*;
use rejoin::crdt::Change;
use rejoin::value::{Val, same, text};

use super::author::Author;
use crate::common::edit::{Json, documents};
use crate::common::history::TREE;
use crate::common::transact::{Editor, TxEdit, moves, pure_moves, tx_edits};
use crate::common::{actor, json};

const NAMES: [&str; 3] = ["ann", "bob", "cid"];

/// What they do, to be played from the start.
#[derive(Debug, Clone)]
pub struct Script {
    start: Json,
    acts: Vec<Act>,
}

#[derive(Debug, Clone)]
enum Act {
    /// One change.
    Edit {
        who: usize,
        edits: Vec<TxEdit>,
    },
    Merge {
        into: usize,
        from: usize,
    },
}

pub fn scripts(acts: std::ops::Range<usize>) -> impl Strategy<Value = Script> {
    let edit = prop_oneof![2 => tx_edits(), 1 => moves()];
    (documents(), prop::collection::vec(act(edit), acts)).prop_map(|(start, acts)| Script { start, acts })
}

/// Scripts of moves that cross, under which nothing goes.
pub fn pure_scripts(acts: std::ops::Range<usize>) -> impl Strategy<Value = Script> {
    let acts = prop::collection::vec(act(pure_moves()), acts);
    acts.prop_map(|acts| Script { start: Json(json(TREE)), acts })
}

fn act(edit: impl Strategy<Value = TxEdit>) -> impl Strategy<Value = Act> {
    let who = || 0..NAMES.len();
    prop_oneof![
        4 => (who(), prop::collection::vec(edit, 1..4)).prop_map(|(who, edits)| Act::Edit { who, edits }),
        1 => (who(), who()).prop_map(|(into, from)| Act::Merge { into, from }),
    ]
}

/// What a script made.
pub struct Authors {
    pub authors: Vec<Author>,
    /// The edits, each of which gave what it was meant to give.
    pub edits: usize,
}

impl Authors {
    /// # Panics
    /// When an edit gives another value than it was meant to give.
    pub fn play(script: &Script) -> Self {
        let mut authors: Vec<Author> = NAMES.into_iter().map(|name| Author::new(actor(name))).collect();
        let mut edits = 0;
        start(&mut authors, &script.start.0);
        for act in &script.acts {
            match act {
                Act::Merge { into, from } if into == from => {}
                Act::Merge { into, from } => {
                    let [into, from] = authors.get_disjoint_mut([*into, *from]).expect("two of them");
                    into.merge(from);
                }
                Act::Edit { who, edits: several } => {
                    let mut draft = authors[*who].draft();
                    let mut mirror = draft.mirror();
                    for edit in several {
                        edit.make(&mut mirror, &mut draft);
                        let (value, meant) = (draft.oracle().value(), mirror.value());
                        assert!(
                            same(&value, &meant),
                            "{edit:?}: meant {}, but {}",
                            text(&meant),
                            text(&value)
                        );
                        edits += 1;
                    }
                    authors[*who].commit(draft);
                }
            }
        }
        Self { authors, edits }
    }

    /// All changes that any of them made.
    pub fn changes(mut self) -> Vec<Change> {
        let mut all = self.authors.pop().expect("some authors");
        self.authors.iter().for_each(|other| all.merge(other));
        all.changes().collect()
    }
}

fn start(authors: &mut [Author], value: &Val) {
    let (first, others) = authors.split_first_mut().expect("some authors");
    let mut draft = first.draft();
    draft.put_root(value.clone()).expect("a value of JSON");
    first.commit(draft);
    others.iter_mut().for_each(|other| other.merge(first));
}
