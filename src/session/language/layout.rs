//! A line cut into a command and its arguments, as far as it goes.

use smallvec::SmallVec;

use crate::filter::value_length;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::{Args, Word};
use crate::session::language::arguments::{Argument, FILE, UsageWord, Wants};
use crate::session::language::command::{self, Command};
use crate::session::language::name::name_length;

/// A line as its command takes it, as far as it does.
pub(in crate::session) struct Layout<'a> {
    line: &'a str,
    pub(in crate::session) command: Option<(&'static Command, Word<'a>)>,
    /// The arguments that are there, and the words that stand before some.
    pub(in crate::session) taken: SmallVec<[(Wants, Word<'a>); 4]>,
    /// Those that are not, as usage shows them.
    pub(in crate::session) left: Vec<UsageWord>,
    /// What belongs to no argument.
    pub(in crate::session) rest: Option<Word<'a>>,
}

/// Cuts a line as far as it goes. A line that is no command has nothing taken and nothing left.
pub(in crate::session) fn layout<'a>(line: &'a str, commands: &'static [Command]) -> Layout<'a> {
    let mut cursor = Cursor::new(line);
    let command = cursor.command(commands);
    let arguments = command.as_ref().map_or(&[][..], |(command, _)| command.arguments);
    let mut layout = Layout { line, command, taken: SmallVec::new(), left: Vec::new(), rest: None };
    let mut at = 0;
    while let Some((argument, behind)) = arguments[at..].split_first() {
        at += 1;
        let next = behind.first();
        if matches!(argument.wants, Wants::Flag(_)) {
            let flags = 1 + behind.iter().take_while(|next| matches!(next.wants, Wants::Flag(_))).count();
            layout.flags(&mut cursor, &arguments[at - 1..at - 1 + flags]);
            at += flags - 1;
            continue;
        }
        // What may be left out is, where the word of the next argument stands.
        if argument.optional && next.and_then(|next| next.keyword).is_some_and(|word| cursor.is_at(word)) {
            continue;
        }
        if argument.or_from_file && cursor.is_at("from") {
            layout.taken.extend(cursor.word().map(|word| (Wants::Keyword("from"), word)));
            match cursor.file(behind) {
                Some(word) => layout.taken.push((Wants::File, word)),
                None => layout.left.extend(FILE.parts()),
            }
            continue;
        }
        let mut parts = argument.parts();
        while let Some(part) = parts.next() {
            let found = match part.wants {
                Wants::Code if next.is_none() => cursor.rest(),
                Wants::Expression => cursor.until(next.and_then(|next| next.keyword)),
                Wants::Shell => cursor.rest(),
                Wants::File | Wants::Place | Wants::RefOrPlace => cursor.file(behind),
                Wants::Code | Wants::Path | Wants::Clock | Wants::Source => cursor.value(),
                _ => cursor.word(),
            };
            let Some(word) = found else {
                layout.left.push(part);
                layout.left.extend(parts);
                break;
            };
            layout.taken.push((part.wants, word));
        }
        if argument.repeats && layout.left.is_empty() {
            let more = std::iter::from_fn(|| cursor.word());
            layout.taken.extend(more.map(|word| (argument.wants, word)));
        }
    }
    layout.rest = cursor.rest();
    layout
}

impl<'a> Layout<'a> {
    /// Returns the arguments of a line that is whole.
    ///
    /// # Errors
    /// When something is missing, another word stands where one must, or there is too much.
    pub(in crate::session) fn args(&self) -> Result<Args<'a>, CommandError> {
        let Self { line, command, taken, left, rest } = self;
        let usage = || command.as_ref().map(|(command, _)| format!("usage: {}", command.usage()));
        let fail = |kind, span| Err(CommandError::new(kind, span).with_hint(usage()));
        for (wants, word) in taken {
            if let Wants::Keyword(wanted) | Wants::Flag(wanted) = *wants
                && word.text != wanted
            {
                let arguments = command.as_ref().map_or(&[][..], |(command, _)| command.arguments);
                let is_before = |argument: &&Argument| argument.keyword == Some(wanted);
                let what = arguments.iter().find(is_before).map(|argument| argument.keyword_what.to_owned());
                let wanted = what.unwrap_or_else(|| format!("`{wanted}`"));
                return fail(ErrorKind::Expected { wanted, found: word.text.to_owned() }, word.span.clone());
            }
        }
        // What looks like a flag in the name of a file is a slip.
        let files = taken.iter().filter(|(wants, word)| {
            matches!(wants, Wants::File | Wants::Place | Wants::RefOrPlace) && !word.text.starts_with('"')
        });
        for word in files.map(|(_, word)| word) {
            let slips = word.text.match_indices("--").map(|(at, _)| at);
            if let Some(at) = slips
                .into_iter()
                .find(|at| word.text[..*at].chars().next_back().is_none_or(char::is_whitespace))
            {
                let slip = word.text[at..].split_whitespace().next().unwrap_or_default();
                let start = word.span.start + at;
                return fail(ErrorKind::TooMuch(slip.to_owned()), start..start + slip.len());
            }
        }
        // A flag cannot be a name: the one that stands in front of it is missing.
        if let Some((what, word)) = self.flag_too_early() {
            return fail(ErrorKind::Missing(what), word.span.clone());
        }
        // What may be left out may not when the word before it is there.
        let is_begun = matches!(taken.last(), Some((Wants::Keyword(_), _)));
        let missing = left.iter().enumerate().find(|(at, part)| !part.optional || is_begun && *at == 0);
        if let Some((_, part)) = missing {
            let end = line.trim_end().len();
            return fail(ErrorKind::Missing(part.what), end..end);
        }
        if let Some(rest) = rest {
            let kind = ErrorKind::TooMuch(rest.text.to_owned());
            return match rest.text.starts_with('|') {
                true => {
                    let hint = "the answer of a command is `$_` in the next line".to_owned();
                    Err(CommandError::new(kind, rest.span.clone()).with_hint(hint))
                }
                false => fail(kind, rest.span.clone()),
            };
        }
        let words = taken.iter().filter(|(wants, _)| !matches!(wants, Wants::Keyword(_)));
        Ok(Args::new(words.cloned().collect()))
    }

    /// Takes the flags that are there, in any order.
    fn flags(&mut self, cursor: &mut Cursor<'a>, flags: &'static [Argument]) {
        let mut open: Vec<&Argument> = flags.iter().collect();
        let mut take = || {
            open.iter()
                .enumerate()
                .find_map(|(at, flag)| Some((at, cursor.flag(flag.name)?)))
                .map(|(at, word)| (open.remove(at).wants, word))
        };
        let taken = std::iter::from_fn(&mut take);
        self.taken.extend(taken);
        self.left.extend(open.into_iter().flat_map(Argument::parts));
    }
}

