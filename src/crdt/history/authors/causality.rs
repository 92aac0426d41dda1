//! Causality: what whoever made an op had seen.
//!
//! A change names its *heads*: the last changes that its actor had seen and that none of the others, nor its own
//! previous change, had seen. Together with that they are its *parents*, and what it had seen is the parents with what
//! they had seen. Of each span is noted how much of the history before it is surely among that: all ops before
//! `covers`, and all from `block` on. In most histories these two are all; for what lies between them the parents are
//! followed.

use std::collections::BinaryHeap;
use std::ops::Range;

use smallvec::SmallVec;

use super::{ActorIx, Authors, Id, Span};
use crate::cancellation::ask;
use crate::crdt::lv::Lv;

/// Changes that no other change has seen yet, each by its actor, whose last change it is. Ordered.
pub(super) type Heads = SmallVec<[ActorIx; 4]>;

/// The number of a span that is none.
pub(super) const NO_SPAN: u32 = u32::MAX;

impl Authors {
    /// Returns the last ops of the changes that no other change has seen. O(heads).
    pub(in crate::crdt) fn heads(&self) -> impl Iterator<Item = Lv> {
        self.heads.iter().filter_map(|&head| self.last_op(head))
    }

    /// Returns the last changes that an actor's next change depends on, besides its own previous one. O(heads).
    pub(in crate::crdt) fn heads_beside(&self, own: ActorIx) -> SmallVec<[Lv; 2]> {
        let others = self.heads.iter().filter(|&&head| head != own);
        others.map(|&head| self.last_op(head).expect("a head has written")).collect()
    }

    /// Returns the last op of an actor.
    pub(in crate::crdt) fn last_op(&self, actor: ActorIx) -> Option<Lv> {
        let &span = self.actors[actor.0 as usize].spans.last()?;
        Lv::new(self.span_end(span as usize)).minus(1)
    }

    /// Tells whether whoever made an op had seen another op. O(log n) where few branches are open at once; else
    /// O(spans between the two).
    pub(in crate::crdt) fn had_seen(&self, op: Lv, other: Lv) -> bool {
        let span = self.span(op.index());
        other < op && (other.index() >= self.spans[span].from || self.past_holds(span, other.index()))
    }

    /// Returns the op with an id, if whoever makes the change that began last had seen it. As
    /// [`had_seen`](Self::had_seen).
    pub(in crate::crdt) fn find_seen(&self, id: Id) -> Option<Lv> {
        let lv = self.lv(id)?;
        let span = self.spans.len().checked_sub(1)?;
        (lv.index() >= self.spans[span].from || self.past_holds(span, lv.index())).then_some(lv)
    }

    /// Tells whether what the first change of a span had seen holds an op from before the span. Who has seen a change of an
    /// actor has seen all before it.
    fn past_holds(&self, span: usize, op: u32) -> bool {
        if self.surely_holds(span, op) {
            return true;
        }
        let author = self.spans[self.span(op)].actor;
        if self.spans[span].actor == author {
            return true;
        }
        let mut open: BinaryHeap<u32> = self.parents_from(span, op).collect();
        while let Some(lv) = open.pop() {
            ask();
            let span = self.span(lv);
            let Span { from, actor, .. } = self.spans[span];
            if actor == author || self.surely_holds(span, op) {
                return true;
            }
            while open.peek().is_some_and(|&other| other >= from) {
                open.pop();
            }
            open.extend(self.parents_from(span, op));
        }
        false
    }

    fn surely_holds(&self, span: usize, op: u32) -> bool {
        let span = &self.spans[span];
        op < span.covers || op >= span.block
    }

