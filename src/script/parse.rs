use std::path::Path;

use crate::filter::Scan;
use crate::script::Pattern;
use crate::script::markdown::{Kind, Line, is_markdown, markdown};
use crate::session::needs_more;

/// A session file that was read. Reading never fails: what is no comment is a command.
#[derive(Debug, Clone)]
pub struct Script {
    /// What stands in the file, in order.
    pub items: Vec<Item>,
}

/// A part of a session file.
#[derive(Debug, Clone)]
pub enum Item {
    /// A blank line or a comment.
    Narration(String),
    /// A line of Markdown outside the blocks of the session.
    Prose(String),
    /// The line of a Markdown file that opens or closes a block of the session.
    Fence {
        /// The line.
        text: String,
        /// Whether a new session starts here: it opens a block of `rejoin fresh`.
        fresh: bool,
    },
    /// A command with its expectations.
    Step(Step),
}

/// A command and what it must answer.
#[derive(Debug, Clone)]
pub struct Step {
    /// The line of the file where it starts, from 1.
    pub line: usize,
    /// What stands in front of each of its lines in the file: the marks of block quotes.
    pub lead: String,
    /// The command, possibly of several lines.
    pub text: String,
    /// The expectations below it, up to the next command.
    pub expectations: Vec<Expectation>,
}

impl Step {
    /// A command that starts at a line, without expectations.
    pub fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, lead: String::new(), text: text.into(), expectations: Vec::new() }
    }

    /// The command as it stands in the file.
    pub fn written(&self) -> String {
        format!("{}{}", self.lead, self.text.replace('\n', &format!("\n{}", self.lead)))
    }

    /// What stands in front of the command in the file, and is to stand in front of what is written below it.
    pub fn margin(&self) -> String {
        let blanks = self.text.len() - self.text.trim_start().len();
        format!("{}{}", self.lead, &self.text[..blanks])
    }

    /// The line of the file where the command ends.
    pub fn last_line(&self) -> usize {
        self.line + self.text.matches('\n').count()
    }
}

/// One `#=>` line.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The line of the file, from 1.
    pub line: usize,
    /// What stands after `#=>`.
    pub text: String,
    /// What it expects.
    pub expected: Expected,
}

/// What an expectation expects.
#[derive(Debug, Clone)]
pub enum Expected {
    /// A value.
    Value(Pattern),
    /// A line of the report, in which `...` stands for any text.
    Line,
    /// That the command fails with this message, in which `...` stands for any text.
    Error(String),
}

impl Expected {
    fn new(text: &str) -> Self {
        if let Some(message) = text.strip_prefix("error:") {
            return Self::Error(message.trim().to_owned());
        }
        Pattern::parse(text).map_or(Self::Line, Self::Value)
    }
}

impl Script {
    /// Reads a session file.
    pub fn parse(text: &str) -> Self {
        // Some editors put a mark at the start.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::read(text.lines().map(|text| Line { lead: "", text, kind: Kind::Session }))
    }

    /// Reads a Markdown file with blocks fenced as `rejoin`, also in lists and block quotes. A new session
    /// starts at a block fenced as `rejoin fresh`.
    pub fn parse_markdown(text: &str) -> Self {
        Self::read(markdown(text))
    }

    /// Reads a file as its name asks for: `*.md` and `*.markdown` are Markdown.
    pub fn parse_file(name: &Path, text: &str) -> Self {
        if is_markdown(name) { Self::parse_markdown(text) } else { Self::parse(text) }
    }

