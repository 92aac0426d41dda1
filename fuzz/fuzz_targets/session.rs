//! Lines: the input is what somebody types at the prompt, line by line, into a session that has some refs.
#![no_main]

#[path = "../shared/typed.rs"]
mod typed;

use libfuzzer_sys::fuzz_target;
use rejoin::session::{Effect, Session, partner};
use typed::{begun, is_endless, state};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut session = begun();
    for line in text.lines().filter(|line| !is_endless(line)).take(30) {
        is_shown(&session, line);
        let before = state(&session);
        match session.run(line) {
            Ok(reply) => {
                reply.lines();
                if reply.effect == Effect::Changed {
                    goes_back_and_forth(&mut session, &before, line);
                }
            }
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{line}: {error}");
                assert_eq!(state(&session), before, "a line that fails changes nothing: {line}");
            }
        }
    }
});

/// What is shown while a line is typed stands in the line.
fn is_shown(session: &Session, line: &str) {
    let highlights = session.highlights(line);
    let mut at = 0;
    for highlight in &highlights {
        let range = highlight.span.clone();
        assert!(at <= range.start && line.get(range.clone()).is_some(), "{line}: {range:?}");
        at = range.end;
    }
    session.usage_hint(line);
    for (at, _) in line.char_indices().step_by(7).chain([(line.len(), ' ')]) {
        let completions = session.complete(line, at);
        assert!(line.get(completions.start..at).is_some(), "{line}: {}..{at}", completions.start);
        partner(line, &highlights, at);
    }
}

/// A command that is undone leaves no trace, and comes back whole.
fn goes_back_and_forth(session: &mut Session, before: &str, line: &str) {
    let after = state(session);
    assert!(session.run("undo").is_ok(), "{line}");
    assert_eq!(state(session), before, "undo {line}");
    assert!(session.run("redo").is_ok(), "{line}");
    assert_eq!(state(session), after, "redo {line}");
}
