//! Random edits of JSON values. Places are numbers, taken modulo what is there, so that an edit means
//! something in every value and shrinks to a small one.

use std::fmt;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use rejoin::value::{Val, object};

use super::json;

const KEYS: [&str; 5] = ["a", "b", "c", "", "é"];
const SCALARS: [&str; 12] = [
    "0",
    "1",
    "2",
    "null",
    "false",
    "true",
    "1.0",
    "1e400",
    "1234567890123456789012345678901234567890",
    r#""""#,
    r#""é""#,
    r#""a""#,
];

/// Values do not grow beyond so many parts, or copies of copies would.
const LARGEST: usize = 60;

/// A value that prints as JSON when a test fails.
#[derive(Clone)]
pub struct Json(pub Val);

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "json(r#\"{}\"#)", self.0)
    }
}

/// One thing that a filter may do to a value. `place` is a container, counted from the root, `at` an
/// entry of it.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Sets a key of an object; overwrites an item of a list.
    Put {
        place: usize,
        at: usize,
        value: Json,
    },
    /// Inserts an item before `at`; sets a key of an object.
    Insert {
        place: usize,
        at: usize,
        value: Json,
    },
    Append {
        place: usize,
        value: Json,
    },
    Prepend {
        place: usize,
        value: Json,
    },
    Remove {
        place: usize,
        at: usize,
    },
    Clear {
        place: usize,
    },
    /// Reverses a list, or the order of keys (which is no difference).
    Reverse {
        place: usize,
    },
    /// Exchanges two entries.
    Exchange {
        place: usize,
        one: usize,
        other: usize,
    },
    /// Puts one more of an item beside it; gives a key the value of another.
    Repeat {
        place: usize,
        at: usize,
        to: usize,
    },
    /// Puts a whole container into another, where the same pointer then stands twice.
    Copy {
        from: usize,
        into: usize,
        at: usize,
    },
    /// Puts an entry into a new list or object, which stands in its place.
    Wrap {
        place: usize,
        at: usize,
        in_list: bool,
    },
    /// Replaces a container by one of its entries.
    Unwrap {
        place: usize,
        at: usize,
    },
    /// Replaces a container.
    Replace {
        place: usize,
        value: Json,
    },
    /// Replaces everything.
    Reset {
        value: Json,
    },
}

impl Edit {
    /// The value after the edit; parts that it does not touch stay the same pointers.
    pub fn apply(&self, value: &Val) -> Val {
        let edited = self.edited(value);
        if parts(&edited) > LARGEST { value.clone() } else { edited }
    }

    fn edited(&self, value: &Val) -> Val {
        let places = containers(value);
        if places.is_empty() {
            return self.value().unwrap_or(value).clone();
        }
        let way = |place: usize| &places[place % places.len()];
        let edit_at = |place: usize, edit: &dyn Fn(&Val) -> Val| edit_below(value, way(place), edit);
        match self {
            Self::Put { place, at, value } => edit_at(*place, &|it| put(it, *at, &value.0)),
            Self::Insert { place, at, value } => edit_at(*place, &|it| insert(it, *at, &value.0)),
            Self::Append { place, value } => edit_at(*place, &|it| insert(it, len(it), &value.0)),
            Self::Prepend { place, value } => edit_at(*place, &|it| insert(it, 0, &value.0)),
            Self::Remove { place, at } => edit_at(*place, &|it| remove(it, *at)),
            Self::Clear { place } => edit_at(*place, &cleared),
            Self::Reverse { place } => edit_at(*place, &reversed),
            Self::Exchange { place, one, other } => edit_at(*place, &|it| exchanged(it, *one, *other)),
            Self::Repeat { place, at, to } => edit_at(*place, &|it| match nth(it, *at) {
                Some(entry) => insert(it, *to, &entry),
                None => it.clone(),
            }),
            Self::Copy { from, into, at } => {
                let source = below(value, way(*from));
                edit_at(*into, &|it| insert(it, *at, &source))
            }
            Self::Wrap { place, at, in_list } => edit_at(*place, &|it| match nth(it, *at) {
                Some(entry) if *in_list => put(it, *at, &Val::from_iter([entry])),
                Some(entry) => put(it, *at, &object([("a", entry)])),
                None => it.clone(),
            }),
            Self::Unwrap { place, at } => edit_at(*place, &|it| nth(it, *at).unwrap_or_else(|| it.clone())),
            Self::Replace { place, value } => edit_at(*place, &|_| value.0.clone()),
            Self::Reset { value } => value.0.clone(),
        }
    }

