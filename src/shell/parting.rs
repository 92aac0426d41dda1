//! The parting from the terminal, which is left as it was found when the process is told to end while a line is
//! edited.

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Lets such a signal, from here on, bring the terminal back to what it is now before it ends the process.
pub(crate) fn prepare() -> io::Result<()> {
    static PREPARED: Once = Once::new();
    let mut prepared = Ok(());
    PREPARED.call_once(|| {
        // What is no terminal needs nothing.
        if let Ok(found) = tcgetattr(io::stdin()) {
            prepared = watch(found);
        }
    });
    prepared
}

fn watch(found: Termios) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    let wait = move || {
        for signal in signals.forever() {
            // Whatever does not work, the process ends.
            let _ = restore(&found);
            let _ = emulate_default_handler(signal);
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}

fn restore(found: &Termios) -> io::Result<()> {
    let edits = tcgetattr(io::stdin())?.local_modes != found.local_modes;
    tcsetattr(io::stdin(), OptionalActions::Now, found)?;
    // The line editor had asked for marks around what is pasted.
    if edits && io::stderr().is_terminal() {
        writeln!(io::stderr(), "\x1b[?2004l")?;
    }
    Ok(())
}
