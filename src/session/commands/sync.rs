//! `sync`, `push`, `pull`, `clone`, `store`: what refs give each other, here and elsewhere.

use crate::crdt::{Actor, ConvergentRef, DocumentId, MergeError, MergeReport, Patch};
use crate::session::answer::reply::visible_changes;
use crate::session::answer::words;
use crate::session::commands::merge::{not_merged, nothing_new};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::data::file_name;
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{GC, NEW_NAME, NOW, PLACE, REF, REF_OR_PLACE, Wants};
use crate::session::language::command::{Command, Run};
use crate::session::state::names::{Entry, Upstream};
use crate::session::{Outside, Part, Reply, Session};
use crate::store::{Cleaned, Remote, Seen, StoreError, Traffic, Way};
use crate::value::{object, printable, string};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const SYNC: Command = Command {
    name: "sync",
    aliases: &[],
    arguments: &[REF, REF_OR_PLACE.optional()],
    summary: "one check-in: each side takes what the other has",
    details: "With another ref both have the same afterwards. With a PLACE the ref takes what others brought there, and brings \
              what it has: a folder that all of them reach, which is written with a slash or a dot (`./shop`, \
              `//server/shop`), or a server (`http://…`). The place is remembered: the next time `sync REF` is enough. \
              What was sent cannot be undone. A script keeps what it brings to a folder in memory (see `export`).",
    example: &[
        r#"ref backend {"items": ["milk"]}"#,
        "branch backend as client",
        r#"swap client .items += ["bread"]"#,
        "sync client backend",
        r#"#=> {"items": ["milk", "bread"]}"#,
        "#=> client → backend: 1 change, ... bytes",
        r#"#=> backend: + .items[1] "bread""#,
        "sync client ./shop",
        "#=> client → ./shop in memory: 2 changes, ... bytes",
        "sync client",
        "#=> nothing new",
    ],
    run: Run::Outside(sync),
};

pub(in crate::session) const PUSH: Command = Command {
    name: "push",
    aliases: &[],
    arguments: &[REF, PLACE.optional()],
    summary: "bring what a ref has to a place",
    details: "As `sync`, one way: nothing comes from there, except what the actor of the ref wrote.",
    example: &[
        r#"ref a {"n": 1}"#,
        "push a ./shop",
        "#=> a → ./shop in memory: 1 change, ... bytes",
        "push a",
        "#=> nothing new",
    ],
    run: Run::Outside(push),
};

pub(in crate::session) const PULL: Command = Command {
    name: "pull",
    aliases: &[],
    arguments: &[REF, PLACE.optional()],
    summary: "take what others brought to a place",
    details: "As `sync`, one way: nothing is brought there.",
    example: &[
        r#"ref a {"n": 1}"#,
        "sync a ./shop",
        "clone ./shop as b",
        "swap b .n = 2",
        "push b",
        "pull a",
        r#"#=> {"n": 2}"#,
        "#=> ./shop in memory → a: 1 change, ... bytes",
        "#=> ~ .n 1 → 2",
    ],
    run: Run::Outside(pull),
};

pub(in crate::session) const CLONE: Command = Command {
    name: "clone",
    aliases: &[],
    arguments: &[PLACE, NEW_NAME.after_as()],
    summary: "make a replica of a document that is elsewhere",
    details: "PLACE is a folder or a server, as for `sync`. Where it has several documents, one is chosen by its id: \
              `clone ./shop#ID as NAME`; `store PLACE` lists them. The replica has an actor of its own, and remembers \
              the place.",
    example: &[
        r#"ref ann ["milk"]"#,
        "push ann ./shop",
        "clone ./shop as ben",
        r#"#=> ["milk"]"#,
        "#=> ./shop in memory → ben: 1 change, ... bytes",
        "#=> actor ben",
    ],
    run: Run::Outside(clone),
};

