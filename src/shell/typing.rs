//! The line while it is typed: what completes it, what can follow, what it looks like.

use std::borrow::Cow;
use std::cell::Cell;

use rejoin::filter::LexemeKind;
use rejoin::script::{Item, Script};
use rejoin::session::{Highlight, HighlightKind, Session, needs_more, partner};
use rejoin::value::Piece;
use rejoin::value::width::columns;
use rustyline::completion::{Completer, FilenameCompleter, Pair, longest_common_prefix};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Changeset, CompletionType, Context, Helper};

use super::paint::Paint;
use super::pasted::{self, Pasted};
use super::resize::Window;
use super::theme::Role;

/// Longer lines are not looked at while they are typed: each key would cost it.
const LONGEST: usize = 10_000;

/// A session, and how its lines look while they are typed.
pub(crate) struct Typing {
    pub(crate) session: Session,
    pub(crate) paint: Paint,
    /// The columns and rows of the terminal.
    pub(crate) screen: (usize, usize),
    pub(crate) window: Window,
    /// The columns of the hint that is shown.
    hint: Cell<usize>,
    files: FilenameCompleter,
    history: HistoryHinter,
    /// Whether the line is shown for the last time, before it runs.
    last: Cell<bool>,
}

impl Typing {
    pub(crate) fn new(session: Session, paint: Paint) -> Self {
        let (files, history) = (FilenameCompleter::new(), HistoryHinter::new());
        let (window, hint, last) = (Window::default(), Cell::new(0), Cell::new(false));
        Self { session, paint, screen: (80, 24), window, hint, files, history, last }
    }
}

impl Typing {
    /// Returns what the words of a block of commands are.
    fn highlights(&self, block: &str) -> Vec<Highlight> {
        if let Some(pasted) = self.pasted(block) {
            let kind = HighlightKind::Code(LexemeKind::Comment);
            return pasted.others.into_iter().map(|span| Highlight { span, kind }).collect();
        }
        let mut highlights = Vec::new();
        for (begin, text) in commands(block) {
            let shifted = |highlight: Highlight| Highlight {
                span: begin + highlight.span.start..begin + highlight.span.end,
                ..highlight
            };
            highlights.extend(self.session.highlights(&text).into_iter().map(shifted));
        }
        highlights
    }
}

/// Returns the commands and comments of a block, each with where it begins.
fn commands(block: &str) -> Vec<(usize, String)> {
    // A single line is one, finished or not.
    if !block.contains('\n') {
        return vec![(0, block.to_owned())];
    }
    let mut commands = Vec::new();
    let mut begin = 0;
    for item in Script::parse(block).items {
        let text = match item {
            Item::Narration(text) | Item::Prose(text) | Item::Fence { text, .. } => text,
            Item::Step(step) => step.text,
        };
        // Lines that are no items, such as expectations, are passed over.
        let Some(at) = block[begin..].find(&text) else { continue };
        begin += at;
        let end = begin + text.len();
        commands.push((begin, text));
        begin = end;
    }
    commands
}

impl Completer for Typing {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..pos).unwrap_or(line);
        let begin = commands(typed).last().map_or(0, |(begin, _)| *begin);
        let line = &line[begin..];
        let pos = pos - begin;
        let mut found = self.session.complete(line, pos);
        if found.files {
            let (start, files) = self.files.complete_path(&line[found.start..pos], pos - found.start)?;
            return Ok((begin + found.start + start, listed(files, self.screen)));
        }
        found.start += begin;
        let pairs = found.candidates.into_iter();
        let pairs = pairs.map(|it| Pair { display: it.shown, replacement: it.text });
        Ok((found.start, listed(pairs.collect(), self.screen)))
    }

    fn update(&self, line: &mut LineBuffer, start: usize, elected: &str, changes: &mut Changeset) {
        let end = line.pos();
        let (behind, blank) = joined(elected, &line.as_str()[end..]);
        let text = if blank { elected.trim_end() } else { elected };
        line.replace(start..end + behind, text, changes);
        if blank {
            line.set_pos(line.pos() + 1);
        }
    }
}

