//! Answers at the prompt: as much of each as one wants to read.

use rejoin::session::{Page, Reply, Sentence};
use rejoin::value::width::{columns, wrapped};
use rejoin::value::{Extent, Val, excerpt, grouped};

use super::paint::{Paint, visible};
use super::theme::Role;

/// The look of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) paint: Paint,
    pub(crate) extent: Extent,
    /// The rows of the screen; `None` where all may be shown.
    pub(crate) screen: Option<usize>,
}

/// The rows of the screen that are left for the line that was typed and the next one.
pub(super) const AROUND: usize = 3;
/// A value gets so many rows, however long the report.
pub(super) const VALUE: usize = 6;
/// A line of a report takes no more rows.
const ROWS: usize = 4;

impl Look {
    /// Returns what `line` answers: the news, then the values, as far as there is room for them. With a newline at
    /// the end, unless there is nothing.
    pub(crate) fn answer(self, reply: &Reply, line: &str) -> String {
        let extent = Extent { limit: if reply.whole { None } else { self.extent.limit }, ..self.extent };
        let look = Self { extent, ..self };
        let mut text = String::new();
        look.report(reply, line, &mut text);
        if !reply.in_words {
            let rows = look.rows().map(|rows| {
                let left = self.screen.unwrap_or(rows).saturating_sub(rows_of(&text, extent.width) + AROUND);
                if reply.may_change() { left.max(VALUE) } else { rows.max(left) }
            });
            look.values(&reply.values, rows, &mut text);
        }
        text
    }

    /// Returns the number of lines of a list that are shown; `None`: all.
    pub(super) fn rows(self) -> Option<usize> {
        Some(self.extent.limit?.saturating_mul(4))
    }

    fn values(self, values: &[Val], rows: Option<usize>, text: &mut String) {
        let mut left = rows;
        for (at, value) in values.iter().enumerate() {
            if left == Some(0) {
                return self.more(values.len() - at, "value", "", text);
            }
            let start = text.len();
            excerpt(value, Extent { rows: left, ..self.extent }, |piece, part| match piece {
                Some(piece) => text.push_str(&self.paint.role(Role::Json(piece), &visible(part))),
                None => text.push_str(&self.paint.dim(part)),
            });
            text.push('\n');
            left = left.map(|left| left.saturating_sub(rows_of(&text[start..], self.extent.width)));
        }
    }

    /// Shows a text to read; what the commands of an example answer is dim.
    pub(super) fn page(self, page: &Page, text: &mut String) {
        for line in page.lines(self.extent.width) {
            let line = visible(&line);
            let is_answer = line.trim_start().starts_with("#=>");
            text.push_str(&if is_answer { self.paint.dim(&line) } else { line });
            text.push('\n');
        }
    }

    pub(super) fn sentence(self, sentence: &Sentence, text: &mut String) {
        if let Sentence::Change { of, change } = sentence {
            return self.change(of.as_deref(), change, text);
        }
        let line = visible(&sentence.to_string());
        let lines =
            line.split('\n').map(|line| wrapped(line, self.extent.width)).collect::<Vec<_>>().join("\n");
        let mut line = lines.as_str();
        if let (Some(_), Some((end, _))) = (self.extent.limit, lines.match_indices('\n').nth(ROWS - 1)) {
            line = &lines[..end];
        }
        text.push_str(&self.paint.role(sentence.into(), line));
        if line.len() < lines.len() {
            text.push_str(&self.paint.dim(" …"));
        }
        text.push('\n');
    }

    /// Says how many of a kind are not shown, and what else is to be said of them.
    pub(super) fn more(self, count: usize, one: &str, said: &str, text: &mut String) {
        if count > 0 {
            let several = if count == 1 { "" } else { "s" };
            let line = format!("… {} more {one}{several}{said}", grouped(count));
            text.push_str(&self.paint.dim(&wrapped(&line, self.extent.width)));
            text.push('\n');
        }
    }
}

