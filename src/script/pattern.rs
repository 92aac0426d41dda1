//! Patterns of values, in which `...` stands for what is not said.

mod update;

use std::borrow::Cow;

use crate::script::dots::{DOTS, before_dots, literal, matches_parts};
use crate::value::{Extent, Key, ParseError, Val, View, excerpt, parse, same};

/// A value as an expectation writes it: JSON in which `...` stands for what is not said.
///
/// | where | stands for |
/// | --- | --- |
/// | `...` alone, or as the value of a key | any value |
/// | `[1, ..., 9]` | any number of items, also none |
/// | `{"a": 1, ...}` | any other keys |
/// | `"note-..."` | any characters, also none |
/// | `"wait\..."` | the three dots themselves |
///
/// In a key it stands for itself. What is said is compared exactly, keys in any order.
///
/// ```
/// use rejoin::script::Pattern;
/// use rejoin::value::parse;
///
/// let pattern = Pattern::parse(r#"{"id": "note-...", "tags": ["new", ...], ...}"#).ok_or("no pattern")?;
/// assert!(pattern.matches(&parse(r#"{"id": "note-7f", "tags": ["new"], "n": 1}"#)?));
/// assert!(!pattern.matches(&parse(r#"{"id": "note-7f", "tags": ["old"]}"#)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The value, with a string in place of each bare `...`.
    value: Val,
    /// What stands for the dots in it; `None` when the text has no `...` at all.
    marks: Option<Marks>,
}

/// The marks that stand for `...` in the value of a pattern.
#[derive(Debug, Clone)]
struct Marks {
    /// The string in place of a bare one.
    any: String,
    /// The characters in place of one in a string.
    some: String,
}

impl Marks {
    /// Makes marks that no string of the text holds: each has more of a character than the text can have, written
    /// out or as an escape.
    fn new(text: &str) -> Self {
        let mark = |c: char| {
            let most = text.matches(c).count() + text.matches("\\u").count();
            String::from_iter(std::iter::repeat_n(c, most + 1))
        };
        Self { any: mark('\u{f8ff}'), some: mark('\u{f8fe}') }
    }
}

impl Pattern {
    /// Reads a pattern; `None` when the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// Reads a pattern. The place of an error is that in the text only where that has no `...`.
    pub(super) fn read(text: &str) -> Result<Self, ParseError> {
        if !text.contains(DOTS) {
            return parse(text).map(|value| Self { value, marks: None });
        }
        let marks = Marks::new(text);
        let value = parse(&without_dots(text, &marks))?;
        Ok(Self { value, marks: Some(marks) })
    }

