//! Highlighting: the kind of each word of a line, for whoever shows the line; and what can follow it.

use std::collections::HashSet;
use std::ops::Range;

use crate::filter::{self, Lexeme, LexemeKind};
use crate::session::commands::help::filters;
use crate::session::commands::help::topics;
use crate::session::language::arguments::Wants;
use crate::session::language::layout::Layout;
use crate::session::language::name::{name_length, variable};
use crate::session::state::settings;
use crate::session::{Command, EntryKind, ErrorCode, Session};

/// A word or sign of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: HighlightKind,
}

/// The kind of a word or sign of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HighlightKind {
    /// A command.
    Command,
    /// A name of the session, or the variable that it is.
    Name(EntryKind),
    /// A word that a command has between its arguments, a setting, a topic.
    Word,
    /// Something that is to be known here, and is not.
    Unknown,
    /// A word or sign of code.
    Code(LexemeKind),
}

impl Session {
    /// Returns what the words of a line are. What may still become something known is not unknown while the line
    /// ends with it. O(length).
    pub fn highlights(&self, line: &str) -> Vec<Highlight> {
        let mut highlights = Vec::new();
        if line.trim_start().starts_with('#') {
            let start = line.len() - line.trim_start().len();
            let kind = HighlightKind::Code(LexemeKind::Comment);
            return vec![Highlight { span: start..line.len(), kind }];
        }
        let Layout { command, taken, rest, .. } = self.layout(line);
        let Some((_, word)) = &command else {
            let start = line.len() - line.trim_start().len();
            self.highlight_expression(line, start..line.trim_end().len().max(start), &mut highlights);
            return highlights;
        };
        highlights.push(Highlight { span: word.span.clone(), kind: HighlightKind::Command });
        for (wants, word) in &taken {
            let at_end = word.span.end == line.len();
            let kind = match wants {
                Wants::Code | Wants::Path => {
                    self.highlight_code(line, word.span.clone(), None, &mut highlights);
                    continue;
                }
                Wants::Expression => {
                    self.highlight_expression(line, word.span.clone(), &mut highlights);
                    continue;
                }
                Wants::Clock | Wants::Source if name_length(word.text) < word.text.len() => {
                    self.highlight_code(line, word.span.clone(), None, &mut highlights);
                    continue;
                }
                Wants::Ref => self.name(word.text, at_end, |kind| kind == EntryKind::Ref),
                Wants::Clock => self.name(word.text, at_end, |kind| kind == EntryKind::Clock),
                Wants::Source => self.name(word.text, at_end, |kind| kind != EntryKind::Clock),
                Wants::Name => self.name(word.text, at_end, |_| true),
                Wants::Keyword(wanted) | Wants::Flag(wanted) => {
                    known(word.text == *wanted, at_end && wanted.starts_with(word.text))
                }
                Wants::Setting => {
                    let starts = settings::SETTINGS.iter().any(|setting| setting.name.starts_with(word.text));
                    known(settings::find(word.text).is_some(), at_end && starts)
                }
                Wants::Topic => {
                    let topic = self.command(word.text).is_some() || topics::find(word.text).is_some();
                    let explained =
                        topic || ErrorCode::named(word.text).is_some() || filters::is_known(word.text);
                    known(explained, at_end)
                }
                Wants::NewName
                | Wants::SettingValue
                | Wants::File
                | Wants::Place
                | Wants::RefOrPlace
                | Wants::Shell => None,
            };
            highlights.extend(kind.map(|kind| Highlight { span: word.span.clone(), kind }));
        }
        // What is left over belongs to no argument.
        highlights.extend(rest.map(|rest| Highlight { span: rest.span, kind: HighlightKind::Unknown }));
        highlights
    }

    /// Returns the rest of the signature of the command that is being typed: ` REF FILTER` behind `swap`.
    pub fn usage_hint(&self, line: &str) -> Option<String> {
        let Layout { command: Some(_), left, .. } = self.layout(line) else { return None };
        let left: Vec<&str> = left.iter().map(|part| &*part.text).collect();
        let gap = if line.ends_with(char::is_whitespace) { "" } else { " " };
        (!left.is_empty()).then(|| format!("{gap}{}", left.join(" ")))
    }

    fn highlight_expression(&self, line: &str, span: Range<usize>, highlights: &mut Vec<Highlight>) {
        let (start, text) = (span.start, &line[span.clone()]);
        if let Some(name) = self.leading_name(text)
            && let Some(entry) = self.names.get(name)
        {
            let end = start + name.len();
            highlights.push(Highlight { span: start..end, kind: HighlightKind::Name(entry.kind()) });
            // The name is a term: what follows goes on from it.
            return self.highlight_code(line, span, Some(end), highlights);
        }
        let length = name_length(text);
        let word = &text[..length];
        let first = word.split('-').next().unwrap_or(word);
        let is_code = length == 0
            || filter::builtins().any(|(name, _)| name == first)
            || filter::lexemes(first).iter().any(|lexeme| lexeme.kind != LexemeKind::Name);
        if is_code {
            return self.highlight_code(line, span, None, highlights);
        }
        let may_become = || {
            let starts = |known: &str| known.starts_with(word);
            self.commands().iter().flat_map(Command::names).any(starts)
                || self.entries().any(|(name, _)| starts(name))
                || filter::builtins().any(|(name, _)| starts(name))
        };
        if start + length < line.len() || !may_become() {
            highlights.push(Highlight { span: start..start + length, kind: HighlightKind::Unknown });
        }
    }

