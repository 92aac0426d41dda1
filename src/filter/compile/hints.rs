//! Hints for texts that are no filters: what people write who know another language, and how jq says it.

use crate::filter::text::keywords::keyword_named;
use crate::filter::text::lexemes::{LexemeKind, lexemes};

/// Operators of other languages, and jq's way to say the same.
const OPERATORS: &[(&[&str], &str)] = &[
    (&["&&", "&"], "jq says `and`"),
    (&["||"], "jq says `or`; `a // b` is b where a is null or false"),
    (&["!", "~"], "jq says `CONDITION | not`"),
    (&["==="], "jq says `==`"),
    (&["!==", "<>", "=/=", "~="], "jq says `!=`"),
    (&["=<"], "jq says `<=`"),
    (&["=>"], "jq says `>=`"),
    (&["**", "^"], "jq says `pow(a; b)`"),
    (&["++"], "`.n += 1` adds one"),
    (&["--"], "`.n -= 1` takes one away"),
    (&["=+"], "did you mean `+=`?"),
    (&["=-"], "did you mean `-=`?"),
    (&[":="], "did you mean `=`?"),
    (&["??", "?:"], "jq says `a // b`"),
    (&["'", "‘", "’", "“", "”", "`"], "a string has double quotes, and a filter none"),
];

/// Operators that need something behind them.
const OPEN: &[&str] = &[
    "//=", "|=", "+=", "-=", "*=", "/=", "%=", "//", "==", "!=", "<=", ">=", "=", "<", ">", "|", ",", "+",
    "-", "*", "/", "%", "and", "or", "then", "else", "elif", "if", "as", "try", "catch", "not", ":", ";",
];

/// Returns how jq says what stands at a place where it is no jq.
pub(super) fn operator(code: &str, at: usize) -> Option<String> {
    let (before, rest) = code.split_at_checked(at)?;
    // Signs that stand together may have been read in pieces.
    let is_sign = |c: char| "&|!~=<>*^+-:?".contains(c);
    let start = before.trim_end_matches(is_sign).len();
    let run = &code[start..];
    let run = &run[..run.find(|c| !is_sign(c)).unwrap_or(run.len())];
    let first = &rest[..rest.chars().next().map_or(0, char::len_utf8)];
    let known = |sign: &str| OPERATORS.iter().find(|(signs, _)| signs.contains(&sign)).map(|(_, hint)| *hint);
    if let Some(hint) = known(run).or_else(|| known(first)) {
        return Some(hint.to_owned());
    }
    if before.trim_end().ends_with("??") {
        return known("??").map(str::to_owned);
    }
    let is_choice = before.trim_end().ends_with('?') && rest.contains(':');
    is_choice.then(|| "jq says `if CONDITION then a else b end`".to_owned())
}

/// Returns why an operator cannot stand where a term with another one of its kind ends.
pub(super) fn chained(operator: &str) -> Option<String> {
    Some(match operator {
        "==" | "!=" | "<" | "<=" | ">" | ">=" => {
            "comparisons do not follow each other: `a < b and b < c`, or brackets around one".to_owned()
        }
        "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=" => {
            format!("assignments do not follow each other: `(.a {operator} 1) | .b {operator} 2`")
        }
        _ => return None,
    })
}

/// Returns what is missing at the end of a filter.
pub(super) fn unfinished(code: &str) -> Option<String> {
    // A comment says nothing about the filter.
    let lexemes = lexemes(code);
    let last = lexemes.iter().rev().find(|lexeme| lexeme.kind != LexemeKind::Comment)?;
    let code = code.get(..last.span.end)?.trim_end();
    let ends = |sign: &&&str| match code.strip_suffix(**sign) {
        // A word is not the end of another one.
        Some(before) if sign.starts_with(char::is_alphabetic) => {
            !before.ends_with(|c: char| c.is_alphanumeric() || "_.$".contains(c))
        }
        found => found.is_some(),
    };
    let last = OPEN.iter().find(ends)?;
    let example = match *last {
        "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=" => format!(", such as `.n {last} 1`"),
        _ => String::new(),
    };
    Some(format!("something must stand behind `{last}`{example}"))
}

/// Returns how a filter is called without arguments, for one with empty brackets around a place. Keys and variables have
/// none either.
pub(super) fn empty_brackets(code: &str, at: usize) -> Option<String> {
    let before = code.get(..at)?.trim_end().strip_suffix('(')?;
    let start = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let name = &before[start..];
    let (what, sign) = match before[..start].chars().next_back() {
        Some('.') => ("a key", "."),
        Some('$') => ("a variable", "$"),
        _ if keyword_named(name).is_some() => return None,
        _ => ("a filter without arguments", ""),
    };
    (!name.is_empty()).then(|| format!("{what} has no brackets: `{sign}{name}`"))
}

/// Returns how a filter is called: `` `range(a)`, `range(a; b)` or `range(a; b; c)` ``.
pub(super) fn forms(name: &str, arities: &[usize]) -> String {
    let form = |arity: &usize| match arity {
        2 if name == "reduce" => "`reduce SOURCE as $x (START; UPDATE)`".to_owned(),
        2 if name == "foreach" => "`foreach SOURCE as $x (START; UPDATE)`".to_owned(),
        3 if name == "foreach" => "`foreach SOURCE as $x (START; UPDATE; OUTPUT)`".to_owned(),
        0 => format!("`{name}`"),
        arity => {
            let arguments: Vec<String> = ('a'..='z').take(*arity).map(String::from).collect();
            format!("`{name}({})`", arguments.join("; "))
        }
    };
    let forms: Vec<String> = arities.iter().map(form).collect();
    let forms = match forms.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    format!("it is called as {forms}")
}
