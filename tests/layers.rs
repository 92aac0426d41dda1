//! The layers know only those below them, and no files import each other in a circle.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A layer, and the layers that it may name besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("cancellation", &[]),
    ("value", &["cancellation"]),
    ("crdt", &["cancellation", "value"]),
    ("filter", &["cancellation", "value"]),
    ("store", &["cancellation", "value", "crdt"]),
    ("server", &["cancellation", "value", "crdt", "store"]),
    ("session", &["cancellation", "value", "crdt", "filter", "store"]),
    ("script", &["cancellation", "value", "crdt", "filter", "session", "store"]),
    ("shell", &["cancellation", "value", "crdt", "filter", "store", "server", "session", "script"]),
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

/// What may ask the world all the same, and for what: a limit of time needs a clock, what outlives the process a disk, and a
/// server sockets.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("src/filter/run/watchdog.rs", &["std::time", "Instant"]),
    ("src/server/body.rs", &["std::io"]),
    ("src/server/cache.rs", &["Instant"]),
    ("src/server/connections.rs", &["std::io", "std::net"]),
    ("src/server/routes.rs", &["Instant"]),
    ("src/server/stall.rs", &["std::io"]),
    ("src/store/http.rs", &["std::io", "std::time"]),
    ("src/store/blocking.rs", &["std::time"]),
    ("src/store/journal.rs", &["std::fs", "std::io"]),
    // Who may use a bucket is said in the environment, as for the tools of those who keep it.
    ("src/store/objects/mod.rs", &["std::env", "std::io"]),
];

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

#[test]
fn given_a_file_then_its_first_line_says_what_it_is() {
    for (path, _) in sources("src") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{}", path.display());
    }
}

#[test]
fn given_the_page_about_the_architecture_then_every_file_that_it_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let is_path = |name: &&str| {
        name.contains('/') && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c))
    };
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_path).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let there =
            [root.join(name), root.join("src").join(name), root.join("src").join(format!("{name}.rs"))];
        assert!(there.iter().any(|path| path.exists()), "{name}");
    }
}

// --- circles ---

/// The module that a file is, below `src`: `["crdt", "tree", "value"]`.
fn module(file: &Path) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut names: Vec<String> =
        path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    names.pop_if(|last| last == "mod");
    names
}

/// The paths that code names from the root of the crate or from a module above: those of a `use` with a group in
/// it one by one.
fn paths(code: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = &code[..at];
            // `super::super::x` is found once.
            if !before.ends_with(is_word) && !before.ends_with("::") {
                tree(&code[at..], "", &mut found);
            }
        }
    }
    found
}

/// Adds the paths of a tree of names such as `a::{b, c::d}`; answers how long it is.
fn tree(code: &str, above: &str, found: &mut Vec<String>) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '*';
    let length = code.find(|c| !is_part(c)).unwrap_or(code.len());
    let path = format!("{above}{}", &code[..length]);
    if !code[length..].starts_with('{') || !path.ends_with("::") {
        found.push(path);
        return length;
    }
    let mut at = length + 1;
    while !code[at..].starts_with('}') {
        let gap = code[at..].len() - code[at..].trim_start_matches([' ', '\n', ',']).len();
        at += gap;
        if code[at..].starts_with('}') {
            break;
        }
        let taken = tree(&code[at..], &path, found);
        // What is called otherwise here.
        let rest = code[at + taken..].find([',', '}']).unwrap_or(0);
        at += taken + rest;
    }
    at + 1
}

/// The files of the crate, and which others each takes something from. What a file takes from a module that holds it
/// does not count: that is where the layer says what it is made of.
fn imports() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let sources = sources("src");
    let all: BTreeSet<Vec<String>> = sources.iter().map(|(path, _)| module(path)).collect();
    let mut imports = BTreeMap::new();
    for (file, code) in &sources {
        let own = module(file);
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let mut taken = BTreeSet::new();
        for path in paths(code) {
            let mut names: Vec<&str> = path.split("::").collect();
            let mut at = if names[0] == "crate" { Vec::new() } else { own.clone() };
            while let ["crate" | "super", ..] = names[..] {
                at.pop();
                names.remove(0);
            }
            for name in names {
                at.push(name.to_owned());
                if !all.contains(&at) {
                    at.pop();
                    break;
                }
            }
            if !own.starts_with(&at) {
                taken.insert(at);
            }
        }
        imports.insert(own, taken);
    }
    imports
}

/// A circle of files, if there is one: each imports the next, and the last the first.
fn circle(imports: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    for start in imports.keys() {
        let mut way: Vec<(&Vec<String>, Vec<&Vec<String>>)> = vec![(start, imports[start].iter().collect())];
        while let Some((file, rest)) = way.last_mut() {
            let (file, next) = (*file, rest.pop());
            match next {
                Some(next) if done.contains(next) => {}
                Some(next) => {
                    if let Some(from) = way.iter().position(|(file, _)| *file == next) {
                        return Some(way[from..].iter().map(|(file, _)| file.join("/")).collect());
                    }
                    let taken = imports.get(next).map(|taken| taken.iter().collect()).unwrap_or_default();
                    way.push((next, taken));
                }
                None => {
                    done.insert(file);
                    way.pop();
                }
            }
        }
    }
    None
}

#[test]
fn given_the_files_of_the_crate_then_none_import_each_other_in_a_circle() {
    assert_eq!(circle(&imports()), None);
}

#[test]
fn given_files_that_import_each_other_then_the_circle_is_found() {
    let code = "use super::{a::{B, C as D}, e};\nuse crate::f::G;\nlet x = super::super::h::i();";
    let mut found = paths(code);
    found.sort();
    assert_eq!(found, ["crate::f::G", "super::a::B", "super::a::C", "super::e", "super::super::h::i"]);
    let file = |name: &str| vec![name.to_owned()];
    let arrows = |rows: &[(&str, &[&str])]| {
        rows.iter().map(|(from, to)| (file(from), to.iter().map(|to| file(to)).collect())).collect()
    };
    let imports = imports();
    assert!(
        imports[&["crdt", "tree", "patch"].map(String::from).to_vec()]
            .contains(["crdt", "tree", "touched"].map(String::from).as_slice())
    );
    assert_eq!(circle(&arrows(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
    let found = circle(&arrows(&[("a", &["b"]), ("b", &["c", "d"]), ("c", &[]), ("d", &["b"])]));
    assert_eq!(found, Some(vec!["b".to_owned(), "d".to_owned()]));
}
