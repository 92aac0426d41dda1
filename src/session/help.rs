//! `help`: the words about the commands.

use super::args::Args;
use super::code::{Code, Explanation};
use super::error::{CommandError, ErrorKind, did_you_mean};
use super::table::{self, COMMANDS, Command};
use super::topics::{self, TOPICS};
use super::{Part, Reply, Session};

/// The commands that one meets first; the overview says what they do, and of the others the names.
const FIRST: [&str; 9] = ["ref", "branch", "swap", "reset", "merge", "conflicts", "clock", "refs", "log"];

/// The longest line of prose.
const WIDTH: usize = 78;

pub(super) fn help(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let Some(word) = args.optional_word() else { return Ok(lines(overview())) };
    args.end()?;
    if let Some(command) = table::find(word.text) {
        return Ok(lines(explain(command)));
    }
    if let Some(topic) = topics::find(word.text) {
        return Ok(lines(topic.lines.iter().map(|line| (*line).to_owned()).collect()));
    }
    if let Some(code) = Code::named(word.text) {
        return Ok(lines(explain_code(code.explanation())));
    }
    let names = COMMANDS.iter().flat_map(Command::names).chain(TOPICS.iter().map(|topic| topic.name));
    let hint = did_you_mean(word.text, names).unwrap_or_else(|| "`help` lists the commands".into());
    let kind = ErrorKind::UnknownTopic(word.text.to_owned());
    Err(CommandError::new(kind, word.span).with_hint(hint))
}

fn lines(lines: Vec<String>) -> Reply {
    Reply { parts: lines.into_iter().map(Part::Text).collect(), ..Reply::default() }
}

fn overview() -> Vec<String> {
    let first: Vec<&Command> = FIRST.iter().filter_map(|name| table::find(name)).collect();
    let width = first.iter().map(|command| command.usage().len()).max().unwrap_or(0);
    let row = |command: &&Command| format!("  {:width$}  {}", command.usage(), command.summary);
    let mut lines: Vec<String> = first.iter().map(row).collect();
    let others = COMMANDS.iter().map(|command| command.name).filter(|name| !FIRST.contains(name));
    let others = format!("and {}.", others.collect::<Vec<_>>().join(", "));
    lines.extend(wrapped(&others, WIDTH - 2).into_iter().map(|line| format!("  {line}")));
    lines.extend(
        [
            "",
            "Anything else is a jq expression, in which every name is a variable:",
            "  origin | .items[1:]     in first place a name needs no $",
            "  $origin == $branched    (`-` in a name becomes `_`)",
            "  $_ + 1                  $_ is the last value, and the input of an expression",
            "VALUE is JSON or such an expression. Tab completes, keys of the value too.",
            "",
        ]
        .map(str::to_owned),
    );
    let topics: Vec<String> =
        TOPICS.iter().map(|topic| format!("`help {}`: {}.", topic.name, topic.summary)).collect();
    let last = format!("`help COMMAND` has an example of each. {} `help R010`: an error.", topics.join(" "));
    lines.extend(wrapped(&last, WIDTH));
    lines
}

fn explain(command: &Command) -> Vec<String> {
    let mut lines = vec![command.usage(), format!("  {}", command.summary), String::new()];
    if !command.aliases.is_empty() {
        lines.push(format!("Also: {}", command.aliases.join(", ")));
    }
    lines.extend(wrapped(command.details, WIDTH));
    lines.push(String::new());
    lines.extend(command.example.iter().map(|line| format!("  {line}")));
    lines
}

fn explain_code(explanation: &Explanation) -> Vec<String> {
    let Explanation { code, title, details, example } = explanation;
    let mut lines = vec![format!("{code}: {title}"), String::new()];
    lines.extend(wrapped(details, WIDTH));
    if !example.is_empty() {
        lines.push(String::new());
        lines.extend(example.iter().map(|line| format!("  {line}")));
    }
    lines
}

/// Prose in lines of no more than so many characters.
fn wrapped(prose: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in prose.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