    /// Returns the ops that one had not seen, in order: those before it, and those that came after it here. Costs the
    /// spans since the first that it had not seen.
    pub(in crate::crdt) fn not_seen_by(&self, op: Lv) -> Vec<Range<u32>> {
        let first = self.span(op.index());
        let covers = self.spans[first].covers;
        let mut seen = Vec::new();
        seen.push(self.spans[first].from..op.index() + 1);
        let mut take = |span: &Span| {
            seen.push(span.block..span.from);
            seen.push(covers..span.covers.max(covers));
        };
        take(&self.spans[first]);
        let mut visited = Vec::new();
        let mut open: BinaryHeap<u32> = self.parents_from(first, covers).collect();
        while let Some(lv) = open.pop() {
            ask();
            let span = self.span(lv);
            let from = self.spans[span].from;
            visited.push(from..lv + 1);
            take(&self.spans[span]);
            while open.peek().is_some_and(|&other| other >= from) {
                open.pop();
            }
            open.extend(self.parents_from(span, covers));
        }
        seen.append(&mut visited);
        seen.sort_unstable_by_key(|range| range.start);
        let mut unseen = Vec::new();
        let mut at = covers;
        for range in seen {
            if range.start > at {
                unseen.push(at..range.start);
            }
            at = at.max(range.end);
        }
        unseen.push(at..self.len);
        unseen.retain(|range| !range.is_empty());
        unseen
    }

    /// Returns the parents of the first change of a span that are not before an op.
    fn parents_from(&self, span: usize, op: u32) -> impl Iterator<Item = u32> {
        let deps = self.deps[self.deps_of(span)].iter().copied();
        let previous = self.previous(span).into_iter();
        previous.chain(deps).map(Lv::index).filter(move |&parent| parent >= op)
    }

    /// Returns the last op of the actor before a span.
    pub(super) fn previous(&self, span: usize) -> Option<Lv> {
        match self.spans[span].previous {
            NO_SPAN => None,
            previous => Lv::new(self.span_end(previous as usize)).minus(1),
        }
    }

    /// Returns where the dependencies of a span stand.
    pub(super) fn deps_of(&self, span: usize) -> Range<usize> {
        let end = self.spans.get(span + 1).map_or(self.deps.len(), |next| next.deps as usize);
        self.spans[span].deps as usize..end
    }

    /// Returns how much a change of some parents has surely seen of what is before it: all before the first op, and
    /// all from the second one on.
    pub(super) fn reach(&self, parents: &[Lv]) -> (u32, u32) {
        /// Ops that were seen without a gap, and the number of those at the beginning.
        struct Seen {
            ops: Range<u32>,
            covers: u32,
        }
        let seen = |parent: &Lv| {
            let span = &self.spans[self.span(parent.index())];
            Seen { ops: span.block..parent.index() + 1, covers: span.covers }
        };
        let mut seen: SmallVec<[Seen; 4]> = parents.iter().map(seen).collect();
        let mut covers = seen.iter().map(|seen| seen.covers).max().unwrap_or(0);
        seen.sort_unstable_by_key(|seen| seen.ops.start);
        for Seen { ops, .. } in &seen {
            if ops.start <= covers {
                covers = covers.max(ops.end);
            }
        }
        let mut block = self.len;
        seen.sort_unstable_by_key(|seen| std::cmp::Reverse(seen.ops.end));
        for Seen { ops, .. } in &seen {
            if ops.end >= block {
                block = block.min(ops.start);
            }
        }
        (covers, block)
    }

    /// Notes that a change of an actor follows others.
    pub(super) fn follow(&mut self, actor: ActorIx, deps: &[Lv]) {
        for dep in deps {
            let Id { counter, actor: other } = self.id(*dep);
            if counter == self.actors[other.0 as usize].last
                && let Ok(at) = self.heads.binary_search(&other)
            {
                self.heads.remove(at);
            }
        }
        if let Err(at) = self.heads.binary_search(&actor) {
            self.heads.insert(at, actor);
        }
    }