impl Layout<'_> {
    /// Tells whether a word is a flag of the command.
    pub(in crate::session) fn is_flag(&self, word: &Word<'_>) -> bool {
        let arguments = self.command.as_ref().map_or(&[][..], |(command, _)| command.arguments);
        arguments.iter().any(|argument| matches!(argument.wants, Wants::Flag(flag) if flag == word.text))
    }

    /// Returns a flag that stands where the first argument should, and what that is.
    fn flag_too_early(&self) -> Option<(&'static str, &Word<'_>)> {
        let (command, _) = self.command.as_ref()?;
        let wanted = command.arguments.first()?.parts().next()?;
        let (wants, word) = self.taken.first()?;
        (!matches!(wants, Wants::Flag(_)) && self.is_flag(word)).then_some((wanted.what, word))
    }
}

/// The rest of a line, from left to right.
#[derive(Debug, Clone)]
struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(line: &'a str) -> Self {
        let mut cursor = Self { line, at: 0 };
        cursor.skip_blanks();
        cursor
    }

    fn rest_text(&self) -> &'a str {
        &self.line[self.at..]
    }

    /// Tells whether nothing is left but a comment.
    fn is_at_end(&self) -> bool {
        self.rest_text().is_empty() || self.rest_text().starts_with('#')
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest_text();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, length: impl FnOnce(&str) -> usize) -> Option<Word<'a>> {
        if self.is_at_end() {
            return None;
        }
        let span = self.at..self.at + length(self.rest_text());
        self.at = span.end;
        self.skip_blanks();
        Some(Word { text: &self.line[span.clone()], span })
    }

    /// Takes the command, if the line starts with one that stands alone (`log`, not `log.x`).
    fn command(&mut self, commands: &'static [Command]) -> Option<(&'static Command, Word<'a>)> {
        let length = name_length(self.rest_text());
        let ends = self.rest_text()[length..].chars().next().is_none_or(char::is_whitespace);
        let command = command::find(commands, &self.rest_text()[..length]).filter(|_| ends)?;
        self.take(|_| length).map(|word| (command, word))
    }

    /// Takes a word: up to the next blank.
    fn word(&mut self) -> Option<Word<'a>> {
        self.take(|rest| rest.find(char::is_whitespace).unwrap_or(rest.len()))
    }

    /// Tells whether this word comes next.
    fn is_at(&self, word: &str) -> bool {
        let rest = self.rest_text().strip_prefix(word);
        rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
    }

    /// Takes the name of a file: up to a comment, and to what the command takes behind it. One in quotes ends with them.
    fn file(&mut self, behind: &[Argument]) -> Option<Word<'a>> {
        if self.rest_text().starts_with('"') {
            return self.value();
        }
        let is_next = |argument: &Argument| matches!(argument.wants, Wants::Flag(flag) if self.is_at(flag));
        if behind.iter().any(is_next) {
            return None;
        }
        self.take(|rest| {
            let mut name = rest[..rest.find(" #").unwrap_or(rest.len())].trim_end();
            while let Some(shorter) = behind.iter().find_map(|argument| without(name, argument)) {
                name = shorter;
            }
            name.len()
        })
    }

    /// Takes code: up to a word that stands outside of brackets and quotes.
    fn until(&mut self, word: Option<&str>) -> Option<Word<'a>> {
        let start = self.clone();
        let mut end = self.at;
        // It is no word of the command where nothing is before it.
        while !self.is_at_end() && (end == start.at || !word.is_some_and(|word| self.is_at(word))) {
            end = self.value()?.span.end;
        }
        (end > start.at).then(|| Word { text: &self.line[start.at..end], span: start.at..end })
    }

    /// Takes a flag, or the start of it at the end of the line.
    fn flag(&mut self, flag: &str) -> Option<Word<'a>> {
        let word = self.clone().word()?;
        let is_flag = word.text == flag || word.span.end == self.line.len() && flag.starts_with(word.text);
        if is_flag { self.word() } else { None }
    }

    /// Takes one VALUE: up to a blank outside brackets and quotes.
    fn value(&mut self) -> Option<Word<'a>> {
        self.take(value_length)
    }

    /// Takes the rest of the line.
    fn rest(&mut self) -> Option<Word<'a>> {
        self.take(|rest| rest.trim_end().len())
    }
}

