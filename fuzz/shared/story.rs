//! From bytes to a history. Every byte decides one thing, so that a small mutation is a small change.

use rejoin::crdt::Kind;

use crate::common::edit::{Edit, Json};
use crate::common::history::{History, Made, Step, TREE};
use crate::common::json;
use crate::common::transact::TxEdit;

/// What is written: equal things often, and some that are easily confused.
const VALUES: [&str; 24] = [
    "0",
    "1",
    "2",
    "1.0",
    "1e400",
    "1234567890123456789012345678901234567890",
    "null",
    "true",
    "\"\"",
    "\"a\"",
    "\"é😀e\u{301}\"",
    "\"some words\"",
    "{}",
    "[]",
    r#"{"a":1}"#,
    r#"{"a":{"b":2}}"#,
    r#"{"b":[1,2],"a":{}}"#,
    r#"{"c":null,"":0}"#,
    "[1]",
    "[1,1,1]",
    "[0,[1],{}]",
    r#"[{"a":0},{"a":0}]"#,
    r#"[{"id":1,"b":[]},{"id":2},{"id":3,"b":{}}]"#,
    r#"{"é":{"a":[{"b":{}}]}}"#,
];

const TYPED: [&str; 8] = ["a", "b", "ab", "é", "😀", "e\u{301}", "", "some words"];

const AMOUNTS: [i64; 8] = [1, -1, 0, 2, 1000, i64::MAX, i64::MIN, -7];

/// Not more steps than this, or some inputs would take long.
const LONGEST: usize = 60;

/// The bytes that are left.
pub struct Story<'b> {
    bytes: &'b [u8],
    told: usize,
}

