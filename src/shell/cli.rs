//! The command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use rejoin::session::{COMMANDS, Limits, Session, units};

use super::USAGE;
use super::output::{complain, unwritable};
use super::visible::on_a_line;
use super::workspace::Workspace;

/// Explore, script and teach conflict-free replicated JSON.
///
/// On a terminal, `rejoin` alone starts the interactive shell; `help` there explains its commands.
/// Otherwise it runs the session that comes on standard input.
#[derive(Debug, Parser)]
#[command(version, before_help = EXAMPLES, after_help = STATUS, help_template = TEMPLATE)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) start: Start,
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
    /// Files to be opened as refs.
    #[arg(skip)]
    pub(crate) files: Vec<String>,
}

/// The command line that begins with a file of data: `rejoin data.json`.
#[derive(Debug, Parser)]
#[command(name = "rejoin", help_template = TEMPLATE)]
struct Opening {
    #[command(flatten)]
    start: Start,
    /// Files of JSON (.json, .ndjson, .jsonl) or saved refs (.ref): each becomes a ref of its name
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

/// Options of a session that is no file.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// Run a command and print its answer; may be given several times
    #[arg(short, long = "command", value_name = "COMMAND", allow_hyphen_values = true)]
    pub(crate) commands: Vec<String>,
    /// Print one JSON object for each command
    #[arg(long)]
    pub(crate) json: bool,
    /// Use the keys of vi at the prompt
    #[arg(long)]
    pub(crate) vi: bool,
    /// Keep the session in a folder, and go on from what it holds; the folder is made if it is not there
    #[arg(short, long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Do not wait for the disk: when the power goes, the last commands may be lost
    #[arg(long, requires = "workspace")]
    no_sync: bool,
    /// Start the prompt without running `rejoin/init.rejoin` of the XDG config folder
    #[arg(long)]
    pub(crate) no_init: bool,
    #[command(flatten)]
    session: SessionOptions,
}

/// Options of whatever runs a session. They stand in front of a subcommand or behind it; behind it counts.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SessionOptions {
    /// When to use colour; `auto` honours NO_COLOR and asks whether the output is a terminal [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    color: Option<Color>,
    /// Stop a filter that runs longer, such as 500ms or 2s: its command fails [default: none]
    #[arg(long, value_name = "TIME", value_parser = or_none(units::duration))]
    filter_timeout: Option<Limit<Duration>>,
    /// Stop a filter that takes more memory, such as 64M or 2G: its command fails [default: 1G]
    #[arg(long, value_name = "SIZE", value_parser = or_none(units::bytes))]
    filter_memory: Option<Limit<u64>>,
}

/// The most memory that a filter takes unless another limit is set.
const MEMORY: u64 = 1 << 30;

