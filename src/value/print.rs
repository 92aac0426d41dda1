use std::ops::ControlFlow;

use super::{Map, Val, as_str};

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

/// The value as JSON on one line, without blanks. Unlike the `Display` of [`Val`] it takes values of
/// any depth on any stack. O(size).
pub fn text(value: &Val) -> String {
    let mut text = String::new();
    print(value, |_, piece| text.push_str(piece));
    text
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
pub fn print_while(value: &Val, mut emit: impl FnMut(Piece, &str) -> bool) -> bool {
    let wanted = |wants| if wants { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    pieces(value, &mut |piece, text| wanted(emit(piece, text))).is_continue()
}

fn pieces(value: &Val, emit: &mut impl FnMut(Piece, &str) -> ControlFlow<()>) -> ControlFlow<()> {
    enum Open<'a> {
        Array(std::slice::Iter<'a, Val>),
        Object(<&'a Map as IntoIterator>::IntoIter),
    }
    use Piece::Punctuation;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut next = Some(value);
    let mut first = true;
    loop {
        if let Some(value) = next.take() {
            match value {
                Val::Arr(items) => {
                    emit(Punctuation, "[")?;
                    open.push(Open::Array(items.iter()));
                    first = true;
                }
                Val::Obj(entries) => {
                    emit(Punctuation, "{")?;
                    open.push(Open::Object(entries.iter()));
                    first = true;
                }
                scalar => print_scalar(scalar, emit)?,
            }
        }
        let Some(inner) = open.last_mut() else { return ControlFlow::Continue(()) };
        let (item, close) = match inner {
            Open::Array(items) => (items.next().map(|item| (None, item)), "]"),
            Open::Object(entries) => (entries.next().map(|(key, item)| (Some(key), item)), "}"),
        };
        match item {
            None => {
                emit(Punctuation, close)?;
                open.pop();
            }
            Some((key, item)) => {
                if !first {
                    emit(Punctuation, ",")?;
                }
                if let Some(key) = key {
                    emit(Piece::Key, &key_text(key))?;
                    emit(Punctuation, ":")?;
                }
                next = Some(item);
            }
        }
        first = false;
    }
}

fn print_scalar(scalar: &Val, emit: &mut impl FnMut(Piece, &str) -> ControlFlow<()>) -> ControlFlow<()> {
    match scalar {
        Val::Null => emit(Piece::Null, "null"),
        Val::Bool(true) => emit(Piece::Bool, "true"),
        Val::Bool(false) => emit(Piece::Bool, "false"),
        Val::Num(number) => emit(Piece::Number, &number.to_string()),
        other => emit(Piece::String, &as_str(other).map_or_else(|| other.to_string(), quoted)),
    }
}

/// A key; in what is not JSON it may be anything.
pub(super) fn key_text(key: &Val) -> String {
    match (as_str(key), key) {
        (Some(key), _) => quoted(key),
        (None, Val::Arr(_) | Val::Obj(_)) => text(key),
        (None, _) => key.to_string(),
    }
}

/// Whether a terminal obeys a character instead of showing it: control characters, and those that turn the
/// direction of the text around them.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A string as JSON that a terminal can show.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            c if steers(c) => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[test]
    fn prints_as_the_interpreter_does() {
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
        let value = Val::obj(
            [(Val::from("\u{85}\u{9b}".to_owned()), Val::from("\u{202e}\u{2066}x\u{2069}".to_owned()))]
                .into_iter()
                .collect(),
        );
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
        let value = Val::from_iter([Val::from(f64::NAN), Val::byte_str(vec![1])]);
        assert_eq!(text(&value), value.to_string());
    }
}