impl<'b> Story<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, told: 0 }
    }

    /// Three replicas, and what they begin with; it has no steps yet.
    pub fn start(&mut self) -> History {
        let first = self.number(8);
        let start = match first {
            0 => None,
            1..=3 => Some(Json(json(TREE))),
            4 => Some(Json(json(r#"{"todo":[{"t":1},{"t":2},{"t":3}],"done":[]}"#))),
            _ => Some(self.value()),
        };
        // A text and a counter stand in an object.
        let typed = first % 2 == 1 && start.as_ref().is_some_and(|start| start.0.as_map().is_some());
        History { start, typed, replicas: 3, steps: Vec::new() }
    }

    /// The next step; `None` at the end.
    pub fn step(&mut self) -> Option<Step> {
        if self.bytes.is_empty() || self.told == LONGEST {
            return None;
        }
        self.told += 1;
        let who = self.number(5);
        Some(match self.number(36) {
            0..=5 => Step::Transact { who, edits: self.several(Self::tx_edit), commit: true },
            6..=7 => Step::Transact { who, edits: self.several(Self::tx_move), commit: true },
            8 => Step::Transact { who, edits: self.several(Self::tx_edit), commit: false },
            9..=13 => Step::Swap { who, edits: self.several(Self::edit), made: Made::Shared },
            14 => Step::Swap { who, edits: self.several(Self::edit), made: Made::Rebuilt },
            15 => Step::Swap { who, edits: self.several(Self::edit), made: Made::Reordered },
            16 => Step::Borrow { who, from: self.number(5) },
            17..=20 => Step::Merge { into: who, from: self.number(5) },
            21..=23 => {
                let (from, how) = (self.number(5), self.number(8));
                let (everything, split, bytes) = (how & 1 == 1, how & 2 == 2, how & 4 == 4);
                Step::Ask { who, from, everything, split, bytes }
            }
            24..=26 => Step::Deliver { parcel: self.number(16), again: false },
            27 => Step::Deliver { parcel: self.number(16), again: true },
            28 => Step::Lose { parcel: self.number(16) },
            29 => Step::Branch { of: who },
            30 => Step::Codec { who },
            31..=32 => {
                let made = Made::Built(self.number(3));
                Step::Swap { who, edits: self.several(Self::edit), made }
            }
            33..=34 => {
                let from = self.number(64);
                let from = (from > 0).then_some(from);
                Step::Recall { who, what: self.place(), from, into: self.place(), at: self.place() }
            }
            _ => Step::At { who, clock: self.number(64) },
        })
    }

    /// A number below `end`; 0 when nothing is left.
    pub fn number(&mut self, end: usize) -> usize {
        let Some((&byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(byte) % end
    }

    pub fn several<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..=self.number(4)).map(|_| one(self)).collect()
    }

    fn value(&mut self) -> Json {
        Json(json(VALUES[self.number(VALUES.len())]))
    }

    fn typed(&mut self) -> String {
        TYPED[self.number(TYPED.len())].to_owned()
    }

    fn by(&mut self) -> i64 {
        AMOUNTS[self.number(AMOUNTS.len())]
    }

    fn kind(&mut self) -> Kind {
        Kind::ALL[self.number(4)]
    }

    fn place(&mut self) -> usize {
        self.number(12)
    }

    pub fn tx_edit(&mut self) -> TxEdit {
        match self.number(24) {
            0..=1 => TxEdit::Put { map: self.place(), key: self.place(), value: self.value() },
            2 => TxEdit::PutRoot { value: self.value() },
            3..=4 => TxEdit::PutNew { map: self.place(), key: self.place(), kind: self.kind() },
            5..=6 => TxEdit::Insert { list: self.place(), at: self.place(), value: self.value() },
            7 => TxEdit::InsertNew { list: self.place(), at: self.place(), kind: self.kind() },
            8 => TxEdit::Set { list: self.place(), at: self.place(), value: self.value() },
            9..=10 => TxEdit::Delete { list: self.place(), at: self.place(), count: self.number(4) },
            11..=12 => TxEdit::Remove { map: self.place(), at: self.place() },
            13..=16 => TxEdit::Splice {
                text: self.number(4),
                at: self.number(32),
                deleted: self.number(6),
                typed: self.typed(),
            },
            17 => TxEdit::Add { counter: self.number(4), by: self.by() },
            18 => TxEdit::Impossible { which: self.number(4), place: self.place() },
            _ => self.tx_move(),
        }
    }

    pub fn tx_move(&mut self) -> TxEdit {
        match self.number(5) {
            0..=1 => TxEdit::MoveToKey { container: self.place(), map: self.place(), key: self.place() },
            2..=3 => TxEdit::MoveToItem { container: self.place(), list: self.place(), at: self.place() },
            _ => TxEdit::MoveToOwnKey { container: self.place(), map: self.place() },
        }
    }

    pub fn edit(&mut self) -> Edit {
        let place = self.place();
        match self.number(32) {
            0..=1 => Edit::Put { place, at: self.place(), value: self.value() },
            2..=3 => Edit::Insert { place, at: self.place(), value: self.value() },
            4 => Edit::Append { place, value: self.value() },
            5 => Edit::Prepend { place, value: self.value() },
            6..=7 => Edit::Remove { place, at: self.place() },
            8 => Edit::Clear { place },
            9 => Edit::Reverse { place },
            10 => Edit::Exchange { place, one: self.place(), other: self.place() },
            11 => Edit::Repeat { place, at: self.place(), to: self.place() },
            12 => Edit::Copy { from: place, into: self.place(), at: self.place() },
            13 => Edit::Wrap { place, at: self.place(), in_list: self.number(2) == 1 },
            14 => Edit::Unwrap { place, at: self.place() },
            15..=18 => Edit::Move { what: place, into: self.place(), at: self.place() },
            19..=20 => Edit::MoveEdited {
                what: place,
                into: self.place(),
                at: self.place(),
                put: self.place(),
                value: self.value(),
            },
            21 => Edit::ChangePlaces { one: place, other: self.place() },
            22..=23 => Edit::Rotate { place, by: self.place() },
            24 => Edit::Sort { place },
            25..=27 => Edit::Splice {
                which: place,
                at: self.number(32),
                deleted: self.number(6),
                typed: self.typed(),
            },
            28 => Edit::Increment { which: place, by: self.by() },
            29..=30 => Edit::Replace { place, value: self.value() },
            _ => Edit::Reset { value: self.value() },
        }
    }
}
