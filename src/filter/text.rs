//! The text of a filter as tokens.

use std::collections::BTreeSet;

use jaq_core::load::lex::{Expect, Lexer, StrPart, Tok, Token};

use super::nesting::{MAX_NESTING, nesting};
use super::stack::{self, Fault, Room};

/// The name of the check that every definition starts with; no text can spell it.
pub(super) const GUARD: &str = "!room";

/// The tokens of a text.
pub(super) type Tokens<'s> = Vec<Token<&'s str>>;
/// An error of the lexer.
pub(super) type LexError<'s> = (Expect<&'s str>, &'s str);

/// Why a text has no tokens.
pub(super) enum Unreadable<'s> {
    /// Its brackets are nested too deeply.
    Nesting,
    /// The lexer refuses it.
    Lex(Vec<LexError<'s>>),
    /// The lexer came to no end.
    Fault(Fault),
}

/// The tokens of `code`.
pub(super) fn tokens(code: &str) -> Result<Tokens<'_>, Unreadable<'_>> {
    let depth = nesting(code);
    if depth > MAX_NESTING {
        return Err(Unreadable::Nesting);
    }
    stack::call(Room::levels(depth), || Lexer::new(code).lex())
        .map_err(Unreadable::Fault)?
        .map_err(Unreadable::Lex)
}

/// Whether brackets or a quote are still open at the end of `code`, so that more text may make
/// it a filter.
///
/// A text that no continuation can mend, such as `(&`, needs no more.
pub fn needs_more(code: &str) -> bool {
    let Err(Unreadable::Lex(errors)) = tokens(code) else {
        return false;
    };
    let open = |expect: &Expect<&str>| matches!(expect, Expect::Delim(_) | Expect::Escape);
    errors.iter().all(|(_, rest)| rest.is_empty()) && errors.iter().any(|(e, _)| open(e))
}

/// What a text mentions, anywhere in it.
#[derive(Default)]
pub(super) struct Mentions<'s> {
    /// Names that may be calls.
    pub(super) words: BTreeSet<&'s str>,
    /// Variables, without `$`.
    pub(super) vars: BTreeSet<&'s str>,
    /// The number of tokens.
    pub(super) count: usize,
}

impl<'s> Mentions<'s> {
    /// Reads `tokens`, and puts a check at the start of every definition in them.
    pub(super) fn read(tokens: &mut Tokens<'s>) -> Self {
        let mut mentions = Self::default();
        mentions.block(tokens);
        mentions
    }

    fn block(&mut self, tokens: &mut Tokens<'s>) {
        self.count += tokens.len();
        for token in tokens.iter_mut() {
            self.token(token);
        }
        if tokens.iter().any(|Token(text, _)| *text == "def") {
            self.guard_definitions(tokens);
        }
    }

    fn token(&mut self, Token(text, tok): &mut Token<&'s str>) {
        match tok {
            Tok::Word | Tok::Fmt => {
                self.words.insert(text);
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

    /// Makes `def f: g;` into `def f: !room | g;`.
    fn guard_definitions(&mut self, tokens: &mut Tokens<'s>) {
        let bodies: Vec<usize> = (0..tokens.len()).filter_map(|i| body_of(tokens, i)).collect();
        for at in bodies.into_iter().rev() {
            tokens.splice(at..at, [Token(GUARD, Tok::Word), Token("|", Tok::Sym)]);
            self.words.insert(GUARD);
        }
    }
}

/// Where the body of the definition starts whose `def` is at `at`, if there is one.
fn body_of(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    let Token("def", Tok::Word) = tokens.get(at)? else {
        return None;
    };
    // `{def: 1}` is an object.
    let Token(_, Tok::Word | Tok::Fmt) = tokens.get(at + 1)? else {
        return None;
    };
    let colon = match tokens.get(at + 2)? {
        Token(text, Tok::Block(_)) if text.starts_with('(') => at + 3,
        _ => at + 2,
    };
    matches!(tokens.get(colon)?, Token(":", _)).then_some(colon + 1)
}
