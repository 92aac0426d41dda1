//! Narration, laid out as prose.

use crate::script::Item;
use crate::value::width::fill;

/// A piece of narration, as one reads it aloud: without the marks that make it a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paragraph {
    /// A heading of Markdown.
    Heading(String),
    /// Text, on one line however long.
    Text(String),
    /// Lines that stay as they are: indented ones, tables, code.
    Verbatim(Vec<String>),
}

impl Paragraph {
    /// Returns the paragraph in lines of at most `width` columns, but for words that are longer.
    pub fn lines(&self, width: usize) -> Vec<String> {
        match self {
            Self::Verbatim(lines) => lines.clone(),
            Self::Heading(text) | Self::Text(text) => {
                let words: Vec<&str> = text.split_whitespace().collect();
                fill(&words.join(" "), width, 0)
            }
        }
    }
}

/// Returns the paragraphs of the narration in a piece of a session file.
pub fn prose<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Paragraph> {
    let mut reader = Reader::default();
    for item in items {
        match item {
            Item::Narration(text) => {
                // In a block quote its marks come first.
                let text = text.trim_start_matches([' ', '\t', '>']).trim().trim_start_matches('#');
                reader.line(text.strip_prefix(' ').unwrap_or(text));
            }
            Item::Prose(text) => reader.markdown(text),
            Item::Fence { .. } | Item::Step(_) => reader.paragraph = None,
        }
    }
    reader.paragraphs
}

#[derive(Default)]
struct Reader {
    paragraphs: Vec<Paragraph>,
    /// What the next line goes on with.
    paragraph: Option<Kind>,
    in_code: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Verbatim,
}

impl Reader {
    fn markdown(&mut self, line: &str) {
        let mut line = line;
        // What a block quote says is said without its marks.
        while let Some(inside) = line.trim_start().strip_prefix('>') {
            line = inside.strip_prefix(' ').unwrap_or(inside);
        }
        let trimmed = line.trim();
        if ["```", "~~~"].iter().any(|fence| trimmed.starts_with(fence)) {
            self.in_code = !self.in_code;
            self.paragraph = None;
        } else if self.in_code || trimmed.starts_with('|') {
            self.verbatim(line);
        } else if let Some(heading) = heading(trimmed) {
            self.paragraphs.push(Paragraph::Heading(heading.to_owned()));
            self.paragraph = None;
        } else {
            self.line(line);
        }
    }

    /// Reads a line of prose. What is indented and goes on with nothing stays as it is.
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        let is_indented = line.starts_with("  ") && self.paragraph != Some(Kind::Text);
        match self.paragraphs.last_mut() {
            _ if trimmed.is_empty() => self.paragraph = None,
            _ if is_indented => self.verbatim(line),
            Some(Paragraph::Text(text)) if self.paragraph == Some(Kind::Text) && !is_bullet(trimmed) => {
                text.push(' ');
                text.push_str(trimmed);
            }
            _ => {
                self.paragraphs.push(Paragraph::Text(trimmed.to_owned()));
                self.paragraph = Some(Kind::Text);
            }
        }
    }

    fn verbatim(&mut self, line: &str) {
        match self.paragraphs.last_mut() {
            Some(Paragraph::Verbatim(lines)) if self.paragraph == Some(Kind::Verbatim) => {
                lines.push(line.trim_end().to_owned());
            }
            _ => {
                self.paragraphs.push(Paragraph::Verbatim(vec![line.trim_end().to_owned()]));
                self.paragraph = Some(Kind::Verbatim);
            }
        }
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len() && text.starts_with(' ')).then(|| text.trim())
}

/// Tells whether a line starts an item of a list.
fn is_bullet(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    ["- ", "* "].iter().any(|bullet| line.starts_with(bullet))
        || (number.len() < line.len() && number.starts_with(". "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;

    fn text(text: &str) -> Paragraph {
        Paragraph::Text(text.to_owned())
    }

    #[test]
    fn comments_become_paragraphs() {
        let script = Script::parse(
            "# One\n#two.\n#\n# Three:\n#\n#     a  b\n#     c\n\n# - x\n#   y\n# - z\nref a 1\n",
        );
        let verbatim = Paragraph::Verbatim(vec!["    a  b".into(), "    c".into()]);
        let expected = [text("One two."), text("Three:"), verbatim, text("- x y"), text("- z")];
        assert_eq!(prose(&script.items), expected);
    }

    #[test]
    fn markdown_becomes_paragraphs() {
        let file = "# Title\nSome\ntext.\n\n| a | b |\n| - | - |\n```sh\nls  -l\n```\n1. x\n2. y\n```rejoin\n# More\nref a 1\n```\nEnd.\n";
        let expected = [
            Paragraph::Heading("Title".into()),
            text("Some text."),
            Paragraph::Verbatim(vec!["| a | b |".into(), "| - | - |".into()]),
            Paragraph::Verbatim(vec!["ls  -l".into()]),
            text("1. x"),
            text("2. y"),
            text("More"),
            text("End."),
        ];
        assert_eq!(prose(&Script::parse_markdown(file).items), expected);
    }

    #[test]
    fn paragraphs_fit_the_width() {
        let lines = text("one two three fourteenletters five").lines(9);
        assert_eq!(lines, ["one two", "three", "fourteenletters", "five"]);
        assert_eq!(text("日本 日本").lines(8), ["日本", "日本"]);
    }
}