impl Cli {
    /// Reads the command line; ends the program when it is wrong.
    pub(crate) fn read() -> Self {
        let mut cli = Self::try_parse().unwrap_or_else(Self::opening);
        cli.adopt();
        if cli.action.is_some() && !cli.start.commands.is_empty() {
            let message = "-c COMMAND and a subcommand cannot be used together";
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        if cli.action.is_some() && cli.start.workspace.is_some() {
            let message = "--workspace is for the prompt, -c and standard input, and not for a subcommand";
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        let for_people = match &cli.action {
            Some(Action::Check { bless: true, .. }) => Some("--bless"),
            Some(Action::Play { .. }) => Some("play"),
            Some(Action::Demo { .. }) => Some("demo"),
            Some(Action::Serve(_)) => Some("serve"),
            _ => None,
        };
        if let Some(action) = for_people.filter(|_| cli.start.json) {
            let message = format!("{action} is for people to read, and cannot be used with --json");
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        cli
    }

    /// Reads a command line on which a file of data stands where a subcommand could.
    fn opening(error: clap::Error) -> Self {
        let word = match error.get(ContextKind::InvalidSubcommand) {
            Some(ContextValue::String(word)) if error.kind() == ErrorKind::InvalidSubcommand => word,
            _ => refuse(error),
        };
        if !is_data(word) {
            refuse(error);
        }
        let Opening { start, files } = Opening::try_parse().unwrap_or_else(|error| refuse(error));
        Self { start, action: None, files }
    }

    /// Takes the options that stand behind the subcommand for those in front of it.
    fn adopt(&mut self) {
        let behind = match &self.action {
            Some(Action::Run { json, session, .. } | Action::Check { json, session, .. }) => {
                self.start.json |= json;
                session
            }
            Some(Action::Play { pace, session, .. } | Action::Demo { pace, session, .. }) => {
                self.start.vi |= pace.vi;
                session
            }
            Some(Action::Serve(_) | Action::Schema | Action::Completions { .. } | Action::Man) | None => {
                return;
            }
        };
        let front = self.start.session;
        self.start.session = SessionOptions {
            color: behind.color.or(front.color),
            filter_timeout: behind.filter_timeout.or(front.filter_timeout),
            filter_memory: behind.filter_memory.or(front.filter_memory),
        };
    }

    /// Returns the workspace, if there is to be one.
    pub(crate) fn workspace(&self) -> Option<Workspace> {
        let Start { workspace, no_sync, session, .. } = &self.start;
        let folder = workspace.clone()?;
        let SessionOptions { filter_timeout, filter_memory, .. } = session;
        let (time, memory) = (filter_timeout.map(|limit| limit.0), filter_memory.map(|limit| limit.0));
        Some(Workspace { folder, syncs: !no_sync, limits: self.limits(), time, memory })
    }

    /// Returns the occasions on which to use colour.
    pub(crate) fn color(&self) -> Color {
        self.start.session.color.unwrap_or_default()
    }

    /// Tells how a lesson is played.
    pub(crate) fn manner(&self, pace: Pace) -> Manner {
        let from = pace.from.map_or(1, |step| usize::try_from(step).unwrap_or(usize::MAX));
        Manner { delay: pace.delay, from, vi: self.start.vi }
    }

    /// Returns what each filter may use.
    pub(crate) fn limits(&self) -> Limits {
        let SessionOptions { filter_timeout, filter_memory, .. } = self.start.session;
        let memory = filter_memory.map_or(Some(MEMORY), |limit| limit.0);
        Limits { time: filter_timeout.and_then(|limit| limit.0), memory }
    }
}

/// Tells whether a file is one that becomes a ref, by its name.
fn is_data(file: &str) -> bool {
    let end = Path::new(file).extension().and_then(OsStr::to_str);
    end.is_some_and(|end| {
        ["json", "ndjson", "jsonl", SAVED].iter().any(|known| end.eq_ignore_ascii_case(known))
    })
}

/// The end of the name of a saved ref.
pub(crate) const SAVED: &str = "ref";

/// Guesses what was meant by a word that is no subcommand; `arguments` are all of the command line.
fn meant(word: &str, arguments: &[String]) -> Option<String> {
    if Path::new(word).is_file() {
        return Some(format!("`rejoin run {}` runs it", on_a_line(word)));
    }
    let from = arguments.iter().position(|argument| argument == "help" || argument == word)?;
    // A shell has taken its quotes off: what it would split again is not shown.
    let plain = |c: char| c.is_alphanumeric() || " ._-=+|$/:,@{}[]()\"<>*".contains(c);
    let line = arguments[from..].join(" ");
    let asks = arguments[from] == "help";
    let is_topic = asks && Session::default().run(&line).is_ok();
    let is_command = !asks && COMMANDS.iter().any(|command| command.names().any(|name| name == word));
    let line = if line.chars().all(plain) { line } else { format!("{word} …") };
    (is_topic || is_command).then(|| format!("it is a command of the session: rejoin -c '{line}'"))
}

/// Shows what is wrong with the command line, or the help that it asks for, and ends the program.
fn refuse(mut error: clap::Error) -> ! {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
        && let Some(hint) = meant(word, &arguments)
    {
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
    // What was typed is text from outside.
    let typed = |(kind, value): (ContextKind, &ContextValue)| match value {
        ContextValue::String(text) => Some((kind, ContextValue::String(on_a_line(text)))),
        ContextValue::Strings(texts) => {
            Some((kind, ContextValue::Strings(texts.iter().map(|text| on_a_line(text)).collect())))
        }
        _ => None,
    };
    let shown: Vec<_> = error.context().filter_map(typed).collect();
    for (kind, value) in shown {
        error.insert(kind, value);
    }
    let status = match error.print() {
        // What is asked for is on standard output, and whoever reads that may leave.
        Err(failed) if !error.use_stderr() && failed.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("error: {}\n", unwritable(&failed)));
            USAGE.into()
        }
        _ => error.exit_code(),
    };
    std::process::exit(status)
}

/// A limit; `None` where there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit<T>(Option<T>);

/// Returns what reads a limit: the word `none`, or what `parse` reads.
fn or_none<T>(parse: fn(&str) -> Result<T, String>) -> impl Fn(&str) -> Result<Limit<T>, String> + Clone {
    move |text| match text {
        "none" => Ok(Limit(None)),
        text => parse(text).map(|limit| Limit(Some(limit))).map_err(|error| format!("{error}, or none")),
    }
}

/// The work to do with session files.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Run session files and print what each command answers
    Run {
        /// Session files, Markdown files with blocks fenced as `rejoin`, or `-` for standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Go on behind a command that fails
        #[arg(long)]
        keep_going: bool,
        /// Let them write files, read standard input, and reach places and servers; else what they write is kept in memory
        #[arg(long)]
        outside: bool,
        /// Print one JSON object for each command
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Run session files and verify their `#=>` expectations
    Check {
        /// Session files, Markdown files with blocks fenced as `rejoin`, folders of such files, or `-` for
        /// standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Go on behind a command that fails, and tell all that is wrong
        #[arg(long, conflicts_with = "bless")]
        keep_going: bool,
        /// Rewrite the expectations that do not hold, and show what was rewritten
        #[arg(long)]
        bless: bool,
        /// Write expectations below commands that have none, too
        #[arg(long, requires = "bless")]
        all: bool,
        /// Print one JSON object for each command that fails or does not hold, and a summary
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Play a session file to a room: a step at a time, with its narration
    Play {
        /// A session file, or a Markdown file with blocks fenced as `rejoin`
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        pace: Pace,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// List the built-in lessons, or play one
    Demo {
        /// The lesson
        #[arg(value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        pace: Pace,
        #[command(flatten)]
        session: SessionOptions,
    },
    /// Serve the documents of a store over HTTP, until a signal ends it
    Serve(Serving),
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

/// The options of a server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serving {
    /// A folder, which is made when something is to be stored; or the URL of a bucket, such as s3://BUCKET/FOLDER
    #[arg(value_name = "STORE")]
    pub(crate) store: String,
    /// The address to listen at; the port 0 is any that is free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8890")]
    pub(crate) listen: String,
    /// Admit only requests with one of the tokens in a file: one a line; lines that begin with # are none
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Take no changes, and write nothing into the store
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Let pages of a site ask, such as https://example.org; * lets those of all sites; may be given several times
    #[arg(long = "cors", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// Refuse the bodies of requests that are larger, also once they are unpacked
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, default_value = "16M")]
    pub(crate) max_body: u64,
    /// Refuse patches that take more memory
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, default_value = "256M")]
    pub(crate) max_memory: u64,
    /// Keep no more connections; more are told to come later
    #[arg(long, value_name = "NUMBER", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,
    /// Keep no more documents in memory; others are read again
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub(crate) max_documents: u32,
    /// Look for what other servers wrote that often, while somebody follows a document
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "1s")]
    pub(crate) poll: Duration,
}

