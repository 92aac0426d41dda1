//! Containers that move: one small case for each rule.

use crate::common::{at, branch, edit, json, last_change, replica, set, text};
use crate::oracle::Oracle;
use rejoin::crdt::{Content, ConvergentRef, Op, OpId};
use rejoin::value::Val;

/// Three replicas of one value.
fn three(value: &str) -> [ConvergentRef; 3] {
    let ann = replica("ann", value);
    let (bob, cid) = (branch(&ann, "bob"), branch(&ann, "cid"));
    [ann, bob, cid]
}

/// Everybody takes what everybody has; what they come to is what the oracle says.
fn exchange_all(three: &mut [ConvergentRef; 3]) -> String {
    let value = crate::common::exchange_all(three);
    assert_eq!(value, Oracle::new(three[0].changes()).value().to_string());
    value
}

/// Moves the container at a path to a key of the map at another.
fn to_key(replica: &mut ConvergentRef, from: &str, map: &str, key: &str) {
    let (container, map) = (at(replica, from), at(replica, map));
    edit(replica, |tx| tx.move_to_key(&container, &map, key).unwrap());
}

/// Moves the container at a path before an item of the list at another.
fn to_item(replica: &mut ConvergentRef, from: &str, list: &str, index: usize) {
    let (container, list) = (at(replica, from), at(replica, list));
    edit(replica, |tx| tx.move_to_item(&container, &list, index).unwrap());
}

fn remove(replica: &mut ConvergentRef, map: &str, key: &str) {
    let map = at(replica, map);
    edit(replica, |tx| tx.remove(&map, key).unwrap());
}

