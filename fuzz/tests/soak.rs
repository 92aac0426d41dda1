//! A short soak: every step happens, and nothing is wrong.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(dead_code, unreachable_pub, reason = "it uses a part of what it includes")]

#[path = "../../tests/engine/common/mod.rs"]
mod common;
#[path = "../../tests/engine/oracle/mod.rs"]
mod oracle;
#[path = "../shared/mod.rs"]
mod shared;
#[path = "../soak/mod.rs"]
mod soak;

use shared::allocations::Counting;
use soak::Figures;
use soak::run::Plan;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SEED: u64 = 20_230_919;
const STEPS: u64 = 20_000;

#[test]
fn given_20_000_steps_of_all_kinds_when_they_are_played_then_nothing_is_wrong() {
    let mut all = Figures::default();
    for history in 0.. {
        if all.steps >= STEPS {
            break;
        }
        let plan = Plan::new(SEED, history);
        let played = plan.run();
        all += played.unwrap_or_else(|failed| {
            let soak = "cargo run --release --manifest-path fuzz/Cargo.toml --example soak --";
            panic!("{}\nagain: {soak} --seed {SEED} --history {history} --trace", failed.message)
        });
    }
    for (what, count) in all.each() {
        assert!(count > 0, "{what}: none, of {all}");
    }
}

#[test]
fn given_a_history_when_it_is_played_twice_then_the_same_happens() {
    let plan = Plan::new(SEED, 0);
    assert_eq!(plan.run().unwrap(), plan.run().unwrap());
}

#[test]
fn given_a_history_when_steps_are_left_out_then_the_others_stay_what_they_are() {
    let plan = Plan { only: Some(vec![3, 5, 200]), careful: true, ..Plan::new(SEED, 1) };
    let played = plan.run().unwrap();
    assert_eq!((played.histories, played.steps), (1, 3));
}
