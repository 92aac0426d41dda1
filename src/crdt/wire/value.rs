//! Values as bytes, which are read without any history.
//!
//! ```text
//! value    = count keys tags ints texts numbers     columns
//! ```
//!
//! The tags are those of contents, in the order in which the parts of the value stand in its text. Behind that of a list
//! or a map is the number of its items, of each of which the key has a number. The keys are those of the
//! history, which need not tell them then.

use std::collections::HashMap;

use super::Corrupt;
use super::bytes::{Section, Source};
use super::cost::{self, Parts};
use crate::cancellation::ask;
use crate::crdt::contents::{LIST, MAP, Unwoven, Woven};
use crate::crdt::{DecodeReason, varint};
use crate::value::{Key, List, MAX_DEPTH, Map, Val, View};

/// A list or a map whose parts are written.
enum Writing<'v> {
    List(<&'v List as IntoIterator>::IntoIter),
    Map(<&'v Map as IntoIterator>::IntoIter),
}

/// A list or a map whose parts are read, and how many are to come.
enum Reading {
    List(Vec<Val>, usize),
    Map(Vec<(Key, Val)>, usize),
}

/// The numbers of keys, each as the difference to that after the one before: maps that are alike have the same ones in
/// a row.
struct Numbers<'k> {
    numbers: HashMap<&'k Key, usize, foldhash::fast::RandomState>,
    column: Vec<u8>,
    next: usize,
}

impl<'k> Numbers<'k> {
    fn new(keys: &'k [Key]) -> Self {
        Self { numbers: keys.iter().zip(0..).collect(), column: Vec::new(), next: 0 }
    }

    fn write(&mut self, key: &Key) {
        let number = *self.numbers.get(key).expect("the history wrote every key of its value");
        varint::write(&mut self.column, varint::zigzag(number as i64 - self.next as i64));
        self.next = number + 1;
    }
}

impl Section {
    /// Writes a value, and keys of which it has some.
    pub(in crate::crdt) fn value(&mut self, value: &Val, keys: &[Key]) {
        let (mut parts, mut numbers) = (Unwoven::default(), Numbers::new(keys));
        let mut open: Vec<Writing<'_>> = Vec::new();
        let mut next = Some(value);
        loop {
            ask();
            match next.map(Val::view) {
                Some(View::Arr(items)) => {
                    parts.tags.push(LIST);
                    varint::write(&mut parts.tags, items.len() as u64);
                    open.push(Writing::List(items.into_iter()));
                }
                Some(View::Obj(entries)) => {
                    parts.tags.push(MAP);
                    varint::write(&mut parts.tags, entries.len() as u64);
                    open.push(Writing::Map(entries.into_iter()));
                }
                Some(_) => next.into_iter().for_each(|scalar| parts.push(scalar)),
                None => {
                    open.pop();
                }
            }
            next = match open.last_mut() {
                None => break,
                Some(Writing::List(items)) => items.next(),
                Some(Writing::Map(entries)) => entries.next().map(|(key, value)| {
                    numbers.write(key);
                    value
                }),
            };
        }
        self.number(keys.len() as u64);
        self.keys(keys);
        let Unwoven { tags, ints, texts, .. } = &parts;
        [tags, ints, texts, &numbers.column].iter().for_each(|column| self.column(column));
        let parts = Parts { tags: tags.len(), ints: ints.len(), texts: texts.len() };
        self.takes(cost::of_value(parts, numbers.column.len()));
    }
}

impl Source<'_> {
    /// Reads a value and the keys. What they take in memory is known before any of it is taken.
    pub(in crate::crdt) fn value(&mut self) -> Result<(Val, Vec<Key>), DecodeReason> {
        let keys = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        let keys = self.keys(keys)?;
        let [tags, ints, texts, numbers] = [self.column()?, self.column()?, self.column()?, self.column()?];
        let parts = Parts { tags: tags.length, ints: ints.length, texts: texts.length };
        self.budget.take(cost::of_value(parts, numbers.length))?;
        let [tags, ints, texts, numbers] = [tags.open()?, ints.open()?, texts.open()?, numbers.open()?];
        let texts = std::str::from_utf8(&texts).map_err(|_| Corrupt)?;
        let value = read_value(Woven::new(&tags, &ints, texts), &keys, &numbers)?;
        Ok((value, keys))
    }
}

