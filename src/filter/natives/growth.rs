//! Native filters that could run or grow without end in one step, with a look at the limits first.
//!
//! A run is measured and cancelled between two steps (see [`watchdog`](crate::filter::run::watchdog)). So steps that make
//! much of little say before what they may take, and generators ask for every output whether they go on.

use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, Exn, ValR, ValX};

use crate::cancellation::ask;
use crate::filter::natives::names::{GUARD, MEASURED, OVER, RESERVED, TIMES};
use crate::filter::run::environment::Data;
use crate::filter::run::measure::measure;
use crate::filter::run::meter::reserve;
use crate::value::{Num, Val, View};

/// The longest string that one multiplication makes, in bytes.
const LONGEST: usize = 1 << 30;
/// The most bits that a product has: a multiplication of longer numbers takes very long.
const MOST_BITS: u64 = 1 << 22;
/// The maximum size of a piece of a string that is a value of its own.
const PIECE: usize = 64;

/// A native filter of jq that yields much more than it gets: its name, the name it has here, and the check
/// before it.
struct Greedy {
    name: &'static str,
    inner: &'static str,
    check: fn() -> Term<&'static str>,
}

const GREEDY: [Greedy; 2] = [
    Greedy { name: "tojson", inner: "!tojson", check: || Term::Call(MEASURED, Vec::new()) },
    Greedy { name: "explode", inner: "!explode", check: always },
];

fn always() -> Term<&'static str> {
    Term::Call(RESERVED, vec![Term::Str(None, vec![jaq_core::load::lex::StrPart::Str("g")])])
}

/// Returns the definitions of the greedy filters with what they call: the check, then the filter.
pub(in crate::filter) fn definitions() -> impl Iterator<Item = (Def<&'static str>, Vec<&'static str>)> {
    GREEDY.iter().map(|greedy| {
        let body = pipe((greedy.check)(), Term::Call(greedy.inner, Vec::new()));
        (Def { name: greedy.name, args: Vec::new(), body }, vec![greedy.inner])
    })
}

/// The names under which definitions find native filters.
const RENAMED: &[(&str, &str)] = &[
    ("acos", ":acos"),
    ("acosh", ":acosh"),
    ("asin", ":asin"),
    ("asinh", ":asinh"),
    ("atan", ":atan"),
    ("atan2", ":atan2"),
    ("atanh", ":atanh"),
    ("cbrt", ":cbrt"),
    ("copysign", ":copysign"),
    ("cos", ":cos"),
    ("cosh", ":cosh"),
    ("erf", ":erf"),
    ("erfc", ":erfc"),
    ("exp", ":exp"),
    ("exp10", ":exp10"),
    ("exp2", ":exp2"),
    ("expm1", ":expm1"),
    ("fabs", ":fabs"),
    ("fdim", ":fdim"),
    ("fma", ":fma"),
    ("fmax", ":fmax"),
    ("fmin", ":fmin"),
    ("fmod", ":fmod"),
    ("frexp", ":frexp"),
    ("hypot", ":hypot"),
    ("j0", ":j0"),
    ("j1", ":j1"),
    ("jn", ":jn"),
    ("ldexp", ":ldexp"),
    ("lgamma", ":lgamma"),
    ("limit", ":limit"),
    ("log", ":log"),
    ("log10", ":log10"),
    ("log1p", ":log1p"),
    ("log2", ":log2"),
    ("modf", ":modf"),
    ("nextafter", ":nextafter"),
    ("pow", ":pow"),
    ("remainder", ":remainder"),
    ("rint", ":rint"),
    ("scalbln", ":scalbln"),
    ("sin", ":sin"),
    ("sinh", ":sinh"),
    ("skip", ":skip"),
    ("sqrt", ":sqrt"),
    ("tan", ":tan"),
    ("tanh", ":tanh"),
    ("tgamma", ":tgamma"),
    ("trunc", ":trunc"),
    ("y0", ":y0"),
    ("y1", ":y1"),
    ("yn", ":yn"),
];

