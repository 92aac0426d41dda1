//! Excerpts of values.

use super::width::{char_columns, columns, fitting};

use super::print::{print, quoted};
use super::{Key, Piece, Val, View};

/// The extent to which a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// So many columns a line may take; a string or a path of brackets may still be longer.
    pub width: usize,
    /// So many items of an array or object that does not fit one line, four times as many lines in all,
    /// and a hundred times as many characters of a string; `None`: everything.
    pub limit: Option<usize>,
    /// So many rows of a screen in all, with those that a long string takes; `None`: as many as there are.
    pub rows: Option<usize>,
}

/// Prints a value as JSON, what fits on one line, the rest with a line for each item, up to a limit. The
/// pieces of the value come as in [`print()`]; `None` comes with words about what is left out, such as
/// `… 9,990 more`. Costs what it prints, however large the value.
pub fn excerpt(value: &Val, extent: Extent, emit: impl FnMut(Option<Piece>, &str)) {
    let lines = extent.limit.map_or(usize::MAX, |limit| limit.saturating_mul(4));
    // The first one is there in any case.
    let rows = extent.rows.map_or(usize::MAX, |rows| rows.saturating_sub(1));
    Excerpt { extent, lines, rows, emit }.value(value, 0, 0);
}

/// Cuts JSON texts to so many characters where one has more. All are cut at the same places, and what is shown
/// has the first place where they differ. O(size).
pub(crate) fn excerpts(texts: &[String], most: usize) -> Vec<String> {
    let is_short = |text: &String| units(text).nth(most).is_none();
    if texts.iter().all(is_short) {
        return texts.to_vec();
    }
    let in_common = |pair: &[String]| {
        units(&pair[0]).zip(units(&pair[1])).take_while(|(one, other)| one == other).count()
    };
    let differing = texts.windows(2).filter(|pair| pair[0] != pair[1]);
    let common = differing.map(in_common).min().unwrap_or(0);
    // A third of it is what they have in common.
    let start = if common + most / 3 < most { 0 } else { common - most / 3 };
    let cut = |text: &String| {
        let mut rest = units(text).skip(start);
        let shown: String = rest.by_ref().take(most).collect();
        let [before, behind] = [start > 0, rest.next().is_some()].map(|more| if more { "…" } else { "" });
        format!("{before}{shown}{behind}")
    };
    texts.iter().map(cut).collect()
}

/// Returns the characters of a JSON text; an escape is one.
fn units(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        if chars.next()? == '\\' && chars.next() == Some('u') {
            chars.nth(3);
        }
        let (unit, behind) = rest.split_at(rest.len() - chars.as_str().len());
        rest = behind;
        Some(unit)
    })
}

/// Makes a number with its digits in groups of three: `9,990`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

struct Excerpt<F> {
    extent: Extent,
    /// So many lines are left.
    lines: usize,
    /// So many rows are left.
    rows: usize,
    emit: F,
}

impl<F: FnMut(Option<Piece>, &str)> Excerpt<F> {
    fn punctuation(&mut self, text: &str) {
        (self.emit)(Some(Piece::Punctuation), text);
    }

    /// Prints a value at a column, in brackets so many deep.
    fn value(&mut self, value: &Val, column: usize, depth: usize) {
        match value.view() {
            View::Arr(items) if !items.is_empty() && !self.fits(value, column) => {
                self.punctuation("[");
                self.items(items.iter().map(|item| (None, item)), items.len(), depth);
                self.punctuation("]");
            }
            View::Obj(entries) if !entries.is_empty() && !self.fits(value, column) => {
                self.punctuation("{");
                self.items(entries.iter().map(|(key, item)| (Some(key), item)), entries.len(), depth);
                self.punctuation("}");
            }
            View::Arr(_) | View::Obj(_) => print(value, |piece, text| (self.emit)(Some(piece), text)),
            _ => self.scalar(value, column),
        }
    }

