//! The `rejoin` command: an interactive shell, and a runner of session files.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panicking"))]

mod shell;

use std::process::ExitCode;
use std::thread;

/// Room for values that are nested deeply while a filter works on them; only what is used is taken.
const STACK: usize = 512 << 20;

fn main() -> ExitCode {
    let cli = shell::Cli::read();
    let shell = thread::Builder::new().stack_size(STACK).spawn(move || shell::main(&cli));
    match shell.map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has told its story.
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => shell::no_start(&error),
    }
}
