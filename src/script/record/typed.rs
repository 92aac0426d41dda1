//! A line that was typed.

use crate::crdt::ConvergentRef;
use crate::script::lookalike::behind;
use crate::session::Effect;

/// A line that was typed, and how it went.
#[derive(Clone)]
pub(super) struct Typed {
    pub(super) text: String,
    pub(super) ok: bool,
    pub(super) effect: Effect,
    /// Whether its answer became the last value.
    pub(super) sets_last: bool,
    /// Whether it may use the last value.
    pub(super) uses_last: bool,
    /// The refs that came with it.
    pub(super) made: Vec<Made>,
    /// The ids in the patches that it answered.
    pub(super) ids: Vec<String>,
    /// What it answered, while it is recorded; `None` where a script answers otherwise.
    pub(super) answers: Option<Vec<String>>,
}

impl Typed {
    pub(super) fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }
}

/// Returns what was typed, with a second `#` where a comment in it begins like an expectation: in a file that is a
/// mistake.
pub(super) fn unlike(typed: &str) -> String {
    let mut text = typed.trim_end().to_owned();
    while let Some((at, _)) = behind(&text) {
        text.insert(at, '#');
    }
    text
}

/// A ref that was made, and the ids that are its own.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) actor: String,
    pub(super) document: String,
}

impl Made {
    pub(super) fn new(name: &str, reference: &ConvergentRef) -> Self {
        let (actor, document) = (reference.actor().to_string(), reference.document().to_string());
        Self { name: name.to_owned(), actor, document }
    }
}