    /// Writes the value as the pattern that stands for it alone.
    pub(super) fn literal(json: &str) -> Cow<'_, str> {
        // In JSON three dots stand in strings only, and what is in front of them is whole.
        if json.contains(DOTS) { json.replace(DOTS, "\\...").into() } else { json.into() }
    }

    /// Tells whether a value is one of those that the pattern stands for.
    pub fn matches(&self, value: &Val) -> bool {
        match self.marks {
            None => same(&self.value, value),
            Some(_) => self.fits(&self.value, value),
        }
    }

    /// Returns the pattern in lines of a width, as [`lines`] prints values.
    pub(super) fn lines(&self, width: usize) -> String {
        let text = lines(&self.value, width);
        let Some(Marks { any, some }) = &self.marks else { return literal(&text).into_owned() };
        let mut parts: Vec<String> = text.split(some).map(|part| literal(part).into_owned()).collect();
        let last = parts.pop().unwrap_or_default();
        let text: String = parts.iter().flat_map(|part| [before_dots(part), DOTS.to_owned()]).collect();
        bare_dots(text + &last, any)
    }

    /// Writes the pattern, with its value written by `print`: what [`Pattern::parse`] reads back.
    pub(super) fn written(&self, print: impl Fn(&Val) -> String) -> String {
        let text = print(&self.value);
        let Some(Marks { any, some }) = &self.marks else { return Self::literal(&text).into_owned() };
        let parts: Vec<Cow<'_, str>> = text.split(some.as_str()).map(Self::literal).collect();
        bare_dots(parts.join(DOTS), any)
    }

    fn is_any(&self, text: Option<&str>) -> bool {
        self.marks.as_ref().is_some_and(|marks| text == Some(&marks.any))
    }

    fn matches_string(&self, expected: &str, actual: &str) -> bool {
        match &self.marks {
            Some(Marks { some, .. }) if expected.contains(some) => {
                matches_parts(&expected.split(some).collect::<Vec<_>>(), actual)
            }
            _ => expected == actual,
        }
    }

    fn fits(&self, expected: &Val, actual: &Val) -> bool {
        match (expected.view(), actual.view()) {
            (View::Str(text), _) if self.is_any(Some(text)) => true,
            (View::Arr(expected), View::Arr(actual)) => {
                let (expected, actual): (Vec<&Val>, Vec<&Val>) =
                    (expected.iter().collect(), actual.iter().collect());
                wild(&expected, &actual, |item| self.is_any(item.as_str()), |a, b| self.fits(a, b))
            }
            (View::Obj(expected), View::Obj(actual)) => {
                let mut named = 0;
                let fit = |(key, value): (&Key, &Val)| {
                    named += 1;
                    actual.get(key).is_some_and(|found| self.fits(value, found))
                };
                let all_fit = expected.iter().filter(|(key, _)| !self.is_any(Some(key))).all(fit);
                all_fit && (named < expected.len() || named == actual.len())
            }
            (View::Str(expected), View::Str(actual)) => self.matches_string(expected, actual),
            _ => same(expected, actual),
        }
    }
}

/// Writes the text of a pattern with `...` in place of the mark of each bare one.
fn bare_dots(text: String, any: &str) -> String {
    let members = [": null", ":null"].map(|null| format!("\"{any}\"{null}"));
    let text = members.iter().fold(text, |text, member| text.replace(member, DOTS));
    text.replace(&format!("\"{any}\""), DOTS)
}

/// Writes a value in lines of a width.
pub(super) fn lines(value: &Val, width: usize) -> String {
    let mut text = String::new();
    excerpt(value, Extent { width, limit: None, rows: None }, |_, part| text.push_str(part));
    text
}

/// Tells whether a list fits one in which some items stand for any number of items.
fn wild<T>(expected: &[T], actual: &[T], is_any: impl Fn(&T) -> bool, fits: impl Fn(&T, &T) -> bool) -> bool {
    let (mut e, mut a) = (0, 0);
    // Where to try again: behind the last wildcard, with one more item taken by it.
    let mut retry: Option<(usize, usize)> = None;
    while a < actual.len() {
        if e < expected.len() && is_any(&expected[e]) {
            retry = Some((e + 1, a));
            e += 1;
        } else if e < expected.len() && fits(&expected[e], &actual[a]) {
            (e, a) = (e + 1, a + 1);
        } else if let Some((behind, taken)) = retry {
            retry = Some((behind, taken + 1));
            (e, a) = (behind, taken + 1);
        } else {
            return false;
        }
    }
    expected[e..].iter().all(is_any)
}

