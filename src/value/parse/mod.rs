//! A parser of JSON texts.

mod keys;

use crate::cancellation::ask;
use arcstr::ArcStr;
use thiserror::Error;

use super::num::{MAX_DIGITS, has_too_many_digits, number_length};
use super::{Key, List, MAX_DEPTH, Map, Num, Val};
pub(super) use keys::Keys;

/// The reason why a text is not one JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The text is not JSON.
    #[error("not JSON, byte offset {at}: {problem}")]
    Syntax {
        /// The number of bytes before the culprit.
        at: usize,
        /// What is wrong there.
        problem: SyntaxError,
    },
    /// The text nests deeper than [`MAX_DEPTH`].
    #[error("nesting deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// The mistake at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// Something else should be here.
    #[error("expected {0}, found `{1}`")]
    Expected(&'static str, char),
    /// Something is missing at the end of the text.
    #[error("expected {0}, found the end")]
    Unfinished(&'static str),
    /// A number starts with zeros.
    #[error("a number with zeros in front")]
    LeadingZeros,
    /// A whole number is too long.
    #[error("a whole number of more than {MAX_DIGITS} digits")]
    TooManyDigits,
    /// A string holds a character that must be written with a backslash.
    #[error("a control character in a string")]
    ControlCharacter,
    /// A string holds half a pair of surrogates.
    #[error("a lone surrogate")]
    LoneSurrogate,
}

/// Reads one JSON value. Numbers keep their text: `1`, `1.0`, `-0`, `1e400` and integers of up to
/// [`MAX_DIGITS`] digits print as they were written. Of equal keys in an object the last value counts, in the place of the first.
/// O(length).
///
/// ```
/// let value = rejoin::value::parse(r#"{"big": 1e400, "items": [1, 1.0]}"#)?;
/// assert_eq!(value.to_string(), r#"{"big":1e400,"items":[1,1.0]}"#);
/// # Ok::<(), rejoin::value::ParseError>(())
/// ```
///
/// # Errors
/// Text that is not one JSON value; nesting deeper than [`MAX_DEPTH`].
pub fn parse(text: &str) -> Result<Val, ParseError> {
    let mut reader = Reader::new(text, 0);
    let value = reader.value()?;
    match reader.next_token() {
        None => Ok(value),
        Some(_) => Err(reader.expected("the end")),
    }
}

/// A position in a text that is read.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    keys: Keys,
    /// The last string that had escapes.
    unescaped: String,
}

