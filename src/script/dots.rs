//! Text patterns, in which `...` stands for any characters and `\...` for three dots.

use std::borrow::Cow;

/// Stands for any characters, also for none.
pub(super) const DOTS: &str = "...";

/// Tells whether a text is one of those that a pattern stands for.
///
/// Backslashes count only in front of three dots: one makes the dots stand for themselves, two are one
/// backslash and then any characters.
pub(super) fn matches_text(pattern: &str, text: &str) -> bool {
    if pattern.contains(DOTS) { matches_parts(&parts(pattern), text) } else { pattern == text }
}

/// Tells whether a text consists of these parts, in order, with any characters between them.
pub(super) fn matches_parts<T: AsRef<str>>(parts: &[T], text: &str) -> bool {
    let [first, between @ .., last] = parts else {
        return parts.first().is_some_and(|only| only.as_ref() == text);
    };
    let Some(mut text) = text.strip_prefix(first.as_ref()) else { return false };
    for part in between {
        // The first place leaves the most for the parts behind it.
        let Some(at) = text.find(part.as_ref()) else { return false };
        text = &text[at + part.as_ref().len()..];
    }
    text.ends_with(last.as_ref())
}

/// Counts what stands for any characters in a pattern.
pub(super) fn wildcards(pattern: &str) -> usize {
    parts(pattern).len() - 1
}

/// Splits a pattern at what stands for any characters.
fn parts(pattern: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut rest = pattern;
    while let Some((before, behind)) = rest.split_once(DOTS) {
        let bare = before.trim_end_matches('\\');
        let backslashes = before.len() - bare.len();
        part.push_str(bare);
        part.extend(std::iter::repeat_n('\\', backslashes / 2));
        if backslashes % 2 == 1 {
            part.push_str(DOTS);
        } else {
            parts.push(std::mem::take(&mut part));
        }
        rest = behind;
    }
    part.push_str(rest);
    parts.push(part);
    parts
}

/// Returns the pattern that stands for this text alone.
pub(super) fn literal(text: &str) -> Cow<'_, str> {
    if !text.contains(DOTS) {
        return text.into();
    }
    let mut pattern = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(DOTS) {
        pattern.push_str(&before_dots(before));
        pattern.push('\\');
        pattern.push_str(DOTS);
        rest = behind;
    }
    pattern.push_str(rest);
    pattern.into()
}

/// Returns the pattern of a text in front of dots: backslashes count there, and so each of them is doubled.
pub(super) fn before_dots(text: &str) -> String {
    let backslashes = &text[text.trim_end_matches('\\').len()..];
    format!("{text}{backslashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_any_text() {
        let rows = [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("...", "", true),
            ("...", "abc", true),
            ("a...", "abc", true),
            ("...c", "abc", true),
            ("a...c", "ac", true),
            ("ab...bc", "abc", false),
            ("a...b...c", "a b b c", true),
            ("a...b...c", "a c b", false),
            ("x...", "abc", false),
            ("wait...", "wait...", true),
        ];
        for (pattern, text, fits) in rows {
            assert_eq!(matches_text(pattern, text), fits, "{pattern} and {text}");
        }
    }

    #[test]
    fn a_backslash_makes_dots_literal() {
        let rows = [
            (r"wait\...", "wait...", true),
            (r"wait\...", "wait for it", false),
            (r"wait\...", r"wait\...", false),
            (r"a\\...", r"a\bc", true),
            (r"a\\...", "abc", false),
            (r"a\\\...", r"a\...", true),
            (r"a\\\...", r"a\b", false),
            (r"\...a...", "...abc", true),
            (r"a\b", r"a\b", true),
            (r"a\\b", r"a\\b", true),
        ];
        for (pattern, text, fits) in rows {
            assert_eq!(matches_text(pattern, text), fits, "{pattern} and {text}");
        }
    }

    #[test]
    fn a_text_has_a_pattern_of_its_own() {
        for text in
            ["", "a", "...", "a...b", "....", ".....", "......", r"\...", r"\\...", r"a\b...c\...", r"\"]
        {
            let pattern = literal(text);
            assert!(matches_text(&pattern, text), "{text}: {pattern}");
            assert_eq!(parts(&pattern), [text], "{text}: {pattern}");
        }
    }
}
