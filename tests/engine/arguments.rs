//! Wrong arguments of the library's functions are errors: they neither panic nor hang, and what was stays.

use std::mem::forget;

use crate::common::{Snapshot, actor, at, branch, document, edit, id, json, patch, replica, set, text};
use rejoin::crdt::{
    Change, Clock, ConvergentRef, DocumentId, EditError, Kind, Limits, Op, OpId, OpSpan, OverLimit, Patch,
    PatchReader, PatchWriter, RewindError, Side,
};
use rejoin::crdt::{DecodeReason, MergeError};
use rejoin::value::{self, MAX_DEPTH, MAX_DIGITS, NotJsonReason, Num, Path, Step, Val};

// --- going back ---

#[test]
fn given_a_version_of_another_ref_when_rewound_then_it_is_refused() {
    let mut ann = replica("ann", r#"{"a":1}"#);
    let mut longer = replica("ann", r#"{"a":1}"#);
    (0..20).for_each(|n| set(&mut longer, &format!(r#"{{"a":{n}}}"#)));
    let other =
        ConvergentRef::with_value(DocumentId::new("other").unwrap(), actor("ann"), json("{}")).unwrap();
    let (bob, eve) = (branch(&ann, "bob"), replica("eve", r#"{"a":1}"#));
    for version in [longer.version(), other.version(), eve.version(), bob.version()] {
        let before = Snapshot::of(&ann);
        assert_eq!(ann.rewind(version).err(), Some(RewindError::OtherPast));
        assert_eq!(Snapshot::of(&ann), before);
    }
    ann.rewind(ann.version()).unwrap();
    set(&mut ann, r#"{"still":"works"}"#);
    ann.check().unwrap();
}

#[test]
fn given_an_edit_after_a_rewind_when_replayed_then_it_is_refused() {
    let mut ann = replica("ann", r#"{"a":1}"#);
    let version = ann.version();
    set(&mut ann, r#"{"a":2}"#);
    let rewound = ann.rewind(version).unwrap();
    let again = rewound.clone();
    set(&mut ann, r#"{"a":3}"#);
    assert_eq!(ann.replay(rewound), Err(RewindError::Moved));
    assert_eq!(text(&ann), r#"{"a":3}"#);
    let mut other = ConvergentRef::with_value(DocumentId::new("o").unwrap(), actor("x"), json("1")).unwrap();
    assert_eq!(other.replay(again), Err(RewindError::Moved));
    ann.check().unwrap();
}

#[test]
fn given_a_rewound_ref_when_replayed_twice_then_the_second_is_refused() {
    let mut ann = replica("ann", r#"{"a":1}"#);
    let version = ann.version();
    set(&mut ann, r#"{"a":2}"#);
    let rewound = ann.rewind(version).unwrap();
    ann.replay(rewound.clone()).unwrap();
    assert_eq!(ann.replay(rewound), Err(RewindError::Moved));
    assert_eq!(text(&ann), r#"{"a":2}"#);
}

// --- patches that somebody wrote ---

fn change_with(op: Op) -> Change {
    Change {
        actor: actor("eve"),
        first: 3,
        previous: 0,
        deps: Clock::from_iter([(actor("ann"), 2)]),
        ops: vec![op],
    }
}

fn hostile_ops() -> Vec<Op> {
    let span = |counter, count| OpSpan { first: OpId::new(counter, actor("ann")), count };
    let type_ = |parent, side| Op::Type { text: id("1@ann"), parent, side, chars: String::new() };
    vec![
        type_(None, Side::Right),
        type_(Some(id("2@ann")), Side::Left),
        Op::Delete { over: vec![] },
        Op::Delete { over: vec![span(1, 0)] },
        Op::Delete { over: vec![span(0, 0)] },
        Op::Delete { over: vec![span(1, u64::MAX)] },
        Op::Delete { over: vec![span(u64::MAX, u64::MAX), span(1, 1)] },
        Op::Delete { over: vec![span(1, u64::MAX), span(2, u64::MAX)] },
        Op::Delete { over: vec![span(1, 1 << 53)] },
        Op::Add { counter: OpId::new(0, actor("ann")), by: i64::MIN },
        Op::Add { counter: OpId::new(u64::MAX, actor("ann")), by: i64::MAX },
    ]
}

#[test]
fn given_a_patch_of_impossible_ops_when_it_is_used_in_any_way_then_it_is_refused() {
    for op in hostile_ops() {
        for (first, previous) in [(3, 0), (0, 0), (u64::MAX, 0), (3, u64::MAX), (u64::MAX, u64::MAX)] {
            let change = Change { first, previous, ..change_with(op.clone()) };
            let _ = (change.last(), change.count(), change.id(), change.ops_with_ids().count());
            let patch = patch([change.clone()]);
            assert_eq!((patch.len(), patch.changes().next()), (1, Some(change)));
            let mut ann = replica("ann", r#"{"a":1}"#);
            let before = Snapshot::of(&ann);
            assert!(ann.merge_patch(&patch).is_err(), "{op:?}");
            let bytes = Patch::from_bytes(&patch.to_bytes());
            assert!(bytes.map_or(true, |patch| ann.merge_patch(&patch).is_err()), "{op:?}, by way of bytes");
            let printed = value::text(&patch.to_json());
            let read = Patch::from_json(&json(&printed));
            assert!(read.map_or(true, |patch| ann.merge_patch(&patch).is_err()), "{op:?}, by way of JSON");
            assert_eq!(Snapshot::of(&ann), before);
        }
    }
}

#[test]
fn given_impossible_clocks_when_they_are_used_then_nothing_panics() {
    let mut ann = replica("ann", r#"{"a":[1,2,3]}"#);
    set(&mut ann, r#"{"a":[1]}"#);
    for counter in [1, 2, 7, 1 << 53, u64::MAX] {
        let clock = Clock::from_iter([(actor("ann"), counter), (actor("nobody"), counter)]);
        let _ = (ann.at(&clock).is_err(), clock.to_json(), clock.to_string());
        let patch = ann.patch_from_clock(&clock);
        let _ = (Patch::from_bytes(&patch.to_bytes()).unwrap(), branch(&ann, "bob").merge_patch(&patch));
        let _ = (ann.change(&OpId::new(counter, actor("ann"))), ann.written(&OpId::new(counter, actor("x"))));
    }
    ann.check().unwrap();
}

#[test]
fn given_entries_of_a_clock_in_any_order_when_collected_then_the_highest_of_each_actor_counts() {
    let entries = [("b", 2), ("a", 1), ("b", 5), ("c", 0), ("a", 3), ("b", 4)];
    let clock: Clock = entries.into_iter().map(|(name, counter)| (actor(name), counter)).collect();
    assert_eq!(clock.to_string(), r#"{"a":3,"b":5}"#);
}

// --- transactions ---

#[test]
fn given_a_transaction_that_is_forgotten_when_the_ref_is_used_then_its_edits_are_committed() {
    type Use = fn(&mut ConvergentRef);
    let uses: [(&str, Use); 7] = [
        ("swap", |ann| set(ann, r#"{"b":2}"#)),
        ("transaction", |ann| drop(ann.transaction().unwrap())),
        ("edit", |ann| {
            let root = at(ann, "");
            edit(ann, |tx| tx.put(&root, "c", Val::NULL).unwrap());
        }),
        ("merge", |ann| {
            let mut bob = branch(&replica("ann", r#"{"a":1}"#), "bob");
            set(&mut bob, r#"{"a":5}"#);
            ann.merge(&bob).unwrap();
        }),
        ("pop", |ann| assert_eq!(ann.pop_patches().len(), 2)),
        ("rewind", |ann| {
            let version = ann.version();
            ann.rewind(version).unwrap();
        }),
        ("bytes", |ann| *ann = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap()),
    ];
    for (what, go) in uses {
        let mut ann = replica("ann", r#"{"a":1}"#);
        let root = at(&ann, "");
        let mut transaction = ann.transaction().unwrap();
        transaction.put(&root, "new", Val::from(1isize)).unwrap();
        forget(transaction);
        let other = branch(&ann, "other");
        other.check().unwrap();
        go(&mut ann);
        ann.check().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(ann.changes().len(), ann.changes().count());
        let again = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap();
        assert_eq!(Snapshot::of(&again), Snapshot::of(&ann), "{what}");
        let mut bob = ConvergentRef::new(document(), actor("bob"));
        bob.merge(&ann).unwrap();
        assert_eq!(text(&bob), text(&ann), "{what}");
        bob.merge(&other).unwrap();
    }
}

#[test]
fn given_containers_in_containers_when_one_would_be_too_deep_then_it_is_refused() {
    let too_deep =
        |error: EditError| matches!(error, EditError::NotJson(e) if e.reason == NotJsonReason::TooDeep);
    let mut ann = replica("ann", "{}");
    let mut inner = at(&ann, "");
    let mut transaction = ann.transaction().unwrap();
    for _ in 1..MAX_DEPTH {
        inner = transaction.put_new(&inner, "k", Kind::Map).unwrap();
    }
    assert!(too_deep(transaction.put_new(&inner, "k", Kind::Map).unwrap_err()));
    assert!(too_deep(transaction.put_new(&inner, "k", Kind::List).unwrap_err()));
    assert!(too_deep(transaction.put(&inner, "k", json("{}")).unwrap_err()));
    transaction.put_new(&inner, "t", Kind::Text).unwrap();
    transaction.put(&inner, "s", json("1")).unwrap();
    transaction.commit().unwrap();
    let steps = vec![Step::Key("k".to_owned()); MAX_DEPTH - 1];
    assert_eq!(ann.container(&Path(steps)), Some(inner));
    ann.check().unwrap();

    // Lists, and values of some levels.
    let mut bob = replica("bob", "[]");
    let mut inner = at(&bob, "");
    let mut transaction = bob.transaction().unwrap();
    for _ in 1..MAX_DEPTH - 1 {
        inner = transaction.insert_new(&inner, 0, Kind::List).unwrap();
    }
    assert!(too_deep(transaction.insert(&inner, 0, json("[[]]")).unwrap_err()));
    transaction.insert(&inner, 0, json("[1]")).unwrap();
    assert!(too_deep(transaction.set(&inner, 0, json("[[]]")).unwrap_err()));
    transaction.commit().unwrap();
    bob.check().unwrap();
}

#[test]
fn given_positions_and_ids_that_are_not_there_when_edited_then_each_is_refused() {
    let mut ann = replica("ann", r#"{"l":[1],"m":{}}"#);
    let (root, list, map) = (at(&ann, ""), at(&ann, "l"), at(&ann, "m"));
    let nobody = OpId::new(u64::MAX, actor("nobody"));
    let text = edit(&mut ann, |tx| tx.put_new(&root, "t", Kind::Text).unwrap());
    let before = Snapshot::of(&ann);
    let mut tx = ann.transaction().unwrap();
    for index in [2, usize::MAX - 1, usize::MAX] {
        assert!(tx.insert(&list, index, Val::NULL).is_err());
        assert!(tx.insert_new(&list, index, Kind::Map).is_err());
        assert!(tx.set(&list, index, Val::NULL).is_err());
        assert!(tx.set_new(&list, index, Kind::Text).is_err());
        assert!(tx.delete(&list, index, usize::MAX).is_err());
        assert!(tx.delete(&list, 1, index).is_err());
        assert!(tx.splice(&text, index, usize::MAX, "x").is_err());
        assert!(tx.splice(&text, 0, index, "x").is_err());
        assert!(tx.move_to_item(&map, &list, index).is_err());
    }
    for id in [&nobody, &OpId::new(0, actor("ann"))] {
        assert!(tx.put(id, "k", Val::NULL).is_err() && tx.remove(id, "k").is_err());
        assert!(tx.insert(id, 0, Val::NULL).is_err() && tx.delete(id, 0, 0).is_err());
        assert!(tx.splice(id, 0, 0, "").is_err() && tx.add(id, 1).is_err());
        assert!(tx.move_to_key(id, &map, "k").is_err() && tx.move_to_key(&map, id, "k").is_err());
        assert!(tx.move_to_item(id, &list, 0).is_err() && tx.move_to_item(&map, id, 0).is_err());
    }
    assert!(tx.move_to_key(&map, &map, "k").is_err() && tx.move_to_key(&root, &map, "k").is_err());
    drop(tx);
    assert_eq!(Snapshot::of(&ann), before);
    ann.check().unwrap();
}

// --- limits ---

fn within(
    limits: Limits,
    what: impl Fn(&Limits) -> Result<(), rejoin::crdt::DecodeError>,
) -> Option<OverLimit> {
    match what(&limits).err()?.reason {
        DecodeReason::Limit(limit) => Some(limit),
        reason => panic!("{reason}"),
    }
}

#[test]
fn given_limits_when_something_past_them_is_read_then_the_error_says_which_and_by_how_much() {
    let mut ann = replica("ann", r#"{"a":[1,2,3]}"#);
    set(&mut ann, r#"{"a":[1,2,3],"b":1}"#);
    let patch = ann.patch_from_clock(&Clock::new());
    let (bytes, whole, printed) = (patch.to_bytes(), ann.to_bytes(), patch.to_json());
    type Read<'a> = Box<dyn Fn(&Limits) -> Result<(), rejoin::crdt::DecodeError> + 'a>;
    let reads: [Read<'_>; 3] = [
        Box::new(|limits| Patch::from_bytes_within(&bytes, limits).map(drop)),
        Box::new(|limits| ConvergentRef::from_bytes_within(&whole, limits).map(drop)),
        Box::new(|limits| Patch::from_json_within(&printed, limits).map(drop)),
    ];
    for read in reads {
        assert_eq!(within(Limits::default(), &read), None);
        assert_eq!(within(Limits { ops: 6, changes: 2, ..Limits::default() }, &read), None);
        let ops = within(Limits { ops: 5, ..Limits::default() }, &read);
        assert_eq!(ops, Some(OverLimit::Ops { found: 6, limit: 5 }));
        let changes = within(Limits { changes: 1, ..Limits::default() }, &read);
        assert_eq!(changes, Some(OverLimit::Changes { found: 2, limit: 1 }));
        let memory = within(Limits { memory: 100, ..Limits::default() }, &read);
        assert!(matches!(memory, Some(OverLimit::Memory { limit: 100, .. })));
    }
    let clock = ann.clock().to_json();
    let memory = within(Limits { memory: 1, ..Limits::default() }, |limits| {
        Clock::from_json_within(&clock, limits).map(drop)
    });
    assert_eq!(
        memory.unwrap().to_string(),
        "it takes up to 1 MiB of memory, and the limit is 1 MiB: send it in smaller patches, or raise the limit"
    );
}

#[test]
fn given_limits_when_a_stream_is_read_then_they_hold_for_each_patch_of_it() {
    let mut ann = replica("ann", "[1]");
    let mut writer = PatchWriter::new(document());
    let mut bytes = Vec::new();
    for value in ["[1,2]", "[1,2,3,4,5,6]"] {
        let seen = ann.clock().clone();
        set(&mut ann, value);
        writer.write(&ann.patch_from_clock(&seen), &mut bytes).unwrap();
    }
    let mut reader = PatchReader::within(Limits { ops: 2, ..Limits::default() });
    assert_eq!(reader.document(), None);
    let mut rest = &bytes[..];
    assert_eq!(reader.read(&mut rest).unwrap().unwrap().len(), 1);
    assert_eq!(reader.document(), Some(&document()));
    let refused = reader.read(&mut rest).unwrap_err().reason;
    assert!(matches!(refused, DecodeReason::Limit(OverLimit::Ops { found: 3.., limit: 2 })), "{refused}");
}

#[test]
fn given_an_op_that_holds_several_things_or_none_when_it_is_read_then_the_error_says_where() {
    let ops = [
        r#"{"op":"put","root":true}"#,
        r#"{"op":"put","root":true,"value":1,"make":"map"}"#,
        r#"{"op":"put","root":true,"make":"map","move":"1@ann"}"#,
    ];
    for op in ops {
        let change = format!(r#"{{"actor":"ann","first":1,"previous":0,"deps":{{}},"ops":[{op}]}}"#);
        let patch = format!(r#"{{"document":"document","changes":[{change}]}}"#);
        let error = Patch::from_json(&json(&patch)).unwrap_err();
        let expected = "expected one of `value`, `make` and `move` at .changes[0].ops[0]";
        assert_eq!(error.to_string(), expected, "{op}");
    }
}

#[test]
fn given_a_patch_of_which_a_part_is_known_when_merged_then_the_rest_is_new() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    let root = at(&ann, "");
    let text = edit(&mut ann, |tx| tx.put_new(&root, "t", Kind::Text).unwrap());
    for at in 0..30 {
        edit(&mut ann, |tx| tx.splice(&text, at, 0, "ab").unwrap());
        if at == 13 {
            bob.merge(&ann).unwrap();
        }
    }
    edit(&mut ann, |tx| tx.splice(&text, 0, 9, "").unwrap());
    let known = bob.changes().len();
    let whole = ann.patch_from_clock(&Clock::new());
    let report = bob.merge_patch(&whole).unwrap();
    assert_eq!((report.known, report.new), (known, ann.changes().len() - known));
    assert_eq!(crate::common::text(&bob), crate::common::text(&ann));
    bob.check().unwrap();
}

#[test]
fn given_more_than_can_wait_when_merged_then_it_is_refused_and_nothing_changes() {
    let mut ann = replica("ann", "{}");
    let root = at(&ann, "");
    let since = ann.clock().clone();
    for at in 0..300_000isize {
        let mut transaction = ann.transaction().unwrap();
        transaction.put(&root, "k", Val::from(at)).unwrap();
        transaction.commit().unwrap();
    }
    let patch = ann.patch_from_clock(&since);
    let mut bob = ConvergentRef::new(document(), actor("bob"));
    assert!(matches!(bob.merge_patch(&patch), Err(MergeError::TooLarge { .. })));
    assert_eq!((bob.waiting_len(), bob.changes().len()), (0, 0));
    bob.merge(&ann).unwrap();
    assert_eq!(text(&bob), text(&ann));
}

#[test]
fn given_a_whole_number_with_too_many_digits_when_it_is_read_or_written_then_it_is_refused() {
    let digits = |count: usize| "9".repeat(count);
    let longest = json(&digits(MAX_DIGITS));
    assert_eq!(value::text(&longest).len(), MAX_DIGITS);
    let mut ann = ConvergentRef::with_value(document(), actor("ann"), longest.clone()).unwrap();
    let again = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap();
    assert!(value::same(again.value(), &longest));
    for count in [MAX_DIGITS + 1, 5_000_000] {
        for sign in ["", "-"] {
            let text = format!("[1, {sign}{}]", digits(count));
            let error = value::parse(&text).unwrap_err().to_string();
            assert_eq!(error, "not JSON, byte offset 4: a whole number of more than 20000 digits");
            assert!(Num::parse(&text[4..text.len() - 1]).is_none());
        }
    }
    // Others are kept as they are, be they as long as they like.
    for text in [format!("0.{}", digits(100_000)), "1e400".to_owned(), digits(40), format!("-{}", digits(40))]
    {
        assert_eq!(value::text(&json(&text)), text);
    }
    // What computes may make one.
    let Some(longer) = longest.as_num().map(|number| number.clone() + Num::from(1i64)) else {
        panic!("a number")
    };
    let before = Snapshot::of(&ann);
    let error = ann.reset(Val::from(longer)).unwrap_err();
    assert_eq!(error.to_string(), "the new value is not JSON: a whole number of more than 20000 digits");
    assert_eq!(Snapshot::of(&ann), before);
}
