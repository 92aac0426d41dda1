//! The end of code that is being typed, as a completion of it has to know it.
//!
//! Nothing is run. What a path is applied to is followed through pipes, brackets and the filters that
//! keep their input or go through its items, and given as the hops that lead there.

use std::ops::Range;

use jaq_core::load::lex::{StrPart, Tok, Token};

use crate::filter::text::keywords::keyword_named;
use crate::filter::text::lexemes::{closed, inside};
use crate::filter::text::tokens::{self, span, tokens};

/// The end of code, as far as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A path whose last key is being typed: `.items[0].na`.
    Path {
        /// What has the key, as far as that can be told.
        of: Option<Reach>,
        /// Where the dot of the key stands.
        start: usize,
        /// Whether more of the path stands before that dot.
        goes_on: bool,
    },
    /// A path whose last key is being typed in quotes: `."na`, `.["na`, `.items[0]["na`.
    Quoted {
        /// What has the key, as far as that can be told.
        of: Option<Reach>,
        /// Where the dot or the bracket before the quote stands.
        start: usize,
        /// The key as far as it is typed.
        typed: String,
    },
    /// A path whose last index is being typed: `.items[`, `.items[1`, `.items[-`.
    Index {
        /// What is indexed, as far as that can be told.
        of: Option<Reach>,
        /// Where the bracket stands.
        start: usize,
    },
    /// A variable, from its `$`.
    Variable {
        /// Where it starts.
        start: usize,
    },
    /// A word: the name of a filter, or a word of the language.
    Word {
        /// Where it starts.
        start: usize,
    },
    /// Nothing yet, and a filter can begin here, with this input.
    Start {
        /// The input, as far as that can be told.
        of: Option<Reach>,
    },
    /// Something that has no completion: a number, the inside of a string.
    Other,
}

/// The way on which a value is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// From where.
    pub base: Base,
    /// The way from there.
    pub hops: Vec<Hop>,
}

/// The start of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// At the input of the whole code.
    Input,
    /// At a variable, by its name without `$`.
    Variable(String),
}

/// A step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// To what is at a key.
    Key(String),
    /// To an item; below 0: from the end.
    Index(i64),
    /// To any item or entry.
    Each,
    /// To an entry as an object of `key` and `value`.
    Entry,
}

impl Reach {
    fn hop(mut self, hop: Hop) -> Self {
        self.hops.push(hop);
        self
    }
}

/// Returns what stands at the end of `code`.
pub fn ending(code: &str) -> Ending {
    // A `$` alone is no token; with a letter it is.
    let typed = if code.ends_with('$') { format!("{code}x") } else { code.to_owned() };
    let closed = closed(&typed);
    let Ok(tokens) = tokens(&closed) else { return Ending::Other };
    let input = Reach { base: Base::Input, hops: Vec::new() };
    let cursor = Cursor { text: &closed, end: typed.len() };
    cursor.in_block(&tokens, Some(input))
}

/// A cursor that follows the tokens up to the end of what was typed.
#[derive(Clone, Copy)]
struct Cursor<'s> {
    /// The code, closed.
    text: &'s str,
    /// Where the code ends that was typed.
    end: usize,
}

/// The state in the middle of a block.
#[derive(Clone)]
struct Context {
    /// The input of the block.
    input: Option<Reach>,
    /// The input of the current part of the pipe.
    stage: Option<Reach>,
    /// The value of the term that stands before, if it can be told.
    term: Option<Reach>,
    /// Whether a term stands before, so that a path can go on from it.
    has_term: bool,
    /// Whether the part of the pipe is more than one term.
    compound: bool,
}

impl Context {
    fn new(input: Option<Reach>) -> Self {
        Self { stage: input.clone(), input, term: None, has_term: false, compound: false }
    }

    /// Takes a term that begins and ends here, with this value.
    fn term(&mut self, value: Option<Reach>) {
        self.compound |= self.has_term;
        self.term = value;
        self.has_term = true;
    }

    /// Goes one hop on from what the term before leads to; from the input if there is none.
    fn hop(&mut self, hop: Option<Hop>) {
        let from = self.before();
        self.term = from.zip(hop).map(|(from, hop)| from.hop(hop));
        self.has_term = true;
    }

    /// Returns the value on which a path goes on here.
    fn before(&self) -> Option<Reach> {
        if self.has_term { self.term.clone() } else { self.stage.clone() }
    }

