//! What holds for every replica at any time.

use rejoin::crdt::{Change, Clock, ConvergentRef, OpId};

use crate::common::{text, waiting};
use crate::oracle::Oracle;

/// # Panics
/// When an invariant is broken, or the value is not that of the oracle.
pub fn is_sound(replica: &ConvergentRef) {
    let name = replica.actor();
    if let Err(broken) = replica.check() {
        panic!("{name}: {broken}");
    }
    let oracle = Oracle::new(replica.changes());
    assert_eq!(text(replica), rejoin::value::text(&oracle.value()), "{name} and the oracle");
    let clock: Clock = replica.changes().map(|change| (change.actor.clone(), change.last())).collect();
    assert_eq!(replica.clock(), &clock, "{name}: the clock covers what is applied, no more");
    let conflicts: Vec<String> = replica.conflicts().iter().map(|c| c.path.to_string()).collect();
    let contested: Vec<String> = oracle.contested().into_iter().map(|c| c.path).collect();
    assert_eq!(conflicts, contested, "{name} and the oracle");
    for slot in oracle.slots() {
        let container = replica.container(&slot.path);
        let containers = slot.node.containers();
        assert_eq!(container.is_some(), !containers.is_empty(), "{name}: the container at {}", slot.path);
        assert!(container.is_none_or(|container| containers.contains(&container)), "{name}: {}", slot.path);
    }
    assert!(ready(replica).is_none(), "{name}: {:?} waits for nothing", ready(replica));
}

/// A change that waits though all that it depends on is here.
pub fn ready(replica: &ConvergentRef) -> Option<OpId> {
    let clock = replica.clock();
    let ready =
        |change: &Change| clock.get(&change.actor) >= change.previous && clock.covers_all(&change.deps);
    waiting(replica).into_iter().find(ready).map(|change| change.id())
}
