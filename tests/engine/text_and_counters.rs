//! Texts and counters: one small case for each rule.

use crate::common::{at, branch, edit, exchange, json, last_change, replica, set, text};
use crate::oracle::Oracle;
use rejoin::crdt::{ConvergentRef, Kind, Op};
use rejoin::value::Val;

/// Three replicas of an object with a text under `t`.
fn typists(start: &str) -> [ConvergentRef; 3] {
    three(|replica| {
        let root = at(replica, "");
        edit(replica, |tx| {
            let text = tx.put_new(&root, "t", Kind::Text).unwrap();
            tx.splice(&text, 0, 0, start).unwrap();
        });
    })
}

/// Three replicas of an object with a counter under `n`.
fn counters(start: i64) -> [ConvergentRef; 3] {
    three(|replica| {
        let root = at(replica, "");
        edit(replica, |tx| {
            let counter = tx.put_new(&root, "n", Kind::Counter).unwrap();
            tx.add(&counter, start).unwrap();
        });
    })
}

fn three(begin: impl FnOnce(&mut ConvergentRef)) -> [ConvergentRef; 3] {
    let mut ann = replica("ann", "{}");
    begin(&mut ann);
    let (bob, cid) = (branch(&ann, "bob"), branch(&ann, "cid"));
    [ann, bob, cid]
}

/// Everybody takes what everybody has; what they come to is what the oracle says.
fn exchange_all(three: &mut [ConvergentRef; 3]) -> String {
    let value = crate::common::exchange_all(three);
    assert_eq!(value, Oracle::new(three[0].changes()).value().to_string());
    value
}

fn splice(replica: &mut ConvergentRef, position: usize, deleted: usize, typed: &str) {
    let text = at(replica, "t");
    edit(replica, |tx| tx.splice(&text, position, deleted, typed).unwrap());
}

fn add(replica: &mut ConvergentRef, by: i64) {
    let counter = at(replica, "n");
    edit(replica, |tx| tx.add(&counter, by).unwrap());
}

// --- texts ---

