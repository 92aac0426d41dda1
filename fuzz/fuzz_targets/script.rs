//! Session files: the input is the text of one; the first byte says whether it is Markdown.
#![no_main]

#[path = "../shared/typed.rs"]
mod typed;

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use rejoin::script::{Host, Ran, Script, bless, prose, run_with};
use typed::{is_endless, limited};

fuzz_target!(|input: &[u8]| {
    let Some((&kind, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let name = Path::new(if kind % 2 == 0 { "a.rejoin" } else { "a.md" });
    let script = Script::parse_file(name, text);
    prose(&script.items);
    let lines = text.lines().count();
    let mistakes = script.mistakes.iter().map(|mistake| mistake.line);
    let steps = script.steps().map(|step| step.line);
    assert!(mistakes.chain(steps).all(|line| (1..=lines.max(1)).contains(&line)), "a place is in the file");
    if text.lines().any(is_endless) || script.steps().count() > 30 {
        return;
    }
    let held = holds(&script);
    let Ok(blessing) = bless(name, text, false, || (Host::without_files(), limited())) else { return };
    assert!(!held || blessing.edits.is_empty(), "what holds is not rewritten");
    // What was blessed holds, unless a step is stopped by a limit, which no file can expect.
    let again = Script::parse_file(name, &blessing.text);
    assert!(again.mistakes.is_empty(), "{:?}", blessing.text);
    assert_eq!(again.steps().count(), script.steps().count(), "{:?}", blessing.text);
});

/// Runs a file, and tells whether all that it expects holds.
fn holds(script: &Script) -> bool {
    let mut held = script.mistakes.is_empty();
    let each = |ran: Ran<'_>| {
        if let Ran::Step { failure: Some(_), .. } = ran {
            held = false;
        }
        Ok::<(), std::convert::Infallible>(())
    };
    let ran = run_with(&mut Host::without_files(), &mut limited(), script, each);
    ran.is_ok() && held
}
