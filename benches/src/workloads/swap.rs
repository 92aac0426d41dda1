//! A small change to a document by a compiled filter, beside the filter alone on the same value.

use std::sync::Arc;

use rejoin::crdt::{Actor, ConvergentRef, DocumentId};
use rejoin::filter::{Filter, Filters};
use rejoin::value::{Val, object, string, to_serde};

use crate::bench::{Bench, Rows};
use crate::measure::Lane;
use crate::report::Measure::Microseconds;
use crate::report::{Goal, Limit};

const NEAR: Goal = Goal::Times(&[Limit { factor: 1.5, of: &["jaq"], called: "jaq" }]);

/// The name of a row, and how many items it has.
const SIZES: [(&str, usize); 3] = [("1kB", 16), ("100kB", 1_600), ("10MB", 160_000)];

/// A change next to the root, and one inside a list; and how many swaps one run makes.
fn filters(items: usize) -> [(&'static str, String, usize); 2] {
    let half = items / 2;
    [
        ("key", ".count += 1".to_owned(), 5_000),
        ("item", format!(".items[{half}].done |= not"), 3_200_000 / items.max(320)),
    ]
}

/// A document of about 62 bytes an item.
fn document(items: usize) -> Val {
    let number = |i: usize| Val::from(i as isize);
    let item = |i: usize| {
        let title = string(format!("Item number {i:06} of the list"));
        object([("id", number(i)), ("title", title), ("done", Val::Bool(false))])
    };
    object([("title", string("Items")), ("count", number(0)), ("items", (0..items).map(item).collect())])
}

fn compile(code: &str) -> Arc<Filter> {
    Filters::new().compile(code, |_| false, Vec::new).expect("the filter is well formed")
}

fn apply(filter: &Filter, value: &Val) -> Val {
    filter.run_one(value.clone(), Vec::new()).expect("the filter fits the document")
}

fn lanes(items: usize, code: &str, swaps: usize) -> Vec<Lane<'static>> {
    let filter = compile(code);
    let alone = {
        let filter = filter.clone();
        Lane::new("jaq", move |meter| {
            let mut value = apply(&filter, &document(items));
            meter.time(|| {
                for _ in 0..swaps {
                    // The old value lives until the new one is there, as it does in a swap.
                    value = apply(&filter, &value);
                }
            });
            meter.each(swaps);
            to_serde(&value).expect("values are JSON")
        })
    };
    let swap = Lane::new("rejoin", move |meter| {
        let document_id = DocumentId::new("bench").expect("letters are a document id");
        let actor = Actor::new("bench").expect("letters are an actor");
        let made = ConvergentRef::with_value(document_id, actor, document(items));
        let mut made = made.expect("the document is JSON");
        // The first swap may make what is kept.
        made.swap(|value| apply(&filter, value)).expect("the new value is JSON");
        made.value();
        meter.time(|| {
            for _ in 0..swaps {
                made.swap(|value| apply(&filter, value)).expect("the new value is JSON");
                made.value();
            }
        });
        meter.each(swaps);
        to_serde(made.value()).expect("values are JSON")
    });
    vec![swap, alone]
}

pub(super) fn run(bench: &mut Bench) {
    for (size, items) in SIZES {
        for (place, code, swaps) in filters(items) {
            let name = format!("{size}-{place}");
            if bench.wants("swap", &name) {
                let goal = if items > 100 { NEAR } else { Goal::None };
                let measures = &[(Microseconds, goal)];
                bench.compare(
                    &Rows { group: "swap", name: &name, measures },
                    lanes(items, &code, swaps),
                    &[],
                );
            }
        }
    }
}
