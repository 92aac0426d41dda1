//! What filters may call: the standard library of jq without whatever reaches outside.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use jaq_core::box_iter::box_once;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::native::{Fun, v};
use jaq_core::{Compiler, Error, Exn, Native};

use super::text::GUARD;
use super::watch::Data;
use super::{assign, growth, natives, place, stack};
use crate::value::Val;

const OUTSIDE: &str = "a filter sees the values of the session and nothing else";
const CHANGING: &str = "a filter gives the same answer every time";
const SILENT: &str = "a filter yields values and prints nothing";
const ENDLESS: &str = "a filter cannot end the program";

/// Names that jq has and filters here have not, with the reason.
pub(super) const DENIED: &[(&str, &str)] = &[
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
    // Its `%Q` reads the time zones of the machine.
    ("strptime", CHANGING),
];

/// Why `name` is not available, if jq has it and filters here have not.
pub(super) fn denied(name: &str) -> Option<&'static str> {
    DENIED.iter().find(|(denied, _)| *denied == name).map(|(_, reason)| *reason)
}

/// Whether jq has a filter of that name that is not available here: it would reach outside, or give
/// another answer every time.
pub fn is_denied(name: &str) -> bool {
    denied(name).is_some()
}

/// The library; it is parsed once.
pub(super) static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);

/// Names and numbers of arguments of all filters that a filter may call without defining them:
/// sorted, each once.
pub fn builtins() -> impl Iterator<Item = (&'static str, usize)> {
    LIBRARY.builtins.iter().copied()
}

/// The definitions and native filters of jq that filters may use.
pub(super) struct Library {
    defs: Vec<Entry>,
    by_name: HashMap<&'static str, Vec<usize>>,
    builtins: BTreeSet<(&'static str, usize)>,
}

/// A definition, and the names that it calls.
struct Entry {
    def: Def<&'static str>,
    calls: Vec<String>,
}

/// The part of the library that one filter needs.
pub(super) struct Needed {
    /// The definitions, in their order.
    pub(super) defs: Vec<Def<&'static str>>,
    /// The native filters.
    pub(super) natives: Vec<Fun<Data>>,
    /// Whether there are definitions that check for room.
    pub(super) guarded: bool,
}

impl Library {
    fn new() -> Self {
        let signatures = natives().chain(place::natives()).map(|(name, args, _)| (name, args.len()));
        let mut library = Self { defs: Vec::new(), by_name: HashMap::new(), builtins: signatures.collect() };
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(natives::definitions());
        // What is native is faster.
        let native = library.builtins.clone();
        let defs = defs.filter(|def| !native.contains(&(def.name, def.args.len())));
        for def in growth::definitions().chain(defs) {
            library.add(match def.name {
                "setpath" | "split" | "tostring" | "@text" | "@sh" => assign::definition(def),
                "delpaths" => Def { body: delpaths(), ..def },
                _ => def,
            });
        }
        // No text can spell the names of what rewritten filters call.
        library.builtins.retain(|(name, _)| !name.starts_with('!'));
        library
    }

    /// Adds `def`, unless it is denied or calls something that is.
    fn add(&mut self, mut def: Def<&'static str>) {
        if let Term::Def(inner, _) = &mut def.body {
            inner.iter_mut().for_each(guard);
        }
        let calls = free_names(&def);
        let known = |name: &String| self.builtins.iter().any(|(builtin, _)| builtin == name);
        if denied(def.name).is_some() || !calls.iter().all(known) {
            return;
        }
        self.builtins.insert((def.name, def.args.len()));
        self.by_name.entry(def.name).or_default().push(self.defs.len());
        self.defs.push(Entry { def, calls });
    }

    /// What a filter needs that calls `words`, directly and indirectly.
    pub(super) fn needed<'s>(&self, words: impl IntoIterator<Item = &'s str>) -> Needed {
        let mut open: Vec<&str> = words.into_iter().collect();
        let mut names = HashSet::new();
        let mut defs = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !names.insert(name) {
                continue;
            }
            for &at in self.by_name.get(name).into_iter().flatten() {
                defs.insert(at);
                open.extend(self.defs[at].calls.iter().map(String::as_str));
            }
        }
        Needed {
            defs: defs.into_iter().map(|at| self.defs[at].def.clone()).collect(),
            natives: natives()
                .filter(|(name, ..)| names.contains(name) || name.starts_with('!'))
                .chain(place::natives())
                .collect(),
            guarded: ["getpath", "reduce", "foreach", GUARD].iter().any(|name| names.contains(name)),
        }
    }

    /// The numbers of arguments that `name` takes, in ascending order.
    pub(super) fn arities(&self, name: &str) -> Vec<usize> {
        self.builtins.iter().filter(|(known, _)| *known == name).map(|(_, arity)| *arity).collect()
    }
}

/// The native filters that are not denied.
fn natives() -> impl Iterator<Item = Fun<Data>> {
    jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(natives::natives())
        .filter(|(name, ..)| denied(name).is_none() && *name != "range")
        .map(growth::renamed)
        .chain(growth::natives())
        .chain([room()])
}

/// The body of `delpaths($paths)`: deletes from the last path to the first and each once, so that no
/// deletion moves what another one names.
fn delpaths() -> Term<&'static str> {
    let code = "reduce ($paths | group_by(.) | reverse[][0]) as $path (.; getpath($path) |= empty)";
    jaq_core::load::parse(code, |parser| parser.term()).map(assign::rewrite).unwrap_or_default()
}

/// The identity, or an error where there is no room: to recurse, or for the value.
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
        .with_paths(|(_, at)| box_once(check(&at.0).map(|()| at)))
        .with_update(|(_, value), f| match check(&value) {
            Ok(()) => f(value),
            Err(error) => box_once(Err(error)),
        });
    (GUARD, v(0), native)
}

/// Makes `def f: g;` into `def f: !room | g;`.
fn guard(def: &mut Def<&'static str>) {
    let check = Box::new(Term::Call(GUARD, Vec::new()));
    let body = Box::new(std::mem::take(&mut def.body));
    def.body = Term::BinOp(check, BinaryOp::Pipe(None), body);
}

/// The names that `def` uses and does not define: what the compiler misses if it has nothing
/// but `def`.
fn free_names(def: &Def<&'static str>) -> Vec<String> {
    let arena = Arena::default();
    let main = File { code: ".", path: () };
    let Ok(modules) = Loader::new([def.clone()]).load(&arena, main) else {
        return Vec::new();
    };
    let errors = Compiler::<&str, Data>::default().compile(modules).err();
    let missing = errors.into_iter().flatten().flat_map(|(_, errors)| errors);
    missing.map(|(name, _)| name.to_owned()).collect()
}
