//! The changes of a replica: those it has applied, and those that wait for others.
//!
//! In columns: `log` has what ops do, `authors` who made them and where changes begin, `digest`
//! fingerprints. All three only grow at the end, so what is staged can be taken back.

mod authors;
mod digest;
mod hash;
mod keys;
mod log;

use crate::cancellation::ask;
use std::cell::RefCell;
use std::ops::Range;

use smallvec::SmallVec;

pub(super) use authors::{ActorIx, Authors, Header, Id};
pub use digest::Digest;
pub(in crate::crdt) use digest::ShortDigest;
pub(super) use digest::{Digester, LogNames, Names, PublicId};
pub(super) use hash::text as mix_text;
pub(super) use keys::Keys;
pub(super) use log::{Log, Rows, Writes};

use digest::Digests;

use super::lv::Lv;
use super::row::{Local, Row};
use super::{Clock, ClockError, DocumentId, OpId, Side};
use crate::value::Val;

/// The history: all applied changes, in the order of application, found by id.
#[derive(Clone)]
pub(super) struct History {
    pub(super) log: Log,
    pub(super) authors: Authors,
    /// The number of ops that are kept for good.
    settled: u32,
    /// Of the settled changes, as far as they are made.
    digests: RefCell<Digested>,
}

/// Digests of changes.
#[derive(Clone, Default)]
pub(super) struct Digested {
    by_actor: Vec<Digests>,
    /// The op from which on there are none yet.
    end: u32,
}

/// The ops that a clock covers.
#[derive(Debug)]
pub(super) struct Cut {
    /// All ops before this one, and not this one.
    pub(super) before: u32,
    /// Those that came after it.
    pub(super) beyond: Vec<Range<u32>>,
}

/// A mark of how long a history was.
#[derive(Debug, Default)]
pub(super) struct Mark {
    log: log::Mark,
    authors: authors::Mark,
}

impl Mark {
    /// Returns the number of ops that there were.
    pub(super) fn len(&self) -> u32 {
        self.authors.len()
    }
}

impl History {
    /// Makes the history of a document that has no changes yet.
    pub(super) fn new(document: DocumentId) -> Self {
        let (log, authors) = (Log::default(), Authors::new(document));
        Self { log, authors, settled: 0, digests: RefCell::default() }
    }

    pub(super) fn clock(&self) -> &Clock {
        self.authors.clock()
    }

    /// Returns the number of ops.
    pub(super) fn len(&self) -> u32 {
        self.log.len()
    }

    // --- adding ---

    /// Begins a change of an actor, whose first counter is `first` and which depends on `deps`.
    pub(super) fn begin(&mut self, actor: ActorIx, first: u64, deps: &[Lv]) {
        self.authors.begin(actor, first, deps);
    }

    /// Begins a change of an actor that has seen all of this.
    pub(super) fn begin_next(&mut self, actor: ActorIx) {
        self.authors.begin_next(actor);
    }

    /// Adds a row to the change that began last, and says which op is its first.
    #[inline(always)]
    pub(super) fn push(&mut self, row: &Row<'_, Local>) -> Lv {
        let before = self.log.len();
        let first = self.log.push(row);
        self.authors.grow(self.log.len() - before);
        first
    }

    /// Adds a scalar in a list to the change that began last, and says which op it is.
    pub(super) fn push_scalar(&mut self, list: Lv, parent: Option<Lv>, side: Side, scalar: &Val) -> Lv {
        self.authors.grow(1);
        self.log.push_scalar(list, parent, side, scalar)
    }

    /// Says where the changes begin that were added from op `start` on, by their lengths.
    pub(super) fn begin_all(&mut self, start: u32, lengths: &[(u64, u64)]) {
        self.authors.start_all(start, lengths);
    }

    /// Ends the changes that were added: the clock covers them.
    pub(super) fn seal(&mut self) {
        self.authors.seal();
    }

    /// Keeps for good what was added. It gets digests when one is asked for: that costs no more than what was added since
    /// the last time.
    pub(super) fn settle(&mut self) {
        self.settled = self.len();
    }

    /// Makes the digests that are not made yet, before others take a copy: else each of them would have to.
    pub(super) fn complete_digests(&self) {
        if self.digests.borrow().end < self.settled {
            self.make_digests();
        }
    }

    /// Digests what is settled. Work that ends early has to begin anew.
    fn make_digests(&self) {
        let digests = self.digests.take();
        self.digests.replace(self.with_digests(digests, self.settled));
    }

