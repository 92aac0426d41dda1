//! Two actors change one document independently and come together again.
//!
//! `cargo run --example two_actors`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use rejoin::crdt::{Actor, Clock, ConvergentRef, DocumentId};
use rejoin::value::{from_serde, parse};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    // One document, two replicas, each owned by one actor.
    let document = DocumentId::new("shopping")?;
    let start = from_serde(&json!({ "name": "Foo", "items": [0, 1] }))?;
    let mut origin = ConvergentRef::with_value(document, Actor::new("origin")?, start)?;
    let mut branch = origin.branch(Actor::new("branch")?)?;
    let seen: Clock = branch.clock().clone();

    // They diverge.
    origin.reset(parse(r#"{"name": "Bar", "items": [0, 1]}"#)?)?;
    branch.reset(parse(r#"{"name": "Foo", "items": [0, 1, 2]}"#)?)?;

    // A patch holds what changed since a clock. It may come late, twice or in pieces.
    let patch = branch.patch_from_clock(&seen);
    let report = origin.merge_patch(&patch)?;
    println!("origin took {} change: {}", report.new, origin.value());
    for change in origin.delta() {
        println!("  {change}");
    }
    let again = origin.merge_patch(&patch)?;
    println!("the same patch again: {} new, {} known", again.new, again.known);

    // In one process a ref can be merged as it is.
    branch.merge(&origin)?;
    println!("branch: {}", branch.value());
    assert_eq!(origin.value().to_string(), branch.value().to_string());
    Ok(())
}
