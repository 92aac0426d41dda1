//! Clocks: version vectors.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Actor, OpId};
use crate::value::Val;

/// A version vector: for each actor the highest counter seen. An actor that is not in it stands at 0.
///
/// A clock covers an op when the op's counter is not above the actor's entry. Prints as JSON:
/// `{"branched":6,"origin":5}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clock(
    /// Invariant: ordered by actor, each once; no counter is 0, but while changes are added or taken back.
    Vec<(Actor, u64)>,
);

impl Clock {
    /// Makes the clock that covers nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the highest counter seen of an actor, 0 when none was. O(log actors).
    pub fn get(&self, actor: &Actor) -> u64 {
        self.find(actor).map_or(0, |at| self.0[at].1)
    }

    /// Tells whether the op was seen. O(log actors).
    pub fn covers(&self, id: &OpId) -> bool {
        id.counter <= self.get(&id.actor)
    }

    /// Tells whether everything that `other` covers is covered.
    pub fn covers_all(&self, other: &Self) -> bool {
        other.iter().all(|(actor, counter)| counter <= self.get(actor))
    }

    /// Moves an actor's entry up to `counter`; never down.
    pub fn advance(&mut self, actor: &Actor, counter: u64) {
        match self.find(actor) {
            Ok(at) => self.0[at].1 = counter.max(self.0[at].1),
            Err(at) if counter > 0 => self.0.insert(at, (actor.clone(), counter)),
            Err(_) => {}
        }
    }

    /// Moves an actor's entry down to `counter`; never up. It stays when it is empty then, until those are
    /// [dropped](Self::drop_empty).
    pub(crate) fn retreat(&mut self, actor: &Actor, counter: u64) {
        if let Ok(at) = self.find(actor) {
            self.0[at].1 = counter.min(self.0[at].1);
        }
    }

    /// Makes entries for actors, empty until they advance: many are faster to add together. O(n log n).
    pub(crate) fn make_room<'a>(&mut self, actors: impl Iterator<Item = &'a Actor>) {
        self.0.extend(actors.map(|actor| (actor.clone(), 0)));
        self.0.sort_by(|(a, x), (b, y)| a.cmp(b).then(y.cmp(x)));
        self.0.dedup_by(|(later, _), (first, _)| later == first);
    }

    /// Drops empty entries. O(n).
    pub(crate) fn drop_empty(&mut self) {
        self.0.retain(|(_, counter)| *counter > 0);
    }

    fn find(&self, actor: &Actor) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(actor))
    }

    /// Advances as `advance` does; `hint` is where the actor stood the last time.
    pub(crate) fn advance_at(&mut self, actor: &Actor, counter: u64, hint: &mut u32) {
        match self.0.get_mut(*hint as usize) {
            Some((other, seen)) if other.is_shared(actor) => *seen = counter.max(*seen),
            _ => {
                self.advance(actor, counter);
                *hint = self.find(actor).unwrap_or(0) as u32;
            }
        }
    }

    /// Moves every entry up to that of `other`: afterwards both are covered.
    pub fn join(&mut self, other: &Self) {
        other.iter().for_each(|(actor, counter)| self.advance(actor, counter));
    }

    /// Returns the highest counter of all, 0 for the empty clock.
    pub fn highest(&self) -> u64 {
        self.0.iter().map(|(_, counter)| *counter).max().unwrap_or(0)
    }

    /// Returns the entries, ordered by actor.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Actor, u64)> {
        self.0.iter().map(|(actor, counter)| (actor, *counter))
    }

    /// Returns the entries of the actors after one, ordered by actor.
    pub(crate) fn iter_after(&self, actor: Option<&Actor>) -> impl Iterator<Item = (&Actor, u64)> {
        let from = actor.map_or(0, |actor| self.find(actor).map_or_else(|at| at, |at| at + 1));
        self.0[from..].iter().map(|(actor, counter)| (actor, *counter))
    }

    /// Tells whether it covers nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Actor, u64)> for Clock {
    fn from_iter<I: IntoIterator<Item = (Actor, u64)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().filter(|(_, counter)| *counter > 0).collect();
        // Of several entries of one actor the highest counts.
        entries.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then(y.cmp(x)));
        entries.dedup_by(|(later, _), (first, _)| later == first);
        Self(entries)
    }
}

impl IntoIterator for Clock {
    type Item = (Actor, u64);
    type IntoIter = std::vec::IntoIter<(Actor, u64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::value::text(&self.to_json()))
    }
}
/// As its JSON: an object of actors and counters.
impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(actor, counter)| (actor.as_str(), counter)))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Val::deserialize(deserializer)?;
        Self::from_json(&value).map_err(D::Error::custom)
    }
}
