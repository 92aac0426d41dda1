//! The filters of jq that look into values, and those of its library that updates call most: natives, and
//! definitions on top of them.

use std::cmp::Ordering;
use std::iter;

use jaq_core::box_iter::box_once;
use jaq_core::load::parse::Def;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Bind, Error, Native, RunPtr, ValR, ValT};

use super::val::occurrences;
use super::watch::{Data, Watch, look_at};
use crate::value::{self, List, Val, View};

const DEFINITIONS: &str = r#"
    def tonumber: if isnumber then . else fromjson | if isnumber then . else error("cannot parse as number") end end;
    def toboolean:
        if isboolean then . else fromjson | if isboolean then . else error("cannot parse as boolean") end end;
    def transpose: (map(length) | max // 0) as $rows | [range($rows) as $row | map(.[$row])];
    def in(values): . as $key | values | has($key);
    def inside(values): . as $part | values | contains($part);
    def index($part): indices($part) | .[0];
    def rindex($part): indices($part) | .[-1];
    def @json: tojson;
"#;

/// The definitions.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    jaq_core::load::parse(DEFINITIONS, |parser| parser.defs()).into_iter().flatten()
}

/// The native filters.
pub(super) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let empty: Native<Data> = Native::new(|_| Box::new(iter::empty()))
        .with_paths(|_| Box::new(iter::empty()))
        .with_update(|(_, value), _| box_once(Ok(value)));
    let natives: [native::Filter<RunPtr<Data>>; 12] = [
        ("null", v(0), |_| bome(Ok(Val::NULL))),
        ("true", v(0), |_| bome(Ok(true.into()))),
        ("false", v(0), |_| bome(Ok(false.into()))),
        ("not", v(0), |(_, value)| bome(Ok((!ValT::as_bool(&value)).into()))),
        ("del", [Bind::Fun(())].into(), |(mut context, value)| {
            let (path, context) = context.pop_fun();
            path.update((context, value), Box::new(|_| Box::new(iter::empty())))
        }),
        ("length", v(0), |(_, value)| bome(length(value))),
        ("has", v(1), |(mut context, value)| {
            let key = context.pop_var();
            bome(value.at(&key).map(|found| found.is_some().into()))
        }),
        ("contains", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(Ok(contains(&value, &part, context.data().watch()).into()))
        }),
        ("indices", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(indices(&value, &part))
        }),
        ("bsearch", v(1), |(mut context, value)| {
            let item = context.pop_var();
            bome(bsearch(value, &item))
        }),
        ("tojson", v(0), |(_, value)| bome(Ok(value.to_string().into()))),
        ("fromjson", v(0), |(_, value)| bome(from_json(value))),
    ];
    natives.map(native::run::<Data>).into_iter().chain([("empty", v(0), empty)])
}

/// The number of characters, items or entries; the absolute value of a number.
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

/// Whether a string is a part of another one, whether each item of an array is contained in one of the other,
/// whether each value of an object is contained in that of its key; else whether the two are equal.
fn contains(value: &Val, part: &Val, watch: &Watch) -> bool {
    watch.look();
    match (value.view(), part.view()) {
        (View::Str(text), View::Str(part)) => text.contains(part),
        (View::Arr(items), View::Arr(parts)) => {
            parts.iter().all(|part| items.iter().any(|item| contains(item, part, watch)))
        }
        (View::Obj(entries), View::Obj(parts)) => {
            parts.iter().all(|(key, part)| entries.get(key).is_some_and(|value| contains(value, part, watch)))
        }
        _ => value == part,
    }
}

/// Where a string occurs in a string, or an item or a stretch of items in an array.
fn indices(value: &Val, part: &Val) -> ValR<Val> {
    Ok(match (value.view(), part.view()) {
        (View::Str(_), View::Str("")) => List::new().into(),
        (View::Str(text), View::Str(part)) => {
            let starts = text.char_indices().enumerate().inspect(|(at, _)| look_at(*at));
            starts.filter(|(_, (at, _))| text[*at..].starts_with(part)).map(|(at, _)| Val::from(at)).collect()
        }
        (View::Arr(items), View::Arr(part)) => occurrences(items, part).map(Val::from).collect(),
        (View::Arr(items), _) => {
            let items = items.iter().enumerate().inspect(|(at, _)| look_at(*at));
            items.filter(|(_, item)| *item == part).map(|(at, _)| Val::from(at)).collect()
        }
        _ => return Err(Error::index(value.clone(), part.clone())),
    })
}

/// Where a value stands in a sorted array; where it is not there, minus one more than where it belongs.
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

/// Reads one JSON value.
fn from_json(value: Val) -> ValR<Val> {
    let Some(text) = value.as_str() else { return Err(Error::typ(value, "string")) };
    let fail = |why| Error::str(format_args!("cannot parse {value} as JSON: {why}"));
    value::parse(text).map_err(fail)
}
