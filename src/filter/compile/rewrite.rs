//! Rewrites of terms that the interpreter evaluates otherwise than jq.
//!
//! - An update has all paths first, then changes what is at them; what is to go goes at once at the end. A path
//!   of constant keys needs no look at the value: it is one native filter (see [`update`](crate::filter::natives::update)).
//! - The right operand is the outer loop: `[(1, 2) + (10, 20)]` is `[11, 12, 21, 22]`.
//! - An error left of `//` counts as no output.
//! - A round of `reduce` or `foreach` goes on with its last output, or with null.
//!
//! On the way [`growth`] gets what could grow too fast.

use std::iter::repeat_n;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

use crate::filter::natives::growth;
use crate::filter::natives::names::{KEYS, LAST, LOCATED, NONE, OVER, PATHS, TIMES};
use crate::filter::natives::steps::update_name;

/// Variables for operands that come first. No text can spell them.
const RIGHT: &str = "$!right";
const KEY: &str = "$!key";
const PIECES: [&str; 8] =
    ["$!piece0", "$!piece1", "$!piece2", "$!piece3", "$!piece4", "$!piece5", "$!piece6", "$!piece7"];

type PathPart<'s> = (Part<Term<&'s str>>, Opt);

/// Rewrites a term and all that it is made of.
pub(in crate::filter) fn rewrite(term: Term<&str>) -> Term<&str> {
    match term {
        Term::BinOp(left, op, right) => binary(*left, op, *right),
        Term::Call("del", args) => Term::Call("del", args.into_iter().map(path).collect()),
        Term::Call(name @ ("path" | "path_value" | "paths" | "pick"), args) => {
            Term::Call(name, args.into_iter().map(|arg| located(rewrite(arg))).collect())
        }
        Term::Call(name, args) => Term::Call(name, all(args)),
        Term::Path(base, parts) => self::parts(rewrite(*base), parts),
        Term::Str(format, pieces) => string(format, pieces),
        Term::Arr(items) => Term::Arr(items.map(boxed)),
        Term::Obj(entries) => {
            let entry = |(key, value): (_, Option<_>)| (rewrite(key), value.map(rewrite));
            Term::Obj(entries.into_iter().map(entry).collect())
        }
        Term::Neg(term) => Term::Neg(boxed(term)),
        Term::Label(label, term) => Term::Label(label, boxed(term)),
        Term::Fold(name, source, pattern, args) => fold(name, *source, pattern, args),
        Term::TryCatch(term, catch) => Term::TryCatch(boxed(term), catch.map(boxed)),
        Term::IfThenElse(cases, otherwise) => {
            let case = |(condition, then)| (rewrite(condition), rewrite(then));
            Term::IfThenElse(cases.into_iter().map(case).collect(), otherwise.map(boxed))
        }
        Term::Def(defs, term) => Term::Def(defs.into_iter().map(definition).collect(), boxed(term)),
        Term::Recurse => growth::step_by_step(term),
        Term::Id | Term::Num(_) | Term::Break(_) | Term::Var(_) => term,
    }
}

/// Rewrites the body of a definition.
pub(in crate::filter) fn definition(def: Def<&str>) -> Def<&str> {
    Def { body: rewrite(def.body), ..def }
}

#[allow(clippy::boxed_local, reason = "terms hold boxes")]
fn boxed(term: Box<Term<&str>>) -> Box<Term<&str>> {
    Box::new(rewrite(*term))
}

fn all(terms: Vec<Term<&str>>) -> Vec<Term<&str>> {
    terms.into_iter().map(rewrite).collect()
}

fn operation<'s>(left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), op, Box::new(right))
}

fn pipe<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    operation(left, BinaryOp::Pipe(None), right)
}

fn bind<'s>(value: Term<&'s str>, name: &'static str, then: Term<&'s str>) -> Term<&'s str> {
    operation(value, BinaryOp::Pipe(Some(Pattern::Var(name))), then)
}

fn comma<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    operation(left, BinaryOp::Comma, right)
}

fn binary<'s>(left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    match op {
        BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            update(path(left), op, rewrite(right))
        }
        BinaryOp::Pipe(pattern) => {
            let pattern = pattern.map(self::pattern);
            operation(rewrite(left), BinaryOp::Pipe(pattern), rewrite(right))
        }
        BinaryOp::Alt => operation(without_failure(rewrite(left)), op, rewrite(right)),
        BinaryOp::Math(math) => calculation(rewrite(left), math, rewrite(right)),
        BinaryOp::Cmp(_) => right_first(rewrite(left), op, rewrite(right)),
        BinaryOp::Comma | BinaryOp::And | BinaryOp::Or => operation(rewrite(left), op, rewrite(right)),
    }
}