/// Returns the text with marks in place of each `...`: a string outside strings, and characters within them, but for
/// keys.
fn without_dots(text: &str, marks: &Marks) -> String {
    let mut out = String::new();
    let mut open = Vec::new();
    let (mut in_string, mut in_key, mut before) = (false, false, ' ');
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_member = open.last() == Some(&'{') && before != ':';
        if rest.starts_with(DOTS) {
            match in_string {
                true => out.push_str(if in_key { DOTS } else { &marks.some }),
                false => {
                    out.push_str(&format!("\"{}\"{}", marks.any, if is_member { ":null" } else { "" }));
                    before = '.';
                }
            }
            rest = &rest[DOTS.len()..];
            continue;
        }
        if in_string && c == '\\' {
            let escaped = &rest[1..];
            if let Some(behind) = escaped.strip_prefix(DOTS) {
                out.push_str(DOTS);
                rest = behind;
                continue;
            }
            let length = escaped.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..1 + length]);
            rest = &escaped[length..];
            continue;
        }
        match c {
            '"' => {
                in_string = !in_string;
                in_key = in_string && is_member;
            }
            '[' | '{' if !in_string => open.push(c),
            ']' | '}' if !in_string => drop(open.pop()),
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_any_part_of_a_value() {
        let rows = [
            ("...", "[1]", true),
            ("{\"a\": ...}", "{\"a\": [1]}", true),
            ("{\"a\": ...}", "{\"a\": 1, \"b\": 2}", false),
            ("{\"a\": ...}", "{\"b\": 2}", false),
            ("{\"a\": 1, ...}", "{\"b\": 2, \"a\": 1}", true),
            ("{..., \"a\": 1}", "{\"a\": 1}", true),
            ("{...}", "{}", true),
            ("{...}", "[]", false),
            ("[...]", "[]", true),
            ("[1, ..., 3]", "[1, 3]", true),
            ("[1, ..., 3]", "[1, 2, 3, 2, 3]", true),
            ("[1, ..., 3]", "[1, 2]", false),
            ("[..., 2, ..., 2]", "[2, 1, 2]", true),
            ("[..., 2, ..., 2]", "[1, 2]", false),
            ("[{\"x\": ...}, ...]", "[{\"x\": 1}, 2]", true),
            ("\"a...\"", "\"abc\"", true),
            ("\"a...\"", "\"bc\"", false),
            ("[\"a,...\\\"]\", ...]", "[\"a,x\\\"]\"]", true),
            ("{\"a...\": 1}", "{\"abc\": 1}", false),
            ("{\"a...\": 1}", "{\"a...\": 1}", true),
            ("[1.0, ...]", "[1, 2]", false),
            (r#""wait\...""#, r#""wait...""#, true),
            (r#""wait\...""#, r#""wait for it""#, false),
            (r#"["wait\...", ...]"#, r#"["wait...", 1]"#, true),
            (r#""a\\...""#, r#""a\\b""#, true),
            (r#""a\\...""#, r#""ab""#, false),
            (r#""a\\\...""#, r#""a\\...""#, true),
            (r#"{"a\...": "b..."}"#, r#"{"a...": "bc"}"#, true),
            (r#"["\u002e..", ...]"#, r#"["..."]"#, true),
            (r#"["\u002e..", ...]"#, r#"["ab"]"#, false),
            (r#"["\uf8ff", ...]"#, r#"[1]"#, false),
            (r#"["\uf8fe", ...]"#, r#"["ab"]"#, false),
        ];
        for (pattern, value, fits) in rows {
            let read = Pattern::parse(pattern).unwrap();
            assert_eq!(read.matches(&parse(value).unwrap()), fits, "{pattern} and {value}");
        }
        for text in [r#"["a", \...]"#, "+ .a ...", "1 change ...", "1 ...", "[1, ...", "..., 1"] {
            assert!(Pattern::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_value_has_a_pattern_of_its_own() {
        for json in [r#""...""#, r#"{"a...":["b\\...", "...."]}"#, r#""\"...""#, "[1]"] {
            let pattern = Pattern::parse(&Pattern::literal(json)).unwrap();
            assert!(pattern.matches(&parse(json).unwrap()), "{json}");
            let other = json.replace("\\...", "\\x").replace("\"...\"", "\"x\"");
            assert!(other == json || !pattern.matches(&parse(&other).unwrap()), "{json}");
        }
    }

    #[test]
    fn a_pattern_in_lines_has_its_dots() {
        let pattern = Pattern::parse(r#"{"a": [1, ...], "b": ..., "c": "x...", ...}"#).unwrap();
        let lines = "{\n  \"a\": [1,...],\n  \"b\": ...,\n  \"c\": \"x...\",\n  ...\n}";
        assert_eq!(pattern.lines(24), lines);
    }
}
