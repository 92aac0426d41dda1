//! Saved refs: the value beside the history says what the history says, and is read without it.

use crate::common::cases::for_all;
use crate::common::history::{World, histories};
use crate::common::{actor, branch, change_set, document, id, replica, set, text, waiting};
use proptest::prelude::*;
use rejoin::crdt::{
    BranchError, Clock, ConvergentRef, DecodeReason, Limits, OverLimit, Patch, PatchReader, PatchWriter,
    SavedRef,
};
use rejoin::value::{MAX_DEPTH, Val, parse, same};

#[test]
fn given_any_replica_when_it_is_saved_with_its_value_then_that_is_read_and_the_rest_when_it_is_opened() {
    for_all(256, histories(1..30), |history| {
        for replica in World::play(&history).replicas {
            let (bytes, beside) = (replica.to_bytes(), replica.to_bytes_with_value());
            for bytes in [&bytes, &beside] {
                let saved = SavedRef::from_bytes(bytes.clone()).unwrap();
                prop_assert_eq!(saved.value().to_string(), text(&replica));
                prop_assert_eq!(saved.clock(), replica.clock());
                prop_assert_eq!((saved.actor(), saved.document()), (replica.actor(), replica.document()));
                let opened = saved.open().unwrap();
                prop_assert_eq!(text(&opened), text(&replica));
                prop_assert_eq!(change_set(&opened), change_set(&replica));
                prop_assert_eq!(waiting(&opened), waiting(&replica));
                prop_assert_eq!(opened.to_bytes(), replica.to_bytes());
                prop_assert_eq!(opened.to_bytes_with_value(), replica.to_bytes_with_value());
            }
        }
        Ok(())
    });
}

#[test]
fn given_more_keys_than_bytes_when_saved_then_they_come_back() {
    let many: Val = (0..20_000).map(|n| (format!("key {n:08}"), Val::from(n))).collect();
    let ann = replica("ann", &many.to_string());
    for bytes in [ann.to_bytes(), ann.to_bytes_with_value()] {
        assert!(same(ConvergentRef::from_bytes(&bytes).unwrap().value(), &many), "{} bytes", bytes.len());
        assert!(same(SavedRef::from_bytes(bytes).unwrap().value(), &many));
    }
    let everything = ann.patch_from_clock(&Clock::new());
    assert!(everything.to_bytes().len() < 20_000);
    assert_eq!(Patch::from_bytes(&everything.to_bytes()).unwrap(), everything);
}

#[test]
fn given_much_in_few_bytes_when_saved_then_it_is_read_again() {
    // What takes much memory for its bytes is padded: the writer must count what the reader does.
    let zeros: Val = (0..60_000).map(|_| Val::from(0)).collect();
    let mut keys: Vec<(String, Val)> = (0..4_000).map(|n| (format!("k{n}"), Val::from(1))).collect();
    keys.push(("list".into(), (0..1_000_000).map(|_| Val::from(0)).collect()));
    for value in [zeros, keys.into_iter().collect()] {
        let ann = ConvergentRef::with_value(document(), actor("ann"), value.clone()).unwrap();
        for bytes in [ann.to_bytes(), ann.to_bytes_with_value()] {
            let saved = SavedRef::from_bytes(bytes.clone()).unwrap();
            assert!(same(saved.value(), &value) && same(saved.open().unwrap().value(), &value));
        }
        let everything = ann.patch_from_clock(&Clock::new());
        assert!(Patch::from_bytes(&everything.to_bytes()).is_ok());
        let (mut stream, mut writer) = (Vec::new(), PatchWriter::new(document()));
        writer.write(&everything, &mut stream).unwrap();
        assert!(PatchReader::new().read(&mut &stream[..]).unwrap().is_some());
    }
}

