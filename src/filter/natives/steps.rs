//! The steps of paths that are updated.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jaq_core::compile::TermId;
use jaq_core::load::parse::BinaryOp;
use jaq_core::ops::Math;
use jaq_core::path::Opt;

use crate::value::{Map, Val};

/// Returns the name of the filter that is an update, if `op` is one: the steps of the path as those of
/// [`KEYS`](super::names::KEYS), and the filter right of the operator. No text can spell it.
pub(in crate::filter) fn update_name(op: &BinaryOp<&str>) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Update => "!|=",
        BinaryOp::Assign => "!=",
        BinaryOp::UpdateAlt => "!//=",
        BinaryOp::UpdateMath(Math::Add) => "!+=",
        BinaryOp::UpdateMath(Math::Sub) => "!-=",
        BinaryOp::UpdateMath(Math::Div) => "!/=",
        BinaryOp::UpdateMath(Math::Rem) => "!%=",
        _ => return None,
    })
}

/// The steps of the paths of a program, by the terms that yield them: those without variables are read once.
#[derive(Default)]
pub(in crate::filter) struct Routes(RwLock<BTreeMap<TermId, Arc<[Step]>>>);

impl Routes {
    pub(in crate::filter) fn get(&self, keys: TermId) -> Option<Arc<[Step]>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&keys).cloned()
    }

    pub(in crate::filter) fn keep(&self, keys: TermId, steps: &Arc<[Step]>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(keys, Arc::clone(steps));
    }
}

/// A step of a path.
pub(in crate::filter) enum Step {
    /// To what is at a key or index.
    Key(Val, Opt),
    /// To what is between two bounds.
    Range(Map, Opt),
    /// To each item or entry.
    Each(Opt),
}

impl Step {
    /// Makes the step that `value` stands for. A key is itself, a range `{start, end}`; with `?` they are in an
    /// array. The key that a variable holds is `[key, 0]` or, with `?`, `[key, 0, 0]`. The step to each item is `[]`
    /// or, with `?`, `[{}]`.
    pub(in crate::filter) fn read(value: Val) -> Self {
        let (step, opt) = match value.as_list() {
            None => (Some(&value), Opt::Essential),
            Some(items) if items.len() == 2 => return Self::Key(items[0].clone(), Opt::Essential),
            Some(items) if items.len() == 3 => return Self::Key(items[0].clone(), Opt::Optional),
            Some(items) => (items.first(), Opt::Optional),
        };
        match step.map(|step| (step, step.as_map())) {
            None => Self::Each(Opt::Essential),
            Some((_, Some(bounds))) if bounds.is_empty() => Self::Each(opt),
            Some((_, Some(bounds))) => Self::Range(bounds.clone(), opt),
            Some((key, None)) => Self::Key(key.clone(), opt),
        }
    }

    /// Makes the step to a key of a computed path.
    pub(in crate::filter) fn of_key(key: Val) -> Self {
        match key.as_map() {
            Some(bounds) => Self::Range(bounds.clone(), Opt::Essential),
            None => Self::Key(key, Opt::Essential),
        }
    }

    /// Tells whether the step that `value` stands for is to the key that a variable holds.
    pub(in crate::filter) fn varies(value: &Val) -> bool {
        value.as_list().is_some_and(|items| items.len() > 1)
    }
}
