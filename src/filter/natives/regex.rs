//! Regular expressions, in the syntax of Oniguruma, which jq has.
//!
//! A match is found step by step and so is what comes of it: a text takes memory in proportion to its length.

use std::cell::RefCell;
use std::iter;
use std::sync::Arc;

use arcstr::ArcStr;
use fancy_regex::{Captures, Regex, RegexBuilder};
use jaq_core::box_iter::box_once;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Bind, Cv, Error, Exn, RunPtr, ValR, ValX, ValXs};

use crate::cancellation::ask;
use crate::filter::run::environment::Data;
use crate::filter::run::meter::reserve;
use crate::value::{Val, View};

/// The most memory that a compiled expression takes, in bytes.
const MOST_MEMORY: usize = 4 << 20;
/// The most steps back that the search for one match takes.
const MOST_STEPS: usize = 1_000_000;
/// The number of compiled expressions that are kept.
const KEPT: usize = 8;

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 6] = [
        ("test", v(2), |cv| bome(search(cv).and_then(|mut search| test(&mut search)))),
        ("match", v(2), |cv| each(cv, |search, found| Ok(search.object(found)))),
        ("capture", v(2), |cv| each(cv, |search, found| Ok(search.named(found)))),
        (":scan", v(2), |cv| each(cv, |search, found| Ok(search.scanned(found)))),
        (":split", v(2), |cv| bome(search(cv).and_then(|mut search| split(&mut search)))),
        ("sub", [Bind::Var(()), Bind::Fun(()), Bind::Var(())].into(), substitute),
    ];
    natives.map(native::run::<Data>).into_iter()
}

/// An expression with its flags.
struct Expression {
    regex: Regex,
    names: Vec<Option<ArcStr>>,
    is_global: bool,
}

/// The expressions that texts and flags are compiled to, and what has been compiled last.
type Kept = Vec<(String, String, Arc<Expression>)>;

thread_local! {
    static COMPILED: RefCell<Kept> = const { RefCell::new(Vec::new()) };
}

/// Compiles an expression, or finds it among those that are kept.
fn compile(text: &str, flags: &str) -> ValR<Arc<Expression>, Val> {
    COMPILED.with_borrow_mut(|kept| {
        if let Some((.., found)) = kept.iter().find(|(kept, with, _)| kept == text && with == flags) {
            return Ok(Arc::clone(found));
        }
        let expression = Arc::new(Expression::new(text, flags)?);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((text.to_owned(), flags.to_owned(), Arc::clone(&expression)));
        Ok(expression)
    })
}

impl Expression {
    fn new(text: &str, flags: &str) -> ValR<Self, Val> {
        let mut builder = RegexBuilder::new(text);
        builder
            .oniguruma_mode(true)
            .backtrack_limit(MOST_STEPS)
            .max_prog_size(MOST_MEMORY / 64)
            .delegate_size_limit(MOST_MEMORY)
            .delegate_dfa_size_limit(MOST_MEMORY);
        let mut is_global = false;
        for flag in flags.chars() {
            match flag {
                'g' => is_global = true,
                'i' => drop(builder.case_insensitive(true)),
                'x' => drop(builder.verbose_mode(true)),
                'n' => drop(builder.find_not_empty(true)),
                'p' => drop(builder.dot_matches_new_line(true)),
                'l' => drop(builder.leftmost_longest(true)),
                // A line is the whole text anyway.
                's' => {}
                _ => return Err(Error::str(format_args!("{flags} is not a valid modifier string"))),
            }
        }
        let fail = |why| Error::str(format_args!("`{text}` is not a valid regex: {why}"));
        let regex = builder.build().map_err(fail)?;
        let names = regex.capture_names().map(|name| name.map(ArcStr::from)).collect();
        Ok(Self { regex, names, is_global })
    }
}