    /// Takes an operator: another term follows, with the same input.
    fn operator(&mut self, sign: &str) {
        match sign {
            "|" => {
                let value = if self.compound { None } else { self.term.take() };
                *self = Self { input: self.input.clone(), ..Self::new(value) };
            }
            // The right side of an update has the old value as its input.
            "|=" => {
                let value = self.term.take();
                *self = Self { input: self.input.clone(), compound: true, ..Self::new(value) };
            }
            ";" | ":" => *self = Self::new(self.input.clone()),
            _ => {
                self.has_term = false;
                self.compound = true;
            }
        }
    }
}

impl Cursor<'_> {
    fn in_block(self, tokens: &[Token<&str>], input: Option<Reach>) -> Ending {
        let mut context = Context::new(input);
        for (at, Token(text, tok)) in tokens.iter().enumerate() {
            let Some(span) = span(self.text, text) else { return Ending::Other };
            let before = at.checked_sub(1).map(|before| &tokens[before]);
            if span.end >= self.end && (span.end > self.end || at + 1 == tokens.len()) {
                return self.at_end(&context, before, text, tok, span);
            }
            step(&mut context, before, text, tok);
        }
        // Behind the last token and a blank: only where a term can begin.
        if context.has_term { Ending::Other } else { Ending::Start { of: context.stage } }
    }

    /// Returns the token at the end.
    fn at_end(
        self,
        context: &Context,
        before: Option<&Token<&str>>,
        text: &str,
        tok: &Tok<&str>,
        span: Range<usize>,
    ) -> Ending {
        let start = span.start;
        let is_open = span.end > self.end;
        match tok {
            Tok::Word => Ending::Word { start },
            Tok::Var => Ending::Variable { start },
            Tok::Sym if text == ".." => Ending::Other,
            Tok::Sym if text.starts_with('.') => {
                Ending::Path { of: context.before(), start, goes_on: context.has_term }
            }
            Tok::Sym if text == "?" => Ending::Other,
            Tok::Sym => {
                let mut context = context.clone();
                context.operator(text);
                Ending::Start { of: context.stage }
            }
            Tok::Block(inner) if is_open => match text.chars().next() {
                Some('[') if context.has_term => self.in_index(context, inside(inner), start),
                Some('(') => self.in_block(inside(inner), argument(context, before)),
                _ => self.in_block(inside(inner), context.stage.clone()),
            },
            Tok::Str(parts) if is_open && self.text[..start].ends_with('.') && is_text(parts) => {
                Ending::Quoted { of: context.before(), start: start - 1, typed: unfinished(parts) }
            }
            Tok::Str(parts) if is_open => match parts.last() {
                Some(StrPart::Term(Token(text, Tok::Block(inner)))) => {
                    let is_open = tokens::span(self.text, text).is_some_and(|s| s.end > self.end);
                    if is_open { self.in_block(inside(inner), context.stage.clone()) } else { Ending::Other }
                }
                _ => Ending::Other,
            },
            _ => Ending::Other,
        }
    }

    /// Looks inside of the brackets behind a term, which are open: a key, an index, or an expression of the input
    /// of the whole path.
    fn in_index(self, context: &Context, inner: &[Token<&str>], start: usize) -> Ending {
        let of = context.before();
        match inner {
            [] => Ending::Index { of, start },
            [Token(_, Tok::Num)] | [Token("-", Tok::Sym)] | [Token("-", Tok::Sym), Token(_, Tok::Num)]
                if !self.text[..self.end].ends_with(char::is_whitespace) =>
            {
                Ending::Index { of, start }
            }
            [Token(text, Tok::Str(parts))]
                if is_text(parts) && span(self.text, text).is_some_and(|span| span.end > self.end) =>
            {
                Ending::Quoted { of, start, typed: unfinished(parts) }
            }
            _ => self.in_block(inner, context.stage.clone()),
        }
    }
}

/// Tells whether the token is a dot of its own.
fn is_dot(token: Option<&Token<&str>>) -> bool {
    matches!(token, Some(Token(".", Tok::Sym)))
}

