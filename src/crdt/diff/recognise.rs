//! Things in values from outside, which carry no identity: by what they hold.

use crate::cancellation::ask;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;

use super::align::in_order;
use super::{Thing, thing_of};
use crate::crdt::history::History;
use crate::crdt::tree::{Place, Tree};
use crate::value::{Key, List, Val, View, hash_same, same};

/// The things that values are equal to, by the addresses of the values.
#[derive(Default)]
pub(super) struct Recognised {
    things: HashMap<usize, Thing, RandomState>,
    hasher: RandomState,
}

/// Contents of containers, as numbers: for each the address, and what it holds with all that is inside. What strings
/// are, where that matters.
type Sums = HashMap<usize, u64, RandomState>;

impl Recognised {
    /// Returns the thing that a value is equal to.
    pub(super) fn thing(&self, value: &Val) -> Option<Thing> {
        if self.things.is_empty() { None } else { self.things.get(&value.address()?).copied() }
    }

    /// Compares a value from outside with the one in whose stead it stands. What is equal stays where it is;
    /// what is equal and elsewhere moved there. Costs the size of both. Whether anything was found.
    pub(super) fn compare(&mut self, history: &History, tree: &Tree, old: &Val, new: &Val) -> bool {
        let mut sums = Sums::default();
        // Where there are no texts, strings are of no interest.
        let has_texts = self.sum(old, is_text, &mut sums);
        self.sum(new, if has_texts { is_long } else { |_| false }, &mut sums);
        let sum = |value: &Val| value.address().and_then(|address| sums.get(&address).copied());
        let is_equal = |old: &Val, new: &Val| sum(old).is_some() && sum(old) == sum(new) && same(old, new);
        let mut stay: HashSet<Thing, RandomState> = HashSet::default();
        let mut kept: HashSet<usize, RandomState> = HashSet::default();
        let mut open = vec![(old, new)];
        while let Some((old, new)) = open.pop() {
            ask();
            if is_equal(old, new)
                && let (Some(thing), Some(address)) = (thing_of(history, tree, old), new.address())
            {
                stay.insert(thing);
                kept.insert(address);
                self.things.insert(address, thing);
                continue;
            }
            match (old.view(), new.view()) {
                (View::Obj(old), View::Obj(new)) => {
                    for (key, new) in new.iter() {
                        let Some(old) = old.get(key) else { continue };
                        if new.is_container() {
                            open.push((old, new));
                        } else if is_text(old) && new.as_str().is_some() {
                            // A string in its slot is the text, equal or not.
                            stay.extend(thing_of(history, tree, old));
                            kept.extend(new.address());
                        }
                    }
                }
                (View::Arr(old), View::Arr(new)) => {
                    // Which of equal items is which does not matter: those that are in order stay.
                    let names = |items: &List, is_one: fn(&Val) -> bool| {
                        let name = |item: &Val| if is_one(item) { sum(item) } else { None };
                        items.iter().map(name).collect::<Vec<_>>()
                    };
                    let old_names = names(old, |item| item.is_container() || is_text(item));
                    for (o, n) in in_order(&old_names, &names(new, |_| true)) {
                        open.push((&old[o], &new[n]));
                    }
                }
                _ => {}
            }
        }
        self.find_moved(history, tree, (old, new), &sums, (&stay, &kept));
        !self.things.is_empty()
    }

