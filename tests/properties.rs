//! Laws that hold for every history, tried on random ones; the oracle says what each must come to.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;
mod oracle;

use std::collections::BTreeSet;

use common::cases::for_all;
use common::edit::{Json, values};
use common::history::{Done, History, Step, World, histories};
use common::{Calls, actor, branch, change_set, document, json, patch, singles, sorted, text};
use oracle::{Contested, Oracle};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use rejoin::crdt::{Change, Clock, ConvergentRef, MergeReport, OpId, Patch, Written};
use rejoin::value::{Val, parse, same};

type Verdict = Result<(), TestCaseError>;

/// What holds for every replica at any time.
fn is_sound(replica: &ConvergentRef) -> Verdict {
    let name = replica.actor();
    replica.check().map_err(|broken| TestCaseError::fail(format!("{name}: {broken}")))?;
    let oracle = Oracle::new(replica.changes());
    prop_assert_eq!(text(replica), oracle.value().to_string(), "{} and the oracle", name);
    prop_assert_eq!(contested(replica), oracle.contested(), "{} and the oracle", name);
    let clock: Clock = replica.changes().map(|change| (change.actor.clone(), change.last())).collect();
    prop_assert_eq!(replica.clock(), &clock, "{}: the clock covers what is applied, no more", name);
    for change in replica.waiting() {
        let ready = clock.get(&change.actor) >= change.previous && clock.covers_all(&change.deps);
        prop_assert!(!ready, "{}: {} waits for nothing", name, change.id());
    }
    Ok(())
}

/// The conflicts in the words of the oracle.
fn contested(replica: &ConvergentRef) -> Vec<Contested> {
    let write = |write: &Written| (write.id.to_string(), write.value.to_string());
    let conflicts = replica.conflicts().into_iter();
    let contested = conflicts.map(|conflict| Contested {
        path: conflict.path.to_string(),
        winner: write(&conflict.winner),
        losers: conflict.losers.iter().map(write).collect(),
    });
    contested.collect()
}

/// What holds for the answer of one step, too.
fn step_is_sound(world: &mut World, calls: &mut Vec<Calls>, step: &Step) -> Verdict {
    let before: Vec<String> = world.replicas.iter().map(text).collect();
    let changes: Vec<Vec<Change>> = world.replicas.iter().map(change_set).collect();
    let done = world.step(step);
    let who = match &done {
        Done::Nothing => return Ok(()),
        Done::Branched { who } => {
            calls.push(Calls::of(&mut world.replicas[*who]));
            *who
        }
        Done::Swapped { who, wanted, swap } => {
            let value = world.replicas[*who].value();
            prop_assert!(same(value, wanted), "swap to {} gave {}", wanted, value);
            prop_assert_eq!(swap.new.to_string(), value.to_string());
            prop_assert_eq!(&swap.old.to_string(), &before[*who]);
            prop_assert_eq!(
                swap.change.is_none(),
                same(&swap.old, wanted),
                "{}",
                "a change, if there is any"
            );
            if let Some(id) = &swap.change {
                let last = world.replicas[*who].changes().last().unwrap();
                prop_assert_eq!(id, &last.id());
            }
            *who
        }
        Done::Merged { who, before, report } => {
            prop_assert_eq!(&report.old.to_string(), before);
            prop_assert_eq!(report.value.to_string(), text(&world.replicas[*who]));
            report_is_sound(&world.replicas[*who], &changes[*who], report)?;
            *who
        }
    };
    is_sound(&world.replicas[who])?;
    let now = text(&world.replicas[who]);
    let expected = match before.get(who) {
        Some(before) if !same(&json(before), &json(&now)) => vec![(before.clone(), now)],
        _ => vec![],
    };
    prop_assert_eq!(calls[who].take(), expected, "a watcher is told of every new value, once");
    Ok(())
}

