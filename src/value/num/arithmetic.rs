//! Arithmetic as in jq: whole numbers stay whole and grow as they must, all else is floating-point.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use arcstr::ArcStr;
use num_bigint::{BigInt, Sign};

use super::{Num, is_minus_zero};

/// An operation that is whole on whole numbers.
struct Operation {
    /// `None` where the outcome does not fit.
    small: fn(i64, i64) -> Option<i64>,
    big: fn(&BigInt, &BigInt) -> BigInt,
    float: fn(f64, f64) -> f64,
}

impl Operation {
    fn apply(&self, left: &Num, right: &Num) -> Num {
        match (left, right) {
            (Num::Int(left), Num::Int(right)) => match (self.small)(*left, *right) {
                Some(number) => Num::Int(number),
                None => Num::from_big((self.big)(&(*left).into(), &(*right).into())),
            },
            (Num::Int(left), Num::Big(right)) => Num::from_big((self.big)(&(*left).into(), right)),
            (Num::Big(left), Num::Int(right)) => Num::from_big((self.big)(left, &(*right).into())),
            (Num::Big(left), Num::Big(right)) => Num::from_big((self.big)(left, right)),
            (Num::Dec(text), right) if is_minus_zero(text) => self.apply(&Num::Int(0), right),
            (left, Num::Dec(text)) if is_minus_zero(text) => self.apply(left, &Num::Int(0)),
            (left, right) => Num::Float((self.float)(left.as_f64(), right.as_f64())),
        }
    }
}

impl Add for Num {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = Operation { small: i64::checked_add, big: |a, b| a + b, float: |a, b| a + b };
        sum.apply(&self, &other)
    }
}

impl Sub for Num {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let difference = Operation { small: i64::checked_sub, big: |a, b| a - b, float: |a, b| a - b };
        difference.apply(&self, &other)
    }
}

impl Mul for Num {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = Operation { small: i64::checked_mul, big: |a, b| a * b, float: |a, b| a * b };
        product.apply(&self, &other)
    }
}

impl Div for Num {
    type Output = Self;

    /// Divides as floating-point numbers.
    fn div(self, other: Self) -> Self {
        let float = |number: &Self| match number {
            Self::Dec(text) if is_minus_zero(text) => 0.0,
            number => number.as_f64(),
        };
        Self::Float(float(&self) / float(&other))
    }
}

impl Num {
    /// Divides whole numbers that leave no remainder; `None` for others.
    pub(crate) fn exact_quotient(&self, other: &Self) -> Option<Self> {
        if !(self.is_int() && other.is_int()) || *other == Self::Int(0) {
            return None;
        }
        let quotient = Operation { small: i64::checked_div, big: |a, b| a / b, float: |a, b| a / b };
        (self.clone() % other.clone() == Self::Int(0)).then(|| quotient.apply(self, other))
    }
}

impl Rem for Num {
    type Output = Self;

    /// Returns the remainder, with the sign of the left side. That of a division of whole numbers by zero is zero:
    /// filters refuse it before it comes here.
    fn rem(self, other: Self) -> Self {
        let remainder = Operation {
            // The one quotient that does not fit leaves no remainder either.
            small: |a, b| Some(a.checked_rem(b).unwrap_or(0)),
            big: |a, b| if b.sign() == Sign::NoSign { BigInt::ZERO } else { a % b },
            float: |a, b| a % b,
        };
        remainder.apply(&self, &other)
    }
}

impl Neg for Num {
    type Output = Self;

    fn neg(self) -> Self {
        match self {
            Self::Int(0) => Self::Dec(ArcStr::from("-0")),
            Self::Int(number) => Self::from_i128(-i128::from(number)),
            Self::Big(number) => Self::from_big(-&*number),
            Self::Float(number) => Self::Float(-number),
            Self::Dec(text) if is_minus_zero(&text) => Self::Int(0),
            Self::Dec(text) => match text.strip_prefix('-') {
                Some(positive) => Self::Dec(positive.into()),
                None => Self::Dec(ArcStr::from(format!("-{text}"))),
            },
        }
    }
}
