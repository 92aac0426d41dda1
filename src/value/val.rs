//! The value type.

use std::fmt;
use std::sync::Arc;

use arcstr::ArcStr;

use super::grown::Grown;
use super::{Identity, Key, List, Map, Num};

/// A JSON value.
///
/// Cloning one is O(1). Arrays and objects are persistent: a change of a large one costs O(log n), and the
/// new value shares the rest with the old one.
///
/// [`view`](Self::view) tells what it is:
///
/// ```
/// use rejoin::value::{Val, View, parse};
///
/// let value = parse(r#"{"name": "Foo", "items": [0, 1]}"#)?;
/// assert_eq!(value["items"][1].as_i64(), Some(1));
/// if let View::Obj(entries) = value.view() {
///     assert!(entries.keys().map(|key| key.as_str()).eq(["name", "items"]));
/// }
/// # Ok::<(), rejoin::value::ParseError>(())
/// ```
#[derive(Clone, Default)]
pub struct Val(Repr);

#[derive(Clone, Default)]
enum Repr {
    #[default]
    Null,
    Bool(bool),
    Num(Num),
    Str(ArcStr),
    Arr(List),
    Obj(Map),
    /// A string that is a text of a document.
    Text(Arc<Known<ArcStr>>),
    /// A number that is a counter of a document.
    Counter(Arc<Known<Num>>),
    /// A long string that was put together, which may go on.
    Grown(Arc<Grown>),
}

/// A scalar with an identity.
#[derive(Clone)]
struct Known<T> {
    identity: Identity,
    value: T,
}

