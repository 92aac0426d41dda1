//! Exact numbers.

mod arithmetic;
mod order;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use arcstr::ArcStr;
use num_bigint::{BigInt, Sign};

/// A number, exactly: it prints as it was written.
///
/// What a text or a computation gives has one form. A whole number is an [`Int`](Self::Int) if it fits, else
/// [`Big`](Self::Big); a text that a floating-point number prints as is that [`Float`](Self::Float); any other
/// is kept as text.
///
/// `==` and `<` compare as jq does, by value: `1 == 1.0`.
///
/// ```
/// use rejoin::value::Num;
///
/// let read = |text| Num::parse(text).expect("a number");
/// assert!(matches!(read("12"), Num::Int(12)));
/// assert!(matches!(read("0.5"), Num::Float(0.5)));
/// assert_eq!(read("0.50").to_string(), "0.50");
/// assert_eq!(read("0.50"), read("0.5"));
/// assert_eq!((read("9223372036854775807") + read("1")).to_string(), "9223372036854775808");
/// ```
#[derive(Clone, Debug)]
pub enum Num {
    /// A whole number.
    Int(i64),
    /// A floating-point number; it prints as the shortest text that reads back as it.
    Float(f64),
    /// A whole number that does not fit 64 bits.
    Big(Arc<BigInt>),
    /// The text of a JSON number that no other variant prints as: `0.10`, `1e400`, `1E+5`, `-0`.
    Dec(ArcStr),
}

impl Num {
    /// Reads a number as JSON writes it; `None` for any other text, and for whole numbers of more than
    /// [`MAX_DIGITS`] digits. O(length).
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = number_length(text.as_bytes()) == Ok(text.len()) && !has_too_many_digits(text);
        is_number.then(|| Self::of_json(text))
    }

    /// Tells whether it is a whole number of more than [`MAX_DIGITS`] digits: what computes may make one.
    pub(crate) fn has_too_many_digits(&self) -> bool {
        // As many bits as numbers of that many digits have at least.
        const BITS: u64 = 66_438;
        match self {
            Self::Big(number) if number.bits() > BITS + 1 => true,
            Self::Big(number) if number.bits() > BITS => number.magnitude().to_string().len() > MAX_DIGITS,
            _ => false,
        }
    }

    /// Reads a text that is known to be a number of JSON, with no more than [`MAX_DIGITS`] digits if it is whole.
    pub(super) fn of_json(text: &str) -> Self {
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_whole {
            return match text.parse::<f64>() {
                Ok(float) if float.is_finite() && ryu::Buffer::new().format_finite(float) == text => {
                    Self::Float(float)
                }
                _ => Self::Dec(text.into()),
            };
        }
        if text == "-0" {
            return Self::Dec(text.into());
        }
        match text.parse::<i64>() {
            Ok(number) => Self::Int(number),
            Err(_) => text.parse().map_or_else(|_| Self::Dec(text.into()), Self::from_big),
        }
    }

    /// Makes a whole number.
    pub fn from_i128(number: i128) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Big(Arc::new(number.into())), Self::Int)
    }

    /// Makes a whole number.
    fn from_big(number: BigInt) -> Self {
        i64::try_from(&number).map_or_else(|_| Self::Big(Arc::new(number)), Self::Int)
    }

    /// Returns a whole number that fits; `1.0` is none.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Big(number) => i64::try_from(&**number).ok(),
            Self::Dec(text) => is_minus_zero(text).then_some(0),
            Self::Float(_) => None,
        }
    }

    /// Returns the nearest floating-point number; infinite for what is too large.
    pub fn as_f64(&self) -> f64 {
        match self {
            Self::Int(number) => *number as f64,
            Self::Float(number) => *number,
            Self::Big(number) => big_as_f64(number),
            Self::Dec(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Tells whether it is written as a whole number: `1` is, `1.0` and `1e2` are not.
    pub fn is_int(&self) -> bool {
        match self {
            Self::Int(_) | Self::Big(_) => true,
            Self::Dec(text) => is_minus_zero(text),
            Self::Float(_) => false,
        }
    }

    /// Tells whether it is neither NaN nor an infinity. A number that is kept as text is finite.
    pub(crate) fn is_finite(&self) -> bool {
        !matches!(self, Self::Float(number) if !number.is_finite())
    }

    /// Returns the place that a whole number names in an array, a string or a range; `None` where no memory is so
    /// large, and for other numbers.
    pub(crate) fn offset(&self) -> Option<Offset> {
        match self {
            Self::Big(number) => {
                let distance = usize::try_from(number.magnitude()).ok()?;
                Some(Offset { from_end: number.sign() == Sign::Minus, distance })
            }
            _ => {
                let number = self.as_i64()?;
                let distance = usize::try_from(number.unsigned_abs()).ok()?;
                Some(Offset { from_end: number < 0, distance })
            }
        }
    }

    /// Returns the absolute value.
    pub fn length(&self) -> Self {
        match self {
            Self::Int(number) => Self::from_i128(i128::from(*number).abs()),
            Self::Big(number) => Self::from_big(number.magnitude().clone().into()),
            Self::Float(number) => Self::Float(number.abs()),
            Self::Dec(text) if is_minus_zero(text) => Self::Int(0),
            Self::Dec(_) => Self::Float(self.as_f64().abs()),
        }
    }

    /// Tells whether the two print alike: `1` is not `1.0`, and `-0` is not `0`.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Big(a), Self::Big(b)) => a == b,
            (Self::Dec(a), Self::Dec(b)) => a == b,
            (Self::Int(_) | Self::Big(_), Self::Float(_)) | (Self::Float(_), Self::Int(_) | Self::Big(_)) => {
                false
            }
            // Others can be built that have not the one form.
            _ => self.to_string() == other.to_string(),
        }
    }
}

