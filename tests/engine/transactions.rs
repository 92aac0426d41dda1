//! Transactions: edits by handles, one change, all or nothing; and the value at an older clock.

use crate::common::{Calls, Snapshot, at, branch, edit, exchange, id, json, last_change, replica, set, text};
use crate::oracle::Oracle;
use rejoin::crdt::{Clock, ClockError, ConvergentRef, EditError, Kind};

const DOCUMENT: &str = r#"{"m":{"k":1},"l":[1,[2],3],"s":"x"}"#;

#[test]
fn given_edits_of_every_kind_then_they_are_one_change() {
    let mut ann = replica("ann", DOCUMENT);
    let mut bob = branch(&ann, "bob");
    let calls = Calls::of(&mut ann);
    let (root, m, l) = (at(&ann, ""), at(&ann, "m"), at(&ann, "l"));
    let before = (text(&ann), ann.changes().count(), ann.clock().highest());
    let mut tx = ann.transaction().unwrap();
    tx.put(&m, "k", json(r#"{"deep":[1]}"#)).unwrap();
    tx.remove(&root, "s").unwrap();
    let inner = tx.insert(&l, 0, json("[0]")).unwrap();
    tx.insert(&inner, 1, json("1")).unwrap();
    tx.set(&l, 1, json("\"one\"")).unwrap();
    tx.delete(&l, 2, 2).unwrap();
    let words = tx.put_new(&root, "t", Kind::Text).unwrap();
    tx.splice(&words, 0, 0, "hello").unwrap();
    tx.splice(&words, 1, 3, "ipp").unwrap();
    let count = tx.insert_new(&l, 2, Kind::Counter).unwrap();
    tx.add(&count, 3).unwrap();
    tx.add(&count, -1).unwrap();
    tx.move_to_key(&inner, &m, "moved").unwrap();
    tx.move_to_item(&words, &l, 0).unwrap();
    let change = tx.commit().unwrap();

    let after = r#"{"m":{"k":{"deep":[1]},"moved":[0,1]},"l":["hippo","one",2]}"#;
    assert_eq!(text(&ann), after);
    assert_eq!(change, Some(last_change(&ann).first));
    assert_eq!(last_change(&ann).first, before.2 + 1);
    assert_eq!(ann.changes().count(), before.1 + 1);
    assert_eq!(calls.take(), [(before.0, after.to_owned())], "told once");
    assert_eq!(text(&ann), Oracle::new(ann.changes()).value().to_string());
    exchange(&mut bob, &mut ann);
    assert_eq!(text(&bob), after);
}

#[test]
fn given_a_transaction_that_is_dropped_then_nothing_happened() {
    let mut ann = replica("ann", DOCUMENT);
    let (root, m, l) = (at(&ann, ""), at(&ann, "m"), at(&ann, "l"));
    let (before, calls) = (Snapshot::of(&ann), Calls::of(&mut ann));
    let mut tx = ann.transaction().unwrap();
    let made = tx.put_new(&root, "t", Kind::Text).unwrap();
    tx.splice(&made, 0, 0, "abc").unwrap();
    tx.move_to_item(&m, &l, 1).unwrap();
    tx.delete(&l, 0, 1).unwrap();
    tx.put_root(json("[]")).unwrap();
    drop(tx);
    assert_eq!(Snapshot::of(&ann), before);
    assert_eq!(calls.take(), []);
    assert!(ann.transaction().unwrap().splice(&made, 0, 0, "a").is_err(), "it was never made");
    // Its ids are free again.
    edit(&mut ann, |tx| tx.put(&root, "n", json("1")).unwrap());
    assert_eq!(last_change(&ann).first, 10);
}

#[test]
fn given_a_transaction_without_edits_then_there_is_no_change() {
    let mut ann = replica("ann", DOCUMENT);
    let (before, calls) = (Snapshot::of(&ann), Calls::of(&mut ann));
    assert_eq!(ann.transaction().unwrap().commit().unwrap(), None);
    assert_eq!(Snapshot::of(&ann), before);
    assert_eq!(calls.take(), []);
}

#[test]
fn given_an_edit_that_cannot_be_done_then_the_others_of_the_transaction_count() {
    let mut ann = replica("ann", DOCUMENT);
    let (root, m, l) = (at(&ann, ""), at(&ann, "m"), at(&ann, "l"));
    let inner = at(&ann, "l.1");
    edit(&mut ann, |tx| {
        tx.put(&m, "k", json("2")).unwrap();
        assert!(tx.put(&l, "k", json("0")).is_err(), "a key of a list");
        assert!(tx.insert(&m, 0, json("0")).is_err(), "an item of a map");
        assert!(tx.insert(&l, 4, json("0")).is_err(), "beyond the end");
        assert!(tx.set(&l, 3, json("0")).is_err(), "beyond the end");
        assert!(tx.delete(&l, 2, 2).is_err(), "beyond the end");
        assert!(tx.splice(&m, 0, 0, "a").is_err(), "characters of a map");
        assert!(tx.add(&l, 1).is_err(), "an addition to a list");
        assert!(tx.put(&id("9@ann"), "k", json("0")).is_err(), "a key of a string");
        assert!(tx.put(&id("99@eve"), "k", json("0")).is_err(), "a key of nothing");
        assert!(tx.move_to_item(&l, &inner, 0).is_err(), "into itself");
        assert!(tx.put(&root, "nan", rejoin::value::Val::from(f64::NAN)).is_err(), "no JSON");
        tx.set(&l, 0, json("0")).unwrap();
    });
    assert_eq!(text(&ann), r#"{"m":{"k":2},"l":[0,[2],3],"s":"x"}"#);
    ann.check().unwrap();
}

#[test]
fn given_a_handle_then_it_stays_valid_wherever_its_container_goes() {
    let mut ann = replica("ann", DOCUMENT);
    let mut bob = branch(&ann, "bob");
    let inner = at(&ann, "l.1");
    set(&mut bob, r#"{"m":{"k":1},"l":[0,1,[2],3],"s":"x"}"#);
    let m = at(&bob, "m");
    edit(&mut bob, |tx| tx.move_to_key(&inner, &m, "there").unwrap());
    ann.merge(&bob).unwrap();
    edit(&mut ann, |tx| tx.insert(&inner, 1, json("\"here\"")).map(drop).unwrap());
    assert_eq!(text(&ann), r#"{"m":{"k":1,"there":[2,"here"]},"l":[0,1,3],"s":"x"}"#);
    assert_eq!(at(&ann, "m.there"), inner);
}

#[test]
fn given_joined_maps_when_edited_by_a_handle_of_one_then_the_edit_counts_in_all() {
    let ann = replica("ann", "{}");
    let (mut bob, mut cid) = (branch(&ann, "bob"), branch(&ann, "cid"));
    set(&mut bob, r#"{"k":{"a":1,"both":1}}"#);
    set(&mut cid, r#"{"k":{"b":2,"both":2}}"#);
    let handles = [at(&bob, "k"), at(&cid, "k")];
    bob.merge(&cid).unwrap();
    for handle in handles {
        let mut both = branch(&bob, "dan");
        edit(&mut both, |tx| {
            tx.put(&handle, "both", json("3")).unwrap();
            tx.remove(&handle, "a").unwrap();
            tx.put(&handle, "b", json("4")).unwrap();
        });
        assert_eq!(text(&both), r#"{"k":{"b":4,"both":3}}"#);
        assert_eq!(both.conflicts(), []);
    }
}

#[test]
fn given_a_validator_when_it_refuses_what_a_transaction_comes_to_then_nothing_changes() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let root = at(&ann, "");
    ann.set_validator(|value| if value.to_string().contains("bad") { Err("not bad".into()) } else { Ok(()) });
    let (before, calls) = (Snapshot::of(&ann), Calls::of(&mut ann));
    let mut tx = ann.transaction().unwrap();
    tx.put(&root, "n", json("\"bad\"")).unwrap();
    assert!(tx.commit().is_err());
    assert_eq!(Snapshot::of(&ann), before);
    assert_eq!(calls.take(), []);
    // What matters is what it comes to in the end.
    edit(&mut ann, |tx| {
        tx.put(&root, "n", json("\"bad\"")).unwrap();
        tx.put(&root, "n", json("\"good\"")).unwrap();
    });
    assert_eq!(text(&ann), r#"{"n":"good"}"#);
}

#[test]
fn given_a_document_without_any_write_then_a_transaction_can_write_its_root() {
    let mut ann = ConvergentRef::new(crate::common::document(), crate::common::actor("ann"));
    assert_eq!(ann.container(&rejoin::value::Path::default()), None);
    edit(&mut ann, |tx| tx.put_root(json(r#"{"a":[]}"#)).unwrap());
    assert_eq!(text(&ann), r#"{"a":[]}"#);
}

#[test]
fn given_what_is_not_there_or_nothing_at_all_when_removed_then_there_is_no_change() {
    let mut ann = replica("ann", r#"{"l":[1]}"#);
    let (root, list) = (at(&ann, ""), at(&ann, "l"));
    let mut tx = ann.transaction().unwrap();
    assert_eq!(tx.remove(&root, "nobody"), Ok(false));
    tx.delete(&list, 1, 0).unwrap();
    assert_eq!(tx.commit().unwrap(), None);
}

#[test]
fn given_a_value_in_which_something_is_no_json_when_written_then_the_other_edits_count() {
    let mut ann = replica("ann", r#"{"l":[]}"#);
    let (root, list) = (at(&ann, ""), at(&ann, "l"));
    let bad =
        || [json("{}"), [rejoin::value::Val::from(f64::NAN)].into_iter().collect()].into_iter().collect();
    edit(&mut ann, |tx| {
        tx.put(&root, "a", json("[1]")).unwrap();
        assert!(matches!(tx.put(&root, "b", bad()), Err(EditError::NotJson(_))));
        assert!(matches!(tx.insert(&list, 0, bad()), Err(EditError::NotJson(_))));
        assert!(matches!(tx.put_root(bad()), Err(EditError::NotJson(_))));
    });
    assert_eq!(text(&ann), r#"{"l":[],"a":[1]}"#);
    ann.check().unwrap();
}

// --- older clocks ---

#[test]
fn given_a_clock_that_no_replica_ever_had_then_the_error_says_why() {
    let mut ann = replica("ann", r#"{"l":[1,2]}"#);
    let mut bob = branch(&ann, "bob");
    set(&mut bob, r#"{"l":[1,2,3]}"#);
    exchange(&mut ann, &mut bob);
    let clock = |entries: &[(&str, u64)]| -> Clock {
        entries.iter().map(|(name, counter)| (crate::common::actor(name), *counter)).collect()
    };
    assert_eq!(ann.clock(), &clock(&[("ann", 4), ("bob", 5)]));
    for (impossible, error) in [
        (clock(&[("ann", 9)]), ClockError::Ahead(id("9@ann"))),
        (clock(&[("cid", 1)]), ClockError::Ahead(id("1@cid"))),
        (clock(&[("ann", 2)]), ClockError::Torn(id("2@ann"))),
        (clock(&[("bob", 5)]), ClockError::Open { change: id("5@bob"), missing: id("4@ann") }),
    ] {
        assert_eq!(ann.at(&impossible), Err(error), "at {impossible}");
    }
    assert_eq!(ann.at(&Clock::new()).unwrap(), json("null"));
}

#[test]
fn given_an_older_clock_then_the_value_is_the_one_of_then() {
    let mut ann = replica("ann", r#"{"l":[]}"#);
    let mut bob = branch(&ann, "bob");
    let mut seen = vec![(ann.clock().clone(), text(&ann))];
    for n in 0..10 {
        set(&mut ann, &format!(r#"{{"l":[{n}],"n":{n}}}"#));
        seen.push((ann.clock().clone(), text(&ann)));
        set(&mut bob, &format!(r#"{{"l":["bob"],"bob":{n}}}"#));
        seen.push((bob.clock().clone(), text(&bob)));
        if n % 3 == 0 {
            exchange(&mut ann, &mut bob);
            seen.push((ann.clock().clone(), text(&ann)));
        }
    }
    exchange(&mut ann, &mut bob);
    for replica in [&ann, &bob] {
        for (clock, then) in &seen {
            assert_eq!(&rejoin::value::text(&replica.at(clock).unwrap()), then, "at {clock}");
        }
        assert_eq!(rejoin::value::text(&replica.at(&Clock::new()).unwrap()), "null");
        assert_eq!(rejoin::value::text(&replica.at(replica.clock()).unwrap()), text(replica));
    }
}

#[test]
fn given_an_older_clock_then_moves_texts_and_counters_are_as_they_were() {
    let mut ann = replica("ann", r#"{"a":{"n":1},"b":{}}"#);
    let (root, a, b) = (at(&ann, ""), at(&ann, "a"), at(&ann, "b"));
    let (words, count) = edit(&mut ann, |tx| {
        (tx.put_new(&root, "t", Kind::Text).unwrap(), tx.put_new(&root, "c", Kind::Counter).unwrap())
    });
    let mut seen = vec![(ann.clock().clone(), text(&ann))];
    for step in 0..6 {
        edit(&mut ann, |tx| {
            tx.splice(&words, step / 2, step % 2, "ab").unwrap();
            tx.add(&count, 5).unwrap();
            match step % 3 {
                0 => tx.move_to_key(&a, &b, "in").unwrap(),
                1 => tx.move_to_key(&a, &root, "out").unwrap(),
                _ => tx.move_to_key(&b, &a, "turned").unwrap(),
            };
            if step % 3 == 2 {
                tx.move_to_key(&b, &root, "b").unwrap();
            }
        });
        seen.push((ann.clock().clone(), text(&ann)));
    }
    for (clock, then) in &seen {
        assert_eq!(&rejoin::value::text(&ann.at(clock).unwrap()), then, "at {clock}");
        assert_eq!(then, &Oracle::at(ann.changes(), clock).value().to_string());
    }
}
