//! Updates of places that may not be there yet: in `null`, or past the end of an array.

use std::iter::{once, once_with, repeat_n};

use jaq_core::compile::TermId;
use jaq_core::native::Fun;
use jaq_core::path::Opt;
use jaq_core::{Bind, Ctx, Error, Exn, Native, ValT, ValX, ValXs};

use super::stack;
use super::watch::Data;
use crate::value::{List, MAX_DEPTH, Map, Num, Val, View};

/// The name of the filter that is a path of constant keys: the path, and its steps as an array of
/// what [`Step::read`] reads. No text can spell it.
pub(super) const KEYS: &str = "!keys";
/// The name of the filter that is a path of computed keys. No text can spell it.
pub(super) const PATHS: &str = "!paths";
/// The most nulls that one assignment puts between the end of an array and a new item.
const MAX_GAP: usize = 1_000_000;

/// The native filters that rewritten updates call.
pub(super) fn natives() -> [Fun<Data>; 2] {
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
        Box::new(once_with(move || update_keys(keys, value, &f)))
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
        Box::new(once_with(move || update_paths(path, value, f)).flatten())
    });
    [(KEYS, [Bind::Fun(()), Bind::Fun(())].into(), keys), (PATHS, [Bind::Fun(())].into(), paths)]
}

/// A step of a path.
enum Step {
    /// To what is at a key or index.
    Key(Val, Opt),
    /// To each item or entry.
    Each(Opt),
}

impl Step {
    /// The step that `value` stands for: a key is itself, `[key]` or, with `?`, `[key, 0]`; `[]` is
    /// the step to each item, `{}` the same with `?`.
    fn read(value: Val) -> Self {
        match value.view() {
            View::Obj(_) => Self::Each(Opt::Optional),
            View::Arr(items) => match (items.get(0), items.get(1)) {
                (None, _) => Self::Each(Opt::Essential),
                (Some(key), None) => Self::Key(key.clone(), Opt::Essential),
                (Some(key), Some(_)) => Self::Key(key.clone(), Opt::Optional),
            },
            _ => Self::Key(value, Opt::Essential),
        }
    }
}

/// `value` with what is at the path whose keys the filter `keys` yields replaced by what `f` makes
/// of it.
fn update_keys<'a>(
    (keys, context): (TermId, Ctx<'a, Data>),
    value: Val,
    f: &impl Fn(Val) -> ValXs<'a, Val>,
) -> ValX<'a, Val> {
    let steps = keys.run((context, Val::NULL)).next().transpose()?.map(Val::into_list);
    let steps: Vec<_> = steps.into_iter().flatten().flatten().map(Step::read).collect();
    update_or_keep(value, &steps, f)
}

/// The same at all paths that the filter `path` yields; they have no step to each item.
fn update_paths<'a, F>((path, context): (TermId, Ctx<'a, Data>), value: Val, f: F) -> ValXs<'a, Val>
where
    F: Fn(Val) -> ValXs<'a, Val> + Clone + 'a,
{
    let at = (value.clone(), Default::default());
    let found = path.paths((context.clone(), at)).map(|found| {
        let mut keys = found?.1;
        let mut steps = Vec::new();
        while let Some((key, rest)) = keys.pop() {
            steps.push(Step::Key(key, Opt::Essential));
            keys = rest;
        }
        steps.reverse();
        Ok(steps)
    });
    match found.collect::<Result<Vec<_>, Exn<'_, Val>>>() {
        Ok(paths) if paths.iter().all(|steps| !steps.is_empty()) => {
            let update = |value, steps: Vec<_>| match steps.len() {
                0..=MAX_DEPTH => update_or_keep(value, &steps, &f),
                _ => Err(error(format_args!("the path is too long, the most is {MAX_DEPTH} keys"))),
            };
            Box::new(once(paths.into_iter().try_fold(value, update)))
        }
        // It leads through something that has no keys: the plain update says so.
        _ => path.update((context, value), Box::new(f)),
    }
}

fn error(message: impl std::fmt::Display) -> Exn<'static, Val> {
    Exn::from(Error::str(message))
}

/// As [`update`], but `null` stays where nothing is to be made in it.
fn update_or_keep<'a>(value: Val, steps: &[Step], f: &impl Fn(Val) -> ValXs<'a, Val>) -> ValX<'a, Val> {
    update(value, steps, f).map(Option::unwrap_or_default)
}

/// `value` with what is at `steps` replaced by what `f` makes of it.
///
/// There is no output only if `steps` are none and `f` has none, or if `value` is `null` and nothing
/// is to be made in it.
fn update<'a>(value: Val, steps: &[Step], f: &impl Fn(Val) -> ValXs<'a, Val>) -> ValX<'a, Option<Val>, Val> {
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
        (View::Null, View::Str(_) | View::Num(Num::Int(_))) => true,
        (View::Arr(items), View::Num(Num::Int(at))) => {
            at.unsigned_abs() >= items.len() as u64 + u64::from(*at < 0)
        }
        _ => false,
    }
}

/// `value`, which [`lacks`] `key`, with `new` at it.
fn insert<'a>(value: Val, key: &Val, opt: Opt, new: Val) -> ValX<'a, Val> {
    match (key.to_key(), key.as_i64()) {
        (Some(key), _) if value.is_null() => Ok(Val::from_iter([(key, new)])),
        (_, Some(at @ 0..)) => append(value.into_list().unwrap_or_default(), at.unsigned_abs(), new),
        // A negative index: an error.
        _ => value.map_index(key, opt, |_| once(Ok(new.clone()))),
    }
}

/// `items` with `new` at an index past their end.
fn append<'a>(mut items: List, at: u64, new: Val) -> ValX<'a, Val> {
    match usize::try_from(at - items.len() as u64) {
        Ok(gap @ ..=MAX_GAP) => {
            if gap > 0 {
                items.append(repeat_n(Val::NULL, gap).collect());
            }
            items.push(new);
            Ok(items.into())
        }
        _ => Err(error(format_args!("index {at} is too far past the end of the array"))),
    }
}