/// Swaps the entries of an object, each as it is.
fn swap_entries(
    replica: &mut ConvergentRef,
    entries: impl FnOnce(&dyn Fn(&str) -> Val) -> Vec<(&'static str, Val)>,
) {
    replica
        .swap(|value| {
            let get = |key: &str| value[key].clone();
            rejoin::value::object(entries(&get))
        })
        .unwrap();
}

/// The containers that the last change moved.
fn moved(replica: &ConvergentRef) -> Vec<OpId> {
    let contents = last_change(replica).ops.into_iter().filter_map(|op| op.content().cloned());
    let moved = contents.filter_map(|content| match content {
        Content::Move(container) => Some(container),
        Content::Scalar(_) | Content::Make(_) => None,
    });
    moved.collect()
}

fn items(list: &Val) -> Vec<Val> {
    list.as_list().unwrap().iter().cloned().collect()
}

// --- identity ---

#[test]
fn given_a_container_that_moves_when_it_is_edited_elsewhere_at_once_then_the_edit_reaches_it() {
    let mut all = three(r#"{"todo":{"n":1},"done":{}}"#);
    to_key(&mut all[0], "todo", "done", "it");
    set(&mut all[1], r#"{"todo":{"n":2},"done":{}}"#);
    set(&mut all[2], r#"{"todo":{"n":1,"new":[]},"done":{}}"#);
    assert_eq!(exchange_all(&mut all), r#"{"done":{"it":{"n":2,"new":[]}}}"#);
    assert_eq!(all[0].conflicts(), []);
}

#[test]
fn given_a_container_that_moves_on_then_it_keeps_its_id() {
    let mut ann = replica("ann", r#"{"a":{"n":1},"l":[[],{}],"m":{}}"#);
    let (it, nested) = (at(&ann, "a"), at(&ann, "l.0"));
    to_item(&mut ann, "a", "l", 1);
    assert_eq!((text(&ann), at(&ann, "l.1")), (r#"{"l":[[],{"n":1},{}],"m":{}}"#.to_owned(), it.clone()));
    to_item(&mut ann, "l.1", "l.0", 0);
    to_key(&mut ann, "l.0", "m", "k");
    assert_eq!(text(&ann), r#"{"l":[{}],"m":{"k":[{"n":1}]}}"#);
    assert_eq!((at(&ann, "m.k"), at(&ann, "m.k.0")), (nested, it));
    ann.check().unwrap();
}

#[test]
fn given_a_swap_that_takes_a_container_elsewhere_then_the_container_moves() {
    let mut all = three(r#"{"a":{"x":1,"y":[1]},"l":[]}"#);
    let it = at(&all[0], "a");
    swap_entries(&mut all[0], |get| vec![("l", get("l")), ("b", get("a"))]);
    assert_eq!(moved(&all[0]), [it]);
    set(&mut all[1], r#"{"a":{"x":2,"y":[1]},"l":[]}"#);
    set(&mut all[2], r#"{"a":{"x":1,"y":[0,1]},"l":[]}"#);
    assert_eq!(exchange_all(&mut all), r#"{"l":[],"b":{"x":2,"y":[0,1]}}"#);
}

#[test]
fn given_a_map_that_is_edited_on_its_way_then_its_untouched_keys_are_not_written_again() {
    let mut all = three(r#"{"a":{"x":1,"y":1,"z":{"deep":[1]}},"b":[]}"#);
    let it = at(&all[0], "a");
    all[0]
        .swap(|value| {
            let mut a = value["a"].clone();
            a.as_map_mut().unwrap().insert("y".into(), json("2"));
            rejoin::value::object([("b", Val::from_iter([a]))])
        })
        .unwrap();
    assert_eq!(moved(&all[0]), [it]);
    let puts = last_change(&all[0]).ops.into_iter().filter(|op| matches!(op, Op::Put { .. }));
    assert_eq!(puts.count(), 1, "of .y");
    set(&mut all[1], r#"{"a":{"x":"theirs","y":1,"z":{"deep":[1]}},"b":[]}"#);
    set(&mut all[2], r#"{"a":{"x":1,"y":1,"z":{"deep":[1,2]}},"b":[]}"#);
    assert_eq!(exchange_all(&mut all), r#"{"b":[{"x":"theirs","y":2,"z":{"deep":[1,2]}}]}"#);
    assert_eq!(all[0].conflicts(), []);
}

#[test]
fn given_a_container_that_stays_and_appears_again_then_that_is_a_copy() {
    let mut all = three(r#"{"a":{"x":1}}"#);
    swap_entries(&mut all[0], |get| vec![("a", get("a")), ("b", get("a"))]);
    assert_eq!(moved(&all[0]), []);
    set(&mut all[1], r#"{"a":{"x":2}}"#);
    assert_eq!(exchange_all(&mut all), r#"{"a":{"x":2},"b":{"x":1}}"#);
}

#[test]
fn given_a_container_that_leaves_and_appears_twice_then_one_is_it_and_the_other_a_copy() {
    let mut all = three(r#"{"a":{"x":1}}"#);
    swap_entries(&mut all[0], |get| vec![("b", get("a")), ("c", get("a"))]);
    assert_eq!(moved(&all[0]).len(), 1);
    set(&mut all[1], r#"{"a":{"x":2}}"#);
    let value = exchange_all(&mut all);
    assert!(
        [r#"{"b":{"x":2},"c":{"x":1}}"#, r#"{"b":{"x":1},"c":{"x":2}}"#].contains(&value.as_str()),
        "{value}"
    );
}

// --- the order of lists ---

#[test]
fn given_a_list_that_is_reversed_when_an_item_is_edited_at_once_then_the_edit_follows_its_item() {
    let mut all = three(r#"[{"n":1},{"n":2},{"n":3}]"#);
    all[0].swap(|list| items(list).into_iter().rev().collect()).unwrap();
    set(&mut all[1], r#"[{"n":1},{"n":"two"},{"n":3}]"#);
    set(&mut all[2], r#"[{"n":"one"},{"n":2},{"n":3}]"#);
    assert_eq!(exchange_all(&mut all), r#"[{"n":3},{"n":"two"},{"n":"one"}]"#);
}

#[test]
fn given_a_list_that_several_sort_and_rotate_at_once_then_each_item_is_there_once() {
    let mut all = three(r#"[{"n":3},{"n":1},{"n":2},{"n":5},{"n":4}]"#);
    all[0].swap(|list| items(list).into_iter().rev().collect()).unwrap();
    let sorted = |list: &Val| {
        let mut items = items(list);
        items.sort_by_key(rejoin::value::text);
        items.into_iter().collect()
    };
    all[1].swap(sorted).unwrap();
    let rotated = |list: &Val| {
        let mut items = items(list);
        items.rotate_left(2);
        items.into_iter().collect()
    };
    all[2].swap(rotated).unwrap();
    exchange_all(&mut all);
    let mut there: Vec<String> = items(all[0].value()).iter().map(rejoin::value::text).collect();
    there.sort();
    assert_eq!(there, [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":4}"#, r#"{"n":5}"#]);
}

#[test]
fn given_an_item_that_moves_within_its_list_then_the_index_counts_the_items_as_they_stood() {
    for (from, to, after) in [
        (0, 0, "[[0],[1],[2]]"),
        (0, 1, "[[0],[1],[2]]"),
        (0, 2, "[[1],[0],[2]]"),
        (0, 3, "[[1],[2],[0]]"),
        (2, 0, "[[2],[0],[1]]"),
        (2, 1, "[[0],[2],[1]]"),
        (2, 3, "[[0],[1],[2]]"),
    ] {
        let mut ann = replica("ann", "[[0],[1],[2]]");
        to_item(&mut ann, &from.to_string(), "", to);
        assert_eq!(text(&ann), after, "{from} to {to}");
        ann.check().unwrap();
    }
}

#[test]
fn given_one_item_that_moves_then_the_change_has_one_op() {
    let mut ann = replica("ann", r#"[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5}]"#);
    let rotated = |list: &Val| {
        let mut items = items(list);
        items.rotate_right(1);
        items.into_iter().collect()
    };
    ann.swap(rotated).unwrap();
    assert_eq!((last_change(&ann).ops.len(), moved(&ann).len()), (1, 1));
}

// --- the slot that it leaves ---

#[test]
fn given_a_container_that_moves_out_of_a_conflict_then_the_loser_does_not_surface() {
    let mut all = three(r#"{"k":0}"#);
    set(&mut all[0], r#"{"k":1}"#);
    set(&mut all[1], r#"{"k":["it"]}"#);
    assert_eq!(exchange_all(&mut all), r#"{"k":["it"]}"#);
    to_key(&mut all[2], "k", "", "there");
    assert_eq!(text(&all[2]), r#"{"there":["it"]}"#);
    assert_eq!(exchange_all(&mut all), r#"{"there":["it"]}"#);
    assert_eq!(all[0].conflicts(), []);
}

#[test]
fn given_a_container_that_moves_over_a_conflict_then_all_of_it_goes() {
    let mut all = three(r#"{"k":0,"it":[]}"#);
    set(&mut all[0], r#"{"k":1,"it":[]}"#);
    set(&mut all[1], r#"{"k":[2],"it":[]}"#);
    exchange_all(&mut all);
    to_key(&mut all[2], "it", "", "k");
    assert_eq!(exchange_all(&mut all), r#"{"k":[]}"#);
    assert_eq!(all[0].conflicts(), []);
}

#[test]
fn given_a_container_that_moves_when_its_old_slot_is_written_over_at_once_then_both_are_there() {
    let mut all = three(r#"{"a":{"n":1}}"#);
    to_key(&mut all[0], "a", "", "b");
    set(&mut all[1], r#"{"a":"new"}"#);
    assert_eq!(exchange_all(&mut all), r#"{"a":"new","b":{"n":1}}"#);
    assert_eq!(all[0].conflicts(), []);
}

// --- one place ---

#[test]
fn given_a_container_that_several_move_at_once_then_it_is_where_the_highest_id_puts_it() {
    let mut all = three(r#"{"it":{"n":1},"a":{},"b":[],"c":{}}"#);
    to_key(&mut all[0], "it", "a", "k");
    to_item(&mut all[1], "it", "b", 0);
    to_key(&mut all[2], "it", "c", "k");
    assert_eq!(exchange_all(&mut all), r#"{"a":{},"b":[],"c":{"k":{"n":1}}}"#);
    assert_eq!(all[0].conflicts(), []);
    to_key(&mut all[0], "c.k", "a", "k");
    assert_eq!(exchange_all(&mut all), r#"{"a":{"k":{"n":1}},"b":[],"c":{}}"#);
}

#[test]
fn given_a_move_and_a_delete_of_the_old_place_at_once_then_the_move_stays() {
    for at_item in [false, true] {
        let mut all = three(r#"{"it":{"n":1},"l":[]}"#);
        if at_item {
            to_item(&mut all[0], "it", "l", 0);
        } else {
            to_key(&mut all[0], "it", "", "k");
        }
        remove(&mut all[1], "", "it");
        set(&mut all[2], r#"{"l":[]}"#);
        let there = if at_item { r#"{"l":[{"n":1}]}"# } else { r#"{"l":[],"k":{"n":1}}"# };
        assert_eq!(exchange_all(&mut all), there);
    }
}

#[test]
fn given_a_moved_container_when_it_is_deleted_then_it_does_not_come_back_in_an_old_place() {
    let mut all = three(r#"{"it":{"n":1},"l":[]}"#);
    to_item(&mut all[0], "it", "l", 0);
    exchange_all(&mut all);
    remove(&mut all[1], "", "l");
    assert_eq!(text(&all[1]), "{}", "with what holds it");
    let mut others = three(r#"{"it":{"n":1},"l":[]}"#);
    to_item(&mut others[0], "it", "l", 0);
    to_key(&mut others[0], "l.0", "", "k");
    exchange_all(&mut others);
    remove(&mut others[1], "", "k");
    set(&mut others[2], r#"{"l":[],"k":0}"#);
    assert_eq!(exchange_all(&mut others), r#"{"l":[],"k":0}"#);
}

#[test]
fn given_a_move_that_a_delete_had_not_seen_then_the_container_stays_where_that_put_it() {
    let mut all = three(r#"{"it":{"n":1}}"#);
    to_key(&mut all[0], "it", "", "k");
    exchange_all(&mut all);
    to_key(&mut all[0], "k", "", "z");
    remove(&mut all[1], "", "k");
    assert_eq!(exchange_all(&mut all), r#"{"z":{"n":1}}"#);
}

#[test]
fn given_a_move_into_a_container_that_is_deleted_at_once_then_it_goes_with_it() {
    let mut all = three(r#"{"it":{"n":1},"l":[]}"#);
    to_item(&mut all[0], "it", "l", 0);
    remove(&mut all[1], "", "l");
    assert_eq!(exchange_all(&mut all), "{}");
}

#[test]
fn given_two_containers_that_move_to_one_key_at_once_then_the_higher_wins_and_maps_join() {
    let mut all = three(r#"{"a":[1],"b":[2]}"#);
    to_key(&mut all[0], "a", "", "k");
    to_key(&mut all[1], "b", "", "k");
    assert_eq!(exchange_all(&mut all), r#"{"k":[2]}"#);
    assert_eq!(all[0].conflicts().len(), 1);
    let mut all = three(r#"{"a":{"x":1,"y":1},"b":{"y":2,"z":2}}"#);
    to_key(&mut all[0], "a", "", "k");
    to_key(&mut all[1], "b", "", "k");
    assert_eq!(exchange_all(&mut all), r#"{"k":{"x":1,"y":2,"z":2}}"#);
}

#[test]
fn given_joined_maps_when_they_move_then_they_stay_one() {
    let mut all = three(r#"{"l":[]}"#);
    set(&mut all[0], r#"{"l":[],"k":{"a":1}}"#);
    set(&mut all[1], r#"{"l":[],"k":{"b":2}}"#);
    exchange_all(&mut all);
    to_item(&mut all[2], "k", "l", 0);
    assert_eq!(text(&all[2]), r#"{"l":[{"a":1,"b":2}]}"#);
    set(&mut all[0], r#"{"l":[],"k":{"a":3,"b":4}}"#);
    assert_eq!(exchange_all(&mut all), r#"{"l":[{"a":3,"b":4}]}"#);
    swap_entries(&mut all[1], |get| vec![("l", json("[]")), ("again", items(&get("l")).remove(0))]);
    assert_eq!(exchange_all(&mut all), r#"{"l":[],"again":{"a":3,"b":4}}"#);
}

// --- cycles ---

#[test]
fn given_a_container_that_would_be_inside_itself_then_the_move_is_refused_and_nothing_changes() {
    let mut ann = replica("ann", r#"{"a":{"b":{"c":[]}}}"#);
    let [root, a, b, c] = ["", "a", "a.b", "a.b.c"].map(|path| at(&ann, path));
    let (before, clock) = (text(&ann), ann.clock().clone());
    edit(&mut ann, |tx| {
        assert!(tx.move_to_key(&a, &a, "k").is_err());
        assert!(tx.move_to_key(&a, &b, "k").is_err());
        assert!(tx.move_to_item(&a, &c, 0).is_err());
        assert!(tx.move_to_item(&c, &c, 0).is_err());
        assert!(tx.move_to_key(&root, &b, "k").is_err());
    });
    assert_eq!((text(&ann), ann.clock()), (before, &clock));
    // A swap that means the same makes a copy.
    set(&mut ann, r#"{"a":{"b":{"c":[{"b":{"c":[]}}]}}}"#);
    ann.check().unwrap();
}

#[test]
fn given_two_containers_moved_into_each_other_at_once_then_both_are_there_and_merging_goes_on() {
    let mut all = three(r#"{"a":{"n":1},"b":{"n":2}}"#);
    to_key(&mut all[0], "a", "b", "x");
    to_key(&mut all[1], "b", "a", "x");
    assert_eq!(exchange_all(&mut all), r#"{"b":{"n":2,"x":{"n":1}}}"#);
    set(&mut all[2], r#"{"b":{"n":3,"x":{"n":4}}}"#);
    to_key(&mut all[0], "b.x", "", "a");
    assert_eq!(exchange_all(&mut all), r#"{"a":{"n":4},"b":{"n":3}}"#);
}

#[test]
fn given_three_containers_moved_into_each_other_in_a_ring_then_all_are_there() {
    let mut all = three(r#"{"a":{},"b":{},"c":{}}"#);
    to_key(&mut all[0], "a", "b", "a");
    to_key(&mut all[1], "b", "c", "b");
    to_key(&mut all[2], "c", "a", "c");
    assert_eq!(exchange_all(&mut all), r#"{"c":{"b":{"a":{}}}}"#);
}

#[test]
fn given_a_settled_cycle_when_the_inner_container_goes_then_the_outer_one_stays() {
    for by_swap in [false, true] {
        let mut all = three(r#"{"a":{"n":1},"b":{"n":2}}"#);
        to_key(&mut all[0], "a", "b", "x");
        to_key(&mut all[1], "b", "a", "x");
        exchange_all(&mut all);
        if by_swap {
            set(&mut all[2], r#"{"b":{"n":2}}"#);
        } else {
            remove(&mut all[2], "b", "x");
        }
        assert_eq!(text(&all[2]), r#"{"b":{"n":2}}"#);
        assert_eq!(exchange_all(&mut all), r#"{"b":{"n":2}}"#);
        remove(&mut all[1], "", "b");
        assert_eq!(exchange_all(&mut all), "{}");
    }
}

#[test]
fn given_two_containers_that_change_places_while_one_is_moved_into_the_other_then_neither_vanishes() {
    let mut all = three(r#"{"a":{"p":1},"b":{"q":2,"c":{"r":3}}}"#);
    to_key(&mut all[0], "b", "a", "x");
    // a and c change places.
    let inner = |mut value: Val, with: Val| {
        let was = value.as_map_mut().unwrap().insert("c".into(), with).unwrap();
        (was, value)
    };
    swap_entries(&mut all[1], |get| {
        let (c, b) = inner(get("b"), get("a"));
        vec![("a", c), ("b", b)]
    });
    assert_eq!(text(&all[1]), r#"{"a":{"r":3},"b":{"q":2,"c":{"p":1}}}"#);
    let value = exchange_all(&mut all);
    for part in [r#""p":1"#, r#""q":2"#, r#""r":3"#] {
        assert_eq!(value.matches(part).count(), 1, "{value}");
    }
}

// --- the root ---

#[test]
fn given_a_root_that_is_replaced_by_a_part_of_it_then_the_part_moves_there() {
    let mut all = three(r#"{"a":{"n":1},"rest":[]}"#);
    all[0].swap(|value| value["a"].clone()).unwrap();
    set(&mut all[1], r#"{"a":{"n":2},"rest":[]}"#);
    assert_eq!(exchange_all(&mut all), r#"{"n":2}"#);
}

#[test]
fn given_a_root_that_is_wrapped_then_it_moves_into_the_new_one() {
    let mut all = three(r#"{"n":1}"#);
    all[0].swap(|value| Val::from_iter([value.clone()])).unwrap();
    set(&mut all[1], r#"{"n":2}"#);
    assert_eq!(exchange_all(&mut all), r#"[{"n":2}]"#);
}

#[test]
fn given_a_list_that_moves_when_what_an_item_of_it_holds_appears_elsewhere_too_then_all_is_there() {
    let mut ann = replica("ann", r#"[{"a":{},"b":[[1,-9],1,-9]},{"t":3,"c":{"t":1},"d":"x","e":""}]"#);
    let wanted = concat!(
        r#"[{"t":3,"c":{"t":1,"f":[[1,-9],1,-9],"c":{"a":[[1,-9],1,-9]}},"d":"x","e":""},"#,
        r#"{"a":{},"b":[[1,-9],1,-9]}]"#
    );
    set(&mut ann, wanted);
    assert_eq!(text(&ann), wanted);
    ann.check().unwrap();
}
