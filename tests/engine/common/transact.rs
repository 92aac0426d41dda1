//! Random edits of transactions. Places are numbers, taken modulo what is there. Each edit is made
//! twice: by an editor, and in the mirror, which tells what the value must then be.

use proptest::prelude::*;
use proptest::sample::select;
use rejoin::crdt::{Kind, OpId, Transaction};
use rejoin::value::Val;

use super::edit::{Json, KEYS, LARGEST, parts, values};
use super::id;
use super::mirror::{Holds, Mirror, Node};

/// Who makes edits: a transaction of the engine, or the naive author beside the oracle.
pub trait Editor {
    fn put(&mut self, map: &OpId, key: &str, value: Val) -> Result<(), String>;
    fn put_root(&mut self, value: Val) -> Result<(), String>;
    fn put_new(&mut self, map: &OpId, key: &str, kind: Kind) -> Result<OpId, String>;
    fn insert(&mut self, list: &OpId, index: usize, value: Val) -> Result<OpId, String>;
    fn insert_new(&mut self, list: &OpId, index: usize, kind: Kind) -> Result<OpId, String>;
    fn set(&mut self, list: &OpId, index: usize, value: Val) -> Result<(), String>;
    fn delete(&mut self, list: &OpId, index: usize, count: usize) -> Result<(), String>;
    fn remove(&mut self, map: &OpId, key: &str) -> Result<(), String>;
    fn splice(&mut self, text: &OpId, position: usize, deleted: usize, typed: &str) -> Result<(), String>;
    fn add(&mut self, counter: &OpId, by: i64) -> Result<(), String>;
    fn move_to_key(&mut self, container: &OpId, map: &OpId, key: &str) -> Result<(), String>;
    fn move_to_item(&mut self, container: &OpId, list: &OpId, index: usize) -> Result<(), String>;
}

/// One edit of a transaction.
#[derive(Debug, Clone)]
pub enum TxEdit {
    Put {
        map: usize,
        key: usize,
        value: Json,
    },
    PutRoot {
        value: Json,
    },
    PutNew {
        map: usize,
        key: usize,
        kind: Kind,
    },
    Insert {
        list: usize,
        at: usize,
        value: Json,
    },
    InsertNew {
        list: usize,
        at: usize,
        kind: Kind,
    },
    Set {
        list: usize,
        at: usize,
        value: Json,
    },
    Delete {
        list: usize,
        at: usize,
        count: usize,
    },
    Remove {
        map: usize,
        at: usize,
    },
    Splice {
        text: usize,
        at: usize,
        deleted: usize,
        typed: String,
    },
    Add {
        counter: usize,
        by: i64,
    },
    MoveToKey {
        container: usize,
        map: usize,
        key: usize,
    },
    MoveToItem {
        container: usize,
        list: usize,
        at: usize,
    },
    /// Moves a container to a key that is its own, for nothing else is written there.
    MoveToOwnKey {
        container: usize,
        map: usize,
    },
    /// Something that cannot be done, of all kinds.
    Impossible {
        which: usize,
        place: usize,
    },
}

/// Makes edits, and shows in the mirror what they must come to.
///
/// # Panics
/// When the editor refuses what can be done, or does what cannot.
pub fn edit_all(edits: &[TxEdit], mirror: &mut Mirror, editor: &mut impl Editor) {
    edits.iter().for_each(|edit| edit.make(mirror, editor));
}

impl TxEdit {
    pub fn make(&self, mirror: &mut Mirror, editor: &mut impl Editor) {
        let done = self.try_make(mirror, editor);
        done.unwrap_or_else(|error| panic!("{self:?} was refused: {error}"));
    }