/// Returns the name under which the definitions find a native filter.
pub(in crate::filter) fn renamed((name, args, native): Fun<Data>) -> Fun<Data> {
    let greedy = GREEDY.iter().map(|greedy| (greedy.name, greedy.inner));
    let inner = greedy.chain(RENAMED.iter().copied()).find(|(outer, _)| *outer == name);
    (inner.map_or(name, |(_, inner)| inner), args, native)
}

/// Returns the native filters that look at the limits by themselves; `range` stands for that of jq.
pub(in crate::filter) fn natives() -> [Fun<Data>; 5] {
    [
        native::run(("range", v(3), |(mut context, _)| {
            let (by, to, from) = (context.pop_var(), context.pop_var(), context.pop_var());
            Box::new(range(from, to, by).inspect(|_| ask()))
        })),
        native::run((TIMES, v(2), |(mut context, input)| {
            let (left, right) = (context.pop_var(), context.pop_var());
            // So that a value that nothing else holds is changed in place.
            drop(input);
            bome(times(left, right))
        })),
        native::run((OVER, v(2), |(mut context, input)| {
            let (left, right) = (context.pop_var(), context.pop_var());
            drop(input);
            if let (View::Str(text), View::Str(by)) = (left.view(), right.view()) {
                reserve((text.len() / by.len().max(1)).saturating_mul(PIECE));
            }
            bome(left / right)
        })),
        native::run((MEASURED, v(0), |(_, value)| {
            measure(&value);
            bome(Ok(value))
        })),
        native::run((RESERVED, v(1), |(mut context, value)| {
            let flags = context.pop_var();
            if let (View::Str(text), View::Str(flags)) = (value.view(), flags.view())
                && flags.contains('g')
            {
                reserve(text.len().saturating_mul(PIECE));
            }
            bome(Ok(value))
        })),
    ]
}

/// Returns the numbers from `from` on, before `to`.
fn range<'a>(from: Val, to: Val, by: Val) -> impl Iterator<Item = ValX<'a, Val>> {
    let up = by.cmp(&Val::from(0));
    let wrong = [&from, &to, &by].into_iter().find(|bound| bound.as_num().is_none()).cloned();
    let mut next = Some(match wrong {
        Some(wrong) => Err(Exn::from(Error::typ(wrong, "number"))),
        None => Ok(from),
    });
    std::iter::from_fn(move || {
        let value = match next.take()? {
            Ok(value) => value,
            Err(error) => return Some(Err(error)),
        };
        let goes_on = match up {
            std::cmp::Ordering::Greater => value < to,
            std::cmp::Ordering::Less => value > to,
            std::cmp::Ordering::Equal => false,
        };
        goes_on.then(|| {
            next = Some((value.clone() + by.clone()).map_err(Exn::from));
            Ok(value)
        })
    })
}

fn times(left: Val, right: Val) -> ValR<Val> {
    match (left.view(), right.view()) {
        (View::Str(text), View::Num(number)) | (View::Num(number), View::Str(text)) => {
            let bytes = text.len().saturating_mul(number.as_f64() as usize);
            if bytes > LONGEST {
                let long = "the repeated string would have more than";
                return Err(Error::str(format_args!("{long} {LONGEST} bytes")));
            }
            reserve(bytes);
        }
        (View::Num(Num::Big(left)), View::Num(Num::Big(right))) if left.bits() + right.bits() > MOST_BITS => {
            return Err(Error::str(format_args!("the product would have more than {MOST_BITS} bits")));
        }
        _ => {}
    }
    left * right
}

/// Returns a part of a string, measured before it is written out.
pub(in crate::filter) fn measured(term: Term<&str>) -> Term<&str> {
    pipe(term, Term::Call(MEASURED, Vec::new()))
}

/// Returns what each round of a `reduce` or `foreach` does, after a look at the value so far.
pub(in crate::filter) fn round(term: Term<&str>) -> Term<&str> {
    pipe(Term::Call(GUARD, Vec::new()), term)
}

/// Returns the outputs of a generator, with a step of the interpreter for each.
pub(in crate::filter) fn step_by_step(term: Term<&str>) -> Term<&str> {
    pipe(term, Term::Id)
}

fn pipe<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}
