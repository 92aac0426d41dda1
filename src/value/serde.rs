//! Values in the data of other programs: `serde`, and the JSON type of `serde_json`.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::parse::Keys;
use super::{Key, MAX_DEPTH, Map, NotJson, NotJsonReason, Num, Path, Step, Val, View, check, object};

/// Converts from the JSON type of `serde_json`. What that reads from a text has the digits that it keeps:
/// integers beyond 64 bits and all fractions are floats there (but for its feature `arbitrary_precision`).
/// [`parse`] keeps all digits. O(size).
///
/// # Errors
/// Nesting deeper than [`MAX_DEPTH`].
///
/// [`parse`]: super::parse()
pub fn from_serde(value: &Value) -> Result<Val, NotJson> {
    convert(value, 0).map_err(|steps| not_json(steps, NotJsonReason::TooDeep))
}

/// Converts a value that stands `depth` levels below the root; `Err` are the steps to what is too deep,
/// innermost first.
fn convert(value: &Value, depth: usize) -> Result<Val, Vec<Step>> {
    match value {
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => Err(Vec::new()),
        Value::Null => Ok(Val::NULL),
        Value::Bool(value) => Ok((*value).into()),
        Value::Number(number) => Ok(from_number(number).into()),
        Value::String(text) => Ok(text.into()),
        // Loops, for iterators that collect take more stack.
        Value::Array(items) => {
            let mut converted = Vec::with_capacity(items.len());
            for (i, item) in items.iter().enumerate() {
                converted.push(convert(item, depth + 1).map_err(below(i))?);
            }
            Ok(converted.into())
        }
        Value::Object(entries) => {
            let mut converted = Vec::with_capacity(entries.len());
            for (key, item) in entries {
                let item = convert(item, depth + 1).map_err(below(key.as_str()))?;
                converted.push((Key::from(key.as_str()), item));
            }
            Ok(object(converted))
        }
    }
}

fn from_number(number: &Number) -> Num {
    match number.as_i64() {
        Some(number) => number.into(),
        None => Num::parse(&number.to_string()).unwrap_or(Num::Float(f64::NAN)),
    }
}

/// Converts to the JSON type of `serde_json`. That has no integers beyond 64 bits and no text of numbers:
/// both become floats. O(size).
///
/// # Errors
/// A value that is not JSON (see [`check()`]), or a number that is too large for a float, such as `1e400`.
pub fn to_serde(value: &Val) -> Result<Value, NotJson> {
    check(value)?;
    render(value).map_err(|steps| not_json(steps, NotJsonReason::TooLarge))
}

/// Converts what has passed the check; `Err` are the steps to a number that is too large, innermost first.
fn render(value: &Val) -> Result<Value, Vec<Step>> {
    Ok(match value.view() {
        View::Null => Value::Null,
        View::Bool(value) => Value::Bool(value),
        View::Num(number) => Value::Number(to_number(number).ok_or_else(Vec::new)?),
        View::Str(text) => Value::String(text.to_owned()),
        View::Arr(items) => {
            let mut rendered = Vec::with_capacity(items.len());
            for (i, item) in items.iter().enumerate() {
                rendered.push(render(item).map_err(below(i))?);
            }
            Value::Array(rendered)
        }
        View::Obj(entries) => {
            let mut rendered = serde_json::Map::with_capacity(entries.len());
            for (key, item) in entries.iter() {
                rendered.insert(key.to_string(), render(item).map_err(below(key))?);
            }
            Value::Object(rendered)
        }
    })
}

/// Returns the number in the form that `serde_json` has for it; `None` for what is too large.
fn to_number(number: &Num) -> Option<Number> {
    match number {
        Num::Int(number) => Some((*number).into()),
        Num::Big(big) => match u64::try_from(&**big) {
            Ok(number) => Some(number.into()),
            Err(_) => Number::from_f64(number.as_f64()),
        },
        Num::Float(_) | Num::Dec(_) => Number::from_f64(number.as_f64()),
    }
}

/// Adds the step to the part in which the culprit is.
fn below(step: impl Into<Step>) -> impl FnOnce(Vec<Step>) -> Vec<Step> {
    |mut steps| {
        steps.push(step.into());
        steps
    }
}

