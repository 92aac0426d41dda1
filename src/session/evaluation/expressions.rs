//! Evaluation of jq and JSON in a line: expressions, filters and values.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::filter::{self, Filter, Lexeme, RunError};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::evaluation::habits;
use crate::session::hints;
use crate::session::language::args::Word;
use crate::session::language::arguments::Wants;
use crate::session::language::command::Command;
use crate::session::language::layout::Layout;
use crate::session::language::name::{name_length, variable};
use crate::session::state::names::Names;
use crate::session::{Part, Reply, Session};
use crate::value::{self, ParseError, SyntaxError, Val};

/// A snippet of jq and its place in the line.
pub(in crate::session) struct Snippet<'a> {
    text: Cow<'a, str>,
    span: Range<usize>,
    /// Bytes that the text has in front and the line has not.
    extra: usize,
}

impl<'a> From<&Word<'a>> for Snippet<'a> {
    fn from(word: &Word<'a>) -> Self {
        Self { text: word.text.into(), span: word.span.clone(), extra: 0 }
    }
}

impl<'a> From<&'a str> for Snippet<'a> {
    fn from(text: &'a str) -> Self {
        Self { text: text.into(), span: 0..text.len(), extra: 0 }
    }
}

impl Snippet<'_> {
    /// Returns a part of the code as a part of the line.
    fn in_line(&self, part: &Range<usize>) -> Range<usize> {
        let place = |at: usize| (self.span.start + at.saturating_sub(self.extra)).min(self.span.end);
        place(part.start)..place(part.end)
    }
}

impl Session {
    /// Runs a line that is no command: a jq expression over all names.
    pub(in crate::session) fn expression(&mut self, line: &str) -> Result<Reply, CommandError> {
        let start = line.len() - line.trim_start().len();
        let text = line.trim();
        let values = self.outputs(&Word { text, span: start..start + text.len() })?;
        let reply = Reply { values, ..Reply::default() };
        // Such a path is jq, and so it has an answer; but where there is nothing it is a habit.
        Ok(match hints::dotted(self.commands(), text).filter(|_| reply.values == [Val::NULL]) {
            Some(hint) => reply.in_words().with(Part::Line(hint)),
            None => reply,
        })
    }

    /// Returns the values of a jq expression over all names, of which one may stand in first place without its `$`.
    pub(in crate::session) fn outputs(&mut self, word: &Word<'_>) -> Result<Vec<Val>, CommandError> {
        let Word { text, span } = word.clone();
        let start = span.start;
        let leading = self.leading_name(text);
        let code = match leading {
            Some(name) => {
                Snippet { text: format!("${}{}", variable(name), &text[name.len()..]).into(), span, extra: 1 }
            }
            None => {
                if let Some((word, hint)) = hints::dressed(self.commands(), text) {
                    let span = start..start + word.len();
                    let kind = ErrorKind::UnknownCommand(word.to_owned());
                    return Err(CommandError::new(kind, span).with_hint(hint));
                }
                self.is_expression(text, start)?;
                Snippet { text: text.into(), span, extra: 0 }
            }
        };
        let filter = self.compile(&code).map_err(|error| {
            let at = error.span.start.saturating_sub(start);
            let (word, behind) = text.split_at(name_length(text));
            let meant = hints::command(self.commands(), word);
            // In jq nothing follows a word like that; the first may be a command elsewhere, as in `del a`.
            let is_command =
                behind.len() > behind.trim_start().len() && text.len() - behind.trim_start().len() == at;
            let hint = if is_command { meant.clone() } else { hints::method(text, at) };
            let hint = hint.or_else(|| error.hint.clone()).or_else(|| hints::code(text, at, true));
            // A filter of jq that is called wrongly is no command of another shell.
            let is_filter = filter::builtins().any(|(name, _)| name == word);
            error.with_hint(hint.or(meant.filter(|_| !is_filter)))
        })?;
        let vars = self.variables(&filter);
        let outputs = filter.run(self.last.clone(), vars).map_err(|error| {
            // An assignment to `$name.path` is what newcomers try.
            let assigns = leading.filter(|_| matches!(error, RunError::NotAPath(_)));
            let instead = assigns.and_then(|name| habits::assignment(name, &text[name.len()..]));
            let hint = instead.map(|command| format!("an expression changes nothing; try `{command}`"));
            let hint = hint.or_else(|| hints::dotted(self.commands(), text));
            let on = leading.map(str::to_owned).or_else(|| self.last_in_words(text));
            let kind = ErrorKind::Run { filter: text.to_owned(), on, error };
            CommandError::new(kind, code.span.clone()).with_hint(hint)
        })?;
        for output in &outputs {
            if let Err(error) = value::check(output) {
                let kind = ErrorKind::NotJson { filter: text.to_owned(), error };
                outputs.into_iter().for_each(value::dismantle);
                return Err(CommandError::new(kind, code.span));
            }
        }
        Ok(outputs)
    }

