//! The lessons and the README hold, and their expectations bite.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use rejoin::script::{Expectation, Expected, Failure, Outcome, Ran, Script, run};
use rejoin::session::Session;

/// The session files of the project.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        examples.filter(|path| path.extension().is_some_and(|e| e == "rejoin")).collect();
    files.sort();
    assert!(!files.is_empty());
    files.extend(Some(root.join("README.md")).filter(|path| path.exists()));
    files
}

fn parse(file: &Path, text: &str) -> Script {
    let markdown = file.extension().is_some_and(|e| e == "md");
    if markdown { Script::parse_markdown(text) } else { Script::parse(text) }
}

/// How a session went, and the lines at which something does not hold.
fn verify(script: &Script) -> (Outcome, Vec<usize>) {
    let mut wrong = Vec::new();
    let each = |ran: Ran<'_>| {
        match ran {
            Ran::Step { step, failure: Some(Failure::Error(_)), .. } => wrong.push(step.line),
            Ran::Step { failure: Some(Failure::Mismatches(mismatches)), .. } => {
                wrong.extend(mismatches.iter().map(|mismatch| mismatch.line));
            }
            _ => {}
        }
        Ok::<_, Infallible>(())
    };
    let outcome = run(&mut Session::default(), script, each).unwrap();
    (outcome, wrong)
}

#[test]
fn given_a_file_of_the_project_then_all_that_it_expects_holds() {
    for file in files() {
        let script = parse(&file, &fs::read_to_string(&file).unwrap());
        let (outcome, wrong) = verify(&script);
        assert_eq!(wrong, [0; 0], "{}", file.display());
        assert_eq!(outcome.commands, script.steps().count(), "{}", file.display());
        assert!(outcome.expectations > 0, "{}", file.display());
    }
}

#[test]
fn given_a_file_when_one_expected_value_is_another_then_its_line_is_named() {
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let script = parse(&file, &text);
        let expectations = script.steps().flat_map(|step| &step.expectations);
        let values = expectations.filter(|e| matches!(e.expected, Expected::Value(_)));
        let places: Vec<(usize, usize)> =
            values.map(|expectation| (expectation.line, expectation.lines())).collect();
        assert!(!places.is_empty(), "{}", file.display());
        for (wrong, lines) in places {
            let flipped = |(number, line): (usize, &str)| match (number + 1).checked_sub(wrong) {
                Some(0) => format!("{}#=> [\"another value\"]\n", &line[..line.find("#=>").unwrap()]),
                Some(more) if more < lines => "\n".to_owned(),
                _ => format!("{line}\n"),
            };
            let text: String = text.lines().enumerate().map(flipped).collect();
            assert_eq!(verify(&parse(&file, &text)).1, [wrong], "{}", file.display());
        }
    }
}

#[test]
fn given_a_file_then_every_expectation_stands_below_a_command() {
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let read: usize =
            parse(&file, &text).steps().flat_map(|step| &step.expectations).map(Expectation::lines).sum();
        let written = text.lines().filter(|line| line.trim_start().starts_with("#=>")).count();
        assert_eq!(read, written, "{}: some `#=>` is taken for a comment", file.display());
    }
}
