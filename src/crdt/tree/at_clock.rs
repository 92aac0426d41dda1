//! The tree at an older clock.

use crate::cancellation::ask;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Body, History, Inside, ListBody, MapBody, Place, Puts, Reading, Tree};
use crate::crdt::Kind;
use crate::crdt::lv::Lv;
use crate::crdt::past::{ROOT, Snapshot};
use crate::crdt::row::{Local, Row, Target, Written};
use crate::crdt::sequence::Sequence;

/// A tree that is being made.
struct Then<'a> {
    now: &'a Tree,
    history: &'a History,
    moment: &'a Snapshot<'a>,
    /// The containers to come: the ops that made them, and the puts that placed them.
    open: Vec<(Lv, Lv)>,
    /// Whether a slot shows several puts.
    contested: bool,
}

impl Tree {
    /// Makes a tree of what was shown at some time, and of nothing else, to be read. It costs the size of that, times
    /// O(log n).
    pub(in crate::crdt) fn then(&self, history: &History, moment: &Snapshot<'_>) -> Self {
        let mut then = Then { now: self, history, moment, open: Vec::new(), contested: false };
        let mut tree = Self { root: then.root(), ..Self::default() };
        let mut nodes: Vec<(Lv, Body)> = Vec::new();
        while let Some((made, put)) = then.open.pop() {
            ask();
            let inside = then.inside(made);
            nodes.push((made, Body::new(put, Place::Root, inside)));
        }
        nodes.sort_unstable_by_key(|(made, _)| *made);
        (tree.made, tree.nodes) = nodes.into_iter().unzip();
        for at in 0..tree.nodes.len() {
            ask();
            let place = tree.nodes[at].put.get().and_then(|put| tree.place_of(history, put));
            tree.nodes[at].place = place.expect("it was found in its place");
        }
        if then.contested {
            tree.order_joined(history, moment);
        }
        tree
    }

    /// Orders the keys of joined maps by the first write of each in any of them, also where nothing of it is
    /// left.
    fn order_joined(&mut self, history: &History, moment: &Snapshot<'_>) {
        let mut open = vec![self.reading(history, &self.root)];
        while let Some(reading) = open.pop() {
            ask();
            if let Reading::Map(maps) = &reading
                && maps.len() > 1
            {
                let keys = self.keys(history, maps);
                for &node in maps {
                    let made = self.lv(node);
                    let Inside::Map(map) = &mut self.body_mut(node).inside else { continue };
                    let lacking: Vec<u32> =
                        keys.iter().copied().filter(|&key| map.find(key).is_none()).collect();
                    for key in lacking {
                        if let Some(first) = moment.first(made, key) {
                            map.write(&history.authors, key, first);
                        }
                    }
                }
            }
            let parts = self.parts(history, &reading);
            open.extend(parts.iter().map(|(_, puts)| self.reading(history, puts)));
        }
    }
}

impl<'a> Then<'a> {
    fn root(&mut self) -> Puts {
        let mut puts = Puts::new();
        for (put, row) in rows(self.history, &self.moment.writes(ROOT)) {
            if let Row::Put { written, .. } = row
                && self.shows(put, written)
            {
                puts.push(put);
            }
        }
        self.sort(&mut puts);
        puts
    }

    fn inside(&mut self, made: Lv) -> Inside {
        let writes = self.moment.writes(made);
        match self.now.kind(self.now.known(made)) {
            Kind::Map => Inside::Map(self.map(made, &writes)),
            Kind::List => Inside::List(Box::new(self.list(made, writes))),
            Kind::Text => Inside::Text(Box::new(self.part(made, &writes))),
            Kind::Counter => Inside::Counter(Box::new(self.moment.sum(made))),
        }
    }

    fn map(&mut self, made: Lv, writes: &[(Lv, u32)]) -> MapBody {
        let mut map = MapBody::default();
        for (put, row) in rows(self.history, writes) {
            ask();
            if let Row::Put { slot: Target::Key { key, .. }, written, .. } = row
                && self.shows(put, written)
            {
                let slot = map.find(key).unwrap_or_else(|| {
                    let first = self.moment.first(made, key).expect("it was written");
                    map.write(&self.history.authors, key, first)
                });
                map.show(&self.history.authors, slot, put);
            }
        }
        self.contested |= map.has_conflicts();
        map
    }

    fn list(&mut self, made: Lv, mut items: Vec<(Lv, u32)>) -> ListBody {
        let writes = std::mem::take(&mut items);
        let mut slots: HashMap<Lv, Puts, RandomState> = HashMap::default();
        for (put, row) in rows(self.history, &writes) {
            ask();
            let (item, written) = match row {
                Row::Items { count, .. } => {
                    items.push((put, count));
                    continue;
                }
                Row::Item { holds, .. } => (put, Written::Container(holds)),
                Row::Put { slot: Target::Item { item, .. }, written, .. } => (item, written),
                _ => continue,
            };
            if self.shows(put, written) {
                slots.entry(item).or_default().push(put);
            }
        }
        let scalars = items.len();
        for (&item, puts) in &mut slots {
            let before = items[..scalars].partition_point(|(first, _)| *first <= item).checked_sub(1);
            match before.filter(|&at| item.index() - items[at].0.index() < items[at].1) {
                Some(_) => puts.push(item),
                None => items.push((item, 1)),
            }
            self.sort(puts);
        }
        ListBody { items: self.part(made, &items), slots }
    }

    /// Returns some elements of a list or a text.
    fn part(&self, made: Lv, elements: &[(Lv, u32)]) -> Sequence {
        let now = self.now.sequence(self.now.known(made));
        now.map_or_else(Sequence::default, |now| now.part(elements))
    }

    /// Tells whether a write was shown: the placement of a container that was elsewhere was not. What it placed is
    /// read later.
    fn shows(&mut self, put: Lv, written: Written<'_, Local>) -> bool {
        let Written::Container(holds) = written else { return true };
        let made = holds.made(put);
        let places = self.moment.places(put, made);
        if places {
            self.open.push((made, put));
        }
        places
    }

    fn sort(&mut self, puts: &mut Puts) {
        self.contested |= puts.len() > 1;
        puts.sort_unstable_by(|a, b| self.history.authors.compare(*a, *b));
    }
}

fn rows<'a>(history: &'a History, writes: &[(Lv, u32)]) -> impl Iterator<Item = (Lv, Row<'a, Local>)> {
    writes.iter().flat_map(|(first, count)| history.log.rows_in(first.index()..first.index() + count))
}
