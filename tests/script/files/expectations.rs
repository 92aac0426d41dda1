//! What is an expectation, what only looks like one, and what a check does behind a failure.

use std::fs;

use crate::command::{Folder, done, piped, rejoin};

#[test]
fn given_json_over_several_lines_then_it_is_one_expectation() {
    let folder = Folder::new("several-lines");
    let text = "\
ref a {\"name\": \"Foo\", \"items\": [0, 1]}
#=> {
#=>   \"name\": \"F...\",
#=>   \"items\": [
#=>     0,
#=>     ...
#=>   ]
#=> }
#=> actor a
a[]
#=> \"Foo\"
#=> [0,
#=> 1]
";
    let file = folder.file("holds.rejoin", text);
    let verdict = "1 session, 2 commands, 4 expectations: all hold\n";
    assert_eq!(rejoin(&["check", &file]), done(0, "", verdict));
    let crlf = folder.file("crlf.rejoin", text.replace('\n', "\r\n"));
    assert_eq!(rejoin(&["check", &crlf]), done(0, "", verdict));
    let quoted: String = text.lines().map(|line| format!("> {line}\n")).collect();
    let markdown = folder.file("quoted.md", format!("> ```rejoin\n{quoted}> ```\n"));
    assert_eq!(rejoin(&["check", &markdown]), done(0, "", verdict));
    let wrong = folder.file("wrong.rejoin", text.replace("\"F...", "\"G..."));
    let err = format!(
        "{wrong}:2\n  ref a {{\"name\": \"Foo\", \"items\": [0, 1]}}\n    expected (-) and actual (+):\n"
    );
    let checked = rejoin(&["check", &wrong]);
    assert!(checked.code == 1 && checked.err.starts_with(&err), "{}", checked.err);
    let blessed = rejoin(&["check", "--bless", &wrong]);
    assert_eq!(blessed.code, 0, "{}", blessed.err);
    // What still holds keeps its dots; those of what does not went, and that is told.
    assert!(
        blessed.out.ends_with("note: `...` could not stay here: write it again where anything may stand\n")
    );
    let now = "#=> {\n#=>   \"name\": \"Foo\",\n#=>   \"items\": [0,...]\n#=> }\n#=> actor a\n";
    let now = format!(
        "ref a {{\"name\": \"Foo\", \"items\": [0, 1]}}\n{now}{}",
        &text[text.find("a[]").unwrap()..]
    );
    assert_eq!(fs::read_to_string(&wrong).unwrap(), now);
}

