//! Parts of a value by index, key and range.

use std::ops::Range;

use arcstr::ArcStr;
use jaq_core::{Error, ValR};

use super::kind;
use crate::cancellation::ask;
use crate::value::{List, Num, Offset, Val, View};

/// Returns what is at an index or key, `None` where there is nothing; of a range, the slice.
pub(super) fn at(value: &Val, index: &Val) -> ValR<Option<Val>, Val> {
    Ok(match (value.view(), index.view()) {
        (View::Null, View::Null | View::Num(_) | View::Str(_) | View::Obj(_)) => None,
        (View::Obj(entries), View::Str(key)) => entries.get(key).cloned(),
        (View::Arr(items), View::Num(number)) => {
            place(number).and_then(|offset| items.get(offset.item(items.len())?)).cloned()
        }
        (View::Arr(items), View::Arr(part)) => Some(occurrences(items, part).map(Val::from).collect()),
        (View::Arr(_) | View::Str(_), View::Obj(bounds)) => {
            return slice(value, bounds.get("start")..bounds.get("end")).map(Some);
        }
        _ => return Err(Error::index(value.clone(), index.clone())),
    })
}

/// Finds where one list occurs in another.
pub(in crate::filter) fn occurrences<'a>(
    items: &'a List,
    part: &'a List,
) -> impl Iterator<Item = usize> + 'a {
    let last = items.len().checked_sub(part.len()).filter(|_| !part.is_empty());
    let starts = items.iter().take(last.map_or(0, |last| last + 1)).enumerate();
    let starts = starts.inspect(|_| ask());
    let is_here = |at: usize| items.range(at..at + part.len()).eq(part.iter());
    starts.filter_map(move |(at, item)| (part.first() == Some(item) && is_here(at)).then_some(at))
}

/// Returns the items or characters in a range.
pub(super) fn slice(value: &Val, range: Range<Option<&Val>>) -> ValR<Val> {
    match value.view() {
        View::Null => Ok(Val::NULL),
        View::Arr(items) => Ok(items.slice(items_in(range, items.len())?).into()),
        View::Str(text) => Ok(ArcStr::from(&text[bytes_in(range, text)?]).into()),
        _ => Err(Error::typ(value.clone(), kind::RANGEABLE)),
    }
}

/// Returns the positions in a range, of so many items.
pub(in crate::filter) fn items_in(range: Range<Option<&Val>>, count: usize) -> ValR<Range<usize>, Val> {
    let start = bound(range.start, f64::floor)?.map_or(0, |offset| offset.bound(count));
    let end = bound(range.end, f64::ceil)?.map_or(count, |offset| offset.bound(count));
    Ok(start..end.max(start))
}

/// Returns the bytes of the characters in a range, of a text.
pub(super) fn bytes_in(range: Range<Option<&Val>>, text: &str) -> ValR<Range<usize>, Val> {
    let start = bound(range.start, f64::floor)?.map_or(0, |offset| byte(offset, text));
    let end = bound(range.end, f64::ceil)?.map_or(text.len(), |offset| byte(offset, text));
    Ok(start..end.max(start))
}

/// Finds where a character of a text begins, or where the text ends.
fn byte(offset: Offset, text: &str) -> usize {
    let mut starts = text.char_indices().map(|(at, _)| at);
    match offset.distance {
        0 if offset.from_end => text.len(),
        distance if offset.from_end => starts.nth_back(distance - 1).unwrap_or(0),
        distance => starts.nth(distance).unwrap_or(text.len()),
    }
}

/// Returns an end of a range. One that is no whole number is rounded, so that the range becomes longer.
fn bound(bound: Option<&Val>, round: fn(f64) -> f64) -> ValR<Option<Offset>, Val> {
    let offset = |bound: &Val| {
        let offset = bound.as_num().and_then(|number| rounded(number, round));
        offset.ok_or_else(|| Error::typ(bound.clone(), kind::INTEGER))
    };
    bound.filter(|bound| !bound.is_null()).map(offset).transpose()
}

fn rounded(number: &Num, round: fn(f64) -> f64) -> Option<Offset> {
    number.offset().or_else(|| {
        let number = round(number.as_f64());
        // What is too far away is as far as can be.
        (!number.is_nan()).then(|| Offset { from_end: number < 0.0, distance: number.abs() as usize })
    })
}

/// Returns the place that a number names, which is rounded down; NaN names none.
pub(in crate::filter) fn place(number: &Num) -> Option<Offset> {
    rounded(number, f64::floor)
}

/// Returns the place that an index names.
pub(super) fn offset(index: &Val) -> ValR<Offset, Val> {
    index.as_num().and_then(place).ok_or_else(|| Error::typ(index.clone(), kind::INTEGER))
}
