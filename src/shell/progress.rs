//! A sign of life while a command takes long: on a terminal only, on standard error, and gone when the
//! answer comes.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What takes less shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);
const BAR: usize = 20;
/// A terminal that does not tell how wide it is.
const USUAL: u16 = 80;

/// Shows, after half a second, how long a command has taken, and which of several it is.
pub(crate) struct Progress {
    ticker: Option<(Sender<()>, JoinHandle<bool>)>,
}

impl Progress {
    /// Starts for command `number` of `total`.
    pub(crate) fn start(number: usize, total: usize) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if dumb || !io::stderr().is_terminal() {
            return Self { ticker: None };
        }
        let (done, waits) = mpsc::channel();
        let began = Instant::now();
        let tick = move || {
            let mut wait = PATIENCE;
            while waits.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = TICK;
                // It may have become another size.
                let columns = crossterm::terminal::size().map_or(USUAL, |(columns, _)| columns);
                say(&line(number, total, began.elapsed(), columns.into()));
            }
            let was_shown = wait == TICK;
            if was_shown {
                say("");
            }
            was_shown
        };
        // Without a thread there is no sign of life, and nothing worse.
        let ticker = thread::Builder::new().spawn(tick).ok();
        Self { ticker: ticker.map(|ticker| (done, ticker)) }
    }

    /// Ends it. Whether it has cleared the line of the cursor.
    pub(crate) fn stop(self) -> bool {
        let Some((done, ticker)) = self.ticker else { return false };
        drop(done);
        ticker.join().unwrap_or(false)
    }
}

/// Writes over the line of the cursor.
fn say(line: &str) {
    let mut err = io::stderr().lock();
    // What cannot be shown is no reason to stop.
    let _ = write!(err, "\r\x1b[K{line}").and_then(|()| err.flush());
}

/// `[####                ] 21 of 100, 1.2 s`, with a shorter bar on a narrow terminal; of a single command the
/// time alone.
fn line(number: usize, total: usize, elapsed: Duration, columns: usize) -> String {
    let seconds = elapsed.as_secs_f64();
    if total < 2 {
        return format!("{seconds:.1} s");
    }
    let text = format!("{number} of {total}, {seconds:.1} s");
    // The brackets, the blank, and the last column, where a terminal may begin a new line.
    let bar = columns.saturating_sub(text.len() + 4).min(BAR);
    let done = (number - 1) * bar / total;
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
