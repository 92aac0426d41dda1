//! What concurrent edits come to: one small case for each rule of the model.

use crate::common::{
    Calls, branch, exchange, exchange_all, id, json, last_change, patch, replica, set, text,
};
use rejoin::crdt::{Conflict, ConvergentRef, LostEdits, MergeReport};
use rejoin::value::Val;

/// Three replicas of one value.
fn three(value: &str) -> [ConvergentRef; 3] {
    let ann = replica("ann", value);
    let (bob, cid) = (branch(&ann, "bob"), branch(&ann, "cid"));
    [ann, bob, cid]
}

/// A conflict as text: path, winner, losers.
fn shown(conflict: &Conflict) -> (String, String, Vec<String>) {
    let losers = conflict.losers.iter().map(|write| write.value.to_string()).collect();
    (conflict.path.to_string(), conflict.winner.value.to_string(), losers)
}

fn conflicts(replica: &ConvergentRef) -> Vec<(String, String, Vec<String>)> {
    replica.conflicts().iter().map(shown).collect()
}

// --- maps ---

#[test]
fn given_two_keys_written_at_once_then_both_are_there_in_the_order_of_their_ids() {
    let [mut ann, mut bob, _] = three("{}");
    set(&mut ann, r#"{"from ann":1}"#);
    set(&mut bob, r#"{"from bob":2}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"{"from ann":1,"from bob":2}"#);
}

#[test]
fn given_maps_written_at_once_into_one_key_then_they_read_as_one_map() {
    let mut all = three(r#"{"z":0}"#);
    set(&mut all[0], r#"{"z":0,"config":{"theme":"dark","size":1}}"#);
    set(&mut all[1], r#"{"z":0,"config":{"lang":"hu","size":2}}"#);
    set(&mut all[2], r#"{"z":0,"config":{}}"#);
    assert_eq!(exchange_all(&mut all), r#"{"z":0,"config":{"theme":"dark","lang":"hu","size":2}}"#);
    // Only the key that both wrote has two values.
    let size = (".config.size".to_owned(), "2".to_owned(), vec!["1".to_owned()]);
    assert_eq!(conflicts(&all[2]), [size]);
}

#[test]
fn given_joined_maps_when_edited_then_the_edit_counts_in_all_of_them() {
    let mut all = three("null");
    set(&mut all[0], r#"{"a":1,"both":{"x":1}}"#);
    set(&mut all[1], r#"{"b":2,"both":{"y":2}}"#);
    assert_eq!(exchange_all(&mut all), r#"{"a":1,"b":2,"both":{"x":1,"y":2}}"#);
    // Keys of either map are written over, deleted and added, here and one level below.
    set(&mut all[2], r#"{"both":{"y":3,"z":4},"b":5,"c":6}"#);
    assert_eq!(exchange_all(&mut all), r#"{"b":5,"both":{"y":3,"z":4},"c":6}"#);
    assert_eq!(conflicts(&all[0]), []);
    set(&mut all[1], "{}");
    assert_eq!(exchange_all(&mut all), "{}");
}

#[test]
fn given_joined_maps_when_their_slot_is_written_over_then_all_of_them_go() {
    let mut all = three(r#"{"k":0}"#);
    set(&mut all[0], r#"{"k":{"a":1}}"#);
    set(&mut all[1], r#"{"k":{"b":2}}"#);
    exchange_all(&mut all);
    set(&mut all[2], r#"{"k":3}"#);
    assert_eq!(exchange_all(&mut all), r#"{"k":3}"#);
    assert_eq!(conflicts(&all[0]), []);
}

#[test]
fn given_joined_maps_when_one_more_comes_late_then_its_keys_take_their_place_in_the_order() {
    // ann's map is older than bob's, and reaches cid after it.
    let [mut ann, mut bob, mut cid] = three(r#"{"k":0}"#);
    set(&mut ann, r#"{"k":{"a":1,"x":1}}"#);
    set(&mut bob, r#"{"other":1,"k":0}"#);
    set(&mut bob, r#"{"other":1,"k":{"x":2,"b":2}}"#);
    cid.merge(&bob).unwrap();
    assert_eq!(text(&cid), r#"{"k":{"x":2,"b":2},"other":1}"#);
    cid.merge(&ann).unwrap();
    assert_eq!(text(&cid), r#"{"k":{"a":1,"x":2,"b":2},"other":1}"#);
}

#[test]
fn given_a_key_that_went_and_came_back_then_it_keeps_its_place() {
    let mut ann = replica("ann", r#"{"a":1,"b":2,"c":3}"#);
    set(&mut ann, r#"{"b":2,"c":3}"#);
    ann.reset(json(r#"{"b":2,"c":3,"a":4}"#)).unwrap();
    assert_eq!(text(&ann), r#"{"a":4,"b":2,"c":3}"#);
    // The order of keys alone is no difference.
    assert_eq!(ann.reset(json(r#"{"c":3,"b":2,"a":4}"#)).unwrap().change, None);
}

// --- writes and deletes ---

#[test]
fn given_a_write_that_a_delete_had_not_seen_then_the_write_stays() {
    for (start, written, deleted) in [
        (r#"{"k":1,"l":1}"#, r#"{"k":2,"l":1}"#, r#"{"l":1}"#),
        (r#"[1,"k"]"#, r#"[2,"k"]"#, r#"["k"]"#),
        (r#"{"k":{"in":1},"l":1}"#, r#"{"k":[],"l":1}"#, r#"{"l":1}"#),
    ] {
        let [mut ann, mut bob, _] = three(start);
        set(&mut ann, written);
        set(&mut bob, deleted);
        // A higher counter does not help the delete.
        bob.swap(|value| value.clone()).unwrap();
        exchange(&mut ann, &mut bob);
        assert_eq!(text(&ann), written);
        assert_eq!(conflicts(&ann), []);
    }
}

#[test]
fn given_two_writes_at_once_when_one_that_saw_only_the_first_deletes_it_then_the_other_stays() {
    for (start, first, second, deleted) in
        [(r#"{"k":0}"#, r#"{"k":1}"#, r#"{"k":2}"#, "{}"), ("[0]", "[1]", "[2]", "[]")]
    {
        let mut all = three(start);
        set(&mut all[0], first);
        set(&mut all[1], second);
        let [ann, _, cid] = &mut all;
        cid.merge(ann).unwrap();
        set(cid, deleted);
        assert_eq!(exchange_all(&mut all), second);
        assert_eq!(conflicts(&all[0]), []);
    }
}

#[test]
fn given_a_key_that_is_deleted_and_written_anew_at_once_then_the_new_write_stays() {
    let [mut ann, mut bob, _] = three(r#"{"k":1}"#);
    set(&mut ann, "{}");
    set(&mut ann, r#"{"k":1}"#);
    set(&mut bob, "{}");
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&bob), r#"{"k":1}"#);
}

#[test]
fn given_two_deletes_of_one_place_then_it_is_gone_once() {
    let mut all = three("[1,2,3]");
    set(&mut all[0], "[1,3]");
    set(&mut all[1], "[1,3]");
    set(&mut all[2], "[1]");
    assert_eq!(exchange_all(&mut all), "[1]");
}

#[test]
fn given_a_deleted_container_when_somebody_wrote_into_it_then_the_edit_is_reported_as_lost() {
    let [mut ann, mut bob, _] = three(r#"{"box":{"a":1},"rest":0}"#);
    set(&mut ann, r#"{"rest":0}"#);
    set(&mut bob, r#"{"box":{"a":1,"b":2},"rest":0}"#);
    let edit = last_change(&bob).id();
    let report = ann.merge(&bob).unwrap();
    assert_eq!(text(&ann), r#"{"rest":0}"#);
    assert_eq!(lost(&report), [(edit.to_string(), ".box".to_owned())]);
    // From the other side it is the delete that arrives.
    let report = bob.merge(&ann).unwrap();
    assert_eq!(text(&bob), r#"{"rest":0}"#);
    assert_eq!(lost(&report), [(edit.to_string(), ".box".to_owned())]);
}

fn lost(report: &MergeReport) -> Vec<(String, String)> {
    let named = |lost: &LostEdits| (lost.edits[0].to_string(), lost.path.to_string());
    report.lost.iter().map(named).collect()
}

// --- conflicts ---

#[test]
fn given_writes_of_one_key_at_once_then_the_highest_id_shows_and_the_others_are_kept() {
    let mut all = three(r#"{"k":0}"#);
    set(&mut all[0], r#"{"k":"ann"}"#);
    set(&mut all[1], r#"{"k":"bob"}"#);
    set(&mut all[2], r#"{"k":["cid"]}"#);
    assert_eq!(exchange_all(&mut all), r#"{"k":["cid"]}"#);
    let kept = (".k".to_owned(), r#"["cid"]"#.to_owned(), vec![r#""ann""#.to_owned(), r#""bob""#.to_owned()]);
    assert_eq!(conflicts(&all[1]), [kept]);
    let ids: Vec<String> = all[1].conflicts()[0].losers.iter().map(|write| write.id.to_string()).collect();
    assert_eq!(ids, ["3@ann", "3@bob"]);
    // A write that has seen them settles it.
    set(&mut all[0], r#"{"k":"settled"}"#);
    assert_eq!(exchange_all(&mut all), r#"{"k":"settled"}"#);
    assert_eq!(conflicts(&all[1]), []);
}

#[test]
fn given_a_local_value_that_wins_when_merged_then_the_report_names_the_conflict() {
    let [mut ann, mut bob, _] = three(r#"{"k":0}"#);
    set(&mut ann, r#"{"k":1}"#);
    set(&mut bob, r#"{"k":2}"#);
    let report = bob.merge(&ann).unwrap();
    assert_eq!(text(&bob), r#"{"k":2}"#);
    let reported: Vec<_> = report.conflicts.iter().map(shown).collect();
    assert_eq!(reported, [(".k".to_owned(), "2".to_owned(), vec!["1".to_owned()])]);
    // It is told once.
    assert!(bob.merge(&ann).unwrap().conflicts.is_empty());
    assert_eq!(bob.conflicts().len(), 1);
}

#[test]
fn given_equal_writes_at_once_then_there_is_no_conflict() {
    let [mut ann, mut bob, _] = three(r#"{"k":0}"#);
    set(&mut ann, r#"{"k":"same"}"#);
    set(&mut bob, r#"{"k":"same"}"#);
    assert!(ann.merge(&bob).unwrap().conflicts.is_empty());
    assert_eq!(text(&ann), r#"{"k":"same"}"#);
}

#[test]
fn given_lists_written_at_once_into_one_key_then_they_do_not_join() {
    let [mut ann, mut bob, _] = three(r#"{"k":0}"#);
    set(&mut ann, r#"{"k":[1,2]}"#);
    set(&mut bob, r#"{"k":[3]}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(conflicts(&ann), [(".k".to_owned(), "[3]".to_owned(), vec!["[1,2]".to_owned()])]);
}

#[test]
fn given_a_conflict_in_a_list_when_the_item_is_deleted_then_all_its_values_go() {
    let [mut ann, mut bob, _] = three("[0,9]");
    set(&mut ann, "[1,9]");
    set(&mut bob, "[2,9]");
    exchange(&mut ann, &mut bob);
    assert_eq!(conflicts(&ann), [(".[0]".to_owned(), "2".to_owned(), vec!["1".to_owned()])]);
    set(&mut ann, "[9]");
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&bob), "[9]");
}

#[test]
fn given_a_map_and_a_number_written_at_once_then_the_highest_id_shows_and_edits_reach_the_map() {
    let [mut ann, mut bob, _] = three(r#"{"k":0}"#);
    set(&mut ann, r#"{"k":{"a":1}}"#);
    set(&mut bob, r#"{"k":7}"#);
    let mut zoe = branch(&ann, "zoe");
    set(&mut zoe, r#"{"k":{"a":1,"b":2}}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(conflicts(&ann), [(".k".to_owned(), "7".to_owned(), vec![r#"{"a":1}"#.to_owned()])]);
    exchange(&mut zoe, &mut ann);
    assert_eq!(conflicts(&ann), [(".k".to_owned(), "7".to_owned(), vec![r#"{"a":1,"b":2}"#.to_owned()])]);
}

// --- lists ---

#[test]
fn given_items_inserted_at_one_place_at_once_then_all_are_there() {
    let mut all = three(r#"["a","z"]"#);
    set(&mut all[0], r#"["a","1","2","z"]"#);
    set(&mut all[1], r#"["a","3","4","z"]"#);
    set(&mut all[2], r#"["a","5","6","z"]"#);
    assert_eq!(exchange_all(&mut all), r#"["a","1","2","3","4","5","6","z"]"#);
}

#[test]
fn given_an_item_inserted_beside_a_deleted_one_then_it_keeps_its_place() {
    let [mut ann, mut bob, _] = three("[1,2,3,4]");
    set(&mut ann, "[1,4]");
    set(&mut bob, "[1,2,5,3,4]");
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), "[1,5,4]");
}

#[test]
fn given_an_edit_of_an_item_and_an_insert_before_it_then_the_edit_follows_its_item() {
    let [mut ann, mut bob, _] = three(r#"[{"id":1,"n":"x"},{"id":2,"n":"y"}]"#);
    set(&mut ann, r#"[{"id":0,"n":"w"},{"id":1,"n":"x"},{"id":2,"n":"y"}]"#);
    set(&mut bob, r#"[{"id":1,"n":"x"},{"id":2,"n":"Y"}]"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"[{"id":0,"n":"w"},{"id":1,"n":"x"},{"id":2,"n":"Y"}]"#);
}

#[test]
fn given_equal_items_when_they_change_places_then_there_is_no_difference_and_no_change() {
    let mut ann = replica("ann", "[]");
    set(&mut ann, "[{},{}]");
    let reversed = |list: &Val| list.as_list().unwrap().iter().rev().cloned().collect();
    assert_eq!(ann.swap(reversed).unwrap().change, None);
}

// --- waiting ---

#[test]
fn given_a_change_that_came_early_then_it_waits_for_each_thing_that_it_needs() {
    let [mut ann, mut bob, mut cid] = three(r#"{"n":0}"#);
    let base = last_change(&ann);
    set(&mut ann, r#"{"n":1}"#);
    let by_ann = last_change(&ann);
    set(&mut bob, r#"{"n":0,"m":0}"#);
    let by_bob = last_change(&bob);
    bob.merge(&ann).unwrap();
    set(&mut bob, r#"{"n":1,"m":1}"#);
    let last = last_change(&bob);

    let mut late = ConvergentRef::new(cid.document().clone(), crate::common::actor("late"));
    for (change, new, waiting) in [(last, 0, 1), (by_bob, 0, 2), (by_ann, 0, 3), (base, 4, 0)] {
        let report = late.merge_patch(&patch([change])).unwrap();
        assert_eq!((report.new, late.waiting().count()), (new, waiting));
        late.check().unwrap();
    }
    assert_eq!(text(&late), r#"{"n":1,"m":1}"#);
    exchange(&mut cid, &mut late);
}

#[test]
fn given_a_swap_while_a_change_waits_then_both_are_kept() {
    let [mut ann, mut bob, _] = three("[]");
    set(&mut bob, "[1]");
    let first = last_change(&bob);
    set(&mut bob, "[1,2]");
    ann.merge_patch(&patch([last_change(&bob)])).unwrap();
    set(&mut ann, r#"["mine"]"#);
    assert_eq!(ann.waiting().count(), 1);
    ann.merge_patch(&patch([first])).unwrap();
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"["mine",1,2]"#);
    assert!(ann.changes().any(|change| change.id() == id("3@bob")));
}

#[test]
fn given_a_replica_with_a_waiting_change_when_merged_then_the_change_comes_along() {
    let [mut ann, mut bob, mut cid] = three("[]");
    set(&mut bob, "[1]");
    let first = last_change(&bob);
    set(&mut bob, "[1,2]");
    let second = last_change(&bob);
    ann.merge_patch(&patch([second])).unwrap();
    cid.merge_patch(&patch([first])).unwrap();
    // ann has one half and cid the other: together they have both, whoever takes from whom.
    let (mut zoe, mut yan) = (branch(&ann, "zoe"), branch(&cid, "yan"));
    zoe.merge(&cid).unwrap();
    yan.merge(&ann).unwrap();
    assert_eq!((text(&zoe), text(&yan)), ("[1,2]".to_owned(), "[1,2]".to_owned()));
    assert_eq!(zoe.clock(), yan.clock());
}

#[test]
fn given_an_actor_that_lost_its_replica_when_it_takes_its_history_back_then_it_goes_on_from_there() {
    let [mut ann, mut bob, _] = three("[]");
    set(&mut ann, "[1]");
    bob.merge(&ann).unwrap();
    let mut again = ConvergentRef::new(bob.document().clone(), ann.actor().clone());
    again.merge(&bob).unwrap();
    set(&mut again, "[1,2]");
    assert_eq!(last_change(&again).id(), id("3@ann"));
    exchange(&mut again, &mut bob);
    ann.merge(&again).unwrap();
    assert_eq!(text(&ann), "[1,2]");
}

// --- watching ---

#[test]
fn given_a_watcher_then_it_is_called_with_every_new_value_until_its_watch_ends() {
    let [mut ann, mut bob, _] = three("0");
    let (first, second) = (Calls::of(&mut ann), Calls::default());
    let watch = second.watch(&mut ann);
    set(&mut ann, "1");
    set(&mut ann, "1");
    bob.merge(&ann).unwrap();
    set(&mut bob, "2");
    ann.merge(&bob).unwrap();
    ann.merge(&bob).unwrap();
    assert_eq!(first.take(), [("0".to_owned(), "1".to_owned()), ("1".to_owned(), "2".to_owned())]);
    assert_eq!(second.take().len(), 2);
    assert!(ann.unwatch(watch));
    assert!(!ann.unwatch(watch));
    set(&mut ann, "3");
    assert_eq!((first.take().len(), second.take().len()), (1, 0));
}
