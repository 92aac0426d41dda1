//! Supervision of filters that run under limits.
//!
//! A filter runs where it is called. Under a limit of memory a second thread looks now and then what it
//! takes (see [`watchdog`](crate::filter::run::watchdog)). A run that is to stop does so when it evaluates its next term.
//!
//! With a limit of time, or when somebody waits for the answer, a run may not take any longer. Then it is in
//! a thread of its own, a worker that goes on to the next filter, and the caller watches time and memory.
//! One that is in a single long step (such as a comparison of huge values) is left behind after a while:
//! filters see nothing but shared values that never change, so it can do no harm, and it ends when the step
//! does.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Instant;

use crate::cancellation::Interrupt;
use crate::filter::run::limits::{Cause, Limits};
use crate::filter::run::meter::{LOOK, memory};
use crate::filter::run::stack::{self, Fault};
use crate::filter::run::watch::{Watch, lock};
use crate::filter::run::watchdog::Watchdog;

/// The time until the first look at a run: most filters need less.
const FIRST_LOOK: Duration = Duration::from_millis(1);
/// The time that a run may take to see that it is to stop.
const PATIENCE: Duration = Duration::from_secs(1);

/// The state that all filters of a compiler share.
pub(in crate::filter) struct Supervisor {
    pub(in crate::filter) interrupt: Interrupt,
    /// The watch of runs without limits: they stop when somebody interrupts.
    pub(in crate::filter) unlimited: Arc<Watch>,
    terms: Mutex<Terms>,
    /// Whether there is a limit.
    is_limited: AtomicBool,
    /// The limit of memory, when it is all that there is to look after; else [`u64::MAX`].
    memory_alone: AtomicU64,
    /// A worker that has nothing to do.
    idle: Mutex<Option<Worker>>,
    /// The one that looks after runs where they are called; `None` when there is no thread for it.
    watchdog: OnceLock<Option<Watchdog>>,
}

/// The terms on which filters run.
#[derive(Clone, Copy, Default)]
struct Terms {
    limits: Limits,
    /// Whether somebody waits for the answers.
    attended: bool,
}

/// A thread that runs one filter after the other; it ends when nobody can send it another one.
struct Worker(Sender<Box<dyn FnOnce() + Send>>);

impl Worker {
    fn start() -> Result<Self, Fault> {
        let (jobs, todo) = channel::<Box<dyn FnOnce() + Send>>();
        let work = move || todo.into_iter().for_each(|job| job());
        let thread = thread::Builder::new().stack_size(stack::MOST).spawn(work);
        thread.map(|_| Self(jobs)).map_err(|_| Fault::NoThread)
    }
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new(Interrupt::default())
    }
}

impl Supervisor {
    /// Makes a supervisor of filters that this interrupts.
    pub(in crate::filter) fn new(interrupt: Interrupt) -> Self {
        let unlimited = Arc::new(Watch::new(Arc::clone(interrupt.flag()), None));
        let (terms, is_limited, idle, watchdog) = Default::default();
        let memory_alone = AtomicU64::new(u64::MAX);
        Self { interrupt, unlimited, terms, is_limited, memory_alone, idle, watchdog }
    }
}

impl Supervisor {
    pub(in crate::filter) fn limits(&self) -> Limits {
        lock(&self.terms).limits
    }

    pub(in crate::filter) fn set_limits(&self, limits: Limits) {
        self.agree(|terms| terms.limits = limits);
    }

    pub(in crate::filter) fn is_attended(&self) -> bool {
        lock(&self.terms).attended
    }

    pub(in crate::filter) fn set_attended(&self, attended: bool) {
        self.agree(|terms| terms.attended = attended);
    }

    fn agree(&self, change: impl FnOnce(&mut Terms)) {
        let mut terms = lock(&self.terms);
        change(&mut terms);
        let memory_alone = match *terms {
            Terms { limits: Limits { time: None, memory }, attended: false } => memory,
            _ => None,
        };
        self.memory_alone.store(memory_alone.unwrap_or(u64::MAX), Ordering::Relaxed);
        self.is_limited.store(terms.limits != Limits::default() || terms.attended, Ordering::Relaxed);
    }

    /// Tells whether runs have a limit.
    pub(in crate::filter) fn is_limited(&self) -> bool {
        self.is_limited.load(Ordering::Relaxed)
    }

    /// Runs `job` where it is called, under the limit of memory, and says why it was stopped if it was.
    /// `None` when that cannot be, or is not enough: then it is for a worker.
    pub(in crate::filter) fn run_here<T>(
        &self,
        job: impl FnOnce(&Arc<Watch>) -> T,
    ) -> Option<(T, Option<Cause>)> {
        let limit = self.memory_alone.load(Ordering::Relaxed);
        if limit == u64::MAX {
            return None;
        }
        self.watchdog.get_or_init(|| Watchdog::start(&self.interrupt)).as_ref()?.run(limit, job)
    }

    /// Runs `job` in a worker until it ends, is interrupted or comes to a limit.
    pub(in crate::filter) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Arc<Watch>) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let limits = self.limits();
        let watch = Arc::new(Watch::new(Arc::default(), limits.memory));
        let (answer, answers) = sync_channel(1);
        let worker = lock(&self.idle).take().map_or_else(Worker::start, Ok)?;
        let watched = Arc::clone(&watch);
        let run = move || {
            let result = stack::own(|| job(&watched));
            // Nobody waits for one that was left behind.
            let _ = answer.send(result);
        };
        worker.0.send(Box::new(run)).map_err(|_| Fault::NoThread)?;
        match self.wait(&answers, &watch, limits) {
            Some(result) => {
                *lock(&self.idle) = Some(worker);
                match result {
                    Err(Fault::Stopped { .. }) => {
                        Err(Fault::Stopped { cause: watch.cause(), lingers: false })
                    }
                    result => result,
                }
            }
            None => Err(Fault::Stopped { cause: watch.cause(), lingers: true }),
        }
    }

    /// Waits for the answer, and stops the run where it is time; `None` when it does not stop.
    fn wait<T>(
        &self,
        answers: &Receiver<Result<T, Fault>>,
        watch: &Watch,
        limits: Limits,
    ) -> Option<Result<T, Fault>> {
        let (start, mut size, mut told) = (Instant::now(), None, None);
        let mut look = FIRST_LOOK;
        loop {
            match answers.recv_timeout(look) {
                Ok(result) => return Some(result),
                Err(RecvTimeoutError::Disconnected) => return Some(Err(Fault::Panic)),
                Err(RecvTimeoutError::Timeout) => look = LOOK,
            }
            if watch.is_seen() {
                // It gives back what it took: that may take a moment, and ends.
            } else if watch.is_stopped() {
                if told.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                    return None;
                }
            } else if self.interrupt.is_raised() {
                watch.stop(Cause::Interrupt);
            } else if let Some(limit) = limits.time.filter(|limit| start.elapsed() >= *limit) {
                watch.stop(Cause::Time(limit));
            } else if let Some(limit) = limits.memory {
                let now = memory();
                if now.saturating_sub(*size.get_or_insert(now)) > limit {
                    watch.stop(Cause::Memory(limit));
                }
            }
        }
    }
}
