//! Hints at what was probably meant: by its spelling, and by its meaning in other shells, version control and other languages.

use crate::filter::{builtins, nearest};
use crate::session::language::command::{self, Command};
use crate::session::language::name::name_length;

/// Words under which a command is looked for, and what else to say than what the command does.
type Meaning = (&'static [&'static str], &'static str, &'static str);

const COMMANDS: &[Meaning] = &[
    (&["new", "create", "make", "init", "let", "var", "const"], "ref", ""),
    (&["fork", "copy", "cp", "replica", "replicate", "checkout", "duplicate"], "branch", ""),
    (
        &["delete", "del", "rm", "remove", "unset", "forget", "destroy"],
        "drop",
        "`swap REF del(PATH)` deletes a part of a value",
    ),
    (&["mv", "move", "ren"], "rename", "a value is moved by `swap`"),
    (&["update", "modify", "change", "edit", "alter", "apply"], "swap", ""),
    (&["assign", "put", "replace"], "reset", ""),
    (&["source", "include", "run", "exec", "execute", "i"], "read", ""),
    (&["load", "restore"], "open", "`ref NAME from FILE` reads JSON"),
    (&["write", "dump", "backup"], "save", "`export EXPR to FILE` writes JSON"),
    (&["script"], "record", ""),
    (&["tee", "sh", "shell", "system"], "pipe", ""),
    (&["join", "rebase"], "merge", ""),
    (&["fetch", "receive", "download"], "pull", "`merge REF FROM` takes what another ref has"),
    (&["send", "publish", "upload"], "push", "`merge OTHER REF` takes it to another ref"),
    (&["synchronize", "check-in", "checkin", "exchange", "remote"], "sync", ""),
    (&["gc", "prune", "vacuum", "documents", "stores"], "store", ""),
    (&["diff", "compare", "equal", "equals", "cmp"], "same", ""),
    (&["history", "changes", "blame"], "log", ""),
    (&["ls", "list", "names", "vars", "status", "who", "d", "dt", "dir", "tables"], "refs", ""),
    (&["get", "cat", "print", "echo", "display", "view", "p", "more", "less"], "show", ""),
    (&["revert", "rollback", "back", "u"], "undo", ""),
    (&["version", "snapshot"], "clock", "`rejoin --version` tells that of the shell"),
    (&["checkpoint", "tag"], "clock", ""),
    (&["config", "option", "options", "setting", "settings", "pragma"], "set", ""),
    (&["check", "assert", "constrain"], "validate", ""),
    (&["subscribe", "observe", "listen"], "watch", ""),
];

const LEAVE: &str = "`quit` leaves the session, and so does Ctrl-D";

/// Words for what is said otherwise here, or is there in another way.
const OTHERWISE: &[(&[&str], &str)] = &[
    (
        &["help", "h", "man", "usage", "commands", "info", "?"],
        "`help` gives an overview, `help TOPIC` explains",
    ),
    (
        &["import"],
        "`ref NAME from FILE` reads JSON, `open FILE` a saved ref, `read FILE` runs a session file",
    ),
    (&["quit", "exit", "q", "q!", "x", "wq", "bye", "close", "end", "logout", "leave", "stop"], LEAVE),
    (&["serve", "server"], "`rejoin serve FOLDER`, from the command line, serves the documents in a folder"),
    (&["commit", "add", "stage"], "every `swap` is recorded at once; `log REF` has the changes"),
    (&["clear", "cls"], "Ctrl-L clears the screen"),
    (&["e", "vi", "vim", "nano", "emacs"], "Ctrl-X Ctrl-E edits the line with $EDITOR"),
];

