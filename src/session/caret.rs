use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::CommandError;

/// Where in a text an error is, and the line with a caret under the place.
///
/// Prints as two lines:
/// ```text
/// swap origin .items += [1
///                       ^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    text: String,
    before: String,
    marked: String,
}

impl Place {
    /// Finds a span of bytes in a text.
    pub fn new(text: &str, span: &Range<usize>) -> Self {
        let start = floor(text, span.start);
        let first = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let line = text[first..].split('\n').next().unwrap_or_default();
        let end = floor(text, span.end).clamp(start, first + line.len());
        // Of a long line only the part around the place is shown.
        let (line, shown) = window(line, start - first, end - first);
        // What a terminal would take for something else than text takes one column.
        let clean =
            |part: &str| -> String { part.chars().map(|c| if c.is_control() { ' ' } else { c }).collect() };
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: text[first..start].chars().count() + 1,
            before: clean(&line[..shown.start]),
            marked: clean(&line[shown]),
            text: clean(&line),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        write!(f, "{}{}", " ".repeat(self.before.width()), "^".repeat(self.marked.width().max(1)))
    }
}

/// A line that fits a terminal of 80 columns, with what `start` and `end` mark in it (of which the end may be
/// cut off), and where that stands.
fn window(line: &str, start: usize, end: usize) -> (String, Range<usize>) {
    const WIDTH: usize = 78;
    if line.width() <= WIDTH {
        return (line.to_owned(), start..end);
    }
    let before: Vec<char> = line[..start].chars().rev().take(WIDTH / 2).collect();
    let mut shown: String = before.into_iter().rev().collect();
    if shown.len() < start {
        shown.insert(0, '…');
    }
    let place = shown.len();
    let rest = &line[start..];
    let room = WIDTH.saturating_sub(shown.width());
    let cut = rest.char_indices().nth(room).map_or(rest.len(), |(cut, _)| cut);
    shown.push_str(&rest[..cut]);
    let marked = place..shown.len().min(place + (end - start));
    if cut < rest.len() {
        shown.push('…');
    }
    (shown, marked)
}

/// The nearest boundary of a character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

impl CommandError {
    /// Where the error is in the text that was run.
    pub fn place(&self, text: &str) -> Place {
        Place::new(text, &self.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let show = |text: &str, span| Place::new(text, &span).to_string();
        assert_eq!(show("swap a .b", 5..6), "swap a .b\n     ^");
        assert_eq!(show("swap a", 6..6), "swap a\n      ^");
        assert_eq!(show("é日x y", 6..7), "é日x y\n    ^");
        assert_eq!(show("a\nbcd", 3..99), "bcd\n ^^");
        assert_eq!(show("a\tb", 2..3), "a b\n  ^");
        let long = format!("{}X{}", "a".repeat(100), "b".repeat(100));
        let shown = format!("…{}X{}…\n{}^", "a".repeat(39), "b".repeat(37), " ".repeat(40));
        assert_eq!(show(&long, 100..101), shown);
        // Of a long place the beginning is marked.
        let shown = format!("{}…\n{}", "X".repeat(78), "^".repeat(78));
        assert_eq!(show(&"X".repeat(100_000), 0..100_000), shown);
        let place = Place::new("a\nbcd", &(3..4));
        assert_eq!((place.line, place.column), (2, 2));
    }
}
