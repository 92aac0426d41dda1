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
//!     assert_eq!(report.new, 1);
//!
//!     // In one process a ref can be merged as it is.
//!     branch.merge(&origin)?;
//!     assert_eq!(branch.value().to_string(), origin.value().to_string());
//!     Ok(())
//! }
//! ```
//!
//! [`swap`](crdt::ConvergentRef::swap) takes a function of the value. Each map, list, text and counter in it
//! knows which one it is: what the function hands on or updates stays itself, wherever it is put, and costs
//! nothing where it was not touched. [`reset`](crdt::ConvergentRef::reset) takes any value. In one that was read
//! from a text nothing knows what it is: there what is equal stays or has moved, then what has the same `id` is
//! the same, then what is alike.
//!
//! A program that knows its edit says it in a [`Transaction`](crdt::Transaction): each edit costs O(log n), and
//! no value is built or compared.
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
//! | **container** | what has parts of its own: a map (object), a list (array), a text, a counter |
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
//! - Lists keep concurrent runs of items together, and texts those of characters (Fugue). Positions in a
//!   text count Unicode scalar values.
//! - A container that goes from one slot to another stays itself, so edits of it reach it wherever it is.
//!   Of several moves of one container the one with the highest id counts; one that would put a container
//!   inside itself is skipped. Deleting what stands in a slot takes away the moves that its actor had seen:
//!   a move wins over a concurrent delete.
//! - A text reads as a string, a counter as a whole number: the sum of what was added.
//! - Deleting a container takes with it what others write into it at the same time; the report of a merge
//!   tells.
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
//! ```
//! # use rejoin::crdt::{Actor, ConvergentRef, DocumentId, Patch};
//! # use rejoin::value::parse;
//! let patch = r#"{
//!   "document": "shopping",
//!   "changes": [
//!     {
//!       "actor": "branch", "first": 6, "previous": 0, "deps": {"origin": 5},
//!       "ops": [
//!         {"op": "put", "map": "1@origin", "key": "name", "over": ["2@origin"], "value": "Bar"},
//!         {"op": "insert", "list": "3@origin", "parent": "5@origin", "side": "right", "value": 2},
//!         {"op": "delete", "over": ["4..5@origin"]},
//!         {"op": "put", "map": "1@origin", "key": "note", "make": "text"},
//!         {"op": "type", "text": "9@branch", "parent": null, "side": "right", "chars": "Hi!"},
//!         {"op": "put", "map": "1@origin", "key": "likes", "make": "counter"},
//!         {"op": "add", "counter": "13@branch", "by": 2},
//!         {"op": "put", "map": "1@origin", "key": "numbers", "move": "3@origin"}
//!       ]
//!     }
//!   ]
//! }"#;
//! # let start = parse(r#"{"name": "Foo", "items": [0, 1]}"#)?;
//! # let document = DocumentId::new("shopping")?;
//! # let mut origin = ConvergentRef::with_value(document, Actor::new("origin")?, start)?;
//! origin.merge_patch(&Patch::from_json(&parse(patch)?)?)?;
//! assert_eq!(origin.value().to_string(), r#"{"name":"Bar","note":"Hi!","likes":2,"numbers":[2]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - `first` is the counter of the first op, and the change is known by that op's id. Each op takes the
//!   next counter, a `type` one for each character. `first` is one more than the highest counter that the
//!   actor had seen.
//! - `previous` is the last counter of the actor's previous change (0 for none). `deps` are the *heads* that the
//!   actor had seen besides: the last changes of other actors that neither that one nor another of them had seen.
//! - A `put` writes into a slot: `"root": true`, or `map` and `key`, or `list` and `item`. An `insert`
//!   makes an item of a `list`; it hangs on the `side` of its `parent` in the Fugue tree (`null`: the
//!   root of the tree). A `delete` only overwrites.
//! - What is written is a `value` (null, a boolean, a number or a string), or a new container (`make`:
//!   `"map"`, `"list"`, `"text"` or `"counter"`), whose parts are ops of their own, or a container that is
//!   there already and now stands here (`move`: the id of the op that made it).
//! - A `type` makes characters of a `text`: the first hangs on the `side` of its `parent`, each of the
//!   others on the right of the one before. An `add` adds the whole number `by` to a `counter`.
//! - `over` lists what goes, in the order of ids; a put that overwrites nothing leaves it out. A `delete`
//!   takes items, characters and other writes, and names them in spans: `"5..9@a"` are the ids from `5@a`
//!   to `9@a`.
//! - `base` names the last changes before those in the patch, each with a digest of it and of all that its actor
//!   had seen: `{"5@origin": "e7d2a4c8"}`. It tells when two replicas write under one actor, even if no
//!   change travels. A patch that was read from a stream has 4 of the 8 digits of some.
//!
//! There is a compact form of patches and of whole refs too: `to_bytes`, `from_bytes`; and of patches that follow each
//! other over a connection or in a file: [`PatchWriter`](crdt::PatchWriter), [`PatchReader`](crdt::PatchReader). A
//! [`SavedRef`](crdt::SavedRef) reads the value of a ref before its history. What comes from strangers is best read
//! within [`Limits`](crdt::Limits): `from_bytes_within`, `from_json_within`.
//!
//! # Layers
//!
//! [`cancellation`] (of long work) ← [`value`] (JSON) ← [`crdt`] (the engine) ← [`filter`] (jq) ← [`session`] (the
//! interpreter) ← [`script`] (session files) ← the binary (the terminal). A layer knows those to its left; none of the
//! library prints, asks for the time or draws random numbers. Files are for `store` alone (the feature `store`: journals that
//! outlive the process), the network for `store` and the `server` over it (the features `cloud`, `http` and `serve`); a session reaches what is outside through what [its host gives it](session::Outside).
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panicking"))]

// The example of the README runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod cancellation;
pub mod crdt;
pub mod filter;
pub mod script;
#[cfg(feature = "serve")]
pub mod server;
pub mod session;
pub mod store;
pub mod value;
