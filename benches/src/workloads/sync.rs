//! One more edit after a long history: making what travels, and taking it in.

use std::time::Instant;

use super::build::TRACES;
use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Edit, Shape};
use crate::measure::{Lane, median};
use crate::random::Random;
use crate::report::Measure::Microseconds;
use crate::report::{Goal, Limit};
use crate::traces::Typing;

/// Edits a run; the median of them is the time of the run.
const EDITS: usize = 21;

const LIKE_LORO: Goal = Goal::Times(&[Limit { factor: 1.0, of: &["loro"], called: "loro" }]);
/// What takes a few microseconds may vary.
const FLAT: Goal = Goal::AtMost(1.5);

struct Sync<'t> {
    history: &'t Typing,
    /// Whether taking in is measured, not making.
    is_in: bool,
}

impl Work for Sync<'_> {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let mut here = R::new(Shape::Text);
        self.history.changes.iter().for_each(|change| here.apply(change));
        let mut there = here.copy(1);
        drop(there.json());
        let mut random = Random::new(5);
        let length = here.value().as_str().map_or(0, |text| text.chars().count());
        let lane = Lane::new(who.name(), move |meter| {
            let times: Vec<_> = (0..EDITS)
                .map(|_| {
                    let version = here.version();
                    let at = random.below(length);
                    here.apply(&[Edit::Splice { at, delete: 0, insert: "x".into() }]);
                    let start = Instant::now();
                    let delta = here.delta(&version);
                    let out = start.elapsed();
                    let start = Instant::now();
                    there.merge(&delta);
                    if self.is_in { start.elapsed() } else { out }
                })
                .collect();
            meter.took(median(&times).expect("there are edits"));
            assert!(here.value() == there.value(), "the replicas of {} differ", who.name());
            serde_json::Value::Null
        });
        vec![lane]
    }
}

pub(super) fn run(bench: &mut Bench) {
    let names = |way: &str| ["26k", "260k"].map(|size| format!("{way}-{size}"));
    let ways = [(names("out"), false), (names("in"), true)];
    if !ways.iter().any(|(names, _)| names.iter().any(|name| bench.wants("sync", name))) {
        return;
    }
    let Some(long) = bench.typing(&TRACES[..1]).pop() else { return };
    let short = long.first(long.changes.len() / 10);
    for (names, is_in) in ways {
        for (name, history) in names.iter().zip([&short, &long]) {
            if bench.wants("sync", name) {
                let measures = &[(Microseconds, LIKE_LORO)];
                bench.race(&Rows { group: "sync", name, measures }, &Sync { history, is_in });
            }
        }
        bench.growth("sync", &names[0], &names[1], FLAT);
    }
}
