//! The words and signs of code, also of code that is half typed, for whoever shows it.

use std::ops::Range;

use jaq_core::load::lex::{StrPart, Tok, Token};

use crate::filter::text::brackets::Scan;
use crate::filter::text::keywords::keyword_named;
use crate::filter::text::tokens::{Readable, Tokens, Unreadable, span, tokens};

/// A word or sign of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lexeme {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: LexemeKind,
}

/// The kind of a word or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexemeKind {
    /// A word of the language: `if`, `as`, `reduce`.
    Keyword,
    /// The name of a filter.
    Name,
    /// A key of an object: `.name`, `{name: 1}`, `{"name": 1}`.
    Key,
    /// A variable with its `$`.
    Variable,
    /// A number.
    Number,
    /// A string with its quotes, or what of it stands outside `\(…)`.
    String,
    /// `null`, `true` or `false`.
    Constant,
    /// Any other sign, or a format such as `@csv`.
    Symbol,
    /// A bracket of any kind.
    Bracket,
    /// A comment.
    Comment,
    /// What the lexer cannot read, and all behind it.
    Unreadable,
}

/// Returns the words and signs of `code`, in their order. What is open at its end is taken as closed there.
pub fn lexemes(code: &str) -> Vec<Lexeme> {
    let readable = Readable::new(code);
    let mut lexemes = readable_lexemes(&readable.text);
    lexemes.iter_mut().for_each(|lexeme| lexeme.span = readable.original_span(&lexeme.span));
    lexemes
}

fn readable_lexemes(code: &str) -> Vec<Lexeme> {
    let mut readable = code;
    // Each round drops what cannot be read; what needs more of them is not worth showing.
    for _ in 0..4 {
        let closed = closed(readable);
        match tokens(&closed) {
            Ok(tokens) => {
                let mut found = Found { text: &closed, end: readable.len(), lexemes: Vec::new() };
                found.block(&tokens, false);
                let mut lexemes = with_comments(readable, found.lexemes);
                if readable.len() < code.len() {
                    let kind = LexemeKind::Unreadable;
                    lexemes.push(Lexeme { span: readable.len()..code.len(), kind });
                }
                return lexemes;
            }
            Err(Unreadable::Lex(errors)) => {
                let places = errors.iter().filter_map(|(_, rest)| Some(span(&closed, rest)?.start));
                let last = readable.char_indices().next_back().map_or(0, |(at, _)| at);
                let end = places.min().unwrap_or(0).min(last);
                let end = (0..=end).rev().find(|end| readable.is_char_boundary(*end));
                readable = &readable[..end.unwrap_or(0)];
            }
            Err(_) => break,
        }
    }
    vec![Lexeme { span: 0..code.len(), kind: LexemeKind::Unreadable }]
}

/// Returns the code with what closes all that is open at its end. On a line of its own: it might end with a
/// comment.
pub(in crate::filter) fn closed(code: &str) -> String {
    let mut scan = Scan::default();
    scan.feed(code);
    format!("{code}\n{}", scan.closers())
}

/// Returns the tokens of a block without the bracket that closes it.
pub(in crate::filter) fn inside<'t, 's>(block: &'t Tokens<'s>) -> &'t [Token<&'s str>] {
    block.split_last().map_or(&[], |(_, inside)| inside)
}

struct Found<'s> {
    /// The code, closed.
    text: &'s str,
    /// Where the code ends that was asked for.
    end: usize,
    lexemes: Vec<Lexeme>,
}

impl Found<'_> {
    fn add(&mut self, span: Range<usize>, kind: LexemeKind) {
        let span = span.start..span.end.min(self.end);
        if !span.is_empty() {
            self.lexemes.push(Lexeme { span, kind });
        }
    }

    fn block(&mut self, tokens: &[Token<&str>], is_object: bool) {
        for (at, Token(text, tok)) in tokens.iter().enumerate() {
            let Some(span) = span(self.text, text) else { continue };
            let is_key = || is_object && is_key(tokens, at);
            match tok {
                Tok::Word if is_key() => self.add(span, LexemeKind::Key),
                Tok::Word => self.add(span, word(text)),
                Tok::Var => self.add(span, LexemeKind::Variable),
                Tok::Num => self.add(span, LexemeKind::Number),
                Tok::Fmt => self.add(span, LexemeKind::Symbol),
                Tok::Sym if text.len() > 1 && text.starts_with('.') && *text != ".." => {
                    self.add(span, LexemeKind::Key);
                }
                Tok::Sym => self.add(span, LexemeKind::Symbol),
                Tok::Str(parts) => {
                    let after_dot = at > 0 && matches!(tokens[at - 1], Token(".", Tok::Sym));
                    let kind = if after_dot || is_key() { LexemeKind::Key } else { LexemeKind::String };
                    self.string(span, parts, kind);
                }
                Tok::Block(inner) => self.brackets(span, text, inner),
            }
        }
    }

    fn string(&mut self, whole: Range<usize>, parts: &[StrPart<&str, Token<&str>>], kind: LexemeKind) {
        let mut start = whole.start;
        for part in parts {
            let StrPart::Term(Token(text, Tok::Block(inner))) = part else { continue };
            let Some(term) = span(self.text, text) else { continue };
            self.add(start..term.start, kind);
            start = term.end;
            self.brackets(term, text, inner);
        }
        self.add(start..whole.end, kind);
    }

    fn brackets(&mut self, span: Range<usize>, text: &str, inner: &Tokens<'_>) {
        self.add(span.start..span.start + 1, LexemeKind::Bracket);
        self.block(inside(inner), text.starts_with('{'));
        if span.end <= self.end {
            self.add(span.end - 1..span.end, LexemeKind::Bracket);
        }
    }
}

