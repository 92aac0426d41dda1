//! The eye on one run of a filter.
//!
//! The interpreter asks its environment for the compiled filter whenever it evaluates a term. That is
//! where a run looks whether it is to stop: every loop of a filter evaluates terms. Natives that go on
//! without a term look by themselves (see [`growth`](super::growth)).
//!
//! A run that is to stop unwinds, which no `try` of the filter can catch.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use jaq_core::Lut;
use jaq_core::data::{DataT, HasLut};

use super::limits::Cause;
use crate::value::Val;

/// The data that filters run on: values, and an environment for each run.
pub(super) struct Data;

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Env<'a>;
}

/// What a run has besides its values: the compiled filter, and the eye on it.
#[derive(Clone, Copy)]
pub(super) struct Env<'a> {
    lut: &'a Lut<Data>,
    stop: &'a AtomicBool,
    watch: &'a Watch,
}

impl<'a> Env<'a> {
    pub(super) fn new(lut: &'a Lut<Data>, watch: &'a Watch) -> Self {
        Self { lut, stop: &watch.stop, watch }
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
        self.lut
    }
}

/// The eye on one run.
pub(super) struct Watch {
    /// Whether the run is to stop.
    stop: Arc<AtomicBool>,
    /// Whether it has seen that.
    seen: AtomicBool,
    /// Why; an interruption when nothing else was said.
    cause: OnceLock<Cause>,
    /// The limit of memory.
    memory: Option<u64>,
}

/// What a run unwinds with when it was stopped.
pub(super) struct Left;

impl Watch {
    /// The eye on a run that stops when `stop` becomes true.
    pub(super) fn new(stop: Arc<AtomicBool>, memory: Option<u64>) -> Self {
        Self { stop, seen: AtomicBool::new(false), cause: OnceLock::new(), memory }
    }

    /// Tells the run to stop.
    pub(super) fn stop(&self, cause: Cause) {
        // The first cause counts.
        let _ = self.cause.set(cause);
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether the run has seen that it is to stop.
    pub(super) fn is_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn cause(&self) -> Cause {
        self.cause.get().copied().unwrap_or(Cause::Interrupt)
    }

    /// Ends the run if it is to stop.
    pub(super) fn look(&self) {
        if self.is_stopped() {
            self.leave();
        }
    }

    /// Ends the run if so many bytes more are more than it may have.
    pub(super) fn reserve(&self, bytes: usize) {
        if let Some(limit) = self.memory.filter(|limit| bytes as u64 > *limit) {
            self.stop(Cause::Memory(limit));
            self.leave();
        }
    }

    /// Ends the run if a value would have no room when nothing in it were shared: a small value that
    /// holds itself again and again reads as a huge one. O(size as it reads).
    pub(super) fn measure(&self, value: &Val) {
        /// What a value takes at least when it is alone.
        const ALONE: usize = 32;
        /// So many values are measured between two looks.
        const STRETCH: usize = 1 << 12;
        let mut open = vec![value];
        let (mut bytes, mut count) = (0_usize, 0);
        while let Some(value) = open.pop() {
            count += 1;
            if count % STRETCH == 0 {
                self.look();
                self.reserve(bytes);
            }
            bytes = bytes.saturating_add(ALONE);
            match value {
                Val::TStr(text) | Val::BStr(text) => bytes = bytes.saturating_add(text.len()),
                Val::Arr(items) => open.extend(items.iter()),
                Val::Obj(entries) => open.extend(entries.values()),
                _ => {}
            }
        }
        self.reserve(bytes);
    }

    #[cold]
    fn leave(&self) {
        self.seen.store(true, Ordering::Relaxed);
        resume_unwind(Box::new(Left));
    }
}
