//! Terms with operators between them.

use jaq_core::load::lex::{Tok, Token};
use jaq_core::load::parse::{BinaryOp, Expect, Term};
use jaq_core::ops::{Cmp, Math};

use super::cursor::{Parsed, Parser};
use super::desugar::{binary, bind};

/// The strength with which an operator binds, and what stands on its right where several follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    /// Several of them cannot follow each other.
    None,
}

impl<'s> Parser<'s, '_> {
    /// Reads a whole filter.
    pub(super) fn pipe(&mut self) -> Parsed<'s, Term<&'s str>> {
        self.operation(0, true, true)
    }

    /// Reads terms with operators between them that bind at least as tightly as `least`.
    ///
    /// `comma` is whether `,` is one of them, `binds` whether `as` may follow a term.
    pub(super) fn operation(&mut self, least: u8, comma: bool, binds: bool) -> Parsed<'s, Term<&'s str>> {
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
    pub(super) fn operand(&mut self, comma: bool, binds: bool) -> Parsed<'s, Term<&'s str>> {
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

    pub(super) fn variable(&mut self) -> Parsed<'s, &'s str> {
        match self.peek() {
            Some(Token(name, Tok::Var)) => {
                self.next();
                Ok(name)
            }
            _ => Err(self.instead(Expect::Var)),
        }
    }
}

/// Returns the operator that a token is, how tightly it binds, and from which side.
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
