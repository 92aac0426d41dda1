//! Changes that wait, and edits that are lost: cases in which more than two things happen at once.

use std::sync::Arc;

use crate::common::{
    actor, at, branch, document, edit, id, json, last_change, patch, replica, set, text, waiting,
};
use rejoin::crdt::{
    Change, Clock, Content, ConvergentRef, MergeError, MergeReport, Op, OpSpan, Scalar, SlotId, SwapError,
};
use rejoin::value::{Key, List, Num, Val};

/// A change that puts 1 under a key of a map.
fn put(name: &str, deps: &[(&str, u64)], map: &str, key: &str) -> Change {
    let deps: Clock = deps.iter().map(|(name, counter)| (actor(name), *counter)).collect();
    let slot = SlotId::Key { map: id(map), key: Key::from(key) };
    let content = Content::Scalar(Scalar::new(json("1")).unwrap());
    let ops = vec![Op::Put { slot, over: vec![], content }];
    Change { actor: actor(name), first: deps.highest() + 1, previous: 0, deps, ops }
}

/// The paths of deleted containers, and the edits that went with each.
fn lost(report: &MergeReport) -> Vec<String> {
    let named = |lost: &rejoin::crdt::LostEdits| {
        let edits: Vec<String> = lost.edits.iter().map(ToString::to_string).collect();
        format!("{}: {}", lost.path, edits.join(" "))
    };
    report.lost.iter().map(named).collect()
}

