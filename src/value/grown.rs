//! Strings that are put together piece by piece.

use std::sync::OnceLock;

use arcstr::ArcStr;

use super::Identity;

/// A long string with room for more: a loop that adds to it costs the length of the whole once, not in every
/// round.
pub(super) struct Grown {
    pub(super) identity: Option<Identity>,
    text: String,
    /// The text as others share it, once somebody asked for that.
    shared: OnceLock<ArcStr>,
}

impl Grown {
    /// Strings from this length on are worth the room.
    pub(super) const LONG: usize = 256;

    /// Puts two texts together.
    pub(super) fn new(identity: Option<Identity>, text: &str, more: &str) -> Self {
        let mut whole = String::with_capacity(2 * (text.len() + more.len()));
        whole.push_str(text);
        whole.push_str(more);
        Self { identity, text: whole, shared: OnceLock::new() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text as others can share it. O(length) the first time.
    pub(super) fn shared_str(&self) -> &ArcStr {
        self.shared.get_or_init(|| self.text.as_str().into())
    }

    /// Adds at the end. O(length of what is added), amortized.
    pub(super) fn push(&mut self, more: &str) {
        self.shared.take();
        self.text.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::super::{Origin, Val, string};
    use super::*;

    #[test]
    fn a_string_that_grows_is_seldom_copied() {
        let (mut value, mut places) = (string("x"), BTreeSet::new());
        for _ in 0..10_000 {
            value = value.with_more("y");
            places.insert(value.as_str().map(str::as_ptr));
        }
        assert_eq!(value.as_str().map(str::len), Some(10_001));
        assert!(places.len() < Grown::LONG + 10, "{}", places.len());
    }

    #[test]
    fn a_string_that_grew_is_as_any_other() {
        let grown = |more: &str| string("x".repeat(1_000)).with_more(more);
        let (value, plain) = (grown("y"), Val::from("x".repeat(1_000) + "y"));
        assert!(value == plain && value.is_shared(&plain) && plain.is_shared(&value));
        assert_eq!(value.to_string(), plain.to_string());
        assert_eq!(value.shared_str().map(ArcStr::as_str), plain.as_str());
        assert!(value.is_one_in_memory(&value.clone()) && !value.is_one_in_memory(&plain));
        // What others hold does not change.
        let more = value.clone().with_more("z");
        assert_eq!((value.as_str(), more.as_str()), (plain.as_str(), grown("yz").as_str()));
        let shared = more.shared_str().cloned();
        assert_eq!(
            more.with_more("!").shared_str().map(|text| text.len()),
            shared.map(|text| text.len() + 1)
        );
    }

    #[test]
    fn a_text_that_grows_keeps_its_identity() {
        let origin = Arc::new(Origin { document: "document".into(), actor: "actor".into() });
        let identity = || Some(Identity::new(Arc::clone(&origin), 7));
        let text = string("x".repeat(1_000)).with_identity(identity());
        let grown = text.with_more("y").with_more("z");
        assert_eq!(grown.identity(), identity().as_ref());
        assert_eq!(grown.clone().with_identity(None).identity(), None);
        assert_eq!(grown.with_identity(identity()).identity(), identity().as_ref());
    }
}