pub(in crate::session) const STORE: Command = Command {
    name: "store",
    aliases: &[],
    arguments: &[GC, PLACE, NOW],
    summary: "the documents in a place, and cleaning up",
    details: "`store gc` makes a checkpoint of each document where one is due, and removes what nobody needs any more: runs of \
              changes that a checkpoint holds, which was read back, if they are older than an hour and not the last \
              of their actor; and checkpoints but the two newest. With `--now` also what is younger: then nobody else may \
              be using the place. A check-in that finds more than 512 runs without a checkpoint does it by itself.",
    example: &[
        r#"ref a {"n": 1}"#,
        "sync a ./shop",
        "store ./shop",
        "#=> 1 document",
        "swap a .n += 1",
        "sync a",
        "store gc ./shop --now",
        "#=> ...: checkpoint made, 1 object removed (... bytes), 2 kept",
    ],
    run: Run::Outside(store),
};

fn sync(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    match args.next() {
        Some(other) if session.names.get(other.text).is_some() || !is_place(other.text) => {
            session.reference(&other).map_err(|error| match session.names.get(other.text) {
                None => error.with_hint(format!("a folder is written `./{}`", other.text)),
                Some(_) => error,
            })?;
            between(session, &name, &other)
        }
        place => elsewhere(session, &name, place, outside, Way::Both),
    }
}

fn push(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    elsewhere(session, &name, args.next(), outside, Way::Push)
}

fn pull(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    elsewhere(session, &name, args.next(), outside, Way::Pull)
}

