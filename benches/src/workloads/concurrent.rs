//! Traces of several authors at once.

use std::collections::VecDeque;

use serde_json::Value;

use crate::bench::{Bench, Rows};
use crate::contestants::{Replica, Who, Work};
use crate::edit::{Edit, Shape};
use crate::measure::Lane;
use crate::report::Measure::{Milliseconds, Peak, Size};
use crate::report::{Goal, JSON, Limit, Measure};
use crate::traces::Concurrent;

const FAST: Goal = Goal::Times(&[Limit { factor: 0.7, of: JSON, called: "fastest JSON" }]);

/// One replica for each author. A message goes out where another will need it, with all that its sender
/// has learnt since the last one to the same receiver, and is taken in before the receiver's edit that
/// builds on it.
struct Live<'t>(&'t Concurrent);

/// Each change as an update of its own, all taken in by a new replica.
struct Updates<'t> {
    trace: &'t Concurrent,
    /// In one call, where the contestant has one, not one by one.
    at_once: bool,
}

/// Each change as an update, all in one stream that a new replica reads.
struct Stream<'t>(&'t Concurrent);

/// The replicas, and what is on its way between them.
struct Replicas<R: Replica> {
    replicas: Vec<R>,
    /// `known[from][to]`: what the sender had told the receiver.
    known: Vec<Vec<R::Version>>,
    /// `sent[from][to]`: what is on its way.
    sent: Vec<Vec<VecDeque<Vec<u8>>>>,
}

impl<R: Replica> Replicas<R> {
    fn new(start: &R, agents: usize) -> Self {
        let mut replicas: Vec<R> = (1..=agents as u64).map(|number| start.copy(number)).collect();
        let known = replicas.iter_mut().map(|replica| (0..agents).map(|_| replica.version()).collect());
        let known = known.collect();
        Self { replicas, known, sent: vec![vec![VecDeque::new(); agents]; agents] }
    }

    /// Plays the trace; `edit` makes the changes.
    fn play(&mut self, trace: &Concurrent, mut edit: impl FnMut(&mut R, &[Edit])) {
        for step in &trace.steps {
            let to = step.agent;
            for &from in &step.receives {
                let message = self.sent[from][to].pop_front().expect("the trace sent it before");
                self.replicas[to].merge(&message);
            }
            edit(&mut self.replicas[to], &step.change);
            for &receiver in &step.sends {
                let sender = &mut self.replicas[to];
                let known = &mut self.known[to][receiver];
                let message = sender.delta(known);
                *known = sender.version();
                self.sent[to][receiver].push_back(message);
            }
        }
    }
}

impl Work for Live<'_> {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let start = R::new(Shape::Text);
        let lane = Lane::new(who.name(), move |meter| {
            let mut replicas = Replicas::new(&start, self.0.agents);
            meter.time(|| replicas.play(self.0, |replica, change| replica.apply(change)));
            let last = self.0.steps.last().map_or(0, |step| step.agent);
            end(replicas.replicas[last].value(), &self.0.end, who)
        });
        vec![lane]
    }
}

impl Work for Updates<'_> {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        let start = R::new(Shape::Text);
        let mut updates = Vec::with_capacity(self.trace.steps.len());
        let publish = |replica: &mut R, change: &[_]| updates.push(replica.publish(change));
        Replicas::new(&start, self.trace.agents).play(self.trace, publish);
        let lane = Lane::new(who.name(), move |meter| {
            let mut replica = start.copy(self.trace.agents as u64 + 1);
            meter.time(|| match self.at_once {
                true => replica.merge_all(&updates),
                false => updates.iter().for_each(|update| replica.merge(update)),
            });
            meter.size(updates.iter().map(Vec::len).sum());
            end(replica.value(), &self.trace.end, who)
        });
        vec![lane]
    }
}

impl Work for Stream<'_> {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn names<R: Replica>(&self, who: Who) -> Vec<&'static str> {
        if R::HAS_STREAMS { vec![who.name()] } else { Vec::new() }
    }

    fn lanes<'a, R: Replica>(&'a self, who: Who) -> Vec<Lane<'a>> {
        if !R::HAS_STREAMS {
            return Vec::new();
        }
        let start = R::new(Shape::Text);
        let mut updates = Vec::with_capacity(self.0.steps.len());
        Replicas::new(&start, self.0.agents)
            .play(self.0, |replica: &mut R, change| updates.push(replica.publish(change)));
        let stream = R::stream(&updates);
        let lane = Lane::new(who.name(), move |meter| {
            let mut replica = start.copy(self.0.agents as u64 + 1);
            meter.time(|| replica.merge_stream(&stream));
            meter.size(stream.len());
            end(replica.value(), &self.0.end, who)
        });
        vec![lane]
    }
}

/// The end of the trace.
fn end(value: Value, expected: &str, who: Who) -> Value {
    assert!(value.as_str() == Some(expected), "{} ends with another text than the trace", who.name());
    value
}

pub(super) fn run(bench: &mut Bench) {
    for trace in ["friendsforever", "clownschool"] {
        let [live, updates, at_once, stream] =
            ["live", "updates", "updates at once", "stream"].map(|way| format!("{trace} {way}"));
        if ![&live, &updates, &at_once, &stream].into_iter().any(|name| bench.wants("concurrent", name)) {
            continue;
        }
        let Some(trace) = bench.concurrent(trace) else { continue };
        let mut race = |name: &str, measures: &[(Measure, Goal)], work: &dyn Fn(&mut Bench, &Rows<'_>)| {
            if bench.wants("concurrent", name) {
                work(bench, &Rows { group: "concurrent", name, measures });
            }
        };
        let plain = &[(Milliseconds, FAST), (Peak, Goal::None)];
        let sized = &[(Milliseconds, FAST), (Peak, Goal::None), (Size, Goal::None)];
        race(&live, plain, &|bench, rows| bench.race(rows, &Live(&trace)));
        race(&updates, sized, &|bench, rows| bench.race(rows, &Updates { trace: &trace, at_once: false }));
        race(&at_once, plain, &|bench, rows| bench.race(rows, &Updates { trace: &trace, at_once: true }));
        let streamed = &[(Milliseconds, Goal::None), (Size, Goal::None)];
        race(&stream, streamed, &|bench, rows| bench.race(rows, &Stream(&trace)));
    }
}
