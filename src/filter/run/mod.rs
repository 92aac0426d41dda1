//! Runs of compiled filters.

pub(in crate::filter) mod environment;
pub(in crate::filter) mod limits;
pub(in crate::filter) mod measure;
pub(in crate::filter) mod meter;
pub(in crate::filter) mod stack;
pub(in crate::filter) mod supervisor;
pub(in crate::filter) mod watchdog;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jaq_core::{Ctx, ValX, Vars};

use crate::cancellation::Interrupt;
use crate::filter::error::RunError;
use crate::filter::run::environment::{Data, Env, Program};
use crate::filter::run::limits::Cause;
use crate::filter::run::measure::measure_new;
use crate::filter::run::meter::Limited;
use crate::filter::run::stack::{Fault, Room};
use crate::filter::run::supervisor::Supervisor;
use crate::value::{Val, dismantle};

/// A compiled filter.
pub struct Filter {
    code: String,
    vars: Vec<String>,
    program: Arc<Program>,
    room: Room,
    /// Whether it has definitions that check for room.
    guarded: bool,
    supervisor: Arc<Supervisor>,
}

impl Filter {
    pub(in crate::filter) fn new(
        code: &str,
        vars: Vec<String>,
        filter: jaq_core::Filter<Data>,
        room: Room,
        guarded: bool,
        supervisor: Arc<Supervisor>,
    ) -> Self {
        let program = Arc::new(Program { filter, routes: Default::default() });
        Self { code: code.to_owned(), vars, program, room, guarded, supervisor }
    }

    /// Returns the text that was compiled.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the names (without `$`) of the global variables that the filter uses, in the order in
    /// which [`run`](Self::run) wants their values.
    pub fn vars(&self) -> &[String] {
        &self.vars
    }

    /// Returns all outputs for `input`, in their order.
    ///
    /// `vars` are the values of [`vars`](Self::vars). The first error ends the run.
    pub fn run(&self, input: Val, vars: Vec<Val>) -> Result<Vec<Val>, RunError> {
        self.outputs(input, vars, |outputs| outputs.collect())
    }

    /// Returns the one output for `input`: none and several are errors.
    ///
    /// Where there are several, the rest of them is not computed.
    pub fn run_one(&self, input: Val, vars: Vec<Val>) -> Result<Val, RunError> {
        self.outputs(input, vars, |outputs| {
            let value = outputs.next().ok_or(RunError::None)??;
            let Some(next) = outputs.next() else { return Ok(value) };
            dismantle(value);
            match next {
                Ok(second) => {
                    dismantle(second);
                    Err(RunError::Several)
                }
                Err(error) => Err(error),
            }
        })
    }

    /// Returns what `take` makes of the outputs.
    fn outputs<T: Send>(
        &self,
        input: Val,
        vars: Vec<Val>,
        take: fn(&mut Outputs<'_>) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        // A variable without a value would be a panic of the interpreter.
        if vars.len() != self.vars.len() {
            return Err(RunError::Variables { wanted: self.vars.len(), given: vars.len() });
        }
        let run = |interrupt: &Interrupt, memory| self.with_room(interrupt, memory, input, vars, take);
        self.supervisor.run(run).unwrap_or_else(|fault| {
            Err(match fault {
                Fault::Panic => RunError::Defect,
                Fault::NoThread | Fault::Full => RunError::NoRoom,
                Fault::Stopped(cause) => {
                    if cause == Cause::Interrupt {
                        self.supervisor.interrupt.clear();
                    }
                    RunError::Stopped(cause)
                }
            })
        })
    }

    /// Runs where there is room for it.
    fn with_room<T: Send>(
        &self,
        interrupt: &Interrupt,
        memory: Option<u64>,
        input: Val,
        vars: Vec<Val>,
        take: fn(&mut Outputs<'_>) -> Result<T, RunError>,
    ) -> Result<Result<T, RunError>, Fault> {
        let run = |input, vars| run(&self.program, interrupt, memory, input, vars, take);
        let mut room = self.room;
        if self.guarded && room == Room::Here {
            // Few definitions recurse deeply: a stack of its own is for those that did. What a
            // filter does can be done twice.
            match stack::call(room, || run(input.clone(), vars.clone())) {
                Err(Fault::Full) => room = Room::Own(0),
                result => return result,
            }
        }
        stack::call(room, || run(input, vars))
    }
}

/// Runs a program until it ends, somebody interrupts or it comes to a limit of memory. An output that would come to
/// that when it is written out is none.
fn run<T>(
    program: &Program,
    interrupt: &Interrupt,
    memory: Option<u64>,
    input: Val,
    vars: Vec<Val>,
    take: fn(&mut Outputs<'_>) -> Result<T, RunError>,
) -> Result<T, RunError> {
    let (_entered, _limited) = (interrupt.enter(), Limited::to(memory));
    let context = Ctx::<Data>::new(Env::new(program, interrupt), Vars::new(vars));
    if memory.is_none() {
        return take(&mut program.filter.id.run((context, input)).map(value));
    }
    let old = Old(Some(input.clone()));
    let measured = |output| value(output).inspect(|value: &Val| measure_new(value, old.0.as_ref()));
    take(&mut program.filter.id.run((context, input)).map(measured))
}

/// The input of a filter, kept until it has run; it may be nested deeply.
struct Old(Option<Val>);

impl Drop for Old {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            dismantle(value);
        }
    }
}

type Outputs<'a> = dyn Iterator<Item = Result<Val, RunError>> + 'a;

/// Returns an output as a value or an error; control flow that escapes is no panic.
fn value(output: ValX<'_, Val>) -> Result<Val, RunError> {
    output.map_err(|exception| match exception.get_err() {
        Ok(error) => RunError::raised(error),
        Err(_) => RunError::Escaped,
    })
}

/// Locks what is kept here, which is whole whenever the lock is free, also after a panic.
pub(in crate::filter) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
