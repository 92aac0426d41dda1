//! `help`: the words about the commands.

use super::args::Args;
use super::error::{CommandError, ErrorKind, did_you_mean};
use super::table::{self, COMMANDS, Command};
use super::{Part, Reply, Session};

pub(super) fn help(_: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let Some(word) = args.optional_word() else { return Ok(lines(overview())) };
    args.end()?;
    match table::find(word.text) {
        Some(command) => Ok(lines(explain(command))),
        None => {
            let names = COMMANDS.iter().flat_map(Command::names);
            let hint = did_you_mean(word.text, names).unwrap_or_else(|| "`help` lists the commands".into());
            let kind = ErrorKind::UnknownCommand(word.text.to_owned());
            Err(CommandError::new(kind, word.span).with_hint(hint))
        }
    }
}

fn lines(lines: Vec<String>) -> Reply {
    Reply { parts: lines.into_iter().map(Part::Line).collect(), ..Reply::default() }
}

fn overview() -> Vec<String> {
    let usage = |command: &Command| format!("{} {}", command.name, command.arguments);
    let width = COMMANDS.iter().map(|command| usage(command).chars().count()).max().unwrap_or(0);
    let commands = COMMANDS.iter().map(|command| {
        let usage = usage(command);
        let gap = " ".repeat(width - usage.chars().count());
        format!("  {usage}{gap}  {}", command.summary)
    });
    let mut lines: Vec<String> = commands.collect();
    lines.push(String::new());
    lines.extend(
        [
            "Anything else is a jq expression in which every name is a variable (`-` becomes `_`):",
            "  origin                  the value; in first place a name needs no $",
            "  origin | .items[1:]     any jq over it",
            "  $origin == $branched    and over several",
            "  $_ + 1                  $_ is the last value, and the input of an expression",
            "",
            "VALUE is JSON or such an expression. `help COMMAND` explains a command with an example.",
        ]
        .map(str::to_owned),
    );
    lines
}

fn explain(command: &Command) -> Vec<String> {
    let usage = format!("{} {}", command.name, command.arguments);
    let mut lines = vec![usage.trim_end().to_owned(), format!("  {}", command.summary), String::new()];
    if !command.aliases.is_empty() {
        lines.push(format!("Also: {}", command.aliases.join(", ")));
    }
    lines.push(command.details.to_owned());
    lines.push(String::new());
    lines.extend(command.example.iter().map(|line| format!("  {line}")));
    lines
}
