//! Random edits of JSON values. Places are numbers, taken modulo what is there, so that an edit means
//! something in every value and shrinks to a small one.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;
use rejoin::value::{Key, List, Map, Val, View, object, string};

use super::json;
use super::transact::{amounts, typed};

pub const KEYS: [&str; 5] = ["a", "b", "c", "", "é"];
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
pub const LARGEST: usize = 60;

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
    /// Puts a whole container into another, and in it an entry of the entry in that one's place.
    CopyAndUnwrap {
        place: usize,
        entry: usize,
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
    /// Takes a container out of where it is, and puts it into another one.
    Move {
        what: usize,
        into: usize,
        at: usize,
    },
    /// The same, and edits it on the way.
    MoveEdited {
        what: usize,
        into: usize,
        at: usize,
        put: usize,
        value: Json,
    },
    /// Exchanges two containers, wherever they stand.
    ChangePlaces {
        one: usize,
        other: usize,
    },
    /// Puts the first items of a list at its end.
    Rotate {
        place: usize,
        by: usize,
    },
    /// Sorts a list by what its items print.
    Sort {
        place: usize,
    },
    /// Deletes and inserts characters of a string.
    Splice {
        which: usize,
        at: usize,
        deleted: usize,
        typed: String,
    },
    /// Adds to a whole number.
    Increment {
        which: usize,
        by: i64,
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
            Self::CopyAndUnwrap { place, entry, into, at } => {
                let source = below(value, way(*place));
                let unwrap = |it: &Val| match nth(it, *entry).and_then(|inner| nth(&inner, *at)) {
                    Some(part) => put(it, *entry, &part),
                    None => it.clone(),
                };
                let unwrapped = edit_at(*place, &unwrap);
                let places = containers(&unwrapped);
                if places.is_empty() {
                    return unwrapped;
                }
                edit_below(&unwrapped, &places[into % places.len()], &|it| insert(it, *at, &source))
            }
            Self::Wrap { place, at, in_list } => edit_at(*place, &|it| match nth(it, *at) {
                Some(entry) if *in_list => put(it, *at, &Val::from_iter([entry])),
                Some(entry) => put(it, *at, &object([("a", entry)])),
                None => it.clone(),
            }),
            Self::Unwrap { place, at } => edit_at(*place, &|it| nth(it, *at).unwrap_or_else(|| it.clone())),
            Self::Move { what, into, at } => {
                let from = way(*what);
                moved(value, from, way(*into), *at, &below(value, from))
            }
            Self::MoveEdited { what, into, at, put: key, value: new } => {
                let from = way(*what);
                moved(value, from, way(*into), *at, &put(&below(value, from), *key, &new.0))
            }
            Self::ChangePlaces { one, other } => changed_places(value, way(*one), way(*other)),
            Self::Rotate { place, by } => edit_at(*place, &|it| rotated(it, *by)),
            Self::Sort { place } => edit_at(*place, &sorted),
            Self::Splice { which, at, deleted, typed } => {
                edit_leaf(value, *which, &|leaf| spliced(leaf, *at, *deleted, typed))
            }
            Self::Increment { which, by } => edit_leaf(value, *which, &|leaf| incremented(leaf, *by)),
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
        1 => (place.clone(), at.clone(), place.clone(), at.clone())
            .prop_map(|(place, entry, into, at)| Edit::CopyAndUnwrap { place, entry, into, at }),
        1 => (place.clone(), at.clone(), any::<bool>())
            .prop_map(|(place, at, in_list)| Edit::Wrap { place, at, in_list }),
        1 => (place.clone(), at).prop_map(|(place, at)| Edit::Unwrap { place, at }),
        8 => moves(),
        3 => (place.clone(), place.clone(), 0..4usize, typed())
            .prop_map(|(which, at, deleted, typed)| Edit::Splice { which, at, deleted, typed }),
        2 => (place.clone(), amounts()).prop_map(|(which, by)| Edit::Increment { which, by }),
        1 => (place, values()).prop_map(|(place, value)| Edit::Replace { place, value }),
        1 => values().prop_map(|value| Edit::Reset { value }),
    ]
}

/// Edits that take containers elsewhere.
pub fn moves() -> impl Strategy<Value = Edit> {
    let (place, at) = (0..8usize, 0..8usize);
    let way = || (place.clone(), place.clone(), at.clone());
    prop_oneof![
        4 => way().prop_map(|(what, into, at)| Edit::Move { what, into, at }),
        2 => (way(), at.clone(), values())
            .prop_map(|((what, into, at), put, value)| Edit::MoveEdited { what, into, at, put, value }),
        1 => (place.clone(), place.clone()).prop_map(|(one, other)| Edit::ChangePlaces { one, other }),
        2 => reorders(),
    ]
}

