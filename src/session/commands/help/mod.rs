//! `help`: explanations of commands, topics, errors and the filters of jq.

pub(in crate::session) mod filters;
pub(in crate::session) mod topics;

use crate::session::error::codes::{ErrorCode, Explanation};
use crate::session::error::{CommandError, ErrorKind};
use crate::session::hints;
use crate::session::language::args::Args;
use crate::session::language::arguments::TOPIC;
use crate::session::language::command::{Command, Example, Run};
use crate::session::{Page, Part, Reply, Session};
use topics::TOPICS;

pub(in crate::session) const HELP: Command = Command {
    name: "help",
    aliases: &[],
    arguments: &[TOPIC.optional()],
    summary: "an overview, or one command, topic, error or filter in detail",
    details: "The example of a command is a session that you can type. `help group_by` explains a filter of jq, \
              `help //` a sign.",
    example: &["help quit", "#=> quit", "#=>   leave the session"],
    run: Run::Inside(help),
};

/// The commands that one meets first; the overview says what they do, and of the others the names.
const FIRST: [&str; 8] = ["ref", "branch", "swap", "merge", "conflicts", "clock", "refs", "log"];

fn help(session: &mut Session, mut args: Args<'_>) -> Result<Reply, CommandError> {
    let Some(word) = args.next() else { return Ok(page(overview(session))) };
    if let Some(command) = session.command(word.text) {
        let mut text = explain(command);
        if let Some(filter) = session.explain_filter(word.text) {
            text.push_str(&format!("\n\nIn jq there is also\n\n{filter}"));
        }
        return Ok(page(text));
    }
    if let Some(topic) = topics::find(word.text) {
        return Ok(page((topic.text)()));
    }
    if let Some(code) = ErrorCode::named(word.text) {
        return Ok(page(explain_code(code.explanation())));
    }
    if let Some(text) = session.explain_filter(word.text) {
        return Ok(page(text));
    }
    let names =
        session.commands().iter().flat_map(Command::names).chain(TOPICS.iter().map(|topic| topic.name));
    let names = names.chain(filters::names());
    let hint = hints::filter(word.text).or_else(|| hints::did_you_mean(word.text, names));
    let hint = hint.unwrap_or_else(|| "`help` lists the commands".into());
    let kind = ErrorKind::UnknownTopic(word.text.to_owned());
    Err(CommandError::new(kind, word.span).with_hint(hint))
}

fn page(text: String) -> Reply {
    Reply { parts: vec![Part::Text(Page::new(text))], whole: true, ..Reply::default() }
}

fn overview(session: &Session) -> String {
    let first = FIRST.iter().filter_map(|name| session.command(name));
    let mut text: String =
        first.map(|command| format!("  {}\t{}\n", command.usage(), command.summary)).collect();
    let others = session.commands().iter().map(|command| command.name).filter(|name| !FIRST.contains(name));
    let others: Vec<&str> = others.collect();
    text.push_str(&format!("And {}.\n", others.join(", ")));
    text.push_str(
        "\n\
         Any other line is a jq expression; each name is a variable in it:\n  \
         origin | .items[1:]\tat the start of a line a name needs no $\n  \
         $origin == $branched\t(`-` in a name becomes `_`)\n  \
         $_ + 1\t$_ is the last value, and the input of an expression\n\
         VALUE is JSON or such an expression. Tab completes names and keys.\n\
         \n",
    );
    let topics = TOPICS.iter().map(|topic| format!("`help {}`: {}.", topic.name, topic.summary));
    let topics: Vec<String> = topics.collect();
    text.push_str(&format!("`help COMMAND` explains a command, with an example. {}", topics.join(" ")));
    text
}

fn explain(command: &Command) -> String {
    let mut text = format!("{}\n  {}\n\n", command.usage(), command.summary);
    if !command.aliases.is_empty() {
        text.push_str(&format!("Also: {}\n", command.aliases.join(", ")));
    }
    text.push_str(&format!("{}\n\n{}", command.details, indented(command.example)));
    text
}

fn explain_code(explanation: &Explanation) -> String {
    let Explanation { code, title, details, example } = explanation;
    let gap = if example.is_empty() { "" } else { "\n\n" };
    format!("{code}: {title}\n\n{details}{gap}{}", indented(example))
}

fn indented(example: Example) -> String {
    let lines: Vec<String> = example.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
