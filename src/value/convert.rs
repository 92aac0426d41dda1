//! Conversions between values and the types of Rust, and short ways into values.

use std::ops::Index;

use arcstr::ArcStr;

use super::{Key, Num, Path, Step, Val, View};

/// Makes a string value.
pub fn string(text: impl Into<ArcStr>) -> Val {
    Val::from(text.into())
}

/// Makes an object from keys and values, in their order.
pub fn object<K: Into<Key>>(entries: impl IntoIterator<Item = (K, Val)>) -> Val {
    entries.into_iter().collect()
}

impl Val {
    /// Tells whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.view(), View::Null)
    }

    /// Returns the truth value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let View::Bool(value) = self.view() { Some(value) } else { None }
    }

    /// Returns a whole number that fits; `1.0` is none.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_num()?.as_i64()
    }

    /// Returns a whole number that fits; `1.0` is none.
    pub fn as_u64(&self) -> Option<u64> {
        match self.as_num()? {
            Num::Big(number) => u64::try_from(&**number).ok(),
            number => u64::try_from(number.as_i64()?).ok(),
        }
    }

    /// Returns the floating-point number that is nearest to a number; infinite for what is too large.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_num().map(Num::as_f64)
    }

    /// Returns the part at a path. O(log n) for each step.
    ///
    /// ```
    /// use rejoin::value::{Path, parse};
    ///
    /// let value = parse(r#"{"items": [{"name": "Foo"}]}"#)?;
    /// let path: Path = ".items[0].name".parse()?;
    /// assert_eq!(value.get(&path).and_then(|name| name.as_str()), Some("Foo"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, path: &Path) -> Option<&Self> {
        path.0.iter().try_fold(self, Self::step)
    }

    /// Returns the part that a step leads to.
    pub(crate) fn step(&self, step: &Step) -> Option<&Self> {
        match step {
            Step::Key(key) => self.as_map()?.get(key),
            Step::Index(index) => self.as_list()?.get(*index),
        }
    }
}

/// The value of an index that leads nowhere.
static NOTHING: Val = Val::NULL;

impl Index<&str> for Val {
    type Output = Val;

    /// Returns the value of a key; `null` if there is none, or if this is no object.
    fn index(&self, key: &str) -> &Val {
        self.as_map().and_then(|entries| entries.get(key)).unwrap_or(&NOTHING)
    }
}

impl Index<usize> for Val {
    type Output = Val;

    /// Returns the item at a position; `null` if there is none, or if this is no array.
    fn index(&self, index: usize) -> &Val {
        self.as_list().and_then(|items| items.get(index)).unwrap_or(&NOTHING)
    }
}

macro_rules! from_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Val {
            fn from(number: $number) -> Self {
                Num::from(number).into()
            }
        }
    )*};
}

from_numbers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64);

impl From<()> for Val {
    fn from((): ()) -> Self {
        Self::NULL
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        ArcStr::from(text).into()
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        ArcStr::from(text).into()
    }
}

impl From<&String> for Val {
    fn from(text: &String) -> Self {
        ArcStr::from(text.as_str()).into()
    }
}

impl From<char> for Val {
    fn from(c: char) -> Self {
        (&*c.encode_utf8(&mut [0; 4])).into()
    }
}

impl From<Key> for Val {
    fn from(key: Key) -> Self {
        key.shared_str().clone().into()
    }
}

/// `None` is `null`.
impl<T: Into<Val>> From<Option<T>> for Val {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NULL, Into::into)
    }
}

impl<T: Into<Val>> From<Vec<T>> for Val {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Val>, const N: usize> From<[T; N]> for Val {
    fn from(items: [T; N]) -> Self {
        items.into_iter().map(Into::into).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{parse, text};

    #[test]
    fn values_are_made_of_what_rust_has() {
        let rows = [
            (Val::from(()), "null"),
            (Val::from(None::<i64>), "null"),
            (Val::from(Some("a")), r#""a""#),
            (Val::from(-1i8), "-1"),
            (Val::from(u64::MAX), "18446744073709551615"),
            (Val::from(i128::MIN), "-170141183460469231731687303715884105728"),
            (Val::from(0.5f32), "0.5"),
            (Val::from(1.0), "1.0"),
            (Val::from('😀'), r#""😀""#),
            (Val::from(String::from("x")), r#""x""#),
            (Val::from(vec![1, 2]), "[1,2]"),
            (Val::from([vec!["a"], vec![]]), r#"[["a"],[]]"#),
            (object([("b", Val::from(1)), ("a", true.into()), ("b", 2.into())]), r#"{"b":2,"a":true}"#),
            (string("ü"), r#""ü""#),
        ];
        for (value, json) in rows {
            assert_eq!(text(&value), json);
        }
    }

    #[test]
    fn scalars_are_asked_for_by_kind() {
        let list = parse(r#"[null,true,1,1.0,18446744073709551615,-1,"a",1e400]"#).unwrap();
        let all = |f: &dyn Fn(&Val) -> bool| (0..8).filter(|at| f(&list[*at])).collect::<Vec<_>>();
        assert_eq!(all(&Val::is_null), [0]);
        assert_eq!(all(&|v| v.as_bool() == Some(true)), [1]);
        assert_eq!(all(&|v| v.as_i64().is_some()), [2, 5]);
        assert_eq!(all(&|v| v.as_u64().is_some()), [2, 4]);
        assert_eq!(all(&|v| v.as_f64().is_some()), [2, 3, 4, 5, 7]);
        assert_eq!(all(&|v| v.as_f64().is_some_and(f64::is_infinite)), [7]);
        assert_eq!(all(&|v| v.as_str() == Some("a")), [6]);
    }

    #[test]
    fn what_is_not_there_is_null() {
        let value = parse(r#"{"a":[{"b":1}]}"#).unwrap();
        assert_eq!(value["a"][0]["b"], 1.into());
        assert!(value["x"]["y"][3].is_null() && value[0].is_null() && value["a"]["b"].is_null());
        let get = |path: &str| value.get(&path.parse().unwrap()).map(text);
        assert_eq!(get("."), Some(text(&value)));
        assert_eq!(get(".a[0].b").as_deref(), Some("1"));
        for path in [".b", ".a[1]", ".a.b", ".[0]", ".a[0].b.c"] {
            assert_eq!(get(path), None, "{path}");
        }
    }
}
