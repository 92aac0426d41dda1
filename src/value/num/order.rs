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
            (Self::Big(a), Self::Big(b)) => a == b,
            (Self::Int(a), Self::Big(b)) | (Self::Big(b), Self::Int(a)) => **b == BigInt::from(*a),
            (Self::Dec(a), Self::Dec(b)) if ArcStr::ptr_eq(a, b) => true,
            // The largest whole numbers are as good as infinite, but not an infinity.
            (Self::Int(_) | Self::Big(_), Self::Float(_) | Self::Dec(_))
            | (Self::Float(_) | Self::Dec(_), Self::Int(_) | Self::Big(_)) => {
                let (a, b) = (self.as_f64(), other.as_f64());
                a.is_finite() && b.is_finite() && a == b
            }
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl Eq for Num {}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By value. NaN is less than everything, itself included.
impl Ord for Num {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Big(a), Self::Big(b)) => a.cmp(b),
            (Self::Int(a), Self::Big(b)) => BigInt::from(*a).cmp(b),
            (Self::Big(a), Self::Int(b)) => (**a).cmp(&BigInt::from(*b)),
            (Self::Dec(a), Self::Dec(b)) if ArcStr::ptr_eq(a, b) => Ordering::Equal,
            _ => compare_floats(self.as_f64(), other.as_f64()),
        }
    }
}

fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(if a.is_nan() { Ordering::Less } else { Ordering::Greater })
}

/// Equal for numbers that are equal.
impl Hash for Num {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // All numbers are hashed as floating-point numbers, for they are compared as such.
        let float = self.as_f64();
        match self {
            Self::Big(number) if float.is_infinite() => {
                state.write_u8(1);
                number.hash(state);
            }
            _ => {
                state.write_u8(0);
                if float == 0.0 {
                    // Both zeros.
                    state.write_u64(0);
                } else if float.is_finite() {
                    state.write_u64(float.to_bits());
                }
            }
        }
    }
}
