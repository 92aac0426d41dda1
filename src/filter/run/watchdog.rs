//! The watchdog: a thread that looks every few milliseconds whether a run that goes on is to be cancelled.
//!
//! Most filters need less time than it takes to hand them to another thread. So they run in the thread of their caller,
//! and the watchdog cancels the one that somebody interrupts, that runs too long or lets the process grow too much. When
//! nothing runs it sleeps.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::cancellation::Interrupt;
use crate::filter::run::limits::{Cause, Limits};
use crate::filter::run::lock;
use crate::filter::run::meter::memory;
use crate::filter::run::stack::Fault;

/// The time from one look at a run to the next.
const LOOK: Duration = Duration::from_millis(5);

/// The number of looks without a run after which the watchdog sleeps.
const QUIET: u32 = 20;

/// In [`Post::runs`], while the watchdog cancels a run.
const HELD: u64 = 1 << 63;

/// A watchdog, as long as it lives, for one run at a time.
pub(in crate::filter) struct Watchdog {
    post: Arc<Post>,
    thread: Thread,
}

/// The state that the watchdog and the runs share.
struct Post {
    /// What somebody interrupts.
    interrupt: Interrupt,
    /// What cancels the run that goes on.
    run: Interrupt,
    /// The limits of that run, and why it was cancelled, if it was.
    terms: Mutex<Terms>,
    /// How often a run began or ended: odd while one goes on.
    runs: AtomicU64,
    /// Whether the next run must wake the watchdog.
    asleep: AtomicBool,
    /// Whether there will be no more runs.
    over: AtomicBool,
}

#[derive(Default)]
struct Terms {
    limits: Limits,
    cause: Option<Cause>,
}

/// The state of things when the watchdog saw a run for the first time.
struct Seen {
    run: u64,
    since: Instant,
    memory: u64,
}

impl Watchdog {
    /// Starts a watchdog for runs that end when somebody interrupts, and at their limits.
    pub(in crate::filter) fn start(interrupt: &Interrupt) -> Result<Self, Fault> {
        let post = Arc::new(Post {
            interrupt: interrupt.clone(),
            run: Interrupt::default(),
            terms: Mutex::default(),
            runs: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let kept = Arc::clone(&post);
        let thread = thread::Builder::new().spawn(move || kept.keep()).map_err(|_| Fault::NoThread)?;
        Ok(Self { post, thread: thread.thread().clone() })
    }

    /// Runs `job`, which is to end when what it is given is raised. A job that was cancelled says why.
    pub(in crate::filter) fn run<T>(
        &mut self,
        limits: Limits,
        job: impl FnOnce(&Interrupt) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Post { interrupt, run, terms, runs, asleep, .. } = &*self.post;
        if interrupt.is_raised() {
            return Err(Fault::Stopped(Cause::Interrupt));
        }
        let idle = runs.load(SeqCst);
        lock(terms).limits = limits;
        runs.store(idle + 1, SeqCst);
        if asleep.swap(false, SeqCst) {
            self.thread.unpark();
        }
        let result = job(run);
        // From here on the watchdog cancels nothing; it may be about to.
        while runs.compare_exchange_weak(idle + 1, idle + 2, SeqCst, SeqCst).is_err() {
            thread::yield_now();
        }
        if !run.is_raised() {
            return result;
        }
        run.clear();
        match (result, lock(terms).cause.take()) {
            (Err(Fault::Stopped(Cause::Interrupt)), Some(cause)) => Err(Fault::Stopped(cause)),
            (result, _) => result,
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.post.over.store(true, SeqCst);
        self.thread.unpark();
    }
}

impl Post {
    /// Keeps watch over the runs.
    fn keep(&self) {
        let (mut seen, mut quiet) = (Seen { run: 0, since: Instant::now(), memory: 0 }, 0);
        while !self.over.load(SeqCst) {
            if quiet < QUIET {
                thread::park_timeout(LOOK);
            } else {
                self.sleep(seen.run);
                quiet = 0;
            }
            let now = self.runs.load(SeqCst);
            let goes_on = now % 2 == 1;
            if now != seen.run {
                seen = Seen { run: now, since: Instant::now(), memory: if goes_on { memory() } else { 0 } };
                quiet = 0;
            } else if goes_on {
                self.judge(&seen);
            } else {
                quiet += 1;
            }
        }
    }

    /// Sleeps until a run begins.
    fn sleep(&self, seen: u64) {
        self.asleep.store(true, SeqCst);
        // A run that began in between has not seen that.
        if self.runs.load(SeqCst) == seen && !self.over.load(SeqCst) {
            thread::park();
        }
        self.asleep.store(false, SeqCst);
    }

    /// Cancels a run if there is a reason to, unless it has ended.
    fn judge(&self, seen: &Seen) {
        let limits = lock(&self.terms).limits;
        let cause = if self.interrupt.is_raised() {
            Some(Cause::Interrupt)
        } else if let Some(limit) = limits.time.filter(|limit| seen.since.elapsed() >= *limit) {
            Some(Cause::Time(limit))
        } else {
            let is_over = |limit: &u64| memory().saturating_sub(seen.memory) > *limit;
            limits.memory.filter(is_over).map(Cause::Memory)
        };
        if let Some(cause) = cause
            && self.runs.compare_exchange(seen.run, seen.run | HELD, SeqCst, SeqCst).is_ok()
        {
            // The first cause counts.
            lock(&self.terms).cause.get_or_insert(cause);
            self.run.raise();
            self.runs.store(seen.run, SeqCst);
        }
    }
}
