//! Paths in a line: `.items[0].likes`, the way to one place of a value.

use std::ops::Range;

use crate::session::answer::words;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::language::args::Word;
use crate::session::language::name::name_length;
use crate::value::{self, Path, Step, Val, View};

type Result<T, E = CommandError> = std::result::Result<T, E>;

/// A place of a value, and what is there.
#[derive(Debug)]
pub(in crate::session) struct Found {
    pub(in crate::session) path: Path,
    /// `None`: the object has no such key yet.
    pub(in crate::session) value: Option<Val>,
}

impl Found {
    /// Returns what is there; null where nothing is.
    pub(in crate::session) fn view(&self) -> View<'_> {
        self.value.as_ref().map_or(View::Null, Val::view)
    }
}

/// Finds the place of a value that a path names. The last key may be missing.
pub(in crate::session) fn find(word: &Word<'_>, value: &Val) -> Result<Found> {
    let mut path = Path::default();
    let mut found = Some(value);
    for Hop { to, span } in hops(word)? {
        let fail = |kind| CommandError::new(kind, span.clone());
        let Some(here) = found else { return Err(fail(ErrorKind::Nothing(path))) };
        let parts = match to {
            To::Key(_) => "keys",
            To::Index(_) => "items",
        };
        let (step, part) = match (to, here.view()) {
            (To::Key(key), View::Obj(entries)) => {
                let part = entries.get(&key);
                (Step::Key(key), part)
            }
            (To::Index(index), View::Arr(items)) => {
                let at = if index < 0 { index.saturating_add_unsigned(items.len() as u64) } else { index };
                let at = usize::try_from(at).ok().filter(|at| *at < items.len());
                let past = || fail(ErrorKind::PastEnd { path: path.clone(), index, length: items.len() });
                let at = at.ok_or_else(past)?;
                (Step::Index(at), items.get(at))
            }
            _ => {
                let found = words::kind(here);
                return Err(fail(ErrorKind::NoParts { path, found, parts }));
            }
        };
        path.0.push(step);
        found = part;
    }
    Ok(Found { path, value: found.cloned() })
}

/// A step of a path in the line.
#[derive(Debug, PartialEq)]
struct Hop {
    to: To,
    span: Range<usize>,
}

#[derive(Debug, PartialEq)]
enum To {
    Key(String),
    /// Below 0: from the end.
    Index(i64),
}

/// Reads `.`, `.key`, `."key"`, `["key"]`, `[0]`, `[-1]` and chains of those.
fn hops(word: &Word<'_>) -> Result<Vec<Hop>> {
    let text = word.text;
    let mut hops = Vec::new();
    let mut at = 0;
    let wrong = |from: usize, hint: String| {
        let found = text[from..].to_owned();
        let span = word.span.start + from..word.span.end;
        let kind = ErrorKind::Expected { wanted: "a path such as `.items[0].name`".to_owned(), found };
        CommandError::new(kind, span).with_hint(hint)
    };
    if !text.starts_with('.') {
        return Err(wrong(
            0,
            match key(text) {
                Some((_, length)) if length == text.len() => format!("did you mean `.{text}`?"),
                _ => "a path begins with a dot; `.` alone is the whole value".to_owned(),
            },
        ));
    }
    if text == "." {
        return Ok(hops);
    }
    while at < text.len() {
        let dot = usize::from(text[at..].starts_with('.'));
        let rest = &text[at + dot..];
        let read = match rest.chars().next() {
            Some('[') => bracket(rest),
            Some('"') if dot == 1 => string(rest),
            _ if dot == 1 => key(rest),
            _ => None,
        };
        let Some((to, length)) = read else {
            return Err(wrong(at, HINT.to_owned()));
        };
        let end = at + dot + length;
        hops.push(Hop { to, span: word.span.start + at..word.span.start + end });
        at = end;
    }
    Ok(hops)
}

const HINT: &str = r#"a path names one place: `.key`, `["two words"]`, `[0]`, `[-1]` for the last item"#;

/// Reads a key that needs no quotes.
fn key(text: &str) -> Option<(To, usize)> {
    let length = name_length(text);
    let length = text[..length].find('-').unwrap_or(length);
    (length > 0).then(|| (To::Key(text[..length].to_owned()), length))
}