/// The pace of a lesson.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Pace {
    /// Go on by itself after a while, such as 2s or 500ms; 0 goes through at once, as does a pipe
    #[arg(long, value_name = "TIME", value_parser = delay)]
    pub(crate) delay: Option<Duration>,
    /// Begin at a step: those before it run, and are not shown
    #[arg(long, value_name = "STEP", value_parser = clap::value_parser!(u32).range(1..))]
    from: Option<u32>,
    /// Use the keys of vi at its prompt
    #[arg(long)]
    vi: bool,
}

/// The manner in which a lesson is played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// After so long it goes on by itself.
    pub(crate) delay: Option<Duration>,
    /// The step at which it begins, from 1.
    pub(crate) from: usize,
    /// Whether the keys of its prompt are those of vi.
    pub(crate) vi: bool,
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

/// The occasions on which to use colour.
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
  rejoin data.json                                  open a file as a ref
  rejoin -c 'ref a from -' -c 'a | length'          read standard input
  rejoin -w shop                                    keep the session in a folder
  rejoin run lesson.rejoin                          print it with its answers
  rejoin check lessons/*.rejoin README.md           verify what they expect
  rejoin check lessons                              verify those of a folder
  rejoin check --bless lesson.rejoin                rewrite what does not hold";

pub(super) const STATUS: &str = "\
Exit status: 0 when all went well, 1 when a command failed or an expectation did not hold, \
2 for wrong usage, a file that cannot be read or written, or one with nothing to check, \
130 when it was interrupted (143 by SIGTERM; a server ends with 0 by both). It stays that when nobody reads the output to its end.";
