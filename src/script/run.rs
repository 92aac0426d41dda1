//! Runs of session files.

use crate::script::host::Host;
use crate::script::outcome::{Outcome, Ran};
use crate::script::parse::Script;
use crate::session::Session;

/// Runs a session file without reaching other files; see [`run_with`].
pub fn run<E>(
    session: &mut Session,
    script: &Script,
    each: impl FnMut(Ran<'_>) -> Result<(), E>,
) -> Result<Outcome, E> {
    run_with(&mut Host::without_files(), session, script, each)
}

/// Runs a session file: `each` gets every item in turn, commands with their answer and what it does
/// wrong. A command that fails unexpectedly ends the file, unless the host [keeps going](Host::keep_going); so do one
/// that quits and an [interruption](Session::interrupt), also of the command that runs.
pub fn run_with<E>(
    host: &mut Host,
    session: &mut Session,
    script: &Script,
    each: impl FnMut(Ran<'_>) -> Result<(), E>,
) -> Result<Outcome, E> {
    host.run_script(session, script, each)
}
