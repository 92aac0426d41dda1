//! Paint: text in colour.

use std::io::IsTerminal;

use owo_colors::Style;
use rejoin::session::{CommandError, Location, Settings, Theme};
use rejoin::value::width::wrapped;
use rejoin::value::{Val, print};

use super::cli::Color;
use super::theme::Role;
pub(crate) use super::visible::{on_a_line, visible};

/// A painter of what is shown, who may leave it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
    /// Whether a program reads it: what comes from a file may stay as it is there.
    piped: bool,
    theme: Theme,
}

impl Paint {
    /// Decides for one output.
    pub(crate) fn new(color: Color, output: &impl IsTerminal) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let on = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => output.is_terminal() && !set("NO_COLOR") && !dumb,
        };
        Self { on, piped: !on && !output.is_terminal(), theme: Theme::Dark }
    }

    /// Makes one that paints as a session wants it.
    pub(crate) fn with(self, settings: &Settings) -> Self {
        use rejoin::session::Color;
        let on = match settings.color {
            Color::Auto => self.on,
            Color::Always => true,
            Color::Never => false,
        };
        Self { on, piped: self.piped && !on, theme: settings.theme }
    }

    /// Tells whether it colours.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// Paints text of a kind. It is shown as it is: what comes from outside is to be made [`visible`] first.
    pub(crate) fn role(self, role: Role, text: &str) -> String {
        self.style(role.style(self.theme), text)
    }

    /// Paints text in a line that is being typed: what stands out there is underlined without colour too.
    pub(crate) fn typed(self, role: Role, text: &str) -> String {
        match role {
            Role::Unknown | Role::Partner if !self.on => Style::new().underline().style(text).to_string(),
            role => self.role(role, text),
        }
    }

    fn style(self, style: Style, text: &str) -> String {
        if self.on { style.style(text).to_string() } else { text.to_owned() }
    }

    /// Paints a line of a report.
    pub(crate) fn report(self, line: &str) -> String {
        let role = match line.trim_start().chars().next() {
            Some('+') => Role::Added,
            Some('-') => Role::Removed,
            Some('~') => Role::Changed,
            Some('>') => Role::Moved,
            _ => Role::Dim,
        };
        self.role(role, &visible(line))
    }

    /// Paints the word in front of an error.
    pub(crate) fn label(self, text: &str) -> String {
        self.role(Role::Error, text)
    }

    /// Paints what is no longer there, or should have been.
    pub(crate) fn gone(self, text: &str) -> String {
        self.role(Role::Removed, &visible(text))
    }

    /// Paints what is there now.
    pub(crate) fn come(self, text: &str) -> String {
        self.role(Role::Added, &visible(text))
    }

    /// Returns text as it is.
    pub(crate) fn plain(self, text: &str) -> String {
        visible(text)
    }

    /// Returns a piece of a session file that is printed again: in a pipe byte for byte.
    pub(crate) fn again(self, text: &str) -> String {
        if self.piped { text.to_owned() } else { visible(text) }
    }

    /// Paints a heading.
    pub(crate) fn heading(self, text: &str) -> String {
        self.role(Role::Command, &visible(text))
    }

    /// Paints something that is not in the foreground.
    pub(crate) fn dim(self, text: &str) -> String {
        self.role(Role::Dim, text)
    }

    /// Paints an error: the line with a caret, the message with its code, the hint.
    pub(crate) fn error(self, error: &CommandError, place: &Location) -> String {
        self.error_within(error, place, usize::MAX)
    }

    /// Paints an error in lines of no more than so many columns.
    pub(crate) fn error_within(self, error: &CommandError, place: &Location, width: usize) -> String {
        let code = format!("[{}]", error.code());
        let message = self.labelled("error:", &format!("{} {code}", visible(&error.to_string())), width);
        let (message, code) = message.split_at(message.len() - code.len());
        let mut text = format!("{place}\n{message}{}", self.dim(code));
        if let Some(hint) = &error.hint {
            let label = "hint:";
            let hint = wrapped(&format!("{label} {}", visible(hint)), width);
            text.push_str(&format!("\n{}{}", self.dim(label), &hint[label.len()..]));
        }
        text
    }

    /// Paints a label such as `error:` and a text behind it, in lines of no more than so many columns.
    pub(crate) fn labelled(self, label: &str, text: &str, width: usize) -> String {
        let lines = wrapped(&format!("{label} {text}"), width);
        format!("{}{}", self.label(label), &lines[label.len()..])
    }

    /// Paints a value as JSON on one line.
    pub(crate) fn value(self, value: &Val) -> String {
        let mut text = String::new();
        print(value, |piece, part| match self.on {
            true => text.push_str(&self.role(Role::Json(piece), part)),
            false => text.push_str(part),
        });
        text
    }
}
