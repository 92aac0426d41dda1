//! Files that stand for as much as their bytes can: columns of one byte again and again, compressed.

/// The columns of changes in their order in a file. The last three hold the contents.
pub const HEADS: usize = 0;
const LENGTHS: usize = 1;
const KINDS: usize = 2;
const COUNTS: usize = 3;
const CONTAINERS: usize = 4;
const ELEMENTS: usize = 5;
const OVERS: usize = 6;
const KEYS: usize = 7;
const CHARS: usize = 8;
const TAGS: usize = 9;
const INTS: usize = 10;
const TEXTS: usize = 11;

use super::file::{form, head};

/// The kinds of rows and their flags, as the binary form has them.
mod kind {
    pub const TYPE: u8 = 0;
    pub const ITEMS: u8 = 1;
    pub const ITEM: u8 = 2;
    pub const PUT_ROOT: u8 = 3;
    pub const PUT_KEY: u8 = 4;
    pub const PUT_ITEM: u8 = 5;
    pub const DELETE: u8 = 6;
    pub const DELETE_FORWARD: u8 = 7;
    pub const ADD: u8 = 9;
    pub const SAME: u8 = 0x10;
    pub const LEFT: u8 = 0x20;
    pub const ONE: u8 = 0x20;
    pub const ROOT: u8 = 0x40;
    pub const SINGLE: u8 = 0x80;
}

/// Tags of contents.
const NULL: u8 = 0;
const INT: u8 = 3;
const NUMBER: u8 = 4;
const STRING: u8 = 5;
const MAP: u8 = 6;
const LIST: u8 = 7;
const TEXT: u8 = 8;
const COUNTER: u8 = 9;

/// Changes in columns, which may say anything.
#[derive(Clone, Default)]
pub struct Columns {
    changes: u64,
    ops: u64,
    actors: Vec<String>,
    keys: Vec<String>,
    columns: [Vec<u8>; 12],
    last: Vec<u64>,
    /// The actor of the last header.
    author: u64,
}

impl Columns {
    fn actor(&mut self, name: String) -> u64 {
        self.actors.push(name);
        self.last.push(0);
        self.actors.len() as u64 - 1
    }

    fn number(&mut self, column: usize, number: u64) {
        write(&mut self.columns[column], number);
    }

    /// An id, as far from the one before.
    fn id(&mut self, column: usize, far: i64) {
        self.number(column, zigzag(far) << 1);
    }

    fn head(&mut self, actor: u64, previous: u64, deps: &[(u64, u64)], lengths: &[(u64, u64)]) -> u64 {
        let is_single = lengths == [(1, 1)];
        let flag = |is_said: bool, flag: u8| if is_said { flag } else { 0 };
        let gap = previous.wrapping_sub(self.last[actor as usize]) as i64;
        let says = (deps.len() as u8).min(head::DEPS)
            | flag(actor != self.author, head::OTHER)
            | flag(gap != 0, head::GAP)
            | flag(is_single, head::SINGLE);
        self.columns[HEADS].push(says);
        if actor != self.author {
            self.number(HEADS, actor);
        }
        if gap != 0 {
            self.number(HEADS, zigzag(gap));
        }
        if says & head::DEPS == head::DEPS {
            self.number(HEADS, deps.len() as u64);
        }
        for (dep, counter) in deps {
            self.number(HEADS, *dep);
            self.number(HEADS, zigzag(counter.wrapping_sub(self.last[*dep as usize]) as i64));
        }
        if !is_single {
            self.number(HEADS, lengths.len() as u64);
        }
        let mut ops = 0;
        for &(length, times) in lengths {
            if !is_single {
                self.number(LENGTHS, length);
                self.number(LENGTHS, times);
            }
            self.changes += times;
            ops += length * times;
        }
        self.ops += ops;
        let first = deps.iter().map(|(_, counter)| *counter).fold(previous, u64::max) + 1;
        self.last[actor as usize] = first + ops - 1;
        self.author = actor;
        first
    }

    fn row(&mut self, kind: u8) {
        self.columns[KINDS].push(kind);
    }

    fn tag(&mut self, tag: u8) {
        self.columns[TAGS].push(tag);
    }

    /// Begins a change of one actor that makes a container at the root; returns the container's counter.
    fn container(tag: u8, after: u64, ops: u64) -> Self {
        let mut columns = Self::default();
        let actor = columns.actor("a".into());
        columns.head(actor, after, &[], &[(ops + 1, 1)]);
        columns.row(kind::PUT_ROOT | kind::SINGLE);
        columns.tag(tag);
        columns
    }

