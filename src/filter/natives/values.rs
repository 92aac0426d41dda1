//! Native filters that look into values.

use std::cmp::Ordering;

use arcstr::ArcStr;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, RunPtr, ValR, ValT};

use crate::cancellation::ask;
use crate::filter::run::environment::Data;
use crate::filter::val::{json, occurrences, place, values};
use crate::value::{self, List, Map, Val, View};

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 10] = [
        ("length", v(0), |(_, value)| bome(length(value))),
        ("has", v(1), |(mut context, value)| {
            let key = context.pop_var();
            bome(has(&value, &key).map(Val::from))
        }),
        ("contains", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(match kind(&value) == kind(&part) {
                true => Ok(contains(&value, &part).into()),
                false => Err(Error::typ(part, "part of a value of another type")),
            })
        }),
        ("indices", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(indices(&value, &part))
        }),
        ("bsearch", v(1), |(mut context, value)| {
            let item = context.pop_var();
            bome(bsearch(value, &item))
        }),
        ("!tojson", v(0), |(_, value)| bome(Ok(json(&value).into()))),
        ("from_entries", v(0), |(_, value)| bome(from_entries(value))),
        ("reverse", v(0), |(_, value)| bome(reverse(value))),
        ("type", v(0), |(_, value)| bome(Ok(ArcStr::from(kind(&value)).into()))),
        ("fromjson", v(0), |(_, value)| bome(from_json(value))),
    ];
    natives.map(native::run::<Data>).into_iter()
}

/// Tells whether there is something at a key or index.
fn has(value: &Val, key: &Val) -> ValR<bool, Val> {
    match (value.view(), key.view()) {
        (View::Arr(items), View::Num(number)) => {
            let at = place(number).filter(|at| !at.from_end);
            Ok(at.is_some_and(|at| at.item(items.len()).is_some()))
        }
        (View::Obj(entries), View::Str(key)) => Ok(entries.contains_key(key)),
        _ => Err(Error::index(value.clone(), key.clone())),
    }
}

/// Returns the object of some entries, each of which has a key and a value under one of several names.
fn from_entries(value: Val) -> ValR<Val> {
    let mut entries = Map::new();
    for entry in values(value) {
        ask();
        let entry = entry?;
        let Some(parts) = entry.as_map() else { return Err(Error::typ(entry, "entry")) };
        let part = |name| parts.get(name).filter(|part| !part.is_null());
        let named = ["k", "name", "Name", "K"].into_iter().filter_map(part).find(|part| ValT::as_bool(*part));
        let key = part("key").or(named).or_else(|| parts.get("Key"));
        let key = match key.map(Val::view) {
            Some(View::Arr(_) | View::Obj(_)) => return Err(Error::str("object keys must be strings")),
            Some(View::Str(_)) => key.and_then(Val::to_key),
            _ => Val::from(ArcStr::from(key.map_or_else(|| "null".to_owned(), json))).to_key(),
        };
        let value = ["value", "v", "Value"].into_iter().find_map(|name| parts.get(name));
        if let Some(key) = key {
            entries.insert(key, value.cloned().unwrap_or_default());
        }
    }
    Ok(entries.into())
}

/// Returns the items or characters from the last to the first.
fn reverse(value: Val) -> ValR<Val> {
    match value.view() {
        View::Null => Ok(List::new().into()),
        View::Str(text) => Ok(ArcStr::from(text.chars().rev().collect::<String>()).into()),
        View::Arr(items) => Ok(items.iter().inspect(|_| ask()).rev().cloned().collect()),
        // What has no length is reversed already.
        View::Num(number) if number.as_f64() == 0.0 => Ok(List::new().into()),
        View::Obj(entries) if entries.is_empty() => Ok(List::new().into()),
        View::Num(_) | View::Obj(_) => Err(Error::index(value, Val::from(0))),
        View::Bool(_) => Err(Error::typ(value, "array or string")),
    }
}

/// Returns what kind of value it is, in jq's words.
fn kind(value: &Val) -> &'static str {
    match value.view() {
        View::Null => "null",
        View::Bool(_) => "boolean",
        View::Num(_) => "number",
        View::Str(_) => "string",
        View::Arr(_) => "array",
        View::Obj(_) => "object",
    }
}

/// Returns the number of characters, items or entries; the absolute value of a number.
fn length(value: Val) -> ValR<Val> {
    Ok(match value.view() {
        View::Null => 0.into(),
        View::Num(number) => number.length().into(),
        View::Str(text) => text.chars().count().into(),
        View::Arr(items) => items.len().into(),
        View::Obj(entries) => entries.len().into(),
        View::Bool(_) => return Err(Error::str(format_args!("{value} has no length"))),
    })
}

/// Tells whether a string is a part of another one, whether each item of an array is contained in one of the other,
/// whether each value of an object is contained in that of its key; else whether the two are equal.
fn contains(value: &Val, part: &Val) -> bool {
    ask();
    match (value.view(), part.view()) {
        (View::Str(text), View::Str(part)) => text.contains(part),
        (View::Arr(items), View::Arr(parts)) => {
            parts.iter().all(|part| items.iter().any(|item| contains(item, part)))
        }
        (View::Obj(entries), View::Obj(parts)) => {
            parts.iter().all(|(key, part)| entries.get(key).is_some_and(|value| contains(value, part)))
        }
        _ => value == part,
    }
}

/// Finds where a string occurs in a string, or an item or a stretch of items in an array.
fn indices(value: &Val, part: &Val) -> ValR<Val> {
    Ok(match (value.view(), part.view()) {
        (View::Str(_), View::Str("")) => List::new().into(),
        (View::Str(text), View::Str(part)) => {
            let starts = text.char_indices().enumerate().inspect(|_| ask());
            starts.filter(|(_, (at, _))| text[*at..].starts_with(part)).map(|(at, _)| Val::from(at)).collect()
        }
        (View::Arr(items), View::Arr(part)) => occurrences(items, part).map(Val::from).collect(),
        (View::Arr(items), _) => {
            let items = items.iter().enumerate().inspect(|_| ask());
            items.filter(|(_, item)| *item == part).map(|(at, _)| Val::from(at)).collect()
        }
        (View::Null, _) => Val::NULL,
        _ => return Err(Error::index(value.clone(), part.clone())),
    })
}

/// Finds where a value stands in a sorted array; where it is not there, minus one more than where it belongs.
fn bsearch(value: Val, item: &Val) -> ValR<Val> {
    let Some(items) = value.as_list() else { return Err(Error::typ(value, "array")) };
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.midpoint(high);
        match items[middle].cmp(item) {
            Ordering::Equal => return Ok(middle.into()),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok((-1 - low as i64).into())
}

/// Reads one JSON value, or `nan`.
fn from_json(value: Val) -> ValR<Val> {
    let Some(text) = value.as_str() else { return Err(Error::typ(value, "string")) };
    if matches!(text.trim(), "nan" | "NaN" | "-nan" | "-NaN") {
        return Ok(Val::from(f64::NAN));
    }
    // The reason stands behind the text, and must not be cut off with it.
    let fail = |why| {
        let shown = value::excerpts(&[value.to_string()], 200);
        Error::str(format_args!("cannot parse {} as JSON: {why}", shown[0]))
    };
    value::parse(text).map_err(fail)
}
