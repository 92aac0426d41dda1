//! `text`, `counter` and `plain`: the kind of a slot, besides what it reads as.

use crate::crdt::{ConvergentRef, EditError, Kind, OpId, Transaction};
use crate::session::answer::reply;
use crate::session::answer::words;
use crate::session::commands::edits::not_swapped;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{PATH, REF};
use crate::session::language::command::{Command, Run};
use crate::session::language::path::{Found, find};
use crate::session::{Part, Reply, Session};
use crate::value::{Difference, Path, Step, Val, View};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const TEXT: Command = Command {
    name: "text",
    aliases: &[],
    arguments: &[REF, PATH],
    summary: "let several edit a string",
    details: "From here on a swap records which characters it inserts and deletes, so what others type \
              at the same time stays. PATH is one place (`.body`, `.notes[0]`, `.[\"two words\"]`). A \
              string or null is there, or the key is missing. Make it a text once, before others write \
              there: two texts made at the same time are a conflict. A swap to anything but a string \
              makes it plain.",
    example: &[
        r#"ref ann {"body": "hello"}"#,
        "text ann .body",
        "#=> .body is a text now",
        "branch ann as ben",
        r#"swap ann .body = "hello world""#,
        r#"swap ben .body = "Oh, hello""#,
        "merge ann ben",
        r#"#=> {"body": "Oh, hello world"}"#,
    ],
    run: Run::Inside(text),
};

pub(in crate::session) const COUNTER: Command = Command {
    name: "counter",
    aliases: &[],
    arguments: &[REF, PATH],
    summary: "let several add to a number",
    details: "From here on a swap to another whole number records the difference, so what several add at \
              the same time adds up. PATH is one place. A whole number or null is there, or the key is \
              missing. Make it a counter once, before others write there: two counters made at the same \
              time are a conflict. A swap to anything but a whole number makes it plain.",
    example: &[
        r#"ref ann {"likes": 2}"#,
        "counter ann .likes",
        "#=> .likes is a counter now",
        "branch ann as ben",
        "swap ann .likes += 1",
        "swap ben .likes += 5",
        "merge ann ben",
        r#"#=> {"likes": 8}"#,
    ],
    run: Run::Inside(counter),
};

pub(in crate::session) const PLAIN: Command = Command {
    name: "plain",
    aliases: &[],
    arguments: &[REF, PATH],
    summary: "end a text or a counter",
    details: "The text or counter becomes a plain string or number with the value that it has now. That \
              is one write, as by `swap`; the write with the highest id wins. If others edit the text or \
              counter at the same time, those edits are lost, and the merge says so.",
    example: &[
        r#"ref ann {"likes": 2}"#,
        "counter ann .likes",
        "plain ann .likes",
        "#=> .likes is plain now: a number",
    ],
    run: Run::Inside(plain),
};

fn text(session: &mut Session, args: Args<'_>) -> Result<Reply> {
    write(session, args, |reference, found| {
        if reference.kind_at(&found.path) == Some(Kind::Text) {
            return Ok(None);
        }
        let start = match found.view() {
            View::Null => "",
            View::Str(text) => text,
            _ => return Err("a string"),
        };
        Ok(Some(New::Text(start.to_owned())))
    })
}

fn counter(session: &mut Session, args: Args<'_>) -> Result<Reply> {
    write(session, args, |reference, found| {
        if reference.kind_at(&found.path) == Some(Kind::Counter) {
            return Ok(None);
        }
        let start = match found.view() {
            View::Null => 0,
            View::Num(number) => number.as_i64().ok_or("a whole number of at most 64 bits")?,
            _ => return Err("a whole number"),
        };
        Ok(Some(New::Counter(start)))
    })
}

fn plain(session: &mut Session, args: Args<'_>) -> Result<Reply> {
    write(session, args, |reference, found| match reference.kind_at(&found.path) {
        Some(Kind::Text | Kind::Counter) => {
            Ok(found.value.clone().map(|value| New::Plain(value.with_identity(None))))
        }
        _ => Ok(None),
    })
}

