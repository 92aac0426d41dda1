//! The way from what is to what was before a step, which goes back where it came from when somebody interrupts.

use crate::session::state::names::{Before, Names};
use crate::session::state::watch_log::WatchLog;

/// The things that a step touched, on their way.
pub(in crate::session) struct Turn {
    /// What is still to be restored, the next one last.
    left: Vec<Before>,
    /// The ref that is being restored.
    current: Option<Before>,
    /// What was restored: as it came, if that is a ref that went back or forth, and what it was until then.
    done: Vec<(Option<Before>, Before)>,
}

impl Turn {
    pub(in crate::session) fn new(before: Vec<Before>) -> Self {
        Self { left: before, current: None, done: Vec::new() }
    }

    /// Goes all the way. What was touched last goes back first; on the way forth that comes last again.
    pub(in crate::session) fn go(&mut self, names: &mut Names, seen: &WatchLog) {
        while let Some(before) = self.left.pop() {
            self.current = before.copy_of_ref();
            let after = names.restore(before, seen);
            self.done.push((self.current.take(), after));
        }
    }

    /// Keeps what was done; what leads back from there.
    pub(in crate::session) fn end(self, names: &mut Names) -> Vec<Before> {
        names.end_cancellation();
        let ended = |(_, mut after): (_, Before)| {
            after.end_cancellation();
            after
        };
        self.done.into_iter().map(ended).collect()
    }

    /// Goes back to where it began, after an interruption; what there was to be restored.
    pub(in crate::session) fn back(mut self, names: &mut Names, seen: &WatchLog) -> Vec<Before> {
        let current = self.current.take().map(|before| (Some(before), None));
        let done = self.done.into_iter().rev().map(|(before, after)| (before, Some(after)));
        for (before, after) in current.into_iter().chain(done) {
            let restored = match before {
                Some(before) => {
                    names.roll_back_ref(before.name());
                    Some(before)
                }
                None => after.map(|after| names.restore(after, seen)),
            };
            self.left.extend(restored);
        }
        self.left
    }
}
