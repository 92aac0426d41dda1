//! A supervisor of filters that run under limits.
//!
//! A filter runs where it is called. Without limits it ends early when somebody interrupts; under limits a
//! [watchdog](crate::filter::run::watchdog) looks after it. A run that is cancelled ends when it evaluates its next
//! term, or in the middle of a long step, all of which [ask](crate::cancellation::ask).

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cancellation::Interrupt;
use crate::filter::run::limits::Limits;
use crate::filter::run::lock;
use crate::filter::run::stack::Fault;
use crate::filter::run::watchdog::Watchdog;

/// The state that all filters of a compiler share.
#[derive(Default)]
pub(in crate::filter) struct Supervisor {
    pub(in crate::filter) interrupt: Interrupt,
    /// Whether there is a limit.
    is_limited: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    limits: Limits,
    /// Watchdogs that look after nothing: as many as there were runs at a time.
    idle: Vec<Watchdog>,
}

impl Supervisor {
    /// Makes a supervisor of filters that this interrupts.
    pub(in crate::filter) fn new(interrupt: Interrupt) -> Self {
        Self { interrupt, ..Self::default() }
    }

    pub(in crate::filter) fn limits(&self) -> Limits {
        lock(&self.state).limits
    }

    pub(in crate::filter) fn set_limits(&self, limits: Limits) {
        lock(&self.state).limits = limits;
        self.is_limited.store(limits != Limits::default(), Ordering::Relaxed);
    }

    /// Runs `job` where it is called, which is to end when the interrupt that it is given is raised, and is not to
    /// take more memory in one step than it is told.
    pub(in crate::filter) fn run<T>(
        &self,
        job: impl FnOnce(&Interrupt, Option<u64>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if !self.is_limited.load(Ordering::Relaxed) {
            return job(&self.interrupt, None);
        }
        let (limits, idle) = {
            let mut state = lock(&self.state);
            (state.limits, state.idle.pop())
        };
        let mut watchdog = idle.map_or_else(|| Watchdog::start(&self.interrupt), Ok)?;
        let result = watchdog.run(limits, |interrupt| job(interrupt, limits.memory));
        lock(&self.state).idle.push(watchdog);
        result
    }
}
