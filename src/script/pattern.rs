use crate::value::{Extent, Key, Val, View, excerpt, parse, same};

/// A value as an expectation writes it: JSON in which `...` stands for what is not said.
///
/// | where | stands for |
/// | --- | --- |
/// | `...` alone, or as the value of a key | any value |
/// | `[1, ..., 9]` | any number of items, also none |
/// | `{"a": 1, ...}` | any other keys |
/// | `"note-..."` | any characters, also none |
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
    /// That string; `None` when the text has no `...` at all.
    any: Option<String>,
}

/// What stands for anything.
const DOTS: &str = "...";

impl Pattern {
    /// Reads a pattern; `None` when the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.contains(DOTS) {
            return parse(text).ok().map(|value| Self { value, any: None });
        }
        let mut any = "\u{f8ff}".to_owned();
        while text.contains(&any) {
            any.push('\u{f8ff}');
        }
        let value = parse(&without_dots(text, &any)).ok()?;
        Some(Self { value, any: Some(any) })
    }

    /// Whether a value is one of those that the pattern stands for.
    pub fn matches(&self, value: &Val) -> bool {
        match self.any {
            None => same(&self.value, value),
            Some(_) => self.fits(&self.value, value),
        }
    }

    /// The pattern in lines of a width, as [`lines`] prints values.
    pub(super) fn lines(&self, width: usize) -> String {
        let text = lines(&self.value, width);
        let Some(any) = &self.any else { return text };
        let members = [": null", ":null"].map(|null| format!("\"{any}\"{null}"));
        let text = members.iter().fold(text, |text, member| text.replace(member, DOTS));
        text.replace(&format!("\"{any}\""), DOTS)
    }

    fn is_any(&self, text: Option<&str>) -> bool {
        self.any.is_some() && text == self.any.as_deref()
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
            (View::Str(expected), View::Str(actual)) => matches_text(expected, actual),
            _ => same(expected, actual),
        }
    }
}

/// A value in lines of a width.
pub(super) fn lines(value: &Val, width: usize) -> String {
    let mut text = String::new();
    excerpt(value, Extent { width, limit: None, rows: None }, |_, part| text.push_str(part));
    text
}

/// Whether a text is one of those that a pattern stands for: each `...` stands for any characters, also
/// for none.
pub(super) fn matches_text(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once(DOTS) else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split(DOTS).collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place leaves the most for the parts behind it.
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

/// Whether a list fits one in which some items stand for any number of items.
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

/// The text with a string in place of each `...` outside strings.
fn without_dots(text: &str, any: &str) -> String {
    let mut out = String::new();
    let mut open = Vec::new();
    let (mut in_string, mut escaped, mut before) = (false, false, ' ');
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if !in_string && rest.starts_with(DOTS) {
            let is_member = open.last() == Some(&'{') && before != ':';
            out.push_str(&format!("\"{any}\"{}", if is_member { ":null" } else { "" }));
            before = '.';
            rest = &rest[DOTS.len()..];
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
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
        ];
        for (pattern, value, fits) in rows {
            let read = Pattern::parse(pattern).unwrap();
            assert_eq!(read.matches(&parse(value).unwrap()), fits, "{pattern} and {value}");
        }
        for text in ["+ .a ...", "1 change ...", "1 ...", "[1, ...", "..., 1"] {
            assert!(Pattern::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_pattern_in_lines_has_its_dots() {
        let pattern = Pattern::parse(r#"{"a": [1, ...], "b": ..., "c": "x...", ...}"#).unwrap();
        let lines = "{\n  \"a\": [1,...],\n  \"b\": ...,\n  \"c\": \"x...\",\n  ...\n}";
        assert_eq!(pattern.lines(24), lines);
    }
}
