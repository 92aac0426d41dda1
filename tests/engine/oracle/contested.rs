//! Slots with more than one value.

use rejoin::value::same;

use super::{Node, Oracle, Shown};

/// A slot with more than one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Contested {
    /// The way to it.
    pub path: String,
    /// The write that is shown: its id, and what the slot reads as.
    pub winner: (String, String),
    /// The other ones that read differently, lowest id first.
    pub losers: Vec<(String, String)>,
}

impl Oracle {
    /// Every slot that is part of the value and has more than one value, in the order of the value.
    pub fn contested(&self) -> Vec<Contested> {
        self.slots().iter().filter_map(|shown| self.contest(shown)).collect()
    }

    fn contest(&self, shown: &Shown) -> Option<Contested> {
        let depth = shown.path.0.len();
        let value = self.value_of(&shown.node, depth);
        let (top, others) = shown.writes.split_last()?;
        let joins = |write| {
            let container = self.container(write);
            matches!((&shown.node, container), (Node::Map(maps), Some(map)) if maps.contains(&map))
        };
        let losers = others.iter().filter(|write| !joins(write));
        let losers: Vec<(String, String)> = losers
            .map(|write| (write, self.value_of(&self.node(std::slice::from_ref(write)), depth)))
            .filter(|(_, loser)| !same(loser, &value))
            .map(|(write, loser)| (write.to_string(), loser.to_string()))
            .collect();
        let winner = (top.to_string(), value.to_string());
        (!losers.is_empty()).then(|| Contested { path: shown.path.to_string(), winner, losers })
    }
}
