//! `merge` and `squash`: what a ref takes from another one; `drop-waiting`.

use crate::crdt::MergeError;
use crate::session::answer::reply::visible_changes;
use crate::session::answer::words;
use crate::session::commands::edits::edit;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::{Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) fn merge(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, from] = args.required();
    session.reference(&name)?;
    if name.text == from.text {
        return Ok(Reply::value(session.reference(&name)?.value().clone()).with(nothing_new()));
    }
    let merged = match session.names.two_refs(name.text, from.text) {
        Some((into, other)) => into.merge(other),
        None => {
            let patch = session.patch(&from)?;
            session.reference_mut(&name)?.merge_patch(&patch)
        }
    };
    let report = merged.map_err(|error| {
        let hint = match error {
            MergeError::OtherDocument { .. } => {
                Some("replicas of one document are made with `branch`".to_owned())
            }
            MergeError::TooLarge { .. } => Some(format!(
                "`waiting {0}` shows what waits already, `drop-waiting {0}` forgets it",
                name.text
            )),
            _ => None,
        };
        let kind = ErrorKind::Merge { name: name.text.to_owned(), error };
        CommandError::new(kind, from.span.clone()).with_hint(hint)
    })?;
    let merged = session.reference(&name)?;
    let part = Part::Merged { changes: visible_changes(merged), report: Box::new(report) };
    Ok(Reply::value(merged.value().clone()).with(part))
}

pub(in crate::session) fn squash(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, other] = args.required();
    let (into, from) = (session.reference(&name)?, session.reference(&other)?);
    if into.document() != from.document() {
        let value = from.value().clone();
        return edit(session, &name, value, &other);
    }
    match from.patch_from_clock(into.clock()).len() {
        0 => Ok(Reply::value(into.value().clone()).with(nothing_new())),
        changes => {
            let (name, from) = (name.text.to_owned(), other.text.to_owned());
            let hint = format!("`merge {name} {from}` takes each of them once, however often it comes");
            let kind = ErrorKind::Squash { name, from, changes };
            Err(CommandError::new(kind, other.span).with_hint(hint))
        }
    }
}

pub(in crate::session) fn drop_waiting(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    let dropped = session.reference_mut(&name)?.drop_waiting();
    let line = match dropped {
        0 => "nothing waits".to_owned(),
        _ => format!("{} dropped", words::count(dropped, "change")),
    };
    Ok(Reply::value(dropped.into()).with(Part::Line(line)))
}

pub(in crate::session) fn nothing_new() -> Part {
    Part::Line("nothing new".to_owned())
}
