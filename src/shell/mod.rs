//! The shell: all that only the binary needs, which is the command line, the terminal, colour.

mod answer;
mod blessing;
mod change;
mod cli;
mod disk;
mod dumb;
mod envelope;
mod external;
mod failures;
mod generate;
mod history;
mod interruption;
mod output;
mod pager;
mod paint;
#[cfg(unix)]
mod parting;
mod pasted;
mod places;
mod play;
mod progress;
mod prompt;
mod reader;
mod reading;
mod recall;
mod replace;
mod report;
mod resize;
mod scripts;
mod serve;
mod sources;
mod theme;
mod total;
mod typing;
mod visible;
mod workspace;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use cli::Action;
pub(crate) use cli::Cli;
use paint::Paint;

/// Failures that are the caller's: usage, a file that cannot be read.
const USAGE: u8 = 2;

/// Runs what the command line asks for.
pub(crate) fn main(cli: &Cli) -> ExitCode {
    let out = Paint::new(cli.color(), &io::stdout());
    let err = Paint::new(cli.color(), &io::stderr());
    let scripts =
        scripts::Scripts { json: cli.start.json, out, err, limits: cli.limits(), workspace: cli.workspace() };
    let done = match &cli.action {
        Some(Action::Run { files, keep_going, outside, .. }) => scripts.run(files, *keep_going, *outside),
        Some(Action::Check { files, bless: true, all, .. }) => scripts.bless(files, *all),
        Some(Action::Check { files, keep_going, .. }) => scripts.check(files, *keep_going),
        Some(Action::Play { file, pace, .. }) => scripts.play(file, cli.manner(*pace)),
        Some(Action::Demo { name: None, .. }) => scripts.lessons(),
        Some(Action::Demo { name: Some(name), pace, .. }) => scripts.demo(name, cli.manner(*pace)),
        Some(Action::Serve(serving)) => serve::serve(serving, err),
        Some(Action::Schema) => generate::schema(),
        Some(Action::Completions { shell }) => generate::completions(*shell),
        Some(Action::Man) => generate::man(),
        None if !cli.start.commands.is_empty() => scripts.commands(&cli.files, &cli.start.commands),
        None if io::stdin().is_terminal() => {
            let limits = cli.limits();
            let (json, vi, init) = (cli.start.json, cli.start.vi, !cli.start.no_init);
            let start = prompt::Start { json, vi, init, limits };
            prompt::prompt(start, cli.workspace(), &cli.files, out, err)
        }
        None => scripts.stdin(&cli.files),
    };
    match done {
        Ok(code) => code,
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => no_start(&error),
    }
}

/// Says that the shell cannot work.
pub(crate) fn no_start(error: &io::Error) -> ExitCode {
    output::complain(&format!("error: {error}\n"));
    ExitCode::from(USAGE)
}
