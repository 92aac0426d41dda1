//! Widths of text on a terminal: how many columns it takes, where it is cut, and how it is wrapped.

use unicode_width::UnicodeWidthChar;

/// Counts the columns that a text takes, on one line.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// Counts the columns that a character takes. A control character takes one: so does what is shown in its place.
pub fn char_columns(c: char) -> usize {
    c.width().unwrap_or(1)
}

/// Cuts a text to no more than so many columns; `…` stands for what is left out.
pub fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    fitting(text.chars(), room.saturating_sub(1)).chain(['…']).collect()
}

/// Cuts a text in its middle: its end tells more.
pub fn cut_middle(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let room = room.saturating_sub(1);
    let last: Vec<char> = fitting(text.chars().rev(), room - room / 3).collect();
    fitting(text.chars(), room / 3).chain(['…']).chain(last.into_iter().rev()).collect()
}

/// Takes the first characters that have no more than so many columns.
pub fn fitting(chars: impl Iterator<Item = char>, mut room: usize) -> impl Iterator<Item = char> {
    chars.take_while(move |c| match room.checked_sub(char_columns(*c)) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    })
}

/// Wraps a line to so many columns, as far as its words are shorter; the lines that go on are indented.
pub fn fill(line: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    let mut begun = false;
    for word in line.split_inclusive(' ') {
        let needs = columns(word.trim_end());
        if begun && needs > 0 && used + needs > width {
            if let Some(last) = lines.last_mut() {
                last.truncate(last.trim_end().len());
            }
            lines.push(" ".repeat(indent));
            (used, begun) = (indent, false);
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(word);
        }
        used += columns(word);
        begun |= needs > 0;
    }
    lines
}

/// Wraps a line as [`fill`] does, and gives it as one text: what goes on has two more blanks in front.
pub fn wrapped(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len() + 2;
    fill(line, width, indent).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_on_in_the_next_line() {
        assert_eq!(fill("one two three", 9, 2), ["one two", "  three"]);
        assert_eq!(fill("  one two", 7, 4), ["  one", "    two"]);
        assert_eq!(fill("conflict", 4, 2), ["conflict"]);
        assert_eq!(fill("a  b", 4, 2), ["a  b"]);
        assert_eq!(fill("日本 日本", 8, 0), ["日本", "日本"]);
        assert_eq!(fill("", 4, 2), [""]);
    }

    #[test]
    fn what_is_cut_takes_the_room_that_there_is() {
        assert_eq!(["日本語", "日本語x"].map(|text| cut(text, 6)), ["日本語", "日本…"]);
        assert_eq!(cut_middle(".tasks[0].title", 10), ".ta….title");
        assert_eq!((columns("日本語"), cut("ab", 0)), (6, "…".to_owned()));
        assert_eq!((columns("a\tb"), cut("a\tbc", 3)), (3, "a\t…".to_owned()));
    }
}
