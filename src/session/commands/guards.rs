//! `watch`, `unwatch` and `validate`: what follows the changes of a ref.

use crate::session::commands::request::follow;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::language::arguments::{FILTER, LIVE, REF};
use crate::session::language::command::{Command, Run};
use crate::session::state::validator::satisfies;
use crate::session::{Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(in crate::session) const WATCH: Command = Command {
    name: "watch",
    aliases: &[],
    arguments: &[REF.called("the ref to watch"), LIVE],
    summary: "tell of every change of a value",
    details: "Whatever command changes the value, by an edit or by a merge, its answer has a line for each \
              path that changed. With `--live` the prompt takes what others bring to the place of the ref as soon as it \
              is there, and shows it, until Ctrl-C.",
    example: &["ref a 1", "branch a as b", "watch a", "swap b 2", "merge a b", "#=> a: ~ . 1 → 2"],
    run: Run::Inside(watch),
};

pub(in crate::session) const UNWATCH: Command = Command {
    name: "unwatch",
    aliases: &[],
    arguments: &[REF],
    summary: "end a watch",
    details: "The ref must be watched.",
    example: &["ref a 1", "watch a", "unwatch a", "#=> a is no longer watched"],
    run: Run::Inside(unwatch),
};

pub(in crate::session) const VALIDATE: Command = Command {
    name: "validate",
    aliases: &[],
    arguments: &[REF, FILTER.optional()],
    summary: "refuse edits that fail a filter",
    details: "An edit is refused if the filter fails on the new value, or yields false or null. A merge \
              is never refused, because the others have the changes already; its report says when the \
              value is no longer valid. Without a FILTER the validator is removed.",
    example: &[
        r#"ref account {"balance": 10}"#,
        "validate account .balance >= 0",
        "swap account .balance -= 20",
        "#=> error: account stays as it is: not valid: `.balance >= 0` is false",
        "account.balance",
        "#=> 10",
    ],
    run: Run::Inside(validate),
};

fn watch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    if let [true] = args.flags([LIVE.name]) {
        return follow(session, &name);
    }
    if session.names.is_watched(name.text) {
        return Ok(Reply::line(format!("{} is watched already", name.text)));
    }
    session.names.set_watched(name.text, true, &session.seen);
    Ok(Reply::line(format!("{} is watched", name.text)))
}

fn unwatch(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
    let [name] = args.required();
    session.reference(&name)?;
    if !session.names.is_watched(name.text) {
        return Err(CommandError::new(ErrorKind::NotWatched(name.text.to_owned()), name.span));
    }
    session.names.set_watched(name.text, false, &session.seen);
    Ok(Reply::line(format!("{} is no longer watched", name.text)))
}

fn validate(session: &mut Session, mut args: Args<'_>) -> Result<Reply> {
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
