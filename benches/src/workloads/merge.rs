//! Two replicas of a document of 10,000 characters, items or keys, or of a list of a million items, both edited
//! at random places; one takes in what the other did. The bytes are made before; nothing is read.

use serde_json::Value;

use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Change, Shape, base, random_changes};
use crate::measure::Lane;
use crate::report::Measure::{Milliseconds, Peak};
use crate::report::{Goal, JSON, Limit};

const BASE: usize = 10_000;
const FAST: Goal = Goal::Times(&[Limit { factor: 0.7, of: JSON, called: "fastest JSON" }]);
/// Ten times the edits, with some room for what is not linear in a cache.
const LINEAR: Goal = Goal::AtMost(15.0);

struct Merge {
    shape: Shape,
    base: Change,
    mine: Vec<Change>,
    theirs: Vec<Change>,
}

impl Work for Merge {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn suits(&self, who: Who) -> bool {
        // It takes hours at random places in a million items.
        who != Who::Yrs || self.mine.len() < 50_000
    }

    fn is_long(&self, who: Who) -> bool {
        // Editing at random places, before the merge, is quadratic.
        who == Who::Yrs && self.shape != Shape::Map && self.mine.len() > 1_000
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let mut start = R::new(self.shape);
        start.apply(&self.base);
        let version = start.version();
        let edited = move |actor: u64, changes: &[Change]| {
            let mut replica = start.copy(actor);
            changes.iter().for_each(|change| replica.apply(change));
            replica
        };
        let mut theirs = edited(2, &self.theirs);
        let delta = theirs.delta(&version);
        let mut is_checked = false;
        let lane = Lane::new(who.name(), move |meter| {
            let mut mine = edited(1, &self.mine);
            drop(mine.json());
            meter.time(|| mine.merge(&delta));
            let value = mine.value();
            if !std::mem::replace(&mut is_checked, true) {
                theirs.merge(&mine.delta(&version));
                assert!(theirs.value() == value, "the replicas of {} differ", who.name());
            }
            unordered(value)
        });
        vec![lane]
    }
}

/// What concurrent edits come to, whatever their order, which each contestant chooses in its own way.
pub(super) fn unordered(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            characters.sort_unstable();
            characters.into_iter().collect::<String>().into()
        }
        Value::Array(mut items) => {
            items.sort_by_cached_key(Value::to_string);
            items.into()
        }
        Value::Object(entries) => {
            let mut keys: Vec<String> = entries.into_iter().map(|(key, _)| key).collect();
            keys.sort_unstable();
            keys.into()
        }
        other => other,
    }
}

fn race(bench: &mut Bench, name: &str, shape: Shape, length: usize, count: usize) {
    let merge = Merge {
        shape,
        base: base(shape, length),
        mine: random_changes(shape, length, count, 1),
        theirs: random_changes(shape, length, count, 2),
    };
    let measures = &[(Milliseconds, FAST), (Peak, Goal::None)];
    bench.race(&Rows { group: "merge", name, measures }, &merge);
}

pub(super) fn run(bench: &mut Bench) {
    for (shape, kind) in [(Shape::Text, "text"), (Shape::List, "list"), (Shape::Map, "map")] {
        let names = [1, 10, 100].map(|thousands| (thousands * 1_000, format!("{kind}-{thousands}k")));
        for (count, name) in &names {
            if bench.wants("merge", name) {
                race(bench, name, shape, BASE, *count);
            }
        }
        bench.growth("merge", &names[1].1, &names[2].1, LINEAR);
    }
    if bench.wants("merge", "1M-items") {
        race(bench, "1M-items", Shape::List, 1_000_000, 500_000);
    }
}
