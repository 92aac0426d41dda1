//! Terms: what stands between operators.

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::{Expect, Term};
use jaq_core::path::Part;

use super::cursor::{Parsed, Parser};
use super::desugar::{fold, in_brackets, location, native_name, optional, string, with_part};
use crate::filter::text::keywords::keyword_named;
use crate::filter::text::tokens::span;

impl<'s, 't> Parser<'s, 't> {
    /// Reads one term with what follows it: `?`, keys, indices.
    pub(super) fn term(&mut self) -> Parsed<'s, Term<&'s str>> {
        if self.skip("-") {
            return Ok(Term::Neg(Box::new(self.term()?)));
        }
        let mut term = self.atom()?;
        loop {
            if self.skip("?") {
                term = optional(term);
                continue;
            }
            let Some(part) = self.part()? else { return Ok(term) };
            term = with_part(term, part);
        }
    }

    /// Reads a key or an index behind a term, if there is one.
    pub(super) fn part(&mut self) -> Parsed<'s, Option<Part<Term<&'s str>>>> {
        match self.rest {
            [Token(text, Tok::Block(tokens)), ..] if text.starts_with('[') => {
                self.next();
                self.inside(tokens, "]", Self::index).map(Some)
            }
            [Token(".", Tok::Sym), Token(text, Tok::Block(tokens)), ..] if text.starts_with('[') => {
                self.next();
                self.next();
                self.inside(tokens, "]", Self::index).map(Some)
            }
            [Token(".", Tok::Sym), ..] => {
                self.next();
                self.string_key().map(|key| Some(Part::Index(key)))
            }
            [Token(text, Tok::Sym), ..] if text.starts_with('.') && *text != ".." => {
                self.next();
                Ok(Some(Part::Index(string(&text[1..]))))
            }
            _ => Ok(None),
        }
    }

    /// Reads what stands in the brackets of an index.
    pub(super) fn index(&mut self) -> Parsed<'s, Part<Term<&'s str>>> {
        if self.is_at("]") {
            return Ok(Part::Range(None, None));
        }
        if self.skip(":") {
            return Ok(Part::Range(None, Some(self.pipe()?)));
        }
        let start = self.pipe()?;
        if !self.skip(":") {
            return Ok(Part::Index(start));
        }
        let end = if self.is_at("]") { None } else { Some(self.pipe()?) };
        Ok(Part::Range(Some(start), end))
    }

    pub(super) fn string_key(&mut self) -> Parsed<'s, Term<&'s str>> {
        match self.rest {
            [Token(_, Tok::Str(parts)), ..] => {
                self.next();
                Ok(Term::Str(None, self.string_parts(parts)?))
            }
            [Token(format, Tok::Fmt), Token(_, Tok::Str(parts)), ..] => {
                self.next();
                self.next();
                Ok(Term::Str(Some(*format), self.string_parts(parts)?))
            }
            [Token(_, Tok::Fmt), ..] => {
                self.next();
                Err(self.instead(Expect::Str))
            }
            _ => Err(self.instead(Expect::Key)),
        }
    }

    /// Reads a term without what may follow it.
    pub(super) fn atom(&mut self) -> Parsed<'s, Term<&'s str>> {
        let before = self.rest;
        let Some(Token(text, tok)) = self.next() else { return Err((Expect::Term, None)) };
        Ok(match tok {
            Tok::Num => Term::Num(*text),
            Tok::Str(parts) => Term::Str(None, self.string_parts(parts)?),
            Tok::Var if *text == "$__loc__" => location(self.code, text),
            Tok::Var => Term::Var(*text),
            Tok::Fmt => match self.rest {
                [Token(_, Tok::Str(parts)), ..] => {
                    self.next();
                    Term::Str(Some(*text), self.string_parts(parts)?)
                }
                _ => Term::Call(*text, self.arguments()?),
            },
            Tok::Block(tokens) => self.block(text, tokens)?,
            Tok::Word => self.word(text, before)?,
            Tok::Sym if *text == ".." => Term::Recurse,
            Tok::Sym if *text == "." => self.dot(text)?,
            Tok::Sym if text.starts_with('.') => with_part(Term::Id, Part::Index(string(&text[1..]))),
            Tok::Sym => {
                self.rest = before;
                return Err(self.instead(Expect::Term));
            }
        })
    }

    /// Reads what follows a dot that stands alone.
    pub(super) fn dot(&mut self, dot: &'s str) -> Parsed<'s, Term<&'s str>> {
        match self.rest {
            [Token(_, Tok::Str(_)), ..] | [Token(_, Tok::Fmt), Token(_, Tok::Str(_)), ..] => {
                let key = self.string_key()?;
                Ok(with_part(Term::Id, Part::Index(key)))
            }
            // `.5`
            [Token(digits, Tok::Num), ..] => {
                let number = span(self.code, dot).zip(span(self.code, digits));
                match number.filter(|(dot, digits)| dot.end == digits.start) {
                    Some((dot, digits)) => {
                        self.next();
                        Ok(Term::Num(&self.code[dot.start..digits.end]))
                    }
                    None => Ok(Term::Id),
                }
            }
            _ => Ok(Term::Id),
        }
    }

