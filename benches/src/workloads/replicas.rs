//! Many replicas of one document in one process, each with a change of its own.

use serde_json::Value;

use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Change, Edit, Shape, base, key};
use crate::measure::Lane;
use crate::report::Measure::{Live, Milliseconds};
use crate::report::{Goal, Limit};

const REPLICAS: usize = 1_000;
const SMALL: Goal = Goal::Times(&[Limit { factor: 1.0, of: &["loro", "yrs"], called: "min(loro, yrs)" }]);

struct Replicas {
    shape: Shape,
    base: Change,
}

impl Replicas {
    /// The change of one of the replicas.
    fn own(&self, number: usize) -> Edit {
        match self.shape {
            Shape::Text => Edit::Splice { at: number * 7, delete: 0, insert: "x".into() },
            Shape::List => Edit::Insert { at: number * 7, value: number as i64 },
            Shape::Map => Edit::Put { key: key(number * 7), value: 0 },
        }
    }
}

impl Work for Replicas {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let mut start = R::new(self.shape);
        start.apply(&self.base);
        drop(start.json());
        let lane = Lane::new(who.name(), move |meter| {
            let another = |number: usize| {
                let mut replica = start.copy(number as u64);
                replica.apply(&[self.own(number)]);
                drop(replica.json());
                replica
            };
            let replicas: Vec<R> = meter.time(|| (1..=REPLICAS).map(another).collect());
            meter.live_each(REPLICAS);
            drop(replicas);
            Value::Null
        });
        vec![lane]
    }
}

pub(super) fn run(bench: &mut Bench) {
    for (shape, count, name) in [(Shape::Text, 100_000, "text-100kB"), (Shape::Map, 10_000, "map-10k")] {
        if bench.wants("replicas", name) {
            let measures = &[(Live, SMALL), (Milliseconds, Goal::None)];
            bench.race(
                &Rows { group: "replicas", name, measures },
                &Replicas { shape, base: base(shape, count) },
            );
        }
    }
}
