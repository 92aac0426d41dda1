//! A printer of values as JSON.

use crate::cancellation::ask;
use std::fmt;
use std::ops::ControlFlow;

use super::{Key, List, Map, Num, Val, View};

/// A piece of printed JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// A key of an object, in quotes.
    Key,
    /// A string, in quotes.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
    /// A bracket, comma or colon.
    Punctuation,
}

/// Prints a value as JSON on one line, without blanks; takes values of any depth on any stack. O(size).
///
/// `Display` gives the same.
pub fn text(value: &Val) -> String {
    let mut text = String::new();
    // A string takes all that is written.
    let _ = walk(value, List::iter, Map::iter, &mut Writer(&mut text));
    text
}

/// Prints a value as JSON on several lines: each item and each entry on one of its own, two blanks deeper than what it is in.
/// O(size), and depth blanks a line.
///
/// ```
/// use rejoin::value::{parse, pretty};
/// assert_eq!(pretty(&parse(r#"{"a": [1], "b": {}}"#)?), "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
/// # Ok::<(), rejoin::value::ParseError>(())
/// ```
pub fn pretty(value: &Val) -> String {
    let mut pretty = String::new();
    let mut depth = 0;
    let mut has_opened = false;
    let line = |pretty: &mut String, depth: usize| {
        pretty.push('\n');
        pretty.extend(std::iter::repeat_n("  ", depth));
    };
    print(value, |piece, text| {
        let closes = piece == Piece::Punctuation && matches!(text, "]" | "}");
        depth -= usize::from(closes);
        // What is empty stays together.
        if has_opened != closes {
            line(&mut pretty, depth);
        }
        has_opened = false;
        pretty.push_str(text);
        match (piece, text) {
            (Piece::Punctuation, "[" | "{") => {
                has_opened = true;
                depth += 1;
            }
            (Piece::Punctuation, ",") => line(&mut pretty, depth),
            (Piece::Punctuation, ":") => pretty.push(' '),
            _ => {}
        }
    });
    pretty
}

/// Prints a value as [`text`] does, piece by piece.
pub fn print(value: &Val, mut emit: impl FnMut(Piece, &str)) {
    print_while(value, |piece, text| {
        emit(piece, text);
        true
    });
}

/// Prints a value as [`print()`] does, up to the first piece that `emit` does not want; tells whether it
/// wanted all of them. Costs what it prints.
pub fn print_while(value: &Val, emit: impl FnMut(Piece, &str) -> bool) -> bool {
    let mut pieces = Pieces { emit, buffer: String::new() };
    walk(value, List::iter, Map::iter, &mut pieces).is_continue()
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match walk(self, List::iter, Map::iter, &mut Writer(f)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(fmt::Error),
        }
    }
}

/// The receiver of the pieces of a value.
trait Sink {
    fn piece(&mut self, piece: Piece, text: &str) -> ControlFlow<()>;

    /// Returns a string or a key, which is put in quotes.
    fn quoted(&mut self, piece: Piece, text: &str) -> ControlFlow<()>;

    fn number(&mut self, number: &Num) -> ControlFlow<()>;
}

/// A writer that takes the text alone.
struct Writer<'w, W>(&'w mut W);

impl<W: fmt::Write> Sink for Writer<'_, W> {
    fn piece(&mut self, _: Piece, text: &str) -> ControlFlow<()> {
        flow(self.0.write_str(text))
    }

    fn quoted(&mut self, _: Piece, text: &str) -> ControlFlow<()> {
        flow(write_quoted(self.0, text))
    }

    fn number(&mut self, number: &Num) -> ControlFlow<()> {
        flow(match number {
            Num::Int(number) => write_int(self.0, *number),
            number => write!(self.0, "{number}"),
        })
    }
}

/// A writer that hands each piece to a function, as one string.
struct Pieces<F> {
    emit: F,
    buffer: String,
}

