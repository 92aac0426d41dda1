//! What `--bless` keeps of a file, and when it leaves it alone.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use rejoin::script::{Host, NotBlessed, bless};
use rejoin::session::Session;

use crate::command::{Folder, command, rejoin};

const WRONG: &str = "ref a 1\n#=> 2\n";
const RIGHT: &str = "ref a 1\n#=> 1\n";

fn names(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(&folder.0).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn given_a_hard_link_then_both_names_have_the_new_text() {
    use std::os::unix::fs::MetadataExt;
    let folder = Folder::new("hard-link");
    let file = folder.file("one.rejoin", WRONG);
    let other = folder.0.join("two.rejoin");
    fs::hard_link(&file, &other).unwrap();
    assert_eq!(rejoin(&["check", "--bless", &file]).code, 0);
    assert_eq!(fs::read_to_string(&other).unwrap(), RIGHT);
    assert_eq!(fs::metadata(&file).unwrap().ino(), fs::metadata(&other).unwrap().ino());
    // A shorter text leaves nothing of the longer one.
    fs::write(&file, format!("ref a 1\n#=> {}\n", "2".repeat(100))).unwrap();
    assert_eq!(rejoin(&["check", "--bless", &file]).code, 0);
    assert_eq!(fs::read_to_string(&other).unwrap(), RIGHT);
    assert_eq!(names(&folder), ["one.rejoin", "two.rejoin"]);
}

#[cfg(unix)]
#[test]
fn given_a_mode_or_owner_then_they_stay() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = Folder::new("owner");
    let file = folder.file("one.rejoin", WRONG);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o751)).unwrap();
    // Only root may give a file away.
    let given = chown(&file, Some(12_345), Some(54_321)).is_ok();
    let kept = |file: &str| {
        let found = fs::metadata(file).unwrap();
        (found.mode() & 0o7777, found.uid(), found.gid())
    };
    let before = kept(&file);
    assert_eq!(rejoin(&["check", "--bless", &file]).code, 0);
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), kept(&file)), (RIGHT, before));
    assert_eq!(given, before.1 == 12_345);
}

#[cfg(unix)]
#[test]
fn given_a_pipe_or_device_then_it_is_refused() {
    let folder = Folder::new("special");
    let pipe = folder.0.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for file in [pipe.to_str().unwrap(), "/dev/null"] {
        let blessed = rejoin(&["check", "--bless", file]);
        let error =
            format!("error: {file}: is no regular file, and cannot be rewritten\n1 file left as it is\n");
        assert_eq!((blessed.code, blessed.err), (2, error));
    }
}

#[cfg(unix)]
#[test]
fn given_no_room_for_the_new_text_then_the_old_one_stays_and_nothing_else() {
    let folder = Folder::new("no-room");
    let long = format!("ref a [range(3000)]\n{}", "a\n#=> 1\n".repeat(10));
    let file = folder.file("one.rejoin", &long);
    let other = folder.0.join("two.rejoin");
    for linked in [false, true] {
        if linked {
            fs::hard_link(&file, &other).unwrap();
        }
        // Of 20 blocks of 512 bytes or of 1,024 bytes: either is less than the new text.
        let script = "trap '' XFSZ; ulimit -f 20; exec \"$0\" check --bless \"$1\"";
        let mut limited = std::process::Command::new("sh");
        let ended = limited.args(["-c", script, env!("CARGO_BIN_EXE_rejoin"), &file]).output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{err}");
        assert!(err.contains("File too large"), "{err}");
        assert_eq!(fs::read_to_string(&file).unwrap(), long);
    }
    assert_eq!(names(&folder), ["one.rejoin", "two.rejoin"]);
}

#[cfg(unix)]
#[test]
fn given_an_interruption_then_nothing_is_written() {
    let folder = Folder::new("bless-interrupted");
    let text = "ref a 1\n#=> 2\nswap a (def f: f; f)\n#=> 3\n";
    let file = folder.file("one.rejoin", text);
    let second = folder.file("two.rejoin", WRONG);
    let child = command(&["check", "--bless", &file, &second]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::read_to_string(&second).unwrap(), WRONG);
    assert_eq!(names(&folder), ["one.rejoin", "two.rejoin"]);
}

#[test]
fn given_an_interruption_of_the_run_that_verifies_then_the_file_stays() {
    let runs = Cell::new(0);
    let start = || {
        let session = Session::default();
        if runs.replace(runs.get() + 1) > 0 {
            session.interrupt().raise();
        }
        (Host::without_files(), session)
    };
    let blessed = bless(Path::new("a.rejoin"), WRONG, false, start);
    assert!(matches!(blessed, Err(NotBlessed::Interrupted)), "{blessed:?}");
    assert_eq!(runs.get(), 2);
}
