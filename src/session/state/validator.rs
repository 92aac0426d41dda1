//! Validators: filters that the edits of a ref must satisfy.

use crate::cancellation::{Cancelled, is_cancellable};
use crate::filter::{Cause, Filter, RunError};
use crate::value::{Val, View};

/// Tells whether a filter yields something other than false and null. An interruption ends the work of which it is a
/// part, as long as that can end.
pub(in crate::session) fn satisfies(filter: &Filter, value: &Val) -> Result<(), String> {
    match filter.run_one(value.clone(), Vec::new()) {
        Ok(answer) => match answer.view() {
            View::Null | View::Bool(false) => Err(format!("`{}` is {answer}", filter.code())),
            _ => Ok(()),
        },
        Err(RunError::Stopped(Cause::Interrupt)) if is_cancellable() => Cancelled.unwind(),
        Err(RunError::Stopped(Cause::Interrupt)) => {
            Err(format!("`{}` was interrupted, and may hold or not", filter.code()))
        }
        Err(error) => Err(format!("`{}` failed: {error}", filter.code())),
    }
}
