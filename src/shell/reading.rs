//! Session files that `read` runs at the prompt: what is shown of them as they go, and no more than the screen has
//! room for.

use std::io::{self, IsTerminal, Write};

use rejoin::script::{Ran, Step};
use rejoin::session::{CommandError, Effect, Reply};
use rejoin::value::print_while;
use rejoin::value::width::{columns, cut};

use super::answer::Look;
use super::pager;
use super::paint::visible;
use super::theme::Role;

/// The number of bytes that are kept for the pager.
const KEPT: usize = 32 << 20;

/// A listener that shows the items of a file.
pub(crate) struct Reading {
    look: Look,
    /// So many lines may still be shown.
    left: usize,
    /// So many were not, and the first of them.
    hidden: usize,
    first_hidden: Option<String>,
    /// The command that reads the file, without a comment.
    command: String,
    /// Whether a command of the file changed something.
    changed: bool,
    /// All of them, if they go to the pager: then none is shown before.
    kept: Option<String>,
    /// Whether there were more than are kept.
    full: bool,
}

impl Reading {
    /// Makes the display of the file that `line` reads.
    pub(crate) fn new(look: Look, line: &str) -> Self {
        let whole = line.trim_end().ends_with("--all");
        // What comes while one waits for it is to be seen.
        let follows = line.trim_end().ends_with("--live");
        let left = look.extent.limit.filter(|_| !whole && !follows).map_or(usize::MAX, |limit| {
            let room = look.screen.unwrap_or(usize::MAX).saturating_sub(AROUND).max(1);
            limit.saturating_mul(4).min(room)
        });
        let kept = (whole && io::stdout().is_terminal()).then(String::new);
        let quoted = line.contains('"');
        let command = if quoted { line } else { line.split(" #").next().unwrap_or(line) };
        let command = visible(command.trim());
        Self { look, left, hidden: 0, first_hidden: None, command, changed: false, kept, full: false }
    }

    /// Tells whether the next line is shown, and not kept or counted.
    pub(crate) fn shows(&self) -> bool {
        self.left > 0 && self.kept.is_none()
    }

    /// Shows an item, as far as there is room.
    pub(crate) fn item(&mut self, out: &mut dyn Write, ran: Ran<'_>) -> io::Result<()> {
        match ran {
            Ran::Narration(text) => {
                let text = visible(text);
                self.line(out, |look, most| look.paint.dim(&cut(&text, most)))
            }
            Ran::Step { step, answer, .. } => self.step(out, step, answer),
        }
    }

    fn step(
        &mut self,
        out: &mut dyn Write,
        step: &Step,
        answer: &Result<Reply, CommandError>,
    ) -> io::Result<()> {
        for line in step.written().lines() {
            let line = visible(line);
            self.line(out, |_, most| cut(&line, most))?;
        }
        let reply = match answer {
            Ok(reply) => {
                self.changed |= reply.effect == Effect::Changed;
                reply
            }
            Err(error) => {
                let text = format!("error: {}", visible(&error.to_string()));
                return self
                    .line(out, |look, most| look.answered(&look.paint.role(Role::Error, &cut(&text, most))));
            }
        };
        for value in reply.values.iter().filter(|_| !reply.in_words) {
            self.line(out, |look, most| {
                let mut text = String::new();
                let mut left = most;
                print_while(value, |piece, part| {
                    let part = visible(part);
                    let shown = cut(&part, left);
                    text.push_str(&look.paint.role(Role::Json(piece), &shown));
                    left = left.saturating_sub(columns(&part));
                    shown.len() == part.len()
                });
                look.answered(&text)
            })?;
        }
        for sentence in reply.parts.iter().flat_map(|part| part.sentences()) {
            self.line(out, |look, most| {
                let text = visible(&sentence.to_string());
                look.answered(&look.paint.role(Role::from(&sentence), &cut(&text, most)))
            })?;
        }
        Ok(())
    }

