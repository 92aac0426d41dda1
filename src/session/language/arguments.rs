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
    /// Whether `from FILE` can stand in its place.
    pub(in crate::session) or_from_file: bool,
    /// What an error calls the word before it when it is missing.
    pub(in crate::session) keyword_what: &'static str,
    /// Whether the command can do without it.
    pub optional: bool,
    /// Whether there may be more of the kind.
    pub repeats: bool,
    pub(in crate::session) wants: Wants,
    /// What an error calls it when it is missing.
    what: &'static str,
    /// Whether the input of the code in it is the value of the ref, and not the last value.
    pub(in crate::session) reads_ref: bool,
}

/// The kind of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Wants {
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
    /// An expression: up to the word before the next argument.
    Expression,
    /// A file: the rest of the line, but for what the command takes behind it.
    File,
    /// A folder or a URL where replicas meet, written as a file is.
    Place,
    /// A ref, or a place.
    RefOrPlace,
    /// A line of the system's shell: the rest of the line.
    Shell,
    /// A word that stands before an argument: `as`.
    Keyword(&'static str),
    /// A word that says something by being there: `--all`.
    Flag(&'static str),
}

/// An argument, or the word before it.
#[derive(Debug, Clone)]
pub(in crate::session) struct UsageWord {
    pub(in crate::session) wants: Wants,
    /// As usage shows it, with its brackets.
    pub(in crate::session) text: Cow<'static, str>,
    /// What an error calls it when it is missing.
    pub(in crate::session) what: &'static str,
    pub(in crate::session) optional: bool,
}

pub(in crate::session) const REF: Argument = Argument::new("REF", Wants::Ref, "the ref");
pub(in crate::session) const FROM: Argument = Argument::new("FROM", Wants::Source, "what to merge");
pub(in crate::session) const OTHER_REF: Argument = Argument::new("FROM", Wants::Ref, "the ref to take from");
pub(in crate::session) const NAME: Argument = Argument::new("NAME", Wants::Name, "the name");
pub(in crate::session) const NEW_NAME: Argument = Argument::new("NAME", Wants::NewName, "a name");
pub(in crate::session) const CLOCK: Argument = Argument::new("CLOCK", Wants::Clock, "the clock");
pub(in crate::session) const PATH: Argument = Argument::new("PATH", Wants::Path, "the path").on_ref();
pub(in crate::session) const FILTER: Argument = Argument::new("FILTER", Wants::Code, "the filter").on_ref();
pub(in crate::session) const VALUE: Argument = Argument::new("VALUE", Wants::Code, "the new value");
pub(in crate::session) const EXPECTED: Argument =
    Argument::new("EXPECTED", Wants::Code, "the expected value").on_ref();
pub(in crate::session) const VALUE_OR_FILE: Argument =
    Argument { or_from_file: true, ..VALUE }.shown_as("VALUE|from FILE");
pub(in crate::session) const EXPRESSION: Argument =
    Argument::new("EXPR", Wants::Expression, "the expression");
pub(in crate::session) const FILE: Argument = Argument::new("FILE", Wants::File, "the file");
pub(in crate::session) const SHELL: Argument = Argument::new("COMMAND", Wants::Shell, "the program");
pub(in crate::session) const PLACE: Argument = Argument::new("PLACE", Wants::Place, "the place");
pub(in crate::session) const REF_OR_PLACE: Argument =
    Argument::new("REF|PLACE", Wants::RefOrPlace, "the other ref, or a place");
pub(in crate::session) const GC: Argument = Argument::flag("gc");
pub(in crate::session) const NOW: Argument = Argument::flag("--now");
pub(in crate::session) const COMPACT: Argument = Argument::flag("--compact");
pub(in crate::session) const FORCE: Argument = Argument::flag("--force");
pub(in crate::session) const TOPIC: Argument = Argument::new("TOPIC", Wants::Topic, "the topic");
pub(in crate::session) const SETTING: Argument = Argument::new("SETTING", Wants::Setting, "the setting");
pub(in crate::session) const CHOICE: Argument = Argument::new("CHOICE", Wants::SettingValue, "the choice");
pub(in crate::session) const LIVE: Argument = Argument::flag("--live");
pub(in crate::session) const ALL: Argument = Argument::flag("--all");

impl Argument {
    pub(in crate::session) const fn new(name: &'static str, wants: Wants, what: &'static str) -> Self {
        Self {
            name,
            keyword: None,
            or_from_file: false,
            keyword_what: "",
            optional: false,
            repeats: false,
            wants,
            what,
            reads_ref: false,
        }
    }

    const fn flag(flag: &'static str) -> Self {
        Self::new(flag, Wants::Flag(flag), flag).optional()
    }

    pub(in crate::session) const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub(in crate::session) const fn repeated(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Puts the word `as` before it.
    pub(in crate::session) const fn after_as(self) -> Self {
        self.after("as", "`as NAME`")
    }

    /// Puts a word before it, which an error calls `what` where it is missing.
    pub(in crate::session) const fn after(mut self, keyword: &'static str, what: &'static str) -> Self {
        self.keyword = Some(keyword);
        self.keyword_what = what;
        self
    }

    /// Gives it another name in usage.
    pub(in crate::session) const fn shown_as(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Gives it another name in the error that it is missing.
    pub(in crate::session) const fn called(mut self, what: &'static str) -> Self {
        self.what = what;
        self
    }

    /// Gives its code the value of the ref.
    pub(in crate::session) const fn on_ref(mut self) -> Self {
        self.reads_ref = true;
        self
    }

    /// Returns the words that it is in a line, each as usage shows it: `[as`, `NAME]`.
    pub(in crate::session) fn parts(&self) -> impl Iterator<Item = UsageWord> {
        let (open, close) = if self.optional { ("[", "]") } else { ("", "") };
        let more = if self.repeats { " …" } else { "" };
        let plain = !self.optional && !self.repeats;
        let keyword = self.keyword.map(|keyword| UsageWord {
            wants: Wants::Keyword(keyword),
            text: if self.optional { format!("{open}{keyword}").into() } else { keyword.into() },
            what: self.keyword_what,
            optional: self.optional,
        });
        let text = match self.keyword {
            _ if plain => self.name.into(),
            Some(_) => format!("{}{more}{close}", self.name).into(),
            None => format!("{open}{}{more}{close}", self.name).into(),
        };
        let own = UsageWord { wants: self.wants, text, what: self.what, optional: self.optional };
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