/// Returns an error from its steps, which come innermost first.
fn not_json(mut steps: Vec<Step>, reason: NotJsonReason) -> NotJson {
    steps.reverse();
    NotJson { path: Path(steps), reason }
}

/// Integers of up to 64 bits go as such, all other numbers as floats: [`text`](super::text) alone keeps all
/// digits. A number that is too large for a float is an error.
impl Serialize for Val {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.view() {
            View::Null => serializer.serialize_unit(),
            View::Bool(value) => serializer.serialize_bool(value),
            View::Num(number) => number.serialize(serializer),
            View::Str(text) => serializer.serialize_str(text),
            View::Arr(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    sequence.serialize_element(item)?;
                }
                sequence.end()
            }
            View::Obj(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries.iter() {
                    map.serialize_key(key.as_str())?;
                    map.serialize_value(value)?;
                }
                map.end()
            }
        }
    }
}

/// As in a [`Val`].
impl Serialize for Num {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Int(number) = self {
            return serializer.serialize_i64(*number);
        }
        if let Self::Big(number) = self
            && let Ok(number) = u64::try_from(&**number)
        {
            return serializer.serialize_u64(number);
        }
        let float = self.as_f64();
        if float.is_finite() {
            serializer.serialize_f64(float)
        } else {
            Err(S::Error::custom(format_args!("{self} is too large for a float")))
        }
    }
}

/// Takes what JSON has: no bytes, no NaN, keys that are strings, at most [`MAX_DEPTH`] levels.
impl<'de> Deserialize<'de> for Val {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = RefCell::default();
        Part { depth: 0, keys: &keys }.deserialize(deserializer)
    }
}

/// The room that is made at most for what another format announces.
const CAPACITY: usize = 1_024;

/// A reader of a value that stands `depth` levels below the root.
#[derive(Clone, Copy)]
struct Part<'k> {
    depth: usize,
    keys: &'k RefCell<Keys>,
}

