//! What `help` says is true: every example runs, and every command is explained.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::convert::Infallible;

use rejoin::script::{Failure, Outcome, Ran, Script, run};
use rejoin::session::{COMMANDS, Command, Session};

/// Runs a session; says how it went and what did not hold.
fn verify(text: &str) -> (Outcome, Vec<String>) {
    let mut wrong = Vec::new();
    let each = |ran: Ran<'_>| {
        if let Ran::Step { step, failure: Some(failure), .. } = ran {
            wrong.push(match failure {
                Failure::Error(error) => format!("{}: {error}", step.text),
                Failure::Mismatches(mismatches) => format!("{}: {mismatches:?}", step.text),
            });
        }
        Ok::<_, Infallible>(())
    };
    let outcome = run(&mut Session::default(), &Script::parse(text), each).unwrap();
    (outcome, wrong)
}

/// The lines that `help` answers.
fn help(line: &str) -> Vec<String> {
    let reply = Session::default().run(line).unwrap();
    assert!(reply.values.is_empty(), "{line}");
    reply.lines()
}

#[test]
fn given_the_example_of_a_command_when_it_runs_then_all_expectations_hold() {
    for command in COMMANDS {
        let (outcome, wrong) = verify(&command.example.join("\n"));
        assert_eq!(wrong, [""; 0], "{}", command.name);
        assert!(outcome.commands > 0, "{}", command.name);
        assert!(outcome.expectations > 0 || command.name == "quit", "{}", command.name);
    }
}

#[test]
fn given_a_command_then_its_example_uses_it() {
    for command in COMMANDS {
        let uses = |line: &&str| command.names().any(|name| line.split_whitespace().next() == Some(name));
        assert!(command.example.iter().any(uses), "{}", command.name);
    }
}

#[test]
fn given_a_command_then_it_has_words() {
    for Command { name, summary, details, .. } in COMMANDS {
        assert!(!summary.trim().is_empty() && !summary.ends_with('.'), "{name}: {summary}");
        assert!(details.ends_with('.'), "{name}: {details}");
        assert!(!format!("{summary}{details}").contains("  "), "{name}: a gap in the words");
    }
}

#[test]
fn given_all_commands_then_their_names_differ() {
    let names: Vec<&str> = COMMANDS.iter().flat_map(Command::names).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn given_help_alone_then_every_command_is_listed_in_order() {
    let lines = help("help");
    for (line, command) in lines.iter().zip(COMMANDS) {
        let usage = format!("  {} {}", command.name, command.arguments);
        assert!(line.starts_with(usage.trim_end()), "{line}");
        assert!(line.ends_with(command.summary), "{line}");
    }
    assert!(lines.len() > COMMANDS.len());
}

#[test]
fn given_help_then_its_lines_fit_a_terminal_of_80_columns() {
    const WIDEST: usize = 80;
    let topics = COMMANDS.iter().map(|command| format!("help {}", command.name));
    for line in topics.chain(["help".to_owned()]).flat_map(|topic| help(&topic)) {
        assert!(line.chars().count() <= WIDEST, "{line}");
    }
}

#[test]
fn given_a_name_or_an_alias_then_help_explains_the_command() {
    for command in COMMANDS {
        for name in command.names() {
            let lines = help(&format!("help {name}"));
            let usage = format!("{} {}", command.name, command.arguments);
            assert_eq!(lines[0], usage.trim_end());
            let text = lines.join("\n");
            assert!(command.aliases.iter().all(|alias| text.contains(alias)), "{text}");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&text).contains(&words(command.details)), "{text}");
            assert!(command.example.iter().all(|line| text.contains(line)), "{text}");
        }
    }
}
