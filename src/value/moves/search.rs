//! Which of what is gone is which of what arrived.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::walk::{Pair, Walk, Way};
use super::{Address, Alignments, address, addresses, aligned, same_kind};
use crate::value::similar::{Holders, Votes, by_identity, part_token, parts, size};
use crate::value::{ItemEdit, Val, is_container, shared};

/// A container that is gone or arrived, or one inside such.
struct Node<'v> {
    value: &'v Val,
    above: Above<'v>,
    /// The one on the other side that it is.
    other: Option<usize>,
    /// Whether it stands where it stood, in a container that moved.
    stays: bool,
}

#[derive(Clone, Copy)]
enum Above<'v> {
    /// It stands at a place of the walk.
    Place(usize),
    /// It stands in another one.
    Node(usize, Way<'v>),
}

/// A gone container that arrived elsewhere: the place of the walk, and the way on from there.
pub(super) struct Gone<'v> {
    pub(super) value: &'v Val,
    pub(super) place: usize,
    pub(super) below: Vec<Way<'v>>,
}

/// What is gone and what arrived, and which is which.
pub(super) struct Search<'v> {
    gone: Vec<Node<'v>>,
    arrived: Vec<Node<'v>>,
    /// The first one at an address.
    gone_at: HashMap<Address, usize>,
    arrived_at: HashMap<Address, usize>,
    /// New containers that stand where an old one stood: what arrives besides is a copy of them.
    in_place: HashSet<Address>,
    /// How many containers with something in them are not found on the other side.
    gone_open: usize,
    arrived_open: usize,
}

impl<'v> Search<'v> {
    /// Pairs what is shared: first the containers that the walk met, then what is inside those that are
    /// left, level by level. What was found is not entered.
    pub(super) fn of(walk: &Walk<'v>) -> Self {
        let in_place = walk.pairs.iter().filter_map(|pair| address(pair.new)).collect();
        let mut search = Self {
            gone: Vec::new(),
            arrived: Vec::new(),
            gone_at: HashMap::new(),
            arrived_at: HashMap::new(),
            in_place,
            gone_open: 0,
            arrived_open: 0,
        };
        walk.gone.iter().for_each(|&(value, place)| search.add_gone(value, Above::Place(place)));
        walk.arrived.iter().for_each(|&value| search.add_arrived(value, Above::Place(0)));
        let (mut gone, mut arrived) = (Level::default(), Level::default());
        loop {
            // The smaller side first: what was wrapped or unwrapped is found before it is entered itself.
            match (gone.parts(&search.gone), arrived.parts(&search.arrived)) {
                (None, None) => break search,
                (Some(size), other) if other.is_none_or(|other| size < other) => {
                    for at in gone.next(&search.gone) {
                        if gone.may_hold(&search.gone[at], search.arrived_open)
                            && !is_found(&search.gone, &search.arrived, at)
                        {
                            containers(search.gone[at].value)
                                .for_each(|(way, part)| search.add_gone(part, Above::Node(at, way)));
                        }
                    }
                }
                _ => {
                    for at in arrived.next(&search.arrived) {
                        if arrived.may_hold(&search.arrived[at], search.gone_open)
                            && !is_found(&search.arrived, &search.gone, at)
                        {
                            containers(search.arrived[at].value)
                                .for_each(|(way, part)| search.add_arrived(part, Above::Node(at, way)));
                        }
                    }
                }
            }
        }
    }

    /// Adds a gone container; what stands in several places is gone from the first one.
    fn add_gone(&mut self, value: &'v Val, above: Above<'v>) {
        let Some(address) = address(value) else { return };
        if let Entry::Vacant(entry) = self.gone_at.entry(address) {
            let at = *entry.insert(self.gone.len());
            self.gone.push(Node { value, above, other: None, stays: false });
            self.gone_open += usize::from(size(value) > 0);
            if let Some(&arrived) = self.arrived_at.get(&address) {
                self.pair(at, arrived);
            }
        }
    }

    /// Adds an arrived container; what arrives in several places, or stands in one already, is a copy.
    fn add_arrived(&mut self, value: &'v Val, above: Above<'v>) {
        let Some(address) = address(value).filter(|address| !self.in_place.contains(address)) else { return };
        if let Entry::Vacant(entry) = self.arrived_at.entry(address) {
            let at = *entry.insert(self.arrived.len());
            self.arrived.push(Node { value, above, other: None, stays: false });
            self.arrived_open += usize::from(size(value) > 0);
            if let Some(&gone) = self.gone_at.get(&address) {
                self.pair(gone, at);
            }
        }
    }

