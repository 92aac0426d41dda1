//! The numbers that counters come to.

use crate::value::{Num, Val};

/// Returns the whole number that a value is, if it is written as one and a counter can come near it.
pub(super) fn whole(value: &Val) -> Option<i128> {
    const FAR: i128 = 1 << 66;
    let number = match value.as_num()? {
        Num::Int(number) => i128::from(*number),
        Num::Big(number) => i128::try_from(&**number).ok()?,
        Num::Float(_) | Num::Dec(_) => return None,
    };
    (number.abs() < FAR).then_some(number)
}
