//! Watchers, who are told of changes, and the validator, who may refuse them.

use super::ConvergentRef;
use crate::cancellation::forgo;
use crate::value::{PathChange, Val, same};

/// The name of a watcher of one ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(u64);

pub(super) type Watcher = Box<dyn FnMut(&Val, &Val, &[PathChange]) + Send>;
pub(super) type Validator = Box<dyn Fn(&Val) -> Result<(), String> + Send>;

impl ConvergentRef {
    /// Calls `watcher` with the old and the new value, and with what changed, after every edit and every merge
    /// that changes the value.
    pub fn watch(&mut self, watcher: impl FnMut(&Val, &Val, &[PathChange]) + Send + 'static) -> WatchId {
        let id = WatchId(self.next_watch);
        self.next_watch += 1;
        self.watchers.insert(id, Box::new(watcher));
        id
    }

    /// Ends a watch; `false` when it had ended.
    pub fn unwatch(&mut self, id: WatchId) -> bool {
        self.watchers.remove(&id).is_some()
    }

    /// Sets the validator: local edits are refused with its message. A merge cannot be refused (the
    /// others have the changes already), but its report says when the merged value is not valid.
    pub fn set_validator(&mut self, validator: impl Fn(&Val) -> Result<(), String> + Send + 'static) {
        self.validator = Some(Box::new(validator));
    }

    /// Removes the validator; `false` when there was none.
    pub fn clear_validator(&mut self) -> bool {
        self.validator.take().is_some()
    }

    /// Tells whether somebody wants to hear of changes.
    pub(in crate::crdt) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// Returns what the validator says to the value.
    pub(in crate::crdt) fn invalid(&self) -> Option<String> {
        self.validator.as_ref().and_then(|validator| validator(self.value()).err())
    }

    pub(in crate::crdt) fn notify(&mut self, old: &Val, new: &Val) {
        if !self.watchers.is_empty() && !same(old, new) {
            let changes = self.delta();
            // What was told cannot be taken back.
            forgo();
            self.watchers.values_mut().for_each(|watcher| watcher(old, new, &changes));
        }
    }
}