#[test]
fn given_what_only_looks_like_an_expectation_then_it_is_an_error_of_the_file_with_its_place() {
    let folder = Folder::new("lookalikes");
    let rows = [
        ("#-> 1", "2:1", "`#->` begins no expectation"),
        ("  # => 1", "2:3", "`# =>` begins no expectation"),
        ("#= > 1", "2:1", "`#= >` begins no expectation"),
        ("# → 1", "2:1", "`# →` begins no expectation"),
        ("swap a 1 #=> 1", "2:10", "an expectation stands on a line of its own, below its command"),
        ("swap a [1, # é\n  2] # -> 1", "3:6", "`# ->` begins no expectation"),
        ("#=> [1,\n#=> 2", "2:5", "the JSON that is expected does not end"),
        ("#=> {\"x\": [1]", "2:5", "the JSON that is expected does not end"),
        ("#=> \"x", "2:5", "the JSON that is expected does not end"),
        ("#=> [1,\n# two\n#=> 2]", "2:5", "the JSON that is expected does not end"),
        ("#=> [\n #=>  1,\n#=>  tru\n#=> ]", "4:6", "not JSON: expected a value, found `t`"),
        ("#=> {\"x\": 1,}", "2:13", "not JSON: expected a key, found `}`"),
    ];
    for (lines, place, message) in rows {
        let text = format!("ref a 1\n{lines}\n");
        let file = folder.file("like.rejoin", &text);
        for args in [&["check", &*file][..], &["check", "--bless", &file], &["run", &file], &["play", &file]]
        {
            let ended = rejoin(args);
            assert_eq!((ended.code, &*ended.out), (2, ""), "{args:?}: {lines}");
            let error = format!("{file}:{place}\nerror: {message}\n");
            assert!(ended.err.starts_with(&error), "{args:?}: {lines}: {}", ended.err);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        let json = rejoin(&["check", "--json", &file]).out;
        assert!(json.contains("\"ok\":false") && json.contains("\"unread\":[{"), "{json}");
        let read = rejoin(&["-c", &format!("read {file}")]);
        let line = place.split(':').next().unwrap();
        assert!(
            read.code == 1 && read.err.contains(&format!("like.rejoin:{line}: {message}")),
            "{}",
            read.err
        );
        assert_eq!(piped(&[], &text).code, 2, "{lines}");
        let markdown = folder.file("like.md", format!("- ```rejoin\n{}  ```\n", text.replace('\n', "\n  ")));
        assert_eq!(rejoin(&["check", &markdown]).code, 2, "{lines}");
    }
}

#[test]
fn given_an_expectation_behind_a_command_of_the_command_line_then_it_is_refused() {
    let refused = rejoin(&["-c", "ref a 1", "-c", "swap a 1 #=> 2"]);
    let error = "-c:2:10\nerror: an expectation stands on a line of its own, below its command\n";
    assert!(refused.code == 2 && refused.err.starts_with(error), "{}", refused.err);
}

#[test]
fn given_comments_that_look_like_nothing_else_then_they_are_comments() {
    let folder = Folder::new("comments");
    let text = "# a => b\n#\n# ---\n#====\n##=> 5\n# - > quoted\nref a 1 # -- one\n#=> 1\nswap a \"#=> 5\"\n#=> \"#=> 5\"\n";
    let file = folder.file("comments.rejoin", text);
    let verdict = "1 session, 2 commands, 2 expectations: all hold\n";
    assert_eq!(rejoin(&["check", &file]), done(0, "", verdict));
}

#[test]
fn given_many_mistakes_then_the_first_are_told() {
    let folder = Folder::new("many-mistakes");
    let file = folder.file("many.rejoin", "# => 1\n".repeat(100));
    let err = rejoin(&["check", &file]).err;
    assert_eq!(err.matches("error:").count(), 8);
    assert!(err.contains("92 more mistakes\n"), "{err}");
}

#[test]
fn given_dots_behind_a_backslash_then_they_stand_for_themselves() {
    let folder = Folder::new("literal-dots");
    let text = "ref a \"wait...\"\n#=> \"wait\\...\"\n{n: [$a]}\n#=> {\"n\": [\"w...\\...\"], ...}\nerror(\"a...\")\n#=> error: ...: a\\...\n";
    let file = folder.file("holds.rejoin", text);
    assert_eq!(rejoin(&["check", &file]).code, 0, "{}", rejoin(&["check", &file]).err);
    let other =
        text.replace("ref a \"wait...\"", "ref a \"waiting\"").replace("error(\"a...\")", "error(\"ab\")");
    let file = folder.file("other.rejoin", other);
    let err = rejoin(&["check", &file]).err;
    assert!(err.ends_with("3 commands, 3 expectations: 3 failures\n"), "{err}");
    let ran = rejoin(&["-c", "\"a...\""]).out;
    assert_eq!(ran, "\"a...\"\n", "an answer has no backslash");
    let file = folder.file("run.rejoin", "\"a...\"\n");
    assert_eq!(rejoin(&["run", &file]).out, "\"a...\"\n#=> \"a\\...\"\n");
    assert_eq!(rejoin(&["check", "--bless", "--all", &file]).code, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "\"a...\"\n#=> \"a\\...\"\n");
}

#[test]
fn given_keep_going_then_what_is_behind_a_failing_command_is_told_too() {
    let folder = Folder::new("keep-going");
    folder.file("inner.rejoin", "swop\nref c 1\n");
    let file = folder.file("fails.rejoin", "ref a 1\nswop\nswap a 2\n#=> 3\nread inner.rejoin\nmerge a b\n");
    let stopped = rejoin(&["check", &file]);
    assert!(stopped.err.ends_with("1 session, 2 commands, 1 expectation: 1 failure\n") || stopped.code == 1);
    assert!(!stopped.err.contains(":4"), "{}", stopped.err);
    let all = rejoin(&["check", "--keep-going", &file]);
    assert_eq!(all.code, 1);
    for place in ["fails.rejoin:2:1\n", "fails.rejoin:4\n", "fails.rejoin:5:6\n", "fails.rejoin:6:9\n"] {
        assert!(all.err.contains(place), "{place}: {}", all.err);
    }
    assert!(all.err.contains("inner.rejoin:1: `swop`"), "{}", all.err);
    assert!(all.err.ends_with("1 session, 5 commands, 1 expectation: 4 failures\n"), "{}", all.err);
    let json = rejoin(&["check", "--json", "--keep-going", &file]).out;
    assert_eq!(json.lines().count(), 5, "{json}");
    let ran = rejoin(&["run", "--keep-going", &file]);
    assert!(ran.code == 1 && ran.out.ends_with("merge a b\n"), "{}", ran.out);
    assert_eq!(rejoin(&["check", "--bless", "--keep-going", &file]).code, 2, "a person decides there");
}

#[test]
fn given_a_folder_then_the_session_files_below_it_are_checked_in_order() {
    let folder = Folder::new("below");
    for inner in ["b/c", ".hidden", "a"] {
        fs::create_dir_all(folder.0.join(inner)).unwrap();
    }
    let wrong = "ref a 1\n#=> 2\n";
    let files = ["a/2.rejoin", "a/10.rejoin", "b/c/x.md", "z.rejoin", "z.markdown"];
    for name in files {
        let text = if name.contains(".m") { format!("```rejoin\n{wrong}```\n") } else { wrong.to_owned() };
        folder.file(name, text);
    }
    folder.file("README.md", "# Nothing to run\n");
    folder.file("notes.txt", wrong);
    folder.file(".hidden/h.rejoin", wrong);
    #[cfg(unix)]
    std::os::unix::fs::symlink(&folder.0, folder.0.join("b/loop")).unwrap();
    let name = folder.0.to_str().unwrap();
    let checked = rejoin(&["check", name]);
    assert_eq!(checked.code, 1);
    let shown = checked.err.lines().filter_map(|line| line.strip_prefix(name));
    let shown: Vec<&str> = shown.map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(shown, ["/a/10.rejoin", "/a/2.rejoin", "/b/c/x.md", "/z.markdown", "/z.rejoin"]);
    assert!(checked.err.ends_with("5 sessions, 5 commands, 5 expectations: 5 failures\n"), "{}", checked.err);
    assert_eq!(rejoin(&["check", "--bless", name]).code, 0);
    assert_eq!(rejoin(&["check", name]).code, 0);
    assert_eq!(fs::read_to_string(folder.0.join("notes.txt")).unwrap(), wrong);
    let empty = folder.0.join("empty");
    fs::create_dir(&empty).unwrap();
    let prose_only = Folder::new("prose-only");
    prose_only.file("README.md", "# Nothing to run\n");
    let prose = prose_only.0.to_str().unwrap();
    let nothing = "0 sessions, 0 commands, 0 expectations: nothing to check\n";
    assert_eq!(rejoin(&["check", prose]), done(2, "", nothing));
    assert!(rejoin(&["check", "--json", prose]).out.contains("\"ok\":false"));
    assert_eq!(rejoin(&["check", "--bless", prose]), done(2, "", "nothing to check\n"));
    let empty = empty.to_str().unwrap();
    let error = format!(
        "error: {empty}: nothing to check: no session files\n0 sessions, 0 commands, 0 expectations: nothing to check\n"
    );
    assert_eq!(rejoin(&["check", empty]), done(2, "", &error));
    let file = folder.file("a/comment.txt", "# Nothing.\n");
    let both = rejoin(&["check", &file, empty]);
    let wanted = format!(
        "error: {file}: nothing to check: no commands\nerror: {empty}: nothing to check: no session files\n\
         1 session, 0 commands, 0 expectations: nothing to check\n"
    );
    assert_eq!(both, done(2, "", &wanted));
    let summary = rejoin(&["check", "--json", &file, empty]).out;
    assert!(summary.contains(&format!("\"unread\":[],\"empty\":[{file:?},{empty:?}]")), "{summary}");
    folder.file("a/empty.rejoin", "# Nothing.\n");
    assert_eq!(rejoin(&["check", name]).code, 2, "a session file without commands has nothing to check");
}

#[test]
fn given_a_dash_then_the_session_comes_on_standard_input() {
    let text = "# Hello.\nref a 1\n#=> 2\n";
    let err = "stdin:2\n  # Hello.\n  ref a 1\n    expected: 2\n    actual:   1\n";
    let verdict = format!("{}1 session, 1 command, 1 expectation: 1 failure\n", err.replace(":2\n", ":3\n"));
    assert_eq!(piped(&["check", "-"], text), done(1, "", &verdict));
    let ran = piped(&["run", "-"], "# Hello.\nref a 1\n");
    assert_eq!(ran, done(0, "# Hello.\nref a 1\n#=> 1\n#=> actor a\n", ""));
    let json = piped(&["check", "--json", "-"], text).out;
    assert!(json.starts_with("{\"file\":\"stdin\",\"line\":2,"), "{json}");
    let refused = "error: stdin: cannot be rewritten\n1 file left as it is\n";
    assert_eq!(piped(&["check", "--bless", "-"], text), done(2, "", refused));
}

#[test]
fn given_a_long_json_then_it_is_refused_before_it_is_read() {
    let folder = Folder::new("long-json");
    let long = format!("[{}]", "1".repeat(16 << 20));
    let file = folder.file("long.rejoin", format!("ref a {long}\n"));
    let checked = rejoin(&["check", &file]);
    let error = "the command has more than 16 MiB [R008]";
    assert!(checked.code == 1 && checked.err.contains(error), "{}", checked.err.len());
    assert!(checked.err.len() < 1_000, "it is not shown");
    let lines = long.replacen("11", "1,\n#=> 1", 3);
    let file = folder.file("expected.rejoin", format!("ref a 1\n#=> {lines}\n"));
    let expected = format!("{file}:2:5\nerror: the expectation has more than 16 MiB\n");
    let checked = rejoin(&["check", &file]);
    assert!(checked.code == 2 && checked.err.starts_with(&expected), "{}", checked.err);
}
