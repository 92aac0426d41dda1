//! What the tests of the engine share: short constructors, snapshots, edits, histories.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate, and uses its part")]

pub mod cases;
pub mod edit;
pub mod history;

use std::sync::{Arc, Mutex};

use rejoin::crdt::{Actor, Change, Clock, Conflict, ConvergentRef, DocumentId, OpId, Patch, WatchId};
use rejoin::value::{self, Val, parse, same};

pub fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

pub fn document() -> DocumentId {
    DocumentId::new("document").unwrap()
}

pub fn id(text: &str) -> OpId {
    text.parse().unwrap()
}

/// The value that a JSON text stands for.
pub fn json(text: &str) -> Val {
    parse(text).unwrap()
}

/// The first replica of a document.
pub fn replica(name: &str, value: &str) -> ConvergentRef {
    ConvergentRef::with_value(document(), actor(name), json(value)).unwrap()
}

pub fn branch(of: &ConvergentRef, name: &str) -> ConvergentRef {
    of.branch(actor(name)).unwrap()
}

/// Sets the value of a replica. Its keys need not come in the order that the replica keeps.
pub fn set(replica: &mut ConvergentRef, value: &str) {
    replica.reset(json(value)).unwrap();
    assert!(same(replica.value(), &json(value)), "set to {value}, but it is {}", replica.value());
}

/// The value as it is printed.
pub fn text(replica: &ConvergentRef) -> String {
    value::text(replica.value())
}

/// Lets two replicas take what the other has.
pub fn exchange(a: &mut ConvergentRef, b: &mut ConvergentRef) {
    a.merge(b).unwrap();
    b.merge(a).unwrap();
    assert_eq!(text(a), text(b));
    assert_eq!(a.clock(), b.clock());
    a.check().unwrap();
    b.check().unwrap();
}

/// The change that a replica applied last.
pub fn last_change(replica: &ConvergentRef) -> Change {
    replica.changes().last().unwrap().clone()
}

/// A patch of these changes, of the document that all tests share.
pub fn patch(changes: impl IntoIterator<Item = Change>) -> Patch {
    Patch::new(document(), changes)
}

/// A patch for each change.
pub fn singles(of: &Patch) -> Vec<Patch> {
    of.changes().map(|change| patch([change.clone()])).collect()
}

/// All changes that a replica has applied, ordered by id: the set, without the order of arrival.
pub fn change_set(replica: &ConvergentRef) -> Vec<Change> {
    sorted(replica.changes().cloned())
}

pub fn sorted(changes: impl Iterator<Item = Change>) -> Vec<Change> {
    let mut changes: Vec<Change> = changes.collect();
    changes.sort_by_key(Change::id);
    changes
}

/// Everything that one can see of a replica.
#[derive(Debug, PartialEq)]
pub struct Snapshot {
    text: String,
    clock: Clock,
    changes: Vec<Change>,
    waiting: Vec<Change>,
    conflicts: Vec<Conflict>,
    patches: Vec<Vec<Change>>,
}

impl Snapshot {
    pub fn of(replica: &ConvergentRef) -> Self {
        replica.check().unwrap();
        let clock = replica.clock();
        let half: Clock = clock.iter().map(|(actor, counter)| (actor.clone(), counter / 2)).collect();
        let foreign: Clock = [(actor("stranger"), 7)].into_iter().collect();
        let patches = [&Clock::new(), clock, &half, &foreign];
        Self {
            text: text(replica),
            clock: clock.clone(),
            changes: replica.changes().cloned().collect(),
            waiting: replica.waiting().cloned().collect(),
            conflicts: replica.conflicts(),
            patches: patches.map(|since| replica.patch_from_clock(since).changes().cloned().collect()).into(),
        }
    }
}

/// The calls that a watcher got: old and new value, as text.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<(String, String)>>>);

impl Calls {
    /// Watches a replica from now on.
    pub fn of(replica: &mut ConvergentRef) -> Self {
        let calls = Self::default();
        calls.watch(replica);
        calls
    }

    /// Watches one more replica.
    pub fn watch(&self, replica: &mut ConvergentRef) -> WatchId {
        let seen = Arc::clone(&self.0);
        replica.watch(move |old: &Val, new: &Val| {
            seen.lock().unwrap().push((value::text(old), value::text(new)));
        })
    }

    /// The calls since the last time that somebody asked.
    pub fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