/// Tells whether a command with these arguments reaches a place.
pub(in crate::session) fn meets_others(command: &str, taken: &[(Wants, Word<'_>)]) -> bool {
    match command {
        "sync" => taken.get(1).is_none_or(|(_, word)| is_place(word.text)),
        _ => [PUSH.name, PULL.name, CLONE.name].contains(&command),
    }
}

/// Tells whether a word names a place, and not a ref.
fn is_place(text: &str) -> bool {
    text.contains(['/', '\\', '.', ':'])
}

// --- between two refs ---

/// Does one check-in between two refs: the first asks, the second answers.
fn between(session: &mut Session, client: &Word<'_>, server: &Word<'_>) -> Result<Reply> {
    if client.text == server.text {
        return Ok(Reply::value(session.reference(client)?.value().clone()).with(nothing_new()));
    }
    let since = session.reference(server)?.clock().clone();
    let sent = of_patch(&session.reference(client)?.patch_from_clock(&since));
    let there = take(session, server, client)?;
    let told = visible_changes(session.reference(server)?);
    let since = session.reference(client)?.clock().clone();
    let received = of_patch(&session.reference(server)?.patch_from_clock(&since));
    let here = take(session, client, server)?;
    let replica = session.reference(client)?;
    let mut reply = Reply::value(replica.value().clone());
    if [&there, &here].iter().all(|report| is_quiet(report)) {
        return Ok(reply.with(nothing_new()));
    }
    let (client, server) = (client.text, server.text);
    reply = reply.with(went(client, server, sent));
    if !session.names.is_watched(server) {
        reply = reply.with(Part::Watched { name: server.to_owned(), changes: told });
    }
    // What both have to tell the client tells.
    if let Some(error) = &there.invalid {
        reply = reply.with(Part::Line(format!("{server}: the merged value is not valid: {error}")));
    }
    reply = reply.with(went(server, client, received));
    if !is_quiet(&here) {
        let changes = visible_changes(replica);
        reply = reply.with(Part::Merged { changes, report: Box::new(here) });
    }
    Ok(reply)
}

/// Tells whether a merge brought nothing.
fn is_quiet(report: &MergeReport) -> bool {
    report.new == 0 && report.waiting == 0 && report.refused.is_empty()
}

/// Lets a ref take what another one has, also what waits there.
fn take(session: &mut Session, into: &Word<'_>, from: &Word<'_>) -> Result<MergeReport> {
    let (taker, other) =
        session.names.two_refs(into.text, from.text).expect("both are refs, and not the same");
    taker.merge(other).map_err(|error| not_merged(into.text, error, from))
}

fn of_patch(patch: &Patch) -> Traffic {
    Traffic { changes: patch.len(), bytes: if patch.is_empty() { 0 } else { patch.to_bytes().len() as u64 } }
}

/// Says what went one way: `client → backend: 1 change, 81 bytes`.
fn went(from: &str, to: &str, Traffic { changes, bytes }: Traffic) -> Part {
    let what = match changes {
        0 => "nothing new".to_owned(),
        _ => format!("{}, {}", words::count(changes, "change"), words::count(bytes as usize, "byte")),
    };
    Part::Line(format!("{from} → {to}: {what}"))
}

// --- with a place ---

/// Does one check-in with a place: the one that is named, or the one that the ref remembers.
fn elsewhere(
    session: &mut Session,
    name: &Word<'_>,
    word: Option<Word<'_>>,
    outside: &mut dyn Outside,
    way: Way,
) -> Result<Reply> {
    let known = session.names.upstream(name.text).cloned();
    let (place, shown) = match (&word, &known) {
        (Some(word), _) => {
            let (typed, document) = document_of(session, word)?;
            let replica = session.reference(name)?;
            if let Some(theirs) = document.filter(|document| document != replica.document()) {
                let ours = replica.document().clone();
                return Err(not_merged(name.text, MergeError::OtherDocument { ours, theirs }, word));
            }
            (outside.lasting_name(&typed), printable(&typed))
        }
        (None, Some(known)) => (known.place.clone(), printable(&known.place)),
        (None, None) => return Err(no_place(name)),
    };
    let word = word.as_ref().unwrap_or(name);
    let mut seen = match known {
        Some(known) if known.place == place => known.seen,
        _ => Seen::default(),
    };
    let mut remote = outside.remote(&place).map_err(|error| failed(error, word))?;
    let has_more = |session: &Session, seen: &Seen| {
        session.reference(name).map(|replica| way != Way::Pull && !seen.covers(replica.clock()))
    };
    let mut is_sending = has_more(session, &seen)?;
    // What is refused or does not fit is found before anything is sent.
    if way == Way::Push && is_sending {
        remote.probe().map_err(|error| failed(error, word))?;
    }
    let mut check_in = |session: &mut Session, seen: &mut Seen, way| {
        let done = remote.check_in(session.reference_mut(name)?, seen, way);
        done.map_err(|error| failed(error, word))
    };
    let pulled = match way {
        Way::Push if is_sending => None,
        Way::Both if is_sending => {
            let pulled = check_in(session, &mut seen, Way::Pull)?;
            is_sending = has_more(session, &seen)?;
            Some(pulled)
        }
        way => Some(check_in(session, &mut seen, way)?),
    };
    let changes = visible_changes(session.reference(name)?);
    let mut sent = pulled.as_ref().map_or(Traffic::default(), |pulled| pulled.sent);
    let mut received = pulled.as_ref().map_or(Traffic::default(), |pulled| pulled.received);
    let report = pulled.and_then(|pulled| pulled.report);
    if is_sending {
        // It may be there already when this process ends before it knows.
        let barrier = format!("what was sent to {shown} is known there");
        session.keep_intent(&barrier, outside).map_err(|error| CommandError::of_file(error, name))?;
        session.barrier = Some(barrier);
        let pushed = check_in(session, &mut seen, Way::Push)?;
        sent = pushed.sent;
        if pushed.received.changes > 0 {
            received.changes += pushed.received.changes;
            received.bytes += pushed.received.bytes;
        }
    }
    let shown = shown_place(shown, &*remote);
    if way == Way::Pull && seen == Seen::default() {
        let document = Some(session.reference(name)?.document().clone());
        return Err(failed(StoreError::NoDocument { place: shown, document }, word));
    }
    session.names.set_upstream(name.text, Some(Upstream { place, seen }));
    let replica = session.reference(name)?;
    let mut reply = Reply::value(replica.value().clone());
    let (has_sent, has_received) = (sent.changes > 0, received.changes > 0);
    if has_sent || has_received && way == Way::Both {
        reply = reply.with(went(name.text, &shown, sent));
    }
    if has_received || has_sent && way == Way::Both {
        reply = reply.with(went(&shown, name.text, received));
    }
    match report {
        Some(report) if !is_quiet(&report) => {
            Ok(reply.with(Part::Merged { changes, report: Box::new(report) }))
        }
        _ if has_sent => Ok(reply),
        _ => Ok(reply.with(nothing_new())),
    }
}

/// Returns the name of a place as a report has it.
fn shown_place(name: String, remote: &dyn Remote) -> String {
    if remote.is_in_memory() { format!("{name} in memory") } else { name }
}

/// Makes the error of a ref that remembers no place.
pub(in crate::session) fn no_place(name: &Word<'_>) -> CommandError {
    let hint = format!("`sync {} ./FOLDER` brings it to a folder, and remembers that", name.text);
    CommandError::new(ErrorKind::NoPlace(name.text.to_owned()), name.span.clone()).with_hint(hint)
}

/// Returns the place that a word names.
fn place_of(session: &Session, word: &Word<'_>) -> Result<String> {
    let place = file_name(word);
    if is_place(&place) {
        return Ok(place);
    }
    let hint = match session.names.get(&place) {
        Some(Entry::Ref(_)) => format!(
            "`{place}` is a ref: `branch {place} as NAME` makes a replica of it, `sync REF {place}` checks in with it"
        ),
        _ => format!("a folder is written `./{place}`"),
    };
    Err(CommandError::new(StoreError::BadPlace(printable(&place)), word.span.clone()).with_hint(hint))
}

/// Returns the place that a word names, and the document there that stands behind it.
fn document_of(session: &Session, word: &Word<'_>) -> Result<(String, Option<DocumentId>)> {
    let place = place_of(session, word)?;
    match place.split_once('#') {
        None => Ok((place, None)),
        Some((place, id)) => {
            let id = DocumentId::new(id);
            let id =
                id.map_err(|error| CommandError::new(ErrorKind::BadDocument(error), word.span.clone()))?;
            Ok((place.to_owned(), Some(id)))
        }
    }
}

fn failed(error: StoreError, word: &Word<'_>) -> CommandError {
    let hint = match &error {
        StoreError::Unauthorized { .. } => {
            Some("the token stands in the variable REJOIN_TOKEN of the environment".to_owned())
        }
        StoreError::NotInFile(_) => Some("it can be reached at the prompt, and by `-c`".to_owned()),
        StoreError::NotInScript(_) => Some("`rejoin run --outside` lets a script reach it".to_owned()),
        StoreError::Merge {
            error: MergeError::Equivocation { .. } | MergeError::OtherBase { .. }, ..
        } => Some("a replica was copied: `branch` or `clone` makes one with an actor of its own".to_owned()),
        StoreError::Merge { error: MergeError::OtherDocument { .. }, .. } => {
            Some("`clone PLACE as NAME` makes a replica of the document there".to_owned())
        }
        StoreError::SeveralDocuments { place, documents } => {
            let first = documents.first().map_or("ID", DocumentId::as_str);
            Some(format!("`store {place}` lists them; `clone {place}#{first} as NAME` takes one"))
        }
        StoreError::NoDocument { place, .. } => Some(format!("`sync REF {place}` brings one there")),
        StoreError::Unreachable { .. } => {
            Some("nothing has changed here; what went there stays there".to_owned())
        }
        _ => None,
    };
    CommandError::new(error, word.span.clone()).with_hint(hint)
}

fn clone(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [word, name] = args.required();
    session.free(&name, None)?;
    let (place, document) = document_of(session, &word)?;
    let mut remote = outside.remote(&place).map_err(|error| failed(error, &word))?;
    let nothing = |error: StoreError, in_memory: bool| match failed(error, &word) {
        error if in_memory && matches!(&*error.kind, ErrorKind::Store(StoreError::NoDocument { .. })) => {
            let hint = "a script has places in memory; `rejoin run --outside` reaches those on the disk";
            error.with_hint(hint.to_owned())
        }
        error => error,
    };
    let in_memory = remote.is_in_memory();
    let document = match document {
        Some(document) => document,
        None => only_document(&mut *remote, &place).map_err(|error| nothing(error, in_memory))?,
    };
    let mut seen = Seen::default();
    // It writes nothing: its own actor is found when it is known who wrote here.
    let reader = Actor::new("reader").expect("it is an actor");
    let mut replica = ConvergentRef::new(document, reader);
    let pulled = remote.check_in(&mut replica, &mut seen, Way::Pull).map_err(|error| failed(error, &word))?;
    if replica.clock().is_empty() && replica.waiting_len() == 0 {
        let document = Some(replica.document().clone());
        return Err(nothing(StoreError::NoDocument { place, document }, in_memory));
    }
    let actor = session.new_replica(name.text, &replica);
    let replica = replica.with_actor(actor).map_err(|error| CommandError::new(error, name.span.clone()))?;
    let received = went(&shown_place(printable(&place), &*remote), name.text, pulled.received);
    let place = outside.lasting_name(&place);
    let mut reply = Reply::value(replica.value().clone()).with(received);
    if replica.waiting_len() > 0 {
        let waiting = words::count(replica.waiting_len(), "change");
        reply = reply.with(Part::Line(format!("{waiting} waiting for others")));
    }
    reply = reply.with(Part::Line(format!("actor {}", replica.actor())));
    session.names.set(name.text, Entry::Ref(replica));
    session.names.set_upstream(name.text, Some(Upstream { place, seen }));
    Ok(reply)
}

fn only_document(remote: &mut dyn Remote, place: &str) -> Result<DocumentId, StoreError> {
    let mut documents = remote.documents()?;
    let place = place.to_owned();
    match documents.pop() {
        None => Err(StoreError::NoDocument { place, document: None }),
        Some(only) if documents.is_empty() => Ok(only),
        Some(last) => {
            documents.push(last);
            Err(StoreError::SeveralDocuments { place, documents })
        }
    }
}

fn store(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [cleans] = args.flags([GC.name]);
    let [word] = args.required();
    let [now] = args.flags([NOW.name]);
    let (place, document) = document_of(session, &word)?;
    let mut remote = outside.remote(&place).map_err(|error| failed(error, &word))?;
    let documents = match document {
        Some(document) => vec![document],
        None => remote.documents().map_err(|error| failed(error, &word))?,
    };
    if !cleans {
        let value = documents.iter().map(|document| string(document.as_str())).collect();
        let count = match documents.len() {
            0 => "no documents".to_owned(),
            several => words::count(several, "document"),
        };
        return Ok(Reply::value(value).with(Part::Line(count)));
    }
    let mut reply = Reply::default().in_words();
    let mut all = Vec::new();
    for document in documents {
        let seconds = if now { 0 } else { HOUR };
        let cleaned = remote.clean(&document, seconds).map_err(|error| failed(error, &word))?;
        let Cleaned { checkpoint, removed, bytes, kept } = cleaned;
        all.push(object([
            ("document", string(document.as_str())),
            ("checkpoint", checkpoint.into()),
            ("removed", removed.into()),
            ("bytes", bytes.into()),
            ("kept", kept.into()),
        ]));
        let made = if checkpoint { "checkpoint made, " } else { "" };
        let bytes = words::count(bytes as usize, "byte");
        let removed = words::count(removed, "object");
        reply = reply.with(Part::Line(format!("{document}: {made}{removed} removed ({bytes}), {kept} kept")));
    }
    reply.values = vec![all.into_iter().collect()];
    Ok(reply)
}

/// An hour, in seconds: nobody needs longer between looking at a place and writing there.
const HOUR: u64 = 3600;
