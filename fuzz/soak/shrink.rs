//! Looks for the few steps of a history that it takes to fail.

use std::time::{Duration, Instant};

use super::run::{Failure, Plan};

/// Not longer than this.
const TIME: Duration = Duration::from_secs(120);

/// A history that is so short can be looked at after each step.
const SHORT: usize = 400;

/// Leaves out steps of a history that failed, as long as it fails (Zeller and Hildebrandt, 2002). What the others do may
/// change by that, and so may the failure.
pub fn shrink(failure: Failure) -> Failure {
    let until = Instant::now() + TIME;
    let mut best = failure;
    let mut kept: Vec<u64> = match &best.plan.only {
        Some(only) => only.clone(),
        None => (1..=best.step).collect(),
    };
    let again = |kept: &[u64], plan: &Plan| {
        let careful = plan.careful || kept.len() <= SHORT;
        Plan { only: Some(kept.to_vec()), careful, traced: false, ..plan.clone() }.run().err()
    };
    let mut size = kept.len().div_ceil(2);
    while size > 0 && Instant::now() < until {
        let mut from = 0;
        let mut is_smaller = false;
        while from < kept.len() && Instant::now() < until {
            let rest = [&kept[..from], &kept[(from + size).min(kept.len())..]].concat();
            match again(&rest, &best.plan) {
                Some(failed) => {
                    kept = rest.into_iter().filter(|step| *step <= failed.step).collect();
                    best = failed;
                    is_smaller = true;
                }
                None => from += size,
            }
        }
        if !is_smaller || size > kept.len() {
            size = if size == 1 && is_smaller { 1 } else { size / 2 };
        }
    }
    best.plan.only = Some(kept);
    best
}
