//! Themes: what each kind of text looks like. What a colour says is said by a word or a sign too.

use owo_colors::Style;
use rejoin::session::{Sentence, Theme};
use rejoin::value::{Difference, Piece};

/// The role of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A piece of a value.
    Json(Piece),
    /// The sign and path of what was added.
    Added,
    /// Of what was removed.
    Removed,
    /// Of what changed.
    Changed,
    /// Of what moved.
    Moved,
    /// Writes that had not seen each other; something lost.
    Warning,
    /// The word in front of an error.
    Error,
    /// What is text and nothing else.
    Plain,
    /// What is not in the foreground.
    Dim,
    /// A command.
    Command,
    /// A name of the session.
    Name,
    /// What is not known.
    Unknown,
    /// A word of the language.
    Keyword,
    /// The name of a filter.
    Filter,
    /// A variable of the code itself.
    Variable,
    /// The bracket that belongs to the one at the cursor.
    Partner,
}

impl From<&Difference> for Role {
    fn from(difference: &Difference) -> Self {
        match difference {
            Difference::Added(_) => Self::Added,
            Difference::Removed(_) => Self::Removed,
            Difference::Changed(..) => Self::Changed,
            Difference::Moved { .. } => Self::Moved,
        }
    }
}

impl From<&Sentence> for Role {
    fn from(sentence: &Sentence) -> Self {
        match sentence {
            Sentence::Words(_) => Self::Dim,
            Sentence::Change { change, .. } => (&change.difference).into(),
            Sentence::Conflict(_) | Sentence::Warning(_) => Self::Warning,
            Sentence::Text(_) => Self::Plain,
        }
    }
}

impl Role {
    /// Tells how it looks.
    pub(crate) fn style(self, theme: Theme) -> Style {
        let style = self.shape();
        match theme {
            Theme::Mono => style,
            Theme::Dark | Theme::Light => self.hue(style, theme == Theme::Light),
        }
    }

    /// Returns what it looks like without colours.
    fn shape(self) -> Style {
        match self {
            Self::Error | Self::Command | Self::Warning => Style::new().bold(),
            Self::Unknown => Style::new().underline(),
            Self::Partner => Style::new().bold().underline(),
            Self::Dim | Self::Json(Piece::Null) => Style::new().dimmed(),
            Self::Json(Piece::Key) | Self::Keyword => Style::new().bold(),
            _ => Style::new(),
        }
    }

    /// Returns the look in colour. Yellow and cyan are hard to read on a light background.
    fn hue(self, style: Style, light: bool) -> Style {
        match self {
            Self::Error | Self::Removed | Self::Unknown => style.red(),
            Self::Added | Self::Json(Piece::String) => style.green(),
            Self::Changed | Self::Warning | Self::Json(Piece::Bool) if light => style.magenta(),
            Self::Changed | Self::Warning | Self::Json(Piece::Bool) => style.yellow(),
            Self::Moved | Self::Json(Piece::Key) => style.blue(),
            Self::Json(Piece::Number) | Self::Name if light => style.blue(),
            Self::Json(Piece::Number) | Self::Name => style.cyan(),
            Self::Keyword | Self::Variable => style.magenta(),
            Self::Partner => style.green(),
            Self::Plain
            | Self::Dim
            | Self::Command
            | Self::Filter
            | Self::Json(Piece::Null | Piece::Punctuation) => style,
        }
    }
}
