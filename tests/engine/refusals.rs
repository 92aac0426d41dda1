//! What is refused leaves no trace: failed swaps, and hostile or damaged patches by the thousand.

use crate::common::cases::for_all;
use crate::common::history::{World, histories};
use crate::common::transact::typed;
use crate::common::{
    Calls, Snapshot, actor, branch, change_set, document, id, json, last_change, patch, replica, set,
    singles, text,
};
use crate::oracle::Oracle;
use proptest::prelude::*;
use proptest::sample::Index;
use rejoin::crdt::{
    Change, Clock, Content, ConvergentRef, DecodeReason, DocumentId, Kind, MergeError, Op, OpId, OpSpan,
    OverLimit, Patch, Scalar, Side, SlotId, SwapError,
};
use rejoin::value::{self, Key, MAX_DEPTH, Num, Path, Val, View, check, object, parse};

const MAX_COUNTER: u64 = 1 << 53;

/// A replica in the middle of things: it has a conflict, and a change that waits.
///
/// Its first change wrote `1@ann` the root, `2@ann` .m, `3@ann` .m.k, `4@ann` .l, `5@ann` to `7@ann`
/// the items, `8@ann` .s, `9@ann` .other and `10@ann` the item of that; its second `11@ann` the text .t,
/// `12@ann` to `16@ann` the characters, `17@ann` the text .u and `18@ann` its character, `19@ann` the
/// counter .n, and `20@ann` added to it. `21@ann` and `21@bob` are writes of .s, `22@ann` deletes the last
/// item.
fn busy() -> ConvergentRef {
    let (mut ann, _) = with_friend();
    let mut bob = branch(&ann, "bob");
    let mut cid = branch(&ann, "cid");
    ann.swap(|value| with(value, "s", json("1"))).unwrap();
    bob.swap(|value| with(value, "s", json("2"))).unwrap();
    ann.swap(|value| with(value, "l", json("[1,2]"))).unwrap();
    ann.merge(&bob).unwrap();
    cid.swap(|value| with(value, "c", json("1"))).unwrap();
    cid.swap(|value| with(value, "c", json("2"))).unwrap();
    ann.merge_patch(&patch([last_change(&cid)])).unwrap();
    assert_eq!((ann.conflicts().len(), ann.waiting().count()), (1, 1));
    assert_eq!(text(&ann), r#"{"m":{"k":1},"l":[1,2],"s":2,"other":["z"],"t":"hello","u":"x","n":5}"#);
    let delete = delete(&["7@ann"]);
    let ops = ann.changes().find(|change| change.id() == id("22@ann")).map(|change| change.ops);
    assert_eq!(ops, Some(vec![delete]));
    ann
}

/// The replica in its first days, and a friend who has written .s since: `21@dan`.
fn with_friend() -> (ConvergentRef, ConvergentRef) {
    let mut ann = replica("ann", r#"{"m":{"k":1},"l":[1,2,3],"s":0,"other":["z"]}"#);
    let mut transaction = ann.transaction().unwrap();
    for (key, typed) in [("t", "hello"), ("u", "x")] {
        let text = transaction.put_new(&id("1@ann"), key, Kind::Text).unwrap();
        transaction.splice(&text, 0, 0, typed).unwrap();
    }
    let counter = transaction.put_new(&id("1@ann"), "n", Kind::Counter).unwrap();
    transaction.add(&counter, 5).unwrap();
    transaction.commit().unwrap();
    assert_eq!((counter, ann.clock().highest()), (id("19@ann"), 20));
    let mut dan = branch(&ann, "dan");
    dan.swap(|value| with(value, "s", json("3"))).unwrap();
    assert_eq!(last_change(&dan).id(), id("21@dan"));
    (ann, dan)
}

fn with(value: &Val, key: &str, new: Val) -> Val {
    let mut value = value.clone();
    value.as_map_mut().unwrap().insert(key.into(), new);
    value
}

/// Tries something that must fail, and leave everything as it was.
fn refused<E>(
    replica: &mut ConvergentRef,
    what: &str,
    attempt: impl FnOnce(&mut ConvergentRef) -> Result<(), E>,
) -> E {
    let before = Snapshot::of(replica);
    let calls = Calls::of(replica);
    let error = attempt(replica).err().unwrap_or_else(|| panic!("{what}: was not refused"));
    assert_eq!(Snapshot::of(replica), before, "{what}");
    assert_eq!(calls.take(), [], "{what}: a watcher was called");
    error
}

fn scalar(text: &str) -> Content {
    Content::Scalar(Scalar::new(json(text)).unwrap())
}

fn key(map: &str, key: &str) -> SlotId {
    SlotId::Key { map: id(map), key: Key::from(key) }
}

fn item(list: &str, item: &str) -> SlotId {
    SlotId::Item { list: id(list), item: id(item) }
}

fn put(slot: SlotId, over: &[&str]) -> Op {
    Op::Put { slot, over: over.iter().map(|over| id(over)).collect(), content: scalar("1") }
}

fn insert(list: &str, parent: Option<&str>, side: Side) -> Op {
    Op::Insert { list: id(list), parent: parent.map(id), side, content: scalar("1") }
}

/// Deletes spans, `5@ann` or `5..7@ann`.
fn delete(over: &[&str]) -> Op {
    Op::Delete { over: over.iter().map(|over| over.parse().unwrap()).collect() }
}

fn delete_span(first: &str, count: u64) -> Op {
    Op::Delete { over: vec![OpSpan { first: id(first), count }] }
}

fn type_(text: &str, parent: Option<&str>, side: Side, chars: &str) -> Op {
    Op::Type { text: id(text), parent: parent.map(id), side, chars: chars.to_owned() }
}

fn add(counter: &str) -> Op {
    Op::Add { counter: id(counter), by: 1 }
}

fn move_to(slot: SlotId, container: &str) -> Op {
    Op::Put { slot, over: vec![], content: Content::Move(id(container)) }
}

// --- swaps ---

fn nested(levels: usize) -> Val {
    (0..levels).fold(Val::NULL, |inner, _| Val::from_iter([inner]))
}

/// Values that are not JSON.
fn not_json() -> [(&'static str, Val); 4] {
    [
        ("not a number", Val::from(f64::NAN)),
        ("infinity", Val::from(f64::NEG_INFINITY)),
        ("a number that JSON does not have", Val::from(Num::Dec("00.5".into()))),
        ("too deep", nested(MAX_DEPTH + 1)),
    ]
}

#[test]
fn given_a_value_that_is_not_json_when_it_is_written_then_nothing_changes() {
    let mut ann = busy();
    for (what, bad) in not_json() {
        let places = [
            bad.clone(),
            with(ann.value(), "s", bad.clone()),
            with(&with(ann.value(), "first", json("1")), "m", with(&json(r#"{"k":1}"#), "new", bad.clone())),
            with(ann.value(), "l", Val::from_iter([json("0"), bad.clone(), json("2")])),
        ];
        for value in places {
            refused(&mut ann, what, |ann| ann.reset(value.clone()).map(drop));
            refused(&mut ann, what, |ann| ann.swap(|_| value.clone()).map(drop));
            refused(&mut ann, what, |ann| {
                let current = ann.value().clone();
                ann.compare_and_set(&current, value).map(drop)
            });
        }
        assert!(ConvergentRef::with_value(document(), actor("new"), bad).is_err(), "{what}");
    }
    set(&mut ann, r#"{"still":"works"}"#);
}

#[test]
fn given_a_deep_value_when_one_more_level_is_written_into_it_then_nothing_changes() {
    let mut ann = ConvergentRef::with_value(document(), actor("ann"), nested(MAX_DEPTH)).unwrap();
    refused(&mut ann, "one level more", |ann| ann.swap(|value| Val::from_iter([value.clone()])).map(drop));
    refused(&mut ann, "inside", |ann| ann.swap(|_| nested(MAX_DEPTH + 1)).map(drop));
    set(&mut ann, "[[[1]]]");
}

#[test]
fn given_a_validator_that_refuses_when_swapped_then_nothing_changes() {
    let mut ann = busy();
    ann.set_validator(|value| match value.view() {
        View::Obj(_) => Ok(()),
        _ => Err("an object, please".to_owned()),
    });
    let error = refused(&mut ann, "a list", |ann| ann.reset(json("[1]")).map(drop));
    assert_eq!(error, SwapError::Invalid("an object, please".to_owned()));
    set(&mut ann, r#"{"still":"works"}"#);
}

// --- patches ---

type Hostility = (&'static str, fn(&mut Change));

/// Each makes a good change of dan's a bad one.
const HOSTILE: &[Hostility] = &[
    ("no ops", |change| change.ops.clear()),
    ("counter 0", |change| change.first = 0),
    ("a counter below what it has seen", |change| change.first -= 1),
    ("a counter that leaves a gap", |change| change.first += 1),
    ("the highest counter", |change| change.first = MAX_COUNTER),
    ("a counter above 2^53", |change| change.first = MAX_COUNTER + 1),
    ("the highest number there is", |change| {
        change.first = u64::MAX;
        change.ops.push(change.ops[0].clone());
    }),
    ("ops that pass 2^53", |change| {
        change.previous = MAX_COUNTER - 1;
        change.first = MAX_COUNTER;
        change.ops.push(change.ops[0].clone());
    }),
    ("a previous change above 2^53", |change| {
        change.previous = u64::MAX;
        change.first = u64::MAX;
    }),
    ("a previous change after it", |change| change.previous = change.first),
    ("a dependency above 2^53", |change| change.deps.advance(&actor("ann"), u64::MAX)),
    ("a dependency after it", |change| change.deps.advance(&actor("ann"), change.first)),
    ("a dependency on itself", |change| change.deps.advance(&actor("dan"), 1)),
    ("no dependencies", |change| change.deps = Clock::new()),
    ("an empty delete", |change| change.ops[0] = delete(&[])),
    ("deletes out of order", |change| change.ops[0] = delete(&["6@ann", "5@ann"])),
    ("a delete that names one twice", |change| change.ops[0] = delete(&["6@ann", "6@ann"])),
    ("a put that names one twice", |change| change.ops[0] = put(key("1@ann", "s"), &["8@ann", "8@ann"])),
    ("a put out of order", |change| change.ops[0] = put(key("1@ann", "s"), &["8@ann", "3@ann"])),
    ("a delete of nothing there", |change| change.ops[0] = delete(&["1@nobody"])),
    ("a delete of what is to come", |change| change.ops[0] = delete(&["22@ann"])),
    ("a delete of itself", |change| change.ops[0] = delete(&["21@dan"])),
    ("a put over nothing there", |change| change.ops[0] = put(key("1@ann", "s"), &["1@nobody"])),
    ("a put over what it cannot have seen", |change| change.ops[0] = put(SlotId::Root, &["21@bob"])),
    ("a key of no map", |change| change.ops[0] = put(key("1@nobody", "s"), &[])),
    ("a key of a list", |change| change.ops[0] = put(key("4@ann", "s"), &[])),
    ("a key of a number", |change| change.ops[0] = put(key("8@ann", "s"), &[])),
    ("a key of itself", |change| change.ops[0] = put(key("21@dan", "s"), &[])),
    ("an item of no list", |change| change.ops[0] = put(item("1@nobody", "5@ann"), &[])),
    ("an item of a map", |change| change.ops[0] = put(item("1@ann", "5@ann"), &[])),
    ("an item of another list", |change| change.ops[0] = put(item("9@ann", "5@ann"), &[])),
    ("an item that is none", |change| change.ops[0] = put(item("4@ann", "8@ann"), &[])),
    ("an item that is the list", |change| change.ops[0] = put(item("4@ann", "4@ann"), &[])),
    ("an insert into no list", |change| change.ops[0] = insert("1@nobody", None, Side::Right)),
    ("an insert into a map", |change| change.ops[0] = insert("1@ann", None, Side::Right)),
    ("an insert into a number", |change| change.ops[0] = insert("8@ann", None, Side::Right)),
    ("an insert below nothing there", |change| {
        change.ops[0] = insert("4@ann", Some("1@nobody"), Side::Right);
    }),
    ("an insert below no item", |change| change.ops[0] = insert("4@ann", Some("8@ann"), Side::Right)),
    ("an insert below an item of another list", |change| {
        change.ops[0] = insert("4@ann", Some("10@ann"), Side::Left);
    }),
    ("an insert below itself", |change| change.ops[0] = insert("4@ann", Some("21@dan"), Side::Left)),
    ("an insert on the left of nothing", |change| change.ops[0] = insert("4@ann", None, Side::Left)),
    ("an op that names a later one", |change| {
        change.ops =
            vec![insert("4@ann", Some("22@dan"), Side::Right), insert("4@ann", Some("21@dan"), Side::Right)];
    }),
    // Spans.
    ("spans that touch", |change| change.ops[0] = delete(&["5@ann", "6@ann"])),
    ("spans that overlap", |change| change.ops[0] = delete(&["5..6@ann", "6..7@ann"])),
    ("spans out of order", |change| change.ops[0] = delete(&["6..7@ann", "2..3@ann"])),
    ("an empty span", |change| change.ops[0] = delete_span("5@ann", 0)),
    ("a span beyond what it has seen", |change| change.ops[0] = delete(&["18..22@ann"])),
    ("a span up to 2^53", |change| change.ops[0] = delete_span("5@ann", MAX_COUNTER - 4)),
    ("a span above 2^53", |change| change.ops[0] = delete_span("5@ann", MAX_COUNTER)),
    ("a span beyond all numbers", |change| change.ops[0] = delete_span("5@ann", u64::MAX)),
    ("a span of nobody", |change| change.ops[0] = delete(&["1..3@nobody"])),
    ("a span from counter 0", |change| {
        change.ops[0] = Op::Delete { over: vec![OpSpan { first: OpId::new(0, actor("ann")), count: 2 }] };
    }),
    ("a span with something that is no write", |change| change.ops[0] = delete(&["18..20@ann"])),
    ("a span into itself", |change| {
        change.ops = vec![put(key("1@ann", "s"), &[]), delete_span("21@dan", 2)];
    }),
    ("a delete of an addition", |change| change.ops[0] = delete(&["20@ann"])),
    ("a put over an addition", |change| change.ops[0] = put(key("1@ann", "n"), &["20@ann"])),
    ("a delete of a delete", |change| change.ops = vec![delete(&["6@ann"]), delete(&["21@dan"])]),
    // Texts.
    ("no characters", |change| change.ops[0] = type_("11@ann", None, Side::Right, "")),
    ("characters in no text", |change| change.ops[0] = type_("1@nobody", None, Side::Right, "a")),
    ("characters in a list", |change| change.ops[0] = type_("4@ann", None, Side::Right, "a")),
    ("characters in a map", |change| change.ops[0] = type_("1@ann", None, Side::Right, "a")),
    ("characters in a number", |change| change.ops[0] = type_("8@ann", None, Side::Right, "a")),
    ("characters in a counter", |change| change.ops[0] = type_("19@ann", None, Side::Right, "a")),
    ("characters in a character", |change| change.ops[0] = type_("12@ann", None, Side::Right, "a")),
    ("characters below one of another text", |change| {
        change.ops[0] = type_("11@ann", Some("18@ann"), Side::Right, "a");
    }),
    ("characters below an item", |change| change.ops[0] = type_("11@ann", Some("5@ann"), Side::Right, "a")),
    ("characters below the text", |change| change.ops[0] = type_("11@ann", Some("11@ann"), Side::Left, "a")),
    ("characters below nothing there", |change| {
        change.ops[0] = type_("11@ann", Some("1@nobody"), Side::Right, "a");
    }),
    ("characters below themselves", |change| {
        change.ops[0] = type_("11@ann", Some("22@dan"), Side::Right, "abc");
    }),
    ("characters on the left of nothing", |change| change.ops[0] = type_("11@ann", None, Side::Left, "a")),
    ("characters that pass 2^53", |change| {
        change.previous = MAX_COUNTER - 2;
        change.first = MAX_COUNTER - 1;
        change.ops[0] = type_("11@ann", None, Side::Right, "abc");
    }),
    ("a key of a text", |change| change.ops[0] = put(key("11@ann", "s"), &[])),
    ("an item of a text", |change| change.ops[0] = put(item("11@ann", "12@ann"), &[])),
    ("an insert into a text", |change| change.ops[0] = insert("11@ann", None, Side::Right)),
    ("an insert below a character", |change| change.ops[0] = insert("4@ann", Some("12@ann"), Side::Right)),
    // Counters.
    ("an addition to nothing there", |change| change.ops[0] = add("1@nobody")),
    ("an addition to a map", |change| change.ops[0] = add("1@ann")),
    ("an addition to a list", |change| change.ops[0] = add("4@ann")),
    ("an addition to a text", |change| change.ops[0] = add("11@ann")),
    ("an addition to a number", |change| change.ops[0] = add("8@ann")),
    ("an addition to an addition", |change| change.ops[0] = add("20@ann")),
    ("an addition to itself", |change| change.ops[0] = add("21@dan")),
    ("a key of a counter", |change| change.ops[0] = put(key("19@ann", "s"), &[])),
    ("an insert into a counter", |change| change.ops[0] = insert("19@ann", None, Side::Right)),
    // Moves.
    ("a move of nothing there", |change| change.ops[0] = move_to(key("1@ann", "s"), "1@nobody")),
    ("a move of what it cannot have seen", |change| change.ops[0] = move_to(key("1@ann", "s"), "21@ann")),
    ("a move of a number", |change| change.ops[0] = move_to(key("1@ann", "s"), "8@ann")),
    ("a move of an item", |change| change.ops[0] = move_to(key("1@ann", "s"), "5@ann")),
    ("a move of a character", |change| change.ops[0] = move_to(key("1@ann", "s"), "12@ann")),
    ("a move of an addition", |change| change.ops[0] = move_to(key("1@ann", "s"), "20@ann")),
    ("a move of itself", |change| change.ops[0] = move_to(key("1@ann", "s"), "21@dan")),
    ("a move of a move", |change| {
        change.ops = vec![move_to(key("1@ann", "s"), "2@ann"), move_to(key("1@ann", "s"), "21@dan")];
    }),
    ("a move of what is made later", |change| {
        change.ops = vec![
            move_to(key("1@ann", "s"), "22@dan"),
            Op::Put { slot: key("1@ann", "t"), over: vec![], content: Content::Make(Kind::Map) },
        ];
    }),
    ("a move into a list of another kind", |change| {
        change.ops[0] = Op::Insert {
            list: id("2@ann"),
            parent: None,
            side: Side::Right,
            content: Content::Move(id("4@ann")),
        };
    }),
];

#[test]
fn given_a_hostile_patch_when_merged_then_nothing_changes_and_good_ones_still_come_through() {
    for (what, spoil) in HOSTILE {
        let (mut ann, mut dan) = (busy(), with_friend().1);
        let good = last_change(&dan);
        let mut bad = good.clone();
        spoil(&mut bad);
        refused(&mut ann, what, |ann| ann.merge_patch(&patch([bad.clone()])).map(drop));

        // One rotten change spoils the whole patch.
        dan.swap(|value| with(value, "t", json("4"))).unwrap();
        let next = last_change(&dan);
        let mut stranger = replica("eve", r#"{"s":1}"#);
        set(&mut stranger, r#"{"s":2}"#);
        let fine = stranger.patch_from_clock(&Clock::new()).changes().collect::<Vec<_>>();
        for order in
            [[fine.clone(), vec![bad.clone(), next.clone()]], [vec![next.clone(), bad.clone()], fine]]
        {
            refused(&mut ann, what, |ann| ann.merge_patch(&patch(order.concat())).map(drop));
        }

        let report = ann.merge_patch(&patch([good, next])).unwrap();
        assert_eq!((report.new, ann.waiting().count()), (2, 1), "{what}");
        ann.check().unwrap();
        assert_eq!(text(&ann), Oracle::new(ann.changes()).value().to_string(), "{what}");
    }
}

#[test]
fn given_a_hostile_patch_as_json_when_read_and_merged_then_nothing_changes() {
    for (what, spoil) in HOSTILE {
        let (mut ann, dan) = (busy(), with_friend().1);
        let mut bad = last_change(&dan);
        spoil(&mut bad);
        let written = patch([bad]).to_json().to_string();
        refused(&mut ann, what, |ann| match Patch::from_json(&json(&written)) {
            Err(error) => Err(error.to_string()),
            Ok(patch) => ann.merge_patch(&patch).map(drop).map_err(|error| error.to_string()),
        });
    }
}

#[test]
fn given_a_change_that_nests_too_deep_when_merged_then_what_is_too_deep_reads_as_null() {
    let (mut ann, dan) = (busy(), with_friend().1);
    let mut deep = last_change(&dan);
    let first = deep.first;
    // .d is on the second level; what the last of these makes is on level MAX_DEPTH + 1.
    let levels = (0..MAX_DEPTH as u64).map(|n| {
        let slot = match n {
            0 => key("1@ann", "d"),
            _ => key(&format!("{}@dan", first + n - 1), "k"),
        };
        Op::Put { slot, over: vec![], content: Content::Make(Kind::Map) }
    });
    deep.ops = levels.collect();
    // A number in the deepest map that is shown, and one in the map that is not.
    deep.ops.push(put(key(&format!("{}@dan", first + MAX_DEPTH as u64 - 2), "n"), &[]));
    deep.ops.push(put(key(&format!("{}@dan", first + MAX_DEPTH as u64 - 1), "n"), &[]));
    ann.merge_patch(&patch([deep])).unwrap();
    ann.check().unwrap();
    let deepest =
        (0..MAX_DEPTH - 2).fold(r#"{"k":null,"n":1}"#.to_owned(), |inner, _| format!(r#"{{"k":{inner}}}"#));
    let shown = text(&ann);
    assert!(shown.ends_with(&format!(r#""d":{deepest}}}"#)), "{shown}");
    check(ann.value()).unwrap();
    let changes = change_set(&ann);
    on_a_large_stack(|| assert_eq!(shown, value::text(&Oracle::new(changes).value())));
    // It is a value like others: it can be written back as it is, copied, and removed.
    assert_eq!(ann.reset(ann.value().clone()).unwrap().change, None);
    ann.swap(|value| with(value, "d", json("0"))).unwrap();
    ann.check().unwrap();
}

/// The oracle is recursive.
fn on_a_large_stack(run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20).spawn_scoped(scope, run);
        thread.unwrap().join().unwrap();
    });
}

#[test]
fn given_an_op_that_names_what_its_change_does_not_depend_on_when_merged_then_it_is_refused() {
    // ann has both sides; zoe, who wrote the change, had seen only her own.
    let mut ann = replica("ann", r#"{"a":[1]}"#);
    let zoe = replica("zoe", r#"{"z":[1,2,3,4,5]}"#);
    ann.merge_patch(&zoe.patch_from_clock(&Clock::new())).unwrap();
    let seen = last_change(&zoe);
    let change = Change {
        previous: seen.last(),
        first: seen.last() + 1,
        deps: Clock::new(),
        ops: vec![delete(&["2@ann"])],
        ..seen
    };
    refused(&mut ann, "an op that it cannot have seen", |ann| ann.merge_patch(&patch([change])).map(drop));
}

#[test]
fn given_a_patch_of_another_document_when_merged_then_nothing_changes() {
    let (mut ann, dan) = (busy(), with_friend().1);
    let other = DocumentId::new("another").unwrap();
    let changes: Vec<Change> = dan.changes().collect();
    let foreign = Patch::new(other.clone(), changes);
    let expected = MergeError::OtherDocument { ours: document(), theirs: other.clone() };
    assert_eq!(refused(&mut ann, "a patch", |ann| ann.merge_patch(&foreign).map(drop)), expected);
    let foreign = ConvergentRef::with_value(other, actor("eve"), json("1")).unwrap();
    assert_eq!(refused(&mut ann, "a ref", |ann| ann.merge(&foreign).map(drop)), expected);
}

#[test]
fn given_two_different_changes_under_one_id_when_merged_then_both_are_named_and_nothing_changes() {
    let mut ann = busy();
    let known = ann.changes().find(|change| change.id() == id("21@bob")).unwrap();
    let mut twin = known.clone();
    twin.ops[0] = put(key("1@ann", "s"), &["8@ann"]);
    assert_ne!(twin, known);
    let error = refused(&mut ann, "a twin", |ann| ann.merge_patch(&patch([twin.clone()])).map(drop));
    assert_eq!(error, MergeError::Equivocation { ours: known.into(), theirs: twin.into() });
    // Both in one patch, both new.
    let good = last_change(&with_friend().1);
    let mut twin = good.clone();
    twin.ops[0] = put(key("1@ann", "s"), &[]);
    for pair in [[good.clone(), twin.clone()], [twin, good.clone()]] {
        refused(&mut ann, "twins", |ann| ann.merge_patch(&patch(pair)).map(drop));
    }
    // The same one twice is no clash.
    let report = ann.merge_patch(&patch([good.clone(), good])).unwrap();
    assert_eq!(report.new, 1);
}

#[test]
fn given_a_fork_below_a_change_that_both_have_when_nothing_is_new_then_it_is_found() {
    // Two write as zoe. Ann saw the one, wil waited for it and got the other.
    let mut zoe = replica("zoe", r#"{"n":0}"#);
    let (mut ann, mut wil) = (branch(&zoe, "ann"), branch(&zoe, "wil"));
    let mut double = ConvergentRef::from_bytes(&zoe.to_bytes()).unwrap();
    zoe.swap(|value| with(value, "n", json("1"))).unwrap();
    double.swap(|value| with(value, "n", json("2"))).unwrap();
    ann.merge(&zoe).unwrap();
    ann.swap(|value| with(value, "m", json("3"))).unwrap();
    wil.merge_patch(&patch([last_change(&ann)])).unwrap();
    wil.merge(&double).unwrap();
    assert_eq!((ann.clock(), wil.waiting().count()), (wil.clock(), 0));
    let (bea, vic) = (branch(&ann, "bea"), branch(&wil, "vic"));
    for (one, other) in [(&bea, &mut wil), (&vic, &mut ann)] {
        let nothing = one.patch_from_clock(other.clock());
        assert!(nothing.is_empty());
        let read = Patch::from_bytes(&nothing.to_bytes()).unwrap();
        let error = MergeError::OtherBase { change: id("4@ann") };
        assert_eq!(other.merge_patch(&read).err(), Some(error));
        match other.merge(one) {
            Err(MergeError::Equivocation { ours, theirs }) => {
                assert_eq!((ours.id(), theirs.id()), (id("3@zoe"), id("3@zoe")));
                assert_ne!(ours, theirs);
            }
            merged => panic!("{merged:?}"),
        }
    }
}

#[test]
fn given_many_actors_then_a_patch_does_not_grow_with_them() {
    let mut last = replica("origin", r#"{"n":0}"#);
    let mut sizes = Vec::new();
    for number in 100..200 {
        let seen = last.clock().clone();
        last = branch(&last, &format!("actor{number}"));
        last.swap(|value| with(value, "n", Val::from(number))).unwrap();
        sizes.push(last.patch_from_clock(&seen).to_bytes().len());
    }
    let (first, then) = (sizes[1], sizes[99]);
    assert!(then <= first + 4, "{first} bytes beside two actors, {then} beside 100");
}

#[test]
fn given_a_change_whose_ids_overlap_a_known_one_when_merged_then_it_is_refused() {
    let mut ann = busy();
    let eve = replica("eve", "[1,2,3]");
    ann.merge_patch(&eve.patch_from_clock(&Clock::new())).unwrap();
    // eve's first change ends at 4; this one claims to follow op 2 of it.
    let overlapping = Change {
        actor: actor("eve"),
        first: 3,
        previous: 2,
        deps: Clock::new(),
        ops: vec![delete(&["2@eve"])],
    };
    refused(&mut ann, "an overlap", |ann| ann.merge_patch(&patch([overlapping])).map(drop));
}

#[test]
fn given_a_bad_change_that_must_wait_when_its_turn_comes_then_the_replica_stays_sound() {
    for (what, spoil) in HOSTILE {
        let (mut ann, mut dan) = (with_friend().0, with_friend().1);
        let before = last_change(&dan);
        dan.swap(|value| with(value, "s", json("4"))).unwrap();
        let mut bad = last_change(&dan);
        // dan's second change has no entry for ann, and must wait for the first.
        spoil(&mut bad);
        let early = ann.merge_patch(&patch([bad]));
        assert_eq!(text(&ann), text(&with_friend().0), "{what}");
        ann.check().unwrap();
        let calls = Calls::of(&mut ann);
        let snapshot = Snapshot::of(&ann);
        let result = ann.merge_patch(&patch([before]));
        assert!(early.is_ok() || result.is_ok(), "{what}: the good change came through");
        if result.is_err() {
            assert_eq!(Snapshot::of(&ann), snapshot, "{what}");
            assert_eq!(calls.take(), [], "{what}");
        }
        ann.check().unwrap();
        assert_eq!(text(&ann), Oracle::new(ann.changes()).value().to_string(), "{what}");
    }
}

// --- patches by the thousand ---

/// Ways to damage a text.
#[derive(Debug, Clone)]
enum Damage {
    Cut(Index),
    Drop(Index),
    Replace(Index, char),
    Insert(Index, char),
    Exchange(Index, Index),
}

fn damages() -> impl Strategy<Value = Damage> {
    let symbol = prop::sample::select(r#"{}[]",:@019 -.eénulltrue"#.chars().collect::<Vec<_>>());
    let place = any::<Index>;
    prop_oneof![
        place().prop_map(Damage::Cut),
        place().prop_map(Damage::Drop),
        (place(), symbol.clone()).prop_map(|(place, symbol)| Damage::Replace(place, symbol)),
        (place(), symbol).prop_map(|(place, symbol)| Damage::Insert(place, symbol)),
        (place(), place()).prop_map(|(one, other)| Damage::Exchange(one, other)),
    ]
}

fn damaged(text: &str, damage: &Damage) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = |place: &Index| place.index(chars.len());
    match damage {
        _ if chars.is_empty() => {}
        Damage::Cut(place) => chars.truncate(at(place)),
        Damage::Drop(place) => drop(chars.remove(at(place))),
        Damage::Replace(place, symbol) => {
            let place = at(place);
            chars[place] = *symbol;
        }
        Damage::Insert(place, symbol) => chars.insert(at(place), *symbol),
        Damage::Exchange(one, other) => {
            let (one, other) = (at(one), at(other));
            chars.swap(one, other);
        }
    }
    chars.into_iter().collect()
}

#[test]
fn given_a_damaged_patch_text_when_read_and_merged_then_it_is_refused_or_the_replica_is_sound() {
    let inputs = (histories(1..12), any::<[Index; 2]>(), prop::collection::vec(damages(), 1..3));
    for_all(512, inputs, |(history, which, damages)| {
        let mut world = World::play(&history);
        let [from, into] = which.map(|which| which.index(world.replicas.len()));
        let written = world.replicas[from].patch_from_clock(&Clock::new()).to_json().to_string();
        let garbled = damages.iter().fold(written, |text, damage| damaged(&text, damage));
        let Ok(value) = parse(&garbled) else { return Ok(()) };
        let Ok(patch) = Patch::from_json(&value) else { return Ok(()) };
        merges_soundly(&mut world.replicas[into], &patch)
    });
}

/// Ways to damage bytes.
#[derive(Debug, Clone)]
enum Wound {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, u8),
    Repeat(Index, Index),
}

fn wounds() -> impl Strategy<Value = Wound> {
    let place = any::<Index>;
    prop_oneof![
        1 => place().prop_map(Wound::Cut),
        4 => (place(), 1..=255u8).prop_map(|(place, bits)| Wound::Flip(place, bits)),
        1 => (place(), any::<u8>()).prop_map(|(place, byte)| Wound::Insert(place, byte)),
        1 => (place(), place()).prop_map(|(from, to)| Wound::Repeat(from, to)),
    ]
}

fn wounded(mut bytes: Vec<u8>, wound: &Wound) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    match wound {
        Wound::Cut(place) => bytes.truncate(place.index(bytes.len())),
        Wound::Flip(place, bits) => *place.get_mut(&mut bytes) ^= bits,
        Wound::Insert(place, byte) => bytes.insert(place.index(bytes.len()), *byte),
        Wound::Repeat(from, to) => {
            bytes.extend_from_within(from.index(bytes.len()).min(to.index(bytes.len()))..)
        }
    }
    bytes
}

#[test]
fn given_damaged_bytes_when_read_then_they_are_refused_or_the_replica_is_sound() {
    let inputs = (histories(1..12), any::<[Index; 2]>(), prop::collection::vec(wounds(), 1..3));
    for_all(512, inputs, |(history, which, wounds)| {
        let mut world = World::play(&history);
        let [from, into] = which.map(|which| which.index(world.replicas.len()));
        let damage = |bytes| wounds.iter().fold(bytes, wounded);
        if let Ok(mut read) = ConvergentRef::from_bytes(&damage(world.replicas[from].to_bytes())) {
            merges_soundly(&mut read, &patch([]))?;
        }
        let whole = world.replicas[from].patch_from_clock(&Clock::new());
        let Ok(patch) = Patch::from_bytes(&damage(whole.to_bytes())) else { return Ok(()) };
        merges_soundly(&mut world.replicas[into], &patch)
    });
}

#[test]
fn given_a_column_that_claims_to_be_huge_when_read_then_it_is_refused_before_memory_is_taken() {
    for (name, at) in [("the lengths of keys", 0), ("keys", 1), ("kinds", 4), ("texts", 13)] {
        // Columns of an actor and a key; a change of one op.
        let mut bytes = b"\xf5\x04\x01d\x45\x01a\x01\x01".to_vec();
        for column in 0..14 {
            match column == at {
                // Compressed: 2^60 bytes in a frame of one.
                true => bytes.extend([0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 1, 0]),
                false => bytes.push(0),
            }
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let refused = Patch::from_bytes(&bytes).map(|_| ()).map_err(|error| error.reason);
        assert!(
            matches!(refused, Err(DecodeReason::Limit(OverLimit::Memory { .. }) | DecodeReason::Damaged)),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn given_a_base_that_no_change_can_be_when_read_then_it_is_refused() {
    let mut ann = replica("ann", "[]");
    let seen = ann.clock().clone();
    set(&mut ann, "[1]");
    let bytes = ann.patch_from_clock(&seen).to_bytes();
    // Its magic and version, the document, the form, one actor, and of the base the actor and twice the counter.
    let at = 2 + 1 + document().as_str().len() + 1 + 1 + "ann".len() + 1;
    for (counter, is_read) in [(1, true), (0, false)] {
        let mut forged = bytes[..bytes.len() - 4].to_vec();
        assert_eq!(forged[at], 2, "1@ann");
        forged[at] = counter * 2;
        forged.extend(crc32fast::hash(&forged).to_le_bytes());
        assert_eq!(Patch::from_bytes(&forged).is_ok(), is_read, "{counter}@ann");
    }
}

#[test]
fn given_bytes_of_anything_else_when_read_then_they_are_refused() {
    let ann = busy();
    let (replica, everything) = (ann.to_bytes(), ann.patch_from_clock(&Clock::new()).to_bytes());
    assert!(Patch::from_bytes(&replica).is_err(), "a replica is no patch");
    assert!(ConvergentRef::from_bytes(&everything).is_err(), "a patch is no replica");
    for bytes in [&replica, &everything] {
        for length in 0..bytes.len() {
            assert!(Patch::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
            assert!(ConvergentRef::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Patch::from_bytes(&longer).is_err() && ConvergentRef::from_bytes(&longer).is_err());
    }
    for_all(1024, prop::collection::vec(any::<u8>(), 0..200), |bytes| {
        prop_assert!(Patch::from_bytes(&bytes).is_err());
        prop_assert!(ConvergentRef::from_bytes(&bytes).is_err());
        Ok(())
    });
}

/// Ways to damage a change.
#[derive(Debug, Clone)]
enum Forgery {
    /// Another actor or another place in the line.
    Counters {
        first: i8,
        previous: i8,
    },
    Actor(Index),
    Dependency(Index, u8),
    NoDependencies,
    DropOp(Index),
    RepeatOp(Index),
    ExchangeOps(Index, Index),
    /// Ops of one change in another.
    Borrow(Index),
    /// An op overwrites something else, in order.
    Over(Index, Vec<Index>),
    /// Spans of a delete are longer or shorter.
    Span(Index, i8),
    /// A write places a container, or what is taken for one.
    Move(Index, Index),
    /// Other characters are typed, perhaps more or none.
    Chars(Index, String),
    /// An op stands somewhere else.
    Elsewhere(Index, Index, Index),
    Side(Index),
}

fn forgeries() -> impl Strategy<Value = Forgery> {
    let place = any::<Index>;
    prop_oneof![
        (-2..3i8, -2..3i8).prop_map(|(first, previous)| Forgery::Counters { first, previous }),
        place().prop_map(Forgery::Actor),
        (place(), 0..8u8).prop_map(|(actor, counter)| Forgery::Dependency(actor, counter)),
        Just(Forgery::NoDependencies),
        place().prop_map(Forgery::DropOp),
        place().prop_map(Forgery::RepeatOp),
        (place(), place()).prop_map(|(one, other)| Forgery::ExchangeOps(one, other)),
        place().prop_map(Forgery::Borrow),
        (place(), prop::collection::vec(place(), 0..4)).prop_map(|(op, over)| Forgery::Over(op, over)),
        (place(), -2..4i8).prop_map(|(op, count)| Forgery::Span(op, count)),
        (place(), place()).prop_map(|(op, container)| Forgery::Move(op, container)),
        (place(), typed()).prop_map(|(op, typed)| Forgery::Chars(op, typed)),
        (place(), place(), place()).prop_map(|(op, holder, item)| Forgery::Elsewhere(op, holder, item)),
        place().prop_map(Forgery::Side),
    ]
}

fn forge(changes: &mut [Change], which: &Index, forgery: &Forgery) {
    let spans = changes.iter().map(|change| OpSpan { first: change.id(), count: change.count() });
    let ids: Vec<OpId> = spans.flat_map(|span| span.ids().collect::<Vec<_>>()).collect();
    let others = changes.to_vec();
    let change = which.get_mut(changes);
    let count = change.ops.len();
    if count == 0 {
        return;
    }
    match forgery {
        Forgery::Counters { first, previous } => {
            change.first = change.first.saturating_add_signed(i64::from(*first));
            change.previous = change.previous.saturating_add_signed(i64::from(*previous));
        }
        Forgery::Actor(other) => change.actor = other.get(&others).actor.clone(),
        Forgery::Dependency(other, counter) => {
            change.deps.advance(&other.get(&others).actor, u64::from(*counter));
        }
        Forgery::NoDependencies => change.deps = Clock::new(),
        Forgery::DropOp(op) => drop(change.ops.remove(op.index(count))),
        Forgery::RepeatOp(op) => change.ops.push(op.get(&change.ops).clone()),
        Forgery::ExchangeOps(one, other) => change.ops.swap(one.index(count), other.index(count)),
        Forgery::Borrow(other) => change.ops = other.get(&others).ops.clone(),
        Forgery::Over(op, over) => {
            let mut named: Vec<_> = over.iter().map(|over| over.get(&ids).clone()).collect();
            named.sort();
            named.dedup();
            match op.get_mut(&mut change.ops) {
                Op::Put { over, .. } => *over = named,
                Op::Delete { over } => *over = named.into_iter().map(OpSpan::one).collect(),
                Op::Insert { .. } | Op::Type { .. } | Op::Add { .. } => {}
            }
        }
        Forgery::Span(op, count) => {
            if let Op::Delete { over } = op.get_mut(&mut change.ops) {
                over.iter_mut()
                    .for_each(|span| span.count = span.count.wrapping_add_signed(i64::from(*count)));
            }
        }
        Forgery::Move(op, container) => {
            let moved = Content::Move(container.get(&ids).clone());
            match op.get_mut(&mut change.ops) {
                Op::Put { content, .. } | Op::Insert { content, .. } => *content = moved,
                Op::Type { .. } | Op::Add { .. } | Op::Delete { .. } => {}
            }
        }
        Forgery::Chars(op, typed) => {
            if let Op::Type { chars, .. } = op.get_mut(&mut change.ops) {
                chars.clone_from(typed);
            }
        }
        Forgery::Elsewhere(op, holder, element) => {
            let (holder, element) = (holder.get(&ids).clone(), element.get(&ids).clone());
            match op.get_mut(&mut change.ops) {
                Op::Put { slot: slot @ SlotId::Root, .. } => {
                    *slot = SlotId::Item { list: holder, item: element }
                }
                Op::Put { slot: SlotId::Key { map, .. }, .. } => *map = holder,
                Op::Put { slot: SlotId::Item { list, item }, .. } => (*list, *item) = (holder, element),
                Op::Insert { list: of, parent, .. } | Op::Type { text: of, parent, .. } => {
                    (*of, *parent) = (holder, Some(element));
                }
                Op::Add { counter, .. } => *counter = holder,
                Op::Delete { .. } => {}
            }
        }
        Forgery::Side(op) => {
            if let Op::Insert { side, .. } | Op::Type { side, .. } = op.get_mut(&mut change.ops) {
                *side = if *side == Side::Left { Side::Right } else { Side::Left };
            }
        }
    }
}

#[test]
fn given_a_forged_patch_when_merged_then_it_is_refused_or_the_replica_is_sound() {
    let forged = prop::collection::vec((any::<Index>(), forgeries()), 1..3);
    let inputs = (histories(1..16), any::<[Index; 2]>(), forged, any::<bool>());
    for_all(768, inputs, |(history, which, forged, split)| {
        let mut world = World::play(&history);
        let [from, into] = which.map(|which| which.index(world.replicas.len()));
        let mut changes: Vec<Change> = world.replicas[from].changes().collect();
        if changes.is_empty() {
            return Ok(());
        }
        forged.iter().for_each(|(which, forgery)| forge(&mut changes, which, forgery));
        let whole = patch(changes);
        let parcels = if split { singles(&whole) } else { vec![whole] };
        for parcel in &parcels {
            merges_soundly(&mut world.replicas[into], parcel)?;
        }
        Ok(())
    });
}

/// A merge that fails leaves no trace; one that succeeds gives what the oracle makes of the changes.
fn merges_soundly(replica: &mut ConvergentRef, patch: &Patch) -> Result<(), TestCaseError> {
    let before = Snapshot::of(replica);
    let calls = Calls::of(replica);
    if replica.merge_patch(patch).is_err() {
        prop_assert_eq!(Snapshot::of(replica), before);
        prop_assert_eq!(calls.take(), []);
    }
    replica.check().map_err(TestCaseError::fail)?;
    prop_assert_eq!(text(replica), Oracle::new(replica.changes()).value().to_string());
    // It goes on working.
    let mut again = branch(replica, "again");
    again
        .swap(|value| object([("wrapped", value.clone())]))
        .map_err(|e| TestCaseError::fail(e.to_string()))?;
    again.check().map_err(TestCaseError::fail)?;
    prop_assert_eq!(text(&again), format!(r#"{{"wrapped":{}}}"#, text(replica)));
    Ok(())
}

#[test]
fn given_a_run_of_deletes_then_it_is_a_run_on_the_wire_and_each_change_is_made_when_it_is_asked_for() {
    const DELETES: usize = 20_000;
    let mut ann = replica("ann", "{}");
    let root = ann.container(&Path::default()).unwrap();
    let mut transaction = ann.transaction().unwrap();
    let text = transaction.put_new(&root, "t", Kind::Text).unwrap();
    transaction.splice(&text, 0, 0, &"x".repeat(DELETES)).unwrap();
    transaction.commit().unwrap();
    let seen = ann.clock().clone();
    for left in (0..DELETES).rev() {
        let mut transaction = ann.transaction().unwrap();
        transaction.splice(&text, left, 1, "").unwrap();
        transaction.commit().unwrap();
    }
    // One row of the history and of the patch, and as many changes as there were.
    let deletes = ann.patch_from_clock(&seen);
    let bytes = deletes.to_bytes();
    assert!(bytes.len() < 100, "{}", bytes.len());
    let read = Patch::from_bytes(&bytes).unwrap();
    assert_eq!((read.changes().len(), read.changes().count()), (DELETES, DELETES));
    assert!(read.changes().zip(ann.changes().skip(2)).take(50).all(|(read, made)| read == made));
}
