//! The arguments of commands, as data: how a line is cut, its errors, usage, completion and colours follow from them.

use std::borrow::Cow;
use std::fmt;

/// An argument of a command.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// As usage names it: `REF`.
    pub name: &'static str,
    /// The word that stands before it: `as`.
    pub keyword: Option<&'static str>,
    /// Whether the command can do without it.
    pub optional: bool,
    /// Whether there may be more of the kind.
    pub repeats: bool,
    pub(super) wants: Wants,
    /// What an error calls it when it is missing.
    what: &'static str,
    /// Whether the input of the code in it is the value of the ref, and not the last value.
    pub(super) reads_ref: bool,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// A name that is to be made.
    NewName,
    /// The name of anything.
    Name,
    /// The name of a ref.
    Ref,
    /// A clock, by its name or as a VALUE.
    Clock,
    /// A ref or a patch, by its name or as a VALUE.
    Source,
    /// A path.
    Path,
    /// A VALUE, or a filter. The last argument of a line goes on to its end.
    Code,
    /// What `help` explains.
    Topic,
    /// The name of a setting.
    Setting,
    /// What a setting can be.
    SettingValue,
    /// A file: the rest of the line.
    File,
    /// A word that stands before an argument: `as`.
    Keyword(&'static str),
    /// A word that says something by being there: `--all`.
    Flag(&'static str),
}

/// An argument, or the word before it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) wants: Wants,
    /// As usage shows it, with its brackets.
    pub(super) text: Cow<'static, str>,
    /// What an error calls it when it is missing.
    pub(super) what: &'static str,
    pub(super) optional: bool,
}

pub(super) const REF: Argument = Argument::new("REF", Wants::Ref, "the ref");
pub(super) const FROM: Argument = Argument::new("FROM", Wants::Source, "what to merge");
pub(super) const OTHER_REF: Argument = Argument::new("FROM", Wants::Ref, "the ref to take from");
pub(super) const NAME: Argument = Argument::new("NAME", Wants::Name, "the name");
pub(super) const NEW_NAME: Argument = Argument::new("NAME", Wants::NewName, "a name");
pub(super) const CLOCK: Argument = Argument::new("CLOCK", Wants::Clock, "the clock");
pub(super) const PATH: Argument = Argument::new("PATH", Wants::Path, "the path").on_ref();
pub(super) const FILTER: Argument = Argument::new("FILTER", Wants::Code, "the filter").on_ref();
pub(super) const VALUE: Argument = Argument::new("VALUE", Wants::Code, "the new value");
pub(super) const EXPECTED: Argument = Argument::new("EXPECTED", Wants::Code, "the expected value").on_ref();
pub(super) const FILE: Argument = Argument::new("FILE", Wants::File, "the session file");
pub(super) const TOPIC: Argument = Argument::new("TOPIC", Wants::Topic, "the topic");
pub(super) const SETTING: Argument = Argument::new("SETTING", Wants::Setting, "the setting");
pub(super) const CHOICE: Argument = Argument::new("CHOICE", Wants::SettingValue, "the choice");
pub(super) const ALL: Argument = Argument::new("--all", Wants::Flag("--all"), "`--all`").optional();

impl Argument {
    pub(super) const fn new(name: &'static str, wants: Wants, what: &'static str) -> Self {
        Self { name, keyword: None, optional: false, repeats: false, wants, what, reads_ref: false }
    }

    pub(super) const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub(super) const fn repeated(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// With the word `as` before it.
    pub(super) const fn after_as(mut self) -> Self {
        self.keyword = Some("as");
        self
    }

    /// With another name in usage.
    pub(super) const fn shown_as(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Which an error calls otherwise when it is missing.
    pub(super) const fn called(mut self, what: &'static str) -> Self {
        self.what = what;
        self
    }

    /// Whose code gets the value of the ref.
    pub(super) const fn on_ref(mut self) -> Self {
        self.reads_ref = true;
        self
    }

    /// The words that it is in a line, each as usage shows it: `[as`, `NAME]`.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        let (open, close) = if self.optional { ("[", "]") } else { ("", "") };
        let more = if self.repeats { " …" } else { "" };
        let plain = !self.optional && !self.repeats;
        let keyword = self.keyword.map(|keyword| Part {
            wants: Wants::Keyword(keyword),
            text: if self.optional { format!("{open}{keyword}").into() } else { keyword.into() },
            what: "`as NAME`",
            optional: self.optional,
        });
        let text = match self.keyword {
            _ if plain => self.name.into(),
            Some(_) => format!("{}{more}{close}", self.name).into(),
            None => format!("{open}{}{more}{close}", self.name).into(),
        };
        let own = Part { wants: self.wants, text, what: self.what, optional: self.optional };
        keyword.into_iter().chain([own])
    }
}

/// As usage shows it: `[as NAME]`.
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts().enumerate() {
            write!(f, "{}{}", if at > 0 { " " } else { "" }, part.text)?;
        }
        Ok(())
    }
}
