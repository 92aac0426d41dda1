//! The exit status is that of the work, whoever reads the output, and what was found is told.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::command::{Done, Folder, command, rejoin};

const FAILS: &str = "ref a 1\n#=> 2\n";

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

fn signal(child: &Child, signal: &str) {
    let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

#[test]
fn given_a_reader_that_leaves_then_the_status_is_that_of_the_work() {
    let folder = Folder::new("reader-leaves");
    let many = format!("ref b [range(2000)]\n{}", "b\n#=> 1\n".repeat(100));
    let fails = folder.file("fails.rejoin", &many);
    let holds = folder.file("holds.rejoin", many.replace("#=> 1", "#=> [0, ...]"));
    for args in [&["check", "--json"][..], &["run"], &["run", "--json"], &["play", "--delay", "0"]] {
        for (file, code) in [(&fails, 1), (&holds, 0)] {
            let mut child = command(&[args, &[&**file]].concat()).stderr(Stdio::null()).spawn().unwrap();
            let mut out = child.stdout.take().unwrap();
            // A check that holds prints only a summary, which nobody waits for.
            if args[0] != "check" {
                out.read_exact(&mut [0; 4]).unwrap();
            }
            drop(out);
            assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?} {file}");
        }
    }
    let mut child = command(&["-c", "ref b [range(100000)]", "-c", "b", "-c", "swop"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn given_standard_error_that_takes_nothing_then_the_status_is_that_of_the_work() {
    let folder = Folder::new("full-stderr");
    let fails = folder.file("fails.rejoin", FAILS);
    let rows: &[(&[&str], i32)] = &[
        (&["check", &fails], 1),
        (&["check", "--json", &fails], 1),
        (&["run", &fails], 1),
        (&["play", "--delay", "0", &fails], 1),
        (&["check", "missing"], 2),
        (&["-c", "swop"], 1),
        (&["frobnicate"], 2),
        (&["demo", "missing"], 2),
    ];
    for (args, code) in rows {
        let status = command(args).stderr(full()).stdout(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(*code), "{args:?}");
        // Closed it is the same.
        let script = "exec \"$0\" \"$@\" 2>&-";
        let mut closed = std::process::Command::new("sh");
        closed.args(["-c", script, env!("CARGO_BIN_EXE_rejoin")]).args(*args).stdout(Stdio::null());
        assert_eq!(closed.status().unwrap().code(), Some(*code), "{args:?}");
    }
    let blessed = command(&["check", "--bless", &fails]).stderr(full()).status().unwrap();
    assert_eq!(blessed.code(), Some(0));
    assert_eq!(fs::read_to_string(&fails).unwrap(), "ref a 1\n#=> 1\n");
}

#[test]
fn given_standard_output_that_takes_nothing_then_that_is_told() {
    let folder = Folder::new("full-stdout");
    let file = folder.file("holds.rejoin", "ref a 1\n#=> 1\n");
    let rows: &[&[&str]] = &[
        &["check", "--json", &file],
        &["run", &file],
        &["-c", "1"],
        &["schema"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["check", "--help"],
        &["--version"],
    ];
    for args in rows {
        let ended: Done = command(args).stdout(full()).output().unwrap().into();
        let error = "error: cannot write to standard output: No space left on device (os error 28)\n";
        assert_eq!((ended.code, &*ended.err), (2, error), "{args:?}");
    }
}

#[test]
fn given_an_interruption_then_a_check_has_told_what_it_found() {
    let folder = Folder::new("told");
    let inner = folder.file("inner.rejoin", "def f: f; f\n");
    let endless = [
        ("read", format!("{FAILS}read {inner}\n")),
        ("filter", format!("{FAILS}swap a (def f: f; f)\n")),
        ("fresh", format!("```rejoin\n{FAILS}```\n```rejoin fresh\ndef f: f; f\n```\n")),
    ];
    for (name, text) in endless {
        let file = folder.file(&format!("{name}.{}", if name == "fresh" { "md" } else { "rejoin" }), text);
        for (sent, status) in [("-INT", 130), ("-TERM", 143)] {
            let mut child = command(&["check", "--json", &file, "never.rejoin"]).spawn().unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut first = String::new();
            out.read_line(&mut first).unwrap();
            assert!(first.contains("\"mismatches\""), "told at once: {first}");
            sleep(Duration::from_millis(100));
            let began = Instant::now();
            signal(&child, sent);
            let mut rest = String::new();
            out.read_to_string(&mut rest).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(status), "{name} {sent}");
            assert!(began.elapsed() < Duration::from_secs(2));
            assert!(rest.contains("\"failures\":1") && rest.contains("\"interrupted\":true"), "{rest}");
        }
    }
}

#[test]
fn given_a_pipe_that_nobody_writes_to_when_it_is_interrupted_then_the_reading_ends() {
    let folder = Folder::new("silent-pipe");
    let pipe = folder.0.join("pipe.rejoin");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let read = format!("read {pipe}");
    for args in [&["check", pipe][..], &["run", pipe], &["-c", &read], &["check", "-"]] {
        let mut child = command(args).stdin(Stdio::piped()).spawn().unwrap();
        // Standard input stays open.
        let input = child.stdin.take();
        sleep(Duration::from_millis(200));
        signal(&child, "-INT");
        assert_eq!(child.wait().unwrap().code(), Some(130), "{args:?}");
        drop(input);
    }
}

#[test]
fn given_a_pipe_with_a_session_then_it_is_checked() {
    let folder = Folder::new("pipe");
    let pipe = folder.0.join("pipe.rejoin");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = command(&["check", pipe.to_str().unwrap()]).spawn().unwrap();
    fs::write(&pipe, FAILS).unwrap();
    let ended: Done = child.wait_with_output().unwrap().into();
    assert!(ended.code == 1 && ended.err.contains("expected: 2"), "{}", ended.err);
}

#[test]
fn given_a_name_with_what_a_terminal_obeys_then_it_is_never_shown_raw() {
    let folder = Folder::new("evil-names");
    let evil = |ending: &str| format!("a\u{1b}[31m\u{9b}\u{202e}\n\tb\u{7}{ending}");
    let wrong = folder.file(&evil(".rejoin"), "# Told.\nref a 1\n#=> 2\nswop\n");
    let mistaken = folder.file(&evil("m.rejoin"), "ref a 1\n# => 2\n");
    let markdown = folder.file(&evil(".md"), "```rejoin x\n```\n");
    let missing = format!("{}/{}", folder.0.display(), evil("missing"));
    let read = format!("read {}", serde_json::json!(missing));
    let all = folder.0.to_str().unwrap();
    let rows: &[&[&str]] = &[
        &["check", &wrong],
        &["check", "--keep-going", &wrong],
        &["check", "--json", &wrong, &mistaken, &missing],
        &["check", "--json", all],
        &["check", &mistaken],
        &["check", &markdown],
        &["check", &missing],
        &["check", all],
        &["check", "--bless", &wrong, &mistaken, &missing],
        &["run", &wrong, &mistaken, &missing],
        &["play", "--delay", "0", &wrong],
        &["play", &missing],
        &["demo", &missing],
        &["-c", &read],
        &["-c", &read.replace("read", "record")],
        &[&wrong],
        &[&missing],
        &["--color", &missing],
        &["--filter-memory", &missing],
        &["completions", &missing],
    ];
    for args in rows {
        let Done { out, err, .. } = rejoin(args);
        assert!(!out.is_empty() || !err.is_empty());
        for shown in [out, err] {
            assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{args:?}: {shown:?}");
            assert!(!shown.contains("\n\tb") && !shown.contains("\tb"), "{args:?}: {shown:?}");
        }
    }
    let bytes = folder.0.join(std::ffi::OsStr::from_bytes(b"\xff\xfe.rejoin"));
    fs::write(&bytes, FAILS).unwrap();
    let mut check = command(&["check"]);
    let ended: Done = check.arg(&bytes).output().unwrap().into();
    assert!(ended.code == 1 && ended.err.contains("\u{fffd}\u{fffd}.rejoin:2\n"), "{}", ended.err);
}

#[test]
fn given_a_value_with_a_dash_in_front_then_it_is_a_command() {
    assert_eq!(rejoin(&["-c", "-5 % 2", "--command", "-1"]).out, "-1\n-1\n");
    assert_eq!(rejoin(&["-c-2"]).out, "-2\n");
}
