//! The text of a filter as tokens.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use jaq_core::load::lex::{Expect, Lexer, StrPart, Tok, Token};

use crate::filter::natives::names::GUARD;
use crate::filter::run::stack::{self, Fault, Room};
use crate::filter::text::brackets::{MAX_NESTING, nesting};

/// The tokens of a text.
pub(in crate::filter) type Tokens<'s> = Vec<Token<&'s str>>;
/// An error of the lexer.
pub(in crate::filter) type LexError<'s> = (Expect<&'s str>, &'s str);

/// Finds where `part` is in `code`, if it is a part of it.
pub(in crate::filter) fn span(code: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(code.as_ptr().addr())?;
    let span = start..start + part.len();
    code.get(span.clone()).map(|_| span)
}

/// The reason why a text has no tokens.
pub(in crate::filter) enum Unreadable<'s> {
    /// Its brackets are nested too deeply.
    Nesting,
    /// The lexer refuses it.
    Lex(Vec<LexError<'s>>),
    /// The lexer came to no end.
    Fault(Fault),
}

/// Returns the tokens of `code`.
pub(in crate::filter) fn tokens(code: &str) -> Result<Tokens<'_>, Unreadable<'_>> {
    let depth = nesting(code);
    if depth > MAX_NESTING {
        return Err(Unreadable::Nesting);
    }
    stack::call(Room::levels(depth), || Lexer::new(code).lex())
        .map_err(Unreadable::Fault)?
        .map_err(Unreadable::Lex)
}

/// Tells whether brackets or a quote are still open at the end of `code`, so that more text may make
/// it a filter.
///
/// A text that no continuation can mend, such as `(&`, needs no more.
pub fn needs_more(code: &str) -> bool {
    let readable = Readable::new(code);
    let Err(Unreadable::Lex(errors)) = tokens(&readable.text) else {
        return false;
    };
    let open = |expect: &Expect<&str>| matches!(expect, Expect::Delim(_) | Expect::Escape);
    errors.iter().all(|(_, rest)| rest.is_empty()) && errors.iter().any(|(e, _)| open(e))
}

/// A text that the lexer can read: it does not know pairs of escapes that stand for the two halves of a character,
/// and numbers that end with a dot.
pub(in crate::filter) struct Readable<'s> {
    /// The text with the character itself for each pair, and without the dot at the end of a number.
    pub(in crate::filter) text: Cow<'s, str>,
    /// Places of the text behind what was put in, and by how much the same places of the code are further on.
    shifts: Vec<(usize, usize)>,
}

impl<'s> Readable<'s> {
    pub(in crate::filter) fn new(code: &'s str) -> Self {
        let (mut text, mut shifts) = (String::new(), Vec::new());
        let (mut rest, mut copied) = (code, 0);
        while let Some(at) = rest.find('\\') {
            let escape = &rest[at..];
            let Some(character) = pair(escape) else {
                let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                rest = &escape[length..];
                continue;
            };
            let start = code.len() - escape.len();
            text.push_str(&code[copied..start]);
            text.push(character);
            copied = start + PAIR;
            shifts.push((text.len(), copied - text.len()));
            rest = &code[copied..];
        }
        let text = match copied {
            0 => Cow::Borrowed(code),
            _ => Cow::Owned(text + &code[copied..]),
        };
        let readable = Self { text, shifts };
        let dots = readable.last_dots();
        if dots.is_empty() { readable } else { readable.without(&dots) }
    }

    /// Finds the dots behind which the lexer wants digits, and jq does not.
    fn last_dots(&self) -> Vec<usize> {
        let text = self.text.as_bytes();
        let is_last = |(at, _): (usize, &str)| {
            let has_digit = at > 0 && text[at - 1].is_ascii_digit();
            has_digit && !text.get(at + 1).is_some_and(|next| next.is_ascii_digit() || *next == b'.')
        };
        // It may also be a part of a path or a string.
        if !self.text.match_indices('.').any(is_last) {
            return Vec::new();
        }
        let Err(Unreadable::Lex(errors)) = tokens(&self.text) else { return Vec::new() };
        let digits = errors.iter().filter(|(expect, _)| matches!(expect, Expect::Digit));
        let before = digits.filter_map(|(_, rest)| (text.len() - rest.len()).checked_sub(1));
        before.filter(|at| text[*at] == b'.' && is_last((*at, "."))).collect()
    }

    /// Returns the text without the bytes at some places, which are in order.
    fn without(&self, places: &[usize]) -> Self {
        let (mut text, mut shifts) = (String::new(), Vec::new());
        let mut old = self.shifts.iter().peekable();
        let (mut from, mut shift) = (0, 0);
        for (gone, place) in places.iter().enumerate() {
            while let Some((at, by)) = old.next_if(|(at, _)| at <= place) {
                shifts.push((at - gone, by + gone));
                shift = *by;
            }
            text.push_str(&self.text[from..*place]);
            shifts.push((text.len(), shift + gone + 1));
            from = place + 1;
        }
        let gone = places.len();
        shifts.extend(old.map(|(at, by)| (at - gone, by + gone)));
        text.push_str(&self.text[from..]);
        Self { text: Cow::Owned(text), shifts }
    }

    /// Returns the place of the code that a place of the text is.
    pub(in crate::filter) fn original(&self, place: usize) -> usize {
        let before = self.shifts.partition_point(|(at, _)| *at <= place);
        place + before.checked_sub(1).map_or(0, |last| self.shifts[last].1)
    }

    /// Returns the part of the code that a part of the text is.
    pub(in crate::filter) fn original_span(&self, span: &Range<usize>) -> Range<usize> {
        self.original(span.start)..self.original(span.end)
    }
}

/// The length of two escapes.
const PAIR: usize = "\\u0000\\u0000".len();

/// Returns the character that two escapes at the start of a text stand for as its halves.
fn pair(text: &str) -> Option<char> {
    let half = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)
    };
    let high = half(0).filter(|high| (0xd800..0xdc00).contains(high))?;
    char::decode_utf16([high, half(PAIR / 2)?]).next()?.ok()
}

/// The words that a text mentions, anywhere in it.
#[derive(Default)]
pub(in crate::filter) struct Mentions<'s> {
    /// Names that may be calls.
    pub(in crate::filter) words: BTreeSet<&'s str>,
    /// Variables, without `$`.
    pub(in crate::filter) vars: BTreeSet<&'s str>,
    /// The number of tokens.
    pub(in crate::filter) count: usize,
}

impl<'s> Mentions<'s> {
    /// Reads `tokens`.
    pub(in crate::filter) fn read(tokens: &[Token<&'s str>]) -> Self {
        let mut mentions = Self::default();
        mentions.block(tokens);
        mentions
    }

    fn block(&mut self, tokens: &[Token<&'s str>]) {
        self.count += tokens.len();
        tokens.iter().for_each(|token| self.token(token));
    }

    fn token(&mut self, Token(text, tok): &Token<&'s str>) {
        match tok {
            Tok::Word | Tok::Fmt => {
                // Definitions check for room.
                self.words.insert(if *text == "def" { GUARD } else { text });
            }
            Tok::Var => {
                self.vars.extend(text.strip_prefix('$'));
            }
            Tok::Block(tokens) => self.block(tokens),
            Tok::Str(parts) => {
                self.count += parts.len();
                for part in parts {
                    if let StrPart::Term(token) = part {
                        self.token(token);
                    }
                }
            }
            Tok::Num | Tok::Sym => {}
        }
    }
}
