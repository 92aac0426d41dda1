//! Native filters that decide which outputs there are, and those of paths.

use std::iter;

use jaq_core::box_iter::box_once;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Bind, Cv, Error, Exn, Native, RunPtr, ValT, ValX};

use crate::filter::natives::delete;
use crate::filter::natives::names::{LAST, LOCATED, NONE, NULL, OTHERWISE};
use crate::filter::natives::place::{at_path, set_path};
use crate::filter::run::environment::Data;
use crate::filter::val;
use crate::value::{MAX_DEPTH, Val, View};

fn one_filter() -> Box<[Bind]> {
    [Bind::Fun(())].into()
}

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let runs: [native::Filter<RunPtr<Data>>; 6] = [
        (NULL, v(0), |_| bome(Ok(Val::NULL))),
        ("not", v(0), |(_, value)| bome(Ok((!ValT::as_bool(&value)).into()))),
        ("del", one_filter(), |(mut context, value)| {
            let (path, context) = context.pop_fun();
            path.update((context, value), Box::new(|_| Box::new(iter::empty())))
        }),
        ("setpath", v(2), |(mut context, value)| {
            let (item, path) = (context.pop_var(), context.pop_var());
            box_once(keys(path).map_err(Exn::from).and_then(|keys| set_path(value, keys, &item)))
        }),
        ("delpaths", v(1), |(mut context, value)| {
            let paths = context.pop_var().into_list().map_err(|paths| Error::typ(paths, "array"));
            let paths = paths.and_then(|paths| paths.into_iter().map(keys).collect());
            bome(paths.and_then(|paths| delete::paths(value, paths)))
        }),
        (":each", one_filter(), |(mut context, value)| {
            let (f, context) = context.pop_fun();
            box_once(val::each(value, |part| f.run((context.clone(), part))))
        }),
    ];
    runs.map(native::run::<Data>).into_iter().chain(literals()).chain(of_paths()).chain([located()])
}

/// Returns `null`, `true` and `false`: as paths they lead to what is equal to them.
fn literals() -> [Fun<Data>; 3] {
    let null: Native<Data> = Native::new(|_| bome(Ok(Val::NULL))).with_paths(|(_, at)| {
        let is_here = at.0.is_null();
        box_once(if is_here { Ok(at) } else { Err(Error::path_expr(Val::NULL).into()) })
    });
    let yes: Native<Data> = Native::new(|_| bome(Ok(true.into()))).with_paths(|(_, at)| {
        let is_here = matches!(at.0.view(), View::Bool(true));
        box_once(if is_here { Ok(at) } else { Err(Error::path_expr(Val::from(true)).into()) })
    });
    let no: Native<Data> = Native::new(|_| bome(Ok(false.into()))).with_paths(|(_, at)| {
        let is_here = matches!(at.0.view(), View::Bool(false));
        box_once(if is_here { Ok(at) } else { Err(Error::path_expr(Val::from(false)).into()) })
    });
    [("null", v(0), null), ("true", v(0), yes), ("false", v(0), no)]
}

/// Returns the native filters that lead somewhere as paths.
fn of_paths() -> [Fun<Data>; 6] {
    let none: Native<Data> = Native::new(|_| Box::new(iter::empty())).with_paths(|_| Box::new(iter::empty()));
    let empty: Native<Data> =
        Native::new(|_| Box::new(iter::empty())).with_paths(|_| Box::new(iter::empty()));
    let error: Native<Data> = Native::new(|(_, value)| bome(Err(Error::new(value))))
        .with_paths(|(_, at)| box_once(Err(Error::new(at.0).into())));
    let getpath: Native<Data> = Native::new(|(mut context, value)| {
        let path = context.pop_var();
        bome(keys(path).and_then(|keys| at_path(&value, &keys)))
    })
    .with_paths(|(mut context, (value, at))| {
        let path = context.pop_var();
        let found = keys(path).and_then(|keys| {
            let value = at_path(&value, &keys)?;
            Ok((value, keys.into_iter().fold(at, |at, key| at.cons(key))))
        });
        box_once(found.map_err(Exn::from))
    });
    let last: Native<Data> = Native::new(|(mut context, value)| {
        let (f, context) = context.pop_fun();
        box_once(f.run((context, value)).try_fold(Val::NULL, |_, output| output))
    })
    .with_paths(|(mut context, at)| {
        let (f, context) = context.pop_fun();
        let last = f.paths((context, at)).try_fold(None, |_, output| output.map(Some));
        Box::new(last.transpose().into_iter())
    });
    let otherwise: Native<Data> = Native::new(|(mut context, value): Cv<'_, Data>| {
        let ((next, after), (first, context)) = (context.pop_fun(), context.pop_fun());
        let outputs = first.run((context, value.clone()));
        until_error(outputs, move || next.run((after.clone(), value.clone())))
    })
    .with_paths(|(mut context, at)| {
        let ((next, after), (first, context)) = (context.pop_fun(), context.pop_fun());
        let outputs = first.paths((context, at.clone()));
        until_error(outputs, move || next.paths((after.clone(), at.clone())))
    });
    [
        (NONE, v(0), none),
        ("empty", v(0), empty),
        ("error", v(0), error),
        ("getpath", v(1), getpath),
        (LAST, one_filter(), last),
        (OTHERWISE, [Bind::Fun(()), Bind::Fun(())].into(), otherwise),
    ]
}

/// Returns the outputs up to the first error, then those of `next` instead of it.
fn until_error<'a, T: 'a>(
    mut outputs: Box<dyn Iterator<Item = ValX<'a, T, Val>> + 'a>,
    next: impl Fn() -> Box<dyn Iterator<Item = ValX<'a, T, Val>> + 'a> + 'a,
) -> Box<dyn Iterator<Item = ValX<'a, T, Val>> + 'a> {
    let mut rest = None;
    Box::new(iter::from_fn(move || {
        if let Some(rest) = &mut rest {
            return Iterator::next(rest);
        }
        match outputs.next()? {
            Ok(output) => Some(Ok(output)),
            Err(exception) => match exception.get_err() {
                Ok(_) => rest.insert(next()).next(),
                Err(exception) => Some(Err(exception)),
            },
        }
    }))
}

/// Returns a variable or a number as a path: it leads to what is equal to it.
fn located() -> Fun<Data> {
    let native: Native<Data> = Native::new(|(mut context, value)| {
        let (f, context) = context.pop_fun();
        f.run((context, value))
    })
    .with_paths(|(mut context, at)| {
        let (f, context) = context.pop_fun();
        let here = f.run((context, at.0.clone())).next().transpose();
        box_once(here.and_then(|value| match value {
            Some(value) if value == at.0 => Ok(at),
            value => Err(Error::path_expr(value.unwrap_or_default()).into()),
        }))
    });
    (LOCATED, one_filter(), native)
}

/// Returns the keys of a path.
fn keys(path: Val) -> Result<Vec<Val>, Error<Val>> {
    let keys: Vec<Val> = path.into_list().map_err(|path| Error::typ(path, "array"))?.into_iter().collect();
    if keys.len() > MAX_DEPTH {
        return Err(Error::str(format_args!("the path is too long, the most is {MAX_DEPTH} keys")));
    }
    Ok(keys)
}
