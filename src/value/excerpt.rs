use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::print::{key_text, print};
use super::{Piece, Val};

/// How much of a value is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// So many columns a line may take; a string or a path of brackets may still be longer.
    pub width: usize,
    /// So many items of an array or object that does not fit one line, four times as many lines in all,
    /// and a hundred times as many characters of a string; `None`: everything.
    pub limit: Option<usize>,
}

/// Prints a value as JSON, what fits on one line, the rest with a line for each item, up to a limit. The
/// pieces of the value come as in [`print()`]; `None` comes with words about what is left out, such as
/// `… 9,990 more`. Costs what it prints, however large the value.
pub fn excerpt(value: &Val, extent: Extent, emit: impl FnMut(Option<Piece>, &str)) {
    let lines = extent.limit.map_or(usize::MAX, |limit| limit.saturating_mul(4));
    Excerpt { extent, lines, emit }.value(value, 0, 0);
}

/// A number with its digits in groups of three: `9,990`.
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
    emit: F,
}

impl<F: FnMut(Option<Piece>, &str)> Excerpt<F> {
    fn punctuation(&mut self, text: &str) {
        (self.emit)(Some(Piece::Punctuation), text);
    }

    /// Prints a value at a column, in brackets so many deep.
    fn value(&mut self, value: &Val, column: usize, depth: usize) {
        match value {
            Val::Arr(items) if !items.is_empty() && !self.fits(value, column) => {
                self.punctuation("[");
                self.items(items.iter().map(|item| (None, item)), items.len(), depth);
                self.punctuation("]");
            }
            Val::Obj(entries) if !entries.is_empty() && !self.fits(value, column) => {
                self.punctuation("{");
                self.items(entries.iter().map(|(key, item)| (Some(key), item)), entries.len(), depth);
                self.punctuation("}");
            }
            Val::Arr(_) | Val::Obj(_) => print(value, |piece, text| (self.emit)(Some(piece), text)),
            scalar => self.scalar(scalar),
        }
    }

    fn items<'v>(
        &mut self,
        items: impl Iterator<Item = (Option<&'v Val>, &'v Val)>,
        length: usize,
        depth: usize,
    ) {
        let indent = "  ".repeat(depth + 1);
        let limit = self.extent.limit.unwrap_or(usize::MAX);
        let mut shown = 0;
        for (key, item) in items {
            if shown == limit || self.lines == 0 {
                break;
            }
            self.lines -= 1;
            self.punctuation(if shown == 0 { "\n" } else { ",\n" });
            self.punctuation(&indent);
            let mut column = indent.len();
            if let Some(key) = key {
                let key = key_text(key);
                (self.emit)(Some(Piece::Key), &key);
                self.punctuation(": ");
                column += key.width() + 2;
            }
            self.value(item, column, depth + 1);
            shown += 1;
        }
        if shown < length {
            self.punctuation(if shown == 0 { "\n" } else { ",\n" });
            self.punctuation(&indent);
            (self.emit)(None, &format!("… {} more", grouped(length - shown)));
        }
        self.punctuation("\n");
        self.punctuation(&"  ".repeat(depth));
    }

    fn scalar(&mut self, scalar: &Val) {
        let most = self.extent.limit.map_or(usize::MAX, |limit| limit.saturating_mul(100));
        let emit = &mut self.emit;
        print(scalar, |piece, text| match text.char_indices().nth(most) {
            Some((end, _)) if piece == Piece::String => {
                emit(Some(piece), &text[..end]);
                let more = text[end..].chars().count().saturating_sub(1);
                emit(None, &format!("… {} more characters", grouped(more)));
            }
            _ => emit(Some(piece), text),
        });
    }

    /// Whether a value fits on one line from a column on, with a comma. Looks at no more of it than
    /// would fit.
    fn fits(&self, value: &Val, column: usize) -> bool {
        let room = self.extent.width.saturating_sub(column + 1);
        width(value, room).is_some()
    }
}

/// The width of a value on one line, if it is no more than `most`.
fn width(value: &Val, most: usize) -> Option<usize> {
    let add = |sum: usize, more: usize| sum.checked_add(more).filter(|sum| *sum <= most);
    match value {
        Val::Arr(items) => {
            let commas = add(2, items.len().saturating_sub(1))?;
            items.iter().try_fold(commas, |sum, item| add(sum, width(item, most - sum)?))
        }
        Val::Obj(entries) => {
            let commas = add(2, entries.len().saturating_mul(2).saturating_sub(1))?;
            entries.iter().try_fold(commas, |sum, (key, item)| {
                let sum = add(sum, key_text(key).width())?;
                add(sum, width(item, most - sum)?)
            })
        }
        Val::TStr(bytes) if bytes.len() > most.saturating_mul(4) => None,
        scalar => {
            let mut sum = 0;
            print(scalar, |_, text| sum += text.chars().filter_map(UnicodeWidthChar::width).sum::<usize>());
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
        excerpt(&parse(json).unwrap(), Extent { width, limit }, |_, text| shown.push_str(text));
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
        assert_eq!(
            shown(&format!("{:?}", "x".repeat(1_000)), 20, Some(1)).len(),
            100 + "… 901 more characters".len()
        );
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
}