/// Two different changes under one id, which lack another one.
fn twins() -> [Change; 2] {
    let mut bob = branch(&replica("ann", "{}"), "bob");
    set(&mut bob, r#"{"a":1}"#);
    set(&mut bob, r#"{"a":1,"b":2}"#);
    let one = last_change(&bob);
    let mut other = one.clone();
    other.ops = put("bob", &[], "1@ann", "c").ops;
    [one, other]
}

// --- waiting ---

#[test]
fn given_a_change_that_waits_for_an_own_counter_when_it_is_reached_then_the_next_merge_applies_it() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let mut bob = branch(&ann, "bob");
    let early = patch([put("eve", &[("ann", 3)], "1@ann", "e")]);
    assert_eq!(ann.merge_patch(&early).unwrap().waiting, 1);
    bob.merge_patch(&early).unwrap();
    set(&mut ann, r#"{"n":1}"#);
    bob.merge(&ann).unwrap();
    assert_eq!(text(&bob), r#"{"n":1,"e":1}"#);
    assert_eq!(ann.check(), Ok(()));
    assert_eq!(ann.merge_patch(&bob.patch_from_clock(ann.clock())).unwrap().new, 1);
    assert_eq!(text(&ann), text(&bob));
    assert_eq!(ann.waiting().count(), 0);
}

#[test]
fn given_own_changes_that_wait_when_edited_then_the_edit_is_refused_until_they_are_there() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let first = last_change(&ann);
    set(&mut ann, r#"{"n":1}"#);
    let mut restored = ConvergentRef::new(document(), actor("ann"));
    restored.merge_patch(&patch([last_change(&ann)])).unwrap();
    assert_eq!(restored.reset(json("5")).unwrap_err(), SwapError::Behind(actor("ann")));
    restored.merge_patch(&patch([first])).unwrap();
    set(&mut restored, r#"{"n":2}"#);
    ann.merge(&restored).unwrap();
    assert_eq!(text(&ann), r#"{"n":2}"#);
}

#[test]
fn given_an_own_change_that_ignores_what_came_before_when_read_from_bytes_then_the_next_one_depends_on_it() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    set(&mut ann, r#"{"n":1}"#);
    // As if bob had not seen the second change of ann, though it was there.
    let mut bob = branch(&ann, "bob");
    bob.merge_patch(&patch([put("bob", &[("ann", 2)], "1@ann", "b")])).unwrap();
    let mut bob = ConvergentRef::from_bytes(&bob.to_bytes()).unwrap();
    set(&mut bob, r#"{"n":2,"b":1}"#);
    assert_eq!(bob.check(), Ok(()));
    ann.merge(&bob).unwrap();
    assert_eq!(text(&ann), text(&bob));
}

#[test]
fn given_a_patch_that_wakes_one_change_and_is_refused_then_that_change_waits_on() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let good = put("bob", &[("ann", 2)], "1@ann", "b");
    let waits = put("aaa", &[("ann", 2), ("bob", 3)], "1@ann", "w");
    let last = put("zzz", &[("aaa", 4), ("ann", 2), ("bob", 3)], "1@ann", "z");
    let bad = put("zed", &[("ann", 2), ("bob", 3)], "99@ann", "x");
    ann.merge_patch(&patch([waits, last])).unwrap();
    for order in [[bad.clone(), good.clone()], [good.clone(), bad]] {
        ann.merge_patch(&patch(order)).unwrap_err();
        assert_eq!(ann.waiting().count(), 2);
        assert_eq!(ann.check(), Ok(()));
    }
    assert_eq!(ann.merge_patch(&patch([good])).unwrap().new, 3);
    assert_eq!(text(&ann), r#"{"n":0,"b":1,"w":1,"z":1}"#);
}

#[test]
fn given_a_bad_change_that_waits_elsewhere_when_that_replica_is_merged_then_only_it_is_refused() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    set(&mut bob, r#"{"b":1}"#);
    ann.merge_patch(&patch([put("eve", &[("bob", 2)], "99@ann", "x")])).unwrap();
    set(&mut ann, r#"{"a":1}"#);
    let report = bob.merge(&ann).unwrap();
    assert_eq!((report.new, report.refused.len()), (1, 1));
    let report = ann.merge(&bob).unwrap();
    assert_eq!((report.new, report.refused.len()), (1, 1));
    assert_eq!(text(&ann), text(&bob));
}

#[test]
fn given_a_forged_change_that_waits_when_the_real_one_comes_then_it_gives_way() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    set(&mut bob, r#"{"b":1}"#);
    let forged = put("bob", &[("ghost", 1)], "1@ann", "x");
    assert_eq!(forged.id(), last_change(&bob).id());
    ann.merge_patch(&patch([forged])).unwrap();
    let report = ann.merge(&bob).unwrap();
    assert!(matches!(report.refused[..], [MergeError::Equivocation { .. }]));
    assert_eq!(text(&ann), r#"{"b":1}"#);
    assert_eq!(ann.waiting().count(), 0);
}

#[test]
fn given_an_actor_on_which_a_waiting_change_depends_then_no_branch_takes_its_name() {
    let ann = replica("ann", "{}");
    let mut late = branch(&ann, "late");
    late.merge_patch(&patch([put("cid", &[("bob", 2)], "1@ann", "x")])).unwrap();
    assert!(late.branch(actor("bob")).is_err());
}

#[test]
fn given_a_waiting_change_that_contradicts_another_in_its_patch_then_the_patch_is_refused_every_time() {
    // Both say that they are the first of bob.
    let now = put("bob", &[("ann", 2)], "1@ann", "now");
    let later = put("bob", &[("ann", 9)], "1@ann", "later");
    for order in [[now.clone(), later.clone()], [later, now]] {
        let mut ann = replica("ann", r#"{"n":0}"#);
        for _ in 0..2 {
            let refused = ann.merge_patch(&patch(order.clone())).unwrap_err();
            assert!(matches!(refused, MergeError::Equivocation { .. }), "{refused}");
            assert_eq!((text(&ann), ann.waiting().count()), (r#"{"n":0}"#.to_owned(), 0));
        }
    }
}

#[test]
fn given_a_change_that_waits_when_a_patch_has_it_and_one_that_contradicts_it_then_it_is_refused_every_time() {
    let mut ann = replica("ann", "{}");
    let first = put("bob", &[("ann", 1)], "1@ann", "first");
    let third = Change { previous: 3, first: 4, deps: Clock::new(), ..put("bob", &[], "1@ann", "third") };
    ann.merge_patch(&patch([third.clone()])).unwrap();
    let before = ann.to_bytes();
    // The change in between takes the counter of the one that waits.
    let mut second =
        Change { previous: 2, first: 3, deps: Clock::new(), ..put("bob", &[], "1@ann", "second") };
    second.ops.extend(put("bob", &[], "1@ann", "more").ops);
    for _ in 0..2 {
        let refused = ann.merge_patch(&patch([first.clone(), second.clone(), third.clone()])).unwrap_err();
        assert!(matches!(refused, MergeError::Equivocation { .. }), "{refused}");
        assert_eq!(ann.to_bytes(), before);
    }
}

#[test]
fn given_two_different_changes_under_one_id_that_must_wait_then_the_same_one_does_in_either_order() {
    let [one, other] = twins();
    let orders = [[one.clone(), other.clone()], [other, one]];
    let stays = orders.map(|[first, second]| {
        let mut ann = replica("ann", "{}");
        assert_eq!(ann.merge_patch(&patch([first.clone()])).unwrap().waiting, 1);
        let told = match ann.merge_patch(&patch([second.clone()])) {
            Ok(report) => report.refused,
            Err(error) => vec![error],
        };
        match &told[..] {
            [MergeError::Equivocation { ours, theirs }] => {
                let names = |change| **ours == change || **theirs == change;
                assert!(names(first) && names(second));
            }
            told => panic!("{told:?}"),
        }
        ann.check().unwrap();
        waiting(&ann)
    });
    assert_eq!(stays[0].len(), 1);
    assert_eq!(stays[0], stays[1]);
}

#[test]
fn given_two_refs_where_different_changes_wait_under_one_id_when_merged_then_it_is_told_and_one_waits_in_both()
 {
    let [one, other] = twins();
    let (mut ann, mut cid) = (replica("ann", "{}"), branch(&replica("ann", "{}"), "cid"));
    ann.merge_patch(&patch([one])).unwrap();
    cid.merge_patch(&patch([other])).unwrap();
    let then = ann.version();
    let told = ann.merge(&cid).unwrap().refused;
    assert!(matches!(&told[..], [MergeError::Equivocation { .. }]), "{told:?}");
    cid.merge(&ann).unwrap();
    assert_eq!(waiting(&ann), waiting(&cid));
    ann.check().unwrap();
    cid.check().unwrap();
    let replaced = waiting(&ann)[0].ops == put("bob", &[], "1@ann", "c").ops;
    assert_eq!(ann.is_at(&then), !replaced);
}

#[test]
fn given_own_changes_for_which_others_wait_when_branched_then_the_next_merge_of_the_branch_applies_them() {
    let mut ann = replica("ann", r#"{"n":0}"#);
    let early = patch([put("eve", &[("ann", 3)], "1@ann", "e")]);
    ann.merge_patch(&early).unwrap();
    set(&mut ann, r#"{"n":1}"#);
    let mut bob = branch(&ann, "bob");
    bob.check().unwrap();
    bob.merge(&replica("ann", r#"{"n":0}"#)).unwrap();
    assert_eq!((text(&bob), bob.waiting_len()), (r#"{"n":1,"e":1}"#.to_owned(), 0));
    bob.check().unwrap();
}

#[test]
fn given_a_limit_on_what_waits_when_a_patch_goes_past_it_then_it_is_refused_whole_and_says_what_is_missing() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    let mut changes = Vec::new();
    for number in 0..100 {
        set(&mut bob, &format!(r#"{{"a":{number}}}"#));
        changes.push(last_change(&bob));
    }
    let first = changes.remove(0);
    ann.set_waiting_limit(20_000);
    let before = (ann.clock().clone(), ann.value().clone());
    match ann.merge_patch(&patch(changes.clone())) {
        Err(error @ MergeError::TooLarge { limit: 20_000, .. }) => {
            assert!(error.to_string().starts_with("2@bob is missing, "), "{error}");
        }
        merged => panic!("{:?}", merged.map(|report| report.waiting)),
    }
    assert_eq!((ann.waiting_len(), ann.waiting_memory()), (0, 0));
    assert_eq!((ann.clock(), ann.value()), (&before.0, &before.1));
    // With what is missing it comes in, and some can wait.
    assert_eq!(ann.merge_patch(&patch(changes[..5].to_vec())).unwrap().waiting, 5);
    assert_eq!(ann.missing(), [id("2@bob")]);
    assert!((1..20_000).contains(&ann.waiting_memory()));
    changes.insert(0, first);
    assert_eq!(ann.merge_patch(&patch(changes)).unwrap().new, 100);
    assert_eq!((ann.waiting_len(), ann.waiting_memory()), (0, 0));
    ann.check().unwrap();
}

#[test]
fn given_what_waits_when_it_is_dropped_then_it_comes_again_when_it_is_asked_for() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    set(&mut bob, r#"{"a":1}"#);
    set(&mut bob, r#"{"a":1,"b":2}"#);
    ann.merge_patch(&patch([last_change(&bob)])).unwrap();
    assert_eq!(ann.drop_waiting(), 1);
    assert_eq!((ann.waiting_len(), ann.waiting_memory(), ann.drop_waiting()), (0, 0, 0));
    ann.merge_patch(&bob.patch_from_clock(ann.clock())).unwrap();
    assert_eq!(text(&ann), r#"{"a":1,"b":2}"#);
}

#[test]
fn given_a_delete_of_more_than_a_document_holds_then_it_is_refused_and_does_not_wait() {
    let mut ann = replica("ann", "{}");
    let mut bob = branch(&ann, "bob");
    set(&mut bob, r#"{"a":1}"#);
    let mut change = last_change(&bob);
    let mut span = OpSpan::one(id("1@cid"));
    span.count = 1 << 53;
    change.deps = [(actor("cid"), 7)].into_iter().collect();
    change.previous = 0;
    change.first = 8;
    change.ops = vec![Op::Delete { over: vec![span] }];
    let refused = ann.merge_patch(&patch([change])).err();
    assert!(matches!(refused, Some(MergeError::Malformed { .. })), "{refused:?}");
    assert_eq!(ann.waiting_len(), 0);
}

#[test]
fn given_a_waiting_change_twice_in_a_patch_then_it_counts_once() {
    let mut ann = replica("ann", "{}");
    let change = put("bob", &[("ghost", 2)], "1@ann", "x");
    for _ in 0..2 {
        assert_eq!(ann.merge_patch(&patch([change.clone(), change.clone()])).unwrap().waiting, 1);
    }
}

#[test]
fn given_a_change_that_lacks_its_actors_last_one_and_anothers_then_it_waits_for_both() {
    let ann = replica("ann", "{}");
    for (first_author, second_author) in [("bob", "cid"), ("cid", "bob")] {
        let (mut one, mut two) = (branch(&ann, first_author), branch(&ann, second_author));
        set(&mut one, r#"{"x":1}"#);
        let before = last_change(&one);
        set(&mut two, r#"{"y":1}"#);
        let others = last_change(&two);
        one.merge(&two).unwrap();
        set(&mut one, r#"{"x":1,"y":2}"#);
        let after = last_change(&one);
        for order in [[&after, &before, &others], [&after, &others, &before]] {
            let mut late = branch(&ann, "late");
            let counts = order.map(|change| late.merge_patch(&patch([change.clone()])).unwrap().new);
            assert_eq!(counts, [0, 1, 2], "{first_author}");
            assert_eq!(late.check(), Ok(()));
            assert_eq!(text(&late), text(&one));
        }
    }
}

// --- lost edits ---

/// What one learns who deleted the box, and the other who edited it, when they merge.
fn both_sides(deleted: &str, edits: &[&str]) -> [Vec<String>; 2] {
    let base = replica("base", r#"{"box":{"n":0},"rest":0}"#);
    let (mut ann, mut bob) = (branch(&base, "ann"), branch(&base, "bob"));
    set(&mut ann, deleted);
    edits.iter().for_each(|edit| set(&mut bob, edit));
    let mut other = branch(&bob, "other");
    [lost(&branch(&ann, "one").merge(&bob).unwrap()), lost(&other.merge(&ann).unwrap())]
}

#[test]
fn given_edits_in_a_deleted_box_then_both_sides_name_those_that_still_stood() {
    let gone = r#"{"rest":0}"#;
    let rows: [(&[&str], &[&str]); 4] = [
        // Five edits of one key: the last one stood.
        (&[r#"{"box":{"n":1},"rest":0}"#, r#"{"box":{"n":2},"rest":0}"#], &[".box: 6@bob"]),
        // Taken back by its own actor.
        (&[r#"{"box":{"n":0,"t":1},"rest":0}"#, r#"{"box":{"n":0},"rest":0}"#], &[]),
        // One value of many parts is one edit.
        (&[r#"{"box":{"n":0,"v":{"x":[1,2]}},"rest":0}"#], &[".box: 5@bob"]),
        (&[r#"{"box":{"n":1,"m":1},"rest":0}"#], &[".box: 5..6@bob"]),
    ];
    for (edits, expected) in rows {
        for side in both_sides(gone, edits) {
            assert_eq!(side, expected, "{edits:?}");
        }
    }
}

#[test]
fn given_an_item_before_a_deleted_one_then_the_path_is_still_where_that_stood_when_it_went() {
    let base = replica("base", r#"{"l":[{"n":0}]}"#);
    let (mut ann, mut bob) = (branch(&base, "ann"), branch(&base, "bob"));
    set(&mut ann, r#"{"l":[]}"#);
    set(&mut bob, r#"{"l":[{"n":1}]}"#);
    set(&mut bob, r#"{"l":["first",{"n":1}]}"#);
    assert_eq!(lost(&ann.merge(&bob).unwrap()), [".l[0]: 5@bob"]);
}

#[test]
fn given_a_box_that_moved_and_was_deleted_then_the_path_is_where_it_last_stood() {
    let mut ann = replica("ann", r#"{"x":{"k":1}}"#);
    let (boxed, root) = (at(&ann, ".x"), at(&ann, "."));
    edit(&mut ann, |tx| tx.move_to_key(&boxed, &root, "y").unwrap());
    let mut bob = branch(&ann, "bob");
    edit(&mut bob, |tx| tx.put(&boxed, "k", Val::from(2_isize)).unwrap());
    edit(&mut ann, |tx| tx.remove(&root, "y").unwrap());
    assert_eq!(lost(&ann.merge(&bob).unwrap()), [".y: 5@bob"]);
}

#[test]
fn given_deletes_by_two_that_stand_side_by_side_then_each_knows_what_its_actor_had_seen() {
    let base = replica("base", "{}");
    let root = at(&base, ".");
    let (mut ann, mut bob) = (branch(&base, "ann"), branch(&base, "bob"));
    edit(&mut bob, |tx| tx.put(&root, "n", Val::from(1_isize)).unwrap());
    ann.merge(&bob).unwrap();
    edit(&mut bob, |tx| tx.put(&root, "box", json("[1]")).unwrap());
    edit(&mut ann, |tx| tx.remove(&root, "n").unwrap());
    bob.merge(&ann).unwrap();
    edit(&mut bob, |tx| tx.remove(&root, "box").unwrap());
    // Somebody who has lost something before, so that it is looked for.
    let mut cid = branch(&base, "cid");
    set(&mut cid, r#"{"gone":[]}"#);
    set(&mut cid, "{}");
    assert_eq!(lost(&cid.merge(&bob).unwrap()), Vec::<String>::new());
}

#[test]
fn given_a_delete_of_a_box_and_of_what_is_in_it_then_the_edit_inside_is_named() {
    let base = replica("base", r#"{"o":{"i":{"n":0}}}"#);
    let mut bob = branch(&base, "bob");
    set(&mut bob, r#"{"o":{"i":{"n":1}}}"#);
    let deps: Clock = [(actor("base"), 4)].into_iter().collect();
    let ops = vec![Op::Delete { over: vec!["2..3@base".parse().unwrap()] }];
    let deletion = Change { actor: actor("eve"), first: 5, previous: 0, deps, ops };
    assert_eq!(lost(&bob.merge_patch(&patch([deletion])).unwrap()), [".o: 5@bob"]);
}

#[test]
fn given_an_old_conflict_when_a_merge_adds_nothing_to_it_then_it_is_not_reported_again() {
    let base = replica("base", r#"{"k":0}"#);
    let (mut ann, mut bob, mut cid) = (branch(&base, "ann"), branch(&base, "bob"), branch(&base, "cid"));
    set(&mut ann, r#"{"k":1}"#);
    set(&mut cid, r#"{"k":3}"#);
    assert_eq!(ann.merge(&cid).unwrap().conflicts.len(), 1);
    set(&mut bob, r#"{"k":2}"#);
    set(&mut bob, "{}");
    assert_eq!(ann.merge(&bob).unwrap().conflicts, []);
}

// --- values that only look like JSON ---

#[test]
fn given_a_value_far_too_deep_inside_a_list_then_the_swap_is_refused() {
    let nested = |levels: usize| (0..levels).fold(Val::NULL, |inner, _| Val::from_iter([inner]));
    let mut ann = replica("ann", "[1,2]");
    let deep = Val::from_iter([nested(1_000_000), nested(10)]);
    assert!(matches!(ann.reset(deep), Err(SwapError::NotJson(_))));
    assert_eq!(text(&ann), "[1,2]");
}

#[test]
fn given_a_long_integer_that_became_short_then_it_is_the_number_that_it_prints_as() {
    let one = Val::from(Num::Big(Arc::new(1.into())));
    let mut ann = replica("ann", "0");
    ann.reset(one).unwrap();
    let mut bob = ConvergentRef::new(document(), actor("bob"));
    let travelled = ann.patch_from_clock(&Clock::new()).to_json().to_string();
    bob.merge_patch(&rejoin::crdt::Patch::from_json(&json(&travelled)).unwrap()).unwrap();
    assert_eq!(bob.merge_patch(&ann.patch_from_clock(&Clock::new())).unwrap().known, 2);
    assert_eq!(ann.reset(json("1")).unwrap().change, None);
}

#[test]
fn given_an_item_that_went_while_others_came_then_edits_that_went_with_it_are_told_where_it_stood() {
    let mut ann = replica("ann", r#"[{"t":"a"},{"t":"b"},{"t":"c"}]"#);
    let mut bob = branch(&ann, "bob");
    ann.swap(|list| {
        let mut list = list.clone();
        let items = list.as_list_mut().unwrap();
        items.splice(1..3, List::default());
        items.insert(0, json(r#"{"t":"new"}"#));
        list
    })
    .unwrap();
    set(&mut bob, r#"[{"t":"a"},{"t":"B"},{"t":"C"}]"#);
    let seen = bob.clock().clone();
    let lost_here = lost(&ann.merge(&bob).unwrap());
    let lost_there = lost(&bob.merge_patch(&ann.patch_from_clock(&seen)).unwrap());
    let paths = |lost: Vec<String>| -> Vec<String> {
        lost.iter().map(|lost| lost.split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(lost_here), [".[1]", ".[2]"]);
    assert_eq!(paths(lost_there), [".[1]", ".[2]"]);
}
