//! A parser of session files.

use std::iter::Peekable;
use std::path::Path;

use crate::filter::Scan;
use crate::script::dots::{DOTS, literal, wildcards};
use crate::script::lookalike::{Lookalike, MARK, behind};
use crate::script::markdown::{Kind, Line, is_markdown, markdown, says};
use crate::script::{Mistake, MistakeKind, Pattern};
use crate::session::{LONGEST, needs_more};
use crate::value::{ParseError, parse};

/// A session file that was read. Reading never fails: what is no comment is a command.
#[derive(Debug, Clone)]
pub struct Script {
    /// What stands in the file, in order.
    pub items: Vec<Item>,
    /// What is wrong with the file, in order. Whoever runs it refuses it for that.
    pub mistakes: Vec<Mistake>,
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
    /// Makes a command that starts at a line, without expectations.
    pub fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, lead: String::new(), text: text.into(), expectations: Vec::new() }
    }

    /// Returns the command as it stands in the file.
    pub fn written(&self) -> String {
        format!("{}{}", self.lead, self.text.replace('\n', &format!("\n{}", self.lead)))
    }

    /// Returns what stands in front of the command in the file, and is to stand in front of what is written below it.
    pub fn margin(&self) -> String {
        let blanks = self.text.len() - self.text.trim_start().len();
        format!("{}{}", self.lead, &self.text[..blanks])
    }

    /// Returns the line of the file where the command ends.
    pub fn last_line(&self) -> usize {
        self.line + self.text.matches('\n').count()
    }
}

/// One `#=>` line, or several that hold one JSON value.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The line of the file where it starts, from 1.
    pub line: usize,
    /// What stands after each `#=>`.
    pub text: String,
    /// What it expects.
    pub expected: Expected,
}

/// The content of an expectation.
#[derive(Debug, Clone)]
pub enum Expected {
    /// A value.
    Value(Pattern),
    /// A line of the report, in which `...` stands for any text.
    Line,
    /// That the command fails with this message, in which `...` stands for any text.
    Error(String),
}

impl Expectation {
    /// Returns the number of its lines.
    pub fn lines(&self) -> usize {
        1 + self.text.matches('\n').count()
    }
}

impl Expected {
    /// Counts the `...` of an expectation that stand for what is not said.
    pub(super) fn dots(text: &str) -> usize {
        match Self::read(text) {
            Ok(Self::Value(pattern)) => pattern.dots(),
            _ => wildcards(text),
        }
    }

    /// Tells what a text expects. What begins like JSON and is none is a mistake, at a byte of the text.
    fn read(text: &str) -> Result<Self, (usize, MistakeKind)> {
        if text.len() > LONGEST {
            return Err((0, MistakeKind::TooLong));
        }
        if let Some(message) = text.strip_prefix("error:") {
            return Ok(Self::Error(message.trim().to_owned()));
        }
        match Pattern::read(text) {
            Ok(_) if repeats_a_key(text) => Err((0, MistakeKind::RepeatedKey)),
            Ok(pattern) => Ok(Self::Value(pattern)),
            Err(_) if !begins_json(text) => Ok(Self::Line),
            Err(_) if goes_on(text) => Err((0, MistakeKind::Unfinished)),
            Err(error) => {
                let at = match &error {
                    ParseError::Syntax { at, .. } if !text.contains(DOTS) => *at,
                    _ => 0,
                };
                let problem = match error {
                    // What it found may stand for dots.
                    ParseError::Syntax { .. } if text.contains(DOTS) => {
                        "not JSON with `...` in the place of a value, an item or a key".to_owned()
                    }
                    ParseError::Syntax { problem, .. } => format!("not JSON: {problem}"),
                    other => other.to_string(),
                };
                Err((at, MistakeKind::NotJson(problem)))
            }
        }
    }
}

/// Tells whether an object of a JSON text has a key twice: then there are more colons than entries.
fn repeats_a_key(text: &str) -> bool {
    let Ok(value) = parse(text) else { return false };
    let (mut colons, mut in_string, mut escaped) = (0, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ':' if !in_string => colons += 1,
            _ => {}
        }
    }
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        colons -= value.as_map().map_or(0, |map| map.len());
        open.extend(value.as_map().into_iter().flat_map(|map| map.values()));
        open.extend(value.as_list().into_iter().flat_map(|list| list.iter()));
    }
    colons > 0
}

/// Tells whether a text can only be JSON.
fn begins_json(text: &str) -> bool {
    text.starts_with(['{', '[', '"'])
}

/// Tells whether a text begins JSON that is not closed in it.
fn goes_on(text: &str) -> bool {
    let mut open = Open::default();
    open.feed(text);
    begins_json(text) && (open.goes_on() || open.in_string)
}

/// The brackets and quotes that are open in JSON which is read line by line.
#[derive(Default)]
struct Open {
    depth: usize,
    in_string: bool,
}