/// Edits that only change the order of a list.
pub fn reorders() -> impl Strategy<Value = Edit> {
    let place = 0..8usize;
    prop_oneof![
        (place.clone(), 0..8usize).prop_map(|(place, by)| Edit::Rotate { place, by }),
        place.clone().prop_map(|place| Edit::Sort { place }),
        place.prop_map(|place| Edit::Reverse { place }),
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

/// An equal value that shares nothing and is nothing of the document, the keys of every object in reverse.
pub fn reordered(value: &Val) -> Val {
    match value.view() {
        View::Arr(items) => items.iter().map(reordered).collect(),
        View::Obj(entries) => {
            entries.iter().rev().map(|(key, item)| (key.clone(), reordered(item))).collect()
        }
        _ => json(&value.to_string()),
    }
}

/// An equal value, of which every third array or object, counted from one, is built anew of its parts.
pub fn built(value: &Val, from: usize) -> Val {
    let ways = containers(value);
    // From the inner ones to the outer ones: the ways stay.
    let chosen = ways
        .iter()
        .enumerate()
        .filter(|(number, _)| (number + from).is_multiple_of(3))
        .map(|(_, way)| way)
        .rev();
    chosen.fold(value.clone(), |value, way| {
        edit_below(&value, way, &|it| match it.view() {
            View::Arr(items) => items.iter().cloned().collect(),
            View::Obj(entries) => entries.iter().map(|(key, item)| (key.clone(), item.clone())).collect(),
            _ => unreachable!("a container"),
        })
    })
}

// --- containers ---

/// One of the arrays and objects in a value; `None` when it has none.
pub fn container(value: &Val, which: usize) -> Option<Val> {
    let ways = containers(value);
    (!ways.is_empty()).then(|| below(value, &ways[which % ways.len()]))
}

/// The ways to all arrays and objects, the outer before the inner.
fn containers(value: &Val) -> Vec<Vec<usize>> {
    let is_container = |value: &Val| matches!(value.view(), View::Arr(_) | View::Obj(_));
    ways(value).into_iter().filter(|way| is_container(&below(value, way))).collect()
}

/// The ways to all parts, the outer before the inner.
fn ways(value: &Val) -> Vec<Vec<usize>> {
    let inner = |index| ways(&entry(value, index)).into_iter().map(move |way| [vec![index], way].concat());
    [Vec::new()].into_iter().chain((0..len(value)).flat_map(inner)).collect()
}

pub fn parts(value: &Val) -> usize {
    1 + (0..len(value)).map(|index| parts(&entry(value, index))).sum::<usize>()
}

fn len(value: &Val) -> usize {
    match value.view() {
        View::Arr(items) => items.len(),
        View::Obj(entries) => entries.len(),
        _ => 0,
    }
}

fn entry(value: &Val, index: usize) -> Val {
    match value.view() {
        View::Arr(items) => items[index].clone(),
        View::Obj(entries) => entries.values().nth(index).expect("an entry").clone(),
        _ => unreachable!("a scalar has no entries"),
    }
}

fn nth(value: &Val, at: usize) -> Option<Val> {
    (len(value) > 0).then(|| entry(value, at % len(value)))
}

fn below(value: &Val, way: &[usize]) -> Val {
    way.iter().fold(value.clone(), |value, index| entry(&value, *index))
}

/// The value with its items or its entries changed; it stays the list or map that it is.
fn changed(value: &Val, list: impl FnOnce(&mut List), map: impl FnOnce(&mut Map)) -> Val {
    let mut value = value.clone();
    if let Some(items) = value.as_list_mut() {
        list(items);
    } else if let Some(entries) = value.as_map_mut() {
        map(entries);
    }
    value
}

fn set_nth(entries: &mut Map, index: usize, new: Val) {
    let key = entries.keys().nth(index).expect("an entry").clone();
    entries.insert(key, new);
}

/// Changes the containers on the way and nothing else.
fn edit_below(value: &Val, way: &[usize], edit: &dyn Fn(&Val) -> Val) -> Val {
    let Some((index, rest)) = way.split_first() else { return edit(value) };
    let new = edit_below(&entry(value, *index), rest, edit);
    let given = new.clone();
    changed(value, |items| drop(items.set(*index, given)), |entries| set_nth(entries, *index, new))
}

fn put(value: &Val, at: usize, new: &Val) -> Val {
    match value.as_list() {
        Some(items) if !items.is_empty() => {
            let at = at % items.len();
            changed(value, |items| drop(items.set(at, new.clone())), |_| {})
        }
        _ => insert(value, at, new),
    }
}

fn insert(value: &Val, at: usize, new: &Val) -> Val {
    changed(
        value,
        |items| items.insert(at % (items.len() + 1), new.clone()),
        |entries| drop(entries.insert(key(at), new.clone())),
    )
}

fn key(at: usize) -> Key {
    KEYS[at % KEYS.len()].into()
}

fn remove(value: &Val, at: usize) -> Val {
    if len(value) == 0 {
        return value.clone();
    }
    let at = at % len(value);
    changed(
        value,
        |items| drop(items.remove(at)),
        |entries| {
            let key = entries.keys().nth(at).expect("an entry").clone();
            entries.remove(&key);
        },
    )
}

fn cleared(value: &Val) -> Val {
    changed(value, |items| items.splice(0..items.len(), List::new()), |entries| refill(entries, Vec::new()))
}

fn reversed(value: &Val) -> Val {
    rearranged(value, |items| items.reverse(), |entries| entries.reverse())
}

/// The value with its items or entries in another order.
fn rearranged(value: &Val, list: impl FnOnce(&mut Vec<Val>), map: impl FnOnce(&mut Vec<(Key, Val)>)) -> Val {
    changed(
        value,
        |items| {
            let mut all: Vec<Val> = items.iter().cloned().collect();
            list(&mut all);
            items.splice(0..items.len(), all.into_iter().collect());
        },
        |entries| {
            let mut all = entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            map(&mut all);
            refill(entries, all);
        },
    )
}

/// Takes all entries out of a map, and puts others in.
fn refill(entries: &mut Map, all: Vec<(Key, Val)>) {
    let keys: Vec<Key> = entries.keys().cloned().collect();
    keys.iter().for_each(|key| drop(entries.remove(key)));
    all.into_iter().for_each(|(key, value)| drop(entries.insert(key, value)));
}

fn exchanged(value: &Val, one: usize, other: usize) -> Val {
    let (Some(a), Some(b)) = (nth(value, one), nth(value, other)) else { return value.clone() };
    let (one, other) = (one % len(value), other % len(value));
    edit_below(&edit_below(value, &[one], &|_| b.clone()), &[other], &|_| a.clone())
}

/// Takes the part at `from` out of its container, and puts `piece` into another one, unless that is
/// inside of the part.
fn moved(value: &Val, from: &[usize], into: &[usize], at: usize, piece: &Val) -> Val {
    if into.starts_with(from) {
        return value.clone();
    }
    let inserted = edit_below(value, into, &|it| insert(it, at, piece));
    let mut from = from.to_vec();
    if from.starts_with(into) {
        let next = &mut from[into.len()];
        match below(value, into).view() {
            View::Arr(items) if at % (items.len() + 1) <= *next => *next += 1,
            // What was written over was the part, or held it.
            View::Obj(entries) if entries.keys().nth(*next) == Some(&key(at)) => return inserted,
            _ => {}
        }
    }
    let (index, holder) = from.split_last().expect("not the root, for nothing is outside of it");
    edit_below(&inserted, holder, &|it| remove(it, *index))
}

/// Exchanges two parts, unless one is inside of the other.
fn changed_places(value: &Val, one: &[usize], other: &[usize]) -> Val {
    if one.starts_with(other) || other.starts_with(one) {
        return value.clone();
    }
    let half = edit_below(value, one, &|_| below(value, other));
    edit_below(&half, other, &|_| below(value, one))
}

fn rotated(value: &Val, by: usize) -> Val {
    let rotate = |items: &mut Vec<Val>| {
        let by = by % items.len().max(1);
        items.rotate_left(by);
    };
    rearranged(value, rotate, |_| {})
}

fn sorted(value: &Val) -> Val {
    rearranged(value, |items| items.sort_by_cached_key(rejoin::value::text), |_| {})
}

/// Edits one of the strings and numbers.
fn edit_leaf(value: &Val, which: usize, edit: &dyn Fn(&Val) -> Val) -> Val {
    let is_leaf = |way: &Vec<usize>| edit(&below(value, way)).to_string() != below(value, way).to_string();
    let leaves: Vec<_> = ways(value).into_iter().filter(is_leaf).collect();
    if leaves.is_empty() { value.clone() } else { edit_below(value, &leaves[which % leaves.len()], edit) }
}

fn spliced(leaf: &Val, at: usize, deleted: usize, typed: &str) -> Val {
    let Some(text) = leaf.as_str() else { return leaf.clone() };
    let mut chars: Vec<char> = text.chars().collect();
    let at = at % (chars.len() + 1);
    let end = (at + deleted).min(chars.len());
    chars.splice(at..end, typed.chars());
    string(chars.into_iter().collect::<String>())
}

/// A number that is not whole, or too long, stays.
fn incremented(leaf: &Val, by: i64) -> Val {
    let number = leaf.as_num().and_then(|number| number.to_string().parse::<i128>().ok());
    number.map_or_else(|| leaf.clone(), |number| json(&(number + i128::from(by)).to_string()))
}
