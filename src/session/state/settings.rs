//! Settings: how a session looks to a person, and what its filters may use.

use std::ops::RangeInclusive;

use crate::session::{Limits, Session, units};

/// The settings of how a terminal shows the session. Scripts and their answers do not look at it.
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

/// The occasions on which to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// As the terminal and the command line say.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The colours that suit a terminal.
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
    /// The words that it can be.
    pub choices: &'static [&'static str],
    /// What else it can be, in words; empty if nothing.
    pub others: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Says what it is now.
    pub(in crate::session) get: fn(&Session) -> String,
    /// Sets it, or answers `None` when it cannot be that.
    pub(in crate::session) set: fn(&mut Session, &str) -> Option<()>,
}

/// All settings.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "hints",
        choices: SWITCH,
        others: "",
        summary: "while typing, show what can follow",
        get: |session| switched(session.settings.hints),
        set: |session, word| switch(&mut session.settings.hints, word),
    },
    Setting {
        name: "width",
        choices: &["auto"],
        others: "20 to 1000",
        summary: "columns that a line may take",
        get: |session| number(session.settings.width, "auto"),
        set: |session, word| set_number(&mut session.settings.width, word, "auto", 20..=1_000),
    },
    Setting {
        name: "limit",
        choices: &["all"],
        others: "1 to 1000000",
        summary: "items that are shown of an array or object",
        get: |session| number(session.settings.limit, "all"),
        set: |session, word| set_number(&mut session.settings.limit, word, "all", 1..=1_000_000),
    },
    Setting {
        name: "timer",
        choices: SWITCH,
        others: "",
        summary: "show the time that a command took",
        get: |session| switched(session.settings.timer),
        set: |session, word| switch(&mut session.settings.timer, word),
    },
    Setting {
        name: "color",
        choices: &["auto", "always", "never"],
        others: "",
        summary: "when to use colour",
        get: |session| {
            let word = match session.settings.color {
                Color::Auto => "auto",
                Color::Always => "always",
                Color::Never => "never",
            };
            word.to_owned()
        },
        set: |session, word| {
            session.settings.color = match word {
                "auto" => Color::Auto,
                "always" => Color::Always,
                "never" => Color::Never,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "theme",
        choices: &["dark", "light", "mono"],
        others: "",
        summary: "colours for a dark or a light background, or none",
        get: |session| {
            let word = match session.settings.theme {
                Theme::Dark => "dark",
                Theme::Light => "light",
                Theme::Mono => "mono",
            };
            word.to_owned()
        },
        set: |session, word| {
            session.settings.theme = match word {
                "dark" => Theme::Dark,
                "light" => Theme::Light,
                "mono" => Theme::Mono,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "filter-timeout",
        choices: &["none"],
        others: "a time such as 500ms or 2s",
        summary: "stop a filter that runs longer",
        get: |session| session.filter_limits().time.map_or_else(|| "none".to_owned(), units::duration_text),
        set: |session, word| {
            let time = if word == "none" { None } else { Some(units::duration(word).ok()?) };
            session.set_filter_limits(Limits { time, ..session.filter_limits() });
            Some(())
        },
    },
    Setting {
        name: "filter-memory",
        choices: &["none"],
        others: "a size such as 64M or 2G",
        summary: "stop a filter that takes more memory",
        get: |session| session.filter_limits().memory.map_or_else(|| "none".to_owned(), units::bytes_text),
        set: |session, word| {
            let memory = if word == "none" { None } else { Some(units::bytes(word).ok()?) };
            session.set_filter_limits(Limits { memory, ..session.filter_limits() });
            Some(())
        },
    },
];

const SWITCH: &[&str] = &["on", "off"];

fn switched(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn switch(setting: &mut bool, word: &str) -> Option<()> {
    *setting = match word {
        "on" => true,
        "off" => false,
        _ => return None,
    };
    Some(())
}

fn number(number: Option<usize>, none: &str) -> String {
    number.map_or_else(|| none.to_owned(), |number| number.to_string())
}

/// Sets a number within a range, or `None` by its word.
fn set_number(
    setting: &mut Option<usize>,
    word: &str,
    none: &str,
    range: RangeInclusive<usize>,
) -> Option<()> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    *setting = match word.parse() {
        _ if word == none => None,
        Ok(number) if digits && range.contains(&number) => Some(number),
        _ => return None,
    };
    Some(())
}

impl Setting {
    /// Returns what it can be, in words: `all or 1 to 1000000`.
    pub fn values(&self) -> String {
        let mut all = self.choices.to_vec();
        all.extend(Some(self.others).filter(|others| !others.is_empty()));
        match &all[..] {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            all => all.concat(),
        }
    }
}

/// Returns the setting of that name.
pub(in crate::session) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Session {
    /// Tells how a terminal is to show the session.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_what_it_was_set_to() {
        for setting in SETTINGS {
            let others =
                setting.others.split([' ']).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
            for choice in setting.choices.iter().copied().chain(others) {
                let mut session = Session::default();
                session.run(&format!("set {} {choice}", setting.name)).unwrap();
                assert_eq!((setting.get)(&session), choice, "{}", setting.name);
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
            ("set filter-timeout -1s", "filter-timeout cannot be `-1s`"),
            ("set filter-memory x", "filter-memory cannot be `x`"),
            ("set theme dark light", "unexpected argument `light`"),
        ];
        let mut session = Session::default();
        for (line, error) in rows {
            assert_eq!(session.run(line).unwrap_err().to_string(), error);
        }
        assert_eq!(session.settings(), &Settings::default());
    }
}
