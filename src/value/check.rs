use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::{MAX_DEPTH, Num, Path, Step, Val, is_number};

/// A value that is not JSON, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}{}", .path.suffix())]
pub struct NotJson {
    /// Where the culprit stands.
    pub path: Path,
    /// What is wrong with it.
    pub reason: NotJsonReason,
}

/// Why a value is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotJsonReason {
    /// NaN or an infinity.
    NotFinite,
    /// A number whose text JSON does not have, such as `00.5`.
    Number,
    /// A byte string.
    Bytes,
    /// A string that is not valid UTF-8.
    NotUtf8,
    /// An object key that is not a string.
    Key,
    /// Nesting deeper than [`MAX_DEPTH`].
    TooDeep,
}

impl fmt::Display for NotJsonReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite => f.write_str("a number that is not finite"),
            Self::Number => f.write_str("a number with zeros in front"),
            Self::Bytes => f.write_str("a byte string"),
            Self::NotUtf8 => f.write_str("a string that is not valid UTF-8"),
            Self::Key => f.write_str("an object key that is not a string"),
            Self::TooDeep => write!(f, "nesting deeper than {MAX_DEPTH} levels"),
        }
    }
}

/// Checks that a value is JSON: finite numbers, UTF-8 strings, string keys, at most [`MAX_DEPTH`]
/// levels. O(size).
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
    match value {
        Val::Arr(_) | Val::Obj(_) if depth >= MAX_DEPTH => Err((Vec::new(), NotJsonReason::TooDeep)),
        Val::Arr(items) => (items.iter().enumerate())
            .try_for_each(|(i, item)| check_below(item, depth + 1).map_err(inside(Step::Index(i)))),
        Val::Obj(entries) => entries.iter().try_for_each(|(key, item)| {
            check_key(key).map_err(|reason| (Vec::new(), reason))?;
            check_below(item, depth + 1).map_err(|e| inside(Step::key(key))(e))
        }),
        _ => check_scalar(value).map_err(|reason| (Vec::new(), reason)),
    }
}

/// Checks a value that is neither array nor object.
pub(crate) fn check_scalar(value: &Val) -> Result<(), NotJsonReason> {
    match value {
        Val::Num(Num::Float(x)) if !x.is_finite() => Err(NotJsonReason::NotFinite),
        Val::Num(Num::Dec(text)) if !is_number(text.as_bytes()) => Err(NotJsonReason::Number),
        Val::BStr(_) => Err(NotJsonReason::Bytes),
        Val::TStr(bytes) if std::str::from_utf8(bytes).is_err() => Err(NotJsonReason::NotUtf8),
        _ => Ok(()),
    }
}

/// Checks a key of an object.
pub(crate) fn check_key(key: &Val) -> Result<(), NotJsonReason> {
    match key {
        Val::TStr(_) => check_scalar(key),
        _ => Err(NotJsonReason::Key),
    }
}

/// Drops a value of any depth without recursion: a filter can build one that is too deep to be
/// dropped the usual way.
pub(crate) fn dismantle(value: Val) {
    let mut rest = Vec::new();
    let mut next = Some(value);
    while let Some(value) = next {
        match value {
            Val::Arr(items) => rest.extend(Arc::into_inner(items).into_iter().flatten()),
            Val::Obj(entries) => {
                rest.extend(Arc::into_inner(entries).into_iter().flat_map(|entries| entries.into_values()));
            }
            _ => {}
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
        let nan = object([("a", Val::from_iter([Val::Null, Val::from(f64::NAN)]))]);
        assert_eq!(check(&nan).unwrap_err().to_string(), "a number that is not finite at .a[1]");
        let bytes = Val::from_iter([Val::byte_str(vec![255])]);
        assert_eq!(check(&bytes).unwrap_err().to_string(), "a byte string at .[0]");
        let key = Val::obj([(Val::from(1usize), Val::Null)].into_iter().collect());
        assert_eq!(check(&key).unwrap_err().to_string(), "an object key that is not a string");
        let text = object([("a", Val::utf8_str(vec![0xff]))]);
        assert_eq!(check(&text).unwrap_err().to_string(), "a string that is not valid UTF-8 at .a");
    }

    #[test]
    fn depth_has_a_limit_and_deep_values_can_be_dropped() {
        let nested = |levels| (0..levels).fold(Val::Null, |inner, _| Val::from_iter([inner]));
        assert!(check(&nested(MAX_DEPTH)).is_ok());
        let deep = nested(MAX_DEPTH + 1);
        assert_eq!(check(&deep).unwrap_err().reason, NotJsonReason::TooDeep);
        dismantle(nested(1_000_000));
    }
}
