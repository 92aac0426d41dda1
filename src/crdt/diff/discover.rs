//! Discovery of the containers of the document that occur in a new value.

use crate::cancellation::ask;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::align::{ItemEdit, align};
use super::recognise::Recognised;
use super::{Thing, thing_of};
use crate::crdt::history::History;
use crate::crdt::tree::Tree;
use crate::value::{Key, List, Map, Path, Step, Val, View, dismantle};

/// The number of an occurrence: they are in the order of the new value.
pub(super) type Occurrence = usize;

/// A map, list, text or counter of the new value that is one of the document, or holds one.
pub(super) struct Occurs {
    /// What it is; `None` for what was built.
    pub(super) thing: Option<Thing>,
    pub(super) evidence: Evidence,
    /// What holds it; `None` for the root.
    pub(super) parent: Option<Occurrence>,
    /// The slot in which it stands.
    pub(super) part: usize,
    /// Whether it stands where the thing stood, if what holds it is what held the thing.
    pub(super) own_slot: bool,
    /// Of a thing the parts in which it differs from what it was; of what was built those that are or hold
    /// things.
    pub(super) parts: Range<usize>,
    /// Whether the thing, if it is entered, will read as what stands here.
    pub(super) adoptable: bool,
    /// Whether it is the thing, and was looked into.
    pub(super) entered: bool,
}

/// The evidence by which it is known what an occurrence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// By its identity.
    Identity,
    /// It comes from outside and is equal: it differs in nothing.
    Equal,
    /// It was built, and stands in the slot of one that is nowhere else; or it is like it.
    Stead,
}

/// The place of a thing in the new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chosen {
    /// Where it was, as it was.
    Untouched,
    Occurrence(Occurrence),
    Nowhere,
}

/// A slot that differs.
pub(super) struct Part {
    pub(super) at: At,
    pub(super) old: Option<Val>,
    pub(super) new: Option<Val>,
    pub(super) occurrence: Option<Occurrence>,
    /// What holds the slot.
    pub(super) holder: Option<Occurrence>,
    /// A built item of a list, taken for this one.
    stands_for: Option<Thing>,
}

/// The place where a part stands.
#[derive(Debug, Clone)]
pub(super) enum At {
    Root,
    Key(Key),
    /// Positions in the old and the new list; a new item stands behind an old one, or in front.
    Item {
        old: Option<usize>,
        new: Option<usize>,
        after: Option<usize>,
    },
}

/// The things that are found.
#[derive(Default)]
pub(in crate::crdt) struct Discovery {
    pub(super) occurs: SmallVec<[Occurs; 4]>,
    /// The first one is the root.
    pub(super) parts: SmallVec<[Part; 4]>,
    /// By thing, as far as somebody asked.
    pub(super) index: Option<Index>,
    /// What holds the slots that things are not in any more.
    pub(super) departed: Vec<(Thing, Option<Occurrence>)>,
    pub(super) chosen: HashMap<Thing, Chosen, RandomState>,
    /// Whether a thing stands elsewhere than before, or several times, or something was built, or items come where
    /// others go: then what is in the place of something may be equal to it.
    pub(in crate::crdt) rearranges: bool,
}

impl Discovery {
    /// Counts how many containers hold a slot in the new value.
    pub(super) fn depth(&self, part: usize) -> usize {
        let holder = |part: usize| self.parts[part].holder.map(|holder| self.occurs[holder].part);
        std::iter::successors(holder(part), |part| holder(*part)).count()
    }

    /// Returns the way to a slot in the new value.
    pub(super) fn path(&self, part: usize) -> Path {
        let mut steps = Vec::new();
        let mut next = Some(part);
        while let Some(part) = next.map(|part| &self.parts[part]) {
            match &part.at {
                At::Root => {}
                At::Key(key) => steps.push(Step::Key(key.to_string())),
                At::Item { new, .. } => steps.extend(new.map(Step::Index)),
            }
            next = part.holder.map(|holder| self.occurs[holder].part);
        }
        steps.reverse();
        Path(steps)
    }
}