    fn find_moved(
        &mut self,
        history: &History,
        tree: &Tree,
        (old, new): (&Val, &Val),
        sums: &Sums,
        (stay, kept): (&HashSet<Thing, RandomState>, &HashSet<usize, RandomState>),
    ) {
        let sum = |value: &Val| value.address().and_then(|address| sums.get(&address).copied());
        let is_empty = |value: &Val| value.is_container() && parts(value).next().is_none();
        // By what they hold, the first one last.
        let mut left: HashMap<u64, Vec<(&Val, Thing)>, RandomState> = HashMap::default();
        let mut open: Vec<&Val> = vec![old];
        while let Some(value) = open.pop() {
            ask();
            let Some(thing) = thing_of(history, tree, value) else { continue };
            if stay.contains(&thing) {
                continue;
            }
            if let Some(sum) = sum(value).filter(|_| !is_empty(value)) {
                left.entry(sum).or_default().push((value, thing));
            }
            open.extend(parts(value).filter(|part| part.is_container() || is_text(part)));
        }
        left.values_mut().for_each(|same| same.reverse());
        let mut taken: HashSet<Thing, RandomState> = HashSet::default();
        let mut open: Vec<&Val> = vec![new];
        while let Some(value) = open.pop() {
            ask();
            let (Some(address), Some(number)) = (value.address(), sum(value)) else { continue };
            if kept.contains(&address) {
                continue;
            }
            let candidates = left.get_mut(&number);
            let mut equal = None;
            if let Some(candidates) = candidates {
                while let Some((old, thing)) = candidates.pop() {
                    let inside_taken = || holders(history, tree, thing).any(|up| taken.contains(&up));
                    if same(old, value) && !inside_taken() {
                        equal = Some(thing);
                        break;
                    }
                }
            }
            match equal {
                Some(thing) => {
                    taken.insert(thing);
                    self.things.insert(address, thing);
                }
                None => {
                    let first = open.len();
                    open.extend(parts(value).filter(|part| sum(part).is_some()));
                    open[first..].reverse();
                }
            }
        }
    }

    /// Returns what a scalar is, as a number.
    fn sum_of(&self, value: &Val) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hash_same(value, 0, &mut hasher);
        hasher.finish()
    }

    /// Notes what each container holds, and what each string is that is `of_interest`: equal ones have equal numbers.
    /// Says whether there was such a string. From the inside out, on no stack.
    fn sum(&self, value: &Val, of_interest: fn(&Val) -> bool, sums: &mut Sums) -> bool {
        let mut order: Vec<&Val> = Vec::new();
        let mut has_any = false;
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            ask();
            if value.is_container() {
                order.push(value);
                open.extend(parts(value).filter(|part| part.is_container() || of_interest(part)));
            } else if let Some(address) = value.address() {
                has_any = true;
                sums.insert(address, self.sum_of(value));
            }
        }
        for value in order.into_iter().rev() {
            let part = |part: &Val| match part.address().filter(|_| part.is_container()) {
                Some(address) => sums.get(&address).copied().unwrap_or(0),
                None => self.sum_of(part),
            };
            let mut hasher = self.hasher.build_hasher();
            match value.view() {
                View::Arr(items) => {
                    0_u8.hash(&mut hasher);
                    items.iter().for_each(|item| part(item).hash(&mut hasher));
                }
                View::Obj(entries) => {
                    // The order of keys does not count.
                    let entry =
                        |(key, value): (&Key, &Val)| self.hasher.hash_one((key.as_str(), part(value)));
                    (1_u8, entries.iter().map(entry).fold(0, u64::wrapping_add)).hash(&mut hasher);
                }
                _ => {}
            }
            if let Some(address) = value.address() {
                sums.insert(address, hasher.finish());
            }
        }
        has_any
    }
}

/// Returns the containers that hold a thing.
fn holders<'a>(history: &'a History, tree: &'a Tree, thing: Thing) -> impl Iterator<Item = Thing> + 'a {
    let up = move |thing: &Thing| {
        let up = tree.place(*thing).and_then(Place::container)?;
        Some(tree.last_joined(history, up))
    };
    std::iter::successors(up(&thing), up)
}

/// Tells whether a value is a text that is not empty.
fn is_text(value: &Val) -> bool {
    is_long(value) && value.identity().is_some()
}

/// Tells whether a value is a string that is not empty: all that are have one address.
fn is_long(value: &Val) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Returns the parts of a container.
fn parts(value: &Val) -> impl Iterator<Item = &Val> {
    let (items, entries) = (value.as_list(), value.as_map());
    items.into_iter().flat_map(|items| items.iter()).chain(entries.into_iter().flat_map(|map| map.values()))
}
