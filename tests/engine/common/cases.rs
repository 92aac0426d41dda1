//! Runs a property on many inputs; the same ones in every run, unless another seed is asked for.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};

const SEED: u64 = 20_230_919;

/// Holds a test against `cases` inputs. `PROPTEST_CASES` scales their number (256 is the usual one)
/// and `PROPTEST_RNG_SEED` picks other ones; a failure names its seed and the shrunk input.
pub fn for_all<S: Strategy>(cases: u32, inputs: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: Debug,
{
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    config.cases = (config.cases * cases / 256).max(1);
    config.max_shrink_iters = 50_000;
    if matches!(config.rng_seed, RngSeed::Random) {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let seed = config.rng_seed;
    let mut runner = TestRunner::new(config);
    if let Err(error) = runner.run(&inputs, test) {
        panic!("{error}\n{runner}\tPROPTEST_RNG_SEED={seed}");
    }
}

/// Tells how much was tried when that was asked for, with `PROPTEST_CASES`.
#[allow(clippy::print_stderr, reason = "a long run says what it did")]
pub fn count(what: &str, number: u64) {
    if std::env::var_os("PROPTEST_CASES").is_some() {
        eprintln!("{number} {what}");
    }
}
