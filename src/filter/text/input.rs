//! A look at the text of a filter that tells whether it may read its input.

use crate::filter::text::lexemes::{Lexeme, LexemeKind, lexemes};

/// Tells whether a filter may read its input. `false` is certain: it begins with variables, values and signs, and
/// the input of what comes behind a `|` is their output.
pub fn may_read_input(code: &str) -> bool {
    let lexemes: Vec<Lexeme> =
        lexemes(code).into_iter().filter(|it| it.kind != LexemeKind::Comment).collect();
    let text = |lexeme: &Lexeme| code.get(lexeme.span.clone()).unwrap_or_default();
    let mut depth = 0_usize;
    // `$x as $y | …` gives its input on.
    let mut goes_on = false;
    let mut before: Option<&Lexeme> = None;
    for (at, lexeme) in lexemes.iter().enumerate() {
        let word = text(lexeme);
        // `.name` behind a term, without a gap, is a part of that term.
        let is_part = before.is_some_and(|before| {
            let ends_term = match before.kind {
                LexemeKind::Variable | LexemeKind::Key | LexemeKind::String => true,
                LexemeKind::Bracket => [")", "]", "}"].contains(&text(before)),
                _ => text(before) == "?",
            };
            ends_term && before.span.end == lexeme.span.start
        });
        match lexeme.kind {
            LexemeKind::Bracket if ["(", "[", "{"].contains(&word) => depth += 1,
            LexemeKind::Bracket => depth = depth.saturating_sub(1),
            LexemeKind::Keyword => match word {
                "and" | "or" | "if" | "then" | "elif" | "else" | "end" => {}
                "as" => goes_on = true,
                _ => return true,
            },
            LexemeKind::Symbol if word == "|" && depth == 0 && !goes_on => return false,
            LexemeKind::Symbol if word.starts_with('.') || word.starts_with('@') => return true,
            LexemeKind::Key => {
                let is_named = lexemes.get(at + 1).is_some_and(|next| text(next) == ":");
                if !is_part && !is_named {
                    return true;
                }
            }
            LexemeKind::Name | LexemeKind::Unreadable => return true,
            _ => {}
        }
        before = Some(lexeme);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_something_else_reads_no_input() {
        let rows = [
            ("$a", false),
            ("$a.items[0].name", false),
            ("$a == $b", false),
            ("1 + \"x\" * 2", false),
            ("{name: $a.name, \"n\": 1}", false),
            ("[$a, $b] | map(.n)", false),
            ("$a | .items | length", false),
            ("if $a == 1 then 2 else 3 end", false),
            (".", true),
            (".x", true),
            ("..", true),
            ("$a + .x", true),
            ("[.[] | .x]", true),
            ("(. | $a)", true),
            ("{name}", true),
            ("{name: .x}", true),
            ("$a as $x | .", true),
            ("length", true),
            ("error(\"x\")", true),
            ("\"\\(.x)\"", true),
            ("def f: .; 1", true),
            ("reduce $a[] as $x (0; . + $x)", true),
            ("@json \"x\"", true),
            ("'", true),
        ];
        for (code, reads) in rows {
            assert_eq!(may_read_input(code), reads, "{code}");
        }
    }
}
