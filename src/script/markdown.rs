//! Markdown: the lines of a file that are the session.

mod unopened;

use std::ffi::OsStr;
use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

pub use unopened::Unopened;

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

/// The kind of a line of a file.
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
    /// Outside the session, and begins like an expectation.
    Stray,
    /// The start of a block that may be meant for the session.
    Wrong,
    /// A fence that may be meant to start a block of the session, and starts none.
    Unopened(Unopened),
}

/// Tells whether a file is Markdown: `*.md` and `*.markdown` are.
pub fn is_markdown(name: &Path) -> bool {
    let is = |extension: &OsStr| ["md", "markdown"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    name.extension().is_some_and(is)
}

/// A fenced block.
struct Block {
    /// The bytes from its fence to where it ends.
    range: Range<usize>,
    /// Where its last line ends, before what closes it.
    content_end: usize,
    /// The number of block quotes around it.
    quotes: usize,
    /// What opens it.
    kind: Kind,
}

/// Returns the lines of a Markdown file. Blocks may be indented, in items of a list, and in block quotes, which end
/// them where they end. What is indented as code and what is commented out opens none. O(length).
pub(super) fn markdown(text: &str) -> impl Iterator<Item = Line<'_>> {
    // Some editors put a mark at the start.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (blocks, unopened) = blocks(text);
    let (mut blocks, mut unopened) = (blocks.into_iter().peekable(), unopened.into_iter().peekable());
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let (from, end) = (start, start + whole.len());
        start = end;
        let line = whole.strip_suffix('\n').map_or(whole, |line| line.strip_suffix('\r').unwrap_or(line));
        let outside = |kind| Line { lead: "", text: line, kind };
        if let Some((_, place)) = unopened.next_if(|(at, _)| *at == from) {
            return outside(Kind::Unopened(place));
        }
        while blocks.next_if(|block| block.range.end <= from).is_some() {}
        let Some(block) = blocks.peek().filter(|block| block.range.start < end) else {
            return outside(if is_stray(line) { Kind::Stray } else { Kind::Prose });
        };
        let is_session = matches!(block.kind, Kind::Fence { .. });
        if block.range.start >= from {
            outside(block.kind)
        } else if !is_session {
            outside(Kind::Prose)
        } else if from >= block.content_end {
            outside(Kind::Fence { fresh: false })
        } else {
            let (lead, text) = line.split_at(lead(line, block.quotes).map_or(0, str::len));
            Line { lead, text, kind: Kind::Session }
        }
    })
}

/// Tells whether a line outside of all blocks begins like an expectation, and is not indented as code.
fn is_stray(line: &str) -> bool {
    let text = line.trim_start_matches(['>', ' ', '\t']);
    let indent = line.len() - line.trim_start_matches(' ').len();
    text.starts_with("#=>") && (indent < 4 || line.trim_start().starts_with('>'))
}

/// Finds the fenced blocks of a text, and the lines with fences that open none, each in order.
fn blocks(text: &str) -> (Vec<Block>, Vec<(usize, Unopened)>) {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut code, mut html) = (Vec::new(), Vec::new());
    let (mut quotes, mut is_open) = (0, false);
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::BlockQuote(_)) => quotes += 1,
            Event::End(TagEnd::BlockQuote(_)) => quotes -= 1,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => code.push((range, false)),
            Event::Start(Tag::HtmlBlock) => html.push(range),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                code.push((range.clone(), true));
                let content_end =
                    text[range.start..].find('\n').map_or(text.len(), |end| range.start + end + 1);
                blocks.push(Block { range, content_end, quotes, kind: opens(&info) });
                is_open = true;
            }
            Event::End(TagEnd::CodeBlock) => is_open = false,
            Event::Text(_) if is_open => {
                if let Some(block) = blocks.last_mut() {
                    block.content_end = block.content_end.max(range.end);
                }
            }
            _ => {}
        }
    }
    let unopened = unopened::unopened(text, &code, &html, |info| opens(info) != Kind::Prose);
    (blocks, unopened)
}

/// Returns what a block is by what its fence says.
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

/// Returns what a line with a fence says behind the fence, and where the fence begins.
pub(super) fn says(line: &str) -> (usize, &str) {
    let at = line.find("```").or_else(|| line.find("~~~")).unwrap_or(0);
    (at, line[at..].trim_start_matches(['`', '~']).trim())
}

/// Returns the marks of so many block quotes at the start of a line, with the blank that belongs to the last one;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{MistakeKind, Script};

    /// Returns the lines of the session, what leads them, and where blocks start and end.
    fn lines(text: &str) -> Vec<(&str, &str)> {
        let lines = markdown(text).filter_map(|line| match line.kind {
            Kind::Session => Some((line.lead, line.text)),
            Kind::Fence { fresh } => Some(("", if fresh { "fresh" } else { "-" })),
            Kind::Wrong => Some(("", "wrong")),
            Kind::Unopened(place) => Some((
                "",
                match place {
                    Unopened::Html => "html",
                    Unopened::Paragraph => "paragraph",
                    Unopened::Footnote => "footnote",
                },
            )),
            Kind::Prose | Kind::Stray => None,
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
            ("Text.\n    ```rejoin\n", vec![("", "paragraph")]),
            ("> Text.\n>     ~~~ rejoin fresh\n", vec![("", "paragraph")]),
            ("- Text.\n\n  more\n       ```rejoin\n", vec![("", "paragraph")]),
            ("<div>\n```rejoin\na\n```\n</div>\n", vec![("", "html")]),
            ("<div>\n```Rejoin\na\n```\n</div>\n", vec![("", "html")]),
            ("<div>\n```sh\na\n```\n</div>\n", vec![]),
            ("<div>\n\n```rejoin\na\n```\n</div>\n", vec![("", "-"), ("", "a"), ("", "-")]),
            ("<pre>\n\n```rejoin\na\n```\n</pre>\n", vec![("", "html")]),
            ("> <b>\n> ```rejoin\n> a\n", vec![("", "html")]),
            ("<div>\n<!--\n```rejoin\n-->\n```rejoin\n</div>\n", vec![("", "html")]),
            ("[^1]: Text\n    ```rejoin\n    a\n    ```\n", vec![("", "footnote")]),
            ("[^1]: Text\n\n    ```rejoin\n    a\n    ```\n\nText[^1]", vec![("", "footnote")]),
            ("[^1]: ```rejoin\n    a\n    ```\n", vec![("", "footnote")]),
            ("Text[^1]\n\n```rejoin\na\n```\n", vec![("", "-"), ("", "a"), ("", "-")]),
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
            let wrong = |name: &str| {
                let mistakes = Script::parse_file(Path::new(name), &text).mistakes;
                mistakes.into_iter().map(|mistake| (mistake.line, mistake.column, mistake.kind)).next()
            };
            let expected = says.map(|says| (3, 3, MistakeKind::Fence(says.to_owned())));
            assert_eq!(wrong("a.md"), expected, "{fence}");
            assert_eq!(wrong("a.rejoin"), None, "{fence}");
        }
    }
}
