//! Blessing: rewrites the expectations of a session file that do not hold.

use std::path::Path;

use thiserror::Error;

use crate::script::check::{expects, is_line};
use crate::script::markdown::lead;
use crate::script::parse::written_line;
use crate::script::pattern::lines as lines_of;
use crate::script::similar::most_similar;
use crate::script::{
    Expectation, Expected, Failure, Host, Mistake, Pattern, Ran, Script, Step, answers, run_with,
};
use crate::session::{CommandError, Reply, Session};
use crate::value::{Piece, Val, print, text};

/// A session file with expectations that hold.
#[derive(Debug, Clone)]
pub struct Blessing {
    /// The whole file.
    pub text: String,
    /// What was changed in it, in order; nothing when all held.
    pub edits: Vec<Edit>,
}

/// Lines of a file that became others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The line where the removed ones start, or before which the added ones stand, from 1.
    pub line: usize,
    /// The command that they are below.
    pub command: String,
    /// The lines that went.
    pub removed: Vec<String>,
    /// The lines that came.
    pub added: Vec<String>,
    /// How many `...` went, because nothing around them holds any more.
    pub lost_dots: usize,
}

/// The reason why a session file stays as it is.
#[derive(Debug, Clone, Error)]
pub enum NotBlessed {
    /// A command fails, and nothing expects that.
    #[error("a command fails, and nothing expects that: {error}")]
    Failed {
        /// The command.
        step: Box<Step>,
        /// Its error.
        error: CommandError,
    },
    /// Something in the file looks like what it is not.
    #[error("{0}")]
    Mistake(Mistake),
    /// Somebody interrupted before all commands had run.
    #[error("interrupted")]
    Interrupted,
    /// What the file answers cannot be written down so that it holds.
    #[error("the answer cannot be written down so that it holds")]
    Unsteady {
        /// The line of an expectation that would not hold.
        line: usize,
    },
}

/// Rewrites the expectations of a session file that do not hold, and with `all` writes some below each
/// command that has none. Everything else stays as it is, byte for byte: what holds, comments, line
/// endings.
///
/// Values take the place of values; in them each `...` stays that can, and stands for what it stood for. Of the lines
/// of a report those that hold stay, and the others become what the report has between those. `start` makes what each
/// run of the file needs.
///
/// # Errors
/// The file has something that needs a person.
pub fn bless(
    name: &Path,
    old: &str,
    all: bool,
    start: impl Fn() -> (Host, Session),
) -> Result<Blessing, NotBlessed> {
    let mut changes = Vec::new();
    let script = Script::parse_file(name, old);
    if let Some(mistake) = script.mistakes.first() {
        return Err(NotBlessed::Mistake(mistake.clone()));
    }
    let is_spaced = writes_blanks(&script);
    let each = |ran: Ran<'_>| {
        let Ran::Step { step, answer, failure } = ran else { return Ok(()) };
        match failure {
            Some(Failure::Error(error)) => {
                return Err(NotBlessed::Failed { step: Box::new(step.clone()), error: error.clone() });
            }
            Some(Failure::Mismatches(_)) => changes.extend(rewritten(step, answer, is_spaced)),
            None if all && step.expectations.is_empty() => {
                let lines = shown(answer, is_spaced);
                changes.push(Change {
                    below: step.last_line(),
                    replaces: 0,
                    lines,
                    lost_dots: 0,
                    quotes: step.lead.matches('>').count(),
                    step: step.text.clone(),
                });
            }
            None => {}
        }
        Ok(())
    };
    let (mut host, mut session) = start();
    let outcome = run_with(&mut host, &mut session, &script, each)?;
    if outcome.interrupted.is_some() {
        return Err(NotBlessed::Interrupted);
    }
    changes.retain(|change| change.replaces > 0 || !change.lines.is_empty());
    changes.sort_by_key(|change| change.below);
    let blessing = apply(old, &changes);
    if !blessing.edits.is_empty() {
        holds(name, &blessing.text, start())?;
    }
    Ok(blessing)
}

/// Tells whether values are written with blanks in this file: as in its expectations, or in its commands when no
/// expectation tells.
fn writes_blanks(script: &Script) -> bool {
    let has = |text: &str, marks: [&str; 2]| marks.iter().any(|mark| text.contains(mark));
    let expectations = script.steps().flat_map(|step| &step.expectations);
    let values = expectations.filter(|e| matches!(e.expected, Expected::Value(_))).map(|e| &*e.text);
    let values: Vec<&str> = values.filter(|text| has(text, [",", ":"])).collect();
    match values.is_empty() {
        true => script.steps().any(|step| has(&step.text, [", ", ": "])),
        false => values.iter().any(|text| has(text, [", ", ": "])),
    }
}