/// Rewrites `left op right` with the right operand as the outer loop.
fn right_first<'s>(left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    if is_single(&right) || is_single(&left) {
        return operation(left, op, right);
    }
    bind(right, RIGHT, operation(left, op, Term::Var(RIGHT)))
}

/// Rewrites what could make much of little to a call that looks first.
fn calculation<'s>(left: Term<&'s str>, math: Math, right: Term<&'s str>) -> Term<&'s str> {
    let is_number = |term: &Term<&str>| matches!(term, Term::Num(_));
    match math {
        // The first argument is the outer loop.
        Math::Mul if !(is_number(&left) && is_number(&right)) => Term::Call(TIMES, vec![right, left]),
        Math::Div if !is_number(&right) => Term::Call(OVER, vec![right, left]),
        math => right_first(left, BinaryOp::Math(math), right),
    }
}

/// Returns the left side of `//`.
fn without_failure(term: Term<&str>) -> Term<&str> {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) => term,
        term if is_single(&term) => Term::TryCatch(Box::new(term), None),
        term => {
            let is_true =
                Term::IfThenElse(vec![(Term::Id, Term::Id)], Some(Box::new(Term::Call(NONE, Vec::new()))));
            Term::TryCatch(Box::new(pipe(term, is_true)), None)
        }
    }
}

/// Rewrites `path op right`. An update of a path of constant keys is one native filter.
fn update<'s>(path: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    let greedy = match op {
        BinaryOp::UpdateMath(Math::Mul) => Some(TIMES),
        BinaryOp::UpdateMath(Math::Div) if !matches!(right, Term::Num(_)) => Some(OVER),
        _ => None,
    };
    if let Some(call) = greedy {
        let new = Term::Call(call, vec![Term::Var(RIGHT), Term::Id]);
        return bind(right, RIGHT, update(path, BinaryOp::Update, new));
    }
    match (update_name(&op), path) {
        (Some(name), Term::Call(KEYS, args)) => {
            Term::Call(name, args.into_iter().skip(1).chain([right]).collect())
        }
        (_, path) => operation(path, op, right),
    }
}

/// Returns a string with values in it: the last of them is the outer loop.
fn string<'s>(format: Option<&'s str>, pieces: Vec<StrPart<&'s str, Term<&'s str>>>) -> Term<&'s str> {
    let is_many = |piece: &StrPart<_, Term<&str>>| matches!(piece, StrPart::Term(term) if !is_single(term));
    let many = pieces.iter().filter(|piece| is_many(piece)).count();
    let mut names = PIECES.iter();
    let mut first = Vec::new();
    let mut piece = |piece| match piece {
        StrPart::Term(term) => {
            let mut term = rewrite(term);
            if many > 1
                && !is_single(&term)
                && let Some(name) = names.next()
            {
                first.push((*name, std::mem::replace(&mut term, Term::Var(name))));
            }
            StrPart::Term(growth::measured(term))
        }
        text => text,
    };
    let string = Term::Str(format, pieces.into_iter().map(&mut piece).collect());
    first.into_iter().fold(string, |string, (name, term)| bind(term, name, string))
}

/// Returns a term with keys and indices behind it: the last key is the outer loop.
fn parts<'s>(base: Term<&'s str>, parts: Path<Term<&'s str>>) -> Term<&'s str> {
    let mut term = base;
    let mut open: Vec<PathPart<'s>> = Vec::new();
    for (part, opt) in parts.0 {
        let part = rewrite_part(part);
        match part {
            Part::Index(key) if !(is_single(&key) || is_single(&term) && open.iter().all(is_one)) => {
                let last = (Part::Index(Term::Var(KEY)), opt);
                let before = joined(term, std::mem::take(&mut open));
                term = bind(key, KEY, joined(before, vec![last]));
            }
            part => open.push((part, opt)),
        }
    }
    joined(term, open)
}

fn joined<'s>(term: Term<&'s str>, parts: Vec<PathPart<'s>>) -> Term<&'s str> {
    if parts.is_empty() { term } else { Term::Path(Box::new(term), Path(parts)) }
}

