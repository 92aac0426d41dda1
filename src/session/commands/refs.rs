//! `ref`, `branch`, `rename`, `drop`: what makes names and takes them away.

use crate::crdt::{Actor, BranchError, ConvergentRef, DocumentId};
use crate::session::answer::words;
use crate::session::commands::edits::{is_json, not_swapped};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::data;
use crate::session::language::args::Args;
use crate::session::language::arguments::{FROM, NAME, NEW_NAME, VALUE_OR_FILE, Wants};
use crate::session::language::command::{Command, Run};
use crate::session::state::names::Entry;
use crate::session::{Outside, Part, Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const MAKE_REF: Command = Command {
    name: "ref",
    aliases: &[],
    arguments: &[NEW_NAME.called("the name of the ref"), VALUE_OR_FILE.optional()],
    summary: "make a document and its first replica",
    details: "The ref writes as an actor of its own name. Without a value it holds null. FILE holds one JSON \
              value; a .ndjson or .jsonl file has one on each line, and becomes a list; `-` is standard \
              input. Two refs made this way are two documents and cannot be merged: make replicas with \
              `branch`.",
    example: &[r#"ref origin {"name": "Foo", "items": [0, 1]}"#, r#"#=> {"name": "Foo", "items": [0, 1]}"#],
    run: Run::Outside(make_ref),
};

pub(in crate::session) const BRANCH: Command = Command {
    name: "branch",
    aliases: &[],
    arguments: &[FROM.called("the ref to branch"), NEW_NAME.after_as()],
    summary: "make a replica with its own actor",
    details: "From here on the two change independently; `merge` brings them together. FROM is a ref, or a patch \
              that holds everything: `patch-from-clock REF` makes one.",
    example: &[
        r#"ref origin {"n": 1}"#,
        "branch origin as branched",
        r#"#=> {"n": 1}"#,
        "$origin == $branched",
        "#=> true",
    ],
    run: Run::Inside(branch),
};

pub(in crate::session) const DROP: Command = Command {
    name: "drop",
    aliases: &[],
    arguments: &[NAME],
    summary: "forget a name",
    details: "Other replicas keep what they have merged. The actor of a dropped ref is not used again.",
    example: &[
        "ref a 1",
        "drop a",
        "#=> dropped the ref a",
        "a",
        "#=> error: `a` is neither a command nor a name",
    ],
    run: Run::Inside(drop_name),
};

pub(in crate::session) const RENAME: Command = Command {
    name: "rename",
    aliases: &[],
    arguments: &[NAME.shown_as("A"), NEW_NAME.shown_as("B").after_as()],
    summary: "change the name of a ref, clock or patch",
    details: "The ref, clock or patch A is now called B, and the name A is free. A ref keeps its actor, \
              its history, its watch and its validator.",
    example: &[
        "ref a 1",
        "rename a as b",
        "#=> the ref a is called b now",
        "b",
        "#=> 1",
        "a",
        "#=> error: `a` is neither a command nor a name",
    ],
    run: Run::Inside(rename),
};

fn make_ref(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
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

fn branch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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

fn rename(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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

fn drop_name(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    let kind = session.entry(&name)?.kind();
    session.names.remove(name.text);
    Ok(Reply::line(format!("dropped the {kind} {}", name.text)))
}
