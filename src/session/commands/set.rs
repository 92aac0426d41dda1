//! `set`: the settings, shown and changed.

use crate::session::error::{CommandError, ErrorKind};
use crate::session::hints;
use crate::session::language::args::Args;
use crate::session::language::arguments::{CHOICE, SETTING};
use crate::session::language::command::{Command, Run};
use crate::session::state::settings::find;
use crate::session::{Entry, Page, Part, Reply, SETTINGS, Session, Setting};
use crate::value::{object, string};

pub(in crate::session) const SET: Command = Command {
    name: "set",
    aliases: &[],
    arguments: &[SETTING.optional(), CHOICE.optional()],
    summary: "how a terminal shows the session, and limits of filters",
    details: "Alone it lists the settings. hints is on or off, width is auto or 20 to 1000, limit is all or 1 to \
              1000000, timer is on or off, color is auto, always or never, theme is dark, light or mono; on \
              them no answer of a script depends. filter-timeout is none or a time such as 2s, filter-memory \
              is none or a size such as 64M: a filter that needs more is stopped, and its command changes \
              nothing. What a file that is read sets of these two ends with the file. `undo` leaves the settings \
              alone. Put those that you like into init.rejoin in the folder rejoin of the XDG config folder: it runs \
              when the prompt starts.",
    example: &[
        "set limit 50",
        "#=> limit is 50",
        "set filter-timeout 200ms",
        "ref a 1",
        "swap a def f: f; f",
        "#=> error: `def f: f; f` failed on a: the filter ran longer than 200ms",
    ],
    run: Run::Inside(set),
};

fn set(session: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
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
