//! Updates of the parts of a value.
//!
//! What holds the parts keeps its identity, and nothing is written where a part comes back as it was.

use std::ops::Range;

use arcstr::ArcStr;
use jaq_core::path::Opt;
use jaq_core::{Error, ValR, ValX};

use super::combine::check_length;
use super::{index, kind};
use crate::cancellation::ask;
use crate::value::{Key, List, Map, Val, View};

/// Replaces each item of an array and each value of an object by the first output of `f` for it; without one it
/// goes.
pub(super) fn each<'a, I>(value: Val, opt: Opt, f: impl Fn(Val) -> I) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    match value.view() {
        View::Arr(items) => each_item(items, 1, f).map(Val::from),
        View::Obj(entries) => each_entry(entries, f).map(Val::from),
        _ => opt.fail(value, |value| Error::typ(value, kind::ITERABLE).into()),
    }
}

/// Replaces each item of an array by all outputs of `f` for it, each value of an object by the first one. Any
/// other value stays as it is.
pub(in crate::filter) fn each_output<'a, I>(value: Val, f: impl Fn(Val) -> I) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    match value.view() {
        View::Arr(items) => each_item(items, usize::MAX, f).map(Val::from),
        View::Obj(entries) => each_entry(entries, f).map(Val::from),
        _ => Ok(value),
    }
}

/// Replaces each item by so many outputs of `f` at most.
fn each_item<'a, I>(old: &List, most: usize, f: impl Fn(Val) -> I) -> ValX<'a, List, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let (mut new, mut at) = (old.clone(), 0);
    for item in old.iter() {
        ask();
        let mut outputs = f(item.clone()).take(most);
        match outputs.next().transpose()? {
            Some(output) => {
                if !output.is_shared(item) {
                    new.set(at, output);
                }
                at += 1;
            }
            None => {
                new.remove(at);
                continue;
            }
        }
        for output in outputs {
            new.insert(at, output?);
            at += 1;
        }
    }
    Ok(new)
}

fn each_entry<'a, I>(old: &Map, f: impl Fn(Val) -> I) -> ValX<'a, Map, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let mut new = old.clone();
    for (key, value) in old.iter() {
        match f(value.clone()).next().transpose()? {
            Some(output) if output.is_shared(value) => {}
            Some(output) => {
                new.insert(key.clone(), output);
            }
            None => {
                new.remove(key);
            }
        }
    }
    Ok(new)
}

/// Replaces what is at an index, key or range by the first output of `f` for it; without one it goes.
pub(super) fn part<'a, I>(value: Val, index: &Val, opt: Opt, f: impl Fn(Val) -> I) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    if let (View::Arr(_) | View::Str(_), View::Obj(bounds)) = (value.view(), index.view()) {
        return stretch(value, bounds.get("start")..bounds.get("end"), opt, f);
    }
    match value.into_list() {
        Ok(items) => match item_at(&items, index) {
            Ok(at) => item(items, at, f).map(Val::from),
            Err(error) => opt.fail(items.into(), |_| error.into()),
        },
        Err(value) => match (value.into_map(), index.to_key()) {
            (Ok(entries), Some(key)) => entry(entries, key, f).map(Val::from),
            (Ok(entries), None) => {
                opt.fail(entries.into(), |value| Error::index(value, index.clone()).into())
            }
            (Err(value), _) => opt.fail(value, |value| Error::typ(value, kind::ITERABLE).into()),
        },
    }
}

fn item_at(items: &List, index: &Val) -> ValR<usize, Val> {
    let outside = || Error::str(format_args!("index {index} out of bounds"));
    index::offset(index)?.item(items.len()).ok_or_else(outside)
}

fn item<'a, I>(mut items: List, at: usize, f: impl Fn(Val) -> I) -> ValX<'a, List, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let old = items[at].clone();
    let kept = if old.is_mutable() && items.is_unique() {
        // Taken out, it can be changed in place.
        items.set(at, Val::NULL);
        None
    } else {
        Some(old.clone())
    };
    match f(old).next().transpose()? {
        Some(new) if kept.is_some_and(|kept| new.is_shared(&kept)) => {}
        Some(new) => {
            items.set(at, new);
        }
        None => {
            items.remove(at);
        }
    }
    Ok(items)
}

fn entry<'a, I>(mut entries: Map, key: Key, f: impl Fn(Val) -> I) -> ValX<'a, Map, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let old = entries.get(&key).cloned();
    let kept = if entries.is_unique() && old.as_ref().is_some_and(Val::is_mutable) {
        // Taken out, it can be changed in place.
        entries.insert(key.clone(), Val::NULL);
        None
    } else {
        old.clone()
    };
    match f(old.unwrap_or_default()).next().transpose()? {
        Some(new) if kept.is_some_and(|kept| new.is_shared(&kept)) => {}
        Some(new) => {
            entries.insert(key, new);
        }
        None => {
            entries.remove(&key);
        }
    }
    Ok(entries)
}

/// Replaces the items or characters in a range by the first output of `f` for them; without one they go.
pub(super) fn stretch<'a, I>(
    value: Val,
    range: Range<Option<&Val>>,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    match value.view() {
        View::Null => stretch_of_nothing(value, f),
        View::Arr(items) => match index::items_in(range, items.len()) {
            Ok(range) => splice(items.clone(), range, f).map(Val::from),
            Err(error) => opt.fail(value, |_| error.into()),
        },
        View::Str(text) => match index::bytes_in(range, text) {
            Ok(range) => splice_text(value, range, f),
            Err(error) => opt.fail(value, |_| error.into()),
        },
        _ => opt.fail(value, |value| Error::typ(value, kind::ARRAY).into()),
    }
}

fn stretch_of_nothing<'a, I>(value: Val, f: impl Fn(Val) -> I) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    match f(value).next().transpose()? {
        Some(new) if !new.is_null() => {
            new.into_list().map(Val::from).map_err(|new| Error::typ(new, kind::ARRAY).into())
        }
        _ => Ok(Val::NULL),
    }
}

fn splice<'a, I>(mut items: List, range: Range<usize>, f: impl Fn(Val) -> I) -> ValX<'a, List, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let old = Val::from(items.slice(range.clone()));
    let new = f(old.clone()).next().transpose()?.unwrap_or_else(|| List::new().into());
    let is_kept = new.is_shared(&old);
    let new = new.into_list().map_err(|new| Error::typ(new, kind::ARRAY))?;
    if !(is_kept || (range.is_empty() && new.is_empty())) {
        check_length(items.len() - range.len() + new.len())?;
        items.splice(range, new);
    }
    Ok(items)
}

fn splice_text<'a, I>(value: Val, range: Range<usize>, f: impl Fn(Val) -> I) -> ValX<'a, Val>
where
    I: Iterator<Item = ValX<'a, Val>>,
{
    let text = value.as_str().unwrap_or_default();
    let old = &text[range.clone()];
    let new = f(ArcStr::from(old).into()).next().transpose()?.unwrap_or_else(|| ArcStr::new().into());
    match new.as_str() {
        Some(new) if new == old => Ok(value),
        Some(new) => {
            let new = [&text[..range.start], new, &text[range.end..]].concat();
            Ok(Val::from(ArcStr::from(new)).with_identity(value.identity().cloned()))
        }
        None => Err(Error::typ(new, kind::STRING).into()),
    }
}
