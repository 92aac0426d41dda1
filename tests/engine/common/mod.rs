//! What the tests of the engine share: short constructors, snapshots, edits, histories.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate, and uses its part")]

pub mod cases;
pub mod edit;
pub mod history;
pub mod mirror;
pub mod transact;

use std::borrow::Borrow;
use std::sync::{Arc, Mutex};

use mirror::Mirror;
use rejoin::crdt::{
    Actor, Change, Clock, Conflict, ConvergentRef, DocumentId, Op, OpId, Patch, Side, Transaction, WatchId,
};
use rejoin::value::{self, Path, PathChange, Step, Val, parse, same};

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

/// Everybody takes what everybody has; the order does not matter, so each has its own. What all come to.
pub fn exchange_all([ann, bob, cid]: &mut [ConvergentRef; 3]) -> String {
    exchange(ann, bob);
    exchange(cid, bob);
    exchange(ann, cid);
    assert_eq!(text(ann), text(bob));
    text(ann)
}

/// Makes edits in one transaction.
pub fn edit<T>(replica: &mut ConvergentRef, edit: impl FnOnce(&mut Transaction<'_>) -> T) -> T {
    let mut transaction = replica.transaction().unwrap();
    let made = edit(&mut transaction);
    transaction.commit().unwrap();
    made
}

/// The container at a path, written `a.0.b`; the root is the empty text.
pub fn at(replica: &ConvergentRef, path: &str) -> OpId {
    let steps = path.split('.').filter(|step| !step.is_empty());
    let steps = steps.map(|step| step.parse().map_or_else(|_| Step::Key(step.to_owned()), Step::Index));
    let found = replica.container(&Path(steps.collect()));
    found.unwrap_or_else(|| panic!("no container at {path} of {}", text(replica)))
}

/// What a replica holds, its containers by their ids.
pub fn mirror(replica: &ConvergentRef) -> Mirror {
    Mirror::of(replica.value(), &|path| replica.container(path))
}

/// The change that a replica applied last.
pub fn last_change(replica: &ConvergentRef) -> Change {
    replica.changes().last().unwrap()
}

/// A patch of these changes, of the document that all tests share.
pub fn patch(changes: impl IntoIterator<Item = Change>) -> Patch {
    Patch::new(document(), changes)
}

/// A patch for each change.
pub fn singles(of: &Patch) -> Vec<Patch> {
    of.changes().map(|change| patch([change])).collect()
}

/// All changes that a replica has applied, ordered by id: the set, without the order of arrival.
pub fn change_set(replica: &ConvergentRef) -> Vec<Change> {
    sorted(replica.changes())
}

/// The changes that wait in a replica, ordered by id.
pub fn waiting(replica: &ConvergentRef) -> Vec<Change> {
    sorted(replica.waiting().map(owned))
}

fn owned(change: impl Borrow<Change>) -> Change {
    change.borrow().clone()
}

/// The change with what was typed one after the other as one op, as a replica gives it.
pub fn typed_whole(mut change: Change) -> Change {
    let mut ops: Vec<Op> = Vec::new();
    let mut last = change.first;
    for (id, op) in change.ops_with_ids() {
        let before = OpId::new(last, id.actor.clone());
        match (ops.last_mut(), op) {
            (
                Some(Op::Type { text, chars, .. }),
                Op::Type { text: same, parent: Some(parent), side: Side::Right, chars: more },
            ) if text == same && *parent == before => chars.push_str(more),
            _ => ops.push(op.clone()),
        }
        last = id.counter + op.count() - 1;
    }
    change.ops = ops;
    change
}

pub fn sorted(changes: impl Iterator<Item = Change>) -> Vec<Change> {
    let mut changes: Vec<Change> = changes.collect();
    changes.sort_by_key(Change::id);
    changes
}

/// Whether a report makes the new value of the old one; else it is named, with what is wrong.
pub fn is_told(old: &Val, report: &[PathChange], new: &Val) -> Result<(), String> {
    let wrong = match value::apply(old, report) {
        Ok(applied) if same(&applied, new) => return Ok(()),
        Ok(applied) => format!("that comes to {applied}"),
        Err(misfit) => misfit.to_string(),
    };
    let lines: Vec<String> = report.iter().map(|change| format!("  {change}\n")).collect();
    Err(format!("from {old}\nto {new}\nis told as\n{}but {wrong}", lines.concat()))
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
            changes: replica.changes().collect(),
            waiting: waiting(replica),
            conflicts: replica.conflicts(),
            patches: patches.map(|since| replica.patch_from_clock(since).changes().collect()).into(),
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
        replica.watch(move |old, new, changes| {
            is_told(old, changes, new).unwrap();
            seen.lock().unwrap().push((value::text(old), value::text(new)));
        })
    }

    /// The calls since the last time that somebody asked.
    pub fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
