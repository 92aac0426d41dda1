//! Definitions, and the patterns of `as`.

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Def, Expect, Pattern, Term};

use super::cursor::{Parsed, Parser};
use super::desugar::{binary, string};
use crate::filter::natives::names::GUARD;

impl<'s> Parser<'s, '_> {
    /// Reads a definition behind its `def`.
    pub(super) fn definition(&mut self) -> Parsed<'s, Def<&'s str>> {
        let name = match self.peek() {
            Some(Token(name, Tok::Word | Tok::Fmt)) if !name.contains("::") => *name,
            _ => return Err(self.instead(Expect::Ident)),
        };
        self.next();
        let args = self.in_parentheses(|parser| match parser.peek() {
            Some(Token(name, Tok::Word | Tok::Var)) if !name.contains("::") => {
                parser.next();
                Ok(*name)
            }
            _ => Err(parser.instead(Expect::Arg)),
        })?;
        self.just(":")?;
        let before = self.rest;
        self.depth += 1;
        let body = self.pipe();
        self.depth -= 1;
        let mut body = body?;
        let tokens = &before[..before.len() - self.rest.len()];
        self.just(";")?;
        // The argument `$x` is the filter `x` as well.
        let called = args.iter().filter_map(|arg| Some((*arg, arg.strip_prefix('$')?)));
        let called = called.filter(|(_, name)| mentions(tokens, name));
        let defs: Vec<_> =
            called.map(|(arg, name)| Def { name, args: Vec::new(), body: Term::Var(arg) }).collect();
        if !defs.is_empty() {
            body = Term::Def(defs, Box::new(body));
        }
        if self.depth > 0 || !self.is_library {
            body = binary(Term::Call(GUARD, Vec::new()), BinaryOp::Pipe(None), body);
        }
        Ok(Def { name, args, body })
    }

    /// Reads patterns with `?//` between them.
    pub(super) fn patterns(&mut self) -> Parsed<'s, Vec<Pattern<&'s str>>> {
        let mut patterns = vec![self.pattern()?];
        while let [Token("?", Tok::Sym), Token("//", Tok::Sym), ..] = self.rest {
            self.next();
            self.next();
            patterns.push(self.pattern()?);
        }
        Ok(patterns)
    }

    pub(super) fn pattern(&mut self) -> Parsed<'s, Pattern<&'s str>> {
        match self.peek() {
            Some(Token(name, Tok::Var)) => {
                self.next();
                Ok(Pattern::Var(*name))
            }
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('[') => {
                self.next();
                self.inside(tokens, "]", |parser| {
                    parser.list(",", "]", || Expect::CommaOrRBrack, Self::pattern).map(Pattern::Arr)
                })
            }
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('{') => {
                self.next();
                self.inside(tokens, "}", |parser| {
                    let entries = parser.list(",", "}", || Expect::CommaOrRBrace, Self::pattern_entry)?;
                    Ok(Pattern::Obj(entries.into_iter().flatten().collect()))
                })
            }
            _ => Err(self.instead(Expect::Pattern)),
        }
    }

    /// Reads an entry of the pattern of an object: `$x: [$y]` are two.
    pub(super) fn pattern_entry(&mut self) -> Parsed<'s, Vec<(Term<&'s str>, Pattern<&'s str>)>> {
        let key = match self.peek() {
            Some(Token(name, Tok::Var)) => {
                self.next();
                let key = string(&name[1..]);
                let mut entries = vec![(key.clone(), Pattern::Var(*name))];
                if self.skip(":") {
                    entries.push((key, self.pattern()?));
                }
                return Ok(entries);
            }
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('(') => {
                self.next();
                self.inside(tokens, ")", Self::pipe)?
            }
            Some(Token(name, Tok::Word)) if !name.contains("::") => {
                self.next();
                string(name)
            }
            _ => self.string_key()?,
        };
        self.just(":")?;
        Ok(vec![(key, self.pattern()?)])
    }
}

/// Tells whether a word stands anywhere in tokens.
fn mentions(tokens: &[Token<&str>], name: &str) -> bool {
    tokens.iter().any(|Token(text, tok)| match tok {
        Tok::Word => *text == name,
        Tok::Block(tokens) => mentions(tokens, name),
        Tok::Str(parts) => parts.iter().any(
            |part| matches!(part, StrPart::Term(Token(_, Tok::Block(tokens))) if mentions(tokens, name)),
        ),
        _ => false,
    })
}
