//! The check of what may be stored: JSON, and no deeper than [`MAX_DEPTH`].

use std::fmt;

use thiserror::Error;

use super::num::number_length;
use super::{MAX_DEPTH, MAX_DIGITS, Num, Path, Step, Val, View};

/// A value that is not JSON, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}{}", .path.suffix())]
pub struct NotJson {
    /// Where the culprit stands.
    pub path: Path,
    /// What is wrong with it.
    pub reason: NotJsonReason,
}

/// The reason why a value is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotJsonReason {
    /// NaN or an infinity.
    NotFinite,
    /// A number that was built from a text that JSON does not have, such as `00.5`.
    Number,
    /// A number that the other type has not; only [`to_serde`](super::to_serde) minds.
    TooLarge,
    /// Nesting deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A whole number of more than [`MAX_DIGITS`] digits.
    TooManyDigits,
}

impl fmt::Display for NotJsonReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite => f.write_str("a number that is not finite"),
            Self::Number => f.write_str("a number that JSON does not have"),
            Self::TooLarge => f.write_str("a number that is too large for a float"),
            Self::TooManyDigits => write!(f, "a whole number of more than {MAX_DIGITS} digits"),
            Self::TooDeep => write!(f, "nesting deeper than {MAX_DEPTH} levels"),
        }
    }
}

/// Checks that a value is JSON: finite numbers, at most [`MAX_DEPTH`] levels. O(size).
///
/// # Errors
/// The first part that is not, with its path.
pub fn check(value: &Val) -> Result<(), NotJson> {
    check_below(value, 0).map_err(|(mut steps, reason)| {
        steps.reverse();
        NotJson { path: Path(steps), reason }
    })
}

/// Checks a value that stands `depth` levels below the root; the steps to the culprit come back
/// innermost first.
pub(crate) fn check_below(value: &Val, depth: usize) -> Result<(), (Vec<Step>, NotJsonReason)> {
    let inside = |step: Step| {
        move |(mut steps, reason): (Vec<Step>, NotJsonReason)| {
            steps.push(step);
            (steps, reason)
        }
    };
    match value.view() {
        View::Arr(_) | View::Obj(_) if depth >= MAX_DEPTH => Err((Vec::new(), NotJsonReason::TooDeep)),
        View::Arr(items) => (items.iter().enumerate())
            .try_for_each(|(i, item)| check_below(item, depth + 1).map_err(inside(Step::Index(i)))),
        View::Obj(entries) => entries
            .iter()
            .try_for_each(|(key, item)| check_below(item, depth + 1).map_err(|e| inside(key.into())(e))),
        _ => check_scalar(value).map_err(|reason| (Vec::new(), reason)),
    }
}

/// Checks a value that is neither array nor object.
pub(crate) fn check_scalar(value: &Val) -> Result<(), NotJsonReason> {
    match value.as_num() {
        Some(number) if !number.is_finite() => Err(NotJsonReason::NotFinite),
        Some(Num::Dec(text)) if number_length(text.as_bytes()) != Ok(text.len()) => {
            Err(NotJsonReason::Number)
        }
        Some(number) if number.has_too_many_digits() => Err(NotJsonReason::TooManyDigits),
        _ => Ok(()),
    }
}

/// Drops a value of any depth without recursion: a filter can build one that is too deep to be
/// dropped the usual way.
pub(crate) fn dismantle(value: Val) {
    // Of what is no deeper nothing can go wrong.
    let is_deep = |value: &Val| value.levels() as usize > MAX_DEPTH;
    let mut rest = Vec::new();
    let mut next = Some(value);
    while let Some(value) = next {
        if is_deep(&value) {
            match value.into_list().map_err(Val::into_map) {
                Ok(items) => items.take_apart(&mut rest),
                Err(Ok(entries)) => entries.take_apart(&mut rest),
                Err(Err(_)) => {}
            }
        }
        next = rest.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::object;

    #[test]
    fn what_is_not_json_is_named_with_its_path() {
        let nan = object([("a", Val::from_iter([Val::NULL, Val::from(f64::NAN)]))]);
        assert_eq!(check(&nan).unwrap_err().to_string(), "a number that is not finite at .a[1]");
        let infinite = Val::from_iter([Val::from(f64::NEG_INFINITY)]);
        assert_eq!(check(&infinite).unwrap_err().to_string(), "a number that is not finite at .[0]");
        let text = object([("two words", Val::from(Num::Dec("00.5".into())))]);
        let error = check(&text).unwrap_err().to_string();
        assert_eq!(error, r#"a number that JSON does not have at .["two words"]"#);
        assert_eq!(check(&Val::from(Num::Dec("1e400".into()))), Ok(()));
    }

    #[test]
    fn depth_has_a_limit_and_deep_values_can_be_dropped() {
        let nested = |levels| (0..levels).fold(Val::NULL, |inner, _| Val::from_iter([inner]));
        assert!(check(&nested(MAX_DEPTH)).is_ok());
        let deep = nested(MAX_DEPTH + 1);
        assert_eq!(check(&deep).unwrap_err().reason, NotJsonReason::TooDeep);
        dismantle(nested(1_000_000));
        let nested = |levels| (0..levels).fold(Val::NULL, |inner, _| object([("a", inner)]));
        dismantle(nested(1_000_000));
    }
}
