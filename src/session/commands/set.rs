//! `set`: the settings, shown and changed.

use crate::session::error::{CommandError, ErrorKind};
use crate::session::hints;
use crate::session::language::args::Args;
use crate::session::state::settings::find;
use crate::session::{Entry, Page, Part, Reply, SETTINGS, Session, Setting};
use crate::value::{object, string};

pub(in crate::session) fn set(session: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let Some(name) = args.next() else { return Ok(all(session)) };
    let Some(setting) = find(name.text) else {
        let hint = hints::did_you_mean(name.text, SETTINGS.iter().map(|setting| setting.name));
        let hint = match session.names.get(name.text) {
            Some(Entry::Ref(_)) => Some(format!("`reset {} VALUE` sets the value of a ref", name.text)),
            _ => hint,
        };
        let hint = hint.unwrap_or_else(|| "`set` lists the settings".to_owned());
        let kind = ErrorKind::UnknownSetting(name.text.to_owned());
        return Err(CommandError::new(kind, name.span).with_hint(hint));
    };
    if let Some(word) = args.next()
        && (setting.set)(session, word.text).is_none()
    {
        let kind = ErrorKind::BadSetting { name: setting.name, found: word.text.to_owned() };
        let hint = format!("{} is {}", setting.name, setting.values());
        return Err(CommandError::new(kind, word.span).with_hint(hint));
    }
    let value = (setting.get)(session);
    let line = format!("{} is {value}", setting.name);
    Ok(Reply::value(string(value)).in_words().with(Part::Line(line)))
}

/// Returns every setting with what it is, and in words what it does.
fn all(session: &Session) -> Reply {
    let value = object(SETTINGS.iter().map(|setting| (setting.name, string((setting.get)(session)))));
    let row =
        |setting: &Setting| format!("{:14}  {}\t{}\n", setting.name, (setting.get)(session), setting.summary);
    let rows: String = SETTINGS.iter().map(row).collect();
    let page = Page::new(rows + "`set SETTING CHOICE` changes one; `help set` has the choices.");
    Reply::value(value).in_words().with(Part::Text(page))
}
