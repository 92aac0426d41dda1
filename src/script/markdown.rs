//! Which lines of a Markdown file are the session.

/// A line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The marks of the block quotes in front of a line of the session: `> `.
    pub(super) lead: &'a str,
    /// The line, or what stands behind those.
    pub(super) text: &'a str,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a line of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the session.
    Session,
    /// Outside the session.
    Prose,
    /// The start or the end of a block of the session.
    Fence {
        /// Whether a new session starts here.
        fresh: bool,
    },
}

/// A block that is open.
struct Block<'a> {
    /// What fences it: three or more `` ` `` or `~`.
    fence: &'a str,
    /// In so many block quotes it is.
    quotes: usize,
    is_session: bool,
}

/// The lines of a Markdown file. Blocks may be indented, in items of a list, and in block quotes, which end
/// them where they end.
pub(super) fn markdown(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut open: Option<Block<'_>> = None;
    // Some editors put a mark at the start.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().map(move |line| {
        let outside = |kind| Line { lead: "", text: line, kind };
        if let Some(block) = &open {
            match lead(line, block.quotes) {
                Some(lead) => {
                    let (lead, text) = line.split_at(lead.len());
                    let is_session = block.is_session;
                    if closes(text.trim(), block.fence) {
                        open = None;
                        return outside(if is_session { Kind::Fence { fresh: false } } else { Kind::Prose });
                    }
                    return match is_session {
                        true => Line { lead, text, kind: Kind::Session },
                        false => outside(Kind::Prose),
                    };
                }
                None => open = None,
            }
        }
        let (quotes, text) = contained(line);
        let Some((fence, info)) = fence(text) else { return outside(Kind::Prose) };
        let mut words = info.split_whitespace();
        let is_session = words.next() == Some("rejoin");
        open = Some(Block { fence, quotes, is_session });
        let fresh = words.any(|word| word == "fresh");
        outside(if is_session { Kind::Fence { fresh } } else { Kind::Prose })
    })
}

/// The marks of so many block quotes at the start of a line, with the blank that belongs to the last one;
/// `None` if there are fewer.
pub(super) fn lead(line: &str, quotes: usize) -> Option<&str> {
    let mut rest = line;
    for _ in 0..quotes {
        rest = rest.trim_start_matches([' ', '\t']).strip_prefix('>')?;
    }
    if quotes > 0 {
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    Some(&line[..line.len() - rest.len()])
}

/// In how many block quotes a line is, and what stands behind the marks of quotes and items.
fn contained(line: &str) -> (usize, &str) {
    let (mut quotes, mut rest) = (0, line.trim_start());
    loop {
        if let Some(inside) = rest.strip_prefix('>') {
            quotes += 1;
            rest = inside.trim_start();
        } else if let Some(inside) = item(rest) {
            rest = inside.trim_start();
        } else {
            return (quotes, rest);
        }
    }
}

/// What stands behind the mark of an item: `-`, `*`, `+`, `1.` or `1)`, and a blank.
fn item(line: &str) -> Option<&str> {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let inside = match number.len() < line.len() {
        true => number.strip_prefix(['.', ')']),
        false => line.strip_prefix(['-', '*', '+']),
    };
    inside.filter(|inside| inside.starts_with([' ', '\t']))
}

/// What a line that opens a block begins with, and what it says about the block.
fn fence(line: &str) -> Option<(&str, &str)> {
    let mark = line.chars().next().filter(|c| "`~".contains(*c))?;
    let info = line.trim_start_matches(mark);
    let fence = &line[..line.len() - info.len()];
    // Backticks behind it make it code within a line.
    (fence.len() >= 3 && !(mark == '`' && info.contains('`'))).then_some((fence, info))
}

fn closes(line: &str, fence: &str) -> bool {
    line.len() >= fence.len() && line.chars().all(|c| fence.starts_with(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the session, what leads them, and where blocks start and end.
    fn lines(text: &str) -> Vec<(&str, &str)> {
        let lines = markdown(text).filter_map(|line| match line.kind {
            Kind::Session => Some((line.lead, line.text)),
            Kind::Fence { fresh } => Some(("", if fresh { "fresh" } else { "-" })),
            Kind::Prose => None,
        });
        lines.collect()
    }

    #[test]
    fn blocks_stand_where_markdown_has_them() {
        let rows = [
            ("```rejoin\na\n```\nb", vec![("", "-"), ("", "a"), ("", "-")]),
            ("````rejoin fresh\na\n```\n````\n", vec![("", "fresh"), ("", "a"), ("", "```"), ("", "-")]),
            ("~~~rejoin\na\n```\n~~~~\nb", vec![("", "-"), ("", "a"), ("", "```"), ("", "-")]),
            ("- item\n\n  ```rejoin\n  a\n  ```\n", vec![("", "-"), ("", "  a"), ("", "-")]),
            ("- ```rejoin\n  a\n  ```\n", vec![("", "-"), ("", "  a"), ("", "-")]),
            ("10) ```rejoin\n    a\n    ```\n", vec![("", "-"), ("", "    a"), ("", "-")]),
            ("> ```rejoin\n> a\n>b\n> ```\n> c", vec![("", "-"), ("> ", "a"), (">", "b"), ("", "-")]),
            ("> > ```rejoin\n>> a\n> b\n>> c", vec![("", "-"), (">> ", "a")]),
            ("> - ```rejoin\n>   a\n>   ```\n", vec![("", "-"), ("> ", "  a"), ("", "-")]),
            ("- > ```rejoin\n  > a\n  b", vec![("", "-"), ("  > ", "a")]),
            ("> ```rejoin\n> a\n```rejoin\nb", vec![("", "-"), ("> ", "a"), ("", "-"), ("", "b")]),
            ("\u{feff}```rejoin\na\n", vec![("", "-"), ("", "a")]),
            ("> ```sh\n> ```rejoin\n> ```\nb", vec![]),
            ("~~~\n```rejoin\na\n```\n~~~\n", vec![]),
            ("````\n```rejoin\na\n```\n````\n", vec![]),
            ("```rejoin``` is code\na\n", vec![]),
            ("```rejoinder\na\n```\n", vec![]),
            ("-```rejoin\na\n", vec![]),
        ];
        for (text, expected) in rows {
            assert_eq!(lines(text), expected, "{text}");
        }
    }
}
