//! Running filters under limits.
//!
//! Without a limit a filter runs where it is called. With one it runs in a thread of its own, a worker
//! that goes on to the next filter, and the caller watches time and memory. A run that is to stop does so
//! when it evaluates its next term. One that is in a single long step (such as a comparison of huge
//! values) is left behind after a while: filters see nothing but shared values that never change, so it
//! can do no harm, and it ends when the step does.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::limits::{Cause, Interrupt, Limits};
use super::stack::{self, Fault};
use super::watch::Watch;

/// How long the first look at a run is away: most filters need less.
const FIRST_LOOK: Duration = Duration::from_millis(1);
/// How long it is from one look to the next.
const LOOK: Duration = Duration::from_millis(5);
/// How long a run may take to see that it is to stop.
const PATIENCE: Duration = Duration::from_secs(1);

/// What all filters of a compiler share.
pub(super) struct Supervisor {
    pub(super) interrupt: Interrupt,
    /// The eye on runs without limits: they stop when somebody interrupts.
    pub(super) unlimited: Watch,
    limits: Mutex<Limits>,
    /// Whether there is a limit.
    is_limited: AtomicBool,
    /// A worker that has nothing to do.
    idle: Mutex<Option<Worker>>,
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
        let interrupt = Interrupt::default();
        let unlimited = Watch::new(Arc::clone(interrupt.flag()), None);
        let (limits, is_limited, idle) = Default::default();
        Self { interrupt, unlimited, limits, is_limited, idle }
    }
}

impl Supervisor {
    pub(super) fn limits(&self) -> Limits {
        *lock(&self.limits)
    }

    pub(super) fn set_limits(&self, limits: Limits) {
        *lock(&self.limits) = limits;
        self.is_limited.store(limits != Limits::default(), Ordering::Relaxed);
    }

    /// Whether runs have a limit.
    pub(super) fn is_limited(&self) -> bool {
        self.is_limited.load(Ordering::Relaxed)
    }

    /// Runs `job` in a worker until it ends, is interrupted or comes to a limit.
    pub(super) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Watch) -> T + Send + 'static,
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

/// The memory of the process, in bytes; 0 where the system does not say.
fn memory() -> u64 {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}

/// What is kept here is whole whenever the lock is free, also after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
