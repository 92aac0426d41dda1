//! What each command does.

use crate::crdt::{Actor, ConvergentRef, DocumentId, Swap, SwapError};
use crate::session::answer::words;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::{Args, Word};
use crate::session::state::names::{Entry, satisfies};
use crate::session::{Part, Reply, Session};
use crate::value::{PathChange, Val, first_difference, object, string};

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
    /// The ids of a new document and its first actor.
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

pub(in crate::session) fn swap(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, filter] = args.required();
    let old = session.reference(&name)?.value().clone();
    let value = session.run_one(&filter, old, Some(name.text))?;
    edit(session, &name, value, &filter)
}

pub(in crate::session) fn reset(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, word] = args.required();
    let old = session.reference(&name)?.value().clone();
    let value = session.value(&word, old, Some(name.text))?;
    edit(session, &name, value, &word)
}

fn edit(session: &mut Session, name: &Word<'_>, value: Val, culprit: &Word<'_>) -> Result<Reply> {
    let reference = session.reference_mut(name)?;
    let swap = reference.reset(value).map_err(|error| not_swapped(name, error, culprit))?;
    Ok(Reply::value(swap.new.clone()).with(report(&swap, reference)))
}

fn report(swap: &Swap, reference: &ConvergentRef) -> Part {
    match swap.change {
        Some(_) => Part::Changed(told(reference)),
        None => Part::Line("no difference, no change".to_owned()),
    }
}

/// What the last edit or merge of a ref changed, as far as one can see it.
pub(in crate::session) fn told(reference: &ConvergentRef) -> Vec<PathChange> {
    let mut changes = reference.delta();
    changes.retain(|change| {
        change.made_plain().or(change.made()).is_some() || !crate::session::answer::reply::reads_alike(change)
    });
    changes
}

/// Checks a value that came from a filter.
fn is_json(value: &Val, word: &Word<'_>) -> Result<()> {
    crate::value::check(value).map_err(|error| {
        let kind = ErrorKind::NotJson { filter: word.text.to_owned(), error };
        CommandError::new(kind, word.span.clone())
    })
}

pub(in crate::session) fn not_swapped(name: &Word<'_>, error: SwapError, culprit: &Word<'_>) -> CommandError {
    let kind = ErrorKind::Swap { name: name.text.to_owned(), error };
    CommandError::new(kind, culprit.span.clone())
}

pub(in crate::session) fn cas(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, expected, word] = args.required();
    let old = session.reference(&name)?.value().clone();
    let (expected, was) = (session.value(&expected, old.clone(), Some(name.text))?, expected);
    is_json(&expected, &was)?;
    let value = session.value(&word, old, Some(name.text))?;
    is_json(&value, &word)?;
    let reference = session.reference_mut(&name)?;
    let swapped = reference.compare_and_set(&expected, value);
    match swapped.map_err(|error| not_swapped(&name, error, &word))? {
        Some(swap) => Ok(Reply::value(true.into()).with(report(&swap, reference))),
        None => {
            let line = format!("the value of {} is another", name.text);
            Ok(Reply::value(false.into()).with(Part::Line(line)))
        }
    }
}

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
            crate::crdt::MergeError::OtherDocument { .. } => {
                Some("replicas of one document are made with `branch`".to_owned())
            }
            _ => None,
        };
        let kind = ErrorKind::Merge { name: name.text.to_owned(), error };
        CommandError::new(kind, from.span.clone()).with_hint(hint)
    })?;
    let merged = session.reference(&name)?;
    let part = Part::Merged { changes: told(merged), report: Box::new(report) };
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

fn nothing_new() -> Part {
    Part::Line("nothing new".to_owned())
}

pub(in crate::session) fn clock(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let clock = session.reference(&name)?.clock().clone();
    let kept = args.next();
    let reply = Reply::value(clock.to_json());
    session.keep(kept, Entry::Clock(clock))?;
    Ok(reply)
}

pub(in crate::session) fn patch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name, since] = args.required();
    session.reference(&name)?;
    let (since, kept) = (session.clock(&since)?, args.next());
    let patch = session.reference(&name)?.patch_from_clock(&since);
    let line = if patch.is_empty() { nothing_new() } else { Part::Line(words::count(patch.len(), "change")) };
    let reply = Reply::value(patch.to_json()).with(line);
    // A patch that is kept can be looked at by its name.
    let reply = if kept.is_some() { reply.in_words() } else { reply };
    session.keep(kept, Entry::Patch(patch))?;
    Ok(reply)
}

pub(in crate::session) fn conflicts(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let whole = args.next().is_some();
    let conflicts = session.reference(&name)?.conflicts();
    let written =
        |w: &crate::crdt::Written| object([("id", string(w.id.to_string())), ("value", w.value.clone())]);
    let values = conflicts.iter().map(|conflict| {
        object([
            ("path", string(conflict.path.to_string())),
            ("winner", written(&conflict.winner)),
            ("losers", conflict.losers.iter().map(written).collect()),
        ])
    });
    let mut reply = Reply { whole, ..Reply::value(values.collect()) }.in_words();
    reply.parts = conflicts
        .iter()
        .map(|conflict| Part::Line(crate::session::answer::reply::conflict(conflict)))
        .collect();
    if conflicts.is_empty() {
        return Ok(reply.with(Part::Line("no conflicts".to_owned())));
    }
    Ok(reply)
}

pub(in crate::session) fn show(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let value = session.entry(&name)?.value();
    let whole = args.next().is_some();
    Ok(Reply { whole, ..Reply::value(value) })
}

