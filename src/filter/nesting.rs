//! How deeply the brackets of a text are nested: known before the lexer, which recurses, sees it.

/// The deepest nesting of brackets that a filter may have.
pub(super) const MAX_NESTING: usize = 500;

/// A bound on how deeply the lexer recurses for `code`; exact where `code` is well-formed.
pub(super) fn nesting(code: &str) -> usize {
    let brackets = openers(code);
    if brackets <= MAX_NESTING {
        // No text can be nested more deeply than it has brackets.
        return brackets;
    }
    Scan::new(code).run()
}

fn openers(text: &str) -> usize {
    text.bytes().filter(|byte| b"([{".contains(byte)).count()
}

/// What is open at a place of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A bracket in code, by the character that closes it.
    Bracket(char),
    /// A string.
    Quote,
}

/// Follows brackets, strings and comments as the lexer does.
///
/// Where the lexer would stop with an error, the scan cannot know how it goes on; every
/// bracket in the rest of the text then counts.
struct Scan<'a> {
    rest: std::str::Chars<'a>,
    open: Vec<Open>,
    depth: usize,
    deepest: usize,
}

impl<'a> Scan<'a> {
    fn new(code: &'a str) -> Self {
        Self { rest: code.chars(), open: Vec::new(), depth: 0, deepest: 0 }
    }

    fn run(mut self) -> usize {
        loop {
            let before = self.rest.as_str();
            let Some(c) = self.rest.next() else {
                return self.deepest;
            };
            let lexable = match self.open.last() {
                Some(Open::Quote) => {
                    self.in_string(c);
                    true
                }
                _ => self.in_code(c),
            };
            if !lexable {
                return self.deepest.max(self.depth + openers(before));
            }
        }
    }

    fn in_string(&mut self, c: char) {
        match c {
            '"' => {
                self.open.pop();
            }
            '\\' if self.rest.next() == Some('(') => self.push(')'),
            _ => {}
        }
    }

    /// Whether the lexer goes on after `c`.
    fn in_code(&mut self, c: char) -> bool {
        match c {
            '"' => self.open.push(Open::Quote),
            '(' => self.push(')'),
            '[' => self.push(']'),
            '{' => self.push('}'),
            ')' | ']' | '}' => return self.close(c),
            '#' => self.comment(),
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

    /// A comment goes on in the next line after an odd number of backslashes.
    fn comment(&mut self) {
        loop {
            let text = self.rest.as_str();
            let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
            self.rest = rest.chars();
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 0 {
                return;
            }
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
}
