//! What a swap takes for what: one small case for each rule.

use crate::common::{actor, at, branch, edit, exchange, json, last_change, replica, set, text};
use rejoin::crdt::{Content, ConvergentRef, DocumentId, Kind, Op, OpId};
use rejoin::value::{List, Val, object};

/// Swaps what `edit` makes of a copy of the value; the value that this gives is the wanted one.
fn swap(replica: &mut ConvergentRef, edit: impl FnOnce(&Val) -> Val) {
    let wanted = edit(replica.value());
    replica.swap(|_| wanted.clone()).unwrap();
    assert!(rejoin::value::same(replica.value(), &wanted), "{wanted}, not {}", text(replica));
    replica.check().unwrap();
}

/// The value with another one under a key.
fn with(value: &Val, key: &str, new: Val) -> Val {
    let mut value = value.clone();
    value.as_map_mut().unwrap().insert(key.into(), new);
    value
}

fn without(value: &Val, key: &str) -> Val {
    let mut value = value.clone();
    value.as_map_mut().unwrap().remove(key);
    value
}

/// The list with its items changed; it stays the list that it is.
fn with_items(list: &Val, edit: impl FnOnce(&mut List)) -> Val {
    let mut list = list.clone();
    edit(list.as_list_mut().unwrap());
    list
}

/// The containers that the last change made.
fn made(replica: &ConvergentRef) -> usize {
    let ops = last_change(replica).ops;
    ops.iter().filter(|op| matches!(op.content(), Some(Content::Make(_)))).count()
}

fn items<const N: usize>(replica: &ConvergentRef) -> [OpId; N] {
    std::array::from_fn(|index| at(replica, &index.to_string()))
}

// --- what is handed on ---