/// A place in a sequence, counted from the front or from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Whether it is counted from the end.
    pub(crate) from_end: bool,
    /// How far from the front or from the end.
    pub(crate) distance: usize,
}

impl Offset {
    /// Returns the position from the front in a sequence of a length, which may be past its end; `None` if it is in
    /// front of it.
    pub(crate) fn position(self, length: usize) -> Option<usize> {
        if self.from_end { length.checked_sub(self.distance) } else { Some(self.distance) }
    }

    /// Returns the position of an item that a sequence of a length has.
    pub(crate) fn item(self, length: usize) -> Option<usize> {
        self.position(length).filter(|position| *position < length)
    }

    /// Returns the position of an end of a slice, which is no further than the ends of the sequence.
    pub(crate) fn bound(self, length: usize) -> usize {
        self.position(length).unwrap_or(0).min(length)
    }
}

/// Measures the JSON number at the start of a text. `Err` is the offset of what should be a digit, or of a
/// zero that should not be there.
pub(super) fn number_length(text: &[u8]) -> Result<usize, usize> {
    let digits = |at: usize| match text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 => Err(at),
        length => Ok(length),
    };
    let whole = usize::from(text.first() == Some(&b'-'));
    let mut at = whole + digits(whole)?;
    if at > whole + 1 && text[whole] == b'0' {
        return Err(whole);
    }
    if text.get(at) == Some(&b'.') {
        at += 1 + digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at += digits(at)?;
    }
    Ok(at)
}

/// The maximum number of digits of a whole number in JSON and in documents. To read and to print one takes time that
/// grows with the square of its length, and this many take less than a millisecond.
pub const MAX_DIGITS: usize = 20_000;

/// Tells whether a number of JSON is whole and has more than [`MAX_DIGITS`] digits.
pub(crate) fn has_too_many_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > MAX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether it is the one whole number that is kept as text.
fn is_minus_zero(text: &str) -> bool {
    text == "-0"
}

/// Returns the nearest floating-point number: ties go to the even one.
fn big_as_f64(number: &BigInt) -> f64 {
    let bits = number.bits();
    let Some(shift) = bits.checked_sub(64).filter(|shift| *shift > 0) else {
        let magnitude = number.iter_u64_digits().next().unwrap_or(0) as f64;
        return if number.sign() == Sign::Minus { -magnitude } else { magnitude };
    };
    if bits > f64::MAX_EXP as u64 {
        return if number.sign() == Sign::Minus { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let magnitude = number.magnitude();
    // The lowest of 64 bits stands for all that are cut off, so that rounding to 53 sees them.
    let cut_off = magnitude.trailing_zeros().is_some_and(|zeros| zeros < shift);
    let high = (magnitude >> shift).iter_u64_digits().next().unwrap_or(0) | u64::from(cut_off);
    let power = f64::from_bits((f64::MAX_EXP as u64 - 1 + shift) << (f64::MANTISSA_DIGITS - 1));
    let rounded = high as f64 * power;
    if number.sign() == Sign::Minus { -rounded } else { rounded }
}

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Big(number) => number.fmt(f),
            Self::Float(number) if number.is_nan() => f.pad("NaN"),
            Self::Float(f64::INFINITY) => f.pad("Infinity"),
            Self::Float(f64::NEG_INFINITY) => f.pad("-Infinity"),
            Self::Float(number) => f.pad(ryu::Buffer::new().format_finite(*number)),
            Self::Dec(text) => f.pad(text),
        }
    }
}

macro_rules! from_small {
    ($($int:ty),*) => {$(
        impl From<$int> for Num {
            fn from(number: $int) -> Self {
                Self::Int(i64::from(number))
            }
        }
    )*};
}

macro_rules! from_large {
    ($($int:ty),*) => {$(
        impl From<$int> for Num {
            fn from(number: $int) -> Self {
                i64::try_from(number).map_or_else(|_| Self::Big(Arc::new(number.into())), Self::Int)
            }
        }
    )*};
}

from_small!(i8, i16, i32, i64, u8, u16, u32);
from_large!(isize, i128, u64, usize, u128);

impl From<BigInt> for Num {
    fn from(number: BigInt) -> Self {
        Self::from_big(number)
    }
}

impl From<f64> for Num {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<f32> for Num {
    fn from(number: f32) -> Self {
        Self::Float(number.into())
    }
}