fn read_value(mut parts: Woven<'_>, keys: &[Key], mut numbers: &[u8]) -> Result<Val, Corrupt> {
    let mut next_key = 0u64;
    // The parts that are to come in all that is open.
    let mut to_come = 0usize;
    let mut open: Vec<(Reading, Option<Key>)> = Vec::new();
    let mut key = None;
    loop {
        ask();
        let (&tag, rest) = parts.tags.split_first().ok_or(Corrupt)?;
        to_come = to_come.saturating_sub(1);
        let mut done = match tag {
            LIST | MAP => {
                parts.tags = rest;
                let count = varint::read(&mut parts.tags).and_then(|count| usize::try_from(count).ok());
                // Each part that is to come has a tag.
                let all = count.and_then(|count| count.checked_add(to_come));
                to_come = all.filter(|all| *all <= parts.tags.len()).ok_or(Corrupt)?;
                let count = count.unwrap_or_default();
                if open.len() >= MAX_DEPTH {
                    return Err(Corrupt);
                }
                let reading = match tag {
                    LIST => Reading::List(Vec::with_capacity(count), count),
                    _ => Reading::Map(Vec::with_capacity(count), count),
                };
                open.push((reading, key.take()));
                None
            }
            _ => Some(parts.scalar().ok_or(Corrupt)?),
        };
        // What is whole is a part of what is around it.
        loop {
            let Some((reading, _)) = open.last_mut() else {
                let rest = [parts.tags, parts.ints, parts.texts.as_bytes(), numbers];
                let is_whole = rest.iter().all(|rest| rest.is_empty());
                return done.filter(|_| is_whole).ok_or(Corrupt);
            };
            let left = match reading {
                Reading::List(items, left) => {
                    if let Some(item) = done.take() {
                        items.push(item);
                        *left -= 1;
                    }
                    *left
                }
                Reading::Map(entries, left) => {
                    if let Some((value, key)) = done.take().zip(key.take()) {
                        entries.push((key, value));
                        *left -= 1;
                    }
                    *left
                }
            };
            if left > 0 {
                if let Reading::Map(..) = reading {
                    let far = varint::unzigzag(varint::read(&mut numbers).ok_or(Corrupt)?);
                    let number = next_key.wrapping_add_signed(far);
                    let found = usize::try_from(number).ok().and_then(|number| keys.get(number));
                    key = Some(found.ok_or(Corrupt)?.clone());
                    next_key = number.wrapping_add(1);
                }
                break;
            }
            let Some((reading, outer)) = open.pop() else { return Err(Corrupt) };
            key = outer;
            done = Some(match reading {
                Reading::List(items, _) => items.into_iter().collect(),
                Reading::Map(entries, _) => {
                    let count = entries.len();
                    let map: Map = entries.into_iter().collect();
                    if map.len() != count {
                        return Err(Corrupt);
                    }
                    map.into()
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::contents::pack;

    /// Reads a value of tags alone.
    fn read(tags: &[u8]) -> Result<Val, Corrupt> {
        read_value(Woven::new(tags, &[], ""), &[], &[])
    }

    #[test]
    fn lists_that_promise_more_than_there_is_are_refused_before_room_is_made() {
        let mut null = Vec::new();
        pack(&mut null, &Val::NULL);
        assert_eq!(
            read(&[LIST, 2, LIST, 1, null[0], null[0]]).map(|value| value.to_string()),
            Ok("[[null],null]".into())
        );
        assert_eq!(read(&[LIST, 2, LIST, 2, null[0], null[0]]), Err(Corrupt));
        // Each of many could hold all that is left, but not all of them.
        let mut tags = Vec::new();
        for _ in 0..MAX_DEPTH {
            tags.push(LIST);
            varint::write(&mut tags, 40_000_000);
        }
        tags.resize(tags.len() + 40_000_000, null[0]);
        assert_eq!(read(&tags), Err(Corrupt));
    }
}