    fn try_make(&self, mirror: &mut Mirror, editor: &mut impl Editor) -> Result<(), String> {
        let (maps, lists) = (mirror.containers(Kind::Map), mirror.containers(Kind::List));
        let (texts, counters) = (mirror.containers(Kind::Text), mirror.containers(Kind::Counter));
        let is_full = parts(&mirror.value()) > LARGEST;
        match self {
            Self::Put { .. } | Self::PutNew { .. } | Self::Insert { .. } | Self::InsertNew { .. }
                if is_full => {}
            Self::Put { map, key, value } => {
                let (Some(map), key) = (pick(&maps, *map), key_of(*key)) else { return Ok(()) };
                editor.put(map, key, value.0.clone())?;
                mirror.put(map, key, Node::new(&value.0));
            }
            Self::PutRoot { value } => {
                editor.put_root(value.0.clone())?;
                mirror.root = Node::new(&value.0);
            }
            Self::PutNew { map, key, kind } => {
                let (Some(map), key) = (pick(&maps, *map), key_of(*key)) else { return Ok(()) };
                let made = editor.put_new(map, key, *kind)?;
                mirror.put(map, key, Node::empty(made, *kind));
            }
            Self::Insert { list, at, value } => {
                let Some(list) = pick(&lists, *list) else { return Ok(()) };
                let at = at % (mirror.list(list).len() + 1);
                let made = editor.insert(list, at, value.0.clone())?;
                let mut node = Node::new(&value.0);
                node.id = node.kind().map(|_| made);
                mirror.list(list).insert(at, node);
            }
            Self::InsertNew { list, at, kind } => {
                let Some(list) = pick(&lists, *list) else { return Ok(()) };
                let at = at % (mirror.list(list).len() + 1);
                let made = editor.insert_new(list, at, *kind)?;
                mirror.list(list).insert(at, Node::empty(made, *kind));
            }
            Self::Set { list, at, value } => {
                let Some((list, at)) = item(mirror, &lists, *list, *at) else { return Ok(()) };
                editor.set(&list, at, value.0.clone())?;
                mirror.list(&list)[at] = Node::new(&value.0);
            }
            Self::Delete { list, at, count } => {
                let Some((list, at)) = item(mirror, &lists, *list, *at) else { return Ok(()) };
                let count = 1 + count % (mirror.list(&list).len() - at);
                editor.delete(&list, at, count)?;
                mirror.list(&list).drain(at..at + count);
            }
            Self::Remove { map, at } => {
                let Some(map) = pick(&maps, *map) else { return Ok(()) };
                let entries = mirror.map(map);
                if !entries.is_empty() {
                    let (key, _) = entries.remove(at % entries.len());
                    editor.remove(map, &key)?;
                }
            }
            Self::Splice { text, at, deleted, typed } => {
                let Some(text) = pick(&texts, *text) else { return Ok(()) };
                let chars = mirror.text(text);
                let at = at % (chars.len() + 1);
                let deleted = deleted % (chars.len() - at + 1);
                chars.splice(at..at + deleted, typed.chars());
                editor.splice(text, at, deleted, typed)?;
            }
            Self::Add { counter, by } => {
                let Some(counter) = pick(&counters, *counter) else { return Ok(()) };
                editor.add(counter, *by)?;
                if let Holds::Counter(sum) = &mut mirror.find(counter).holds {
                    *sum += i128::from(*by);
                }
            }
            Self::MoveToKey { container, map, key } => {
                let all = mirror.all();
                let (Some(container), Some(map)) = (pick(&all, *container), pick(&maps, *map)) else {
                    return Ok(());
                };
                self.move_to_key(mirror, editor, container, map, key_of(*key))?;
            }
            Self::MoveToOwnKey { container, map } => {
                let all = mirror.all();
                let (Some(container), Some(map)) = (pick(&all, *container), pick(&maps, *map)) else {
                    return Ok(());
                };
                self.move_to_key(mirror, editor, container, map, &container.to_string())?;
            }
            Self::MoveToItem { container, list, at } => {
                let all = mirror.all();
                let (Some(container), Some(list)) = (pick(&all, *container), pick(&lists, *list)) else {
                    return Ok(());
                };
                let at = at % (mirror.list(list).len() + 1);
                let moved = editor.move_to_item(container, list, at);
                if mirror.is_inside(list, container) {
                    assert!(moved.is_err(), "{self:?} put a container inside itself");
                    return Ok(());
                }
                moved?;
                mirror.move_to_item(container, list, at);
            }
            Self::Impossible { which, place } => {
                let attempt = match which % 4 {
                    0 => beyond_a_list(mirror, pick(&lists, *place), editor),
                    1 => beyond_a_text(mirror, pick(&texts, *place), editor),
                    2 => of_the_wrong_kind(mirror, pick(&mirror.all(), *place), editor),
                    _ => vec![
                        editor.put(&id("1@nobody"), "a", Val::NULL),
                        editor.splice(&id("1@nobody"), 0, 0, "a"),
                        editor.add(&id("1@nobody"), 1),
                        editor.remove(&id("1@nobody"), "a"),
                    ],
                };
                for (index, attempt) in attempt.iter().enumerate() {
                    assert!(attempt.is_err(), "{self:?}: attempt {index} was not refused");
                }
            }
        }
        Ok(())
    }

