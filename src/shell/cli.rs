use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use rejoin::session::{Limits, units};

/// Explore, script and teach conflict-free replicated JSON.
///
/// On a terminal, `rejoin` alone starts the interactive shell; `help` there explains its commands.
/// Otherwise it runs the session that comes on standard input.
#[derive(Debug, Parser)]
#[command(version, before_help = EXAMPLES, after_help = STATUS, help_template = TEMPLATE)]
pub(crate) struct Cli {
    /// Run a command and print its answer; may be given several times
    #[arg(short, long = "command", value_name = "COMMAND")]
    pub(crate) commands: Vec<String>,
    /// Print one JSON object for each command
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour; `auto` honours NO_COLOR and asks whether the output is a terminal
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// Use the keys of vi at the prompt
    #[arg(long)]
    pub(crate) vi: bool,
    /// Start the prompt without running `rejoin/init.rejoin` of the XDG config folder
    #[arg(long)]
    pub(crate) no_init: bool,
    /// Stop a filter that runs longer, such as 500ms or 2s: its command fails
    #[arg(long, global = true, value_name = "TIME", value_parser = units::duration)]
    pub(crate) filter_timeout: Option<Duration>,
    /// Stop a filter that takes more memory, such as 64M or 2G: its command fails
    #[arg(long, global = true, value_name = "SIZE", value_parser = units::bytes)]
    pub(crate) filter_memory: Option<u64>,
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

impl Cli {
    /// Reads the command line; ends the program when it is wrong.
    pub(crate) fn read() -> Self {
        let cli = Self::parse();
        if cli.action.is_some() && !cli.commands.is_empty() {
            let message = "-c COMMAND and a subcommand cannot be used together";
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        let for_people = match &cli.action {
            Some(Action::Check { bless: true, .. }) => Some("--bless"),
            Some(Action::Play { .. }) => Some("play"),
            Some(Action::Demo { .. }) => Some("demo"),
            _ => None,
        };
        if let Some(action) = for_people.filter(|_| cli.json) {
            let message = format!("{action} is for people to read, and cannot be used with --json");
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        cli
    }

    /// What each filter may use.
    pub(crate) fn limits(&self) -> Limits {
        Limits { time: self.filter_timeout, memory: self.filter_memory }
    }
}

/// What to do with session files.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Run session files and print what each command answers
    Run {
        /// Session files, or Markdown files with blocks fenced as `rejoin`
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run session files and verify their `#=>` expectations
    Check {
        /// Session files, or Markdown files with blocks fenced as `rejoin`
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Rewrite the expectations that do not hold, and show what was rewritten
        #[arg(long)]
        bless: bool,
        /// Write expectations below commands that have none, too
        #[arg(long, requires = "bless")]
        all: bool,
    },
    /// Play a session file to a room: a step at a time, with its narration
    Play {
        /// A session file, or a Markdown file with blocks fenced as `rejoin`
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        pace: Pace,
    },
    /// List the built-in lessons, or play one
    Demo {
        /// The lesson
        #[arg(value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        pace: Pace,
    },
    /// Print the JSON Schema of what `--json` prints
    Schema,
    /// Print completions of the command line
    Completions {
        /// The shell that is to read them
        #[arg(value_name = "SHELL")]
        shell: CompletionShell,
    },
    /// Print the manual page
    Man,
}

/// How fast a lesson goes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Pace {
    /// Go on by itself after a while, such as 2s or 500ms; 0 goes through at once, as does a pipe
    #[arg(long, value_name = "TIME", value_parser = delay)]
    pub(crate) delay: Option<Duration>,
}

/// Reads a time; none at all is one too.
fn delay(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { units::duration(text) }
}

/// The shells that completions are made for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Fish,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// Examples come first: most who ask for help look for one.
const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

pub(super) const EXAMPLES: &str = "\
Examples:
  rejoin                                            start the interactive shell
  rejoin demo                                       list the built-in lessons
  rejoin demo conflict                              play one of them
  rejoin -c 'ref a {\"n\": 1}' -c 'swap a .n += 1'    run two commands
  rejoin run lesson.rejoin                          print it with its answers
  rejoin check lessons/*.rejoin README.md           verify what they expect
  rejoin check --bless lesson.rejoin                rewrite what does not hold";

pub(super) const STATUS: &str = "\
Exit status: 0 when all went well, 1 when a command failed or an expectation did not hold, \
2 for wrong usage or a file that cannot be read or written, 130 when it was interrupted.";
