//! Ways into a value.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::parse::Reader;
use super::print::quoted;
use super::{Key, ParseError, Val};

/// A way from the root of a value to a part of it; prints and reads as a jq path, `.items[2].name`.
///
/// ```
/// use rejoin::value::{Path, Step, parse};
///
/// let path: Path = r#".items[1]["two words"]"#.parse()?;
/// let steps: [Step; 3] = ["items".into(), 1.into(), "two words".into()];
/// assert_eq!(path, Path::from(steps));
///
/// let value = parse(r#"{"items": [0, {"two words": "Foo"}]}"#)?;
/// assert_eq!(path.get(&value), Some(&"Foo".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Step>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into an object.
    Key(String),
    /// Into an array, counted from 0.
    Index(usize),
}

/// The reason why a text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// Something else should be at a place.
    #[error("not a path, byte offset {at}: expected {expected}")]
    Expected {
        /// The number of bytes before the place.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A key in quotes is no string.
    #[error("a key of the path is {0}")]
    Key(#[from] ParseError),
}

impl Path {
    /// Returns the part of a value at the path, if there is one. O(log n) for each step.
    pub fn get<'v>(&self, value: &'v Val) -> Option<&'v Val> {
        value.get(self)
    }

    /// Writes ` at .items[2]` to go behind an error; nothing for the root, and not all of what is very long.
    pub(crate) fn suffix(&self) -> String {
        const LONGEST: usize = 20;
        match self.0.len() {
            0 => String::new(),
            1..=LONGEST => format!(" at {self}"),
            _ => format!(" at {}…", Self(self.0[..LONGEST].to_vec())),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.0.first(), Some(Step::Key(key)) if is_plain(key)) {
            f.write_str(".")?;
        }
        for step in &self.0 {
            match step {
                Step::Key(key) if is_plain(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[{}]", quoted(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Reads what a path prints as, and what jq takes besides: a point before a bracket or before a key in
/// quotes.
impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut at = 0;
        if !text.starts_with('.') {
            return Err(PathError::Expected { at, expected: "`.`" });
        }
        if text == "." {
            return Ok(Self(steps));
        }
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let point = usize::from(rest.starts_with('.'));
            let rest = &rest[point..];
            at += point;
            if rest.starts_with('[') {
                at += 1;
                let (step, end) = bracket(text, at)?;
                steps.push(step);
                at = end;
            } else if point == 1 && rest.starts_with('"') {
                let (key, end) = quoted_key(text, at)?;
                steps.push(key);
                at = end;
            } else {
                let length = rest.find(|c: char| !is_plain_char(c)).unwrap_or(rest.len());
                if point == 0 {
                    return Err(PathError::Expected { at, expected: "`.` or `[`" });
                }
                if !is_plain(&rest[..length]) {
                    return Err(PathError::Expected { at, expected: "a key or `[`" });
                }
                steps.push(rest[..length].into());
                at += length;
            }
        }
        Ok(Self(steps))
    }
}

/// Reads a step from behind its bracket; returns where it ends.
fn bracket(text: &str, at: usize) -> Result<(Step, usize), PathError> {
    let rest = &text[at..];
    let (step, end) = if rest.starts_with('"') {
        quoted_key(text, at)?
    } else {
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let index = rest[..length].parse::<usize>();
        let index = index.map_err(|_| PathError::Expected { at, expected: "an index or a key in quotes" })?;
        (Step::Index(index), at + length)
    };
    if text[end..].starts_with(']') {
        Ok((step, end + 1))
    } else {
        Err(PathError::Expected { at: end, expected: "`]`" })
    }
}

fn quoted_key(text: &str, at: usize) -> Result<(Step, usize), PathError> {
    let mut reader = Reader::new(text, at);
    let key = reader.string()?;
    Ok((key.as_str().into(), reader.at()))
}

/// Tells whether jq reads the key without quotes.
fn is_plain(key: &str) -> bool {
    key.chars().all(is_plain_char) && key.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

fn is_plain_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl<S: Into<Step>> FromIterator<S> for Path {
    fn from_iter<I: IntoIterator<Item = S>>(steps: I) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<Step>, const N: usize> From<[S; N]> for Path {
    fn from(steps: [S; N]) -> Self {
        steps.into_iter().collect()
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(key)
    }
}

impl From<&Key> for Step {
    fn from(key: &Key) -> Self {
        key.as_str().into()
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_and_read_as_jq() {
        let key = |k: &str| Step::Key(k.into());
        let rows = [
            (vec![], "."),
            (vec![key("a"), key("b")], ".a.b"),
            (vec![Step::Index(0), key("b")], ".[0].b"),
            (vec![key("items"), Step::Index(2)], ".items[2]"),
            (vec![key("two words"), key("x")], r#".["two words"].x"#),
            (vec![key("")], r#".[""]"#),
            (vec![key("a"), key("q\"")], r#".a["q\""]"#),
            (vec![key("a"), key("ü"), key("\u{9b}")], r#".a["ü"]["\u009b"]"#),
            (vec![key("_1"), key("1")], r#"._1["1"]"#),
        ];
        for (steps, text) in rows {
            let path = Path(steps);
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path));
        }
        for (text, same) in [(r#".a."b c".[0]"#, r#".a["b c"][0]"#), (r#".["a"]"#, ".a"), (".a.[1]", ".a[1]")]
        {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), same);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let rows = [
            ("", "not a path, byte offset 0: expected `.`"),
            ("a", "not a path, byte offset 0: expected `.`"),
            ("..", "not a path, byte offset 1: expected a key or `[`"),
            (".a.", "not a path, byte offset 3: expected a key or `[`"),
            (".1", "not a path, byte offset 1: expected a key or `[`"),
            (".a b", "not a path, byte offset 2: expected `.` or `[`"),
            (".ä", "not a path, byte offset 1: expected a key or `[`"),
            (".[]", "not a path, byte offset 2: expected an index or a key in quotes"),
            (".[-1]", "not a path, byte offset 2: expected an index or a key in quotes"),
            (".[99999999999999999999]", "not a path, byte offset 2: expected an index or a key in quotes"),
            (".[1", "not a path, byte offset 3: expected `]`"),
            (".[0]a", "not a path, byte offset 4: expected `.` or `[`"),
            (r#".a"b""#, "not a path, byte offset 2: expected `.` or `[`"),
            (r#".["a]"#, "a key of the path is not JSON, byte offset 5: expected `\"`, found the end"),
        ];
        for (text, error) in rows {
            assert_eq!(text.parse::<Path>().unwrap_err().to_string(), error, "{text}");
        }
    }
}
