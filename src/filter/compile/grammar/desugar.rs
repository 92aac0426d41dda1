//! Syntax for which the interpreter has no term of its own, in other terms.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

use crate::filter::natives::names::{NULL, OTHERWISE};
use crate::filter::text::tokens::span;

/// The names of what `?//` goes on with, and of the variable that it takes apart. No text can spell them.
const BODY: &str = "!body";
const WHOLE: &str = "$!whole";

/// Returns the name of the native filter that the library calls by a name. No text but that of the library can spell
/// it.
pub(in crate::filter) fn native_name(name: &str) -> &str {
    name.strip_prefix("native:").unwrap_or(name)
}

/// Returns the object that `$__loc__` is: the line in which it stands.
pub(super) fn location<'s>(code: &'s str, text: &'s str) -> Term<&'s str> {
    let before = span(code, text).map_or("", |span| &code[..span.start]);
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let entries = [("file", string("<top-level>")), ("line", whole_number(line))];
    Term::Obj(entries.into_iter().map(|(key, value)| (string(key), Some(value))).collect())
}

/// Returns a number, put together from its digits.
fn whole_number<'s>(number: usize) -> Term<&'s str> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let digit = Term::Num(DIGITS[number % 10]);
    if number < 10 {
        return digit;
    }
    let tens = binary(whole_number(number / 10), BinaryOp::Math(Math::Mul), Term::Num("10"));
    binary(tens, BinaryOp::Math(Math::Add), digit)
}

pub(super) fn binary<'s>(left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), op, Box::new(right))
}

pub(super) fn string(text: &str) -> Term<&str> {
    Term::Str(None, if text.is_empty() { Vec::new() } else { vec![StrPart::Str(text)] })
}

pub(super) fn with_part<'s>(term: Term<&'s str>, part: Part<Term<&'s str>>) -> Term<&'s str> {
    let part = (part, Opt::Essential);
    match term {
        Term::Path(base, mut parts) => {
            parts.0.push(part);
            Term::Path(base, parts)
        }
        term => Term::Path(Box::new(term), Path(vec![part])),
    }
}

/// Rewrites `term?`: of a path, only what its last part fails with is dropped.
pub(super) fn optional(term: Term<&str>) -> Term<&str> {
    match term {
        Term::Path(base, mut parts) if !parts.0.is_empty() => {
            if let Some((_, opt)) = parts.0.last_mut() {
                *opt = Opt::Optional;
            }
            Term::Path(base, parts)
        }
        term => Term::TryCatch(Box::new(term), None),
    }
}

/// Returns a term in brackets: the `?` behind them is one of all that they hold.
pub(super) fn in_brackets(term: Term<&str>) -> Term<&str> {
    match term {
        term @ Term::Path(..) => Term::Path(Box::new(term), Path(Vec::new())),
        term => term,
    }
}

fn variables<'s>(pattern: &Pattern<&'s str>, found: &mut Vec<&'s str>) {
    match pattern {
        Pattern::Var(name) if found.contains(name) => {}
        Pattern::Var(name) => found.push(name),
        Pattern::Arr(items) => items.iter().for_each(|item| variables(item, found)),
        Pattern::Obj(entries) => entries.iter().for_each(|(_, value)| variables(value, found)),
    }
}

/// Rewrites `source as pattern ?// pattern | body`: the next pattern is tried where one does not fit, or where the
/// body fails with it. A variable that is not in the pattern is null.
pub(super) fn bind<'s>(
    source: Term<&'s str>,
    mut patterns: Vec<Pattern<&'s str>>,
    body: Term<&'s str>,
) -> Term<&'s str> {
    if patterns.len() == 1 {
        return binary(source, BinaryOp::Pipe(patterns.pop()), body);
    }
    let mut names = Vec::new();
    patterns.iter().for_each(|pattern| variables(pattern, &mut names));
    let attempt = |pattern: Pattern<&'s str>| {
        let mut own = Vec::new();
        variables(&pattern, &mut own);
        let value = |name: &&'s str| match own.contains(name) {
            true => Term::Var(*name),
            false => Term::Call(NULL, Vec::new()),
        };
        let call = Term::Call(BODY, names.iter().map(value).collect());
        binary(Term::Var(WHOLE), BinaryOp::Pipe(Some(pattern)), call)
    };
    let attempts = patterns.into_iter().map(attempt).rev();
    let attempts = attempts.reduce(|next, attempt| Term::Call(OTHERWISE, vec![attempt, next]));
    let def = Def { name: BODY, args: names, body };
    let body = Term::Def(vec![def], Box::new(attempts.unwrap_or_default()));
    binary(source, BinaryOp::Pipe(Some(Pattern::Var(WHOLE))), body)
}

/// Rewrites `reduce` or `foreach`. What fits a pattern of several becomes an array of all variables.
pub(super) fn fold<'s>(
    name: &'s str,
    source: Term<&'s str>,
    mut patterns: Vec<Pattern<&'s str>>,
    arguments: Vec<Term<&'s str>>,
) -> Term<&'s str> {
    if patterns.len() > 1 {
        let mut names = Vec::new();
        patterns.iter().for_each(|pattern| variables(pattern, &mut names));
        let comma = |left, right| binary(left, BinaryOp::Comma, right);
        let all = names.iter().map(|name| Term::Var(*name)).reduce(comma);
        let source = bind(source, patterns, Term::Arr(all.map(Box::new)));
        let pattern = Pattern::Arr(names.into_iter().map(Pattern::Var).collect());
        return Term::Fold(name, Box::new(source), pattern, arguments);
    }
    let pattern = patterns.pop().unwrap_or(Pattern::Arr(Vec::new()));
    Term::Fold(name, Box::new(source), pattern, arguments)
}