impl Open {
    fn feed(&mut self, text: &str) {
        let mut escaped = false;
        for c in text.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if self.in_string => escaped = true,
                '"' => self.in_string = !self.in_string,
                '[' | '{' if !self.in_string => self.depth += 1,
                ']' | '}' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Tells whether the next line goes on with it: no string does.
    fn goes_on(&self) -> bool {
        self.depth > 0 && !self.in_string
    }
}

/// Returns the text that stands behind `#=>` for a line of a report, so that it is that line alone and no value.
pub(super) fn written_line(line: &str) -> String {
    let text = literal(line);
    match Expected::read(text.trim()) {
        Ok(Expected::Line) => text.into_owned(),
        _ => format!("{DOTS}{}", text.trim_start()),
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

    /// Tells whether it starts a new session somewhere.
    pub fn starts_sessions(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Fence { fresh: true, .. }))
    }

    /// Returns the narration above a command: the nearest lines without a blank one between them. The command is
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

    /// Returns the commands.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(step),
            _ => None,
        })
    }

    /// Reads lines; those that are not of the session are narration.
    fn read<'a>(lines: impl Iterator<Item = Line<'a>>) -> Self {
        let mut script = Self { items: Vec::new(), mistakes: Vec::new() };
        let mut lines = (1..).zip(lines).peekable();
        while let Some((number, line)) = lines.next() {
            let Line { lead, text, kind } = line;
            let trimmed = text.trim();
            match kind {
                Kind::Fence { fresh } => script.items.push(Item::Fence { text: text.to_owned(), fresh }),
                Kind::Prose => script.items.push(Item::Prose(text.to_owned())),
                Kind::Stray => {
                    script.items.push(Item::Prose(text.to_owned()));
                    script.mistake(number, &line, text.find(MARK).unwrap_or(0), MistakeKind::Outside);
                }
                Kind::Wrong => {
                    script.items.push(Item::Prose(text.to_owned()));
                    let (at, says) = says(text);
                    script.mistake(number, &line, at, MistakeKind::Fence(says.to_owned()));
                }
                Kind::Unopened(place) => {
                    script.items.push(Item::Prose(text.to_owned()));
                    let (at, says) = says(text);
                    let says = says.to_owned();
                    script.mistake(number, &line, at, MistakeKind::Unopened { says, place });
                }
                Kind::Session if trimmed.starts_with(MARK) => script.expectation(number, &line, &mut lines),
                Kind::Session if trimmed.is_empty() || trimmed.starts_with('#') => {
                    script.items.push(Item::Narration(format!("{lead}{text}")));
                    if let Some(found) = Lookalike::of(trimmed) {
                        script.mistake(number, &line, indent(text), found.into());
                    }
                }
                Kind::Session => script.command(number, &line, &mut lines),
            }
        }
        script
    }

    /// Notes a mistake at a byte of a line.
    fn mistake(&mut self, number: usize, line: &Line<'_>, at: usize, kind: MistakeKind) {
        let before = line.text.get(..at).unwrap_or(line.text);
        let column = 1 + line.lead.chars().count() + before.chars().count();
        self.mistakes.push(kind.at(number, column));
    }

    /// Reads an expectation; JSON goes on in the next line while something of it is open.
    fn expectation<'a>(
        &mut self,
        number: usize,
        first: &Line<'a>,
        lines: &mut Peekable<impl Iterator<Item = (usize, Line<'a>)>>,
    ) {
        let mut text = String::new();
        // Each line, and where what is expected begins in it and in the text.
        let mut parts: Vec<(Line<'a>, usize, usize)> = Vec::new();
        let mut add = |line: Line<'a>, text: &mut String| {
            let behind = line.text.trim_start()[MARK.len()..].trim_start();
            text.push_str(if parts.is_empty() { "" } else { "\n" });
            parts.push((line, line.text.len() - behind.len(), text.len()));
            text.push_str(behind.trim_end());
        };
        add(*first, &mut text);
        if goes_on(&text) {
            let is_one =
                |line: &Line<'_>| line.kind == Kind::Session && line.text.trim_start().starts_with(MARK);
            let mut open = Open::default();
            open.feed(&text);
            while open.goes_on() && text.len() <= LONGEST {
                let Some((_, line)) = lines.next_if(|(_, line)| is_one(line)) else { break };
                let from = text.len();
                add(line, &mut text);
                open.feed(&text[from..]);
            }
        }
        let expected = Expected::read(&text).unwrap_or_else(|(at, kind)| {
            let nth = parts.iter().rposition(|(_, _, from)| *from <= at).unwrap_or(0);
            let (line, begins, from) = &parts[nth];
            self.mistake(number + nth, line, begins + at - from, kind);
            Expected::Line
        });
        let expectation = Expectation { line: number, text, expected };
        let of_session = |item: &&mut Item| !matches!(item, Item::Fence { fresh: true, .. });
        let above = self.items.iter_mut().rev().take_while(of_session).find_map(|item| match item {
            Item::Step(step) => Some(step),
            _ => None,
        });
        match above {
            Some(step) => step.expectations.push(expectation),
            None => self.mistake(number, first, indent(first.text), MistakeKind::Above),
        }
    }

    /// Reads a command, which goes on in the next line while something of it is open.
    fn command<'a>(
        &mut self,
        number: usize,
        first: &Line<'a>,
        lines: &mut Peekable<impl Iterator<Item = (usize, Line<'a>)>>,
    ) {
        let mut parts = vec![*first];
        let mut text = first.text.to_owned();
        let mut scan = Scan::default();
        scan.feed(first.text);
        // The scan keeps a long command from being read anew for each of its lines; what is too long to be run is
        // not read at all.
        while scan.is_open() || text.len() <= LONGEST && needs_more(&text) {
            // An expectation ends a command that forgot to close something.
            let goes_on = |line: &str| !line.trim_start().starts_with(MARK);
            let next = lines.next_if(|(_, it)| it.kind == Kind::Session && goes_on(it.text));
            let Some((_, line)) = next else { break };
            scan.feed("\n");
            scan.feed(line.text);
            text.push('\n');
            text.push_str(line.text);
            parts.push(line);
        }
        // The first command behind it is told.
        let last = self
            .items
            .iter()
            .rev()
            .find_map(|item| if let Item::Step(step) = item { Some(step) } else { None });
        if last.is_some_and(|step| matches!(step.text.split_whitespace().next(), Some("quit" | "exit"))) {
            self.mistake(number, first, indent(first.text), MistakeKind::BehindQuit);
        }
        if let Some((at, found)) = behind(&text) {
            let before = &text[..at];
            let nth = before.matches('\n').count();
            let at = at - before.rfind('\n').map_or(0, |end| end + 1);
            self.mistake(number + nth, &parts[nth], at, found.into());
        }
        self.items.push(Item::Step(Step { lead: first.lead.to_owned(), ..Step::new(number, text) }));
    }
}