    /// Returns the known name at the start of a text: `origin` in `origin | .items`, `origin.items`.
    pub(in crate::session) fn leading_name<'a>(&self, text: &'a str) -> Option<&'a str> {
        let longest = &text[..name_length(text)];
        // `-` may belong to a name or be a minus.
        let ends = longest.match_indices('-').map(|(end, _)| end).chain([longest.len()]);
        let mut names = ends.map(|end| &longest[..end]).filter(|name| self.names.get(name).is_some());
        names.next_back()
    }

    /// Tells a mistyped command from an expression.
    fn is_expression(&self, text: &str, start: usize) -> Result<(), CommandError> {
        let length =
            text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
        let word = &text[..length];
        if name_length(word) == 0 {
            return Ok(());
        }
        let first = word.split('-').next().unwrap_or(word);
        let is_known = filter::builtins().any(|(name, _)| name == first) || filter::is_denied(first);
        if filter::keyword_named(first).is_some_and(|keyword| keyword.begins) || is_known {
            return Ok(());
        }
        // What is a command where it stands alone: `quit;`, `exit()`.
        let is_command = self.command(word).is_some();
        let name = word;
        let word = if is_command { text.split_whitespace().next().unwrap_or(name) } else { name };
        let is_key = self.last.as_map().is_some_and(|entries| entries.contains_key(word));
        let mut candidates: Vec<&str> = self.commands().iter().flat_map(Command::names).collect();
        candidates.extend(self.names.iter().map(|(name, _)| name));
        let hint = match text[word.len()..].trim_start() {
            rest if rest.starts_with('=') => Some(format!("`ref {word} VALUE` makes a ref")),
            _ if is_key => Some(format!("a key needs a dot: `.{word}`")),
            _ if hints::is_data(text) => Some(format!("`ref NAME from {text}` makes a ref of it")),
            _ if hints::is_file(text) => Some(format!("`read {text}` runs a session file")),
            _ => hints::command(self.commands(), name).or_else(|| hints::did_you_mean(word, candidates)),
        };
        let hint = hint.unwrap_or_else(|| "`help` lists the commands, `refs` the names".to_owned());
        let span = start..start + word.len();
        Err(CommandError::new(ErrorKind::UnknownCommand(word.to_owned()), span).with_hint(hint))
    }

    /// Compiles a filter in which every name is a variable.
    pub(in crate::session) fn compile(&mut self, code: &Snippet<'_>) -> Result<Arc<Filter>, CommandError> {
        let names = &self.names;
        let is_var = |name: &str| name == "_" || names.of_variable(name).is_some();
        let known = || names.iter().map(|(name, _)| variable(name).into_owned()).collect();
        let compiled = self.filters.compile(&code.text, is_var, known);
        compiled.map_err(|error| {
            let hint = names_hint(&self.names, &code.text, &error.span).or_else(|| error.hint.clone());
            let span = code.in_line(&error.span);
            CommandError::new(error, span).with_hint(hint)
        })
    }

    /// Returns the values of the variables that a filter uses.
    pub(in crate::session) fn variables(&self, filter: &Filter) -> Vec<Val> {
        let value = |name: &String| {
            let entry = self.names.of_variable(name).and_then(|name| self.names.get(name));
            entry.map_or_else(|| self.last.clone(), crate::session::Entry::value)
        };
        filter.vars().iter().map(value).collect()
    }

    /// Returns the VALUE that a text stands for, where a jq expression gets the last value.
    pub(in crate::session) fn value_of_last(&mut self, word: &Word<'_>) -> Result<Val, CommandError> {
        let on = self.last_in_words(word.text);
        self.value(word, self.last.clone(), on.as_deref())
    }

    /// Tells whether a line may use the last value, by its variable or as the input of an expression.
    pub fn may_use_last(&self, line: &str) -> bool {
        let of_expression = |code: &str| match self.leading_name(code) {
            Some(name) => uses_last(&format!("${}{}", variable(name), &code[name.len()..])),
            None => uses_last(code),
        };
        let Layout { command: Some((command, _)), taken, .. } = self.layout(line) else {
            return of_expression(line.trim());
        };
        taken.iter().any(|(wants, word)| match wants {
            Wants::Code | Wants::Path if command.reads_ref() => mentions_last(word.text),
            Wants::Code | Wants::Path => uses_last(word.text),
            Wants::Expression => of_expression(word.text),
            // What is no name is a VALUE.
            Wants::Clock | Wants::Source => name_length(word.text) < word.text.len() && uses_last(word.text),
            _ => false,
        })
    }

    /// Returns what code gets as its input, if there is something and the code may look at it.
    fn last_in_words(&self, code: &str) -> Option<String> {
        (self.answered && uses_last(code)).then(|| "the last value".to_owned())
    }

    /// Runs a filter that must yield one value; `on` is its input in words, if it looks at one.
    pub(in crate::session) fn run_one(
        &mut self,
        word: &Word<'_>,
        input: Val,
        on: Option<&str>,
    ) -> Result<Val, CommandError> {
        let filter = self.compile(&word.into()).map_err(|error| {
            let at = error.span.start.saturating_sub(word.span.start);
            let meant = hints::code(word.text, at, false);
            let hint = if hints::is_file(word.text) { None } else { error.hint.clone() };
            let hint = hints::method(word.text, at)
                .or(hint)
                .or(meant)
                .or_else(|| word_hint(word, &error.span, &input));
            error.with_hint(hint)
        })?;
        let vars = self.variables(&filter);
        filter.run_one(input, vars).map_err(|error| {
            let hint = match error {
                RunError::Several => Some("put brackets around it to make one array of them".to_owned()),
                _ => None,
            };
            let kind = ErrorKind::Run { filter: word.text.to_owned(), on: on.map(str::to_owned), error };
            CommandError::new(kind, word.span.clone()).with_hint(hint)
        })
    }

    /// Returns the VALUE that a text stands for: JSON, or a jq expression that yields one value.
    pub(in crate::session) fn value(
        &mut self,
        word: &Word<'_>,
        input: Val,
        on: Option<&str>,
    ) -> Result<Val, CommandError> {
        match value::parse(word.text) {
            Ok(value) => Ok(value),
            Err(ParseError::TooDeep) => Err(CommandError::new(ParseError::TooDeep, word.span.clone())),
            // To jq it is the character that stands for what is none.
            Err(error @ ParseError::Syntax { problem: SyntaxError::LoneSurrogate, at }) => {
                let span = word.span.start + at..word.span.end;
                let hint = "half of a surrogate pair is no character".to_owned();
                Err(CommandError::new(error, span).with_hint(hint))
            }
            Err(_) => self.run_one(word, input, on),
        }
    }
}