/// New lines below a line, or in its place.
struct Change {
    below: usize,
    /// So many lines from that one on go; with none, the new ones stand below it.
    replaces: usize,
    lines: Vec<String>,
    /// How many `...` went.
    lost_dots: usize,
    /// In so many block quotes the lines are.
    quotes: usize,
    step: String,
}

/// Returns what a command answers, as a person would write it who writes `spaced` values.
fn shown(answer: &Result<Reply, CommandError>, is_spaced: bool) -> Vec<String> {
    match answer {
        Ok(reply) if is_spaced => {
            let (values, lines) = reply.shown();
            let lines = lines.iter().map(|line| written_line(line));
            values.iter().map(|value| json(value, true)).chain(lines).collect()
        }
        _ => answers(answer),
    }
}

fn json(value: &Val, is_spaced: bool) -> String {
    Pattern::literal(&on_a_line(value, is_spaced)).into_owned()
}

fn on_a_line(value: &Val, is_spaced: bool) -> String {
    if !is_spaced {
        return text(value);
    }
    let mut text = String::new();
    print(value, |piece, part| {
        text.push_str(part);
        if piece == Piece::Punctuation && [",", ":"].contains(&part) {
            text.push(' ');
        }
    });
    text
}

/// The width of values that are written over several lines.
const WIDTH: usize = 80;

/// Writes a value as the expectation writes it of which it takes the place: with its `...` where they can stay, on one line
/// or over several.
fn like(old: &Expectation, value: &Val, is_spaced: bool) -> Vec<String> {
    let new = Pattern::updated(&old.text, value);
    if old.lines() == 1 {
        return vec![new.written(|value| on_a_line(value, is_spaced))];
    }
    let mut text = new.written(|value| lines_of(value, WIDTH));
    if !text.contains('\n') {
        // It is short enough for one line, and was not on one.
        let width = text.chars().count().saturating_sub(1);
        text = new.written(|value| lines_of(value, width));
    }
    text.lines().map(str::to_owned).collect()
}

/// Returns what becomes of each expectation of a step that has one that does not hold.
fn rewritten(step: &Step, answer: &Result<Reply, CommandError>, is_spaced: bool) -> Vec<Change> {
    let expectations = &step.expectations;
    let is_error = |e: &Expectation| matches!(e.expected, Expected::Error(_));
    let mut changes: Vec<Option<Vec<String>>> = vec![None; expectations.len()];
    match answer {
        Err(error) => {
            let message = error.to_string();
            let mut told = expectations.iter().any(|e| expects(e, &message));
            for (expectation, change) in expectations.iter().zip(&mut changes) {
                if !expects(expectation, &message) {
                    let takes = is_error(expectation) && !std::mem::replace(&mut told, true);
                    *change = Some(if takes { answers(answer) } else { Vec::new() });
                }
            }
        }
        Ok(_) if expectations.iter().all(is_error) => {
            changes.fill(Some(Vec::new()));
            changes[0] = Some(shown(answer, is_spaced));
        }
        Ok(reply) => {
            values(expectations, reply, is_spaced, &mut changes);
            lines(expectations, reply, &mut changes);
            for (_, change) in expectations.iter().zip(&mut changes).filter(|(e, _)| is_error(e)) {
                *change = Some(Vec::new());
            }
        }
    }
    let changed = expectations.iter().zip(changes).filter_map(|(expectation, lines)| {
        let lines = lines?;
        let kept = Expected::dots(&lines.join("\n"));
        Some(Change {
            below: expectation.line,
            replaces: expectation.lines(),
            lost_dots: Expected::dots(&expectation.text).saturating_sub(kept),
            lines,
            quotes: step.lead.matches('>').count(),
            step: step.text.clone(),
        })
    });
    changed.collect()
}

fn values(expectations: &[Expectation], reply: &Reply, is_spaced: bool, changes: &mut [Option<Vec<String>>]) {
    let mut values = reply.values.iter();
    for (expectation, change) in expectations.iter().zip(changes) {
        if let Expected::Value(expected) = &expectation.expected {
            match values.next() {
                Some(value) if expected.matches(value) => {}
                value => {
                    *change = Some(
                        value.into_iter().flat_map(|value| like(expectation, value, is_spaced)).collect(),
                    );
                }
            }
        }
    }
}

