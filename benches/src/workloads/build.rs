//! Documents that are made from nothing: time and memory.

use serde_json::Value;

use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Change, Edit, Shape, Task, base};
use crate::measure::Lane;
use crate::random::Random;
use crate::report::Measure::{Live, Milliseconds, Peak};
use crate::report::{Goal, JSON, Limit};

/// The sequential traces.
pub(super) const TRACES: [&str; 5] =
    ["automerge-paper", "friendsforever_flat", "rustcode", "seph-blog1", "sveltecomponent"];

const TYPING: Goal = Goal::Times(&[
    Limit { factor: 0.15, of: &["loro"], called: "loro" },
    Limit { factor: 2.0, of: &["diamond-types"], called: "diamond-types" },
]);
const MOST: Goal = Goal::Times(&[Limit { factor: 0.7, of: JSON, called: "fastest" }]);
const HALF: Goal = Goal::Times(&[Limit { factor: 0.5, of: JSON, called: "fastest" }]);
const SMALL: Goal = Goal::Times(&[Limit { factor: 1.0, of: &["loro", "yrs"], called: "min(loro, yrs)" }]);

/// The changes that make a document.
pub(super) struct Build {
    pub(super) shape: Shape,
    pub(super) changes: Vec<Change>,
    /// The value at the end, where it is known beforehand.
    pub(super) end: Option<Value>,
    /// Whether something is deleted or overwritten.
    pub(super) forgets: bool,
    /// Whether each change is made by another actor.
    pub(super) by_many: bool,
}

impl Build {
    pub(super) fn new(shape: Shape, changes: Vec<Change>) -> Self {
        Self { shape, changes, end: None, forgets: false, by_many: false }
    }

    /// Makes the document.
    pub(super) fn make<R: Replica>(&self) -> R {
        let mut replica = R::new(self.shape);
        for (actor, change) in (1..).zip(&self.changes) {
            if self.by_many {
                replica = replica.become_actor(actor);
            }
            replica.apply(change);
        }
        replica
    }

    /// Whether it inserts at random places, which is quadratic in yrs.
    pub(super) fn is_scattered(&self) -> bool {
        self.shape == Shape::List && self.changes.len() == 1 && {
            let next = |pair: &[Edit]| match pair {
                [Edit::Insert { at: before, .. }, Edit::Insert { at, .. }] => *at == 0 || *at == before + 1,
                _ => true,
            };
            !self.changes[0].windows(2).all(next)
        }
    }
}

impl Work for Build {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn with_gc(&self) -> bool {
        self.forgets
    }

    fn is_long(&self, who: Who) -> bool {
        // A replica of yrs for another actor is made by reading it.
        who == Who::Yrs && (self.is_scattered() || self.by_many)
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let lane = Lane::new(who.name(), move |meter| {
            let mut replica = meter.time(|| self.make::<R>());
            // What a contestant keeps of the value belongs to its memory.
            drop(replica.json());
            meter.live();
            let value = replica.value();
            assert!(self.end.as_ref().is_none_or(|end| *end == value), "{} ends wrong", who.name());
            value
        });
        vec![lane]
    }
}

fn race(bench: &mut Bench, group: &'static str, name: &str, goal: Goal, make: impl FnOnce() -> Build) {
    if bench.wants(group, name) {
        let measures = &[(Milliseconds, goal), (Live, SMALL), (Peak, Goal::None)];
        bench.race(&Rows { group, name, measures }, &make());
    }
}

pub(super) fn text(bench: &mut Bench) {
    let wanted: Vec<&str> = TRACES.into_iter().filter(|name| bench.wants("text", name)).collect();
    for typing in bench.typing(&wanted) {
        let end = typing.end.map(Value::from);
        let changes = typing.changes;
        let build = || Build { end, forgets: true, ..Build::new(Shape::Text, changes) };
        race(bench, "text", &typing.name, TYPING, build);
    }
}

/// Inserts at positions that a function of the length chooses.
fn insertions(count: usize, mut place: impl FnMut(usize) -> usize) -> impl Iterator<Item = Edit> {
    (0..count).map(move |length| Edit::Insert { at: place(length), value: length as i64 })
}

/// A list of numbers inserted at random places, in one change.
pub(super) fn scattered(count: usize) -> Build {
    let mut random = Random::new(2);
    Build::new(Shape::List, vec![insertions(count, |length| random.below(length + 1)).collect()])
}

/// A map of so many keys, in one change.
pub(super) fn keys(count: usize) -> Build {
    Build::new(Shape::Map, vec![base(Shape::Map, count)])
}

/// A list of objects, in one change.
pub(super) fn tasks(count: usize) -> Build {
    let task =
        |i: usize| Task { id: i as i64, title: format!("Task number {i}").into(), done: i.is_multiple_of(3) };
    let change = (0..count).map(|at| Edit::InsertTask { at, task: task(at) }).collect();
    Build::new(Shape::List, vec![change])
}

/// A text of one character by each of so many actors, each of which had seen all before.
pub(super) fn by_many(count: usize) -> Build {
    let mut random = Random::new(7);
    let mut edit = |length| Edit::Splice {
        at: random.below(length + 1),
        delete: 0,
        insert: random.letter().to_string().into(),
    };
    let changes = (0..count).map(|length| vec![edit(length)]).collect();
    Build { by_many: true, ..Build::new(Shape::Text, changes) }
}

pub(super) fn list(bench: &mut Bench) {
    const COUNT: usize = 100_000;
    let one = |edits: Vec<Edit>| Build::new(Shape::List, vec![edits]);
    race(bench, "list", "append", MOST, || one(insertions(COUNT, |length| length).collect()));
    race(bench, "list", "prepend", MOST, || one(insertions(COUNT, |_| 0).collect()));
    race(bench, "list", "random", MOST, || scattered(COUNT));
}

pub(super) fn map(bench: &mut Bench) {
    const COUNT: usize = 100_000;
    race(bench, "map", "keys", MOST, || keys(COUNT));
    race(bench, "map", "one-key", MOST, || {
        let change = (0..COUNT).map(|i| Edit::Put { key: "key".into(), value: i as i64 }).collect();
        Build { forgets: true, ..Build::new(Shape::Map, vec![change]) }
    });
}

pub(super) fn nested(bench: &mut Bench) {
    race(bench, "nested", "objects", HALF, || tasks(10_000));
}

pub(super) fn changes(bench: &mut Bench) {
    const COUNT: usize = 10_000;
    let each =
        |shape, edits: Vec<Edit>| Build::new(shape, edits.into_iter().map(|edit| vec![edit]).collect());
    race(bench, "changes", "append", MOST, || {
        each(Shape::List, insertions(COUNT, |length| length).collect())
    });
    race(bench, "changes", "keys", MOST, || each(Shape::Map, base(Shape::Map, COUNT)));
    race(bench, "changes", "random", MOST, || {
        let mut random = Random::new(3);
        each(Shape::List, insertions(COUNT, |length| random.below(length + 1)).collect())
    });
}
