//! Lessons, played through a pseudo-terminal; and what is recorded at the prompt.

use std::fs;
use std::process::Command;

use crate::command::{Folder, rejoin};
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use unicode_width::UnicodeWidthStr;

/// How long an answer may take before the test fails, in milliseconds.
const PATIENCE: u64 = 20_000;
const CTRL_C: char = 'c';
const CTRL_D: char = 'd';

const LESSON: &str = "\
# A lesson about one.

# Make it.
ref a {\"n\": 1}
branch a as b

# Then it is two.
swap a .n += 1
#=> {\"n\": 2}

# And back.
merge b a
# The end.
";

fn start(folder: &Folder, args: &[&str]) -> PtySession {
    start_on(folder, args, "dumb")
}

fn start_on(folder: &Folder, args: &[&str], terminal: &str) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin"));
    command.args(args).current_dir(&folder.0).env("XDG_STATE_HOME", &folder.0);
    command.env("TERM", terminal).env("NO_COLOR", "1").env_remove("COLUMNS");
    spawn_command(command, Some(PATIENCE)).unwrap()
}

fn expect(session: &mut PtySession, shown: &[&str]) {
    for text in shown {
        session.exp_string(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

/// The exit status, after the end of the output.
fn status(session: &PtySession) -> Option<i32> {
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, status) => Some(status),
        _ => None,
    }
}

fn press(session: &mut PtySession, key: &str) {
    session.send(key).unwrap();
    session.flush().unwrap();
}

#[test]
fn given_a_lesson_when_enter_is_pressed_then_it_goes_on_to_a_recap() {
    let folder = Folder::new("play-through");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin"]);
    expect(
        &mut session,
        &["A lesson about one.", "Make it.", "rejoin> ref a {\"n\": 1}", "[1/4] Enter: run"],
    );
    press(&mut session, "\r");
    expect(&mut session, &["actor a\r\n{\"n\":1}", "rejoin> branch a as b", "[2/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["actor b", "Then it is two.", "rejoin> swap a .n += 1", "[3/4]"]);
    press(&mut session, " ");
    expect(&mut session, &["~ .n 1 ", "{\"n\":2}\r\n", "And back.", "rejoin> merge b a", "[4/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["1 change new", "The end.", "Enter: end"]);
    press(&mut session, "\r");
    expect(
        &mut session,
        &["What was used in one.rejoin", "  swap", "Where the refs are now", "  b       {\"n\":2}"],
    );
    session.exp_eof().unwrap();
}

#[test]
fn given_a_step_back_then_the_session_is_as_it_was() {
    let folder = Folder::new("play-back");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin"]);
    for step in ["[1/4]", "[2/4]", "[3/4]"] {
        expect(&mut session, &[step]);
        press(&mut session, "\r");
    }
    expect(&mut session, &["{\"n\":2}", "[4/4]"]);
    press(&mut session, "b");
    expect(&mut session, &["back to step 3 of 4", "Then it is two.", "rejoin> swap a .n += 1", "[3/4]"]);
    press(&mut session, "b");
    expect(&mut session, &["back to step 2 of 4", "rejoin> branch a as b", "[2/4]"]);
    press(&mut session, "\r");
    // Not an error, as it would be if b were there already.
    expect(&mut session, &["actor b", "[3/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["~ .n 1 ", "{\"n\":2}\r\n", "[4/4]"]);
    press(&mut session, "q");
    expect(&mut session, &["What was used in one.rejoin, in 3 of 4 steps", "  swap", "  b       {\"n\":1}"]);
    session.exp_eof().unwrap();
    assert_eq!(status(&session), Some(0));
}

#[test]
fn given_a_step_to_begin_at_then_those_before_it_ran_and_are_not_shown() {
    let folder = Folder::new("play-from");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin", "--from", "3"]);
    let shown = session.exp_string("[3/4]").unwrap();
    assert!(shown.contains("Then it is two.") && !shown.contains("Make it."), "{shown}");
    press(&mut session, "\r");
    expect(&mut session, &["{\"n\":2}", "[4/4]"]);
    press(&mut session, "b");
    expect(&mut session, &["[3/4]"]);
    press(&mut session, "b");
    expect(&mut session, &["back to step 2 of 4", "rejoin> branch a as b", "[2/4]"]);
    press(&mut session, "q");
    session.exp_eof().unwrap();
    assert_eq!(status(&session), Some(0));
    let played = rejoin(&["play", "--from", "4", folder.0.join("one.rejoin").to_str().unwrap()]);
    assert_eq!(played.code, 0, "{}", played.err);
    assert!(played.out.starts_with("And back.\n\nrejoin> merge b a\n1 change new\n"), "{}", played.out);
    assert!(played.out.contains("one.rejoin, in step 4 of 4\n"), "{}", played.out);
    let played = rejoin(&["play", "--from", "5", folder.0.join("one.rejoin").to_str().unwrap()]);
    assert_eq!((played.code, &*played.out), (2, ""));
    assert!(played.err.contains("has 4 steps: it cannot begin at step 5"), "{}", played.err);
}

#[test]
fn given_a_long_value_then_as_much_is_shown_as_the_screen_has_room_for() {
    let folder = Folder::new("play-long");
    folder.file("long.rejoin", "ref a [range(1000) | {id: .}]\n\n# The end.\n");
    let mut session = start(&folder, &["play", "long.rejoin"]);
    expect(&mut session, &["[1/1]"]);
    press(&mut session, "\r");
    let shown = session.exp_string("The end.").unwrap();
    assert!(shown.contains("{\"id\": 0}") || shown.contains("{\"id\":0}"), "{shown}");
    assert!(shown.contains("more") && shown.lines().count() <= 60, "{shown}");
    press(&mut session, "q");
    session.exp_eof().unwrap();
    // Where there is no screen, all is shown.
    let played = rejoin(&["play", folder.0.join("long.rejoin").to_str().unwrap()]);
    assert!(played.out.contains("999"), "{}", played.out.len());
}

#[test]
fn given_a_lesson_that_does_not_hold_then_its_end_names_what_did_not() {
    let folder = Folder::new("play-wrong");
    let file = folder.0.join("wrong.rejoin");
    folder.file("wrong.rejoin", "# Wrong.\nref a 1\n#=> 2\n\n# Held.\nswap a . + 1\n#=> 2\nswop a\n");
    // Also what was not shown counts.
    for from in ["1", "3"] {
        let played = rejoin(&["play", "--from", from, file.to_str().unwrap()]);
        assert_eq!(played.code, 1, "{}", played.err);
        let name = file.display();
        let wrong = format!("{name}:3\n  # Wrong.\n  ref a 1\n    expected: 2\n    actual:   1\n");
        let error = format!(
            "{name}:8:1\n# Held.\nswop a\n^^^^\nerror: `swop` is neither a command nor a name [R001]"
        );
        for part in ["error: 2 steps of ", "do not\n  answer as expected", &wrong, &error] {
            let told = played
                .err
                .replace("do not answer", "do not\n  answer")
                .replace("answer as\n  ", "answer as ");
            assert!(told.contains(part), "{part}: {}", played.err);
        }
    }
}

#[test]
fn given_a_key_that_means_nothing_then_the_line_says_so_and_tells_the_keys() {
    let folder = Folder::new("play-keys");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin"]);
    expect(&mut session, &["[1/4]"]);
    press(&mut session, "x");
    expect(&mut session, &["x does nothing. [1/4] Enter: run  b: back  e: try it  q: quit"]);
    press(&mut session, "\t");
    expect(&mut session, &["Tab does nothing. [1/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["actor a", "\n[2/4] Enter: run"]);
    press(&mut session, "q");
    expect(&mut session, &["in 1 of 4 steps"]);
    session.exp_eof().unwrap();
}

#[test]
fn given_nothing_that_was_played_when_it_is_quit_then_there_is_no_recap() {
    let folder = Folder::new("play-none");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin"]);
    expect(&mut session, &["[1/4]"]);
    press(&mut session, "q");
    assert!(!session.exp_eof().unwrap().contains("What was used"));
    assert_eq!(status(&session), Some(0));
}

#[test]
fn given_ctrl_c_between_steps_then_the_lesson_ends_with_a_recap_and_130() {
    let folder = Folder::new("play-interrupt");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin"]);
    expect(&mut session, &["[1/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["[2/4]"]);
    session.send_control(CTRL_C).unwrap();
    expect(&mut session, &["What was used in one.rejoin, in 1 of 4 steps", "  a    {\"n\":1}"]);
    session.exp_eof().unwrap();
    assert_eq!(status(&session), Some(130));
}

/// Plays a lesson to its end, in which a command that does not end is interrupted.
fn past_an_endless_command(folder: &Folder) -> PtySession {
    folder.file("endless.rejoin", "ref a 1\nswap a (def f: f; f)\n#=> error: ...\nswap a . + 1\n");
    let mut session = start(folder, &["play", "endless.rejoin"]);
    for at in 1..=2 {
        expect(&mut session, &[&format!("[{at}/3] Enter: run")]);
        press(&mut session, "\r");
    }
    // The line that tells the keys is gone: the command runs.
    expect(&mut session, &["\r"]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    session.send_control(CTRL_C).unwrap();
    expect(&mut session, &["the filter was interrupted", "[3/3] Enter: run"]);
    press(&mut session, "\r");
    expect(&mut session, &["~ . 1 ", "Enter: end"]);
    session
}

#[test]
fn given_an_endless_command_that_was_stopped_when_one_steps_back_behind_it_then_it_can_be_stopped_again() {
    let folder = Folder::new("play-endless-back");
    let mut session = past_an_endless_command(&folder);
    press(&mut session, "b");
    expect(&mut session, &["\r"]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    session.send_control(CTRL_C).unwrap();
    expect(&mut session, &["back to step 3 of 3", "[3/3]"]);
    press(&mut session, "\r");
    expect(&mut session, &["~ . 1 ", "Enter: end"]);
    press(&mut session, "q");
    session.exp_eof().unwrap();
}

#[test]
fn given_the_keys_of_vi_then_the_prompt_of_a_lesson_has_them() {
    let folder = Folder::new("play-vi");
    folder.file("one.rejoin", LESSON);
    for args in [["--vi", "play", "one.rejoin"], ["play", "one.rejoin", "--vi"]] {
        let mut session = start_on(&folder, &args, "xterm");
        expect(&mut session, &["[1/4]"]);
        press(&mut session, "e");
        expect(&mut session, &["`exit` returns to the lesson", "rejoin> "]);
        // Escape, then: to the start of the line, delete a character, go on at the end.
        press(&mut session, "x40 + 2");
        std::thread::sleep(std::time::Duration::from_millis(100));
        press(&mut session, "\u{1b}");
        std::thread::sleep(std::time::Duration::from_millis(600));
        press(&mut session, "0x\r");
        expect(&mut session, &["42\r\n"]);
        press(&mut session, "exit\r");
        expect(&mut session, &["the lesson goes on where it was", "[1/4]"]);
        press(&mut session, "q");
        session.exp_eof().unwrap();
    }
}

#[test]
fn given_a_prompt_in_a_lesson_then_the_lesson_goes_on_with_its_own_session() {
    let folder = Folder::new("play-try");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin"]);
    expect(&mut session, &["[1/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["[2/4]"]);
    press(&mut session, "e");
    expect(&mut session, &["`exit` returns to the lesson"]);
    session.send_line("swap a .n = 41").unwrap();
    expect(&mut session, &["{\"n\":41}"]);
    session.send_line("exit").unwrap();
    expect(&mut session, &["the lesson goes on where it was", "rejoin> branch a as b", "[2/4]"]);
    press(&mut session, "\r");
    expect(&mut session, &["{\"n\":1}", "[3/4]"]);
    press(&mut session, "e");
    expect(&mut session, &["`exit` returns to the lesson"]);
    session.send_line("b.n + 1").unwrap();
    expect(&mut session, &["2"]);
    session.send_control(CTRL_D).unwrap();
    expect(&mut session, &["the lesson goes on where it was", "[3/4]"]);
    session.send_control(CTRL_C).unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn given_a_command_that_does_not_end_when_it_is_interrupted_then_the_lesson_goes_on() {
    let folder = Folder::new("play-endless");
    let mut session = past_an_endless_command(&folder);
    session.send_control(CTRL_C).unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn given_a_delay_then_the_lesson_goes_on_by_itself() {
    let folder = Folder::new("play-delay");
    folder.file("one.rejoin", LESSON);
    let mut session = start(&folder, &["play", "one.rejoin", "--delay", "10ms"]);
    expect(&mut session, &["[1/4]", "[4/4]", "1 change new", "What was used"]);
    session.exp_eof().unwrap();
}

#[test]
fn given_forty_columns_then_words_stay_whole() {
    let folder = Folder::new("play-narrow");
    folder.file(
        "one.rejoin",
        LESSON.replace("\"n\": 1", "\"n\": 1, \"日\": \"日本日本日本日本日本日本日本日本日本\""),
    );
    let mut shell = Command::new("sh");
    let play = "stty cols 40 rows 24; exec \"$0\" play one.rejoin";
    shell.args(["-c", play, env!("CARGO_BIN_EXE_rejoin")]).current_dir(&folder.0);
    shell.env("XDG_STATE_HOME", &folder.0).env("TERM", "dumb").env("NO_COLOR", "1").env_remove("COLUMNS");
    let mut session = spawn_command(shell, Some(PATIENCE)).unwrap();
    expect(&mut session, &["[1/4]"]);
    press(&mut session, "e");
    expect(&mut session, &["Try what you like; `exit` returns to the\r\n  lesson.\r\n"]);
    session.send_line("exit").unwrap();
    for at in 1..=3 {
        expect(&mut session, &[&format!("[{at}/4]")]);
        press(&mut session, "\r");
    }
    expect(&mut session, &["[4/4]"]);
    press(&mut session, "q");
    expect(&mut session, &["What was used in one.rejoin, in 3 of 4\r\n  steps\r\n"]);
    let bytes = session.exp_eof().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let recap = String::from_utf8(bytes).unwrap();
    assert!(recap.contains("  branch  ") && recap.contains("\r\n          "), "{recap}");
    // What did not hold is shown as it is.
    let recap = recap.split("one.rejoin:9").next().unwrap();
    assert!(recap.lines().all(|line| line.trim_end().width() <= 40), "{recap}");
}

#[test]
fn given_a_session_file_when_it_is_run_on_a_terminal_then_nothing_of_it_is_obeyed() {
    let folder = Folder::new("run-obeyed");
    folder.file("evil.rejoin", "# Told \u{1b}[2J\u{9b}2J.\nref a \"\u{202e}\u{9b}\"\n1 # \u{1b}c\n");
    let mut session = start(&folder, &["run", "evil.rejoin"]);
    // What comes is given byte by byte.
    let bytes = session.exp_eof().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let shown = String::from_utf8(bytes).unwrap();
    assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown:?}");
    assert!(shown.contains("# Told \u{fffd}[2J\u{fffd}2J."), "{shown:?}");
    assert!(shown.contains("#=> \"\\u202e\\u009b\""), "{shown:?}");
}

// --- record and read ---

#[test]
fn given_a_recording_then_it_is_a_session_file_that_holds() {
    let folder = Folder::new("record");
    folder.file("more.rejoin", "swap c .more = true\n#=> + .more true\n");
    let mut session = start(&folder, &[]);
    let mut type_line = |line: &str, answer: &str| {
        session.send_line(line).unwrap();
        session.exp_string(answer).unwrap_or_else(|error| panic!("{line}: {error}"));
    };
    type_line("ref a {\"n\": 1}", "actor a-");
    type_line("swop a", "did you mean");
    type_line("record kept.rejoin", "recording to kept.rejoin");
    type_line("record other.rejoin", "`kept.rejoin` is being recorded");
    type_line("# Two come together.", "");
    type_line("branch a as c", "actor c-");
    type_line("read more.rejoin", "1 command, 1 expectation: all hold");
    type_line("merge a c", "1 change new");
    type_line("swop a", "did you mean");
    type_line("record stop", "wrote kept.rejoin: 5 commands, 8 expectations");
    type_line("record kept.rejoin", "cannot write `kept.rejoin`");
    type_line("", "hint: a recording makes a new file, and never overwrites one");
    type_line("record rest.rejoin", "recording to rest.rejoin");
    type_line("a.n", "1");
    type_line("exit", "wrote rest.rejoin");
    session.exp_eof().unwrap();
    let kept = "\
# What was there when the recording began.

ref a {\"n\": 1}

# The recording.

# Two come together.
branch a as c
#=> {\"n\":1}
#=> actor c
swap c .more = true
#=> {\"n\":1,\"more\":true}
#=> + .more true
merge a c
#=> {\"n\":1,\"more\":true}
#=> 1 change new
#=> + .more true
swop a
#=> error: `swop` is neither a command nor a name
";
    assert_eq!(fs::read_to_string(folder.0.join("kept.rejoin")).unwrap(), kept);
    for name in ["kept.rejoin", "rest.rejoin"] {
        let checked = rejoin(&["check", folder.0.join(name).to_str().unwrap()]);
        assert_eq!(checked.code, 0, "{}", checked.err);
    }
}