    fn pair(&mut self, gone: usize, arrived: usize) {
        self.gone[gone].other = Some(arrived);
        self.arrived[arrived].other = Some(gone);
        self.gone_open -= usize::from(size(self.gone[gone].value) > 0);
        self.arrived_open -= usize::from(size(self.arrived[arrived].value) > 0);
    }

    /// The pairs of the walk that are not one container that was edited.
    pub(super) fn replaced(&self, pairs: &[Pair<'v>]) -> HashSet<(Address, Address)> {
        let olds: HashMap<Address, &Pair<'v>> =
            pairs.iter().rev().filter_map(|pair| Some((address(pair.old)?, pair))).collect();
        let is_elsewhere = |old: Address| self.arrived_at.contains_key(&old) || self.in_place.contains(&old);
        let comes = |new: Address| self.gone_at.contains_key(&new) || olds.contains_key(&new);
        // The old one stands elsewhere: it went there, if what stands here now is something else; if it
        // is the old one with an edit, that there is a copy.
        let went = |pair: &Pair<'v>| {
            let at = addresses(pair.old, pair.new);
            at.is_some_and(|(old, new)| is_elsewhere(old) && (comes(new) || !mostly(pair.old, pair.new, 3)))
        };
        let came = |new: Address| {
            self.gone_at.contains_key(&new) || olds.get(&new).is_some_and(|source| went(source))
        };
        let is_replaced = |pair: &&Pair<'v>| went(pair) || address(pair.new).is_some_and(came);
        pairs.iter().filter(is_replaced).filter_map(|pair| addresses(pair.old, pair.new)).collect()
    }

    /// Pairs containers that were edited on the way: those that have more than half of their parts in
    /// common. Inner ones come first, as they are parts themselves. O(parts).
    pub(super) fn pair_similar(&mut self) {
        /// Less is alike by chance.
        const COMMON: usize = 2;
        let mut holders = Holders::default();
        let mut largest = 0;
        for (at, node) in self.arrived.iter().enumerate() {
            if node.other.is_none() && size(node.value) >= COMMON {
                tokens(node.value).for_each(|part| holders.add(part, at));
                largest = largest.max(size(node.value));
            }
        }
        let mut votes = Votes::default();
        // For containers with edited parts that are found: what holds those parts now.
        let mut inner: HashMap<usize, Vec<usize>> = HashMap::new();
        for at in (0..self.gone.len()).rev() {
            let Node { value, other, .. } = self.gone[at];
            if other.is_some()
                || !(COMMON..2 * largest).contains(&size(value))
                || is_found(&self.gone, &self.arrived, at)
            {
                continue;
            }
            tokens(value).for_each(|part| votes.of(&holders, part));
            inner.remove(&at).into_iter().flatten().for_each(|holder| votes.add(holder));
            let free = |&i: &usize| {
                let node = &self.arrived[i];
                (node.other.is_none() && same_kind(node.value, value)).then_some(0)
            };
            let best = votes.best(free);
            votes.clear();
            if let Some((arrived, common)) = best
                && common >= COMMON
                && common * 2 > size(value).max(size(self.arrived[arrived].value))
            {
                self.pair(at, arrived);
                if let (Above::Node(gone, _), Above::Node(holder, _)) =
                    (self.gone[at].above, self.arrived[arrived].above)
                {
                    inner.entry(gone).or_default().push(holder);
                }
            }
        }
    }

    /// What moved: all pairs but those that stand in the same place of containers that are a pair.
    pub(super) fn settled(mut self, alignments: &mut Alignments) -> Vec<(Gone<'v>, &'v Val)> {
        for at in 0..self.arrived.len() {
            let node = &self.arrived[at];
            if let Some(gone) = node.other.filter(|_| !node.stays)
                && !shared(self.gone[gone].value, node.value)
            {
                self.stay_inside(self.gone[gone].value, node.value, alignments);
            }
        }
        let mut found = Vec::new();
        for (at, node) in self.arrived.iter().enumerate() {
            let Some(gone) = node.other.filter(|_| !node.stays) else { continue };
            if is_inside_found(&self.arrived, &self.gone, at)
                || is_inside_found(&self.gone, &self.arrived, gone)
            {
                continue;
            }
            let value = self.gone[gone].value;
            let (mut at, mut below) = (gone, Vec::new());
            let place = loop {
                match self.gone[at].above {
                    Above::Place(place) => break place,
                    Above::Node(above, way) => {
                        below.push(way);
                        at = above;
                    }
                }
            };
            below.reverse();
            found.push((Gone { value, place, below }, node.value));
        }
        found
    }

