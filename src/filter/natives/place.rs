//! Places in a value by their paths: what is there, and updates also where nothing is yet, in `null` or past the
//! end of an array.

use std::iter::{once, repeat_n};

use jaq_core::path::Opt;
use jaq_core::{Error, Exn, ValR, ValT, ValX};

use crate::filter::natives::steps::Step;
use crate::filter::run::stack;
use crate::filter::val::place;
use crate::value::{List, Map, Val, View};

/// The most nulls that one assignment puts between the end of an array and a new item.
const MAX_GAP: usize = 1_000_000;

/// Returns what is at a path; null where there is nothing.
pub(in crate::filter) fn at_path(value: &Val, keys: &[Val]) -> ValR<Val> {
    let mut value = value.clone();
    for key in keys {
        if value.is_null() {
            break;
        }
        value = value.at(key)?.unwrap_or_default();
    }
    Ok(value)
}

/// Returns `value` with `item` at a path.
pub(in crate::filter) fn set_path<'a>(value: Val, keys: Vec<Val>, item: &Val) -> ValX<'a, Val> {
    let steps: Vec<Step> = keys.into_iter().map(Step::of_key).collect();
    update_or_keep(value, &steps, &|_| once(Ok(item.clone())))
}

pub(in crate::filter) fn error(message: impl std::fmt::Display) -> Exn<'static, Val> {
    Exn::from(Error::str(message))
}

/// Updates as [`update`] does, but `null` stays where nothing is to be made in it.
pub(in crate::filter) fn update_or_keep<'a, I>(
    value: Val,
    steps: &[Step],
    f: &impl Fn(Val) -> I,
) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    update(value, steps, f).map(Option::unwrap_or_default)
}

/// Returns `value` with what is at `steps` replaced by what `f` makes of it.
///
/// There is no output only if `steps` are none and `f` has none, or if `value` is `null` and nothing
/// is to be made in it.
fn update<'a, I>(value: Val, steps: &[Step], f: &impl Fn(Val) -> I) -> ValX<'a, Option<Val>, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let Some((step, rest)) = steps.split_first() else {
        return f(value).next().transpose();
    };
    if !stack::has_room() {
        return Err(error("the filter recurses too deeply"));
    }
    match step {
        Step::Each(Opt::Optional) if value.is_null() => return Ok(None),
        Step::Each(opt) if rest.is_empty() => value.map_values(*opt, f),
        Step::Each(opt) => value.map_values(*opt, |item| once(update_or_keep(item, rest, f))),
        Step::Range(bounds, opt) => {
            let range = bounds.get("start")..bounds.get("end");
            match rest.is_empty() {
                true => value.map_range(range, *opt, f),
                false => value.map_range(range, *opt, |items| once(update_or_keep(items, rest, f))),
            }
        }
        Step::Key(key, opt) if lacks(&value, key) => {
            return match update(Val::NULL, rest, f)? {
                Some(new) => insert(value, key, *opt, new).map(Some),
                None => Ok(if value.is_null() { None } else { Some(value) }),
            };
        }
        Step::Key(key, opt) if rest.is_empty() => value.map_index(key, *opt, f),
        Step::Key(key, opt) => {
            let lacks = |entries: &Map| key.as_str().is_none_or(|key| !entries.contains_key(key));
            let is_new = value.as_map().is_some_and(lacks);
            value.map_index(key, *opt, |item| {
                match update(item, rest, f) {
                    Ok(None) if is_new => None,
                    item => Some(item.map(Option::unwrap_or_default)),
                }
                .into_iter()
            })
        }
    }
    .map(Some)
}

/// Tells whether the container for `key` is missing, or is an array that does not reach to it.
fn lacks(value: &Val, key: &Val) -> bool {
    match (value.view(), key.view()) {
        (View::Null, View::Str(_)) => true,
        (View::Null, View::Num(number)) => place(number).is_some(),
        (View::Arr(items), View::Num(number)) => {
            place(number).is_some_and(|at| at.item(items.len()).is_none())
        }
        _ => false,
    }
}

/// Returns `value`, which [`lacks`] `key`, with `new` at it.
fn insert<'a>(value: Val, key: &Val, opt: Opt, new: Val) -> ValX<'a, Val> {
    match (key.to_key(), key.as_num().and_then(place)) {
        (Some(key), _) if value.is_null() => Ok(Val::from_iter([(key, new)])),
        (_, Some(at)) if !at.from_end => append(value.into_list().unwrap_or_default(), at.distance, new),
        // A negative index: an error.
        _ => value.map_index(key, opt, |_| once(Ok(new.clone()))),
    }
}

/// Returns `items` with `new` at an index past their end.
fn append<'a>(mut items: List, at: usize, new: Val) -> ValX<'a, Val> {
    match at - items.len() {
        gap @ ..=MAX_GAP => {
            if gap > 0 {
                items.append(repeat_n(Val::NULL, gap).collect());
            }
            items.push(new);
            Ok(items.into())
        }
        _ => Err(error(format_args!("index {at} is too far past the end of the array"))),
    }
}
