//! Interruption of work that is not typed, when the process is told to end: what was found by then is told first.

#[cfg(unix)]
pub(crate) use unix::{cause, prepare, running, without};

/// Tells whoever ends the process which session runs.
#[cfg(not(unix))]
pub(crate) fn running(_: rejoin::session::Interrupt) {}

/// Runs something that is not to be left half done.
#[cfg(not(unix))]
pub(crate) fn without<T>(act: impl FnOnce() -> T) -> T {
    act()
}

/// Returns the exit status by what ended the work, if something did.
#[cfg(not(unix))]
pub(crate) fn cause() -> Option<u8> {
    None
}

/// Lets Ctrl-C end the program from here on.
#[cfg(not(unix))]
pub(crate) fn prepare() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    let always = Arc::new(AtomicBool::new(true));
    signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGINT, 130, always).map(drop)
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::sync::{Mutex, MutexGuard, Once, PoisonError};
    use std::thread;
    use std::time::Duration;

    use rejoin::session::Interrupt;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::super::output::flush_at_once;

    /// The time that the work may take to come to an end by itself.
    const GRACE: Duration = Duration::from_millis(150);

    /// The interrupt of the session that runs.
    static RUNNING: Mutex<Option<Interrupt>> = Mutex::new(None);
    /// Locked while something is written that is not to be left half done.
    static WHOLE: Mutex<()> = Mutex::new(());
    /// The signal that came, or 0.
    static SIGNAL: AtomicI32 = AtomicI32::new(0);

    /// Lets Ctrl-C and SIGTERM end the work from here on, also where the program was started with Ctrl-C switched
    /// off: the session that runs is interrupted, and what does not end by that ends with the process.
    pub(crate) fn prepare() -> io::Result<()> {
        static PREPARED: Once = Once::new();
        let mut prepared = Ok(());
        PREPARED.call_once(|| prepared = watch());
        prepared
    }

    /// Tells whoever ends the process which session runs.
    pub(crate) fn running(interrupt: Interrupt) {
        if cause().is_some() {
            interrupt.raise();
        }
        *lock(&RUNNING) = Some(interrupt);
    }

    /// Runs something that is not to be left half done.
    pub(crate) fn without<T>(act: impl FnOnce() -> T) -> T {
        let _whole = lock(&WHOLE);
        act()
    }

    /// Returns the exit status by the signal that ended the work, if one did.
    pub(crate) fn cause() -> Option<u8> {
        match SIGNAL.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(status(signal)),
        }
    }

    fn watch() -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let wait = move || {
            let Some(signal) = signals.forever().next() else { return };
            SIGNAL.store(signal, Ordering::Relaxed);
            let interrupt = lock(&RUNNING).clone();
            if let Some(interrupt) = interrupt {
                interrupt.raise();
                thread::sleep(GRACE);
            }
            let _whole = lock(&WHOLE);
            flush_at_once();
            std::process::exit(status(signal).into());
        };
        thread::Builder::new().spawn(wait).map(drop)
    }

    fn status(signal: i32) -> u8 {
        u8::try_from(128 + signal).unwrap_or(u8::MAX)
    }

    fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
