use std::hash::{DefaultHasher, Hash, Hasher};
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
            // To a map a byte string is the same key as a string.
            let equal = |(key, a): (&Val, &Val)| {
                y.get_key_value(key).is_some_and(|(other, b)| shared(key, other) && same(a, b))
            };
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
        _ => a.to_string() == b.to_string(),
    }
}

/// A hash of a value that is equal for values that are the [`same`]. Looks only at the upper levels, so
/// that it takes values of any depth; costs the size of those.
pub(crate) fn hash_same<H: Hasher>(value: &Val, levels: usize, state: &mut H) {
    std::mem::discriminant(value).hash(state);
    match value {
        Val::Arr(items) => {
            items.len().hash(state);
            if levels > 0 {
                items.iter().for_each(|item| hash_same(item, levels - 1, state));
            }
        }
        Val::Obj(entries) => {
            entries.len().hash(state);
            if levels > 0 {
                // The order of keys does not count.
                let entry = |(key, item): (&Val, &Val)| {
                    let mut hasher = DefaultHasher::new();
                    hash_same(key, 0, &mut hasher);
                    hash_same(item, levels - 1, &mut hasher);
                    hasher.finish()
                };
                entries.iter().map(entry).fold(0, u64::wrapping_add).hash(state);
            }
        }
        // A number is hashed as it is compared, by its text; most are of one kind, and short.
        Val::Num(Num::Int(number)) => number.hash(state),
        Val::Num(number) => match number.to_string().parse::<isize>() {
            Ok(number) => number.hash(state),
            Err(_) => number.to_string().hash(state),
        },
        scalar => scalar.hash(state),
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
        let computed = Val::Num(Num::big_int(1.into()));
        assert!(same(&computed, &parse("1").unwrap()), "a long integer that became short");
        let hash = |value: &Val| {
            let mut hasher = DefaultHasher::new();
            hash_same(value, 4, &mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&computed), hash(&parse("1").unwrap()));
        assert_eq!(hash(&Val::from(0.5)), hash(&parse("0.5").unwrap()));
        assert_eq!(hash(&parse(r#"{"a":1,"b":2}"#).unwrap()), hash(&parse(r#"{"b":2,"a":1}"#).unwrap()));
    }
}