/// Rewrites lines that fail: between two that hold each becomes one line of the report there, the most similar ones
/// in their order; those for which there is none go.
fn lines(expectations: &[Expectation], reply: &Reply, changes: &mut [Option<Vec<String>>]) {
    let report = reply.lines();
    let mut at = 0;
    // The expectations that fail since the last one that holds.
    let mut failed: Vec<usize> = Vec::new();
    let mut settle = |failed: &mut Vec<usize>, between: &[String]| {
        let old: Vec<&str> = failed.iter().map(|which| &*expectations[*which].text).collect();
        for (which, line) in failed.drain(..).zip(most_similar(&old, between)) {
            changes[which] = Some(line.map(|line| written_line(line)).into_iter().collect());
        }
    };
    for (which, expectation) in expectations.iter().enumerate() {
        if !matches!(expectation.expected, Expected::Line) {
            continue;
        }
        match report[at..].iter().position(|line| is_line(expectation, line)) {
            Some(found) => {
                settle(&mut failed, &report[at..at + found]);
                at += found + 1;
            }
            None => failed.push(which),
        }
    }
    settle(&mut failed, &report[at..]);
}

/// Puts the changes into the text.
fn apply(old: &str, changes: &[Change]) -> Blessing {
    let ending = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let bare = |line: &'_ str| line.trim_end_matches(['\r', '\n']).len();
    let mut changes = changes.iter().peekable();
    let mut text = String::with_capacity(old.len());
    let mut edits: Vec<Edit> = Vec::new();
    let mut lines = (1..).zip(old.split_inclusive('\n'));
    while let Some((number, first)) = lines.next() {
        let Some(change) = changes.next_if(|change| change.below == number) else {
            text.push_str(first);
            continue;
        };
        let mut there = vec![first];
        there.extend(lines.by_ref().take(change.replaces.saturating_sub(1)).map(|(_, line)| line));
        let last = there.last().copied().unwrap_or(first);
        let own = &last[bare(last)..];
        let first = &first[..bare(first)];
        let quoted = lead(first, change.quotes).map_or(0, str::len);
        let margin = &first[..first.len() - first[quoted..].trim_start().len()];
        let added: Vec<String> = change.lines.iter().map(|line| format!("{margin}#=> {line}")).collect();
        let mut new: Vec<&str> = added.iter().map(String::as_str).collect();
        if change.replaces == 0 {
            new.insert(0, first);
        }
        let between = if own.is_empty() { ending } else { own };
        for (nth, line) in new.iter().enumerate() {
            text.push_str(line);
            text.push_str(if nth + 1 < new.len() { between } else { own });
        }
        let replaces = change.replaces > 0;
        let removed: Vec<String> = match replaces {
            true => there.iter().map(|line| line[..bare(line)].to_owned()).collect(),
            false => Vec::new(),
        };
        let line = if replaces { number } else { number + 1 };
        match edits.last_mut() {
            // Lines that stand together are one piece of the difference.
            Some(last) if replaces && last.line + last.removed.len() == number => {
                last.removed.extend(removed);
                last.added.extend(added);
                last.lost_dots += change.lost_dots;
            }
            _ => edits.push(Edit {
                line,
                command: change.step.clone(),
                removed,
                added,
                lost_dots: change.lost_dots,
            }),
        }
    }
    Blessing { text, edits }
}

