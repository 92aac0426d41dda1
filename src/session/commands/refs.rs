//! `ref`, `branch`, `rename`, `drop`: what makes names and takes them away.

use crate::crdt::{Actor, BranchError, ConvergentRef, DocumentId};
use crate::session::answer::words;
use crate::session::commands::edits::{is_json, not_swapped};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::data;
use crate::session::language::args::Args;
use crate::session::language::arguments::Wants;
use crate::session::state::names::Entry;
use crate::session::{Outside, Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) fn make_ref(
    session: &mut Session,
    mut args: Args<'_>,
    outside: &mut dyn Outside,
) -> Result<Reply> {
    let [name] = args.required();
    session.free(&name, None)?;
    let file = args.optional(Wants::File);
    let value = match (&file, args.next()) {
        (Some(file), _) => Some((data::read(outside, file)?, file.clone())),
        (None, Some(word)) => {
            let value = session.value_of_last(&word)?;
            is_json(&value, &word)?;
            Some((value, word))
        }
        (None, None) => None,
    };
    let (document, actor) = session.new_document(name.text);
    let made = match value {
        None => ConvergentRef::new(document, actor),
        Some((value, word)) => ConvergentRef::with_value(document, actor, value)
            .map_err(|error| not_swapped(&name, error, &word))?,
    };
    let reply = Reply::value(made.value().clone());
    // What a file holds may be long, and is known.
    let reply = match file.map(|_| words::in_short(made.value())) {
        Some(value) => reply.in_words().with(Part::Line(value)),
        None => reply,
    };
    let reply = reply.with(Part::Line(format!("actor {}", made.actor())));
    session.names.set(name.text, Entry::Ref(made));
    Ok(reply)
}

impl Session {
    /// Makes the ids of a new document and its first actor.
    fn new_document(&mut self, name: &str) -> (DocumentId, Actor) {
        let reading = self.is_reading();
        (self.ids.document(reading), self.ids.actor(name, None, reading))
    }

    /// Makes the id of the actor of a replica of a document that was made elsewhere.
    pub(in crate::session) fn new_replica(&mut self, name: &str, of: &ConvergentRef) -> Actor {
        let knows = |actor: &Actor| of.knows(actor);
        let reading = self.is_reading();
        self.ids.actor(name, Some((of.document(), &knows)), reading)
    }
}

pub(in crate::session) fn branch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [from, name] = args.required();
    let reading = session.is_reading();
    let made = if let Some(Entry::Ref(source)) = session.names.get(from.text) {
        session.free(&name, None)?;
        let knows = |actor: &Actor| source.knows(actor);
        source.branch(session.ids.actor(name.text, Some((source.document(), &knows)), reading))
    } else {
        let patch = session.patch(&from)?;
        session.free(&name, None)?;
        let knows = |actor: &Actor| patch.knows(actor);
        let actor = session.ids.actor(name.text, Some((patch.document(), &knows)), reading);
        ConvergentRef::from_patch(&patch, actor)
    };
    let made = made.map_err(|error| {
        let is_partial = matches!(error, BranchError::Lacks(_) | BranchError::Nothing);
        let hint = is_partial.then(|| "`patch-from-clock REF` without a clock holds everything".to_owned());
        CommandError::new(error, from.span.clone()).with_hint(hint)
    })?;
    let reply = Reply::value(made.value().clone()).with(Part::Line(format!("actor {}", made.actor())));
    session.names.set(name.text, Entry::Ref(made));
    Ok(reply)
}

pub(in crate::session) fn rename(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [from, to] = args.required();
    let kind = session.entry(&from)?.kind();
    session.free(&to, None).or_else(|error| match &*error.kind {
        // The variable becomes free with the name.
        ErrorKind::VariableTaken { taken, .. } if taken == from.text => Ok(()),
        // What has the name is not to be lost.
        ErrorKind::NameTaken { name, .. } if name == from.text => {
            Err(error.with_hint("it has this name already".to_owned()))
        }
        ErrorKind::NameTaken { name: taken, .. } | ErrorKind::VariableTaken { taken, .. } => {
            let hint = format!("choose another name, or first `rename {taken} as OTHER`");
            Err(error.with_hint(hint))
        }
        _ => Err(error),
    })?;
    session.names.rename(from.text, to.text, &session.seen);
    Ok(Reply::line(format!("the {kind} {} is called {} now", from.text, to.text)))
}

pub(in crate::session) fn drop_name(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let kind = session.entry(&name)?.kind();
    session.names.remove(name.text);
    Ok(Reply::line(format!("dropped the {kind} {}", name.text)))
}