/// An array or object that has begun: the first of its parts among those that wait.
enum Open {
    Array(usize),
    Object(usize),
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at, keys: Keys::default(), unescaped: String::new() }
    }

    /// Returns the number of bytes before the position.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Reads a value. Nesting costs no stack.
    fn value(&mut self) -> Result<Val, ParseError> {
        let mut open = Vec::new();
        let mut items: Vec<Val> = Vec::new();
        let mut entries: Vec<(Key, Val)> = Vec::new();
        loop {
            ask();
            let mut value = match self.next_token() {
                Some(b'"') => self.string()?.into(),
                Some(b'-' | b'0'..=b'9') => self.number()?.into(),
                Some(b'[' | b'{') if open.len() == MAX_DEPTH => return Err(ParseError::TooDeep),
                Some(b'[') => {
                    self.at += 1;
                    if self.next_token() != Some(b']') {
                        open.push(Open::Array(items.len()));
                        continue;
                    }
                    self.at += 1;
                    List::new().into()
                }
                Some(b'{') => {
                    self.at += 1;
                    if self.next_token() != Some(b'}') {
                        open.push(Open::Object(entries.len()));
                        entries.push((self.key("a key or `}`")?, Val::NULL));
                        continue;
                    }
                    self.at += 1;
                    Map::new().into()
                }
                _ => self.word()?,
            };
            // What is complete may complete what it is in.
            loop {
                match open.last() {
                    None => return Ok(value),
                    Some(&Open::Array(start)) => {
                        items.push(value);
                        match self.next_token() {
                            Some(b',') => break,
                            Some(b']') => value = items.drain(start..).collect(),
                            _ => return Err(self.expected("`,` or `]`")),
                        }
                    }
                    Some(&Open::Object(start)) => {
                        if let Some((_, waits)) = entries.last_mut() {
                            *waits = value;
                        }
                        match self.next_token() {
                            Some(b',') => {
                                self.at += 1;
                                entries.push((self.key("a key")?, Val::NULL));
                                self.at -= 1;
                                break;
                            }
                            Some(b'}') => value = entries.drain(start..).collect::<Map>().into(),
                            _ => return Err(self.expected("`,` or `}`")),
                        }
                    }
                }
                self.at += 1;
                open.pop();
            }
            self.at += 1;
        }
    }

    /// Skips blanks, and looks at the next byte.
    fn next_token(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Reads a key and its colon.
    fn key(&mut self, expected: &'static str) -> Result<Key, ParseError> {
        if self.next_token() != Some(b'"') {
            return Err(self.expected(expected));
        }
        let key = match self.plain_string() {
            Some(text) => self.keys.get(text),
            None => {
                self.escaped_string()?;
                self.keys.get(&self.unescaped)
            }
        };
        if self.next_token() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a string from its opening quote.
    pub(super) fn string(&mut self) -> Result<ArcStr, ParseError> {
        match self.plain_string() {
            Some(text) => Ok(text.into()),
            None => {
                self.escaped_string()?;
                Ok(self.unescaped.as_str().into())
            }
        }
    }

    /// Reads a string that has no escapes; stays where it is if this is another one.
    fn plain_string(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let end = start + plain_length(&self.text.as_bytes()[start..]);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(&self.text[start..end])
    }

    fn escaped_string(&mut self) -> Result<(), ParseError> {
        self.unescaped.clear();
        self.at += 1;
        loop {
            let start = self.at;
            self.at += plain_length(&self.text.as_bytes()[start..]);
            self.unescaped.push_str(&self.text[start..self.at]);
            match self.text.as_bytes().get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let c = self.escape()?;
                    self.unescaped.push(c);
                }
                Some(_) => return Err(self.error(SyntaxError::ControlCharacter)),
                None => return Err(self.expected("`\"`")),
            }
        }
    }

    /// Reads an escape from its backslash.
    fn escape(&mut self) -> Result<char, ParseError> {
        self.at += 1;
        let c = match self.text.as_bytes().get(self.at) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.expected("one of `\"\\/bfnrtu`")),
        };
        self.at += 1;
        Ok(c)
    }

    /// Reads one or two escapes of UTF-16, from the letter of the first.
    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let start = self.at - 1;
        let lone = ParseError::Syntax { at: start, problem: SyntaxError::LoneSurrogate };
        let first = self.hex()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        if first >= 0xdc00 || !self.text[self.at..].starts_with("\\u") {
            return Err(lone);
        }
        self.at += 1;
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)
    }

    /// Reads four digits behind a letter.
    fn hex(&mut self) -> Result<u32, ParseError> {
        let mut number = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.text.as_bytes().get(self.at).and_then(|byte| char::from(*byte).to_digit(16));
            number = number * 16 + digit.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        }
        self.at += 1;
        Ok(number)
    }

    fn number(&mut self) -> Result<Num, ParseError> {
        let rest = &self.text[self.at..];
        match number_length(rest.as_bytes()) {
            Ok(length) if has_too_many_digits(&rest[..length]) => Err(self.error(SyntaxError::TooManyDigits)),
            Ok(length) => {
                self.at += length;
                Ok(Num::of_json(&rest[..length]))
            }
            Err(offset) => {
                self.at += offset;
                let is_zero = rest.as_bytes().get(offset) == Some(&b'0');
                Err(if is_zero { self.error(SyntaxError::LeadingZeros) } else { self.expected("a digit") })
            }
        }
    }

    fn word(&mut self) -> Result<Val, ParseError> {
        let words = [("null", Val::NULL), ("true", true.into()), ("false", false.into())];
        let rest = &self.text[self.at..];
        match words.into_iter().find(|(word, _)| rest.starts_with(word)) {
            Some((word, value)) => {
                self.at += word.len();
                Ok(value)
            }
            None => Err(self.expected("a value")),
        }
    }

    fn expected(&self, what: &'static str) -> ParseError {
        self.error(match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) => SyntaxError::Expected(what, c),
            None => SyntaxError::Unfinished(what),
        })
    }

    fn error(&self, problem: SyntaxError) -> ParseError {
        ParseError::Syntax { at: self.at, problem }
    }
}

/// Counts the bytes at the start of a text that stand for themselves in a string.
fn plain_length(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
