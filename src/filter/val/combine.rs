//! Sums and differences of arrays and objects.
//!
//! What comes out has the identity of the left operand, or that of the right one where the left one has none.

use std::collections::BTreeSet;
use std::ops::Range;

use jaq_core::{Error, ValR};

use crate::cancellation::ask;
use crate::filter::run::meter::reserve;
use crate::value::{List, Map, Val};

/// The most items that an array gets when arrays are put together.
const MOST_ITEMS: usize = 1 << 28;
/// The number of items that have room anyway.
const FEW_ITEMS: usize = 1 << 14;

/// Looks whether there would be room for so many items if each of them stood for itself. Lists that hold
/// themselves again and again take little, but not what is made of them.
pub(super) fn check_length(count: usize) -> ValR<(), Val> {
    if count > MOST_ITEMS {
        return Err(Error::str(format_args!("the array would have more than {MOST_ITEMS} items")));
    }
    if count > FEW_ITEMS {
        reserve(count * size_of::<Val>());
    }
    Ok(())
}

/// Returns the items of one list, then those of another. O(log n).
pub(super) fn appended(mut left: List, mut right: List) -> ValR<List, Val> {
    check_length(left.len() + right.len())?;
    if left.identity().is_none() && (left.is_empty() || right.identity().is_some()) {
        if !left.is_empty() {
            right.splice(0..0, left);
        }
        return Ok(right);
    }
    if !right.is_empty() {
        left.append(right);
    }
    Ok(left)
}

/// Returns the items of a list that do not occur in another one. O(n log m), and O(log n) for each stretch that goes.
pub(super) fn without(mut left: List, right: &List) -> List {
    let identity = left.identity().or(right.identity()).cloned();
    let unwanted: BTreeSet<&Val> = right.iter().collect();
    let mut gone: Vec<Range<usize>> = Vec::new();
    if !unwanted.is_empty() {
        for (at, item) in left.iter().enumerate() {
            ask();
            match gone.last_mut() {
                _ if !unwanted.contains(item) => {}
                Some(last) if last.end == at => last.end += 1,
                _ => gone.push(at..at + 1),
            }
        }
    }
    for range in gone.into_iter().rev() {
        left.splice(range, List::new());
    }
    left.with_identity(identity)
}

/// Returns the entries of one map, and over them those of another. O(log n) for each entry of the right one, or of
/// the left one where that is smaller and has no identity.
pub(super) fn extended(mut left: Map, mut right: Map) -> Map {
    if left.identity().is_none() && left.len() < right.len() {
        for (key, value) in left.iter().rev() {
            let first = right.keys().next();
            if first == Some(key) {
                continue;
            }
            let value = right.remove(key).unwrap_or_else(|| value.clone());
            let first = right.keys().next().cloned();
            right.insert_before(key.clone(), value, first.as_deref());
        }
        return right;
    }
    let identity = left.identity().or(right.identity()).cloned();
    for (key, value) in right {
        if !left.get(&key).is_some_and(|old| old.is_shared(&value)) {
            left.insert(key, value);
        }
    }
    left.with_identity(identity)
}

/// Merges as `extended` does, but objects that both have at a key become one.
pub(super) fn merged(mut left: Map, right: Map) -> Map {
    if left.identity().is_none() && left.is_empty() {
        return right;
    }
    let identity = left.identity().or(right.identity()).cloned();
    for (key, value) in right {
        let old = left.get(&key);
        let new = match (old.and_then(Val::as_map), value.as_map()) {
            (Some(old), Some(new)) => merged(old.clone(), new.clone()).into(),
            _ => value,
        };
        if !old.is_some_and(|old| new.is_shared(old)) {
            left.insert(key, new);
        }
    }
    left.with_identity(identity)
}
