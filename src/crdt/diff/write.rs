//! Writes of what is not there yet: a container before its parts.

use super::Thing;
use super::discover::{At, Chosen, Discovery, Occurrence, Part};
use super::emit::{Begin, Dest, Emitter, Known, Refused};
use super::thing_of;
use crate::cancellation::ask;
use crate::crdt::contents::{Packed, Run, pack};
use crate::crdt::counter::whole;
use crate::crdt::history::{History, Keys};
use crate::crdt::lv::Lv;
use crate::crdt::row::{Holds, Local, Over, Row, Target, Written};
use crate::crdt::tree::{Puts, Tree};
use crate::crdt::{Kind, Side};
use crate::value::{self, Key, List, MAX_DEPTH, Map, NotJson, NotJsonReason, Path, Step, Val, View};

/// Adds the ops that write a value, of which nothing is there already; says which op is the first, and what
/// they make known.
///
/// # Errors
/// When it is not JSON, or does not fit. What was added must be taken back then.
pub(in crate::crdt) fn write(
    history: &mut History,
    tree: &mut Tree,
    begin: Begin<'_>,
    dest: Dest,
    value: Val,
) -> Result<(Lv, Known), Refused> {
    let mut emitter = Emitter::new(history, tree, Discovery::default(), begin);
    let (first, _) = emitter.write(dest, value, None, Whence { depth: 0, part: None, anew: true })?;
    Ok((first, emitter.known))
}

/// The origin of a value that is written.
#[derive(Clone, Copy)]
struct Whence {
    /// How many containers hold it.
    depth: usize,
    /// The slot, for errors.
    part: Option<usize>,
    /// Whether nothing of it is there already.
    anew: bool,
}

/// A container that is being written.
struct Frame {
    made: Lv,
    inside: Inside,
    /// The occurrences in it, in order.
    parts: std::ops::Range<usize>,
    /// The item before.
    last: Option<Lv>,
    /// Whether all that it will read as is known.
    known: bool,
}

enum Inside {
    Items { rest: <List as IntoIterator>::IntoIter, written: Vec<Val> },
    Entries { rest: <Map as IntoIterator>::IntoIter, key: Option<Key>, written: Vec<(Key, Val)> },
}

/// The outcome of writing a value.
enum Wrote {
    /// It is written; `None`: what it will read as is not known yet.
    Done(Lv, Option<Val>),
    /// Its parts are still to be written.
    Open(Frame),
}

/// The number of items of a list that are packed before they are added.
const ITEMS_AT_ONCE: usize = 1024;

