//! `help`: the words about the commands.

use super::args::Args;
use super::code::{Code, Explanation};
use super::error::{CommandError, ErrorKind, did_you_mean};
use super::table::{self, COMMANDS, Command};
use super::{Part, Reply, Session};

pub(super) fn help(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let Some(word) = args.optional_word() else { return Ok(lines(overview())) };
    args.end()?;
    if let Some(code) = Code::named(word.text) {
        return Ok(lines(explain_code(code.explanation())));
    }
    match table::find(word.text) {
        Some(command) => Ok(lines(explain(command))),
        None => {
            let names = COMMANDS.iter().flat_map(Command::names);
            let hint = did_you_mean(word.text, names).unwrap_or_else(|| "`help` lists the commands".into());
            let kind = ErrorKind::UnknownTopic(word.text.to_owned());
            Err(CommandError::new(kind, word.span).with_hint(hint))
        }
    }
}

fn lines(lines: Vec<String>) -> Reply {
    Reply { parts: lines.into_iter().map(Part::Line).collect(), ..Reply::default() }
}

fn overview() -> Vec<String> {
    let width = COMMANDS.iter().map(|command| command.usage().chars().count()).max().unwrap_or(0);
    let commands = COMMANDS.iter().map(|command| {
        let usage = command.usage();
        let gap = " ".repeat(width - usage.chars().count());
        format!("  {usage}{gap}  {}", command.summary)
    });
    let mut lines: Vec<String> = commands.collect();
    lines.push(String::new());
    lines.extend(
        [
            "Anything else is a jq expression; every name is a variable (`-` becomes `_`):",
            "  origin                  the value; in first place a name needs no $",
            "  origin | .items[1:]     any jq over it",
            "  $origin == $branched    and over several",
            "  $_ + 1                  $_ is the last value, and the input of an expression",
            "",
            "VALUE is JSON or such an expression. `help COMMAND` shows an example.",
        ]
        .map(str::to_owned),
    );
    lines
}

fn explain(command: &Command) -> Vec<String> {
    let mut lines = vec![command.usage(), format!("  {}", command.summary), String::new()];
    if !command.aliases.is_empty() {
        lines.push(format!("Also: {}", command.aliases.join(", ")));
    }
    lines.extend(wrapped(command.details));
    lines.push(String::new());
    lines.extend(command.example.iter().map(|line| format!("  {line}")));
    lines
}

fn explain_code(explanation: &Explanation) -> Vec<String> {
    let Explanation { code, title, details, example } = explanation;
    let mut lines = vec![format!("{code}: {title}"), String::new()];
    lines.extend(wrapped(details));
    if !example.is_empty() {
        lines.push(String::new());
        lines.extend(example.iter().map(|line| format!("  {line}")));
    }
    lines
}

/// Prose in lines that fit a terminal of 80 columns.
fn wrapped(prose: &str) -> Vec<String> {
    const WIDTH: usize = 78;
    let mut lines = vec![String::new()];
    for word in prose.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
