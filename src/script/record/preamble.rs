//! The preamble of a recording: commands that bring a session to where it begins.

use std::collections::BTreeSet;

use super::twin::{Bounds, Twin};
use super::typed::Typed;
use crate::session::Effect;

/// Returns the start of the file, and the session where it ends. It has the commands that changed something and were
/// not taken back, and those whose answer is used as the last value. Where that does not lead to the same
/// session it has all that did not fail.
pub(super) fn preamble(before: &[Typed], after: &[Typed], bounds: &Bounds) -> (String, Twin) {
    let all: Vec<&Typed> = before.iter().filter(|typed| typed.ok && !typed.is_comment()).collect();
    let (mut text, mut twin) = lines(&all, Twin::new(bounds));
    if !twin.is_stopped()
        && let Some(needed) = needed(&all, after)
    {
        let needed: Vec<&Typed> = needed.into_iter().map(|at| all[at]).collect();
        let (short, other) = lines(&needed, twin.again(bounds));
        if !other.is_stopped() && other.state() == twin.state() {
            (text, twin) = (short, other);
        }
    }
    match text.is_empty() {
        true => (text, twin),
        false => {
            let [first, then] = ["# What was there when the recording began.", "# The recording."];
            (format!("{first}\n\n{text}\n{then}\n\n"), twin)
        }
    }
}

/// Returns the commands as lines of a file, and the session with what they make.
fn lines(commands: &[&Typed], mut twin: Twin) -> (String, Twin) {
    let mut text = String::new();
    for typed in commands {
        text.push_str(&twin.renamed(&typed.text));
        text.push('\n');
        twin.run(typed);
    }
    (text, twin)
}

/// Tells which commands make the session, and the last value where somebody uses it; `None` where only all do.
fn needed(all: &[&Typed], after: &[Typed]) -> Option<BTreeSet<usize>> {
    let (mut done, mut undone) = (Vec::new(), Vec::new());
    for (at, typed) in all.iter().enumerate() {
        match typed.effect {
            Effect::None => {}
            Effect::Changed => {
                done.push(at);
                undone.clear();
            }
            Effect::Undid => undone.push(done.pop()?),
            Effect::Redid => done.push(undone.pop()?),
        }
    }
    let mut needed: BTreeSet<usize> = done.into_iter().collect();
    // Those who use the last value, by how much was typed before them.
    let mut users: Vec<usize> = needed.iter().copied().filter(|at| all[*at].uses_last).collect();
    let until_set = after.iter().position(|typed| typed.sets_last).map_or(after.len(), |at| at + 1);
    if after[..until_set].iter().any(|typed| typed.uses_last) {
        users.push(all.len());
    }
    while let Some(user) = users.pop() {
        let Some(setter) = all[..user].iter().rposition(|typed| typed.sets_last) else { continue };
        if needed.contains(&setter) {
            continue;
        }
        if all[setter].effect != Effect::None {
            return None;
        }
        needed.insert(setter);
        if all[setter].uses_last {
            users.push(setter);
        }
    }
    Some(needed)
}