/// Words that other languages have for a filter, and how jq says it.
const FILTERS: &[(&[&str], &str)] = &[
    (&["size", "count", "len", "wc", "strlen"], "did you mean `length`?"),
    (&["filter", "where", "grep"], "`map(select(CONDITION))` keeps the items for which it holds"),
    (&["forEach", "each"], "`map(FILTER)` gives each item to a filter"),
    (&["find"], "`first(.[] | select(CONDITION))` is the first item for which it holds"),
    (&["push", "append"], "`. += [ITEM]` adds an item at the end"),
    (&["unshift", "prepend"], "`. |= [ITEM] + .` adds an item at the start"),
    (&["pop"], "`del(.[-1])` removes the last item"),
    (&["shift"], "`del(.[0])` removes the first item"),
    (&["delete", "remove", "rm", "unset", "drop"], "did you mean `del`?"),
    (&["uniq", "distinct", "dedup"], "did you mean `unique`?"),
    (&["sum", "concat"], "did you mean `add`?"),
    (&["avg", "average", "mean"], "`add / length` is the average"),
    (&["lower", "lowercase", "tolower", "toLowerCase", "downcase"], "did you mean `ascii_downcase`?"),
    (&["upper", "uppercase", "toupper", "toUpperCase", "upcase"], "did you mean `ascii_upcase`?"),
    (&["replace", "substitute"], "`sub(\"from\"; \"to\")` replaces once, `gsub` everywhere"),
    (&["substring", "substr", "slice"], "`.[2:5]` is a slice"),
    (&["head", "take"], "`.[:10]` is the first ten"),
    (&["tail"], "`.[-10:]` is the last ten"),
    (&["typeof", "kind"], "did you mean `type`?"),
    (&["entries", "items"], "did you mean `to_entries`?"),
    (&["parse"], "did you mean `fromjson`?"),
    (&["stringify", "dumps"], "did you mean `tojson`?"),
    (&["int", "number", "float", "parseInt"], "did you mean `tonumber`?"),
    (&["str", "string", "toString"], "did you mean `tostring`?"),
    (&["includes"], "`index(ITEM) != null` tells whether it is there"),
    (&["merge", "assign"], "`. * {…}` merges objects"),
    (&["more", "less"], "`show NAME --all` shows everything, page by page"),
    (&["jq"], "what stands here is jq already: leave the word out"),
];

/// Ends of names of files that one might take for a VALUE.
const FILES: [&str; 11] =
    [".json", ".jsonl", ".ndjson", ".json5", ".rejoin", ".txt", ".md", ".jq", ".yaml", ".yml", ".csv"];

/// Explains what a word in first place means that is no command here.
pub(in crate::session) fn command(commands: &'static [Command], word: &str) -> Option<String> {
    let other = OTHERWISE.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| *hint);
    if let Some(hint) = other {
        return Some(hint.to_owned());
    }
    if let Some(command) = command::find(commands, word) {
        return Some(does(command));
    }
    let (_, name, more) = COMMANDS.iter().find(|(words, ..)| words.contains(&word))?;
    let hint = does(command::find(commands, name)?);
    Some(if more.is_empty() { hint } else { format!("{hint}; {more}") })
}

/// Writes `` `branch REF as NAME`: make a replica with its own actor ``, without what one rarely needs.
fn does(command: &Command) -> String {
    let usage = command.usage();
    let rare = usage.find(" [--").unwrap_or(usage.len());
    format!("`{}`: {}", &usage[..rare], command.summary)
}

/// Explains a line that is written as another shell has its commands, such as `\q`, `:help`, `/quit` and `?`: the
/// word, and what it means. No jq begins so.
pub(in crate::session) fn dressed<'a>(
    commands: &'static [Command],
    line: &'a str,
) -> Option<(&'a str, String)> {
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let first = &line[..end];
    let word = match first.strip_prefix(['\\', ':', '/', '!']) {
        Some(word) => word,
        None if first.starts_with('?') => "?",
        None => return None,
    };
    command(commands, undressed(word)).map(|hint| (first, hint))
}

/// Explains a line that is also a path of jq: `.quit`, `.help`.
pub(in crate::session) fn dotted(commands: &'static [Command], line: &str) -> Option<String> {
    let word = line.strip_prefix('.')?;
    let is_word = name_length(word) == word.len();
    // What is more than a habit would be in the way of keys that are called so.
    let usual = ["quit", "exit", "q", "help", "h", "read", "tables"];
    if is_word && usual.contains(&word) { command(commands, word) } else { None }
}

/// Returns a word without what a call or a statement has behind it.
fn undressed(word: &str) -> &str {
    word.trim_end_matches(';').trim_end_matches("()")
}

