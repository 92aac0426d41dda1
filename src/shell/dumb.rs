//! A reader of commands on a terminal that can only show lines, one below the other.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rejoin::session::Interrupt;

/// The prompt of a line that goes on.
const MORE: &str = "   ...> ";
/// The time that a signal waits for its answer while nothing is typed.
const BLINK: Duration = Duration::from_millis(50);

/// Tells whether the terminal cannot place its cursor.
pub(crate) fn is_dumb() -> bool {
    const KINDS: [&str; 3] = ["dumb", "cons25", "emacs"];
    std::env::var("TERM").is_ok_and(|term| KINDS.contains(&term.to_ascii_lowercase().as_str()))
}

/// Lines as the terminal gives them. They are read by a thread of its own, because a signal does not end
/// a read: so Ctrl-C is noticed while nobody types.
pub(crate) struct Dumb {
    wanted: Sender<()>,
    lines: Receiver<io::Result<Vec<u8>>>,
    /// Whether the process was stopped and goes on: what was shown before is far away.
    back: Arc<AtomicBool>,
}

impl Dumb {
    /// Starts to read; a line is only taken when one is wanted.
    pub(crate) fn open() -> io::Result<Self> {
        let (wanted, wants) = mpsc::channel();
        let (send, lines) = mpsc::channel();
        let read = move || {
            while wants.recv().is_ok() {
                let mut line = Vec::new();
                let read = io::stdin().lock().read_until(b'\n', &mut line);
                if send.send(read.map(|_| line)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().spawn(read)?;
        let back = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGCONT, Arc::clone(&back))?;
        Ok(Self { wanted, lines, back })
    }

    /// Reads a command, with all its lines; `None` at the end of the input. Ctrl-C drops what was typed of
    /// it, and gives the prompt again.
    pub(crate) fn read(
        &self,
        prompt: &str,
        is_open: impl Fn(&str) -> bool,
        interrupt: &Interrupt,
    ) -> io::Result<Option<String>> {
        let mut text = String::new();
        self.back.store(false, Ordering::Relaxed);
        loop {
            show(prompt, &text)?;
            let Some(line) = self.line(prompt, &mut text, interrupt)? else { return Ok(None) };
            text.push_str(&line);
            if !is_open(&text) {
                text.truncate(text.trim_end_matches(['\n', '\r']).len());
                return Ok(Some(text));
            }
        }
    }

    /// Returns the next line; `None` at the end of the input. Ctrl-C clears the lines above it: the line itself is
    /// dropped by the terminal.
    fn line(&self, prompt: &str, above: &mut String, interrupt: &Interrupt) -> io::Result<Option<String>> {
        if self.wanted.send(()).is_err() {
            return Ok(None);
        }
        loop {
            let line = self.lines.recv_timeout(BLINK);
            let interrupted = interrupt.is_raised();
            if interrupted {
                interrupt.clear();
                above.clear();
            }
            match line {
                Ok(line) => {
                    let line = line?;
                    if line.is_empty() {
                        writeln!(io::stdout())?;
                        return Ok(None);
                    }
                    return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let is_back = self.back.swap(false, Ordering::Relaxed);
                    if interrupted {
                        // The terminal has shown `^C`.
                        writeln!(io::stdout())?;
                    }
                    if interrupted || is_back {
                        show(prompt, above)?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

/// Shows the prompt of a line that comes below such lines.
fn show(prompt: &str, above: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{}", if above.is_empty() { prompt } else { MORE })?;
    out.flush()
}
