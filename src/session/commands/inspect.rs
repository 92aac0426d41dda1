//! `refs`, `show`, `log`, `waiting`, `conflicts`, `same`: what looks at names and changes nothing.

use crate::crdt::{OpId, Written};
use crate::session::answer::{reply, words};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::language::arguments::{ALL, NAME, REF};
use crate::session::language::command::{Command, Run};
use crate::session::state::names::Entry;
use crate::session::{Part, Reply, Session};
use crate::value::{Val, first_difference, object, printable, string};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const WAITING: Command = Command {
    name: "waiting",
    aliases: &[],
    arguments: &[REF, ALL],
    summary: "changes that wait for others, and what is missing",
    details: "A change is applied when all that it depends on is; until then it waits, and the clock does not cover it. \
              `patch-from-clock` at the clock of REF, made by a ref that has what is missing, brings it. What waits \
              takes 64 MiB at most: a patch that would go past that is refused.",
    example: &[
        "ref a 1",
        "branch a as b",
        "swap b 2",
        "clock b as seen",
        "swap b 3",
        "patch-from-clock b seen as late",
        "merge a late",
        "#=> 1 change waiting for others",
        "waiting a",
        "#=> 3@b: 1 op, waits for 2@b",
        "#=> missing: 2@b",
        "merge a b",
        "#=> 2 changes new",
        "waiting a",
        "#=> nothing waits",
    ],
    run: Run::Inside(waiting),
};

pub(in crate::session) const CONFLICTS: Command = Command {
    name: "conflicts",
    aliases: &[],
    arguments: &[REF, ALL],
    summary: "places with more than one visible write",
    details: "The write with the highest id is shown in the value; the others are kept until somebody writes \
              there again. A terminal shows as many as it has room for; with `--all` all of them, page by page.",
    example: &[
        r#"ref a {"name": "Foo"}"#,
        "branch a as b",
        r#"swap a .name = "Bar""#,
        r#"swap b .name = "Baz""#,
        "merge a b",
        "conflicts a",
        r#"#=> conflict at .name: "Baz" (3@b) wins over "Bar" (3@a)"#,
    ],
    run: Run::Inside(conflicts),
};

pub(in crate::session) const REFS: Command = Command {
    name: "refs",
    aliases: &[],
    arguments: &[ALL],
    summary: "every name: its kind, actor and clock",
    details: "The clock of a ref is what it has applied; changes that wait for others are counted apart. A terminal shows \
              as many as it has room for; with `--all` all of them, page by page.",
    example: &[
        "ref origin 1",
        "clock origin as seen",
        "refs",
        "#=> origin  ref    actor origin, clock 1@origin",
        "#=> seen    clock  1@origin",
    ],
    run: Run::Inside(refs),
};

pub(in crate::session) const LOG: Command = Command {
    name: "log",
    aliases: &[],
    arguments: &[REF, ALL],
    summary: "the changes of a ref, in words",
    details: "Changes come in the order in which this ref applied them; those that wait for others come last. \
              A terminal shows the last ones; with `--all` all of them, page by page.",
    example: &[
        r#"ref origin {"n": 1}"#,
        "swap origin .n = 2",
        "log origin",
        "#=> 1@origin after nothing",
        "#=>   1@origin puts a new map at the root",
        r#"#=>   2@origin puts 1 at key "n" of map 1@origin"#,
        "#=> 3@origin after 2@origin",
        r#"#=>   3@origin puts 2 at key "n" of map 1@origin, over 2@origin"#,
    ],
    run: Run::Inside(log),
};

pub(in crate::session) const SAME: Command = Command {
    name: "same",
    aliases: &[],
    arguments: &[NAME.shown_as("A").called("a name"), NAME.shown_as("B").called("a second name").repeated()],
    summary: "check that values are the same",
    details: "Answers true, or fails with the first path that differs. Numbers are compared exactly, keys in \
              any order.",
    example: &[
        r#"ref a {"n": [1]}"#,
        "branch a as b",
        "same a b",
        "#=> true",
        "swap b .n[0] = 2",
        "same a b",
        "#=> error: a and b differ at .n[0]: 1 and 2",
    ],
    run: Run::Inside(same_values),
};

