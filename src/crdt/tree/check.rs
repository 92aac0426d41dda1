//! The invariants of a tree.

use std::collections::HashSet;

use super::reading::Cached;
use super::{History, Inside, Node, Place, Tree};
use crate::crdt::history::Authors;
use crate::crdt::lv::{IdOrder, Lv};
use crate::value::{Val, View, same, text};

impl Tree {
    /// Verifies every invariant, and that what is kept is what would be read anew. O(document and
    /// history).
    pub(in crate::crdt) fn check(&self, history: &History) -> Result<(), String> {
        if !self.made.is_sorted_by(|a, b| a < b) || self.made.len() != self.nodes.len() {
            return Err("the containers are out of order".into());
        }
        let mut unread = self.clone();
        for body in &mut unread.nodes {
            (body.cached, body.before) = Default::default();
        }
        for node in (0..self.nodes.len() as u32).map(Node) {
            self.check_node(history, node)?;
            self.check_kept(history, node, &unread)?;
        }
        self.check_puts(history, &self.root, "the root")?;
        self.check_moves(history)?;
        // A tree made of the history alone is the same in all.
        let mut anew = Tree::default();
        anew.apply_all(history, 0..history.len());
        let (kept, read) = (self.value(history), anew.value(history));
        if text(kept) != text(read) || !same(kept, read) {
            return Err(format!("the kept value is {}, not {}", text(kept), text(read)));
        }
        for (node, (ours, other)) in self.nodes.iter().zip(&anew.nodes).enumerate() {
            let stands = |body: &super::Body| body.put.get().map(|put| (put, body.place));
            if stands(ours) != stands(other) {
                return Err(format!("container {node} is not where the history puts it"));
            }
        }
        if self.nodes.len() != anew.nodes.len() {
            return Err("there are containers that nobody made".into());
        }
        Ok(())
    }

    fn check_node(&self, history: &History, node: Node) -> Result<(), String> {
        let body = self.body(node);
        let name = || history.op_id(self.lv(node));
        if let Some(put) = body.put.get() {
            if self.container(history, put) != Some(node)
                || self.place_of(history, put) != Some(body.place)
                || !self.puts(body.place).contains(&put)
            {
                return Err(format!("the container {} is not where it says", name()));
            }
            let above = body.place.container().and_then(|above| self.body(above).cached.get());
            let wins = match above {
                None => false,
                Some(Cached::Value(_)) => self.shown(history, body.place).last() == Some(&put),
                Some(Cached::Part) => {
                    self.value.get().is_some()
                        && self
                            .shown_in_value(history, body.place)
                            .is_some_and(|puts| puts.last() == Some(&put))
                }
            };
            if wins && body.cached.get().is_none() {
                return Err(format!(
                    "what holds {} is known, but not what it reads as ({:?}, {:?})",
                    name(),
                    self.reading_of(node),
                    self.place(node)
                ));
            }
        }
        match &body.inside {
            Inside::Map(map) => {
                for slot in 0..map.len() as u32 {
                    let key = map.slot(slot).key;
                    if map.find(key) != Some(slot) {
                        return Err(format!("the map {} does not find a key", name()));
                    }
                    self.check_puts(history, &map.puts(slot), "a key")?;
                }
            }
            Inside::List(list) => {
                list.items.check(&history.authors)?;
                for (item, puts) in &list.slots {
                    self.check_puts(history, puts, "an item")?;
                    let shown = !self.shown(history, Place::Item(node, *item)).is_empty();
                    if shown != list.items.is_visible(*item) {
                        return Err(format!("an item of {} is visible and empty, or the reverse", name()));
                    }
                }
            }
            Inside::Text(text) => text.check(&history.authors)?,
            Inside::Counter(_) => {}
        }
        Ok(())
    }

    /// Checks that a container is kept as it reads in a tree of which nothing was read.
    fn check_kept(&self, history: &History, node: Node, unread: &Self) -> Result<(), String> {
        let name = || history.op_id(self.lv(node));
        if let Some(kept) = self.kept(node) {
            let read = unread.read(history, &self.reading_of(node), 0);
            if text(&kept) != text(&read) {
                return Err(format!("{} is kept as {}, but reads {}", name(), text(&kept), text(&read)));
            }
            if !are_same_things(&kept, &read) {
                return Err(format!("{} is kept with parts that are other things: {}", name(), text(&kept)));
            }
            self.check_parts(history, node, &kept)?;
        }
        Ok(())
    }

    /// Checks that a kept value has the kept maps and lists in it, and no copies of them.
    fn check_parts(&self, history: &History, node: Node, kept: &Val) -> Result<(), String> {
        for (at, (place, puts)) in self.parts(history, &self.reading_of(node)).into_iter().enumerate() {
            let Some(part) = puts.last().and_then(|put| self.container(history, *put)) else { continue };
            let inside = match place {
                Place::Key(map, slot) => {
                    let key = history.log.keys.get(self.map(map).slot(slot).key);
                    kept.as_map().and_then(|map| map.get(key))
                }
                _ => kept.as_list().and_then(|list| list.get(at)),
            };
            if puts.len() == 1
                && let (Some(inside), Some(known)) = (inside, self.kept(part))
                && known.is_container()
                && !inside.is_one_in_memory(&known)
            {
                let (part, name) = (history.op_id(self.lv(part)), history.op_id(self.lv(node)));
                return Err(format!("{part} is kept, and {name} is with a copy of it"));
            }
        }
        Ok(())
    }

    fn check_puts(&self, history: &History, puts: &[Lv], of: &str) -> Result<(), String> {
        let sorted = puts.is_sorted_by(|a, b| history.authors.compare(*a, *b).is_lt());
        if sorted { Ok(()) } else { Err(format!("the puts of {of} are out of order")) }
    }

    fn check_moves(&self, history: &History) -> Result<(), String> {
        self.check_placements(history)?;
        // Nothing stands in itself.
        for node in (0..self.nodes.len() as u32).map(Node) {
            let mut seen = HashSet::from([node]);
            let mut up = self.place(node).and_then(Place::container);
            while let Some(holder) = up {
                if !seen.insert(holder) {
                    return Err(format!("{} stands in itself", history.op_id(self.lv(node))));
                }
                up = self.place(holder).and_then(Place::container);
            }
        }
        Ok(())
    }
}

/// Tells whether two equal values have the same identities in them.
fn are_same_things(a: &Val, b: &Val) -> bool {
    let mut open = vec![(a, b)];
    while let Some((a, b)) = open.pop() {
        if a.identity() != b.identity() {
            return false;
        }
        match (a.view(), b.view()) {
            (View::Arr(a), View::Arr(b)) => open.extend(a.iter().zip(b.iter())),
            (View::Obj(a), View::Obj(b)) => open.extend(a.values().zip(b.values())),
            _ => {}
        }
    }
    true
}

impl IdOrder for Authors {
    fn compare(&self, a: Lv, b: Lv) -> std::cmp::Ordering {
        Authors::compare(self, a, b)
    }
}
