//! Native filters of strings.

use arcstr::ArcStr;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, RunPtr, ValR};

use crate::cancellation::ask;
use crate::filter::run::environment::Data;
use crate::filter::run::meter::reserve;
use crate::filter::val::json;
use crate::value::{Val, View};

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 9] = [
        ("ltrimstr", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(Ok(without(value, &part, true, false)))
        }),
        ("rtrimstr", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(Ok(without(value, &part, false, true)))
        }),
        ("trimstr", v(1), |(mut context, value)| {
            let part = context.pop_var();
            bome(Ok(without(value, &part, true, true)))
        }),
        ("trim", v(0), |(_, value)| bome(trimmed(value, str::trim))),
        ("ltrim", v(0), |(_, value)| bome(trimmed(value, str::trim_start))),
        ("rtrim", v(0), |(_, value)| bome(trimmed(value, str::trim_end))),
        ("join", v(1), |(mut context, value)| {
            let separator = context.pop_var();
            bome(join(&value, &separator))
        }),
        ("implode", v(0), |(_, value)| bome(implode(&value))),
        ("split", v(1), |(mut context, value)| {
            let separator = context.pop_var();
            bome(match (value.view(), separator.view()) {
                (View::Str(_), View::Str(_)) => value / separator,
                _ => Err(Error::str("split input and separator must be strings")),
            })
        }),
    ];
    natives.map(native::run::<Data>).into_iter()
}

/// Returns a part of a string; the string itself if it is all of it.
fn part(value: Val, part: impl FnOnce(&str) -> &str) -> Val {
    let Some(text) = value.as_str() else { return value };
    let part = part(text);
    if part.len() == text.len() { value } else { ArcStr::from(part).into() }
}

/// Returns a string without what it begins or ends with; what is no string stays.
fn without(value: Val, affix: &Val, start: bool, end: bool) -> Val {
    let Some(affix) = affix.as_str() else { return value };
    part(value, |text| {
        let text = if start { text.strip_prefix(affix).unwrap_or(text) } else { text };
        if end { text.strip_suffix(affix).unwrap_or(text) } else { text }
    })
}

fn trimmed(value: Val, trim: fn(&str) -> &str) -> ValR<Val> {
    if value.as_str().is_none() {
        return Err(Error::typ(value, "string"));
    }
    Ok(part(value, trim))
}

/// Returns the items of an array with a separator between them; null is nothing.
fn join(value: &Val, separator: &Val) -> ValR<Val> {
    let mut text = String::new();
    let items = crate::filter::val::values(value.clone()).enumerate();
    for (at, item) in items.inspect(|_| ask()) {
        if at > 0 {
            match separator.view() {
                View::Str(separator) => text.push_str(separator),
                View::Null => {}
                _ => return Err(Error::typ(separator.clone(), "string, to join others")),
            }
        }
        let item = item?;
        match item.view() {
            View::Null => {}
            View::Str(item) => text.push_str(item),
            View::Bool(_) | View::Num(_) => text.push_str(&json(&item)),
            View::Arr(_) | View::Obj(_) => return Err(Error::typ(item, "part of a string")),
        }
        reserve(text.len());
    }
    Ok(ArcStr::from(text).into())
}

/// Returns the string of so many code points; U+FFFD for halves of a surrogate pair.
fn implode(value: &Val) -> ValR<Val> {
    let Some(items) = value.as_list() else { return Err(Error::typ(value.clone(), "array of code points")) };
    let mut text = String::with_capacity(items.len());
    for item in items.iter() {
        ask();
        let number = item.as_num().ok_or_else(|| Error::typ(item.clone(), "code point"))?.as_f64();
        let is_code_point = (0.0..=f64::from(u32::from(char::MAX))).contains(&number);
        if !is_code_point {
            return Err(Error::typ(item.clone(), "code point"));
        }
        text.push(char::from_u32(number as u32).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(ArcStr::from(text).into())
}
