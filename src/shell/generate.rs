//! What is made from the command line: completions and the manual page; and the schema of `--json`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::cli::{Cli, CompletionShell};

const SCHEMA: &str = include_str!("../../schema/answer.schema.json");

/// `rejoin schema`.
pub(crate) fn schema() -> io::Result<ExitCode> {
    write(SCHEMA.as_bytes())
}

/// `rejoin completions SHELL`.
pub(crate) fn completions(shell: CompletionShell) -> io::Result<ExitCode> {
    let shell = match shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
    };
    // It cannot be written straight to standard output: a reader that has seen enough is an error there.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rejoin", &mut script);
    write(&script)
}

/// `rejoin man`.
pub(crate) fn man() -> io::Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    write(&page)
}

fn write(bytes: &[u8]) -> io::Result<ExitCode> {
    io::stdout().write_all(bytes)?;
    Ok(ExitCode::SUCCESS)
}