impl<F: FnMut(Piece, &str) -> bool> Pieces<F> {
    fn whole(&mut self, piece: Piece, write: impl FnOnce(&mut String) -> fmt::Result) -> ControlFlow<()> {
        self.buffer.clear();
        flow(write(&mut self.buffer))?;
        if (self.emit)(piece, &self.buffer) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

impl<F: FnMut(Piece, &str) -> bool> Sink for Pieces<F> {
    fn piece(&mut self, piece: Piece, text: &str) -> ControlFlow<()> {
        if (self.emit)(piece, text) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn quoted(&mut self, piece: Piece, text: &str) -> ControlFlow<()> {
        self.whole(piece, |buffer| write_quoted(buffer, text))
    }

    fn number(&mut self, number: &Num) -> ControlFlow<()> {
        self.whole(Piece::Number, |buffer| fmt::Write::write_fmt(buffer, format_args!("{number}")))
    }
}

fn flow(written: fmt::Result) -> ControlFlow<()> {
    written.map_or(ControlFlow::Break(()), ControlFlow::Continue)
}

/// An array or object that is being printed.
enum Open<L, M> {
    Array(L),
    Object(M),
}

/// Prints a value without recursion. The iterators of lists and maps have no names, so they come from the
/// caller.
fn walk<'v, L, M>(
    value: &'v Val,
    list: impl Fn(&'v List) -> L,
    map: impl Fn(&'v Map) -> M,
    sink: &mut impl Sink,
) -> ControlFlow<()>
where
    L: Iterator<Item = &'v Val>,
    M: Iterator<Item = (&'v Key, &'v Val)>,
{
    use Piece::Punctuation;
    let mut open: Vec<Open<L, M>> = Vec::new();
    let mut next = Some(value);
    let mut first = true;
    loop {
        if let Some(value) = next.take() {
            ask();
            match value.view() {
                View::Null => sink.piece(Piece::Null, "null")?,
                View::Bool(value) => sink.piece(Piece::Bool, if value { "true" } else { "false" })?,
                View::Num(number) => sink.number(number)?,
                View::Str(text) => sink.quoted(Piece::String, text)?,
                View::Arr(items) => {
                    sink.piece(Punctuation, "[")?;
                    open.push(Open::Array(list(items)));
                    first = true;
                }
                View::Obj(entries) => {
                    sink.piece(Punctuation, "{")?;
                    open.push(Open::Object(map(entries)));
                    first = true;
                }
            }
        }
        let (item, close) = match open.last_mut() {
            None => return ControlFlow::Continue(()),
            Some(Open::Array(items)) => (items.next().map(|item| (None, item)), "]"),
            Some(Open::Object(entries)) => (entries.next().map(|(key, item)| (Some(key), item)), "}"),
        };
        match item {
            None => {
                sink.piece(Punctuation, close)?;
                open.pop();
            }
            Some((key, item)) => {
                if !first {
                    sink.piece(Punctuation, ",")?;
                }
                if let Some(key) = key {
                    sink.quoted(Piece::Key, key)?;
                    sink.piece(Punctuation, ":")?;
                }
                next = Some(item);
            }
        }
        first = false;
    }
}

/// Writes a whole number, in a fraction of the time that the formatter of the standard library takes.
fn write_int(to: &mut impl fmt::Write, number: i64) -> fmt::Result {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    to.write_str(std::str::from_utf8(&digits[start..]).map_err(|_| fmt::Error)?)
}

/// Tells whether a terminal obeys a character instead of showing it: control characters, and those that turn the
/// direction of the text around them.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a text without what would leave its line or steer a terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Prints a string as JSON that a terminal can show.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    // A string takes all that is written.
    let _ = write_quoted(&mut quoted, text);
    quoted
}

fn write_quoted(to: &mut impl fmt::Write, text: &str) -> fmt::Result {
    to.write_char('"')?;
    let mut rest = text;
    while let Some((at, c)) = first_escaped(rest) {
        to.write_str(&rest[..at])?;
        match c {
            '"' => to.write_str("\\\"")?,
            '\\' => to.write_str("\\\\")?,
            '\n' => to.write_str("\\n")?,
            '\r' => to.write_str("\\r")?,
            '\t' => to.write_str("\\t")?,
            '\u{8}' => to.write_str("\\b")?,
            '\u{c}' => to.write_str("\\f")?,
            c => write!(to, "\\u{:04x}", u32::from(c))?,
        }
        rest = &rest[at + c.len_utf8()..];
    }
    to.write_str(rest)?;
    to.write_char('"')
}

/// Finds the first character that does not stand for itself; returns the number of bytes before it too.
fn first_escaped(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        // The other control characters and those that turn text begin with one of two bytes.
        let suspect = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f | 0xc2 | 0xe2);
        let at = from + bytes[from..].iter().position(suspect)?;
        let c = text[at..].chars().next()?;
        if matches!(c, '"' | '\\') || steers(c) {
            return Some((at, c));
        }
        from = at + c.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{object, parse};

    #[test]
    fn prints_what_was_read() {
        let rows = [
            "[]",
            "{}",
            "[[],{}]",
            r#"{"a":[1,{"b":null,"c":[true,false]}],"d":1.50,"e":"x"}"#,
            "[[[1],2],3]",
            r#""\" \\ \n \r \t \b \f \u0001 \u007f ü 日 😀""#,
            "1e400",
        ];
        for json in rows {
            let value = parse(json).unwrap();
            assert_eq!(text(&value), value.to_string());
            assert_eq!(text(&value), json);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let value = object([("\u{85}\u{9b}", Val::from("\u{202e}\u{2066}x\u{2069}"))]);
        assert_eq!(text(&value), r#"{"\u0085\u009b":"\u202e\u2066x\u2069"}"#);
        assert_eq!(parse(&text(&value)).unwrap(), value);
    }

    #[test]
    fn ends_with_the_first_piece_that_is_not_wanted() {
        let value = parse(r#"{"a":[1,{"b":null}],"d":"x"}"#).unwrap();
        let all = text(&value);
        for pieces in 0..16 {
            let (mut shown, mut left) = (String::new(), pieces);
            let wanted = print_while(&value, |_, piece| {
                left -= 1;
                shown.push_str(piece);
                left >= 0
            });
            assert!(all.starts_with(&shown), "{shown}");
            assert!(!wanted && left == -1, "{pieces}");
        }
        assert!(print_while(&value, |_, _| true));
    }

    #[test]
    fn prints_what_is_not_json() {
        let value = Val::from_iter([Val::from(f64::NAN), Val::from(f64::NEG_INFINITY)]);
        assert_eq!(text(&value), "[NaN,-Infinity]");
        assert_eq!(value.to_string(), text(&value));
    }

    #[test]
    fn depth_is_no_matter() {
        let deep = (0..100_000).fold(Val::NULL, |inner, _| Val::from_iter([inner]));
        assert_eq!(text(&deep).len(), 200_004);
        assert_eq!(deep.to_string().len(), 200_004);
        crate::value::dismantle(deep);
    }
}
