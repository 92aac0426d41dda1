//! Updates of places that may not be there yet: in `null`, or past the end of an array.

use std::iter::{once, once_with};
use std::sync::Arc;

use jaq_core::compile::TermId;
use jaq_core::native::Fun;
use jaq_core::path::Opt;
use jaq_core::{Bind, Ctx, Error, Exn, Native, ValT, ValX, ValXs};

use super::stack;
use super::watch::Data;
use crate::value::{MAX_DEPTH, Num, Val};

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
        match &value {
            Val::Obj(_) => Self::Each(Opt::Optional),
            Val::Arr(items) => match &***items {
                [] => Self::Each(Opt::Essential),
                [key] => Self::Key(key.clone(), Opt::Essential),
                [key, ..] => Self::Key(key.clone(), Opt::Optional),
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
    let steps = match keys.run((context, Val::Null)).next().transpose()? {
        Some(Val::Arr(steps)) => Arc::unwrap_or_clone(steps).into_iter().map(Step::read).collect(),
        _ => Vec::new(),
    };
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
        Step::Each(Opt::Optional) if matches!(value, Val::Null) => return Ok(None),
        Step::Each(opt) if rest.is_empty() => value.map_values(*opt, f),
        Step::Each(opt) => value.map_values(*opt, |item| once(update_or_keep(item, rest, f))),
        Step::Key(key, opt) if lacks(&value, key) => {
            return match update(Val::Null, rest, f)? {
                Some(new) => insert(value, key, *opt, new).map(Some),
                None => Ok(if matches!(value, Val::Null) { None } else { Some(value) }),
            };
        }
        Step::Key(key, opt) if rest.is_empty() => value.map_index(key, *opt, f),
        Step::Key(key, opt) => {
            let is_new = matches!(&value, Val::Obj(entries) if !entries.contains_key(key));
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
    match (value, key) {
        (Val::Null, Val::TStr(_) | Val::Num(Num::Int(_))) => true,
        (Val::Arr(items), Val::Num(Num::Int(at))) => at.unsigned_abs() >= items.len() + usize::from(*at < 0),
        _ => false,
    }
}

/// `value`, which [`lacks`] `key`, with `new` at it.
fn insert<'a>(value: Val, key: &Val, opt: Opt, new: Val) -> ValX<'a, Val> {
    match (value, key) {
        (Val::Null, Val::TStr(_)) => Ok(Val::obj([(key.clone(), new)].into_iter().collect())),
        (Val::Null, Val::Num(Num::Int(at @ 0..))) => append(Arc::default(), at.unsigned_abs(), new),
        (Val::Arr(items), Val::Num(Num::Int(at @ 0..))) => append(items, at.unsigned_abs(), new),
        // A negative index: an error.
        (value, key) => value.map_index(key, opt, |_| once(Ok(new.clone()))),
    }
}

/// `items` with `new` at an index past their end.
fn append<'a>(mut items: Arc<Vec<Val>>, at: usize, new: Val) -> ValX<'a, Val> {
    if at - items.len() > MAX_GAP {
        return Err(error(format_args!("index {at} is too far past the end of the array")));
    }
    let list = Arc::make_mut(&mut items);
    list.resize(at, Val::Null);
    list.push(new);
    Ok(Val::Arr(items))
}
