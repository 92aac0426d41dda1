//! A batch: the requests about one document that wait, done at once.
//!
//! Each patch is merged into the replica that is kept, or refused alone and leaves nothing. Then one check-in with the store
//! brings there what all of them brought, and from there what other servers did. Only then is anybody answered: what
//! a client is told is in the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::body::Received;
use super::cache::Kept;
use super::form::Form;
use super::problem::{BUSY, LACKS, NOT_ACCEPTABLE, NOT_FOUND, Problem, READ_ONLY};
use super::shared::Shared;
use crate::crdt::{Clock, ConvergentRef, DocumentId, Limits, MergeError, Patch};
use crate::store::{Exchange, StoreError, Way, nothing};
use crate::value::{Val, print_while};

/// After so many requests that made objects in the store it is time to clear away.
const CLEAN_EVERY: usize = 512;

/// The number of requests to read a document that tells that nobody cleared away for long.
const MANY_RUNS: usize = 64;

/// The maximum number of ops of a patch as JSON: each takes about a kilobyte until it is sent.
const JSON_OPS: usize = 200_000;

/// The maximum number of bytes of what is new, for it to be told to those who follow a document.
const NEWS: usize = 256 << 10;

/// The maximum number of ops of what is new, for it to be written at all: of those that are typed together each takes a byte.
const NEWS_OPS: u32 = NEWS as u32;

/// The maximum number of ops of it as they stand in JSON: none takes fewer bytes than 20.
const NEWS_JSON_OPS: usize = NEWS / 20;

/// A request about a document, and where the answer goes.
pub(super) struct Job {
    pub(super) request: Request,
    pub(super) answer: oneshot::Sender<Result<Answer, Problem>>,
}

/// A request about a document.
pub(super) enum Request {
    /// A check-in: how its body is to be read, and how the answer is to be written.
    CheckIn { body: Received, reads: Form, writes: Form },
    /// The whole document, unless its tag is among those that the client has.
    Whole { form: Form, with_patch: bool, has: Option<String> },
    /// What is new since a clock, or since now.
    Follow { since: Option<Clock> },
}

/// An answer to a request.
pub(super) enum Answer {
    /// A body, and the tag of the state that it shows.
    Body { bytes: Bytes, tag: String },
    /// The client has it already.
    Unchanged { tag: String },
    /// What those who follow a document are told.
    News(News),
}

/// The news of a document.
#[derive(Debug, Clone)]
pub(super) struct News {
    /// The clock that has it, as JSON.
    pub(super) clock: Arc<str>,
    /// A patch that has it, as JSON; `None` when that would be too long.
    pub(super) patch: Option<Arc<str>>,
}

/// The outcome of a batch.
pub(super) struct Outcome {
    pub(super) clock: Clock,
    /// What is new since those who follow the document were told the last time.
    pub(super) news: Option<News>,
    /// Whether it is time to clear away from the store.
    pub(super) is_cleaning_due: bool,
}

/// A batch about a document.
pub(super) struct Batch<'s> {
    pub(super) shared: &'s Shared,
    pub(super) document: &'s DocumentId,
    pub(super) runtime: &'s Handle,
}

