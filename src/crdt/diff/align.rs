//! The items of a list beside those that were there before.

use crate::cancellation::ask;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::Thing;
use super::similar::similar;
use crate::value::{List, Val, common, hash_same};

/// The fate of one item. Positions count in the old list (`old`, `after`) and in the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ItemEdit {
    /// The slot stays and holds something else; `same`: what was there, edited, though it does not say so.
    Edit {
        old: usize,
        new: usize,
        same: bool,
    },
    Delete {
        old: usize,
    },
    /// A new slot behind an old one, or in front; it may hold what was in another slot, edited.
    Insert {
        after: Option<usize>,
        new: usize,
        was: Option<usize>,
    },
}

pub(super) type Edits = SmallVec<[ItemEdit; 2]>;

/// The members by which items are told apart.
const KEYS: [&str; 4] = ["id", "_id", "uuid", "key"];

/// Returns what leads from one list to another, in order; items that are shared in their places are not named.
/// `outside`: nothing of the new list carries an identity or is one in memory with something old.
///
/// O(log n) for each stretch that differs, and O(k log k) for the k items in them.
pub(super) fn align(
    old: &List,
    new: &List,
    outside: bool,
    thing: impl FnMut(&Val) -> Option<Thing>,
) -> Edits {
    let stretches = List::differing(old, new);
    if let Some(edits) = in_place(old, new, &stretches) {
        return edits;
    }
    Alignment::new(old, new, outside, &stretches, thing).edits(&stretches)
}

/// Aligns the usual case: all items are the same ones as before, and some are edited.
fn in_place(old: &List, new: &List, stretches: &[(Range<usize>, Range<usize>)]) -> Option<Edits> {
    let mut edits = Edits::new();
    for (o, n) in stretches {
        if o.len() != n.len() {
            return None;
        }
        for ((at, before), (to, now)) in
            o.clone().zip(old.range(o.clone())).zip(n.clone().zip(new.range(n.clone())))
        {
            ask();
            if before.identity().is_none() || before.identity() != now.identity() {
                return None;
            }
            if !before.is_shared(now) {
                edits.push(ItemEdit::Edit { old: at, new: to, same: false });
            }
        }
    }
    // One that occurs twice would be a copy.
    if edits.len() > 1 {
        let mut seen: Vec<_> = edits
            .iter()
            .filter_map(|edit| match edit {
                ItemEdit::Edit { new: at, .. } => new.get(*at)?.identity(),
                _ => None,
            })
            .map(|identity| identity.counter())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() < edits.len() {
            return None;
        }
    }
    Some(edits)
}

/// Returns the longest chain of equal names, as places in both.
pub(super) fn in_order(old: &[Option<u64>], new: &[Option<u64>]) -> Vec<(usize, usize)> {
    let mut numbers: HashMap<u64, u32, RandomState> = HashMap::default();
    let mut alone = (old.len() + new.len()) as u32;
    let mut number = |name: &Option<u64>| {
        let next = numbers.len() as u32;
        name.map_or_else(
            || {
                alone += 1;
                alone - 1
            },
            |name| *numbers.entry(name).or_insert(next),
        )
    };
    let old: Vec<u32> = old.iter().map(&mut number).collect();
    let new: Vec<u32> = new.iter().map(&mut number).collect();
    let runs = common(&old, &new, alone as usize);
    runs.into_iter().flat_map(|run| (0..run.len).map(move |at| (run.old + at, run.new + at))).collect()
}

/// The sign by which an item is told from others.
#[derive(PartialEq, Eq, Hash)]
enum Token<'v> {
    Thing(Thing),
    Scalar(Exactly<'v>),
}

/// A scalar, compared exactly.
struct Exactly<'v>(&'v Val);

impl PartialEq for Exactly<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_shared(other.0)
    }
}

impl Eq for Exactly<'_> {}

impl Hash for Exactly<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_same(self.0, 0, state);
    }
}

/// An item in a stretch that differs.
struct Item<'v> {
    at: usize,
    value: &'v Val,
    thing: Option<Thing>,
    /// Equal names are one item.
    name: u32,
}

