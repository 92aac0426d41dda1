//! `merge` and `squash`: what a ref takes from another one; `drop-waiting`.

use crate::crdt::MergeError;
use crate::session::answer::reply::visible_changes;
use crate::session::answer::words;
use crate::session::commands::edits::edit;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{FROM, OTHER_REF, REF};
use crate::session::language::command::{Command, Run};
use crate::session::{Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const MERGE: Command = Command {
    name: "merge",
    aliases: &[],
    arguments: &[REF.called("the ref to merge into"), FROM],
    summary: "take what another ref or a patch has",
    details: "FROM is a ref, a patch, or a VALUE that is a patch (in brackets if it has spaces). To \
              merge the same twice changes nothing, and the order of merges does not matter. The report \
              says what came, what changed, which conflicts there are now, and which edits went with a \
              deleted container. A change that comes before what it depends on waits: `waiting` says for what.",
    example: &[
        r#"ref origin {"items": [0, 1]}"#,
        "branch origin as branched",
        "swap branched .items += [2]",
        "merge origin branched",
        r#"#=> {"items": [0, 1, 2]}"#,
        "#=> 1 change new",
        "#=> + .items[2] 2",
    ],
    run: Run::Inside(merge),
};

pub(in crate::session) const SQUASH: Command = Command {
    name: "squash",
    aliases: &[],
    arguments: &[REF.called("the ref to change"), OTHER_REF],
    summary: "take the value of another document",
    details: "One change of REF's own actor gives REF the value of FROM, however many changes FROM has. \
              A replica of the same document with something new is refused: REF would get it under other \
              ids, and a later merge would bring it again. `merge` takes it once.",
    example: &[
        r#"ref origin {"items": [0, 1]}"#,
        r#"ref draft {"items": [0]}"#,
        "swap draft .items += [1]",
        "swap draft .items += [2]",
        "squash origin draft",
        r#"#=> {"items": [0, 1, 2]}"#,
        "#=> + .items[2] 2",
    ],
    run: Run::Inside(squash),
};

pub(in crate::session) const DROP_WAITING: Command = Command {
    name: "drop-waiting",
    aliases: &[],
    arguments: &[REF],
    summary: "forget the changes that wait for others",
    details: "The clock does not cover them: they come again when somebody is asked for what REF lacks. For changes \
              that wait for what nobody has.",
    example: &[
        "ref a 1",
        "branch a as b",
        "swap b 2",
        "clock b as seen",
        "swap b 3",
        "patch-from-clock b seen as late",
        "merge a late",
        "drop-waiting a",
        "#=> 1",
        "#=> 1 change dropped",
        "merge a late",
        "#=> 1 change waiting for others",
    ],
    run: Run::Inside(drop_waiting),
};

fn merge(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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
    let report = merged.map_err(|error| not_merged(name.text, error, &from))?;
    let merged = session.reference(&name)?;
    let part = Part::Merged { changes: visible_changes(merged), report: Box::new(report) };
    Ok(Reply::value(merged.value().clone()).with(part))
}

/// Makes the error of a merge that a ref refuses; the word says what it was to take.
pub(in crate::session) fn not_merged(name: &str, error: MergeError, from: &Word<'_>) -> CommandError {
    let hint = match error {
        MergeError::OtherDocument { .. } => {
            Some("replicas of one document are made with `branch`".to_owned())
        }
        MergeError::TooLarge { .. } => {
            Some(format!("`waiting {name}` shows what waits already, `drop-waiting {name}` forgets it"))
        }
        _ => None,
    };
    let kind = ErrorKind::Merge { name: name.to_owned(), error };
    CommandError::new(kind, from.span.clone()).with_hint(hint)
}

fn squash(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, other] = args.required();
    let (into, from) = (session.reference(&name)?, session.reference(&other)?);
    if into.document() != from.document() {
        let value = from.value().clone();
        return edit(session, &name, value, &other);
    }
    match from.patch_from_clock(into.clock()).len() {
        // Equal clocks tell of equal changes, unless two replicas wrote under one actor: then no merge helps.
        0 if is_fork(session, &name, &other)? => {
            let value = session.reference(&other)?.value().clone();
            edit(session, &name, value, &other)
        }
        0 => Ok(Reply::value(session.reference(&name)?.value().clone()).with(nothing_new())),
        changes => {
            let (name, from) = (name.text.to_owned(), other.text.to_owned());
            let hint = format!("`merge {name} {from}` takes each of them once, however often it comes");
            let kind = ErrorKind::Squash { name, from, changes };
            Err(CommandError::new(kind, other.span).with_hint(hint))
        }
    }
}

/// Tells whether a ref contradicts another one that has nothing new for it.
fn is_fork(session: &mut Session, name: &Word<'_>, other: &Word<'_>) -> Result<bool> {
    let Some((into, from)) = session.names.two_refs(name.text, other.text) else { return Ok(false) };
    match into.merge(from) {
        Ok(_) => Ok(false),
        Err(MergeError::Equivocation { .. } | MergeError::OtherBase { .. }) => Ok(true),
        Err(error) => Err(not_merged(name.text, error, other)),
    }
}

fn drop_waiting(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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
