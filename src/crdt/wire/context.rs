//! The context of a stream, which both ends keep: names and counters that were told once are not told again.

use std::borrow::Cow;
use std::collections::HashMap;

use smallvec::SmallVec;

use super::bytes::{Form, Section, Source};
use super::cost;
use super::{Base, Corrupt, Reader, Role, Start, Wire, WireId, Writer};
use crate::crdt::history::ShortDigest;
use crate::crdt::{Actor, DecodeReason, DocumentId, Limits, varint};

/// What the frames of a stream have told so far.
#[derive(Debug, Clone, Default)]
pub(in crate::crdt) struct Context {
    actors: Vec<Actor>,
    numbers: HashMap<Actor, u32>,
    /// The last counter of each actor.
    last: Vec<u64>,
    /// The container of the last row.
    container: WireId,
    /// The actors of the last frame: a frame that names none has the same.
    recent: Numbers,
}

type Numbers = SmallVec<[u32; 4]>;

impl Context {
    /// Appends changes to a stream, as a frame. They must be sound.
    pub(in crate::crdt) fn write(&mut self, wire: &Wire, stream: &mut Vec<u8>) -> Result<(), Corrupt> {
        let known = self.actors.len() as u32;
        let numbers: Numbers = wire.actors.iter().map(|actor| self.number(actor)).collect();
        let start = self.start(&numbers);
        let short = |(id, digest): &(WireId, ShortDigest)| match start.last[id.actor as usize] == id.counter {
            true => (*id, digest.half()),
            false => (*id, *digest),
        };
        let base = wire.base.iter().map(short).collect();
        let wire = wire.in_context(&start, &base)?;
        let mut section = Section::default();
        let actors = if numbers == self.recent { &[] } else { &wire.actors[..] };
        section.named(&wire, Role::Patch, &wire.keys, actors, |section, at, actor| {
            section.number(u64::from(numbers[at]));
            if numbers[at] >= known {
                section.text(actor.as_str());
            }
        });
        section.frame(stream);
        self.note(&numbers, &wire)
    }

    /// Reads a frame. After an error all is as it was.
    pub(in crate::crdt) fn read(&mut self, frame: &[u8], limits: &Limits) -> Result<Wire, DecodeReason> {
        let known = self.actors.len();
        let read = self.read_on(frame, limits);
        if read.is_err() {
            for actor in self.actors.drain(known..) {
                self.numbers.remove(&actor);
            }
            self.last.truncate(known);
        }
        read
    }

    fn read_on(&mut self, frame: &[u8], limits: &Limits) -> Result<Wire, DecodeReason> {
        let mut source = Source::of_frame(frame, limits)?;
        let mut numbers = Numbers::new();
        let mut named = source.names(|source| {
            let number = usize::try_from(source.number()?).map_err(|_| Corrupt)?;
            if number == self.actors.len() {
                self.number(&Actor::new(source.text()?).map_err(|_| Corrupt)?);
            }
            numbers.push(number as u32);
            Ok(self.actors.get(number).ok_or(Corrupt)?.clone())
        })?;
        // They stay as long as the stream.
        limits.check_memory(cost::of_actors(self.actors.len()))?;
        if numbers.is_empty() {
            numbers.clone_from(&self.recent);
            named.wire.actors = numbers.iter().map(|number| self.actors[*number as usize].clone()).collect();
        }
        named.wire.start = self.start(&numbers);
        let wire = source.changes(named, Role::Patch)?;
        source.end()?;
        self.note(&numbers, &wire)?;
        Ok(wire)
    }

    /// Returns the number of an actor.
    fn number(&mut self, actor: &Actor) -> u32 {
        if let Some(&number) = self.numbers.get(actor) {
            return number;
        }
        let number = self.actors.len() as u32;
        self.actors.push(actor.clone());
        self.numbers.insert(actor.clone(), number);
        self.last.push(0);
        number
    }

    /// Returns from where changes of these actors are told.
    fn start(&self, numbers: &[u32]) -> Start {
        let last = numbers.iter().map(|number| self.last[*number as usize]).collect();
        let container = numbers.iter().position(|number| *number == self.container.actor);
        let container = container.map(|at| WireId { actor: at as u32, ..self.container });
        Start { last, container: container.unwrap_or_default() }
    }

    /// Takes note of what a frame told. Reads all of it.
    fn note(&mut self, numbers: &[u32], wire: &Wire) -> Result<(), Corrupt> {
        let mut reader = Reader::new(wire)?;
        reader.finish(|_| {})?;
        let end = reader.start();
        for (number, last) in numbers.iter().zip(end.last) {
            self.last[*number as usize] = last;
        }
        if !numbers.is_empty() {
            self.recent = SmallVec::from_slice(numbers);
        }
        if let Some(actor) = numbers.get(end.container.actor as usize).filter(|_| end.container.counter > 0) {
            self.container = WireId { actor: *actor, ..end.container };
        }
        Ok(())
    }
}

impl Wire {
    /// Returns the same changes, told from where a reader is. They must be sound.
    fn in_context(&self, start: &Start, base: &Base) -> Result<Self, Corrupt> {
        let ops = usize::try_from(self.ops).unwrap_or(usize::MAX);
        // It may be written twice.
        let mut copied = Ok(());
        let wire = Writer::pack(ops, |writer| {
            writer.names(self, start.clone());
            writer.base(base.clone());
            copied = Reader::new(self).and_then(|mut reader| {
                while let Some(head) = reader.head()? {
                    reader.copy(&head, writer)?;
                }
                Ok(())
            });
        });
        copied.map(|()| wire)
    }

    /// Returns the same changes as they are told when nothing was told before.
    pub(in crate::crdt) fn standalone(&self) -> Cow<'_, Self> {
        if self.start == Start::default() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(self.in_context(&Start::default(), &self.base).expect("what was packed was read once"))
    }
}

/// Appends the header of a stream.
pub(in crate::crdt) fn write_header(document: &DocumentId, stream: &mut Vec<u8>) {
    stream.extend(Section::new(Form::Stream).bytes);
    let mut header = Section::default();
    header.text(document.as_str());
    header.frame(stream);
}

/// Takes the header of a stream from the front; `None` when the bytes end before it does.
pub(in crate::crdt) fn read_header(
    stream: &mut &[u8],
    limits: &Limits,
) -> Result<Option<DocumentId>, DecodeReason> {
    let mut rest = *stream;
    if !Form::Stream.take_from(&mut rest)? {
        return Ok(None);
    }
    let Some(header) = frame(&mut rest, limits)? else { return Ok(None) };
    let mut source = Source::of_frame(header, limits)?;
    let document = DocumentId::new(source.text()?)?;
    source.end()?;
    *stream = rest;
    Ok(Some(document))
}

/// Takes a frame from the front; `None` when the bytes end before it does.
pub(in crate::crdt) fn frame<'b>(
    stream: &mut &'b [u8],
    limits: &Limits,
) -> Result<Option<&'b [u8]>, DecodeReason> {
    let mut rest = *stream;
    let Some(length) = varint::read(&mut rest) else {
        let may_go_on = rest.len() < varint::LONGEST && rest.iter().all(|byte| *byte >= 0x80);
        return if may_go_on { Ok(None) } else { Err(Corrupt.into()) };
    };
    limits.check_memory(length)?;
    let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
    let Some((frame, rest)) = split else { return Ok(None) };
    *stream = rest;
    Ok(Some(frame))
}
