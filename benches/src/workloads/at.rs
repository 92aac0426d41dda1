//! The text at an older time, in the middle of a long history and near its end. The replica stays at its end, or
//! is there again.

use super::build::TRACES;
use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::Shape;
use crate::measure::Lane;
use crate::report::Goal;
use crate::report::Measure::{Milliseconds, Peak};
use crate::traces::Typing;

struct At<'t> {
    history: &'t Typing,
    /// After how many changes.
    at: usize,
    /// Whether the replica was asked before, for the time one change earlier.
    again: bool,
}

impl Work for At<'_> {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let mut start = R::new(Shape::Text);
        let (before, after) = self.history.changes.split_at(self.at);
        let (last, before) = before.split_last().expect("it is not the beginning");
        before.iter().for_each(|change| start.apply(change));
        let earlier = start.moment();
        start.apply(last);
        let moment = start.moment();
        let then = start.value();
        after.iter().for_each(|change| start.apply(change));
        let lane = Lane::new(who.name(), move |meter| {
            // What a replica keeps of a look is not copied.
            let mut replica = start.copy(1);
            drop(replica.json());
            if self.again {
                replica.text_at(&earlier);
            }
            let text = meter.time(|| replica.text_at(&moment));
            assert!(then.as_str() == Some(&text), "{} looks at another time", who.name());
            then.clone()
        });
        vec![lane]
    }
}

pub(super) fn run(bench: &mut Bench) {
    let places = ["middle", "end"].map(|place| [(place.to_owned(), false), (format!("{place} again"), true)]);
    if !places.iter().flatten().any(|(name, _)| bench.wants("at", name)) {
        return;
    }
    let Some(history) = bench.typing(&TRACES[..1]).pop() else { return };
    let length = history.changes.len();
    for (names, at) in places.iter().zip([length / 2, length - length / 100]) {
        for (name, again) in names {
            if bench.wants("at", name) {
                let measures = &[(Milliseconds, Goal::None), (Peak, Goal::None)];
                bench.race(
                    &Rows { group: "at", name, measures },
                    &At { history: &history, at, again: *again },
                );
            }
        }
    }
}
