//! The changes that patches taken together would wait for: a store is asked for them before.

use std::collections::{BTreeSet, HashMap};

use super::wire::{Head, Reader};
use super::{Actor, ConvergentRef, OpId, Patch};

impl ConvergentRef {
    /// Returns what patches taken together would wait for: the last ops of changes that are neither here nor in one of
    /// them, in order. O(their changes).
    pub(crate) fn lacked_by(&self, patches: &[Patch]) -> Vec<OpId> {
        let follows = patches.iter().flat_map(Patch::base).map(|(actor, counter, _)| (actor, counter));
        let lacks: BTreeSet<_> =
            follows.filter(|(actor, counter)| self.clock().get(actor) < *counter).collect();
        if lacks.is_empty() {
            return Vec::new();
        }
        let held = Spans::of(patches);
        let lacks = lacks.into_iter().filter(|(actor, counter)| !held.has(actor, *counter));
        let mut lacks: Vec<_> = lacks.map(|(actor, counter)| OpId::new(counter, actor.clone())).collect();
        lacks.sort_unstable();
        lacks
    }
}

/// The counters that patches hold of each actor.
struct Spans(HashMap<Actor, Vec<(u64, u64)>>);

impl Spans {
    fn of(patches: &[Patch]) -> Self {
        let mut spans: HashMap<Actor, Vec<(u64, u64)>> = HashMap::new();
        for wire in patches.iter().map(Patch::wire) {
            let mut note = |head: &Head| {
                let actor = wire.actors[head.actor as usize].clone();
                spans.entry(actor).or_default().push((head.first, head.last()));
            };
            let read = Reader::new(&wire).and_then(|mut reader| reader.finish(&mut note));
            // What is damaged is told when it is merged.
            read.unwrap_or(());
        }
        for spans in spans.values_mut() {
            spans.sort_unstable();
            let mut reach = 0;
            // How far one of them goes that begins up to here.
            spans.iter_mut().for_each(|(_, last)| {
                reach = reach.max(*last);
                *last = reach;
            });
        }
        Self(spans)
    }

    fn has(&self, actor: &Actor, counter: u64) -> bool {
        let spans = self.0.get(actor).map_or(&[][..], Vec::as_slice);
        let at = spans.partition_point(|(first, _)| *first <= counter);
        at.checked_sub(1).is_some_and(|at| counter <= spans[at].1)
    }
}