/// Explains what was probably meant by code that cannot be compiled, because of what stands at `at`. `is_line`: it is
/// a line of its own, as `origin > file`.
pub(in crate::session) fn code(code: &str, at: usize, is_line: bool) -> Option<String> {
    let text = code.trim_end();
    if is_file(text) {
        return Some(
            "`ref NAME from FILE` and `reset REF from FILE` read JSON, `read FILE` runs a session file"
                .to_owned(),
        );
    }
    let (before, rest) = text.split_at_checked(at)?;
    let before = before.trim_end();
    let leads = before.ends_with(['>', '<']) || rest.starts_with(['>', '<']);
    let file = rest.trim_start_matches(['>', '<']).trim();
    if leads && (is_file(file) || is_line && !file.is_empty() && file.chars().all(in_file)) {
        return Some(
            "`>` and `<` compare; `export EXPR to FILE` writes JSON, `ref NAME from FILE` reads it, `read FILE` runs a \
             session file"
                .to_owned(),
        );
    }
    if rest == ";" {
        return Some("a line has no `;` at its end".to_owned());
    }
    filter(&rest[..name_length(rest)])
}

/// Explains how jq says what is called as a method of another language, where its brackets open at `at`.
pub(in crate::session) fn method(code: &str, at: usize) -> Option<String> {
    let (before, rest) = code.split_at_checked(at)?;
    let inside = rest.strip_prefix('(')?;
    let start = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let word = before[..start].ends_with('.').then_some(&before[start..])?;
    let is_filter = || is_builtin(word);
    let arguments = if inside.trim_start().starts_with(')') { "" } else { "(…)" };
    filter(word).or_else(|| {
        is_filter()
            .then(|| format!("a filter stands behind `|`, and not behind a dot: `| {word}{arguments}`"))
    })
}

fn is_builtin(word: &str) -> bool {
    builtins().any(|(name, _)| name == word)
}

/// Explains what a word means that is no filter of jq.
pub(in crate::session) fn filter(word: &str) -> Option<String> {
    FILTERS.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| (*hint).to_owned())
}

/// Asks `did you mean …?` with the known word that is nearest, if one is near.
pub(in crate::session) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// Tells whether a text looks like the name of a file.
pub(in crate::session) fn is_file(text: &str) -> bool {
    let place = ["./", "../", "/", "~/"].iter().any(|start| text.starts_with(start));
    let kind = FILES.iter().any(|end| text.len() > end.len() && text.ends_with(end));
    text.len() > 2 && text.chars().all(in_file) && (kind || place)
}

/// Tells whether a text looks like the name of a file of JSON.
pub(in crate::session) fn is_data(text: &str) -> bool {
    is_file(text) && [".json", ".jsonl", ".ndjson"].iter().any(|end| text.ends_with(end))
}

fn in_file(c: char) -> bool {
    c.is_alphanumeric() || "._-/~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::COMMANDS as TABLE;
    use std::collections::HashSet;

    #[test]
    fn every_suggestion_is_of_a_command_that_exists_and_every_word_means_one_thing() {
        for (words, name, _) in COMMANDS {
            assert!(command::find(TABLE, name).is_some(), "{name}");
            for word in *words {
                assert!(command::find(TABLE, word).is_none(), "`{word}` is a command itself");
                assert_eq!(*word, word.to_lowercase());
            }
        }
        let filters: Vec<&str> = FILTERS.iter().flat_map(|(words, _)| *words).copied().collect();
        let words = COMMANDS.iter().flat_map(|(words, ..)| *words);
        let words: Vec<&str> = words.chain(OTHERWISE.iter().flat_map(|(words, _)| *words)).copied().collect();
        for words in [filters, words] {
            let mut seen = HashSet::new();
            let twice = words.iter().find(|word| !seen.insert(**word));
            assert_eq!(twice, None);
        }
    }

    #[test]
    fn a_file_is_known_by_its_end_or_its_folder() {
        for file in ["data.json", "../a-b/c", "/tmp/x", "~/x.md", "a.rejoin", "é.json"] {
            assert!(is_file(file), "{file}");
        }
        for text in ["a", ".json", "a.b", ".a.json | .b", "\"a.json\"", "/", "1.5", "-1"] {
            assert!(!is_file(text), "{text}");
        }
    }
}
