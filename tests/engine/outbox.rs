//! The queue of local patches: every change of the own actor, once, in order.

use crate::common::{branch, json, replica, set, text};
use rejoin::crdt::{Change, ConvergentRef, Patch};

/// The changes of patches, each of which holds one.
fn changes(patches: &[Patch]) -> Vec<Change> {
    let one = |patch: &Patch| {
        assert_eq!(patch.len(), 1);
        patch.changes().next().unwrap()
    };
    patches.iter().map(one).collect()
}

fn own(replica: &ConvergentRef) -> Vec<Change> {
    replica.changes().filter(|change| change.actor == *replica.actor()).collect()
}

#[test]
fn given_edits_when_the_queue_is_popped_then_each_comes_once_and_in_order() {
    let mut ann = replica("ann", "[]");
    set(&mut ann, "[1]");
    assert_eq!(changes(&ann.peek_patches()), own(&ann));
    assert_eq!(changes(&ann.pop_patches()), own(&ann));
    assert_eq!(ann.peek_patches(), []);
    assert_eq!(ann.pop_patches(), []);
    set(&mut ann, "[1,2]");
    set(&mut ann, "[1,2,3]");
    assert_eq!(changes(&ann.peek_patches()), own(&ann)[2..]);
    assert_eq!(ann.pop_patches().len(), 2);
}

#[test]
fn given_edits_and_merges_in_turn_then_only_own_changes_are_in_the_queue() {
    let mut ann = replica("ann", "{}");
    let mut ben = branch(&ann, "ben");
    assert_eq!(ben.peek_patches(), []);
    for n in 0..20 {
        set(&mut ben, &format!(r#"{{"ben":{n},"x":["a","b",{n}]}}"#));
        if n % 3 == 0 {
            set(&mut ann, &format!(r#"{{"ann":{n}}}"#));
            ben.merge(&ann).unwrap();
        }
        if n % 4 == 0 {
            ann.merge(&ben).unwrap();
        }
    }
    assert_eq!(changes(&ben.peek_patches()), own(&ben));
    // They are all that the other one lacks: in whatever order they come.
    for patch in ben.pop_patches().into_iter().rev() {
        ann.merge_patch(&patch).unwrap();
    }
    ben.merge(&ann).unwrap();
    assert_eq!(text(&ann), text(&ben));
    assert_eq!(ann.waiting_len(), 0);
    assert_eq!(ben.pop_patches(), []);
}

#[test]
fn given_a_ref_that_was_stored_then_its_queue_goes_on() {
    let mut ann = replica("ann", "[]");
    ann.pop_patches();
    set(&mut ann, "[1]");
    let mut ann = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap();
    assert_eq!(changes(&ann.pop_patches()), own(&ann)[1..]);
    let ann = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap();
    assert_eq!(ann.peek_patches(), []);
}

#[test]
fn given_a_transaction_that_is_dropped_then_it_is_not_in_the_queue() {
    let mut ann = replica("ann", "{}");
    ann.pop_patches();
    let mut tx = ann.transaction().unwrap();
    tx.put_root(json("[1]")).unwrap();
    drop(tx);
    assert_eq!(ann.peek_patches(), []);
}
