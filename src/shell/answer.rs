//! What the prompt shows of an answer: as much as one wants to read.

use rejoin::session::{Page, Part, Reply, Sentence, fill};
use rejoin::value::{Extent, Val, excerpt, grouped};
use unicode_width::UnicodeWidthChar;

use super::paint::{Paint, visible};
use super::theme::Role;

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) paint: Paint,
    pub(crate) extent: Extent,
}

impl Look {
    /// The values, then the report. With a newline at the end, unless there is nothing.
    pub(crate) fn answer(self, reply: &Reply) -> String {
        let mut text = String::new();
        if !reply.in_words {
            let limit = if reply.whole { None } else { self.extent.limit };
            let look = Self { extent: Extent { limit, ..self.extent }, ..self };
            let most = limit.map_or(usize::MAX, |limit| limit.saturating_mul(4));
            for value in reply.values.iter().take(most) {
                look.value(value, &mut text);
                text.push('\n');
            }
            self.more(reply.values.len().saturating_sub(most), "values", &mut text);
        }
        for part in &reply.parts {
            match part {
                Part::Text(page) => self.page(page, &mut text),
                part => self.report(&part.sentences(), &mut text),
            }
        }
        text
    }

    fn value(self, value: &Val, text: &mut String) {
        excerpt(value, self.extent, |piece, part| match piece {
            Some(piece) => text.push_str(&self.paint.role(Role::Json(piece), &visible(part))),
            None => text.push_str(&self.paint.dim(part)),
        });
    }

    /// A text to read; what the commands of an example answer is dim.
    fn page(self, page: &Page, text: &mut String) {
        for line in page.lines(self.extent.width) {
            let line = visible(&line);
            let is_answer = line.trim_start().starts_with("#=>");
            text.push_str(&if is_answer { self.paint.dim(&line) } else { line });
            text.push('\n');
        }
    }

    fn report(self, sentences: &[Sentence], text: &mut String) {
        let limit = self.extent.limit;
        let changes = |sentence: &&Sentence| matches!(sentence, Sentence::Change { .. });
        let (mut left, total) = (limit.unwrap_or(usize::MAX), sentences.iter().filter(changes).count());
        let mut passed = 0;
        for sentence in sentences {
            if let Sentence::Change { of, change } = sentence {
                passed += 1;
                if left > 0 {
                    left -= 1;
                    self.change(of.as_deref(), change, text);
                } else if passed == total {
                    self.more(total - limit.unwrap_or(0), "changes", text);
                }
                continue;
            }
            let line = visible(&sentence.to_string());
            let lines: Vec<String> = line.split('\n').map(|line| wrapped(line, self.extent.width)).collect();
            let line = lines.join("\n");
            text.push_str(&match sentence {
                Sentence::Words(_) => self.paint.dim(&line),
                Sentence::Conflict(_) | Sentence::Warning(_) => self.paint.role(Role::Warning, &line),
                Sentence::Text(_) | Sentence::Change { .. } => line,
            });
            text.push('\n');
        }
    }

    fn more(self, count: usize, what: &str, text: &mut String) {
        if count > 0 {
            text.push_str(&self.paint.dim(&format!("… {} more {what}", grouped(count))));
            text.push('\n');
        }
    }
}

/// A line in lines of no more than so many columns, as far as its words are shorter; those that go on are
/// indented.
pub(crate) fn wrapped(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len() + 2;
    fill(line, width, indent).join("\n")
}

pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::cli::Color;
    use super::*;
    use rejoin::session::Session;

    /// What the last of the lines answers, on a terminal of so many columns.
    pub(crate) fn shown(lines: &[&str], width: usize, limit: Option<usize>) -> String {
        let mut session = Session::default();
        let replies: Vec<Reply> = lines.iter().map(|line| session.run(line).unwrap()).collect();
        let paint = Paint::new(Color::Never, &std::io::stdout());
        Look { paint, extent: Extent { width, limit } }.answer(replies.last().unwrap())
    }

    #[test]
    fn the_value_comes_first_and_then_what_changed() {
        let start = r#"ref a {"todo": [{"id": 1}], "done": [], "name": "Foo"}"#;
        let swap = r#"swap a .done += [.todo[0]] | del(.todo[0]) | .name = "Bar" | .new = 1"#;
        let shown = shown(&[start, swap], 80, Some(10));
        let expected = "{\"todo\":[],\"done\":[{\"id\":1}],\"name\":\"Bar\",\"new\":1}\n\
                        > .done[0] from .todo[0]\n~ .name \"Foo\" → \"Bar\"\n+ .new 1\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        let escape = "ref a \"\u{9b}2J\u{1b}[2J\"";
        let shown = shown(&[escape, "swap a [.]"], 80, Some(10));
        assert!(!shown.contains(['\u{9b}', '\u{1b}']), "{shown:?}");
        assert!(shown.contains("\\u009b2J\\u001b[2J"), "{shown:?}");
    }

    #[test]
    fn help_and_errors_fit_a_narrow_terminal() {
        let topics = ["jq", "model", "keys", "errors", "R012"].into_iter();
        let topics = topics.chain(rejoin::session::COMMANDS.iter().map(|command| command.name));
        for topic in topics.map(|topic| format!("help {topic}")).chain(["help".into(), "set".into()]) {
            let help = shown(&[&topic], 40, Some(10));
            let long = help.lines().find(|line| columns(line) > 40);
            assert_eq!(long, None, "{help}");
        }
        let rows = shown(&["set"], 40, Some(10));
        assert!(rows.starts_with("hints           on\n    while typing, show what can follow\n"), "{rows}");
        let paint = Paint::new(Color::Never, &std::io::stdout());
        let line = "swap a .t | lenght";
        let error = Session::default().run(line).unwrap_err();
        let text = paint.error_within(&error, &error.place(line), 20);
        assert_eq!(
            text,
            "swap a .t | lenght\n     ^\nerror: nothing has\n  the name `a`\n  [R010]\nhint: `refs` lists\n  the names"
        );
    }

    #[test]
    fn many_changes_are_counted() {
        let lines = ["ref a {}", "swap a ([range(100) | {(\"k\\(.)\"): 1}] | add)"];
        let shown = shown(&lines, 20, Some(3));
        assert!(shown.ends_with("+ .k0 1\n+ .k1 1\n+ .k2 1\n… 97 more changes\n"), "{shown}");
        let all = self::shown(&lines, 20, None);
        assert!(all.ends_with("+ .k99 1\n"), "{all}");
    }
}
