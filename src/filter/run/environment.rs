//! The environment of one run of a filter.
//!
//! The interpreter asks it for the compiled filter whenever it evaluates a term. That is where a run finds that it was
//! cancelled: every loop of a filter evaluates terms. Natives that go on without a term
//! [ask](crate::cancellation::ask) by themselves. A run that is cancelled unwinds, which no `try` of the filter can
//! catch.

use std::sync::atomic::{AtomicBool, Ordering};

use jaq_core::Lut;
use jaq_core::data::{DataT, HasLut};

use crate::cancellation::{Cancelled, Interrupt};
use crate::filter::natives::steps::Routes;
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

/// The environment of a run: the compiled filter, and the flag that cancels the run.
#[derive(Clone, Copy)]
pub(in crate::filter) struct Env<'a> {
    program: &'a Program,
    cancelled: &'a AtomicBool,
}

impl<'a> Env<'a> {
    pub(in crate::filter) fn new(program: &'a Program, interrupt: &'a Interrupt) -> Self {
        Self { program, cancelled: interrupt.flag() }
    }

    pub(in crate::filter) fn routes(&self) -> &'a Routes {
        &self.program.routes
    }
}

impl<'a> HasLut<'a, Data> for Env<'a> {
    fn lut(&self) -> &'a Lut<Data> {
        if self.cancelled.load(Ordering::Relaxed) {
            Cancelled.unwind();
        }
        &self.program.filter.lut
    }
}
