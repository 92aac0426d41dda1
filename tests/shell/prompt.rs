//! The interactive prompt, typed into through a pseudo-terminal.

use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

/// How long an answer may take before the test fails, in milliseconds.
const PATIENCE: u64 = 20_000;
const CTRL_C: char = 'c';
const CTRL_D: char = 'd';
const CTRL_Z: char = 'z';
/// The terminal is made ready for a line (bracketed paste goes on, once for each): from here on Ctrl-C
/// is a key and not a signal.
const READY: &str = "\x1b[?2004h";
/// The terminal is given back when the line was read.
const DONE: &str = "\x1b[?2004l";
const UP: &str = "\x1b[A";
const TAB: &str = "\t";
const DOWN: &str = "\x1b[B";
const CTRL_R: &str = "\x12";
const PASTE: &str = "\x1b[200~";
const PASTED: &str = "\x1b[201~";

/// A state folder of its own; goes when the test ends.
struct State(PathBuf);

impl State {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rejoin-prompt-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn history(&self) -> String {
        std::fs::read_to_string(self.0.join("rejoin/history")).unwrap()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // What cannot be removed is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts the prompt and waits for it.
fn start(state: &Path) -> PtySession {
    start_with(state, |_| {})
}

/// Starts the prompt with other options or another environment.
fn start_with(state: &Path, change: impl FnOnce(&mut Command)) -> PtySession {
    let mut command = program(state);
    change(&mut command);
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("Ctrl-D leaves").unwrap();
    session.exp_string(READY).unwrap();
    session
}

/// The prompt, not yet started.
fn program(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin"));
    command
        .env("XDG_STATE_HOME", state)
        .env("XDG_CONFIG_HOME", state)
        .env("TERM", "xterm")
        .env("NO_COLOR", "1");
    for variable in ["COLUMNS", "REJOIN_HISTFILE", "REJOIN_PAGER", "PAGER"] {
        command.env_remove(variable);
    }
    command
}

/// Types a line, and waits until the answer has been shown and the prompt is back.
fn type_line(session: &mut PtySession, line: &str, answer: &str) {
    session.send_line(line).unwrap();
    session.exp_string(answer).unwrap();
    session.exp_string(READY).unwrap();
}

/// Types keys, without Enter.
fn keys(session: &mut PtySession, keys: &str) {
    session.send(keys).unwrap();
    session.flush().unwrap();
}

/// Types Ctrl-C, and waits for the prompt.
fn interrupt(session: &mut PtySession) {
    session.send_control(CTRL_C).unwrap();
    session.exp_string(READY).unwrap();
}

fn leave(mut session: PtySession) {
    session.send_control(CTRL_D).unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn given_an_open_bracket_then_the_command_goes_on_in_the_next_line() {
    let state = State::new("lines");
    let mut session = start(&state.0);
    session.send_line(r#"ref a {"n":"#).unwrap();
    type_line(&mut session, "[1, 2]}", r#"{"n":[1,2]}"#);
    type_line(&mut session, "a.n | length", "\n2");
    leave(session);
}

#[test]
fn given_a_half_typed_line_when_it_is_interrupted_then_nothing_ran_and_the_session_lives() {
    let state = State::new("interrupt");
    let mut session = start(&state.0);
    type_line(&mut session, "ref a 41", "41");
    session.send("swap a . + ").unwrap();
    interrupt(&mut session);
    session.send_line("ref b [").unwrap();
    interrupt(&mut session);
    type_line(&mut session, "a + 1", "\n42");
    type_line(&mut session, "b", "`b` is neither a command nor a name");
    leave(session);
}

#[test]
fn given_a_wrong_line_then_the_place_and_a_hint_are_shown_and_nothing_is_lost() {
    let state = State::new("wrong");
    let mut session = start(&state.0);
    type_line(&mut session, "ref a [1]", "actor a-");
    session.send_line("swap a .[0] | lenght").unwrap();
    for shown in ["^^^^^^", "error: unknown filter `lenght`", "hint: did you mean `length`?", READY] {
        session.exp_string(shown).unwrap();
    }
    type_line(&mut session, "a", "[1]");
    leave(session);
}

#[test]
fn given_a_second_start_then_the_history_is_there() {
    let state = State::new("history");
    let mut session = start(&state.0);
    type_line(&mut session, "ref a {\"kept\": 1}", r#"{"kept":1}"#);
    type_line(&mut session, " ref secret 2", "actor secret-");
    session.send_line("# A remark.").unwrap();
    session.exp_string(READY).unwrap();
    session.send_line("quit").unwrap();
    session.exp_eof().unwrap();
    assert!(state.history().contains("ref a {\"kept\": 1}\n# A remark.\nquit\n"), "{}", state.history());
    assert!(!state.history().contains("secret"), "a leading blank keeps a line out");
    let mut session = start(&state.0);
    for _ in ["quit", "# A remark.", "ref a"] {
        session.send(UP).unwrap();
    }
    type_line(&mut session, "", r#"{"kept":1}"#);
    leave(session);
}

#[test]
fn given_the_start_of_words_when_tab_is_typed_then_names_and_keys_are_completed() {
    let state = State::new("complete");
    let mut session = start(&state.0);
    type_line(&mut session, r#"ref origin {"items": [{"number": 1}]}"#, "actor origin-");
    keys(&mut session, &format!("sw{TAB}ori{TAB}.it{TAB}[0].{TAB}"));
    type_line(&mut session, " += 41", r#"{"items":[{"number":42}]}"#);
    keys(&mut session, &format!("swap origin .items{TAB}"));
    session.exp_string(".items[0]").unwrap();
    session.exp_string(".items[]").unwrap();
    interrupt(&mut session);
    leave(session);
}

#[test]
fn given_a_cursor_in_the_line_when_tab_is_typed_then_what_stands_behind_it_is_not_doubled() {
    let state = State::new("middle");
    let mut session = start(&state.0);
    type_line(&mut session, r#"ref origin {"items": [41]}"#, "actor origin-");
    // `swap or|igin .items[0] += 1`, `swap ori| .items…`, `….it|ems[0]`, each with the cursor at the bar.
    for (line, back) in [
        ("swap origin .items[0] += 1", 19),
        ("swap ori .items[0] += 1", 15),
        ("swap origin .items[0] += 1", 11),
    ] {
        keys(&mut session, &format!("{line}{}{TAB}", "\x02".repeat(back)));
        session.send_line("").unwrap();
        session.exp_string("~ .items[0] 4").unwrap();
        session.exp_string(READY).unwrap();
    }
    assert_eq!(state.history().matches("swap origin .items[0] += 1\n").count(), 1, "{}", state.history());
    leave(session);
}

#[test]
fn given_lines_of_before_when_ctrl_r_is_typed_then_one_is_found() {
    let state = State::new("search");
    let mut session = start(&state.0);
    type_line(&mut session, "ref a 41", "actor a-");
    type_line(&mut session, "a + 1", "\n42");
    type_line(&mut session, "refs", "actor a-");
    keys(&mut session, &format!("{CTRL_R}a +"));
    session.exp_string("(reverse-i-search)`a +': a + 1").unwrap();
    type_line(&mut session, "", "\n42");
    leave(session);
}

#[test]
fn given_the_start_of_a_line_when_up_is_typed_then_lines_come_that_begin_so() {
    let state = State::new("recall");
    let mut session = start(&state.0);
    for (line, answer) in [("ref a 1", "actor a-"), ("a + 10", "\n11"), ("ref b 2", "actor b-"), ("b", "\n2")]
    {
        type_line(&mut session, line, answer);
    }
    keys(&mut session, &format!("a{UP}"));
    type_line(&mut session, " * 2", "\n21");
    // Past the newest one stands what was typed.
    keys(&mut session, &format!("ref{UP}{UP}{UP}{DOWN}{DOWN}"));
    type_line(&mut session, " c 3", "actor c-");
    // What was deleted before comes back afterwards.
    keys(&mut session, &format!("40 + 2\x15ref{UP}{UP}\x15\x19"));
    session.exp_string("ref b 2").unwrap();
    interrupt(&mut session);
    keys(&mut session, &format!("40 + 2\x15{UP}{UP}"));
    session.send_line("").unwrap();
    session.exp_string(READY).unwrap();
    keys(&mut session, "\x19");
    type_line(&mut session, "", "\n42");
    leave(session);
}

#[test]
fn given_an_editor_then_the_line_is_what_it_wrote() {
    let state = State::new("editor");
    let editor = state.0.join("edit it.sh");
    let script = "#!/bin/sh\nls -l \"$1\" | cut -c 1-10\nsed -i 's/1/41 + 1/' \"$1\"\n";
    std::fs::write(&editor, script).unwrap();
    let edit = format!("sh '{}'", editor.display());
    let mut session = start_with(&state.0, |command| {
        command.env("VISUAL", &edit).env("EDITOR", "false").env("TMPDIR", &state.0);
    });
    keys(&mut session, "1 \x18\x05");
    // Nobody else can read it.
    session.exp_string("-rw-------").unwrap();
    session.exp_string(READY).unwrap();
    session.exp_string("41 + 1").unwrap();
    type_line(&mut session, "", "\n42");
    leave(session);
    let left: Vec<_> =
        std::fs::read_dir(&state.0).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    let mut session = start_with(&state.0, |command| {
        command.env_remove("VISUAL").env("EDITOR", "false");
    });
    keys(&mut session, "40 + 2\x18\x05");
    session.exp_string("error: the editor `false` ended with exit status: 1").unwrap();
    session.exp_string(READY).unwrap();
    type_line(&mut session, "", "\n42");
    leave(session);
}

#[test]
fn given_a_history_with_bytes_that_are_no_text_then_no_line_is_lost() {
    let state = State::new("bytes");
    std::fs::create_dir_all(state.0.join("rejoin")).unwrap();
    let file = state.0.join("rejoin/history");
    let bytes = b"#V2\nref first 1\nref b\xffd 2\nref last 3\n";
    std::fs::write(&file, bytes).unwrap();
    let mut session = spawn_command(program(&state.0), Some(PATIENCE)).unwrap();
    session.exp_string("warning: the history had bytes that are no UTF-8").unwrap();
    session.exp_string(READY).unwrap();
    keys(&mut session, &format!("{UP}{UP}{UP}"));
    type_line(&mut session, "", "actor first-");
    // Another program writes to it meanwhile.
    let mut other = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    std::io::Write::write_all(&mut other, b"other \xfe\n").unwrap();
    type_line(&mut session, "ref new 4", "actor new-");
    leave(session);
    let kept = "#V2\nref first 1\nref b\u{fffd}d 2\nref last 3\nref first 1\nother \u{fffd}\nref new 4\n";
    assert_eq!(state.history(), kept);
    assert_eq!(std::fs::read(state.0.join("rejoin/history.not-utf-8.1")).unwrap(), bytes);
    // From now on there is nothing to say.
    leave(start(&state.0));
}

#[test]
fn given_a_transcript_that_is_pasted_then_the_commands_in_it_run() {
    let state = State::new("transcript");
    let mut session = start(&state.0);
    let block = "origin> ref a {\n  \"n\": 1}\nactor a-x\n{\"n\":1}\nrejoin> swap a .n += 1\n~ .n 1\n{\"n\":2}\nrejoin> ";
    keys(&mut session, &format!("{PASTE}{block}{PASTED}"));
    session.send_line("").unwrap();
    for shown in [
        "4 lines of answers passed over",
        "rejoin> ref a {",
        "actor a-",
        "rejoin> swap a .n += 1",
        "{\"n\":2}",
        READY,
    ] {
        session.exp_string(shown).unwrap();
    }
    type_line(&mut session, "rejoin> a.n + 40", "\n42");
    assert!(
        state.history().ends_with("ref a {\\n  \"n\": 1}\nswap a .n += 1\na.n + 40\n"),
        "{}",
        state.history()
    );
    // A comparison is none.
    type_line(&mut session, "a> 5", "\ntrue");
    leave(session);
}

#[test]
fn given_a_pasted_block_then_its_commands_run_one_after_another() {
    let state = State::new("paste");
    let mut session = start(&state.0);
    let block = "# A lesson.\nref a {\n  \"n\": 1}\n#=> {\"n\": 1}\nswap a .n += 1\na.n + 40\n";
    keys(&mut session, &format!("{PASTE}{block}{PASTED}"));
    session.send_line("").unwrap();
    for shown in [
        "rejoin> ref a {",
        "{\"n\":1}",
        "rejoin> swap a .n += 1",
        "{\"n\":2}",
        "rejoin> a.n + 40",
        "42",
        READY,
    ] {
        session.exp_string(shown).unwrap();
    }
    // Each is an entry of its own, the one of several lines too.
    assert!(
        state.history().contains("\nref a {\\n  \"n\": 1}\nswap a .n += 1\na.n + 40\n"),
        "{}",
        state.history()
    );
    let block = "swap a .n = 0\nswop a\nswap a .n = 1\n";
    keys(&mut session, &format!("{PASTE}{block}{PASTED}"));
    session.send_line("").unwrap();
    for shown in ["neither a command nor a name", "1 more command did not run", READY] {
        session.exp_string(shown).unwrap();
    }
    type_line(&mut session, "a.n", "\n0");
    leave(session);
}

#[test]
fn given_lines_that_are_typed_ahead_then_all_of_them_run() {
    let state = State::new("ahead");
    let mut session = start(&state.0);
    keys(&mut session, "ref a 1\nref b 2\na + $b\n");
    for shown in ["actor a-", "actor b-", "3", READY] {
        session.exp_string(shown).unwrap();
    }
    leave(session);
}

#[test]
fn given_two_shells_at_once_then_the_history_keeps_the_lines_of_both() {
    let state = State::new("both");
    let mut one = start(&state.0);
    let mut other = start(&state.0);
    type_line(&mut one, "ref first 1", "actor first-");
    type_line(&mut other, "ref second 2", "actor second-");
    type_line(&mut one, "first + 10", "\n11");
    leave(one);
    type_line(&mut other, "second + 20", "\n22");
    leave(other);
    for line in ["ref first 1", "ref second 2", "first + 10", "second + 20"] {
        assert_eq!(state.history().matches(line).count(), 1, "{line}: {}", state.history());
    }
}

#[test]
fn given_a_file_of_ones_own_then_the_history_is_kept_there() {
    let state = State::new("histfile");
    let file = state.0.join("mine");
    let mut session = start_with(&state.0, |command| {
        command.env("REJOIN_HISTFILE", &file);
    });
    type_line(&mut session, "ref a 1", "actor a-");
    leave(session);
    assert!(std::fs::read_to_string(&file).unwrap().contains("ref a 1"));
    assert!(!state.0.join("rejoin/history").exists());
}

#[test]
fn given_an_init_file_then_it_runs_first_unless_it_is_skipped() {
    let state = State::new("init");
    std::fs::create_dir_all(state.0.join("rejoin")).unwrap();
    let init = state.0.join("rejoin/init.rejoin");
    std::fs::write(&init, "# Mine.\nset timer on\nref ready 1\nswop x\nref never 1\n").unwrap();
    let mut session = start(&state.0);
    type_line(&mut session, "ready + 1", "\n2");
    type_line(&mut session, "refs", " ms");
    type_line(&mut session, "never", "`never` is neither a command nor a name");
    leave(session);
    let mut session = start_with(&state.0, |command| {
        command.arg("--no-init");
    });
    type_line(&mut session, "ready", "`ready` is neither a command nor a name");
    leave(session);
}

#[cfg(unix)]
#[test]
fn given_an_init_file_that_never_ends_when_ctrl_c_is_typed_then_the_prompt_is_there() {
    let state = State::new("init-pipe");
    std::fs::create_dir_all(state.0.join("rejoin")).unwrap();
    let init = state.0.join("rejoin/init.rejoin");
    assert!(Command::new("mkfifo").arg(&init).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin"));
    command.env("XDG_CONFIG_HOME", &state.0).env("REJOIN_HISTFILE", "").env("TERM", "dumb");
    let mut session = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    session.send_control('c').unwrap();
    session.exp_string("init.rejoin: interrupted").unwrap();
    session.exp_string("rejoin> ").unwrap();
    session.send_line("1 + 1").unwrap();
    session.exp_string("2").unwrap();
}

#[test]
fn given_colour_then_what_is_unknown_is_underlined_too_and_it_can_be_switched_off() {
    let state = State::new("colour");
    let mut session = start_with(&state.0, |command| {
        command.env_remove("NO_COLOR");
    });
    keys(&mut session, "frobnicate x");
    session.exp_string("\x1b[31;4mfrobnicate").unwrap();
    interrupt(&mut session);
    type_line(&mut session, "set theme mono", "theme is mono");
    keys(&mut session, "frobnicate x");
    session.exp_string("\x1b[4mfrobnicate").unwrap();
    interrupt(&mut session);
    type_line(&mut session, "set color never", "color is never");
    type_line(&mut session, "ref a [1]", "\n[1]");
    leave(session);
}

#[test]
fn given_no_colour_then_what_is_unknown_is_underlined_and_nothing_is_coloured() {
    let state = State::new("underline");
    let mut session = start(&state.0);
    keys(&mut session, "frobnicate [x]");
    let shown = session.exp_string("\x1b[4mfrobnicate").unwrap();
    assert!(!shown.contains("\x1b[3"), "{shown:?}");
    interrupt(&mut session);
    leave(session);
}

#[test]
fn given_a_history_that_cannot_be_kept_then_it_is_said_once_and_the_shell_goes_on() {
    let state = State::new("unkept");
    let mut command = program(&state.0);
    command.env("REJOIN_HISTFILE", state.0.join("nowhere/history"));
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("warning: the history is not kept:").unwrap();
    session.exp_string("Ctrl-D leaves").unwrap();
    session.exp_string(READY).unwrap();
    type_line(&mut session, "ref a 1", "actor a-");
    session.send_line("a + 1").unwrap();
    let shown = session.exp_string(READY).unwrap();
    assert!(!shown.contains("history"), "{shown}");
    leave(session);
}

#[test]
fn given_a_long_value_then_it_is_shown_as_far_as_one_wants_to_read() {
    let state = State::new("long");
    let mut session = start_with(&state.0, |command| {
        command.env("REJOIN_PAGER", "sed 's/^/page: /'");
    });
    type_line(&mut session, "ref a [range(10000)]", " 9,990 more");
    type_line(&mut session, "set limit 3", "limit is 3");
    type_line(&mut session, "swap a map({n: .})", " 19,997 more changes");
    session.send_line("show a --all").unwrap();
    for shown in ["page: [", "page:   {\"n\":0},", "page:   {\"n\":9999}", "page: ]", READY] {
        session.exp_string(shown).unwrap();
    }
    type_line(&mut session, "set width 40", "width is 40");
    type_line(
        &mut session,
        r#"ref b {"one": "long enough", "other": "for two lines"}"#,
        "\n  \"one\": \"long enough\",",
    );
    leave(session);
}

#[test]
fn given_a_long_file_that_is_read_then_the_beginning_is_shown_and_the_pager_has_all_of_it() {
    let state = State::new("reading");
    let swaps: String = (0..60).map(|n| format!("swap a . += [{n}]\n")).collect();
    std::fs::write(state.0.join("long.rejoin"), format!("# Long.\nref a []\n{swaps}")).unwrap();
    let mut session = start_with(&state.0, |command| {
        command.env("REJOIN_PAGER", "sed 's/^/page: /'").current_dir(&state.0);
    });
    session.send_line("read long.rejoin").unwrap();
    let shown = session.exp_string(READY).unwrap();
    assert!(shown.lines().count() <= 26, "{shown}");
    let more = " more lines; `undo`, then `read long.rejoin --all` shows everything\r\n";
    for part in ["# Long.\r\nref a []\r\n#=> []\r\n", more, "61 commands"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    type_line(&mut session, "undo", "undid `read long.rejoin`");
    session.send_line("read long.rejoin --all").unwrap();
    for shown in ["page: # Long.", "page: swap a . += [59]", "page: 61 commands, 0 expectations", READY] {
        session.exp_string(shown).unwrap();
    }
    std::fs::write(state.0.join("looks.rejoin"), "$a\n".repeat(60)).unwrap();
    // Nothing is in the way of reading it again.
    type_line(
        &mut session,
        "read looks.rejoin # twice",
        " more lines; `read looks.rejoin --all` shows everything",
    );
    session.send_line("log a --all").unwrap();
    for shown in ["page: 1@a", "page:   61@a inserts 59 ", READY] {
        session.exp_string(shown).unwrap();
    }
    session.send_line("log a").unwrap();
    for shown in ["more lines; `log a --all` shows all", "61@a inserts 59 ", READY] {
        session.exp_string(shown).unwrap();
    }
    leave(session);
}

#[test]
fn given_colours_of_ones_own_then_a_file_that_is_read_has_them() {
    let state = State::new("reading-colour");
    std::fs::write(state.0.join("a.rejoin"), "# Told.\n{\"n\": 1}\n").unwrap();
    let mut session = start_with(&state.0, |command| {
        command.env_remove("NO_COLOR").current_dir(&state.0);
    });
    let mut read = |setting: &str| {
        type_line(&mut session, setting, " is ");
        session.send_line("read a.rejoin").unwrap();
        // What is typed has its own colours.
        session.exp_string(DONE).unwrap();
        session.exp_string(READY).unwrap()
    };
    assert!(read("set theme dark").contains("\x1b[34;1m\"n\""));
    let mono = read("set theme mono");
    assert!(mono.contains("\x1b[1m\"n\"") && !mono.contains("\x1b[3"), "{mono:?}");
    let plain = read("set color never");
    assert!(plain.contains("# Told.\r\n{\"n\": 1}\r\n#=> {\"n\":1}\r\n"), "{plain:?}");
    leave(session);
}

#[test]
fn given_the_keys_of_vi_then_a_command_of_vi_edits_the_line() {
    let state = State::new("vi");
    let mut session = start_with(&state.0, |command| {
        command.arg("--vi");
    });
    keys(&mut session, "xref a 41");
    // A moment later: the escape is a key of its own.
    keys(&mut session, "\x1b");
    std::thread::sleep(std::time::Duration::from_millis(700));
    keys(&mut session, "0x");
    type_line(&mut session, "", "actor a-");
    leave(session);
}

#[test]
fn given_a_dumb_terminal_then_it_works_without_any_escape() {
    let state = State::new("dumb");
    let mut command = program(&state.0);
    command.env("TERM", "dumb");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("rejoin> ").unwrap();
    // Ctrl-C gives the prompt again, also where nothing is typed.
    for typed in ["", "half"] {
        keys(&mut session, typed);
        session.send_control(CTRL_C).unwrap();
        session.exp_string("\r\nrejoin> ").unwrap();
    }
    session.send_line("ref a [1,").unwrap();
    session.send_line("2]").unwrap();
    session.exp_string("[1,2]").unwrap();
    session.send_line("swap a .[0] = 5").unwrap();
    session.exp_string("~ .[0] 1 ").unwrap();
    session.exp_string("rejoin> ").unwrap();
    // Ctrl-C drops the lines above too, and nothing else.
    session.send_line("ref b [1,").unwrap();
    session.exp_string("...> ").unwrap();
    keys(&mut session, "half");
    session.send_control(CTRL_C).unwrap();
    session.exp_string("\r\nrejoin> ").unwrap();
    session.send_line("a | length").unwrap();
    session.exp_string("2\r\nrejoin> ").unwrap();
    session.send_line("quit").unwrap();
    let rest = session.exp_eof().unwrap();
    assert!(!rest.contains('\x1b'), "{rest:?}");
}

#[test]
fn given_a_command_then_the_rest_of_its_signature_is_shown_unless_hints_are_off() {
    let state = State::new("hints");
    let mut session = start(&state.0);
    keys(&mut session, "swap ");
    // Without colour it stands in brackets: it is not typed.
    session.exp_string("(REF FILTER)").unwrap();
    interrupt(&mut session);
    type_line(&mut session, "set hints off", "hints is off");
    keys(&mut session, "swap ");
    session.send_control(CTRL_C).unwrap();
    let shown = session.exp_string(READY).unwrap();
    assert!(!shown.contains("FILTER"), "{shown}");
    leave(session);
}

#[test]
fn given_a_hint_when_ctrl_c_drops_the_line_then_what_was_typed_stands_there_alone() {
    let state = State::new("abandoned");
    let mut session = start(&state.0);
    keys(&mut session, "swap ");
    session.exp_string("(REF FILTER)").unwrap();
    session.send_control(CTRL_C).unwrap();
    // The line is written once more before the terminal is given back, without the hint.
    let shown = session.exp_string(DONE).unwrap();
    let last = shown.rsplit("\x1b[K").next().unwrap();
    assert!(last.starts_with("rejoin> swap ") && !last.contains("FILTER"), "{shown:?}");
    session.exp_string(READY).unwrap();
    // Nor is it kept.
    type_line(&mut session, "ref a 1", "actor a-");
    leave(session);
    assert!(!state.history().contains("swap"), "{}", state.history());
}

/// Starts a filter that does not end, and types Ctrl-C when it runs.
fn run_away(session: &mut PtySession, line: &str) {
    session.send_line(line).unwrap();
    // The terminal is given back to the command: from here on Ctrl-C is a signal.
    session.exp_string(DONE).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    session.send_control(CTRL_C).unwrap();
}

#[test]
fn given_filters_that_do_not_end_when_they_are_interrupted_then_nothing_is_lost() {
    let state = State::new("endless");
    let mut session = start(&state.0);
    type_line(&mut session, r#"ref a {"n": 1}"#, "actor a-");
    type_line(&mut session, "clock a as seen", "{\"a-");
    type_line(&mut session, "swap a .n += 1", "~ .n 1");
    type_line(&mut session, "patch a seen as p", "1 change");
    for runaway in [
        "def f: f; f",
        "[range(infinite)]",
        "try (def f: f; f) catch 0",
        "reduce range(infinite) as $i (0; $i)",
        "[range(1000)] | [.[] + .[] + .[] + .[]]",
    ] {
        run_away(&mut session, &format!("swap a .n = ({runaway})"));
        session.exp_string("interrupted [R027]").unwrap();
        session.exp_string(READY).unwrap();
    }
    type_line(&mut session, "swap a def f: 1 + f; f", "failed on a: the filter recurses too deeply");
    type_line(&mut session, "[$a.n, ($p.changes | length), ($seen | keys | length)]", "\n[2,1,1]");
    type_line(&mut session, "swap a .n += 1", "~ .n 2");
    leave(session);
}

#[test]
fn given_a_filter_that_eats_memory_then_a_limit_stops_it_and_nothing_is_lost() {
    let state = State::new("greedy");
    let mut session = start_with(&state.0, |command| {
        command.args(["--filter-memory", "16M", "--filter-timeout", "1s"]);
    });
    type_line(&mut session, "ref a 41", "actor a-");
    type_line(&mut session, "swap a [range(infinite) | tostring * 9999]", "than 16 MiB of memory");
    type_line(&mut session, "swap a def f: f; f", "the filter ran longer than 1s");
    type_line(&mut session, "swap a . + 1", "~ . 41");
    leave(session);
}

#[test]
fn given_a_prompt_when_ctrl_c_comes_between_commands_then_the_next_one_runs() {
    let state = State::new("between");
    let mut session = start(&state.0);
    type_line(&mut session, "ref a 1", "actor a-");
    for _ in 0..3 {
        interrupt(&mut session);
    }
    type_line(&mut session, "swap a . + 1", "~ . 1");
    leave(session);
}

#[test]
fn given_a_half_typed_line_when_the_shell_is_suspended_then_it_goes_on_where_it_was() {
    let state = State::new("suspended");
    let rejoin = program(&state.0);
    // A shell with job control that brings the prompt back when it stops.
    let mut command = Command::new("sh");
    command.args(["-m", "-c", r#""$0"; echo it stopped; fg; echo it ended"#]).arg(rejoin.get_program());
    command.envs(rejoin.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env_remove("REJOIN_HISTFILE");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string(READY).unwrap();
    keys(&mut session, "40 + ");
    session.send_control(CTRL_Z).unwrap();
    session.exp_string("it stopped").unwrap();
    session.exp_string(READY).unwrap();
    session.exp_string("rejoin> 40 + ").unwrap();
    type_line(&mut session, "2", "\n42");
    session.send_control(CTRL_D).unwrap();
    session.exp_string("it ended").unwrap();
    session.exp_eof().unwrap();
}

/// Starts the prompt on such a terminal, in a process whose number is told.
fn start_told(state: &Path, term: &str) -> (PtySession, String) {
    let rejoin = program(state);
    let mut command = Command::new("sh");
    let script = r#"sh -c 'echo "it is $$."; exec "$0"' "$0"; echo "it ended by $?"; stty -a"#;
    command.args(["-c", script]).arg(rejoin.get_program());
    command.envs(rejoin.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", term);
    command.env_remove("REJOIN_HISTFILE");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("it is ").unwrap();
    let process = session.exp_string(".").unwrap();
    session.exp_string("rejoin> ").unwrap();
    (session, process)
}

fn signal(process: &str, name: &str) {
    assert!(Command::new("kill").args([name, process]).status().unwrap().success());
}

#[test]
fn given_another_size_of_the_window_then_the_line_that_is_typed_stays() {
    let state = State::new("resized");
    let (mut session, process) = start_told(&state.0, "xterm");
    keys(&mut session, "40 + ");
    session.exp_string("40 + ").unwrap();
    signal(&process, "-WINCH");
    type_line(&mut session, "2", "\n42");
    leave(session);
}

/// Gives the terminal of a session so many columns; the process in it is told.
fn resize(session: &PtySession, columns: u16) {
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(session.process().get_file_handle().unwrap(), size).unwrap();
}

#[test]
fn given_a_narrower_window_then_the_rows_that_the_terminal_made_of_the_line_are_cleared() {
    let state = State::new("narrower");
    let (mut session, _) = start_told(&state.0, "xterm");
    resize(&session, 100);
    interrupt(&mut session);
    let text = "x".repeat(90);
    // With the prompt 101 columns: two rows of 100, three of 40.
    keys(&mut session, &format!("\"{text}\" "));
    session.exp_string("x\" ").unwrap();
    resize(&session, 40);
    session.exp_string("\r\x1b[2A\x1b[J\r\n").unwrap();
    resize(&session, 100);
    session.exp_string("\r\x1b[1A\x1b[J\r\n\r\n").unwrap();
    type_line(&mut session, "| length", "\n90");
    leave(session);
}

#[test]
fn given_a_signal_that_ends_the_shell_then_the_terminal_is_as_it_was() {
    let state = State::new("ended");
    let (mut session, process) = start_told(&state.0, "xterm");
    keys(&mut session, "40 + ");
    session.exp_string("40 + ").unwrap();
    signal(&process, "-TERM");
    // Lines are read as lines again, and what is pasted has no marks.
    for shown in ["\x1b[?2004l", "it ended by 143", " icanon"] {
        session.exp_string(shown).unwrap();
    }
    session.exp_eof().unwrap();
}

#[test]
fn given_a_dumb_terminal_when_the_shell_comes_back_then_the_prompt_is_shown_again() {
    let state = State::new("back");
    let (mut session, process) = start_told(&state.0, "dumb");
    signal(&process, "-CONT");
    session.exp_string("rejoin> ").unwrap();
    session.send_line("40 + 2").unwrap();
    session.exp_string("42\r\nrejoin> ").unwrap();
    leave(session);
}

#[test]
fn given_a_very_long_line_then_it_can_be_edited_and_runs() {
    let state = State::new("wide");
    let mut session = start(&state.0);
    let long = "x".repeat(10_000);
    keys(&mut session, &format!("{PASTE}\"{long} 日本 😀\" | lengt{PASTED}"));
    type_line(&mut session, "h", "\n10005");
    leave(session);
}

#[test]
fn given_a_file_that_takes_long_when_it_is_checked_then_one_sees_how_far_it_is() {
    let state = State::new("progress");
    let file = state.0.join("slow.rejoin");
    std::fs::write(&file, "ref a 1\nswap a (def f: f; f)\n#=> error: ...\na\n").unwrap();
    let mut command = program(&state.0);
    command.args(["check", "--filter-timeout", "1s"]).arg(&file);
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("] 2 of 3, 0.").unwrap();
    // It is gone when something else is said.
    session.exp_string("\r\u{1b}[K1 session, 3 commands, 1 expectation: all hold").unwrap();
}

#[test]
fn given_a_long_edit_when_ctrl_c_is_typed_then_the_prompt_is_back_and_nothing_has_changed() {
    let state = State::new("long-edit");
    let mut session = start(&state.0);
    type_line(&mut session, "ref a [range(60000) | {id: .}]", "actor a");
    session.send_line("swap a reverse").unwrap();
    session.exp_string(DONE).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_000));
    session.send_control(CTRL_C).unwrap();
    session.exp_string("interrupted").unwrap();
    session.exp_string(READY).unwrap();
    type_line(&mut session, "a | [.[0].id, .[-1].id]", "[0,59999]");
    leave(session);
}

#[test]
fn given_a_place_when_it_is_followed_then_what_another_process_brings_is_shown_until_ctrl_c() {
    let state = State::new("follow");
    let place = state.0.join("place");
    let place = place.to_str().unwrap();
    let mut session = start(&state.0);
    type_line(&mut session, r#"ref list ["milk"]"#, "actor list-");
    type_line(&mut session, &format!("sync list {place}"), "1 change");
    session.send_line("watch list --live").unwrap();
    session.exp_string(DONE).unwrap();
    let other = program(&state.0)
        .args([
            "-c",
            &format!("clone {place} as mine"),
            "-c",
            r#"swap mine . + ["bread"]"#,
            "-c",
            "sync mine",
        ])
        .output()
        .unwrap();
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stderr));
    session.exp_string("pull list").unwrap();
    session.exp_string(r#"+ .[1] "bread""#).unwrap();
    session.send_control(CTRL_C).unwrap();
    session.exp_string("list is not followed any more").unwrap();
    session.exp_string(READY).unwrap();
    type_line(&mut session, "list | length", "2");
    session.send_control(CTRL_D).unwrap();
    session.exp_eof().unwrap();
}
