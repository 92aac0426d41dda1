//! A text that is to be read, such as that of `help`: laid out for the width at which it is shown.

use crate::value::width::{columns, fill};

/// The longest line of prose, however wide the terminal.
const WIDEST: usize = 78;
/// A column that would have less room stands below the one on its left.
const NARROWEST: usize = 24;
/// The gap between two columns, and in front of what stands below.
const GAP: usize = 2;
const BELOW: usize = 4;

/// Paragraphs, rows of two columns, and lines of code.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Each line is one of them: a row has a tab between its columns, code begins with two blanks.
    text: String,
}

impl Page {
    /// Makes a page of such a text: each line is a paragraph, a row (with a tab between its columns), or code (it
    /// begins with a blank, and goes on with a larger indent).
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Returns its lines on a terminal of so many columns. Those of 80 columns and more show the same.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let readable = width.min(WIDEST);
        let mut lines = Vec::new();
        let mut rest: Vec<&str> = self.text.lines().collect();
        while let Some(first) = rest.first() {
            if !first.contains('\t') {
                // Code keeps its lines as far as there is room.
                match indent(first) {
                    0 => lines.extend(fill(first, readable, 0)),
                    indent => lines.extend(fill(first, width, indent + GAP)),
                }
                rest.remove(0);
                continue;
            }
            let end = rest.iter().position(|line| !line.contains('\t')).unwrap_or(rest.len());
            let rows: Vec<(&str, &str)> = rest.drain(..end).filter_map(|row| row.split_once('\t')).collect();
            table(&rows, readable, &mut lines);
        }
        lines
    }
}

/// Lays out rows of two columns; on a narrow terminal the second stands below the first.
fn table(rows: &[(&str, &str)], width: usize, lines: &mut Vec<String>) {
    let column = rows.iter().map(|(head, _)| columns(head)).max().unwrap_or(0) + GAP;
    let fits = width >= column + NARROWEST;
    for (head, text) in rows {
        if fits {
            let gap = " ".repeat(column - columns(head));
            lines.extend(fill(&format!("{head}{gap}{text}"), width, column));
        } else {
            let below = indent(head) + BELOW;
            lines.extend(fill(head, width, below));
            // What is lined up in the second column is no column here.
            let parts = text.split("  ").map(str::trim).filter(|part| !part.is_empty());
            let text = parts.collect::<Vec<_>>().join("  ");
            lines.extend(fill(&format!("{}{text}", " ".repeat(below)), width, below));
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_laid_out_for_its_width() {
        let page = Page::new(
            "One two three four five six.\n\na\tthe first letter\nbc\tthe second\n  ref a [1, 2]\n",
        );
        let wide =
            ["One two three four five six.", "", "a   the first letter", "bc  the second", "  ref a [1, 2]"];
        assert_eq!(page.lines(200), wide);
        let narrow = [
            "One two three",
            "four five",
            "six.",
            "",
            "a",
            "    the first",
            "    letter",
            "bc",
            "    the",
            "    second",
            "  ref a [1,",
            "    2]",
        ];
        assert_eq!(page.lines(13), narrow);
    }

    #[test]
    fn the_second_column_goes_on_below_itself() {
        let page = Page::new("id\tone two three four five six seven eight");
        assert_eq!(page.lines(28), ["id  one two three four five", "    six seven eight"]);
    }
}
