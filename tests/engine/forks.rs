//! Two replicas that write under one actor find out, in either direction, by whatever way changes travel, however
//! their changes differ in length.

use crate::common::{Snapshot, actor, branch, replica, text};
use rejoin::crdt::{ConvergentRef, MergeError, Patch};
use rejoin::value::{Val, object, parse};

/// Makes a change of so many ops under the actor of a replica.
fn write(replica: &mut ConvergentRef, ops: usize, what: &str) {
    let root = replica.container(&Default::default()).unwrap();
    let mut transaction = replica.transaction().unwrap();
    for _ in 0..ops {
        transaction.put(&root, "k", Val::from(what)).unwrap();
    }
    transaction.commit().unwrap();
}

/// What one of the two did since they parted: changes of so many ops, after what somebody else did meanwhile, if
/// anything.
#[derive(Debug, Clone, Copy)]
struct Deeds {
    others: usize,
    changes: &'static [usize],
}

const LENGTHS: [&[usize]; 6] = [&[1], &[2], &[3], &[1, 1], &[1, 2], &[2, 1]];

fn deeds() -> Vec<Deeds> {
    let with = |others| LENGTHS.map(|changes| Deeds { others, changes });
    [with(0), with(2)].concat()
}

/// A document by another actor, and two replicas of one actor with so many changes in common.
fn twins(common: usize) -> (ConvergentRef, [ConvergentRef; 2]) {
    let other = replica("other", "{}");
    let mut twin = branch(&other, "twin");
    for at in 0..common {
        write(&mut twin, 1 + at % 2, "common");
    }
    let same = copy(&twin);
    (other, [twin, same])
}

fn copy(of: &ConvergentRef) -> ConvergentRef {
    ConvergentRef::from_bytes(&of.to_bytes()).unwrap()
}

fn act(twin: &mut ConvergentRef, other: &ConvergentRef, name: &str, deeds: Deeds) {
    if deeds.others > 0 {
        let mut other = branch(other, name);
        write(&mut other, deeds.others, name);
        twin.merge(&other).unwrap();
    }
    twin.pop_patches();
    deeds.changes.iter().for_each(|ops| write(twin, *ops, name));
}