    /// Appends the changes to a file, so much filled with zeros.
    fn write(&self, file: &mut Vec<u8>, filler: usize) {
        let many = |at: u32| form::MANY << at;
        let [actors, _, keys] = form::COUNTS;
        file.push(form::COLUMNS | form::FILLED | many(actors) | many(keys));
        write(file, self.actors.len() as u64);
        write(file, self.keys.len() as u64);
        for actor in &self.actors {
            write(file, actor.len() as u64);
            file.extend(actor.as_bytes());
        }
        write(file, self.changes);
        write(file, self.ops);
        if !self.keys.is_empty() {
            let mut lengths = Vec::new();
            self.keys.iter().for_each(|key| write(&mut lengths, key.len() as u64));
            column(file, &lengths);
            column(file, self.keys.concat().as_bytes());
        }
        self.columns.iter().for_each(|bytes| column(file, bytes));
        write(file, filler as u64);
        file.resize(file.len() + filler, 0);
    }

    /// A patch of these changes.
    pub fn patch(&self, document: &str, filler: usize) -> Vec<u8> {
        let mut body = Vec::new();
        self.write(&mut body, filler);
        super::file::repaired(super::file::PATCH, document, &body)
    }

    /// A ref that has applied some changes, and in which others wait.
    pub fn replica(&self, waiting: &Self, document: &str, filler: usize) -> Vec<u8> {
        let mut body = b"\x01z\0\0".to_vec();
        self.write(&mut body, 0);
        waiting.write(&mut body, filler);
        super::file::repaired(super::file::REF, document, &body)
    }
}

