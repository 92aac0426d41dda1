//! Failures of a session file, as they are shown.

use rejoin::script::{DiffLine, Failure, Mismatch, Step};
use rejoin::session::CommandError;

use super::output::complain;
use super::paint::{Paint, on_a_line, visible};

/// Longer lines are compared part by part.
const SHORT: usize = 60;

/// The number of equal lines that are shown around those that differ.
const AROUND: usize = 2;

/// A listener that shows on standard error what does not hold in a file.
pub(crate) struct Failures<'a> {
    pub(crate) paint: Paint,
    /// The file.
    pub(crate) name: &'a str,
    /// The narration above the command.
    pub(crate) narration: &'a [&'a str],
}

impl Failures<'_> {
    /// Shows what a step did wrong: where, the narration, the command, and what it should have answered.
    pub(crate) fn show(&self, step: &Step, failure: &Failure) {
        match failure {
            Failure::Error(error) => self.error(step, error),
            Failure::Mismatches(mismatches) => {
                let shown = |(nth, mismatch)| self.mismatch(step, mismatch, nth == 0);
                mismatches.iter().enumerate().for_each(shown);
            }
        }
    }

    /// Shows an error that nothing expects: `FILE:LINE:COLUMN`, the caret, the message.
    pub(crate) fn error(&self, step: &Step, error: &CommandError) {
        let place = error.location(&step.text);
        let line = step.line + place.line - 1;
        let column = place.column + step.lead.chars().count();
        let mut text = format!("{}:{line}:{column}\n", on_a_line(self.name));
        for line in self.narration {
            text.push_str(&format!("{}\n", self.paint.dim(&visible(line))));
        }
        text.push_str(&self.paint.error(error, &place));
        complain(&format!("{text}\n"));
    }

    /// Shows an expectation that does not hold: `FILE:LINE`, the command, expected and actual.
    fn mismatch(&self, step: &Step, mismatch: &Mismatch, first: bool) {
        let Mismatch { line, expected, actual } = mismatch;
        let paint = self.paint;
        let mut text = format!("{}:{line}\n", on_a_line(self.name));
        if first {
            for line in self.narration {
                text.push_str(&format!("  {}\n", paint.dim(&visible(line))));
            }
            text.push_str(&format!("  {}\n", visible(&step.text).replace('\n', "\n  ")));
        }
        let is_short = |text: &str| text.chars().count() <= SHORT && !text.contains('\n');
        if is_short(expected) && is_short(actual) {
            let (expected, actual) = (paint.gone(expected), paint.come(actual));
            text.push_str(&format!("    expected: {expected}\n    actual:   {actual}\n"));
        } else {
            text.push_str("    expected (-) and actual (+):\n");
            for line in self.difference(&mismatch.diff()) {
                text.push_str(&format!("    {line}\n"));
            }
        }
        complain(&text);
    }

    /// Returns the lines that differ, and a few around them.
    fn difference(&self, lines: &[DiffLine]) -> Vec<String> {
        let differs = |line: &DiffLine| !matches!(line, DiffLine::Both(_));
        let near = |at: usize| {
            let around = at.saturating_sub(AROUND)..lines.len().min(at + AROUND + 1);
            lines[around].iter().any(differs)
        };
        // In the place of one line the dots would tell less than it.
        let far = |at: usize| at < lines.len() && !near(at);
        let skipped = |at: usize| far(at) && (far(at + 1) || at > 0 && far(at - 1));
        let mut shown = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            if skipped(at) {
                if at == 0 || !skipped(at - 1) {
                    shown.push(self.paint.dim("  …"));
                }
                continue;
            }
            shown.push(match line {
                DiffLine::Both(line) => format!("  {}", self.paint.plain(line)),
                DiffLine::Expected(line) => self.paint.gone(&format!("- {line}")),
                DiffLine::Actual(line) => self.paint.come(&format!("+ {line}")),
            });
        }
        shown
    }
}