#[test]
fn given_an_open_transaction_when_saved_then_what_was_committed_is() {
    let mut ann = replica("ann", r#"{"a":1}"#);
    let root = id("1@ann");
    let mut transaction = ann.transaction().unwrap();
    transaction.put(&root, "a", 2.into()).unwrap();
    for bytes in [transaction.replica().to_bytes(), transaction.replica().to_bytes_with_value()] {
        let saved = SavedRef::from_bytes(bytes).unwrap();
        assert_eq!(saved.value().to_string(), r#"{"a":1}"#);
        assert_eq!(saved.open().unwrap().value().to_string(), r#"{"a":1}"#);
    }
}

#[test]
fn given_every_sort_of_value_when_saved_then_it_comes_back_as_it_was() {
    let deep = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
    let many: Val = (0..1_000).map(|n| parse(&format!(r#"{{"id":{n},"x":{{}}}}"#)).unwrap()).collect();
    let values = [
        "null",
        "true",
        "0",
        "-1",
        "239",
        "240",
        "9223372036854775807",
        "1e400",
        "0.10",
        "1.5",
        r#""""#,
        r#""é\u0000""#,
        "[]",
        "{}",
        "[[],{}]",
        r#"{"":{"":[null]},"b":[1,[2,[3]],4]}"#,
        "123456789012345678901234567890",
        &deep,
        &many.to_string(),
    ];
    for value in values {
        let ann = replica("ann", value);
        let saved = SavedRef::from_bytes(ann.to_bytes_with_value()).unwrap();
        assert_eq!(saved.value().to_string(), ann.value().to_string());
        assert!(same(saved.open().unwrap().value(), ann.value()), "{value}");
    }
}

#[test]
fn given_a_saved_value_that_is_not_that_of_the_history_when_opened_then_it_is_refused() {
    let mut ann = replica("ann", "[1]");
    // A file is its front, whether a value follows, that value, the history, and a checksum.
    let history = |bytes: &[u8]| {
        let front = b"rejoin\x04".len() + 1 + document().as_str().len() + 1 + "ann".len() + 1;
        bytes[front + 1..bytes.len() - 4].to_vec()
    };
    let (honest, old) = (ann.to_bytes_with_value(), history(&ann.to_bytes()));
    set(&mut ann, "[2]");
    let mut forged = honest[..honest.len() - 4 - old.len()].to_vec();
    forged.extend(history(&ann.to_bytes()));
    forged.extend(crc32fast::hash(&forged).to_le_bytes());
    let saved = SavedRef::from_bytes(forged.clone()).unwrap();
    assert_eq!(saved.value().to_string(), "[1]");
    assert_eq!(saved.open().unwrap_err().reason, DecodeReason::Damaged);
    assert_eq!(ConvergentRef::from_bytes(&forged).unwrap_err().reason, DecodeReason::Damaged);
}

#[test]
fn given_saved_bytes_that_are_cut_or_damaged_when_read_then_they_are_refused() {
    let ann = replica("ann", r#"{"list":[1,2,"three"],"map":{"a":null}}"#);
    let bytes = ann.to_bytes_with_value();
    for length in 0..bytes.len() {
        assert!(SavedRef::from_bytes(bytes[..length].to_vec()).is_err(), "cut at {length}");
    }
    // A right checksum does not make it sound: nothing panics, and what opens has the value that was told.
    for at in 0..bytes.len() - 4 {
        for bits in [1, 0x10, 0x80, 0xff] {
            let mut damaged = bytes[..bytes.len() - 4].to_vec();
            damaged[at] ^= bits;
            damaged.extend(crc32fast::hash(&damaged).to_le_bytes());
            let Ok(saved) = SavedRef::from_bytes(damaged) else { continue };
            if let Ok(opened) = saved.open() {
                assert!(same(opened.value(), saved.value()) && opened.clock() == saved.clock(), "at {at}");
            }
        }
    }
}

#[test]
fn given_a_limit_of_memory_when_a_value_is_past_it_then_it_is_refused() {
    let long: Val = (0..10_000).map(Val::from).collect();
    let ann = replica("ann", &long.to_string());
    let limits = Limits { memory: 100_000, ..Limits::default() };
    let refused = SavedRef::from_bytes_within(ann.to_bytes_with_value(), &limits).unwrap_err();
    assert!(matches!(refused.reason, DecodeReason::Limit(OverLimit::Memory { .. })), "{refused}");
}

#[test]
fn given_a_saved_ref_when_it_goes_on_then_it_is_the_replica_that_it_was() {
    let mut ann = replica("ann", "[1]");
    let mut ben = branch(&ann, "ben");
    set(&mut ben, "[1,2]");
    let mut opened = SavedRef::from_bytes(ann.to_bytes_with_value()).unwrap().open().unwrap();
    for replica in [&mut ann, &mut opened] {
        set(replica, "[0,1]");
        replica.merge(&ben).unwrap();
        assert_eq!(text(replica), "[0,1,2]");
    }
    assert_eq!(ann.patch_from_clock(&Clock::new()), opened.patch_from_clock(&Clock::new()));
}

#[test]
fn given_a_file_in_which_a_change_waits_that_contradicts_an_applied_one_when_read_then_it_is_refused() {
    let start = replica("first", "{}");
    let (mut third, mut bob, mut twin) =
        (branch(&start, "third"), branch(&start, "bob"), branch(&start, "bob"));
    set(&mut third, r#"{"third":1}"#);
    bob.merge(&third).unwrap();
    set(&mut bob, r#"{"third":1,"bob":1}"#);
    set(&mut twin, r#"{"twin":1}"#);
    // One has a change of bob that waits for the third; the other one has applied that of the twin.
    let mut waits = branch(&start, "reader");
    let mut applied = branch(&start, "reader");
    let alone = waits.to_bytes();
    waits.merge_patch(&crate::common::patch(bob.changes().next_back())).unwrap();
    applied.merge(&twin).unwrap();
    assert_eq!(waits.waiting_len(), 1);
    // A file ends with what waits, nothing in two bytes, and a checksum.
    let before = |bytes: &[u8]| bytes.len() - 2 - 4;
    let waiting = &waits.to_bytes()[before(&alone)..];
    let applied = applied.to_bytes();
    let mut forged = [&applied[..before(&applied)], &waiting[..waiting.len() - 4]].concat();
    forged.extend(crc32fast::hash(&forged).to_le_bytes());
    assert_eq!(ConvergentRef::from_bytes(&forged).unwrap_err().reason, DecodeReason::Damaged);
    let honest = ConvergentRef::from_bytes(&waits.to_bytes()).unwrap();
    assert_eq!(honest.waiting_len(), 1);
}

#[test]
fn given_any_replica_when_another_actor_takes_it_then_it_is_a_branch() {
    for_all(128, histories(1..30), |history| {
        for replica in World::play(&history).replicas {
            let branch = replica.branch(actor("new")).unwrap();
            let bytes = replica.to_bytes();
            let mut taken = ConvergentRef::from_bytes(&bytes).unwrap().with_actor(actor("new")).unwrap();
            prop_assert_eq!(taken.to_bytes(), branch.to_bytes());
            prop_assert!(taken.peek_patches().is_empty());
            taken.reset(parse("\"new\"").unwrap()).unwrap();
            prop_assert_eq!(taken.check(), Ok(()));
            // Who has written cannot be taken for somebody new.
            for known in replica.clock().iter().map(|(actor, _)| actor.clone()) {
                let refused =
                    ConvergentRef::from_bytes(&bytes).unwrap().with_actor(known.clone()).unwrap_err();
                prop_assert_eq!(refused, BranchError::ActorInUse(known));
            }
        }
        Ok(())
    });
}

#[test]
fn given_any_replica_when_a_patch_holds_all_of_it_then_another_begins_with_that() {
    for_all(128, histories(1..30), |history| {
        for replica in World::play(&history).replicas {
            let all = replica.patch_from_clock(&Clock::default());
            let listed = Patch::from_json(&all.to_json()).unwrap();
            let packed = Patch::from_bytes(&all.to_bytes()).unwrap();
            for patch in [&all, &listed, &packed] {
                let made = match ConvergentRef::from_patch(patch, actor("new")) {
                    Ok(made) => made,
                    Err(error) => {
                        prop_assert!(
                            replica.clock().is_empty() && error == BranchError::Nothing,
                            "{}",
                            error
                        );
                        continue;
                    }
                };
                prop_assert_eq!(text(&made), text(&replica));
                prop_assert_eq!(change_set(&made), change_set(&replica));
                prop_assert_eq!(made.check(), Ok(()));
            }
        }
        Ok(())
    });
}

#[test]
fn given_any_replica_when_its_patch_comes_in_pieces_then_nothing_waits_and_it_is_the_whole() {
    for_all(128, histories(1..30), |history| {
        let replicas = World::play(&history).replicas;
        let clocks = replicas.iter().map(|replica| replica.clock().clone()).chain([Clock::new()]);
        for (since, ops) in clocks.flat_map(|clock| [0, 1, 3, 1_000].map(|ops| (clock.clone(), ops))) {
            let replica = &replicas[0];
            // Somebody who has what the clock covers, as far as it is here.
            let mut theirs = ConvergentRef::new(document(), actor("somebody"));
            let had = replica.changes().filter(|change| since.covers(&change.id()));
            theirs.merge_patch(&crate::common::patch(had)).unwrap();
            let waited = theirs.waiting_len();
            let whole = replica.patch_from_clock(&since);
            let mut changes = Vec::new();
            for piece in replica.patches_from_clock(&since, ops) {
                let count: u64 = piece.changes().map(|change| change.count()).sum();
                prop_assert!(count <= u64::from(ops) || piece.len() == 1, "{count} of {ops}");
                prop_assert!(!piece.is_empty());
                let report = theirs.merge_patch(&piece).unwrap();
                prop_assert_eq!((report.waiting, theirs.waiting_len()), (0, waited));
                changes.extend(piece.changes());
            }
            prop_assert_eq!(changes, whole.changes().collect::<Vec<_>>());
            prop_assert_eq!(text(&theirs), text(replica));
            prop_assert_eq!(theirs.clock(), replica.clock());
        }
        Ok(())
    });
}

#[test]
fn given_a_patch_that_lacks_something_then_no_replica_is_made_of_it() {
    let mut ann = replica("ann", "1");
    let seen = ann.clock().clone();
    set(&mut ann, "2");
    let late = ann.patch_from_clock(&seen);
    for patch in [&late, &Patch::from_json(&late.to_json()).unwrap()] {
        let refused = ConvergentRef::from_patch(patch, actor("ben")).unwrap_err();
        assert_eq!(refused, BranchError::Lacks(vec![id("1@ann")]));
        assert_eq!(refused.to_string(), "the patch does not hold everything: it lacks 1@ann");
    }
    let nothing = ann.patch_from_clock(ann.clock());
    assert_eq!(ConvergentRef::from_patch(&nothing, actor("ben")).unwrap_err(), BranchError::Nothing);
    let all = ann.patch_from_clock(&Clock::default());
    let taken = ConvergentRef::from_patch(&all, actor("ann")).unwrap_err();
    assert_eq!(taken, BranchError::ActorInUse(actor("ann")));
}
