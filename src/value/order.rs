//! Comparison as in jq: numbers by value, objects whatever the order of their keys. Identities do not count.

use crate::cancellation::ask;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::{Key, List, Map, Val, View};

/// Numbers are compared by value: `1 == 1.0`. NaN is not equal to itself, but what is one in memory is equal,
/// whatever is in it. [`same`](super::same()) is exact.
impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        match (self.view(), other.view()) {
            (View::Null, View::Null) => true,
            (View::Bool(a), View::Bool(b)) => a == b,
            (View::Num(a), View::Num(b)) => a == b,
            (View::Str(a), View::Str(b)) => a == b,
            (View::Arr(a), View::Arr(b)) => a == b,
            (View::Obj(a), View::Obj(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Val {}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `null`, `false`, `true`, numbers, strings by their bytes, arrays item by item, objects: these first by
/// their sorted keys, then by their values in the order of those.
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.view(), other.view()) {
            (View::Bool(a), View::Bool(b)) => a.cmp(&b),
            (View::Num(a), View::Num(b)) => a.cmp(b),
            (View::Str(a), View::Str(b)) => a.cmp(b),
            (View::Arr(a), View::Arr(b)) => a.cmp(b),
            (View::Obj(a), View::Obj(b)) => a.cmp(b),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

fn rank(view: View<'_>) -> u8 {
    match view {
        View::Null => 2,
        View::Bool(false) => 3,
        View::Bool(true) => 4,
        View::Num(_) => 5,
        View::Str(_) => 6,
        View::Arr(_) => 7,
        View::Obj(_) => 8,
    }
}

/// Equal for values that are equal.
impl Hash for Val {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.view() {
            // It starts with a number that is no rank.
            View::Num(number) => return number.hash(state),
            view => state.write_u8(rank(view)),
        }
        match self.view() {
            View::Null | View::Bool(_) | View::Num(_) => {}
            View::Str(text) => text.hash(state),
            View::Arr(items) => items.hash(state),
            View::Obj(entries) => entries.hash(state),
        }
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        if self.is_shared(other) {
            return true;
        }
        if self.len() != other.len() {
            return false;
        }
        // Loops: what compares iterators takes more stack, which counts in deep values.
        for (a, b) in self.iter().zip(other.iter()) {
            ask();
            if a != b {
                return false;
            }
        }
        true
    }
}

impl Eq for List {}

impl PartialOrd for List {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for List {
    fn cmp(&self, other: &Self) -> Ordering {
        for (a, b) in self.iter().zip(other.iter()) {
            ask();
            let order = a.cmp(b);
            if order.is_ne() {
                return order;
            }
        }
        self.len().cmp(&other.len())
    }
}

impl Hash for List {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for item in self.iter() {
            ask();
            item.hash(state);
        }
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.is_shared(other) {
            return true;
        }
        if self.len() != other.len() {
            return false;
        }
        for (key, value) in self.iter() {
            ask();
            match other.get(key) {
                Some(other) if value == other => {}
                _ => return false,
            }
        }
        true
    }
}

impl Eq for Map {}

impl PartialOrd for Map {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Map {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (sorted(self), sorted(other));
        let keys = a.iter().map(|(key, _)| key).cmp(b.iter().map(|(key, _)| key));
        if keys.is_ne() {
            return keys;
        }
        for ((_, a), (_, b)) in a.into_iter().zip(b) {
            ask();
            let order = a.cmp(b);
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl Hash for Map {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for (key, value) in sorted(self) {
            ask();
            key.hash(state);
            value.hash(state);
        }
    }
}

/// Sorts the entries by their keys.
fn sorted(entries: &Map) -> Vec<(&Key, &Val)> {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    sorted
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use jaq_json::Val as Jaq;

    use super::*;
    use crate::value::parse;

    const TEXTS: [&str; 40] = [
        "null",
        "false",
        "true",
        "0",
        "-0",
        "1",
        "1.0",
        "1e400",
        "12345678901234567890123",
        "-3",
        r#""""#,
        r#""a""#,
        r#""ab""#,
        r#""b""#,
        r#""é""#,
        r#""\uffff""#,
        r#""\ud83d\ude00""#,
        "[]",
        "[null]",
        "[0]",
        "[1]",
        "[1.0]",
        "[1,2]",
        "[2]",
        r#"["a"]"#,
        "[[]]",
        "[[1],0]",
        "[{}]",
        "{}",
        r#"{"a":1}"#,
        r#"{"a":1.0}"#,
        r#"{"a":2}"#,
        r#"{"b":1}"#,
        r#"{"a":1,"b":2}"#,
        r#"{"b":2,"a":1}"#,
        r#"{"a":1,"b":3}"#,
        r#"{"b":1,"a":9}"#,
        r#"{"a":1,"c":0}"#,
        r#"{"a":{"b":[]}}"#,
        r#"{"a":{"b":[0]}}"#,
    ];

    #[test]
    fn compares_as_jaq_does() {
        let read = |text: &str| jaq_json::read::parse_single(text.as_bytes()).unwrap();
        let both: Vec<(Val, Jaq)> =
            TEXTS.into_iter().map(|text| (parse(text).unwrap(), read(text))).collect();
        let hasher = RandomState::new();
        for (a, jaq_a) in &both {
            for (b, jaq_b) in &both {
                assert_eq!(a.cmp(b), jaq_a.cmp(jaq_b), "{a} <=> {b}");
                assert_eq!(a == b, jaq_a == jaq_b, "{a} == {b}");
                assert!(a != b || hasher.hash_one(a) == hasher.hash_one(b), "{a} and {b}");
            }
        }
    }

    #[test]
    fn nan_is_equal_where_it_is_one_in_memory() {
        let nan = || Val::from(f64::NAN);
        assert_ne!(nan(), nan());
        assert_eq!(nan().cmp(&nan()), Ordering::Less);
        let (list, other) = (Val::from_iter([nan()]), Val::from_iter([nan()]));
        assert_ne!(list, other);
        assert_eq!(list, list.clone());
        // The same as jaq has it.
        let jaq: Jaq = [Jaq::from(f64::NAN)].into_iter().collect();
        assert_eq!(jaq, jaq.clone());
        assert_eq!(jaq.cmp(&jaq.clone()), list.cmp(&list.clone()));
    }
}
