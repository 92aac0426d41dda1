//! The compiler: from the text of a filter to something that runs.

mod explain;
mod grammar;
mod hints;
pub(in crate::filter) mod library;
mod rewrite;

use std::sync::Arc;

use jaq_core::Compiler;
use jaq_core::load::lex::{Tok, Token};
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Loader};

use self::grammar::ParseError;
use self::library::{LIBRARY, Needed};
use crate::filter::error::CompileError;
use crate::filter::run::Filter;
use crate::filter::run::environment::Data;
use crate::filter::run::stack::{self, MAX_TOKENS, Room};
use crate::filter::run::supervisor::Supervisor;
use crate::filter::text::tokens::{self, Mentions, Readable, Tokens, tokens};

/// The reason why tokens are no filter.
enum Refusal<'s> {
    Parse(Vec<ParseError<'s>>),
    Undefined(Vec<explain::Missing>),
}

/// Compiles `code`; of the global variables it mentions, those exist for which `is_var`.
pub(in crate::filter) fn compile(
    code: &str,
    is_var: impl Fn(&str) -> bool,
    known: impl FnOnce() -> Vec<String>,
    supervisor: &Arc<Supervisor>,
) -> Result<(Filter, Vec<String>), CompileError> {
    let readable = Readable::new(code);
    let compiled = compile_readable(&readable.text, is_var, known);
    let Compiled { program, vars, mentioned, room, guarded } =
        compiled.map_err(|error| CompileError { span: readable.original_span(&error.span), ..error })?;
    let filter = Filter::new(code, vars, program, room, guarded, Arc::clone(supervisor));
    Ok((filter, mentioned))
}

/// The outcome of compiling the text of a filter.
struct Compiled {
    program: jaq_core::Filter<Data>,
    /// The global variables that it uses, and all that it mentions.
    vars: Vec<String>,
    mentioned: Vec<String>,
    room: Room,
    guarded: bool,
}

/// Compiles a text that the lexer can read.
fn compile_readable(
    code: &str,
    is_var: impl Fn(&str) -> bool,
    known: impl FnOnce() -> Vec<String>,
) -> Result<Compiled, CompileError> {
    let tokens = tokens(code).map_err(|why| explain::unreadable(code, why))?;
    let mentions = Mentions::read(&tokens);
    refuse_modules(code, &tokens)?;
    if tokens.is_empty() {
        return Err(explain::empty(code));
    }
    if mentions.count > MAX_TOKENS {
        return Err(explain::too_long(code, mentions.count));
    }
    let globals: Vec<&str> = mentions.vars.iter().copied().filter(|name| is_var(name)).collect();
    let room = Room::levels(mentions.count);
    let needed = LIBRARY.needed(mentions.words.iter().copied());
    let guarded = needed.guarded;
    let program = stack::call(room, || program(code, &tokens, entry_name(&mentions), &globals, needed))
        .map_err(|fault| explain::fault(code, &fault))?
        .map_err(|refusal| match refusal {
            Refusal::Parse(errors) => explain::parse(code, errors),
            Refusal::Undefined(errors) => explain::undefined(code, errors, known),
        })?;
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mentioned: Vec<&str> = mentions.vars.iter().copied().collect();
    Ok(Compiled { program, vars: owned(&globals), mentioned: owned(&mentioned), room, guarded })
}

/// Refuses modules, which are files. The parser that is used here knows none, so that these words are ordinary
/// names to it.
fn refuse_modules(code: &str, tokens: &Tokens<'_>) -> Result<(), CompileError> {
    match tokens.first() {
        Some(Token(word @ ("import" | "include" | "module"), Tok::Word)) => Err(explain::denied(code, word)),
        _ => Ok(()),
    }
}

/// Compiles `tokens` as `entry`, together with the part of the library that they need.
fn program<'s>(
    code: &'s str,
    tokens: &Tokens<'s>,
    entry: String,
    globals: &[&str],
    needed: Needed,
) -> Result<jaq_core::Filter<Data>, Refusal<'s>> {
    let body = grammar::filter(code, tokens).map_err(|error| Refusal::Parse(vec![error]))?;
    let main = Def { name: &*entry, args: Vec::new(), body: rewrite::rewrite(body) };
    let globals: Vec<String> = globals.iter().map(|name| format!("${name}")).collect();

    let arena = Arena::default();
    let modules = Loader::new(needed.defs.into_iter().chain([main]))
        .load(&arena, File { code: &*entry, path: () })
        // The name of a filter is a filter.
        .map_err(|_| Refusal::Undefined(Vec::new()))?;
    Compiler::default()
        .with_funs(needed.natives)
        .with_global_vars(globals.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            let missing = errors.into_iter().flat_map(|(_, errors)| errors);
            let place = |(name, kind)| Some((tokens::span(code, name)?, kind));
            Refusal::Undefined(missing.filter_map(place).collect())
        })
}

/// Returns the name under which the filter is compiled: one that its text does not use.
fn entry_name(mentions: &Mentions<'_>) -> String {
    let mut name = String::from("main");
    while mentions.words.contains(&*name) {
        name.push('_');
    }
    name
}