    pub(super) fn block(&mut self, text: &'s str, tokens: &'t [Token<&'s str>]) -> Parsed<'s, Term<&'s str>> {
        let is_empty = tokens.len() == 1;
        match text.as_bytes().first() {
            Some(b'[') if is_empty => Ok(Term::Arr(None)),
            Some(b'{') if is_empty => Ok(Term::Obj(Vec::new())),
            Some(b'[') => Ok(Term::Arr(Some(Box::new(self.inside(tokens, "]", Self::pipe)?)))),
            Some(b'{') => self.inside(tokens, "}", |parser| {
                parser.list(",", "}", || Expect::CommaOrRBrace, Self::entry).map(Term::Obj)
            }),
            _ => self.inside(tokens, ")", Self::pipe).map(in_brackets),
        }
    }

    /// Reads an entry of an object.
    pub(super) fn entry(&mut self) -> Parsed<'s, (Term<&'s str>, Option<Term<&'s str>>)> {
        let key = match self.peek() {
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('(') => {
                self.next();
                let key = self.inside(tokens, ")", Self::pipe)?;
                self.just(":")?;
                return Ok((key, Some(self.operation(0, false, true)?)));
            }
            Some(Token("$__loc__", Tok::Var)) => {
                let Some(Token(text, _)) = self.next() else { return Err((Expect::Key, None)) };
                return Ok((string("__loc__"), Some(location(self.code, text))));
            }
            Some(Token(name, Tok::Var)) => {
                self.next();
                Term::Var(*name)
            }
            Some(Token(name, Tok::Word)) if !name.contains("::") => {
                self.next();
                string(name)
            }
            _ => self.string_key()?,
        };
        let value = if self.skip(":") { Some(self.operation(0, false, true)?) } else { None };
        Ok((key, value))
    }

    pub(super) fn word(&mut self, word: &'s str, before: &'t [Token<&'s str>]) -> Parsed<'s, Term<&'s str>> {
        match word {
            "if" => self.conditional(),
            "try" => {
                let body = Box::new(self.term()?);
                let catch = if self.skip("catch") { Some(Box::new(self.term()?)) } else { None };
                Ok(Term::TryCatch(body, catch))
            }
            "reduce" | "foreach" => {
                let source = self.operation(0, true, false)?;
                self.just("as")?;
                let patterns = self.patterns()?;
                let arguments = self.arguments()?;
                Ok(fold(word, source, patterns, arguments))
            }
            "break" => self.variable().map(Term::Break),
            _ if keyword_named(word).is_some_and(|keyword| keyword.separates) => {
                self.rest = before;
                Err(self.instead(Expect::Term))
            }
            _ if self.is_library => Ok(Term::Call(native_name(word), self.arguments()?)),
            _ => Ok(Term::Call(word, self.arguments()?)),
        }
    }

    pub(super) fn conditional(&mut self) -> Parsed<'s, Term<&'s str>> {
        let mut cases = Vec::new();
        loop {
            let condition = self.pipe()?;
            self.just("then")?;
            cases.push((condition, self.pipe()?));
            if self.skip("elif") {
                continue;
            }
            let otherwise = if self.skip("else") {
                let otherwise = self.pipe()?;
                self.just("end")?;
                Some(Box::new(otherwise))
            } else if self.skip("end") {
                None
            } else {
                return Err(self.instead(Expect::ElseOrEnd));
            };
            return Ok(Term::IfThenElse(cases, otherwise));
        }
    }

    pub(super) fn arguments(&mut self) -> Parsed<'s, Vec<Term<&'s str>>> {
        self.in_parentheses(Self::pipe)
    }

    /// Reads what stands in parentheses with semicolons between; nothing where there are none.
    pub(super) fn in_parentheses<T>(
        &mut self,
        read: impl FnMut(&mut Self) -> Parsed<'s, T>,
    ) -> Parsed<'s, Vec<T>> {
        match self.peek() {
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('(') => {
                self.next();
                self.inside(tokens, ")", |parser| parser.list(";", ")", || Expect::SemicolonOrRParen, read))
            }
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn string_parts(
        &mut self,
        parts: &'t [StrPart<&'s str, Token<&'s str>>],
    ) -> Parsed<'s, Vec<StrPart<&'s str, Term<&'s str>>>> {
        let part = |part: &'t StrPart<&'s str, Token<&'s str>>| {
            Ok(match part {
                StrPart::Str(text) => StrPart::Str(*text),
                StrPart::Char(c) => StrPart::Char(*c),
                StrPart::Term(Token(_, Tok::Block(tokens))) => {
                    StrPart::Term(self.inside(tokens, ")", Self::pipe)?)
                }
                StrPart::Term(Token(text, _)) => return Err((Expect::Term, Some(*text))),
            })
        };
        parts.iter().map(part).collect()
    }
}
