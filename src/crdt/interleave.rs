//! Several patches taken together: what lacks a change of another one of them comes after it, and need not wait.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::history::{ActorIx, Digested, Id};
use super::staging::Staged;
use super::wire::{Corrupt, Head, Reader, Wire, WireNames, digest_head};
use super::{ConvergentRef, MergeError, MergeReport, Patch};
use crate::cancellation::ask;

/// A wire that is read as far as its changes are next.
struct Strand<'w> {
    wire: &'w Wire,
    names: Option<WireNames<'w>>,
    reader: Reader<'w>,
    actors: Vec<ActorIx>,
    keys: Vec<Option<u32>>,
    /// The header that is to be staged next.
    head: Option<Head>,
    counts: Counts,
    end: End,
}

/// The numbers of changes of a wire that were staged, and that were known.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    new: usize,
    known: usize,
}

/// The end of the reading of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing is left, or what is left lacks something.
    Blocked,
    /// Of the changes under a header some are known, and the others are not.
    Torn,
    /// A known change is another one here.
    Other,
}

/// The standing of a header with the replica.
enum Standing {
    Next,
    Known,
    Torn,
    /// It lacks a counter of an actor.
    Lacks(ActorIx, u64),
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
        // What a patch follows may come with another one, and is looked at then.
        let follows_new = |patch: &&Patch| patch.base().any(|(actor, at, _)| self.clock().get(actor) < at);
        let follow_new: Vec<&Patch> = patches.iter().filter(follows_new).collect();
        let mut all = Staged::default();
        let mut wires: Vec<Cow<'_, Wire>> = patches.iter().map(Patch::wire).collect();
        let mut counts = vec![Counts::default(); patches.len()];
        let every: Vec<usize> = (0..patches.len()).collect();
        let torn = self.stage_strands(&wires, &every, &mut counts, &mut all)?;
        let is_torn = torn.iter().any(|(_, end)| *end == End::Torn);
        let mut left: Vec<usize> = torn.iter().map(|(at, _)| *at).collect();
        if is_torn {
            for (at, end) in torn {
                if end == End::Torn
                    && let Some(cut) = self.cut_known(&wires[at])?
                {
                    wires[at] = Cow::Owned(cut);
                }
            }
            let rest = self.stage_strands(&wires, &left, &mut counts, &mut all)?;
            left = rest.into_iter().map(|(at, _)| at).collect();
        }
        for (at, wire) in wires.iter().enumerate() {
            if left.binary_search(&at).is_ok() {
                continue;
            }
            all.known += counts[at].known;
            self.settle(&[], &[], &wire.actors, &mut all)?;
        }
        for at in left {
            // What of it was staged is known now.
            let rest = self.stage(&patches[at], &[])?;
            all.new += rest.new;
            all.known += rest.known - counts[at].new.min(rest.known);
            all.may_remove |= rest.may_remove;
            all.refused.extend(rest.refused);
        }
        let mut digests: Option<Digested> = None;
        for patch in follow_new {
            if let Some(change) = self.other_base_among(patch, &mut digests) {
                return Err(MergeError::OtherBase { change });
            }
        }
        Ok(all)
    }

    /// Stages of chosen wires what is next, wherever it stands, until nothing is; answers of which of them something is
    /// left, and why.
    fn stage_strands(
        &mut self,
        wires: &[Cow<'_, Wire>],
        chosen: &[usize],
        counts: &mut [Counts],
        staged: &mut Staged,
    ) -> Result<Vec<(usize, End)>, MergeError> {
        let strands = chosen.iter().map(|at| self.strand(&wires[*at]));
        let mut strands = strands.collect::<Result<Vec<_>, _>>()?;
        // The strands whose next changes lack some of an actor, by the counters that they lack.
        let mut blocked: HashMap<ActorIx, BinaryHeap<Reverse<(u64, usize)>>> = HashMap::new();
        let mut ready: Vec<usize> = (0..strands.len()).rev().collect();
        while let Some(at) = ready.pop() {
            let strand = &mut strands[at];
            while let Some(head) = &strand.head {
                ask();
                let actor = strand.actors[head.actor as usize];
                match self.standing_together(head, &strand.actors) {
                    Standing::Lacks(actor, counter) => {
                        blocked.entry(actor).or_default().push(Reverse((counter, at)));
                        break;
                    }
                    Standing::Torn => {
                        strand.end = End::Torn;
                        break;
                    }
                    Standing::Known => {
                        let names = strand.names.get_or_insert_with(|| WireNames::new(strand.wire));
                        if !self.is_what_stands(names, head, actor, &mut strand.reader)? {
                            strand.end = End::Other;
                            break;
                        }
                        strand.counts.known += head.changes() as usize;
                    }
                    Standing::Next => {
                        let (reader, keys) = (&mut strand.reader, &mut strand.keys);
                        staged.may_remove |= self.add(strand.wire, head, &strand.actors, keys, reader)?;
                        staged.new += head.changes() as usize;
                        strand.counts.new += head.changes() as usize;
                        let last = self.history.authors.last(actor);
                        if let Some(waits) = blocked.get_mut(&actor) {
                            while waits.peek().is_some_and(|Reverse((counter, _))| *counter <= last) {
                                ready.extend(waits.pop().map(|Reverse((_, at))| at));
                            }
                        }
                    }
                }
                strand.head = strand.reader.head()?;
            }
        }
        let mut left = Vec::new();
        for (at, strand) in chosen.iter().zip(strands) {
            let before = counts[*at].new;
            // What was staged from it the time before is known this time.
            counts[*at] = Counts {
                new: before + strand.counts.new,
                known: strand.counts.known - before.min(strand.counts.known),
            };
            if strand.head.is_some() {
                left.push((*at, strand.end));
            }
        }
        Ok(left)
    }

    fn standing_together(&self, head: &Head, actors: &[ActorIx]) -> Standing {
        let authors = &self.history.authors;
        let last = authors.last(actors[head.actor as usize]);
        if head.last() <= last {
            return Standing::Known;
        }
        if head.previous < last {
            return Standing::Torn;
        }
        let named = head.deps.iter().map(|dep| (dep.actor, dep.counter));
        let mut named = named.chain([(head.actor, head.previous)]);
        let lacking = named.find(|(actor, counter)| authors.last(actors[*actor as usize]) < *counter);
        let lacking = lacking.map(|(actor, counter)| Standing::Lacks(actors[actor as usize], counter));
        lacking.unwrap_or(Standing::Next)
    }

    /// Tells whether changes are what stands here under their ids, which need not be settled. O(size).
    fn is_what_stands(
        &self,
        names: &WireNames<'_>,
        head: &Head,
        actor: ActorIx,
        reader: &mut Reader<'_>,
    ) -> Result<bool, Corrupt> {
        let authors = &self.history.authors;
        let (mut is_same, mut first) = (true, head.first);
        digest_head(head, reader, names, |last, digest| {
            let ours = authors.lv(Id { counter: first, actor }).filter(|lv| authors.is_start(lv.index()));
            let ours =
                ours.filter(|lv| u64::from(authors.change_end(lv.index()) - lv.index()) == last - first + 1);
            is_same &= ours.and_then(|lv| self.history.digest_alone(lv)) == Some(digest);
            first = last + 1;
        })?;
        Ok(is_same)
    }

    /// Cuts a wire where what is known ends. `None`: it does not end between two changes.
    fn cut_known(&self, wire: &Wire) -> Result<Option<Wire>, Corrupt> {
        let authors = &self.history.authors;
        let last = |name| authors.find(name).map_or(0, |actor| authors.last(actor));
        wire.cut(&wire.actors.iter().map(last).collect::<Vec<_>>())
    }

    fn strand<'w>(&mut self, wire: &'w Wire) -> Result<Strand<'w>, MergeError> {
        let mut reader = Reader::new(wire)?;
        let head = reader.head()?;
        let actors = wire.actors.iter().map(|name| self.history.authors.intern(name)).collect();
        let (keys, counts) = (vec![None; wire.keys.len()], Counts::default());
        Ok(Strand { wire, names: None, reader, actors, keys, head, counts, end: End::Blocked })
    }
}
