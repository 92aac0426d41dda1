//! A change of the width of the window while a line is typed.
//!
//! Terminals lay out anew what they show: a line that took two rows takes three. The line editor does not know that
//! when it draws the line again, and would leave rows of the old one there, or take rows of the answer above.

use std::cell::Cell;
use std::io::{self, Write};

use rejoin::value::width::char_columns;

use super::pasted::PROMPT;

/// The width of the window when the line was drawn last.
#[derive(Default)]
pub(crate) struct Window(Cell<Option<usize>>);

impl Window {
    /// Begins with a new line: nothing of it is drawn.
    pub(crate) fn begin(&self) {
        self.0.set(None);
    }

    /// Prepares a line to be drawn. If the window has another width than the last time, puts the cursor where the
    /// line editor takes it to be, and clears what was drawn.
    pub(crate) fn before_drawing(&self, line: &str, cursor: usize, hint: usize) {
        let Some(now) = window_columns() else { return };
        let was = self.0.replace(Some(now));
        let Some(was) = was.filter(|was| *was != now && lays_out_anew()) else { return };
        let mut out = io::stdout().lock();
        // Without it there is debris, and nothing worse.
        let _ = write!(out, "{}", correction(line, cursor, hint, was, now)).and_then(|()| out.flush());
    }
}

/// Returns what moves the cursor to the row where it would be with the old width, counted from the first row of the
/// line.
fn correction(line: &str, cursor: usize, hint: usize, was: usize, now: usize) -> String {
    let before = line.get(..cursor).unwrap_or(line);
    let (old, old_end) = (row(before, 0, was), row(line, hint, was));
    let (mut new, new_end) = (row(before, 0, now), row(line, hint, now));
    if old_end == 0 && new_end == 0 {
        return String::new();
    }
    // Behind a row that is full some terminals stay in it: rather a row of debris than one of the answer.
    if cursor == line.len() && hint == 0 && new > 0 && row(before, 0, now) > row_of_last(before, now) {
        new -= 1;
    }
    let up = |rows: usize| if rows > 0 { format!("\x1b[{rows}A") } else { String::new() };
    // Line feeds make room at the end of the screen, too.
    format!("\r{}\x1b[J{}{}", up(new), "\n".repeat(old_end), up(old_end.saturating_sub(old)))
}

/// Returns the row in which a text ends behind the prompt, with so many columns behind it; where it fills a row, the
/// next one.
fn row(text: &str, behind: usize, columns: usize) -> usize {
    let (row, column) = end(text, columns);
    row + (column + behind) / columns.max(1)
}

/// Returns the row of the last character.
fn row_of_last(text: &str, columns: usize) -> usize {
    end(text, columns).0
}

/// Returns the row in which a text ends, and behind which column.
fn end(text: &str, columns: usize) -> (usize, usize) {
    let (mut row, mut column) = (0, PROMPT.len());
    if column > columns {
        (row, column) = (column / columns.max(1), column % columns.max(1));
    }
    for c in text.chars() {
        if c == '\n' {
            (row, column) = (row + 1, 0);
            continue;
        }
        let width = char_columns(c);
        column += width;
        if column > columns {
            (row, column) = (row + 1, width);
        }
    }
    (row, column)
}

/// Tells whether the terminal lays out anew what it shows. Those that do not cut it.
fn lays_out_anew() -> bool {
    let set = |name| std::env::var_os(name).is_some();
    set("TMUX") || !(set("XTERM_VERSION") || set("STY"))
}

#[cfg(unix)]
fn window_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn window_columns() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_goes_to_the_row_where_the_editor_takes_it_to_be() {
        let text = "x".repeat(100);
        // 108 columns: 2 rows of 100, 3 of 40.
        assert_eq!(correction(&text, 100, 0, 100, 40), "\r\x1b[2A\x1b[J\n");
        assert_eq!(correction(&text, 100, 0, 40, 100), "\r\x1b[1A\x1b[J\n\n");
        // The cursor stands in the first row.
        assert_eq!(correction(&text, 10, 0, 100, 40), "\r\x1b[J\n\x1b[1A");
        // In one row before and after there is nothing to do.
        assert_eq!(correction("swap a", 6, 10, 100, 40), "");
        assert_eq!(correction("swap ", 5, 10, 100, 20), "\r\x1b[J");
        // A row that is full.
        assert_eq!(correction(&"x".repeat(32), 32, 0, 100, 40), "\r\x1b[J");
        assert_eq!(correction("ref a {\n1}", 10, 0, 100, 40), "\r\x1b[1A\x1b[J\n");
    }
}
