//! Edits that went with a deleted container.

use std::collections::BTreeSet;

use rejoin::crdt::{Content, OpId};

use super::{Oracle, Slot};

impl Oracle {
    /// The edits inside of containers that were deleted by somebody who had not seen the edit, as two
    /// sets that a merge may lie between: those that are lost whatever one says of moves, of several
    /// such deletes, and of typing and adding (what a lost write made is not named again); and all that
    /// may be.
    ///
    /// An edit is lost only if it is not overwritten itself, and the chain of containers that hold it,
    /// each at its present place, ends in one that was deleted or is nowhere.
    pub fn lost(&self) -> (BTreeSet<OpId>, BTreeSet<OpId>) {
        let (mut certain, mut possible) = (BTreeSet::new(), BTreeSet::new());
        for (edit, holder) in self.edits() {
            if self.is_overwritten(&edit) || self.is_alive(&holder) {
                continue;
            }
            let holders = self.ever_holders(&holder);
            let placements: Vec<OpId> = holders.iter().flat_map(|holder| self.ever_placed(holder)).collect();
            let overwrites = placements.iter().flat_map(|put| self.overwrites.get(put)).flatten();
            let unseen: Vec<bool> = overwrites.map(|by| !self.seen[by].covers(&edit)).collect();
            if !unseen.contains(&true) {
                continue;
            }
            let plain = match self.writes.get(&edit) {
                Some((_, Content::Scalar(_))) => true,
                // What went elsewhere stands where it is now.
                Some((_, Content::Make(_))) => self.ever_placed(&edit).len() == 1,
                Some((_, Content::Move(_))) | None => false,
            };
            let nothing_moved = placements.len() == holders.len();
            let inside_another = holders.iter().any(|holder| possible.contains(holder));
            if plain && nothing_moved && !unseen.contains(&false) && !inside_another {
                certain.insert(edit.clone());
            }
            possible.insert(edit);
        }
        (certain, possible)
    }

    /// All that was written into a container, typed into a text or added to a counter, lowest id first,
    /// and the container.
    fn edits(&self) -> Vec<(OpId, OpId)> {
        let written = self.writes.iter().filter_map(|(id, (slot, _))| Some((id, slot.holder()?)));
        let typed = self.chars.iter().map(|(id, (text, _))| (id, text));
        let added = self.adds.iter().map(|(id, (counter, _))| (id, counter));
        let edits: BTreeSet<(&OpId, &OpId)> = written.chain(typed).chain(added).collect();
        edits.into_iter().map(|(id, holder)| (id.clone(), holder.clone())).collect()
    }

    /// Whether a container and all that hold it have a place, be it as the loser of a conflict.
    fn is_alive(&self, container: &OpId) -> bool {
        match self.places.at(container) {
            None => false,
            Some((_, Slot::Root)) => true,
            Some((_, Slot::Key(holder, _) | Slot::Item(holder, _))) => self.is_alive(holder),
        }
    }

    /// The containers that ever held a container, and itself, wherever any placement put them.
    fn ever_holders(&self, container: &OpId) -> BTreeSet<OpId> {
        let (mut found, mut open) = (BTreeSet::new(), vec![container.clone()]);
        while let Some(container) = open.pop() {
            if found.insert(container.clone()) {
                let slots = self.ever_placed(&container).into_iter().map(|put| &self.writes[&put].0);
                open.extend(slots.filter_map(|slot| slot.holder().cloned()));
            }
        }
        found
    }

    /// Every placement of a container, also those that are overwritten.
    fn ever_placed(&self, container: &OpId) -> Vec<OpId> {
        let placed = self.writes.keys().filter(|put| self.container(put).as_ref() == Some(container));
        placed.cloned().collect()
    }
}