/// The content that a place is to hold.
enum New {
    Text(String),
    Counter(i64),
    Plain(Val),
}

/// Writes anew what stands at the path of the line. `new` tells what it is to be: `None` when it is that
/// already, an error (what is wanted) when it cannot be.
fn write(
    session: &mut Session,
    mut args: Args<'_>,
    new: impl FnOnce(&ConvergentRef, &Found) -> Result<Option<New>, &'static str>,
) -> Result<Reply> {
    let [name, word] = args.required();
    session.reference(&name)?;
    let reference = session.reference_mut(&name)?;
    let old = reference.value().clone();
    let found = find(&word, &old)?;
    let new = new(reference, &found).map_err(|wanted| wrong_value(&found, wanted, &word))?;
    let path = &found.path;
    let Some(new) = new else {
        let line = match (reference.kind_at(path), &found.value) {
            (_, None) => return Err(CommandError::new(ErrorKind::Nothing(path.clone()), word.span)),
            (Some(kind @ (Kind::Text | Kind::Counter)), _) => format!("{path} is a {} already", kind.name()),
            (_, Some(value)) => format!("{path} is plain already: {}", words::kind(value)),
        };
        return Ok(Reply::value(old).with(Part::Line(line)));
    };
    let line = match &new {
        New::Text(_) => format!("{path} is a text now"),
        New::Counter(_) => format!("{path} is a counter now"),
        New::Plain(value) => format!("{path} is plain now: {}", words::kind(value)),
    };
    let swapped = |error| not_swapped(&name, error, &word);
    let mut tx = reference.transaction().map_err(swapped)?;
    put(&mut tx, path, new).map_err(|error| {
        let kind = ErrorKind::Edit { name: name.text.to_owned(), error };
        CommandError::new(kind, word.span.clone())
    })?;
    tx.commit().map_err(swapped)?;
    let mut changes = reference.delta();
    // What it is now is said already.
    changes.retain(|change| !reply::reads_alike(change));
    for change in &mut changes {
        if let Difference::Changed(_, new) = &mut change.difference {
            *new = std::mem::take(new).with_identity(None);
        }
    }
    Ok(Reply::value(reference.value().clone()).with(Part::Line(line)).with(Part::Changed(changes)))
}

fn wrong_value(found: &Found, wanted: &'static str, word: &Word<'_>) -> CommandError {
    let value = words::short(found.value.as_ref().unwrap_or(&Val::NULL));
    let kind = ErrorKind::WrongValue { path: found.path.clone(), value, wanted };
    let hint = format!("it takes {wanted}, null or a missing key");
    CommandError::new(kind, word.span.clone()).with_hint(hint)
}

fn put(tx: &mut Transaction<'_>, path: &Path, new: New) -> Result<(), EditError> {
    match new {
        New::Text(start) => {
            let text = put_new(tx, path, Kind::Text)?;
            if start.is_empty() { Ok(()) } else { tx.splice(&text, 0, 0, &start) }
        }
        New::Counter(start) => {
            let counter = put_new(tx, path, Kind::Counter)?;
            if start == 0 { Ok(()) } else { tx.add(&counter, start) }
        }
        New::Plain(value) => match slot(tx, path) {
            None => tx.put_root(value),
            Some((map, Step::Key(key))) => tx.put(&map, &key, value),
            Some((list, Step::Index(index))) => tx.set(&list, index, value),
        }
        .map(drop),
    }
}

fn put_new(tx: &mut Transaction<'_>, path: &Path, kind: Kind) -> Result<OpId, EditError> {
    match slot(tx, path) {
        None => tx.put_new_root(kind),
        Some((map, Step::Key(key))) => tx.put_new(&map, &key, kind),
        Some((list, Step::Index(index))) => tx.set_new(&list, index, kind),
    }
}

/// Returns the container that holds a place, and the last step to it; `None` for the root.
fn slot(tx: &Transaction<'_>, path: &Path) -> Option<(OpId, Step)> {
    let (last, above) = path.0.split_last()?;
    let container = tx.replica().container(&Path(above.to_vec()));
    Some((container.expect("the value shows a container there"), last.clone()))
}
