//! Cancellation of one run of a filter.
//!
//! The interpreter asks its environment for the compiled filter whenever it evaluates a term. That is
//! where a run looks whether it is to stop: every loop of a filter evaluates terms. Natives that go on
//! without a term look by themselves (see [`growth`](crate::filter::natives::growth)).
//!
//! A run that is to stop unwinds, which no `try` of the filter can catch.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jaq_core::Lut;
use jaq_core::data::{DataT, HasLut};

use crate::filter::natives::steps::Routes;
use crate::filter::run::limits::Cause;
use crate::value::Val;

/// The data that filters run on: values, and an environment for each run.
pub(in crate::filter) struct Data;

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Env<'a>;
}

/// A compiled filter, and what its runs keep.
pub(in crate::filter) struct Program {
    pub(in crate::filter) filter: jaq_core::Filter<Data>,
    pub(in crate::filter) routes: Routes,
}

/// The environment of a run: the compiled filter, and its watch.
#[derive(Clone, Copy)]
pub(in crate::filter) struct Env<'a> {
    program: &'a Program,
    stop: &'a AtomicBool,
    watch: &'a Watch,
}

impl<'a> Env<'a> {
    pub(in crate::filter) fn new(program: &'a Program, watch: &'a Watch) -> Self {
        Self { program, stop: &watch.stop, watch }
    }

    pub(in crate::filter) fn routes(&self) -> &'a Routes {
        &self.program.routes
    }

    pub(in crate::filter) fn watch(&self) -> &'a Watch {
        self.watch
    }
}

impl<'a> HasLut<'a, Data> for Env<'a> {
    fn lut(&self) -> &'a Lut<Data> {
        if self.stop.load(Ordering::Relaxed) {
            self.watch.leave();
        }
        &self.program.filter.lut
    }
}

/// The watch of one run: it says whether the run is to stop.
pub(in crate::filter) struct Watch {
    /// Whether the run is to stop.
    stop: Arc<AtomicBool>,
    /// Whether it has seen that.
    seen: AtomicBool,
    /// Why; an interruption when nothing else was said.
    cause: Mutex<Option<Cause>>,
    /// The limit of memory, in bytes; [`u64::MAX`] is none.
    memory: AtomicU64,
}

/// The payload with which a stopped run unwinds.
pub(in crate::filter) struct Left;

thread_local! {
    /// The watch of the run that goes on in this thread, for operations on values: they are given nothing else.
    static CURRENT: RefCell<Option<Arc<Watch>>> = const { RefCell::new(None) };
}

/// A guard: as long as it lives, operations on values in this thread are watched; it keeps what watched them before.
pub(in crate::filter) struct Watched(Option<Arc<Watch>>);

impl Drop for Watched {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Asks the watch of the run that goes on in this thread, if there is one.
pub(in crate::filter) fn current(ask: impl FnOnce(&Watch)) {
    CURRENT.with_borrow(|watch| watch.as_deref().map(ask));
}

/// Ends the run of this thread if it is to stop; looks now and then, for a loop that counts its rounds. A list
/// may hold itself again and again, and so be far longer than the memory that it takes.
pub(in crate::filter) fn look_at(round: usize) {
    if round.is_multiple_of(1 << 10) {
        current(Watch::look);
    }
}

impl Watch {
    /// Makes the watch of a run that stops when `stop` becomes true.
    pub(in crate::filter) fn new(stop: Arc<AtomicBool>, memory: Option<u64>) -> Self {
        let memory = AtomicU64::new(memory.unwrap_or(u64::MAX));
        Self { stop, seen: AtomicBool::new(false), cause: Mutex::new(None), memory }
    }

    /// Watches operations on values in this thread.
    pub(in crate::filter) fn watch_values(self: &Arc<Self>) -> Watched {
        Watched(CURRENT.replace(Some(Arc::clone(self))))
    }

    /// Gives the next run a limit of memory.
    pub(in crate::filter) fn limit(&self, memory: u64) {
        self.memory.store(memory, Ordering::Relaxed);
    }

    /// Tells whether runs have a limit of memory.
    pub(in crate::filter) fn is_limited(&self) -> bool {
        self.memory.load(Ordering::Relaxed) != u64::MAX
    }

    /// Tells the run to stop.
    pub(in crate::filter) fn stop(&self, cause: Cause) {
        // The first cause counts.
        lock(&self.cause).get_or_insert(cause);
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Tells whether so many bytes are more than the run may have.
    pub(in crate::filter) fn is_over(&self, bytes: u64) -> bool {
        bytes > self.memory.load(Ordering::Relaxed)
    }

    /// Tells the run to stop because it came to the limit of memory.
    pub(in crate::filter) fn stop_for_memory(&self) {
        self.stop(Cause::Memory(self.memory.load(Ordering::Relaxed)));
    }

    /// Gets ready for the next run after one that was [told](Self::stop) to stop; says why it was. One
    /// that somebody interrupted was told nothing.
    pub(in crate::filter) fn recover(&self) -> Option<Cause> {
        let cause = lock(&self.cause).take();
        if cause.is_some() {
            self.stop.store(false, Ordering::Relaxed);
        }
        cause
    }

    pub(in crate::filter) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells whether the run has seen that it is to stop.
    pub(in crate::filter) fn is_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    pub(in crate::filter) fn cause(&self) -> Cause {
        lock(&self.cause).unwrap_or(Cause::Interrupt)
    }

    /// Ends the run if it is to stop.
    pub(in crate::filter) fn look(&self) {
        if self.is_stopped() {
            self.leave();
        }
    }

    /// Ends the run if so many bytes more are more than it may have.
    pub(in crate::filter) fn reserve(&self, bytes: usize) {
        if self.is_over(bytes as u64) {
            self.stop_for_memory();
            self.leave();
        }
    }

    #[cold]
    fn leave(&self) {
        self.seen.store(true, Ordering::Relaxed);
        resume_unwind(Box::new(Left));
    }
}

/// Locks what is kept here, which is whole whenever the lock is free, also after a panic.
pub(in crate::filter) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
