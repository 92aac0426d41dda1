//! Files and programs that a session reaches: JSON in and out, saved refs, pipes.

use std::fs;

use crate::command::{Folder, done, piped, rejoin};

/// Returns the path of a file in a folder, as a line has it.
fn path(folder: &Folder, name: &str) -> String {
    folder.0.join(name).to_str().unwrap().to_owned()
}

// --- in ---

#[test]
fn given_files_of_data_then_each_is_a_ref_of_its_name() {
    let folder = Folder::new("data-open");
    let list = folder.file("more data.ndjson", "{\"n\": 1}\n\n{\"n\": 1.0}\n");
    let one = folder.file("one.json", "\u{feff}{\"b\": 1e400, \"a\": [1]}\n");
    let log = folder.file("log.json", "true");
    let ran = rejoin(&[&*list, &one, &log, &one, "-c", "more_data", "-c", "one, $log_2, $one_2.a"]);
    assert_eq!(ran, done(0, "[{\"n\":1},{\"n\":1.0}]\n{\"b\":1e400,\"a\":[1]}\ntrue\n[1]\n", ""));
}

#[test]
fn given_standard_input_then_a_command_reads_it_once() {
    let ran = piped(&["-c", "ref a from -", "-c", "a | length", "-c", "ref b from -"], "[1, 2, 3]");
    assert_eq!((ran.code, &*ran.out), (1, "a list of 3 items\nactor a\n3\n"));
    assert!(ran.err.contains("cannot read `-`: it was read already [R070]"), "{}", ran.err);
    // A session that comes there is all that comes there.
    let ran = piped(&[], "ref a from -\n");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("cannot read `-`: a script reads files alone"), "{}", ran.err);
}

