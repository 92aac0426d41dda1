//! The arguments of commands, as their usage names them, and what of a line is which of them.

use super::args::{Args, Word};
use super::table::Command;

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
    /// A VALUE, or a filter.
    Code,
    /// What `help` explains.
    Topic,
    /// The name of a setting.
    Setting,
    /// What a setting can be.
    SettingValue,
    /// A file.
    File,
    /// A word that stands there as it is: `as`, `--all`.
    Word(&'static str),
    /// Anything else.
    Other,
}

/// An argument of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    pub(super) wants: Wants,
    /// As usage shows it, with its brackets.
    pub(super) text: &'static str,
}

impl Command {
    /// Its arguments, in their order.
    pub(super) fn signature(&self) -> Vec<Argument> {
        let mut arguments: Vec<Argument> = Vec::new();
        for text in self.arguments.split_whitespace() {
            let after_as = matches!(arguments.last(), Some(Argument { wants: Wants::Word("as"), .. }));
            let word = text.trim_matches(['[', ']']);
            let wants = match word {
                "NAME" | "B" if after_as || self.name == "ref" => Wants::NewName,
                "NAME" | "A" | "B" => Wants::Name,
                "REF" => Wants::Ref,
                "CLOCK" => Wants::Clock,
                "FROM" => Wants::Source,
                "PATH" => Wants::Path,
                "VALUE" | "EXPECTED" | "FILTER" => Wants::Code,
                "TOPIC" => Wants::Topic,
                "SETTING" => Wants::Setting,
                "CHOICE" => Wants::SettingValue,
                "FILE" | "FILE|stop" => Wants::File,
                _ if word.starts_with(|c: char| c.is_ascii_lowercase() || c == '-') => Wants::Word(word),
                _ => Wants::Other,
            };
            arguments.push(Argument { wants, text });
        }
        arguments
    }
}

/// A line as its command takes it.
pub(super) struct Layout<'a> {
    pub(super) command: Option<(&'static Command, Word<'a>)>,
    /// The arguments that are there.
    pub(super) taken: Vec<(Wants, Word<'a>)>,
    /// Those that are not.
    pub(super) left: Vec<Argument>,
}

/// Reads a line as far as it goes. A line that is no command has nothing taken and nothing left.
pub(super) fn layout(line: &str) -> Layout<'_> {
    let mut args = Args::new(line);
    let start = args.clone().optional_word();
    let Some((command, word)) = args.command().zip(start) else {
        return Layout { command: None, taken: Vec::new(), left: Vec::new() };
    };
    let signature = command.signature();
    let mut taken: Vec<(Wants, Word<'_>)> = Vec::new();
    let mut at = 0;
    while let Some(argument) = signature.get(at) {
        let is_last = at + 1 == signature.len();
        let found = match argument.wants {
            Wants::Code if is_last => args.optional_rest(),
            Wants::Code | Wants::Path | Wants::Clock | Wants::Source => args.optional_value(),
            Wants::Other if argument.text == "…" => {
                let wants = taken.last().map_or(Wants::Other, |(wants, _)| *wants);
                while let Some(word) = args.optional_word() {
                    taken.push((wants, word));
                }
                None
            }
            _ => args.optional_word(),
        };
        let Some(word) = found else { break };
        taken.push((argument.wants, word));
        at += 1;
    }
    Layout { command: Some((command, word)), taken, left: signature[at..].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line has taken and what is left.
    fn shown(line: &str) -> String {
        let layout = layout(line);
        let taken = layout.taken.iter().map(|(wants, word)| format!("{wants:?} {}", word.text));
        let left = layout.left.iter().map(|argument| argument.text);
        format!("{} | {}", taken.collect::<Vec<_>>().join(", "), left.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_line_is_read_as_its_command_takes_it() {
        let rows = [
            ("swap", " | REF FILTER"),
            ("swap a", "Ref a | FILTER"),
            ("swap a .x | .y ", "Ref a, Code .x | .y | "),
            ("branch a", "Ref a | as NAME"),
            ("branch a as b", "Ref a, Word(\"as\") as, NewName b | "),
            ("cas a [1, 2] 3", "Ref a, Code [1, 2], Code 3 | "),
            ("patch a ({} | .b", "Ref a, Clock ({} | .b | [as NAME]"),
            ("rename a", "Name a | as B"),
            ("rename a as b", "Name a, Word(\"as\") as, NewName b | "),
            ("same a b c", "Name a, Name b, Name c | …"),
            ("ref a", "NewName a | [VALUE]"),
            ("drop a", "Name a | "),
            ("a | .b", " | "),
            ("", " | "),
        ];
        for (line, expected) in rows {
            assert_eq!(shown(line), expected, "{line}");
        }
    }
}
