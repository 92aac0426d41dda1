//! A cursor over tokens, which are read one after the other.

use jaq_core::load::lex::{Tok, Token};
use jaq_core::load::parse::Expect;

/// An error of the parser: what it expected, and the text of the token that it found.
pub(in crate::filter) type ParseError<'s> = (Expect<&'s str>, Option<&'s str>);
pub(super) type Parsed<'s, T> = Result<T, ParseError<'s>>;

pub(super) struct Parser<'s, 't> {
    pub(super) code: &'s str,
    pub(super) rest: &'t [Token<&'s str>],
    /// In how many definitions the place is.
    pub(super) depth: usize,
    pub(super) is_library: bool,
}

impl<'s, 't> Parser<'s, 't> {
    pub(super) fn next(&mut self) -> Option<&'t Token<&'s str>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(super) fn peek(&self) -> Option<&'t Token<&'s str>> {
        self.rest.first()
    }

    pub(super) fn is_at(&self, text: &str) -> bool {
        // A string is no word or sign.
        matches!(self.peek(), Some(Token(found, Tok::Word | Tok::Sym)) if *found == text)
    }

    /// Passes a word or sign if it stands here.
    pub(super) fn skip(&mut self, text: &str) -> bool {
        let is_here = self.is_at(text);
        if is_here {
            self.next();
        }
        is_here
    }

    pub(super) fn just(&mut self, text: &'static str) -> Parsed<'s, ()> {
        if self.skip(text) { Ok(()) } else { Err(self.instead(Expect::Just(text))) }
    }

    /// Returns the error that something else stands here.
    pub(super) fn instead(&self, expect: Expect<&'s str>) -> ParseError<'s> {
        (expect, self.peek().map(|Token(text, _)| *text))
    }

    /// Checks that nothing but `last` stands here.
    pub(super) fn end(&self, last: &'static str) -> Parsed<'s, ()> {
        match self.rest {
            [] if last.is_empty() => Ok(()),
            [Token(text, _)] if *text == last => Ok(()),
            _ if last.is_empty() => Err(self.instead(Expect::Nothing)),
            _ => Err(self.instead(Expect::Just(last))),
        }
    }

    /// Reads the tokens of a block up to the bracket that closes it.
    pub(super) fn inside<T>(
        &mut self,
        tokens: &'t [Token<&'s str>],
        last: &'static str,
        read: impl FnOnce(&mut Self) -> Parsed<'s, T>,
    ) -> Parsed<'s, T> {
        let outer = std::mem::replace(&mut self.rest, tokens);
        let result = read(self).and_then(|read| self.end(last).map(|()| read));
        self.rest = outer;
        result
    }

    /// Reads parts up to the bracket that closes them, the last token of a block.
    pub(super) fn list<T>(
        &mut self,
        separator: &'static str,
        last: &'static str,
        expect: fn() -> Expect<&'s str>,
        mut read: impl FnMut(&mut Self) -> Parsed<'s, T>,
    ) -> Parsed<'s, Vec<T>> {
        let mut all = vec![read(self)?];
        while !self.is_at(last) {
            if !self.skip(separator) {
                return Err(self.instead(expect()));
            }
            if last == "}" && self.is_at(last) {
                break;
            }
            all.push(read(self)?);
        }
        Ok(all)
    }
}
