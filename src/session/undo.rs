//! `undo` and `redo`: the session as it was before the last command that changed something.
//!
//! While a command runs, [`Names`](super::names::Names) notes what each thing was before it was touched. Of a ref that is a few
//! words and no copy: what it was is found again from its history when somebody asks.

use std::collections::VecDeque;

use super::args::Args;
use super::commands::told;
use super::error::{CommandError, ErrorKind};
use super::names::{Before, Entry};
use super::{Effect, Part, Reply, Session, words};
use crate::crdt::Actor;

/// So many commands can be taken back.
pub(super) const KEPT: usize = 100;

/// The commands that can be taken back, and those that were.
#[derive(Default)]
pub(super) struct Steps {
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// How many commands were done, less those that were taken back.
    count: i64,
}

/// A command that changed something, and how to take it back (or, when it is taken back, how to do it again).
#[derive(Default)]
struct Step {
    /// The command, cut short.
    line: String,
    /// What was before: in the order in which it was touched.
    before: Vec<Before>,
    /// How many ids had been derived from the seed.
    derived: u64,
    /// The actors that came with it.
    actors: Vec<Actor>,
}

pub(super) fn undo(session: &mut Session, args: Args<'_>) -> Result<Reply, CommandError> {
    args.end()?;
    let Some(step) = session.steps.done.pop_back() else { return Err(nothing("undo")) };
    let (reply, step) = session.turn(step, Effect::Undid);
    session.steps.undone.push(step);
    session.steps.count -= 1;
    Ok(reply)
}

pub(super) fn redo(session: &mut Session, args: Args<'_>) -> Result<Reply, CommandError> {
    args.end()?;
    let Some(step) = session.steps.undone.pop() else { return Err(nothing("redo")) };
    let (reply, step) = session.turn(step, Effect::Redid);
    session.steps.done.push_back(step);
    session.steps.count += 1;
    Ok(reply)
}

fn nothing(what: &'static str) -> CommandError {
    CommandError::new(ErrorKind::NothingTo(what), 0..what.len())
}

impl Session {
    /// Keeps what the command changed; whether it changed something.
    pub(super) fn keep_step(&mut self, line: &str, derived: u64) -> bool {
        if !self.names.have_changed() {
            return false;
        }
        self.steps.undone.clear();
        // The oldest step gives its room to the newest.
        let full = self.steps.done.len() == KEPT;
        let mut step = if full { self.steps.done.pop_front() } else { None }.unwrap_or_default();
        step.before.clear();
        self.names.swap_journal(&mut step.before);
        step.line.clear();
        words::start(line.trim(), &mut step.line);
        step.actors.clear();
        step.actors.extend(self.new_actor.take());
        step.derived = derived;
        self.steps.done.push_back(step);
        self.steps.count += 1;
        true
    }

    /// How far the session is: for [`join_steps`](Self::join_steps).
    pub fn step_count(&self) -> i64 {
        self.steps.count
    }

    /// Makes one command, for `undo`, of all that changed something since a [count](Self::step_count), unless they
    /// are too many to be kept: those of a file that was read.
    pub fn join_steps(&mut self, since: i64, line: &str) {
        let steps = &mut self.steps;
        let kept =
            usize::try_from(steps.count - since).ok().and_then(|new| steps.done.len().checked_sub(new));
        let Some(kept) = kept.filter(|kept| kept + 1 < steps.done.len()) else { return };
        let mut joined = Step::default();
        words::start(line.trim(), &mut joined.line);
        joined.derived = steps.done[kept].derived;
        for step in steps.done.drain(kept..) {
            joined.before.extend(step.before);
            joined.actors.extend(step.actors);
        }
        joined.before = Before::join(joined.before);
        steps.done.push_back(joined);
        steps.count = since + 1;
    }

    /// Forgets what a command noted that failed: it changed nothing.
    pub(super) fn drop_step(&mut self) {
        self.names.forget_journal();
        self.new_actor = None;
    }

    /// Goes to what was before a step; gives the step back from there. Tells of the ref that the step changed last.
    fn turn(&mut self, step: Step, effect: Effect) -> (Reply, Step) {
        let Step { line, before, derived, actors } = step;
        let (word, changed) = match effect {
            Effect::Redid => ("redid", before.iter().find_map(Before::reference)),
            _ => ("undid", before.iter().rev().find_map(Before::reference)),
        };
        let changed = changed.map(str::to_owned);
        let changed = changed.filter(|name| matches!(self.names.get(name), Some(Entry::Ref(_))));
        // What was touched last goes back first; on the way forth that comes last again.
        let after = before.into_iter().rev().map(|before| self.names.restore(before, &self.seen)).collect();
        let derived = std::mem::replace(&mut self.derived, derived);
        for actor in &actors {
            if !self.actors.remove(actor) {
                self.actors.insert(actor.clone());
            }
        }
        let mut reply = Reply { effect, ..Reply::line(format!("{word} `{line}`")) };
        if let Some(Entry::Ref(reference)) = changed.and_then(|name| self.names.get(&name)) {
            reply.values.push(reference.value().clone());
            reply = reply.with(Part::Changed(told(reference)));
        }
        (reply, Step { line, before: after, derived, actors })
    }
}
