//! Histories: the input says what some replicas do. Every step gives what the oracle says, and in the
//! end all agree.
#![no_main]

#[path = "../../tests/engine/common/mod.rs"]
mod common;
#[path = "../../tests/engine/oracle/mod.rs"]
mod oracle;
#[path = "../shared/mod.rs"]
mod shared;

use common::history::{Done, World};
use common::{is_told, text, waiting};
use libfuzzer_sys::fuzz_target;
use oracle::Oracle;
use rejoin::crdt::{Change, Clock, ConvergentRef, OpId};
use rejoin::value::{Val, same, text as printed};
use shared::sound::is_sound;
use shared::story::Story;

fuzz_target!(|input: &[u8]| {
    let mut story = Story::new(input);
    let mut world = World::start(&story.start());
    let mut then: Vec<(Clock, String)> = Vec::new();
    while let Some(step) = story.step() {
        let before = |replica: &ConvergentRef| (replica.value().clone(), replica.changes().len());
        let before: Vec<(Val, usize)> = world.replicas.iter().map(before).collect();
        let done = world.step(&step);
        let Some(who) = done.who() else { continue };
        let replica = &world.replicas[who];
        look(&done, replica, before.get(who));
        is_sound(replica);
        then.push((replica.clock().clone(), text(replica)));
    }
    world.exchange();
    let [first, others @ ..] = &world.replicas[..] else { return };
    is_sound(first);
    for other in others {
        assert_eq!(text(other), text(first));
        assert_eq!(other.clock(), first.clock());
        assert_eq!(other.conflicts(), first.conflicts());
        other.check().unwrap();
    }
    // All go back to all that there was, forwards and backwards.
    for (who, replica) in world.replicas.iter().enumerate() {
        for at in 0..then.len() {
            let (clock, value) = &then[if who % 2 == 0 { at } else { then.len() - 1 - at }];
            assert_eq!(&printed(&replica.at(clock).unwrap()), value, "{} at {clock}", replica.actor());
        }
    }
    assert!(world.replicas.iter().all(|replica| waiting(replica).is_empty()));
});

/// What holds for the answer of one step; `before`: what the replica read as, and its changes.
fn look(done: &Done, replica: &ConvergentRef, before: Option<&(Val, usize)>) {
    let value = replica.value();
    if let Some((old, changes)) = before
        && replica.changes().len() > *changes
    {
        is_told(old, &replica.delta(), value).unwrap();
    }
    let made = |change: Option<&OpId>| {
        let last = replica.changes().next_back().map(|change: Change| change.id());
        assert!(change.is_none() || change == last.as_ref());
        let was = before.map_or(0, |(_, changes)| *changes);
        assert_eq!(replica.changes().len(), was + usize::from(change.is_some()));
    };
    let silent = || assert_eq!(Some(text(replica)), before.map(|(old, _)| printed(old)));
    match done {
        Done::Nothing | Done::Branched { .. } => {}
        Done::Swapped { wanted, swap, .. } => {
            assert!(same(value, wanted), "swap to {} gave {}", printed(wanted), printed(value));
            assert_eq!(swap.change.is_some(), !same(&swap.old, wanted), "a change, if there is any");
            made(swap.change.as_ref());
        }
        Done::Transacted { wanted, change, .. } => {
            assert!(same(value, wanted), "meant {} and gave {}", printed(wanted), printed(value));
            made(change.as_ref());
        }
        Done::Merged { report, .. } => {
            assert!(report.refused.is_empty(), "honest changes are never refused");
            assert_eq!(report.new, replica.changes().len() - before.map_or(0, |(_, changes)| *changes));
        }
        Done::Looked { clock, value, .. } => {
            let then = Oracle::at(replica.changes(), clock).value();
            assert_eq!(printed(value), printed(&then), "at {clock}");
            silent();
        }
        Done::Dropped { .. } | Done::Reread { .. } => silent(),
    }
}
