//! Messages for texts that are no filters.

use std::ops::Range;

use jaq_core::compile::Undefined;
use jaq_core::load::lex::Expect as Lexed;
use jaq_core::load::parse::Expect as Parsed;

use super::hints;
use super::library::{self, LIBRARY};
use crate::filter::error::CompileError;
use crate::filter::run::stack::{Fault, MAX_TOKENS};
use crate::filter::text::brackets::MAX_NESTING;
use crate::filter::text::spelling::nearest;
use crate::filter::text::tokens::{LexError, Unreadable, span};

/// A place where a name stands that nothing defines, and what it should have been.
pub(in crate::filter) type Missing = (Range<usize>, Undefined);

/// Found text is quoted up to this number of characters.
const QUOTED: usize = 20;

/// Finds where `part` is in `code`; its end if the part is none.
fn span_or_end(code: &str, part: &str) -> Range<usize> {
    span(code, part).unwrap_or(code.len()..code.len())
}

pub(in crate::filter) fn empty(code: &str) -> CompileError {
    CompileError::new("the filter is empty", code.len()..code.len())
}

pub(in crate::filter) fn too_long(code: &str, count: usize) -> CompileError {
    let message = format!("the filter has {count} words and signs, the most is {MAX_TOKENS}");
    CompileError::new(message, 0..code.len())
}

pub(in crate::filter) fn fault(code: &str, fault: &Fault) -> CompileError {
    let message = match fault {
        Fault::Panic | Fault::Stopped(_) => "the filter met a defect of the compiler",
        Fault::NoThread | Fault::Full => "there is no room to compile the filter",
    };
    CompileError::new(message, 0..code.len())
}

/// Explains that `name` exists in jq and not here.
pub(in crate::filter) fn denied(code: &str, name: &str) -> CompileError {
    let reason = library::denied(name).unwrap_or_default();
    let message = format!("`{name}` is not available: {reason}");
    CompileError::new(message, span_or_end(code, name))
}

pub(in crate::filter) fn unreadable(code: &str, why: Unreadable<'_>) -> CompileError {
    match why {
        Unreadable::Nesting => CompileError::new(
            format!("brackets are nested too deeply, the most is {MAX_NESTING}"),
            0..code.len(),
        ),
        Unreadable::Fault(why) => fault(code, &why),
        Unreadable::Lex(errors) => {
            let first = errors.into_iter().min_by_key(|(_, rest)| span_or_end(code, rest).start);
            first.map_or_else(|| empty(code), |error| lex(code, error))
        }
    }
}

fn lex(code: &str, (expect, rest): LexError<'_>) -> CompileError {
    let found = rest.chars().next();
    if let (Lexed::Delim(open), None) = (&expect, found) {
        return CompileError::new(format!("`{open}` is never closed"), span_or_end(code, open));
    }
    let start = span_or_end(code, rest).start;
    let hint = match (&expect, found) {
        (Lexed::Escape, Some(c)) => Some(format!(
            "a string knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX and \\(FILTER); for the two characters write \\\\{}",
            c.escape_debug()
        )),
        (Lexed::Unicode, _) if code[..start].ends_with("\\u") && is_hexadecimal(rest) => {
            Some("half of a surrogate pair is no character".to_owned())
        }
        (Lexed::Unicode, _) => Some("such as \\u00e9; a character may also stand there as it is".to_owned()),
        _ => hints::operator(code, start),
    };
    let message = match (expect, found) {
        (Lexed::Delim("("), _) => "expected a closing parenthesis )".into(),
        (Lexed::Delim("["), _) => "expected a closing bracket ]".into(),
        (Lexed::Delim("{"), _) => "expected a closing brace }".into(),
        (Lexed::Delim(_), _) => "expected a closing quote \"".into(),
        (Lexed::Digit, _) => "expected a digit".into(),
        (Lexed::Ident, _) => "expected a name".into(),
        (Lexed::Escape, Some(c)) => format!("unknown escape sequence \\{}", c.escape_debug()),
        (Lexed::Escape, None) => "expected an escape sequence".into(),
        (Lexed::Unicode, _) => "expected a character as four hexadecimal digits".into(),
        (_, Some(c)) if c.is_control() => format!("unexpected \"{}\"", c.escape_debug()),
        (_, Some(c)) => format!("unexpected \"{c}\""),
        (_, None) => "the filter ends too early".into(),
    };
    CompileError { message, span: start..start + found.map_or(0, char::len_utf8), hint }
}

