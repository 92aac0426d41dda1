//! The known bugs of earlier engines, one by one: here they do not happen.

use crate::common::{
    Calls, actor, branch, change_set, document, exchange, id, json, last_change, patch, replica, set, text,
};
use rejoin::crdt::{Change, Clock, ConvergentRef, Op, OpSpan, Patch, SlotId};
use rejoin::value::{List, MAX_DEPTH, Val, object, parse};

/// The ops of the last change.
fn last_ops(replica: &ConvergentRef) -> Vec<Op> {
    last_change(replica).ops
}

// --- a late patch is lost for good ---

#[test]
fn given_a_lost_patch_when_a_later_one_comes_then_the_clock_waits_and_asking_again_brings_both() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let mut bob = branch(&ann, "bob");
    let since = bob.clock().clone();
    set(&mut ann, r#"{"n":1}"#);
    let lost = ann.patch_from_clock(&since);
    let between = ann.clock().clone();
    set(&mut ann, r#"{"n":2}"#);

    let report = bob.merge_patch(&ann.patch_from_clock(&between)).unwrap();
    assert_eq!((report.new, report.waiting), (0, 1));
    assert_eq!(text(&bob), r#"{"n":0}"#);
    assert_eq!(bob.clock(), &since, "the clock does not claim what is missing");

    let mut cid = branch(&bob, "cid");
    bob.merge_patch(&ann.patch_from_clock(bob.clock())).unwrap();
    assert_eq!(text(&bob), r#"{"n":2}"#);
    cid.merge_patch(&ann.patch_from_clock(&between)).unwrap();
    cid.merge_patch(&lost).unwrap();
    assert_eq!(text(&cid), r#"{"n":2}"#, "late is as good as in time");
}

// --- two writers of a missing key: the older write wins, and a later delete throws ---

#[test]
fn given_two_writers_of_a_missing_key_then_the_newer_write_shows_and_a_delete_removes_both() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    set(&mut ann, r#"{"k":"old"}"#);
    set(&mut bob, r#"{"other":0}"#);
    set(&mut bob, r#"{"other":0,"k":"new"}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"{"k":"new","other":0}"#);
    set(&mut ann, r#"{"other":0}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&bob), r#"{"other":0}"#);
    assert_eq!(bob.conflicts(), []);
}

// --- removing a map's last key throws ---

#[test]
fn given_a_map_when_its_last_key_is_removed_then_it_is_empty_and_can_be_filled_again() {
    let mut ann = replica("ann", r#"{"m":{"only":1}}"#);
    let mut bob = branch(&ann, "bob");
    for value in [r#"{"m":{}}"#, "{}", r#"{"m":{"again":1}}"#, r#"{"m":{}}"#, r#"{"m":{"only":2}}"#] {
        set(&mut ann, value);
        exchange(&mut ann, &mut bob);
    }
}

// --- [1, null, 2], lists with false, copies within the value, prepends throw ---

#[test]
fn given_nulls_and_falses_in_lists_and_maps_when_edited_then_nothing_is_lost() {
    let values = [
        "[1,null,2]",
        "[null,1,null,2,null]",
        "[false]",
        "[false,false,null,null,false]",
        "[true,false,null]",
        "[]",
        "[null]",
        r#"{"a":null,"b":false}"#,
        r#"{"b":[null,false,{"a":null}]}"#,
        "null",
        "false",
    ];
    for from in values {
        for to in values {
            let mut ann = replica("ann", from);
            let mut bob = branch(&ann, "bob");
            set(&mut ann, to);
            exchange(&mut ann, &mut bob);
            set(&mut bob, from);
            exchange(&mut ann, &mut bob);
        }
    }
}

#[test]
fn given_a_part_that_is_copied_within_the_value_then_the_copies_are_edited_each_by_itself() {
    let mut ann = replica("ann", r#"{"a":{"n":[1]}}"#);
    let mut bob = branch(&ann, "bob");
    // One pointer in three places.
    let copied = |value: &Val| {
        let a = value["a"].clone();
        object([("a", a.clone()), ("b", a.clone()), ("list", Val::from_iter([a.clone(), a]))])
    };
    ann.swap(copied).unwrap();
    assert_eq!(text(&ann), r#"{"a":{"n":[1]},"b":{"n":[1]},"list":[{"n":[1]},{"n":[1]}]}"#);
    exchange(&mut ann, &mut bob);
    set(&mut bob, r#"{"a":{"n":[1]},"b":{"n":[1,2]},"list":[{"n":[]},{"n":[1]}]}"#);
    set(&mut ann, r#"{"a":{"n":[0,1]},"b":{"n":[1]},"list":[{"n":[1]},{"n":[1]}]}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"{"a":{"n":[0,1]},"b":{"n":[1,2]},"list":[{"n":[]},{"n":[1]}]}"#);
}

#[test]
fn given_a_list_when_items_are_prepended_then_they_stand_in_front() {
    let mut ann = replica("ann", "[3]");
    let mut bob = branch(&ann, "bob");
    for value in ["[2,3]", "[1,2,3]", "[0,0,1,2,3]", "[null,0,0,1,2,3]"] {
        set(&mut ann, value);
        exchange(&mut ann, &mut bob);
    }
}

// --- a delete is recorded as an edit of the neighbour ---

#[test]
fn given_a_deleted_item_when_its_neighbour_is_edited_at_once_then_the_neighbour_keeps_the_edit() {
    let start = r#"[{"n":1},{"n":2},{"n":3}]"#;
    for (deleted, edited, both) in [
        (r#"[{"n":2},{"n":3}]"#, r#"[{"n":1},{"n":"two"},{"n":3}]"#, r#"[{"n":"two"},{"n":3}]"#),
        (r#"[{"n":1},{"n":3}]"#, r#"[{"n":1},{"n":2},{"n":"three"}]"#, r#"[{"n":1},{"n":"three"}]"#),
        (r#"[{"n":1},{"n":3}]"#, r#"[{"n":"one"},{"n":2},{"n":3}]"#, r#"[{"n":"one"},{"n":3}]"#),
        (r#"[{"n":1},{"n":2}]"#, r#"[{"n":1},{"n":"two"},{"n":3}]"#, r#"[{"n":1},{"n":"two"}]"#),
    ] {
        let mut ann = replica("ann", start);
        let mut bob = branch(&ann, "bob");
        set(&mut ann, deleted);
        assert!(matches!(&last_ops(&ann)[..], [Op::Delete { over }] if over.len() == 1), "{deleted}");
        set(&mut bob, edited);
        exchange(&mut ann, &mut bob);
        assert_eq!(text(&ann), both);
    }
}

#[test]
fn given_a_list_of_numbers_when_one_is_deleted_then_the_change_is_one_delete() {
    for (from, to, gone) in [
        ("[0,1,2]", "[1,2]", "2@ann"),
        ("[0,1,2]", "[0,2]", "3@ann"),
        ("[0,1,2]", "[0,1]", "4@ann"),
        ("[0,0,1]", "[0,0]", "4@ann"),
        ("[null,false,null]", "[null,null]", "3@ann"),
    ] {
        let mut ann = replica("ann", from);
        set(&mut ann, to);
        assert_eq!(last_ops(&ann), [Op::Delete { over: vec![OpSpan::one(id(gone))] }], "{from} to {to}");
    }
}

// --- backward inserts interleave ---

#[test]
fn given_two_actors_who_prepend_at_the_same_time_then_their_items_do_not_interleave() {
    let mut ann = replica("ann", r#"["end"]"#);
    let mut bob = branch(&ann, "bob");
    for value in [r#"["c","end"]"#, r#"["b","c","end"]"#, r#"["a","b","c","end"]"#] {
        set(&mut ann, value);
    }
    for value in [r#"["3","end"]"#, r#"["2","3","end"]"#, r#"["1","2","3","end"]"#] {
        set(&mut bob, value);
    }
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"["a","b","c","1","2","3","end"]"#);
}

// --- 1,000 levels of nesting overflow the stack ---

fn nested(levels: usize, inner: &str) -> String {
    let wrap = |text: String, level: usize| {
        if level.is_multiple_of(2) { format!("[{text}]") } else { format!(r#"{{"k":{text}}}"#) }
    };
    (0..levels).fold(inner.to_owned(), wrap)
}

#[test]
fn given_a_thousand_levels_of_nesting_then_everything_works() {
    const { assert!(MAX_DEPTH >= 1_000) };
    let mut ann = replica("ann", &nested(MAX_DEPTH, "1"));
    let mut bob = branch(&ann, "bob");
    set(&mut ann, &nested(MAX_DEPTH, "2"));
    assert_eq!(last_ops(&ann).len(), 1);
    set(&mut bob, &nested(MAX_DEPTH, "1").replacen("[1]", "[1,3]", 1));
    let sent = ann.patch_from_clock(&Clock::new()).to_json().to_string();
    let sent = Patch::from_json(&parse(&sent).unwrap()).unwrap();
    let mut cid = ConvergentRef::new(document(), actor("cid"));
    cid.merge_patch(&sent).unwrap();
    assert_eq!(text(&cid), text(&ann));
    cid.merge(&bob).unwrap();
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&cid), text(&ann));
    assert_eq!(text(&cid), nested(MAX_DEPTH, "2").replacen("[2]", "[2,3]", 1));
    assert_eq!(cid.conflicts(), []);
    set(&mut cid, "null");
}

#[test]
fn given_maps_that_join_on_a_thousand_levels_then_everything_works() {
    let nested = |inner: &str| (0..MAX_DEPTH).fold(inner.to_owned(), |text, _| format!(r#"{{"k":{text}}}"#));
    let mut ann = ConvergentRef::new(document(), actor("ann"));
    let mut bob = ConvergentRef::new(document(), actor("bob"));
    ann.reset(json(&nested("1"))).unwrap();
    bob.reset(json(&nested("2"))).unwrap();
    ann.merge(&bob).unwrap();
    assert_eq!(text(&ann), nested("2"));
    set(&mut ann, &nested("3"));
    // One write, in the last map of each level, over both.
    assert!(matches!(&last_ops(&ann)[..], [Op::Put { over, .. }] if over.len() == 2));
    assert_eq!(text(&ann), nested("3"));
}

// --- a huge remote counter poisons the ref ---

#[test]
fn given_a_huge_remote_counter_then_it_is_refused_and_the_replica_still_counts_from_where_it_was() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let mut bob = branch(&ann, "bob");
    set(&mut bob, r#"{"n":1}"#);
    let good = last_change(&bob);
    let highest = 1 << 53;
    for huge in [5, 1_000_000, highest - 1, highest, highest + 1, u64::MAX] {
        let bad = Change { first: huge, ..good.clone() };
        assert!(ann.merge_patch(&patch([bad])).is_err(), "{huge}");
        // One that says that it has seen so much can only wait for it, and counts for nothing.
        let seen: Clock = [(actor("mallory"), huge.saturating_sub(1))].into_iter().collect();
        let waits = Change { first: huge, deps: seen, ..good.clone() };
        let _ = branch(&ann, "spare").merge_patch(&patch([waits.clone()]));
        let waits = Change { actor: actor("mallet"), ..waits };
        let _ = ann.merge_patch(&patch([waits]));
        assert_eq!(ann.clock(), replica("ann", r#"{"n":0}"#).clock());
        assert_eq!(text(&ann), r#"{"n":0}"#);
    }
    set(&mut ann, r#"{"n":2}"#);
    assert_eq!(last_change(&ann).id(), id("3@ann"));
    ann.merge_patch(&patch([good])).unwrap();
    assert_eq!(text(&ann), r#"{"n":1}"#);
}

// --- clashes of one actor's ids diverge in silence ---

#[test]
fn given_two_replicas_with_one_actor_when_they_meet_then_the_clash_is_named() {
    let origin = replica("ann", r#"{"n":0}"#);
    // One after the other, to each other's length, or not.
    let (short, other, long) =
        ([r#"{"n":1}"#].as_slice(), [r#"{"n":2}"#].as_slice(), [r#"{"n":3}"#, r#"{"n":4}"#].as_slice());
    for (one, two) in [(short, other), (short, long), (long, short)] {
        let (mut a, mut b) = (branch(&origin, "bob"), branch(&origin, "bob"));
        one.iter().for_each(|value| set(&mut a, value));
        two.iter().for_each(|value| set(&mut b, value));
        let before = (text(&a), a.clock().clone(), change_set(&a));
        let calls = Calls::of(&mut a);

        let refused = a.merge(&b).unwrap_err().to_string();
        assert!(refused.matches("3@bob").count() >= 2, "names both: {refused}");
        let everything = b.patch_from_clock(&Clock::new());
        let refused = a.merge_patch(&everything).unwrap_err().to_string();
        assert!(refused.matches("3@bob").count() >= 2, "names both: {refused}");
        // What each asks of the other, knowing only its clock.
        let refused = a.merge_patch(&b.patch_from_clock(a.clock())).unwrap_err().to_string();
        assert!(refused.contains("bob"), "names the actor: {refused}");
        let refused = b.merge_patch(&a.patch_from_clock(b.clock())).unwrap_err().to_string();
        assert!(refused.contains("bob"), "names the actor: {refused}");

        assert_eq!((text(&a), a.clock().clone(), change_set(&a)), before);
        assert_eq!(calls.take(), []);
    }
}

#[test]
fn given_an_actor_that_has_written_then_no_branch_can_be_made_for_it() {
    let mut ann = replica("ann", "1");
    let mut bob = branch(&ann, "bob");
    set(&mut bob, "2");
    assert!(bob.branch(actor("ann")).is_err());
    assert!(bob.branch(actor("bob")).is_err());
    ann.merge(&bob).unwrap();
    assert!(ann.branch(actor("bob")).is_err());
}

// --- validators are bypassed ---

#[test]
fn given_a_validator_then_every_local_way_to_write_asks_it_and_a_merge_does_not() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let mut bob = branch(&ann, "bob");
    ann.set_validator(
        |value| {
            if value.to_string().contains("bad") { Err("not bad".to_owned()) } else { Ok(()) }
        },
    );
    let (clock, calls) = (ann.clock().clone(), Calls::of(&mut ann));
    assert!(ann.swap(|_| json(r#""bad""#)).is_err());
    assert!(ann.reset(json(r#"{"n":"bad"}"#)).is_err());
    assert!(ann.compare_and_set(&json(r#"{"n":0}"#), json("[[\"bad\"]]")).is_err());
    assert_eq!((ann.clock(), text(&ann), calls.take()), (&clock, r#"{"n":0}"#.to_owned(), vec![]));
    set(&mut ann, r#"{"n":1}"#);

    set(&mut bob, r#"{"n":0,"m":"bad"}"#);
    let report = ann.merge(&bob).unwrap();
    assert_eq!((text(&ann), report.invalid), (r#"{"n":1,"m":"bad"}"#.to_owned(), Some("not bad".to_owned())));
    // The next local edit must put it right.
    assert!(ann.swap(|_| json(r#"{"n":2,"m":"bad"}"#)).is_err());
    set(&mut ann, r#"{"n":2,"m":"good"}"#);
    assert!(ann.clear_validator());
    set(&mut ann, r#"{"n":3,"m":"bad"}"#);
}

#[test]
fn given_compare_and_set_then_it_writes_only_over_the_expected_value() {
    let mut ann = replica("ann", r#"{"n":1}"#);
    assert!(ann.compare_and_set(&json(r#"{"n":0}"#), json("2")).unwrap().is_none());
    assert!(ann.compare_and_set(&json(r#"{"n":1.0}"#), json("2")).unwrap().is_none());
    assert_eq!(text(&ann), r#"{"n":1}"#);
    assert!(ann.compare_and_set(&json(r#"{"n":1}"#), json("2")).unwrap().is_some());
    assert_eq!(text(&ann), "2");
}

// --- costs, as counts ---

fn numbers(range: std::ops::Range<usize>) -> Val {
    range.map(Val::from).collect()
}

#[test]
fn given_a_large_list_when_one_item_changes_then_the_change_has_one_op() {
    type Edit = (&'static str, fn(&mut List));
    let many = 5_000;
    let mut ann = ConvergentRef::with_value(document(), actor("ann"), numbers(0..many)).unwrap();
    let edits: [Edit; 6] = [
        ("append", |items| items.push(json("\"new\""))),
        ("prepend", |items| items.insert(0, json("\"new\""))),
        ("insert", |items| items.insert(1_234, json("\"new\""))),
        ("overwrite", |items| drop(items.set(1_000, json("\"new\"")))),
        ("delete", |items| drop(items.remove(2_000))),
        ("delete the first", |items| drop(items.remove(0))),
    ];
    for (what, edit) in edits {
        let edited = |value: &Val| {
            let mut value = value.clone();
            edit(value.as_list_mut().unwrap());
            value
        };
        ann.swap(edited).unwrap();
        assert_eq!(last_ops(&ann).len(), 1, "{what}");
        // The same from a text: nothing is shared.
        let again = parse(&edited(ann.value()).to_string()).unwrap();
        ann.reset(again).unwrap();
        assert_eq!(last_ops(&ann).len(), 1, "{what}, rebuilt");
    }
    ann.check().unwrap();
}

#[test]
fn given_a_large_map_when_one_key_changes_then_the_change_writes_that_key() {
    let entries = |n: usize| (0..n).map(|i| (format!("key{i}"), Val::from(i)));
    let mut ann = ConvergentRef::with_value(document(), actor("ann"), object(entries(1_000))).unwrap();
    let changed = object(
        entries(1_000).map(|(key, value)| if key == "key7" { (key, Val::NULL) } else { (key, value) }),
    );
    ann.reset(changed.clone()).unwrap();
    match &last_ops(&ann)[..] {
        [Op::Put { slot: SlotId::Key { key, .. }, over, .. }] => {
            assert_eq!((key.as_str(), over), ("key7", &vec![id("9@ann")]));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(ann.reset(changed).unwrap().change, None, "no difference, no change");
}

#[test]
fn given_a_long_history_then_a_patch_holds_what_is_asked_for_and_nothing_else() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let mut seen = vec![ann.clock().clone()];
    for n in 1..200 {
        set(&mut ann, &format!(r#"{{"n":{n}}}"#));
        seen.push(ann.clock().clone());
    }
    for (n, since) in seen.iter().enumerate() {
        assert_eq!(ann.patch_from_clock(since).changes().count(), 199 - n);
    }
    // The changes are told from either end, one by one.
    let all: Vec<_> = ann.changes().collect();
    assert_eq!((ann.changes().len(), all.len()), (200, 200));
    assert!(ann.changes().rev().eq(all.iter().rev().cloned()));
    let mut ends = ann.changes();
    let (first, last) = (ends.next().unwrap(), ends.next_back().unwrap());
    assert_eq!((&first, &last, ends.len()), (&all[0], &all[199], 198));
    assert!(ends.eq(all[1..199].iter().cloned()));
    let nothing = ann.patch_from_clock(ann.clock());
    assert!(nothing.is_empty());
    let mut bob = branch(&ann, "bob");
    let report = bob.merge_patch(&nothing).unwrap();
    assert_eq!((report.new, report.known, report.waiting), (0, 0, 0));
    let report = bob.merge_patch(&ann.patch_from_clock(&seen[150])).unwrap();
    assert_eq!((report.new, report.known, report.waiting), (0, 49, 0));
}