impl Batch<'_> {
    /// Does it, in a thread that may wait. `told` is what those who follow the document were told. `None`: the store
    /// could not be used, and all are answered that.
    pub(super) fn run(&self, jobs: Vec<Job>, told: Option<&Clock>) -> Option<Outcome> {
        let kept = self.shared.cache.take(self.document);
        let is_fresh = kept.is_none();
        let mut kept = kept.unwrap_or_else(|| Kept::new(self.document));
        let mut taken = self.attempt(&mut kept, is_fresh, &jobs);
        if !is_fresh && matches!(taken, Err(StoreError::Merge { .. })) {
            // What one of them brought does not fit to what another server wrote meanwhile: that is read first now, so
            // that only this one is refused.
            kept = Kept::new(self.document);
            taken = self.attempt(&mut kept, true, &jobs);
        }
        let taken = match taken {
            Ok(taken) => taken,
            Err(error) => {
                // What was merged is not in the store: the replica goes.
                (self.shared.options.report)(&error);
                let problem = Problem::of_store(&error);
                for job in jobs {
                    let _ = job.answer.send(Err(problem.clone()));
                }
                return None;
            }
        };
        let mut writer = Writer::new(self.shared, &kept.replica);
        for (job, taken) in jobs.into_iter().zip(taken) {
            // Who does not wait any more is answered by nobody.
            if job.answer.is_closed() {
                continue;
            }
            // Each answer is a turn of its own: those about other documents come in between.
            let answer = self.working(|| taken.and_then(|since| writer.answer(&job.request, since)));
            let _ = job.answer.send(answer);
        }
        let clock = kept.replica.clock().clone();
        let news = told.filter(|told| **told != clock).map(|told| self.working(|| writer.news(told)));
        let is_cleaning_due = !self.shared.options.read_only && kept.writes >= CLEAN_EVERY;
        kept.writes = if is_cleaning_due { 0 } else { kept.writes };
        let outcome = Outcome { clock, news, is_cleaning_due };
        if !is_unknown(&kept.replica) {
            self.shared.cache.put(kept);
        }
        Some(outcome)
    }

    /// Takes what the jobs bring, and brings it to the store. For each the clock of its client, or why it is refused.
    fn attempt(
        &self,
        kept: &mut Kept,
        is_fresh: bool,
        jobs: &[Job],
    ) -> Result<Vec<Result<Option<Clock>, Problem>>, StoreError> {
        if is_fresh {
            let turn = self.runtime.block_on(self.shared.loads.acquire()).expect("it is never closed");
            self.check_in(kept, Way::Pull)?;
            drop(turn);
        }
        let before = kept.replica.clock().clone();
        let taken =
            self.working(|| jobs.iter().map(|job| self.take(&mut kept.replica, job)).collect::<Vec<_>>());
        let is_new = *kept.replica.clock() != before;
        if is_new || !is_fresh {
            self.check_in(kept, if self.shared.options.read_only { Way::Pull } else { Way::Both })?;
        }
        if is_new && before.is_empty() {
            self.shared.made.fetch_add(1, Ordering::SeqCst);
        }
        Ok(taken)
    }

    fn check_in(&self, kept: &mut Kept, way: Way) -> Result<(), StoreError> {
        let done =
            self.runtime.block_on(self.shared.store.check_in(&mut kept.replica, &mut kept.seen, way))?;
        if done.sent.changes > 0 {
            kept.writes += done.requests;
        }
        if done.requests > MANY_RUNS {
            kept.writes += CLEAN_EVERY;
        }
        Ok(())
    }

    /// Works with patches, when it is this one's turn.
    fn working<T>(&self, work: impl FnOnce() -> T) -> T {
        let _turn = self.runtime.block_on(self.shared.workers.acquire()).expect("it is never closed");
        work()
    }

    /// Takes what a job brings.
    fn take(&self, replica: &mut ConvergentRef, job: &Job) -> Result<Option<Clock>, Problem> {
        if job.answer.is_closed() {
            return Err(BUSY.because("its client went away"));
        }
        let (body, form) = match &job.request {
            Request::CheckIn { body, reads, .. } => (body, *reads),
            Request::Whole { .. } => return Ok(None),
            Request::Follow { since } => return Ok(since.clone()),
        };
        let options = &self.shared.options;
        let bytes = body.unpacked(options.max_body)?;
        let limits = Limits { memory: options.max_memory, ..Limits::default() };
        let message = match form {
            Form::Binary => Exchange::from_bytes_within(&bytes, self.document, &limits),
            Form::Json => Exchange::from_json_within(&bytes, self.document, &limits),
        };
        let Exchange { clock, patch } = message.map_err(|error| Problem::from(&error))?;
        if !patch.is_empty() && options.read_only {
            return Err(READ_ONLY.because("it takes no patches"));
        }
        merge(replica, &patch)?;
        Ok(Some(clock))
    }
}