/// Returns the bytes of blanks in front of a line.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
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
    fn what_would_be_passed_over_is_a_mistake() {
        let rows = [
            ("#=> 1\nref a 1\n", MistakeKind::Above.at(1, 1)),
            ("ref a 1\nquit\n# The end.\nref b 1\n", MistakeKind::BehindQuit.at(4, 1)),
            ("ref a 1\n#=> [{\"a\": 1, \"b\": \":\", \"a\": 2}]\n", MistakeKind::RepeatedKey.at(2, 5)),
            ("ref a 1\n#~> 1\n", MistakeKind::Lookalike("#~>".to_owned()).at(2, 1)),
            ("ref a 1\n#\u{a0}=> 1\n", MistakeKind::Lookalike("#\u{a0}=>".to_owned()).at(2, 1)),
        ];
        for (text, mistake) in rows {
            assert_eq!(Script::parse(text).mistakes, [mistake], "{text}");
        }
        let rows = [
            ("- x\n  ```rejoin\n  ref a 1\n#=> 3\n", 4, 1),
            ("> ```rejoin\n> ref a 1\n> ```\n> #=> 2\n", 4, 3),
        ];
        for (text, line, column) in rows {
            let mistakes = Script::parse_markdown(text).mistakes;
            assert_eq!(mistakes, [MistakeKind::Outside.at(line, column)], "{text}");
        }
        let fine = "```text\n#=> 1\n```\n    #=> 1\n- `#=> 1`\n\n| `#=> 1` |\n";
        assert_eq!(Script::parse_markdown(fine).mistakes, []);
    }

    #[test]
    fn a_block_may_start_a_new_session() {
        let text =
            "```rejoin\nref a 1\n```\n# Title\n```rejoin fresh\n#=> 1\nref a 2\n```\n```sh fresh\n```\n";
        let script = Script::parse_markdown(text);
        let fresh = |item: &Item| matches!(item, Item::Fence { fresh: true, .. });
        assert_eq!(script.items.iter().filter(|item| fresh(item)).count(), 1);
        let steps: Vec<_> = script.steps().map(|step| (step.line, step.expectations.len())).collect();
        assert_eq!(steps, [(2, 0), (7, 0)]);
        let mistake = MistakeKind::Above.at(6, 1);
        assert_eq!(script.mistakes, [mistake], "an expectation looks at no other session");
    }

    #[test]
    fn the_narration_of_a_command_is_the_nearest_above() {
        let script = Script::parse("# One.\n\n# Two,\n# three.\n\nref a 1\na\n# Four.\na\n");
        let above: Vec<_> = script.steps().map(|step| script.narration_above(step.line)).collect();
        assert_eq!(above, [vec!["# Two,", "# three."], vec!["# Two,", "# three."], vec!["# Four."]]);
    }
}