/// What is refused may be too deep to be dropped the usual way.
impl Drop for Discovery {
    fn drop(&mut self) {
        self.parts.drain(..).filter_map(|part| part.new).for_each(dismantle);
    }
}

/// The things that are found, each with its occurrences.
#[derive(Default)]
pub(super) struct Index {
    /// The occurrences of each, in order.
    pub(super) occurs: HashMap<Thing, SmallVec<[Occurrence; 1]>, RandomState>,
    /// What holds the slots that it is not in any more.
    pub(super) departed: HashMap<Thing, SmallVec<[Option<Occurrence>; 1]>, RandomState>,
}

struct Discoverer<'a> {
    history: &'a History,
    tree: &'a Tree,
    found: Discovery,
    /// Things in values from outside.
    recognised: Recognised,
    /// Built containers that hold things, by address.
    leading: HashSet<usize, RandomState>,
    /// Parts to be looked at, the next one last.
    open: SmallVec<[Open; 4]>,
}

/// A part to be looked at.
struct Open {
    part: usize,
    /// What holds it.
    parent: Option<Occurrence>,
    within: Within,
}

/// A thing that is found in a slot.
struct Found {
    thing: Thing,
    evidence: Evidence,
    /// What is known of its parts.
    below: Within,
}

/// The knowledge of a value that comes from what holds it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Nothing.
    Thing,
    /// It is built, or a thing: it is known whether it holds any.
    Built,
    /// It comes from outside.
    Outside,
}

impl Discovery {
    /// Walks two values that are not shared.
    pub(in crate::crdt) fn of(history: &History, tree: &Tree, old: &Val, new: &Val) -> Self {
        let found = Self::default();
        let (recognised, leading, open) = Default::default();
        let mut discoverer = Discoverer { history, tree, found, recognised, leading, open };
        discoverer.add(At::Root, Some(old), Some(new), None);
        discoverer.open.push(Open { part: 0, parent: None, within: Within::Thing });
        while let Some(open) = discoverer.open.pop() {
            ask();
            discoverer.look(&open);
        }
        discoverer.found
    }
}