fn rewrite_part(part: Part<Term<&str>>) -> Part<Term<&str>> {
    match part {
        Part::Index(key) => Part::Index(rewrite(key)),
        Part::Range(from, upto) => Part::Range(from.map(rewrite), upto.map(rewrite)),
    }
}

fn pattern(pattern: Pattern<&str>) -> Pattern<&str> {
    match pattern {
        Pattern::Var(_) => pattern,
        Pattern::Arr(items) => Pattern::Arr(items.into_iter().map(self::pattern).collect()),
        Pattern::Obj(entries) => {
            let entry = |(key, value)| (rewrite(key), self::pattern(value));
            Pattern::Obj(entries.into_iter().map(entry).collect())
        }
    }
}

/// Rewrites `reduce` and `foreach`. Where a round may have several outputs, those of `foreach` are kept in an array:
/// the last of them is what the next round begins with.
fn fold<'s>(
    name: &'s str,
    source: Term<&'s str>,
    pattern: Pattern<&'s str>,
    args: Vec<Term<&'s str>>,
) -> Term<&'s str> {
    let mut args = all(args);
    if let [init, round, ..] = &mut args[..] {
        let new = growth::round(std::mem::take(round));
        if is_single(&new) {
            *round = new;
        } else if name == "reduce" {
            *round = Term::Call(LAST, vec![new]);
        } else {
            let last = (Part::Index(Term::Neg(Box::new(Term::Num("1")))), Opt::Essential);
            *round = Term::Arr(Some(Box::new(pipe(joined(Term::Id, vec![last]), new))));
            *init = pipe(std::mem::take(init), Term::Arr(Some(Box::default())));
            let each = joined(Term::Id, vec![(Part::Range(None, None), Opt::Essential)]);
            match args.get_mut(2) {
                Some(project) => *project = pipe(each, std::mem::take(project)),
                None => args.push(each),
            }
        }
    }
    Term::Fold(name, Box::new(rewrite(source)), self::pattern(pattern), args)
}

/// Rewrites a path that is updated.
fn path(term: Term<&str>) -> Term<&str> {
    let mut keys = Vec::new();
    if is_constant_path(&term) {
        constant_parts(term, &mut keys);
        let steps = keys.iter().map(step).reduce(comma).map(Box::new);
        return Term::Call(KEYS, vec![joined(Term::Id, keys), Term::Arr(steps)]);
    }
    Term::Call(PATHS, vec![located(rewrite(term))])
}

/// Tells whether a path is made of keys that are the same for every input.
fn is_constant_path(term: &Term<&str>) -> bool {
    match term {
        Term::Id => true,
        Term::Path(base, parts) => {
            is_constant_path(base) && parts.0.iter().all(|(part, _)| is_constant(part))
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => is_constant_path(left) && is_constant_path(right),
        _ => false,
    }
}

/// Adds the keys of a constant path, in their order.
fn constant_parts<'s>(term: Term<&'s str>, keys: &mut Vec<PathPart<'s>>) {
    match term {
        Term::Path(base, parts) => {
            constant_parts(*base, keys);
            keys.extend(parts.0);
        }
        Term::BinOp(left, _, right) => {
            constant_parts(*left, keys);
            constant_parts(*right, keys);
        }
        _ => {}
    }
}

/// Returns a path in which a variable or a number may stand for what it is equal to: `path(.a | . as $x | $x)`.
fn located(term: Term<&str>) -> Term<&str> {
    let inner = |term: Box<Term<_>>| Box::new(located(*term));
    match term {
        Term::Var(_) | Term::Num(_) => Term::Call(LOCATED, vec![term]),
        Term::BinOp(left, op @ BinaryOp::Pipe(Some(_)), right) => Term::BinOp(left, op, inner(right)),
        Term::BinOp(left, op @ (BinaryOp::Pipe(None) | BinaryOp::Comma | BinaryOp::Alt), right) => {
            Term::BinOp(inner(left), op, inner(right))
        }
        Term::IfThenElse(cases, otherwise) => {
            let case = |(condition, then)| (condition, located(then));
            Term::IfThenElse(cases.into_iter().map(case).collect(), otherwise.map(inner))
        }
        Term::Call(name @ ("first" | "last"), args) => {
            Term::Call(name, args.into_iter().map(located).collect())
        }
        term => term,
    }
}

