//! Session files from the outside: what `check` shows, what `--bless` writes, what `read` reads.

mod endings;
mod expectations;
mod rewriting;

use std::fs;
use std::path::Path;

use crate::command::{Folder, command, done, rejoin};

// --- check ---

#[test]
fn given_what_does_not_hold_then_the_narration_and_the_difference_are_shown() {
    let folder = Folder::new("difference");
    let value = r#"{"name":"A rather long name","items":[0,1,2],"tags":["one","two","three"],"n":1}"#;
    let expected = r#"{"name": "A rather long name", "items": [0, 1], "tags": ["one", ...], "n": ...}"#;
    let text = format!(
        "# First.\n\n# A long value,\n# told in two lines.\nref a {value}\n#=> {expected}\n#=> actor b\n"
    );
    let file = folder.file("long.rejoin", text);
    let err = format!(
        "{file}:6
  # A long value,
  # told in two lines.
  ref a {value}
    expected (-) and actual (+):
      {{
        \"name\": \"A rather long name\",
    -   \"items\": [0,1],
    +   \"items\": [0,1,2],
        \"tags\": [\"one\",\"two\",\"three\"],
        \"n\": 1
      }}
{file}:7
    expected: actor b
    actual:   actor a
1 session, 1 command, 2 expectations: 2 failures
"
    );
    assert_eq!(rejoin(&["check", &file]), done(1, "", &err));
}

#[test]
fn given_failures_in_several_files_then_all_are_shown() {
    let folder = Folder::new("several");
    let first = folder.file("1.rejoin", "ref a 1\n#=> 2\na\n#=> 3\nswop a\nref b 1\n");
    let second = folder.file("2.md", "Prose.\n```rejoin\nref a 1\n#=> 4\n```\n");
    let ended = rejoin(&["check", &first, &second]);
    let places =
        [format!("{first}:2\n"), format!("{first}:4\n"), format!("{first}:5:1\n"), format!("{second}:4\n")];
    for place in places {
        assert!(ended.err.contains(&place), "{place}: {}", ended.err);
    }
    assert!(ended.err.contains("\n  Prose.\n  ref a 1\n"), "{}", ended.err);
    assert!(ended.err.ends_with("2 sessions, 4 commands, 3 expectations: 4 failures\n"), "{}", ended.err);
    assert_eq!(ended.code, 1);
}

