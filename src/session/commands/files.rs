//! `export`, `pipe`, `save` and `open`: what leaves a session, and comes back.

use crate::crdt::ConvergentRef;
use crate::filter::RunError;
use crate::session::answer::words;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::data::{Form, file_name, name_of_file};
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{COMPACT, EXPRESSION, FILE, FORCE, NEW_NAME, REF, SHELL, Wants};
use crate::session::language::command::{Command, Run};
use crate::session::state::names::Entry;
use crate::session::{FileError, Kept, Outside, Part, Reply, Session};
use crate::value::{Val, pretty, printable};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const EXPORT: Command = Command {
    name: "export",
    aliases: &[],
    arguments: &[EXPRESSION, FILE.after("to", "`to FILE`"), COMPACT, FORCE],
    summary: "write a value to a file as JSON",
    details: "EXPR is a jq expression, as on a line of its own. The JSON takes several lines, or one with \
              `--compact`. A .ndjson or .jsonl file gets one line for each item of a list, or for each value. A FILE \
              that exists is left alone, unless `--force` says to replace it. A script keeps the file in memory until it ends, and \
              writes nothing to the disk: `rejoin run --outside` does.",
    example: &[
        r#"ref shop {"items": ["milk", "bread"]}"#,
        "export shop | .items to items.json",
        "#=> wrote items.json in memory: 24 bytes",
        "ref copy from items.json",
        "copy",
        r#"#=> ["milk", "bread"]"#,
    ],
    run: Run::Outside(export),
};

pub(in crate::session) const PIPE: Command = Command {
    name: "pipe",
    aliases: &[],
    arguments: &[EXPRESSION, SHELL.after("to", "`to COMMAND`")],
    summary: "give a value to a program",
    details: "The program gets JSON on its standard input and writes to the terminal: `pipe origin to less`, \
              `pipe . to jq .items`. COMMAND is a line of the system's shell. It works at the prompt alone.",
    example: &[
        "ref a [1, 2]",
        "pipe a to wc -l",
        "#=> error: programs can be run at the prompt, and this is a script",
    ],
    run: Run::Outside(pipe),
};

pub(in crate::session) const SAVE: Command = Command {
    name: "save",
    aliases: &[],
    arguments: &[REF, FILE.optional(), FORCE],
    summary: "write a ref with its history to a file",
    details: "The file holds the whole document in the compact binary form, with what waits; `open` reads it. Without \
              FILE it is REF.ref: beside the session file, at the prompt in the working folder. A FILE that exists is left alone, unless `--force` says to \
              replace it. In a script it is kept in memory (see `export`).",
    example: &[
        r#"ref origin {"n": 1}"#,
        "save origin",
        "#=> wrote origin.ref in memory: ... bytes",
        "open origin.ref as again",
        r#"#=> {"n": 1}"#,
        "#=> actor again",
    ],
    run: Run::Outside(save),
};

pub(in crate::session) const OPEN: Command = Command {
    name: "open",
    aliases: &[],
    arguments: &[FILE, NEW_NAME.after_as().optional()],
    summary: "read a ref that was saved",
    details: "The ref is a replica of the document that was saved, with an actor of its own, so several may open one file \
              and merge later. Without a name it is called as the file is.",
    example: &[
        "ref origin [1, 2]",
        "save origin to-ben.ref",
        "open to-ben.ref as ben",
        "swap ben . + [3]",
        "merge origin ben",
        "#=> [1, 2, 3]",
    ],
    run: Run::Outside(open),
};

fn export(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [expression, file] = args.required();
    let [compact, force] = args.flags([COMPACT.name, FORCE.name]);
    let values = session.outputs(&expression)?;
    let name = file_name(&file);
    let text = match (Form::of(&name), &values[..]) {
        (Form::Lines, [list]) if list.as_list().is_some() => {
            list.as_list().into_iter().flatten().map(|item| format!("{item}\n")).collect()
        }
        (Form::Lines, values) => values.iter().map(|value| format!("{value}\n")).collect(),
        (Form::One, values) => {
            let value = one(&expression, values)?;
            if compact { format!("{value}\n") } else { format!("{}\n", pretty(value)) }
        }
    };
    write(outside, &name, &file, text.as_bytes(), force)
}

/// Returns the value where there must be one.
fn one<'a>(expression: &Word<'_>, values: &'a [Val]) -> Result<&'a Val> {
    let (error, hint) = match values {
        [value] => return Ok(value),
        [] => (RunError::None, None),
        _ => (
            RunError::Several,
            Some("brackets around it make one array of them; a .ndjson file takes several"),
        ),
    };
    let kind = ErrorKind::Run { filter: expression.text.to_owned(), on: None, error };
    Err(CommandError::new(kind, expression.span.clone()).with_hint(hint.map(str::to_owned)))
}

fn pipe(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [expression, command] = args.required();
    let values = session.outputs(&expression)?;
    let text: String = values.iter().map(|value| format!("{}\n", pretty(value))).collect();
    let ended = outside.pipe(command.text, &text).map_err(|error| CommandError::of_file(error, &command))?;
    Ok(match ended {
        None => Reply::default(),
        Some(how) => Reply::line(format!("`{}` {how}", command.text)),
    })
}

fn save(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [name] = args.required();
    let bytes = session.reference(&name)?.to_bytes_with_value();
    let file = args.optional(Wants::File);
    let [force] = args.flags([FORCE.name]);
    let to = file.as_ref().map_or_else(|| format!("{}.ref", name.text), file_name);
    write(outside, &to, file.as_ref().unwrap_or(&name), &bytes, force)
}

/// Writes a file, and says so.
fn write(outside: &mut dyn Outside, name: &str, word: &Word<'_>, bytes: &[u8], force: bool) -> Result<Reply> {
    let kept = outside.write(name, bytes, force).map_err(|error| {
        let replaces = matches!(error, FileError::Taken(_));
        let hint =
            replaces.then(|| "`--force` behind it replaces the file".to_owned()).or_else(|| error.hint());
        CommandError::new(error, word.span.clone()).with_hint(hint)
    })?;
    let place = if kept == Kept::InMemory { " in memory" } else { "" };
    Ok(Reply::line(format!("wrote {}{place}: {}", printable(name), words::count(bytes.len(), "byte"))))
}

fn open(session: &mut Session, mut args: Args<'_>, outside: &mut dyn Outside) -> Result<Reply> {
    let [file] = args.required();
    let from = file_name(&file);
    let called = args.next();
    let of_file = called.is_none().then(|| name_of_file(&from));
    let name = match (&called, &of_file) {
        (Some(word), _) => word.clone(),
        (None, name) => Word { text: name.as_deref().unwrap_or_default(), span: file.span.clone() },
    };
    session.free(&name, None).map_err(|error| match called {
        Some(_) => error,
        None => error.with_hint(format!("`open {} as NAME` gives it another name", file.text)),
    })?;
    let bytes = outside.read(&from).map_err(|error| CommandError::of_file(error, &file))?;
    let saved = ConvergentRef::from_bytes(&bytes).map_err(|error| {
        CommandError::of_file(FileError::NotSaved { file: printable(&from), error }, &file)
    })?;
    let actor = session.new_replica(name.text, &saved);
    let opened = saved.with_actor(actor).map_err(|error| CommandError::new(error, name.span.clone()))?;
    let reply = Reply::value(opened.value().clone()).with(Part::Line(format!("actor {}", opened.actor())));
    let reply =
        if of_file.is_some() { reply.with(Part::Line(format!("called {}", name.text))) } else { reply };
    session.names.set(name.text, Entry::Ref(opened));
    Ok(reply)
}
