//! Conflict-free replicated JSON: the engine under the `rejoin` shell, and the shell's interpreter.
//!
//! A [`ConvergentRef`](crdt::ConvergentRef) is one replica of a JSON document, owned by one actor. It
//! reads like an atom; local edits take effect at once; what others did comes by merging. Replicas
//! that have applied the same changes have the same value, byte for byte, whatever the order, the
//! channel or the number of times the changes travelled.
//!
//! ```
//! use rejoin::crdt::{Actor, ConvergentRef, DocumentId};
//! use rejoin::value::{from_serde, parse};
//! use serde_json::json;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let document = DocumentId::new("shopping")?; // unique in the world: random, say
//!     let start = from_serde(&json!({ "name": "Foo", "items": [0, 1] }))?;
//!     let mut origin = ConvergentRef::with_value(document, Actor::new("origin")?, start)?;
//!     let mut branch = origin.branch(Actor::new("branch")?)?;
//!     let seen = branch.clock().clone();
//!
//!     // They diverge: the difference to the old value is what is recorded.
//!     origin.reset(parse(r#"{"name": "Bar", "items": [0, 1]}"#)?)?;
//!     branch.reset(parse(r#"{"name": "Foo", "items": [0, 1, 2]}"#)?)?;
//!
//!     // A patch holds what changed since a clock. It may come late, twice or in pieces.
//!     let patch = branch.patch_from_clock(&seen);
//!     let report = origin.merge_patch(&patch)?;
//!     assert_eq!(origin.value().to_string(), r#"{"name":"Bar","items":[0,1,2]}"#);
//!     assert_eq!(report.differences()[0].to_string(), "+ .items[2] 2");
//!
//!     // In one process a ref can be merged as it is.
//!     branch.merge(&origin)?;
//!     assert_eq!(branch.value().to_string(), origin.value().to_string());
//!     Ok(())
//! }
//! ```
//!
//! # Words
//!
//! | word | meaning |
//! | --- | --- |
//! | **ref** | a convergent reference: one replica of one document, owned by one actor |
//! | **actor** | who writes: a short string; no two replicas write under one |
//! | **op id** | `counter@actor`, a Lamport timestamp: ids order by counter, then by the actor's bytes |
//! | **change** | one transaction: ops with consecutive counters, and what they depend on |
//! | **clock** | a version vector: for each actor the highest counter seen |
//! | **patch** | a set of changes of one document, taken since a clock, ready to travel |
//! | **slot** | a place that holds a value: the root, a key of a map, an item of a list |
//! | **history** | all changes a ref has applied, and those that wait for what they depend on |
//!
//! # The model in short
//!
//! The value is a function of the *set* of applied changes.
//!
//! - A write names the writes that it overwrites: those its actor saw in the slot. A write is visible
//!   until some applied op overwrites it; the visible write with the highest id is the slot's value,
//!   the others are its conflicts. So no write is lost to a delete that had not seen it.
//! - Objects that are written concurrently into one slot read as one object.
//! - Keys show in the order of the first write of each.
//! - Lists keep concurrent runs of items together (Fugue).
//! - A change is applied only when all it depends on is; until then it waits, and the clock does not
//!   cover it. Applying a change twice does nothing.
//! - Numbers are kept exactly: `1`, `1.0`, `1e400` and integers of any length survive.
//!
//! # Clocks and patches as JSON
//!
//! [`Clock`](crdt::Clock) and [`Patch`](crdt::Patch) have a readable form: `to_json`, `from_json`.
//!
//! A clock is an object of actors and counters: `{"branch":6,"origin":5}`.
//!
//! A patch is an object with `document`, `changes`, and optionally `base`:
//!
//! ```json
//! {
//!   "document": "shopping",
//!   "base": {"5@origin": "9f1c0a5be7d2a4c8"},
//!   "changes": [
//!     {
//!       "actor": "branch", "first": 6, "previous": 0, "deps": {"origin": 5},
//!       "ops": [
//!         {"op": "put", "map": "1@origin", "key": "name", "over": ["2@origin"], "value": "Bar"},
//!         {"op": "insert", "list": "3@origin", "parent": "5@origin", "side": "right", "value": 2},
//!         {"op": "delete", "over": ["4@origin"]}
//!       ]
//!     }
//!   ]
//! }
//! ```
//!
//! - `first` is the counter of the first op, and the change is known by that op's id; op number *i* has
//!   the id `first + i @ actor`. `first` is one more than the highest counter that the actor had seen.
//! - `previous` is the last counter of the actor's previous change (0 for none), `deps` the clock
//!   entries of other actors that moved since then.
//! - A `put` writes into a slot: `"root": true`, or `map` and `key`, or `list` and `item`. An `insert`
//!   makes an item of a `list`; it hangs on the `side` of its `parent` in the Fugue tree (`null`: the
//!   root of the tree). A `delete` only overwrites. `over` lists the writes that go, in the order of
//!   ids; a put that overwrites nothing leaves it out.
//! - What is written is a `value` (null, a boolean, a number or a string) or a new container:
//!   `"make": "map"` or `"make": "list"`, whose parts are ops of their own.
//! - `base` names the last changes that the receiver said it had, with a digest of that actor's history
//!   as the sender knows it. It tells when two replicas write under one actor, even if no change
//!   travels.
//!
//! # Layers
//!
//! [`value`] (JSON) ← [`crdt`] (the engine) ← [`filter`] (jq) ← [`session`] (the interpreter) ←
//! [`script`] (session files) ← the binary (the terminal). A layer knows those to its left; none of the
//! library prints, reads files, asks for the time or draws random numbers.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panicking"))]

// The example of the README runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod crdt;
pub mod filter;
pub mod script;
pub mod session;
pub mod value;