impl Discoverer<'_> {
    fn add(&mut self, at: At, old: Option<&Val>, new: Option<&Val>, stands_for: Option<Thing>) {
        let (old, new) = (old.cloned(), new.cloned());
        self.found.parts.push(Part { at, old, new, occurrence: None, holder: None, stands_for });
    }

    fn thing(&self, value: &Val) -> Option<Thing> {
        thing_of(self.history, self.tree, value).or_else(|| self.recognised.thing(value))
    }

    /// Finds out what stands in a slot.
    fn look(&mut self, open: &Open) {
        let part = &mut self.found.parts[open.part];
        let (old, new) = (part.old.take(), part.new.take());
        self.find_out(open, old.as_ref(), new.as_ref());
        let part = &mut self.found.parts[open.part];
        (part.old, part.new) = (old, new);
    }

    fn find_out(&mut self, open: &Open, old: Option<&Val>, new: Option<&Val>) {
        let Open { part: at, parent, within } = *open;
        let stood = old.and_then(|old| thing_of(self.history, self.tree, old));
        let Some(new) = new else { return self.depart(stood, parent) };
        let is_same = old.is_some_and(|old| old.identity() == new.identity());
        let known = match stood.filter(|stood| is_same && self.tree.reads_as(*stood, new)) {
            None => thing_of(self.history, self.tree, new),
            same => same,
        };
        if let Some(thing) = known {
            let found = Found { thing, evidence: Evidence::Identity, below: Within::Thing };
            return self.occurs(open, old, new, stood, found);
        }
        if within == Within::Thing {
            self.scan(new);
        }
        let part = &self.found.parts[at];
        let keyed = !matches!(part.at, At::Item { .. });
        let stead = part.stands_for.or(stood.filter(|_| keyed));
        let stead = stead.filter(|thing| self.tree.reads_as(*thing, new));
        let mut below = if within == Within::Outside { within } else { Within::Built };
        if stead.is_some()
            && below == Within::Built
            && new.is_container()
            && !self.leads(new)
            && let Some(old) = old
            && !shares_strings(old, new)
        {
            below = Within::Outside;
            if self.recognised.compare(self.history, self.tree, old, new) {
                self.scan(new);
            }
        }
        if let Some(equal) = self.recognised.thing(new) {
            let found = Found { thing: equal, evidence: Evidence::Equal, below };
            return self.occurs(open, old, new, stood, found);
        }
        if let Some(thing) = stead {
            return self.occurs(open, old, new, stood, Found { thing, evidence: Evidence::Stead, below });
        }
        self.depart(stood, parent);
        self.found.rearranges |= new.is_container();
        self.built(at, new, parent, below);
    }

    /// Notes that a thing occurs in a slot, in which another one or the same stood.
    fn occurs(&mut self, open: &Open, old: Option<&Val>, new: &Val, stood: Option<Thing>, found: Found) {
        let Found { thing, evidence, below } = found;
        let own_slot = stood == Some(thing);
        if !own_slot {
            self.depart(stood, open.parent);
            self.found.rearranges = true;
        }
        let occurrence = self.occur(open.part, Some(thing), evidence, open.parent, own_slot);
        if evidence == Evidence::Equal {
            return;
        }
        let first = self.found.parts.len();
        match old {
            Some(old) if own_slot => self.differences(old, new, below == Within::Outside),
            _ => {
                let before = self.tree.value_of(self.history, thing);
                self.differences(&before, new, below == Within::Outside);
            }
        }
        self.enter(occurrence, first, below);
    }

    fn depart(&mut self, stood: Option<Thing>, parent: Option<Occurrence>) {
        if let Some(stood) = stood {
            self.found.departed.push((stood, parent));
        }
    }

    fn occur(
        &mut self,
        part: usize,
        thing: Option<Thing>,
        evidence: Evidence,
        parent: Option<Occurrence>,
        own_slot: bool,
    ) -> Occurrence {
        let occurrence = self.found.occurs.len();
        self.found.occurs.push(Occurs {
            thing,
            evidence,
            parent,
            part,
            own_slot,
            parts: 0..0,
            adoptable: false,
            entered: false,
        });
        self.found.parts[part].occurrence = Some(occurrence);
        occurrence
    }

    /// Goes on with the parts that were added from one on.
    fn enter(&mut self, occurrence: Occurrence, first: usize, within: Within) {
        let parts = first..self.found.parts.len();
        let parent = Some(occurrence);
        self.found.parts[first..].iter_mut().for_each(|part| part.holder = parent);
        self.open.extend(parts.clone().rev().map(|part| Open { part, parent, within }));
        self.found.occurs[occurrence].parts = parts;
    }

    /// Adds the parts in which a thing differs.
    fn differences(&mut self, old: &Val, new: &Val, outside: bool) {
        match (old.view(), new.view()) {
            (View::Obj(old), View::Obj(new)) => {
                for (key, old, new) in Map::differing(old, new) {
                    self.add(At::Key(key.clone()), old, new, None);
                }
            }
            (View::Arr(old), View::Arr(new)) => self.items(old, new, outside),
            _ => {}
        }
    }

    fn items(&mut self, old: &List, new: &List, outside: bool) {
        let (history, tree) = (self.history, self.tree);
        let thing = |at: usize| old.get(at).and_then(|old| thing_of(history, tree, old));
        let edits = align(old, new, outside, |value| self.thing(value));
        let comes = edits.iter().any(|edit| matches!(edit, ItemEdit::Insert { .. }));
        let goes = edits.iter().any(|edit| matches!(edit, ItemEdit::Delete { .. }));
        self.found.rearranges |= comes && goes;
        for edit in edits {
            ask();
            let (at, stands_for) = match edit {
                ItemEdit::Edit { old: o, new: n, same } => {
                    let stands_for = if same { thing(o) } else { None };
                    (At::Item { old: Some(o), new: Some(n), after: None }, stands_for)
                }
                ItemEdit::Delete { old: o } => (At::Item { old: Some(o), new: None, after: None }, None),
                ItemEdit::Insert { after, new: n, was } => {
                    (At::Item { old: None, new: Some(n), after }, was.and_then(thing))
                }
            };
            let At::Item { old: o, new: n, .. } = at else { continue };
            self.add(at, o.and_then(|o| old.get(o)), n.and_then(|n| new.get(n)), stands_for);
        }
    }

    // --- what was built ---

    /// Notes the things in a value that is none.
    fn built(&mut self, part: usize, new: &Val, parent: Option<Occurrence>, within: Within) {
        if !self.leads(new) {
            return;
        }
        let occurrence = self.occur(part, None, Evidence::Stead, parent, false);
        let first = self.found.parts.len();
        if let Some(entries) = new.as_map() {
            for (key, value) in entries.iter().filter(|(_, value)| self.leads(value)).collect::<Vec<_>>() {
                self.add(At::Key(key.clone()), None, Some(value), None);
            }
        }
        if let Some(items) = new.as_list() {
            for (n, value) in items.iter().enumerate() {
                if self.leads(value) {
                    self.add(At::Item { old: None, new: Some(n), after: None }, None, Some(value), None);
                }
            }
        }
        self.enter(occurrence, first, within);
    }

    /// Tells whether a value is a thing or holds one; [`scan`](Self::scan) found out.
    fn leads(&self, value: &Val) -> bool {
        self.is_thing(value) || value.address().is_some_and(|address| self.leading.contains(&address))
    }

    fn is_thing(&self, value: &Val) -> bool {
        self.thing(value).is_some()
    }

    /// Notes which containers hold things. Costs the size of what is not in a thing; on no stack.
    fn scan(&mut self, value: &Val) {
        let mut open = vec![(value, 0)];
        let mut way: Vec<usize> = Vec::new();
        while let Some((value, depth)) = open.pop() {
            ask();
            if self.is_thing(value) {
                for address in way[..depth].iter().rev() {
                    if !self.leading.insert(*address) {
                        break;
                    }
                }
                continue;
            }
            let Some(address) = value.address().filter(|_| value.is_container()) else { continue };
            way.truncate(depth);
            way.push(address);
            let worth = |part: &&Val| part.is_container() || part.identity().is_some();
            let items = value.as_list().into_iter().flat_map(|items| items.iter());
            let entries = value.as_map().into_iter().flat_map(|entries| entries.values());
            open.extend(items.chain(entries).filter(worth).map(|part| (part, depth + 1)));
        }
    }
}

/// Tells whether strings of two values are one in memory: then one was built of parts of the other. Costs the size of
/// both; on no stack.
fn shares_strings(old: &Val, new: &Val) -> bool {
    let strings = |value: &Val, found: &mut dyn FnMut(usize) -> bool| {
        let mut open = vec![value.clone()];
        while let Some(value) = open.pop() {
            ask();
            // All empty strings are one.
            if value.as_str().is_some_and(|text| !text.is_empty()) && value.address().is_some_and(&mut *found)
            {
                return true;
            }
            open.extend(value.as_list().into_iter().flat_map(|items| items.iter()).cloned());
            open.extend(value.as_map().into_iter().flat_map(|entries| entries.values()).cloned());
        }
        false
    };
    let mut known: HashSet<usize, RandomState> = HashSet::default();
    strings(old, &mut |address| {
        known.insert(address);
        false
    });
    strings(new, &mut |address| known.contains(&address))
}
