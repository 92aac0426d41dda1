//! Large values: read, reordered, and kept up to date while others write.

use rejoin::crdt::{Actor, ConvergentRef};
use rejoin::value::{Val, parse};
use serde_json::{Value, json};

use super::swap::{document, keys, numbers, objects};
use crate::bench::{Bench, Rows};
use crate::measure::{Lane, Meter};
use crate::report::Goal;
use crate::report::Measure::{Live, Microseconds, Milliseconds, Peak};

/// How many changes one run merges, one by one.
const MERGES: usize = 200;

pub(super) fn run(bench: &mut Bench) {
    fresh(bench, "list-1M", || numbers(1_000_000), |at| Box::new(move |value| pushed(value, at)));
    fresh(bench, "map-100k", || keys(100_000), |at| Box::new(move |value| with_key(value, at)));
    let measures =
        &[(Milliseconds, Goal::AtMost(1_500.0)), (Peak, Goal::AtMost(450_000.0)), (Live, Goal::None)];
    one(bench, "load-34MB", measures, |meter| {
        let text = objects_of_34_megabytes();
        let mut read = None;
        let length = meter.time(|| {
            let loaded = read.insert(document(parse(&text).expect("it was printed")));
            loaded.value().as_list().map_or(0, |items| items.len())
        });
        drop(text);
        meter.live();
        json!(length)
    });
    reorder(bench, "shuffle-100k", 700.0, |old| shuffled(old));
    reorder(bench, "reverse-100k", 700.0, |old| {
        old.as_list().into_iter().flat_map(|l| l.iter().rev()).cloned().collect()
    });
    reorder(bench, "outside-100k", 1_000.0, |old| parse(&shuffled(old).to_string()).expect("it was printed"));
}

type Edit = Box<dyn FnOnce(&Val) -> Val>;

/// The value after merging one change.
fn fresh(bench: &mut Bench, name: &str, make: fn() -> Val, edit: fn(usize) -> Edit) {
    let measures = &[(Microseconds, Goal::AtMost(20.0))];
    one(bench, name, measures, |meter| {
        let mut here = document(make());
        let mut there = here.branch(Actor::new("other").expect("letters are an actor")).expect("it is new");
        here.value();
        let patches: Vec<_> = (0..MERGES)
            .map(|at| {
                let seen = there.clock().clone();
                there.swap(edit(at)).expect("it is JSON");
                there.patch_from_clock(&seen)
            })
            .collect();
        meter.time(|| {
            for patch in &patches {
                here.merge_patch(patch).expect("it is sound");
                here.value();
            }
        });
        meter.each(MERGES);
        Value::Null
    });
}

fn pushed(value: &Val, at: usize) -> Val {
    let mut value = value.clone();
    if let Some(items) = value.as_list_mut() {
        items.insert(at * 4_999, Val::from(at));
    }
    value
}

fn with_key(value: &Val, at: usize) -> Val {
    let mut value = value.clone();
    if let Some(entries) = value.as_map_mut() {
        entries.insert(format!("key{:06}", at * 499).into(), "new".into());
        entries.insert(format!("other{at}").into(), Val::from(at));
    }
    value
}

/// A list in another order, and the merge of it.
fn reorder(bench: &mut Bench, name: &str, goal: f64, order: fn(&Val) -> Val) {
    let measures = &[(Milliseconds, Goal::AtMost(goal))];
    one(bench, name, measures, |meter| {
        let mut here = document(objects(100_000));
        let mut there = here.branch(Actor::new("other").expect("letters are an actor")).expect("it is new");
        there.value();
        let new = order(here.value());
        let edit = |here: &mut ConvergentRef, there: &mut ConvergentRef| {
            here.reset(new).expect("it is JSON");
            there.merge(here).expect("it is one document");
            there.value().as_list().map_or(0, |items| items.len())
        };
        json!(meter.time(|| edit(&mut here, &mut there)))
    });
}

fn shuffled(value: &Val) -> Val {
    let items = value.as_list().expect("it is a list");
    (0..items.len()).map(|at| items[at * 7_919 % items.len()].clone()).collect()
}

fn objects_of_34_megabytes() -> String {
    let item = |i: usize| {
        format!(
            r#"{{"id":{i},"name":"Customer number {i}","mail":"customer{i}@example.org","city":"City {}","score":{}.5}}"#,
            i % 977,
            i % 1_000
        )
    };
    let items: Vec<String> = (0..300_000).map(item).collect();
    format!("[{}]", items.join(","))
}

fn one<'a>(
    bench: &mut Bench,
    name: &str,
    measures: &[(crate::report::Measure, Goal)],
    run: impl FnMut(&mut Meter) -> Value + 'a,
) {
    if bench.wants("values", name) {
        bench.compare(&Rows { group: "values", name, measures }, vec![Lane::new("rejoin", run)], &[]);
    }
}
