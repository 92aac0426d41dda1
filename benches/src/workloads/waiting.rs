//! Changes that come before what they build on: each is taken in by itself, the first one last.

use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Edit, Shape};
use crate::measure::Lane;
use crate::random::Random;
use crate::report::Goal;
use crate::report::Measure::{Milliseconds, Peak};

const SECOND: Goal = Goal::AtMost(1_000.0);

struct Waiting {
    /// The order in which the changes after the first arrive.
    order: Vec<usize>,
}

impl Work for Waiting {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn suits(&self, who: Who) -> bool {
        // It refuses what lacks something.
        who != Who::Diamond
    }

    fn is_long(&self, who: Who) -> bool {
        // They look at all that waits each time.
        matches!(who, Who::Automerge | Who::Loro | Who::Yrs) && self.order.len() > 10_000
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let mut here = R::new(Shape::Text);
        let there = here.copy(1);
        let mut random = Random::new(8);
        let mut publish = |length| {
            let insert = random.letter().to_string().into();
            here.publish(&[Edit::Splice { at: random.below(length + 1), delete: 0, insert }])
        };
        let changes: Vec<Vec<u8>> = (0..=self.order.len()).map(&mut publish).collect();
        let end = here.value();
        let lane = Lane::new(who.name(), move |meter| {
            let mut replica = there.copy(2);
            meter.time(|| {
                self.order.iter().for_each(|at| replica.merge(&changes[*at]));
                replica.merge(&changes[0]);
            });
            assert!(replica.value() == end, "{} lacks something", who.name());
            end.clone()
        });
        vec![lane]
    }
}

pub(super) fn run(bench: &mut Bench) {
    for (count, size) in [(10_000, "10k"), (100_000, "100k")] {
        let ways: [(&str, fn(&mut [usize])); 3] =
            [("in-order", |_| {}), ("reversed", |order| order.reverse()), ("random", shuffle)];
        for (way, arrange) in ways {
            let name = &format!("{way}-{size}");
            if bench.wants("waiting", name) {
                let mut order: Vec<usize> = (1..=count).collect();
                arrange(&mut order);
                let measures = &[(Milliseconds, SECOND), (Peak, Goal::None)];
                bench.race(&Rows { group: "waiting", name, measures }, &Waiting { order });
            }
        }
    }
}

fn shuffle(order: &mut [usize]) {
    let mut random = Random::new(9);
    for end in (1..order.len()).rev() {
        order.swap(end, random.below(end + 1));
    }
}
