//! What the prompt shows of an answer: as much as one wants to read.

use rejoin::session::{Reply, Sentence};
use rejoin::value::{Difference, Extent, PathChange, Val, excerpt, grouped, print};
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
            self.report(&part.sentences(), &mut text);
        }
        text
    }

    fn value(self, value: &Val, text: &mut String) {
        excerpt(value, self.extent, |piece, part| match piece {
            Some(piece) => text.push_str(&self.paint.role(Role::Json(piece), part)),
            None => text.push_str(&self.paint.dim(part)),
        });
    }

    fn report(self, sentences: &[Sentence], text: &mut String) {
        // A text is as long as its author made it.
        let is_text = matches!(sentences, [Sentence::Text(_)]);
        let limit = self.extent.limit.filter(|_| !is_text);
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

    /// A line for what changed at a path: the sign and the path in the colour of its kind, the values cut
    /// to what is left of the line.
    fn change(self, of: Option<&str>, change: &PathChange, text: &mut String) {
        let PathChange { path, difference } = change;
        let sign = match difference {
            Difference::Added(_) => '+',
            Difference::Removed(_) => '-',
            Difference::Changed(..) => '~',
            Difference::Moved { .. } => '>',
        };
        let path = visible(&path.to_string());
        if let Some(name) = of {
            text.push_str(&self.paint.dim(&format!("{name}: ")));
        }
        let head = format!("{sign} {path}");
        let used = columns(&head) + of.map_or(0, |name| name.len() + 2);
        let room = self.extent.width.saturating_sub(used + 2).max(20);
        text.push_str(&self.paint.role(Role::from(difference), &head));
        text.push(' ');
        match difference {
            Difference::Added(value) | Difference::Removed(value) => self.short(value, room, text),
            Difference::Changed(old, new) => {
                self.short(old, room / 2 - 2, text);
                text.push_str(" → ");
                self.short(new, room / 2 - 2, text);
            }
            Difference::Moved { from } => text.push_str(&format!("from {}", visible(&from.to_string()))),
        }
        text.push('\n');
    }

    /// A value on one line, cut at so many columns.
    fn short(self, value: &Val, room: usize, text: &mut String) {
        let most = if self.extent.limit.is_none() { usize::MAX } else { room };
        let mut used = 0;
        let full = excerpt_width(value, most);
        print_until(value, |piece, part| {
            let fits: String = part
                .chars()
                .take_while(|c| {
                    used += c.width().unwrap_or(0);
                    full || used < most
                })
                .collect();
            text.push_str(&self.paint.role(Role::Json(piece), &fits));
            fits.len() == part.len()
        });
        if !full {
            text.push('…');
        }
    }
}

/// Whether a value takes no more than so many columns on one line.
fn excerpt_width(value: &Val, most: usize) -> bool {
    let mut sum = 0;
    print_until(value, |_, part| {
        sum += columns(part);
        sum <= most
    })
}

/// Prints pieces until one is not wanted; whether all were.
fn print_until(value: &Val, mut wants: impl FnMut(rejoin::value::Piece, &str) -> bool) -> bool {
    let mut all = true;
    print(value, |piece, part| {
        all = all && wants(piece, part);
    });
    all
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}