struct Alignment<'v> {
    olds: Vec<Item<'v>>,
    news: Vec<Item<'v>>,
    names: usize,
    /// By name the old item, where a new one has that name too.
    paired: Vec<bool>,
    outside: bool,
    same_length: bool,
}

impl<'v> Alignment<'v> {
    fn new(
        old: &'v List,
        new: &'v List,
        outside: bool,
        stretches: &[(Range<usize>, Range<usize>)],
        mut thing: impl FnMut(&Val) -> Option<Thing>,
    ) -> Self {
        let mut tokens: HashMap<Token<'v>, u32, RandomState> = HashMap::default();
        let mut names = 0u32;
        let mut name = |value: &'v Val, thing: Option<Thing>| {
            let token = match thing {
                Some(thing) => Some(Token::Thing(thing)),
                None if value.is_container() => None,
                None => Some(Token::Scalar(Exactly(value))),
            };
            let next = names;
            let name = token.map_or(next, |token| *tokens.entry(token).or_insert(next));
            names += u32::from(name == next);
            name
        };
        let mut items = |list: &'v List, range: Range<usize>| {
            let items = range.clone().zip(list.range(range));
            let items = items.map(|(at, value)| {
                ask();
                let thing = thing(value);
                Item { at, value, thing, name: name(value, thing) }
            });
            items.collect::<Vec<_>>()
        };
        let olds = stretches.iter().flat_map(|(o, _)| items(old, o.clone())).collect();
        let news = stretches.iter().flat_map(|(_, n)| items(new, n.clone())).collect();
        let same_length = old.len() == new.len();
        let names = names as usize;
        let mut alignment = Self { olds, news, names, paired: Vec::new(), outside, same_length };
        alignment.pair_built();
        alignment.note_paired();
        alignment
    }

    /// Notes which names both sides have.
    fn note_paired(&mut self) {
        let mut has = vec![0u8; self.names];
        self.olds.iter().for_each(|item| has[item.name as usize] |= 1);
        self.news.iter().for_each(|item| has[item.name as usize] |= 2);
        self.paired = has.into_iter().map(|sides| sides == 3).collect();
    }

    /// Gives built items the names of those that are gone of which they hold parts, or have the key.
    fn pair_built(&mut self) {
        self.note_paired();
        let is_built = |item: &Item<'_>| item.thing.is_none() && item.value.is_container();
        if !self.news.iter().any(is_built) {
            return;
        }
        let gone = |item: &Item<'_>| item.thing.is_some() && !self.paired[item.name as usize];
        let mut pairs = Pairs {
            free_old: self.olds.iter().map(gone).collect(),
            free_new: self.news.iter().map(is_built).collect(),
            found: Vec::new(),
        };
        // What a filter did with the parts tells more than a number that it may have given anew.
        if !self.outside {
            self.pair_holders(&mut pairs);
        }
        for key in KEYS {
            let (olds, news) = (unique(&self.olds, key), unique(&self.news, key));
            for (member, n) in news {
                if let (Some(n), Some(Some(o))) = (n, olds.get(&member)) {
                    pairs.add(*o, n);
                }
            }
        }
        for (o, n) in pairs.found {
            self.news[n].name = self.olds[o].name;
        }
    }

    /// Pairs built items with those that are gone whose parts they hold, by pointer: of one, and of no other.
    fn pair_holders(&self, pairs: &mut Pairs) {
        let mut holders: HashMap<usize, SmallVec<[usize; 1]>, RandomState> = HashMap::default();
        for o in (0..self.olds.len()).filter(|&o| pairs.free_old[o]) {
            ask();
            for address in telling(self.olds[o].value) {
                let holders = holders.entry(address).or_default();
                if holders.last() != Some(&o) {
                    holders.push(o);
                }
            }
        }
        for n in 0..self.news.len() {
            ask();
            if !pairs.free_new[n] {
                continue;
            }
            let held = telling(self.news[n].value).filter_map(|at| holders.get(&at));
            // What several hold tells nothing.
            let mut of = held.filter(|of| of.len() == 1).map(|of| of[0]);
            if let Some(o) = of.next()
                && of.all(|other| other == o)
                && is_same_kind(self.olds[o].value, self.news[n].value)
            {
                pairs.add(o, n);
            }
        }
    }

    fn edits(&self, stretches: &[(Range<usize>, Range<usize>)]) -> Edits {
        let mut edits = Edits::new();
        let (mut o, mut n) = (0, 0);
        let by_name = self.old_by_name();
        for (old, new) in stretches {
            let (olds, news) = (o..o + old.len(), n..n + new.len());
            self.stretch(olds.clone(), news.clone(), old.start.checked_sub(1), &by_name, &mut edits);
            (o, n) = (olds.end, news.end);
        }
        edits
    }

    fn old_by_name(&self) -> Vec<Option<usize>> {
        let mut by_name = vec![None; self.names];
        for (at, item) in self.olds.iter().enumerate().rev() {
            by_name[item.name as usize] = Some(at);
        }
        by_name
    }

    fn stretch(
        &self,
        olds: Range<usize>,
        news: Range<usize>,
        mut after: Option<usize>,
        by_name: &[Option<usize>],
        edits: &mut Edits,
    ) {
        let names = |items: &[Item<'_>]| items.iter().map(|item| Some(item.name.into())).collect::<Vec<_>>();
        let kept = match (olds.is_empty(), news.is_empty()) {
            (false, false) => in_order(&names(&self.olds[olds.clone()]), &names(&self.news[news.clone()])),
            _ => Vec::new(),
        };
        let kept = kept.into_iter().map(|(o, n)| (olds.start + o, news.start + n));
        let (mut o, mut n) = (olds.start, news.start);
        for (next_o, next_n) in kept.map(|(o, n)| (o, Some(n))).chain([(olds.end, None)]) {
            ask();
            let end = next_n.unwrap_or(news.end);
            self.gap(o..next_o, n..end, &mut after, by_name, edits);
            if next_n.is_some() {
                let (old, new) = (&self.olds[next_o], &self.news[end]);
                if !old.value.is_shared(new.value) {
                    edits.push(ItemEdit::Edit { old: old.at, new: new.at, same: true });
                }
                after = Some(old.at);
            }
            (o, n) = (next_o + 1, end + 1);
        }
    }

    /// Aligns what stands between items that are kept.
    fn gap(
        &self,
        olds: Range<usize>,
        news: Range<usize>,
        after: &mut Option<usize>,
        by_name: &[Option<usize>],
        edits: &mut Edits,
    ) {
        let is_left = |item: &Item<'_>| !self.paired[item.name as usize];
        let left_olds: Vec<usize> = olds.clone().filter(|&o| is_left(&self.olds[o])).collect();
        let left_news: Vec<usize> = news.clone().filter(|&n| is_left(&self.news[n])).collect();
        let pairs = self.pair_left(&left_olds, &left_news);
        let mut pairs = pairs.into_iter().peekable();
        let (mut o, mut n) = (olds.start, news.start);
        loop {
            let pair = pairs.next();
            let (next_o, next_n) = pair.map_or((olds.end, news.end), |(o, n, _)| (o, n));
            edits.extend((o..next_o).map(|o| ItemEdit::Delete { old: self.olds[o].at }));
            for n in n..next_n {
                ask();
                let item = &self.news[n];
                let was = by_name[item.name as usize].filter(|_| item.thing.is_none());
                let was = was.filter(|_| item.value.is_container()).map(|o| self.olds[o].at);
                edits.push(ItemEdit::Insert { after: *after, new: item.at, was });
            }
            let Some((pair_o, pair_n, same)) = pair else { return };
            let (old, new) = (self.olds[pair_o].at, self.news[pair_n].at);
            edits.push(ItemEdit::Edit { old, new, same });
            *after = Some(old);
            (o, n) = (pair_o + 1, pair_n + 1);
        }
    }

    /// Pairs items that nothing names, in order, and tells whether they are one item.
    fn pair_left(&self, olds: &[usize], news: &[usize]) -> Vec<(usize, usize, bool)> {
        let mut pairs = Vec::new();
        if olds.is_empty() || news.is_empty() {
            return pairs;
        }
        if self.outside {
            let values = |items: &[Item<'v>], at: &[usize]| -> Vec<&'v Val> {
                at.iter().map(|&at| items[at].value).collect()
            };
            let (old, new) = (values(&self.olds, olds), values(&self.news, news));
            let alike =
                similar(&old, &new, |o, n| is_same_kind(old[o], new[n]) && !self.differ(olds[o], news[n]));
            pairs.extend(alike.into_iter().map(|(o, n)| (olds[o], news[n], true)));
        }
        // Between those that are alike: what stands in the same place.
        let known = std::mem::take(&mut pairs);
        let place = |at: usize, items: &[usize]| items.partition_point(|&other| other < at);
        let (mut o, mut n) = (0, 0);
        for (next_o, next_n, same) in known.into_iter().map(Some).chain([None]).map(|pair| match pair {
            Some((o, n, same)) => (place(o, olds), place(n, news), Some(same)),
            None => (olds.len(), news.len(), None),
        }) {
            if next_o - o == next_n - n {
                for at in 0..next_o - o {
                    ask();
                    let (old, new) = (olds[o + at], news[n + at]);
                    if let Some(same) = self.in_stead(old, new) {
                        pairs.push((old, new, same));
                    }
                }
            }
            if let Some(same) = same {
                pairs.push((olds[next_o], news[next_n], same));
            }
            (o, n) = (next_o + 1, next_n + 1);
        }
        pairs
    }

    /// Tells whether a new item stands in the slot of an old one that is gone, and whether it is that, edited.
    fn in_stead(&self, old: usize, new: usize) -> Option<bool> {
        let (o, n) = (&self.olds[old], &self.news[new]);
        if !n.value.is_container() {
            return Some(!o.value.is_container());
        }
        let told_apart =
            KEYS.iter().any(|key| member(o.value, key).is_some() || member(n.value, key).is_some());
        let may = self.outside && self.same_length && o.at == n.at && !told_apart;
        (may && is_same_kind(o.value, n.value) && may_be_edited(o.value, n.value)).then_some(true)
    }

    /// Tells whether two items have different keys.
    fn differ(&self, old: usize, new: usize) -> bool {
        let (old, new) = (self.olds[old].value, self.news[new].value);
        let both = KEYS.iter().find_map(|key| Some((member(old, key)?, member(new, key)?)));
        both.is_some_and(|(old, new)| !old.is_shared(new))
    }
}

/// Pairs of an old and a new item, each in one at the most.
struct Pairs {
    free_old: Vec<bool>,
    free_new: Vec<bool>,
    found: Vec<(usize, usize)>,
}

impl Pairs {
    fn add(&mut self, old: usize, new: usize) {
        if self.free_old[old] && self.free_new[new] {
            (self.free_old[old], self.free_new[new]) = (false, false);
            self.found.push((old, new));
        }
    }
}

/// Returns the items that alone have a scalar member, by that.
fn unique<'v>(items: &[Item<'v>], key: &str) -> HashMap<Exactly<'v>, Option<usize>, RandomState> {
    let mut found: HashMap<Exactly<'v>, Option<usize>, RandomState> = HashMap::default();
    for (at, item) in items.iter().enumerate() {
        ask();
        if let Some(member) = member(item.value, key) {
            found.entry(Exactly(member)).and_modify(|other| *other = None).or_insert(Some(at));
        }
    }
    found
}

/// Returns a scalar member of an object.
fn member<'v>(value: &'v Val, key: &str) -> Option<&'v Val> {
    value.as_map()?.get(key).filter(|member| !member.is_container())
}

fn is_same_kind(old: &Val, new: &Val) -> bool {
    (old.as_list().is_some() && new.as_list().is_some()) || (old.as_map().is_some() && new.as_map().is_some())
}

/// Tells whether an object in the place of another may be taken for it: when they have a key in common.
fn may_be_edited(old: &Val, new: &Val) -> bool {
    match (old.as_map(), new.as_map()) {
        (Some(old), Some(new)) => old.is_empty() || old.keys().any(|key| new.contains_key(key)),
        _ => true,
    }
}

/// Returns the parts of an item that tell, where they are one in memory: all empty strings are.
fn telling(value: &Val) -> impl Iterator<Item = usize> {
    let (items, entries) = (value.as_list(), value.as_map());
    let items = items.into_iter().flat_map(|items| items.iter());
    let parts = items.chain(entries.into_iter().flat_map(|entries| entries.values()));
    parts.filter(|part| part.as_str() != Some("")).filter_map(Val::address)
}
