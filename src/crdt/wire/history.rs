//! Conversion of the history to the wire.

use crate::cancellation::ask;
use std::collections::HashMap;
use std::ops::Range;

use smallvec::SmallVec;

use super::{Wire, WireId, Wired, Writer};
use crate::crdt::history::{ActorIx, Header, History, Id};
use crate::crdt::lv::Lv;
use crate::crdt::row::{Holds, Local, Over, Row, Step, Target, Written};

impl History {
    /// Packs the changes in these ranges of ops, each of which begins and ends with a change, and what they follow:
    /// the last ops of changes. Costs what it returns.
    pub(in crate::crdt) fn pack(&self, ranges: &[Range<u32>], followed: &[Lv]) -> Wire {
        let ops = ranges.iter().map(ExactSizeIterator::len).sum();
        Writer::pack(ops, |writer| {
            let mut packer = Packer {
                history: self,
                writer,
                few: SmallVec::new(),
                actors: HashMap::default(),
                keys: KeyNumbers::new(self.log.keys.len() as usize, ops),
            };
            packer.base(followed);
            for range in ranges {
                let mut at = range.start;
                while at < range.end {
                    let header = self.authors.header(at, range.end);
                    packer.changes(header);
                    at = header.end;
                }
            }
        })
    }

    /// Packs the change to which an op belongs.
    pub(in crate::crdt) fn pack_change(&self, lv: Lv) -> Wire {
        let start = self.authors.change_start(lv.index());
        self.pack(std::slice::from_ref(&(start..self.authors.change_end(start))), &[])
    }
}

struct Packer<'p> {
    history: &'p History,
    writer: &'p mut Writer,
    /// The numbers of actors on the wire: the first few in a list, the others in a table.
    few: SmallVec<[(ActorIx, u32); FEW]>,
    actors: Numbers,
    keys: KeyNumbers,
}

type Numbers = HashMap<u32, u32, foldhash::fast::RandomState>;

const FEW: usize = 4;

/// The numbers of keys on the wire.
enum KeyNumbers {
    /// Of each key of the history, one more than its number, or zero: many ops may name all of them.
    All(Vec<u32>),
    Named(Numbers),
}

impl KeyNumbers {
    /// Makes room for the keys that so many ops name, of those of the history.
    fn new(keys: usize, ops: usize) -> Self {
        if keys <= ops { Self::All(vec![0; keys]) } else { Self::Named(Numbers::default()) }
    }

    /// Returns the number of a key, which is given one if it has none.
    fn number(&mut self, key: u32, add: impl FnOnce() -> u32) -> u32 {
        match self {
            Self::All(numbers) => {
                let number = &mut numbers[key as usize];
                if *number == 0 {
                    *number = add() + 1;
                }
                *number - 1
            }
            Self::Named(numbers) => *numbers.entry(key).or_insert_with(add),
        }
    }
}

impl Packer<'_> {
    fn base(&mut self, followed: &[Lv]) {
        let base = followed.iter();
        let base = base.filter_map(|&last| Some((self.id(last), self.history.digest_of(last)?.short())));
        let base = base.collect();
        self.writer.base(base);
    }

    fn actor(&mut self, actor: ActorIx) -> u32 {
        if let Some((_, number)) = self.few.iter().find(|(known, _)| *known == actor) {
            return *number;
        }
        let name = self.history.authors.name(actor);
        if self.few.len() < FEW {
            let number = self.writer.add_actor(name);
            self.few.push((actor, number));
            return number;
        }
        *self.actors.entry(actor.0).or_insert_with(|| self.writer.add_actor(name))
    }

    fn wire_id(&mut self, id: Id) -> WireId {
        WireId { actor: self.actor(id.actor), counter: id.counter }
    }

    fn id(&mut self, lv: Lv) -> WireId {
        self.wire_id(self.history.authors.id(lv))
    }

    fn key(&mut self, key: u32) -> u32 {
        self.keys.number(key, || self.writer.add_key(self.history.log.keys.get(key)))
    }

    fn changes(&mut self, header: Header<'_>) {
        let actor = self.actor(header.actor);
        let deps: Vec<WireId> = header.deps.iter().map(|dep| self.id(*dep)).collect();
        let lengths = self.history.authors.lengths(header.start..header.end);
        self.writer.head(actor, header.first, header.previous, &deps, &lengths);
        for (_, row) in self.history.log.rows_in(header.start..header.end) {
            self.row(&row);
        }
    }

    fn row(&mut self, row: &Row<'_, Local>) {
        ask();
        match *row {
            Row::Type { text, parent, side, chars, count } => {
                let (text, parent) = (self.id(text), parent.map(|parent| self.id(parent)));
                self.writer.row(&Row::Type { text, parent, side, chars, count });
            }
            Row::Items { list, parent, side, scalars, count } => {
                let (list, parent) = (self.id(list), parent.map(|parent| self.id(parent)));
                self.writer.row(&Row::Items { list, parent, side, scalars, count });
            }
            Row::Item { list, parent, side, holds } => {
                let (list, parent) = (self.id(list), parent.map(|parent| self.id(parent)));
                let holds = self.holds(holds);
                self.writer.row(&Row::Item { list, parent, side, holds });
            }
            Row::Put { slot, over, written } => {
                let slot = match slot {
                    Target::Root => Target::Root,
                    Target::Key { map, key } => Target::Key { map: self.id(map), key: self.key(key) },
                    Target::Item { list, item } => Target::Item { list: self.id(list), item: self.id(item) },
                };
                let written: Written<'_, Wired> = match written {
                    Written::Scalar(scalar) => Written::Scalar(scalar),
                    Written::Container(holds) => Written::Container(self.holds(holds)),
                };
                match *over.ids() {
                    [] => self.writer.row(&Row::Put { slot, over: Over::These(&[]), written }),
                    [one] => {
                        let over = Over::One(self.id(one));
                        self.writer.row(&Row::Put { slot, over, written });
                    }
                    _ => {
                        let over: Vec<WireId> = over.ids().iter().map(|over| self.id(*over)).collect();
                        self.writer.row(&Row::Put { slot, over: Over::These(&over), written });
                    }
                }
            }
            Row::Delete { over } => {
                let spans = self.history.authors.id_spans(over);
                let spans: Vec<(WireId, u32)> =
                    spans.into_iter().map(|(id, count)| (self.wire_id(id), count as u32)).collect();
                self.writer.row(&Row::Delete { over: &spans });
            }
            Row::DeleteEach { first, count, step } => {
                // What stands together here may have been made by several.
                let (mut first, mut left) = (first, count);
                while left > 0 {
                    let (id, run) = match step {
                        Step::Forward => self.history.authors.run_from(first),
                        Step::Back => self.history.authors.run_back(first),
                    };
                    let count = run.min(left);
                    let row = Row::DeleteEach { first: self.wire_id(id), count, step };
                    self.writer.row(&row);
                    left -= count;
                    if left > 0 {
                        first = step.from(first, count).expect("a row deletes what is there");
                    }
                }
            }
            Row::Add { counter, by } => {
                let counter = self.id(counter);
                self.writer.row(&Row::Add { counter, by });
            }
        }
    }

    fn holds(&mut self, holds: Holds<Local>) -> Holds<Wired> {
        match holds {
            Holds::Make(kind) => Holds::Make(kind),
            Holds::Move(container) => Holds::Move(self.id(container)),
        }
    }
}
