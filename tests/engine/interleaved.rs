//! Several patches that are taken together.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;

use crate::common::cases::{count, for_all};
use crate::common::history::{World, histories};
use crate::common::{
    Calls, Snapshot, actor, branch, change_set, document, is_told, json, patch, replica, set, text,
};
use crate::oracle::Oracle;
use rejoin::crdt::{Change, Clock, ConvergentRef, MergeError, OpId, Patch};
use rejoin::value::parse;

/// Everything that all replicas of a history have, in one of them.
fn all_of(world: &mut World) -> ConvergentRef {
    world.exchange();
    world.replicas.swap_remove(0)
}

fn empty() -> ConvergentRef {
    ConvergentRef::new(document(), actor("reader"))
}

/// The history in pieces of one actor each, which begin at some of its changes; some overlap, some come twice.
fn pieces(of: &ConvergentRef, cuts: &[Index]) -> Vec<Patch> {
    let mut cuts = cuts.iter().cycle();
    let mut chance = |end: usize| cuts.next().map_or(0, |cut| cut.index(end));
    let mut pieces = Vec::new();
    for (name, _) in of.clock().iter() {
        let ends: Vec<u64> =
            of.changes().filter(|change| change.actor == *name).map(|change| change.last()).collect();
        let mut begins = BTreeSet::from([0]);
        begins.extend((0..chance(4)).map(|_| ends[chance(ends.len())]));
        let begins: Vec<u64> = begins.into_iter().filter(|begin| begin != ends.last().unwrap()).collect();
        for (at, begin) in begins.iter().enumerate() {
            let upto = begins.get(at + 1 + chance(2)).or(ends.last()).unwrap();
            let mut earlier = ConvergentRef::new(document(), actor("x"));
            let known: Vec<Change> =
                of.changes().take_while(|change| change.actor != *name || change.last() <= *upto).collect();
            earlier.merge_patch(&patch(known)).unwrap();
            let mut piece = earlier.patch_of_actor(name, *begin);
            if chance(2) == 0 {
                piece = Patch::from_bytes(&piece.to_bytes()).unwrap();
            }
            if chance(4) == 0 {
                pieces.push(piece.clone());
            }
            pieces.push(piece);
        }
    }
    for at in (1..pieces.len()).rev() {
        pieces.swap(at, chance(at + 1));
    }
    pieces
}

fn is_same(taken: &ConvergentRef, original: &ConvergentRef) -> Result<(), TestCaseError> {
    taken.check().map_err(TestCaseError::fail)?;
    prop_assert_eq!(taken.clock(), original.clock());
    prop_assert_eq!(text(taken), text(original));
    prop_assert_eq!(taken.conflicts(), original.conflicts());
    prop_assert_eq!(change_set(taken), change_set(original));
    Ok(())
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 60)
}

#[test]
fn a_history_in_pieces_that_is_taken_together_is_the_history_and_nothing_waits() {
    for_all(128, (histories(5..50), cuts(), any::<Index>()), |(history, cuts, known)| {
        let original = all_of(&mut World::play(&history));
        let pieces = pieces(&original, &cuts);
        let mut taken = empty();
        // Some of it is known, up to some time.
        let count = known.index(original.changes().count() + 1);
        taken.merge_patch(&patch(original.changes().take(count))).unwrap();
        let mut one_by_one = taken.branch(actor("patient")).unwrap();
        taken.set_waiting_limit(0);
        let (calls, old) = (Calls::of(&mut taken), taken.value().clone());
        let report = taken.merge_patches(&pieces).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!((report.waiting, taken.waiting_len()), (0, 0));
        prop_assert_eq!(report.new, original.changes().count() - count);
        let all: usize = pieces.iter().map(Patch::len).sum();
        prop_assert_eq!(report.new + report.known, all);
        is_same(&taken, &original)?;
        prop_assert_eq!(text(&taken), Oracle::new(taken.changes()).value().to_string());
        if report.new > 0 {
            is_told(&old, &taken.delta(), taken.value()).map_err(TestCaseError::fail)?;
        }
        let told = calls.take();
        let changed = rejoin::value::text(&old) != text(&taken);
        prop_assert!(told.len() <= 1 && (!changed || told.len() == 1), "{:?}", told);
        for piece in &pieces {
            one_by_one.merge_patch(piece).map_err(|error| TestCaseError::fail(error.to_string()))?;
        }
        is_same(&one_by_one, &original)?;
        let again = taken.merge_patches(&pieces).unwrap();
        prop_assert_eq!((again.new, again.known), (0, all));
        Ok(())
    });
}

