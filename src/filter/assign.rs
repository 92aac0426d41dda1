//! Assignments, updates and deletions as jq has them: what they lead to is made where it is missing.
//!
//! The interpreter cannot update what is in `null` or past the end of an array. Here the parsed filter
//! is rewritten: wherever a path is updated, its keys are left to the native filters of
//! [`place`], which can. On the way [`growth`] gets what could grow too fast.

use std::iter::repeat_n;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

use super::growth;
use super::place::{self, KEYS, PATHS};

type PathPart<'s> = (Part<Term<&'s str>>, Opt);

/// Rewrites all updates in `term`.
pub(super) fn rewrite(term: Term<&str>) -> Term<&str> {
    match term {
        Term::BinOp(left, op, right) => {
            let left = if is_update(&op) { path(*left) } else { rewrite(*left) };
            growth::operation(left, operator(op), rewrite(*right))
        }
        Term::Call("del", args) => Term::Call("del", args.into_iter().map(path).collect()),
        Term::Call(name, args) => Term::Call(name, all(args)),
        Term::Path(base, parts) => Term::Path(boxed(base), self::parts(parts)),
        Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(piece).collect()),
        Term::Arr(items) => Term::Arr(items.map(boxed)),
        Term::Obj(entries) => {
            let entry = |(key, value): (_, Option<_>)| (rewrite(key), value.map(rewrite));
            Term::Obj(entries.into_iter().map(entry).collect())
        }
        Term::Neg(term) => Term::Neg(boxed(term)),
        Term::Label(label, term) => Term::Label(label, boxed(term)),
        Term::Fold(name, xs, pattern, args) => {
            let mut args = all(args);
            if let Some(round) = args.get_mut(1) {
                *round = growth::round(std::mem::take(round));
            }
            Term::Fold(name, boxed(xs), self::pattern(pattern), args)
        }
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

/// Rewrites all updates in the body of a definition.
pub(super) fn definition(def: Def<&str>) -> Def<&str> {
    Def { body: rewrite(def.body), ..def }
}

#[allow(clippy::boxed_local, reason = "terms hold boxes")]
fn boxed(term: Box<Term<&str>>) -> Box<Term<&str>> {
    Box::new(rewrite(*term))
}

fn all(terms: Vec<Term<&str>>) -> Vec<Term<&str>> {
    terms.into_iter().map(rewrite).collect()
}

fn piece<'s>(part: StrPart<&'s str, Term<&'s str>>) -> StrPart<&'s str, Term<&'s str>> {
    match part {
        StrPart::Term(term) => StrPart::Term(growth::measured(rewrite(term))),
        text => text,
    }
}

fn parts(path: Path<Term<&str>>) -> Path<Term<&str>> {
    Path(path.0.into_iter().map(|(part, opt)| (rewrite_part(part), opt)).collect())
}

fn rewrite_part(part: Part<Term<&str>>) -> Part<Term<&str>> {
    match part {
        Part::Index(key) => Part::Index(rewrite(key)),
        Part::Range(from, upto) => Part::Range(from.map(rewrite), upto.map(rewrite)),
    }
}

fn operator(op: BinaryOp<&str>) -> BinaryOp<&str> {
    match op {
        BinaryOp::Pipe(pattern) => BinaryOp::Pipe(pattern.map(self::pattern)),
        op => op,
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

fn is_update(op: &BinaryOp<&str>) -> bool {
    matches!(op, BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt)
}

/// `left op right`. An update of a path of constant keys is one native filter.
pub(super) fn operation<'s>(
    left: Term<&'s str>,
    op: BinaryOp<&'s str>,
    right: Term<&'s str>,
) -> Term<&'s str> {
    match (place::update_name(&op), left) {
        (Some(name), Term::Call(KEYS, args)) => {
            Term::Call(name, args.into_iter().skip(1).chain([right]).collect())
        }
        (_, left) => Term::BinOp(Box::new(left), op, Box::new(right)),
    }
}

/// Rewrites a path that is updated.
fn path(term: Term<&str>) -> Term<&str> {
    let mut route = Route::default();
    route.follow(term);
    route.into_term()
}

