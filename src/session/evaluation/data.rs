//! Values that files hold: JSON, or a line of JSON for each item.

use crate::session::error::CommandError;
use crate::session::language::args::Word;
use crate::session::language::name::name_length;
use crate::session::{FileError, Outside, Session};
use crate::value::{ParseError, Val, parse, printable};

/// The form of the data in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Form {
    /// One JSON value.
    One,
    /// A JSON value on each line.
    Lines,
}

impl Form {
    /// Returns the form that the end of a file's name stands for.
    pub(in crate::session) fn of(file: &str) -> Self {
        let end = file.rsplit_once('.').map_or("", |(_, end)| end);
        let is_lines = ["ndjson", "jsonl"].iter().any(|known| end.eq_ignore_ascii_case(known));
        if is_lines { Self::Lines } else { Self::One }
    }
}

/// Returns the value that a file holds.
pub(in crate::session) fn read(outside: &mut dyn Outside, file: &Word<'_>) -> Result<Val, CommandError> {
    let name = file_name(file);
    let bytes = outside.read(&name);
    bytes.and_then(|bytes| value(&name, bytes)).map_err(|error| CommandError::of_file(error, file))
}

/// Reads the data of a file.
fn value(file: &str, bytes: Vec<u8>) -> Result<Val, FileError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let valid = String::from_utf8_lossy(valid);
        not_json(file, &valid, valid.len(), "this is not UTF-8".to_owned())
    })?;
    // Some programs mark a text as UTF-8 in this way.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match Form::of(file) {
        Form::One => parse(text).map_err(|error| mistake(file, text, 0, text, &error)),
        Form::Lines => lines(text)
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(start, line)| parse(line).map_err(|error| mistake(file, text, start, line, &error)))
            .collect(),
    }
}

/// Returns the lines of a text, each with the number of bytes before it.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    text.split_inclusive('\n').map(move |line| {
        end += line.len();
        (end - line.len(), line)
    })
}

/// Returns the error of a part of the text of a file, which begins at `start`.
fn mistake(file: &str, text: &str, start: usize, part: &str, error: &ParseError) -> FileError {
    match error {
        ParseError::Syntax { at, problem } => {
            // Blanks at the end are behind what is missing.
            not_json(file, text, start + (*at).min(part.trim_end().len()), problem.to_string())
        }
        ParseError::TooDeep => not_json(file, text, start, error.to_string()),
    }
}

/// Returns the error at a place of a file, where so many bytes of its text are before it.
fn not_json(file: &str, text: &str, at: usize, problem: String) -> FileError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |end| end + 1)..].chars().count() + 1;
    FileError::NotJson { file: printable(file), line, column, problem }
}

/// Returns the name of a file: as it stands there, or as a JSON string.
pub(in crate::session) fn file_name(word: &Word<'_>) -> String {
    let quoted = parse(word.text).ok();
    quoted.as_ref().and_then(Val::as_str).unwrap_or(word.text).to_owned()
}

impl Session {
    /// Returns a name for the ref of a file that is free here and none of those that are `taken`: `data` after `data.json`,
    /// or `data-2`, `data-3`.
    pub fn name_for_file(&self, file: &str, taken: &[String]) -> String {
        let base = name_of_file(file);
        let is_free = |name: &String| {
            let word = Word { text: name, span: 0..name.len() };
            self.free(&word, None).is_ok() && !taken.contains(name)
        };
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        std::iter::once(base.clone()).chain(numbered).find(is_free).expect("one of all numbers is free")
    }
}

/// Returns the name that a ref gets after a file: `more_data` after `in/more data.2.json`.
pub(in crate::session) fn name_of_file(file: &str) -> String {
    /// There is room for a number in a name.
    const LONGEST: usize = 48;
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = base.split('.').find(|part| !part.is_empty()).unwrap_or("data");
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = stem.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    let name = if name_length(&name) == name.len() { name } else { format!("_{name}") };
    name.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_by_their_names() {
        let rows = [
            ("a.json", "\u{feff}[1, 2]\n", "[1,2]"),
            ("a", "{}", "{}"),
            ("a.ndjson", "1\n\n  [2]\r\n{\"a\":\n", "a.ndjson:4:6: expected a value, found the end"),
            ("a.JSONL", "1\n\n  [2]\r\n3", "[1,[2],3]"),
            ("a.jsonl", "", "[]"),
            ("a.json", "1\n2", "a.json:2:1: expected the end, found `2`"),
            ("a.json", "[1,\n \"ä\", x]", "a.json:2:7: expected a value, found `x`"),
            ("a.json", "", "a.json:1:1: expected a value, found the end"),
        ];
        for (file, text, expected) in rows {
            let read = value(file, text.as_bytes().to_vec());
            let read = read.map_or_else(|error| error.to_string(), |value| value.to_string());
            assert_eq!(read, expected, "{text:?}");
        }
        let latin = value("a.json", b"[\n\"\xe4\"]".to_vec()).map_err(|error| error.to_string());
        assert_eq!(latin, Err("a.json:2:2: this is not UTF-8".to_owned()));
    }

    #[test]
    fn refs_are_called_as_files_are() {
        let rows = [
            ("data.json", "data"),
            ("in/more data.2.json", "more_data"),
            ("C:\\x\\a-b.ref", "a-b"),
            ("2024.json", "_2024"),
            (".json", "json"),
            ("ä.json", "_"),
        ];
        for (file, name) in rows {
            assert_eq!(name_of_file(file), name);
        }
    }
}
