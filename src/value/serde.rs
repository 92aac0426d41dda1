use serde_json::{Number, Value};

use super::{NotJson, Num, Val, as_str, check, object, string};

/// Converts from the JSON type of `serde_json`. Numbers keep all their digits (the feature
/// `arbitrary_precision`, which this crate switches on); `serde_json` itself writes a sign into every
/// exponent: `1e400` becomes `1e+400`. O(size).
///
/// # Errors
/// Nesting deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
pub fn from_serde(value: &Value) -> Result<Val, NotJson> {
    let value = convert(value);
    check(&value)?;
    Ok(value)
}

fn convert(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Bool(*b),
        Value::Number(n) => Val::Num(number(&n.to_string())),
        Value::String(s) => string(s.as_str()),
        Value::Array(items) => items.iter().map(convert).collect(),
        Value::Object(entries) => object(entries.iter().map(|(k, v)| (k.as_str(), convert(v)))),
    }
}

fn number(text: &str) -> Num {
    Num::from_str_radix(text, 10).unwrap_or_else(|| Num::Dec(text.to_owned().into()))
}

/// Converts to the JSON type of `serde_json`. O(size).
///
/// # Errors
/// A value that is not JSON (see [`check()`]).
pub fn to_serde(value: &Val) -> Result<Value, NotJson> {
    check(value)?;
    Ok(render(value))
}

fn render(value: &Val) -> Value {
    let text = |v: &Val| as_str(v).unwrap_or_default().to_owned();
    match value {
        Val::Null => Value::Null,
        Val::Bool(b) => Value::Bool(*b),
        // With `arbitrary_precision` every number text of JSON reads back as itself.
        Val::Num(n) => n.to_string().parse::<Number>().map_or(Value::Null, Value::Number),
        Val::TStr(_) | Val::BStr(_) => Value::String(text(value)),
        Val::Arr(items) => Value::Array(items.iter().map(render).collect()),
        Val::Obj(entries) => Value::Object(entries.iter().map(|(k, v)| (text(k), render(v))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[test]
    fn both_ways_keep_everything() {
        let text = r#"{"z":[1,1.0,1e+400,12345678901234567890123],"a":{"":null,"t":true},"s":"ü\n"}"#;
        let value = parse(text).unwrap();
        let there = to_serde(&value).unwrap();
        assert_eq!(from_serde(&there).unwrap().to_string(), value.to_string());
        assert!(to_serde(&Val::from(f64::INFINITY)).is_err());
    }
}
