//! `set`: how a session looks to a person. What it answers to a program stays the same.

use super::args::Args;
use super::error::{CommandError, ErrorKind, did_you_mean};
use super::{Part, Reply, Session, words};
use crate::value::{object, string};

/// How a terminal is to show the session. Scripts and their answers do not look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether what can follow is shown while one types.
    pub hints: bool,
    /// So many columns lines may take; `None`: those of the terminal.
    pub width: Option<usize>,
    /// So many items of an array or object are shown; `None`: all.
    pub limit: Option<usize>,
    /// Whether the time that a command took is shown.
    pub timer: bool,
    /// When to use colour.
    pub color: Color,
    /// Which colours.
    pub theme: Theme,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hints: true,
            width: None,
            limit: Some(10),
            timer: false,
            color: Color::Auto,
            theme: Theme::Dark,
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// As the terminal and the command line say.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Colours that suit a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// No colours: bold, dim and underlined.
    Mono,
}

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it can be, as words; a number besides them is named in `range`.
    pub choices: &'static [&'static str],
    /// The numbers that it can be, from and to.
    pub range: Option<(usize, usize)>,
    /// What it does, in one line.
    pub summary: &'static str,
    get: fn(&Settings) -> String,
    /// Takes only what the choices and the range allow.
    set: fn(&mut Settings, &str),
}

const SWITCH: &[&str] = &["on", "off"];

/// All settings.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "hints",
        choices: SWITCH,
        range: None,
        summary: "while typing, show what can follow",
        get: |settings| switch(settings.hints),
        set: |settings, word| settings.hints = word == "on",
    },
    Setting {
        name: "width",
        choices: &["auto"],
        range: Some((20, 1_000)),
        summary: "columns that a line may take",
        get: |settings| settings.width.map_or_else(|| "auto".to_owned(), |width| width.to_string()),
        set: |settings, word| settings.width = word.parse().ok(),
    },
    Setting {
        name: "limit",
        choices: &["all"],
        range: Some((1, 1_000_000)),
        summary: "items that are shown of an array or object",
        get: |settings| settings.limit.map_or_else(|| "all".to_owned(), |limit| limit.to_string()),
        set: |settings, word| settings.limit = word.parse().ok(),
    },
    Setting {
        name: "timer",
        choices: SWITCH,
        range: None,
        summary: "show the time that a command took",
        get: |settings| switch(settings.timer),
        set: |settings, word| settings.timer = word == "on",
    },
    Setting {
        name: "color",
        choices: &["auto", "always", "never"],
        range: None,
        summary: "when to use colour",
        get: |settings| {
            let word = match settings.color {
                Color::Auto => "auto",
                Color::Always => "always",
                Color::Never => "never",
            };
            word.to_owned()
        },
        set: |settings, word| {
            settings.color = match word {
                "always" => Color::Always,
                "never" => Color::Never,
                _ => Color::Auto,
            }
        },
    },
    Setting {
        name: "theme",
        choices: &["dark", "light", "mono"],
        range: None,
        summary: "which colours: for a dark or a light background, or none",
        get: |settings| {
            let word = match settings.theme {
                Theme::Dark => "dark",
                Theme::Light => "light",
                Theme::Mono => "mono",
            };
            word.to_owned()
        },
        set: |settings, word| {
            settings.theme = match word {
                "light" => Theme::Light,
                "mono" => Theme::Mono,
                _ => Theme::Dark,
            }
        },
    },
];

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

impl Setting {
    /// What it can be, in words: `all or 1 to 1000000`.
    pub fn values(&self) -> String {
        let range = self.range.map(|(from, to)| format!("{from} to {to}"));
        let all: Vec<String> = self.choices.iter().map(|choice| (*choice).to_owned()).chain(range).collect();
        match &all[..] {
            [one] => one.clone(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
            [] => String::new(),
        }
    }

    fn allows(&self, word: &str) -> bool {
        let in_range = |(from, to): (usize, usize)| {
            word.bytes().all(|byte| byte.is_ascii_digit())
                && word.parse().is_ok_and(|number: usize| (from..=to).contains(&number))
        };
        self.choices.contains(&word) || self.range.is_some_and(in_range)
    }
}

/// The setting of that name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Session {
    /// How a terminal is to show the session.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

pub(super) fn set(session: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let Some(name) = args.optional_word() else { return Ok(all(&session.settings)) };
    let Some(setting) = find(name.text) else {
        let hint = did_you_mean(name.text, SETTINGS.iter().map(|setting| setting.name));
        let hint = hint.unwrap_or_else(|| "`set` lists the settings".to_owned());
        let kind = ErrorKind::UnknownSetting(name.text.to_owned());
        return Err(CommandError::new(kind, name.span).with_hint(hint));
    };
    if let Some(word) = args.optional_word() {
        args.end()?;
        if !setting.allows(word.text) {
            let kind = ErrorKind::BadSetting { name: setting.name, found: word.text.to_owned() };
            let hint = format!("{} is {}", setting.name, setting.values());
            return Err(CommandError::new(kind, word.span).with_hint(hint));
        }
        (setting.set)(&mut session.settings, word.text);
    }
    let value = (setting.get)(&session.settings);
    let line = format!("{} is {value}", setting.name);
    Ok(Reply::value(string(value)).in_words().with(Part::Line(line)))
}

/// Every setting with what it is, and in words what it does.
fn all(settings: &Settings) -> Reply {
    let value = object(SETTINGS.iter().map(|setting| (setting.name, string((setting.get)(settings)))));
    let line = |setting: &Setting| {
        let (name, value) = (setting.name, (setting.get)(settings));
        words::join_columns(&[(name, 7), (&value, 8), (setting.summary, 0)])
    };
    let mut reply = Reply::value(value).in_words();
    reply.parts = SETTINGS.iter().map(|setting| Part::Text(line(setting))).collect();
    reply.with(Part::Text("`set SETTING CHOICE` changes one; `help set` has the choices.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_what_it_was_set_to() {
        for setting in SETTINGS {
            let numbers = setting.range.map(|(from, to)| [from.to_string(), to.to_string()]);
            let choices = setting.choices.iter().map(|choice| (*choice).to_owned());
            for choice in choices.chain(numbers.into_iter().flatten()) {
                let mut session = Session::default();
                session.run(&format!("set {} {choice}", setting.name)).unwrap();
                assert_eq!((setting.get)(session.settings()), choice, "{}", setting.name);
            }
        }
    }

    #[test]
    fn what_a_setting_cannot_be_changes_nothing() {
        let rows = [
            ("set hint off", "there is no setting `hint`"),
            ("set hints maybe", "hints cannot be `maybe`"),
            ("set limit 0", "limit cannot be `0`"),
            ("set limit -1", "limit cannot be `-1`"),
            ("set limit 99999999999999999999", "limit cannot be `99999999999999999999`"),
            ("set width 19", "width cannot be `19`"),
            ("set width +20", "width cannot be `+20`"),
            ("set theme dark light", "unexpected argument `light`"),
        ];
        let mut session = Session::default();
        for (line, error) in rows {
            assert_eq!(session.run(line).unwrap_err().to_string(), error);
        }
        assert_eq!(session.settings(), &Settings::default());
    }
}