pub(in crate::session) fn refs(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let whole = args.next().is_some();
    let width = session.names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut reply = Reply { whole, ..Reply::default() }.in_words();
    let mut values = Vec::new();
    for (name, entry) in session.names.iter() {
        let (words, mut fields) = describe(entry);
        let kind = entry.kind();
        reply = reply.with(Part::Line(format!("{name:width$}  {:5}  {words}", kind.to_string())));
        let mut value = vec![("name", string(name)), ("kind", string(kind.to_string()))];
        value.append(&mut fields);
        values.push(object(value));
    }
    if values.is_empty() {
        reply = reply.with(Part::Line("no names yet: make a ref with `ref NAME VALUE`".to_owned()));
    }
    reply.values.push(values.into_iter().collect());
    Ok(reply)
}

/// What `refs` says of an entry, in words and as fields.
fn describe(entry: &Entry) -> (String, Vec<(&'static str, Val)>) {
    match entry {
        Entry::Ref(reference) => {
            let waiting = reference.waiting().len();
            let mut words = format!("actor {}, clock {}", reference.actor(), words::clock(reference.clock()));
            if waiting > 0 {
                words.push_str(&format!(", {} waiting", words::count(waiting, "change")));
            }
            let fields = vec![
                ("document", string(reference.document().as_str())),
                ("actor", string(reference.actor().as_str())),
                ("clock", reference.clock().to_json()),
                ("waiting", waiting.into()),
            ];
            (words, fields)
        }
        Entry::Clock(clock) => (words::clock(clock), vec![("clock", clock.to_json())]),
        Entry::Patch(patch) => {
            let words =
                if patch.is_empty() { "nothing new".to_owned() } else { words::count(patch.len(), "change") };
            (words, vec![("document", string(patch.document().as_str())), ("changes", patch.len().into())])
        }
    }
}

pub(in crate::session) fn log(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let reference = session.reference(&name)?;
    let whole = args.next().is_some();
    let changes = reference.changes().map(|change| change.to_json()).collect();
    let mut reply = Reply { whole, latest: true, ..Reply::value(changes) }.in_words();
    let mut lines: Vec<String> =
        reference.changes().flat_map(|change| words::change(reference, &change)).collect();
    for change in reference.waiting() {
        lines.push(format!("waiting: {}", words::change(reference, change).remove(0)));
    }
    if lines.is_empty() {
        lines.push("no changes yet".to_owned());
    }
    reply.parts = lines.into_iter().map(Part::Line).collect();
    Ok(reply)
}

pub(in crate::session) fn same_values(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [first] = args.required();
    let value = session.entry(&first)?.value();
    for next in args {
        let other = session.entry(&next)?.value();
        if let Some((path, left, right)) = first_difference(&value, &other) {
            let (first, other) = (first.text.to_owned(), next.text.to_owned());
            let kind = ErrorKind::NotSame { first, other, path, left, right };
            return Err(CommandError::new(kind, next.span));
        }
    }
    Ok(Reply::value(true.into()))
}

pub(in crate::session) fn watch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    if session.names.is_watched(name.text) {
        return Ok(Reply::line(format!("{} is watched already", name.text)));
    }
    session.names.set_watched(name.text, true, &session.seen);
    Ok(Reply::line(format!("{} is watched", name.text)))
}

pub(in crate::session) fn unwatch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    if !session.names.is_watched(name.text) {
        return Err(CommandError::new(ErrorKind::NotWatched(name.text.to_owned()), name.span));
    }
    session.names.set_watched(name.text, false, &session.seen);
    Ok(Reply::line(format!("{} is no longer watched", name.text)))
}

pub(in crate::session) fn validate(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let value = session.reference(&name)?.value().clone();
    let Some(word) = args.next() else {
        if session.names.is_validated(name.text) {
            session.names.set_validator(name.text, None);
            return Ok(Reply::line(format!("edits of {} are no longer validated", name.text)));
        }
        let error = CommandError::new(ErrorKind::NotValidated(name.text.to_owned()), name.span);
        return Err(error.with_hint("give a filter: validate REF FILTER".to_owned()));
    };
    let filter = session.compile(&(&word).into())?;
    if let Some(variable) = filter.vars().first() {
        let kind = ErrorKind::Expected {
            wanted: "a filter of the value alone".to_owned(),
            found: format!("${variable}"),
        };
        return Err(CommandError::new(kind, word.span));
    }
    if let Err(error) = satisfies(&filter, &value) {
        let name = name.text.to_owned();
        return Err(CommandError::new(ErrorKind::InvalidNow { name, error }, word.span));
    }
    session.names.set_validator(name.text, Some(filter));
    Ok(Reply::line(format!("edits of {} must satisfy `{}`", name.text, word.text)))
}

pub(in crate::session) fn drop_name(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let kind = session.entry(&name)?.kind();
    session.names.remove(name.text);
    Ok(Reply::line(format!("dropped the {kind} {}", name.text)))
}

pub(in crate::session) fn rename(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [from, to] = args.required();
    let kind = session.entry(&from)?.kind();
    session.free(&to, None).or_else(|error| match &*error.kind {
        // The variable becomes free with the name.
        ErrorKind::VariableTaken { taken, .. } if taken == from.text => Ok(()),
        _ => Err(error),
    })?;
    session.names.rename(from.text, to.text, &session.seen);
    Ok(Reply::line(format!("the {kind} {} is called {} now", from.text, to.text)))
}

pub(in crate::session) fn quit(_: &mut Session, _: Args<'_>) -> Result<Reply> {
    Ok(Reply { quit: true, ..Reply::default() })
}
