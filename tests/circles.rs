//! No file imports in a circle: whoever reads a file need not have read those that use it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers that are free of circles.
const LAYERS: &[&str] = &["filter"];

/// A module by the names that lead to it from its layer.
type Module = Vec<String>;

/// The modules of a layer with their code, without comments and tests.
fn modules(layer: &str) -> BTreeMap<Module, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(layer);
    let mut modules = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = module(path.strip_prefix(&root).unwrap());
                if name.first().is_none_or(|first| first != "tests") {
                    modules.insert(name, code(&fs::read_to_string(&path).unwrap()));
                }
            }
        }
    }
    modules
}

fn module(path: &Path) -> Module {
    let names: PathBuf = path.with_extension("");
    let names = names.components().map(|name| name.as_os_str().to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The paths behind `start` in code, also each of `{a, b::c}`.
fn paths(code: &str, start: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(start) {
        // `super::` behind another one has been read with it.
        if !code[..at].ends_with("::") {
            path(&code[at + start.len()..], &mut Vec::new(), &mut found);
        }
    }
    found
}

fn path(text: &str, before: &mut Module, found: &mut Vec<Module>) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0;
        let mut starts = vec![0];
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts.push(at + 1),
                _ => {}
            }
        }
        for start in starts {
            path(group[start..].trim_start(), &mut before.clone(), found);
        }
        return;
    }
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    if length == 0 {
        return;
    }
    before.push(text[..length].to_owned());
    match text[length..].strip_prefix("::") {
        Some(rest) => path(rest, before, found),
        None => found.push(before.clone()),
    }
}

/// The modules that each module of a layer uses.
fn uses(layer: &str) -> BTreeMap<Module, BTreeSet<Module>> {
    let modules = modules(layer);
    let known = |mut path: Module| {
        while !path.is_empty() && !modules.contains_key(&path) {
            path.pop();
        }
        path
    };
    let mut uses = BTreeMap::new();
    for (name, code) in &modules {
        let mut used: Vec<Module> = paths(code, &format!("crate::{layer}::"));
        for up in 1..=name.len() {
            let base = &name[..name.len() - up];
            let relative = paths(code, &"super::".repeat(up));
            let relative =
                relative.into_iter().filter(|path| path.first().is_some_and(|first| first != "super"));
            used.extend(relative.map(|path| [base, &path].concat()));
        }
        let own = paths(code, "self::").into_iter().map(|path| [name.as_slice(), &path].concat());
        used.extend(own);
        let used = used.into_iter().map(known).filter(|other| other != name && !other.is_empty());
        uses.insert(name.clone(), used.collect());
    }
    uses
}

/// Looks for a circle from a module on; `way` are the modules that lead to it.
fn circle(
    module: &Module,
    uses: &BTreeMap<Module, BTreeSet<Module>>,
    way: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) -> Option<Vec<Module>> {
    if let Some(start) = way.iter().position(|before| before == module) {
        return Some(way[start..].to_vec());
    }
    if !done.contains(module) {
        way.push(module.clone());
        let found = uses[module].iter().find_map(|next| circle(next, uses, way, done));
        way.pop();
        if found.is_some() {
            return found;
        }
        done.insert(module.clone());
    }
    None
}

#[test]
fn given_code_then_the_paths_in_it_are_found() {
    let names = |paths: Vec<Module>| paths.iter().map(|path| path.join("/")).collect::<Vec<_>>();
    let code = "use crate::filter::run::{stack::{self, Room}, watch};\nlet x = crate::filter::val::json(1);";
    let found = ["run/stack/self", "run/stack/Room", "run/watch", "val/json"];
    assert_eq!(names(paths(code, "crate::filter::")), found);
    assert_eq!(names(paths("use super::super::a::B; use super::c;", "super::super::")), ["a/B"]);
}

#[test]
fn given_a_layer_then_no_file_imports_in_a_circle() {
    for layer in LAYERS {
        let uses = uses(layer);
        assert!(uses.len() > 1 && uses.values().any(|used| !used.is_empty()), "{layer}");
        let mut done = BTreeSet::new();
        for module in uses.keys() {
            let found = circle(module, &uses, &mut Vec::new(), &mut done);
            assert_eq!(found, None, "{layer}");
        }
    }
}