/// What holds for the report of a merge into a replica that had these changes before.
fn report_is_sound(replica: &ConvergentRef, before: &[Change], report: &MergeReport) -> Verdict {
    prop_assert_eq!(report.new, changes_of(replica) - before.len());
    prop_assert!(report.refused.is_empty(), "honest changes are never refused");
    let kept = replica.conflicts();
    prop_assert!(report.conflicts.iter().all(|conflict| kept.contains(conflict)));

    let (_, lost_before) = Oracle::new(before.iter()).lost();
    let (certain, possible) = Oracle::new(replica.changes()).lost();
    let lost: BTreeSet<OpId> = report.lost.iter().flat_map(|lost| lost.edits.clone()).collect();
    let named: usize = report.lost.iter().map(|lost| lost.edits.len()).sum();
    prop_assert_eq!(lost.len(), named, "each is named once");
    prop_assert!(lost.is_subset(&possible), "lost {:?}, but only {:?} may be", lost, possible);
    let newly: BTreeSet<OpId> = certain.difference(&lost_before).cloned().collect();
    prop_assert!(newly.is_subset(&lost), "lost {:?}, but only {:?} is reported", newly, lost);
    Ok(())
}

#[test]
fn given_any_history_every_step_gives_what_the_oracle_says_and_in_the_end_all_agree() {
    for_all(256, histories(1..80), |history| {
        let mut world = World::start(&history);
        let mut calls: Vec<Calls> = world.replicas.iter_mut().map(Calls::of).collect();
        for step in &history.steps {
            step_is_sound(&mut world, &mut calls, step)?;
        }
        world.exchange();
        for replica in &world.replicas {
            is_sound(replica)?;
            prop_assert_eq!(text(replica), text(&world.replicas[0]));
            prop_assert_eq!(replica.clock(), world.replicas[0].clock());
            prop_assert_eq!(replica.conflicts(), world.replicas[0].conflicts());
            prop_assert_eq!(replica.waiting().count(), 0);
        }
        Ok(())
    });
}

#[test]
fn given_any_two_values_a_swap_gives_the_wanted_one() {
    for_all(4096, (values(), values()), |(Json(old), Json(new))| {
        let mut replica = ConvergentRef::with_value(document(), actor("ann"), old.clone()).unwrap();
        replica.reset(new.clone()).unwrap();
        prop_assert!(same(replica.value(), &new), "{} to {} gave {}", old, new, replica.value());
        is_sound(&replica)?;
        replica.reset(old.clone()).unwrap();
        prop_assert!(same(replica.value(), &old), "back to {} gave {}", old, replica.value());
        is_sound(&replica)
    });
}

// --- merging ---

/// What merging must agree on: what is printed, the clock, the changes, and what waits.
fn outcome(replica: &ConvergentRef) -> (String, Clock, Vec<Change>, Vec<Change>) {
    let waiting = sorted(replica.waiting().cloned());
    (text(replica), replica.clock().clone(), change_set(replica), waiting)
}

/// `a` with everything of `b`, as a new replica.
fn merged(a: &ConvergentRef, b: &ConvergentRef, name: &str) -> ConvergentRef {
    let mut both = branch(a, name);
    both.merge(b).unwrap();
    both
}

fn three_replicas() -> impl Strategy<Value = (History, [Index; 3])> {
    (histories(1..60), any::<[Index; 3]>())
}

#[test]
fn given_any_replicas_merging_twice_is_merging_once() {
    for_all(256, three_replicas(), |(history, [a, b, _])| {
        let world = World::play(&history);
        let [a, b] = [a, b].map(|which| which.get(&world.replicas));
        let mut both = merged(a, b, "x");
        let once = outcome(&both);
        let report = both.merge(b).unwrap();
        prop_assert_eq!(report.new, 0);
        prop_assert_eq!(outcome(&both), once.clone(), "{}", "the same ref again");
        let itself = branch(&both, "y");
        both.merge(&itself).unwrap();
        prop_assert_eq!(outcome(&both), once.clone(), "{}", "its own branch");
        let everything = itself.patch_from_clock(&Clock::new());
        let report = both.merge_patch(&everything).unwrap();
        prop_assert_eq!((report.new, report.known), (0, itself.changes().count()));
        prop_assert_eq!(outcome(&both), once, "{}", "the whole history as a patch");
        is_sound(&both)
    });
}