    fn items<'v>(
        &mut self,
        items: impl Iterator<Item = (Option<&'v Key>, &'v Val)>,
        length: usize,
        depth: usize,
    ) {
        // What closes the brackets takes a row, and so does what is left out.
        const ENDS: usize = 2;
        if self.rows <= ENDS {
            return (self.emit)(None, &format!("… {} more", grouped(length)));
        }
        self.rows -= ENDS;
        let indent = "  ".repeat(depth + 1);
        let limit = self.extent.limit.unwrap_or(usize::MAX);
        let mut shown = 0;
        // Whether the row for what is left out is still there.
        let mut is_kept = true;
        for (key, item) in items {
            // The last one takes no more room than what would be said of it, if it fits its line.
            let start = || indent.len() + key.map_or(0, |key| columns(&quoted(key)) + 2);
            let is_last = || shown > 0 && shown + 1 == length && self.fits(item, start());
            if shown == limit || self.lines == 0 || self.rows == 0 {
                if !is_last() {
                    break;
                }
                is_kept = false;
            }
            self.lines = self.lines.saturating_sub(1);
            self.rows = self.rows.saturating_sub(usize::from(is_kept));
            self.punctuation(if shown == 0 { "\n" } else { ",\n" });
            self.punctuation(&indent);
            let mut column = indent.len();
            if let Some(key) = key {
                let key = quoted(key);
                column += self.cut(Piece::Key, &key, column) + 2;
                self.punctuation(": ");
            }
            self.value(item, column, depth + 1);
            shown += 1;
        }
        if shown < length {
            self.punctuation(if shown == 0 { "\n" } else { ",\n" });
            self.punctuation(&indent);
            (self.emit)(None, &format!("… {} more", grouped(length - shown)));
        } else if is_kept {
            self.rows = self.rows.saturating_add(1);
        }
        self.punctuation("\n");
        self.punctuation(&"  ".repeat(depth));
    }

    fn scalar(&mut self, scalar: &Val, column: usize) {
        let mut pieces = Vec::new();
        print(scalar, |piece, text| pieces.push((piece, text.to_owned())));
        for (piece, text) in pieces {
            match piece {
                Piece::String => drop(self.cut(piece, &text, column)),
                _ => (self.emit)(Some(piece), &text),
            }
        }
    }

    /// Prints a text from a column on, as far as there is room; says how many columns it takes.
    fn cut(&mut self, piece: Piece, text: &str, column: usize) -> usize {
        /// The maximum number of columns of what is said of the rest.
        const REST: usize = 28;
        let width = self.extent.width.max(1);
        let limit = self.extent.limit.map_or(usize::MAX, |limit| limit.saturating_mul(100));
        // Rows that the text began before are counted already.
        let column = column % width;
        let room = self.rows.saturating_add(1).saturating_mul(width).saturating_sub(column);
        let mut width_so_far = 0;
        let is_past = |(count, (_, c)): &(usize, (usize, char))| {
            width_so_far += char_columns(*c);
            *count >= limit || width_so_far > room
        };
        let own = match text.char_indices().enumerate().find(is_past) {
            None => {
                (self.emit)(Some(piece), text);
                columns(text)
            }
            Some(_) => {
                let mut left = room.saturating_sub(REST).max(REST / 2);
                let fits = |c: &char| {
                    left = left.saturating_sub(char_columns(*c));
                    left > 0
                };
                let mut shown: String = text.chars().take(limit).take_while(fits).collect();
                let mut told = told(&text[shown.len()..], width);
                // A notice that begins on the row where the text ends would be broken at the end of the row.
                let past = ((column + columns(&shown)) % width + columns(&told)).saturating_sub(width);
                let trimmed = columns(&shown).saturating_sub(past);
                if past > 0 && trimmed > 0 {
                    shown = fitting(shown.chars(), trimmed).collect();
                    told = self::told(&text[shown.len()..], width);
                }
                let rest = &text[shown.len()..];
                if columns(rest) <= columns(&told) {
                    (self.emit)(Some(piece), text);
                    columns(text)
                } else {
                    (self.emit)(Some(piece), &shown);
                    (self.emit)(None, &told);
                    columns(&shown) + REST
                }
            }
        };
        self.rows = self.rows.saturating_sub((own + column).saturating_sub(1) / width);
        own
    }

    /// Tells whether a value fits on one line from a column on, with a comma. Looks at no more of it than
    /// would fit.
    fn fits(&self, value: &Val, column: usize) -> bool {
        let room = self.extent.width.saturating_sub(column + 1);
        width(value, room).is_some()
    }
}