    /// Marks code; `behind`: only from there on, and what stands before is a term.
    fn highlight_code(
        &self,
        line: &str,
        span: Range<usize>,
        behind: Option<usize>,
        highlights: &mut Vec<Highlight>,
    ) {
        let from = behind.unwrap_or(span.start);
        let lexemes = filter::lexemes(&line[from..span.end]);
        let code = &line[from..span.end];
        let own = own_names(code, &lexemes);
        for Lexeme { span: part, kind } in lexemes {
            let text = &code[part.clone()];
            let at_end = from + part.end == line.len();
            let kind = match kind {
                LexemeKind::Variable if !own.contains(text) => match self.names.of_variable(&text[1..]) {
                    Some(name) => self.names.get(name).map(|entry| HighlightKind::Name(entry.kind())),
                    None if text == "$_" || text == "$__loc__" => Some(HighlightKind::Code(kind)),
                    None => known(false, at_end && self.starts_variable(&text[1..])),
                },
                LexemeKind::Name if !own.contains(text) => {
                    let mut builtins = filter::builtins().map(|(name, _)| name);
                    match at_end {
                        true if builtins.any(|name| name.starts_with(text)) => {
                            Some(HighlightKind::Code(kind))
                        }
                        false if builtins.any(|name| name == text) => Some(HighlightKind::Code(kind)),
                        _ => Some(HighlightKind::Unknown),
                    }
                }
                kind => Some(HighlightKind::Code(kind)),
            };
            let span = from + part.start..from + part.end;
            highlights.extend(kind.map(|kind| Highlight { span, kind }));
        }
    }

    fn starts_variable(&self, typed: &str) -> bool {
        self.entries().any(|(name, _)| variable(name).starts_with(typed))
    }

    /// Marks a word where a name is wanted.
    fn name(&self, text: &str, at_end: bool, wanted: impl Fn(EntryKind) -> bool) -> Option<HighlightKind> {
        match self.names.get(text).map(crate::session::Entry::kind) {
            Some(kind) if wanted(kind) => Some(HighlightKind::Name(kind)),
            _ => {
                let mut names = self.entries().filter(|(_, entry)| wanted(entry.kind()));
                known(false, at_end && names.any(|(name, _)| name.starts_with(text)))
            }
        }
    }
}

/// Marks a word that is known, may become so, or is not.
fn known(known: bool, may_become: bool) -> Option<HighlightKind> {
    match (known, may_become) {
        (true, _) => Some(HighlightKind::Word),
        (false, true) => None,
        (false, false) => Some(HighlightKind::Unknown),
    }
}

/// Returns names that the code itself gives: behind `def` and in its brackets, and variables behind `as`.
fn own_names<'a>(code: &'a str, lexemes: &[Lexeme]) -> HashSet<&'a str> {
    let mut own = HashSet::new();
    // Whether a definition's head or a pattern is open.
    let (mut head, mut pattern) = (false, false);
    for Lexeme { span, kind } in lexemes {
        let text = &code[span.clone()];
        match (kind, text) {
            (LexemeKind::Keyword, "def") => head = true,
            (LexemeKind::Keyword, "as") => pattern = true,
            (LexemeKind::Symbol, ":") if !pattern => head = false,
            (LexemeKind::Symbol, "|") | (LexemeKind::Bracket, "(") => pattern = false,
            (LexemeKind::Name, _) if head => drop(own.insert(text)),
            (LexemeKind::Variable, _) if head || pattern => drop(own.insert(text)),
            _ => {}
        }
        // A parameter `$x` is a filter `x` too.
        if head && *kind == LexemeKind::Variable {
            own.insert(&text[1..]);
        }
    }
    own
}

/// Returns the bracket at or before the cursor and the one that belongs to it.
pub fn partner(line: &str, highlights: &[Highlight], cursor: usize) -> Option<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for highlight in
        highlights.iter().filter(|highlight| highlight.kind == HighlightKind::Code(LexemeKind::Bracket))
    {
        match line.get(highlight.span.clone()) {
            Some("(" | "[" | "{") => open.push(highlight.span.start),
            _ => pairs.extend(open.pop().map(|start| (start, highlight.span.start))),
        }
    }
    let pair = |at: usize| pairs.iter().copied().find(|(start, end)| *start == at || *end == at);
    pair(cursor).or_else(|| pair(cursor.checked_sub(1)?))
}