fn word(text: &str) -> LexemeKind {
    match text {
        "null" | "true" | "false" => LexemeKind::Constant,
        "not" => LexemeKind::Keyword,
        _ if keyword_named(text).is_some() => LexemeKind::Keyword,
        _ => LexemeKind::Name,
    }
}

/// Tells whether the token of an object stands where a key does: before a colon, or alone (`{name}`).
fn is_key(tokens: &[Token<&str>], at: usize) -> bool {
    let starts = at == 0 || matches!(tokens[at - 1], Token(",", _));
    starts && matches!(tokens.get(at + 1), None | Some(Token(":" | ",", _)))
}

/// Adds the comments: they are what stands between the words and is not blank.
fn with_comments(code: &str, lexemes: Vec<Lexeme>) -> Vec<Lexeme> {
    let mut all = Vec::with_capacity(lexemes.len());
    let mut at = 0;
    let mut gap = |until: usize, all: &mut Vec<Lexeme>, next: usize| {
        let text = code.get(at..until).unwrap_or_default();
        if let Some(start) = text.find('#') {
            let end = start + text[start..].trim_end().len();
            all.push(Lexeme { span: at + start..at + end, kind: LexemeKind::Comment });
        }
        at = next;
    };
    for lexeme in lexemes {
        gap(lexeme.span.start, &mut all, lexeme.span.end);
        all.push(lexeme);
    }
    gap(code.len(), &mut all, code.len());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each word and sign with the first letter of its kind: `k` a key, `K` a keyword.
    fn shown(code: &str) -> String {
        let letter = |kind| match kind {
            LexemeKind::Keyword => 'K',
            LexemeKind::Name => 'f',
            LexemeKind::Key => 'k',
            LexemeKind::Variable => 'v',
            LexemeKind::Number => 'n',
            LexemeKind::String => 's',
            LexemeKind::Constant => 'c',
            LexemeKind::Symbol | LexemeKind::Bracket => ' ',
            LexemeKind::Comment => '#',
            LexemeKind::Unreadable => '?',
        };
        let mut shown: Vec<char> = " ".repeat(code.len()).chars().collect();
        for Lexeme { span, kind } in lexemes(code) {
            assert!(code.is_char_boundary(span.start) && code.is_char_boundary(span.end), "{code}");
            shown[span].fill(letter(kind));
        }
        shown.iter().collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn words_and_signs_have_kinds() {
        let rows = [
            (r#"map(.a + 1) | $x"#, "fff kk   n    vv"),
            (r#"if . then "s" else null end"#, "KK   KKKK sss KKKK cccc KKK"),
            (r#"{a: 1, "b": 2, c}"#, " k  n  kkk  n  k"),
            (r#""a\(.b)c" # why"#, "sss kk ss #####"),
            (r#"."two words"[0]"#, " kkkkkkkkkkk n"),
            ("", ""),
        ];
        for (code, kinds) in rows {
            assert_eq!(shown(code), kinds, "{code}");
        }
    }

    #[test]
    fn what_is_half_typed_is_read_as_far_as_it_goes() {
        let rows = [
            (r#"[1, {"a"#, " n   kk"),
            (r#"map(select(.a"#, "fff ffffff kk"),
            (r#""half"#, "sssss"),
            (r#""half\"#, "sssss?"),
            (".a | $", "kk   ?"),
            (".a & .b", "kk ????"),
            ("1) + 2", "n?????"),
            ("é", "??"),
        ];
        for (code, kinds) in rows {
            assert_eq!(shown(code).replace(' ', ""), kinds.replace(' ', ""), "{code}");
        }
    }
}
