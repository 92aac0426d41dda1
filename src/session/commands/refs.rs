//! `ref`, `branch`, `rename`, `drop`: what makes names and takes them away.

use crate::crdt::{Actor, ConvergentRef, DocumentId};
use crate::session::commands::edits::{is_json, not_swapped};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::state::names::Entry;
use crate::session::{Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) fn make_ref(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.free(&name, None)?;
    let made = match args.next() {
        None => {
            let (document, actor) = session.new_document(name.text);
            ConvergentRef::new(document, actor)
        }
        Some(word) => {
            let value = session.value_of_last(&word)?;
            is_json(&value, &word)?;
            let (document, actor) = session.new_document(name.text);
            ConvergentRef::with_value(document, actor, value)
                .map_err(|error| not_swapped(&name, error, &word))?
        }
    };
    let reply = Reply::value(made.value().clone()).with(Part::Line(format!("actor {}", made.actor())));
    session.names.set(name.text, Entry::Ref(made));
    Ok(reply)
}

impl Session {
    /// Makes the ids of a new document and its first actor.
    fn new_document(&mut self, name: &str) -> (DocumentId, Actor) {
        let reading = self.is_reading();
        (self.ids.document(reading), self.ids.actor(name, None, reading))
    }
}

pub(in crate::session) fn branch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [from, name] = args.required();
    session.reference(&from)?;
    session.free(&name, None)?;
    let reading = session.is_reading();
    let Some(Entry::Ref(source)) = session.names.get(from.text) else {
        unreachable!("it was a ref a moment ago")
    };
    let made = source.branch(session.ids.actor(name.text, Some(source), reading));
    let made = made.map_err(|error| CommandError::new(error, name.span.clone()))?;
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