    /// Adds the digests of the changes before an op that have none.
    fn with_digests(&self, mut digests: Digested, until: u32) -> Digested {
        digests.by_actor.resize_with(self.authors.actors().len(), Digests::default);
        while digests.end < until {
            let header = self.authors.header(digests.end, until);
            let deps = header.deps.iter().filter_map(|dep| self.find_digest(&digests, *dep, until));
            let mut deps: SmallVec<[Digest; 2]> = deps.collect();
            let by_author = &mut digests.by_actor[header.actor.0 as usize];
            digest_changes(&self.log, &self.authors, header, |last, change| {
                by_author.push(last, change, &deps);
                deps.clear();
            });
            digests.end = header.end;
        }
        digests
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { log: self.log.mark(), authors: self.authors.mark() }
    }

    /// Marks how long it is now, in the place of an older mark: most often that is faster than to make one.
    pub(super) fn remark(&self, mark: &mut Mark) {
        mark.log = self.log.mark();
        self.authors.remark(&mut mark.authors);
    }

    /// Forgets everything since a mark that was not settled. Costs what is forgotten.
    pub(super) fn truncate(&mut self, mark: &Mark) {
        self.log.truncate(mark.log);
        self.authors.truncate(&mark.authors);
    }

    // --- reading ---

    /// Returns the ops that a clock does not cover, in an order in which they can be applied.
    pub(super) fn since(&self, clock: &Clock) -> Vec<Range<u32>> {
        self.authors.since(clock)
    }

    /// Tells which ops a clock covers; it must be one that this history could have had at some time. O(log n) for
    /// each actor, and what it covers beyond the first op that it does not.
    pub(super) fn cut(&self, clock: &Clock) -> Result<Cut, ClockError> {
        let authors = &self.authors;
        let mut last = 0;
        for (name, counter) in clock.iter() {
            let op = || OpId::new(counter, name.clone());
            let actor = authors.find(name).filter(|&actor| counter <= authors.last(actor));
            let actor = actor.ok_or_else(|| ClockError::Ahead(op()))?;
            let lv = authors.lv(Id { counter, actor }).filter(|lv| authors.is_end(lv.index() + 1));
            last = last.max(lv.ok_or_else(|| ClockError::Torn(op()))?.index() + 1);
        }
        let lacks = authors.actors().filter_map(|actor| {
            let counter = clock.get(authors.name(actor));
            authors.first_from(actor, counter + 1).map(Lv::index)
        });
        let before = lacks.min().unwrap_or(self.len());
        let mut beyond = Vec::new();
        let mut at = before;
        while at < last {
            let header = authors.header(at, last);
            let counter = clock.get(authors.name(header.actor));
            if header.first <= counter {
                // What came before is covered, or was looked at.
                let mut deps = header.deps.iter().map(|dep| authors.id(*dep));
                let missing = deps.find(|dep| clock.get(authors.name(dep.actor)) < dep.counter);
                if let Some(missing) = missing {
                    let change = OpId::new(header.first, authors.name(header.actor).clone());
                    return Err(ClockError::Open { change, missing: authors.public(missing) });
                }
                let covered = (counter - header.first + 1).min(u64::from(header.end - at));
                beyond.push(at..at + covered as u32);
            }
            at = header.end;
        }
        Ok(Cut { before, beyond })
    }

    /// Returns the digest of an actor's change by its last counter, `None` when no settled change ends there.
    /// O(log n), and a few changes are read.
    pub(super) fn digest(&self, actor: ActorIx, last: u64) -> Option<Digest> {
        self.digest_of(self.authors.lv(Id { counter: last, actor })?)
    }

    /// Returns the digest of the change that ends with an op, as [`digest`](Self::digest).
    pub(super) fn digest_of(&self, last: Lv) -> Option<Digest> {
        if (self.digests.borrow().end..self.settled).contains(&last.index()) {
            self.make_digests();
        }
        self.find_digest(&self.digests.borrow(), last, self.settled)
    }

    /// Returns the digest of a change as [`digest`](Self::digest) does, also of one that is not settled; the digests of
    /// those are made once.
    pub(super) fn staged_digest(
        &self,
        actor: ActorIx,
        last: u64,
        staged: &mut Option<Digested>,
    ) -> Option<Digest> {
        let last = self.authors.lv(Id { counter: last, actor })?;
        if last.index() < self.settled {
            return self.digest_of(last);
        }
        let make = || self.with_digests(self.digests.borrow().clone(), self.len());
        self.find_digest(staged.get_or_insert_with(make), last, self.len())
    }