#[test]
fn given_any_replicas_merging_is_commutative() {
    for_all(256, three_replicas(), |(history, [a, b, _])| {
        let world = World::play(&history);
        let [a, b] = [a, b].map(|which| which.get(&world.replicas));
        let (there, back) = (merged(a, b, "x"), merged(b, a, "y"));
        prop_assert_eq!(outcome(&there), outcome(&back));
        is_sound(&there)
    });
}

#[test]
fn given_any_replicas_merging_is_associative() {
    for_all(256, three_replicas(), |(history, which)| {
        let world = World::play(&history);
        let [a, b, c] = which.map(|which| which.get(&world.replicas));
        let left = merged(&merged(a, b, "x"), c, "y");
        let right = merged(a, &merged(b, c, "x"), "y");
        prop_assert_eq!(outcome(&left), outcome(&right));
        is_sound(&left)
    });
}

// --- delivery ---

/// The history of a world that has exchanged everything, and a second order for its changes.
fn deliveries() -> impl Strategy<Value = (History, Vec<(Index, bool)>)> {
    (histories(1..60), prop::collection::vec((any::<Index>(), prop::bool::weighted(0.2)), 0..60))
}

/// All changes in an order that the numbers decide; some of them twice.
fn shuffled(changes: &[Change], order: &[(Index, bool)]) -> Vec<Change> {
    let mut rest = changes.to_vec();
    let mut delivered = Vec::new();
    for (which, twice) in order {
        if rest.is_empty() {
            break;
        }
        let change = rest.remove(which.index(rest.len()));
        if *twice {
            rest.insert(which.index(rest.len() + 1), change.clone());
        }
        delivered.push(change);
    }
    delivered.extend(rest);
    delivered
}

#[test]
fn given_the_same_changes_in_any_order_replicas_print_the_same_bytes() {
    for_all(256, deliveries(), |(history, order)| {
        let mut world = World::play(&history);
        world.exchange();
        let changes = change_set(&world.replicas[0]);
        let mut late = ConvergentRef::new(document(), actor("late"));
        for parcel in shuffled(&changes, &order).chunks(1 + order.len() % 3) {
            let report = late.merge_patch(&patch(parcel.iter().cloned())).unwrap();
            prop_assert_eq!(report.value.to_string(), text(&late));
            is_sound(&late)?;
        }
        prop_assert_eq!(outcome(&late), outcome(&world.replicas[0]));
        prop_assert_eq!(late.conflicts(), world.replicas[0].conflicts());
        Ok(())
    });
}

#[test]
fn given_losses_the_clock_covers_nothing_that_is_missing_and_asking_again_heals() {
    for_all(256, deliveries(), |(history, order)| {
        let mut world = World::play(&history);
        world.exchange();
        let sender = &world.replicas[0];
        let mut receiver = ConvergentRef::new(document(), actor("late"));
        // The first half of the shuffled changes comes through, one by one.
        let changes = shuffled(&change_set(sender), &order);
        for change in &changes[..changes.len() / 2] {
            receiver.merge_patch(&patch([change.clone()])).unwrap();
        }
        let applied = change_set(&receiver);
        for change in sender.changes() {
            for index in 0..change.ops.len() {
                let covered = receiver.clock().covers(&change.op_id(index));
                prop_assert_eq!(covered, applied.contains(change), "{}", change.op_id(index));
            }
        }
        let missing = sender.patch_from_clock(receiver.clock());
        prop_assert_eq!(missing.changes().count(), changes_of(sender) - applied.len());
        receiver.merge_patch(&missing).unwrap();
        prop_assert_eq!(outcome(&receiver), outcome(sender));
        prop_assert!(sender.patch_from_clock(receiver.clock()).is_empty());
        is_sound(&receiver)
    });
}

fn changes_of(replica: &ConvergentRef) -> usize {
    replica.changes().count()
}

#[test]
fn given_any_history_a_patch_brings_exactly_what_its_clock_lacks() {
    for_all(256, three_replicas(), |(history, [a, b, _])| {
        let world = World::play(&history);
        let [a, b] = [a, b].map(|which| which.get(&world.replicas));
        let sent = a.patch_from_clock(b.clock());
        let lacking = a.changes().filter(|change| !b.clock().covers(&change.id()));
        prop_assert_eq!(sorted(sent.changes().cloned()), sorted(lacking.cloned()));
        Ok(())
    });
}

