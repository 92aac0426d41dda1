//! Comparison by value, as in jq.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use arcstr::ArcStr;
use num_bigint::BigInt;

use super::Num;

/// By value: `1 == 1.0`. NaN is not equal to itself.
impl PartialEq for Num {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            _ => !self.is_nan() && !other.is_nan() && self.cmp(other).is_eq(),
        }
    }
}

impl Eq for Num {}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By value: as floating-point numbers, and where these are too coarse for whole numbers, as the numbers are written.
/// NaN is less than everything, itself included.
impl Ord for Num {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Big(a), Self::Big(b)) => a.cmp(b),
            (Self::Int(a), Self::Big(b)) => BigInt::from(*a).cmp(b),
            (Self::Big(a), Self::Int(b)) => (**a).cmp(&BigInt::from(*b)),
            (Self::Dec(a), Self::Dec(b)) if ArcStr::ptr_eq(a, b) => Ordering::Equal,
            (Self::Float(a), Self::Float(b)) => compare_floats(*a, *b),
            _ => {
                let (a, b) = (self.as_f64(), other.as_f64());
                compare_floats(a, b).then_with(|| match a.abs() < EXACT {
                    true => Ordering::Equal,
                    false => compare_written(self, other),
                })
            }
        }
    }
}

impl Num {
    fn is_nan(&self) -> bool {
        matches!(self, Self::Float(number) if number.is_nan())
    }
}

/// Below this, floating-point numbers tell all whole numbers apart.
const EXACT: f64 = (1_u64 << 53) as f64;

fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(if a.is_nan() { Ordering::Less } else { Ordering::Greater })
}

/// Compares numbers other than zero, of one sign, by their digits. An infinity is beyond all that can be written.
fn compare_written(a: &Num, b: &Num) -> Ordering {
    let is_infinite = |number: &Num| matches!(number, Num::Float(number) if number.is_infinite());
    let size = match (is_infinite(a), is_infinite(b)) {
        (false, false) => Written::of(&a.to_string()).cmp(&Written::of(&b.to_string())),
        (a, b) => a.cmp(&b),
    };
    if a.as_f64() < 0.0 { size.reverse() } else { size }
}

/// The size of a number: how many digits stand before its point, and its digits from the first that is not 0 to the
/// last that is not.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Written {
    before_point: i128,
    digits: Vec<u8>,
}

impl Written {
    fn of(text: &str) -> Self {
        let text = text.trim_start_matches('-');
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let beyond = if exponent.starts_with('-') { i128::MIN / 2 } else { i128::MAX / 2 };
        let exponent: i128 = exponent.parse().unwrap_or(beyond);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all = whole.bytes().chain(part.bytes());
        let zeros = all.clone().take_while(|digit| *digit == b'0').count();
        let mut digits: Vec<u8> = all.skip(zeros).collect();
        digits.truncate(digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1));
        let before_point = exponent.saturating_add(whole.len() as i128 - zeros as i128);
        Self { before_point, digits }
    }
}

/// Equal for numbers that are equal.
impl Hash for Num {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Those that are equal are so as floating-point numbers too. Both zeros are equal.
        let float = self.as_f64();
        state.write_u64(if float == 0.0 { 0 } else { float.to_bits() });
    }
}
