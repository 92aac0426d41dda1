//! Sessions that end: filters have limits.
#![allow(dead_code, reason = "each target uses a part")]

use std::fmt::Write;
use std::time::Duration;

use rejoin::session::{Entry, Limits, Session};

const SETUP: [&str; 6] = [
    r#"ref a {"n": 1, "s": "Foo", "l": [1, {"id": 2}], "m": {"k": null}}"#,
    "branch a as b",
    "swap b .l += [3]",
    "text a .s",
    "clock a as seen",
    "patch-from-clock b {} as p",
];

/// Makes a session whose filters end soon.
pub(crate) fn limited() -> Session {
    let session = Session::default();
    session.set_filter_limits(Limits { time: Some(Duration::from_millis(200)), memory: Some(64 << 20) });
    session
}

/// Makes a session with some names.
pub(crate) fn begun() -> Session {
    let mut session = limited();
    for line in SETUP {
        assert!(session.run(line).is_ok(), "{line}");
    }
    session
}

/// Tells whether a line could take the limits away, or make far more than it is long.
pub(crate) fn is_endless(line: &str) -> bool {
    ["filter-", "play", "range", "repeat", "recurse", "limit"].iter().any(|word| line.contains(word))
}

/// Writes down all that a session knows.
pub(crate) fn state(session: &Session) -> String {
    let mut text = String::new();
    for (name, entry) in session.entries() {
        match entry {
            Entry::Ref(reference) => {
                reference.check().unwrap_or_else(|error| panic!("{name}: {error}"));
                let (value, clock) = (reference.value(), reference.clock());
                let waits = reference.waiting_len();
                let _ = writeln!(text, "{name} {value} {clock} {waits} {}", reference.peek_patches().len());
            }
            Entry::Clock(clock) => drop(writeln!(text, "{name} {clock}")),
            Entry::Patch(patch) => drop(writeln!(text, "{name} {}", patch.len())),
        }
    }
    text
}