/// Makes an expression in which `$` fits also before a line break at the end of the text, as in jq.
fn before_last_line_break(re: &str) -> String {
    let (mut new, mut classes, mut is_escaped) = (String::new(), 0_u32, false);
    for c in re.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            '$' if classes == 0 => {
                new.push_str(r"(?=\n?\z)");
                continue;
            }
            _ => {}
        }
        new.push(c);
    }
    new
}

/// The search for matches in a text.
struct Search {
    text: ArcStr,
    expression: Arc<Expression>,
    /// Where the next match is looked for; `None` at the end.
    from: Option<usize>,
    /// A place of the text in bytes, and how many characters there are before it.
    counted: (usize, usize),
}

/// Returns the search that a filter was called for: `$re` and `$flags`.
fn search<'a>((mut context, value): Cv<'a, Data>) -> ValR<Search, Val> {
    let (flags, re) = (context.pop_var(), context.pop_var());
    Search::new(&value, &re, &flags)
}

impl Search {
    /// Makes a search of what a filter was called with: the expression may be an array of itself and its flags.
    fn new(value: &Val, re: &Val, flags: &Val) -> ValR<Self, Val> {
        let text = value.shared_str().cloned();
        let text = text.ok_or_else(|| Error::typ(value.clone(), "string"))?;
        let (re, flags) = match re.as_list() {
            Some(both) if flags.is_null() => (both.first(), both.get(1)),
            _ => (Some(re), Some(flags)),
        };
        let re = re.and_then(Val::as_str).ok_or_else(|| Error::str("a regex must be a string"))?;
        let flags = match flags.map(Val::view) {
            None | Some(View::Null) => "",
            Some(View::Str(flags)) => flags,
            Some(_) => return Err(Error::str("the flags of a regex must be a string")),
        };
        let expression = match text.ends_with('\n') && re.contains('$') {
            true => compile(&before_last_line_break(re), flags)?,
            false => compile(re, flags)?,
        };
        Ok(Self { text, expression, from: Some(0), counted: (0, 0) })
    }

    /// Calls `take` for the next match; `None` if there is none.
    fn next<T>(&mut self, take: impl FnOnce(&mut Self, &Captures<'_, str>) -> T) -> ValR<Option<T>, Val> {
        let Some(from) = self.from else { return Ok(None) };
        ask();
        let (text, expression) = (self.text.clone(), Arc::clone(&self.expression));
        let found = expression.regex.captures_from_pos(&*text, from);
        let found = found.map_err(|why| Error::str(format_args!("the search for a match failed: {why}")))?;
        let Some(captures) = found else {
            self.from = None;
            return Ok(None);
        };
        let whole = captures.get(0).map_or(0..0, |whole| whole.range());
        let next = match text[whole.end..].chars().next() {
            _ if !whole.is_empty() => Some(whole.end),
            Some(c) => Some(whole.end + c.len_utf8()),
            None => None,
        };
        self.from = next.filter(|_| expression.is_global);
        Ok(Some(take(self, &captures)))
    }

    /// Counts how many characters stand before a place.
    fn characters(&mut self, at: usize) -> usize {
        let (bytes, characters) = if self.counted.0 <= at { self.counted } else { (0, 0) };
        let characters = characters + self.text[bytes..at].chars().count();
        self.counted = (at, characters);
        characters
    }

    /// Returns what a group matched, as an object.
    fn group(&mut self, found: &Captures<'_, str>, at: usize) -> [(&'static str, Val); 3] {
        match found.get(at) {
            Some(part) => [
                ("offset", self.characters(part.start()).into()),
                ("length", part.as_str().chars().count().into()),
                ("string", string(part.as_str())),
            ],
            None => [("offset", (-1_i64).into()), ("length", 0.into()), ("string", Val::NULL)],
        }
    }

    fn name(&self, at: usize) -> Option<&ArcStr> {
        self.expression.names.get(at)?.as_ref()
    }