    /// The value that it writes.
    fn value(&self) -> Option<&Val> {
        match self {
            Self::Put { value, .. }
            | Self::Insert { value, .. }
            | Self::Append { value, .. }
            | Self::Prepend { value, .. }
            | Self::Replace { value, .. }
            | Self::Reset { value } => Some(&value.0),
            _ => None,
        }
    }
}

/// An object to begin with.
pub fn documents() -> impl Strategy<Value = Json> {
    let entries = prop::collection::vec((select(&KEYS[..]), values()), 1..5);
    entries.prop_map(|entries| Json(object(entries.into_iter().map(|(key, v)| (key, v.0)))))
}

/// Edits from all kinds, the plain ones more often.
pub fn edits() -> impl Strategy<Value = Edit> {
    let (place, at) = (0..8usize, 0..8usize);
    let put = || (place.clone(), at.clone(), values());
    prop_oneof![
        5 => put().prop_map(|(place, at, value)| Edit::Put { place, at, value }),
        4 => put().prop_map(|(place, at, value)| Edit::Insert { place, at, value }),
        2 => (place.clone(), values()).prop_map(|(place, value)| Edit::Append { place, value }),
        2 => (place.clone(), values()).prop_map(|(place, value)| Edit::Prepend { place, value }),
        4 => (place.clone(), at.clone()).prop_map(|(place, at)| Edit::Remove { place, at }),
        1 => place.clone().prop_map(|place| Edit::Clear { place }),
        2 => place.clone().prop_map(|place| Edit::Reverse { place }),
        1 => (place.clone(), at.clone(), at.clone())
            .prop_map(|(place, one, other)| Edit::Exchange { place, one, other }),
        1 => (place.clone(), at.clone(), at.clone()).prop_map(|(place, at, to)| Edit::Repeat { place, at, to }),
        1 => (place.clone(), place.clone(), at.clone())
            .prop_map(|(from, into, at)| Edit::Copy { from, into, at }),
        1 => (place.clone(), at.clone(), any::<bool>())
            .prop_map(|(place, at, in_list)| Edit::Wrap { place, at, in_list }),
        1 => (place.clone(), at).prop_map(|(place, at)| Edit::Unwrap { place, at }),
        1 => (place, values()).prop_map(|(place, value)| Edit::Replace { place, value }),
        1 => values().prop_map(|value| Edit::Reset { value }),
    ]
}

/// Small values from a small alphabet, so that actors often write the same.
pub fn values() -> impl Strategy<Value = Json> {
    let scalars = select(&SCALARS[..]).prop_map(|text| Json(json(text)));
    scalars.prop_recursive(2, 6, 3, |inner| {
        let entry = (select(&KEYS[..]), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4)
                .prop_map(|items| Json(items.into_iter().map(|v| v.0).collect())),
            prop::collection::vec(entry, 0..4)
                .prop_map(|entries| Json(object(entries.into_iter().map(|(key, v)| (key, v.0))))),
        ]
    })
}

/// An equal value that shares nothing, the keys of every object in reverse.
pub fn reordered(value: &Val) -> Val {
    match value {
        Val::Arr(items) => items.iter().map(reordered).collect(),
        Val::Obj(entries) => {
            Val::obj(entries.iter().rev().map(|(key, item)| (key.clone(), reordered(item))).collect())
        }
        scalar => scalar.clone(),
    }
}

// --- containers ---

/// The ways to all arrays and objects, the outer before the inner.
fn containers(value: &Val) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    if !matches!(value, Val::Arr(_) | Val::Obj(_)) {
        return found;
    }
    found.push(Vec::new());
    for index in 0..len(value) {
        let inner = containers(&entry(value, index));
        found.extend(inner.into_iter().map(|way| [vec![index], way].concat()));
    }
    found
}