    /// Finds what stands in the same place of two containers that are one.
    fn stay_inside(&mut self, old: &'v Val, new: &'v Val, alignments: &mut Alignments) {
        let mut open = vec![(old, new)];
        while let Some((old, new)) = open.pop() {
            let mut parts: Vec<(&Val, &Val)> = Vec::new();
            match (old, new) {
                (Val::Obj(a), Val::Obj(b)) => {
                    parts.extend(b.iter().filter_map(|(key, new)| Some((a.get(key)?, new))));
                }
                (Val::Arr(a), Val::Arr(b)) => {
                    let Some(lists) = addresses(old, new) else { continue };
                    let edits = alignments.entry(lists).or_insert_with(|| aligned(old, new));
                    let edited: HashSet<usize> = edits.iter().filter_map(edited_item).collect();
                    for (o, n) in in_place(a.len(), edits) {
                        let (old, new) = (&a[o], &b[n]);
                        if shared(old, new) || edited.contains(&o) {
                            parts.push((old, new));
                        } else if self.goes(old) {
                            // What stands here now is as it was, but is to be made anew.
                            let at = edits.partition_point(|edit| comes_before(edit, o));
                            edits.insert(at, ItemEdit::Edit { old: o, new: n });
                        } else {
                            self.keep(old, new);
                        }
                    }
                }
                _ => {}
            }
            open.extend(parts.into_iter().filter(|(old, new)| self.stays(old, new)));
        }
    }

    /// Whether something gone, as it is, arrived elsewhere.
    fn goes(&self, old: &Val) -> bool {
        let gone = address(old).and_then(|old| self.gone_at.get(&old));
        let other = gone.and_then(|&gone| self.gone[gone].other);
        other.is_some_and(|other| shared(old, self.arrived[other].value))
    }

    /// Notes that two equal parts in one place are one, with all that is inside: nothing of it moved.
    fn keep(&mut self, old: &Val, new: &Val) {
        let mut open = vec![old];
        while let Some(old) = open.pop() {
            let Some(&gone) = address(old).and_then(|old| self.gone_at.get(&old)) else { continue };
            if let Some(arrived) = self.gone[gone].other.take() {
                self.arrived[arrived].other = None;
            }
            open.extend(containers(old).map(|(_, part)| part));
        }
        let mut open = vec![new];
        while let Some(new) = open.pop() {
            let Some(&arrived) = address(new).and_then(|new| self.arrived_at.get(&new)) else { continue };
            if let Some(gone) = self.arrived[arrived].other.take() {
                self.gone[gone].other = None;
            }
            open.extend(containers(new).map(|(_, part)| part));
        }
    }