/// Tells whether a part of a path is the same for every input.
fn is_constant(part: &Part<Term<&str>>) -> bool {
    let constant = |key: &Term<&str>| match key {
        Term::Num(_) | Term::Var(_) => true,
        Term::Neg(key) => matches!(**key, Term::Num(_)),
        Term::Str(None, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        _ => false,
    };
    match part {
        Part::Index(key) => constant(key),
        Part::Range(from, upto) => from.iter().chain(upto).all(|key| constant(key) && !is_variable(key)),
    }
}

fn is_variable(term: &Term<&str>) -> bool {
    matches!(term, Term::Var(_))
}

/// Returns a constant part of a path, as a term for the value that [`steps`](crate::filter::natives::steps) reads.
fn step<'s>((part, opt): &PathPart<'s>) -> Term<&'s str> {
    let with_zeros = |key: &Term<&'s str>, zeros| {
        let items = repeat_n(Term::Num("0"), zeros).fold(key.clone(), comma);
        Term::Arr(Some(Box::new(items)))
    };
    match (part, opt) {
        (Part::Range(None, None), Opt::Essential) => Term::Arr(None),
        (Part::Range(from, upto), _) => {
            let name = |name| Term::Str(None, vec![StrPart::Str(name)]);
            let bounds = [("start", from), ("end", upto)].into_iter();
            let bounds = bounds.filter_map(|(side, bound)| Some((name(side), Some(bound.clone()?))));
            let range = Term::Obj(bounds.collect());
            if let Opt::Optional = opt { with_zeros(&range, 0) } else { range }
        }
        (Part::Index(key), Opt::Essential) if is_variable(key) => with_zeros(key, 1),
        (Part::Index(key), Opt::Optional) if is_variable(key) => with_zeros(key, 2),
        (Part::Index(key), Opt::Essential) => key.clone(),
        (Part::Index(key), Opt::Optional) => with_zeros(key, 0),
    }
}

/// Filters that have one output where they do not fail.
const SINGLE: &[&str] = &[
    "!null",
    "!room",
    "!measured",
    "!times",
    "!over",
    "add",
    "all",
    "any",
    "ascii_downcase",
    "ascii_upcase",
    "ceil",
    "contains",
    "explode",
    "false",
    "flatten",
    "floor",
    "fromjson",
    "getpath",
    "has",
    "implode",
    "join",
    "keys",
    "length",
    "max",
    "min",
    "not",
    "null",
    "reverse",
    "round",
    "setpath",
    "sort",
    "sqrt",
    "startswith",
    "endswith",
    "tojson",
    "tonumber",
    "tostring",
    "true",
    "type",
    "unique",
    "!|=",
    "!=",
    "!//=",
    "!+=",
    "!-=",
    "!/=",
    "!%=",
];

/// Tells whether a term certainly has one output at most, and has one where it does not fail.
fn is_single(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
        Term::Str(_, pieces) => {
            pieces.iter().all(|piece| !matches!(piece, StrPart::Term(term) if !is_single(term)))
        }
        Term::Obj(entries) => {
            entries.iter().all(|(key, value)| is_single(key) && value.as_ref().is_none_or(is_single))
        }
        Term::Neg(term) => is_single(term),
        Term::BinOp(left, op, right) => match op {
            BinaryOp::Comma | BinaryOp::Alt => false,
            BinaryOp::Pipe(Some(Pattern::Var(_)) | None) => is_single(left) && is_single(right),
            BinaryOp::Pipe(_) => false,
            BinaryOp::Math(_) | BinaryOp::Cmp(_) | BinaryOp::And | BinaryOp::Or => {
                is_single(left) && is_single(right)
            }
            BinaryOp::Update => true,
            _ => is_single(right),
        },
        Term::Path(base, parts) => is_single(base) && parts.0.iter().all(is_one),
        Term::IfThenElse(cases, otherwise) => {
            cases.iter().all(|(condition, then)| is_single(condition) && is_single(then))
                && otherwise.as_deref().is_none_or(is_single)
        }
        Term::Fold("reduce", _, _, args) => args.first().is_some_and(is_single),
        Term::Call(name, args) if SINGLE.contains(name) => match *name {
            "!|=" => true,
            _ => args.iter().all(is_single),
        },
        Term::Def(_, term) => is_single(term),
        _ => false,
    }
}

fn is_one((part, opt): &PathPart<'_>) -> bool {
    matches!(opt, Opt::Essential)
        && match part {
            Part::Index(key) => is_single(key),
            Part::Range(None, None) => false,
            Part::Range(from, upto) => from.iter().chain(upto).all(is_single),
        }
}
