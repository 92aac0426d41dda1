//! The standard library of jq, without whatever reaches outside.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use arcstr::ArcStr;
use jaq_core::box_iter::box_once;
use jaq_core::load::parse::Def;
use jaq_core::native::{Fun, v};
use jaq_core::{Error, Exn, Native};

use super::grammar;
use super::rewrite;
use crate::filter::natives::names::GUARD;
use crate::filter::natives::{control, dates, formats, growth, numbers, regex, strings, update, values};
use crate::filter::run::environment::Data;
use crate::filter::run::stack;
use crate::filter::text::tokens;
use crate::value::Val;

/// The filters that are defined in jq.
const BUILTIN: &str = include_str!("builtin.jq");

const OUTSIDE: &str = "a filter sees the values of the session and nothing else";
const CHANGING: &str = "a filter gives the same answer every time";
const SILENT: &str = "a filter yields values and prints nothing";
const ENDLESS: &str = "a filter cannot end the program";

/// Names that jq has and filters here have not, with the reason.
pub(in crate::filter) const DENIED: &[(&str, &str)] = &[
    ("$ENV", OUTSIDE),
    ("$__prog_args", OUTSIDE),
    ("debug", SILENT),
    ("debug_empty", SILENT),
    ("env", OUTSIDE),
    ("get_search_list", OUTSIDE),
    ("halt", ENDLESS),
    ("halt_error", ENDLESS),
    ("import", OUTSIDE),
    ("include", OUTSIDE),
    ("input", OUTSIDE),
    ("input_filename", OUTSIDE),
    ("input_line_number", OUTSIDE),
    ("inputs", OUTSIDE),
    ("localtime", CHANGING),
    ("module", OUTSIDE),
    ("modulemeta", OUTSIDE),
    ("now", CHANGING),
    ("stderr", SILENT),
    ("stderr_empty", SILENT),
    ("strflocaltime", CHANGING),
];

/// Returns the reason why `name` is not available, if jq has it and filters here have not.
pub(in crate::filter) fn denied(name: &str) -> Option<&'static str> {
    DENIED.iter().find(|(denied, _)| *denied == name).map(|(_, reason)| *reason)
}

/// Tells whether jq has a filter of that name that is not available here: it would reach outside, or give
/// another answer every time.
pub fn is_denied(name: &str) -> bool {
    denied(name).is_some()
}

/// The library; it is parsed once.
pub(in crate::filter) static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);

/// Returns names and numbers of arguments of all filters that a filter may call without defining them:
/// sorted, each once.
pub fn builtins() -> impl Iterator<Item = (&'static str, usize)> {
    LIBRARY.builtins.iter().copied()
}

/// The definitions and native filters of jq that filters may use.
pub(in crate::filter) struct Library {
    defs: Vec<Entry>,
    by_name: HashMap<&'static str, Vec<usize>>,
    builtins: BTreeSet<(&'static str, usize)>,
}

/// A definition, and the names that it calls.
struct Entry {
    def: Def<&'static str>,
    calls: Vec<&'static str>,
}

/// The part of the library that one filter needs.
pub(in crate::filter) struct Needed {
    /// The definitions, in their order.
    pub(in crate::filter) defs: Vec<Def<&'static str>>,
    /// The native filters.
    pub(in crate::filter) natives: Vec<Fun<Data>>,
    /// Whether there are definitions that check for room.
    pub(in crate::filter) guarded: bool,
}

impl Library {
    fn new() -> Self {
        let signatures = natives().map(|(name, args, _)| (name, args.len()));
        let mut library = Self { defs: Vec::new(), by_name: HashMap::new(), builtins: signatures.collect() };
        for (def, calls) in growth::definitions() {
            library.add(def, calls);
        }
        let tokens = tokens::tokens(BUILTIN).unwrap_or_default();
        let defs = grammar::definitions(BUILTIN, &tokens).unwrap_or_default();
        debug_assert!(!defs.is_empty(), "the library can be read");
        for (def, tokens) in defs {
            let calls = tokens::Mentions::read(tokens).words.into_iter().map(grammar::native_name);
            library.add(rewrite::definition(def), calls.collect());
        }
        // No text can spell the names of what only rewritten filters and the library call.
        library.builtins.retain(|(name, _)| !name.starts_with(['!', ':']) && !INNER.contains(name));
        library
    }