/// Makes a line as a hint has it.
pub(super) fn short(line: &str) -> String {
    const LONGEST: usize = 40;
    let line = visible(line.trim());
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Returns the rows of the screen that a text with colours takes.
pub(super) fn rows_of(text: &str, width: usize) -> usize {
    let shown = |line: &str| {
        let mut before_rest = 0;
        let mut rest = line;
        while let Some((before, behind)) = rest.split_once('\u{1b}') {
            before_rest += columns(before);
            rest = behind.split_once('m').map_or("", |(_, rest)| rest);
        }
        before_rest + columns(rest)
    };
    text.lines().map(|line| shown(line).div_ceil(width.max(1)).max(1)).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::cli::Color;
    use super::*;
    use rejoin::session::Session;

    /// Returns what the last of the lines answers, on a terminal of so many columns.
    pub(crate) fn shown(lines: &[&str], width: usize, limit: Option<usize>) -> String {
        let mut session = Session::default();
        let replies: Vec<Reply> = lines.iter().map(|line| session.run(line).unwrap()).collect();
        let paint = Paint::new(Color::Never, &std::io::stdout());
        let look = Look { paint, extent: Extent { width, limit, rows: None }, screen: Some(24) };
        look.answer(replies.last().unwrap(), lines.last().unwrap())
    }

    #[test]
    fn what_changed_comes_first_and_then_the_value() {
        let start = r#"ref a {"todo": [{"id": 1}], "done": [], "name": "Foo"}"#;
        let swap = r#"swap a .done += [.todo[0]] | del(.todo[0]) | .name = "Bar" | .new = 1"#;
        let shown = shown(&[start, swap], 80, Some(10));
        let expected = "> .done[0] from .todo[0]\n~ .name \"Foo\" → \"Bar\"\n+ .new 1\n\
                        {\"todo\":[],\"done\":[{\"id\":1}],\"name\":\"Bar\",\"new\":1}\n";
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
        let text = paint.error_within(&error, &error.location(line), 20);
        assert_eq!(
            text,
            "swap a .t | lenght\n     ^\nerror: nothing has\n  the name `a`\n  [R010]\nhint: `refs` lists\n  the names"
        );
    }

    #[test]
    fn many_changes_are_counted() {
        let lines = ["ref a {}", "swap a ([range(100) | {(\"k\\(.)\"): 1}] | add)"];
        let shown = shown(&lines, 20, Some(3));
        assert!(
            shown.starts_with("+ .k0 1\n+ .k1 1\n+ .k2 1\n… 97 more changes\n{\n  \"k0\": 1,"),
            "{shown}"
        );
        let all = self::shown(&lines, 20, None);
        assert!(all.contains("+ .k99 1\n{\n"), "{all}");
    }

    #[test]
    fn a_single_change_more_is_shown() {
        let swap = |count: usize| format!("swap a ([range({count}) | {{(\"k\\(.)\"): 1}}] | add)");
        let shown = |count| self::shown(&["ref a {}", &swap(count)], 80, Some(3));
        assert!(shown(4).starts_with("+ .k0 1\n+ .k1 1\n+ .k2 1\n+ .k3 1\n{"), "{}", shown(4));
        assert!(shown(5).starts_with("+ .k0 1\n+ .k1 1\n+ .k2 1\n… 2 more changes\n{"), "{}", shown(5));
    }

    #[test]
    fn an_edit_and_what_it_changed_fit_the_screen() {
        let make = "ref a [range(1000) | {id: ., text: (\"x\" * (. * 7 % 300))}]";
        for (swap, first) in [
            ("swap a .[3].id = 0", "~ .[3].id 3 → 0\n"),
            ("swap a map(.new = 1)", "+ .[0].new 1\n"),
            ("swap a (\"x\" * 5000)", "~ . "),
        ] {
            for width in [40, 80] {
                let shown = shown(&[make, swap], width, Some(10));
                assert!(shown.starts_with(first), "{shown}");
                let rows = rows_of(&shown, width);
                assert!((10..=21).contains(&rows) || width == 40 && rows < 24, "{rows}: {shown}");
            }
        }
    }

    #[test]
    fn conflicts_and_lists_are_counted_and_the_last_changes_of_a_log_are_shown() {
        let mut lines = vec!["ref a {}".to_owned(), "branch a as b".to_owned()];
        for name in ["a", "b"] {
            lines.push(format!("swap {name} ([range(100) | {{(\"k\\(.)\"): \"{name}\"}}] | add)"));
        }
        lines.push("merge a b".to_owned());
        let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let merged = shown(&lines, 80, Some(10));
        for part in
            ["1 change new\n", "… 94 more changes\n", "… 94 more conflicts\n", "{\n  \"k0\": \"b\",\n"]
        {
            assert!(merged.contains(part), "{part}: {merged}");
        }
        assert_eq!(rows_of(&merged, 80), 21);
        lines.push("log a");
        let log = shown(&lines, 80, Some(10));
        assert!(log.starts_with("… 184 more lines; `log a --all` shows all\n"), "{log}");
        assert!(log.ends_with("  101@b puts \"b\" at key \"k99\" of map 1@a\n"), "{log}");
        assert_eq!(log.lines().count(), 21);
        lines.push("conflicts a");
        let conflicts = shown(&lines, 80, Some(3));
        assert!(conflicts.ends_with("… 88 more lines; `conflicts a --all` shows all\n"), "{conflicts}");
        lines.push("conflicts a --all");
        assert_eq!(shown(&lines, 80, Some(3)).lines().count(), 100);
    }

    #[test]
    fn several_values_have_no_more_rows_than_one() {
        let shown = shown(&["range(100) | [range(100)]"], 40, Some(10));
        assert!(shown.lines().count() <= 44, "{shown}");
        assert!(shown.ends_with(" more values\n"), "{shown}");
    }
}
