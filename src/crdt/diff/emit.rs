//! Emission: ops are made of what occurs where.

use crate::cancellation::ask;
use std::collections::HashSet;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::Thing;
use super::discover::Chosen;
use super::discover::{At, Discovery, Occurrence};
use crate::crdt::counter::whole;
use crate::crdt::history::History;
use crate::crdt::lv::Lv;
use crate::crdt::row::{Holds, Local, Over, Row, Target, Written};
use crate::crdt::tree::{Node, Place, Puts, Tree};
use crate::crdt::{Kind, MAX_COUNTER, Side};
use crate::value::{self, NotJson, Val};

/// The place to which a value goes.
#[derive(Debug)]
pub(in crate::crdt) enum Dest {
    Slot { slot: Target<Local>, over: Puts },
    Item { list: Lv, parent: Option<Lv>, side: Side },
}

/// A function that begins a change in a history, when its first op is added; it says its first counter.
pub(in crate::crdt) type Begin<'a> = &'a mut dyn FnMut(&mut History) -> u64;

/// Values of containers, by the ops that made these.
pub(in crate::crdt) type Known = SmallVec<[(Lv, Val); 4]>;

/// The reason why ops cannot be added.
#[derive(Debug)]
pub(in crate::crdt) enum Refused {
    NotJson(NotJson),
    /// The history holds as much as one can.
    Full,
}

/// Adds the ops to the history that make the new value of the old one; the tree does not know them yet. What
/// they make known: the values of what they made, and of what they edit where the new value has it.
///
/// # Errors
/// When something new is not JSON, or does not fit. What was added must be taken back then.
pub(in crate::crdt) fn emit(
    history: &mut History,
    tree: &mut Tree,
    discovery: Discovery,
    begin: Begin<'_>,
) -> Result<Known, Refused> {
    let mut emitter = Emitter::new(history, tree, discovery, begin);
    emitter.find_adoptable();
    emitter.root()?;
    while let Some(task) = emitter.todo.pop() {
        ask();
        match task {
            Task::Enter(occurrence) => emitter.enter(occurrence)?,
            Task::Overwrite(part, holder) => emitter.overwrite(part, holder)?,
        }
    }
    emitter.adopt();
    Ok(emitter.known)
}

pub(super) struct Emitter<'a> {
    pub(super) history: &'a mut History,
    pub(super) tree: &'a mut Tree,
    pub(super) discovery: Discovery,
    begin: Begin<'a>,
    /// The counter of the next op, once the change has begun.
    next: Option<u64>,
    pub(super) known: Known,
    /// Things that are nowhere but in what copies hold: the first of those is the thing.
    pub(super) claimed: HashSet<Thing, RandomState>,
    /// The next one last.
    todo: SmallVec<[Task; 4]>,

    /// Room to pack scalars in.
    pub(super) buffer: Vec<u8>,
}

/// Numbers of parts.
type Parts = SmallVec<[usize; 4]>;

enum Task {
    /// Edits a thing that stands where it belongs.
    Enter(Occurrence),
    /// Writes over a slot of a thing.
    Overwrite(usize, Thing),
}

impl<'a> Emitter<'a> {
    pub(super) fn new(
        history: &'a mut History,
        tree: &'a mut Tree,
        discovery: Discovery,
        begin: Begin<'a>,
    ) -> Self {
        let (known, claimed, todo, buffer) = Default::default();
        Self { history, tree, discovery, begin, next: None, known, claimed, todo, buffer }
    }

    /// Adds a row, with so many bytes of content at the most.
    pub(super) fn push(&mut self, row: &Row<'_, Local>, bytes: usize) -> Result<Lv, Refused> {
        ask();
        let next = match self.next {
            Some(next) => next,
            None => (self.begin)(self.history),
        };
        let after = next + u64::from(row.count());
        if after > MAX_COUNTER + 1 || !self.history.log.has_room(u64::from(row.count()), bytes) {
            return Err(Refused::Full);
        }
        self.next = Some(after);
        Ok(self.history.push(row))
    }

    pub(super) fn chosen(&mut self, thing: Thing) -> Chosen {
        self.discovery.choose(self.history, self.tree, thing)
    }

    pub(super) fn is_thing(&mut self, at: Occurrence) -> Option<Thing> {
        self.discovery.is_thing(self.history, self.tree, at)
    }

    /// Enters what occurs in a slot, if it is the thing that stood there.
    fn stays(&mut self, part: usize) -> Option<Occurrence> {
        let occurrence = self.discovery.parts[part].occurrence?;
        self.discovery.stays(self.history, self.tree, occurrence).then_some(occurrence)
    }

    fn root(&mut self) -> Result<(), Refused> {
        if let Some(occurrence) = self.stays(0) {
            self.todo.push(Task::Enter(occurrence));
            return Ok(());
        }
        let shown = self.tree.shown(self.history, Place::Root);
        let over = self.overwritten(shown);
        self.write_part(0, Dest::Slot { slot: Target::Root, over }).map(drop)
    }

