use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use rejoin::session::{Limits, units};

/// Explore, script and teach conflict-free replicated JSON.
///
/// On a terminal, `rejoin` alone starts the interactive shell; `help` there explains its commands.
/// Otherwise it runs the session that comes on standard input.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
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
    },
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

const EXAMPLES: &str = "\
Examples:
  rejoin                                            start the interactive shell
  rejoin -c 'ref a {\"n\": 1}' -c 'swap a .n += 1'    run two commands
  rejoin run lesson.rejoin                          print the transcript of a session file
  rejoin check lessons/*.rejoin                     verify the expectations of session files

Exit status: 0 when all went well, 1 when a command failed or an expectation did not hold,
2 for wrong usage or a file that cannot be read.";