impl Emitter<'_> {
    /// Writes what is new in a slot; says which op is the first.
    pub(super) fn write_part(&mut self, at: usize, dest: Dest) -> Result<Lv, Refused> {
        let occurrence = self.discovery.parts[at].occurrence;
        let is_thing = occurrence.is_some_and(|at| self.discovery.occurs[at].thing.is_some());
        let new = &mut self.discovery.parts[at].new;
        // What nothing else holds is not copied when it gets its identity.
        let value = if is_thing { new.clone() } else { new.take() }.unwrap_or_default();
        let depth = if value.is_container() { self.discovery.depth(at) } else { 0 };
        let whence = Whence { depth, part: Some(at), anew: false };
        if let Err(refused) = self.check_depth(&value, whence, &[]) {
            value::dismantle(value);
            return Err(refused);
        }
        Ok(self.write(dest, value, occurrence, whence)?.0)
    }

    /// Writes a value with all that is inside. On a stack of its own: values nest deeply.
    fn write(
        &mut self,
        dest: Dest,
        value: Val,
        occurrence: Option<Occurrence>,
        whence: Whence,
    ) -> Result<(Lv, Option<Val>), Refused> {
        let mut stack: Vec<Frame> = Vec::new();
        let mut wrote = self.write_one(&dest, value, occurrence, whence, &stack)?;
        loop {
            match wrote {
                Wrote::Open(frame) => stack.push(frame),
                Wrote::Done(lv, value) => match stack.last_mut() {
                    None => return Ok((lv, value)),
                    Some(above) => above.wrote(lv, value),
                },
            }
            let Some(frame) = stack.last_mut() else { unreachable!("what is open is on the stack") };
            let parts = &self.discovery.parts;
            wrote = match frame.next(&mut self.history.log.keys, |part| &parts[part]) {
                Some((dest, value, occurrence)) => {
                    self.write_one(&dest, value, occurrence, whence, &stack)?
                }
                None => {
                    let Some(frame) = stack.pop() else { unreachable!("it was just there") };
                    let identity = self.history.authors.identity(frame.made);
                    let (made, value) = frame.finish();
                    let value = value.map(|value| value.with_identity(Some(identity)));
                    self.known.extend(value.clone().map(|value| (made, value)));
                    Wrote::Done(made, value)
                }
            };
        }
    }

    fn write_one(
        &mut self,
        dest: &Dest,
        value: Val,
        occurrence: Option<Occurrence>,
        whence: Whence,
        stack: &[Frame],
    ) -> Result<Wrote, Refused> {
        if !whence.anew
            && let Some(thing) = self.claim(&value, occurrence)
        {
            self.check_depth(&value, whence, stack)?;
            let known = self.tree.value_of(self.history, thing);
            let known = known.is_shared(&value).then_some(known);
            let first = self.place(thing, occurrence, dest)?;
            return Ok(Wrote::Done(first, known));
        }
        let kind = match value.view() {
            View::Obj(_) => Kind::Map,
            View::Arr(_) => Kind::List,
            View::Str(_) if value.identity().is_some() => Kind::Text,
            View::Num(_) if value.identity().is_some() && whole(&value).is_some() => Kind::Counter,
            _ => return self.write_scalar(dest, value.with_identity(None), whence, stack),
        };
        if value.is_container() && whence.depth + stack.len() >= MAX_DEPTH {
            return Err(self.not_json(whence, stack, Vec::new(), NotJsonReason::TooDeep));
        }
        let made = self.put(dest, Holds::Make(kind))?;
        let parts = occurrence.map_or(0..0, |at| self.discovery.occurs[at].parts.clone());
        if is_plain(&value)
            && self.discovery.parts[parts.clone()].iter().all(|part| part.occurrence.is_none())
        {
            return self.write_plain(made, value, whence, stack);
        }
        let inside = match (kind, value.into_list()) {
            (_, Ok(items)) => {
                Inside::Items { written: Vec::with_capacity(items.len()), rest: items.into_iter() }
            }
            (Kind::Map, Err(value)) => {
                let entries = value.into_map().unwrap_or_default();
                let written = Vec::with_capacity(entries.len());
                Inside::Entries { rest: entries.into_iter(), key: None, written }
            }
            (_, Err(value)) => return self.fill(made, kind, value),
        };
        Ok(Wrote::Open(Frame { made, inside, parts, last: None, known: true }))
    }

    /// Returns the thing that a value is, if this occurrence of it is the one.
    fn claim(&mut self, value: &Val, occurrence: Option<Occurrence>) -> Option<Thing> {
        if let Some(at) = occurrence
            && self.discovery.occurs[at].thing.is_some()
        {
            return self.is_thing(at);
        }
        // A part of a copy may be all that is left of a thing.
        value.identity()?;
        let thing = thing_of(self.history, self.tree, value)?;
        (occurrence.is_none() && self.claim_left(thing, value)).then_some(thing)
    }

    /// Claims a thing that is nowhere else, if that is so of all that it holds too: else it would come without
    /// that. Costs the size of the value, as a copy does.
    fn claim_left(&mut self, thing: Thing, value: &Val) -> bool {
        if self.claimed.contains(&thing) || !self.tree.value_of(self.history, thing).is_shared(value) {
            return false;
        }
        let mut claims = Vec::new();
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if let Some(thing) = thing_of(self.history, self.tree, value) {
                if self.claimed.contains(&thing) || self.chosen(thing) != Chosen::Nowhere {
                    return false;
                }
                claims.push(thing);
            }
            open.extend(value.as_list().into_iter().flat_map(|items| items.iter()));
            open.extend(value.as_map().into_iter().flat_map(|entries| entries.values()));
        }
        self.claimed.extend(claims);
        true
    }

    fn write_scalar(
        &mut self,
        dest: &Dest,
        value: Val,
        whence: Whence,
        stack: &[Frame],
    ) -> Result<Wrote, Refused> {
        if let Err(reason) = value::check_scalar(&value) {
            return Err(self.not_json(whence, stack, Vec::new(), reason));
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let packed = Packed::new(&value, &mut buffer);
        let bytes = packed.bytes().len();
        let lv = match dest {
            Dest::Slot { slot, over } => {
                let written = Written::Scalar(packed);
                self.push(&Row::Put { slot: *slot, over: Over::These(over), written }, bytes)
            }
            Dest::Item { list, parent, side } => {
                let scalars = Run::new(packed.bytes());
                self.push(&Row::Items { list: *list, parent: *parent, side: *side, scalars, count: 1 }, bytes)
            }
        };
        self.buffer = buffer;
        Ok(Wrote::Done(lv?, Some(value)))
    }

    /// Writes what is in a container that holds plain scalars alone. It reads as it is, and need not be taken
    /// apart.
    fn write_plain(
        &mut self,
        made: Lv,
        value: Val,
        whence: Whence,
        stack: &[Frame],
    ) -> Result<Wrote, Refused> {
        let refused = |emitter: &Self, step, reason| emitter.not_json(whence, stack, vec![step], reason);
        let mut buffer = std::mem::take(&mut self.buffer);
        for (key, value) in value.as_map().into_iter().flatten() {
            value::check_scalar(value).map_err(|reason| refused(self, Step::Key(key.to_string()), reason))?;
            let slot = Target::Key { map: made, key: self.history.log.keys.intern(key) };
            let packed = Packed::new(value, &mut buffer);
            let row = Row::Put { slot, over: Over::These(&[]), written: Written::Scalar(packed) };
            self.push(&row, packed.bytes().len())?;
        }
        let mut items = value.as_list().into_iter().flatten().enumerate().peekable();
        let mut parent = None;
        while items.peek().is_some() {
            buffer.clear();
            let mut count = 0;
            for (index, value) in items.by_ref().take(ITEMS_AT_ONCE) {
                ask();
                value::check_scalar(value).map_err(|reason| refused(self, Step::Index(index), reason))?;
                pack(&mut buffer, value);
                count += 1;
            }
            let (side, scalars) = (Side::Right, Run::new(&buffer));
            let first = self.push(&Row::Items { list: made, parent, side, scalars, count }, buffer.len())?;
            parent = first.plus(count).minus(1);
        }
        self.buffer = buffer;
        let value = value.with_identity(Some(self.history.authors.identity(made)));
        self.known.push((made, value.clone()));
        Ok(Wrote::Done(made, Some(value)))
    }

    /// Makes a copy of a text or a counter hold what that held.
    fn fill(&mut self, made: Lv, kind: Kind, value: Val) -> Result<Wrote, Refused> {
        if let (Kind::Text, Some(chars)) = (kind, value.as_str().filter(|chars| !chars.is_empty())) {
            let count = chars.chars().count() as u32;
            self.push(&Row::Type { text: made, parent: None, side: Side::Right, chars, count }, chars.len())?;
        }
        if let (Kind::Counter, Some(number)) = (kind, whole(&value)) {
            self.add_to(made, number)?;
        }
        let value = value.with_identity(Some(self.history.authors.identity(made)));
        if kind == Kind::Text {
            self.known.push((made, value.clone()));
        }
        // What a counter reads as is not kept by it, but by what holds it.
        Ok(Wrote::Done(made, (kind == Kind::Text).then_some(value)))
    }

    /// Writes a container into a slot.
    pub(super) fn put(&mut self, dest: &Dest, holds: Holds<Local>) -> Result<Lv, Refused> {
        match dest {
            Dest::Slot { slot, over } => {
                let written = Written::Container(holds);
                self.push(&Row::Put { slot: *slot, over: Over::These(over), written }, 0)
            }
            Dest::Item { list, parent, side } => {
                self.push(&Row::Item { list: *list, parent: *parent, side: *side, holds }, 0)
            }
        }
    }

    // --- errors ---

    fn check_depth(&self, value: &Val, whence: Whence, stack: &[Frame]) -> Result<(), Refused> {
        let depth = whence.depth + stack.len();
        if depth + value.levels() as usize <= MAX_DEPTH {
            return Ok(());
        }
        value::check_below(value, depth).map_err(|(mut steps, reason)| {
            steps.reverse();
            self.not_json(whence, stack, steps, reason)
        })
    }

    fn not_json(&self, whence: Whence, stack: &[Frame], inside: Vec<Step>, reason: NotJsonReason) -> Refused {
        let mut path = whence.part.map_or_else(Path::default, |part| self.discovery.path(part));
        path.0.extend(stack.iter().map(Frame::step));
        path.0.extend(inside);
        Refused::NotJson(NotJson { path, reason })
    }
}

