//! The progress of a ref: kept for each edit and merge, it brings an older copy to where the ref is.

use crate::common::cases::for_all;
use crate::common::history::{World, histories};
use crate::common::{branch, replica, set, singles, text};
use proptest::prelude::*;
use rejoin::crdt::{ConvergentRef, Patch, Progress};

/// The progress as a log has it: what a program wrote and read again.
fn stored(progress: &Progress) -> Progress {
    let stored = |patch: &Patch| Patch::from_bytes(&patch.to_bytes()).unwrap();
    Progress { changes: stored(&progress.changes), waiting: stored(&progress.waiting), ..progress.clone() }
}

#[test]
fn given_any_history_when_a_copy_advances_by_the_progress_of_each_step_then_it_is_the_replica() {
    for_all(256, histories(1..30), |history| {
        let mut world = World::start(&history);
        let mut copies: Vec<ConvergentRef> = Vec::new();
        for step in &history.steps {
            let read = |replica: &ConvergentRef| ConvergentRef::from_bytes(&replica.to_bytes()).unwrap();
            for replica in &world.replicas[copies.len()..] {
                copies.push(read(replica));
            }
            let before: Vec<_> = world.replicas.iter().map(ConvergentRef::version).collect();
            let done = world.step(step);
            let Some(who) = done.who().filter(|who| *who < before.len()) else { continue };
            if step_is_new(&world.replicas[who], &copies[who]) {
                // It was read from bytes: a version of before is not one of its own.
                let progress = stored(&world.replicas[who].progress(&before[who]));
                copies[who].advance(&progress).unwrap();
            }
            prop_assert_eq!(copies[who].to_bytes(), world.replicas[who].to_bytes());
            prop_assert_eq!(copies[who].check(), Ok(()));
        }
        Ok(())
    });
}

/// Tells whether something happened to a replica that a copy does not know.
fn step_is_new(replica: &ConvergentRef, copy: &ConvergentRef) -> bool {
    replica.to_bytes() != copy.to_bytes()
}

#[test]
fn given_waiting_popped_and_dropped_changes_then_the_progress_says_so() {
    let (mut ann, mut ben) = (replica("ann", "[]"), replica("ann", "[]"));
    ben = branch(&ben, "ben");
    for n in 0..3 {
        set(&mut ben, &format!("[{n}]"));
    }
    let all = singles(&ben.patch_from_clock(ann.clock()));
    let mut copy = ConvergentRef::from_bytes(&ann.to_bytes()).unwrap();
    let mut advance = |ann: &mut ConvergentRef, act: &mut dyn FnMut(&mut ConvergentRef)| {
        let before = ann.version();
        act(ann);
        copy.advance(&stored(&ann.progress(&before))).unwrap();
        assert_eq!(copy.to_bytes(), ann.to_bytes());
        (copy.waiting_len(), copy.peek_patches().len(), text(&copy))
    };
    let merge = |patch: &Patch| {
        let patch = patch.clone();
        move |ann: &mut ConvergentRef| drop(ann.merge_patch(&patch).unwrap())
    };
    assert_eq!(advance(&mut ann, &mut merge(&all[2])), (1, 1, "[]".to_owned()));
    assert_eq!(advance(&mut ann, &mut |ann| drop(ann.pop_patches())), (1, 0, "[]".to_owned()));
    assert_eq!(
        advance(&mut ann, &mut |ann| {
            ann.drop_waiting();
        }),
        (0, 0, "[]".to_owned())
    );
    assert_eq!(advance(&mut ann, &mut merge(&all[2])), (1, 0, "[]".to_owned()));
    assert_eq!(advance(&mut ann, &mut merge(&all[0])), (1, 0, "[0]".to_owned()));
    // What waited comes with what it waited for.
    assert_eq!(advance(&mut ann, &mut merge(&all[1])), (0, 0, "[2]".to_owned()));
    assert_eq!(advance(&mut ann, &mut |ann| set(ann, "[3]")), (0, 1, "[3]".to_owned()));
    assert_eq!(advance(&mut ann, &mut |_| {}), (0, 1, "[3]".to_owned()));
}