/// Tells whether code may use the last value: by its variable, or as its input.
fn uses_last(code: &str) -> bool {
    filter::may_read_input(code) || mentions_last(code)
}

/// Tells whether code has the variable of the last value.
fn mentions_last(code: &str) -> bool {
    let is_last = |lexeme: &Lexeme| code.get(lexeme.span.clone()) == Some("$_");
    filter::lexemes(code).iter().any(is_last)
}

/// Makes a hint where a name of the session stands in code without its `$`, or with a `-`.
fn names_hint(names: &Names, code: &str, span: &Range<usize>) -> Option<String> {
    let rest = code.get(span.start..)?;
    let word = rest.strip_prefix('$').unwrap_or(rest);
    let name = &word[..name_length(word)];
    let known = names.of_variable(&variable(name))?;
    Some(format!("did you mean `${}`?", variable(known)))
}

/// Makes a hint where a word stands in code that is no filter: a key without its dot, a string without its
/// quotes.
fn word_hint(code: &Word<'_>, span: &Range<usize>, input: &Val) -> Option<String> {
    let part = code.text.get(span.start.checked_sub(code.span.start)?..)?;
    let word = &part[..name_length(part)];
    let is_filter = filter::builtins().any(|(name, _)| name == word) || filter::is_denied(word);
    match input.as_map() {
        _ if word.is_empty() || is_filter || part[word.len()..].starts_with('(') => None,
        Some(entries) if entries.contains_key(word) => Some(format!("a key needs a dot: `.{word}`")),
        _ => Some(format!("a string needs quotes: \"{word}\"")),
    }
}