    fn add(&mut self, def: Def<&'static str>, calls: Vec<&'static str>) {
        self.builtins.insert((def.name, def.args.len()));
        self.by_name.entry(def.name).or_default().push(self.defs.len());
        self.defs.push(Entry { def, calls });
    }

    /// Returns what a filter needs that calls `words`, directly and indirectly.
    pub(in crate::filter) fn needed<'s>(&self, words: impl IntoIterator<Item = &'s str>) -> Needed {
        let mut open: Vec<&str> = words.into_iter().collect();
        let mut names = HashSet::new();
        let mut defs = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !names.insert(name) {
                continue;
            }
            for &at in self.by_name.get(name).into_iter().flatten() {
                defs.insert(at);
                open.extend(&self.defs[at].calls);
            }
        }
        Needed {
            defs: defs.into_iter().map(|at| self.defs[at].def.clone()).collect(),
            natives: natives().filter(|(name, ..)| names.contains(name) || name.starts_with('!')).collect(),
            guarded: ["reduce", "foreach", GUARD].iter().any(|name| names.contains(name)),
        }
    }

    /// Returns the numbers of arguments that `name` takes, in ascending order.
    pub(in crate::filter) fn arities(&self, name: &str) -> Vec<usize> {
        self.builtins.iter().filter(|(known, _)| *known == name).map(|(_, arity)| *arity).collect()
    }
}

/// Native filters of the interpreter that only definitions call.
const INNER: &[&str] =
    &["error_empty", "key_values", "max_by_or_empty", "min_by_or_empty", "path_value", "unescape_html"];

/// Native filters of the interpreter that others stand for.
const REPLACED: &[&str] = &[
    "ceil",
    "copysign",
    "decode_base64",
    "decode_uri",
    "encode_base64",
    "encode_uri",
    "escape_html",
    "escape_sh",
    "fabs",
    "floor",
    "fmax",
    "fmin",
    "fromdateiso8601",
    "gmtime",
    "implode",
    "ltrim",
    "ltrimstr",
    "matches",
    "mktime",
    "modf",
    "nearbyint",
    "pow",
    "range",
    "reverse",
    "rint",
    "round",
    "rtrim",
    "rtrimstr",
    "split_",
    "split_matches",
    "strftime",
    "strptime",
    "todateiso8601",
    "trim",
    "trunc",
];

/// Returns the native filters of the interpreter that filters may use.
pub(in crate::filter) fn of_the_interpreter() -> impl Iterator<Item = Fun<Data>> {
    let all = jaq_core::funs().chain(jaq_std::funs());
    all.filter(|(name, ..)| denied(name).is_none() && !REPLACED.contains(name))
}

/// Returns the native filters.
fn natives() -> impl Iterator<Item = Fun<Data>> {
    values::natives()
        .chain(numbers::natives())
        .chain(strings::natives())
        .chain(formats::natives())
        .chain(regex::natives())
        .chain(dates::natives())
        .chain(control::natives())
        .chain(update::natives())
        .chain([room(), names()])
        .chain(growth::natives())
        .chain(of_the_interpreter().map(growth::renamed))
}

/// Returns the names of all filters with the numbers of their arguments: `map/1`.
fn names() -> Fun<Data> {
    let native: Native<Data> = Native::new(|_| {
        let name = |(name, arity)| Val::from(ArcStr::from(format!("{name}/{arity}")));
        box_once(Ok(builtins().filter(|(name, _)| !name.starts_with('@')).map(name).collect()))
    });
    ("builtins", v(0), native)
}

/// Returns the identity, or an error where there is no room: to recurse, or for the value.
fn room() -> Fun<Data> {
    fn check(value: &Val) -> Result<(), Exn<'static, Val>> {
        let wrong = match () {
            () if !stack::has_room() => "the filter recurses too deeply",
            () if !stack::is_shallow(value) => "the filter nests values too deeply",
            () => return Ok(()),
        };
        Err(Exn::from(Error::str(wrong)))
    }
    let native: Native<Data> = Native::new(|(_, value)| box_once(check(&value).map(|()| value)))
        .with_paths(|(_, at)| box_once(check(&at.0).map(|()| at)));
    (GUARD, v(0), native)
}
