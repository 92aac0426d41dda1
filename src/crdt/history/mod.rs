//! The changes of a replica: those it has applied, and those that wait for others.
//!
//! In columns: `log` has what ops do, `authors` who made them and where changes begin, `digest`
//! fingerprints. All three only grow at the end, so what is staged can be taken back.

mod authors;
mod causal_buffer;
mod digest;
mod hash;
mod keys;
mod log;

use crate::cancellation::ask;
use std::ops::Range;

pub(super) use authors::{ActorIx, Authors, Header, Id};
pub(super) use causal_buffer::CausalBuffer;
pub use digest::Digest;
pub(super) use digest::{Digester, LogNames, Names, PublicId};
pub(super) use hash::text as mix_text;
pub(super) use keys::Keys;
pub(super) use log::{Log, Rows};

use digest::Digests;

use super::lv::Lv;
use super::row::{Local, Row};
use super::{Actor, Clock, ClockError, DocumentId, OpId};

/// The history: all applied changes, in the order of application, found by id.
#[derive(Clone)]
pub(super) struct History {
    pub(super) log: Log,
    pub(super) authors: Authors,
    /// By number of the actor.
    digests: Vec<Digests>,
    /// The op from which on there are no digests yet.
    digested: u32,
}

/// The number of ops that get their digests together.
const BATCH: u32 = 48;

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

impl History {
    /// Makes the history of a document that has no changes yet.
    pub(super) fn new(document: DocumentId) -> Self {
        Self { log: Log::default(), authors: Authors::new(document), digests: Vec::new(), digested: 0 }
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

    /// Adds a row to the change that began last, and says which op is its first.
    pub(super) fn push(&mut self, row: &Row<'_, Local>) -> Lv {
        let before = self.log.len();
        let first = self.log.push(row);
        self.authors.grow(self.log.len() - before);
        first
    }

    /// Says where the changes begin that were added from op `start` on, by their lengths.
    pub(super) fn begin_all(&mut self, start: u32, lengths: &[(u64, u64)]) {
        self.authors.start_all(start, lengths);
    }

    /// Ends the changes that were added: the clock covers them.
    pub(super) fn seal(&mut self) {
        self.authors.seal();
    }

    /// Keeps for good what was added. Digests are made of many ops at once, which is faster; what has none
    /// yet is read when one is asked for.
    pub(super) fn settle(&mut self) {
        if self.len() - self.digested < BATCH {
            return;
        }
        self.digests.resize_with(self.authors.actors().len(), Digests::default);
        let mut at = self.digested;
        while at < self.len() {
            let header = self.authors.header(at, self.len());
            let digests = &mut self.digests[header.actor.0 as usize];
            digest_changes(&self.log, &self.authors, header, |last, change| digests.push(last, change));
            at = header.end;
        }
        self.digested = at;
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

    /// Returns the digest of an actor's changes up to a counter, which must be the last of a change here.
    /// O(log n), and a few changes are read.
    pub(super) fn digest(&self, actor: ActorIx, last: u64) -> Option<Digest> {
        let end = self.authors.lv(Id { counter: last, actor })?.index() + 1;
        if !self.authors.is_end(end) {
            return None;
        }
        let nearest = self.digests.get(actor.0 as usize).map(|digests| digests.nearest(last));
        let (mut at, mut digest) = nearest.unwrap_or((0, Digest::EMPTY));
        while at < last {
            let next = self.authors.first_from(actor, at + 1)?;
            let header = self.authors.header(next.index(), end);
            digest_changes(&self.log, &self.authors, header, |counter, change| {
                (at, digest) = (counter, digest.with(change));
            });
        }
        Some(digest)
    }

    /// Returns the first changes of an actor in which two histories differ, where both go on. A few changes are
    /// read when they do not.
    pub(super) fn fork(&self, other: &Self, name: &Actor) -> Option<(Lv, Lv)> {
        let (ours, theirs) = (self.authors.find(name)?, other.authors.find(name)?);
        let both = self.authors.last(ours).min(other.authors.last(theirs));
        if both == 0 {
            return None;
        }
        let digests = [self.digest(ours, both), other.digest(theirs, both)];
        if digests[0].is_some() && digests[0] == digests[1] {
            return None;
        }
        let changes = self.authors.changes_of(ours).zip(other.authors.changes_of(theirs));
        let mut forked =
            changes.filter(|((_, a), (_, b))| a != b || self.digest(ours, *a) != other.digest(theirs, *b));
        forked.next().map(|((a, _), (b, _))| (a, b))
    }

    /// Verifies the invariants. O(n).
    pub(super) fn check(&self) -> Result<(), String> {
        self.log.check()?;
        self.authors.check()?;
        if self.log.len() != self.authors.len() || self.digested > self.log.len() {
            return Err("the history has ops that nobody made".into());
        }
        Ok(())
    }
}

/// Digests the changes under a header, each with its last counter.
pub(super) fn digest_changes(
    log: &Log,
    authors: &Authors,
    header: Header<'_>,
    done: impl FnMut(u64, Digest),
) {
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