    /// Returns a match as an object.
    fn object(&mut self, found: &Captures<'_, str>) -> Val {
        let whole = self.group(found, 0);
        let start = self.counted;
        let captures: Val = (1..found.len())
            .map(|at| {
                let name = self.name(at).cloned().map_or(Val::NULL, Val::from);
                self.group(found, at).into_iter().chain([("name", name)]).collect::<Val>()
            })
            .collect();
        self.counted = start;
        whole.into_iter().chain([("captures", captures)]).collect()
    }

    /// Returns the named groups of a match, by their names.
    fn named(&mut self, found: &Captures<'_, str>) -> Val {
        let named = (1..found.len()).filter_map(|at| Some((self.name(at)?, found.get(at))));
        named.map(|(name, part)| (&**name, part.map_or(Val::NULL, |part| string(part.as_str())))).collect()
    }

    /// Returns a match as a string, or its groups as an array of strings.
    fn scanned(&mut self, found: &Captures<'_, str>) -> Val {
        let part = |at| found.get(at).map_or(Val::NULL, |part| string(part.as_str()));
        if found.len() > 1 { (1..found.len()).map(part).collect() } else { part(0) }
    }
}

fn string(text: &str) -> Val {
    ArcStr::from(text).into()
}

fn test(search: &mut Search) -> ValR<Val> {
    search.next(|_, _| ()).map(|found| found.is_some().into())
}

/// Returns what `take` makes of each match.
fn each<'a>(cv: Cv<'a, Data>, take: fn(&mut Search, &Captures<'_, str>) -> ValR<Val>) -> ValXs<'a, Val> {
    let mut search = match search(cv) {
        Ok(search) => search,
        Err(error) => return box_once(Err(error.into())),
    };
    Box::new(iter::from_fn(move || match search.next(take) {
        Ok(found) => found.map(|found| found.map_err(Exn::from)),
        Err(error) => {
            search.from = None;
            Some(Err(error.into()))
        }
    }))
}

/// Returns what stands between the matches.
fn split(search: &mut Search) -> ValR<Val> {
    let (mut parts, mut end) = (Vec::new(), 0);
    while let Some(whole) = search.next(|_, found| found.get(0).map_or(0..0, |whole| whole.range()))? {
        parts.push(string(&search.text[end..whole.start]));
        end = whole.end;
    }
    parts.push(string(&search.text[end..]));
    Ok(parts.into_iter().collect())
}

/// Runs `sub($re; f; $flags)`: the text with the outputs of `f` for the named groups of each match instead of it.
/// There is one text for each of the outputs.
fn substitute<'a>((mut context, value): Cv<'a, Data>) -> ValXs<'a, Val> {
    let flags = context.pop_var();
    let (f, inner) = context.pop_fun();
    let re = context.pop_var();
    let texts = move || -> ValX<'a, Vec<Val>, Val> {
        let mut search = Search::new(&value, &re, &flags)?;
        let (mut texts, mut end): (Vec<String>, usize) = (Vec::new(), 0);
        let mut bytes = 0;
        let both = |search: &mut Search, found: &Captures<'_, str>| {
            (found.get(0).map_or(0..0, |whole| whole.range()), search.named(found))
        };
        while let Some((whole, groups)) = search.next(both)? {
            ask();
            for (at, insert) in f.run((inner.clone(), groups)).enumerate() {
                let insert = insert?;
                let Some(insert) = insert.as_str() else {
                    return Err(Error::typ(insert, "part of a string").into());
                };
                if texts.len() == at {
                    texts.push(String::new());
                }
                let gap = &search.text[end..whole.start];
                bytes += gap.len() + insert.len();
                reserve(bytes);
                texts[at].push_str(gap);
                texts[at].push_str(insert);
            }
            end = whole.end;
        }
        if texts.is_empty() {
            return Ok(vec![value.clone()]);
        }
        let rest = &search.text[end..];
        Ok(texts.into_iter().map(|text| ArcStr::from(text + rest).into()).collect())
    };
    match texts() {
        Ok(texts) => Box::new(texts.into_iter().map(Ok)),
        Err(error) => box_once(Err(error)),
    }
}