/// Returns the text of a string that is not closed yet: what closes it stands on a line of its own.
fn unfinished(parts: &[StrPart<&str, Token<&str>>]) -> String {
    let mut text = literal(parts).unwrap_or_default();
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// Tells whether a string is text alone, without `\(…)`.
fn is_text(parts: &[StrPart<&str, Token<&str>>]) -> bool {
    parts.iter().all(|part| !matches!(part, StrPart::Term(_)))
}

/// Passes the token.
fn step(context: &mut Context, before: Option<&Token<&str>>, text: &str, tok: &Tok<&str>) {
    let after_dot = is_dot(before);
    match tok {
        Tok::Sym if text == "?" => {}
        Tok::Sym if text == "." => {
            let value = context.before();
            context.term = value;
            context.has_term = true;
        }
        Tok::Sym if text == ".." => context.term(None),
        Tok::Sym => match text.strip_prefix('.') {
            Some(key) => context.hop(Some(Hop::Key(key.to_owned()))),
            None => context.operator(text),
        },
        Tok::Str(parts) if after_dot => context.hop(literal(parts).map(Hop::Key)),
        Tok::Block(inner) if text.starts_with('[') && context.has_term => index(context, inside(inner)),
        Tok::Block(_) if text.starts_with('(') && is_call(before) => {
            // The call has been taken for a term; brackets may change what it is.
        }
        Tok::Var => context.term(
            text.strip_prefix('$')
                .map(|name| Reach { base: Base::Variable(name.to_owned()), hops: Vec::new() }),
        ),
        Tok::Word if is_separator(text) => {
            let input = context.stage.clone();
            *context = Context { input: context.input.clone(), compound: true, ..Context::new(input) };
        }
        Tok::Word => {
            let value = called(context, text);
            context.term(value);
        }
        _ => context.term(None),
    }
}

/// Takes `[0]`, `["key"]`, `[]`, `[1:]` behind a term.
fn index(context: &mut Context, inner: &[Token<&str>]) {
    match inner {
        [] => context.hop(Some(Hop::Each)),
        [Token(text, Tok::Num)] => context.hop(text.parse().ok().map(Hop::Index)),
        [Token("-", Tok::Sym), Token(text, Tok::Num)] => {
            context.hop(text.parse::<i64>().ok().map(|index| Hop::Index(-index)));
        }
        [Token(_, Tok::Str(parts))] => context.hop(literal(parts).map(Hop::Key)),
        // A part of an array is an array of such items.
        _ if inner.iter().any(|Token(text, _)| *text == ":") => {}
        _ => context.hop(None),
    }
}

/// Makes a string without `\(…)`.
fn literal(parts: &[StrPart<&str, Token<&str>>]) -> Option<String> {
    let text = |part: &StrPart<&str, _>| match part {
        StrPart::Str(text) => Some((*text).to_owned()),
        StrPart::Char(c) => Some(c.to_string()),
        StrPart::Term(_) => None,
    };
    parts.iter().map(text).collect()
}

fn is_call(before: Option<&Token<&str>>) -> bool {
    matches!(before, Some(Token(word, Tok::Word)) if !is_separator(word))
}

/// Tells whether a word stands between terms.
fn is_separator(word: &str) -> bool {
    keyword_named(word).is_some_and(|keyword| keyword.separates)
}

/// Returns what the filter of that name yields, by its name: those that keep their input, or yield one of its items.
fn called(context: &Context, name: &str) -> Option<Reach> {
    let input = context.stage.clone()?;
    match name {
        "select" | "sort" | "sort_by" | "reverse" | "unique" | "unique_by" | "del" | "debug" | "values"
        | "objects" | "arrays" => Some(input),
        "first" | "last" | "min_by" | "max_by" | "min" | "max" => Some(input.hop(Hop::Each)),
        _ => None,
    }
}

/// Returns the input of the argument of a call that is open: the filter before the bracket says.
fn argument(context: &Context, before: Option<&Token<&str>>) -> Option<Reach> {
    let input = context.stage.clone();
    let Some(Token(name, Tok::Word)) = before else { return input };
    match *name {
        "map" | "map_values" | "sort_by" | "group_by" | "unique_by" | "min_by" | "max_by" | "any" | "all"
        | "add" => input.map(|input| input.hop(Hop::Each)),
        "with_entries" => input.map(|input| input.hop(Hop::Entry)),
        // In these the input is not that of the call.
        "recurse" | "walk" | "reduce" | "until" | "while" | "repeat" => None,
        _ => input,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what stands at the end of code, in one line.
    fn shown(code: &str) -> String {
        let reach = |reach: &Option<Reach>| match reach {
            None => "?".to_owned(),
            Some(Reach { base, hops }) => {
                let mut text = match base {
                    Base::Input => ".".to_owned(),
                    Base::Variable(name) => format!("${name}"),
                };
                for hop in hops {
                    text.push_str(&match hop {
                        Hop::Key(key) => format!("/{key}"),
                        Hop::Index(index) => format!("/{index}"),
                        Hop::Each => "/*".to_owned(),
                        Hop::Entry => "/entry".to_owned(),
                    });
                }
                text
            }
        };
        match ending(code) {
            Ending::Path { of, start, .. } => format!("{} of {}", &code[start..], reach(&of)),
            Ending::Quoted { of, start, typed } => {
                format!("key {typed} from {} of {}", &code[start..], reach(&of))
            }
            Ending::Index { of, start } => format!("index {} of {}", &code[start..], reach(&of)),
            Ending::Variable { start } => format!("variable {}", &code[start..]),
            Ending::Word { start } => format!("word {}", &code[start..]),
            Ending::Start { of } => format!("start with {}", reach(&of)),
            Ending::Other => "other".to_owned(),
        }
    }

    #[test]
    fn a_path_is_followed_to_what_has_its_last_key() {
        let rows = [
            (".it", ".it of ."),
            (".", ". of ."),
            (".items[0].", ". of ./items/0"),
            (".items[-1].na", ".na of ./items/-1"),
            (".a[\"two words\"].", ". of ./a/two words"),
            (".\"b c\".d", ".d of ./b c"),
            (".a?.b", ".b of ./a"),
            (".items[].na", ".na of ./items/*"),
            (".items[1:][0].x", ".x of ./items/0"),
            (".items | .[0] | .x", ".x of ./items/0"),
            (".items | map(.na", ".na of ./items/*"),
            (".items | sort_by(.a) | .[0].b", ".b of ./items/0"),
            (".items[] | select(.a == 1) | .b", ".b of ./items/*"),
            (".items[] | select(.a.b", ".b of ./items/*/a"),
            (".a |= .b", ".b of ./a"),
            (".a = .b", ".b of ."),
            (".a + .b", ".b of ."),
            ("{x: .a, y: .b", ".b of ."),
            ("[.a, .b", ".b of ."),
            ("$origin.it", ".it of $origin"),
            ("$a.b == $c.d.e", ".e of $c/d"),
            ("if .a then .b else .c", ".c of ."),
            ("with_entries(.va", ".va of ./entry"),
            ("keys | .[0].x", ".x of ?"),
            (".a + .b | .c", ".c of ?"),
            ("\"x \\(.a.b", ".b of ./a"),
            (".a[", "index [ of ./a"),
            (".a[1", "index [1 of ./a"),
            (".a[-", "index [- of ./a"),
            (".a[-1", "index [-1 of ./a"),
            (".[", "index [ of ."),
            ("$a[", "index [ of $a"),
            (".a[.b", ".b of ."),
            (".a[\"x y", "key x y from [\"x y of ./a"),
            (".[\"", "key  from [\" of ."),
            (".\"x", "key x from .\"x of ."),
            (".a.\"q\\\"", "key q\" from .\"q\\\" of ./a"),
            ("[.a, .\"x", "key x from .\"x of ."),
        ];
        for (code, at_end) in rows {
            assert_eq!(shown(code), at_end, "{code}");
        }
    }

    #[test]
    fn what_is_no_path_is_told_too() {
        let rows = [
            ("", "start with ."),
            (".a | ", "start with ./a"),
            (".a |", "start with ./a"),
            (".items | map(", "start with ./items/*"),
            (".a ", "other"),
            ("$", "variable $"),
            (".a + $ba", "variable $ba"),
            ("so", "word so"),
            (".a | so", "word so"),
            ("map(so", "word so"),
            ("\"so", "other"),
            ("12", "other"),
            ("..", "other"),
            (".a[1 ", "other"),
            (".a[1:", "start with ."),
            (".a[\"x\"", "other"),
            ("[\"x", "other"),
            (".\"x\\(.a)", "other"),
            (". \"x", "other"),
            (".a & .b", "other"),
            ("1) .a", "other"),
        ];
        for (code, at_end) in rows {
            assert_eq!(shown(code), at_end, "{code}");
        }
    }
}