type Way = (&'static str, fn(&mut ConvergentRef, &ConvergentRef) -> Result<(), MergeError>);

fn by_patch(to: &mut ConvergentRef, patch: &Patch) -> Result<(), MergeError> {
    to.merge_patch(patch).map(drop)
}

fn by_json(patch: &Patch) -> Patch {
    Patch::from_json(&parse(&rejoin::value::text(&patch.to_json())).unwrap()).unwrap()
}

/// Changes go from the second to the first.
const WAYS: [Way; 6] = [
    ("merge", |to, from| to.merge(from).map(drop)),
    ("a patch since the clock", |to, from| {
        let patch = from.patch_from_clock(to.clock());
        by_patch(to, &patch)
    }),
    ("the same as bytes", |to, from| {
        let patch = from.patch_from_clock(to.clock()).to_bytes();
        by_patch(to, &Patch::from_bytes(&patch).unwrap())
    }),
    ("the same as JSON", |to, from| {
        let patch = by_json(&from.patch_from_clock(to.clock()));
        by_patch(to, &patch)
    }),
    ("all changes", |to, from| by_patch(to, &from.patch_from_clock(&Default::default()))),
    ("the queue", |to, from| from.peek_patches().iter().try_for_each(|patch| by_patch(to, patch))),
];

#[test]
fn given_two_replicas_of_one_actor_when_either_tells_the_other_in_any_way_then_it_finds_out() {
    for common in 0..3 {
        for left in deeds() {
            for right in deeds() {
                let (other, [mut ann, mut bob]) = twins(common);
                act(&mut ann, &other, "left", left);
                act(&mut bob, &other, "right", right);
                let (from_ann, from_bob) = (copy(&ann), copy(&bob));
                for (to, from) in [(&mut ann, from_bob), (&mut bob, from_ann)] {
                    for (way, go) in WAYS {
                        let before = Snapshot::of(to);
                        let told = go(to, &from);
                        let what = format!("{way}: {common} common, {left:?} and {right:?}");
                        match told {
                            Err(MergeError::Equivocation { theirs, .. }) => {
                                assert_eq!(theirs.actor, actor("twin"), "{what}");
                            }
                            Err(MergeError::OtherBase { change }) => {
                                assert_eq!(change.actor, actor("twin"), "{what}");
                            }
                            other => panic!("{what}: {other:?}"),
                        }
                        assert_eq!(Snapshot::of(to), before, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn given_two_replicas_of_one_actor_when_a_later_change_is_sent_alone_then_its_base_tells() {
    for common in 0..3 {
        let (_, [mut ann, mut bob]) = twins(common);
        write(&mut ann, 1, "left");
        write(&mut bob, 1, "right");
        ann.pop_patches();
        write(&mut ann, 1, "both");
        let [patch] = &ann.peek_patches()[..] else { panic!("one change") };
        for patch in [patch.clone(), by_json(patch), Patch::from_bytes(&patch.to_bytes()).unwrap()] {
            let refused = bob.merge_patch(&patch);
            assert!(matches!(refused, Err(MergeError::OtherBase { .. })), "{refused:?}");
        }
        assert_eq!(text(&bob), r#"{"k":"right"}"#);
    }
}

#[test]
fn given_a_clock_that_ends_in_a_change_when_a_patch_is_taken_since_then_the_change_is_in_it_whole() {
    let (_, [mut ann, bob]) = twins(2);
    write(&mut ann, 3, "left");
    let last = ann.clock().get(ann.actor());
    let mut clock = ann.clock().clone();
    for within in [last - 1, last - 2] {
        clock = clock.into_iter().filter(|(actor, _)| actor != ann.actor()).collect();
        clock.advance(ann.actor(), within);
        let patch = ann.patch_from_clock(&clock);
        assert_eq!(patch.changes().map(|change| change.count()).collect::<Vec<_>>(), [3]);
        let mut bob = copy(&bob);
        assert_eq!(bob.merge_patch(&patch).unwrap().new, 1);
        assert_eq!(text(&bob), text(&ann));
    }
}

#[test]
fn given_honest_replicas_when_clocks_name_more_or_less_than_the_other_has_then_nothing_is_refused() {
    for common in 0..3 {
        for deeds in deeds() {
            let (other, [mut ann, mut bob]) = twins(common);
            act(&mut ann, &other, "left", deeds);
            // One of the two is behind the other, and knows it.
            for (way, go) in WAYS {
                go(&mut ann, &bob).unwrap_or_else(|error| panic!("{way}: {error}"));
            }
            for (way, go) in WAYS {
                let mut bob = copy(&bob);
                go(&mut bob, &ann).unwrap_or_else(|error| panic!("{way}: {error}"));
            }
            bob.merge(&ann).unwrap();
            assert_eq!(text(&bob), text(&ann));
        }
    }
}

/// A patch of the changes of another, with the base of this one.
fn with_base_of(of: &Patch, changes: &Patch) -> Patch {
    let [base, changes] = [of, changes].map(Patch::to_json);
    let entries =
        [("document", &base["document"]), ("base", &base["base"]), ("changes", &changes["changes"])];
    Patch::from_json(&object(entries.map(|(key, value)| (key, value.clone())))).unwrap()
}

#[test]
fn given_a_patch_that_brings_another_change_than_the_one_it_builds_on_when_it_is_merged_then_it_is_refused() {
    let (other, [mut ann, mut bob]) = twins(1);
    let mut reader = copy(&ann);
    act(&mut ann, &other, "left", Deeds { others: 0, changes: &[1] });
    act(&mut bob, &other, "right", Deeds { others: 0, changes: &[1] });
    let builds_on_ann = ann.patch_from_clock(ann.clock());
    let lie = with_base_of(&builds_on_ann, &bob.patch_from_clock(reader.clock()));
    let before = Snapshot::of(&reader);
    for lie in [lie.clone(), Patch::from_bytes(&lie.to_bytes()).unwrap()] {
        let refused = reader.merge_patch(&lie);
        assert!(matches!(refused, Err(MergeError::OtherBase { .. })), "{refused:?}");
        assert_eq!(Snapshot::of(&reader), before);
    }
}

#[test]
fn given_a_change_that_waits_when_a_patch_brings_what_it_lacks_and_builds_on_its_twin_then_it_is_refused() {
    let (other, [mut ann, mut bob]) = twins(1);
    let mut reader = copy(&ann);
    let mut third = branch(&other, "third");
    write(&mut third, 1, "third");
    for (twin, what) in [(&mut ann, "left"), (&mut bob, "right")] {
        twin.merge(&third).unwrap();
        write(twin, 1, what);
    }
    // The change of the one waits for what the third one wrote.
    let last = |of: &ConvergentRef| crate::common::patch(of.changes().next_back());
    assert_eq!(reader.merge_patch(&last(&bob)).unwrap().waiting, 1);
    // The other one thinks that its own change is known.
    let mut clock = reader.clock().clone();
    clock.advance(ann.actor(), ann.clock().get(ann.actor()));
    write(&mut ann, 1, "further");
    let before = Snapshot::of(&reader);
    let refused = reader.merge_patch(&ann.patch_from_clock(&clock));
    assert!(matches!(refused, Err(MergeError::OtherBase { .. })), "{refused:?}");
    assert_eq!(Snapshot::of(&reader), before);
}

#[test]
fn given_a_base_that_comes_with_its_patch_or_waited_here_when_it_is_the_same_then_nothing_is_refused() {
    let (other, [mut ann, bob]) = twins(1);
    let (mut reader, mut waiter) = (copy(&ann), copy(&bob));
    act(&mut ann, &other, "left", Deeds { others: 0, changes: &[1] });
    let whole = with_base_of(&ann.patch_from_clock(ann.clock()), &ann.patch_from_clock(reader.clock()));
    assert_eq!(reader.merge_patch(&Patch::from_bytes(&whole.to_bytes()).unwrap()).unwrap().new, 1);
    assert_eq!(text(&reader), text(&ann));
    // The change of ann waits for what the third one wrote, which comes with the next change of ann.
    let mut third = branch(&other, "third");
    write(&mut third, 1, "third");
    let mut ann = copy(&waiter);
    ann.merge(&third).unwrap();
    write(&mut ann, 1, "left");
    assert_eq!(waiter.merge_patch(&crate::common::patch(ann.changes().next_back())).unwrap().waiting, 1);
    let mut clock = waiter.clock().clone();
    clock.advance(ann.actor(), ann.clock().get(ann.actor()));
    write(&mut ann, 1, "further");
    waiter.merge_patch(&ann.patch_from_clock(&clock)).unwrap();
    assert_eq!(text(&waiter), text(&ann));
    assert_eq!(waiter.waiting_len(), 0);
}