    /// Notes that two parts in one place are one, if they are; returns whether they differ inside.
    fn stays(&mut self, old: &Val, new: &Val) -> bool {
        let (Some(before), Some(now)) = (address(old), address(new)) else { return false };
        let found = |at: Option<&usize>, nodes: &[Node<'_>]| at.and_then(|&at| Some((at, nodes[at].other?)));
        if let Some((arrived, gone)) = found(self.arrived_at.get(&now), &self.arrived) {
            let stays = shared(self.gone[gone].value, old);
            self.arrived[arrived].stays |= stays;
            return stays && before != now;
        }
        before != now && same_kind(old, new) && found(self.gone_at.get(&before), &self.gone).is_none()
    }
}

/// How far one side was entered.
#[derive(Default)]
struct Level {
    depth: usize,
    /// The first container that was not.
    next: usize,
    /// How many containers were counted, and the parts of those that were not entered.
    counted: usize,
    parts: usize,
}

impl Level {
    /// How many parts there are to enter; `None` when nothing is left.
    fn parts(&mut self, nodes: &[Node<'_>]) -> Option<usize> {
        self.parts += nodes[self.counted..].iter().map(|node| size(node.value)).sum::<usize>();
        self.counted = nodes.len();
        (self.next < nodes.len()).then_some(self.parts)
    }

    fn next(&mut self, nodes: &[Node<'_>]) -> Range<usize> {
        let level = self.next..nodes.len();
        *self = Self { depth: self.depth + 1, next: nodes.len(), counted: nodes.len(), parts: 0 };
        level
    }

    /// Whether a container is worth to be entered: while something on the other side is looked for;
    /// else only a little, for what stands in the place of another container.
    fn may_hold(&self, node: &Node<'_>, open: usize) -> bool {
        const DEPTH: usize = 4;
        const SIZE: usize = 64;
        open > 0 || self.depth <= DEPTH && size(node.value) <= SIZE
    }
}

/// The old item that is edited.
pub(super) fn edited_item(edit: &ItemEdit) -> Option<usize> {
    match *edit {
        ItemEdit::Edit { old, .. } => Some(old),
        ItemEdit::Delete { .. } | ItemEdit::Insert { .. } => None,
    }
}

/// Whether an edit comes before one of an old item.
fn comes_before(edit: &ItemEdit, item: usize) -> bool {
    match *edit {
        ItemEdit::Edit { old, .. } | ItemEdit::Delete { old } => old < item,
        ItemEdit::Insert { after, .. } => after.is_none_or(|after| after < item),
    }
}

/// The items that are one, edited or not: their places in the old and the new list.
pub(super) fn in_place(old_len: usize, edits: &[ItemEdit]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut o, mut n) = (0, 0);
    let mut keep_up_to = |old: usize, o: &mut usize, n: &mut usize| {
        while *o < old {
            pairs.push((*o, *n));
            (*o, *n) = (*o + 1, *n + 1);
        }
    };
    for edit in edits {
        match *edit {
            ItemEdit::Edit { old, .. } => keep_up_to(old + 1, &mut o, &mut n),
            ItemEdit::Delete { old } => {
                keep_up_to(old, &mut o, &mut n);
                o = old + 1;
            }
            ItemEdit::Insert { after, .. } => {
                keep_up_to(after.map_or(0, |after| after + 1), &mut o, &mut n);
                n += 1;
            }
        }
    }
    keep_up_to(old_len, &mut o, &mut n);
    pairs
}

/// Whether the node, or one that holds it, is shared with one on the other side.
fn is_found(nodes: &[Node<'_>], others: &[Node<'_>], mut at: usize) -> bool {
    loop {
        let node = &nodes[at];
        if node.other.is_some_and(|other| shared(node.value, others[other].value)) {
            return true;
        }
        match node.above {
            Above::Place(_) => return false,
            Above::Node(above, _) => at = above,
        }
    }
}

/// Whether one that holds the node is shared with one on the other side.
fn is_inside_found(nodes: &[Node<'_>], others: &[Node<'_>], at: usize) -> bool {
    matches!(nodes[at].above, Above::Node(above, _) if is_found(nodes, others, above))
}

/// The parts of a container that are containers, and the way to each.
fn containers(value: &Val) -> impl Iterator<Item = (Way<'_>, &Val)> {
    let (items, entries) = match value {
        Val::Arr(items) => (Some(&**items), None),
        Val::Obj(entries) => (None, Some(&**entries)),
        _ => (None, None),
    };
    let items = items.into_iter().flatten().enumerate().map(|(at, item)| (Way::Index(at), item));
    let entries = entries.into_iter().flatten().map(|(key, item)| (Way::Key(key), item));
    items.chain(entries).filter(|(_, part)| is_container(part))
}

/// The parts of a container as numbers.
fn tokens(value: &Val) -> impl Iterator<Item = u64> {
    parts(value).map(|(key, part)| part_token(key, by_identity(part)))
}

/// Whether more than half of the parts of two containers are shared, or mostly the same themselves.
fn mostly(old: &Val, new: &Val, levels: usize) -> bool {
    let alike = |old: &Val, new: &Val| {
        shared(old, new) || levels > 0 && same_kind(old, new) && mostly(old, new, levels - 1)
    };
    let common = match (old, new) {
        (Val::Obj(a), Val::Obj(b)) => {
            b.iter().filter(|&(key, new)| a.get(key).is_some_and(|old| alike(old, new))).count()
        }
        (Val::Arr(a), Val::Arr(b)) => {
            let held: HashSet<u64> = a.iter().map(by_identity).collect();
            let places = b.iter().enumerate();
            places
                .filter(|(at, new)| {
                    held.contains(&by_identity(new)) || a.get(*at).is_some_and(|old| alike(old, new))
                })
                .count()
        }
        _ => 0,
    };
    common * 2 > size(old).max(size(new))
}
