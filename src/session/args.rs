//! The words of a line, and where they stand.

use std::ops::Range;

use super::error::{CommandError, ErrorKind};
use super::names::name_length;
use super::table::{self, Command};

/// The rest of a line, from left to right.
#[derive(Debug, Clone)]
pub(super) struct Args<'a> {
    line: &'a str,
    at: usize,
}

/// A piece of the line.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

impl<'a> Args<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        let mut args = Self { line, at: 0 };
        args.skip_blanks();
        args
    }

    /// Whether nothing is left but a comment.
    pub(super) fn is_empty(&self) -> bool {
        self.rest_text().is_empty() || self.rest_text().starts_with('#')
    }

    fn rest_text(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest_text();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, length: usize) -> Word<'a> {
        let span = self.at..self.at + length;
        self.at += length;
        self.skip_blanks();
        Word { text: &self.line[span.clone()], span }
    }

    /// Takes the command, if the line starts with one that stands alone (`log`, not `log.x`).
    pub(super) fn command(&mut self) -> Option<&'static Command> {
        let length = name_length(self.rest_text());
        let ends = self.rest_text()[length..].chars().next().is_none_or(char::is_whitespace);
        let command = table::find(&self.rest_text()[..length]).filter(|_| ends)?;
        self.take(length);
        Some(command)
    }

    /// Takes a word: up to the next blank.
    pub(super) fn word(&mut self, what: &'static str) -> Result<Word<'a>, CommandError> {
        match self.optional_word() {
            Some(word) => Ok(word),
            None => Err(self.missing(what)),
        }
    }

    pub(super) fn optional_word(&mut self) -> Option<Word<'a>> {
        if self.is_empty() {
            return None;
        }
        let rest = self.rest_text();
        Some(self.take(rest.find(char::is_whitespace).unwrap_or(rest.len())))
    }

    /// Takes the word `as` and a name, if the line goes on.
    pub(super) fn optional_as(&mut self) -> Result<Option<Word<'a>>, CommandError> {
        let Some(word) = self.optional_word() else { return Ok(None) };
        if word.text == "as" {
            return self.word("a name").map(Some);
        }
        let kind = ErrorKind::Expected { wanted: "`as NAME`", found: word.text.to_owned() };
        Err(CommandError::new(kind, word.span).with_hint(self.usage()))
    }

    /// The error of a line that ends where `as NAME` must stand.
    pub(super) fn missing_as(&self) -> CommandError {
        self.missing("`as NAME`")
    }

    /// Takes one VALUE that is not the last: up to a blank outside brackets and quotes.
    pub(super) fn value(&mut self, what: &'static str) -> Result<Word<'a>, CommandError> {
        self.optional_value().ok_or_else(|| self.missing(what))
    }

    pub(super) fn optional_value(&mut self) -> Option<Word<'a>> {
        if self.is_empty() {
            return None;
        }
        Some(self.take(value_length(self.rest_text())))
    }

    /// Takes the rest of the line, which must not be empty.
    pub(super) fn rest(&mut self, what: &'static str) -> Result<Word<'a>, CommandError> {
        self.optional_rest().ok_or_else(|| self.missing(what))
    }

    pub(super) fn optional_rest(&mut self) -> Option<Word<'a>> {
        if self.is_empty() {
            return None;
        }
        let length = self.rest_text().trim_end().len();
        Some(self.take(length))
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), CommandError> {
        match self.optional_rest() {
            None => Ok(()),
            Some(rest) => {
                let error = CommandError::new(ErrorKind::TooMuch(rest.text.to_owned()), rest.span);
                let hint = match rest.text.starts_with('|') {
                    true => Some("the answer of a command is `$_` in the next line".to_owned()),
                    false => self.usage(),
                };
                Err(error.with_hint(hint))
            }
        }
    }

    fn missing(&self, what: &'static str) -> CommandError {
        let end = self.line.trim_end().len();
        CommandError::new(ErrorKind::Missing(what), end..end).with_hint(self.usage())
    }

    /// How the command of the line is used.
    fn usage(&self) -> Option<String> {
        Self::new(self.line).command().map(|command| format!("usage: {}", command.usage()))
    }
}

/// The length of the first VALUE in a text: up to a blank outside brackets and quotes.
fn value_length(text: &str) -> usize {
    // What closes what is open; inside a string only `"` and `\(` count.
    let mut open = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, open.last()) {
            ('\\', Some('"')) => {
                if let Some((_, '(')) = chars.next() {
                    open.push(')');
                }
            }
            ('"', Some('"')) => drop(open.pop()),
            (_, Some('"')) => {}
            ('"', _) => open.push('"'),
            ('(', _) => open.push(')'),
            ('[', _) => open.push(']'),
            ('{', _) => open.push('}'),
            (c, Some(close)) if c == *close => drop(open.pop()),
            (c, None) if c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_a_blank_outside_brackets_and_quotes() {
        let rows = [
            ("1 2", "1"),
            (r#"{"a": [1, "}"]} {"a": 2}"#, r#"{"a": [1, "}"]}"#),
            (r#""two words" 3"#, r#""two words""#),
            (r#""a \" b" c"#, r#""a \" b""#),
            (r#""a \("x y" | length) b" c"#, r#""a \("x y" | length) b""#),
            ("(1 + 2) 3", "(1 + 2)"),
            ("[1, 2", "[1, 2"),
            (") x", ")"),
        ];
        for (text, value) in rows {
            assert_eq!(&text[..value_length(text)], value, "{text}");
        }
    }
}