impl Part<'_> {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        let Self { depth, keys } = self;
        if depth < MAX_DEPTH {
            Ok(Self { depth: depth + 1, keys })
        } else {
            Err(E::custom(NotJsonReason::TooDeep))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Val;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Val, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Val;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Val, E> {
        Ok(Val::NULL)
    }

    fn visit_none<E>(self) -> Result<Val, E> {
        Ok(Val::NULL)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Val, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Val, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Val, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Val, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Val, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Val, E> {
        Ok(number.into())
    }

    fn visit_u128<E>(self, number: u128) -> Result<Val, E> {
        Ok(number.into())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Val, E> {
        if number.is_finite() { Ok(number.into()) } else { Err(E::custom(NotJsonReason::NotFinite)) }
    }

    fn visit_str<E>(self, text: &str) -> Result<Val, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Val, A::Error> {
        let inner = self.inner()?;
        let mut found = Vec::with_capacity(items.size_hint().unwrap_or(0).min(CAPACITY));
        while let Some(item) = items.next_element_seed(inner)? {
            found.push(item);
        }
        Ok(found.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Val, A::Error> {
        let inner = self.inner()?;
        let mut first = true;
        let mut found = Vec::with_capacity(entries.size_hint().unwrap_or(0).min(CAPACITY));
        while let Some(key) = entries.next_key_seed(OneKey(self.keys))? {
            let value = entries.next_value_seed(inner)?;
            if let Some(number) =
                value.as_str().filter(|_| first).and_then(|text| number_in_disguise(&key, text))
            {
                return Ok(number.into());
            }
            found.push((key, value));
            first = false;
        }
        Ok(found.into_iter().collect::<Map>().into())
    }
}

/// Reads a number in disguise. With its feature `arbitrary_precision`, which any crate of a program can switch on,
/// `serde_json` hands a number on as an object of its text.
fn number_in_disguise(key: &str, text: &str) -> Option<Num> {
    let is_number = key == "$serde_json::private::Number" && "1e400".parse::<Number>().is_ok();
    is_number.then(|| Num::parse(text)).flatten()
}

/// A reader of a key; equal ones become one in memory.
struct OneKey<'k>(&'k RefCell<Keys>);

impl<'de> DeserializeSeed<'de> for OneKey<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for OneKey<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key, which is a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        Ok(self.0.borrow_mut().get(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{parse, same, text};

    #[test]
    fn both_ways_keep_what_both_types_have() {
        let json = r#"{"z":[1,1.0,-0.5,18446744073709551615,-9223372036854775808],"a":{"":null,"t":true},"s":"ü\n"}"#;
        let value = parse(json).unwrap();
        let there = to_serde(&value).unwrap();
        assert_eq!(there.to_string(), json);
        assert!(same(&from_serde(&there).unwrap(), &value));
        assert!(same(&serde_json::from_value(there.clone()).unwrap(), &value));
        assert_eq!(serde_json::to_value(&value).unwrap(), there);
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert!(same(&serde_json::from_str(json).unwrap(), &value));
    }

    #[test]
    fn other_numbers_become_floats() {
        let rows = [
            ("0.10", "0.1"),
            ("-0", "-0.0"),
            ("1E+5", "100000.0"),
            ("18446744073709551616", "1.8446744073709552e+19"),
        ];
        for (ours, theirs) in rows {
            let value = Val::from_iter([parse(ours).unwrap()]);
            assert_eq!(to_serde(&value).unwrap().to_string(), format!("[{theirs}]"));
            assert_eq!(serde_json::to_string(&value).unwrap(), format!("[{theirs}]"));
        }
        let value = parse(r#"{"a":[1e400]}"#).unwrap();
        let error = to_serde(&value).unwrap_err();
        assert_eq!(error.to_string(), "a number that is too large for a float at .a[0]");
        let error = serde_json::to_string(&value).unwrap_err();
        assert_eq!(error.to_string(), "1e400 is too large for a float");
        assert!(to_serde(&Val::from(f64::INFINITY)).is_err());
        assert!(serde_json::to_string(&Val::from(f64::NAN)).is_err());
    }

    #[test]
    fn takes_what_other_formats_have() {
        use serde::de::IntoDeserializer;
        use serde::de::value::Error;
        let take = |number: i128| Val::deserialize(IntoDeserializer::<Error>::into_deserializer(number));
        assert_eq!(text(&take(i128::MIN).unwrap()), i128::MIN.to_string());
        assert!(matches!(take(7).unwrap().as_num(), Some(Num::Int(7))));
        let nan = Val::deserialize(IntoDeserializer::<Error>::into_deserializer(f64::NAN));
        assert_eq!(nan.unwrap_err().to_string(), "a number that is not finite");
        let some: Option<Val> = serde_json::from_str("[1]").unwrap();
        assert_eq!(some, Some(Val::from_iter([Val::from(1)])));
    }

    #[test]
    fn keys_are_one_in_memory_and_the_last_value_counts() {
        let value: Val = serde_json::from_str(r#"[{"a":1,"b":2,"a":3},{"a":4}]"#).unwrap();
        assert_eq!(text(&value), r#"[{"a":3,"b":2},{"a":4}]"#);
        let key = |at: usize| value[at].as_map().unwrap().get_entry("a").unwrap().0;
        assert!(key(0).is_shared(key(1)));
        // Their own way to hand on numbers counts only where they use it.
        let json = r#"{"$serde_json::private::Number":"1"}"#;
        assert_eq!(text(&serde_json::from_str(json).unwrap()), json);
    }

    #[test]
    fn depth_has_a_limit() {
        // Readers and writers of `serde` recurse, and take much stack where they are not optimised.
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(to_the_limit);
        thread.unwrap().join().unwrap();
    }

    fn to_the_limit() {
        let nested = |levels| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let deepest = from_serde(&nested(MAX_DEPTH)).unwrap();
        assert_eq!(to_serde(&deepest).unwrap(), nested(MAX_DEPTH));
        assert!(same(&serde_json::from_value(nested(MAX_DEPTH)).unwrap(), &deepest));
        assert_eq!(serde_json::to_value(&deepest).unwrap(), nested(MAX_DEPTH));
        assert_eq!(from_serde(&nested(MAX_DEPTH + 1)).unwrap_err().reason, NotJsonReason::TooDeep);
        assert!(serde_json::from_value::<Val>(nested(MAX_DEPTH + 1)).is_err());
        let inside = object([("a", deepest)]);
        assert_eq!(to_serde(&inside).unwrap_err().reason, NotJsonReason::TooDeep);
    }
}
