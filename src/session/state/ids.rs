//! The ids that a session gives: those of documents and actors.

use std::collections::{HashMap, HashSet};

use crate::crdt::{Actor, DocumentId};
use crate::session::Options;

/// A source of ids, none of them twice.
#[derive(Default)]
pub(in crate::session) struct Ids {
    options: Options,
    /// How many numbers were derived from the seed.
    derived: u64,
    /// Every actor ever used: none is used again, even when its ref was dropped.
    actors: HashSet<Actor>,
    /// For names that several actors were made of, a number up to which all are used.
    used: HashMap<String, u64>,
    /// The documents that files made: their refs have the actors that the files expect.
    read: HashSet<DocumentId>,
    /// What the command was given.
    given: Given,
}

/// The ids that some commands were given.
#[derive(Debug, Clone, Default)]
pub(in crate::session) struct Given {
    /// How many numbers had been derived before.
    derived: u64,
    actors: Vec<Numbered>,
}

/// An actor that was made of a name: the name itself, or the name and a number from 2 on.
#[derive(Debug, Clone)]
struct Numbered {
    actor: Actor,
    base: String,
    number: u64,
}

/// A document that is there already, and what tells whether it knows an actor.
type Known<'a> = (&'a DocumentId, &'a dyn Fn(&Actor) -> bool);

impl Ids {
    pub(in crate::session) fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    pub(in crate::session) fn options(&self) -> &Options {
        &self.options
    }

    /// Returns an id for a document, which a file makes or not.
    pub(in crate::session) fn document(&mut self, reading: bool) -> DocumentId {
        let id = format!("{:016x}", self.derive());
        let id = DocumentId::new(&id).expect("hexadecimal digits are a document id");
        if reading {
            self.read.insert(id.clone());
        }
        id
    }

    /// Returns an actor for a ref: its name, made unique in the session and in the document of which it is
    /// a branch: that knows some.
    pub(in crate::session) fn actor(
        &mut self,
        name: &str,
        source: Option<Known<'_>>,
        reading: bool,
    ) -> Actor {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let own = source.is_none_or(|(document, _)| self.read.contains(document));
        let mut base = name.to_owned();
        if self.options.unique_actors && !(reading && own) {
            base.push('-');
            let mut bits = self.derive();
            for _ in 0..12 {
                base.push(char::from(LETTERS[(bits % 32) as usize]));
                bits /= 32;
            }
        }
        let numbered = |number: u64| {
            let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            Actor::new(&name).expect("names are shorter than actors")
        };
        let mut number = self.used.get(&base).copied().unwrap_or(0) + 1;
        while self.actors.contains(&numbered(number)) {
            self.used.insert(base.clone(), number);
            number += 1;
        }
        let is_used =
            |actor: &Actor| self.actors.contains(actor) || source.is_some_and(|(_, knows)| knows(actor));
        while is_used(&numbered(number)) {
            number += 1;
        }
        let actor = numbered(number);
        self.actors.insert(actor.clone());
        self.given.actors.push(Numbered { actor: actor.clone(), base, number });
        actor
    }

    /// Returns the next of the numbers that derive from the seed (splitmix64).
    fn derive(&mut self) -> u64 {
        self.derived += 1;
        let mut x = self.options.seed.wrapping_add(self.derived.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    // --- what commands were given ---

    /// Returns what was given since the last time this was asked.
    pub(in crate::session) fn take_given(&mut self) -> Given {
        let next = Given { derived: self.derived, actors: Vec::new() };
        std::mem::replace(&mut self.given, next)
    }

    /// Takes back what was given since then: whoever asked for it failed.
    pub(in crate::session) fn take_back(&mut self) {
        let mut given = std::mem::take(&mut self.given);
        self.turn(&mut given);
    }

    /// Takes back what some commands were given, or gives it again.
    pub(in crate::session) fn turn(&mut self, given: &mut Given) {
        // An id that is unique in the world may be in a file by now.
        if !self.options.unique_actors {
            std::mem::swap(&mut self.derived, &mut given.derived);
        }
        for Numbered { actor, base, number } in &given.actors {
            if !self.actors.remove(actor) {
                self.actors.insert(actor.clone());
            } else if let Some(used) = self.used.get_mut(base) {
                *used = (*used).min(number - 1);
            }
        }
        self.given.derived = self.derived;
    }
}

impl Given {
    /// Adds what later commands were given.
    pub(in crate::session) fn extend(&mut self, later: Self) {
        self.actors.extend(later.actors);
    }
}