/// A stretch of a path that is updated.
enum Stretch<'s> {
    /// Keys and ranges that are the same for every input, and `[]` between them.
    Keys(Vec<PathPart<'s>>),
    /// Keys that depend on the input of the stretch.
    Computed(Vec<PathPart<'s>>),
    /// Something else.
    Other(Term<&'s str>),
}

/// A path that is updated: stretches, one after the other.
#[derive(Default)]
struct Route<'s>(Vec<Stretch<'s>>);

impl<'s> Route<'s> {
    /// Goes on along `term`.
    fn follow(&mut self, term: Term<&'s str>) {
        match term {
            Term::Id => {}
            Term::Path(base, parts) => self.follow_parts(*base, self::parts(parts)),
            Term::BinOp(left, BinaryOp::Pipe(None), right) => {
                self.follow(*left);
                self.follow(*right);
            }
            term => self.0.push(Stretch::Other(branches(term))),
        }
    }

    fn follow_parts(&mut self, base: Term<&'s str>, parts: Path<Term<&'s str>>) {
        if parts.0.iter().all(|(part, _)| is_constant(part)) {
            self.follow(base);
            parts.0.into_iter().for_each(|part| self.push(part));
        } else if matches!(base, Term::Id) && parts.0.iter().all(is_key) {
            self.0.push(Stretch::Computed(parts.0));
        } else {
            // All keys are computed from the input of the base.
            self.0.push(Stretch::Other(Term::Path(Box::new(path(base)), parts)));
        }
    }

    fn push(&mut self, part: PathPart<'s>) {
        match (self.0.last_mut(), &part) {
            (_, (Part::Range(from, upto), _)) if from.iter().chain(upto).any(is_variable) => {
                self.0.push(Stretch::Other(Term::Path(Box::default(), Path(vec![part]))));
            }
            (Some(Stretch::Keys(parts)), _) => parts.push(part),
            (Some(Stretch::Computed(parts)), _) if is_key(&part) => parts.push(part),
            _ => self.0.push(Stretch::Keys(vec![part])),
        }
    }

    fn into_term(self) -> Term<&'s str> {
        let stretches = self.0.into_iter().map(Stretch::into_term);
        let pipe = |all, next| Term::BinOp(Box::new(all), BinaryOp::Pipe(None), Box::new(next));
        stretches.reduce(pipe).unwrap_or_default()
    }
}

impl<'s> Stretch<'s> {
    fn into_term(self) -> Term<&'s str> {
        let path = |parts| Term::Path(Box::default(), Path(parts));
        match self {
            Self::Keys(parts) => {
                let steps = parts.iter().map(step).reduce(comma).map(Box::new);
                Term::Call(KEYS, vec![path(parts), Term::Arr(steps)])
            }
            Self::Computed(parts) => Term::Call(PATHS, vec![path(parts)]),
            Self::Other(term @ Term::Call("getpath", _)) => Term::Call(PATHS, vec![term]),
            Self::Other(term) => term,
        }
    }
}

/// Rewrites a term that is no path with keys, but may be made of them.
fn branches(term: Term<&str>) -> Term<&str> {
    let boxed_path = |term: Box<_>| Box::new(path(*term));
    match term {
        Term::BinOp(left, op @ (BinaryOp::Comma | BinaryOp::Alt), right) => {
            Term::BinOp(boxed_path(left), op, boxed_path(right))
        }
        Term::BinOp(left, op @ BinaryOp::Pipe(Some(_)), right) => {
            Term::BinOp(boxed(left), operator(op), boxed_path(right))
        }
        Term::IfThenElse(cases, otherwise) => {
            let case = |(condition, then)| (rewrite(condition), path(then));
            Term::IfThenElse(cases.into_iter().map(case).collect(), otherwise.map(boxed_path))
        }
        Term::Def(defs, term) => Term::Def(defs.into_iter().map(definition).collect(), boxed_path(term)),
        term => rewrite(term),
    }
}

/// Whether a part of a path is the same for every input.
fn is_constant(part: &Part<Term<&str>>) -> bool {
    let constant = |key: &Term<&str>| match key {
        Term::Num(_) | Term::Var(_) => true,
        Term::Neg(key) => matches!(**key, Term::Num(_)),
        Term::Str(None, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        _ => false,
    };
    match part {
        Part::Index(key) => constant(key),
        Part::Range(from, upto) => from.iter().chain(upto).all(constant),
    }
}

fn comma<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), BinaryOp::Comma, Box::new(right))
}

fn is_variable(term: &Term<&str>) -> bool {
    matches!(term, Term::Var(_))
}

fn is_key(part: &PathPart<'_>) -> bool {
    matches!(part, (Part::Index(_), Opt::Essential))
}

/// A constant part of a path, as a term for the value that [`place`] reads.
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
