//! Native filters of numbers.

use std::cmp::Ordering;

use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, RunPtr, ValR};

use crate::filter::run::environment::Data;
use crate::filter::val::{WITH_EXPONENT, whole};
use crate::value::{MAX_DIGITS, Num, Val, has_too_many_digits};

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 19] = [
        ("abs", v(0), |(_, value)| bome(abs(value))),
        ("fabs", v(0), |(_, value)| bome(fabs(value))),
        ("ceil", v(0), |(_, value)| bome(rounded(value, f64::ceil))),
        ("floor", v(0), |(_, value)| bome(rounded(value, f64::floor))),
        ("nearbyint", v(0), |(_, value)| bome(rounded(value, f64::round_ties_even))),
        ("rint", v(0), |(_, value)| bome(rounded(value, f64::round_ties_even))),
        ("round", v(0), |(_, value)| bome(rounded(value, f64::round))),
        ("trunc", v(0), |(_, value)| bome(rounded(value, f64::trunc))),
        ("modf", v(0), |(_, value)| bome(modf(value))),
        ("copysign", v(2), |(mut context, _)| {
            let (sign, number) = (context.pop_var(), context.pop_var());
            bome(float(&sign).and_then(|sign| match fabs(number)? {
                number if sign.is_sign_negative() => -number,
                number => Ok(number),
            }))
        }),
        ("fmax", v(2), |(mut context, _)| {
            let (right, left) = (context.pop_var(), context.pop_var());
            bome(one_of(left, right, Ordering::Greater))
        }),
        ("fmin", v(2), |(mut context, _)| {
            let (right, left) = (context.pop_var(), context.pop_var());
            bome(one_of(left, right, Ordering::Less))
        }),
        ("pow", v(2), |(mut context, _)| {
            let (exponent, base) = (context.pop_var(), context.pop_var());
            bome(pow(&base, &exponent))
        }),
        ("nan", v(0), |_| bome(Ok(Val::from(f64::NAN)))),
        ("infinite", v(0), |_| bome(Ok(Val::from(f64::INFINITY)))),
        ("isnan", v(0), |(_, value)| bome(float(&value).map(|number| number.is_nan().into()))),
        ("isinfinite", v(0), |(_, value)| bome(float(&value).map(|number| number.is_infinite().into()))),
        (":number", v(0), |(_, value)| bome(number(&value))),
        (":whole", v(0), |(_, value)| {
            bome(Ok(value.as_num().map_or_else(|| value.clone(), |number| whole(number.clone()).into())))
        }),
    ];
    natives.map(native::run::<Data>).into_iter()
}

/// Returns the whole number next to a number; a whole one is that itself, however long.
fn rounded(value: Val, round: fn(f64) -> f64) -> ValR<Val> {
    match value.as_num() {
        Some(number) if number.is_int() => Ok(value),
        _ => float(&value).map(|number| whole(Num::Float(round(number))).into()),
    }
}

/// Returns a number without its sign, also that of zero.
fn fabs(value: Val) -> ValR<Val> {
    match value.as_num() {
        Some(number) if number.is_int() => Ok(number.length().into()),
        _ => float(&value).map(|number| whole(Num::Float(number.abs())).into()),
    }
}

/// Returns what is behind the point, and what is before it.
fn modf(value: Val) -> ValR<Val> {
    let number = float(&value)?;
    let behind = if number.is_infinite() { 0.0 } else { number % 1.0 };
    let behind = Val::from(whole(Num::Float(behind)));
    rounded(value, f64::trunc).map(|before| [behind, before].into_iter().collect())
}

/// Returns the greater or less of two numbers; one that is no number gives way.
fn one_of(left: Val, right: Val, wanted: Ordering) -> ValR<Val> {
    let (a, b) = (float(&left)?, float(&right)?);
    let (Some(l), Some(r)) = (left.as_num(), right.as_num()) else { return Ok(left) };
    let takes_left = b.is_nan() || !a.is_nan() && l.cmp(r) != wanted.reverse();
    rounded(if takes_left { left } else { right }, |number| number)
}

/// Returns a power; of whole numbers exactly, as long as it is written without an exponent.
fn pow(base: &Val, exponent: &Val) -> ValR<Val> {
    let number = float(base)?.powf(float(exponent)?);
    let exact = |value: &Val| value.as_num().filter(|number| number.is_int()).and_then(Num::as_i64);
    let exact = exact(base).zip(exact(exponent).and_then(|exponent| u32::try_from(exponent).ok()));
    let exact = exact.and_then(|(base, exponent)| i128::from(base).checked_pow(exponent));
    Ok(match exact.filter(|number| number.abs() < WITH_EXPONENT as i128) {
        Some(number) => Num::from_i128(number).into(),
        None => whole(Num::Float(number)).into(),
    })
}

/// Returns a number without its sign.
fn abs(value: Val) -> ValR<Val> {
    match value.as_num() {
        Some(number) if *number < Num::Int(0) => -value,
        Some(_) => Ok(value),
        None => Err(Error::typ(value, "number")),
    }
}

fn float(value: &Val) -> ValR<f64, Val> {
    value.as_num().map(Num::as_f64).ok_or_else(|| Error::typ(value.clone(), "number"))
}

/// Returns the number that a text is.
fn number(value: &Val) -> ValR<Val> {
    let Some(text) = value.as_str() else { return Err(Error::typ(value.clone(), "number")) };
    let fail = || Error::str(format_args!("cannot parse {value} as a number"));
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(fail());
    }
    let digits = match digits.trim_start_matches('0') {
        rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
        rest => format!("0{rest}"),
    };
    if has_too_many_digits(&digits) {
        return Err(Error::str(format_args!("a whole number of more than {MAX_DIGITS} digits")));
    }
    let number = Num::parse(&format!("{sign}{digits}"));
    let number = number.or_else(|| Num::parse(&format!("{sign}{}", digits.strip_suffix('.')?)));
    number.map(Val::from).ok_or_else(fail)
}
