use thiserror::Error;

use super::{MAX_DEPTH, NotJson, Val, check};

/// Why a text is not one JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The text is not JSON.
    #[error("not JSON, {0}")]
    Syntax(String),
    /// The text nests deeper than [`MAX_DEPTH`]; found before anything is read.
    #[error("nesting deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The text reads as a value outside JSON, such as `NaN`.
    #[error("{0}")]
    NotJson(#[from] NotJson),
}

/// Reads one JSON value. Numbers keep their text: `1`, `1.0`, `1e400` and integers of any length
/// print as they were written (but `-0` reads as `0`). O(length).
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
    match nesting(text) {
        Ok(depth) if depth <= MAX_DEPTH => {}
        Ok(_) => return Err(ParseError::TooDeep),
        Err((at, what)) => return Err(ParseError::Syntax(format!("byte offset {at}: {what}"))),
    }
    let value =
        jaq_json::read::parse_single(text.as_bytes()).map_err(|e| ParseError::Syntax(e.to_string()))?;
    check(&value)?;
    Ok(value)
}

/// The deepest nesting of brackets in a JSON text. `Err` is the offset of something that the reader
/// below takes and JSON has not: a comment (which could hide brackets from this count), a number with
/// a plus or with zeros in front.
fn nesting(text: &str) -> Result<usize, (usize, &'static str)> {
    let bytes = text.as_bytes();
    let (mut depth, mut deepest) = (0usize, 0);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'#' => return Err((at, "a comment")),
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'0'..=b'9' | b'+' | b'-' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                if !is_number(&bytes[at..at + length]) {
                    return Err((at, "not a number of JSON"));
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(deepest)
}

/// Whether a text is a number as JSON writes them.
pub(crate) fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        for text in ["1", "1.0", "-2.50", "1e400", "1E+5", "1234567890123456789012345678901234567890"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn hostile_text_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "nul",
            "\"",
            "1 2",
            "NaN",
            "[Infinity]",
            "{1:2}",
            "b\"x\"",
            "\"\\ud800\"",
            "01",
            "00.5",
            "-01",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "--1",
            "1-2",
            "\"\\",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse(&"[".repeat(1_000_000)), Err(ParseError::TooDeep));
        let deepest = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(parse(&deepest).is_ok());
        // A quote in a comment would hide the brackets from the count.
        assert!(parse(&("#\"\n".to_owned() + &"[".repeat(1_000_000))).is_err());
    }
}
