//! The interactive prompt, typed into through a pseudo-terminal.
#![cfg(all(unix, feature = "shell"))]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

/// How long an answer may take before the test fails, in milliseconds.
const PATIENCE: u64 = 20_000;
const CTRL_C: char = 'c';
const CTRL_D: char = 'd';
/// The terminal is made ready for a line (bracketed paste goes on, once for each): from here on Ctrl-C
/// is a key and not a signal.
const READY: &str = "\x1b[?2004h";
const UP: &str = "\x1b[A";

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
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoin"));
    command.env("XDG_STATE_HOME", state).env("TERM", "xterm").env("NO_COLOR", "1").env_remove("COLUMNS");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("Ctrl-D leaves").unwrap();
    session.exp_string(READY).unwrap();
    session
}

/// Types a line, and waits until the answer has been shown and the prompt is back.
fn type_line(session: &mut PtySession, line: &str, answer: &str) {
    session.send_line(line).unwrap();
    session.exp_string(answer).unwrap();
    session.exp_string(READY).unwrap();
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
    session.send_line("quit").unwrap();
    session.exp_eof().unwrap();
    assert!(state.history().contains(r#"ref a {"kept": 1}"#));
    assert!(!state.history().contains("secret"), "a leading blank keeps a line out");
    let mut session = start(&state.0);
    session.send(UP).unwrap();
    session.send(UP).unwrap();
    type_line(&mut session, "", r#"{"kept":1}"#);
    leave(session);
}
