//! Which lines of a Markdown file are the session.

use std::ffi::OsStr;
use std::path::Path;

use thiserror::Error;

use super::nesting::Nesting;

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
    /// The start of a block that may be meant for the session.
    Wrong,
}

/// A fence that is meant to open a block of the session, and says something that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {}", self.message())]
pub struct WrongFence {
    /// The line, from 1.
    pub line: usize,
    /// What the fence says.
    pub says: String,
}

impl WrongFence {
    /// Which fences there are.
    pub const HINT: &str = "`rejoin` goes on with the session, and `rejoin fresh` starts a new one";

    /// What is wrong, without the line.
    pub fn message(&self) -> String {
        format!("a block cannot be fenced as `{}`", self.says)
    }
}

/// Looks for fences that are meant to open a block of the session and are neither `rejoin` nor
/// `rejoin fresh`: their commands would be left out in silence.
///
/// # Errors
/// The first one.
pub fn check_fences(name: &Path, text: &str) -> Result<(), WrongFence> {
    if !is_markdown(name) {
        return Ok(());
    }
    let wrong = (1..).zip(markdown(text)).find_map(|(line, it)| match it.kind {
        Kind::Wrong => Some(WrongFence { line, says: says(it.text).to_owned() }),
        _ => None,
    });
    wrong.map_or(Ok(()), Err)
}

/// Whether a file is Markdown: `*.md` and `*.markdown` are.
pub(super) fn is_markdown(name: &Path) -> bool {
    let is = |extension: &OsStr| ["md", "markdown"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    name.extension().is_some_and(is)
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
/// them where they end. What is indented as code and what is commented out opens none.
pub(super) fn markdown(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut open: Option<Block<'_>> = None;
    let mut nesting = Nesting::default();
    let mut in_comment = false;
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
        if in_comment && nesting.holds(line) {
            in_comment = !line.contains("-->");
            return outside(Kind::Prose);
        }
        let text = nesting.enter(line);
        in_comment = text.is_some_and(|text| text.starts_with("<!--") && !text.contains("-->"));
        let Some((fence, info)) = text.and_then(fence) else { return outside(Kind::Prose) };
        let kind = opens(info);
        let is_session = matches!(kind, Kind::Fence { .. });
        open = Some(Block { fence, quotes: nesting.quotes(), is_session });
        outside(kind)
    })
}

/// What a block is by what its fence says.
fn opens(info: &str) -> Kind {
    let words: Vec<&str> = info.split_whitespace().collect();
    match words[..] {
        ["rejoin"] => return Kind::Fence { fresh: false },
        ["rejoin", "fresh"] => return Kind::Fence { fresh: true },
        _ => {}
    }
    let letters = info.trim_start_matches(|c: char| !c.is_alphabetic());
    let first = letters.split(|c: char| !c.is_alphabetic()).next();
    let is_meant = first.is_some_and(|word| word.eq_ignore_ascii_case("rejoin"));
    if is_meant { Kind::Wrong } else { Kind::Prose }
}

/// What a line with a fence says behind the fence.
fn says(line: &str) -> &str {
    let from = line.find("```").or_else(|| line.find("~~~")).unwrap_or(0);
    line[from..].trim_start_matches(['`', '~']).trim()
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
            Kind::Wrong => Some(("", "wrong")),
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
            ("Text.\n\n    ```rejoin\n    a\n    ```\n", vec![]),
            ("Text.\n\n\t```rejoin\n\ta\n\t```\n", vec![]),
            ("Text.\n    ```rejoin\n", vec![]),
            ("> Text.\n>\n>     ```rejoin\n>     a\n", vec![]),
            ("- item\n\n      ```rejoin\n      a\n", vec![]),
            ("-     ```rejoin\n      a\n", vec![]),
            ("- item\n\nText.\n\n    ```rejoin\n    a\n", vec![]),
            ("- item\n# Heading\n    ```rejoin\n    a\n", vec![]),
            ("- item\n> quote\n\n    ```rejoin\n    a\n", vec![]),
            ("* * *\n\n    ```rejoin\n    a\n", vec![]),
            ("   ```rejoin\n   a\n   ```\n", vec![("", "-"), ("", "   a"), ("", "-")]),
            ("1. item\n\n   ```rejoin\n   a\n", vec![("", "-"), ("", "   a")]),
            ("1. item\n\n    ```rejoin\n    a\n", vec![("", "-"), ("", "    a")]),
            ("- one\n  - two\n\n    ```rejoin\n    a\n", vec![("", "-"), ("", "    a")]),
            ("- one\n\n\t- two\n\n\t  ```rejoin\n\t  a\n", vec![("", "-"), ("", "\t  a")]),
            ("1. one\ngoes on\n   ```rejoin\n   a\n", vec![("", "-"), ("", "   a")]),
            ("-\n  ```rejoin\n  a\n", vec![("", "-"), ("", "  a")]),
            ("- a\n  ```sh\n  ls\n  ```\n\n  b\n\n  ```rejoin\n  a\n", vec![("", "-"), ("", "  a")]),
            (">\t- a\n>\n>\t  ```rejoin\n>\t  a\n", vec![("", "-"), (">", "\t  a")]),
            ("<!--\n```rejoin\na\n```\n-->\n```rejoin\nb\n", vec![("", "-"), ("", "b")]),
            ("Text\n<!-- no:\n\n```rejoin\na\n```\n--> b\n", vec![]),
            ("<!-- one line -->\n```rejoin\na\n", vec![("", "-"), ("", "a")]),
            ("- <!--\n  ```rejoin\n  a\n  -->\n  ```rejoin\n  b\n", vec![("", "-"), ("", "  b")]),
            ("> <!--\n```rejoin\na\n", vec![("", "-"), ("", "a")]),
            (
                "```rejoin\n\"<!--\"\n```\n```rejoin\na\n",
                vec![("", "-"), ("", "\"<!--\""), ("", "-"), ("", "-"), ("", "a")],
            ),
            ("```rejoin frseh\na\n```\n```rejoin\nb\n", vec![("", "wrong"), ("", "-"), ("", "b")]),
        ];
        for (text, expected) in rows {
            assert_eq!(lines(text), expected, "{text}");
        }
    }

    #[test]
    fn a_fence_that_is_nearly_one_of_the_session_is_found() {
        let rows = [
            ("```rejoin frseh", Some("rejoin frseh")),
            ("~~~~ rejoin,fresh", Some("rejoin,fresh")),
            ("```{rejoin}", Some("{rejoin}")),
            ("```Rejoin", Some("Rejoin")),
            ("```REJOIN fresh", Some("REJOIN fresh")),
            ("``` rejoin fresh fresh", Some("rejoin fresh fresh")),
            ("```{.rejoin .fresh}", Some("{.rejoin .fresh}")),
            ("``` rejoin", None),
            ("```  rejoin  fresh ", None),
            ("```rejoinder", None),
            ("```text rejoin", None),
            ("```", None),
            ("    ```Rejoin", None),
            ("````\n```Rejoin\n```\n````", None),
        ];
        for (fence, says) in rows {
            let text = format!("Text.\n\n> {}", fence.replace('\n', "\n> "));
            let wrong = check_fences(Path::new("a.md"), &text);
            let expected = says.map(|says| WrongFence { line: 3, says: says.to_owned() });
            assert_eq!(wrong.err(), expected, "{fence}");
            assert_eq!(check_fences(Path::new("a.rejoin"), &text), Ok(()), "{fence}");
        }
    }
}
