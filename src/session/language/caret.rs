//! Places in a line, shown with a caret below them.

use std::fmt;
use std::ops::Range;

use crate::session::CommandError;
use crate::value::steers;
use crate::value::width::{columns, fitting};

/// The columns of a line on a terminal of 80 columns.
const WIDTH: usize = 78;

/// The place of an error in a text, and the line with a caret under the place.
///
/// Prints as two lines:
/// ```text
/// swap origin .items += [1
///                       ^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    text: String,
    before: String,
    marked: String,
}

impl Location {
    /// Finds a span of bytes in a text, for a terminal of 80 columns.
    pub fn new(text: &str, span: &Range<usize>) -> Self {
        Self::within(text, span, WIDTH)
    }

    /// Finds a span of bytes in a text, for a terminal of so many columns.
    pub fn within(text: &str, span: &Range<usize>, width: usize) -> Self {
        let start = floor(text, span.start);
        let first = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let line = text[first..].split('\n').next().unwrap_or_default();
        let end = floor(text, span.end).clamp(start, first + line.len());
        // Of a long line only the part around the place is shown.
        let (line, shown) = window(line, start - first, end - first, width);
        // What a terminal would take for something else than text takes one column.
        let clean =
            |part: &str| -> String { part.chars().map(|c| if steers(c) { ' ' } else { c }).collect() };
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: text[first..start].chars().count() + 1,
            before: clean(&line[..shown.start]),
            marked: clean(&line[shown]),
            text: clean(&line),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        write!(f, "{}{}", " ".repeat(columns(&self.before)), "^".repeat(columns(&self.marked).max(1)))
    }
}

/// Cuts a line to no more than so many columns, with what `start` and `end` mark in it (of which the end may be
/// cut off), and where that stands.
fn window(line: &str, start: usize, end: usize, width: usize) -> (String, Range<usize>) {
    if columns(line) <= width {
        return (line.to_owned(), start..end);
    }
    // A sign on either side says that there is more.
    let room = width.saturating_sub(2);
    let mut room_before = room / 2;
    // What follows up to the end may need less than its half.
    if columns(&line[start..]) < room - room / 2 {
        room_before = room - columns(&line[start..]);
    }
    let before: Vec<char> = fitting(line[..start].chars().rev(), room_before).collect();
    let mut shown: String = before.into_iter().rev().collect();
    if shown.len() < start {
        shown.insert(0, '…');
    }
    let place = shown.len();
    let rest = &line[start..];
    let room = (width - 1).saturating_sub(columns(&shown));
    let cut: usize = fitting(rest.chars(), room).map(char::len_utf8).sum();
    shown.push_str(&rest[..cut]);
    let marked = place..shown.len().min(place + (end - start));
    if cut < rest.len() {
        shown.push('…');
    }
    (shown, marked)
}

/// Returns the nearest boundary of a character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

impl CommandError {
    /// Finds where the error is in the text that was run.
    pub fn location(&self, text: &str) -> Location {
        Location::new(text, &self.span)
    }

    /// Finds where the error is, for a terminal of so many columns.
    pub fn location_within(&self, text: &str, width: usize) -> Location {
        Location::within(text, &self.span, width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let show = |text: &str, span| Location::new(text, &span).to_string();
        assert_eq!(show("swap a .b", 5..6), "swap a .b\n     ^");
        assert_eq!(show("swap a", 6..6), "swap a\n      ^");
        assert_eq!(show("é日x y", 6..7), "é日x y\n    ^");
        assert_eq!(show("a\nbcd", 3..99), "bcd\n ^^");
        assert_eq!(show("a\tb", 2..3), "a b\n  ^");
        let long = format!("{}X{}", "a".repeat(100), "b".repeat(100));
        let shown = format!("…{}X{}…\n{}^", "a".repeat(38), "b".repeat(37), " ".repeat(39));
        assert_eq!(show(&long, 100..101), shown);
        // Of a long place the beginning is marked.
        let shown = format!("{}…\n{}", "X".repeat(77), "^".repeat(77));
        assert_eq!(show(&"X".repeat(100_000), 0..100_000), shown);
        let narrow = |text: &str, span| Location::within(text, &span, 20).to_string();
        assert_eq!(narrow("a | map(. + 1) | lenght | b", 17..23), "…. + 1) | lenght | …\n          ^^^^^^");
        assert_eq!(narrow("a | map(. + 1) | lenght", 17..23), "…ap(. + 1) | lenght\n             ^^^^^^");
        assert_eq!(narrow("日本日本日本日本日本日本x", 36..37), "…日本日本日本日本x\n                 ^");
        let place = Location::new("a\nbcd", &(3..4));
        assert_eq!((place.line, place.column), (2, 2));
    }
}