pub(in crate::session) const SHOW: Command = Command {
    name: "show",
    aliases: &[],
    arguments: &[NAME, ALL],
    summary: "a value, all of it if you like",
    details: "A terminal shows the beginning of a long value, as much as `set limit` says. `--all` shows \
              everything; what is longer than the screen opens in a pager: $REJOIN_PAGER, $PAGER or \
              less.",
    example: &["ref a [1, 2, 3]", "show a --all", "#=> [1, 2, 3]"],
    run: Run::Inside(show),
};

fn refs(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let whole = args.next().is_some();
    let width = session.names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut reply = Reply { whole, ..Reply::default() }.in_words();
    let mut values = Vec::new();
    for (name, entry) in session.names.iter() {
        let (mut words, mut fields) = describe(entry);
        if let Some(upstream) = session.names.upstream(name) {
            words.push_str(&format!(", meets others at {}", printable(&upstream.place)));
            fields.push(("place", string(&*upstream.place)));
        }
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

/// Returns what `refs` says of an entry, in words and as fields.
fn describe(entry: &Entry) -> (String, Vec<(&'static str, Val)>) {
    match entry {
        Entry::Ref(reference) => {
            let waiting = reference.waiting_len();
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

fn show(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let value = session.entry(&name)?.value();
    let whole = args.next().is_some();
    Ok(Reply { whole, ..Reply::value(value) })
}

fn log(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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

fn waiting(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let whole = args.next().is_some();
    let reference = session.reference(&name)?;
    let missing: Vec<String> = reference.missing().iter().map(OpId::to_string).collect();
    let (mut changes, mut lines) = (Vec::new(), Vec::new());
    for change in reference.waiting() {
        let (id, ops) = (change.id().to_string(), change.ops.len());
        let lacks: Vec<String> = change.lacks(reference.clock()).map(|id| id.to_string()).collect();
        lines.push(match &lacks[..] {
            [] => format!("{id}: {}, comes in with the next merge", words::count(ops, "op")),
            _ => format!("{id}: {}, waits for {}", words::count(ops, "op"), lacks.join(", ")),
        });
        let lacks: Val = lacks.into_iter().map(string).collect();
        changes.push(object([("id", string(id)), ("ops", ops.into()), ("lacks", lacks)]));
    }
    lines.push(match &missing[..] {
        [] if lines.is_empty() => "nothing waits".to_owned(),
        [] => "missing: nothing".to_owned(),
        _ => format!("missing: {}", missing.join(", ")),
    });
    let missing: Val = missing.into_iter().map(string).collect();
    let value = object([("changes", changes.into_iter().collect()), ("missing", missing)]);
    let mut reply = Reply { whole, ..Reply::value(value) }.in_words();
    reply.parts = lines.into_iter().map(Part::Line).collect();
    Ok(reply)
}

fn conflicts(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let whole = args.next().is_some();
    let conflicts = session.reference(&name)?.conflicts();
    let written = |w: &Written| object([("id", string(w.id.to_string())), ("value", w.value.clone())]);
    let values = conflicts.iter().map(|conflict| {
        object([
            ("path", string(conflict.path.to_string())),
            ("winner", written(&conflict.winner)),
            ("losers", conflict.losers.iter().map(written).collect()),
        ])
    });
    let mut reply = Reply { whole, ..Reply::value(values.collect()) }.in_words();
    reply.parts = conflicts.iter().map(|conflict| Part::Line(reply::conflict(conflict))).collect();
    if conflicts.is_empty() {
        return Ok(reply.with(Part::Line("no conflicts".to_owned())));
    }
    Ok(reply)
}

fn same_values(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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
