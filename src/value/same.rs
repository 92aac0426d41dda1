//! Exact comparison.

use crate::cancellation::ask;
use std::hash::{DefaultHasher, Hash, Hasher};

use smallvec::SmallVec;

use super::{Key, List, Map, Num, Val, View};

/// Tells whether two JSON values are equal, exactly: numbers by their text (`1` is not `1.0`), objects
/// whatever the order of their keys. Costs the size of what is not shared; on no stack.
pub fn same(a: &Val, b: &Val) -> bool {
    let mut open: SmallVec<[(&Val, &Val); 8]> = SmallVec::new();
    if !may_be_same(a, b, &mut open) {
        return false;
    }
    while let Some((a, b)) = open.pop() {
        if !have_same_parts(a, b, &mut open) {
            return false;
        }
    }
    true
}

/// Compares two values, but leaves arrays and objects open.
fn may_be_same<'v>(a: &'v Val, b: &'v Val, open: &mut SmallVec<[(&'v Val, &'v Val); 8]>) -> bool {
    ask();
    match (a.view(), b.view()) {
        (View::Null, View::Null) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Num(a), View::Num(b)) => a.is_same(b),
        (View::Str(x), View::Str(y)) => a.is_one_in_memory(b) || x == y,
        (View::Arr(x), View::Arr(y)) => {
            open.extend((!x.is_shared(y)).then_some((a, b)));
            x.len() == y.len()
        }
        (View::Obj(x), View::Obj(y)) => {
            open.extend((!x.is_shared(y)).then_some((a, b)));
            x.len() == y.len()
        }
        _ => false,
    }
}

/// Compares the parts of two arrays or of two objects of one length.
fn have_same_parts<'v>(a: &'v Val, b: &'v Val, open: &mut SmallVec<[(&'v Val, &'v Val); 8]>) -> bool {
    if let (Some(a), Some(b)) = (a.as_map(), b.as_map()) {
        let mut differing = Map::differing(a, b).into_iter();
        return differing.all(|(_, a, b)| a.zip(b).is_some_and(|(a, b)| may_be_same(a, b, open)));
    }
    let (Some(a), Some(b)) = (a.as_list(), b.as_list()) else { return false };
    let stretches = List::differing(a, b);
    if stretches.iter().any(|(a, b)| a.len() != b.len()) {
        // Equal items may be shared in several ways.
        return a.iter().zip(b.iter()).all(|(a, b)| may_be_same(a, b, open));
    }
    stretches.into_iter().all(|(x, y)| a.range(x).zip(b.range(y)).all(|(a, b)| may_be_same(a, b, open)))
}

/// Hashes a value so that values that are the [`same`] have equal hashes. Looks only at the upper levels, so
/// that it takes values of any depth; costs the size of those.
pub(crate) fn hash_same<H: Hasher>(value: &Val, levels: usize, state: &mut H) {
    match value.view() {
        View::Null => state.write_u8(0),
        View::Bool(value) => state.write_u8(1 + u8::from(value)),
        View::Num(number) => {
            state.write_u8(3);
            hash_number(number, state);
        }
        View::Str(text) => {
            state.write_u8(4);
            text.hash(state);
        }
        View::Arr(items) => {
            state.write_u8(5);
            items.len().hash(state);
            if levels > 0 {
                items.iter().for_each(|item| hash_same(item, levels - 1, state));
            }
        }
        View::Obj(entries) => {
            state.write_u8(6);
            entries.len().hash(state);
            if levels > 0 {
                // The order of keys does not count.
                let entry = |(key, item): (&Key, &Val)| {
                    let mut hasher = DefaultHasher::new();
                    key.hash(&mut hasher);
                    hash_same(item, levels - 1, &mut hasher);
                    hasher.finish()
                };
                entries.iter().map(entry).fold(0, u64::wrapping_add).hash(state);
            }
        }
    }
}

/// Hashes a number as it is compared, by its text; most are of one kind, and short.
fn hash_number<H: Hasher>(number: &Num, state: &mut H) {
    match number {
        Num::Int(number) => number.hash(state),
        number => {
            let text = number.to_string();
            match text.parse::<i64>() {
                Ok(whole) if text != "-0" => whole.hash(state),
                _ => text.hash(state),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    fn hash(value: &Val) -> u64 {
        let mut hasher = DefaultHasher::new();
        hash_same(value, 4, &mut hasher);
        hasher.finish()
    }

    #[test]
    fn numbers_are_compared_exactly() {
        let rows = [
            ("1", "1", true),
            ("1", "1.0", false),
            ("-0", "0", false),
            ("-0", "-0.0", false),
            ("1e400", "1e400", true),
            ("1e400", "1e401", false),
            ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890", true),
            ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567891", false),
            ("0.1", "0.10", false),
            (r#""1""#, "1", false),
            (r#"{"a":1,"b":[2]}"#, r#"{"b":[2],"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
            (r#"{"a":null}"#, r#"{"b":null}"#, false),
        ];
        for (a, b, equal) in rows {
            let (left, right) = (parse(a).unwrap(), parse(b).unwrap());
            assert_eq!(same(&left, &right), equal, "{a} and {b}");
            assert_eq!(hash(&left) == hash(&right), equal, "{a} and {b}");
        }
    }

    #[test]
    fn what_is_computed_is_what_is_read() {
        assert!(same(&Val::from(0.5), &parse("0.5").unwrap()));
        assert_eq!(hash(&Val::from(0.5)), hash(&parse("0.5").unwrap()));
        let built = Val::from(Num::Big(std::sync::Arc::new(1.into())));
        assert!(same(&built, &parse("1").unwrap()), "a long integer that is short");
        assert_eq!(hash(&built), hash(&parse("1").unwrap()));
    }
}
