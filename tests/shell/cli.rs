//! The `rejoin` command: what it prints where, and how it ends.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use crate::command::{Done, Folder, command, done, piped, rejoin};

/// The session files of the project.
fn examples() -> Vec<String> {
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned());
    let mut files: Vec<String> = files.filter(|name| name.ends_with(".rejoin")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

const LESSON: &str = "\
# A lesson.
ref a {
  \"n\": 1}

swap a .n += 1
#=> {\"n\": 2}
swop a
#=> error: `swop` is neither a command nor a name
a[]
";

const TRANSCRIPT: &str = "\
# A lesson.
ref a {
  \"n\": 1}
#=> {\"n\":1}
#=> actor a

swap a .n += 1
#=> {\"n\":2}
#=> ~ .n 1 → 2
swop a
#=> error: `swop` is neither a command nor a name
a[]
#=> 2
";

// --- run ---

#[test]
fn given_a_session_file_when_it_runs_then_each_command_stands_with_its_answer() {
    let folder = Folder::new("run");
    let file = folder.file("lesson.rejoin", LESSON);
    assert_eq!(rejoin(&["run", &file]), done(0, TRANSCRIPT, ""));
}

#[test]
fn given_the_transcript_of_a_session_then_it_is_a_session_that_holds() {
    let folder = Folder::new("transcript");
    let mut texts = vec![LESSON.to_owned()];
    texts.extend(examples().iter().map(|file| fs::read_to_string(file).unwrap()));
    texts.push("help\nhelp swap\nref a 1\nwatch a\nswap a 2\nlog a\nrefs\na, \"x \", 1.0, 1e400\nswap a {\n\"x\": 3}".into());
    for (number, text) in texts.iter().enumerate() {
        let file = folder.file(&format!("{number}.rejoin"), text);
        let ran = rejoin(&["run", &file]);
        assert_eq!((ran.code, &*ran.err), (0, ""), "{text}");
        let transcript = folder.file(&format!("{number}-transcript.rejoin"), &ran.out);
        let checked = rejoin(&["check", &transcript]);
        assert_eq!(checked.code, 0, "{}\n{}", checked.err, ran.out);
        assert_eq!(rejoin(&["run", &transcript]).out, ran.out, "a transcript is its own transcript");
    }
}

#[test]
fn given_odd_answers_when_they_are_written_down_then_the_transcript_holds() {
    let folder = Folder::new("odd");
    for (number, text) in [
        "ref a 1\nwatch a\nswap a \"error: x\"\n",
        "ref a {\n  x: error}\n#=> error: another\n",
        "error(\"a\\nb\")\n#=> error: another\n",
        "error(\"blank \")\n#=> error: another\n",
    ]
    .iter()
    .enumerate()
    {
        let file = folder.file(&format!("{number}.rejoin"), text);
        let transcript = folder.file(&format!("{number}-transcript.rejoin"), rejoin(&["run", &file]).out);
        let checked = rejoin(&["check", &transcript]);
        assert_eq!(checked.code, 0, "{text}\n{}", checked.err);
    }
}

#[test]
fn given_a_markdown_file_when_it_runs_then_its_blocks_are_the_session() {
    let folder = Folder::new("markdown");
    let file = folder.file("doc.md", "# Title\n```rejoin\nref a 1\n```\nref b 2\n```sh\nls\n```\n");
    let transcript = "# Title\n```rejoin\nref a 1\n#=> 1\n#=> actor a\n```\nref b 2\n```sh\nls\n```\n";
    assert_eq!(rejoin(&["run", &file]), done(0, transcript, ""));
}

#[test]
fn given_an_error_that_nothing_expects_when_a_file_runs_then_it_stops_there() {
    let folder = Folder::new("run-error");
    let file = folder.file("wrong.rejoin", "ref a 1\nswop a\nref b 2\n");
    let err = format!(
        "{file}:2:1\nswop a\n^^^^\nerror: `swop` is neither a command nor a name [R001]\nhint: did you mean `swap`?\n"
    );
    assert_eq!(rejoin(&["run", &file]), done(1, "ref a 1\n#=> 1\n#=> actor a\nswop a\n", &err));
}

#[test]
fn given_the_same_file_when_it_runs_twice_then_it_prints_the_same_bytes() {
    for file in examples() {
        for args in [&["run", &file][..], &["run", "--json", &file], &["check", &file]] {
            assert_eq!(rejoin(args), rejoin(args), "{args:?}");
        }
    }
}

// --- check ---

#[test]
fn given_a_file_that_holds_when_it_is_checked_then_all_is_well() {
    let folder = Folder::new("check-holds");
    let file = folder.file("lesson.rejoin", LESSON);
    let verdict = "1 session, 4 commands, 2 expectations: all hold\n";
    assert_eq!(rejoin(&["check", &file]), done(0, "", verdict));
    let crlf = folder.file("crlf.rejoin", LESSON.replace('\n', "\r\n"));
    assert_eq!(rejoin(&["check", &crlf]).err, verdict);
    let both = rejoin(&["check", &file, &crlf]);
    assert_eq!(both, done(0, "", "2 sessions, 8 commands, 4 expectations: all hold\n"));
}

#[test]
fn given_an_expectation_that_does_not_hold_when_it_is_checked_then_its_line_is_shown() {
    let folder = Folder::new("check-mismatch");
    let file = folder.file("wrong.rejoin", "ref a 1\n#=> 2\nswap a 3\n#=> 3\n#=> nope\n");
    let err = format!(
        "{file}:2\n  ref a 1\n    expected: 2\n    actual:   1\n\
         {file}:5\n  swap a 3\n    expected: nope\n    actual:   ~ . 1 → 3\n\
         1 session, 2 commands, 3 expectations: 2 failures\n"
    );
    assert_eq!(rejoin(&["check", &file]), done(1, "", &err));
}

#[test]
fn given_an_error_that_nothing_expects_when_it_is_checked_then_its_place_is_shown() {
    let folder = Folder::new("check-error");
    let file = folder.file("wrong.rejoin", "ref a 1\nreset a {\n  \"x\": lenght}\nref b 1\n");
    let err = format!(
        "{file}:3:8\n  \"x\": lenght}}\n       ^^^^^^\nerror: unknown filter `lenght` [R021]\n\
         hint: did you mean `length`?\n1 session, 2 commands, 0 expectations: 1 failure\n"
    );
    assert_eq!(rejoin(&["check", &file]), done(1, "", &err));
}

#[test]
fn given_an_expectation_below_a_blank_line_when_it_is_checked_then_it_is_compared() {
    let folder = Folder::new("blank-line");
    for gap in ["\n", "# A comment.\n"] {
        let file = folder.file("gap.rejoin", format!("ref a 1\n{gap}#=> 2\n"));
        assert_eq!(rejoin(&["check", &file]).code, 1, "{gap:?}");
    }
}

#[test]
fn given_a_file_that_cannot_be_read_then_the_others_are_run_all_the_same() {
    let folder = Folder::new("unreadable");
    let good = folder.file("good.rejoin", "ref a 1\n#=> 1\n");
    let wrong = folder.file("wrong.rejoin", "ref a 1\n#=> 2\n");
    let bytes = folder.file("bytes.rejoin", [0xff, 0xfe]);
    let missing = folder.0.join("missing.rejoin").to_str().unwrap().to_owned();
    for (unreadable, actions) in [
        (&missing, &["check", "run"][..]),
        (&bytes, &["check", "run"]),
        (&folder.0.to_str().unwrap().to_owned(), &["run"]),
    ] {
        for action in actions {
            let ended = rejoin(&[action, unreadable, &good]);
            assert_eq!(ended.code, 2, "{action} {unreadable}");
            assert!(ended.err.starts_with(&format!("error: {unreadable}: ")), "{}", ended.err);
            assert_eq!(ended.out.is_empty(), *action == "check", "{action} {unreadable}");
        }
    }
    let ended = rejoin(&["check", &missing, &wrong]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains(&format!("{wrong}:2\n")), "{}", ended.err);
    let summary = "1 session, 1 command, 1 expectation: 1 failure, 1 file not read\n";
    assert!(ended.err.ends_with(summary), "{}", ended.err);
    let ended = rejoin(&["check", &bytes]);
    assert!(ended.err.starts_with(&format!("error: {bytes}: line 1 is not UTF-8\n")), "{}", ended.err);
}

#[test]
fn given_a_quit_when_it_is_checked_then_what_follows_is_a_mistake() {
    let folder = Folder::new("quit");
    let file = folder.file("quit.rejoin", "ref a 1\n#=> 1\nquit\n# The end.\n");
    assert_eq!(rejoin(&["check", &file]), done(0, "", "1 session, 2 commands, 1 expectation: all hold\n"));
    let file = folder.file("behind.rejoin", "ref a 1\nquit\nfrobnicate\n");
    let err = format!(
        "{file}:3:1\nerror: nothing runs behind `quit`\nhint: `quit` ends the whole file\n\
         0 sessions, 0 commands, 0 expectations: 1 file not read\n"
    );
    assert_eq!(rejoin(&["check", &file]), done(2, "", &err));
}

#[test]
fn given_an_expectation_behind_c_then_it_is_refused_and_not_passed_over() {
    for commands in [&["-c", "ref a 1", "-c", "#=> 2"][..], &["-c", "ref a 1\n#=> 2"]] {
        let ended = rejoin(commands);
        assert_eq!((ended.code, &*ended.out), (2, ""), "{commands:?}");
    }
}

// --- commands and standard input ---

#[test]
fn given_commands_on_the_command_line_then_they_share_a_session() {
    let answers =
        rejoin(&["-c", "ref a {\"n\": 1}", "-c", "swap a .n += 1", "-c", "a | .n, 7", "-c", "watch a"]);
    assert_eq!(answers, done(0, "{\"n\":1}\nactor a\n{\"n\":2}\n~ .n 1 → 2\n2\n7\na is watched\n", ""));
    let wrong = rejoin(&["-c", "ref a 1", "-c", "swap b 2", "-c", "a"]);
    let err =
        "-c:2:6\nswap b 2\n     ^\nerror: nothing has the name `b` [R010]\nhint: `refs` lists the names\n";
    assert_eq!(wrong, done(1, "1\nactor a\n", err));
}

#[test]
fn given_a_session_on_standard_input_then_it_is_answered_and_verified() {
    assert_eq!(piped(&[], "# Hello.\nref a [1,\n2]\na[]\n"), done(0, "[1,2]\nactor a\n1\n2\n", ""));
    assert_eq!(piped(&[], ""), done(0, "", ""));
    let err = "stdin:2\n  ref a 1\n    expected: 2\n    actual:   1\n";
    assert_eq!(piped(&[], "ref a 1\n#=> 2\na\n"), done(1, "1\nactor a\n1\n", err));
    let err = "stdin:1:4\na |\n   ^\n";
    assert!(piped(&[], "1 |\nref a 1\n").err.starts_with(&err.replace('a', "1")));
}

// --- JSON ---

fn objects(out: &str) -> Vec<serde_json::Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn given_json_then_each_command_is_one_object() {
    let input = "# Hello.\nref a [1,\n 2]\na[]\nwatch a\nswap é\nref b 2\n";
    let answered = piped(&["--json"], input);
    assert_eq!((answered.code, &*answered.err), (1, ""));
    let expected = serde_json::json!([
        {"line": 2, "command": "ref a [1,\n 2]", "ok": true, "value": [1, 2], "report": ["actor a"]},
        {"line": 4, "command": "a[]", "ok": true, "values": [1, 2], "report": []},
        {"line": 5, "command": "watch a", "ok": true, "values": [], "report": ["a is watched"]},
        {"line": 6, "command": "swap é", "ok": false, "error": {
            "code": "R010", "message": "nothing has the name `é`", "span": [5, 7], "hint": "`refs` lists the names",
        }},
    ]);
    assert_eq!(serde_json::Value::Array(objects(&answered.out)), expected);
}

#[test]
fn given_json_then_numbers_are_exact() {
    let answered = rejoin(&["--json", "-c", "ref a [1.0, 1e400, 12345678901234567890123]"]);
    let object = rejoin::value::parse(answered.out.trim_end()).unwrap();
    assert_eq!(object["value"].to_string(), "[1.0,1e400,12345678901234567890123]");
}

#[test]
fn given_json_then_a_run_prints_objects_and_a_check_that_holds_its_summary() {
    let folder = Folder::new("json");
    let file = folder.file("lesson.rejoin", LESSON);
    let (ran, checked) = (rejoin(&["run", "--json", &file]), rejoin(&["check", "--json", &file]));
    assert_eq!((ran.code, checked.code, &*checked.err), (0, 0, ""));
    let summary = serde_json::json!({"summary": {
        "ok": true, "sessions": 1, "commands": 4, "expectations": 2, "failures": 0, "unread": [],
        "empty": [], "interrupted": false,
    }});
    assert_eq!(objects(&checked.out), [summary]);
    let lines: Vec<_> = objects(&ran.out).iter().map(|o| (o["line"].clone(), o["ok"].clone())).collect();
    assert_eq!(lines, [(2, true), (5, true), (7, false), (9, true)].map(|(l, ok)| (l.into(), ok.into())));
}

// --- colour ---

#[test]
fn given_colour_always_then_values_reports_and_errors_are_styled() {
    let rows: &[(&[&str], bool)] = &[
        (&["--color", "always"], true),
        (&["--color=always"], true),
        (&["--color", "never"], false),
        (&["--color", "auto"], false),
        (&[], false),
    ];
    for (flags, coloured) in rows {
        let args = [*flags, &["-c", "ref a {\"n\": 1}", "-c", "watch a", "-c", "swop"]].concat();
        let answered = rejoin(&args);
        assert_eq!(answered.out.contains('\u{1b}'), *coloured, "{flags:?}: {}", answered.out);
        assert_eq!(answered.err.contains('\u{1b}'), *coloured, "{flags:?}: {}", answered.err);
    }
}

#[test]
fn given_no_color_then_only_always_overrules_it() {
    for (flag, coloured) in [("always", true), ("auto", false), ("never", false)] {
        let mut command = command(&["--color", flag, "-c", "ref a {\"n\": 1}"]);
        let answered: Done = command.env("NO_COLOR", "1").output().unwrap().into();
        assert_eq!(answered.out.contains('\u{1b}'), coloured, "{flag}");
    }
}

#[test]
fn given_colour_when_it_is_taken_away_then_the_text_is_the_same() {
    let folder = Folder::new("colour");
    let file =
        folder.file("wrong.rejoin", "# Hello.\nref a {\"n\": [1, \"x\", null, true]}\n#=> 1\nswop a\n");
    for action in ["run", "check"] {
        let plain = rejoin(&[action, "--color", "never", &file]);
        let coloured = rejoin(&[action, "--color", "always", &file]);
        assert!(coloured.err.contains('\u{1b}'), "{action}");
        let without = Done { out: plain_text(&coloured.out), err: plain_text(&coloured.err), ..coloured };
        assert_eq!(without, plain, "{action}");
    }
}

/// The text without `ESC [ … m`.
fn plain_text(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
fn given_an_option_for_all_when_it_stands_in_front_of_a_subcommand_then_it_counts() {
    let folder = Folder::new("global");
    let file = folder.file("lesson.rejoin", LESSON);
    for action in ["run", "check"] {
        for option in [&["--json"][..], &["--color", "always"], &["--color", "never"]] {
            let front = rejoin(&[option, &[action, &file]].concat());
            assert_eq!(front, rejoin(&[&[action], option, &[&*file]].concat()), "{action} {option:?}");
        }
    }
}

// --- usage ---

#[test]
fn given_wrong_usage_then_the_exit_status_is_2() {
    let rows: &[&[&str]] = &[
        &["frobnicate"],
        &["--nope"],
        &["run"],
        &["check"],
        &["-c"],
        &["--color", "sometimes"],
        &["-c", "1", "run", "x.rejoin"],
    ];
    for args in rows {
        let ended = rejoin(args);
        assert_eq!((ended.code, &*ended.out), (2, ""), "{args:?}");
        assert!(ended.err.starts_with("error: "), "{args:?}: {}", ended.err);
    }
}

#[test]
fn given_help_or_version_then_they_are_printed() {
    let help = rejoin(&["--help"]);
    assert_eq!((help.code, &*help.err), (0, ""));
    assert!(help.out.contains("Exit status:") && help.out.contains("check"), "{}", help.out);
    assert_eq!(rejoin(&["--version"]).out, concat!("rejoin ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn given_a_reader_that_has_seen_enough_then_that_is_no_error() {
    let folder = Folder::new("pipe");
    let file = folder.file("long.rejoin", "ref a [range(1000)]\n".to_owned() + &"a\n".repeat(2000));
    let mut child = command(&["run", &file]).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut start = [0; 16];
    out.read_exact(&mut start).unwrap();
    drop(out);
    let ended: Done = child.wait_with_output().unwrap().into();
    assert_eq!(&start, b"ref a [range(100");
    assert_eq!(ended, done(0, "", ""));
}

#[test]
fn given_limits_of_filters_then_a_command_that_comes_to_one_fails_and_the_rest_runs() {
    let folder = Folder::new("limits");
    let file = folder.file(
        "limits.rejoin",
        "ref a 1\n\
         swap a def f: f; f\n\
         #=> error: `def f: f; f` failed on a: the filter ran longer than 100ms\n\
         a\n\
         #=> 1\n",
    );
    let limits = ["--filter-timeout", "100ms"];
    let Done { code, err, .. } = rejoin(&[&["check", &file], &limits[..]].concat());
    assert_eq!((code, &*err), (0, "1 session, 3 commands, 2 expectations: all hold\n"));
    let greedy = rejoin(&["--filter-memory", "32M", "-c", "ref a 1", "-c", "swap a [range(infinite)]"]);
    assert_eq!(greedy.code, 1);
    assert!(greedy.err.contains("failed on a: the filter took more than 32 MiB of memory"), "{}", greedy.err);
}

#[test]
fn given_a_script_then_a_filter_that_eats_memory_is_stopped_at_a_gib() {
    let rows: &[(&[&str], &str)] = &[(&[], "1 GiB"), (&["--filter-memory", "64M"], "64 MiB")];
    for (option, size) in rows {
        let line = "swap a reduce range(60) as $i (0; [., .])";
        let ended = rejoin(&[option, &["-c", "ref a 1", "-c", line][..]].concat());
        assert_eq!(ended.code, 1, "{}", ended.err);
        assert!(ended.err.contains(&format!("the filter took more than {size} of memory")), "{}", ended.err);
        let set = rejoin(&[option, &["-c", "set filter-memory"][..]].concat());
        let short = size.replace(" MiB", "M").replace(" GiB", "G");
        assert_eq!(set.out, format!("filter-memory is {short}\n"));
    }
    let none = rejoin(&["--filter-memory", "none", "--filter-timeout", "none", "-c", "set filter-memory"]);
    assert_eq!(none, done(0, "filter-memory is none\n", ""));
}

#[cfg(unix)]
#[test]
fn given_more_than_a_session_may_have_then_that_is_an_error_before_all_memory_is_gone() {
    let mut zeros = std::process::Command::new("head");
    let mut zeros = zeros.args(["-c", "3G", "/dev/zero"]).stdout(Stdio::piped()).spawn().unwrap();
    let ended: Done = command(&[]).stdin(zeros.stdout.take().unwrap()).output().unwrap().into();
    zeros.wait().unwrap();
    let err = "error: stdin: has more than 256 MiB, the most that is read\n";
    assert_eq!(ended, done(2, "", err));
}

#[test]
fn given_a_command_that_is_too_long_then_it_fails_and_is_not_shown() {
    let long = format!("ref a \"{}\"\n", "x".repeat(17 << 20));
    let ended = piped(&[], &long);
    assert_eq!((ended.code, &*ended.out), (1, ""));
    assert!(ended.err.len() < 1_000 && ended.err.contains("[R008]"), "{}", ended.err.len());
}

#[test]
fn given_the_name_of_a_file_where_a_subcommand_belongs_then_the_hint_has_the_command() {
    let folder = Folder::new("bare-file");
    let file = folder.file("run.rejoin", "ref a 1\n");
    let ended = rejoin(&[&file]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains(&format!("tip: `rejoin run {file}` runs it\n")), "{}", ended.err);
    assert!(!rejoin(&["no-such-file"]).err.contains("tip"), "a name that is no file");
}

#[test]
fn given_a_command_of_the_session_where_a_subcommand_belongs_then_the_hint_has_the_option() {
    let rows: [(&[&str], &str); 7] = [
        (&["help", "swap"], "rejoin -c 'help swap'"),
        (&["help", "R021"], "rejoin -c 'help R021'"),
        (&["help", "group_by"], "rejoin -c 'help group_by'"),
        (&["swap", "a", ".n = 1"], "rejoin -c 'swap a .n = 1'"),
        (&["--json", "refs"], "rejoin -c 'refs'"),
        (&["ref", "a", "\"it's\""], "rejoin -c 'ref …'"),
        (&["ref", "a", "\u{1b}[2J"], "rejoin -c 'ref …'"),
    ];
    for (args, hint) in rows {
        let ended = rejoin(args);
        assert_eq!((ended.code, &*ended.out), (2, ""), "{args:?}");
        assert!(
            ended.err.contains(&format!("tip: it is a command of the session: {hint}\n")),
            "{}",
            ended.err
        );
    }
    for args in [&["help", "nothing-like-it"][..], &["swp", "a"]] {
        assert!(!rejoin(args).err.contains("session"), "{args:?}");
    }
    assert_eq!(rejoin(&["help", "run"]).code, 0);
}

#[test]
fn given_a_folder_where_a_file_belongs_then_one_error_says_so() {
    let folder = Folder::new("folder");
    let name = folder.0.to_str().unwrap();
    let error = format!("error: {name}: is a directory, not a file\n");
    for action in ["run", "play"] {
        assert_eq!(rejoin(&[action, name]), done(2, "", &error), "{action}");
    }
    let read = format!("read {}", serde_json::json!(name));
    let read = rejoin(&["-c", &read]);
    assert!(read.err.contains("is a directory, not a file [R070]"), "{}", read.err);
}

#[test]
fn given_a_limit_that_is_none_then_the_command_line_is_wrong() {
    for [option, value] in
        [["--filter-timeout", "soon"], ["--filter-memory", "much"], ["--filter-memory", "0"]]
    {
        let Done { code, err, .. } = rejoin(&[option, value, "-c", "1"]);
        assert_eq!(code, 2, "{option} {value}");
        assert!(err.contains("expected a"), "{err}");
    }
}
