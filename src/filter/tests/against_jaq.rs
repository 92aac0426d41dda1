//! Filters give what they give in jq: random ones, on random values.
//!
//! `PROPTEST_CASES` scales the number of cases (256 is the usual one).

mod oracle;
mod programs;

use core::fmt;
use core::time::Duration;

use proptest::prelude::ProptestConfig;

use super::*;
use oracle::Oracle;
use programs::Programs;

/// How many filters are tried in a usual run.
const CASES: u64 = 1_500;

/// How many are compiled together.
const BATCH: u64 = 100;

struct Case {
    seed: u64,
    input: String,
    /// What comes before an error counts, the words of the error do not.
    code: String,
}

impl Case {
    fn new(seed: u64) -> Self {
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
fn random_filters_give_what_they_give_in_jq() {
    // jq recurses along values that are nested deeply.
    let thread = std::thread::Builder::new().stack_size(1 << 30).spawn(compare);
    thread.unwrap().join().unwrap();
}

fn compare() {
    let count = CASES * u64::from(ProptestConfig::default().cases) / 256;
    let mut filters = Filters::new();
    // What takes long here would take long there.
    filters.set_limits(Limits { time: Some(Duration::from_secs(5)), memory: Some(64 << 20) });
    let mut compared = 0;
    for start in (1..=count).step_by(BATCH as usize) {
        let cases: Vec<Case> = (start..start + BATCH).map(Case::new).collect();
        let oracle = Oracle::new(cases.iter().map(|case| &*case.code));
        for (at, case) in cases.iter().enumerate() {
            if let Some(outputs) = outputs(&mut filters, case) {
                assert_eq!(Ok(outputs), oracle.outputs(at, &case.input), "{case}");
                compared += 1;
            }
        }
    }
    assert!(compared * 100 >= count * 99, "{compared} of {count} filters were compared");
}

/// The outputs as JSON; `None` if they take too long.
fn outputs(filters: &mut Filters, case: &Case) -> Option<Vec<String>> {
    let filter = filters.compile(&case.code, |_| false, Vec::new).unwrap_or_else(|e| panic!("{e}: {case}"));
    let texts = |outputs: Vec<Val>| outputs.iter().map(ToString::to_string).collect();
    let input = val(&case.input);
    let outputs: Vec<String> = match filter.run(input.clone(), Vec::new()) {
        Ok(outputs) => texts(outputs),
        Err(RunError::Stopped { .. }) => return None,
        Err(error) => panic!("{error}: {case}"),
    };
    assert_eq!(input.to_string(), case.input, "the input of {case}");
    // Where a value comes from makes no difference.
    let known = filter.run(sharing::identified(input), Vec::new());
    assert_eq!(Ok(&outputs), known.map(texts).as_ref(), "{case}");
    Some(outputs)
}