    /// Shows a line, and keeps it. `text` gets the columns that it may take.
    fn line(&mut self, out: &mut dyn Write, text: impl Fn(Look, usize) -> String) -> io::Result<()> {
        if let Some(kept) = &mut self.kept {
            if kept.len() < KEPT {
                kept.push_str(&text(self.look, usize::MAX));
                kept.push('\n');
            }
            self.full = kept.len() >= KEPT;
            return Ok(());
        }
        if self.left == 0 {
            if self.hidden == 0 {
                self.first_hidden = Some(text(self.look, self.columns()));
            }
            self.hidden += 1;
            return Ok(());
        }
        let most = if self.left == usize::MAX {
            usize::MAX
        } else {
            self.left -= 1;
            self.columns()
        };
        writeln!(out, "{}", text(self.look, most))
    }

    /// Returns the columns that a line may take where not all lines are shown.
    fn columns(&self) -> usize {
        self.look.extent.width.saturating_sub(ANSWER.len() + 1)
    }

    /// Says how many lines were not shown, and how to see them; a single one is shown.
    fn rest(self) -> String {
        let mut text = String::new();
        match self.first_hidden {
            // It takes no more room than what would be said of it.
            Some(line) if self.hidden == 1 => {
                text.push_str(&line);
                text.push('\n');
            }
            _ => {
                // What the file made is in the way of reading it again.
                let undo = if self.changed { "`undo`, then " } else { "" };
                let all = format!("; {undo}`{} --all` shows everything", self.command);
                self.look.more(self.hidden, "line", &all, &mut text);
            }
        }
        text
    }

    /// Shows what was not shown, or says how much that is; then how it ended, if it did well.
    pub(crate) fn end(self, end: &str, screen: (usize, usize)) -> io::Result<()> {
        if let Some(mut all) = self.kept {
            if self.full {
                all.push_str(&self.look.paint.dim("… `rejoin run FILE` prints the rest"));
                all.push('\n');
            }
            return pager::show(&(all + end), screen);
        }
        write!(io::stdout(), "{}{end}", self.rest())
    }
}

/// The rows of the screen that are left for the line that was typed, what is told at the end, and the next line.
const AROUND: usize = 4;

/// The mark in front of an answer.
const ANSWER: &str = "#=> ";

impl Look {
    fn answered(self, text: &str) -> String {
        format!("{}{text}", self.paint.dim(ANSWER))
    }
}

#[cfg(test)]
mod tests {
    use rejoin::value::Extent;

    use super::super::cli::Color;
    use super::super::paint::Paint;
    use super::*;

    /// Returns what is shown of a file of so many lines behind those that there is room for.
    fn rest(line: &str, lines: usize, width: usize) -> String {
        let paint = Paint::new(Color::Never, &io::stdout());
        let extent = Extent { width, limit: Some(2), rows: None };
        let mut reading = Reading::new(Look { paint, extent, screen: Some(24) }, line);
        let mut shown = Vec::new();
        for at in 0..lines {
            reading.item(&mut shown, Ran::Narration(&format!("# line {at}"))).unwrap();
        }
        assert_eq!(String::from_utf8(shown).unwrap().lines().count(), lines.min(8));
        reading.rest()
    }

    #[test]
    fn what_is_left_out_is_counted_and_a_single_line_is_shown() {
        assert_eq!(rest("read a.rejoin", 8, 80), "");
        assert_eq!(rest("read a.rejoin", 9, 80), "# line 8\n");
        let more = "… 2 more lines; `read a.rejoin --all` shows everything\n";
        assert_eq!(rest("read a.rejoin # again", 10, 80), more);
        assert_eq!(
            rest("read a.rejoin", 10, 20),
            "… 2 more lines;\n  `read a.rejoin\n  --all` shows\n  everything\n"
        );
        assert_eq!(rest("read \"a # b\"", 10, 80), more.replace("a.rejoin", "\"a # b\""));
    }
}
