//! A command that is interrupted leaves the session as it was, whatever the command is.

use std::thread;
use std::time::Duration;

use rejoin::session::{ErrorCode, Part, Session};

/// What a fresh session begins with: lists that are long enough for work on them to be cancelled.
const BEGINNING: &[&str] = &[
    "ref a {todo: [range(6000) | {id: ., title: \"t\\(.)\"}], n: [range(20000)]}",
    "clock a as seen",
    "branch a as b",
    "swap b .todo |= reverse | .k = 1",
    "watch a",
    "1 + 1",
];

fn session() -> Session {
    let mut session = Session::default();
    for line in BEGINNING {
        session.run(line).unwrap();
    }
    session
}

/// What can be seen of the refs, without a look at each op of theirs.
fn state(session: &mut Session) -> Vec<String> {
    let last = session.run("$_").unwrap().values;
    let words = |lines: &[&str], session: &mut Session| -> Vec<String> {
        let replies = lines.iter().map(|line| session.run(line).unwrap());
        replies.flat_map(|reply| reply.values.into_iter().map(|value| value.to_string())).collect()
    };
    let mut state = words(&["refs", "[$a, $b, $seen]", "conflicts a"], session);
    state.extend(last.iter().map(ToString::to_string));
    session.run("1 + 1").unwrap();
    state
}

/// Runs a line again and again, interrupted after a longer time each time, until it has come to its end; how often it
/// was cancelled.
fn interrupted(session: &mut Session, line: &str) -> usize {
    session.run("1 + 1").unwrap();
    let before = state(session);
    let mut cancelled = 0;
    let mut patience = Duration::ZERO;
    loop {
        let interrupt = session.interrupt();
        let hand = move || {
            thread::sleep(patience);
            interrupt.raise();
        };
        let hand = match patience {
            Duration::ZERO => {
                hand();
                None
            }
            _ => Some(thread::spawn(hand)),
        };
        let outcome = session.run(line);
        hand.into_iter().for_each(|hand| hand.join().unwrap());
        session.interrupt().clear();
        match outcome {
            Ok(_) => return cancelled,
            Err(error) => {
                cancelled += 1;
                let said = error.to_string();
                assert!(said.ends_with("was interrupted"), "{line}: {said}");
                assert!(state(session) == before, "{line}, after {patience:?}");
            }
        }
        patience = patience * 8 + Duration::from_millis(2);
    }
}

#[test]
fn given_long_commands_when_they_are_interrupted_then_the_session_is_as_it_was() {
    let mut session = session();
    for line in [
        "swap a .todo |= reverse",
        "undo",
        "redo",
        "merge a b",
        "undo",
        "reset a {todo: [range(6000) | {id: ., title: \"x\\(.)\"}], n: []}",
        "patch-from-clock a seen as p",
        "merge b p",
        "at a seen",
        "log a",
        "ref c [range(20000) | [.]]",
    ] {
        assert!(interrupted(&mut session, line) > 0, "{line}");
    }
    // All that was interrupted came to its end once, and can be undone once.
    let undone: Vec<String> =
        std::iter::from_fn(|| session.run("undo").ok()).map(|reply| reply.lines().remove(0)).collect();
    let undone: Vec<&str> = undone.iter().map(|line| &line[7..line.len().min(16)]).collect();
    let expected = [
        "ref c [ra",
        "merge b p",
        "patch-fro",
        "reset a {",
        "swap a .t",
        "watch a`",
        "swap b .t",
        "branch a ",
        "clock a a",
        "ref a {to",
    ];
    assert_eq!(undone, expected);
}

#[test]
fn given_an_interrupted_undo_of_a_watched_ref_then_its_watch_goes_on() {
    let mut session = session();
    session.run("swap a .todo |= reverse").unwrap();
    assert!(interrupted(&mut session, "undo") > 0);
    let told = session.run("swap a .n = 1").unwrap();
    assert!(
        told.parts.iter().any(|part| matches!(part, Part::Watched { name, .. } if name == "a")),
        "{told:?}"
    );
}

#[test]
fn given_a_validator_that_does_not_end_when_it_is_interrupted_then_the_command_is_and_nothing_was_refused() {
    let mut session = session();
    session.run("unwatch a").unwrap();
    session.run("validate a if .k == 1 then def f: f; f else true end").unwrap();
    for line in ["swap a .k = 1", "reset a {k: 1}", "cas a $a {k: 1}"] {
        let interrupt = session.interrupt();
        let before = state(&mut session);
        let hand = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            interrupt.raise();
        });
        let error = session.run(line).err().map(|error| error.code());
        hand.join().unwrap();
        session.interrupt().clear();
        assert_eq!(error, Some(ErrorCode::Interrupted), "{line}");
        assert!(state(&mut session) == before, "{line}");
    }
    // A short merge is done before its outcome is looked at: it stays, and says that this is not known.
    let interrupt = session.interrupt();
    let hand = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        interrupt.raise();
    });
    let lines = session.run("merge a b").unwrap().lines();
    hand.join().unwrap();
    assert!(lines.iter().any(|line| line.ends_with("was interrupted, and may hold or not")));
}
