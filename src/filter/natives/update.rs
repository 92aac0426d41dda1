//! Updates of all places that a path leads to.

use std::iter::{once, once_with};
use std::sync::Arc;

use jaq_core::box_iter::{box_once, map_with};
use jaq_core::compile::TermId;
use jaq_core::native::{self, Fun};
use jaq_core::{Bind, Ctx, Cv, Exn, Native, RunPtr, ValR, ValT, ValX, ValXs};

use crate::cancellation::ask;
use crate::filter::natives::delete;
use crate::filter::natives::names::{KEYS, PATHS};
use crate::filter::natives::place::{at_path, error, set_path, update_or_keep};
use crate::filter::natives::steps::Step;
use crate::filter::run::environment::Data;
use crate::value::{MAX_DEPTH, Val};

/// Returns the native filters that rewritten updates call.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
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

/// Returns the native filters that are paths.
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

/// Returns the steps that the filter `keys` yields.
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

/// Runs `path |= f`.
fn update_with<'a>((mut context, value): Cv<'a, Data>) -> ValXs<'a, Val> {
    let (f, inner) = context.pop_fun();
    let updated = steps(context.pop_fun())
        .and_then(|steps| update_or_keep(value, &steps, &|old| f.run((inner.clone(), old))));
    box_once(updated)
}

/// Runs `path = f`, `path += f` and the like: what is at the path becomes what `op` makes of it and of each output
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

/// Returns `value` with what is at all paths that the filter `path` yields replaced by the first output of `f` for
/// it; what has none goes, at the end and all at once.
fn update_paths<'a, F>((path, context): (TermId, Ctx<'a, Data>), value: Val, f: F) -> ValX<'a, Val>
where
    F: Fn(Val) -> ValXs<'a, Val>,
{
    let (mut new, mut gone) = (value.clone(), Vec::new());
    for found in path.paths((context, (value, Default::default()))) {
        ask();
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