/// Merges a patch, all of it: nothing comes to wait.
fn merge(replica: &mut ConvergentRef, patch: &Patch) -> Result<(), Problem> {
    /// The memory that a patch may take that has to be taken apart.
    const APART: u64 = 64 << 20;
    let (before, waited) = (replica.version(), replica.waiting_len());
    replica.set_waiting_limit(0);
    let merged = replica.merge_patch(patch);
    replica.set_waiting_limit(APART);
    let merged = match merged {
        // It overlaps with what is here, and has to be taken apart: whether something is missing is seen afterwards.
        Err(MergeError::TooLarge { missing, .. }) if missing.is_empty() => replica.merge_patch(patch),
        merged => merged,
    };
    let report = merged.map_err(|error| lacking(replica, &error))?;
    // Where something waits already, something of the patch may have taken its place.
    if report.waiting == 0 && replica.waiting_len() <= waited {
        return Ok(());
    }
    replica.rewind(before).expect("it is of this ref");
    Err(LACKS.because("send what has come since `clock`").with_clock(replica.clock().clone()))
}

fn lacking(replica: &ConvergentRef, error: &MergeError) -> Problem {
    let problem = Problem::of_merge(error);
    match error {
        MergeError::TooLarge { missing, .. } if !missing.is_empty() => {
            problem.with_clock(replica.clock().clone())
        }
        _ => problem,
    }
}

fn is_unknown(replica: &ConvergentRef) -> bool {
    replica.clock().is_empty() && replica.waiting_len() == 0
}

/// A writer of the answers of one batch. What is the same for many is written once.
struct Writer<'r> {
    shared: &'r Shared,
    replica: &'r ConvergentRef,
    /// The clock as JSON.
    clock: Arc<str>,
    tag: String,
    /// The answer to the check-in before.
    last: Option<(Clock, Form, Bytes)>,
    /// The whole document, in each form that was asked for.
    whole: Vec<(Form, bool, Bytes)>,
    /// The last news, and the clock since which.
    news: Option<(Clock, News)>,
}

impl<'r> Writer<'r> {
    fn new(shared: &'r Shared, replica: &'r ConvergentRef) -> Self {
        let clock: Arc<str> = replica.clock().to_string().into();
        // What a store has grows, and so does the sum: no two states have one tag.
        let sum: u128 = replica.clock().iter().map(|(_, counter)| u128::from(counter)).sum();
        let tag = format!("W/\"{sum:x}-{:08x}\"", crc32fast::hash(clock.as_bytes()));
        Self { shared, replica, clock, tag, last: None, whole: Vec::new(), news: None }
    }

    /// Writes the answer to a request of a client that has what a clock covers.
    fn answer(&mut self, request: &Request, since: Option<Clock>) -> Result<Answer, Problem> {
        let bytes = match request {
            Request::CheckIn { writes, .. } => self.check_in(&since.unwrap_or_default(), *writes)?,
            _ if is_unknown(self.replica) => return Err(NOT_FOUND.because("there is no such document")),
            Request::Whole { has: Some(has), .. } if names(has, &self.tag) => {
                return Ok(Answer::Unchanged { tag: self.tag.clone() });
            }
            Request::Whole { form, with_patch, .. } => self.whole(*form, *with_patch)?,
            Request::Follow { since } => {
                let since = since.clone().unwrap_or_else(|| self.replica.clock().clone());
                return Ok(Answer::News(self.news(&since)));
            }
        };
        Ok(Answer::Body { bytes, tag: self.tag.clone() })
    }