    /// Edits a thing.
    fn enter(&mut self, occurrence: Occurrence) -> Result<(), Refused> {
        let occurs = &self.discovery.occurs[occurrence];
        let (Some(thing), part) = (occurs.thing, occurs.part) else { return Ok(()) };
        let adoptable = occurs.adoptable;
        self.discovery.occurs[occurrence].entered = true;
        if !adoptable {
            // Its parts are known: nothing else is to hold them.
            self.discovery.parts[part].new.take_if(|new| new.is_container());
        }
        match self.tree.kind(thing) {
            Kind::Map => self.map(thing, occurrence),
            Kind::List => self.list(thing, occurrence),
            Kind::Text => self.text(thing, part),
            Kind::Counter => self.count(thing, part),
        }
    }

    // --- maps ---

    fn map(&mut self, thing: Thing, occurrence: Occurrence) -> Result<(), Refused> {
        let maps = self.tree.joined(self.history, thing);
        let (mut gone, mut later) = (Vec::new(), Parts::new());
        for at in self.discovery.occurs[occurrence].parts.clone() {
            ask();
            let part = &self.discovery.parts[at];
            match (&part.old, &part.new) {
                (_, None) => gone.extend(self.shown_key(&maps, at)),
                (None, Some(_)) => {
                    let (slot, shown) = self.key(&maps, at);
                    let over = self.overwritten(shown);
                    self.write_part(at, Dest::Slot { slot, over })?;
                }
                (Some(_), Some(_)) => later.push(at),
            }
        }
        self.delete(gone)?;
        self.go_on(later, thing);
        Ok(())
    }

    fn shown_key(&self, maps: &[Node], part: usize) -> Puts {
        let At::Key(key) = &self.discovery.parts[part].at else { return Puts::new() };
        let number = self.history.log.keys.find(key);
        number.map(|key| self.tree.shown_key(self.history, maps, key)).unwrap_or_default()
    }

    /// Returns a key of joined maps: where a write goes, and what the maps show.
    fn key(&mut self, maps: &[Node], part: usize) -> (Target<Local>, Puts) {
        let shown = self.shown_key(maps, part);
        let map = self.tree.lv(maps[maps.len() - 1]);
        match &self.discovery.parts[part].at {
            At::Key(key) => (Target::Key { map, key: self.history.log.keys.intern(key) }, shown),
            At::Root | At::Item { .. } => (Target::Root, shown),
        }
    }

    /// Does what is to be done in slots that stay, after what comes and goes.
    fn go_on(&mut self, later: Parts, thing: Thing) {
        for part in later.into_iter().rev() {
            let task = match self.stays(part) {
                Some(occurrence) => Task::Enter(occurrence),
                None => Task::Overwrite(part, thing),
            };
            self.todo.push(task);
        }
    }

    fn overwrite(&mut self, part: usize, thing: Thing) -> Result<(), Refused> {
        let (slot, shown) = match self.discovery.parts[part].at {
            At::Item { old: Some(position), .. } => {
                let Some(item) = self.item(thing, position) else { return Ok(()) };
                let shown = self.tree.shown_item(self.history, thing, item);
                (Target::Item { list: self.tree.lv(thing), item }, shown)
            }
            _ => {
                let maps = self.tree.joined(self.history, thing);
                self.key(&maps, part)
            }
        };
        let over = self.overwritten(shown);
        self.write_part(part, Dest::Slot { slot, over }).map(drop)
    }

    // --- lists ---

    fn list(&mut self, thing: Thing, occurrence: Occurrence) -> Result<(), Refused> {
        let list = self.tree.lv(thing);
        let (mut gone, mut later) = (Vec::new(), Parts::new());
        // The item that was added last: its place in the new list.
        let mut added: Option<(usize, Lv)> = None;
        for at in self.discovery.occurs[occurrence].parts.clone() {
            ask();
            let At::Item { old, new, after } = self.discovery.parts[at].at else { continue };
            match (old, new) {
                (Some(position), None) => {
                    if let Some(item) = self.item(thing, position) {
                        gone.extend(self.tree.shown_item(self.history, thing, item));
                    }
                }
                (None, Some(to)) => {
                    let (parent, side) = match added {
                        Some((at, item)) if at + 1 == to => (Some(item), Side::Right),
                        _ => self.tree.origin(thing, after.map_or(0, |after| after + 1)),
                    };
                    added = Some((to, self.write_part(at, Dest::Item { list, parent, side })?));
                }
                _ => later.push(at),
            }
        }
        self.delete(gone)?;
        self.go_on(later, thing);
        Ok(())
    }

    fn item(&self, list: Thing, position: usize) -> Option<Lv> {
        self.tree.list(list).items.get(position)
    }

    // --- texts and counters ---

    fn strings(&self, thing: Thing, part: usize) -> Option<(Val, Val)> {
        let part = &self.discovery.parts[part];
        let new = part.new.clone()?;
        Some((self.tree.value_of(self.history, thing), new))
    }

