//! Ids of actors, documents and ops.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

/// The highest counter: JSON numbers are exact up to here.
pub const MAX_COUNTER: u64 = 1 << 53;

/// The reason why a text is not an actor, an op id or a document id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// An actor is 1 to 128 bytes without `@`, white space or control characters.
    #[error("`{0}` is not an actor: 1 to 128 bytes without `@`, blanks or control characters")]
    Actor(String),
    /// An op id is written `counter@actor`.
    #[error("`{0}` is not an op id: they are written counter@actor, such as 5@origin")]
    OpId(String),
    /// A counter is a number from 1 to 2^53.
    #[error("the counter of `{0}` is not a number from 1 to 2^53")]
    Counter(String),
    /// A span of ids ends after it begins.
    #[error("`{0}` is not a span of ids: they are written first..last@actor, such as 5..9@origin")]
    Span(String),
    /// A document id is 1 to 128 bytes without white space or control characters.
    #[error("`{0}` is not a document id: 1 to 128 bytes without blanks or control characters")]
    Document(String),
}

/// An actor: the owner of one replica, who writes there.
///
/// Two replicas must never write under one actor. Ordered by bytes; that order decides between op
/// ids with one counter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(Arc<str>);

impl Actor {
    /// Makes an actor of a name.
    ///
    /// # Errors
    /// [`IdError::Actor`] unless the name is 1 to 128 bytes without `@`, blanks or control characters.
    pub fn new(name: &str) -> Result<Self, IdError> {
        let fits = is_plain(name) && !name.contains('@');
        if fits { Ok(Self(name.into())) } else { Err(IdError::Actor(shortened(name))) }
    }

    /// Tells whether the two are one in memory.
    pub(crate) fn is_shared(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Actors are found by their names.
impl Borrow<str> for Actor {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of one op, and of what the op made: `counter@actor`.
///
/// Ordered by counter, then by actor; the order is the tie-break of the whole model. An op has a
/// higher id than every op that its actor had seen (Lamport, *Time, Clocks, and the Ordering of
/// Events in a Distributed System*).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    /// The Lamport timestamp: from 1.
    pub counter: u64,
    /// Who made the op.
    pub actor: Actor,
}

impl OpId {
    /// Makes the id `counter@actor`.
    pub fn new(counter: u64, actor: Actor) -> Self {
        Self { counter, actor }
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.counter, self.actor)
    }
}

impl FromStr for OpId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (counter, actor) = text.split_once('@').ok_or_else(|| IdError::OpId(shortened(text)))?;
        let digits = counter.bytes().all(|b| b.is_ascii_digit()) && !counter.starts_with('0');
        match counter.parse() {
            Ok(counter) if digits && counter <= MAX_COUNTER => Ok(Self::new(counter, Actor::new(actor)?)),
            _ => Err(IdError::Counter(shortened(text))),
        }
    }
}

/// The name of a document, which all its replicas share. The caller supplies it; it should be unique
/// in the world (random, say), for it is all that keeps two documents apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(Arc<str>);

impl DocumentId {
    /// Makes a document id.
    ///
    /// # Errors
    /// [`IdError::Document`] unless it is 1 to 128 bytes without blanks or control characters.
    pub fn new(id: &str) -> Result<Self, IdError> {
        if is_plain(id) { Ok(Self(id.into())) } else { Err(IdError::Document(shortened(id))) }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(text: &str) -> bool {
    (1..=128).contains(&text.len()) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Shortens a hostile name that is quoted in an error.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_by_counter_then_by_the_bytes_of_the_actor() {
        let ids = ["2@a", "2@b", "10@B", "10@a", "11@a"].map(|text| text.parse::<OpId>().unwrap());
        assert!(ids.is_sorted());
    }

    #[test]
    fn malformed_ids_are_refused() {
        for text in
            ["", "@", "1", "@a", "1@", "0@a", "01@a", "-1@a", "+1@a", "1@a@b", "1@a b", "9007199254740993@a"]
        {
            assert!(text.parse::<OpId>().is_err(), "{text}");
        }
        assert_eq!("9007199254740992@a".parse::<OpId>().unwrap().to_string(), "9007199254740992@a");
        assert!(Actor::new(&"a".repeat(129)).is_err());
        assert!(DocumentId::new("two words").is_err());
    }
}