/// Counts how many bytes of what stands behind the cursor are the end of what completes the word, and whether a blank
/// follows that the completion would bring.
fn joined(elected: &str, behind: &str) -> (usize, bool) {
    let word = elected.trim_end();
    let is_word = |c: char| c.is_alphanumeric() || "_-".contains(c);
    let rest = behind.find(|c| !is_word(c)).unwrap_or(behind.len());
    let closed = behind.find(|c| !"\"])(".contains(c)).unwrap_or(behind.len());
    let is_end = |length: &usize| word.ends_with(&behind[..*length]);
    let same = (1..=closed).rev().find(is_end).or(Some(rest).filter(is_end)).unwrap_or(0);
    (same, elected.len() > word.len() && behind[same..].starts_with(' '))
}

/// Returns as many as can be listed on the screen, and whether there are more. A longer list would have to be left
/// before one can type on.
fn listed(mut pairs: Vec<Pair>, (screen, rows): (usize, usize)) -> Vec<Pair> {
    const GAP: usize = 2;
    const MORE: &str = "… and more";
    let widest = pairs.iter().map(|pair| columns(&pair.display)).max().unwrap_or(0).max(columns(MORE));
    // Above and below the list stands the line.
    let most = (screen / (widest + GAP)).max(1) * rows.saturating_sub(3).max(1);
    if pairs.len() > most {
        let common = longest_common_prefix(&pairs).unwrap_or_default().to_owned();
        pairs.truncate(most - 1);
        pairs.push(Pair { display: MORE.to_owned(), replacement: common });
    }
    pairs
}

/// A text that can follow what is typed.
pub(crate) struct Follows {
    shown: String,
    /// What a key puts behind the line.
    taken: Option<String>,
}

impl Hint for Follows {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.taken.as_deref()
    }
}

impl Hinter for Typing {
    type Hint = Follows;

    /// Returns what can follow, each time before the line is drawn.
    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Follows> {
        self.window.before_drawing(line, pos, self.hint.get());
        let follows = self.follows(line, pos, context);
        self.hint.set(follows.as_ref().map_or(0, |follows| columns(&follows.shown)));
        follows
    }
}

impl Typing {
    /// Returns the rest of a line of the history, or of the signature of the command.
    fn follows(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Follows> {
        if !self.session.settings().hints
            || pos < line.len()
            || line.len() > LONGEST
            || line.trim().is_empty()
        {
            return None;
        }
        let command = commands(line).last().map_or(line, |(begin, _)| &line[*begin..]);
        if let Some(usage) = self.session.usage_hint(command) {
            // Without colour a hint must not look as if it were typed.
            let shown = if self.paint.is_on() { usage } else { format!("  ({})", usage.trim_start()) };
            return Some(Follows { shown, taken: None });
        }
        let hint = self.history.hint(line, pos, context)?;
        let shows = self.paint.is_on() && !hint.contains('\n');
        shows.then(|| Follows { shown: hint.clone(), taken: Some(hint) })
    }
}

impl Highlighter for Typing {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if line.len() > LONGEST {
            return Cow::Borrowed(line);
        }
        let highlights = self.highlights(line);
        let pair = if self.last.get() { None } else { partner(line, &highlights, pos) };
        let is_partner = |at| pair.is_some_and(|(open, close)| at == open || at == close);
        let mut shown = String::with_capacity(line.len() * 2);
        let mut at = 0;
        for highlight in highlights {
            let (Some(gap), Some(text)) =
                (line.get(at..highlight.span.start), line.get(highlight.span.clone()))
            else {
                continue;
            };
            shown.push_str(gap);
            let role =
                if is_partner(highlight.span.start) { Some(Role::Partner) } else { role(highlight.kind) };
            match role {
                Some(role) => shown.push_str(&self.paint.typed(role, text)),
                None => shown.push_str(text),
            }
            at = highlight.span.end;
        }
        shown.push_str(&line[at..]);
        Cow::Owned(shown)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(self.paint.dim(prompt))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.paint.dim(hint))
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        Cow::Borrowed(candidate)
    }

    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        self.last.set(kind == CmdKind::ForcedRefresh);
        line.len() <= LONGEST
    }
}

