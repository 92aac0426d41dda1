//! The session of a script that does what was typed.

use std::collections::HashMap;
use std::rc::Rc;

use super::typed::{Made, Typed};
use crate::filter::{Cause, RunError};
use crate::script::files::Files;
use crate::script::parse::Step;
use crate::script::transcript::{answers, transcript};
use crate::script::world::World;
use crate::session::{
    CommandError, Entry, ErrorCode, ErrorKind, FileError, Interrupt, Limits, Reply, Session,
};
use crate::value::Val;

/// The fate of a command in a script, where it is not what was seen when it was typed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Fails,
    Succeeds,
    Differs,
    /// Somebody interrupted it there: what it answers is not known, nor what those behind it do.
    Stopped,
}

/// What bounds a twin: what ends its commands before their own end, and the files that it reads.
#[derive(Clone)]
pub(in crate::script) struct Bounds {
    pub(in crate::script) limits: Limits,
    /// What interrupts the session in which somebody types.
    pub(in crate::script) interrupt: Interrupt,
    pub(in crate::script) files: Rc<dyn Files>,
}

impl Bounds {
    /// The bounds of a session.
    pub(in crate::script) fn of(session: &Session, files: &Rc<dyn Files>) -> Self {
        let files = Rc::clone(files);
        Self { limits: session.filter_limits(), interrupt: session.interrupt(), files }
    }
}

/// The session of a script that does what was typed. Where a line has the id of an actor or document, it gets
/// the one that it has here.
pub(super) struct Twin {
    session: Session,
    world: World,
    /// The ids here, by those where it was typed.
    ids: HashMap<String, String>,
    /// Whether it was interrupted, and so is not where the other session is.
    is_stopped: bool,
}

impl Twin {
    pub(super) fn new(bounds: &Bounds) -> Self {
        let session = Session::interrupted_by(bounds.interrupt.clone());
        session.set_filter_limits(bounds.limits);
        let world = World::sealed(Rc::clone(&bounds.files));
        Self { session, world, ids: HashMap::new(), is_stopped: false }
    }

    /// Makes a new one that knows the ids that this one learned.
    pub(super) fn again(&self, bounds: &Bounds) -> Self {
        Self { ids: self.ids.clone(), ..Self::new(bounds) }
    }

    /// Tells whether somebody interrupted it. Then it runs nothing any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Runs a command. Answers its transcript, and what there is to say of it.
    pub(super) fn run(&mut self, typed: &Typed) -> (String, Option<Fate>) {
        let text = self.renamed(&typed.text);
        if self.is_stopped {
            return (unanswered(text, typed), None);
        }
        let answer = self.answer(&text);
        if self.is_stopped {
            return (unanswered(text, typed), Some(Fate::Stopped));
        }
        self.learn(typed, answer.as_ref().ok());
        let answers = answers(&answer);
        let same = || {
            let typed = typed.answers.as_ref();
            typed.is_none_or(|typed| {
                answers.iter().eq(typed.iter().map(|line| self.renamed(line)).collect::<Vec<_>>().iter())
            })
        };
        let fate = match (typed.ok, answer.is_ok()) {
            (true, false) => Some(Fate::Fails),
            (false, true) => Some(Fate::Succeeds),
            _ if same() => None,
            _ => Some(Fate::Differs),
        };
        (transcript(&Step::new(1, text), &answer), fate)
    }

    /// Runs a command. None reads or records session files here.
    pub(super) fn answer(&mut self, text: &str) -> Result<Reply, CommandError> {
        let answer = self.session.run_with(text, &mut self.world);
        // What comes to a limit does so wherever it runs.
        let by_limit = |error: &CommandError| {
            let ErrorKind::Run { error: RunError::Stopped(cause), .. } = &*error.kind else {
                return false;
            };
            matches!(cause, Cause::Time(_) | Cause::Memory(_))
        };
        let by_hand = |error: &CommandError| error.code() == ErrorCode::Interrupted && !by_limit(error);
        self.is_stopped |= answer.as_ref().is_err_and(by_hand);
        let request = answer.as_ref().ok().and_then(|reply| reply.request.clone());
        request.map_or(answer, |request| Err(request.refused(FileError::OutOfReach)))
    }

    /// Returns all that the session holds.
    pub(super) fn state(&self) -> Vec<(String, Vec<u8>)> {
        let held = |entry: &Entry| match entry {
            Entry::Ref(reference) => {
                let own = format!("{} {} ", reference.document(), reference.actor());
                [own.into_bytes(), reference.to_bytes()].concat()
            }
            other => format!("{} {}", other.kind(), other.value()).into_bytes(),
        };
        self.session.entries().map(|(name, entry)| (name.to_owned(), held(entry))).collect()
    }

    /// Learns which ids are the same.
    fn learn(&mut self, typed: &Typed, reply: Option<&Reply>) {
        for made in &typed.made {
            let here = self.session.entries().find(|(name, _)| *name == made.name);
            if let Some((_, Entry::Ref(reference))) = here {
                let here = Made::new(&made.name, reference);
                self.ids.insert(made.actor.clone(), here.actor);
                self.ids.insert(made.document.clone(), here.document);
            }
        }
        let here = reply.map(ids).unwrap_or_default();
        if here.len() == typed.ids.len() {
            self.ids.extend(typed.ids.iter().cloned().zip(here));
        }
    }

    /// Returns a text with the ids of here.
    pub(super) fn renamed(&self, text: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let (before, from) = rest.split_at(start);
            let length = from.find(|c| !is_part(c)).unwrap_or(from.len());
            let (word, behind) = from.split_at(length);
            renamed.push_str(before);
            renamed.push_str(self.ids.get(word).map_or(word, |id| id));
            rest = behind;
        }
        renamed + rest
    }
}

/// Writes a command of which only is known whether it fails.
fn unanswered(text: String, typed: &Typed) -> String {
    let step = Step::new(1, text);
    let fails = if typed.ok { String::new() } else { format!("\n{}#=> error: ...", step.margin()) };
    step.written() + &fails
}

/// Returns the ids in the patches of an answer that differ from one session to the other: the document, and the
/// digests of what a patch builds on.
pub(super) fn ids(reply: &Reply) -> Vec<String> {
    let mut ids = Vec::new();
    for value in &reply.values {
        match value.as_list() {
            Some(items) => items.iter().for_each(|item| of_patch(item, &mut ids)),
            None => of_patch(value, &mut ids),
        }
    }
    ids
}

fn of_patch(value: &Val, ids: &mut Vec<String>) {
    let Some(entries) = value.as_map() else { return };
    let (Some(document), Some(_)) = (entries.get("document"), entries.get("changes")) else { return };
    ids.extend(document.as_str().map(str::to_owned));
    if let Some(base) = value["base"].as_map() {
        ids.extend(base.values().filter_map(Val::as_str).map(str::to_owned));
    }
}
