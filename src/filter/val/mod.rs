//! The value type as the interpreter of jq wants it.
//!
//! Operations give what they give in jq; there are no byte strings (what would be one has U+FFFD where it is not
//! UTF-8), and taking a key out of an object leaves the others in their order.
//!
//! # Identity
//!
//! A filter does not see the [identity](crate::value) of a value, but moves it around:
//! - What is handed on as it is keeps it.
//! - An update of a value keeps it: the mutators of lists and maps do, and the updates here use nothing else.
//! - A sum or difference keeps that of the left operand, or else of the right one (see [`math`]).
//! - What is built has none: `{…}`, `[…]`, strings with values in them, and whatever natives make.
//!
//! # Cost
//!
//! An update costs O(log n) at each level, also while something else holds the old value, and what it does not
//! change stays [shared](Val::is_shared) with the old value.

mod combine;
mod index;
mod iterate;
mod math;
mod text;
mod update;

use std::borrow::Cow;
use std::ops::Range;

use arcstr::ArcStr;
use jaq_core::box_iter::BoxIter;
use jaq_core::path::Opt;
use jaq_core::{Error, ValR, ValX};

use crate::value::{Key, MAX_DIGITS, Map, Num, Val, View, has_too_many_digits};

pub(super) use index::{items_in, occurrences, place};
pub(super) use iterate::values;
pub(super) use math::{WITH_EXPONENT, whole};
pub(super) use text::json;
pub(super) use update::each_output as each;

/// The kinds that a value has to be, in errors.
mod kind {
    pub(super) const INTEGER: &str = "integer";
    pub(super) const NUMBER: &str = "number";
    pub(super) const STRING: &str = "string";
    pub(super) const ARRAY: &str = "array";
    pub(super) const ITERABLE: &str = "iterable (array or object)";
    pub(super) const RANGEABLE: &str = "rangeable (array or string)";
}

impl jaq_core::ValT for Val {
    fn from_num(text: &str) -> ValR<Self> {
        // In a filter a number may begin with a point or with zeros.
        let with_zero = format!("0{text}");
        let text = if text.starts_with('.') { &with_zero } else { text };
        let zeros = text.bytes().take_while(|byte| *byte == b'0').count();
        if has_too_many_digits(&text[zeros..]) {
            return Err(Error::str(format_args!("a whole number of more than {MAX_DIGITS} digits")));
        }
        let trimmed = (0..=zeros).rev().find_map(|zeros| Num::parse(&text[zeros..]));
        let number = trimmed.ok_or_else(|| Error::str(format_args!("cannot parse {text} as a number")))?;
        Ok(number.into())
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let entry = |(key, value): (Self, Self)| {
            let key = key.to_key().ok_or_else(|| Error::str("object keys must be strings"))?;
            Ok((key, value))
        };
        entries.into_iter().map(entry).collect::<Result<Map, _>>().map(Self::from)
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        iterate::key_values(self)
    }

    fn values(self) -> BoxIter<'static, ValR<Self>> {
        iterate::values(self)
    }

    fn index(self, index: &Self) -> ValR<Self> {
        self.at(index).map(Option::unwrap_or_default)
    }

    fn range(self, range: Range<Option<&Self>>) -> ValR<Self> {
        index::slice(&self, range)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::each(self, opt, f)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::part(self, index, opt, f)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<Option<&Self>>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::stretch(self, range, opt, f)
    }

    fn as_bool(&self) -> bool {
        !matches!(self.view(), View::Null | View::Bool(false))
    }

    fn into_string(self) -> Self {
        match self.shared_str() {
            Some(text) => text.clone().into(),
            None => json(&self).into(),
        }
    }
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        self.into_list().map(iterate::collected)
    }

    fn is_int(&self) -> bool {
        self.as_num().is_some_and(Num::is_int)
    }

    fn as_isize(&self) -> Option<isize> {
        self.as_i64()?.try_into().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_num().map(Num::as_f64)
    }

    fn is_utf8_str(&self) -> bool {
        self.as_str().is_some()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_str().map(str::as_bytes)
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        match self.as_str() {
            Some(text) if text.len() == part.len() => self.clone(),
            _ => lossy(part).into(),
        }
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        lossy(bytes.as_ref()).into()
    }
}

/// Returns the text in bytes, with U+FFFD where they are not UTF-8.
fn lossy(bytes: &[u8]) -> ArcStr {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    }
}

impl Val {
    /// Returns the key that a string is.
    pub(super) fn to_key(&self) -> Option<Key> {
        self.shared_str().cloned().map(Key::from)
    }

    /// Returns what is at an index or key, `None` where there is nothing; of a range, the slice.
    pub(super) fn at(&self, index: &Self) -> ValR<Option<Self>, Self> {
        index::at(self, index)
    }
}

/// The range of a slice, as a path names it.
impl From<Range<Option<Self>>> for Val {
    fn from(range: Range<Option<Self>>) -> Self {
        let bounds = [("start", range.start), ("end", range.end)];
        bounds.into_iter().map(|(name, bound)| (name, bound.unwrap_or_default())).collect()
    }
}
