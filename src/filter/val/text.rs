//! The text of a value within a filter.

use crate::value::{Num, Val, View};

/// Returns the JSON text of a value. NaN is null in it, an infinity the largest number.
pub(in crate::filter) fn json(value: &Val) -> String {
    let text = value.to_string();
    if text.contains("NaN") || text.contains("Infinity") { finite(value).to_string() } else { text }
}

/// Returns the value with other numbers for those that JSON has not. It is shallow enough to be printed.
fn finite(value: &Val) -> Val {
    match value.view() {
        View::Num(number) if !number.is_finite() => match number.as_f64() {
            number if number.is_nan() => Val::NULL,
            f64::INFINITY => Num::parse("1.7976931348623157e+308").map_or(Val::NULL, Val::from),
            _ => Num::parse("-1.7976931348623157e+308").map_or(Val::NULL, Val::from),
        },
        View::Arr(items) => items.iter().map(finite).collect(),
        View::Obj(entries) => entries.iter().map(|(key, value)| (key.clone(), finite(value))).collect(),
        _ => value.clone(),
    }
}
