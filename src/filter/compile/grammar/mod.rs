//! The grammar of jq: from tokens to terms.
//!
//! The precedences are those of jq, in which `.a = 1 // 2` is `(.a = 1) // 2`.

mod cursor;
mod definitions;
mod desugar;
mod operations;
mod terms;

use jaq_core::load::lex::Token;
use jaq_core::load::parse::{Def, Term};

pub(in crate::filter) use self::cursor::ParseError;
use self::cursor::{Parsed, Parser};
pub(in crate::filter) use self::desugar::native_name;

/// Reads a filter.
pub(in crate::filter) fn filter<'s>(code: &'s str, tokens: &[Token<&'s str>]) -> Parsed<'s, Term<&'s str>> {
    let mut parser = Parser { code, rest: tokens, depth: 0, is_library: false };
    let term = parser.pipe()?;
    parser.end("").map(|()| term)
}

/// A definition and its tokens.
pub(in crate::filter) type WithTokens<'s, 't> = (Def<&'s str>, &'t [Token<&'s str>]);

/// Reads the definitions of the library, one after the other, with their tokens; those that stand in other ones
/// check for room.
pub(in crate::filter) fn definitions<'s, 't>(
    code: &'s str,
    tokens: &'t [Token<&'s str>],
) -> Parsed<'s, Vec<WithTokens<'s, 't>>> {
    let mut parser = Parser { code, rest: tokens, depth: 0, is_library: true };
    let mut defs = Vec::new();
    loop {
        let before = parser.rest;
        if !parser.skip("def") {
            return parser.end("").map(|()| defs);
        }
        let def = parser.definition()?;
        // The word `def` is no part of it.
        defs.push((def, &before[1..before.len() - parser.rest.len()]));
    }
}