#[test]
fn given_data_that_is_no_json_then_the_place_in_the_file_is_told_and_nothing_is_made() {
    let folder = Folder::new("data-wrong");
    let rows = [
        ("a.json", "{\n  \"ä\": 1,\n}", ":3:1: expected a key, found `}`"),
        ("b.json", "[1] 2", ":1:5: expected the end, found `2`"),
        ("c.jsonl", "1\n[2\n3\n", ":2:3: expected `,` or `]`, found the end"),
        ("d.json", "[NaN]", ":1:2: expected a value, found `N`"),
    ];
    for (name, text, error) in rows {
        let file = folder.file(name, text);
        let ran = rejoin(&["-c", &format!("ref a from {file}"), "-c", "refs"]);
        assert_eq!((ran.code, &*ran.out), (1, ""), "{}", ran.err);
        assert!(ran.err.contains(&format!("error: {file}{error} [R020]")), "{}", ran.err);
    }
    let folder_itself = folder.0.to_str().unwrap();
    let ran = rejoin(&["-c", "ref a 1", "-c", &format!("reset a from {folder_itself}")]);
    assert!(ran.err.contains("is a directory, not a file [R070]"), "{}", ran.err);
    let ran = rejoin(&[&path(&folder, "nowhere.json"), "-c", "1"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.starts_with("command line:1:18\n"), "{}", ran.err);
}

#[test]
fn given_a_file_when_a_ref_is_reset_to_it_then_items_are_known_by_their_ids() {
    let folder = Folder::new("data-reset");
    let file = folder.file("new.json", r#"[{"id": 2, "n": 3}, {"id": 1}]"#);
    let reset = format!("reset a from {file}");
    let ran = rejoin(&["-c", r#"ref a [{"id": 1}, {"id": 2, "n": 2}]"#, "-c", &reset]);
    let lines: Vec<&str> = ran.out.lines().skip(2).collect();
    assert_eq!(lines, ["~ .[0].n 2 → 3", "> .[1] from .[0]", "a list of 2 items"], "{}", ran.err);
}

// --- out ---

#[test]
fn given_a_value_when_it_is_exported_then_another_program_can_read_it() {
    let folder = Folder::new("data-export");
    let rows = [
        (
            "export a to",
            "a.json",
            "",
            "{\n  \"l\": [\n    1,\n    \"ä\"\n  ],\n  \"m\": {},\n  \"n\": []\n}\n",
        ),
        ("export a to", "b.json", " --compact", "{\"l\":[1,\"ä\"],\"m\":{},\"n\":[]}\n"),
        ("export a | .l to", "c.ndjson", "", "1\n\"ä\"\n"),
        ("export a.l[], $a.m to", "d.jsonl", "", "1\n\"ä\"\n{}\n"),
        ("export .l | length to", "e e.json", " # a comment", "2\n"),
    ];
    for (line, name, flag, expected) in rows {
        let line = format!("{line} {}{flag}", path(&folder, name));
        let ran = rejoin(&["-c", r#"ref a {"l": [1, "ä"], "m": {}, "n": []}"#, "-c", &line]);
        assert_eq!((ran.code, &*ran.err), (0, ""));
        assert!(ran.out.ends_with(&format!("{name}: {} bytes\n", expected.len())), "{}", ran.out);
        assert_eq!(fs::read_to_string(path(&folder, name)).unwrap(), expected);
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), rows.len(), "nothing is left beside them");
}

#[test]
fn given_a_file_that_is_there_then_only_force_replaces_it() {
    let folder = Folder::new("data-force");
    let file = folder.file("a.json", "mine");
    let line = format!("export [1] to {file}");
    let ran = rejoin(&["-c", &line]);
    assert_eq!((ran.code, fs::read_to_string(&file).unwrap()), (1, "mine".to_owned()));
    assert!(
        ran.err.contains("it is there already [R074]\nhint: `--force` behind it replaces the file"),
        "{}",
        ran.err
    );
    for slip in ["save a --froce", "save a --", "export 1 to --compat x.json"] {
        let ran = rejoin(&["-c", "ref a 1", "-c", slip]);
        assert!(ran.code == 1 && ran.err.contains("unexpected argument `--"), "{}", ran.err);
    }
    for slip in [" --forse", " --Force", " --force --compat"] {
        let ran = rejoin(&["-c", &format!("{line}{slip}")]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("unexpected argument `--"), "{}", ran.err);
    }
    for (line, text) in [(" --compact --force", "[1]\n"), (" --force", "[\n  1\n]\n")]
        .map(|(flags, text)| (format!("{line}{flags}"), text))
    {
        assert_eq!(rejoin(&["-c", &line]).code, 0);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let ran = rejoin(&["-c", "ref a 1", "-c", &format!("save a {}/no/a.ref", folder.0.display())]);
    assert!(ran.err.contains("No such file or directory"), "{}", ran.err);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn given_several_values_then_a_file_of_one_is_refused() {
    let folder = Folder::new("data-several");
    for (line, error) in
        [("export 1, 2 to", "yields more than one value"), ("export empty to", "yields no value")]
    {
        let ran = rejoin(&["-c", &format!("{line} {}", path(&folder, "a.json"))]);
        assert!(ran.err.contains(error), "{}", ran.err);
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn given_a_script_then_it_writes_nothing_to_the_disk_unless_it_may() {
    let folder = Folder::new("data-sealed");
    let script = folder.file(
        "a.rejoin",
        "export [1] to out.json\nref a from out.json\n#=> a list of 1 item\nsave a\nexport 1 to out.json\n#=> error: cannot write `out.json`: it is there already\npipe 1 to cat\n#=> error: ...prompt...\n",
    );
    let sealed = rejoin(&["run", &script]);
    assert_eq!((sealed.code, &*sealed.err), (0, ""));
    assert!(sealed.out.contains("#=> wrote out.json in memory: 8 bytes\n"), "{}", sealed.out);
    assert_eq!(rejoin(&["check", &script]).code, 0);
    let (typed, read) = (format!("read {script}"), path(&folder, "out.json"));
    assert_eq!(rejoin(&["-c", &typed]).code, 0, "what is read was written by somebody else");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    let opened = rejoin(&["run", "--outside", &script]);
    assert_eq!((opened.code, &*opened.err), (0, ""));
    assert_eq!(fs::read_to_string(read).unwrap(), "[\n  1\n]\n");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 3);
}

// --- saved refs ---

#[test]
fn given_a_ref_that_is_saved_when_two_open_it_then_they_are_replicas_with_actors_of_their_own() {
    let folder = Folder::new("data-save");
    let file = path(&folder, "a.ref");
    assert_eq!(rejoin(&["-c", "ref a [1]", "-c", "swap a . + [2]", "-c", &format!("save a {file}")]).code, 0);
    let open = format!("open {file}");
    let commands = [&*open, &format!("{open} as b"), "swap a . + [3]", "swap b . + [4]", "merge a b", "refs"];
    let args: Vec<&str> = commands.iter().flat_map(|command| ["-c", command]).collect();
    let ran = rejoin(&args);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(ran.out.contains("actor a-2\ncalled a\n"), "{}", ran.out);
    assert!(
        ran.out.contains("[1,2,4,3]\n1 change new\n") || ran.out.contains("[1,2,3,4]\n1 change new\n"),
        "{}",
        ran.out
    );
    // It opens from the command line too, as whole as it was.
    assert_eq!(rejoin(&[&*file, "-c", "log a"]).out.lines().count(), 5);
    // What was changed is refused.
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let ran = rejoin(&["-c", &open]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("is no saved ref: ") && ran.err.contains("[R078]"), "{}", ran.err);
}

#[test]
fn given_a_patch_of_everything_then_another_process_makes_a_replica_of_it() {
    let folder = Folder::new("data-patch");
    let file = path(&folder, "p.json");
    let export = format!("export p to {file}");
    let made = ["-c", "ref a {\"n\": 1}", "-c", "swap a .n += 1", "-c", "patch a as p", "-c", &export];
    assert_eq!(rejoin(&made).code, 0);
    let text = fs::read_to_string(&file).unwrap().replace('\n', " ");
    let branch = format!("branch ({text}) as b");
    let ran = rejoin(&["-c", &branch, "-c", "swap b .n += 1", "-c", "clock b"]);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(
        ran.out.starts_with("{\"n\":2}\nactor b\n") && ran.out.ends_with("{\"a\":3,\"b\":4}\n"),
        "{}",
        ran.out
    );
}

// --- programs ---

#[cfg(unix)]
#[test]
fn given_the_prompt_then_a_program_gets_json_and_its_end_is_told() {
    let folder = Folder::new("data-pipe");
    let mut start = std::process::Command::new(env!("CARGO_BIN_EXE_rejoin"));
    start.arg("--no-init").current_dir(&folder.0).env("TERM", "dumb").env("REJOIN_HISTFILE", "");
    let mut session = rexpect::session::spawn_command(start, Some(30_000)).unwrap();
    session.exp_string("rejoin> ").unwrap();
    let mut answer = |line: &str| {
        session.send_line(line).unwrap();
        session.exp_string("rejoin> ").unwrap()
    };
    answer("ref a {\"n\": [1, 2]}");
    assert!(answer("pipe a | .n to tr '1' '7'").contains("  7,\r\n  2\r\n]"));
    assert!(answer("pipe a to exit 3").contains("`exit 3` ended with exit status: 3"));
    // What reads nothing is no error.
    assert!(!answer("pipe [range(100000)] to true").contains("error"));
    assert!(answer("ref b from -").contains("cannot read `-`: lines are typed there"));
    assert!(answer("export a to out.json").contains("wrote out.json: "));
    std::fs::write(folder.0.join("x.rejoin"), "export 1 to out.json --force\npipe 1 to cat\n").unwrap();
    assert!(answer("read x.rejoin").contains("programs can be run at the prompt"));
    std::fs::write(folder.0.join("y.rejoin"), "record new.rejoin\npipe 1 to cat\n").unwrap();
    assert!(
        answer("read y.rejoin").contains("what is typed at the prompt can be recorded, and this is a script")
    );
    assert!(!folder.0.join("new.rejoin").exists());
    assert!(fs::read_to_string(folder.0.join("out.json")).unwrap().starts_with('{'));
}
