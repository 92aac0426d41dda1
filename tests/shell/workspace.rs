//! Workspaces: sessions that rest in a folder, whatever ends the process.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::command::{Folder, command, rejoin};

/// Runs commands in a workspace.
fn run(workspace: &Path, commands: &[&str]) -> crate::command::Done {
    let mut args = vec!["-w", workspace.to_str().unwrap()];
    args.extend(commands.iter().flat_map(|line| ["-c", line]));
    rejoin(&args)
}

#[test]
fn given_a_workspace_then_the_session_goes_on_where_it_ended() {
    let folder = Folder::new("workspace");
    let shop = folder.0.join("new/shop");
    let first = run(
        &shop,
        &[
            r#"ref a {"n": 1}"#,
            "text a .t",
            "branch a as b",
            "clock a as seen",
            "set limit 50",
            "swap a .n = 2",
        ],
    );
    assert_eq!((first.code, &*first.err), (0, ""));
    let actor = first.out.lines().find_map(|line| line.strip_prefix("actor ")).unwrap().to_owned();
    let second = run(
        &shop,
        &["merge b a", "swap b .n += 1", "undo", "undo", "undo", "a", "b", "clock a", "set limit"],
    );
    assert_eq!((second.code, &*second.err), (0, ""));
    let last: Vec<&str> = second.out.lines().rev().take(4).collect();
    assert_eq!(last[0], "limit is 50");
    assert_eq!(last[1], format!("{{\"{actor}\":3}}"));
    assert_eq!(last[2..], ["{\"n\":1,\"t\":\"\"}", "{\"n\":1,\"t\":\"\"}"]);
    // A session that is a file has a session of its own.
    let refused = rejoin(&["-w", shop.to_str().unwrap(), "check", "README.md"]);
    assert_eq!(refused.code, 2);
    // What is no workspace is left alone.
    folder.file("letter.txt", "mine");
    let foreign = run(&folder.0.join("."), &["1"]);
    assert_eq!(foreign.code, 2);
    assert!(foreign.err.contains("it is no folder, or holds something else"), "{}", foreign.err);
}

#[test]
fn given_a_workspace_that_is_open_then_a_second_shell_is_refused() {
    let folder = Folder::new("workspace-two");
    let shop = folder.0.join("shop");
    let mut start = command(&["-w", shop.to_str().unwrap(), "-c", "ref a 1", "-c", "ref b from -"]);
    let mut holder = start.stdin(Stdio::piped()).spawn().unwrap();
    // Once its first command is kept, it waits for its input.
    while fs::metadata(shop.join("log-0")).map_or(0, |log| log.len()) <= 8 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = run(&shop, &["a"]);
    assert_eq!((second.code, &*second.out), (2, ""));
    assert!(second.err.contains("another process has it open"), "{}", second.err);
    holder.stdin.take().unwrap().write_all(b"2").unwrap();
    holder.wait().unwrap();
    assert_eq!(run(&shop, &["a + $b"]).out, "3\n");
}

/// The files of a workspace, and how long each is.
fn sizes(workspace: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(workspace).unwrap().filter_map(Result::ok);
    let size = |entry: &fs::DirEntry| entry.metadata().map_or(0, |file| file.len());
    let mut sizes: Vec<_> =
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), size(&entry))).collect();
    sizes.sort();
    sizes
}

/// A command that answers a number, the next one each time, and whose records fill a log in a few commands.
const STEP: &str = "swap a .n += 1 | .big = [range(3000) as $i | (.n * 7919 + $i * 104729) % 1000003]\n";
/// One that has little to write.
const SMALL: &str = "swap a .n += 1\n";

