//! The eye on one run of a filter.
//!
//! The interpreter asks its environment for the compiled filter whenever it evaluates a term. That is
//! where a run looks whether it is to stop: every loop of a filter evaluates terms. Natives that go on
//! without a term look by themselves (see [`growth`](super::growth)).
//!
//! A run that is to stop unwinds, which no `try` of the filter can catch.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jaq_core::Lut;
use jaq_core::data::{DataT, HasLut};

use super::limits::Cause;
use super::steps::Routes;
use super::supervisor::lock;
use crate::value::Val;

/// The data that filters run on: values, and an environment for each run.
pub(super) struct Data;

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Env<'a>;
}

/// A compiled filter, and what its runs keep.
pub(super) struct Program {
    pub(super) filter: jaq_core::Filter<Data>,
    pub(super) routes: Routes,
}

/// What a run has besides its values: the compiled filter, and the eye on it.
#[derive(Clone, Copy)]
pub(super) struct Env<'a> {
    program: &'a Program,
    stop: &'a AtomicBool,
    watch: &'a Watch,
}

impl<'a> Env<'a> {
    pub(super) fn new(program: &'a Program, watch: &'a Watch) -> Self {
        Self { program, stop: &watch.stop, watch }
    }

    pub(super) fn routes(&self) -> &'a Routes {
        &self.program.routes
    }

    pub(super) fn watch(&self) -> &'a Watch {
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

/// The eye on one run.
pub(super) struct Watch {
    /// Whether the run is to stop.
    stop: Arc<AtomicBool>,
    /// Whether it has seen that.
    seen: AtomicBool,
    /// Why; an interruption when nothing else was said.
    cause: Mutex<Option<Cause>>,
    /// The limit of memory, in bytes; [`u64::MAX`] is none.
    memory: AtomicU64,
}

/// What a run unwinds with when it was stopped.
pub(super) struct Left;

thread_local! {
    /// The eye on the run that goes on in this thread, for operations on values: they are given nothing else.
    static CURRENT: RefCell<Option<Arc<Watch>>> = const { RefCell::new(None) };
}

/// As long as it lives, operations on values in this thread are watched; keeps what watched them before.
pub(super) struct Watched(Option<Arc<Watch>>);

impl Drop for Watched {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Asks the eye on the run that goes on in this thread, if there is one.
pub(super) fn current(ask: impl FnOnce(&Watch)) {
    CURRENT.with_borrow(|watch| watch.as_deref().map(ask));
}

/// Ends the run of this thread if it is to stop; looks now and then, for a loop that counts its rounds. A list
/// may hold itself again and again, and so be far longer than the memory that it takes.
pub(super) fn look_at(round: usize) {
    if round.is_multiple_of(1 << 10) {
        current(Watch::look);
    }
}

impl Watch {
    /// The eye on a run that stops when `stop` becomes true.
    pub(super) fn new(stop: Arc<AtomicBool>, memory: Option<u64>) -> Self {
        let memory = AtomicU64::new(memory.unwrap_or(u64::MAX));
        Self { stop, seen: AtomicBool::new(false), cause: Mutex::new(None), memory }
    }

    /// Watches operations on values in this thread.
    pub(super) fn watch_values(self: &Arc<Self>) -> Watched {
        Watched(CURRENT.replace(Some(Arc::clone(self))))
    }

    /// Gives the next run a limit of memory.
    pub(super) fn limit(&self, memory: u64) {
        self.memory.store(memory, Ordering::Relaxed);
    }

    /// Whether runs have a limit of memory.
    pub(super) fn is_limited(&self) -> bool {
        self.memory.load(Ordering::Relaxed) != u64::MAX
    }

    /// Tells the run to stop.
    pub(super) fn stop(&self, cause: Cause) {
        // The first cause counts.
        lock(&self.cause).get_or_insert(cause);
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether so many bytes are more than the run may have.
    pub(super) fn is_over(&self, bytes: u64) -> bool {
        bytes > self.memory.load(Ordering::Relaxed)
    }

    /// Tells the run to stop because it came to the limit of memory.
    pub(super) fn stop_for_memory(&self) {
        self.stop(Cause::Memory(self.memory.load(Ordering::Relaxed)));
    }

    /// Gets ready for the next run after one that was [told](Self::stop) to stop; says why it was. One
    /// that somebody interrupted was told nothing.
    pub(super) fn recover(&self) -> Option<Cause> {
        let cause = lock(&self.cause).take();
        if cause.is_some() {
            self.stop.store(false, Ordering::Relaxed);
        }
        cause
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether the run has seen that it is to stop.
    pub(super) fn is_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn cause(&self) -> Cause {
        lock(&self.cause).unwrap_or(Cause::Interrupt)
    }

    /// Ends the run if it is to stop.
    pub(super) fn look(&self) {
        if self.is_stopped() {
            self.leave();
        }
    }

    /// Ends the run if so many bytes more are more than it may have.
    pub(super) fn reserve(&self, bytes: usize) {
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
