//! Native filters of numbers.

use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, RunPtr, ValR};

use crate::filter::run::environment::Data;
use crate::filter::val::whole;
use crate::value::{Num, Val};

/// The native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 7] = [
        ("abs", v(0), |(_, value)| bome(abs(value))),
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

/// A number without its sign.
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

/// The number that a text is.
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
    let number = Num::parse(&format!("{sign}{digits}"));
    let number = number.or_else(|| Num::parse(&format!("{sign}{}", digits.strip_suffix('.')?)));
    number.map(Val::from).ok_or_else(fail)
}