    /// Whether it starts a new session somewhere.
    pub fn starts_sessions(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Fence { fresh: true, .. }))
    }

    /// The narration above a command: the nearest lines without a blank one between them. The command is
    /// known by the line where it starts.
    pub fn narration_above(&self, line: usize) -> Vec<&str> {
        let above =
            self.items.iter().take_while(|item| !matches!(item, Item::Step(step) if step.line >= line));
        let mut block: Vec<&str> = Vec::new();
        let mut ended = true;
        for item in above {
            match item {
                Item::Narration(text) | Item::Prose(text) if !text.trim().is_empty() => {
                    if ended {
                        block.clear();
                    }
                    block.push(text.trim());
                    ended = false;
                }
                _ => ended = true,
            }
        }
        block
    }

    /// The commands.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(step),
            _ => None,
        })
    }

    /// Reads lines; those that are not of the session are narration.
    fn read<'a>(lines: impl Iterator<Item = Line<'a>>) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut lines = (1..).zip(lines).peekable();
        while let Some((number, Line { lead, text: line, kind })) = lines.next() {
            let trimmed = line.trim();
            if let Kind::Fence { fresh } = kind {
                items.push(Item::Fence { text: line.to_owned(), fresh });
            } else if kind != Kind::Session {
                items.push(Item::Prose(line.to_owned()));
            } else if trimmed.is_empty() {
                items.push(Item::Narration(format!("{lead}{line}")));
            } else if let Some(text) = trimmed.strip_prefix("#=>") {
                let text = text.trim().to_owned();
                let expected = Expected::new(&text);
                let expectation = Expectation { line: number, text, expected };
                let of_session = |item: &&mut Item| !matches!(item, Item::Fence { fresh: true, .. });
                let above = items.iter_mut().rev().take_while(of_session).find_map(|item| match item {
                    Item::Step(step) => Some(step),
                    _ => None,
                });
                match above {
                    Some(step) => step.expectations.push(expectation),
                    // With no command above it, it is one of nothing, and cannot hold.
                    None => items.push(Item::Step(Step {
                        line: number,
                        lead: lead.to_owned(),
                        text: String::new(),
                        expectations: vec![expectation],
                    })),
                }
            } else if trimmed.starts_with('#') {
                items.push(Item::Narration(format!("{lead}{line}")));
            } else {
                let mut text = line.to_owned();
                let mut scan = Scan::default();
                scan.feed(line);
                // The scan keeps a long command from being read anew for each of its lines.
                while scan.is_open() || needs_more(&text) {
                    // An expectation ends a command that forgot to close something.
                    let goes_on = |line: &str| !line.trim_start().starts_with("#=>");
                    let next = lines.next_if(|(_, it)| it.kind == Kind::Session && goes_on(it.text));
                    let Some((_, Line { text: line, .. })) = next else { break };
                    scan.feed("\n");
                    scan.feed(line);
                    text.push('\n');
                    text.push_str(line);
                }
                items.push(Item::Step(Step { lead: lead.to_owned(), ..Step::new(number, text) }));
            }
        }
        Self { items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_file_is_narration_and_steps() {
        let script = Script::parse("# Hello.\n\nref a {\n  \"x\": 1}\n#=> {\"x\": 1}\n#=> actor a\na.y +\n");
        let steps: Vec<_> = script.steps().collect();
        assert_eq!(steps[0].line, 3);
        assert_eq!(steps[0].text, "ref a {\n  \"x\": 1}");
        assert_eq!(steps[0].expectations.len(), 2);
        assert!(matches!(steps[0].expectations[0].expected, Expected::Value(_)));
        assert!(matches!(steps[0].expectations[1].expected, Expected::Line));
        assert_eq!((steps[1].line, &*steps[1].text), (7, "a.y +"));
    }

    #[test]
    fn markdown_has_its_session_in_fenced_blocks() {
        let text =
            "# Title\n```rejoin\nref a 1\n#=> 1\n```\nref b 2\n```sh\nrejoin\n```\n````rejoin\na\n````\n";
        let script = Script::parse_markdown(text);
        let steps: Vec<_> = script.steps().map(|step| (step.line, step.text.as_str())).collect();
        assert_eq!(steps, [(3, "ref a 1"), (11, "a")]);
        assert!(!script.starts_sessions());
    }

    #[test]
    fn a_block_may_start_a_new_session() {
        let text =
            "```rejoin\nref a 1\n```\n# Title\n```rejoin fresh\n#=> 1\nref a 2\n```\n```sh fresh\n```\n";
        let script = Script::parse_markdown(text);
        let fresh = |item: &Item| matches!(item, Item::Fence { fresh: true, .. });
        assert_eq!(script.items.iter().filter(|item| fresh(item)).count(), 1);
        let steps: Vec<_> = script.steps().map(|step| (step.line, step.expectations.len())).collect();
        assert_eq!(steps, [(2, 0), (6, 1), (7, 0)], "an expectation looks at no other session");
    }

    #[test]
    fn the_narration_of_a_command_is_the_nearest_above() {
        let script = Script::parse("# One.\n\n# Two,\n# three.\n\nref a 1\na\n# Four.\na\n");
        let above: Vec<_> = script.steps().map(|step| script.narration_above(step.line)).collect();
        assert_eq!(above, [vec!["# Two,", "# three."], vec!["# Two,", "# three."], vec!["# Four."]]);
    }
}