    fn check_in(&mut self, since: &Clock, form: Form) -> Result<Bytes, Problem> {
        if let Some((clock, of, bytes)) = &self.last
            && (clock, *of) == (since, form)
        {
            return Ok(bytes.clone());
        }
        let patch = self.replica.patch_from_clock(since);
        let bytes = match form {
            Form::Binary => Exchange::join(&self.clock, &patch.to_bytes()),
            Form::Json => {
                format!(r#"{{"clock":{},"patch":{}}}"#, self.clock, json(&patch, JSON_OPS)?).into_bytes()
            }
        };
        let bytes = self.hold(bytes)?;
        self.last = Some((since.clone(), form, bytes.clone()));
        Ok(bytes)
    }

    fn whole(&mut self, form: Form, with_patch: bool) -> Result<Bytes, Problem> {
        let with_patch = with_patch && form == Form::Json;
        if let Some((.., bytes)) = self.whole.iter().find(|(of, with, _)| (*of, *with) == (form, with_patch))
        {
            return Ok(bytes.clone());
        }
        let all = || self.replica.patch_from_clock(&Clock::new());
        let bytes = match form {
            Form::Binary => all().to_bytes(),
            Form::Json => {
                let mut text = format!(r#"{{"clock":{},"value":"#, self.clock);
                self.write(self.replica.value(), &mut text)?;
                if with_patch {
                    text.push_str(r#","patch":"#);
                    text.push_str(&json(&all(), JSON_OPS)?);
                }
                text.push('}');
                text.into_bytes()
            }
        };
        let bytes = self.hold(bytes)?;
        self.whole.push((form, with_patch, bytes.clone()));
        Ok(bytes)
    }

    /// Writes a value, unless it is too long.
    fn write(&self, value: &Val, text: &mut String) -> Result<(), Problem> {
        let most = self.shared.options.max_pending;
        let is_whole = print_while(value, |_, piece| {
            text.push_str(piece);
            text.len() <= most
        });
        is_whole.then_some(()).ok_or_else(too_long)
    }

    /// Tells what is new since a clock.
    fn news(&mut self, since: &Clock) -> News {
        if let Some((clock, news)) = &self.news
            && clock == since
        {
            return news.clone();
        }
        let first = self.replica.patches_from_clock(since, NEWS_OPS).next();
        let patch = first.unwrap_or_else(|| nothing(self.replica.document()));
        let mut told = since.clone();
        told.join(&patch.reach());
        let is_all = told.covers_all(self.replica.clock());
        let patch = if is_all { json(&patch, NEWS_JSON_OPS).ok() } else { None };
        let patch = patch.filter(|patch| patch.len() <= NEWS).map(Into::into);
        let news = News { clock: Arc::clone(&self.clock), patch };
        self.news = Some((since.clone(), news.clone()));
        news
    }

    fn hold(&self, bytes: Vec<u8>) -> Result<Bytes, Problem> {
        let held = self.shared.answers.hold(bytes);
        held.ok_or_else(|| BUSY.because("too many answers wait for slow clients; try again"))
    }
}

/// Writes a patch as JSON, unless it has more ops than so many.
fn json(patch: &Patch, most: usize) -> Result<String, Problem> {
    let mut ops = 0;
    let fits = patch.changes().all(|change| {
        ops += 1 + change.ops.len();
        ops <= most
    });
    if fits { Ok(patch.to_json().to_string()) } else { Err(too_long()) }
}

fn too_long() -> Problem {
    NOT_ACCEPTABLE.because("it is too long for JSON: ask for the binary form")
}

/// Tells whether a tag is among those in a header.
fn names(header: &str, tag: &str) -> bool {
    header.trim() == "*" || header.split(',').any(|one| one.trim() == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::Actor;
    use crate::value::parse;

    fn replica(document: &DocumentId, actor: &str) -> ConvergentRef {
        ConvergentRef::new(document.clone(), Actor::new(actor).unwrap())
    }

    #[test]
    fn where_something_waits_nothing_of_a_patch_comes_to_wait_in_its_place() {
        let document = DocumentId::new("d").unwrap();
        let set = |replica: &mut ConvergentRef, value: &str| {
            let before = replica.clock().clone();
            replica.reset(parse(value).unwrap()).unwrap();
            replica.patch_from_clock(&before)
        };
        let mut ann = replica(&document, "ann");
        let missing = set(&mut ann, "[1]");
        let long = format!("[{:?}]", "x".repeat(5_000));
        let waits = set(&mut ann, &long);
        let mut ben = replica(&document, "ben");
        set(&mut ben, "[2]");
        let later = set(&mut ben, "[3]");

        let mut kept = replica(&document, "server");
        kept.merge_patch(&waits).unwrap();
        assert_eq!(kept.waiting_len(), 1);
        let before = kept.to_bytes();
        // What waits already, something else that would wait, and what brings the first and would leave the other.
        let both = missing.changes().chain(later.changes());
        for patch in [waits.clone(), later.clone(), Patch::new(document.clone(), both)] {
            assert!(merge(&mut kept, &patch).is_err());
            assert_eq!((kept.to_bytes(), kept.waiting_len()), (before.clone(), 1));
        }
        merge(&mut kept, &missing).unwrap();
        assert_eq!((kept.waiting_len(), kept.value().to_string()), (0, ann.value().to_string()));
    }
}
