use std::sync::Arc;

use super::{Num, Val};

/// Whether two values are the same thing: one shared container, or the same scalar. O(1) but for
/// the length of strings and long numbers.
///
/// Two containers that were built separately are not shared, even when they are equal.
pub fn shared(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Arr(a), Val::Arr(b)) => Arc::ptr_eq(a, b),
        (Val::Obj(a), Val::Obj(b)) => Arc::ptr_eq(a, b),
        (Val::Null, Val::Null) => true,
        (Val::Bool(a), Val::Bool(b)) => a == b,
        (Val::TStr(a), Val::TStr(b)) => (a.as_ptr() == b.as_ptr() && a.len() == b.len()) || a == b,
        (Val::Num(a), Val::Num(b)) => same_number(a, b),
        _ => false,
    }
}

/// Whether two JSON values are equal, exactly: numbers by their text (`1` is not `1.0`), objects
/// whatever the order of their keys. O(size), but shared parts cost nothing.
pub fn same(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Arr(x), Val::Arr(y)) => {
            Arc::ptr_eq(x, y) || (x.len() == y.len() && x.iter().zip(&**y).all(|(a, b)| same(a, b)))
        }
        (Val::Obj(x), Val::Obj(y)) => {
            let equal = |(key, a): (&Val, &Val)| y.get(key).is_some_and(|b| same(a, b));
            Arc::ptr_eq(x, y) || (x.len() == y.len() && x.iter().all(equal))
        }
        _ => shared(a, b),
    }
}

/// A computed `0.5` and a `0.5` that was read are one number; `1` and `1.0` are two.
fn same_number(a: &Num, b: &Num) -> bool {
    match (a, b) {
        (Num::Int(a), Num::Int(b)) => a == b,
        (Num::BigInt(a), Num::BigInt(b)) => a == b,
        (Num::Dec(a), Num::Dec(b)) => a == b,
        (Num::Float(a), Num::Float(b)) => a.to_bits() == b.to_bits(),
        (Num::Int(_), _) | (_, Num::Int(_)) => false,
        _ => a.to_string() == b.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[test]
    fn numbers_are_compared_exactly() {
        let rows = [
            ("1", "1", true),
            ("1", "1.0", false),
            ("1e400", "1e400", true),
            ("1e400", "1e401", false),
            ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890", true),
            ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567891", false),
            ("0.1", "0.10", false),
            (r#"{"a":1,"b":[2]}"#, r#"{"b":[2],"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
        ];
        for (a, b, equal) in rows {
            assert_eq!(same(&parse(a).unwrap(), &parse(b).unwrap()), equal, "{a} and {b}");
        }
        assert!(same(&Val::from(0.5), &parse("0.5").unwrap()));
    }
}