    fn text(&mut self, thing: Thing, part: usize) -> Result<(), Refused> {
        let Some((old, new)) = self.strings(thing, part) else { return Ok(()) };
        let (Some(old), Some(string)) = (old.as_str(), new.shared_str()) else { return Ok(()) };
        if old == string.as_str() {
            return Ok(());
        }
        let text = self.tree.lv(thing);
        // The last one first: those before it keep their positions.
        for splice in value::splices(old, string).into_iter().rev() {
            let origin = (!splice.insert.is_empty()).then(|| self.tree.origin(thing, splice.position));
            if splice.delete > 0 {
                let over = self.tree.runs_at(thing, splice.position, splice.delete);
                let over = self.history.authors.sorted_spans(over);
                self.push(&Row::Delete { over: &over }, 0)?;
            }
            if let Some((parent, side)) = origin {
                let count = splice.insert.chars().count() as u32;
                let row = Row::Type { text, parent, side, chars: splice.insert, count };
                self.push(&row, splice.insert.len())?;
            }
        }
        let identity = self.history.authors.identity(text);
        self.known.push((text, Val::text(identity, string.clone())));
        Ok(())
    }

    fn count(&mut self, thing: Thing, part: usize) -> Result<(), Refused> {
        let new = self.discovery.parts[part].new.as_ref().and_then(whole);
        let (Some(new), counter) = (new, self.tree.lv(thing)) else { return Ok(()) };
        self.add_to(counter, new - self.tree.counter(thing))
    }

    /// Adds to a counter.
    pub(super) fn add_to(&mut self, counter: Lv, mut rest: i128) -> Result<(), Refused> {
        while rest != 0 {
            let by = i64::try_from(rest).unwrap_or(if rest > 0 { i64::MAX } else { i64::MIN });
            self.push(&Row::Add { counter, by }, 0)?;
            rest -= i128::from(by);
        }
        Ok(())
    }

    // --- what goes ---

    /// Deletes what slots show, but for what is elsewhere now.
    fn delete(&mut self, shown: Vec<Lv>) -> Result<(), Refused> {
        let shown = self.staying(shown.into_iter().collect());
        if shown.is_empty() {
            return Ok(());
        }
        self.delete_all(&shown)
    }

    pub(super) fn delete_all(&mut self, shown: &[Lv]) -> Result<(), Refused> {
        let over: Vec<(Lv, u32)> = match self.tree.has_moves() {
            false => shown.iter().map(|put| (*put, 1)).collect(),
            true => self.tree.overwriting(self.history, shown).into_iter().map(|put| (put, 1)).collect(),
        };
        let over = self.history.authors.sorted_spans(over);
        self.push(&Row::Delete { over: &over }, 0).map(drop)
    }

    /// Returns what does not stand elsewhere now, of what slots show.
    fn staying(&mut self, mut shown: Puts) -> Puts {
        shown.retain(|put| match self.tree.container(self.history, *put) {
            None => true,
            Some(node) => {
                let thing = self.tree.last_joined(self.history, node);
                !matches!(self.chosen(thing), Chosen::Occurrence(_))
            }
        });
        shown
    }

    /// Returns what a write names to overwrite what a slot shows, but for what is elsewhere now.
    fn overwritten(&mut self, shown: Puts) -> Puts {
        let shown = self.staying(shown);
        self.tree.overwriting(self.history, &shown)
    }

    // --- moves ---

    /// Places a thing that is there already, and says which op does; what is to be edited in it comes later.
    pub(super) fn place(
        &mut self,
        thing: Thing,
        occurrence: Option<Occurrence>,
        dest: &Dest,
    ) -> Result<Lv, Refused> {
        let nodes = match self.tree.kind(thing) {
            Kind::Map => self.tree.joined(self.history, thing),
            _ => SmallVec::from_elem(thing, 1),
        };
        // The loser of a conflict leaves what its slot shows as it is; without conflicts it shows nothing else.
        let stood = self.tree.place(thing).filter(|_| self.tree.is_contested());
        let left = stood.filter(|place| self.tree.is_seen(self.history, thing, *place));
        let left = left.and_then(|place| self.tree.shown_in_value(self.history, place));
        let first = self.put(dest, Holds::Move(self.tree.lv(nodes[0])))?;
        let slot = match dest {
            Dest::Slot { slot, .. } => *slot,
            Dest::Item { list, .. } => Target::Item { list: *list, item: first },
        };
        for node in &nodes[1..] {
            let written = Written::Container(Holds::Move(self.tree.lv(*node)));
            self.push(&Row::Put { slot, over: Over::These(&[]), written }, 0)?;
        }
        // What else the slot shows that they leave would come to light.
        let is_behind =
            |put: &Lv| self.tree.container(self.history, *put).is_none_or(|node| !nodes.contains(&node));
        let behind: Puts = left.unwrap_or_default().into_iter().filter(is_behind).collect();
        if !behind.is_empty() {
            self.delete_all(&behind)?;
        }
        self.todo.extend(occurrence.map(Task::Enter));
        Ok(first)
    }
}
