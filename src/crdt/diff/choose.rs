//! The choice of the occurrence that is the thing.

use super::Thing;
use super::discover::{Chosen, Discovery, Evidence, Index, Occurrence};
use crate::cancellation::ask;
use crate::crdt::history::History;
use crate::crdt::tree::{Place, Tree};

impl Discovery {
    /// Finds where a thing is in the new value: in its own slot, if it occurs there, else where it occurs first. A
    /// built value is the thing in whose stead it stands when that is nowhere else. O(depth) for one that was
    /// not asked for before.
    pub(super) fn choose(&mut self, history: &History, tree: &Tree, thing: Thing) -> Chosen {
        self.index.get_or_insert_with(|| {
            let mut index = Index::default();
            for (at, occurs) in self.occurs.iter().enumerate() {
                ask();
                if let Some(thing) = occurs.thing {
                    index.occurs.entry(thing).or_default().push(at);
                }
            }
            for (thing, parent) in &self.departed {
                index.departed.entry(*thing).or_default().push(*parent);
            }
            index
        });
        // What holds a thing decides whether its slot is left: outer ones first, on no stack.
        let mut inner = Vec::new();
        let mut next = Some(thing);
        while let Some(thing) = next.filter(|thing| !self.chosen.contains_key(thing)) {
            inner.push(thing);
            next = tree.place(thing).and_then(Place::container).map(|up| tree.last_joined(history, up));
        }
        while let Some(thing) = inner.pop() {
            let chosen = self.choose_below(history, tree, thing);
            self.chosen.insert(thing, chosen);
        }
        self.chosen[&thing]
    }

    /// Chooses in the same way for a thing of which it is known where what held it is.
    fn choose_below(&self, history: &History, tree: &Tree, thing: Thing) -> Chosen {
        let held = match tree.place(thing) {
            None => None,
            // The loser of a conflict is in no value.
            Some(place) if !tree.is_seen(history, thing, place) => None,
            Some(Place::Root) => Some(None),
            Some(place) => {
                let up = place.container().map(|up| tree.last_joined(history, up));
                match up.and_then(|up| self.chosen.get(&up)) {
                    Some(Chosen::Untouched) => return Chosen::Untouched,
                    Some(Chosen::Occurrence(up)) => Some(Some(*up)),
                    Some(Chosen::Nowhere) | None => None,
                }
            }
        };
        let Some(index) = &self.index else { return Chosen::Nowhere };
        let occurrences = index.occurs.get(&thing).map_or(&[][..], |found| found);
        let find = |fits: &dyn Fn(Occurrence) -> bool| occurrences.iter().copied().find(|at| fits(*at));
        let is_known = |at: Occurrence| self.occurs[at].evidence != Evidence::Stead;
        let mut own = None;
        if let Some(parent) = held {
            own = find(&|at| self.occurs[at].own_slot && self.occurs[at].parent == parent);
            if let Some(own) = own.filter(|own| is_known(*own)) {
                return Chosen::Occurrence(own);
            }
            let left = index.departed.get(&thing).is_some_and(|left| left.contains(&parent));
            if own.is_none() && !left {
                return Chosen::Untouched;
            }
        }
        let elsewhere = find(&is_known).or(own);
        elsewhere.or_else(|| occurrences.first().copied()).map_or(Chosen::Nowhere, Chosen::Occurrence)
    }

    /// Tells whether an occurrence in a thing that is entered is what stood there.
    pub(super) fn stays(&mut self, history: &History, tree: &Tree, at: Occurrence) -> bool {
        let occurs = &self.occurs[at];
        // In its own slot it needs no other evidence.
        occurs.own_slot && (occurs.evidence != Evidence::Stead || self.is_thing(history, tree, at).is_some())
    }

    /// Tells whether an occurrence is the thing, and no copy of it.
    pub(super) fn is_thing(&mut self, history: &History, tree: &Tree, at: Occurrence) -> Option<Thing> {
        let thing = self.occurs[at].thing?;
        (self.choose(history, tree, thing) == Chosen::Occurrence(at)).then_some(thing)
    }
}
