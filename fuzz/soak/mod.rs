//! The soak: replicas that edit, meet and part for millions of steps, over a network that delays, loses, doubles,
//! reorders and damages what it carries, among liars and among replicas that write under one actor by mistake.
//!
//! `run` plays a history of the steps that `steps` lists; `settle` holds its replicas against each other and against the
//! oracle. `local`, `traffic`, `damage`, `forge` and `twins` have the steps.
#![allow(dead_code, unreachable_pub, reason = "each binary uses its part")]

mod damage;
mod figures;
mod files;
mod forge;
mod local;
mod parcel;
mod random;
pub mod run;
mod seen;
mod settle;
pub mod shrink;
mod steps;
mod traffic;
mod twins;
mod world;

pub use figures::Figures;
