//! Where each container is.

use std::collections::BTreeMap;

use rejoin::crdt::OpId;

use super::{Oracle, Slot};

/// Of the placements of each container, the one that counts.
#[derive(Default)]
pub struct Places {
    /// By container the placement and its slot; `None` when it is nowhere, since its only placements
    /// were skipped. A container that is not in it was deleted.
    at: BTreeMap<OpId, Option<(OpId, Slot)>>,
    /// The placements that would have put a container inside itself.
    pub skipped: Vec<OpId>,
}

impl Places {
    /// The placement that counts, and its slot; `None` when the container is nowhere or was deleted.
    pub fn at(&self, container: &OpId) -> Option<&(OpId, Slot)> {
        self.at.get(container)?.as_ref()
    }

    /// The containers that hold a slot, by their places so far, innermost first; a container that is
    /// nowhere, or deleted, is the last one.
    pub fn holders(&self, slot: &Slot) -> Vec<OpId> {
        let mut holders = Vec::new();
        let mut slot = Some(slot);
        while let Some(holder) = slot.and_then(Slot::holder) {
            holders.push(holder.clone());
            slot = self.at(holder).map(|(_, slot)| slot);
        }
        holders
    }
}

impl Oracle {
    /// The placements: the writes of containers that no op overwrites, lowest id first.
    pub(super) fn placements(&self) -> Vec<(OpId, OpId, Slot)> {
        let writes = self.writes.iter().filter(|(id, _)| !self.is_overwritten(id));
        let placements = writes.filter_map(|(id, (slot, _))| {
            let container = self.container(id)?;
            Some((id.clone(), container, slot.clone()))
        });
        placements.collect()
    }

    /// Considers the placements in the order of their ids: the last one counts, but for those that
    /// would put a container inside itself.
    pub(super) fn place(&self) -> Places {
        let mut places = Places::default();
        for (put, container, slot) in self.placements() {
            if places.holders(&slot).contains(&container) {
                places.skipped.push(put);
                places.at.entry(container).or_insert(None);
            } else {
                places.at.insert(container, Some((put, slot)));
            }
        }
        places
    }
}
