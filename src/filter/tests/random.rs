//! Random filters on random values: identities make no difference, and nothing breaks.
//!
//! `PROPTEST_CASES` scales the number of cases (256 is the usual one).

mod programs;

use core::fmt;
use core::time::Duration;

use proptest::prelude::ProptestConfig;

use super::*;
use programs::Programs;

/// The number of filters that are tried in a usual run.
const CASES: u64 = 1_500;

/// Counts how many are tried in this one.
pub(super) fn count() -> u64 {
    CASES * u64::from(ProptestConfig::default().cases) / 256
}

/// Returns a compiler for filters, of which none may take long.
pub(super) fn bounded() -> Filters {
    let filters = Filters::new();
    filters.set_limits(Limits { time: Some(Duration::from_secs(5)), memory: Some(64 << 20) });
    filters
}

/// A filter and what it gets.
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) input: String,
    /// What comes before an error counts, the words of the error do not.
    pub(super) code: String,
}

impl Case {
    pub(super) fn new(seed: u64) -> Self {
        let mut programs = Programs::new(seed);
        let (input, program) = (programs.value(), programs.program());
        Self { seed, input, code: format!("limit(50; try ({program}) catch \"failed\")") }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {} | {}", self.seed, self.input, self.code)
    }
}

#[test]
fn random_filters_give_the_same_whether_values_have_identities() {
    let (count, mut filters) = (count(), bounded());
    let compared = (1..=count).filter(|seed| outputs(&mut filters, &Case::new(*seed)).is_some()).count();
    assert!(compared as u64 * 100 >= count * 99, "{compared} of {count} filters were compared");
}

/// Returns the outputs as JSON; `None` if they take too long. Whether values have identities makes no difference to
/// them.
pub(super) fn outputs(filters: &mut Filters, case: &Case) -> Option<Vec<String>> {
    let filter = filters.compile(&case.code, |_| false, Vec::new).unwrap_or_else(|e| panic!("{e}: {case}"));
    let texts = |outputs: Vec<Val>| outputs.iter().map(ToString::to_string).collect();
    let input = val(&case.input);
    let outputs: Vec<String> = match filter.run(input.clone(), Vec::new()) {
        Ok(outputs) => texts(outputs),
        Err(RunError::Stopped(_)) => return None,
        Err(error) => panic!("{error}: {case}"),
    };
    assert_eq!(input.to_string(), case.input, "the input of {case}");
    let known = filter.run(sharing::identified(input), Vec::new());
    assert_eq!(Ok(&outputs), known.map(texts).as_ref(), "{case}");
    Some(outputs)
}