#[test]
fn given_a_process_that_is_killed_at_any_moment_then_all_that_it_answered_is_there() {
    let kills: u64 = std::env::var("REJOIN_KILLS").map_or(60, |text| text.parse().unwrap());
    let folder = Folder::new("workspace-killed");
    let (mut shop, mut ran) = (folder.0.join("0"), 0);
    let (mut kept, mut seed) = (0, 20_261_128_u64);
    for kill in 0..kills {
        // A long history takes its time to be read.
        if kill % 20 == 0 {
            shop = folder.0.join(kill.to_string());
            assert_eq!(run(&shop, &[r#"ref a {"n": 0, "big": null}"#]).code, 0);
            kept = 0;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let script = if kill % 3 == 0 { STEP.repeat(40) } else { SMALL.repeat(400) };
        let before = sizes(&shop);
        let mut start = command(&["-w", shop.to_str().unwrap()]);
        let mut child = start.stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let told = answers.lines().map_while(Result::ok).filter(|line| line.starts_with("~ .n "));
            let numbers = told.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
            numbers.max()
        });
        // It may be killed before it has read all.
        let _ = input.write_all(script.as_bytes());
        drop(input);
        // It is killed while it works.
        let patience = Instant::now() + Duration::from_secs(20);
        while sizes(&shop) == before && Instant::now() < patience {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros((seed >> 33) % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let answered = reader.join().unwrap().unwrap_or(kept);
        let now = run(&shop, &["a.n"]);
        assert_eq!(now.code, 0, "kill {kill}: {}", now.err);
        let n: u64 = now.out.trim().parse().unwrap();
        assert!(n >= answered.max(kept), "kill {kill}: {n}, and {answered} was answered");
        ran += n - kept;
        kept = n;
    }
    assert!(ran >= kills, "{ran} commands ran");
    // All of it is one history.
    let log = run(&shop, &["log a --all"]);
    assert_eq!(log.code, 0, "{}", log.err);
}

#[test]
fn given_the_files_of_a_workspace_when_they_are_cut_anywhere_then_it_opens_with_what_was_whole() {
    let folder = Folder::new("workspace-cut");
    let shop = folder.0.join("shop");
    assert_eq!(run(&shop, &["ref a 0", "swap a 1", "swap a 2", "branch a as b", "swap b 3"]).code, 0);
    let log = shop.join("log-0");
    let whole = fs::read(&log).unwrap();
    let mut last = 0;
    for length in (0..=whole.len()).step_by(3) {
        fs::write(&log, &whole[..length]).unwrap();
        let opened = run(&shop, &["refs"]);
        assert_ne!(opened.code, 101, "{length}: {}", opened.err);
        let names = opened.out.lines().filter(|line| line.contains(" ref ")).count();
        assert!(names >= last || length == 0, "{length}: {names}");
        last = names;
    }
    assert_eq!(last, 2);
}

#[cfg(unix)]
#[test]
fn given_a_disk_that_is_full_then_one_error_says_so_and_nothing_is_lost() {
    let folder = Folder::new("workspace-full");
    let shop = folder.0.join("shop");
    let mut script = String::from("ref a {\"n\": 0}\n");
    script.push_str(&SMALL.repeat(200));
    // A file may have 8 blocks of 512 bytes.
    let mut start = std::process::Command::new("sh");
    start.args([
        "-c",
        "trap '' XFSZ; ulimit -f 8; exec \"$0\" -w \"$1\"",
        env!("CARGO_BIN_EXE_rejoin"),
        shop.to_str().unwrap(),
    ]);
    let mut child =
        start.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let done: crate::command::Done = child.wait_with_output().unwrap().into();
    assert_eq!(done.code, 1);
    assert_eq!(done.err.matches("error: ").count(), 1, "{}", done.err);
    assert!(
        done.err.contains("File too large") && done.err.contains("hint: nothing was changed"),
        "{}",
        done.err
    );
    let answered = done.out.lines().filter(|line| line.starts_with("~ .n")).count();
    assert!((10..200).contains(&answered), "{answered}");
    let after = run(&shop, &["a.n", "swap a .n += 1"]);
    assert_eq!((after.code, after.out.lines().next().unwrap()), (0, &*answered.to_string()), "{}", after.err);
}

/// A script of the system's shell, in a namespace of its own: it mounts a disk of 96 KiB at `$1`. `$0` is the program.
#[cfg(target_os = "linux")]
const SMALL_DISK: &str = r#"
mount -t tmpfs -o size=96k none "$1" || exit 77
head -c 32768 /dev/zero > "$1/ballast"
"$0" -w "$1/shop"; echo "exit $?"
"$0" -w "$1/shop" -c a.n -c 'export a to "'"$1"'/shop/copy.json"' -c 'save a "'"$1"'/shop/copy.ref"'; echo "exit $?"
"$0" --json -c 'ref a {"n": 1}' -c 'sync a "'"$1"'/place"'; echo "exit $?"
rm "$1/ballast"
"$0" -w "$1/shop" -c a.n -c 'swap a .n += 1' -c 'sync a "'"$1"'/place"' -c 'clone "'"$1"'/place" as b' -c b.n; echo "exit $?"
"#;

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::print_stdout, reason = "who runs it is told that it was skipped")]
fn given_a_small_disk_that_is_full_then_each_command_fails_with_one_error_and_nothing_is_lost() {
    let folder = Folder::new("workspace-small-disk");
    let disk = folder.0.join("disk");
    fs::create_dir(&disk).unwrap();
    let mut script = String::from("ref a {\"n\": 0}\n");
    script.push_str(&SMALL.repeat(2_000));
    let mut start = std::process::Command::new("unshare");
    start.args([
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        SMALL_DISK,
        env!("CARGO_BIN_EXE_rejoin"),
    ]);
    start.arg(&disk);
    let started = start.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        println!("skipped: there is no unshare");
        return;
    };
    let mut stdin = child.stdin.take().unwrap();
    // Where nothing can be mounted nobody reads it.
    let written = std::thread::spawn(move || stdin.write_all(script.as_bytes()).is_ok());
    let done: crate::command::Done = child.wait_with_output().unwrap().into();
    if written.join().is_ok() && !done.out.contains("exit ") {
        println!("skipped: no disk can be mounted here: {}", done.err);
        return;
    }
    let answered = done.out.lines().filter(|line| line.starts_with("~ .n")).count() - 1;
    assert!((100..2_000).contains(&answered), "{answered}");
    let exits: Vec<&str> = done.out.lines().filter(|line| line.starts_with("exit ")).collect();
    assert_eq!(exits, ["exit 1", "exit 1", "exit 1", "exit 0"], "{}\n{}", done.out, done.err);
    assert_eq!(done.err.matches("error: ").count(), 2, "{}", done.err);
    assert_eq!(done.err.matches("No space left on device").count(), 2, "{}", done.err);
    assert!(done.out.contains("No space left on device"), "{}", done.out);
    // What was answered is there, before and after.
    let values: Vec<&str> = done.out.lines().filter(|line| line.parse::<usize>().is_ok()).collect();
    let last = (answered + 1).to_string();
    assert_eq!(values, [&*answered.to_string(), &*answered.to_string(), &*last], "{}", done.out);
    assert!(!disk.join("shop").exists());
}
