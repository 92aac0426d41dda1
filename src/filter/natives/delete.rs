//! Deletions of several paths at once.

use std::collections::BTreeSet;
use std::ops::Range;

use jaq_core::{Error, ValR};

use crate::cancellation::ask;
use crate::filter::natives::place::set_path;
use crate::filter::val::{items_in, place};
use crate::value::{List, Val, View};

/// Returns `value` without what is at the paths, which all name places of `value` as it is now.
pub(in crate::filter) fn paths(value: Val, mut paths: Vec<Vec<Val>>) -> ValR<Val> {
    paths.sort();
    paths.dedup();
    delete(value, &paths, 0)
}

/// Deletes as `paths` does, with sorted paths of which the first `depth` keys have been followed.
fn delete(mut value: Val, paths: &[Vec<Val>], depth: usize) -> ValR<Val> {
    if paths.first().is_some_and(|path| path.len() == depth) {
        return Ok(Val::NULL);
    }
    let mut gone = Vec::new();
    for group in paths.chunk_by(|a, b| a[depth] == b[depth]).rev() {
        ask();
        let key = &group[0][depth];
        if group[0].len() == depth + 1 {
            gone.push(key);
            continue;
        }
        let old = value.at(key)?.unwrap_or_default();
        if old.is_null() {
            continue;
        }
        let new = delete(old.clone(), group, depth + 1)?;
        if !new.is_shared(&old) {
            value = set_path(value, vec![key.clone()], &new).map_err(failure)?;
        }
    }
    without(value, &gone)
}

fn failure(exception: jaq_core::Exn<'_, Val>) -> Error<Val> {
    exception.get_err().unwrap_or_else(|_| Error::str("the filter stopped before its end"))
}

/// Returns `value` without what is at the keys.
fn without(value: Val, keys: &[&Val]) -> ValR<Val> {
    if keys.is_empty() || value.is_null() {
        return Ok(value);
    }
    let cannot = |value: &Val, key: &Val| Error::index(value.clone(), key.clone());
    match value.view() {
        View::Arr(items) => {
            let mut places = BTreeSet::new();
            for key in keys {
                let range = places_at(items, key).ok_or_else(|| cannot(&value, key))??;
                range.for_each(|at| {
                    places.insert(at);
                });
            }
            Ok(without_items(items.clone(), &places).into())
        }
        View::Obj(entries) => {
            let mut entries = entries.clone();
            for key in keys {
                entries.remove(key.as_str().ok_or_else(|| cannot(&value, key))?);
            }
            Ok(entries.into())
        }
        _ => Err(cannot(&value, keys[0])),
    }
}

/// Returns the indices of the items that a key of a list names.
fn places_at(items: &List, key: &Val) -> Option<ValR<Range<usize>, Val>> {
    match key.view() {
        View::Num(number) => {
            let at = place(number).and_then(|offset| offset.item(items.len()));
            Some(Ok(at.map_or(0..0, |at| at..at + 1)))
        }
        View::Obj(bounds) => Some(items_in(bounds.get("start")..bounds.get("end"), items.len())),
        _ => None,
    }
}

/// Returns a list without the items at some indices. O(log n) for each stretch.
fn without_items(mut items: List, places: &BTreeSet<usize>) -> List {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for at in places {
        match stretches.last_mut() {
            Some(last) if last.end == *at => last.end += 1,
            _ => stretches.push(*at..at + 1),
        }
    }
    for stretch in stretches.into_iter().rev() {
        items.splice(stretch, List::new());
    }
    items
}
