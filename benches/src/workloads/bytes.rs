//! A whole document with its history as bytes: how many, writing them, reading them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::build::{Build, TRACES, by_many, keys, scattered, tasks};
use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Edit, Shape, key};
use crate::measure::Lane;
use crate::report::Measure::{Milliseconds, Peak, Size};
use crate::report::{ALL, Goal, Limit};

const SMALLEST: Goal = Goal::Times(&[Limit { factor: 1.0, of: ALL, called: "smallest" }]);
/// A snapshot of loro holds the state beside the history; what only holds the history is what counts.
const JSON: &[&str] = &["automerge", "loro updates", "yrs"];
const FAST: Goal = Goal::Times(&[Limit { factor: 0.7, of: JSON, called: "fastest JSON history" }]);

/// The name under which a form is kept that is no lane in the other rows.
const SNAPSHOT: &str = "snapshot";
const NEAR: Goal = Goal::Times(&[Limit { factor: 1.2, of: &["loro snapshot"], called: "loro snapshot" }]);

/// A document and, by the names of their lanes, the ways in which it was written: making it may take minutes.
struct Document {
    build: Build,
    written: RefCell<HashMap<&'static str, Rc<[u8]>>>,
}

/// Writing the document.
struct Encode<'d>(&'d Document);

/// Reading it, and its value as JSON.
struct Decode<'d>(&'d Document);

/// Reading the value of a document from bytes that have the state beside the history.
struct Snapshot<'d>(&'d Document);

impl Document {
    fn new(build: Build) -> Self {
        Self { build, written: RefCell::default() }
    }

    /// Makes the document and writes it in all formats.
    fn make<R: Replica>(&self) -> R {
        let mut replica = self.build.make::<R>();
        let snapshot = R::SNAPSHOT.filter(|(format, _)| *format >= R::FORMATS.len());
        let snapshot = snapshot.map(|(format, _)| (format, SNAPSHOT));
        for (format, name) in R::FORMATS.iter().copied().enumerate().chain(snapshot) {
            let bytes = replica.encode(format);
            self.written.borrow_mut().insert(name, bytes.into());
        }
        replica
    }

    fn bytes<R: Replica>(&self, name: &'static str) -> Rc<[u8]> {
        if !self.written.borrow().contains_key(name) {
            self.make::<R>();
        }
        self.written.borrow()[name].clone()
    }
}

impl Work for Encode<'_> {
    fn shape(&self) -> Shape {
        self.0.build.shape()
    }

    fn with_gc(&self) -> bool {
        self.0.build.with_gc()
    }

    fn is_long(&self, who: Who) -> bool {
        self.0.build.is_long(who)
    }

    fn names<R: Replica>(&self, _who: Who) -> Vec<&'static str> {
        R::FORMATS.to_vec()
    }

    fn lanes<'a, R: Replica>(&'a self, _who: Who) -> Vec<Lane<'a>> {
        let replica = Rc::new(RefCell::new(self.0.make::<R>()));
        let lane = |(format, name): (usize, &&'static str)| {
            let replica = replica.clone();
            let size = self.0.bytes::<R>(name).len();
            Lane::new(name, move |meter| {
                let mut replica = replica.borrow_mut();
                // What was written before may be kept: a document is written again when it has changed.
                replica.apply(&[one_more(self.shape())]);
                drop(replica.json());
                meter.time(|| replica.encode(format));
                meter.size(size);
                Value::Null
            })
        };
        R::FORMATS.iter().enumerate().map(lane).collect()
    }
}

impl Work for Decode<'_> {
    fn shape(&self) -> Shape {
        self.0.build.shape()
    }

    fn with_gc(&self) -> bool {
        self.0.build.with_gc()
    }

    fn is_long(&self, who: Who) -> bool {
        self.0.build.is_long(who)
    }

    fn names<R: Replica>(&self, _who: Who) -> Vec<&'static str> {
        R::FORMATS.to_vec()
    }

    fn lanes<'a, R: Replica>(&'a self, _who: Who) -> Vec<Lane<'a>> {
        let lane = |(format, name): (usize, &&'static str)| {
            let bytes = self.0.bytes::<R>(name);
            Lane::new(name, move |meter| {
                let (mut read, _json) = meter.time(|| {
                    let mut read = R::decode(self.shape(), format, &bytes);
                    let json = read.json();
                    (read, json)
                });
                read.value()
            })
        };
        R::FORMATS.iter().enumerate().map(lane).collect()
    }
}

impl Work for Snapshot<'_> {
    fn shape(&self) -> Shape {
        self.0.build.shape()
    }

    fn is_long(&self, who: Who) -> bool {
        self.0.build.is_long(who)
    }

    fn names<R: Replica>(&self, _who: Who) -> Vec<&'static str> {
        R::SNAPSHOT.map(|(_, name)| name).into_iter().collect()
    }

    fn lanes<'a, R: Replica>(&'a self, _who: Who) -> Vec<Lane<'a>> {
        let lane = |(format, name): (usize, &'static str)| {
            let bytes = self.0.bytes::<R>(if format < R::FORMATS.len() { name } else { SNAPSHOT });
            Lane::new(name, move |meter| {
                let (mut read, _json) = meter.time(|| {
                    let mut read = R::decode(self.shape(), format, &bytes);
                    let json = read.json();
                    (read, json)
                });
                meter.size(bytes.len());
                read.value()
            })
        };
        R::SNAPSHOT.map(lane).into_iter().collect()
    }
}

/// A small edit of any document of that shape.
fn one_more(shape: Shape) -> Edit {
    match shape {
        Shape::Text => Edit::Splice { at: 0, delete: 0, insert: "x".into() },
        Shape::List => Edit::Insert { at: 0, value: 0 },
        Shape::Map => Edit::Put { key: key(0), value: 0 },
    }
}

fn race(bench: &mut Bench, name: &str, make: impl FnOnce(&mut Bench) -> Option<Build>) {
    let [write, read, snapshot] = ["write", "read", "snapshot"].map(|what| format!("{name} {what}"));
    let [writes, reads, opens] = [&write, &read, &snapshot].map(|row| bench.wants("bytes", row));
    let Some(build) = (writes || reads || opens).then(|| make(bench)).flatten() else { return };
    let document = Document::new(build);
    if writes {
        let measures = &[(Size, SMALLEST), (Milliseconds, FAST), (Peak, Goal::None)];
        bench.race(&Rows { group: "bytes", name: &write, measures }, &Encode(&document));
    }
    if reads {
        let measures = &[(Milliseconds, FAST), (Peak, Goal::None)];
        bench.race(&Rows { group: "bytes", name: &read, measures }, &Decode(&document));
    }
    if opens {
        let measures = &[(Size, Goal::None), (Milliseconds, NEAR)];
        bench.race(&Rows { group: "bytes", name: &snapshot, measures }, &Snapshot(&document));
    }
}

pub(super) fn run(bench: &mut Bench) {
    race(bench, "text", |bench| {
        let typing = bench.typing(&TRACES[..1]).pop()?;
        Some(Build { forgets: true, ..Build::new(Shape::Text, typing.changes) })
    });
    race(bench, "map", |_| Some(keys(100_000)));
    race(bench, "list", |_| Some(scattered(100_000)));
    race(bench, "nested", |_| Some(tasks(10_000)));
    race(bench, "10k-actors", |_| Some(by_many(10_000)));
}