#[test]
fn given_a_text_that_several_edit_at_once_then_every_edit_is_there() {
    let mut all = typists("hello world");
    splice(&mut all[0], 0, 1, "H");
    splice(&mut all[1], 5, 0, ",");
    splice(&mut all[2], 6, 5, "you");
    assert_eq!(exchange_all(&mut all), r#"{"t":"Hello, you"}"#);
    assert_eq!(all[0].conflicts(), []);
}

#[test]
fn given_a_text_that_is_swapped_then_the_characters_are_recorded_that_changed() {
    let mut all = typists("hello world");
    set(&mut all[0], r#"{"t":"Hello world"}"#);
    set(&mut all[1], r#"{"t":"hello, world"}"#);
    set(&mut all[2], r#"{"t":"hello you"}"#);
    assert_eq!(exchange_all(&mut all), r#"{"t":"Hello, you"}"#);
    let typed = last_change(&all[1]);
    assert!(typed.ops.iter().all(|op| matches!(op, Op::Type { .. } | Op::Delete { .. })), "{typed:?}");
}

#[test]
fn given_words_typed_at_one_place_at_once_then_they_do_not_interleave() {
    let mut all = typists("<>");
    splice(&mut all[0], 1, 0, "one");
    splice(&mut all[1], 1, 0, "two");
    // The third types backwards.
    for char in ["3", "2", "1"] {
        splice(&mut all[2], 1, 0, char);
    }
    let value = exchange_all(&mut all);
    for word in ["one", "two", "123"] {
        assert!(value.contains(word), "{value}");
    }
}

#[test]
fn given_characters_of_all_sorts_then_positions_count_unicode_scalar_values() {
    let start = "a\u{e9}e\u{301}😀👩\u{200d}👧z";
    for position in 0..=start.chars().count() {
        let mut all = typists(start);
        splice(&mut all[0], position, 0, "日😀");
        let mut chars: Vec<char> = start.chars().collect();
        chars.splice(position..position, "日😀".chars());
        let expected: String = chars.into_iter().collect();
        assert_eq!(all[0].value(), &rejoin::value::object([("t", Val::from(expected))]));
        if position < start.chars().count() {
            splice(&mut all[1], position, 1, "");
        }
        exchange_all(&mut all);
    }
}

#[test]
fn given_a_word_then_it_is_one_op_that_takes_an_id_for_each_character() {
    let mut all = typists("");
    splice(&mut all[0], 0, 0, "日😀e\u{301}");
    let change = last_change(&all[0]);
    assert!(matches!(&change.ops[..], [Op::Type { parent: None, chars, .. }] if chars == "日😀e\u{301}"));
    assert_eq!(change.count(), 4);
    assert_eq!(all[0].clock().highest(), change.first + 3);
    splice(&mut all[0], 4, 0, "!");
    assert_eq!(last_change(&all[0]).first, change.first + 4);
    // Deleting them is one op again, with one span.
    splice(&mut all[0], 1, 2, "");
    assert!(
        matches!(&last_change(&all[0]).ops[..], [Op::Delete { over }] if over.len() == 1 && over[0].count == 2)
    );
    assert_eq!(exchange_all(&mut all), "{\"t\":\"日\u{301}!\"}");
}

#[test]
fn given_a_character_that_two_delete_then_it_is_gone_once() {
    let mut all = typists("abc");
    splice(&mut all[0], 1, 1, "");
    splice(&mut all[1], 0, 2, "");
    splice(&mut all[2], 2, 1, "");
    assert_eq!(exchange_all(&mut all), r#"{"t":""}"#);
}

#[test]
fn given_a_character_typed_into_what_is_deleted_at_once_then_it_stays() {
    let mut all = typists("abcd");
    splice(&mut all[0], 0, 4, "");
    splice(&mut all[1], 2, 0, "X");
    assert_eq!(exchange_all(&mut all), r#"{"t":"X"}"#);
}

#[test]
fn given_a_text_that_is_set_to_something_else_then_it_is_a_text_no_more() {
    for other in ["1", "null", "[]", r#"{"x":1}"#] {
        let mut all = typists("abc");
        let value = format!(r#"{{"t":{other}}}"#);
        set(&mut all[0], &value);
        assert_eq!(exchange_all(&mut all), value);
    }
}

#[test]
fn given_a_text_that_is_deleted_when_somebody_types_into_it_then_the_report_says_so() {
    let mut all = typists("abc");
    set(&mut all[0], "{}");
    splice(&mut all[1], 3, 0, "d");
    let [ann, bob, _] = &mut all;
    let report = ann.merge(bob).unwrap();
    assert_eq!(report.lost.iter().map(|lost| lost.path.to_string()).collect::<Vec<_>>(), [".t"]);
    assert_eq!(exchange_all(&mut all), "{}");
}

#[test]
fn given_a_text_that_moves_then_what_is_typed_elsewhere_reaches_it() {
    let mut all = typists("abc");
    let (text, root) = (at(&all[0], "t"), at(&all[0], ""));
    edit(&mut all[0], |tx| tx.move_to_key(&text, &root, "moved").unwrap());
    splice(&mut all[1], 1, 1, "X");
    assert_eq!(exchange_all(&mut all), r#"{"moved":"aXc"}"#);
    assert_eq!(at(&all[1], "moved"), text);
}

#[test]
fn given_texts_made_at_once_in_one_place_then_they_do_not_join() {
    let mut all = three(|_| {});
    for (who, typed) in ["one", "two"].into_iter().enumerate() {
        let root = at(&all[who], "");
        edit(&mut all[who], |tx| {
            let text = tx.put_new(&root, "t", Kind::Text).unwrap();
            tx.splice(&text, 0, 0, typed).unwrap();
        });
    }
    assert_eq!(exchange_all(&mut all), r#"{"t":"two"}"#);
    let losers: Vec<String> =
        all[0].conflicts()[0].losers.iter().map(|write| write.value.to_string()).collect();
    assert_eq!(losers, [r#""one""#]);
}

#[test]
fn given_a_long_text_that_is_replaced_then_it_is_the_new_one() {
    let long: String = (0..20_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    let mut all = typists(&long);
    let other: String = long.chars().rev().collect();
    all[0].reset(rejoin::value::object([("t", Val::from(other.clone()))])).unwrap();
    splice(&mut all[1], 0, 0, "X");
    let [ann, bob, _] = &mut all;
    exchange(ann, bob);
    assert!(text(ann).contains('X'));
    assert_eq!(text(ann).len(), other.len() + r#"{"t":"X"}"#.len());
}

// --- counters ---

#[test]
fn given_a_counter_to_which_several_add_at_once_then_it_is_the_sum() {
    let mut all = counters(10);
    add(&mut all[0], 5);
    add(&mut all[1], -20);
    add(&mut all[2], 1);
    add(&mut all[2], 1);
    assert_eq!(exchange_all(&mut all), r#"{"n":-3}"#);
    assert_eq!(all[0].conflicts(), []);
}

#[test]
fn given_a_counter_that_is_swapped_then_the_difference_is_recorded() {
    let mut all = counters(10);
    set(&mut all[0], r#"{"n":11}"#);
    set(&mut all[1], r#"{"n":0}"#);
    set(&mut all[2], r#"{"n":12}"#);
    assert!(matches!(last_change(&all[1]).ops[..], [Op::Add { by: -10, .. }]));
    assert_eq!(exchange_all(&mut all), r#"{"n":3}"#);
}

#[test]
fn given_a_counter_that_is_set_to_something_else_then_it_is_a_counter_no_more() {
    for other in ["1.5", "1.0", "1e3", r#""1""#, "null", "123456789012345678901234567890"] {
        let mut all = counters(1);
        let value = format!(r#"{{"n":{other}}}"#);
        set(&mut all[0], &value);
        assert_eq!(exchange_all(&mut all), value);
    }
}

#[test]
fn given_amounts_that_no_machine_integer_holds_then_the_sum_is_exact() {
    let mut all = counters(i64::MAX);
    add(&mut all[0], i64::MAX);
    add(&mut all[1], i64::MAX);
    assert_eq!(exchange_all(&mut all), r#"{"n":27670116110564327421}"#);
    // A difference that is too long for one addition.
    set(&mut all[2], r#"{"n":-5}"#);
    assert_eq!(exchange_all(&mut all), r#"{"n":-5}"#);
    let mut all = counters(i64::MIN);
    add(&mut all[0], i64::MIN);
    assert_eq!(exchange_all(&mut all), r#"{"n":-18446744073709551616}"#);
}

#[test]
fn given_a_counter_that_moves_or_is_deleted_when_somebody_adds_to_it() {
    let mut all = counters(1);
    let (counter, root) = (at(&all[0], "n"), at(&all[0], ""));
    edit(&mut all[0], |tx| tx.move_to_key(&counter, &root, "likes").unwrap());
    add(&mut all[1], 2);
    assert_eq!(exchange_all(&mut all), r#"{"likes":3}"#);
    set(&mut all[0], "{}");
    edit(&mut all[1], |tx| tx.add(&counter, 1).unwrap());
    let [ann, bob, _] = &mut all;
    assert_eq!(ann.merge(bob).unwrap().lost.len(), 1);
    assert_eq!(exchange_all(&mut all), "{}");
}

#[test]
fn given_a_counter_that_is_written_over_when_somebody_adds_to_it_then_the_write_shows() {
    let mut all = counters(1);
    let root = at(&all[0], "");
    edit(&mut all[0], |tx| tx.put(&root, "n", json("0")).unwrap());
    add(&mut all[1], 5);
    assert_eq!(exchange_all(&mut all), r#"{"n":0}"#);
}