    fn move_to_key(
        &self,
        mirror: &mut Mirror,
        editor: &mut impl Editor,
        container: &OpId,
        map: &OpId,
        key: &str,
    ) -> Result<(), String> {
        let moved = editor.move_to_key(container, map, key);
        if mirror.is_inside(map, container) {
            assert!(moved.is_err(), "{self:?} put a container inside itself");
            return Ok(());
        }
        moved?;
        mirror.move_to_key(container, map, key);
        Ok(())
    }
}

fn pick(containers: &[OpId], which: usize) -> Option<&OpId> {
    (!containers.is_empty()).then(|| &containers[which % containers.len()])
}

fn key_of(which: usize) -> &'static str {
    KEYS[which % KEYS.len()]
}

/// An item that is there.
fn item(mirror: &mut Mirror, lists: &[OpId], list: usize, at: usize) -> Option<(OpId, usize)> {
    let list = pick(lists, list)?;
    let len = mirror.list(list).len();
    (len > 0).then(|| (list.clone(), at % len))
}

type Attempts = Vec<Result<(), String>>;

fn beyond_a_list(mirror: &mut Mirror, list: Option<&OpId>, editor: &mut impl Editor) -> Attempts {
    let Some(list) = list else { return Vec::new() };
    let len = mirror.list(list).len();
    vec![
        editor.insert(list, len + 1, Val::NULL).map(drop),
        editor.insert_new(list, len + 1, Kind::Map).map(drop),
        editor.set(list, len, Val::NULL),
        editor.delete(list, len, 1),
        editor.delete(list, 0, len + 1),
        editor.delete(list, 1, usize::MAX),
    ]
}

fn beyond_a_text(mirror: &mut Mirror, text: Option<&OpId>, editor: &mut impl Editor) -> Attempts {
    let Some(text) = text else { return Vec::new() };
    let len = mirror.text(text).len();
    vec![
        editor.splice(text, len + 1, 0, "a"),
        editor.splice(text, 0, len + 1, "a"),
        editor.splice(text, 1, usize::MAX, ""),
    ]
}

fn of_the_wrong_kind(mirror: &mut Mirror, container: Option<&OpId>, editor: &mut impl Editor) -> Attempts {
    let Some(container) = container else { return Vec::new() };
    let kind = mirror.find(container).kind();
    let mut attempts = Vec::new();
    if kind != Some(Kind::Map) {
        attempts.push(editor.put(container, "a", Val::NULL));
        attempts.push(editor.put_new(container, "a", Kind::Text).map(drop));
        attempts.push(editor.remove(container, "a"));
    }
    if kind != Some(Kind::List) {
        attempts.push(editor.insert(container, 0, Val::NULL).map(drop));
        attempts.push(editor.set(container, 0, Val::NULL));
    }
    if kind != Some(Kind::Text) {
        attempts.push(editor.splice(container, 0, 0, "a"));
    }
    if kind != Some(Kind::Counter) {
        attempts.push(editor.add(container, 1));
    }
    attempts
}

// --- strategies ---

const KINDS: [Kind; 4] = [Kind::Map, Kind::List, Kind::Text, Kind::Counter];

/// What people type: combining marks, astral characters, and what JSON must escape.
const TYPED: [&str; 10] =
    ["", "a", "bc", "é", "e\u{301}", "\u{308}", "😀", "日本", "👩\u{200d}👧", "\"\\\n\u{0}"];

pub fn typed() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&TYPED[..]), 0..3).prop_map(|parts| parts.concat())
}

/// Amounts to add: mostly small ones.
pub fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -9..10i64, 1 => select(vec![i64::MAX, i64::MIN, 0])]
}

