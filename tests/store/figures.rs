//! What a large document takes. Run it with `cargo test --release --test store figures -- --ignored --nocapture`.
#![allow(clippy::print_stderr, reason = "it says what it measured")]

use std::time::Instant;

use rejoin::crdt::{Actor, ConvergentRef, DocumentId, OpId};
use rejoin::store::{Blocking, Remote, Seen, Store, Way};
use rejoin::value::{Path, Step, Val, parse};

const ACTORS: usize = 1000;
const CHANGES: usize = 1_000_000;

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

/// A document of many changes: in each round some actors see all before, and write on.
fn document() -> ConvergentRef {
    let start = parse(r#"{"list":[]}"#).unwrap();
    let first = ConvergentRef::with_value(DocumentId::new("large").unwrap(), actor("first"), start).unwrap();
    let list = first.container(&Path(vec![Step::Key("list".to_owned())])).unwrap();
    let mut all = first.branch(actor("all")).unwrap();
    let each = CHANGES / ACTORS;
    for who in 0..ACTORS {
        // Who comes later has seen what is here now.
        let mut replica = all.branch(actor(&format!("actor-{who:04}"))).unwrap();
        for number in 0..each {
            let mut transaction = replica.transaction().unwrap();
            let value = Val::from((number % 7) as i64);
            transaction.insert(&list, number, value).unwrap();
            transaction.commit().unwrap();
        }
        all.merge(&replica).unwrap();
    }
    all
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let made = work();
    eprintln!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    made
}

fn figures_of(name: &str, mut store: Blocking, all: &ConvergentRef) {
    let document = all.document().clone();
    let mut writer = all.branch(actor("writer")).unwrap();
    let mut seen = Seen::default();
    eprintln!("--- {name}");
    let sent = timed("first push", || store.check_in(&mut writer, &mut seen, Way::Both).unwrap());
    eprintln!("  {} changes, {} bytes, {} requests", sent.sent.changes, sent.sent.bytes, sent.requests);
    let nothing = timed("nothing new", || store.check_in(&mut writer, &mut seen, Way::Both).unwrap());
    assert_eq!(nothing.requests, 1);
    let forgot = timed("nothing new, no memory", || {
        store.check_in(&mut writer, &mut Seen::default(), Way::Both).unwrap()
    });
    eprintln!("  {} requests", forgot.requests);
    for _ in 0..3 {
        let mut transaction = writer.transaction().unwrap();
        let root = OpId::new(1, actor("first"));
        transaction.put(&root, "small", Val::from(1)).unwrap();
        transaction.commit().unwrap();
        timed("one small change", || store.check_in(&mut writer, &mut seen, Way::Both).unwrap());
        store.check_in(&mut writer, &mut seen, Way::Both).unwrap();
    }
    let cleaned = timed("clean", || store.clean(&document, 0).unwrap());
    eprintln!("  {cleaned:?}");
    let mut clone = ConvergentRef::new(document.clone(), actor("clone"));
    let got = timed("clone", || store.check_in(&mut clone, &mut Seen::default(), Way::Pull).unwrap());
    eprintln!("  {} changes, {} bytes, {} requests", got.received.changes, got.received.bytes, got.requests);
    timed("its value", || drop(clone.value().clone()));
    assert_eq!(clone.clock(), writer.clock());
    let again = timed("clean again", || store.clean(&document, 0).unwrap());
    eprintln!("  {again:?}");
}

#[test]
#[ignore = "figures"]
fn of_a_million_changes_by_a_thousand_actors() {
    let all = timed("made", document);
    figures_of("in memory", Blocking::new(Store::in_memory()).unwrap(), &all);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::in_folder(&folder.path().join("store")).unwrap();
    figures_of("in a folder", Blocking::new(store).unwrap(), &all);
}
