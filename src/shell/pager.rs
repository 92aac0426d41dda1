//! A pager for what is longer than the screen.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::answer::rows_of;
use super::dumb;

/// Shows text: by the pager if it has more lines than the screen, else as it is.
pub(crate) fn show(text: &str, (columns, rows): (usize, usize)) -> io::Result<()> {
    // The prompt takes one.
    let long = rows_of(text, columns) >= rows;
    if long
        && let Some(pager) = pager()
        && page(&pager, text)
    {
        return Ok(());
    }
    write!(io::stdout(), "{text}")
}

/// Returns the command line of the pager: on a dumb terminal only one that was meant for it.
fn pager() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|pager| !pager.trim().is_empty());
    let usual = || set("PAGER").unwrap_or_else(|| "less -FRX".to_owned());
    set("REJOIN_PAGER").or_else(|| (!dumb::is_dumb()).then(usual))
}

/// Tells whether a pager could be started.
fn page(pager: &str, text: &str) -> bool {
    // A pager is a command line, as in other programs.
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let Ok(mut child) = Command::new(shell).arg(flag).arg(pager).stdin(Stdio::piped()).spawn() else {
        return false;
    };
    if let Some(mut stdin) = child.stdin.take() {
        // Who leaves the pager early has seen enough.
        let _ = stdin.write_all(text.as_bytes());
    }
    // The shell says 127 when there is no such program.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}
