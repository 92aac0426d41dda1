//! Errors of filters.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::ops::Range;

use super::run::limits::Cause;
use crate::value::Val;

/// The reason why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    /// What is wrong: lower case, one line, no full stop.
    pub message: String,
    /// The part of the text that is wrong, in bytes; empty at the end where something is missing.
    pub span: Range<usize>,
    /// What was probably meant.
    pub hint: Option<String>,
}

impl CompileError {
    pub(in crate::filter) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span, hint: None }
    }
}

/// The reason why a filter yields no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The filter raised an error; this is its message, shortened where it is very long.
    #[error("{0}")]
    Failed(String),
    /// The filter changes or names what is no path of its input, such as a variable; this is the message.
    #[error("{0}")]
    NotAPath(String),
    /// The filter has no output where one is wanted.
    #[error("the filter yields no value")]
    None,
    /// The filter has several outputs where one is wanted.
    #[error("the filter yields more than one value")]
    Several,
    /// The number of values differs from the number of variables of the filter.
    #[error("the filter uses {wanted} variables, but {given} values are given")]
    Variables {
        /// How many variables the filter uses.
        wanted: usize,
        /// How many values were given.
        given: usize,
    },
    /// The filter was interrupted or came to a limit.
    #[error("{0}")]
    Stopped(Cause),
    /// The filter left a label or a definition that it was not in.
    #[error("the filter stopped before its end")]
    Escaped,
    /// The interpreter has a defect that this filter met.
    #[error("the filter met a defect of the interpreter")]
    Defect,
    /// The system has no thread for a filter that is long or recursive.
    #[error("there is no room to run the filter")]
    NoRoom,
}

impl RunError {
    /// Makes an error of the one that a filter raises.
    pub(in crate::filter) fn raised(error: jaq_core::Error<Val>) -> Self {
        let mut start = Start(String::new());
        let written = write!(start, "{error}");
        // The interpreter tells its errors apart by their texts alone. What a filter raises itself is JSON, and a
        // string in it begins with a quote.
        if start.0.starts_with(NOT_A_PATH) {
            // The input may be a whole document, and it is not what is wrong.
            let end = start.0.char_indices().nth(NOT_A_PATH.len() + INPUT);
            let text = end.map(|(end, _)| format!("{}…", &start.0[..end]));
            return Self::NotAPath(text.unwrap_or(start.0));
        }
        if written.is_err() {
            // A value in it is huge when it is written out.
            return Self::Failed(elide(&start.0));
        }
        let value = error.into_val();
        Self::Failed(value.as_str().map_or_else(|| elide(&value.to_string()), elide))
    }
}

/// The text with which the interpreter begins an error of a path.
const NOT_A_PATH: &str = "invalid path expression with input ";

/// The characters that are shown of an input that has no such path.
const INPUT: usize = 60;

/// The start of a text; what is longer is an error.
struct Start(String);

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        /// Longer than any message that is shown.
        const LONGEST: usize = 1 << 20;
        self.0.push_str(text);
        if self.0.len() > LONGEST { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Characters of a long message that are kept at its start.
const HEAD: usize = 200;
/// Characters of a long message that are kept at its end, where it says what was expected.
const TAIL: usize = 60;

/// Returns `message` without its middle, if it is very long.
fn elide(message: &str) -> String {
    let mut chars = message.chars();
    let mut short: String = chars.by_ref().take(HEAD).collect();
    let mut tail = VecDeque::with_capacity(TAIL + 1);
    let mut elided = false;
    for c in chars {
        tail.push_back(c);
        if tail.len() > TAIL {
            tail.pop_front();
            elided = true;
        }
    }
    if elided {
        short.push('…');
    }
    short.extend(tail);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_lose_their_middle() {
        let fits = "ä".repeat(HEAD + TAIL);
        assert_eq!(elide(&fits), fits);
        let long = format!("cannot use {} as number", "x".repeat(100_000));
        let short = elide(&long);
        assert_eq!(short.chars().count(), HEAD + 1 + TAIL);
        assert!(short.starts_with("cannot use xxx"), "{short}");
        assert!(short.contains('…'), "{short}");
        assert!(short.ends_with("xxx as number"), "{short}");
    }
}