/// Tells whether a text begins with the digits of an escape.
fn is_hexadecimal(text: &str) -> bool {
    text.get(..4).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// Returns the first of the parser's errors.
pub(in crate::filter) fn parse(code: &str, errors: Vec<(Parsed<&str>, Option<&str>)>) -> CompileError {
    let place = |found: Option<&str>| found.map_or(code.len()..code.len(), |f| span_or_end(code, f));
    let first = errors.into_iter().min_by_key(|(_, found)| place(*found).start);
    let Some((expect, found)) = first else {
        return empty(code);
    };
    let message = match (&expect, found) {
        (Parsed::Term | Parsed::Nothing, Some(found)) => format!("unexpected {}", quoted(found)),
        (_, Some(found)) => format!("expected {}, found {}", expected(&expect), quoted(found)),
        (_, None) => format!("expected {} at the end", expected(&expect)),
    };
    let span = place(found);
    let hint = match (&expect, found) {
        (Parsed::Nothing, Some(found)) if is_empty_pair(found) => hints::empty_brackets(code, span.start + 1),
        (Parsed::Nothing, Some(found)) => hints::chained(found),
        (_, Some(")")) => hints::empty_brackets(code, span.start),
        (Parsed::Term, None) => hints::unfinished(code),
        _ => None,
    };
    let hint = hint.or_else(|| hints::operator(code, span.start));
    CompileError { message, span, hint }
}

/// Tells whether a text is a pair of brackets with nothing in it.
fn is_empty_pair(text: &str) -> bool {
    let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inside.is_some_and(|inside| inside.trim().is_empty())
}

fn expected(expect: &Parsed<&str>) -> String {
    match expect {
        Parsed::Just(text) => return format!("\"{text}\""),
        Parsed::Var => "a variable such as $x",
        Parsed::Pattern => "a variable or a pattern such as [$x]",
        Parsed::ElseOrEnd => "\"else\" or \"end\"",
        Parsed::CommaOrRBrack => "\",\" or \"]\"",
        Parsed::CommaOrRBrace => "\",\" or \"}\"",
        Parsed::SemicolonOrRParen => "\";\" or \")\"",
        Parsed::Term => "a filter",
        Parsed::Key => "a key",
        Parsed::Ident => "a name",
        Parsed::Arg => "the name of an argument",
        Parsed::Str => "a string",
        Parsed::Nothing => "nothing more",
        _ => "something else",
    }
    .into()
}

/// Returns the start of `text` in quotes, on one line.
fn quoted(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let visible = |c: char| {
        if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }
    };
    let start: String = line.chars().take(QUOTED).map(visible).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    if text.starts_with('"') {
        // A string has its own quotes.
        return format!("{start}{more}");
    }
    format!("\"{start}{more}\"")
}

/// Returns the first of the names that nothing defines.
pub(in crate::filter) fn undefined(
    code: &str,
    missing: Vec<Missing>,
    variables: impl FnOnce() -> Vec<String>,
) -> CompileError {
    let Some((span, kind)) = missing.into_iter().min_by_key(|(span, _)| span.start) else {
        return fault(code, &Fault::Panic);
    };
    let name = &code[span.clone()];
    if library::denied(name).is_some() {
        return denied(code, name);
    }
    let (message, hint) = match kind {
        Undefined::Var => {
            let known = variables();
            let near = nearest(name.trim_start_matches('$'), known.iter().map(String::as_str));
            (format!("unknown variable {name}"), near.map(|near| format!("${near}")))
        }
        Undefined::Label => (format!("unknown label {name}"), None),
        Undefined::Filter(given) => {
            let arities = arities(name);
            if !arities.is_empty() {
                let message = format!("`{name}` takes {}, not {given}", arguments(&arities));
                return CompileError { message, span, hint: Some(hints::forms(name, &arities)) };
            }
            let near = nearest(name, library::builtins().map(|(builtin, _)| builtin));
            let kind = if name.starts_with('@') { "format" } else { "filter" };
            (format!("unknown {kind} `{name}`"), near.map(str::to_owned))
        }
        _ => (format!("unknown module `{name}`"), None),
    };
    let hint = hint.map(|near| format!("did you mean `{near}`?"));
    CompileError { message, span, hint }
}

/// Returns the numbers of arguments that a filter may have; none when there is no such filter.
fn arities(name: &str) -> Vec<usize> {
    match name {
        "reduce" => vec![2],
        "foreach" => vec![2, 3],
        _ => LIBRARY.arities(name),
    }
}

/// Writes `1 argument`, `0, 1 or 2 arguments`.
fn arguments(arities: &[usize]) -> String {
    let numbers: Vec<String> = arities.iter().map(usize::to_string).collect();
    match numbers.split_last() {
        None => "no arguments".into(),
        Some((last, [])) if last == "0" => "no arguments".into(),
        Some((last, [])) if last == "1" => "1 argument".into(),
        Some((last, [])) => format!("{last} arguments"),
        Some((last, rest)) => format!("{} or {last} arguments", rest.join(", ")),
    }
}