/// The view of a [`Val`]: what it is.
#[derive(Clone, Copy)]
pub enum View<'v> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Num(&'v Num),
    /// A string.
    Str(&'v str),
    /// An array.
    Arr(&'v List),
    /// An object.
    Obj(&'v Map),
}

impl Val {
    /// `null`
    pub const NULL: Self = Self(Repr::Null);

    /// Returns what the value is.
    pub fn view(&self) -> View<'_> {
        match &self.0 {
            Repr::Null => View::Null,
            Repr::Bool(value) => View::Bool(*value),
            Repr::Num(number) => View::Num(number),
            Repr::Counter(known) => View::Num(&known.value),
            Repr::Str(text) => View::Str(text),
            Repr::Text(known) => View::Str(&known.value),
            Repr::Grown(grown) => View::Str(grown.as_str()),
            Repr::Arr(items) => View::Arr(items),
            Repr::Obj(entries) => View::Obj(entries),
        }
    }

    /// Returns the items, of an array.
    pub fn as_list(&self) -> Option<&List> {
        if let Repr::Arr(items) = &self.0 { Some(items) } else { None }
    }

    /// Returns the entries, of an object.
    pub fn as_map(&self) -> Option<&Map> {
        if let Repr::Obj(entries) = &self.0 { Some(entries) } else { None }
    }

    /// Returns the items to be changed, of an array.
    pub fn as_list_mut(&mut self) -> Option<&mut List> {
        if let Repr::Arr(items) = &mut self.0 { Some(items) } else { None }
    }

    /// Returns the entries to be changed, of an object.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let Repr::Obj(entries) = &mut self.0 { Some(entries) } else { None }
    }

    /// Returns the items, of an array; else the value comes back.
    ///
    /// # Errors
    /// The value, if it is no array.
    pub fn into_list(self) -> Result<List, Self> {
        if let Repr::Arr(items) = self.0 { Ok(items) } else { Err(self) }
    }

    /// Returns the entries, of an object; else the value comes back.
    ///
    /// # Errors
    /// The value, if it is no object.
    pub fn into_map(self) -> Result<Map, Self> {
        if let Repr::Obj(entries) = self.0 { Ok(entries) } else { Err(self) }
    }

    /// Returns the text, of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let View::Str(text) = self.view() { Some(text) } else { None }
    }

    /// Returns the text of a string, as it is shared.
    pub(crate) fn shared_str(&self) -> Option<&ArcStr> {
        match &self.0 {
            Repr::Str(text) => Some(text),
            Repr::Text(known) => Some(&known.value),
            Repr::Grown(grown) => Some(grown.shared_str()),
            _ => None,
        }
    }

    /// Returns the number, of a number.
    pub fn as_num(&self) -> Option<&Num> {
        if let View::Num(number) = self.view() { Some(number) } else { None }
    }

    /// Tells whether it is an array or an object.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self.0, Repr::Arr(_) | Repr::Obj(_))
    }

    /// Returns the number of levels of arrays and objects, at most: 0 for scalars. O(1).
    pub(crate) fn levels(&self) -> u32 {
        match &self.0 {
            Repr::Arr(items) => items.levels(),
            Repr::Obj(entries) => entries.levels(),
            _ => 0,
        }
    }

    /// Makes the string with more at its end; in place where it is long and nothing else holds it. It keeps its
    /// identity.
    pub(crate) fn with_more(mut self, more: &str) -> Self {
        if let Repr::Grown(grown) = &mut self.0
            && let Some(grown) = Arc::get_mut(grown)
        {
            grown.push(more);
            return self;
        }
        let (text, identity) = (self.as_str().unwrap_or_default(), self.identity().cloned());
        if text.len() + more.len() < Grown::LONG {
            return Self::from(ArcStr::from([text, more].concat())).with_identity(identity);
        }
        Self(Repr::Grown(Arc::new(Grown::new(identity, text, more))))
    }

    /// Tells whether it is a plain scalar that is sure to be what reading its text gives.
    pub(crate) fn is_simple(&self) -> bool {
        matches!(self.0, Repr::Null | Repr::Bool(_) | Repr::Num(Num::Int(_) | Num::Float(_)) | Repr::Str(_))
    }

    /// Tells whether a change can be made in place, where nothing else holds it.
    pub(crate) fn is_mutable(&self) -> bool {
        matches!(self.0, Repr::Arr(_) | Repr::Obj(_) | Repr::Grown(_))
    }

    // --- identity ---

    /// Makes a string that is a text.
    pub(crate) fn text(identity: Identity, value: ArcStr) -> Self {
        Self(Repr::Text(Arc::new(Known { identity, value })))
    }

    /// Makes a number that is a counter.
    pub(crate) fn counter(identity: Identity, value: Num) -> Self {
        Self(Repr::Counter(Arc::new(Known { identity, value })))
    }

    /// Tells which map, list, text or counter the value is; `None` for plain scalars and for what was built.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        match &self.0 {
            Repr::Arr(items) => items.identity(),
            Repr::Obj(entries) => entries.identity(),
            Repr::Text(known) => Some(&known.identity),
            Repr::Counter(known) => Some(&known.identity),
            Repr::Grown(grown) => grown.identity.as_ref(),
            _ => None,
        }
    }

    /// Returns the same value with another identity; null and booleans have none. O(1) but for what is shared and
    /// small.
    pub(crate) fn with_identity(self, identity: Option<Identity>) -> Self {
        match (self.0, identity) {
            (Repr::Arr(items), identity) => items.with_identity(identity).into(),
            (Repr::Obj(entries), identity) => entries.with_identity(identity).into(),
            (Repr::Str(text), Some(identity)) => Self::text(identity, text),
            (Repr::Text(known), Some(identity)) => Self::text(identity, known.value.clone()),
            (Repr::Text(known), None) => known.value.clone().into(),
            (Repr::Grown(grown), identity) if grown.identity != identity => {
                Self::from(grown.shared_str().clone()).with_identity(identity)
            }
            (Repr::Num(number), Some(identity)) => Self::counter(identity, number),
            (Repr::Counter(known), Some(identity)) => Self::counter(identity, known.value.clone()),
            (Repr::Counter(known), None) => known.value.clone().into(),
            (repr, _) => Self(repr),
        }
    }

    /// Tells whether the two are one in memory, or equal scalars of one identity. O(1) but for long strings and
    /// numbers. Of two values that are, neither differs from the other in anything.
    pub(crate) fn is_shared(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Arr(a), Repr::Arr(b)) => a.is_shared(b),
            (Repr::Obj(a), Repr::Obj(b)) => a.is_shared(b),
            (Repr::Null, Repr::Null) => true,
            (Repr::Bool(a), Repr::Bool(b)) => a == b,
            (Repr::Num(a), Repr::Num(b)) => a.is_same(b),
            (Repr::Counter(a), Repr::Counter(b)) => {
                Arc::ptr_eq(a, b) || (a.identity == b.identity && a.value.is_same(&b.value))
            }
            _ => self.is_shared_str(other),
        }
    }

    /// Finds where a string, an array or an object is in memory: two of one kind that live and have the same are one.
    pub(crate) fn address(&self) -> Option<usize> {
        match &self.0 {
            Repr::Arr(items) => Some(items.address()),
            Repr::Obj(entries) => Some(entries.address()),
            _ => self.shared_str().map(|text| text.as_ptr().addr()),
        }
    }

    /// Tells whether the two are equal strings of one identity.
    fn is_shared_str(&self, other: &Self) -> bool {
        match (self.as_str(), other.as_str()) {
            (Some(a), Some(b)) => self.identity() == other.identity() && (std::ptr::eq(a, b) || a == b),
            _ => false,
        }
    }

    /// Tells whether two strings, arrays or objects are one in memory.
    pub(crate) fn is_one_in_memory(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Arr(a), Repr::Arr(b)) => a.is_shared(b),
            (Repr::Obj(a), Repr::Obj(b)) => a.is_shared(b),
            _ => match (self.shared_str(), other.shared_str()) {
                (Some(a), Some(b)) => ArcStr::ptr_eq(a, b),
                _ => false,
            },
        }
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self(Repr::Bool(value))
    }
}

impl From<Num> for Val {
    fn from(number: Num) -> Self {
        Self(Repr::Num(number))
    }
}

impl From<ArcStr> for Val {
    fn from(text: ArcStr) -> Self {
        Self(Repr::Str(text))
    }
}

impl From<List> for Val {
    fn from(items: List) -> Self {
        Self(Repr::Arr(items))
    }
}

impl From<Map> for Val {
    fn from(entries: Map) -> Self {
        Self(Repr::Obj(entries))
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        items.into_iter().collect::<List>().into()
    }
}

impl<K: Into<Key>> FromIterator<(K, Self)> for Val {
    fn from_iter<I: IntoIterator<Item = (K, Self)>>(entries: I) -> Self {
        entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>().into()
    }
}

impl fmt::Debug for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Val>() == 16);
