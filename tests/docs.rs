//! The first line of every doc comment: a function begins with a verb in the third person, all else with a noun.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The words with which no first line begins: what follows them is a question, or a part of a sentence.
const QUESTIONS: &[&str] =
    &["How", "If", "So", "That", "What", "When", "Where", "Whether", "Which", "Who", "Whose", "Why"];

/// The words that end as a verb in the third person does, and are none.
const NO_VERBS: &[&str] = &[
    "Always", "As", "Bytes", "Columns", "Has", "Is", "Items", "Its", "Less", "Lines", "This", "Texts",
    "Words",
];

/// The verbs with which the docs of functions begin; those that are nouns too are not among them.
const VERBS: &[&str] = &[
    "Adds", "Begins", "Checks", "Collects", "Colours", "Compiles", "Counts", "Does", "Finds", "Follows",
    "Gathers", "Gives", "Hands", "Keeps", "Leaves", "Lets", "Makes", "Notes", "Prints", "Puts", "Reads",
    "Returns", "Says", "Sets", "Stops", "Takes", "Tells", "Verifies",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    /// A module, a type, a trait, a constant or a macro.
    Thing,
}

/// Tells what is wrong with a first line.
fn fault(kind: Kind, line: &str) -> Option<&'static str> {
    let line = line.trim_start_matches(['[', '`', '*', '(']);
    let word = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    match kind {
        _ if QUESTIONS.contains(&word) => Some("begins with a word of a question"),
        Kind::Function if !word.ends_with('s') || NO_VERBS.contains(&word) => {
            Some("a function begins with a verb in the third person")
        }
        Kind::Function if !word.starts_with(char::is_uppercase) => Some("begins with code"),
        Kind::Thing if VERBS.contains(&word) => Some("what is no function begins with a noun"),
        _ => None,
    }
}

/// Returns what a line of code declares; `None` for fields, variants and implementations.
fn declared(line: &str) -> Option<Kind> {
    let mut words =
        line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '!')).filter(|w| !w.is_empty());
    if line.starts_with("impl") {
        return None;
    }
    // Visibility and what else stands in front.
    let front = ["pub", "in", "crate", "super", "session", "filter", "unsafe", "async", "default", "extern"];
    let mut word = words.find(|word| !front.contains(word))?;
    if word == "const" && line.contains(" fn ") {
        word = "fn";
    }
    match word {
        "fn" => Some(Kind::Function),
        "struct" | "enum" | "union" | "trait" | "type" | "mod" | "const" | "static" | "macro_rules!" => {
            Some(Kind::Thing)
        }
        _ => None,
    }
}

/// Returns the first lines of the docs in a file, each with its number and what it is of.
fn first_lines(text: &str) -> Vec<(usize, Kind, &str)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found: Vec<(usize, Kind, &str)> = Vec::new();
    found.extend(lines.first().and_then(|line| line.strip_prefix("//! ")).map(|line| (1, Kind::Thing, line)));
    for (at, line) in lines.iter().enumerate() {
        let Some(line) = line.strip_prefix("/// ") else { continue };
        if at > 0 && lines[at - 1].starts_with("///") {
            continue;
        }
        let mut open = 0;
        let mut is_in_front = |line: &str| {
            let is_attribute = open > 0 || line.starts_with("#[");
            if is_attribute {
                open += line.matches('[').count();
                open -= line.matches(']').count();
            }
            is_attribute || line.starts_with("//")
        };
        let item = lines[at..].iter().find(|line| !is_in_front(line));
        found.extend(item.and_then(|item| declared(item)).map(|kind| (at + 1, kind, line)));
    }
    found
}

/// Returns the Rust files of the crate.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn given_the_docs_of_the_crate_then_their_first_lines_say_what_a_thing_is_or_does() {
    let mut faults = Vec::new();
    let mut count = 0;
    for file in files() {
        for (number, kind, line) in first_lines(&fs::read_to_string(&file).unwrap()) {
            count += 1;
            let fault =
                fault(kind, line).map(|fault| format!("{}:{number}: {fault}: {line}", file.display()));
            faults.extend(fault);
        }
    }
    assert!(count > 1_000, "{count}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn given_a_first_line_then_it_is_judged_by_its_first_word() {
    let rows = [
        (Kind::Function, "Validates incoming changes.", true),
        (Kind::Function, "Whether a line is blank.", false),
        (Kind::Function, "What changed.", false),
        (Kind::Function, "Validate incoming changes.", false),
        (Kind::Function, "The changes.", false),
        (Kind::Function, "This validates.", false),
        (Kind::Function, "`a | b`.", false),
        (Kind::Thing, "A B-tree of elements.", true),
        (Kind::Thing, "Changes of one actor.", true),
        (Kind::Thing, "`undo` and `redo`.", true),
        (Kind::Thing, "What a write holds.", false),
        (Kind::Thing, "Where a value goes.", false),
        (Kind::Thing, "Reads session files.", false),
    ];
    for (kind, line, is_fine) in rows {
        assert_eq!(fault(kind, line).is_none(), is_fine, "{line}");
    }
}

#[test]
fn given_a_file_then_the_docs_of_its_items_are_found() {
    let text = "//! A file.\n\n/// One.\n/// More.\n#[derive(\n    Debug,\n)]\npub(in crate::session) struct A {\n    \
                /// Whether it is.\n    b: bool,\n}\n\nimpl A {\n    /// Two.\n    // Why.\n    \
                pub const fn c() {}\n\n    /// Three.\n    pub(super) const D: u8 = 1;\n}\n";
    let expected = [
        (1, Kind::Thing, "A file."),
        (3, Kind::Thing, "One."),
        (14, Kind::Function, "Two."),
        (18, Kind::Thing, "Three."),
    ];
    assert_eq!(first_lines(text), expected);
}