    /// Verifies the heads. O(n).
    pub(super) fn check_heads(&self) -> Result<(), String> {
        let mut followed = vec![false; self.actors.len()];
        for dep in &self.deps {
            let id = self.id(*dep);
            followed[id.actor.0 as usize] |= id.counter == self.last(id.actor);
        }
        let heads = self.actors().filter(|actor| self.last(*actor) > 0 && !followed[actor.0 as usize]);
        if heads.eq(self.heads.iter().copied()) { Ok(()) } else { Err("the heads are others".into()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crdt::{Actor, DocumentId};

    /// Returns a random number below another.
    fn below(seed: &mut u64, bound: usize) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize % bound
    }

    /// Makes a history in which each of some actors sees another one now and then; returns what each op had seen.
    fn random(seed: &mut u64, actors: usize, changes: usize) -> (Authors, Vec<HashSet<u32>>) {
        let mut authors = Authors::new(DocumentId::new("doc").unwrap());
        let names: Vec<ActorIx> =
            (0..actors).map(|n| authors.intern(&Actor::new(&format!("a{n}")).unwrap())).collect();
        let mut pasts: Vec<HashSet<u32>> = Vec::new();
        // The changes that each actor knows of and none of them has seen.
        let mut known: Vec<Vec<Lv>> = vec![Vec::new(); actors];
        for _ in 0..changes {
            let at = below(seed, actors);
            let own = authors.last_op(names[at]);
            for _ in 0..below(seed, 3) {
                let other = below(seed, pasts.len().max(1));
                if other < pasts.len() && authors.is_end(other as u32 + 1) {
                    known[at].push(Lv::new(other as u32));
                }
            }
            let seen = |past: &[Lv], op: u32| past.iter().any(|lv| pasts[lv.index() as usize].contains(&op));
            let mut deps: Vec<Lv> = std::mem::take(&mut known[at]);
            deps.sort_unstable();
            deps.dedup();
            let own_past: Vec<Lv> = own.into_iter().collect();
            deps.retain(|dep| {
                authors.id(*dep).actor != names[at] && !seen(&own_past, dep.index()) && Some(*dep) != own
            });
            let all = deps.clone();
            deps.retain(|dep| !all.iter().any(|other| other != dep && seen(&[*other], dep.index())));
            // One for each actor, the last.
            let last = |dep: &Lv| {
                let same = |other: &&Lv| authors.id(**other).actor == authors.id(*dep).actor;
                all.iter().filter(same).max() == Some(dep)
            };
            deps.retain(last);
            let highest = deps.iter().chain(&own).map(|lv| authors.id(*lv).counter).max().unwrap_or(0);
            let mut past: HashSet<u32> = HashSet::new();
            for parent in deps.iter().chain(&own) {
                past.extend(&pasts[parent.index() as usize]);
                past.insert(parent.index());
            }
            let count = 1 + below(seed, 3) as u32;
            authors.begin(names[at], highest + 1, &deps);
            for _ in 0..count {
                let op = pasts.len() as u32;
                pasts.push(past.clone());
                past.insert(op);
            }
            authors.grow(count);
            authors.seal();
        }
        (authors, pasts)
    }

    #[test]
    fn given_any_history_then_each_op_had_seen_what_its_parents_had_seen() {
        for round in 0..200 {
            let mut seed = round;
            let actors = 1 + below(&mut seed, 6);
            let (authors, pasts) = random(&mut seed, actors, 40);
            authors.check().unwrap();
            for (op, past) in (0..).zip(&pasts) {
                let unseen = authors.not_seen_by(Lv::new(op));
                let unseen: HashSet<u32> = unseen.into_iter().flatten().collect();
                for other in 0..pasts.len() as u32 {
                    let seen = past.contains(&other);
                    assert_eq!(
                        authors.had_seen(Lv::new(op), Lv::new(other)),
                        seen,
                        "{op} {other} of {round}"
                    );
                    assert_eq!(unseen.contains(&other), !seen && other != op, "{op} {other} of {round}");
                }
            }
        }
    }

    #[test]
    fn given_additions_that_are_taken_back_then_the_heads_are_what_they_were() {
        for round in 0..50 {
            let mut seed = round;
            let (mut authors, _) = random(&mut seed, 4, 20);
            let (mark, heads) = (authors.mark(), authors.heads.clone());
            let actor = ActorIx(below(&mut seed, 4) as u32);
            let deps = authors.heads_beside(actor);
            authors.begin(actor, authors.highest() + 1, &deps);
            authors.grow(2);
            authors.seal();
            assert_eq!(authors.heads[..], [actor]);
            authors.truncate(&mark);
            assert_eq!(authors.heads, heads);
            authors.check().unwrap();
        }
    }
}
