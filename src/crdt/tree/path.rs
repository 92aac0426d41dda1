//! The paths of containers and slots.

use super::{Node, Place, Tree};
use crate::crdt::history::History;
use crate::value::{MAX_DEPTH, Path, Step};

impl Tree {
    /// Returns a container and those that hold it, innermost first; where one is nowhere, it goes on from where that
    /// one last stood.
    pub(in crate::crdt) fn way_up(&self, node: Node) -> impl Iterator<Item = Node> {
        // Two that are nowhere may have stood in each other, one after the other.
        let holders = std::iter::successors(Some(node), |&node| self.last_place(node).container());
        holders.take(MAX_DEPTH * 2)
    }

    /// Finds where a container stands, or last stood.
    pub(in crate::crdt) fn last_place(&self, node: Node) -> Place {
        self.body(node).place
    }

    /// Returns the way to a place from the root, whether it is shown or not; through what is nowhere, the way to
    /// where that last stood.
    pub(in crate::crdt) fn path(&self, history: &History, place: Place) -> Path {
        self.path_from(history, place, None)
    }

    /// Returns the way to where a container stands; when it is nowhere, to where it stood when it went.
    pub(in crate::crdt) fn path_of(&self, history: &History, node: Node) -> Path {
        self.path_from(history, self.last_place(node), Some(node))
    }

    /// Returns the way to a place, in which `inside` stands or stood.
    pub(super) fn path_from(&self, history: &History, place: Place, inside: Option<Node>) -> Path {
        let last = |node| Some(self.last_place(node));
        let made = |node| self.place(node).or_else(|| self.place_of(history, self.lv(node)));
        // Two that are nowhere may have stood in each other, one after the other.
        let path = self.path_by(history, place, inside, last);
        path.or_else(|| self.path_by(history, place, inside, made)).unwrap_or_default()
    }

    /// Returns the way to a place, where `up` tells where containers stand; `None` when it never comes to the root.
    pub(super) fn path_by(
        &self,
        history: &History,
        mut place: Place,
        mut inside: Option<Node>,
        up: impl Fn(Node) -> Option<Place>,
    ) -> Option<Path> {
        let mut steps = Vec::new();
        loop {
            let (node, step) = match place {
                Place::Root => break,
                Place::Key(map, slot) => {
                    let key = history.log.keys.get(self.map(map).slot(slot).key);
                    (map, Step::Key(key.as_str().to_owned()))
                }
                Place::Item(list, item) => {
                    let gone = inside.filter(|&node| self.placing(node).is_none());
                    let index = match gone {
                        Some(node) => self.removal_of(node).index as usize,
                        None => self.list(list).items.position(item),
                    };
                    (list, Step::Index(index))
                }
            };
            steps.push(step);
            if steps.len() > MAX_DEPTH * 2 {
                return None;
            }
            place = up(node)?;
            inside = Some(node);
        }
        steps.reverse();
        Some(Path(steps))
    }
}
