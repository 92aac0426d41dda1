//! Sums, differences, products and quotients.
//!
//! A sum or difference of two arrays, objects or strings is the left operand, changed: it keeps its identity,
//! or that of the right one where the left one has none. A counter plus or minus a plain number is that
//! counter; of two counters it is neither. An operand that the other one does not change comes back as it is.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use arcstr::ArcStr;
use jaq_core::ops::Math;
use jaq_core::{Error, ValR};

use super::{combine, kind};
use crate::value::{List, Map, Num, Val, View};

/// Two operands: two arrays, two objects, or something else.
enum Operands {
    Lists(List, List),
    Maps(Map, Map),
    Others(Val, Val),
}

impl Operands {
    fn of(left: Val, right: Val) -> Self {
        fn whole<T: Into<Val>>(part: Result<T, Val>) -> Val {
            part.map_or_else(|value| value, Into::into)
        }
        let (left, right) = match (left.into_list(), right.into_list()) {
            (Ok(left), Ok(right)) => return Self::Lists(left, right),
            (left, right) => (whole(left), whole(right)),
        };
        match (left.into_map(), right.into_map()) {
            (Ok(left), Ok(right)) => Self::Maps(left, right),
            (left, right) => Self::Others(whole(left), whole(right)),
        }
    }
}

impl Add for Val {
    type Output = ValR<Self>;

    fn add(self, right: Self) -> ValR<Self> {
        match Operands::of(self, right) {
            Operands::Lists(left, right) => combine::appended(left, right).map(Self::from),
            Operands::Maps(left, right) => Ok(combine::extended(left, right).into()),
            Operands::Others(left, right) => match (left.view(), right.view()) {
                (View::Null, _) => Ok(right),
                (_, View::Null) => Ok(left),
                (View::Num(a), View::Num(b)) => Ok(counted(a.clone() + b.clone(), &left, &right)),
                (View::Str(_), View::Str(_)) => Ok(concatenated(left, right)),
                _ => Err(Error::math(left, Math::Add, right)),
            },
        }
    }
}

impl Sub for Val {
    type Output = ValR<Self>;

    fn sub(self, right: Self) -> ValR<Self> {
        match Operands::of(self, right) {
            Operands::Lists(left, right) => Ok(combine::without(left, &right).into()),
            Operands::Maps(left, right) => Err(Error::math(left.into(), Math::Sub, right.into())),
            Operands::Others(left, right) => match (left.view(), right.view()) {
                (View::Num(a), View::Num(b)) => Ok(counted(a.clone() - b.clone(), &left, &right)),
                _ => Err(Error::math(left, Math::Sub, right)),
            },
        }
    }
}

impl Mul for Val {
    type Output = ValR<Self>;

    fn mul(self, right: Self) -> ValR<Self> {
        match Operands::of(self, right) {
            Operands::Maps(left, right) => Ok(combine::merged(left, right).into()),
            Operands::Lists(left, right) => Err(Error::math(left.into(), Math::Mul, right.into())),
            Operands::Others(left, right) => match (left.view(), right.view()) {
                (View::Num(a), View::Num(b)) => Ok(Self::from(whole(a.clone() * b.clone()))),
                (View::Str(text), View::Num(count)) | (View::Num(count), View::Str(text)) => {
                    Ok(repeated(text, count))
                }
                _ => Err(Error::math(left, Math::Mul, right)),
            },
        }
    }
}

impl Div for Val {
    type Output = ValR<Self>;

    fn div(self, right: Self) -> ValR<Self> {
        match (self.view(), right.view()) {
            (View::Num(_), View::Num(b)) if b.as_f64() == 0.0 => {
                Err(Error::str(format_args!("{self} cannot be divided by zero")))
            }
            (View::Num(a), View::Num(b)) => Ok(match a.exact_quotient(b) {
                Some(quotient) => quotient.into(),
                None => whole(a.clone() / b.clone()).into(),
            }),
            (View::Str(text), View::Str(by)) => Ok(split(text, by)),
            _ => Err(Error::math(self, Math::Div, right)),
        }
    }
}

