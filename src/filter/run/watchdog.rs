//! A watchdog over runs that stay where they are called, under a limit of memory.
//!
//! Most filters need less time than it takes to hand them to another thread. So they run in the thread of
//! their caller, and a second thread, the watchdog, looks every few milliseconds whether one that runs still
//! has let the process grow too much. When nothing runs it sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{self, Thread};

use crate::cancellation::Interrupt;
use crate::filter::run::limits::Cause;
use crate::filter::run::meter::{LOOK, memory};
use crate::filter::run::watch::Watch;

/// The number of looks without a run after which the watchdog sleeps.
const QUIET: u32 = 20;

/// In [`Post::runs`], while the watchdog tells a run to stop.
const HELD: u64 = 1 << 63;

/// A watchdog, as long as it lives.
pub(in crate::filter) struct Watchdog {
    post: Arc<Post>,
    thread: Thread,
}

/// The state that the watchdog and the runs share.
struct Post {
    /// The watch of the run that goes on.
    watch: Arc<Watch>,
    /// How often a run began or ended: odd while one goes on.
    runs: AtomicU64,
    /// Whether the next run must wake the watchdog.
    asleep: AtomicBool,
    /// Whether there will be no more runs.
    over: AtomicBool,
}

impl Watchdog {
    /// Makes a watchdog for runs that end when somebody interrupts or they come to the limit of memory; `None`
    /// when the system has no thread for it.
    pub(in crate::filter) fn start(interrupt: &Interrupt) -> Option<Self> {
        let post = Arc::new(Post {
            watch: Arc::new(Watch::new(Arc::clone(interrupt.flag()), None)),
            runs: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let kept = Arc::clone(&post);
        let thread = thread::Builder::new().spawn(move || kept.keep()).ok()?;
        Some(Self { post, thread: thread.thread().clone() })
    }

    /// Runs `job`, and says why it was stopped if it was. `None` when another run goes on.
    pub(in crate::filter) fn run<T>(
        &self,
        limit: u64,
        job: impl FnOnce(&Arc<Watch>) -> T,
    ) -> Option<(T, Option<Cause>)> {
        let Post { watch, runs, asleep, .. } = &*self.post;
        let idle = runs.load(SeqCst);
        if idle % 2 == 1 || runs.compare_exchange(idle, idle + 1, SeqCst, SeqCst).is_err() {
            return None;
        }
        watch.limit(limit);
        if asleep.load(SeqCst) {
            asleep.store(false, SeqCst);
            self.thread.unpark();
        }
        let result = job(watch);
        // From here on the watchdog stops nothing; it may be about to.
        while runs.compare_exchange_weak(idle + 1, idle + 2, SeqCst, SeqCst).is_err() {
            thread::yield_now();
        }
        let cause = if watch.is_stopped() { watch.recover() } else { None };
        Some((result, cause))
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
        // What there was at the last look, and the memory of the process then.
        let (mut seen, mut size, mut quiet) = (0, 0, 0);
        while !self.over.load(SeqCst) {
            if quiet < QUIET {
                thread::park_timeout(LOOK);
            } else {
                self.sleep(seen);
                quiet = 0;
            }
            let now = self.runs.load(SeqCst);
            let running = now % 2 == 1;
            if now != seen {
                (seen, quiet) = (now, 0);
                size = if running { memory() } else { 0 };
            } else if running {
                self.compare(now, memory().saturating_sub(size));
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

    /// Stops a run that let the process grow by so many bytes if that is too much, unless it has ended.
    fn compare(&self, run: u64, bytes: u64) {
        if self.watch.is_over(bytes) && self.runs.compare_exchange(run, run | HELD, SeqCst, SeqCst).is_ok() {
            self.watch.stop_for_memory();
            self.runs.store(run, SeqCst);
        }
    }
}