    /// Returns the digest of the change that ends with an op, if those of all that it had seen are made.
    fn find_digest(&self, digests: &Digested, last: Lv, until: u32) -> Option<Digest> {
        let end = last.index() + 1;
        if !self.authors.is_end(end) || end > until {
            return None;
        }
        let Id { counter, actor } = self.authors.id(last);
        let nearest = digests.by_actor.get(actor.0 as usize).map(|digests| digests.nearest(counter));
        let (mut at, mut digest) = nearest.unwrap_or((0, Digest::EMPTY));
        while at < counter {
            // None of these depends on others: their digests would have been kept.
            let next = self.authors.first_from(actor, at + 1)?;
            let header = self.authors.header(next.index(), end);
            digest_changes(&self.log, &self.authors, header, |counter, change| {
                (at, digest) = (counter, digest.with(change));
            });
        }
        Some(digest)
    }

    /// Returns the last changes that a clock covers: those that no other change that it covers had seen; `beyond` is
    /// what it does not cover. O(what is beyond, and heads).
    pub(super) fn frontier(&self, clock: &Clock, beyond: &[Range<u32>]) -> Vec<Lv> {
        let heads = self.authors.heads().filter(|head| self.is_covered(clock, *head));
        let mut frontier: Vec<Lv> = heads.chain(self.followed(clock, beyond)).collect();
        frontier.sort_unstable();
        frontier.dedup();
        frontier
    }

    /// Returns the last changes that a clock covers of those that others follow, which it does not cover, each once.
    /// O(what is beyond).
    pub(super) fn followed(&self, clock: &Clock, beyond: &[Range<u32>]) -> Vec<Lv> {
        let followed = beyond.iter().flat_map(|ops| self.followed_by(ops));
        let mut followed: Vec<Lv> = followed.filter(|lv| self.is_covered(clock, *lv)).collect();
        followed.sort_unstable();
        followed.dedup();
        followed
    }

    fn is_covered(&self, clock: &Clock, lv: Lv) -> bool {
        let Id { counter, actor } = self.authors.id(lv);
        counter <= clock.get(self.authors.name(actor))
    }

    /// Returns the last ops of what the changes follow that are made of these ops, one after the other.
    pub(super) fn followed_by(&self, ops: &Range<u32>) -> impl Iterator<Item = Lv> {
        let (authors, end) = (&self.authors, ops.end);
        let mut at = ops.start;
        let headers = std::iter::from_fn(move || {
            let header = (at < end).then(|| authors.header(at, end))?;
            at = header.end;
            Some(header)
        });
        headers.flat_map(|Header { actor, previous, deps, .. }| {
            deps.iter().copied().chain(authors.lv(Id { counter: previous, actor }))
        })
    }

    /// Returns the first changes of one actor that two histories have under one id and that are not the same. O(n).
    pub(super) fn fork(&self, other: &Self) -> Option<(Lv, Lv)> {
        self.authors.actors().find_map(|ours| {
            let theirs = other.authors.find(self.authors.name(ours))?;
            let mut pairs = self.authors.changes_of(ours).zip(other.authors.changes_of(theirs));
            let forked = pairs.find(|((a, last), (b, other_last))| {
                last != other_last || self.digest_alone(*a) != other.digest_alone(*b)
            });
            forked.map(|((a, _), (b, _))| (a, b))
        })
    }

    /// Returns the digest of the change that begins with an op, without what it had seen.
    pub(super) fn digest_alone(&self, first: Lv) -> Option<Digest> {
        let header = self.authors.header(first.index(), self.authors.change_end(first.index()));
        let mut digest = None;
        digest_changes(&self.log, &self.authors, header, |_, change| digest = Some(change));
        digest
    }

    /// Verifies the invariants. O(n).
    pub(super) fn check(&self) -> Result<(), String> {
        self.log.check()?;
        self.authors.check()?;
        if self.log.len() != self.authors.len() || self.settled > self.log.len() {
            return Err("the history has ops that nobody made".into());
        }
        let anew = self.with_digests(Digested::default(), self.settled);
        let differs = |last: &Lv| self.digest_of(*last) != self.find_digest(&anew, *last, self.settled);
        if let Some(last) =
            self.authors.actors().filter_map(|actor| self.authors.last_op(actor)).find(differs)
        {
            return Err(format!("the digest of {} is another", self.op_id(last)));
        }
        Ok(())
    }
}

/// Digests the changes under a header, each with its last counter.
fn digest_changes(log: &Log, authors: &Authors, header: Header<'_>, done: impl FnMut(u64, Digest)) {
    let names = LogNames { log, authors };
    let deps = header.deps.iter().map(|dep| authors.id(*dep));
    let deps = deps.map(|dep| (dep.counter, authors.hash(dep.actor)));
    let mut digester = Digester::new(authors.hash(header.actor), header.first, header.previous, deps, done);
    for (first, row) in log.rows_in(header.start..header.end) {
        ask();
        let starts = |at: u32| authors.is_start(first.index() + at);
        if first.index() > header.start && starts(0) {
            digester.next_change();
        }
        digester.row(&row, &names, starts);
    }
    digester.finish();
}
