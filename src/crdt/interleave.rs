//! Several patches taken together: what lacks a change of another one of them comes after it, and need not wait.

use std::collections::HashMap;

use super::history::ActorIx;
use super::staging::Staged;
use super::wire::{Head, Reader, Wire};
use super::{ConvergentRef, MergeError, MergeReport, Patch};
use crate::cancellation::ask;

/// A wire that is read as far as its changes are next.
struct Strand<'w> {
    wire: &'w Wire,
    reader: Reader<'w>,
    actors: Vec<ActorIx>,
    keys: Vec<Option<u32>>,
    /// The header that is to be staged next.
    head: Option<Head>,
    /// The changes that were staged.
    added: usize,
}

impl ConvergentRef {
    /// Takes the changes of several patches together, with one report: as merging them one by one does, but none
    /// has to wait for what comes with another one. Costs what all of them do.
    ///
    /// # Errors
    /// As for [`merge_patch`](Self::merge_patch). The patches are validated whole: nothing of any is applied then.
    pub fn merge_patches(&mut self, patches: &[Patch]) -> Result<MergeReport, MergeError> {
        if let [patch] = patches {
            return self.merge_patch(patch);
        }
        for patch in patches {
            self.accepts(patch)?;
        }
        self.take_staged(|this| this.stage_together(patches))
    }

    fn stage_together(&mut self, patches: &[Patch]) -> Result<Staged, MergeError> {
        let (mark, waited) = (self.history.mark(), self.waiting.clone());
        let staged = self.try_together(patches);
        if staged.is_err() {
            self.history.truncate(&mark);
            self.waiting = waited;
            return staged;
        }
        let waiting = self.waiting.not_in(&waited).len();
        staged.map(|staged| Staged { waiting, ..staged })
    }

    fn try_together(&mut self, patches: &[Patch]) -> Result<Staged, MergeError> {
        let mut all = Staged::default();
        let wires: Vec<_> = patches.iter().map(Patch::wire).collect();
        let strands = self.stage_strands(&wires.iter().map(|wire| &**wire).collect::<Vec<_>>(), &mut all)?;
        for ((patch, wire), (new, is_left)) in patches.iter().zip(&wires).zip(strands) {
            if is_left {
                // What of it was staged is known now.
                let rest = self.stage(patch, &[])?;
                all.new += rest.new;
                all.known += rest.known - new.min(rest.known);
                all.may_remove |= rest.may_remove;
                all.refused.extend(rest.refused);
                continue;
            }
            self.settle(&[], &[], &wire.actors, &mut all)?;
            if let Some(change) = self.other_base(patch) {
                return Err(MergeError::OtherBase { change });
            }
        }
        Ok(all)
    }

    /// Stages what is next, wherever it stands, until nothing is; answers of each wire how many changes were staged, and
    /// whether some are left.
    fn stage_strands(
        &mut self,
        wires: &[&Wire],
        staged: &mut Staged,
    ) -> Result<Vec<(usize, bool)>, MergeError> {
        let mut strands = wires.iter().map(|wire| self.strand(wire)).collect::<Result<Vec<_>, _>>()?;
        // The strands whose next changes lack some of an actor.
        let mut blocked: HashMap<ActorIx, Vec<usize>> = HashMap::new();
        let mut ready: Vec<usize> = (0..strands.len()).rev().collect();
        while let Some(at) = ready.pop() {
            let strand = &mut strands[at];
            while let Some(head) = &strand.head {
                ask();
                if let Some(lacking) = self.lacking(head, &strand.actors) {
                    blocked.entry(lacking).or_default().push(at);
                    break;
                }
                let actor = strand.actors[head.actor as usize];
                if head.previous != self.history.authors.last(actor) {
                    // It is known, or known in part: that is looked at when all else is there.
                    break;
                }
                let (reader, keys) = (&mut strand.reader, &mut strand.keys);
                staged.may_remove |= self.add(strand.wire, head, &strand.actors, keys, reader)?;
                staged.new += head.changes() as usize;
                strand.added += head.changes() as usize;
                strand.head = strand.reader.head()?;
                ready.extend(blocked.remove(&actor).unwrap_or_default());
            }
        }
        Ok(strands.iter().map(|strand| (strand.added, strand.head.is_some())).collect())
    }

    /// Returns an actor of whom changes lack something that must be there before them.
    fn lacking(&self, head: &Head, actors: &[ActorIx]) -> Option<ActorIx> {
        let authors = &self.history.authors;
        let previous = (head.actor, head.previous);
        let named = head.deps.iter().map(|dep| (dep.actor, dep.counter)).chain([previous]);
        let mut named = named.map(|(actor, counter)| (actors[actor as usize], counter));
        named.find(|(actor, counter)| authors.last(*actor) < *counter).map(|(actor, _)| actor)
    }

    fn strand<'w>(&mut self, wire: &'w Wire) -> Result<Strand<'w>, MergeError> {
        let mut reader = Reader::new(wire)?;
        let head = reader.head()?;
        let actors = wire.actors.iter().map(|name| self.history.authors.intern(name)).collect();
        Ok(Strand { wire, reader, actors, keys: vec![None; wire.keys.len()], head, added: 0 })
    }
}