#[test]
fn given_items_that_are_rearranged_and_renumbered_then_each_edit_follows_its_item() {
    let mut ann = replica("ann", r#"[{"n":1,"t":"a"},{"n":2,"t":"b"}]"#);
    let mut bob = branch(&ann, "bob");
    let [a, b] = items(&ann);
    // A new one comes first, the two change places, and all get their numbers anew.
    swap(&mut ann, |list| {
        let numbered = |n: i32, item: &Val| with(item, "n", n.into());
        let all = [json(r#"{"n":1,"t":"new"}"#), numbered(2, &list[1]), numbered(3, &list[0])];
        with_items(list, |items| items.splice(0..2, all.into_iter().collect()))
    });
    let [_, second, third] = items(&ann);
    assert_eq!([second, third], [b, a]);
    set(&mut bob, r#"[{"n":1,"t":"A"},{"n":2,"t":"b"}]"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"[{"n":1,"t":"new"},{"n":2,"t":"b"},{"n":3,"t":"A"}]"#);
}

#[test]
fn given_something_that_was_deleted_when_its_old_value_is_set_elsewhere_then_it_comes_back() {
    let mut ann = replica("ann", r#"{"a":{"x":1},"l":[]}"#);
    let (mut bob, mut cid) = (branch(&ann, "bob"), branch(&ann, "cid"));
    let (old, a) = (ann.value()["a"].clone(), at(&ann, "a"));
    swap(&mut ann, |value| without(value, "a"));
    set(&mut bob, r#"{"a":{"x":2},"l":[]}"#);
    ann.merge(&bob).unwrap();
    // What bob wrote into it since is seen and overwritten; what cid wrote is not seen.
    swap(&mut ann, |value| with(value, "l", with_items(&value["l"], |items| items.push(old))));
    assert_eq!((text(&ann), at(&ann, "l.0")), (r#"{"l":[{"x":1}]}"#.to_owned(), a));
    set(&mut cid, r#"{"a":{"x":1,"y":3},"l":[]}"#);
    exchange(&mut ann, &mut cid);
    assert_eq!(text(&ann), r#"{"l":[{"x":1,"y":3}]}"#);
}

#[test]
fn given_a_text_and_a_counter_that_move_then_they_stay_what_they_are() {
    let mut ann = replica("ann", r#"{"l":[]}"#);
    let root = at(&ann, "");
    let [typed, counted] = edit(&mut ann, |tx| {
        let text = tx.put_new(&root, "t", Kind::Text).unwrap();
        tx.splice(&text, 0, 0, "some words").unwrap();
        let counter = tx.put_new(&root, "n", Kind::Counter).unwrap();
        tx.add(&counter, 5).unwrap();
        [text, counter]
    });
    let mut bob = branch(&ann, "bob");
    swap(&mut ann, |value| {
        let all = [value["n"].clone(), value["t"].clone()];
        let list = with_items(&value["l"], |items| items.splice(0..0, all.into_iter().collect()));
        with(&without(&without(value, "t"), "n"), "l", list)
    });
    assert_eq!([at(&ann, "l.0"), at(&ann, "l.1")], [counted, typed]);
    set(&mut bob, r#"{"l":[],"t":"some more words","n":7}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"{"l":[7,"some more words"]}"#);
}

#[test]
fn given_one_thing_in_several_places_then_that_in_its_own_slot_is_it_and_the_others_are_copies() {
    let mut ann = replica("ann", r#"{"a":{"x":1},"b":0,"c":0}"#);
    let a = at(&ann, "a");
    swap(&mut ann, |value| with(&with(value, "b", value["a"].clone()), "c", value["a"].clone()));
    assert_eq!((at(&ann, "a"), made(&ann)), (a.clone(), 2));
    // Without its own slot it is the first one.
    swap(&mut ann, |value| object([("b", value["a"].clone()), ("c", value["a"].clone())]));
    assert_eq!((at(&ann, "b"), made(&ann)), (a, 1));
}

// --- what is built ---

#[test]
fn given_a_built_map_or_list_under_a_key_then_it_is_the_one_that_stood_there_edited() {
    let mut ann = replica("ann", r#"{"m":{"a":1,"b":2},"l":[1,2]}"#);
    let before = ["", "m", "l"].map(|path| at(&ann, path));
    swap(&mut ann, |value| {
        let map = object([("b", value["m"]["b"].clone()), ("c", 3.into())]);
        object([("m", map), ("l", [value["l"][1].clone(), 3.into()].into_iter().collect())])
    });
    assert_eq!(["", "m", "l"].map(|path| at(&ann, path)), before);
    assert_eq!(made(&ann), 0);
}

#[test]
fn given_a_built_map_when_what_stood_there_is_elsewhere_then_that_moved_and_the_built_one_is_new() {
    let mut ann = replica("ann", r#"{"m":{"a":1}}"#);
    let old = at(&ann, "m");
    swap(&mut ann, |value| object([("m", object([("a", 2.into())])), ("n", value["m"].clone())]));
    assert_eq!((at(&ann, "n"), made(&ann)), (old.clone(), 1));
    assert_ne!(at(&ann, "m"), old);
}

#[test]
fn given_a_plain_string_or_number_in_the_slot_of_a_text_or_counter_then_it_is_that_edited() {
    let mut ann = replica("ann", "{}");
    let root = at(&ann, "");
    let both = edit(&mut ann, |tx| {
        let text = tx.put_new(&root, "t", Kind::Text).unwrap();
        tx.splice(&text, 0, 0, "some words").unwrap();
        [text, tx.put_new(&root, "n", Kind::Counter).unwrap()]
    });
    swap(&mut ann, |value| with(&with(value, "t", "some more words".into()), "n", 3.into()));
    assert_eq!(["t", "n"].map(|path| at(&ann, path)), both);
    assert!(last_change(&ann).ops.iter().all(|op| matches!(op, Op::Type { .. } | Op::Add { .. })));
}

#[test]
fn given_a_built_item_then_it_is_a_new_one_unless_it_holds_parts_of_one_that_is_gone() {
    let mut ann = replica("ann", r#"[{"n":1,"t":"a"},{"n":2,"t":"b"},{"n":3}]"#);
    let [a, b, third] = items(&ann);
    // As `map({t, new: 1})` does it, in another order; the last one holds but a number.
    swap(&mut ann, |list| {
        let built = |item: &Val| object([("t", item["t"].clone()), ("new", 1.into())]);
        let last = object([("n", list[2]["n"].clone()), ("new", 1.into())]);
        [built(&list[1]), built(&list[0]), last].into_iter().collect()
    });
    let [first, second, last] = items(&ann);
    assert_eq!([first, second], [b, a]);
    assert_ne!(last, third);
}

#[test]
fn given_a_built_item_with_the_key_of_one_that_is_gone_then_it_is_that_one() {
    let mut ann = replica("ann", r#"[{"id":1,"n":1},{"id":2,"n":2},{"n":3}]"#);
    let [one, two, three] = items(&ann);
    swap(&mut ann, |list| {
        let built = |id: i32| object([("id", Val::from(id)), ("n", 0.into())]);
        [built(2), built(1), list[2].clone()].into_iter().collect()
    });
    assert_eq!(items(&ann), [two, one, three]);
}

// --- what comes from outside ---

#[test]
fn given_a_value_from_outside_then_what_is_equal_stays_or_moved() {
    let mut ann = replica("ann", r#"{"todo":[{"t":"a"},{"t":"b"},{"t":"c"}],"done":[]}"#);
    let [list, a, b, c] = ["todo", "todo.0", "todo.1", "todo.2"].map(|path| at(&ann, path));
    set(&mut ann, r#"{"todo":[{"t":"new"},{"t":"a"},{"t":"c"}],"done":[{"t":"b"}]}"#);
    assert_eq!(["todo", "todo.1", "done.0", "todo.2"].map(|path| at(&ann, path)), [list, a, b, c]);
    assert_eq!(made(&ann), 1);
}

#[test]
fn given_strings_from_outside_then_texts_that_are_equal_stay_or_moved() {
    let mut ann = replica("ann", r#"{"l":[],"x":0,"y":"free"}"#);
    let root = at(&ann, "");
    let [hello, world, title] = edit(&mut ann, |tx| {
        let list = tx.put_new(&root, "l", Kind::List).unwrap();
        let all = [tx.insert_new(&list, 0, Kind::Text), tx.insert_new(&list, 1, Kind::Text)];
        let all = [all[0].clone(), all[1].clone(), tx.put_new(&root, "x", Kind::Text)].map(Result::unwrap);
        for (text, words) in all.iter().zip(["hello", "world", "a title"]) {
            tx.splice(text, 0, 0, words).unwrap();
        }
        all
    });
    let mut bob = branch(&ann, "bob");
    set(&mut ann, r#"{"l":["new","hello","world"],"name":"a title","y":"free"}"#);
    assert_eq!(["l.1", "l.2", "name"].map(|path| at(&ann, path)), [hello, world, title]);
    assert_eq!(made(&ann), 0);
    set(&mut bob, r#"{"l":["hello","world!"],"x":"the title","y":"free"}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"{"l":["new","hello","world!"],"y":"free","name":"the title"}"#);
}

#[test]
fn given_items_with_keys_from_outside_then_those_with_one_key_are_one_and_others_never_are() {
    for key in ["id", "_id", "uuid", "key"] {
        let list = |items: [(&str, i32); 2]| {
            let items = items.map(|(name, n)| format!(r#"{{"{key}":"{name}","n":{n}}}"#));
            format!("[{}]", items.join(","))
        };
        let mut ann = replica("ann", &list([("a", 1), ("b", 2)]));
        let [a, b] = items(&ann);
        set(&mut ann, &list([("b", 3), ("a", 4)]));
        assert_eq!(items(&ann), [b.clone(), a.clone()], "{key}");
        set(&mut ann, &list([("b", 3), ("c", 4)]));
        let [first, second] = items(&ann);
        assert_eq!(first, b, "{key}");
        assert_ne!(second, a, "{key}");
    }
}

#[test]
fn given_items_that_nothing_tells_apart_in_a_list_of_the_same_length_then_their_places_do() {
    let mut ann = replica("ann", r#"[{"n":1},{"n":2}]"#);
    let before: [OpId; 2] = items(&ann);
    set(&mut ann, r#"[{"n":3},{"n":4}]"#);
    assert_eq!(items(&ann), before);
}

// --- other replicas and other documents ---

#[test]
fn given_a_part_of_the_value_of_another_replica_then_it_is_known_what_it_is() {
    let mut ann = replica("ann", r#"{"a":{"x":1},"l":[]}"#);
    let mut bob = branch(&ann, "bob");
    let a = at(&ann, "a");
    set(&mut bob, r#"{"a":{"x":2},"l":[]}"#);
    let theirs = bob.value()["a"].clone();
    swap(&mut ann, |value| with(&without(value, "a"), "l", with_items(&value["l"], |l| l.push(theirs))));
    assert_eq!((text(&ann), at(&ann, "l.0"), made(&ann)), (r#"{"l":[{"x":2}]}"#.to_owned(), a, 0));
}

#[test]
fn given_a_part_of_another_document_then_it_is_a_copy() {
    let mut ann = replica("ann", r#"{"a":{"x":1},"b":0}"#);
    let other = DocumentId::new("other").unwrap();
    let other = ConvergentRef::with_value(other, actor("ann"), json(r#"{"a":{"x":1},"b":0}"#)).unwrap();
    let a = at(&ann, "a");
    assert_eq!(at(&other, "a"), a);
    swap(&mut ann, |value| with(value, "b", other.value()["a"].clone()));
    assert_eq!((at(&ann, "a"), made(&ann)), (a.clone(), 1));
    assert_ne!(at(&ann, "b"), a);
}

#[test]
fn given_a_text_of_another_document_over_a_text_then_it_is_this_text_edited() {
    let typed = |replica: &mut ConvergentRef, words: &str| {
        let root = at(replica, "");
        edit(replica, |tx| {
            let text = tx.put_new(&root, "t", Kind::Text).unwrap();
            tx.splice(&text, 0, 0, words).unwrap();
            text
        })
    };
    let mut ann = replica("ann", r#"{"n":0}"#);
    let here = typed(&mut ann, "some words");
    let mut bob = branch(&ann, "bob");
    let document = DocumentId::new("other").unwrap();
    let mut other = ConvergentRef::with_value(document, actor("eve"), json("{}")).unwrap();
    typed(&mut other, "some other words");
    swap(&mut ann, |value| with(value, "t", other.value()["t"].clone()));
    // It is edited once more: it still is the text that it was.
    swap(&mut ann, |value| with(value, "n", 1.into()));
    let longer = |value: &Val| format!("{}!", value["t"].as_str().unwrap());
    swap(&mut ann, |value| with(value, "t", longer(value).into()));
    assert_eq!(at(&ann, "t"), here);
    set(&mut bob, r#"{"n":0,"t":"just some words"}"#);
    exchange(&mut ann, &mut bob);
    assert_eq!(text(&ann), r#"{"n":1,"t":"just some other words!"}"#);
}

#[test]
fn given_a_list_that_was_built_anew_without_a_difference_then_later_reports_name_no_move() {
    let mut ann = replica("ann", r#"{"l":[{"id":1},{"id":2}],"n":0}"#);
    swap(&mut ann, |value| {
        let again: Val = value["l"].as_list().unwrap().iter().cloned().collect();
        with(&with(value, "l", again), "n", 1.into())
    });
    swap(&mut ann, |value| {
        let list = with_items(&value["l"], |items| {
            items.remove(0);
            items.push(json(r#"{"id":3}"#));
        });
        with(value, "l", list)
    });
    let told: Vec<String> = ann.delta().iter().map(ToString::to_string).collect();
    assert_eq!(told, [r#"- .l[0] {"id":1}"#, r#"+ .l[1] {"id":3}"#]);
}

// --- where there are conflicts ---

#[test]
fn given_a_conflict_when_something_comes_back_then_what_stands_in_it_stays_there() {
    let mut ann = replica("ann", r#"{"box":{"card":{"t":1}},"x":0}"#);
    let mut bob = branch(&ann, "bob");
    let (old, card) = (ann.value()["box"].clone(), at(&ann, "box.card"));
    set(&mut ann, r#"{"box":{"card":{"t":1}},"x":1}"#);
    set(&mut bob, r#"{"box":{"card":{"t":1}},"x":2}"#);
    exchange(&mut ann, &mut bob);
    swap(&mut ann, |value| without(value, "box"));
    // A copy comes first; the card is the one in its own slot all the same.
    swap(&mut ann, |value| with(&with(value, "copy", old["card"].clone()), "box", with(&old, "n", 1.into())));
    assert_eq!((at(&ann, "box.card"), made(&ann)), (card, 1));
}

#[test]
fn given_maps_that_read_as_one_when_they_move_then_they_are_what_both_hold() {
    let mut ann = replica("ann", r#"{"l":[]}"#);
    let mut bob = branch(&ann, "bob");
    set(&mut ann, r#"{"l":[],"m":{"a":{"x":1}}}"#);
    set(&mut bob, r#"{"l":[],"m":{"b":{"y":2}}}"#);
    exchange(&mut ann, &mut bob);
    let moved = |value: &Val| {
        let joined = with(&value["m"], "c", 3.into());
        with(&without(value, "m"), "l", with_items(&value["l"], |items| items.push(joined)))
    };
    let parts = ["m.a", "m.b"].map(|path| at(&ann, path));
    swap(&mut ann, moved);
    // Each of the two moves, and a key is written: nothing of what they hold.
    assert_eq!(["l.0.a", "l.0.b"].map(|path| at(&ann, path)), parts);
    assert_eq!(last_change(&ann).ops.len(), 3);
}
