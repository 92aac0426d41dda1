//! `watch`, `unwatch` and `validate`: what follows the changes of a ref.

use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Args;
use crate::session::state::names::satisfies;
use crate::session::{Reply, Session};

type Result<T, E = CommandError> = std::result::Result<T, E>;

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
