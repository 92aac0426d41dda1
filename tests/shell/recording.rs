//! Recordings on a real disk, whatever ends the shell; and files that do not come.

use std::path::Path;
use std::process::Command;

use crate::command::{Folder, rejoin};
use rexpect::session::{PtySession, spawn_command};

/// No answer takes so long.
const PATIENCE: u64 = 30_000;

/// A shell with these commands of `sh` in front of it, and its process.
fn start(folder: &Path, before: &str) -> (PtySession, String) {
    let mut command = Command::new("sh");
    let script = format!("cd \"$1\"; {before} echo it is $$.; exec \"$0\" --no-init");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_rejoin")]).arg(folder);
    command.env("TERM", "dumb").env("REJOIN_HISTFILE", "").env_remove("NO_COLOR");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("it is ").unwrap();
    let process = session.exp_string(".").unwrap();
    session.exp_string("rejoin> ").unwrap();
    (session, process)
}

/// Types a line; what is shown up to the next prompt.
fn type_line(session: &mut PtySession, line: &str) -> String {
    session.send_line(line).unwrap();
    session.exp_string("rejoin> ").unwrap()
}

fn signal(process: &str, name: &str) {
    assert!(Command::new("kill").args([name, process]).status().unwrap().success());
}

#[test]
fn given_a_recording_when_the_shell_is_killed_then_the_file_has_every_line_and_holds() {
    for (name, sent) in [("killed.rejoin", "-KILL"), ("hung-up.rejoin", "-HUP"), ("killed.md", "-KILL")] {
        let folder = Folder::new(&format!("recording{sent}-{name}"));
        let (mut session, process) = start(&folder.0, "");
        for line in
            ["ref a {\"n\": 1}", &format!("record {name}"), "# What it has.", "swap a .n += 1", "a.n, 7"]
        {
            type_line(&mut session, line);
        }
        signal(&process, sent);
        session.exp_eof().unwrap();
        let file = folder.0.join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("# What it has.") && text.ends_with("a.n, 7\n#=> 2\n#=> 7\n"), "{text}");
        let checked = rejoin(&["check", file.to_str().unwrap()]);
        assert_eq!((checked.code, checked.err.contains("all hold")), (0, true), "{}", checked.err);
    }
}

#[test]
fn given_a_disk_that_is_full_then_whole_lines_stay_and_what_is_missing_is_told() {
    let folder = Folder::new("recording-full");
    let (mut session, _) = start(&folder.0, "trap '' XFSZ; ulimit -f 4;");
    for line in ["record long.rejoin", "ref a [range(100)]"] {
        type_line(&mut session, line);
    }
    let file = folder.0.join("long.rejoin");
    let whole = std::fs::read_to_string(&file).unwrap();
    let said = type_line(&mut session, "range(20) | [range(100)]");
    assert!(said.contains("not recorded yet: cannot write `long.rejoin`: File too large"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole, "no part of a line");
    let said = type_line(&mut session, "record stop");
    assert!(said.contains("cannot write `long.rejoin`"), "{said}");
    let said = type_line(&mut session, "record other.rejoin");
    assert!(said.contains("`long.rejoin` is being recorded"), "{said}");
    assert_eq!(rejoin(&["check", file.to_str().unwrap()]).code, 0);
}

#[test]
fn given_a_file_of_somebody_else_in_the_place_of_the_recording_then_it_stays() {
    let folder = Folder::new("recording-theirs");
    let (mut session, _) = start(&folder.0, "");
    for line in ["record mine.rejoin", "ref a 1"] {
        type_line(&mut session, line);
    }
    let theirs = folder.0.join("mine.rejoin");
    // Of the same length, so that only what it holds tells.
    let length = std::fs::read(&theirs).unwrap().len();
    std::fs::write(&theirs, "x".repeat(length)).unwrap();
    let said = type_line(&mut session, "swap a 2");
    assert!(said.contains("the whole recording is in mine-2.rejoin"), "{said}");
    type_line(&mut session, "record stop");
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "x".repeat(length));
    let mine = std::fs::read_to_string(folder.0.join("mine-2.rejoin")).unwrap();
    assert_eq!(mine, "ref a 1\n#=> 1\n#=> actor a\nswap a 2\n#=> 2\n#=> ~ . 1 → 2\n");
    let said = type_line(&mut session, "record mine.rejoin");
    assert!(said.contains("cannot write `mine.rejoin`: it is there already"), "{said}");
}

#[test]
fn given_a_pipe_in_a_lesson_when_ctrl_c_is_typed_then_its_reading_ends() {
    let folder = Folder::new("playing-nothing");
    assert!(Command::new("mkfifo").arg(folder.0.join("pipe.rejoin")).status().unwrap().success());
    folder.file("one.rejoin", "ref a 1\n\n# From somewhere else.\nread pipe.rejoin\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin"));
    command.args(["play", "one.rejoin"]).current_dir(&folder.0);
    command.env("TERM", "dumb").env("NO_COLOR", "1").env("REJOIN_HISTFILE", "");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("[1/2]").unwrap();
    // At the prompt of the lesson, and then as a command of the lesson.
    session.send("e").unwrap();
    session.flush().unwrap();
    session.exp_string("rejoin> ").unwrap();
    for key in ["read pipe.rejoin\r", "exit\r", "\r"] {
        session.send(key).unwrap();
        session.flush().unwrap();
        if key.starts_with("read") {
            std::thread::sleep(std::time::Duration::from_millis(300));
            session.send_control('c').unwrap();
            session.exp_string("cannot read `pipe.rejoin`: interrupted").unwrap();
            session.exp_string("rejoin> ").unwrap();
        } else {
            session.exp_string(if key == "\r" { "[2/2]" } else { "[1/2]" }).unwrap();
        }
    }
    session.send("\r").unwrap();
    session.flush().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    session.send_control('c').unwrap();
    session.exp_string("interrupted").unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn given_a_pipe_that_nobody_writes_to_when_ctrl_c_is_typed_then_the_prompt_is_back() {
    let folder = Folder::new("reading-nothing");
    let pipe = folder.0.join("pipe.rejoin");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (mut session, _) = start(&folder.0, "");
    for _ in 0..2 {
        session.send_line("read pipe.rejoin").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        session.send_control('c').unwrap();
        session.exp_string("cannot read `pipe.rejoin`: interrupted").unwrap();
        session.exp_string("rejoin> ").unwrap();
    }
    session.send_line("read pipe.rejoin").unwrap();
    // Nobody is left who waited for it before.
    std::fs::write(&pipe, "ref a 1\n#=> 1\n").unwrap();
    session.exp_string("1 command, 1 expectation: all hold").unwrap();
    session.exp_string("rejoin> ").unwrap();
    assert!(type_line(&mut session, "a + 1").contains('2'));
}
