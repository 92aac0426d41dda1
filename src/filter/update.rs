//! Updates: of places that may not be there yet, in `null` or past the end of an array, and of all places that a
//! path leads to.

use std::iter::{once, once_with, repeat_n};
use std::sync::Arc;

use jaq_core::box_iter::{box_once, map_with};
use jaq_core::compile::TermId;
use jaq_core::native::{self, Fun};
use jaq_core::path::Opt;
use jaq_core::{Bind, Ctx, Cv, Error, Exn, Native, RunPtr, ValR, ValT, ValX, ValXs};

use super::delete::{self, at_path};
use super::stack;
use super::steps::{KEYS, PATHS, Step};
use super::val::place;
use super::watch::{Data, look_at};
use crate::value::{List, MAX_DEPTH, Map, Val, View};

/// The most nulls that one assignment puts between the end of an array and a new item.
const MAX_GAP: usize = 1_000_000;

/// The native filters that rewritten updates call.
pub(super) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let updates: [(&str, RunPtr<Data>); 7] = [
        ("!|=", update_with),
        ("!=", |at| assign(at, |_, new| Ok(new))),
        ("!//=", |at| assign(at, |old, new| Ok(if ValT::as_bool(&old) { old } else { new }))),
        ("!+=", |at| assign(at, |old, by| old + by)),
        ("!-=", |at| assign(at, |old, by| old - by)),
        ("!/=", |at| assign(at, |old, by| old / by)),
        ("!%=", |at| assign(at, |old, by| old % by)),
    ];
    let updates =
        updates.map(|(name, run)| native::run::<Data>((name, [Bind::Fun(()), Bind::Fun(())].into(), run)));
    paths().into_iter().chain(updates)
}

/// The native filters that are paths.
fn paths() -> [Fun<Data>; 2] {
    let keys: Native<Data> = Native::new(|(mut context, value)| {
        context.pop_fun();
        let (path, context) = context.pop_fun();
        path.run((context, value))
    })
    .with_paths(|(mut context, at)| {
        context.pop_fun();
        let (path, context) = context.pop_fun();
        path.paths((context, at))
    })
    .with_update(|(mut context, value), f| {
        let keys = context.pop_fun();
        // Lazily: when it is called for, the caller has let go of its share of the value.
        Box::new(once_with(move || update_or_keep(value, &steps(keys)?, &f)))
    });
    let paths: Native<Data> = Native::new(|(mut context, value)| {
        let (path, context) = context.pop_fun();
        path.run((context, value))
    })
    .with_paths(|(mut context, at)| {
        let (path, context) = context.pop_fun();
        path.paths((context, at))
    })
    .with_update(|(mut context, value), f| {
        let path = context.pop_fun();
        Box::new(once_with(move || update_paths(path, value, f)))
    });
    [(KEYS, [Bind::Fun(()), Bind::Fun(())].into(), keys), (PATHS, [Bind::Fun(())].into(), paths)]
}

/// The steps that the filter `keys` yields.
fn steps<'a>((keys, context): (TermId, Ctx<'a, Data>)) -> ValX<'a, Arc<[Step]>, Val> {
    let routes = context.data().routes();
    if let Some(steps) = routes.get(keys) {
        return Ok(steps);
    }
    let values =
        keys.run((context, Val::NULL)).next().transpose()?.and_then(|values| values.into_list().ok());
    let values = values.unwrap_or_default();
    let varies = values.iter().any(Step::varies);
    let steps = values.into_iter().map(Step::read).collect();
    if !varies {
        routes.keep(keys, &steps);
    }
    Ok(steps)
}

/// `path |= f`
fn update_with<'a>((mut context, value): Cv<'a, Data>) -> ValXs<'a, Val> {
    let (f, inner) = context.pop_fun();
    let updated = steps(context.pop_fun())
        .and_then(|steps| update_or_keep(value, &steps, &|old| f.run((inner.clone(), old))));
    box_once(updated)
}

/// `path = f`, `path += f` and the like: what is at the path becomes what `op` makes of it and of each output
/// of `f`.
fn assign<'a>((mut context, value): Cv<'a, Data>, op: fn(Val, Val) -> ValR<Val>) -> ValXs<'a, Val> {
    let (f, inner) = context.pop_fun();
    let steps = match steps(context.pop_fun()) {
        Ok(steps) => steps,
        Err(error) => return box_once(Err(error)),
    };
    map_with(f.run((inner, value.clone())), (steps, value), move |right, (steps, value)| {
        let right = right?;
        update_or_keep(value, &steps, &|old| once(op(old, right.clone()).map_err(Exn::from)))
    })
}

/// `value` with what is at all paths that the filter `path` yields replaced by the first output of `f` for it; what
/// has none goes, at the end and all at once.
fn update_paths<'a, F>((path, context): (TermId, Ctx<'a, Data>), value: Val, f: F) -> ValX<'a, Val>
where
    F: Fn(Val) -> ValXs<'a, Val>,
{
    let (mut new, mut gone) = (value.clone(), Vec::new());
    for (round, found) in path.paths((context, (value, Default::default()))).enumerate() {
        look_at(round);
        let mut rest = found?.1;
        let mut keys = Vec::new();
        while let Some((key, before)) = rest.pop() {
            keys.push(key);
            rest = before;
        }
        keys.reverse();
        if keys.len() > MAX_DEPTH {
            return Err(error(format_args!("the path is too long, the most is {MAX_DEPTH} keys")));
        }
        match f(at_path(&new, &keys)?).next().transpose()? {
            Some(item) => new = set_path(new, keys, &item)?,
            None => gone.push(keys),
        }
    }
    Ok(delete::paths(new, gone)?)
}

/// `value` with `item` at a path.
pub(super) fn set_path<'a>(value: Val, keys: Vec<Val>, item: &Val) -> ValX<'a, Val> {
    let steps: Vec<Step> = keys.into_iter().map(Step::of_key).collect();
    update_or_keep(value, &steps, &|_| once(Ok(item.clone())))
}

fn error(message: impl std::fmt::Display) -> Exn<'static, Val> {
    Exn::from(Error::str(message))
}

/// As [`update`], but `null` stays where nothing is to be made in it.
fn update_or_keep<'a, I>(value: Val, steps: &[Step], f: &impl Fn(Val) -> I) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    update(value, steps, f).map(Option::unwrap_or_default)
}

/// `value` with what is at `steps` replaced by what `f` makes of it.
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

/// Whether the container for `key` is missing, or is an array that does not reach to it.
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

/// `value`, which [`lacks`] `key`, with `new` at it.
fn insert<'a>(value: Val, key: &Val, opt: Opt, new: Val) -> ValX<'a, Val> {
    match (key.to_key(), key.as_num().and_then(place)) {
        (Some(key), _) if value.is_null() => Ok(Val::from_iter([(key, new)])),
        (_, Some(at)) if !at.from_end => append(value.into_list().unwrap_or_default(), at.distance, new),
        // A negative index: an error.
        _ => value.map_index(key, opt, |_| once(Ok(new.clone()))),
    }
}

/// `items` with `new` at an index past their end.
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
