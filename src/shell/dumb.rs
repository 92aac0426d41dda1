//! Reads commands on a terminal that can only show lines, one below the other.

use std::io::{self, Write};

use rejoin::session::Interrupt;

/// The prompt of a line that goes on.
const MORE: &str = "   ...> ";

/// Whether the terminal cannot place its cursor.
pub(crate) fn is_dumb() -> bool {
    const KINDS: [&str; 3] = ["dumb", "cons25", "emacs"];
    std::env::var("TERM").is_ok_and(|term| KINDS.contains(&term.to_ascii_lowercase().as_str()))
}

/// Reads a command, with all its lines; `None` at the end of the input. Ctrl-C drops what was typed of it:
/// the terminal the line, and this the lines above it.
pub(crate) fn read(
    prompt: &str,
    is_open: impl Fn(&str) -> bool,
    interrupt: &Interrupt,
) -> io::Result<Option<String>> {
    let mut text = String::new();
    loop {
        let mut out = io::stdout().lock();
        write!(out, "{}", if text.is_empty() { prompt } else { MORE })?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            writeln!(out)?;
            return Ok(None);
        }
        if interrupt.is_raised() {
            interrupt.clear();
            text.clear();
        }
        text.push_str(&line);
        if !is_open(&text) {
            text.truncate(text.trim_end_matches(['\n', '\r']).len());
            return Ok(Some(text));
        }
    }
}
