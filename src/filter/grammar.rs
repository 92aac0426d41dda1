//! The grammar of jq: from tokens to terms.
//!
//! The precedences are those of jq, in which `.a = 1 // 2` is `(.a = 1) // 2`. What the terms of the interpreter
//! have no word for is put in others: `?//` as a filter with one argument for each of its variables, `$__loc__`
//! as an object.

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Def, Expect, Pattern, Term};
use jaq_core::ops::{Cmp, Math};
use jaq_core::path::{Opt, Part, Path};

use super::explain::span;
use super::text::GUARD;

/// What the parser expected, and the text of the token that it found.
pub(super) type ParseError<'s> = (Expect<&'s str>, Option<&'s str>);
type Parsed<'s, T> = Result<T, ParseError<'s>>;

/// The name of the filter that goes on with its second argument where the first one fails. No text can spell it.
pub(super) const OTHERWISE: &str = "!otherwise";
/// The name of the filter that yields null. No text can spell it.
pub(super) const NULL: &str = "!null";
/// The names of what `?//` goes on with, and of the variable that it takes apart.
const BODY: &str = "!body";
const WHOLE: &str = "$!whole";

/// How tightly an operator binds, and what stands on its right where several follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    /// Several of them cannot follow each other.
    None,
}

/// Reads a filter.
pub(super) fn filter<'s>(code: &'s str, tokens: &[Token<&'s str>]) -> Parsed<'s, Term<&'s str>> {
    let mut parser = Parser { code, rest: tokens, depth: 0, is_library: false };
    let term = parser.pipe()?;
    parser.end("").map(|()| term)
}

/// Reads the definitions of the library, one after the other, with their tokens; those that stand in other ones
/// check for room.
pub(super) fn definitions<'s, 't>(
    code: &'s str,
    tokens: &'t [Token<&'s str>],
) -> Parsed<'s, Vec<(Def<&'s str>, &'t [Token<&'s str>])>> {
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

/// The name of the native filter that the library calls by a name. No text but that of the library can spell it.
pub(super) fn native_name(name: &str) -> &str {
    name.strip_prefix("native:").unwrap_or(name)
}

struct Parser<'s, 't> {
    code: &'s str,
    rest: &'t [Token<&'s str>],
    /// In how many definitions the place is.
    depth: usize,
    is_library: bool,
}

impl<'s, 't> Parser<'s, 't> {
    fn next(&mut self) -> Option<&'t Token<&'s str>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn peek(&self) -> Option<&'t Token<&'s str>> {
        self.rest.first()
    }

    fn is_at(&self, text: &str) -> bool {
        // A string is no word or sign.
        matches!(self.peek(), Some(Token(found, Tok::Word | Tok::Sym)) if *found == text)
    }

    /// Passes a word or sign if it stands here.
    fn skip(&mut self, text: &str) -> bool {
        let is_here = self.is_at(text);
        if is_here {
            self.next();
        }
        is_here
    }