/// Reads a key in quotes.
fn string(text: &str) -> Option<(To, usize)> {
    let mut escaped = false;
    let closes = |(_, c): &(usize, char)| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    };
    let (end, _) = text.char_indices().skip(1).find(closes)?;
    let literal = &text[..=end];
    let key = value::parse(literal).ok()?;
    Some((To::Key(key.as_str()?.to_owned()), literal.len()))
}

/// Reads a key or an index in brackets.
fn bracket(text: &str) -> Option<(To, usize)> {
    let inner = text.strip_prefix('[')?.trim_start();
    let start = text.len() - inner.len();
    let (to, length) = if inner.starts_with('"') {
        string(inner)?
    } else {
        let length = inner.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(inner.len());
        (To::Index(inner[..length].parse().ok()?), length)
    };
    let rest = inner[length..].trim_start().strip_prefix(']')?;
    debug_assert!(start + length < text.len() - rest.len(), "the bracket closes behind");
    Some((to, text.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the path that a text names in a value, or what is wrong with it and where.
    fn give(text: &str) -> String {
        let value = r#"{"a": {"b c": 1, "d": null}, "list": [1, {"x": [true]}], "": {"é\"": 2}}"#;
        let word = Word { text, span: 0..text.len() };
        match find(&word, &value::parse(value).unwrap()) {
            Ok(Found { path, value: Some(value) }) => format!("{path} = {}", value::text(&value)),
            Ok(Found { path, value: None }) => format!("{path} missing"),
            Err(error) => format!("{:?} {error}", error.span),
        }
    }

    #[test]
    fn a_path_leads_to_one_place() {
        let rows = [
            (".list[0]", ".list[0] = 1"),
            (".list[-1].x", ".list[1].x = [true]"),
            (".list[1].x[ 0 ]", ".list[1].x[0] = true"),
            (".list.[-2]", ".list[0] = 1"),
            (r#".a["b c"]"#, r#".a["b c"] = 1"#),
            (r#".a."b c""#, r#".a["b c"] = 1"#),
            (r#".["a"].d"#, ".a.d = null"),
            (r#".[""]["é\""]"#, r#".[""]["é\""] = 2"#),
            (r#"."" ["d"]"#, r#"3..9 expected a path such as `.items[0].name`, not ` ["d"]`"#),
            (".a.new", ".a.new missing"),
            (".new", ".new missing"),
        ];
        for (path, found) in rows {
            assert_eq!(give(path), found, "{path}");
        }
        assert!(give(".").starts_with(". = {"));
    }

    #[test]
    fn a_path_that_leads_nowhere_names_the_step() {
        let rows = [
            (".new.x", "4..6 nothing is at .new"),
            (".a.d.x", "4..6 .a.d is null and has no keys"),
            (".list.x", "5..7 .list is an array and has no keys"),
            (".a[0]", "2..5 .a is an object and has no items"),
            (".list[0][0]", "8..11 .list[0] is a number and has no items"),
            (".list[2]", "5..8 .list has 2 items, and none at 2"),
            (".list[-3]", "5..9 .list has 2 items, and none at -3"),
            (".list[-9223372036854775808]", "5..27 .list has 2 items, and none at -9223372036854775808"),
        ];
        for (path, wrong) in rows {
            assert_eq!(give(path), wrong, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_marked_where_it_goes_wrong() {
        let rows = [
            ("a", 0),
            ("[0]", 0),
            ("..", 0),
            (".a.", 2),
            (".a..b", 2),
            (".list[]", 5),
            (".list[0:1]", 5),
            (".a?", 2),
            (".a|.b", 2),
            (".a b", 2),
            (".a-b", 2),
            (".é", 0),
            (".list[1", 5),
            (".list[x]", 5),
            (".list[1.5]", 5),
            (".list[1-]", 5),
            (".list[99999999999999999999]", 5),
            (r#".["a]"#, 0),
            (r#".["\(1)"]"#, 0),
            (r#"."a"#, 0),
            (r#".a"b""#, 2),
            (".1", 0),
        ];
        for (path, from) in rows {
            let expected = format!(
                "{from}..{} expected a path such as `.items[0].name`, not `{}`",
                path.len(),
                &path[from..]
            );
            assert_eq!(give(path), expected);
        }
    }
}
