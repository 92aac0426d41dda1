//! Who judges the judge: local edits by the rules of the model, and what the oracle makes of them. The
//! engine has no part in it.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::common::cases::{count, for_all};
use crate::oracle::Oracle;
use crate::oracle::script::{Authors, pure_scripts, scripts};
use proptest::prelude::*;
use rejoin::crdt::OpId;

#[test]
fn given_local_edits_by_the_rules_then_each_gives_the_value_that_it_was_meant_to_give() {
    let edits = Cell::new(0);
    for_all(256, scripts(1..60), |script| {
        edits.set(edits.get() + Authors::play(&script).edits as u64);
        Ok(())
    });
    count("edits of naive authors", edits.get());
}

#[test]
fn given_moves_that_cross_and_nothing_that_goes_every_container_is_in_exactly_one_place() {
    for_all(256, pure_scripts(1..60), |script| {
        let oracle = Oracle::new(Authors::play(&script).changes());
        let slots = oracle.slots();
        let placed: Vec<OpId> = slots.iter().flat_map(|shown| shown.node.containers().to_vec()).collect();
        prop_assert_eq!(placed.len(), oracle.made().len());
        prop_assert_eq!(placed.into_iter().collect::<BTreeSet<_>>(), oracle.made());
        Ok(())
    });
}