/// Runs what was written, from its text: it must hold.
fn holds(name: &Path, text: &str, (mut host, mut session): (Host, Session)) -> Result<(), NotBlessed> {
    let each = |ran: Ran<'_>| match ran {
        Ran::Step { failure: Some(failure), step, .. } => Err(NotBlessed::Unsteady {
            line: match failure {
                Failure::Mismatches(mismatches) => mismatches.first().map_or(step.line, |first| first.line),
                Failure::Error(_) => step.line,
            },
        }),
        _ => Ok(()),
    };
    let outcome = run_with(&mut host, &mut session, &Script::parse_file(name, text), each)?;
    outcome.interrupted.map_or(Ok(()), |_| Err(NotBlessed::Interrupted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blessed(name: &str, old: &str, all: bool) -> Result<Blessing, NotBlessed> {
        let start = || (Host::without_files(), Session::default());
        let blessing = bless(Path::new(name), old, all, start)?;
        let again = bless(Path::new(name), &blessing.text, all, start)?;
        assert_eq!((&again.text, again.edits.len()), (&blessing.text, 0), "a second time changes nothing");
        Ok(blessing)
    }

    #[test]
    fn what_does_not_hold_is_rewritten_and_the_rest_stays() {
        let rows = [
            ("ref a 1\n#=> 1\n", "ref a 1\n#=> 1\n"),
            ("ref a 1\n  #=>   2\n", "ref a 1\n  #=> 1\n"),
            ("ref a 1\r\n#=> 2\r\n# Hello. \r\n\r\n", "ref a 1\r\n#=> 1\r\n# Hello. \r\n\r\n"),
            ("ref a 1\n#=> 2", "ref a 1\n#=> 1"),
            ("ref a [1]\n#=> [1, ...]\n#=> actor b", "ref a [1]\n#=> [1, ...]\n#=> actor a"),
            ("ref a {\"x\":[1,2]}\n#=> {\"x\": 1}\n", "ref a {\"x\":[1,2]}\n#=> {\"x\": [1, 2]}\n"),
            ("ref a {\"x\":[1,2]}\n#=> {\"x\":1}\n", "ref a {\"x\":[1,2]}\n#=> {\"x\":[1,2]}\n"),
            ("ref a [1,2]\na[]\n#=> 1\n#=> 3\n#=> 4\n", "ref a [1,2]\na[]\n#=> 1\n#=> 2\n"),
            (
                "ref a {\"x\":[1,2]}\n#=> {\n#=>   \"x\": [1,2]\n#=> }\n",
                "ref a {\"x\":[1,2]}\n#=> {\n#=>   \"x\": [1,2]\n#=> }\n",
            ),
            (
                "ref a [1,2]\n  #=> [\n  #=>  3\n #=> ]\na\n#=> 1\n",
                "ref a [1,2]\n  #=> [\n  #=>   1,\n  #=>   2\n  #=> ]\na\n#=> [1,2]\n",
            ),
            ("ref a 1\n#=> [\n#=> 2]", "ref a 1\n#=> 1"),
            (
                "{x: [range(4)], y: 1}\n#=> {\n#=> }\n# x\n",
                "{x: [range(4)], y: 1}\n#=> {\n#=>   \"x\": [0,1,2,3],\n#=>   \"y\": 1\n#=> }\n# x\n",
            ),
            ("\"a...\"\n#=> \"b...\"\n", "\"a...\"\n#=> \"a\\...\"\n"),
            (
                "error(\"a...\")\n#=> error: b\n",
                "error(\"a...\")\n#=> error: `error(\"a\\...\")` failed: a\\...\n",
            ),
            ("b\n#=> error: no\n", "b\n#=> error: `b` is neither a command nor a name\n"),
            ("b\n#=> error: ... nor a name\n#=> 1\n", "b\n#=> error: ... nor a name\n"),
            ("ref a 1\n#=> error: no\n#=> 7\n", "ref a 1\n#=> 1\n"),
            ("ref a {}\n#=> error: no\n#=> {...}\n#=> actor ...\n", "ref a {}\n#=> {...}\n#=> actor ...\n"),
            (
                "ref a {}\nswap a .x=1|.y=2|.z=3\n#=> + .y 1\n#=> + .z ...\n",
                "ref a {}\nswap a .x=1|.y=2|.z=3\n#=> + .y 2\n#=> + .z ...\n",
            ),
            (
                "ref a {}\nswap a .x=1|.y=2|.z=3\n#=> + .w 1\n#=> + .y 2\n#=> + .u 3\n#=> {}\n",
                "ref a {}\nswap a .x=1|.y=2|.z=3\n#=> + .x 1\n#=> + .y 2\n#=> + .z 3\n#=> {\"x\":1,\"y\":2,\"z\":3}\n",
            ),
        ];
        for (old, new) in rows {
            assert_eq!(blessed("a.rejoin", old, false).unwrap().text, new, "{old}");
        }
    }

    #[test]
    fn with_all_every_command_gets_expectations() {
        let rows = [
            ("ref a 1", "ref a 1\n#=> 1\n#=> actor a"),
            (
                "# x\n  ref a [\n1]\r\n\r\na\r\n",
                "# x\n  ref a [\n1]\r\n#=> [1]\r\n#=> actor a\r\n\r\na\r\n#=> [1]\r\n",
            ),
            ("ref a 1\n#=> actor a\nquit\n", "ref a 1\n#=> actor a\nquit\n"),
        ];
        for (old, new) in rows {
            assert_eq!(blessed("a.rejoin", old, true).unwrap().text, new, "{old}");
        }
        let old = "Text\n- item\n  ```rejoin\n  ref a 1\n  ```\n- 2\n```rejoin fresh\nref a 2\n#=> 3\n```\n";
        let new = "Text\n- item\n  ```rejoin\n  ref a 1\n  #=> 1\n  #=> actor a\n  ```\n- 2\n```rejoin fresh\nref a 2\n#=> 2\n```\n";
        assert_eq!(blessed("a.md", old, true).unwrap().text, new);
    }

    #[test]
    fn block_quotes_and_lists_keep_their_marks() {
        let old = "> [!NOTE]\n> ```rejoin\n> ref a [\n>1]\n>  #=>  [2]\n> a\n> ```\n> - ```rejoin\r\n>\t  a\n>   a \n>   #=> 3\n";
        let new = "> [!NOTE]\n> ```rejoin\n> ref a [\n>1]\n>  #=> [1]\n> a\n> #=> [1]\n> ```\n> - ```rejoin\r\n>\t  a\n>\t  #=> [1]\n>   a \n>   #=> [1]\n";
        assert_eq!(blessed("a.md", old, true).unwrap().text, new);
    }

    #[test]
    fn the_edits_say_what_was_done() {
        let blessing = blessed("a.rejoin", "ref a 1\n#=> 2\n#=> actor b\na\n", true).unwrap();
        let edit = |line, command: &str, removed: &[&str], added: &[&str]| {
            let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            Edit {
                line,
                command: command.to_owned(),
                removed: owned(removed),
                added: owned(added),
                lost_dots: 0,
            }
        };
        let edits = [
            edit(2, "ref a 1", &["#=> 2", "#=> actor b"], &["#=> 1", "#=> actor a"]),
            edit(5, "a", &[], &["#=> 1"]),
        ];
        assert_eq!(blessing.edits, edits);
    }

    #[test]
    fn dots_stay_in_what_is_rewritten() {
        let rows = [
            (
                "{id: \"n-7\", n: 2}\n#=> {\"id\": \"n-...\", \"n\": 1}\n",
                "{id: \"n-7\", n: 2}\n#=> {\"id\": \"n-...\", \"n\": 2}\n",
                0,
            ),
            ("[range(5)]\n#=> [\n#=> 1, ...]\n", "[range(5)]\n#=> [\n#=>   0,\n#=>   ...\n#=> ]\n", 0),
            ("[range(3)]\n#=> [..., 7, ...]\n", "[range(3)]\n#=> [0, 1, 2]\n", 2),
            ("ref a 1\n#=> 2\n#=> act...x\n", "ref a 1\n#=> 1\n#=> actor a\n", 1),
            ("b\n#=> error: no...\n", "b\n#=> error: `b` is neither a command nor a name\n", 1),
            ("b\n#=> error: no\\...\n", "b\n#=> error: `b` is neither a command nor a name\n", 0),
        ];
        for (old, new, lost) in rows {
            let blessing = blessed("a.rejoin", old, false).unwrap();
            let lost_dots: usize = blessing.edits.iter().map(|edit| edit.lost_dots).sum();
            assert_eq!((blessing.text.as_str(), lost_dots), (new, lost), "{old}");
        }
    }

    #[test]
    fn what_needs_a_person_is_refused() {
        let failed = blessed("a.rejoin", "ref a 1\n#=> 2\nswop a\n", true);
        assert!(matches!(failed, Err(NotBlessed::Failed { step, .. }) if step.line == 3));
        for mistake in ["a #=> 2", "# => 1", "#=> [1,", "#=> {x: 1}"] {
            let refused = blessed("a.rejoin", &format!("ref a 1\n#=> 2\n{mistake}\n"), true);
            assert!(matches!(refused, Err(NotBlessed::Mistake(Mistake { line: 3, .. }))), "{mistake}");
        }
        let alone = blessed("a.rejoin", "# x\n#=> 1\n", false);
        assert!(matches!(alone, Err(NotBlessed::Mistake(Mistake { line: 2, .. }))));
    }
}
