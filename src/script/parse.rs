use crate::filter::Scan;
use crate::session::needs_more;
use crate::value::{Val, parse};

/// A session file that was read. Reading never fails: what is no comment is a command.
#[derive(Debug, Clone)]
pub struct Script {
    /// What stands in the file, in order.
    pub items: Vec<Item>,
}

/// A part of a session file.
#[derive(Debug, Clone)]
pub enum Item {
    /// A blank line, a comment, or a line of Markdown outside the blocks.
    Narration(String),
    /// A command with its expectations.
    Step(Step),
}

/// A command and what it must answer.
#[derive(Debug, Clone)]
pub struct Step {
    /// The line of the file where it starts, from 1.
    pub line: usize,
    /// The command, possibly of several lines.
    pub text: String,
    /// The expectations below it, up to the next command.
    pub expectations: Vec<Expectation>,
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
    Value(Val),
    /// A line of the report.
    Line,
    /// That the command fails with this message.
    Error(String),
}

impl Expected {
    fn new(text: &str) -> Self {
        if let Some(message) = text.strip_prefix("error:") {
            return Self::Error(message.trim().to_owned());
        }
        parse(text).map_or(Self::Line, Self::Value)
    }
}

impl Script {
    /// Reads a session file.
    pub fn parse(text: &str) -> Self {
        // Some editors put a mark at the start.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::read(text.lines().map(|line| (line, true)))
    }

    /// Reads a Markdown file with blocks fenced as `rejoin`.
    pub fn parse_markdown(text: &str) -> Self {
        let mut fence: Option<(&str, bool)> = None;
        Self::read(text.lines().map(move |line| {
            let trimmed = line.trim_start();
            let ticks = &trimmed[..trimmed.len() - trimmed.trim_start_matches('`').len()];
            match fence {
                Some((open, _)) if ticks.len() >= open.len() && trimmed.trim_end() == ticks => {
                    fence = None;
                    (line, false)
                }
                Some((_, is_session)) => (line, is_session),
                None => {
                    if ticks.len() >= 3 {
                        let language = trimmed[ticks.len()..].split_whitespace().next();
                        fence = Some((ticks, language == Some("rejoin")));
                    }
                    (line, false)
                }
            }
        }))
    }

    /// The commands.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(step),
            Item::Narration(_) => None,
        })
    }

    /// Reads lines; those that are not of the session are narration.
    fn read<'a>(lines: impl Iterator<Item = (&'a str, bool)>) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut lines = (1..).zip(lines).peekable();
        while let Some((number, (line, is_session))) = lines.next() {
            let trimmed = line.trim();
            if !is_session || trimmed.is_empty() {
                items.push(Item::Narration(line.to_owned()));
            } else if let Some(text) = trimmed.strip_prefix("#=>") {
                let text = text.trim().to_owned();
                let expected = Expected::new(&text);
                let expectation = Expectation { line: number, text, expected };
                let above = items.iter_mut().rev().find_map(|item| match item {
                    Item::Step(step) => Some(step),
                    Item::Narration(_) => None,
                });
                match above {
                    Some(step) => step.expectations.push(expectation),
                    // With no command above it, it is one of nothing, and cannot hold.
                    None => items.push(Item::Step(Step {
                        line: number,
                        text: String::new(),
                        expectations: vec![expectation],
                    })),
                }
            } else if trimmed.starts_with('#') {
                items.push(Item::Narration(line.to_owned()));
            } else {
                let mut text = line.to_owned();
                let mut scan = Scan::default();
                scan.feed(line);
                // The scan keeps a long command from being read anew for each of its lines.
                while scan.is_open() || needs_more(&text) {
                    // An expectation ends a command that forgot to close something.
                    let goes_on = |line: &str| !line.trim_start().starts_with("#=>");
                    let next = lines.next_if(|(_, (line, is_session))| *is_session && goes_on(line));
                    let Some((_, (line, _))) = next else { break };
                    scan.feed("\n");
                    scan.feed(line);
                    text.push('\n');
                    text.push_str(line);
                }
                items.push(Item::Step(Step { line: number, text, expectations: Vec::new() }));
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
    }
}
