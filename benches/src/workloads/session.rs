//! A session file of small swaps, read and run: commands a second.

use std::fmt::Write;

use rejoin::script::{Outcome, Script, run as run_script};
use rejoin::session::Session;
use serde_json::Value;

use crate::bench::{Bench, Rows};
use crate::measure::Lane;
use crate::report::Goal;
use crate::report::Measure::PerSecond;

const COMMANDS: usize = 100_000;

/// A file that swaps with the filter that is made for each number.
fn file(filter: impl Fn(usize) -> String) -> String {
    let mut text = String::from("ref doc {\"count\": 0, \"items\": [1, 2, 3], \"name\": \"a document\"}\n");
    for i in 0..COMMANDS {
        let _ = writeln!(text, "swap doc {}", filter(i));
    }
    text
}

fn lane(file: &str) -> Lane<'_> {
    Lane::new("rejoin", |meter| {
        let mut session = Session::default();
        let outcome = meter.time(|| {
            let script = Script::parse(file);
            let Ok(outcome) = run_script(&mut session, &script, |_| Ok::<(), std::convert::Infallible>(()));
            outcome
        });
        meter.each(COMMANDS);
        let Outcome { commands, failures, .. } = outcome;
        assert!((commands, failures) == (COMMANDS + 1, 0), "every command works");
        Value::Null
    })
}

pub(super) fn run(bench: &mut Bench) {
    let rows = [
        ("repeated", 50_000.0, file(|_| ".count += 1".to_owned())),
        ("different", 10_000.0, file(|i| format!(".items[{}] = {i}", i % 3))),
    ];
    for (name, least, file) in &rows {
        if bench.wants("session", name) {
            let measures = &[(PerSecond, Goal::AtLeast(*least))];
            bench.compare(&Rows { group: "session", name, measures }, vec![lane(file)], &[]);
        }
    }
}
