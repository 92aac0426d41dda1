//! Files that are made from the command line: completions and the manual page; and the schema of `--json`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::cli::{Cli, CompletionShell, EXAMPLES, STATUS};
use super::output::Output;

const SCHEMA: &str = include_str!("../../schema/answer.schema.json");

/// Runs `rejoin schema`.
pub(crate) fn schema() -> io::Result<ExitCode> {
    write(SCHEMA.as_bytes())
}

/// Runs `rejoin completions SHELL`.
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

/// Runs `rejoin man`: one page, with a section for each subcommand.
pub(crate) fn man() -> io::Result<ExitCode> {
    let mut page = Vec::new();
    // What stands before and after the help has sections of its own here.
    let command = Cli::command().before_help("").after_help("");
    let main = Man::new(command.clone());
    main.render_title(&mut page)?;
    main.render_name_section(&mut page)?;
    main.render_synopsis_section(&mut page)?;
    main.render_description_section(&mut page)?;
    let examples = EXAMPLES.lines().skip(1).map(str::trim_end);
    let mut section = Roff::new();
    section.control("SH", ["EXAMPLES"]).control("nf", []);
    for example in examples {
        section.text([roman(example)]);
    }
    section.control("fi", []);
    section.to_writer(&mut page)?;
    main.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        let name = format!("rejoin {}", subcommand.get_name());
        Roff::new().control("SH", [&*name.to_uppercase()]).to_writer(&mut page)?;
        let mut part = Vec::new();
        let subcommand = Man::new(subcommand.clone().display_name(name.clone()).bin_name(name));
        subcommand.render_synopsis_section(&mut part)?;
        subcommand.render_description_section(&mut part)?;
        subcommand.render_options_section(&mut part)?;
        // Its sections are parts of this one.
        page.extend(String::from_utf8_lossy(&part).replace(".SH ", ".SS ").into_bytes());
    }
    let status = STATUS.trim_start_matches("Exit status: ");
    Roff::new().control("SH", ["EXIT STATUS"]).text([roman(status)]).to_writer(&mut page)?;
    write(&page)
}

fn write(bytes: &[u8]) -> io::Result<ExitCode> {
    let mut out = Output;
    out.write_all(bytes).and_then(|()| out.flush())?;
    Ok(ExitCode::SUCCESS)
}