fn parts(value: &Val) -> usize {
    1 + (0..len(value)).map(|index| parts(&entry(value, index))).sum::<usize>()
}

fn len(value: &Val) -> usize {
    match value {
        Val::Arr(items) => items.len(),
        Val::Obj(entries) => entries.len(),
        _ => 0,
    }
}

fn entry(value: &Val, index: usize) -> Val {
    match value {
        Val::Arr(items) => items[index].clone(),
        Val::Obj(entries) => entries[index].clone(),
        _ => unreachable!("a scalar has no entries"),
    }
}

fn nth(value: &Val, at: usize) -> Option<Val> {
    (len(value) > 0).then(|| entry(value, at % len(value)))
}

fn below(value: &Val, way: &[usize]) -> Val {
    way.iter().fold(value.clone(), |value, index| entry(&value, *index))
}

/// Rebuilds the containers on the way and nothing else.
fn edit_below(value: &Val, way: &[usize], edit: &dyn Fn(&Val) -> Val) -> Val {
    let Some((index, rest)) = way.split_first() else { return edit(value) };
    match value {
        Val::Arr(items) => {
            let mut items = (**items).clone();
            items[*index] = edit_below(&items[*index], rest, edit);
            Val::Arr(Arc::new(items))
        }
        Val::Obj(entries) => {
            let mut entries = (**entries).clone();
            entries[*index] = edit_below(&entries[*index], rest, edit);
            Val::obj(entries)
        }
        _ => unreachable!("a scalar has no entries"),
    }
}

fn put(value: &Val, at: usize, new: &Val) -> Val {
    match value {
        Val::Arr(items) if !items.is_empty() => {
            let mut items = (**items).clone();
            let at = at % items.len();
            items[at] = new.clone();
            Val::Arr(Arc::new(items))
        }
        _ => insert(value, at, new),
    }
}

fn insert(value: &Val, at: usize, new: &Val) -> Val {
    match value {
        Val::Arr(items) => {
            let mut items = (**items).clone();
            items.insert(at % (items.len() + 1), new.clone());
            Val::Arr(Arc::new(items))
        }
        Val::Obj(entries) => {
            let mut entries = (**entries).clone();
            entries.insert(Val::from(KEYS[at % KEYS.len()].to_owned()), new.clone());
            Val::obj(entries)
        }
        _ => unreachable!("a container"),
    }
}

fn remove(value: &Val, at: usize) -> Val {
    match value {
        Val::Arr(items) if !items.is_empty() => {
            let mut items = (**items).clone();
            items.remove(at % items.len());
            Val::Arr(Arc::new(items))
        }
        Val::Obj(entries) if !entries.is_empty() => {
            let mut entries = (**entries).clone();
            entries.shift_remove_index(at % entries.len());
            Val::obj(entries)
        }
        _ => value.clone(),
    }
}

fn cleared(value: &Val) -> Val {
    match value {
        Val::Arr(_) => Val::from_iter([]),
        _ => object::<&str>([]),
    }
}

fn reversed(value: &Val) -> Val {
    match value {
        Val::Arr(items) => items.iter().rev().cloned().collect(),
        Val::Obj(entries) => Val::obj(entries.iter().rev().map(|(k, v)| (k.clone(), v.clone())).collect()),
        _ => unreachable!("a container"),
    }
}

fn exchanged(value: &Val, one: usize, other: usize) -> Val {
    match (value, nth(value, one), nth(value, other)) {
        (Val::Arr(items), Some(a), Some(b)) => {
            let mut items = (**items).clone();
            let (one, other) = (one % items.len(), other % items.len());
            (items[one], items[other]) = (b, a);
            Val::Arr(Arc::new(items))
        }
        (Val::Obj(entries), Some(a), Some(b)) => {
            let mut entries = (**entries).clone();
            let (one, other) = (one % entries.len(), other % entries.len());
            (entries[one], entries[other]) = (b, a);
            Val::obj(entries)
        }
        _ => value.clone(),
    }
}
