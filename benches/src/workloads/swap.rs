//! A change to a document by a compiled filter, beside the filter alone on the same value, and beside jaq with its
//! own value.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use rejoin::crdt::{Actor, ConvergentRef, DocumentId};
use rejoin::filter::{Filter, Filters};
use rejoin::value::{Val, object, parse, string};
use serde_json::{Value, json};

use crate::bench::{Bench, Rows};
use crate::measure::Lane;
use crate::report::Goal;
use crate::report::Measure::Microseconds;

/// A document, and what is done to it again and again.
struct Case {
    name: &'static str,
    document: fn() -> Val,
    filter: String,
    /// How many swaps one run makes.
    swaps: usize,
    /// Microseconds.
    goal: f64,
}

fn cases() -> Vec<Case> {
    let case = |name, document, filter: &str, swaps, goal| Case {
        name,
        document,
        filter: filter.to_owned(),
        swaps,
        goal,
    };
    let item = |items: usize| format!(".[{}].done |= not", items / 2);
    let toggle = |key: &str| format!("if has(\"{key}\") then del(.{key}) else .{key} = 1 end");
    vec![
        case("root-1kB", || board(16), ".count += 1", 20_000, 1.2),
        case("root-100kB", || board(1_600), ".count += 1", 20_000, 1.2),
        case("root-10MB", || board(160_000), ".count += 1", 20_000, 1.2),
        case("nested-item", || board(1_600), ".items[800].done |= not", 10_000, 5.0),
        case("item-1k", || objects(1_000), &item(1_000), 10_000, 5.0),
        case("item-100k", || objects(100_000), &item(100_000), 10_000, 5.0),
        case("item-1M", || objects(1_000_000), &item(1_000_000), 10_000, 5.0),
        case("append-1M", || numbers(1_000_000), ". += [1]", 2_000, 10.0),
        case("prepend-1M", || numbers(1_000_000), ".[0:0] = [1]", 2_000, 10.0),
        case("delete-1M", || numbers(1_000_000), "del(.[500000])", 2_000, 10.0),
        case("set-key-100k", || keys(100_000), ".key050000 += 1", 2_000, 10.0),
        case("new-key-100k", || keys(100_000), &toggle("new"), 2_000, 10.0),
        case("old-key-100k", || keys(100_000), &toggle("key050000"), 2_000, 10.0),
    ]
}

/// An object beside a list of about 62 bytes an item.
fn board(items: usize) -> Val {
    object([("title", string("Items")), ("count", 0.into()), ("items", objects(items))])
}

/// A list of objects.
pub(super) fn objects(items: usize) -> Val {
    let item = |i: usize| {
        let title = string(format!("Item number {i:06} of the list"));
        object([("id", Val::from(i)), ("title", title), ("done", false.into())])
    };
    (0..items).map(item).collect()
}

/// A list of numbers.
pub(super) fn numbers(items: usize) -> Val {
    (0..items).map(Val::from).collect()
}

/// An object of many keys.
pub(super) fn keys(count: usize) -> Val {
    (0..count).map(|i| (format!("key{i:06}"), Val::from(i))).collect()
}

pub(super) fn document(value: Val) -> ConvergentRef {
    let document_id = DocumentId::new("bench").expect("letters are a document id");
    let actor = Actor::new("bench").expect("letters are an actor");
    ConvergentRef::with_value(document_id, actor, value).expect("the document is JSON")
}

fn compile(code: &str) -> Arc<Filter> {
    Filters::new().compile(code, |_| false, Vec::new).expect("the filter is well formed")
}

fn apply(filter: &Filter, value: &Val) -> Val {
    filter.run_one(value.clone(), Vec::new()).expect("the filter fits the document")
}

fn lanes(case: &Case) -> Vec<Lane<'static>> {
    let (make, swaps) = (case.document, case.swaps);
    let filter = compile(&case.filter);
    let alone = {
        let filter = filter.clone();
        Lane::new("filter", move |meter| {
            let mut value = make();
            // The old value lives until the new one is there, as it does in a swap.
            let mut run = |steps: usize| {
                (0..steps).for_each(|_| value = apply(&filter, &value));
                value.clone()
            };
            let answer = digest(&run(CHECKED));
            meter.time(|| run(swaps));
            meter.each(swaps);
            answer
        })
    };
    let swap = Lane::new("rejoin", move |meter| {
        let mut made = document(make());
        let mut run = |steps: usize| {
            for _ in 0..steps {
                made.swap(|value| apply(&filter, value)).expect("the new value is JSON");
                made.value();
            }
            made.value().clone()
        };
        let answer = digest(&run(CHECKED));
        meter.time(|| run(swaps));
        meter.each(swaps);
        answer
    });
    let code = case.filter.clone();
    let jaq = Lane::new("jaq", move |meter| {
        let text = make().to_string();
        // Where each step copies the document, few steps tell as much.
        let swaps = if text.len() > 1_000_000 { CHECKED } else { swaps };
        let mut value = jaq_json::read::parse_single(text.as_bytes()).expect("it is JSON");
        let arena = Arena::default();
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let modules = Loader::new(defs).load(&arena, File { code: code.as_str(), path: () });
        let modules = modules.expect("the filter is well formed");
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let filter: jaq_core::Filter<data::JustLut<jaq_json::Val>> =
            Compiler::default().with_funs(funs).compile(modules).expect("all names are known");
        let step = |value: &mut jaq_json::Val| {
            let old = value.clone();
            let context = Ctx::<data::JustLut<jaq_json::Val>>::new(&filter.lut, Vars::new([]));
            let new = filter.id.run((context, std::mem::take(value))).map(unwrap_valr).next();
            drop(old);
            *value = new.expect("it has an output").expect("it fits the document");
        };
        (0..CHECKED).for_each(|_| step(&mut value));
        let answer = digest(&parse(&value.to_string()).expect("it was printed"));
        meter.time(|| (0..swaps).for_each(|_| step(&mut value)));
        meter.each(swaps);
        answer
    });
    vec![swap, alone, jaq]
}

/// After so many steps all lanes must have the same value.
const CHECKED: usize = 20;

/// Large values are compared by a number.
fn digest(value: &Val) -> Value {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    json!(hasher.finish())
}

pub(super) fn run(bench: &mut Bench) {
    for case in cases() {
        if bench.wants("swap", case.name) {
            let measures = &[(Microseconds, Goal::AtMost(case.goal))];
            bench.compare(&Rows { group: "swap", name: case.name, measures }, lanes(&case), &[]);
        }
    }
    bench.growth("swap", "item-1k", "item-1M", Goal::AtMost(2.0));
}
