//! The parts of a value one after the other, without a copy of it.

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::{Error, ValR};

use super::kind;
use crate::cancellation::ask;
use crate::value::{List, Val};

type Entries = BoxIter<'static, ValR<(Val, Val), Val>>;

/// Returns the items of an array, the values of an object.
pub(in crate::filter) fn values(value: Val) -> BoxIter<'static, ValR<Val>> {
    match value.into_list() {
        Ok(items) => Box::new(indexed(items).map(|(_, item)| Ok(item))),
        Err(value) => match value.into_map() {
            Ok(entries) => Box::new(entries.into_iter().map(|(_, value)| Ok(value))),
            Err(value) => box_once(Err(Error::typ(value, kind::ITERABLE))),
        },
    }
}

/// Returns them with the indices or keys that they are at.
pub(super) fn key_values(value: Val) -> Entries {
    match value.into_list() {
        Ok(items) => Box::new(indexed(items).map(|(at, item)| Ok((at.into(), item)))),
        Err(value) => match value.into_map() {
            Ok(entries) => Box::new(entries.into_iter().map(|(key, value)| Ok((key.into(), value)))),
            Err(value) => box_once(Err(Error::typ(value, kind::ITERABLE))),
        },
    }
}

/// Returns the items of a list, and their indices.
fn indexed(items: List) -> impl Iterator<Item = (usize, Val)> {
    items.into_iter().enumerate().inspect(|_| ask())
}

/// Returns all items of a list.
pub(super) fn collected<S: FromIterator<Val>>(items: List) -> S {
    indexed(items).map(|(_, item)| item).collect()
}
