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
/// print as they were written. O(length).
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
        Err(at) => return Err(ParseError::Syntax(format!("byte offset {at}: a comment"))),
    }
    let value =
        jaq_json::read::parse_single(text.as_bytes()).map_err(|e| ParseError::Syntax(e.to_string()))?;
    check(&value)?;
    Ok(value)
}

/// The deepest nesting of brackets in a JSON text; `Err` is the offset of a comment, which the
/// reader below would skip and which could hide brackets from this count.
fn nesting(text: &str) -> Result<usize, usize> {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                while let Some((_, byte)) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'#' => return Err(at),
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(deepest)
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
        for text in
            ["", "{", "[1,]", "nul", "\"", "1 2", "NaN", "[Infinity]", "{1:2}", "b\"x\"", "\"\\ud800\""]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse(&"[".repeat(1_000_000)), Err(ParseError::TooDeep));
        let deepest = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(parse(&deepest).is_ok());
        // A quote in a comment would hide the brackets from the count.
        assert!(parse(&("#\"\n".to_owned() + &"[".repeat(1_000_000))).is_err());
    }
}
