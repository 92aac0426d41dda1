//! Cancelled work leaves no trace, at whatever question it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cancellation::{Cancelled, Interrupt};
use crate::crdt::{Actor, Clock, ConvergentRef, DocumentId, Kind, Patch};
use crate::value::{Val, parse, text};

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

/// Makes a document of lists, objects, a text and a counter, to which two actors wrote, with conflicts and moves.
fn document(items: usize) -> ConvergentRef {
    let objects: Vec<String> =
        (0..items).map(|n| format!(r#"{{"id":{n},"title":"title {n}","tags":["a",{n}]}}"#)).collect();
    let numbers: Vec<String> = (0..items).map(|n| n.to_string()).collect();
    let json = format!(r#"{{"todo":[{}],"done":[],"n":[{}],"k":1}}"#, objects.join(","), numbers.join(","));
    let mut ann =
        ConvergentRef::with_value(DocumentId::new("doc").unwrap(), actor("ann"), parse(&json).unwrap())
            .unwrap();
    let root = ann.container(&".".parse().unwrap()).unwrap();
    let mut tx = ann.transaction().unwrap();
    let note = tx.put_new(&root, "note", Kind::Text).unwrap();
    tx.splice(&note, 0, 0, "a note that is long enough").unwrap();
    let likes = tx.put_new(&root, "likes", Kind::Counter).unwrap();
    tx.add(&likes, 3).unwrap();
    tx.commit().unwrap();
    let mut bob = ann.branch(actor("bob")).unwrap();
    edit(&mut bob, |value| set(value, "k", "[2]"));
    edit(&mut ann, |value| set(value, "k", r#"{"three":3}"#));
    ann.merge(&bob).unwrap();
    ann.value();
    ann
}

fn edit(replica: &mut ConvergentRef, change: impl FnOnce(&mut Val)) {
    let mut value = replica.value().clone();
    change(&mut value);
    replica.reset(value).unwrap();
}

fn set(value: &mut Val, key: &str, json: &str) {
    value.as_map_mut().unwrap().insert(key.into(), parse(json).unwrap());
}

fn reverse(value: &mut Val, key: &str) {
    let entries = value.as_map_mut().unwrap();
    let items = entries.get(key).unwrap().as_list().unwrap().clone();
    let reversed: Vec<Val> = items.iter().rev().cloned().collect();
    let list: Val = reversed.into_iter().collect();
    let identity = items_identity(entries.get(key).unwrap());
    entries.insert(key.into(), list.with_identity(identity));
}

fn items_identity(value: &Val) -> Option<crate::value::Identity> {
    value.identity().cloned()
}

fn copy(replica: &ConvergentRef) -> ConvergentRef {
    let copy = ConvergentRef::from_bytes(&replica.to_bytes()).unwrap();
    copy.value();
    copy
}

/// Returns what somebody can see of a ref.
fn state(replica: &ConvergentRef) -> (String, Clock, Vec<u8>) {
    (text(replica.value()), replica.clock().clone(), replica.to_bytes())
}

/// Does work to copies of a ref, cancelled at each of the questions that `chosen` picks of all; holds that the copy is
/// what it was, and that the work has its usual outcome then.
fn cancelled_at<T>(
    start: &ConvergentRef,
    chosen: impl Fn(usize) -> Vec<usize>,
    work: impl Fn(&mut ConvergentRef) -> T,
) -> usize {
    let mut whole = copy(start);
    let counter = Interrupt::after(usize::MAX);
    whole.cancellable(&counter, &work).map(drop).unwrap();
    whole.check().unwrap();
    let questions = usize::MAX - counter.questions_left();
    let (before, after) = (state(start), state(&whole));
    let mut cancelled = 0;
    for question in chosen(questions) {
        let mut replica = copy(start);
        match replica.cancellable(&Interrupt::after(question), &work) {
            Ok(_) => assert_eq!(state(&replica), after, "question {question} of {questions}"),
            Err(Cancelled) => {
                cancelled += 1;
                replica.check().unwrap();
                assert_eq!(state(&replica), before, "question {question} of {questions}");
                work(&mut replica);
                replica.check().unwrap();
                assert_eq!(state(&replica), after, "again after question {question} of {questions}");
            }
        }
    }
    cancelled
}

fn all(questions: usize) -> Vec<usize> {
    (0..questions).collect()
}

fn some(questions: usize) -> Vec<usize> {
    (0..16).map(|at| at * questions / 16).collect()
}

/// Does the works that can be cancelled; counts for each how often it was.
fn works(items: usize, chosen: fn(usize) -> Vec<usize>) -> Vec<(&'static str, usize)> {
    let start = document(items);
    let mut counts = Vec::new();
    let mut add = |name, count| counts.push((name, count));
    add(
        "reverse",
        cancelled_at(&start, chosen, |replica| {
            edit(replica, |value| {
                reverse(value, "todo");
                reverse(value, "n");
            });
            (text(replica.value()), replica.delta().len())
        }),
    );
    add(
        "outside",
        cancelled_at(&start, chosen, |replica| {
            let mut value = replica.value().clone();
            reverse(&mut value, "todo");
            set(&mut value, "note", "\"another note, that is long enough\"");
            replica.reset(parse(&text(&value)).unwrap()).unwrap();
            replica.delta().len()
        }),
    );
    add(
        "clear",
        cancelled_at(&start, chosen, |replica| {
            edit(replica, |value| set(value, "todo", "[]"));
            replica.delta().len()
        }),
    );
    // What another one did meanwhile.
    let mut bob = start.branch(actor("bobby")).unwrap();
    edit(&mut bob, |value| reverse(value, "todo"));
    edit(&mut bob, |value| set(value, "n", "[1,2,3]"));
    let patch = bob.patch_from_clock(start.clock());
    let mut own = copy(&start);
    edit(&mut own, |value| set(value, "k", "7"));
    edit(&mut own, |value| reverse(value, "n"));
    add(
        "patch",
        cancelled_at(&own, chosen, |replica| {
            let report = replica.merge_patch(&patch).unwrap();
            (report.new, replica.delta().len())
        }),
    );
    add("merge", cancelled_at(&own, chosen, |replica| replica.merge(&bob).unwrap().new));
    // In two pieces, the second one first: it waits.
    let changes: Vec<_> = patch.changes().collect();
    let mut waits = copy(&own);
    let piece = |at: usize| Patch::new(waits.document().clone(), changes[at..=at].iter().cloned());
    let (first, second) = (piece(0), piece(1));
    assert_eq!(waits.merge_patch(&second).unwrap().waiting, 1);
    add(
        "dropped",
        cancelled_at(&waits, chosen, |replica| {
            let version = replica.version();
            let dropped = replica.drop_waiting();
            edit(replica, |value| reverse(value, "todo"));
            let changes = replica.delta().len();
            replica.rewind(version).unwrap();
            (dropped, changes, replica.delta().len())
        }),
    );
    add("woken", cancelled_at(&waits, chosen, |replica| replica.merge_patch(&first).unwrap().new));
    // Back and forth.
    let base = start.clock().clone();
    add(
        "back",
        cancelled_at(&start, chosen, |replica| {
            let version = replica.version();
            edit(replica, |value| reverse(value, "todo"));
            let rewound = replica.rewind(version).unwrap();
            let changes = replica.delta().len();
            replica.replay(rewound).unwrap();
            (changes, replica.delta().len())
        }),
    );
    // Back, before anything else is done or after what waits was dropped.
    let mut late = copy(&own);
    let version = late.version();
    edit(&mut late, |value| reverse(value, "todo"));
    late.merge_patch(&second).unwrap();
    let back = |replica: &mut ConvergentRef| {
        let rewound = replica.rewind(version.clone()).unwrap();
        let changes = replica.delta().len();
        replica.replay(rewound).unwrap();
        changes
    };
    add("back at once", cancelled_at(&late, chosen, back));
    add(
        "dropped and back",
        cancelled_at(&late, chosen, |replica| (replica.drop_waiting(), back(replica), replica.waiting_len())),
    );
    add(
        "read",
        cancelled_at(&own, chosen, |replica| {
            let patch = replica.patch_from_clock(&base);
            let at = replica.at(&base).unwrap();
            (patch.to_json(), at, replica.conflicts().len(), replica.changes().count())
        }),
    );
    counts
}

#[test]
fn work_that_is_cancelled_at_any_question_leaves_the_ref_as_it_was() {
    for (name, cancelled) in works(3, all) {
        assert!(cancelled > 5, "{name}: {cancelled}");
    }
}

#[test]
fn long_work_that_is_cancelled_leaves_the_ref_as_it_was() {
    for (name, cancelled) in works(60, some) {
        assert!(cancelled > 12, "{name}: {cancelled}");
    }
}

#[test]
fn an_edit_that_is_short_goes_on_to_its_end_and_can_be_cancelled_before() {
    let mut start = ConvergentRef::new(DocumentId::new("doc").unwrap(), actor("ann"));
    start.reset(parse(r#"{"a":1}"#).unwrap()).unwrap();
    let cancelled = cancelled_at(&start, all, |replica| edit(replica, |value| set(value, "a", "2")));
    assert!(cancelled > 0);
}

#[test]
fn what_is_being_made_is_cancelled_as_a_whole() {
    let bytes = document(3).to_bytes();
    let (value, document) = (parse("[[1],[2],{\"a\":[3,4]}]").unwrap(), DocumentId::new("doc").unwrap());
    let mut cancelled = [0, 0];
    for question in 0..600 {
        let interrupt = Interrupt::after(question);
        let read = interrupt.cancellable(|| ConvergentRef::from_bytes(&bytes));
        cancelled[0] += usize::from(read.is_err());
        let make = || ConvergentRef::with_value(document.clone(), actor("ann"), value.clone());
        cancelled[1] += usize::from(Interrupt::after(question).cancellable(make).is_err());
    }
    assert!((20..600).contains(&cancelled[0]) && (5..600).contains(&cancelled[1]), "{cancelled:?}");
}

#[test]
fn watchers_and_the_validator_stay_and_the_next_change_is_told() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let told = Arc::new(AtomicUsize::new(0));
    let mut replica = copy(&document(3));
    let count = Arc::clone(&told);
    replica.watch(move |_, _, changes| {
        count.fetch_add(changes.len(), Ordering::Relaxed);
    });
    replica.set_validator(|value| if value["k"].is_null() { Err("no k".into()) } else { Ok(()) });
    let mut question = 0;
    while replica
        .cancellable(&Interrupt::after(question), |replica| edit(replica, |value| reverse(value, "todo")))
        .is_err()
    {
        question += 1;
    }
    assert!(question > 20 && told.load(Ordering::Relaxed) > 0);
    let mut value = replica.value().clone();
    value.as_map_mut().unwrap().remove("k");
    assert!(replica.reset(value).is_err());
}

#[test]
fn work_inside_of_other_work_is_a_part_of_that() {
    let mut replica = document(60);
    let before = state(&replica);
    let (outer, inner) = (Interrupt::default(), Interrupt::default());
    let outcome = replica.cancellable(&outer, |replica| {
        replica.cancellable(&inner, |replica| edit(replica, |value| reverse(value, "todo"))).unwrap();
        outer.raise();
        loop {
            crate::cancellation::ask();
        }
    });
    assert_eq!(outcome, Err::<(), _>(Cancelled));
    assert_eq!(state(&replica), before);
}

#[test]
fn after_a_panic_of_the_work_later_work_takes_back_itself_alone() {
    let mut replica = document(60);
    let panics = |replica: &mut ConvergentRef| {
        edit(replica, |value| reverse(value, "n"));
        std::panic::panic_any("theirs");
    };
    let caught = catch_unwind(AssertUnwindSafe(|| replica.cancellable(&Interrupt::default(), panics)));
    assert!(caught.is_err());
    let before = state(&replica);
    let stopped = replica.cancellable(&Interrupt::after(0), |replica| {
        edit(replica, |value| reverse(value, "todo"));
    });
    assert_eq!((stopped, state(&replica)), (Err(Cancelled), before));
}

#[test]
fn what_watchers_were_told_is_not_taken_back() {
    let mut replica = document(60);
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    replica.watch(move |_, _, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let interrupt = Interrupt::default();
    let done = replica.cancellable(&interrupt, |replica| {
        edit(replica, |value| reverse(value, "todo"));
        interrupt.raise();
        edit(replica, |value| reverse(value, "n"));
    });
    assert_eq!((done, told.load(Ordering::Relaxed)), (Ok(()), 2));
    replica.check().unwrap();
}
