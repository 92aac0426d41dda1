//! The scanner of brackets: how deeply a text is nested is known before the lexer, which recurses, sees it.

use std::str::Chars;

/// The deepest nesting of brackets that a filter may have.
pub(in crate::filter) const MAX_NESTING: usize = 500;

/// Returns a bound on how deeply the lexer recurses for `code`; exact where `code` is well-formed.
pub(in crate::filter) fn nesting(code: &str) -> usize {
    let brackets = openers(code);
    if brackets <= MAX_NESTING {
        // No text can be nested more deeply than it has brackets.
        return brackets;
    }
    let mut scan = Scan::default();
    scan.feed(code);
    scan.deepest
}

/// Returns the length of the first value in a text: up to a blank outside brackets and quotes. O(length).
pub fn value_length(text: &str) -> usize {
    let mut scan = Scan::default();
    let mut rest = text.chars();
    loop {
        let at = text.len() - rest.as_str().len();
        let Some(c) = rest.next() else { return text.len() };
        match scan.open.last() {
            Some(Open::Quote) => scan.in_string(c, &mut rest),
            None if c.is_whitespace() => return at,
            None if c == '#' => {}
            // A sign that is out of place belongs to the value all the same.
            _ => drop(scan.in_code(c, &mut rest)),
        }
    }
}

fn openers(text: &str) -> usize {
    text.bytes().filter(|byte| b"([{".contains(byte)).count()
}

/// A bracket or quote that is open at a place of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// A bracket in code, by the character that closes it.
    Bracket(char),
    /// A string.
    Quote,
}

/// A scan that follows brackets, strings and comments as the lexer does, through a text that comes in pieces.
///
/// Where the lexer would stop with an error, the scan cannot know how it goes on; every bracket in
/// the rest of the text then counts.
#[derive(Debug, Default)]
pub struct Scan {
    open: Vec<Open>,
    depth: usize,
    deepest: usize,
    stuck: bool,
}

impl Scan {
    /// Goes on with the next piece of the text: whole lines, if there are several pieces.
    pub fn feed(&mut self, text: &str) {
        let mut rest = text.chars();
        while !self.stuck {
            let before = rest.as_str();
            let Some(c) = rest.next() else { return };
            match self.open.last() {
                Some(Open::Quote) => self.in_string(c, &mut rest),
                _ => self.stuck = !self.in_code(c, &mut rest),
            }
            if self.stuck {
                rest = before.chars();
            }
        }
        self.depth += openers(rest.as_str());
        self.deepest = self.deepest.max(self.depth);
    }

    /// Tells whether a bracket or a quote is open that more text could close. Cheap: asks nothing of the
    /// lexer, which has the last word on what is closed.
    pub fn is_open(&self) -> bool {
        !self.stuck && !self.open.is_empty()
    }

    /// Returns what closes all that is open; nothing where the lexer would have stopped.
    pub(in crate::filter) fn closers(&self) -> String {
        if self.stuck {
            return String::new();
        }
        let close = |open: &Open| match open {
            Open::Bracket(close) => *close,
            Open::Quote => '"',
        };
        self.open.iter().rev().map(close).collect()
    }

    fn in_string(&mut self, c: char, rest: &mut Chars<'_>) {
        match c {
            '"' => {
                self.open.pop();
            }
            '\\' if rest.next() == Some('(') => self.push(')'),
            _ => {}
        }
    }

    /// Tells whether the lexer goes on after `c`.
    fn in_code(&mut self, c: char, rest: &mut Chars<'_>) -> bool {
        match c {
            '"' => self.open.push(Open::Quote),
            '(' => self.push(')'),
            '[' => self.push(']'),
            '{' => self.push('}'),
            ')' | ']' | '}' => return self.close(c),
            '#' => comment(rest),
            '_' | '$' | '@' | '.' | ':' | ';' | ',' | '?' => {}
            '|' | '=' | '!' | '<' | '>' | '+' | '-' | '*' | '/' | '%' => {}
            c => return c.is_ascii_alphanumeric() || c.is_whitespace(),
        }
        true
    }

    fn push(&mut self, close: char) {
        self.open.push(Open::Bracket(close));
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    fn close(&mut self, c: char) -> bool {
        let matches = self.open.last() == Some(&Open::Bracket(c));
        if matches {
            self.open.pop();
            self.depth -= 1;
        }
        matches
    }
}

/// Skips a comment, which goes on in the next line after an odd number of backslashes.
fn comment(rest: &mut Chars<'_>) {
    loop {
        let text = rest.as_str();
        let (line, after) = text.split_once('\n').unwrap_or((text, ""));
        *rest = after.chars();
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_brackets_side_by_side_are_not_deep() {
        assert_eq!(nesting(&"[1],".repeat(600)), 1);
        assert_eq!(nesting(&r#""((([", "#.repeat(600)), 0);
        assert_eq!(nesting(&"#((( \\\n (((\n[1]".repeat(600)), 1);
        assert_eq!(nesting(&r#""\("\(1)")", "#.repeat(600)), 2);
    }

    #[test]
    fn nothing_hides_depth() {
        assert_eq!(nesting(&"[".repeat(600)), 600);
        assert_eq!(nesting(&r#"(")""#.repeat(600)), 600);
        assert_eq!(nesting(&"(#)\n".repeat(600)), 600);
        assert_eq!(nesting(&r#""\(["#.repeat(600)), 1200);
        assert!(nesting(&format!("\"\\(& \"{}", "(".repeat(600))) >= 600);
        assert!(nesting(&format!("(]{}", "(".repeat(600))) >= 600);
    }

    #[test]
    fn a_text_in_pieces_is_open_until_all_is_closed() {
        let mut scan = Scan::default();
        let pieces =
            [("{\n", true), ("\"a]\": [1, # ]\n", true), ("2]\n", true), ("}\n", false), ("&", false)];
        for (piece, open) in pieces {
            scan.feed(piece);
            assert_eq!(scan.is_open(), open, "{piece}");
        }
    }

    #[test]
    fn a_value_ends_at_a_blank_outside_brackets_and_quotes() {
        let rows = [
            ("1 2", "1"),
            (r#"{"a": [1, "}"]} {"a": 2}"#, r#"{"a": [1, "}"]}"#),
            (r#""two words" 3"#, r#""two words""#),
            (r#""a \" b" c"#, r#""a \" b""#),
            (r#""a \("x y" | length) b" c"#, r#""a \("x y" | length) b""#),
            ("(1 + 2) 3", "(1 + 2)"),
            ("[1, 2", "[1, 2"),
            (") x", ")"),
        ];
        for (text, value) in rows {
            assert_eq!(&text[..value_length(text)], value, "{text}");
        }
    }
}