#[test]
fn what_depends_on_a_missing_piece_waits_and_nothing_else() {
    for_all(128, (histories(5..40), cuts(), any::<Index>()), |(history, cuts, missing)| {
        let original = all_of(&mut World::play(&history));
        let mut pieces = pieces(&original, &cuts);
        if pieces.is_empty() {
            return Ok(());
        }
        pieces.remove(missing.index(pieces.len()));
        let mut held: Vec<Change> =
            pieces.iter().flat_map(|piece| piece.changes().collect::<Vec<_>>()).collect();
        held.sort_by_key(Change::id);
        held.dedup();
        // What can be applied of them.
        let mut clock = Clock::new();
        for change in &held {
            if clock.get(&change.actor) >= change.previous && clock.covers_all(&change.deps) {
                clock.advance(&change.actor, change.last());
            }
        }
        let mut taken = empty();
        let report = taken.merge_patches(&pieces).map_err(|error| TestCaseError::fail(error.to_string()))?;
        taken.check().map_err(TestCaseError::fail)?;
        prop_assert_eq!(taken.clock(), &clock);
        prop_assert_eq!(report.new + taken.waiting_len(), held.len());
        prop_assert_eq!(report.waiting, taken.waiting_len());
        taken.merge(&original).unwrap();
        is_same(&taken, &original)
    });
}

#[test]
fn a_patch_that_contradicts_or_is_malformed_refuses_all() {
    for_all(96, (histories(5..30), cuts(), any::<[Index; 2]>()), |(history, cuts, [place, what])| {
        let original = all_of(&mut World::play(&history));
        let mut pieces = pieces(&original, &cuts);
        let changes: Vec<Change> = original.changes().collect();
        if changes.is_empty() {
            return Ok(());
        }
        let mut wrong = changes[what.index(changes.len())].clone();
        let last = wrong.last();
        match what.index(5) {
            0 => wrong.ops.clear(),
            1 => wrong.first = 0,
            2 => wrong.deps.advance(&actor("ann"), u64::MAX),
            // Another change under its id, and its actor goes on from there.
            3 => wrong.ops.push(wrong.ops[0].clone()),
            _ => {
                let mut next = wrong.clone();
                (next.first, next.previous, next.deps) = (last + 900, last, Clock::new());
                wrong.ops.push(wrong.ops[0].clone());
                pieces.insert(0, patch([next]));
            }
        }
        pieces.insert(place.index(pieces.len() + 1), patch([wrong]));
        let mut taken = empty();
        taken.merge_patch(&patch(changes.iter().take(place.index(changes.len())).cloned())).unwrap();
        let before = Snapshot::of(&taken);
        let calls = Calls::of(&mut taken);
        prop_assert!(taken.merge_patches(&pieces).is_err());
        taken.check().map_err(TestCaseError::fail)?;
        prop_assert_eq!(Snapshot::of(&taken), before);
        prop_assert!(calls.take().is_empty());
        Ok(())
    });
}