impl Rem for Val {
    type Output = ValR<Self>;

    fn rem(self, right: Self) -> ValR<Self> {
        match (self.view(), right.view()) {
            (View::Num(a), View::Num(b)) if a.is_int() && b.is_int() && *b != Num::Int(0) => {
                Ok(Self::from(a.clone() % b.clone()))
            }
            (View::Num(a), View::Num(b)) => remainder(a.as_f64(), b.as_f64())
                .map(Self::from)
                .ok_or_else(|| Error::str(format_args!("{self} cannot be divided by zero"))),
            _ => Err(Error::math(self, Math::Rem, right)),
        }
    }
}

impl Neg for Val {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        match self.view() {
            View::Num(number) => Ok(Self::from(-number.clone())),
            _ => Err(Error::typ(self, kind::NUMBER)),
        }
    }
}

/// From here on computed numbers are written with an exponent.
pub(in crate::filter) const WITH_EXPONENT: f64 = 1e21;

/// Returns a number that has been computed as a whole one, if it is one and not too long to be read.
pub(in crate::filter) fn whole(number: Num) -> Num {
    /// Up to here there is no whole number between two floating-point numbers.
    const EXACT: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
    match number {
        Num::Float(float) if float.fract() == 0.0 && float.abs() <= EXACT => Num::Int(float as i64),
        // Its shortest digits, and zeros: the digits between two floating-point numbers would say what nobody knows.
        Num::Float(float) if float.abs() > EXACT && float.abs() < WITH_EXPONENT => {
            Num::parse(&float.to_string()).unwrap_or(number)
        }
        number => number,
    }
}

/// Returns the remainder of two numbers of which what is behind the point is cut off, with the sign of the left one.
fn remainder(left: f64, right: f64) -> Option<Num> {
    if left.is_nan() || right.is_nan() {
        return Some(Num::Float(f64::NAN));
    }
    // What is too large is cut off.
    let (left, right) = (left as i64, right as i64);
    let magnitude = left.unsigned_abs().checked_rem(right.unsigned_abs())?;
    let magnitude = i64::try_from(magnitude).unwrap_or(i64::MAX);
    Some(Num::Int(if left < 0 { -magnitude } else { magnitude }))
}

/// Returns a sum or difference of two numbers.
fn counted(number: Num, left: &Val, right: &Val) -> Val {
    let counter = match (left.identity(), right.identity()) {
        (Some(counter), None) | (None, Some(counter)) => Some(counter.clone()),
        _ => None,
    };
    Val::from(whole(number)).with_identity(counter)
}

/// Returns one string, then another one.
fn concatenated(left: Val, right: Val) -> Val {
    let identity = left.identity().or(right.identity());
    let is_empty = |value: &Val| value.as_str().is_some_and(str::is_empty);
    if is_empty(&right) && left.identity() == identity {
        return left;
    }
    if is_empty(&left) && right.identity() == identity {
        return right;
    }
    let identity = identity.cloned();
    left.with_more(right.as_str().unwrap_or_default()).with_identity(identity)
}

/// Returns a text again and again; null where it is less than never.
fn repeated(text: &str, count: &Num) -> Val {
    let count = count.as_f64();
    if count.is_nan() || count < 0.0 {
        return Val::NULL;
    }
    ArcStr::from(text.repeat(count as usize)).into()
}

/// Returns the parts of a text between separators; without a separator its characters.
fn split(text: &str, by: &str) -> Val {
    let part = |part: &str| Val::from(ArcStr::from(part));
    match (text, by) {
        ("", _) => List::new().into(),
        (_, "") => text.chars().map(|c| part(c.encode_utf8(&mut [0; 4]))).collect(),
        _ => text.split(by).map(part).collect(),
    }
}