    fn just(&mut self, text: &'static str) -> Parsed<'s, ()> {
        if self.skip(text) { Ok(()) } else { Err(self.instead(Expect::Just(text))) }
    }

    /// The error that something else stands here.
    fn instead(&self, expect: Expect<&'s str>) -> ParseError<'s> {
        (expect, self.peek().map(|Token(text, _)| *text))
    }

    /// Checks that nothing but `last` stands here.
    fn end(&self, last: &'static str) -> Parsed<'s, ()> {
        match self.rest {
            [] if last.is_empty() => Ok(()),
            [Token(text, _)] if *text == last => Ok(()),
            _ if last.is_empty() => Err(self.instead(Expect::Nothing)),
            _ => Err(self.instead(Expect::Just(last))),
        }
    }

    /// Reads the tokens of a block up to the bracket that closes it.
    fn inside<T>(
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
    fn list<T>(
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

    /// Reads a whole filter.
    fn pipe(&mut self) -> Parsed<'s, Term<&'s str>> {
        self.operation(0, true, true)
    }

    /// Reads terms with operators between them that bind at least as tightly as `least`.
    ///
    /// `comma` is whether `,` is one of them, `binds` whether `as` may follow a term.
    fn operation(&mut self, least: u8, comma: bool, binds: bool) -> Parsed<'s, Term<&'s str>> {
        let mut left = self.operand(comma, binds)?;
        while let Some((op, level, side)) = self.peek().and_then(operator) {
            if level < least || (level == 1 && !comma) {
                break;
            }
            self.next();
            let right = self.operation(level + u8::from(side != Side::Right), comma, binds)?;
            left = binary(left, op, right);
            if side == Side::None && self.peek().and_then(operator).is_some_and(|(_, next, _)| next == level)
            {
                return Err(self.instead(Expect::Nothing));
            }
        }
        Ok(left)
    }

    /// Reads what stands between operators.
    fn operand(&mut self, comma: bool, binds: bool) -> Parsed<'s, Term<&'s str>> {
        if self.skip("def") {
            let mut defs = vec![self.definition()?];
            while self.skip("def") {
                defs.push(self.definition()?);
            }
            return Ok(Term::Def(defs, Box::new(self.operation(0, comma, binds)?)));
        }
        if self.skip("label") {
            let name = self.variable()?;
            self.just("|")?;
            return Ok(Term::Label(name, Box::new(self.operation(0, comma, binds)?)));
        }
        let term = self.term()?;
        if !(binds && self.skip("as")) {
            return Ok(term);
        }
        let patterns = self.patterns()?;
        self.just("|")?;
        let body = self.operation(0, comma, binds)?;
        Ok(bind(term, patterns, body))
    }

    fn variable(&mut self) -> Parsed<'s, &'s str> {
        match self.peek() {
            Some(Token(name, Tok::Var)) => {
                self.next();
                Ok(name)
            }
            _ => Err(self.instead(Expect::Var)),
        }
    }

    /// Reads one term with what follows it: `?`, keys, indices.
    fn term(&mut self) -> Parsed<'s, Term<&'s str>> {
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
    fn part(&mut self) -> Parsed<'s, Option<Part<Term<&'s str>>>> {
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
    fn index(&mut self) -> Parsed<'s, Part<Term<&'s str>>> {
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

    fn string_key(&mut self) -> Parsed<'s, Term<&'s str>> {
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
    fn atom(&mut self) -> Parsed<'s, Term<&'s str>> {
        let before = self.rest;
        let Some(Token(text, tok)) = self.next() else { return Err((Expect::Term, None)) };
        Ok(match tok {
            Tok::Num => Term::Num(*text),
            Tok::Str(parts) => Term::Str(None, self.string_parts(parts)?),
            Tok::Var if *text == "$__loc__" => self.location(text),
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
    fn dot(&mut self, dot: &'s str) -> Parsed<'s, Term<&'s str>> {
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

    fn block(&mut self, text: &'s str, tokens: &'t [Token<&'s str>]) -> Parsed<'s, Term<&'s str>> {
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
    fn entry(&mut self) -> Parsed<'s, (Term<&'s str>, Option<Term<&'s str>>)> {
        let key = match self.peek() {
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('(') => {
                self.next();
                let key = self.inside(tokens, ")", Self::pipe)?;
                self.just(":")?;
                return Ok((key, Some(self.operation(0, false, true)?)));
            }
            Some(Token("$__loc__", Tok::Var)) => {
                let Some(Token(text, _)) = self.next() else { return Err((Expect::Key, None)) };
                return Ok((string("__loc__"), Some(self.location(text))));
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

    fn word(&mut self, word: &'s str, before: &'t [Token<&'s str>]) -> Parsed<'s, Term<&'s str>> {
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
            "def" | "label" | "as" | "then" | "elif" | "else" | "end" | "and" | "or" | "catch" => {
                self.rest = before;
                Err(self.instead(Expect::Term))
            }
            _ if self.is_library => Ok(Term::Call(native_name(word), self.arguments()?)),
            _ => Ok(Term::Call(word, self.arguments()?)),
        }
    }

    fn conditional(&mut self) -> Parsed<'s, Term<&'s str>> {
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

    fn arguments(&mut self) -> Parsed<'s, Vec<Term<&'s str>>> {
        self.in_parentheses(Self::pipe)
    }

    /// Reads what stands in parentheses with semicolons between; nothing where there are none.
    fn in_parentheses<T>(&mut self, read: impl FnMut(&mut Self) -> Parsed<'s, T>) -> Parsed<'s, Vec<T>> {
        match self.peek() {
            Some(Token(text, Tok::Block(tokens))) if text.starts_with('(') => {
                self.next();
                self.inside(tokens, ")", |parser| parser.list(";", ")", || Expect::SemicolonOrRParen, read))
            }
            _ => Ok(Vec::new()),
        }
    }

    fn string_parts(
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

    /// Reads a definition behind its `def`.
    fn definition(&mut self) -> Parsed<'s, Def<&'s str>> {
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
    fn patterns(&mut self) -> Parsed<'s, Vec<Pattern<&'s str>>> {
        let mut patterns = vec![self.pattern()?];
        while let [Token("?", Tok::Sym), Token("//", Tok::Sym), ..] = self.rest {
            self.next();
            self.next();
            patterns.push(self.pattern()?);
        }
        Ok(patterns)
    }

    fn pattern(&mut self) -> Parsed<'s, Pattern<&'s str>> {
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
    fn pattern_entry(&mut self) -> Parsed<'s, Vec<(Term<&'s str>, Pattern<&'s str>)>> {
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

    /// The object that `$__loc__` is: the line in which it stands.
    fn location(&self, text: &'s str) -> Term<&'s str> {
        let before = span(self.code, text).map_or("", |span| &self.code[..span.start]);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let entries = [("file", string("<top-level>")), ("line", whole_number(line))];
        Term::Obj(entries.into_iter().map(|(key, value)| (string(key), Some(value))).collect())
    }
}

/// A number, put together from its digits.
fn whole_number<'s>(number: usize) -> Term<&'s str> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let digit = Term::Num(DIGITS[number % 10]);
    if number < 10 {
        return digit;
    }
    let tens = binary(whole_number(number / 10), BinaryOp::Math(Math::Mul), Term::Num("10"));
    binary(tens, BinaryOp::Math(Math::Add), digit)
}

/// The operator that a token is, how tightly it binds, and from which side.
fn operator<'s>(Token(text, tok): &Token<&'s str>) -> Option<(BinaryOp<&'s str>, u8, Side)> {
    if !matches!(tok, Tok::Sym | Tok::Word) {
        return None;
    }
    Some(match *text {
        "|" => (BinaryOp::Pipe(None), 0, Side::Right),
        "," => (BinaryOp::Comma, 1, Side::Left),
        "//" => (BinaryOp::Alt, 2, Side::Right),
        "=" => (BinaryOp::Assign, 3, Side::None),
        "|=" => (BinaryOp::Update, 3, Side::None),
        "+=" => (BinaryOp::UpdateMath(Math::Add), 3, Side::None),
        "-=" => (BinaryOp::UpdateMath(Math::Sub), 3, Side::None),
        "*=" => (BinaryOp::UpdateMath(Math::Mul), 3, Side::None),
        "/=" => (BinaryOp::UpdateMath(Math::Div), 3, Side::None),
        "%=" => (BinaryOp::UpdateMath(Math::Rem), 3, Side::None),
        "//=" => (BinaryOp::UpdateAlt, 3, Side::None),
        "or" => (BinaryOp::Or, 4, Side::Left),
        "and" => (BinaryOp::And, 5, Side::Left),
        "==" => (BinaryOp::Cmp(Cmp::Eq), 6, Side::None),
        "!=" => (BinaryOp::Cmp(Cmp::Ne), 6, Side::None),
        "<" => (BinaryOp::Cmp(Cmp::Lt), 6, Side::None),
        "<=" => (BinaryOp::Cmp(Cmp::Le), 6, Side::None),
        ">" => (BinaryOp::Cmp(Cmp::Gt), 6, Side::None),
        ">=" => (BinaryOp::Cmp(Cmp::Ge), 6, Side::None),
        "+" => (BinaryOp::Math(Math::Add), 7, Side::Left),
        "-" => (BinaryOp::Math(Math::Sub), 7, Side::Left),
        "*" => (BinaryOp::Math(Math::Mul), 8, Side::Left),
        "/" => (BinaryOp::Math(Math::Div), 8, Side::Left),
        "%" => (BinaryOp::Math(Math::Rem), 8, Side::Left),
        _ => return None,
    })
}

fn binary<'s>(left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), op, Box::new(right))
}

fn string(text: &str) -> Term<&str> {
    Term::Str(None, if text.is_empty() { Vec::new() } else { vec![StrPart::Str(text)] })
}

fn with_part<'s>(term: Term<&'s str>, part: Part<Term<&'s str>>) -> Term<&'s str> {
    let part = (part, Opt::Essential);
    match term {
        Term::Path(base, mut parts) => {
            parts.0.push(part);
            Term::Path(base, parts)
        }
        term => Term::Path(Box::new(term), Path(vec![part])),
    }
}

/// `term?`: of a path, only what its last part fails with is dropped.
fn optional(term: Term<&str>) -> Term<&str> {
    match term {
        Term::Path(base, mut parts) if !parts.0.is_empty() => {
            if let Some((_, opt)) = parts.0.last_mut() {
                *opt = Opt::Optional;
            }
            Term::Path(base, parts)
        }
        term => Term::TryCatch(Box::new(term), None),
    }
}

/// A term in brackets: the `?` behind them is one of all that they hold.
fn in_brackets(term: Term<&str>) -> Term<&str> {
    match term {
        term @ Term::Path(..) => Term::Path(Box::new(term), Path(Vec::new())),
        term => term,
    }
}

/// Whether a word stands anywhere in tokens.
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

fn variables<'s>(pattern: &Pattern<&'s str>, found: &mut Vec<&'s str>) {
    match pattern {
        Pattern::Var(name) if found.contains(name) => {}
        Pattern::Var(name) => found.push(name),
        Pattern::Arr(items) => items.iter().for_each(|item| variables(item, found)),
        Pattern::Obj(entries) => entries.iter().for_each(|(_, value)| variables(value, found)),
    }
}

/// `source as pattern ?// pattern | body`: the next pattern is tried where one does not fit, or where the body
/// fails with it. A variable that is not in the pattern is null.
fn bind<'s>(
    source: Term<&'s str>,
    mut patterns: Vec<Pattern<&'s str>>,
    body: Term<&'s str>,
) -> Term<&'s str> {
    if patterns.len() == 1 {
        return binary(source, BinaryOp::Pipe(patterns.pop()), body);
    }
    let mut names = Vec::new();
    patterns.iter().for_each(|pattern| variables(pattern, &mut names));
    let attempt = |pattern: Pattern<&'s str>| {
        let mut own = Vec::new();
        variables(&pattern, &mut own);
        let value = |name: &&'s str| match own.contains(name) {
            true => Term::Var(*name),
            false => Term::Call(NULL, Vec::new()),
        };
        let call = Term::Call(BODY, names.iter().map(value).collect());
        binary(Term::Var(WHOLE), BinaryOp::Pipe(Some(pattern)), call)
    };
    let attempts = patterns.into_iter().map(attempt).rev();
    let attempts = attempts.reduce(|next, attempt| Term::Call(OTHERWISE, vec![attempt, next]));
    let def = Def { name: BODY, args: names, body };
    let body = Term::Def(vec![def], Box::new(attempts.unwrap_or_default()));
    binary(source, BinaryOp::Pipe(Some(Pattern::Var(WHOLE))), body)
}

/// `reduce` or `foreach`. What fits a pattern of several becomes an array of all variables.
fn fold<'s>(
    name: &'s str,
    source: Term<&'s str>,
    mut patterns: Vec<Pattern<&'s str>>,
    arguments: Vec<Term<&'s str>>,
) -> Term<&'s str> {
    if patterns.len() > 1 {
        let mut names = Vec::new();
        patterns.iter().for_each(|pattern| variables(pattern, &mut names));
        let comma = |left, right| binary(left, BinaryOp::Comma, right);
        let all = names.iter().map(|name| Term::Var(*name)).reduce(comma);
        let source = bind(source, patterns, Term::Arr(all.map(Box::new)));
        let pattern = Pattern::Arr(names.into_iter().map(Pattern::Var).collect());
        return Term::Fold(name, Box::new(source), pattern, arguments);
    }
    let pattern = patterns.pop().unwrap_or(Pattern::Arr(Vec::new()));
    Term::Fold(name, Box::new(source), pattern, arguments)
}