impl Frame {
    /// Returns the next part: where it goes, what it is, and the occurrence that it is.
    fn next<'p>(
        &mut self,
        keys: &mut Keys,
        part: impl Fn(usize) -> &'p Part,
    ) -> Option<(Dest, Val, Option<Occurrence>)> {
        match &mut self.inside {
            Inside::Items { rest, written } => {
                let value = rest.next()?;
                let index = written.len();
                let is_here = |at: &At| matches!(at, At::Item { new: Some(new), .. } if *new == index);
                let occurrence = find(&mut self.parts, part, is_here);
                Some((
                    Dest::Item { list: self.made, parent: self.last, side: Side::Right },
                    value,
                    occurrence,
                ))
            }
            Inside::Entries { rest, key, .. } => {
                let (next, value) = rest.next()?;
                let is_here = |at: &At| matches!(at, At::Key(key) if *key == next);
                let occurrence = find(&mut self.parts, part, is_here);
                let slot = Target::Key { map: self.made, key: keys.intern(&next) };
                *key = Some(next);
                Some((Dest::Slot { slot, over: Puts::new() }, value, occurrence))
            }
        }
    }

    /// Takes what the last part will read as. The next item of a list hangs on it.
    fn wrote(&mut self, lv: Lv, value: Option<Val>) {
        self.last = Some(lv);
        self.known &= value.is_some();
        let value = value.unwrap_or_default();
        match &mut self.inside {
            Inside::Items { written, .. } => written.push(value),
            Inside::Entries { key, written, .. } => written.extend(key.take().map(|key| (key, value))),
        }
    }

    fn finish(self) -> (Lv, Option<Val>) {
        let value = match self.inside {
            Inside::Items { written, .. } => written.into_iter().collect(),
            Inside::Entries { written, .. } => written.into_iter().collect(),
        };
        (self.made, self.known.then_some(value))
    }

    /// Returns the step to the part that is being written.
    fn step(&self) -> Step {
        match &self.inside {
            Inside::Items { written, .. } => Step::Index(written.len()),
            Inside::Entries { key, .. } => Step::Key(key.as_ref().map_or_else(String::new, Key::to_string)),
        }
    }
}

/// Returns whether a value is a container of plain scalars.
fn is_plain(value: &Val) -> bool {
    match value.view() {
        View::Arr(items) => items.iter().all(Val::is_simple),
        View::Obj(entries) => entries.values().all(Val::is_simple),
        _ => false,
    }
}

/// Takes the occurrence of the part that is here, which comes in its order.
fn find<'p>(
    parts: &mut std::ops::Range<usize>,
    part: impl Fn(usize) -> &'p Part,
    is_here: impl Fn(&At) -> bool,
) -> Option<Occurrence> {
    // The parts of a thing name also what went.
    let at = parts.clone().find(|at| part(*at).new.is_some())?;
    parts.start = at;
    if !is_here(&part(at).at) {
        return None;
    }
    parts.start = at + 1;
    part(at).occurrence
}