#[test]
fn given_a_check_then_no_file_is_written() {
    let folder = Folder::new("read-only");
    let file = folder.file("wrong.rejoin", "ref a 1\n#=> 2\n");
    let written = || fs::metadata(&file).unwrap().modified().unwrap();
    let before = written();
    assert_eq!(rejoin(&["check", &file]).code, 1);
    assert_eq!(written(), before);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn given_a_block_that_is_fresh_then_a_new_session_starts() {
    let folder = Folder::new("fresh");
    let text = "```rejoin\nref a 1\n#=> actor a\n```\n## Next\n```rejoin\na\n#=> 1\n```\n```rejoin fresh\nref a 2\n#=> actor a\n```\n";
    let file = folder.file("doc.md", text);
    let verdict = "2 sessions, 3 commands, 3 expectations: all hold\n";
    assert_eq!(rejoin(&["check", &file]), done(0, "", verdict));
}

#[cfg(unix)]
#[test]
fn given_an_interrupt_then_the_shell_sees_130() {
    use std::os::unix::process::ExitStatusExt;
    let folder = Folder::new("interrupt");
    let file = folder
        .file("long.rejoin", "ref a [range(100000)]\n".to_owned() + &"swap a map(. + 1)\n".repeat(1_000));
    let mut child = command(&["check", &file]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let ended = child.wait().unwrap();
    let status = ended.code().or_else(|| ended.signal().map(|signal| 128 + signal));
    assert_eq!(status, Some(130));
}

#[test]
fn given_nothing_to_check_then_that_is_said() {
    let folder = Folder::new("nothing");
    let text = folder.file("doc.md", "# Title\n```sh\nls\n```\n");
    let empty = folder.file("empty.rejoin", "");
    let err = format!(
        "error: {text}: nothing to check: no commands\nerror: {empty}: nothing to check: no commands\n\
         2 sessions, 0 commands, 0 expectations: nothing to check\n"
    );
    assert_eq!(rejoin(&["check", &text, &empty]), done(2, "", &err));
    let good = folder.file("good.rejoin", "ref a 1\n#=> 1\n");
    assert_eq!(rejoin(&["check", &text, &good]).code, 2, "one of several");
    let wrong = folder.file("wrong.rejoin", "ref a 1\n#=> 2\n");
    assert_eq!(rejoin(&["check", &text, &wrong]).code, 1, "what is wrong counts more");
    let blessed = format!("error: {empty}: no commands\n1 file left as it is\n");
    assert_eq!(rejoin(&["check", "--bless", &empty]), done(2, "", &blessed));
    let json: serde_json::Value = serde_json::from_str(&rejoin(&["check", "--json", &empty]).out).unwrap();
    assert_eq!(
        (&json["summary"]["ok"], &json["summary"]["empty"][0]),
        (&false.into(), &empty.clone().into())
    );
    let warned = format!("warning: {empty}: no commands\n");
    assert_eq!(rejoin(&["run", &empty]), done(0, "", &warned));
    assert_eq!(
        rejoin(&["check", "-"]),
        done(
            2,
            "",
            "error: stdin: nothing to check: no commands\n1 session, 0 commands, 0 expectations: nothing to check\n"
        )
    );
}

#[test]
fn given_a_block_in_a_list_or_quote_when_it_is_checked_then_it_is_run() {
    let folder = Folder::new("contained");
    let text = "> [!NOTE]\n> ```rejoin\n> ref a [0,\n> 1]\n> #=> [0, 1]\n> ```\n\n1. ```rejoin\n   a[1]\n   #=> 2\n   ```\n> ```rejoin\n> swop\n";
    let file = folder.file("doc.md", text);
    let err = format!(
        "{file}:10\n  > [!NOTE]\n  a[1]\n    expected: 2\n    actual:   1\n{file}:13:3\n> [!NOTE]\nswop\n^^^^\n\
         error: `swop` is neither a command nor a name [R001]\nhint: did you mean `swap`?\n\
         1 session, 3 commands, 2 expectations: 2 failures\n"
    );
    let checked = rejoin(&["check", &file]);
    assert_eq!((checked.code, checked.err.replace("     a[1]\n", "  a[1]\n")), (1, err));
    let quoted = text.split("1. ```").next().unwrap();
    let file = folder.file("quoted.md", quoted);
    let transcript = quoted.replace("> #=> [0, 1]\n", "> #=> [0,1]\n> #=> actor a\n");
    assert_eq!(rejoin(&["run", &file]), done(0, &transcript, ""));
    assert_eq!(rejoin(&["run", "--color", "always", &file]).code, 0);
}

#[test]
fn given_a_block_that_is_no_fence_when_it_is_checked_or_blessed_then_nothing_of_it_runs() {
    let folder = Folder::new("indented");
    let text =
        "Para.\n\n    ```rejoin\n    ref indented 1\n    ```\n\n<!--\n```rejoin\nref hidden 1\n```\n-->\n";
    let file = folder.file("ind.md", text);
    let err = format!(
        "error: {file}: nothing to check: no commands\n1 session, 0 commands, 0 expectations: nothing to check\n"
    );
    assert_eq!(rejoin(&["check", &file]), done(2, "", &err));
    assert_eq!(rejoin(&["check", "--bless", "--all", &file]).code, 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn given_a_fence_that_is_misspelt_then_the_file_is_wrong_and_nothing_of_it_runs() {
    let folder = Folder::new("fences");
    let right = folder.file("right.md", "```rejoin\nref a 1\n#=> 1\n```\n");
    for says in ["rejoin frseh", "rejoin,fresh", "{rejoin}", "Rejoin"] {
        let text = format!("```rejoin\nref a 1\n```\n\n- ```{says}\n  swap a 2\n  #=> 3\n  ```\n");
        let file = folder.file("doc.md", &text);
        let error = format!(
            "{file}:5:3\nerror: a block cannot be fenced as `{says}`\n\
             hint: `rejoin` goes on with the session, and `rejoin fresh` starts a new one\n"
        );
        let summary = "1 session, 1 command, 1 expectation: 1 file not read\n";
        assert_eq!(rejoin(&["check", &file, &right]), done(2, "", &format!("{error}{summary}")));
        for action in ["run", "play"] {
            assert_eq!(rejoin(&[action, &file]), done(2, "", &error));
        }
        let blessed = rejoin(&["check", "--bless", &file]);
        assert_eq!(blessed, done(2, "", &format!("{error}1 file left as it is\n")));
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        let json = rejoin(&["check", "--json", &file]).out;
        assert!(json.contains(&format!("line 5: a block cannot be fenced as `{says}`")), "{json}");
        let read = rejoin(&["-c", &format!("read {file}")]);
        assert!(read.err.contains(&format!(":5: a block cannot be fenced as `{says}`")), "{}", read.err);
    }
}

#[test]
fn given_a_fence_that_opens_no_block_then_the_file_is_wrong_and_nothing_of_it_runs() {
    let folder = Folder::new("unopened");
    let html = "most HTML ends at a blank line: put one in front of the fence; a comment leaves a block out";
    let rows = [
        ("<div>\n```rejoin\nswap a 2\n```\n</div>\n", "6:1", "rejoin", "it stands in HTML", html),
        (
            "Text\n\n[^1]: A footnote.\n\n    ```rejoin fresh\n    swap a 2\n    ```\n",
            "9:5",
            "rejoin fresh",
            "it stands in a footnote",
            "CommonMark has no footnotes: put the block outside of it",
        ),
        (
            "- An item.\n      ```rejoin\n      swap a 2\n      ```\n",
            "6:7",
            "rejoin",
            "it is indented, and goes on with the paragraph above",
            "put a blank line in front of it to make it code, or indent it by less than four blanks",
        ),
    ];
    for (text, place, says, why, hint) in rows {
        let file = folder.file("doc.md", format!("```rejoin\nref a 1\n```\n\n{text}"));
        let error =
            format!("{file}:{place}\nerror: the fence `{says}` opens no block: {why}\nhint: {hint}\n");
        for action in ["run", "check", "play"] {
            let ended = rejoin(&[action, &file]);
            assert_eq!((ended.code, &*ended.out), (2, ""), "{text}");
            assert!(ended.err.starts_with(&error), "{}", ended.err);
        }
    }
}

/// What a terminal would obey.
const OBEYED: [char; 6] = ['\u{1b}', '\u{7}', '\u{9b}', '\u{85}', '\u{202e}', '\u{2066}'];

#[test]
fn given_what_a_terminal_would_obey_in_a_file_then_it_is_not_shown() {
    let folder = Folder::new("obeyed");
    let evil: String = OBEYED.iter().collect();
    let text = format!(
        "# Told {evil}.\nref a {{\"{evil}\":\n\t\"{evil}\"}}\n#=> {{\"x{evil}\": 1, \"y\": \"{evil}\"}}\n#=> {evil}\n# More {evil}\nswap a lenght # {evil}\n"
    );
    let text = text.replace("#=> {\"x", "#=> ...{\"x").replace(
        &format!("{{\"{evil}\":\n\t\"{evil}\"}}"),
        "{\"\u{9b}\u{85}\u{202e}\u{2066}\":\n\t\"\u{9b}\u{85}\"}",
    );
    let file = folder.file("evil.rejoin", &text);
    let lesson = folder.file("evil.md", format!("Told {evil}.\n```rejoin\n{text}```\n"));
    for args in [
        &["check", &file][..],
        &["check", &lesson],
        &["check", "--json", &file],
        &["check", "--bless", &file],
        &["play", &lesson],
        &["run", "--json", &file],
        &["-c", "ref a {\"\u{9b}\": \"\u{202e}\"}", "-c", "swap a [.]"],
    ] {
        let ended = rejoin(args);
        for shown in [&ended.out, &ended.err] {
            assert!(!shown.contains(OBEYED), "{args:?}: {shown:?}");
        }
        assert!(!ended.out.is_empty() || ended.code == 1, "{args:?}");
    }
    let value = rejoin(&["-c", "ref a \"\u{9b}\u{202e}\""]);
    assert_eq!(value, done(0, "\"\\u009b\\u202e\"\nactor a\n", ""));
    let ran = rejoin(&["run", &file]);
    assert!(ran.out.starts_with(&text[..text.find("#=>").unwrap()]), "a pipe has it as it is: {:?}", ran.out);
    let coloured = rejoin(&["run", "--color", "always", &file]).out;
    assert!(!coloured.contains(&OBEYED[1..]), "{coloured:?}");
}

#[test]
fn given_a_check_as_json_then_it_has_what_fails_and_a_summary() {
    let folder = Folder::new("check-json");
    let wrong = folder.file("wrong.rejoin", "ref a 1\n#=> 2\n#=> actor b\na\n#=> 1\nswop a\nref b 1\n");
    let missing = folder.0.join("missing.rejoin");
    let missing = missing.to_str().unwrap();
    let checked = rejoin(&["check", "--json", &wrong, missing]);
    assert_eq!(checked.code, 2);
    assert!(checked.err.starts_with(&format!("error: {missing}: ")), "{}", checked.err);
    assert_eq!(checked.err.lines().count(), 1, "{}", checked.err);
    let objects: Vec<serde_json::Value> =
        checked.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [mismatch, failed, summary] = &objects[..] else { panic!("{}", checked.out) };
    let expected = serde_json::json!([
        {"line": 2, "expected": "2", "actual": "1"},
        {"line": 3, "expected": "actor b", "actual": "actor a"},
    ]);
    assert_eq!(mismatch["mismatches"], expected);
    assert_eq!(
        (&mismatch["file"], &mismatch["line"], &mismatch["ok"]),
        (&wrong.into(), &1.into(), &true.into())
    );
    assert_eq!((&failed["line"], &failed["error"]["code"]), (&6.into(), &"R001".into()));
    let summary = &summary["summary"];
    let counts = ["sessions", "commands", "expectations", "failures"].map(|key| summary[key].clone());
    assert_eq!(counts, [1, 3, 3, 3].map(serde_json::Value::from));
    assert_eq!((&summary["ok"], &summary["unread"][0]["file"]), (&false.into(), &missing.into()));
}

// --- bless ---

const LESSON: &str =
    "# Hello. \r\nref a {\"n\": 1}\r\n\r\n  #=> {\"n\": 2}\r\nswap a .n += 1\r\n#=> ~ .n ... → ...\r\n# End";

#[test]
fn given_bless_then_the_difference_is_shown_and_written() {
    let folder = Folder::new("bless");
    let file = folder.file("lesson.rejoin", LESSON);
    let out = format!("{file}:4\n  ref a {{\"n\": 1}}\n- #=> {{\"n\": 2}}\n+ #=> {{\"n\": 1}}\n");
    assert_eq!(rejoin(&["check", "--bless", &file]), done(0, &out, "1 file rewritten\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), LESSON.replace("{\"n\": 2}", "{\"n\": 1}"));
    assert_eq!(rejoin(&["check", "--bless", &file]), done(0, "", "1 file held already\n"));
    assert_eq!(rejoin(&["check", &file]).code, 0);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn given_bless_all_then_commands_without_expectations_get_some() {
    let folder = Folder::new("bless-all");
    let text = "# Title\n\n* item\n  ```rejoin\n  ref a 1\n  ```\n\n```sh\nls\n```\n```rejoin fresh\nref a 2\n#=> 2\n```\n";
    let file = folder.file("doc.md", text);
    assert_eq!(rejoin(&["check", "--bless", &file]).err, "1 file held already\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(rejoin(&["check", "--bless", "--all", &file]).code, 0);
    let blessed = text.replace("  ref a 1\n", "  ref a 1\n  #=> 1\n  #=> actor a\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), blessed);
}

#[test]
fn given_a_command_that_fails_when_it_is_blessed_then_the_file_stays_as_it_is() {
    let folder = Folder::new("bless-error");
    let wrong = folder.file("wrong.rejoin", "ref a 1\n#=> 2\n# Oh.\nswop a\n");
    let right = folder.file("right.rejoin", "ref a 1\n#=> 2\n");
    let ended = rejoin(&["check", "--bless", "--all", &wrong, &right]);
    let err = format!(
        "{wrong}:4:1\n# Oh.\nswop a\n^^^^\nerror: `swop` is neither a command nor a name [R001]\nhint: did you mean `swap`?\n\
         {wrong} stays as it is\n1 file rewritten, 1 file left as it is\n"
    );
    assert_eq!((ended.code, ended.err), (1, err));
    assert_eq!(fs::read_to_string(&wrong).unwrap(), "ref a 1\n#=> 2\n# Oh.\nswop a\n");
    assert_eq!(fs::read_to_string(&right).unwrap(), "ref a 1\n#=> 1\n");
    let missing = folder.0.join("missing.rejoin");
    assert_eq!(rejoin(&["check", "--bless", missing.to_str().unwrap()]).code, 2);
}

#[cfg(unix)]
#[test]
fn given_a_link_or_permissions_when_a_file_is_blessed_then_they_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("bless-link");
    let file = folder.file("lesson.rejoin", "ref a 1\n#=> 2\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.0.join("link.rejoin");
    symlink(&file, &link).unwrap();
    assert_eq!(rejoin(&["check", "--bless", link.to_str().unwrap()]).code, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_to_string(&file).unwrap(), "ref a 1\n#=> 1\n");
}

#[test]
#[cfg(unix)]
fn given_a_folder_then_no_session_file_in_it_is_passed_over() {
    let folder = Folder::new("folder-whole");
    folder.file("ok.rejoin", "ref a 1\n#=> 1\n");
    folder.file("LOUD.REJOIN", "ref a 1\n#=> 2\n");
    assert_eq!(rejoin(&["check", &folder.0.display().to_string()]).code, 1);
    fs::remove_file(folder.0.join("LOUD.REJOIN")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.0.join("gone.rejoin")).unwrap();
    let ended = rejoin(&["check", &folder.0.display().to_string()]);
    assert!(ended.code == 2 && ended.err.contains("gone.rejoin"), "{}", ended.err);
}

// --- read ---

#[test]
fn given_a_file_that_reads_another_then_that_is_looked_for_beside_it() {
    let folder = Folder::new("read");
    fs::create_dir_all(folder.0.join("parts")).unwrap();
    folder.file("parts/inner.rejoin", "swap a . + 1\n#=> 2\n");
    folder.file("parts/setup.rejoin", "ref a 1\nread inner.rejoin\n#=> 1 command, 1 expectation: all hold\n");
    let file = folder.file("main.rejoin", "read parts/setup.rejoin\na\n#=> 2\n");
    let transcript = "read parts/setup.rejoin\n#=> 2 commands, 1 expectation: all hold\na\n#=> 2\n";
    assert_eq!(rejoin(&["run", &file]), done(0, transcript, ""));
    assert_eq!(rejoin(&["check", &file]).code, 0);
    let setup = folder.0.join("parts/setup.rejoin");
    let read = format!("read {}", serde_json::json!(setup));
    assert_eq!(rejoin(&["-c", &read, "-c", "a"]).out, "2 commands, 1 expectation: all hold\n2\n");
}

#[test]
fn given_a_read_that_fails_then_the_error_says_where() {
    let folder = Folder::new("read-error");
    folder.file("fails.rejoin", "ref kept 1\nswop a\n");
    folder.file("differs.rejoin", "1 + 1\n#=> 3\n");
    folder.file("circle.rejoin", "read ./circle.rejoin\n");
    folder.file("around.rejoin", "read x/../around.rejoin\n");
    folder.file("a.rejoin", "read b.rejoin\n");
    folder.file("b.rejoin", "read a.rejoin\n");
    folder.file("fresh.md", "```rejoin fresh\nref a 1\n```\n");
    let rows = [
        ("read fails.rejoin", "fails.rejoin:2: `swop` is neither a command nor a name"),
        ("kept", ""),
        ("read differs.rejoin", "differs.rejoin:2: expected `3`, not `2`"),
        ("read circle.rejoin", "circle.rejoin:1: `./circle.rejoin` is being read already"),
        ("read around.rejoin", "around.rejoin:1: `x/../around.rejoin` is being read already"),
        ("read a.rejoin", "a.rejoin:1: b.rejoin:1: `a.rejoin` is being read already"),
        ("read missing.rejoin", "cannot read `missing.rejoin`: ..."),
        ("read fresh.md", "`fresh.md` starts new sessions, and `read` runs a file in this one"),
        ("read", "the session file is missing"),
        ("record x.rejoin", "what is typed at the prompt can be recorded, and this is a script"),
        ("record stop", "nothing is being recorded"),
    ];
    let lines = rows.iter().map(|(command, error)| match *error {
        "" => format!("{command}\n"),
        error => format!("{command}\n#=> error: {error}\n"),
    });
    let file = folder.file("main.rejoin", lines.collect::<String>());
    let ended = rejoin(&["check", &file]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(!Path::new(&folder.0).join("x.rejoin").exists());
}

// --- play ---

#[test]
fn given_no_delay_then_a_lesson_plays_to_its_end_without_a_terminal() {
    let listed = rejoin(&["demo"]);
    assert_eq!((listed.code, &*listed.err), (0, ""));
    let names = listed.out.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = names.map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(names.contains(&"conflict"), "{}", listed.out);
    for name in names {
        let played = rejoin(&["demo", name, "--delay", "0"]);
        assert_eq!((played.code, &*played.err), (0, ""), "{name}");
        assert!(played.out.contains(&format!("\nWhat was used in {name}\n")), "{}", played.out);
        assert!(played.out.contains("\nWhere the refs are now\n"), "{}", played.out);
        assert!(played.out.lines().all(|line| !line.starts_with("#=>")), "{}", played.out);
    }
}

#[test]
fn given_a_session_file_when_it_is_played_then_it_is_told_and_answered() {
    let folder = Folder::new("play");
    let file = folder.file(
        "lesson.md",
        "# Title\nSome\ntext.\n```rejoin\nref a {\"n\": 1}\n```\n## More\n```rejoin fresh\nref a 2\nswop\n#=> error: ...\n```\nEnd.\n",
    );
    let out = format!(
        "Title\n\nSome text.\n\nrejoin> ref a {{\"n\": 1}}\nactor a\n{{\"n\":1}}\n\nMore\n\nrejoin> ref a 2\nactor a\n2\n\n\
         rejoin> swop\nswop\n^^^^\nerror: `swop` is neither a command nor a name [R001]\nhint: did you mean `swap`?\n\nEnd.\n\n\
         What was used in {file}\n\n  ref  make a document and its first replica (2 times)\n\n\
         Where the refs are now\n\n  a    2\n"
    );
    assert_eq!(rejoin(&["play", &file, "--delay", "0"]), done(0, &out, ""));
}

#[test]
fn given_a_lesson_that_does_not_hold_when_it_is_played_then_the_status_says_so() {
    let folder = Folder::new("play-wrong");
    let file = folder.file("lesson.rejoin", "ref a 1\n#=> 2\n");
    let played = rejoin(&["play", &file, "--delay", "0"]);
    assert_eq!(played.code, 1);
    assert!(played.err.contains("expected: 2\n    actual:   1\n"), "{}", played.err);
}

#[test]
fn given_no_terminal_then_a_lesson_plays_to_its_end() {
    let played = rejoin(&["demo", "conflict"]);
    assert_eq!(played, rejoin(&["demo", "conflict", "--delay", "0"]));
    assert_eq!(played.code, 0);
    assert!(played.out.contains("What was used in conflict"), "{}", played.out);
    assert_eq!(rejoin(&["demo", "conflict", "--delay", "soon"]).code, 2);
    assert_eq!(rejoin(&["demo", "no-such-lesson"]).code, 2);
    assert_eq!(rejoin(&["play", "no-such-file"]).code, 2);
}

// --- around it ---

#[test]
fn given_a_shell_then_its_completions_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let printed = rejoin(&["completions", shell]);
        assert_eq!((printed.code, &*printed.err), (0, ""), "{shell}");
        for word in ["check", "bless", "demo", "completions"] {
            assert!(printed.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(rejoin(&["completions", "cmd"]).code, 2);
}

#[test]
fn given_man_then_it_is_a_manual_page() {
    let page = rejoin(&["man"]);
    assert_eq!((page.code, &*page.err), (0, ""));
    for part in [".TH rejoin 1", ".SH SYNOPSIS", ".SH EXAMPLES", "REJOIN CHECK", "\\-\\-bless", "EXIT STATUS"]
    {
        assert!(page.out.contains(part), "{part}: {}", page.out);
    }
}

#[test]
fn given_the_help_of_a_subcommand_then_it_lists_the_options_that_mean_something_there() {
    let rows = [
        ("run", "--keep-going --outside --json --color --filter-timeout --filter-memory"),
        ("check", "--keep-going --bless --all --json --color --filter-timeout --filter-memory"),
        ("play", "--delay --from --vi --color --filter-timeout --filter-memory"),
        ("demo", "--delay --from --vi --color --filter-timeout --filter-memory"),
        ("schema", ""),
        ("completions", ""),
        ("man", ""),
    ];
    for (action, options) in rows {
        let help = rejoin(&[action, "--help"]).out;
        let listed = help.lines().filter_map(|line| {
            line.trim_start().split("--").nth(1).filter(|_| line.trim_start().starts_with('-'))
        });
        let listed: Vec<String> =
            listed.map(|rest| format!("--{}", rest.split([' ', ',']).next().unwrap())).collect();
        assert_eq!(listed.join(" ").replace(" --help", "").replace("--help", ""), options, "{help}");
    }
    for args in [["demo", "--json"], ["--json", "demo"], ["schema", "--vi"]] {
        assert_eq!(rejoin(&args).code, 2, "{args:?}");
    }
}

#[test]
fn given_help_then_examples_come_first() {
    let help = rejoin(&["--help"]).out;
    let at = |what: &str| help.find(what).unwrap();
    assert!(at("Examples:") < at("Usage:") && at("Usage:") < at("Commands:"), "{help}");
    let examples = &help[at("Examples:")..at("Usage:")];
    assert!(examples.lines().all(|line| line.chars().count() <= 80), "{help}");
}
