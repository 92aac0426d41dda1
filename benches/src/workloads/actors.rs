//! One hundred replicas of a small document make one hundred random edits each; one more takes in what
//! they did, one after the other.

use super::merge::unordered;
use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Change, Shape, base, random_changes};
use crate::measure::Lane;
use crate::report::Measure::{Milliseconds, Peak};
use crate::report::{Goal, JSON, Limit};

const BASE: usize = 1_000;
const ACTORS: u64 = 100;
const EDITS: usize = 100;
const FAST: Goal = Goal::Times(&[Limit { factor: 0.7, of: JSON, called: "fastest" }]);

struct Actors {
    shape: Shape,
    base: Change,
    /// The changes of each actor.
    changes: Vec<Vec<Change>>,
}

impl Work for Actors {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let mut start = R::new(self.shape);
        start.apply(&self.base);
        let version = start.version();
        let delta = |(number, changes): (u64, &Vec<Change>)| {
            let mut replica = start.copy(number);
            changes.iter().for_each(|change| replica.apply(change));
            replica.delta(&version)
        };
        let deltas: Vec<Vec<u8>> = (1..).zip(&self.changes).map(delta).collect();
        let lane = Lane::new(who.name(), move |meter| {
            let mut replica = start.copy(ACTORS + 1);
            drop(replica.json());
            meter.time(|| deltas.iter().for_each(|delta| replica.merge(delta)));
            unordered(replica.value())
        });
        vec![lane]
    }
}

pub(super) fn run(bench: &mut Bench) {
    for (shape, name) in [(Shape::Text, "text"), (Shape::List, "list")] {
        if bench.wants("actors", name) {
            let changes = (1..=ACTORS).map(|actor| random_changes(shape, BASE, EDITS, actor)).collect();
            let actors = Actors { shape, base: base(shape, BASE), changes };
            let measures = &[(Milliseconds, FAST), (Peak, Goal::None)];
            bench.race(&Rows { group: "actors", name, measures }, &actors);
        }
    }
}