/// Returns what a word looks like; `None`: as it is.
fn role(kind: HighlightKind) -> Option<Role> {
    let role = match kind {
        HighlightKind::Command => Role::Command,
        HighlightKind::Name(_) => Role::Name,
        HighlightKind::Word => Role::Keyword,
        HighlightKind::Unknown => Role::Unknown,
        HighlightKind::Code(kind) => match kind {
            LexemeKind::Keyword => Role::Keyword,
            LexemeKind::Name => Role::Filter,
            LexemeKind::Key => Role::Json(Piece::Key),
            LexemeKind::Variable => Role::Variable,
            LexemeKind::Number => Role::Json(Piece::Number),
            LexemeKind::String => Role::Json(Piece::String),
            LexemeKind::Constant => Role::Json(Piece::Bool),
            LexemeKind::Comment => Role::Dim,
            LexemeKind::Symbol | LexemeKind::Bracket | LexemeKind::Unreadable => return None,
        },
    };
    Some(role)
}

impl Typing {
    /// Returns the commands of a block that is a transcript.
    pub(crate) fn pasted(&self, block: &str) -> Option<Pasted> {
        pasted::commands(block, |name| self.session.entries().any(|(known, _)| known == name))
    }

    /// Tells whether more is to come: of a block of commands the last one tells.
    pub(crate) fn is_open(&self, block: &str) -> bool {
        let pasted = self.pasted(block);
        let block = pasted.as_ref().map_or(block, |pasted| &pasted.text);
        Script::parse(block).steps().last().is_some_and(|step| needs_more(&step.text))
    }
}

impl Validator for Typing {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if self.is_open(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Helper for Typing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_for_the_screen_says_that_there_are_more() {
        let pairs = |count: usize| -> Vec<Pair> {
            let pair = |at| Pair { display: format!("{at}"), replacement: format!(".key{at} ") };
            (0..count).map(pair).collect()
        };
        let shown = |count, screen| -> Vec<String> {
            listed(pairs(count), screen).into_iter().map(|pair| pair.display).collect()
        };
        assert_eq!(shown(4, (10, 7)), ["0", "1", "2", "3"]);
        assert_eq!(shown(5, (10, 7)), ["0", "1", "2", "… and more"]);
        assert_eq!(shown(9, (48, 5)), ["0", "1", "2", "3", "4", "5", "6", "… and more"]);
        assert_eq!(shown(3, (1, 1)), ["… and more"]);
        // The beginning that all have in common is that of all.
        let mut mixed = pairs(4);
        mixed.push(Pair { display: "other".into(), replacement: ".kind".into() });
        let fitting = listed(mixed, (10, 7));
        assert_eq!(longest_common_prefix(&fitting), Some(".k"));
    }

    #[test]
    fn what_stands_behind_the_cursor_is_not_there_twice() {
        let rows = [
            ("origin ", "", (0, false)),
            ("origin ", " .name", (0, true)),
            ("origin ", "igin .name", (4, true)),
            ("origin ", "xyz .name", (0, false)),
            (".name", "me]", (2, false)),
            (".name", "]", (0, false)),
            ("[\"two words\"]", "\"] | length", (2, false)),
            ("map(", "(.x)", (1, false)),
            ("swap ", "ap a", (2, true)),
        ];
        for (elected, behind, expected) in rows {
            assert_eq!(joined(elected, behind), expected, "{elected}|{behind}");
        }
    }

    #[test]
    fn a_block_is_its_commands_and_comments() {
        let begins = |block: &str| commands(block).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(begins("swap a .x"), [0]);
        assert_eq!(begins(""), [0]);
        assert_eq!(begins("ref a {\n1}\nswap a"), [0, 11]);
        assert_eq!(begins("# é\nref a 1\n#=> 1\na"), [0, 5, 19]);
        assert_eq!(begins("a\na\na"), [0, 2, 4]);
        let block = "# why\nref a 1\nswap a .x";
        assert!(commands(block).iter().all(|(at, text)| block[*at..].starts_with(text)));
    }
}