#[test]
fn given_pieces_that_follow_another_history_of_an_actor_when_taken_together_then_it_is_found() {
    let mut ann = replica("ann", "{}");
    let mut twin = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap();
    set(&mut ann, r#"{"a":1}"#);
    set(&mut twin, r#"{"a":2}"#);
    let mut ben = branch(&twin, "ben");
    set(&mut ben, r#"{"a":2,"b":1}"#);
    let anns = ann.patch_of_actor(&actor("ann"), 0);
    let bens = ben.patch_of_actor(&actor("ben"), 0);
    let eves = branch(&ben, "eve").patch_of_actor(&actor("ben"), 0);
    for patches in [vec![anns.clone(), bens.clone()], vec![bens, anns.clone(), eves, anns]] {
        let mut taken = empty();
        let error = taken.merge_patches(&patches).unwrap_err();
        assert!(matches!(error, MergeError::OtherBase { .. }), "{error}");
        assert_eq!((taken.clock().is_empty(), taken.waiting_len()), (true, 0));
        taken.check().unwrap();
    }
}

#[test]
fn given_nothing_or_patches_without_changes_then_nothing_happens() {
    let mut ann = replica("ann", "[1]");
    let nothing = ann.patch_from_clock(ann.clock());
    for patches in [vec![], vec![nothing.clone()], vec![nothing.clone(), nothing]] {
        let report = ann.merge_patches(&patches).unwrap();
        assert_eq!((report.new, report.known, report.waiting), (0, 0, 0));
        ann.check().unwrap();
    }
    let foreign = Patch::new(rejoin::crdt::DocumentId::new("other").unwrap(), []);
    let mine = ann.patch_from_clock(&Clock::new());
    let error = ann.merge_patches(&[mine, foreign]).unwrap_err();
    assert!(matches!(error, MergeError::OtherDocument { .. }), "{error}");
}

/// A thousand actors who write in turn, each after having seen what the one before wrote; or all after one of them.
fn in_turn(actors: usize, rounds: usize, all_see_one: bool) -> ConvergentRef {
    let mut changes = Vec::new();
    let mut first = replica("ann", "{}");
    changes.extend(first.changes());
    let map: OpId = "1@ann".parse().unwrap();
    let (mut before, mut lasts) = (("ann".to_owned(), 1), vec![0; actors]);
    for round in 0..rounds {
        let mut hub = None;
        for (who, last) in lasts.iter_mut().enumerate() {
            let name = format!("actor-{who:04}");
            let slot = rejoin::crdt::SlotId::Key { map: map.clone(), key: format!("{name}-{round}").into() };
            let content =
                rejoin::crdt::Content::Scalar(rejoin::crdt::Scalar::new(parse("1").unwrap()).unwrap());
            let sees =
                if all_see_one { hub.clone().unwrap_or_else(|| before.clone()) } else { before.clone() };
            let at = 1 + sees.1.max(*last);
            let deps: Clock =
                [(actor(&sees.0), sees.1)].into_iter().filter(|(seen, _)| seen.as_str() != name).collect();
            let ops = vec![rejoin::crdt::Op::Put { slot, over: vec![], content }];
            changes.push(Change { actor: actor(&name), first: at, previous: *last, deps, ops });
            hub.get_or_insert((name.clone(), at));
            (*last, before) = (at, (name, at));
        }
    }
    first.merge_patch(&patch(changes)).unwrap();
    first
}

#[test]
fn given_a_thousand_actors_in_turn_then_their_pieces_are_taken_together() {
    for all_see_one in [false, true] {
        let original = in_turn(1000, 10, all_see_one);
        let pieces: Vec<Patch> =
            original.clock().iter().map(|(name, _)| original.patch_of_actor(name, 0)).collect();
        let mut taken = empty();
        taken.set_waiting_limit(0);
        let start = std::time::Instant::now();
        let report = taken.merge_patches(&pieces).unwrap();
        count(&format!("milliseconds for {} changes", report.new), start.elapsed().as_millis() as u64);
        assert_eq!((taken.clock(), taken.waiting_len()), (original.clock(), 0));
        assert_eq!(json(&text(&taken)), json(&text(&original)));
    }
}
