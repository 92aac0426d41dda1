//! The layers know only those below them.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// A layer, and the layers that it may name besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("crdt", &["value"]),
    ("filter", &["value"]),
    ("session", &["value", "crdt", "filter"]),
    ("script", &["value", "crdt", "filter", "session"]),
    ("shell", &["value", "crdt", "filter", "session", "script"]),
];

/// What only the side of the terminal may know.
const TERMINAL: &[&str] = &[
    "rustyline",
    "clap",
    "crossterm",
    "owo_colors",
    "etcetera",
    "getrandom",
    "rustix",
    "tempfile",
    "walkdir",
];

/// What no layer of the library may do: print, or ask the world.
const WORLD: &[&str] = &[
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::time",
    "SystemTime",
    "Instant",
    "env::var",
    "include!",
];

/// What may ask the world all the same, and for what: a limit of time needs a clock.
const EXCEPTIONS: &[(&str, &[&str])] = &[("src/filter/run/supervisor.rs", &["std::time", "Instant"])];

/// The Rust files below a folder of the project, with their code; comments and doc comments are left out.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let code = code.collect::<Vec<_>>().join("\n");
                sources.push((path, code));
            }
        }
    }
    assert!(!sources.is_empty(), "{folder}");
    sources.sort();
    sources
}

/// Whether `code` has `word`, and not as a part of a longer one.
fn mentions(code: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(is_word);
        let after = code[at + word.len()..].chars().next().is_some_and(is_word);
        !(before || after && word.ends_with(is_word))
    })
}

/// The modules that stand directly below a root such as `crate::`, also in `crate::{a::B, c}`.
fn below(code: &str, root: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        let rest = &code[at + root.len()..];
        let starts = match rest.strip_prefix('{') {
            None => vec![0],
            Some(group) => {
                let mut depth = 1;
                let mut starts = vec![1];
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => starts.push(at + 2),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
                starts
            }
        };
        found.extend(starts.into_iter().map(|start| {
            let rest = rest[start..].trim_start();
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        }));
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn given_a_group_of_uses_then_the_layers_in_it_are_found() {
    let code = "use crate::{crdt::{Op, OpId}, filter, value::Val};\nlet x = crate::session::run();";
    assert_eq!(below(code, "crate::"), ["crdt", "filter", "value", "session"]);
    assert_eq!(below("use super::super::{shell, script::Step};", "super::super::"), ["shell", "script"]);
    assert!(mentions("use clap::Parser", "clap") && !mentions("clapped", "clap"));
    assert!(mentions("print!(\"x\")", "print!") && !mentions("eprint!(\"x\")", "print!"));
}

#[test]
fn given_a_layer_then_it_names_only_those_below_it() {
    for (layer, allowed) in LAYERS {
        for (path, code) in sources(&format!("src/{layer}")) {
            // A file in a folder below the layer needs one `super` more to leave it.
            for root in ["crate::", "rejoin::", "super::super::"] {
                for name in below(&code, root) {
                    let is_layer = LAYERS.iter().any(|(other, _)| *other == name);
                    let fine = !is_layer || name == *layer || allowed.contains(&&*name);
                    assert!(fine, "{}: {root}{name}", path.display());
                }
            }
        }
    }
}

#[test]
fn given_the_library_then_nothing_in_it_knows_the_terminal() {
    for (path, code) in sources("src") {
        let is_terminal =
            path.ends_with("src/main.rs") || path.components().any(|c| c.as_os_str() == "shell");
        for word in TERMINAL.iter().filter(|_| !is_terminal) {
            assert!(!mentions(&code, word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn given_the_library_then_nothing_in_it_prints_or_asks_the_world() {
    for (layer, _) in LAYERS.iter().filter(|(layer, _)| *layer != "shell") {
        for (path, code) in sources(&format!("src/{layer}")) {
            let excepted = EXCEPTIONS.iter().filter(|(file, _)| path.ends_with(file));
            let excepted: Vec<&str> = excepted.flat_map(|(_, words)| *words).copied().collect();
            for word in WORLD.iter().filter(|word| !excepted.contains(word)) {
                assert!(!mentions(&code, word), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn given_every_module_then_it_is_a_layer() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let modules: Vec<&str> = modules.collect();
    assert!(!modules.is_empty());
    for module in modules {
        assert!(LAYERS.iter().any(|(layer, _)| *layer == module), "{module}");
    }
}
