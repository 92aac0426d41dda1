//! A sign of life while a command takes long: on a terminal only, on standard error, and gone when the
//! answer comes.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rejoin::script::Script;

/// The time below which nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);
const BAR: usize = 20;
/// A terminal that does not tell how wide it is.
const USUAL: u16 = 80;

/// A line of progress: it shows, after half a second, how long commands have taken, and which of several runs.
pub(crate) struct Progress {
    ticker: Option<(Sender<()>, JoinHandle<bool>)>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The command that runs.
    number: AtomicUsize,
    /// Whether something is shown; locked while the terminal is written to.
    shown: Mutex<bool>,
}

impl Progress {
    /// Makes a line of progress for command `number` of `total`.
    pub(crate) fn start(number: usize, total: usize) -> Self {
        let state = Arc::new(State { number: number.into(), ..State::default() });
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if dumb || !io::stderr().is_terminal() {
            return Self { ticker: None, state };
        }
        let (done, waits) = mpsc::channel();
        let (began, ticks) = (Instant::now(), Arc::clone(&state));
        let tick = move || {
            let mut wait = PATIENCE;
            while waits.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = TICK;
                // It may have become another size.
                let columns = crossterm::terminal::size().map_or(USUAL, |(columns, _)| columns);
                let number = ticks.number.load(Ordering::Relaxed);
                let mut shown = lock(&ticks.shown);
                say(&line(number, total, began.elapsed(), columns.into()));
                *shown = true;
            }
            let was_shown = std::mem::take(&mut *lock(&ticks.shown));
            if was_shown {
                say("");
            }
            was_shown
        };
        // Without a thread there is no sign of life, and nothing worse.
        let ticker = thread::Builder::new().spawn(tick).ok();
        Self { ticker: ticker.map(|ticker| (done, ticker)), state }
    }

    /// Makes a line of progress for the commands of a file; nothing is shown where their answers are seen as they
    /// come.
    pub(crate) fn of(script: &Script, answers_are_seen: bool) -> Self {
        match script.steps().count() {
            0 => Self::none(),
            _ if answers_are_seen => Self::none(),
            total => Self::start(1, total),
        }
    }

    /// Makes one that shows nothing.
    pub(crate) fn none() -> Self {
        Self { ticker: None, state: Arc::default() }
    }

    /// Counts a command that has run; the next one begins.
    pub(crate) fn next(&self) {
        self.state.number.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes to the terminal while nothing is shown.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut shown = lock(&self.state.shown);
        if std::mem::take(&mut *shown) {
            say("");
        }
        write()
    }

    /// Ends it. Whether it has cleared the line of the cursor.
    pub(crate) fn stop(mut self) -> bool {
        self.end()
    }

    fn end(&mut self) -> bool {
        let Some((done, ticker)) = self.ticker.take() else { return false };
        drop(done);
        ticker.join().unwrap_or(false)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock(shown: &Mutex<bool>) -> MutexGuard<'_, bool> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes over the line of the cursor.
fn say(line: &str) {
    let mut err = io::stderr().lock();
    // What cannot be shown is no reason to stop.
    let _ = write!(err, "\r\x1b[K{line}").and_then(|()| err.flush());
}

/// Draws `[####                ] 21 of 100, 1.2 s`, with a shorter bar on a narrow terminal; of a single command the
/// time alone.
fn line(number: usize, total: usize, elapsed: Duration, columns: usize) -> String {
    let seconds = elapsed.as_secs_f64();
    if total < 2 {
        return format!("{seconds:.1} s");
    }
    let text = format!("{} of {total}, {seconds:.1} s", number.min(total));
    // The brackets, the blank, and the last column, where a terminal may begin a new line.
    let bar = columns.saturating_sub(text.len() + 4).min(BAR);
    let done = number.min(total).saturating_sub(1) * bar / total;
    format!("[{}{}] {text}", "#".repeat(done), " ".repeat(bar - done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_with_what_is_done() {
        let took = Duration::from_millis(1_250);
        assert_eq!(line(50, 99, took, 24), "[##   ] 50 of 99, 1.2 s");
        let line = |number, total| line(number, total, took, 80);
        assert_eq!(line(1, 1), "1.2 s");
        assert_eq!(line(1, 2), format!("[{}] 1 of 2, 1.2 s", " ".repeat(20)));
        assert_eq!(line(2, 2), format!("[{}{}] 2 of 2, 1.2 s", "#".repeat(10), " ".repeat(10)));
    }
}