/// Returns the name of a file without an argument that stands behind it, if it does: a flag, or a word and what follows.
fn without<'a>(name: &'a str, argument: &Argument) -> Option<&'a str> {
    let (before, last) = name.rsplit_once(char::is_whitespace)?;
    match (argument.keyword, argument.wants) {
        (None, Wants::Flag(flag)) => (last == flag).then(|| before.trim_end()),
        (Some(keyword), _) => {
            let (before, word) = before.trim_end().rsplit_once(char::is_whitespace)?;
            (word == keyword).then(|| before.trim_end())
        }
        _ => None,
    }
}

/// Tells whether a line is blank, or a comment.
pub(in crate::session) fn is_blank(line: &str) -> bool {
    Cursor::new(line).is_at_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a line has taken and what is left.
    fn shown(line: &str) -> String {
        let layout = layout(line, crate::session::COMMANDS);
        let taken = layout.taken.iter().map(|(wants, word)| format!("{wants:?} {}", word.text));
        let left = layout.left.iter().map(|part| &*part.text);
        format!("{} | {}", taken.collect::<Vec<_>>().join(", "), left.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_line_is_read_as_its_command_takes_it() {
        let rows = [
            ("swap", " | REF FILTER"),
            ("swap a", "Ref a | FILTER"),
            ("swap a .x | .y ", "Ref a, Code .x | .y | "),
            ("branch a", "Source a | as NAME"),
            ("branch a as b", "Source a, Keyword(\"as\") as, NewName b | "),
            ("cas a [1, 2] 3", "Ref a, Code [1, 2], Code 3 | "),
            ("patch a ({} | .b", "Ref a, Clock ({} | .b | [as NAME]"),
            ("same a b c", "Name a, Name b, Name c | "),
            ("ref a", "NewName a | [VALUE|from FILE]"),
            ("drop a", "Name a | "),
            ("same a", "Name a | B …"),
            ("show a --all", "Name a, Flag(\"--all\") --all | "),
            ("read a b.rejoin --all # all", "File a b.rejoin, Flag(\"--all\") --all | "),
            ("ref a from", "NewName a, Keyword(\"from\") from | FILE"),
            ("ref a from ", "NewName a, Keyword(\"from\") from | FILE"),
            ("ref a from b c.json # d", "NewName a, Keyword(\"from\") from, File b c.json | "),
            ("reset a from b.json", "Ref a, Keyword(\"from\") from, File b.json | "),
            ("patch a as p", "Ref a, Keyword(\"as\") as, NewName p | "),
            ("patch a as", "Ref a, Keyword(\"as\") as | NAME]"),
            (
                "export a | .to to b.json",
                "Expression a | .to, Keyword(\"to\") to, File b.json | [--compact] [--force]",
            ),
            (
                "export [1, 2] to b.json --force --compact",
                "Expression [1, 2], Keyword(\"to\") to, File b.json, Flag(\"--force\") --force, Flag(\"--compact\") --compact | ",
            ),
            ("export a", "Expression a | to FILE [--compact] [--force]"),
            ("pipe . to jq .a --tab", "Expression ., Keyword(\"to\") to, Shell jq .a --tab | "),
            ("open a.ref as b", "File a.ref, Keyword(\"as\") as, NewName b | "),
            ("open \"a as b\"", "File \"a as b\" | [as NAME]"),
            ("save a b.ref --force", "Ref a, File b.ref, Flag(\"--force\") --force | "),
            ("save a --force", "Ref a, Flag(\"--force\") --force | [FILE]"),
            ("a | .b", " | "),
            ("", " | "),
        ];
        for (line, expected) in rows {
            assert_eq!(shown(line), expected, "{line}");
        }
    }
}