/// Changes of about so many ops that take as much memory as they can, each in its way. They come after a counter of
/// their actor: 0, or one that nobody has.
pub fn all(ops: u64, after: u64) -> Vec<(&'static str, Columns)> {
    let made = after as i64 + 1;
    let mut all = Vec::new();
    for (name, tag) in
        [("values", NULL), ("maps", MAP), ("lists", LIST), ("texts", TEXT), ("counters", COUNTER)]
    {
        // At the root, in one key, in a list.
        let mut columns = Columns::container(MAP, after, ops);
        (0..ops).for_each(|_| {
            columns.row(kind::PUT_ROOT | kind::SINGLE);
            columns.tag(tag);
        });
        all.push((name, columns));
        let mut columns = Columns::container(MAP, after, ops);
        columns.keys.push("k".into());
        for at in 0..ops {
            columns.row(kind::PUT_KEY | kind::SINGLE | if at > 0 { kind::SAME } else { 0 });
            columns.number(KEYS, 0);
            if at == 0 {
                columns.id(CONTAINERS, made);
            }
            columns.tag(tag);
        }
        all.push((name, columns));
        let mut columns = Columns::container(LIST, after, ops);
        for at in 0..ops {
            let (row, root) = (if tag == NULL { kind::ITEMS } else { kind::ITEM }, kind::ROOT | kind::SINGLE);
            columns.row(row | root | if at > 0 { kind::SAME } else { 0 });
            if at == 0 {
                columns.id(CONTAINERS, made);
            }
            columns.tag(tag);
        }
        all.push((name, columns));
    }
    let mut columns = Columns::container(LIST, after, ops);
    for at in 0..ops {
        columns.row(kind::ITEM | kind::SINGLE | kind::ROOT);
        columns.id(CONTAINERS, if at == 0 { made } else { 1 });
        columns.tag(LIST);
    }
    all.push(("lists in lists", columns));
    let mut columns = Columns::container(MAP, after, ops);
    for at in 0..ops {
        columns.row(kind::PUT_ROOT | kind::SINGLE | kind::ONE);
        columns.id(OVERS, i64::from(at > 0));
        columns.tag(MAP);
    }
    all.push(("maps over maps", columns));
    let mut columns = Columns::container(MAP, after, ops);
    for at in 0..ops {
        columns.keys.push(format!("{at:x}"));
        columns.row(kind::PUT_KEY | kind::SINGLE | if at > 0 { kind::SAME } else { 0 });
        columns.number(KEYS, if at > 0 { 2 } else { 0 });
        if at == 0 {
            columns.id(CONTAINERS, made);
        }
        columns.tag(NULL);
    }
    all.push(("keys", columns));
    for (name, tag) in [("long numbers", INT), ("empty strings", STRING), ("decimals", NUMBER)] {
        let mut columns = Columns::container(LIST, after, ops);
        columns.row(kind::ITEMS | kind::ROOT);
        columns.id(CONTAINERS, made);
        columns.number(COUNTS, ops);
        for at in 0..ops {
            columns.tag(tag);
            match tag {
                INT => columns.number(INTS, if at == 0 { zigzag(i64::MIN) } else { 0 }),
                NUMBER => {
                    columns.tag(3);
                    columns.columns[TEXTS].extend(b"1.5");
                }
                _ => columns.tag(0),
            }
        }
        all.push((name, columns));
    }
    let mut columns = Columns::container(LIST, after, ops);
    for at in 0..ops {
        columns.row(kind::ITEMS | kind::SINGLE | if at > 0 { kind::SAME | kind::LEFT } else { kind::ROOT });
        columns.id(if at == 0 { CONTAINERS } else { ELEMENTS }, if at == 0 { made } else { 0 });
        columns.tag(NULL);
    }
    all.push(("items to the left", columns));
    let mut columns = Columns::container(LIST, after, ops);
    for at in 0..ops {
        columns.row(kind::ITEMS | kind::SINGLE | if at > 0 { kind::SAME } else { kind::ROOT });
        columns.id(if at == 0 { CONTAINERS } else { ELEMENTS }, [made, 0, -1][at.min(2) as usize]);
        columns.tag(NULL);
    }
    all.push(("items beside each other", columns));
    for (name, char) in [("characters", "x"), ("long characters", "\u{10000}")] {
        let mut columns = Columns::container(TEXT, after, ops);
        columns.row(kind::TYPE | kind::ROOT);
        columns.id(CONTAINERS, made);
        columns.number(COUNTS, ops);
        columns.columns[CHARS] = char.repeat(ops as usize).into_bytes();
        all.push((name, columns));
    }
    let mut columns = Columns::container(COUNTER, after, ops);
    for at in 0..ops {
        columns.row(kind::ADD | kind::SINGLE | if at > 0 { kind::SAME } else { 0 });
        if at == 0 {
            columns.id(CONTAINERS, made);
        }
        columns.number(COUNTS, 2);
    }
    all.push(("additions", columns));
    // Items in a run, and what is done to them.
    let items = |more: u64| {
        let mut columns = Columns::container(LIST, after, ops + more);
        columns.row(kind::ITEMS | kind::ROOT);
        columns.id(CONTAINERS, made);
        columns.number(COUNTS, ops);
        (0..ops).for_each(|_| columns.tag(NULL));
        columns
    };
    let back = 1 - ops as i64;
    let mut columns = items(ops);
    for at in 0..ops {
        columns.row(kind::PUT_ITEM | kind::SINGLE | kind::SAME);
        columns.id(ELEMENTS, if at == 0 { back } else { 1 });
        columns.tag(NULL);
    }
    all.push(("puts of items", columns));
    let mut columns = items(ops);
    columns.row(kind::DELETE_FORWARD);
    columns.number(COUNTS, ops);
    columns.id(ELEMENTS, back);
    all.push(("a run of deletes", columns));
    let mut columns = items(1);
    columns.row(kind::DELETE | kind::SINGLE);
    columns.number(COUNTS, ops / 2);
    for at in 0..ops / 2 {
        columns.id(ELEMENTS, if at == 0 { back } else { 2 });
        columns.number(COUNTS, 1);
    }
    all.push(("a delete with gaps", columns));
    // Headers and names.
    let mut columns = Columns::default();
    let actor = columns.actor("a".into());
    columns.head(actor, after, &[], &[(1, ops)]);
    (0..ops).for_each(|_| {
        columns.row(kind::PUT_ROOT | kind::SINGLE);
        columns.tag(NULL);
    });
    all.push(("changes of one op", columns));
    let mut columns = Columns::default();
    let (mut last, actor) = (after, columns.actor("a".into()));
    for _ in 0..ops {
        last = columns.head(actor, last, &[], &[(1, 1)]);
        columns.row(kind::PUT_ROOT | kind::SINGLE);
        columns.tag(NULL);
    }
    all.push(("headers of one op", columns));
    let mut columns = Columns::default();
    let (mut last, actors) = ([after, 0], ["a", "b"].map(|name| columns.actor(name.into())));
    for at in 0..ops as usize {
        let (who, other) = (at % 2, 1 - at % 2);
        let deps = [(actors[other], last[other])];
        last[who] = columns.head(actors[who], last[who], if at > 0 { &deps } else { &[] }, &[(1, 1)]);
        columns.row(kind::PUT_ROOT | kind::SINGLE);
        columns.tag(NULL);
    }
    all.push(("actors by turns", columns));
    let mut columns = Columns::default();
    for at in 0..ops / 8 {
        let actor = columns.actor(format!("{at:x}"));
        columns.head(actor, after, &[], &[(1, 1)]);
        columns.row(kind::PUT_ROOT | kind::SINGLE);
        columns.tag(NULL);
    }
    all.push(("actors", columns));
    all
}

fn column(file: &mut Vec<u8>, bytes: &[u8]) {
    let frame = zstd::bulk::compress(bytes, 1).expect("there is memory");
    let is_shorter = frame.len() < bytes.len();
    write(file, bytes.len() as u64 * 2 + u64::from(is_shorter));
    if is_shorter {
        write(file, frame.len() as u64);
    }
    file.extend(if is_shorter { &frame } else { bytes });
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}