/// Edits from all kinds.
pub fn tx_edits() -> impl Strategy<Value = TxEdit> {
    let (which, at) = (0..12usize, 0..12usize);
    let holder = || (which.clone(), at.clone());
    let kind = select(&KINDS[..]);
    prop_oneof![
        4 => (holder(), values()).prop_map(|((map, key), value)| TxEdit::Put { map, key, value }),
        1 => values().prop_map(|value| TxEdit::PutRoot { value }),
        4 => (holder(), kind.clone()).prop_map(|((map, key), kind)| TxEdit::PutNew { map, key, kind }),
        4 => (holder(), values()).prop_map(|((list, at), value)| TxEdit::Insert { list, at, value }),
        2 => (holder(), kind).prop_map(|((list, at), kind)| TxEdit::InsertNew { list, at, kind }),
        2 => (holder(), values()).prop_map(|((list, at), value)| TxEdit::Set { list, at, value }),
        2 => (holder(), 0..3usize).prop_map(|((list, at), count)| TxEdit::Delete { list, at, count }),
        2 => holder().prop_map(|(map, at)| TxEdit::Remove { map, at }),
        6 => (holder(), 0..4usize, typed())
            .prop_map(|((text, at), deleted, typed)| TxEdit::Splice { text, at, deleted, typed }),
        4 => (which.clone(), amounts()).prop_map(|(counter, by)| TxEdit::Add { counter, by }),
        8 => moves(),
        1 => holder().prop_map(|(which, place)| TxEdit::Impossible { which, place }),
    ]
}

/// Moves of one container into another, also into itself.
pub fn moves() -> impl Strategy<Value = TxEdit> {
    let (which, at) = (0..12usize, 0..12usize);
    prop_oneof![
        (which.clone(), which.clone(), at.clone()).prop_map(|(container, map, key)| TxEdit::MoveToKey {
            container,
            map,
            key
        }),
        (which.clone(), which, at).prop_map(|(container, list, at)| TxEdit::MoveToItem {
            container,
            list,
            at
        }),
    ]
}

/// Moves under which nothing goes.
pub fn pure_moves() -> impl Strategy<Value = TxEdit> {
    let (which, at) = (0..12usize, 0..12usize);
    prop_oneof![
        (which.clone(), which.clone()).prop_map(|(container, map)| TxEdit::MoveToOwnKey { container, map }),
        (which.clone(), which, at).prop_map(|(container, list, at)| TxEdit::MoveToItem {
            container,
            list,
            at
        }),
    ]
}

// --- the engine ---

impl Editor for Transaction<'_> {
    fn put(&mut self, map: &OpId, key: &str, value: Val) -> Result<(), String> {
        Transaction::put(self, map, key, value).map(drop).map_err(|e| e.to_string())
    }
    fn put_root(&mut self, value: Val) -> Result<(), String> {
        Transaction::put_root(self, value).map(drop).map_err(|e| e.to_string())
    }
    fn put_new(&mut self, map: &OpId, key: &str, kind: Kind) -> Result<OpId, String> {
        Transaction::put_new(self, map, key, kind).map_err(|e| e.to_string())
    }
    fn insert(&mut self, list: &OpId, index: usize, value: Val) -> Result<OpId, String> {
        Transaction::insert(self, list, index, value).map_err(|e| e.to_string())
    }
    fn insert_new(&mut self, list: &OpId, index: usize, kind: Kind) -> Result<OpId, String> {
        Transaction::insert_new(self, list, index, kind).map_err(|e| e.to_string())
    }
    fn set(&mut self, list: &OpId, index: usize, value: Val) -> Result<(), String> {
        Transaction::set(self, list, index, value).map(drop).map_err(|e| e.to_string())
    }
    fn delete(&mut self, list: &OpId, index: usize, count: usize) -> Result<(), String> {
        Transaction::delete(self, list, index, count).map(drop).map_err(|e| e.to_string())
    }
    fn remove(&mut self, map: &OpId, key: &str) -> Result<(), String> {
        Transaction::remove(self, map, key).map(drop).map_err(|e| e.to_string())
    }
    fn splice(&mut self, text: &OpId, position: usize, deleted: usize, typed: &str) -> Result<(), String> {
        Transaction::splice(self, text, position, deleted, typed).map(drop).map_err(|e| e.to_string())
    }
    fn add(&mut self, counter: &OpId, by: i64) -> Result<(), String> {
        Transaction::add(self, counter, by).map(drop).map_err(|e| e.to_string())
    }
    fn move_to_key(&mut self, container: &OpId, map: &OpId, key: &str) -> Result<(), String> {
        Transaction::move_to_key(self, container, map, key).map(drop).map_err(|e| e.to_string())
    }
    fn move_to_item(&mut self, container: &OpId, list: &OpId, index: usize) -> Result<(), String> {
        Transaction::move_to_item(self, container, list, index).map(drop).map_err(|e| e.to_string())
    }
}