/// Says how many characters are left out at the end of a text, in as few words as a row has room for.
fn told(rest: &str, width: usize) -> String {
    // The quote at its end is no character of the text.
    let more = rest.chars().count().saturating_sub(1);
    let told = format!("… {} more", grouped(more));
    let characters = if more == 1 { " character" } else { " characters" };
    if columns(&told) + characters.len() <= width { told + characters } else { told }
}

/// Returns the width of a value on one line, if it is no more than `most`.
fn width(value: &Val, most: usize) -> Option<usize> {
    let add = |sum: usize, more: usize| sum.checked_add(more).filter(|sum| *sum <= most);
    match value.view() {
        View::Arr(items) => {
            let commas = add(2, items.len().saturating_sub(1))?;
            items.iter().try_fold(commas, |sum, item| add(sum, width(item, most - sum)?))
        }
        View::Obj(entries) => {
            let commas = add(2, entries.len().saturating_mul(2).saturating_sub(1))?;
            entries.iter().try_fold(commas, |sum, (key, item)| {
                let sum = add(sum, columns(&quoted(key)))?;
                add(sum, width(item, most - sum)?)
            })
        }
        View::Str(text) if text.len() > most.saturating_mul(4) => None,
        _ => {
            let mut sum = 0;
            print(value, |_, text| sum += columns(text));
            add(0, sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{parse, text};

    fn shown(json: &str, width: usize, limit: Option<usize>) -> String {
        let mut shown = String::new();
        excerpt(&parse(json).unwrap(), Extent { width, limit, rows: None }, |_, text| shown.push_str(text));
        shown
    }

    #[test]
    fn what_fits_stands_on_one_line() {
        let json = r#"{"a":[1,2],"b":{"c":"x"}}"#;
        assert_eq!(shown(json, 80, Some(1)), json);
        assert_eq!(shown(json, 26, None), json);
        assert_eq!(shown(json, 25, None), "{\n  \"a\": [1,2],\n  \"b\": {\"c\":\"x\"}\n}");
        let narrow = "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {\n    \"c\": \"x\"\n  }\n}";
        assert_eq!(shown(json, 10, None), narrow);
        assert_eq!(shown("[]", 1, None), "[]");
        assert_eq!(shown(r#"["日本"]"#, 9, None), r#"["日本"]"#);
        assert_eq!(shown(r#"["日本"]"#, 8, None), "[\n  \"日本\"\n]");
    }

    #[test]
    fn what_is_too_long_is_counted() {
        let numbers = format!("[{}]", (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(shown(&numbers, 20, Some(3)), "[\n  0,\n  1,\n  2,\n  … 9,997 more\n]");
        let lists = format!("[{0},{0}]", numbers);
        let lines = shown(&lists, 20, Some(3)).lines().count();
        assert_eq!(lines, 14);
        // Four times the limit in all, and the brackets.
        let deep = (0..20).fold("1".to_owned(), |json, _| format!("[{json},{json},22222222]"));
        assert!(shown(&deep, 20, Some(3)).lines().count() < 40);
        assert_eq!(shown(&format!("{:?}", "x".repeat(1_000)), 20, Some(1)).len(), 100 + "… 901 more".len());
    }

    #[test]
    fn a_notice_is_no_longer_than_what_it_hides_and_is_not_broken() {
        let numbers = |n: usize| format!("[{}]", (0..n).map(|_| "1000000").collect::<Vec<_>>().join(","));
        let item = "1000000";
        let all = format!("[\n  {item},\n  {item},\n  {item},\n  {item}\n]");
        assert_eq!(shown(&numbers(4), 20, Some(3)), all);
        assert_eq!(shown(&numbers(5), 20, Some(3)), all.replace(&format!("{item}\n]"), "… 2 more\n]"));
        assert_eq!(shown("{\"a\":1,\"bb\":2}", 8, Some(1)), "{\n  \"a\": 1,\n  … 1 more\n}");
        for (length, width) in (95..160).flat_map(|length| [30, 47, 80].map(|width| (length, width))) {
            let text = format!("{:?}", "x".repeat(length));
            let shown = shown(&text, width, Some(1));
            let Some((start, notice)) = shown.split_once('…') else {
                assert_eq!(shown, text);
                continue;
            };
            let hidden = text.len() - start.len();
            assert_eq!(notice, format!(" {} more characters", hidden - 1));
            assert!(hidden > columns(notice) + 1, "{shown}");
            assert!(start.len() % width + columns(notice) < width, "{width}: {shown}");
        }
        assert!(!shown(&format!("{:?}", "x".repeat(118)), 80, Some(1)).contains('…'));
    }

    #[test]
    fn no_more_rows_are_taken_than_there_are() {
        let rows_of = |json: &str, rows| {
            let (mut shown, width) = (String::new(), 60);
            let extent = Extent { width, limit: Some(10), rows: Some(rows) };
            excerpt(&parse(json).unwrap(), extent, |_, text| shown.push_str(text));
            let taken = |line: &str| columns(line).div_ceil(width).max(1);
            (shown.lines().map(taken).sum::<usize>(), shown)
        };
        let numbers = format!("[{}]", (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        let lists = format!("[{numbers},{numbers},{numbers}]");
        let text = format!("{:?}", "x".repeat(1_000));
        let keyed = format!("{{{text}: {text}, \"a\": {lists}}}");
        let texts = format!("[{text},{text},{text}]");
        for json in [&numbers, &lists, &text, &keyed, &texts] {
            for rows in 1..30 {
                let (taken, shown) = rows_of(json, rows);
                // What is left out has a row of its own.
                assert!(taken <= rows.max(3) + 1, "{rows}: {shown}");
            }
        }
        assert_eq!(rows_of(&numbers, 3).1, "[… 100 more]");
        assert_eq!(rows_of(&numbers, 6).1, "[\n  0,\n  1,\n  2,\n  … 97 more\n]");
    }

    #[test]
    fn without_a_limit_it_is_all_of_the_value() {
        let json = r#"{"a":[[],{},null,true,1.50,"\u0001\" ü"],"b":{"c":[1,[2,[3]]]}}"#;
        for width in 0..60 {
            let shown = shown(json, width, None);
            assert_eq!(text(&parse(&shown).unwrap()), text(&parse(json).unwrap()));
        }
        let deepest = "[".repeat(1_024) + &"]".repeat(1_024);
        assert_eq!(shown(&deepest, 80, Some(20)).matches('[').count(), 81);
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn long_texts_are_cut_around_the_place_where_they_differ() {
        let text = |start: usize, middle: &str, end: usize| {
            format!("\"{}{middle}{}\"", "a".repeat(start), "z".repeat(end))
        };
        let [common, same] = ["a".repeat(20), "a".repeat(59)];
        let rows = [
            (text(30, "b", 20), text(30, "c", 20), text(30, "b", 20), text(30, "c", 20)),
            (text(2, "b", 99), text(2, "c", 0), format!("\"aab{}…", "z".repeat(56)), "\"aac\"".to_owned()),
            (text(99, "b", 10), text(99, "", 0), format!("…{common}bzzzzzzzzzz\""), format!("…{common}\"")),
            (
                text(99, "\\n", 99),
                text(99, "\\t", 99),
                format!("…{common}\\n{}…", "z".repeat(39)),
                format!("…{common}\\t{}…", "z".repeat(39)),
            ),
            ("1".repeat(99), "1".repeat(98), format!("…{}", "1".repeat(21)), format!("…{}", "1".repeat(20))),
            (text(99, "", 0), text(99, "", 0), format!("\"{same}…"), format!("\"{same}…")),
        ];
        for (left, right, left_shown, right_shown) in rows {
            assert_eq!(excerpts(&[left, right], 60), [left_shown, right_shown]);
        }
        let three = [text(50, "b", 50), text(60, "", 0), text(50, "c", 50)];
        assert!(excerpts(&three, 60)[2].starts_with(&format!("…{common}c")), "the first place of all");
    }

    #[test]
    fn escapes_are_not_taken_apart() {
        let found: Vec<&str> = units(r#""a\"\\é\u0001\n""#).collect();
        assert_eq!(found, ["\"", "a", r#"\""#, r"\\", "é", r"\u0001", r"\n", "\""]);
    }
}
