//! Soaks the engine: plays histories until so many steps were made, or something is wrong.
#![allow(clippy::unwrap_used, reason = "it may fail by panicking")]
#![allow(dead_code, unreachable_pub, reason = "it uses a part of what it includes")]

#[path = "../../tests/engine/common/mod.rs"]
mod common;
#[path = "../../tests/engine/oracle/mod.rs"]
mod oracle;
#[path = "../shared/mod.rs"]
mod shared;
#[path = "../soak/mod.rs"]
mod soak;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use shared::allocations::{Counting, live};
use soak::Figures;
use soak::run::{Failure, Plan};
use soak::shrink::shrink;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str = "\
usage: soak [--steps N] [--seed N]                       play histories until N steps were made
       soak --seed N --history N [--only N,N,…] [--careful] [--trace]   play one again";

/// What is told while it runs: every so often.
const PROGRESS: Duration = Duration::from_secs(20);

/// The memory that may stay when a history is over: what the library keeps for good is less.
const KEPT: usize = 1 << 20;

#[derive(Default)]
struct Options {
    steps: Option<u64>,
    seed: Option<u64>,
    history: Option<u64>,
    only: Option<Vec<u64>>,
    careful: bool,
    traced: bool,
}

fn main() -> ExitCode {
    let Some(options) = read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let seed = options.seed.unwrap_or(1);
    let played = match options.history {
        Some(history) => {
            let Options { only, careful, traced, .. } = options;
            let plan = Plan { only, careful, traced, ..Plan::new(seed, history) };
            let plan = Plan { steps: options.steps.unwrap_or(plan.steps), ..plan };
            plan.run().map(|figures| println!("{figures}"))
        }
        None => soak(seed, options.steps.unwrap_or(10_000_000)),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(failure, !options.traced);
            ExitCode::FAILURE
        }
    }
}

fn soak(seed: u64, steps: u64) -> Result<(), Failure> {
    let (begun, mut told) = (Instant::now(), Instant::now());
    let mut all = Figures::default();
    let mut before = None;
    for history in 0.. {
        if all.steps >= steps {
            break;
        }
        let plan = Plan::new(seed, history);
        let plan = Plan { steps: plan.steps.min(steps - all.steps), ..plan };
        all += plan.run()?;
        let (now, first) = (live(), *before.get_or_insert_with(live));
        if now > first + KEPT {
            let message = format!("{} bytes stay when a history is over", now - first);
            return Err(Failure { step: plan.steps, plan, message });
        }
        if told.elapsed() > PROGRESS {
            told = Instant::now();
            let seconds = begun.elapsed().as_secs_f64();
            eprintln!("{} of {steps} steps, {seconds:.0} s, history {history}", all.steps);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{all}, seconds {seconds:.1}, steps a second {:.0}", all.steps as f64 / seconds);
    Ok(())
}

/// Says what is wrong, and how to see it again.
fn tell(failure: Failure, shrinks: bool) {
    let again = |failure: &Failure| {
        let Failure { plan, step, message } = failure;
        let Plan { seed, history, only, careful, .. } = plan;
        eprintln!("history {history} of seed {seed}, step {step}: {message}");
        // No step has the number 0.
        let only = only.as_ref().map(|only| if only.is_empty() { &[0][..] } else { &only[..] });
        let only = only.map(|only| only.iter().map(u64::to_string).collect::<Vec<_>>().join(","));
        let only = only.map_or_else(String::new, |only| format!(" --only {only}"));
        let careful = if *careful { " --careful" } else { "" };
        eprintln!("again: --seed {seed} --history {history} --steps {}{only}{careful} --trace", plan.steps);
    };
    again(&failure);
    if shrinks {
        eprintln!("shrinking");
        let smaller = shrink(failure);
        eprintln!("{} steps are enough", smaller.plan.only.as_ref().map_or(0, Vec::len));
        again(&smaller);
    }
}

fn read(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next()?.parse().ok();
        match argument.as_str() {
            "--steps" => options.steps = Some(number()?),
            "--seed" => options.seed = Some(number()?),
            "--history" => options.history = Some(number()?),
            "--only" => {
                let steps = arguments.next()?;
                let steps = steps.split(',').filter(|step| !step.is_empty()).map(str::parse);
                options.only = Some(steps.collect::<Result<_, _>>().ok()?);
            }
            "--careful" => options.careful = true,
            "--trace" => options.traced = true,
            _ => return None,
        }
    }
    Some(options)
}