#[test]
fn given_any_patch_its_json_reads_back_as_the_same_patch() {
    for_all(256, three_replicas(), |(history, [a, b, _])| {
        let world = World::play(&history);
        let [a, b] = [a, b].map(|which| which.get(&world.replicas));
        for sent in [a.patch_from_clock(&Clock::new()), a.patch_from_clock(b.clock())] {
            for sent in singles(&sent).iter().chain([&sent]) {
                let written = sent.to_json().to_string();
                let read = Patch::from_json(&parse(&written).unwrap()).unwrap();
                prop_assert_eq!(read.document(), sent.document());
                prop_assert!(read.changes().eq(sent.changes()));
                prop_assert_eq!(read.to_json().to_string(), written);
                prop_assert_eq!(read.is_empty(), sent.changes().count() == 0);
            }
        }
        Ok(())
    });
}

// --- runs ---

/// How an actor types its items: where each goes among those that are there.
#[derive(Debug, Clone)]
enum Typing {
    Forwards,
    Backwards,
    Anyhow(Vec<Index>),
}

/// A list, and where in it they type.
const PLACES: [(&str, usize); 4] = [("[]", 0), (r#"["<",">"]"#, 0), (r#"["<",">"]"#, 1), (r#"["<",">"]"#, 2)];

/// Who types how, how many items, and in which order the changes arrive.
fn runs() -> impl Strategy<Value = (Vec<Typing>, usize, usize, Vec<(Index, bool)>)> {
    let typing = prop_oneof![
        2 => Just(Typing::Forwards),
        2 => Just(Typing::Backwards),
        1 => prop::collection::vec(any::<Index>(), 8).prop_map(Typing::Anyhow),
    ];
    let order = prop::collection::vec((any::<Index>(), prop::bool::weighted(0.1)), 0..40);
    (prop::collection::vec(typing, 2..5), 1..8usize, 0..PLACES.len(), order)
}

#[test]
fn given_actors_who_type_at_one_place_at_the_same_time_their_runs_do_not_interleave() {
    for_all(512, runs(), |(typists, length, place, order)| {
        let (base, place) = PLACES[place];
        let origin = ConvergentRef::with_value(document(), actor("base"), json(base)).unwrap();
        let (mut changes, mut typed) = (change_set(&origin), Vec::new());
        for (who, typing) in typists.iter().enumerate() {
            let mut typist = branch(&origin, &format!("actor{who}"));
            let mut run: Vec<String> = Vec::new();
            for n in 0..length {
                let at = match typing {
                    Typing::Forwards => run.len(),
                    Typing::Backwards => 0,
                    Typing::Anyhow(places) => places[n].index(run.len() + 1),
                };
                let item = format!("{who}:{n}");
                typist.swap(|list| inserted(list, place + at, &item)).unwrap();
                run.insert(at, item);
            }
            changes.extend(typist.changes().skip(1).cloned());
            typed.push(run);
        }
        let mut reader = ConvergentRef::new(document(), actor("reader"));
        for change in shuffled(&changes, &order) {
            reader.merge_patch(&patch([change])).unwrap();
        }
        is_sound(&reader)?;
        let list = strings(reader.value());
        prop_assert_eq!(list.len(), strings(&json(base)).len() + typists.len() * length);
        for run in typed {
            let start = list.iter().position(|item| *item == run[0]).unwrap();
            prop_assert_eq!(&list[start..(start + length).min(list.len())], &run[..], "in {:?}", list);
        }
        Ok(())
    });
}

fn inserted(list: &Val, at: usize, item: &str) -> Val {
    let mut items = strings(list);
    items.insert(at, item.to_owned());
    items.into_iter().map(Val::from).collect()
}

fn strings(list: &Val) -> Vec<String> {
    match list {
        Val::Arr(items) => items.iter().map(|item| rejoin::value::as_str(item).unwrap().to_owned()).collect(),
        _ => Vec::new(),
    }
}
